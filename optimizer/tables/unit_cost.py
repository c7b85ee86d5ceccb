"""What a unit of work costs by each offer, before any plan: at full use, by the defaults of a scenario."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from catalogs.periods import first_month, months_in
from catalogs.reach import reached
from catalogs.schema import Catalog, Offer, Throughput
from optimizer.request.calendar import MONTHS_PER_YEAR
from optimizer.request.scenario import Assumptions, Finance
from optimizer.request.schedules import mean, supplied
from optimizer.request.throughputs import best

HOURS_PER_YEAR = 8760
SECONDS_PER_HOUR = 3600
MILLION = 1e6


class Terms(NamedTuple):
    """What an owner pays beside the price: electricity at the meter, and the mean PUE of the site."""

    electricity_usd_per_mwh: float
    pue: float


TERMS = Terms(electricity_usd_per_mwh=70.0, pue=1.2)
"""Where nothing is said."""


class UnitCost(NamedTuple):
    """An offer of a workload as ordered and run in one period; `usd_per_million_units` is None where it has no price.

    `price` is USD per system of a purchase and per accelerator-hour of what is rented. `closed` says why it cannot be
    ordered then, and is empty where it can.
    """

    offer: str
    rate: float
    point: Throughput
    price: float | None
    usd_per_accelerator_hour: float | None
    usd_per_million_units: float | None
    supply_systems_per_month: float | None
    closed: str


def unit_costs(catalog: Catalog, workload: str, period: str, terms: Terms) -> Iterator[UnitCost]:
    """Every offer whose systems do the workload in a period, by its id."""
    months = range(first_month(period), first_month(period) + months_in(period))
    for key, offer in sorted(catalog.offers.items()):
        found = best(reached(catalog, offer.system, workload)[0], months)
        if found is None:
            continue
        price = mean(offer.price_usd if offer.route == "purchase" else offer.usd_per_accelerator_hour, months)
        hour = None if price is None else usd_per_accelerator_hour(catalog, offer, float(price), terms)
        able = float(offer.availability or Assumptions().availability)
        done = float(found.rate) * able * SECONDS_PER_HOUR / MILLION
        supply = supplied(offer.supply_systems_per_month, months)
        yield UnitCost(
            key, float(found.rate), found.point, None if price is None else float(price), hour,
            None if hour is None else hour / done, None if supply is None else float(supply),
            _closed(offer, price, supply, months[0]),
        )  # fmt: skip


def usd_per_accelerator_hour(catalog: Catalog, offer: Offer, price: float, terms: Terms) -> float:
    """What an hour of one accelerator costs who orders at a price.

    hosted: rent. Lease: rent + (network over the term + software) a system-hour + energy. Purchase: as the lease, with
    price · (1 − residual share · v^L) over the life of L years in place of rent. Sums are spread over
    Σ v^(k − ½) years, k = 1…L, v = 1 / (1 + discount rate); energy is average_kw · PUE · tariff.
    """
    if offer.hosted:
        return price
    system, finance = catalog.systems[offer.system], Finance()
    years = offer.term_months / MONTHS_PER_YEAR if offer.term_months else float(finance.service_life_years)
    rent, sunk = (price, 0.0) if offer.route == "lease" else (0.0, price * (1 - left_after(years, finance)))
    spread = HOURS_PER_YEAR * _years_worth(years, float(finance.discount_rate))
    network = float(offer.network_usd) * (1 - (left_after(years, finance) if offer.route == "purchase" else 0.0))
    fixed = (sunk + network) / spread + float(offer.software_usd_per_year) / HOURS_PER_YEAR
    energy = float(system.average_kw) * terms.pue * terms.electricity_usd_per_mwh / 1000
    return rent + (fixed + energy) / system.accelerators


def left_after(years: float, finance: Finance) -> float:
    """The residual share at an age by the default table, linear between its years, at today's worth."""
    table: dict[int, Decimal] = finance.residual  # type: ignore[assignment]
    known = [(0.0, 1.0), *((float(age), float(share)) for age, share in sorted(table.items()))]
    share = known[-1][1]
    for (a, x), (b, y) in pairwise(known):
        if a <= years <= b:
            share = x + (y - x) * (years - a) / (b - a)
            break
    return share * math.pow(1 + float(finance.discount_rate), -years)


def _years_worth(years: float, rate: float) -> float:
    """Years of service, each worth what it is at its middle; a part of a year counts as that part."""
    whole = int(years)
    parts = [math.pow(1 + rate, -(k + 0.5)) for k in range(whole)]
    rest = years - whole
    return math.fsum([*parts, rest * math.pow(1 + rate, -(whole + rest / 2))])


def _closed(offer: Offer, price: Decimal | None, supply: Decimal | None, month: int) -> str:
    begin, end = offer.available.from_, offer.available.until
    if begin is not None and month < first_month(begin):
        return f"from {begin}"
    if end is not None and month >= first_month(end) + months_in(end):
        return f"until {end}"
    if price is None:
        return "no price"
    return "no supply" if supply == 0 else ""
