"""What a unit of work costs by each offer that may be ordered in a period: its rent, or its price over its life."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from catalogs.periods import first_month, months_in, written
from catalogs.reach import reached
from catalogs.schema import Catalog, Offer
from optimizer.request.calendar import HOURS_PER_YEAR, MONTHS_PER_YEAR
from optimizer.request.schedules import mean, supplied
from optimizer.request.throughputs import best

SECONDS_PER_HOUR = 3600
SECONDS_IN = {"s": 1, "h": SECONDS_PER_HOUR, "day": 24 * SECONDS_PER_HOUR}
"""What a workload's unit counts work by, such as `token/s` and `run/day`."""
MANY = 10**6


@dataclass(frozen=True)
class WorkUnit:
    """An amount of work that prices are told for: what so many seconds of one unit of rate are."""

    name: str
    seconds: int


def work_unit(rate_unit: str) -> WorkUnit:
    """A million of what is done by the second, one of what is done by the day; else an hour at one unit of rate.

    A TFLOP/s that lasts a million seconds does a million TFLOP.
    """
    counted, _, time = rate_unit.rpartition("/")
    if not counted or time not in SECONDS_IN:
        return WorkUnit(f"hour at 1 {rate_unit}", SECONDS_PER_HOUR)
    if time == "s":
        return WorkUnit(f"M {counted}", MANY)
    return WorkUnit(counted, SECONDS_IN[time])


@dataclass(frozen=True)
class WorkCost:
    """An offer in a period: what one of its accelerators does, what it costs, and from when on it is there.

    `price_usd` is per accelerator, as the rent is; both and the rate are means over the period.
    """

    offer: str
    accelerator: str
    vendor: str
    route: str
    rate: Decimal
    precision: str | None
    rate_basis: str
    usd_per_accelerator_hour: Decimal | None
    price_usd_per_accelerator: Decimal | None
    usd_per_unit: Decimal | None
    in_service: str
    supply_systems_per_month: Decimal | None
    memory_gb: Decimal | None
    lead_time_months: int
    buyers: tuple[str, ...] | None


@dataclass(frozen=True)
class Unusable:
    """An offer that does none of the work in a period, and why."""

    offer: str
    vendor: str
    why: str


def work_costs(
    catalog: Catalog, workload: str, period: str, service_life_years: Decimal
) -> Iterator[WorkCost | Unusable]:
    """Every offer in the order of their ids: what a unit of work costs by it, or why it does none in the period."""
    months = range(first_month(period), first_month(period) + months_in(period))
    for key in sorted(catalog.offers):
        yield _work_cost(catalog, workload, key, months, service_life_years)


def _work_cost(
    catalog: Catalog, workload: str, key: str, months: range, service_life_years: Decimal
) -> WorkCost | Unusable:
    offer = catalog.offers[key]
    system = catalog.systems[offer.system]
    chip = catalog.accelerators[system.accelerator]
    points, why = reached(catalog, offer.system, workload)
    found = best(points, months)
    if found is None:
        return Unusable(key, chip.vendor, why or ("its rate begins later" if points else "no rate is known"))
    if closed := _closed(offer, months):
        return Unusable(key, chip.vendor, closed)
    rent, price = mean(offer.usd_per_accelerator_hour, months), mean(offer.price_usd, months)
    each = None if price is None else price / system.accelerators
    hourly = _hourly(offer, rent, each, service_life_years)
    seconds = work_unit(catalog.workloads[workload].unit).seconds
    usd = None if hourly is None else hourly / SECONDS_PER_HOUR * seconds / found.rate
    return WorkCost(
        key, chip.id, chip.vendor, offer.route, found.rate, found.point.precision, found.point.basis, rent, each, usd,
        written(months[0] + offer.lead_time_months, 1), supplied(offer.supply_systems_per_month, months),
        chip.memory_gb, offer.lead_time_months, offer.buyers,
    )  # fmt: skip


def _closed(offer: Offer, months: range) -> str:
    """Why nothing can be ordered in a period; its first month decides, as in a plan."""
    begins, ends = offer.available.from_, offer.available.until
    if begins is not None and first_month(begins) > months[0]:
        return f"can be ordered from {begins} on"
    if ends is not None and first_month(ends) + months_in(ends) <= months[0]:
        return f"could be ordered until {ends}"
    priced = offer.price_usd if offer.route == "purchase" else offer.usd_per_accelerator_hour
    if priced is not None and mean(priced, months) is None:
        return "has no price yet"
    return ""


def _hourly(offer: Offer, rent: Decimal | None, price: Decimal | None, service_life_years: Decimal) -> Decimal | None:
    """USD per hour of one accelerator: rent, or price / hours of the service life; None where neither is known."""
    if offer.route != "purchase":
        return rent
    years = service_life_years if offer.term_months is None else Decimal(offer.term_months) / MONTHS_PER_YEAR
    return None if price is None else price / (years * HOURS_PER_YEAR)
