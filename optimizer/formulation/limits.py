"""The user's own limits: a measure of what is selected, in a window, against an amount or a share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from catalogs.problems import InputError
from optimizer.formulation.costs import KG_PER_T
from optimizer.formulation.model import Model, Row, Share, Terms
from optimizer.formulation.order_terms import paid
from optimizer.request.charges import CARBON
from optimizer.request.scenario import Limit
from optimizer.tables import Cohort, summed
from optimizer.tables.selection import (
    EntryFacts,
    apart,
    chosen,
    facts_of_offer,
    facts_of_place,
    facts_of_system,
    selected,
)

if TYPE_CHECKING:
    import pulp

UNITS = {
    "systems": "systems",
    "accelerators": "accelerators",
    "it_kw": "kW",
    "spend_usd": "USD",
    "capex_usd": "USD",
    "carbon_t": "t",
}


class Measured(NamedTuple):
    """A part of a measure: `amount` per unit of a variable (None: a constant) in period t, and what it is."""

    facts: EntryFacts
    t: int
    variable: pulp.LpVariable | None
    amount: float


def limit(model: Model) -> Iterator[Row]:
    """The user's limits, one row for each value of `each` and each window.

    Σ measure of what is selected ≤ at_most, ≥ at_least, ≤ or ≥ share · Σ measure of everything

    A ceiling over nothing holds by itself; a floor over nothing is a row without terms. Raises InputError for money
    of price breaks by place.
    """
    problems = []
    for number, rule in enumerate(model.tables.scenario.limits):
        if _broken_by_place(model, rule):
            message = f"limit '{rule.name}': the money of an offer with price breaks is not told apart by site"
            problems.append(model.tables.request.problem(("limits", str(number)), message))
            continue
        yield from _rows(model, rule, list(MEASURES[rule.measure](model)))
    if problems:
        raise InputError(problems)


def _broken_by_place(model: Model, rule: Limit) -> bool:
    """Whether a limit asks for money by place where price breaks count all places together."""
    by_place = rule.of.site is not None or rule.of.host is not None
    broken = {band.offer for band in model.band}
    places = {(c.offer, c.place) for c in model.cohort if c.offer in broken and not c.committed}
    return by_place and rule.measure in ("capex_usd", "spend_usd") and len(places) > len({o for o, _ in places})


def _rows(model: Model, rule: Limit, parts: list[Measured]) -> Iterator[Row]:
    floor = rule.at_least is not None or rule.at_least_share is not None
    there = [_facts(model, None if rule.measure == "work" else offer, *at) for offer, *at in model.tables.standing]
    combinations = list(apart(rule, there, model.tables.scenario.demand))
    for combination, patterns in combinations or [((), chosen(rule))]:
        part = [p for p in parts if selected(patterns, p.facts)]
        if not part and not floor:
            continue
        same_work = {key: wanted for key, wanted in patterns.items() if key == "demand"}
        whole = [p for p in parts if selected(same_work, p.facts)]
        for window, periods in _windows(model, rule):
            keys = (rule.name, *combination, window)
            yield _row(model, rule, keys, _inside(part, periods), _inside(whole, periods))


def _inside(parts: list[Measured], periods: frozenset[int]) -> list[Measured]:
    return [p for p in parts if p.t in periods]


def _windows(model: Model, rule: Limit) -> Iterator[tuple[str, frozenset[int]]]:
    """The windows of a limit. Power counts at its highest, so each period of its window is one."""
    calendar = model.tables.calendar
    for (*_, name), periods in calendar.windows(rule.within):
        if rule.measure == "it_kw":
            yield from ((calendar.key(t), frozenset([t])) for t in periods)
        else:
            yield name, frozenset(periods)


def _row(model: Model, rule: Limit, keys: tuple[str, ...], part: list[Measured], whole: list[Measured]) -> Row:
    sense = "<=" if rule.at_least is None and rule.at_least_share is None else ">="
    share = rule.at_most_share if rule.at_most_share is not None else rule.at_least_share
    unit = UNITS.get(rule.measure) or _unit_of_work(model, rule)
    terms, constant = _summed(part)
    if share is None:
        bound = float(rule.at_most if rule.at_most is not None else rule.at_least or 0) - constant
        scale = _scale(terms)
        return Row(keys, _divided(terms, scale), sense, bound / scale, unit, scale, constant)
    everything, everything_constant = _summed(whole)
    left = dict.fromkeys((v for v, _ in (*terms, *everything)), 0.0)
    for variable, amount in terms:
        left[variable] += amount
    for variable, amount in everything:
        left[variable] -= float(share) * amount
    combined = [(variable, amount) for variable, amount in left.items() if amount]
    scale = _scale(combined)
    bound = float(share) * everything_constant - constant
    of = Share(terms, constant, everything, everything_constant, float(share))
    return Row(keys, _divided(combined, scale), sense, bound / scale, unit, scale, share=of)


def _summed(parts: list[Measured]) -> tuple[Terms, float]:
    amounts = summed((part.variable, part.amount) for part in parts if part.variable is not None)
    return list(amounts.items()), math.fsum(part.amount for part in parts if part.variable is None)


def _scale(terms: Terms) -> float:
    """A power of ten that brings a row's largest coefficient to between 1 and 10."""
    largest = max((abs(amount) for _, amount in terms), default=1.0)
    return 10.0 ** math.floor(math.log10(largest)) if largest else 1.0


def _divided(terms: Terms, scale: float) -> Terms:
    return [(variable, amount / scale) for variable, amount in terms]


def _unit_of_work(model: Model, rule: Limit) -> str:
    demands = model.tables.scenario.demand
    units = {
        model.tables.unit_of(name)
        for name in demands
        if selected({"demand": rule.of.demand or ()}, {"demand": (name,)})
    }
    return next(iter(sorted(units)), "work")


def _facts(model: Model, offer: str | None, system: str, place: str) -> EntryFacts:
    """What systems at a place are: those of an offer, or the fleet and whatever does work."""
    tables = model.tables
    catalog, facts = tables.request.catalog, tables.systems[system]
    what = facts_of_system(catalog, facts) if offer is None else facts_of_offer(catalog, tables.offers[offer], facts)
    return {**what, **facts_of_place(place, tables.scenario.sites)}


def _ordered(model: Model, cohort: Cohort) -> EntryFacts:
    return _facts(model, cohort.offer, model.tables.offers[cohort.offer].system, cohort.place)


def systems(model: Model) -> Iterator[Measured]:
    """Systems by the period in which they enter service; what is running has entered before any window."""
    for cohort, variable in model.cohort.items():
        yield Measured(_ordered(model, cohort), cohort.t, variable, 1.0)


def accelerators(model: Model) -> Iterator[Measured]:
    """Accelerators by the period in which they enter service."""
    for cohort, variable in model.cohort.items():
        count = float(model.tables.offers[cohort.offer].accelerators)
        yield Measured(_ordered(model, cohort), cohort.t, variable, count)


def capex_usd(model: Model) -> Iterator[Measured]:
    """Price and network of purchases, by the period in which they enter service; undiscounted."""
    for variable, cohort, price_usd in paid(model):
        yield Measured(_ordered(model, cohort), cohort.t, variable, price_usd)
    for cohort, variable in model.cohort.items():
        network = model.tables.offers[cohort.offer].network_usd
        if cohort.price_usd is not None and network:
            yield Measured(_ordered(model, cohort), cohort.t, variable, network)


def spend_usd(model: Model) -> Iterator[Measured]:
    """Capex, and all rent that an order will pay inside the horizon, by the period it enters service."""
    yield from capex_usd(model)
    for cohort, variable in model.cohort.items():
        if cohort.rent_usd:
            hours = model.tables.calendar.hours * len(cohort.served)
            yield Measured(_ordered(model, cohort), cohort.t, variable, cohort.rent_usd * hours)


def _in_service(model: Model) -> Iterator[tuple[EntryFacts, str, str, int, pulp.LpVariable | None, float]]:
    """(facts, system, place, t, variable, systems per unit) of all that is in service, fleet included."""
    tables = model.tables
    for cohort, variable in model.cohort.items():
        facts, system = _ordered(model, cohort), tables.offers[cohort.offer].system
        for t in cohort.served:
            yield facts, system, cohort.place, t, variable, 1.0
    for entry in tables.fleet:
        facts = _facts(model, None, entry.system, entry.site)
        for t in range(1, entry.last + 1):
            yield facts, entry.system, entry.site, t, None, entry.systems
    for (entry, start), variable in model.retire.items():
        facts = _facts(model, None, entry.system, entry.site)
        for t in range(start, entry.last + 1):
            yield facts, entry.system, entry.site, t, variable, -1.0


def it_kw(model: Model) -> Iterator[Measured]:
    """Provisioned IT load of what is in service."""
    for facts, system, _, t, variable, count in _in_service(model):
        yield Measured(facts, t, variable, count * model.tables.systems[system].provisioned_kw)


def carbon_t(model: Model) -> Iterator[Measured]:
    """Carbon of the energy on our sites and of hosted hours, in tonnes."""
    tables = model.tables
    for facts, system, place, t, variable, count in _in_service(model):
        if place in tables.scenario.sites:
            tonnes = CARBON.of_system(tables.site_at[place, t], tables.systems[system], tables.calendar) / KG_PER_T
        else:
            (offer,) = facts.get("offer", ("",))
            tonnes = tables.offers[offer].carbon_kg_per_hour * tables.calendar.hours / KG_PER_T
        if tonnes:
            yield Measured(facts, t, variable, count * tonnes)


def work(model: Model) -> Iterator[Measured]:
    """Work per second done of a demand, summed over the periods of a window."""
    tables = model.tables
    for row, variable in model.run.items():
        facts = {**facts_of_system(tables.request.catalog, tables.systems[row.system]), "demand": (row.demand,)}
        places = tables.places_of(row.group)
        if len(places) == 1:
            facts = {**facts, **facts_of_place(places[0], tables.scenario.sites)}
        yield Measured(facts, row.t, variable, row.per_system)


MEASURES: Mapping[str, Callable[[Model], Iterator[Measured]]] = {
    measure.__name__: measure for measure in (systems, accelerators, it_kw, spend_usd, capex_usd, work, carbon_t)
}
