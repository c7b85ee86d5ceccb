"""What no plan can meet, seen without a solver: one sentence each, with the place in the file.

Every sentence is a proof: it compares what is asked with more than can ever be had. What is not proved is not said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from catalogs.memory import misfit
from optimizer.business_limits import business_limits
from optimizer.formulation.model import USD_PER_MODEL_UNIT, Model, Row
from optimizer.reopened import Key
from optimizer.repair.reach import SURELY, Reach, hard_needs
from optimizer.repair.report import Contradiction
from optimizer.repair.share_caps import shares_too_small
from optimizer.request import Request
from optimizer.tables import Cohort, Work, grouped
from optimizer.tables.orders import NO_ROOM

SHOWN = 4
Rule = Callable[[Reach], Iterator[tuple[Key, str, str]]]


def contradictions(request: Request, model: Model) -> list[Contradiction]:
    """Every contradiction that is found, each at its place in the scenario's file."""
    reach, found = Reach(model), []
    for rule in RULES:
        for key, about, text in rule(reach):
            problem = request.problem(key, text)
            found.append(Contradiction(at=str(problem.at), about=about, sentence=problem.message))
    return found


def used_up(reach: Reach) -> Iterator[tuple[Key, str, str]]:
    """The fleet and commitments alone take more than there is."""
    model = reach.model
    there = reach.always_there
    low: dict[str, float] = {variable.name: there.get(key, 0.0) for key, variable in model.in_service.items()}
    low |= {variable.name: cohort.systems for cohort, variable in model.cohort.items() if cohort.committed}
    for limit in business_limits(model):
        for row in (model.rows[name] for name in limit.rows):
            least = sum(c * low.get(v.name, 0.0) if c > 0 else c * v.upBound for v, c in row.terms)
            if row.sense == "<=" and row.share is None and least > row.bound * SURELY + 1e-9:
                used = _amount((least + _grown(row)) * row.scale + row.constant, limit.unit)
                most = _amount((row.bound + _grown(row)) * row.scale + row.constant, limit.unit)
                when = f" in {row.keys[-1]}" if len(row.keys) > 1 else ""
                yield limit.key, limit.label, f"the fleet and commitments alone use {used}{when}, more than the {most}"
                break


def _amount(value: float, unit: str) -> str:
    return f"{value / USD_PER_MODEL_UNIT:,.6g} M USD" if unit == "USD" else f"{value:,.6g} {unit}"


def _grown(row: Row) -> float:
    """What can be added to a row's limit at the most."""
    return float(sum(-c * v.upBound for v, c in row.terms if c < 0))


def too_soon(reach: Reach) -> Iterator[tuple[Key, str, str]]:
    """Work is asked for before anything can do it."""
    for demand, needs in grouped(hard_needs(reach), lambda need: need.demand).items():
        early = next((need for need in needs if not reach.work(demand, need.t)), None)
        if early is None:
            continue
        able = next((t for t in reach.tables.calendar.periods if t > early.t and reach.work(demand, t)), None)
        since = f"before {reach.model.period(able)}" if able is not None else "at any time"
        text = f"work is asked for in {reach.model.period(early.t)}, and nothing can do it {since}"
        yield ("demand", demand, "per_second"), f"demand {demand}", text + _why(reach, demand, early.t)


def _why(reach: Reach, demand: str, t: int) -> str:
    """What keeps each offer from doing the work of a period."""
    tables = reach.tables
    rates = tables.request.catalog.throughput
    workload = tables.scenario.demand[demand].workload
    able = [offer.offer for offer in tables.offers.values() if workload in rates.get(offer.accelerator, {})]
    reasons = [f"{name}: {reason}" for name in able if (reason := _reason(reach, demand, name, t))]
    more = f"; and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    return f" ({'; '.join(reasons[:SHOWN])}{more})" if reasons else ""


def _reason(reach: Reach, demand: str, name: str, t: int) -> str | None:
    tables, offer = reach.tables, reach.tables.offers[name]
    if name in tables.excluded:
        return NO_ROOM if tables.excluded[name] == NO_ROOM else None
    small = misfit(tables.request.catalog, offer.system, tables.scenario.demand[demand].workload)
    if small is not None:
        return str(small)
    cohorts = [c for c in tables.cohorts if c.offer == name and not c.committed]
    then = [c for c in cohorts if c.t <= t <= c.last]
    cost = reach.porting(demand, tables.systems[offer.system].stack)
    if not then:
        lead = tables.request.catalog.offers[name].lead_time_months
        first = min((c.t for c in cohorts), default=None)
        return None if first is None else f"in service from {reach.model.period(first)}, lead time {lead} months"
    if cost is not None and t <= tables.wait(cost.months):
        return f"porting takes {cost.months} months"
    return next(filter(None, map(reach.hindrance, then)), None)


def too_much(reach: Reach) -> Iterator[tuple[Key, str, str]]:
    """More work is asked for than all power, or all that can be supplied, does with the best accelerator."""
    for demand, needs in grouped(hard_needs(reach), lambda need: need.demand).items():
        for what, most_of in (("power", _by_power), ("supply", _by_supply)):
            for need in needs:
                most = most_of(reach, reach.work(demand, need.t))
                if 0 < most * SURELY < need.per_second:
                    unit, period = reach.tables.unit_of(demand), reach.model.period(need.t)
                    text = f"{need.per_second:,.6g} {unit} are asked for in {period}, and all {_WHAT[what]} does"
                    yield ("demand", demand, "per_second"), what, f"{text} at most {most:,.6g}"
                    break


_WHAT = {
    "power": "that the power of the sites carries, with the best system at each,",
    "supply": "that can be supplied by then, with the fleet and commitments,",
}


def _by_power(reach: Reach, rows: list[Work]) -> float:
    """Work that the sites' power can carry, the best system everywhere; what is hosted as far as it is supplied."""
    tables, best = reach.tables, dict[str, float]()
    for row in rows:
        for place in tables.places_of(row.group):
            if place in tables.scenario.sites:
                done = reach.powered(row.system, place, row.t) * row.per_system * tables.availability
                best[place] = max(best.get(place, 0.0), done)
    return sum(best.values()) + _by_supply(reach, rows, hosted=True)


def _by_supply(reach: Reach, rows: list[Work], hosted: bool = False) -> float:
    """Work that the accelerators which can be in service do, each kind at its best."""
    tables, total = reach.tables, 0.0
    kinds = grouped(rows, lambda row: tables.systems[row.system].accelerator)
    for accelerator, same in kinds.items():
        places = {place for row in same for place in tables.places_of(row.group)}
        places = {place for place in places if not hosted or place not in tables.scenario.sites}
        rate = max(row.per_system / tables.systems[row.system].accelerators for row in same)
        if places:
            total += rate * reach.supplied_by(accelerator, places, same[0].t) * tables.availability
    return total


def cluster_too_large(reach: Reach) -> Iterator[tuple[Key, str, str]]:
    """A cluster asks for more accelerators at one place than any place can have."""
    tables = reach.tables
    for demand, needs in grouped(hard_needs(reach), lambda need: need.demand).items():
        cluster = tables.scenario.demand[demand].cluster
        for need in needs if cluster is not None and cluster.accelerators else ():
            rows = reach.work(demand, need.t)
            most, where = max((_together(reach, row, place) for row in rows for place in tables.places_of(row.group)),
                              default=(math.inf, ""))  # fmt: skip
            assert cluster is not None
            if most * SURELY < cluster.accelerators:
                text = f"{cluster.accelerators:,} accelerators of a kind at one place are asked for"
                text += f" in {reach.model.period(need.t)}, and no place can have more than {math.floor(most):,}"
                text += f" at work ({where})"
                yield ("demand", demand, "cluster"), f"cluster of {demand}", text
                break


def _together(reach: Reach, row: Work, place: str) -> tuple[float, str]:
    """Accelerators of a system's kind that can work at a place, and what binds."""
    tables = reach.tables
    accelerator = tables.systems[row.system].accelerator
    most, what = reach.supplied_by(accelerator, [place], row.t), "supply"
    if place in tables.scenario.sites:
        alike = [name for name, facts in tables.systems.items() if facts.accelerator == accelerator]
        rooms = [(reach.room(name, place, row.t), tables.systems[name].accelerators) for name in alike]
        room, binds = sum(n * each for (n, _), each in rooms), min(rooms)[0][1]
        most, what = min((most, what), (room, binds))
    return most * tables.availability, f"{what} at {place}"


def floor_too_high(reach: Reach) -> Iterator[tuple[Key, str, str]]:
    """A limit asks for more orders than can be supplied."""
    model = reach.model
    cohort_of = {variable.name: cohort for cohort, variable in model.cohort.items()}
    for limit in business_limits(model):
        for row in (model.rows[name] for name in limit.rows if limit.constraint == "limit" and limit.is_floor):
            orders = [(cohort_of[v.name], amount) for v, amount in row.terms if v.name in cohort_of]
            most = _ordered(reach, orders) if len(orders) == len(row.terms) and not limit.is_share else math.inf
            if most * SURELY < row.bound:
                asked = _amount(row.bound * row.scale + row.constant, limit.unit)
                there = _amount(most * row.scale + row.constant, limit.unit)
                text = f"at least {asked} are asked for in {row.keys[-1]}, and no more than {there} can be supplied"
                yield limit.key[:2], limit.label, f"{text} (limit {limit.name})"
                break


def _ordered(reach: Reach, orders: list[tuple[Cohort, float]]) -> float:
    """The most that orders add up to, each offer as far as it is supplied."""
    total = 0.0
    together = grouped(orders, lambda order: (order[0].offer, order[0].t, order[0].committed))
    for (offer, t, committed), same in together.items():
        held = sum(cohort.systems for cohort, _ in same)
        most = held if committed else reach.systems_supplied(reach.tables.offers[offer], t)
        total += most * max(amount for _, amount in same)
    return total


RULES: tuple[Rule, ...] = (used_up, too_soon, cluster_too_large, too_much, floor_too_high, shares_too_small)
