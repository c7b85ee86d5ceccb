"""What work that is not done costs in every future, so that every future has an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizer.request.edits import as_text, request_of
from optimizer.request.load import Request
from optimizer.tables import Tables

Tree = dict[str, Any]
DEARER = 10
"""Without a price of its own, work that is not done costs so many times the dearest way to do it."""


def unmet_prices(request: Request) -> dict[str, float]:
    """USD per unit and hour of each demand that has to be done in full: as stated, else derived.

    The dearest of all that could be ordered for it, by the rent, or by the price over the term or the horizon, times
    ten. 0 where nothing can do it.
    """
    stated = request.scenario.uncertainty.unmet_usd_per_unit_hour if request.scenario.uncertainty else {}
    needed = [name for name, demand in sorted(request.scenario.demand.items()) if _must_be_done(request, name)]
    tables = Tables(request)
    return {name: float(stated[name]) if name in stated else DEARER * _dearest(tables, name) for name in needed}


def _must_be_done(request: Request, name: str) -> bool:
    demand = request.scenario.demand[name]
    return not demand.is_open and demand.unmet_usd_per_unit_hour is None and demand.value_usd_per_unit_hour is None


def _dearest(tables: Tables, demand: str) -> float:
    hourly = [0.0]
    for cohort in tables.cohorts:
        offer = tables.offers[cohort.offer]
        life_hours = min(offer.periods, tables.calendar.count) * tables.calendar.hours
        usd = cohort.rent_usd if cohort.rent_usd is not None else (cohort.price_usd or 0.0) / life_hours
        rates = [tables.rate.get((offer.system, demand, t)) for t in cohort.served]
        hourly += [usd / (rate * offer.accelerators) for rate in rates if rate]
    return max(hourly)


def answerable(request: Request, unmet: Mapping[str, float]) -> Request:
    """A request in which work per second that must be done may be left at a price."""
    scenario = as_text(request.scenario)
    leave_at_a_price(scenario, unmet)
    return request_of(scenario, as_text(request.catalog))


def leave_at_a_price(scenario: Tree, unmet: Mapping[str, float]) -> None:
    """States in the text of a scenario what work costs that is not done."""
    for name, usd in unmet.items():
        if scenario["demand"][name].get("per_second") is not None:
            scenario["demand"][name]["unmet_usd_per_unit_hour"] = f"{usd:.12g}" if usd else "0"
