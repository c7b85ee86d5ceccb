"""Scenario and catalogue joined into index sets and parameters: the only joins and unit changes.

Variables will exist only for what is listed here, so whatever is not eligible is left out here and
nowhere else, with the reason kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from catalogs.problems import InputError
from optimizer.request.load import Request
from optimizer.request.resources import KW_PER_MW
from optimizer.tables.bounds import is_bounded
from optimizer.tables.eligibility import can_serve, near_miss, ruled_out_by_rule
from optimizer.tables.index_sets import Tables
from optimizer.tables.orders import NO_ROOM
from optimizer.tables.rows import (
    LOOSE,
    Cohort,
    Deadline,
    FleetEntry,
    FrameTerms,
    Need,
    OfferFacts,
    OrderLine,
    SitePeriod,
    Standing,
    Stock,
    SupplyLimit,
    SystemFacts,
    Work,
    grouped,
    ordered_as,
    summed,
)

__all__ = [
    "KW_PER_MW",
    "LOOSE",
    "Cohort",
    "Deadline",
    "FleetEntry",
    "FrameTerms",
    "Need",
    "OfferFacts",
    "OrderLine",
    "SitePeriod",
    "Standing",
    "Stock",
    "SupplyLimit",
    "SystemFacts",
    "Tables",
    "Work",
    "build_tables",
    "grouped",
    "ordered_as",
    "summed",
]

MISSES_SHOWN, OFFERS_SHOWN = 8, 3


def _refuse_unserved(tables: Tables) -> None:
    """A demand that must be met and that nothing can ever serve is a mistake in the input.

    What only lacks room or supply for one system is no mistake: it is infeasible, and told as such. Read loosely, where
    there is always room, the same requests pass: whoever asks what they lack must be able to state them.
    """
    served = {row.demand for row in tables.work}
    for offer in tables.offers.values():
        reason = tables.excluded.get(offer.offer)
        if reason == NO_ROOM or (reason is None and tables.loose):
            served |= {name for name, _ in tables.demands if can_serve(tables, offer, name)}
    problems = []
    required = {need.demand for need in tables.needs if not need.may_be_unmet} | {d.demand for d in tables.deadlines}
    for name in sorted(required - served):
        why = _near_misses(tables, name)
        problems.append(tables.request.problem(("demand", name), f"no offer, fleet or commitment can serve it: {why}"))
    if problems:
        raise InputError(problems)


def _refuse_unbounded(tables: Tables) -> None:
    """An open demand that orders could serve of which nothing says how many there may be is a mistake in the input."""
    problems = []
    for name in (name for name, demand in tables.scenario.demand.items() if demand.is_open):
        able = (c for c in tables.cohorts if not c.committed and _could_do(tables, c, name))
        endless = sorted({c.offer for c in able if not is_bounded(tables, tables.offers[c.offer], c)})
        if endless:
            message = (
                f"nothing bounds how much of it there may be: neither supply, a site nor a budget limits "
                f"{_some(endless)}; give per_second, budget.opex_usd or supply_systems_per_month of the offers"
            )
            problems.append(tables.request.problem(("demand", name), message))
    if problems:
        raise InputError(problems)


def _refuse_idle_frames(tables: Tables) -> None:
    """A frame that is about nothing that there is, wherever it could stand, is a mistake in the input."""
    about = {frame.frame for frames in tables.framed.values() for frame in frames}
    problems = [
        tables.request.problem(("frames", name, "of"), "all of it together selects no offer at any of its places")
        for name in tables.frames
        if name not in about
    ]
    if problems:
        raise InputError(problems)


def _could_do(tables: Tables, order: Cohort, demand: str) -> bool:
    """Whether systems of an order may do work of a demand while they are in service."""
    system, periods = tables.offers[order.offer].system, range(order.t, order.last + 1)
    return tables.may_stand(demand, order.place) and any((system, demand, t) in tables.rate for t in periods)


def _near_misses(tables: Tables, demand: str) -> str:
    """Why no offer can serve a demand, the nearest first: what the scenario and its buyer allow."""
    workload = tables.scenario.demand[demand].workload
    able = [o for o in tables.offers.values() if workload in tables.catalog.throughput.get(o.accelerator, {})]
    nearest = sorted(able, key=lambda offer: ruled_out_by_rule(tables, offer))
    misses = grouped(nearest, lambda offer: tables.excluded.get(offer.offer) or near_miss(tables, offer, demand))
    told = [f"{_some(offer.offer for offer in same)}: {reason}" for reason, same in misses.items()]
    more = f"; and {len(told) - MISSES_SHOWN} more reasons" if len(told) > MISSES_SHOWN else ""
    return "; ".join(told[:MISSES_SHOWN]) + more or f"no accelerator has a throughput for {workload}"


def _some(offers: Iterable[str]) -> str:
    """A few of some offers, and how many there are beside them."""
    names = list(offers)
    more = f" and {len(names) - OFFERS_SHOWN} more" if len(names) > OFFERS_SHOWN else ""
    return ", ".join(names[:OFFERS_SHOWN]) + more


def build_tables(
    request: Request,
    loose: bool = False,
    sooner: int = 0,
    approved: Mapping[OrderLine, float] | None = None,
    tight: bool = True,
    parts: bool = False,
    like: Tables | None = None,
) -> Tables:
    """All index sets and parameters of a request.

    `loose` bounds orders by the work alone, so that a model may go beyond a site's or a supply's limit;
    `sooner` shortens every lead time, bring-up, engineering, porting and building by so many periods. Both
    are for asking what a request lacks. `approved` are systems of orders that stay possible, worth having or not.
    Without `tight`, orders and work are bounded by power, money and supply alone, and by what stands there. With
    `parts`, systems need not be whole whatever their offer says. `like` are tables of the same request before a course
    of events: what none of these changes, which point of a throughput holds, is taken from there.
    Raises InputError for a commitment without a price, a demand that nothing can serve, one that nothing bounds, and a
    frame that selects nothing.
    """
    tables = Tables(request, loose, sooner, approved, tight, parts, like)
    _refuse_idle_frames(tables)
    _refuse_unbounded(tables)
    _refuse_unserved(tables)
    return tables
