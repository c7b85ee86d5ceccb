"""Slips in rates: against what the peak and the bandwidth of an accelerator let others do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalogs.generation import FEWEST_PEERS, of_its_generation
from catalogs.schema import Accelerator, Catalog, Throughput
from catalogs.slips.quotients import dense_tflops
from catalogs.slips.slip import Figure, Slip, middle, values_of

ALL_IN_SRAM = 0.1
"""TB/s per TFLOP/s: with more, an accelerator keeps everything beside its arithmetic, and is like none with DRAM."""
LEAST, MOST = 0.05, 4.0
"""Between these lies what a rate is times the median of all others at equal √(peak · bandwidth)."""
MOST_OF_ITS_KIND = 3.0
"""So much is it at most times that of others of its maker and generation: 2.2 in 2026."""
AGAINST = "what others do with such a peak and bandwidth"
AGAINST_ITS_KIND = "what others of its maker and time do with such a peak and bandwidth"


def rate_by_roofline(catalog: Catalog, chip: str, workload: str) -> Iterator[Slip]:
    """Work is bound by arithmetic or by memory, mostly by something of both.

    So rates go with the mean of the two, rate / √(peak in the point's precision · bandwidth): by the best point of each
    accelerator from 0.1 (a chip of 2020 at work of 2026) to 3.4 times the median of the others, and up to 2.2 times
    that of its maker's of its time.
    """
    own = [(rate, each) for point in catalog.points(chip, workload) for rate, each in _by_roof(catalog, chip, point)]
    together = max((s.accelerators for s in catalog.systems.values() if s.accelerator == chip), default=1)
    vendor = catalog.accelerators[chip].vendor
    kin = [other for other in of_its_generation(catalog, chip) if catalog.accelerators[other].vendor == vendor]
    held = ((kin, 0.0, MOST_OF_ITS_KIND, AGAINST_ITS_KIND), (catalog.throughput, LEAST, MOST, AGAINST))
    for others, least, most, against in held if own else ():
        usual = _usual(catalog, [other for other in others if other != chip], workload)
        for rate, by_roof in own if usual else ():
            factor = by_roof / (usual or 1.0)
            if not least <= factor <= most:
                yield Slip((Figure(("throughput", chip, workload), rate),), factor, against, together)


def _usual(catalog: Catalog, chips: Iterable[str], workload: str) -> float | None:
    """The median over some accelerators, each by its best point; None where too few are known."""
    found = []
    for chip in chips:
        each = [by_roof for point in catalog.points(chip, workload) for _, by_roof in _by_roof(catalog, chip, point)]
        found += [max(each)] if each else []
    return middle(found) if len(found) >= FEWEST_PEERS else None


def _by_roof(catalog: Catalog, chip: str, point: Throughput) -> Iterator[tuple[float, float]]:
    """The rates of a point, each with what it is by the accelerator's peak and bandwidth."""
    about = catalog.accelerators[chip]
    peak, bandwidth = _peak(about, point), float(about.memory_bandwidth_tb_s or 0)
    dense = dense_tflops(about)
    if peak and dense and bandwidth and bandwidth / dense <= ALL_IN_SRAM:
        for rate in values_of(point.rate):
            yield rate, rate / (peak * bandwidth) ** 0.5


def _peak(chip: Accelerator, point: Throughput) -> float | None:
    peak = chip.peak_tflops.get(point.precision) if point.precision else None
    return float(peak) if peak else dense_tflops(chip)
