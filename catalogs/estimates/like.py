"""A new accelerator from what its data sheet says and from one that is like it: what the rules give for the rest.

Power, price and rates follow from the neighbour's by the rules of docs/estimates.md (1, 2 and 7); what no rule gives is
the neighbour's own figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from catalogs.estimates.packages import BYTES
from catalogs.estimates.power import average_from_load, provisioned_from_tdp
from catalogs.estimates.prices import bandwidth_and_peak_ratios, scaled_price
from catalogs.estimates.rates import WORK, roofline
from catalogs.estimates.rounding import known, rounded
from catalogs.memory import misfit
from catalogs.schema import Accelerator, Catalog, Offer, System, Throughput


@dataclass(frozen=True)
class Sheet:
    """What the data sheet says; None, or no peak, where it says nothing, and the neighbour's figure stands in."""

    entry: str
    name: str
    vendor: str
    memory_gb: float | None = None
    bandwidth_tb_s: float | None = None
    peak_tflops: Mapping[str, float] = ()  # type: ignore[assignment]
    tdp_w: float | None = None
    url: str | None = None
    price_usd: float | None = None
    accepts_price: bool = False

    @property
    def is_sold(self) -> bool:
        """Whether somebody has said at what price: a quote, or that the estimate will do."""
        return self.price_usd is not None or self.accepts_price


@dataclass(frozen=True)
class Estimated:
    """The new accelerator, its system, what a purchase would cost, and its rates; money in USD."""

    chip: Accelerator
    system: System
    purchase: Offer | None
    price_usd: float | None
    rates: dict[str, list[Throughput]]
    without: dict[str, str]


def neighbour_system(catalog: Catalog, name: str) -> str | None:
    """The system that a name means: its own, or the first of an accelerator's, by name; None where there is none."""
    if name in catalog.systems:
        return name
    return min((key for key, system in catalog.systems.items() if system.accelerator == name), default=None)


def estimated(catalog: Catalog, sheet: Sheet, like: str) -> Estimated:
    """What the rules give for an accelerator that is like that of the system `like`."""
    there = catalog.systems[like]
    neighbour = catalog.accelerators[there.accelerator]
    chip = _chip(sheet, neighbour)
    system = _system(sheet, chip, there, neighbour)
    purchase = _purchase(catalog, like)
    price = _price(chip, neighbour, purchase) if purchase else None
    rates, without = _rates(catalog, chip, system, neighbour)
    return Estimated(chip, system, purchase, price, rates, without)


def _chip(sheet: Sheet, neighbour: Accelerator) -> Accelerator:
    stated = {"memory_gb": sheet.memory_gb, "memory_bandwidth_tb_s": sheet.bandwidth_tb_s, "tdp_w": sheet.tdp_w}
    figures = {field: _decimal(value) for field, value in stated.items() if value is not None}
    peaks = {name: _decimal(value) for name, value in dict(sheet.peak_tflops).items()} or neighbour.peak_tflops
    own = {"id": sheet.entry, "name": sheet.name, "vendor": sheet.vendor, "peak_tflops": peaks, "one_off": None}
    return neighbour.model_copy(update={**own, **figures})


def _system(sheet: Sheet, chip: Accelerator, there: System, neighbour: Accelerator) -> System:
    """As the neighbour's, its power by the ratio of the chips' TDP, where both are known."""
    tdp_there = neighbour.tdp_w or chip.tdp_w
    ratio = known(chip.tdp_w) / known(tdp_there) if chip.tdp_w else 1.0
    all_in = float(there.provisioned_kw) / (there.accelerators * known(tdp_there) / 1000) if tdp_there else 0.0
    tdp_here = known(tdp_there) * ratio if tdp_there else 0.0
    provisioned = provisioned_from_tdp(there.accelerators, tdp_here, all_in) if tdp_there else there.provisioned_kw
    average = average_from_load(float(provisioned), float(there.average_kw / there.provisioned_kw))
    update = {
        "accelerator": chip.id,
        "name": f"{sheet.name} server",
        "provisioned_kw": _decimal(rounded(float(provisioned))),
        "average_kw": _decimal(rounded(average)),
    }
    return there.model_copy(update=update)


def _purchase(catalog: Catalog, like: str) -> Offer | None:
    offers = [offer for _, offer in sorted(catalog.offers.items()) if offer.system == like and offer.price_usd]
    return next((offer for offer in offers if offer.route == "purchase"), None)


def _price(chip: Accelerator, neighbour: Accelerator, purchase: Offer) -> float:
    """The neighbour's latest price by the ratios of bandwidth and peak."""
    prices = purchase.price_usd
    latest = prices if isinstance(prices, Decimal) else [v for k, v in (prices or {}).items() if "growth" not in k][-1]
    return rounded(scaled_price(float(latest), *bandwidth_and_peak_ratios(chip, neighbour)))


def _rates(
    catalog: Catalog, chip: Accelerator, system: System, neighbour: Accelerator
) -> tuple[dict[str, list[Throughput]], dict[str, str]]:
    """Points by workload, and why a workload that the neighbour does has none."""
    both = catalog.model_copy(
        update={"accelerators": {**catalog.accelerators, chip.id: chip}, "systems": {**catalog.systems, "new": system}}
    )
    found: dict[str, list[Throughput]] = {}
    without: dict[str, str] = {}
    for workload in sorted(catalog.throughput.get(neighbour.id, {})):
        points = list(_points(catalog, chip, neighbour, workload)) if workload in WORK else []
        held = [point for point in points if misfit(both, "new", workload, point) is None]
        if held:
            found[workload] = held
        else:
            said = "its memory holds too little" if points else "no precision of the neighbour's is among its peaks"
            without[workload] = said if workload in WORK else "no rule says what a unit of it takes"
    return found, without


def _points(catalog: Catalog, chip: Accelerator, neighbour: Accelerator, workload: str) -> Iterator[Throughput]:
    """The neighbour's best rate in each precision that the chip has, at the same share of the roofline."""
    best: dict[str, float] = {}
    for point in catalog.points(neighbour.id, workload):
        rates = point.rate.values() if isinstance(point.rate, dict) else (point.rate,)
        if point.precision is not None and isinstance(point.rate, Decimal):
            best[point.precision] = max(best.get(point.precision, 0.0), *map(float, rates))
    for precision, rate in sorted(best.items()):
        lines = [_line(one, workload, precision) for one in (chip, neighbour)]
        if lines[0] is not None and lines[1] is not None:
            here = _decimal(rounded(rate * lines[0] / lines[1]))
            yield Throughput.model_construct(
                rate=here, precision=precision, basis="estimated", source="rule_throughput"
            )


def _line(chip: Accelerator, workload: str, precision: str) -> float | None:
    peak = {str(name): value for name, value in chip.peak_tflops.items()}.get(precision)
    if peak is None or chip.memory_bandwidth_tb_s is None:
        return None
    return roofline(WORK[workload], float(peak), float(chip.memory_bandwidth_tb_s), BYTES[precision])


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:g}") if value < 1e5 else Decimal(f"{value:.0f}")
