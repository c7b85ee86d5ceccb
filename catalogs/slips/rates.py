"""Slips in rates: against what the peak and the bandwidth of an accelerator let others do."""

from __future__ import annotations

from collections.abc import Iterator

from catalogs.generation import FEWEST_PEERS
from catalogs.schema import Accelerator, Catalog, Throughput
from catalogs.slips.quotients import dense_tflops
from catalogs.slips.slip import Figure, Slip, middle, values_of

ALL_IN_SRAM = 0.1
"""TB/s per TFLOP/s: with more, an accelerator keeps everything beside its arithmetic, and is like none with DRAM."""
LEAST, MOST = 0.05, 4.0
"""Between these lies what a rate is times the median of others at equal √(peak · bandwidth)."""
AGAINST = "what others do with such a peak and bandwidth"


def rate_by_roofline(catalog: Catalog, chip: str, workload: str) -> Iterator[Slip]:
    """Work is bound by arithmetic or by memory, mostly by something of both.

    So rates go with the mean of the two, rate / √(peak in the point's precision · bandwidth): by the best point of each
    accelerator from 0.1 (a chip of 2020 at work of 2026) to 3.4 times the median of the others.
    """
    own = [(rate, each) for point in catalog.points(chip, workload) for rate, each in _by_roof(catalog, chip, point)]
    if not own:
        return
    usual = _usual(catalog, chip, workload)
    together = max((s.accelerators for s in catalog.systems.values() if s.accelerator == chip), default=1)
    for rate, by_roof in own if usual else ():
        factor = by_roof / (usual or 1.0)
        if not LEAST <= factor <= MOST:
            yield Slip((Figure(("throughput", chip, workload), rate),), factor, AGAINST, together)


def _usual(catalog: Catalog, chip: str, workload: str) -> float | None:
    """The median over all other accelerators, each by its best point."""
    found = []
    for other in catalog.throughput:
        points = catalog.points(other, workload) if other != chip else ()
        each = [by_roof for point in points for _, by_roof in _by_roof(catalog, other, point)]
        if each:
            found.append(max(each))
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
