"""What a unit of a workload costs on each offer by the catalogue alone: its price or rent over what it does.

Of what is bought, price and network are spread evenly over a service life; of what is rented, the rent counts. Energy,
halls, upkeep, delivery and what is left at the end are a matter of a scenario, and are not in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from catalogs.periods import first_month, last_month, steps, value_at
from catalogs.reach import reached
from catalogs.schema import Catalog, Offer, Throughput

HOURS_PER_YEAR = Decimal(8760)
SERVICE_LIFE_YEARS = Decimal(5)
"""As a scenario takes it that says nothing else."""


@dataclass(frozen=True)
class CostOfWork:
    """An offer that does a workload in some month.

    `rate` is work per second of one accelerator in its `precision`, by `basis`; `price_usd` is per accelerator with its
    network, `rent_usd` per accelerator and hour; None for what it has not. `usd_per_unit` is USD per unit of work
    (`workloads.unit`) kept up for an hour. `orderable` says whether it may be ordered then, if a period was asked for.
    """

    offer: str
    accelerator: str
    route: str
    rate: Decimal
    precision: str
    basis: str
    price_usd: Decimal | None
    rent_usd: Decimal | None
    usd_per_unit: Decimal
    orderable: bool | None


def costs_of_work(catalog: Catalog, workload: str, period: str | None, years: Decimal) -> Iterator[CostOfWork]:
    """Each offer that has a price and a rate for a workload in the first month of a period; without one, its latest."""
    for key, offer in sorted(catalog.offers.items()):
        month = first_month(period) if period else _latest(catalog, offer, workload)
        points = reached(catalog, offer.system, workload)[0]
        rates = [(rate, point) for point in points if (rate := _rate(point, month))]
        system = catalog.systems[offer.system]
        price, rent = value_at(offer.price_usd, month), value_at(offer.usd_per_accelerator_hour, month)
        if not rates or (price is None and rent is None):
            continue
        rate, best = max(rates, key=lambda pair: pair[0])
        each = None if price is None else (price + offer.network_usd) / system.accelerators
        an_hour = rent if each is None else each / (years * HOURS_PER_YEAR)
        if an_hour is not None:
            yield CostOfWork(
                offer=key,
                accelerator=system.accelerator,
                route=offer.route,
                rate=rate,
                precision=best.precision or "",
                basis=best.basis,
                price_usd=each,
                rent_usd=rent,
                usd_per_unit=an_hour / rate,
                orderable=_is_open(offer, month) if period else None,
            )


def _rate(point: Throughput, month: int) -> Decimal | None:
    begun = point.from_ is None or first_month(point.from_) <= month
    return value_at(point.rate, month) if begun else None


def _latest(catalog: Catalog, offer: Offer, workload: str) -> int:
    """The month from which on nothing of an offer and its rates changes any more."""
    points = catalog.points(catalog.systems[offer.system].accelerator, workload)
    schedules = [offer.price_usd, offer.usd_per_accelerator_hour, *(point.rate for point in points)]
    begins = [first_month(key) for schedule in schedules if isinstance(schedule, dict) for key in steps(schedule)]
    begins += [first_month(point.from_) for point in points if point.from_]
    return max(begins, default=0)


def _is_open(offer: Offer, month: int) -> bool:
    first, last = offer.available.from_, offer.available.until
    return (first is None or first_month(first) <= month) and (last is None or month <= last_month(last))
