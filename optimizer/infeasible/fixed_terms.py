"""Terms that are no rows with an amount: minimum orders, clusters, and the time that things take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalogs.periods import last_month, written
from optimizer.request.edits import Key
from optimizer.request.load import Request
from optimizer.request.scenario import Porting
from optimizer.tables.by_period import Circumstances
from optimizer.tables.eligibility import closed, homeless, idle, ruled_out
from optimizer.tables.joins import bring_up_months

SIZE, TIME = "size", "time"
AT_ONCE = 600
"""Periods by which everything is sooner, so that nothing takes any time."""


@dataclass(frozen=True)
class Term:
    """A term and the whole numbers that state it: accelerators, systems or months, by their keys.

    `kind` is how it is repaired (by a smaller size or in less time); `without` are the figures that ask for nothing.
    """

    kind: str
    sort: str
    label: str
    numbers: Mapping[Key, int]
    without: Mapping[Key, Any]


def terms(request: Request) -> list[Term]:
    """Every term that asks for something, in a fixed order."""
    offers = _offers(request)
    return [term for family in FAMILIES for term in family(request, offers) if term.without]


def minimum_orders(request: Request, offers: Sequence[str]) -> Iterator[Term]:
    for offer in offers:
        least = request.catalog.offers[offer].minimum_order_systems
        if least is not None and least > 1:
            key = ("catalog", "offers", offer, "minimum_order_systems")
            yield Term(SIZE, "minimum order", f"minimum order of {offer}", {key: least}, {key: None})


def clusters(request: Request, _: Sequence[str]) -> Iterator[Term]:
    for name, demand in sorted(request.scenario.demand.items()):
        if demand.cluster is not None:
            key = ("demand", name, "cluster")
            size: dict[Key, int] = {(*key, "accelerators"): demand.cluster.accelerators}
            yield Term(SIZE, "cluster", f"cluster of {name}", size, {key: None})


def porting(request: Request, _: Sequence[str]) -> Iterator[Term]:
    for name, demand in sorted(request.scenario.demand.items()):
        for stack, cost in sorted((demand.stacks or {}).items()):
            if isinstance(cost, Porting):
                key = ("demand", name, "stacks", stack, "months")
                yield _time("porting", f"porting of {name} to {stack}", {key: cost.months})


def engineering(request: Request, offers: Sequence[str]) -> Iterator[Term]:
    offered = {request.catalog.systems[request.catalog.offers[offer].system].accelerator for offer in offers}
    for name in sorted(offered):
        one_off = request.catalog.accelerators[name].one_off
        if one_off is not None:
            key = ("catalog", "accelerators", name, "one_off", "months")
            yield _time("engineering", f"engineering of {name}", {key: one_off.months})


def building(request: Request, _: Sequence[str]) -> Iterator[Term]:
    for site, facts in sorted(request.scenario.sites.items()):
        if facts.expansion is not None:
            key = ("sites", site, "expansion", "lead_time_months")
            yield _time("building", f"building time at {site}", {key: facts.expansion.lead_time_months})


def bringing_up(request: Request, offers: Sequence[str]) -> Iterator[Term]:
    """The time to bring up systems, of all offers together, each stated as its own."""
    entries = request.catalog.offers
    months = {offer: bring_up_months(entries[offer], request.scenario) for offer in offers}
    keys: dict[Key, int] = {("catalog", "offers", offer, "bring_up_months"): number for offer, number in months.items()}
    yield _time("bring-up", "bring-up", keys)


def lead_times(request: Request, offers: Sequence[str]) -> Iterator[Term]:
    """All lead times together: which of them matters depends on what is ordered."""
    leads = {offer: request.catalog.offers[offer].lead_time_months for offer in offers}
    term = _time("lead time", "lead times", {("catalog", "offers", o, "lead_time_months"): m for o, m in leads.items()})
    dates = (_later(request, offer) for offer in offers if leads[offer])
    yield replace(term, without={**term.without, **{key: until for key, until in dates if until is not None}})


def _later(request: Request, offer: str) -> tuple[Key, str | None]:
    """The end of an offer's dates, later by its lead time.

    What is ordered by the end and takes that long, or less, then enters service by the later end: without a lead time
    and with that end, all can be had in a period that can be had in it with any wait up to the lead time.
    """
    entry, calendar = request.catalog.offers[offer], request.scenario.calendar
    key, until = ("catalog", "offers", offer, "available", "until"), entry.available.until
    wait = calendar.whole_periods(entry.lead_time_months) * calendar.months
    return key, None if until is None else written(last_month(until) + wait, 1)


def _time(sort: str, label: str, months: Mapping[Key, int]) -> Term:
    asked = {key: number for key, number in months.items() if number}
    return Term(TIME, sort, label, asked, dict.fromkeys(asked, 0))


def _offers(request: Request) -> list[str]:
    """The offers that could be ordered if only they came in time."""
    here = Circumstances(request, True, AT_ONCE)
    rules = (closed, ruled_out, homeless, idle)
    entries = request.catalog.offers
    return [name for name, offer in here.offers.items() if not any(rule(here, offer, entries[name]) for rule in rules)]


FAMILIES = (minimum_orders, clusters, porting, engineering, building, bringing_up, lead_times)
