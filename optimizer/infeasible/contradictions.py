"""What no plan can meet, seen without a solver: one sentence each, with the place in the file.

Every sentence is a proof: it compares what is asked with more than can ever be had. It names the limits that it rests
on and holds for every request in which these are as they are: loosening any other limit cannot help. What is not
proved is not said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

from catalogs.figures import told_apart
from optimizer.formulation.business_limits import BusinessLimit, business_limits
from optimizer.formulation.model import Model, Row
from optimizer.infeasible.availability import NO_LIMITS, SURELY, Bound, added, tightest, times
from optimizer.infeasible.report import Contradiction
from optimizer.infeasible.share_caps import shares_too_small
from optimizer.infeasible.subject import Statement, Subject
from optimizer.infeasible.work_options import Bar, Way, few_bars, lead_time
from optimizer.request.load import Request
from optimizer.tables import Cohort, Need, grouped
from optimizer.tables.rows import MILLION

SHOWN = 4
Contradicts = Callable[[Subject], Iterator[Statement]]


def contradictions(request: Request, model: Model) -> list[Contradiction]:
    """Every contradiction that is found in a request with its loose model, each at its place in the scenario's file."""
    subject, found = Subject(model), []
    for rule in RULES:
        for key, about, text, limits in rule(subject):
            problem = request.problem(key, text)
            named = tuple(sorted(limits))
            found.append(Contradiction(at=str(problem.at), about=about, sentence=problem.message, limits=named))
    return found


def used_up(subject: Subject) -> Iterator[Statement]:
    """The fleet and commitments alone take more than there is.

    Proof: Σ c · v over a row is no less than Σ_{c>0} c · least(v) + Σ_{c<0} c · most(v), where the least is what is in
    service whatever is decided, and the most of what is retired is what there is of it; what a site can grow by is on
    the other side. Prices of commitments are those of their order, which a lead time dates.
    """
    model, there = subject.model, subject.always_there
    low = {variable.name: there.get(key, 0.0) for key, variable in model.in_service.items()}
    low |= {variable.name: cohort.systems for cohort, variable in model.cohort.items() if cohort.committed}
    grows = {variable.name for variable in model.expand.values()}
    for limit in business_limits(model):
        for row in (model.rows[name] for name in limit.rows):
            terms = [
                (c, c * (low.get(v.name, 0.0) if c > 0 else v.upBound)) for v, c in row.terms if v.name not in grows
            ]
            least, size = math.fsum(use for _, use in terms), math.fsum(abs(use) for _, use in terms)
            most, limits = _at_most(subject, limit, row)
            if row.sense == "<=" and row.share is None and least - most > (SURELY - 1) * max(size, abs(most)):
                amounts = (least * row.scale + row.constant, most * row.scale + row.constant)
                used, there_is = _amounts(limit.unit, amounts)
                when = f" in {row.keys[-1]}" if len(row.keys) > 1 else ""
                text = f"the fleet and commitments alone use {used}{when}, more than the {there_is}"
                yield Statement(limit.key, limit.label, text, limits)
                break


def _amounts(unit: str, values: tuple[float, float]) -> tuple[str, str]:
    """Two amounts that are compared, in words."""
    one, other = (value / MILLION for value in values) if unit == "USD" else values
    texts, unit = told_apart(one, other), "M USD" if unit == "USD" else unit
    return f"{texts[0]} {unit}", f"{texts[1]} {unit}"


def _at_most(subject: Subject, limit: BusinessLimit, row: Row) -> Bound:
    """What a row leaves, power grown as far as it can be, and what the row and its prices rest on."""
    if limit.record.resource is not None and limit.record.resource.grows:
        t = subject.tables.calendar.index(row.keys[-1])
        assert t is not None, "a row of a period"
        return subject.bounds.power_mw(limit.name, t)
    committed = {cohort.offer for cohort in subject.tables.cohorts if cohort.committed} if limit.unit == "USD" else ()
    leads = {lead_time(offer) for offer in committed if subject.tables.offers[offer].lead_periods}
    return Bound(row.bound, frozenset({limit.label, *leads}))


def too_soon(subject: Subject) -> Iterator[Statement]:
    """Work is asked for in a period in which every way to do it is shut.

    Proof: work is done by some way, and that way has none of its bars only if a limit of each of them gives way, so of
    the one that is told too; or less is asked for.
    """
    key = subject.tables.calendar.key
    for demand, needs in subject.hard_needs.items():
        early = next((need for need in needs if subject.ways.shut(demand, need.t) is not None), None)
        if early is None:
            continue
        bars = few_bars(subject.ways.shut(demand, early.t) or []) or out_of_reach(subject, demand)
        later = range(early.t + 1, subject.tables.calendar.count + 1)
        able = next((t for t in later if subject.ways.shut(demand, t) is None), None)
        since = f"before {key(able)}" if able is not None else "from then on"
        more = f"; and {len(bars) - SHOWN} more" if len(bars) > SHOWN else ""
        why = f" ({'; '.join(bar.words for bar in bars[:SHOWN])}{more})" if bars else ""
        text = f"work is asked for in {key(early.t)}, and nothing can do it {since}{why}"
        limits = NO_LIMITS.union(*(bar.limits for bar in bars)) | {f"demand {demand}"}
        yield Statement(("demand", demand, "per_second"), f"demand {demand}", text, limits)


def out_of_reach(subject: Subject, demand: str) -> list[Bar]:
    """Systems whose accelerators have a rate for the work that does not count: no way to do it, so no limit bars it."""
    asked = subject.tables.scenario.demand[demand]
    systems = sorted({offer.system for offer in subject.ways.offers})
    whys = {system: subject.tables.reached(system, asked)[1] for system in systems}
    return [Bar(f"{system}: {why}", NO_LIMITS) for system, why in whys.items() if why]


def too_much(subject: Subject) -> Iterator[Statement]:
    """More work is asked for than all power, or all that can be supplied, does with the best accelerator.

    Proof: work is done by what is in service and available, at its rate. At a site that is no more than what the power
    carries of the best system, elsewhere and in all no more than what is supplied, whenever it is ordered.
    """
    for demand, needs in subject.hard_needs.items():
        for what, most_of in (("power", _by_power), ("supply", _by_supply)):
            for need in needs:
                most, limits = most_of(subject, need)
                if 0 < most * SURELY < need.per_second:
                    unit, period = subject.tables.unit_of(demand), subject.tables.calendar.key(need.t)
                    asked, done = told_apart(need.per_second, most)
                    text = f"{asked} {unit} are asked for in {period}, and all {_WHAT[what]} does at most {done}"
                    yield Statement(("demand", demand, "per_second"), what, text, limits | {f"demand {demand}"})
                    break


_WHAT = {
    "power": "that the power of the sites carries, with the best system at each,",
    "supply": "that can be supplied by then, with the fleet and commitments,",
}


def _by_power(subject: Subject, need: Need) -> Bound:
    """Work that the sites' power can carry, the best system everywhere; what is hosted as far as it is supplied."""
    sites, ways = subject.tables.scenario.sites, list(subject.ways.of(need.demand, need.t))
    at_site = grouped((way for way in ways if way.place in sites), lambda way: way.place)
    powered = ([_powered(subject, way, need) for way in same] for same in at_site.values())
    best = [max(bounds, key=lambda bound: bound.most) for bounds in powered]
    return added([*best, subject.work((way for way in ways if way.place not in sites), need.demand, need.t)])


def _powered(subject: Subject, way: Way, need: Need) -> Bound:
    facts = subject.tables.systems[way.system]
    each = facts.accelerators * subject.rate(way.system, need.demand, need.t)
    return times(subject.bounds.powered(way.system, way.place, need.t), each)


def _by_supply(subject: Subject, need: Need) -> Bound:
    """Work that the accelerators which can be in service do."""
    return subject.work(subject.ways.of(need.demand, need.t), need.demand, need.t)


def cluster_too_large(subject: Subject) -> Iterator[Statement]:
    """A cluster asks for more accelerators at one place than any place can have.

    Proof: at a place it has no more of a kind than supply and the fleet bring there, and none that there is no room
    for; what works is no more than what is available of these. A limit of each place and kind has to give way.
    """
    for demand, needs in subject.hard_needs.items():
        cluster = subject.tables.scenario.demand[demand].cluster
        for need in needs if cluster is not None and cluster.accelerators else ():
            assert cluster is not None
            bounds = _together(subject, need)
            most = max(bounds, key=lambda bound: bound.most, default=Bound(math.inf, NO_LIMITS))
            if most.most * SURELY < cluster.accelerators:
                text = f"{cluster.accelerators:,} accelerators of a kind at one place are asked for"
                text += f" in {subject.tables.calendar.key(need.t)}, and no place can have more than"
                text += f" {math.floor(most.most):,} at work ({', '.join(sorted(most.limits))})"
                limits = NO_LIMITS.union(*(bound.limits for bound in bounds))
                named = limits | {f"cluster of {demand}", f"demand {demand}"}
                yield Statement(("demand", demand, "cluster"), f"cluster of {demand}", text, named)
                break


def _together(subject: Subject, need: Need) -> list[Bound]:
    """Accelerators of each kind that can work at each place."""
    tables, found = subject.tables, []
    for kind, ways in subject.by_accelerator(subject.ways.of(need.demand, need.t)).items():
        for place, here in grouped(ways, lambda way: way.place).items():
            bounds = [subject.accelerators(here, need.t)]
            if place in tables.scenario.sites:
                alike = [name for name, facts in tables.systems.items() if facts.accelerator == kind]
                bounds.append(added(_room(subject, name, place, need.t) for name in alike))
            found.append(times(tightest(bounds), tables.most_available[kind]))
    return found


def _room(subject: Subject, system: str, place: str, t: int) -> Bound:
    """Accelerators of a system that a place has room for."""
    systems = tightest(subject.bounds.rooms(system, place, t).values())
    return times(systems, float(subject.tables.systems[system].accelerators))


def floor_too_high(subject: Subject) -> Iterator[Statement]:
    """A limit asks for more orders than can be supplied.

    Proof: all that counts is ordered, and orders of an offer in a period, all places together, are no more than its
    supply. In less time more could be ordered, and at other prices: the lead times are named.
    """
    model = subject.model
    cohort_of = {variable.name: cohort for cohort, variable in model.cohort.items()}
    for limit in business_limits(model):
        for row in (model.rows[name] for name in limit.rows if limit.kind == "limits" and limit.is_floor):
            orders = [(cohort_of[v.name], amount) for v, amount in row.terms if v.name in cohort_of]
            if len(orders) < len(row.terms) or limit.is_share:
                continue
            most, limits = _ordered(subject, orders)
            if most * SURELY < row.bound:
                asked, there = _amounts(
                    limit.unit, (row.bound * row.scale + row.constant, most * row.scale + row.constant)
                )
                text = f"at least {asked} are asked for in {row.keys[-1]}, and no more than {there} can be supplied"
                named = limits | subject.lead_times | {limit.label}
                yield Statement(limit.key[:2], limit.label, f"{text} (limit {limit.name})", named)
                break


def _ordered(subject: Subject, orders: Iterable[tuple[Cohort, float]]) -> Bound:
    """The most that orders add up to, each offer as far as it is supplied."""
    found = []
    together = grouped(orders, lambda order: (order[0].offer, order[0].t, order[0].committed))
    for (offer, t, committed), same in together.items():
        held = Bound(math.fsum(cohort.systems for cohort, _ in same), NO_LIMITS)
        supplied = held if committed else tightest(subject.bounds.each_supply(subject.tables.offers[offer], t))
        found.append(times(supplied, max(amount for _, amount in same)))
    return added(found)


RULES: tuple[Contradicts, ...] = (used_up, too_soon, cluster_too_large, too_much, floor_too_high, shares_too_small)
