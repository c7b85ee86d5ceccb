"""Scenario and catalogue joined into index sets and parameters: the only joins and unit changes.

Variables will exist only for what is listed here, so whatever is not eligible is left out here and
nowhere else, with the reason kept.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from catalogs.problems import InputError
from optimizer.request.calendar import Calendar, discount_end, discount_mid
from optimizer.request.load import Request
from optimizer.request.resources import KW_PER_MW
from optimizer.request.scenario import Scenario
from optimizer.tables.bounds import most_running
from optimizer.tables.by_period import Circumstances
from optimizer.tables.eligibility import can_serve, could_be_ordered, near_miss, ruled_out_by_rule
from optimizer.tables.orders import NO_ROOM, commitments, possible_orders
from optimizer.tables.rows import (
    LOOSE,
    Cohort,
    Deadline,
    FleetEntry,
    Limit,
    Need,
    OfferFacts,
    OrderLine,
    SitePeriod,
    Standing,
    Stock,
    SystemFacts,
    Work,
    grouped,
    summed,
)

__all__ = [
    "KW_PER_MW",
    "LOOSE",
    "Cohort",
    "Deadline",
    "FleetEntry",
    "Limit",
    "Need",
    "OfferFacts",
    "OrderLine",
    "SitePeriod",
    "Standing",
    "Stock",
    "SystemFacts",
    "Tables",
    "Work",
    "build_tables",
    "grouped",
    "summed",
]

ANYWHERE = "ANYWHERE"  # in capitals, which no id of a place has
MISSES_SHOWN, OFFERS_SHOWN = 8, 3


@dataclass(frozen=True)
class Tables:
    """All index sets and parameters of a model. Every list is in a fixed order.

    `groups` gives the places of each group; `places_of` also those of a single place. `excluded` gives the
    reason for each offer that cannot be ordered. `wanted_work` are the demands and periods of whose work a limit may
    want more than is asked for. `budgets` are in USD by budget and window; `mid` and
    `end` are the discount factors d and f, `mid` as far as any rent is due, also after the horizon.
    """

    request: Request
    calendar: Calendar
    offers: Mapping[str, OfferFacts]
    systems: Mapping[str, SystemFacts]
    cohorts: Sequence[Cohort]
    standing: Sequence[Standing]
    stock: Sequence[Stock]
    work: Sequence[Work]
    needs: Sequence[Need]
    deadlines: Sequence[Deadline]
    wanted_work: frozenset[tuple[str, int]]
    fleet: Sequence[FleetEntry]
    site_periods: Sequence[SitePeriod]
    accelerator_supply: Sequence[Limit]
    offer_supply: Sequence[Limit]
    pool_supply: Sequence[Limit]
    budgets: Mapping[str, Mapping[str, float]]
    groups: Mapping[str, tuple[str, ...]]
    excluded: Mapping[str, str]
    mid: Mapping[int, Decimal]
    end: Mapping[int, Decimal]
    sooner: int = 0
    loose: bool = False

    def wait(self, months: int) -> int:
        """Periods that engineering, porting or building of some months takes, rounded up."""
        return max(0, self.calendar.whole_periods(months) - self.sooner)

    @property
    def scenario(self) -> Scenario:
        return self.request.scenario

    @property
    def availability(self) -> float:
        return float(self.scenario.assumptions.availability)

    def places_of(self, group: str) -> tuple[str, ...]:
        """The places of a group, or a place by itself."""
        return self.groups.get(group, (group,))

    def unit_of(self, demand: str) -> str:
        """The unit of a demand's work per second."""
        return self.request.catalog.workloads[self.scenario.demand[demand].workload].unit


def _standing(here: Circumstances) -> list[Standing]:
    """All that could be ordered, is committed or stands there, at its places: what a limit's `each` goes through.

    An offer that can do none of the work could be ordered, and one that only lacks room or supply for one system: a
    floor on it is infeasible, as told.
    """
    orderable = [offer for offer in here.offers.values() if could_be_ordered(here, offer)]
    found = {Standing(offer.offer, offer.system, place) for offer in orderable for place in here.places(offer)}
    found |= {Standing(item.offer, here.offers[item.offer].system, item.site) for item in here.scenario.commitments}
    fleet = {Standing(None, entry.system, entry.site) for entry in here.fleet}
    return [*sorted(found, key=str), *sorted(fleet, key=str)]


def _stock(here: Circumstances, cohorts: Sequence[Cohort]) -> list[Stock]:
    """Every system at every place and period where some may be in service, with the most there."""
    fleet: defaultdict[tuple[str, str, int], float] = defaultdict(float)
    for entry in here.fleet:
        for t in range(1, entry.last + 1):
            fleet[entry.system, entry.site, t] += entry.systems
    anyway, most = defaultdict(float, fleet), defaultdict(float, fleet)
    for cohort in cohorts:
        for t in range(cohort.t, cohort.last + 1):
            key = (here.offers[cohort.offer].system, cohort.place, t)
            most[key] += cohort.systems + LOOSE
            anyway[key] += cohort.systems if cohort.committed else 0.0
    return [Stock(*key, fleet.get(key, 0.0), anyway.get(key, 0.0), most[key]) for key in sorted(most)]


def _groups(here: Circumstances, stock: Sequence[Stock]) -> dict[str, tuple[str, ...]]:
    """Places where the same demands may run, by group: work is assigned to groups, not to places.

    Proof that no plan is lost: inside a group any system may do any of the same work, so what the
    group does can be split over its places in proportion to the systems in service there.
    """
    places = sorted({row.place for row in stock})
    alike = grouped(places, lambda place: tuple(name for name, _ in here.demands if here.may_stand(name, place)))
    if len(alike) == 1 and len(places) > 1:
        return {ANYWHERE: tuple(places)}
    shared = iter(range(1, len(places) + 1))
    return {members[0] if len(members) == 1 else f"PLACES_{next(shared)}": tuple(members) for members in alike.values()}


def _work(here: Circumstances, stock: Sequence[Stock], groups: Mapping[str, tuple[str, ...]]) -> list[Work]:
    """Which work each system may do in each group of places and period; placed work by single places.

    As many systems as are of use to the demand, or, where there is no such number, as may be available in the group.
    """
    group_of = {place: group for group, members in groups.items() for place in members}
    there = {(row.system, row.place, row.t): row.most for row in stock}
    found = set()
    for row in stock:
        facts = here.systems[row.system]
        for ask in here.asks_at[row.t]:
            rate = here.rate.get((row.system, ask.demand, row.t))
            if rate is not None and here.may_stand(ask.demand, row.place):
                group = row.place if ask.demand in here.placed else group_of[row.place]
                most = most_running(here, row.system, ask.demand, row.t) / facts.accelerators
                if math.isinf(most):
                    places = groups.get(group, (group,))
                    most = here.availability * math.fsum(there.get((row.system, place, row.t), 0.0) for place in places)
                found.add(Work(row.system, group, ask.demand, row.t, rate * facts.accelerators, most))
    return sorted(found)


def _wanted_work(here: Circumstances) -> frozenset[tuple[str, int]]:
    """Demands and periods of whose work more may be done than is asked for."""
    asked = {(ask.demand, t) for t, asks in here.asks_at.items() for ask in asks}
    return frozenset(
        (demand, t)
        for demand, t in asked
        if not here.tight or demand in here.shared_work or (demand, t) in here.work_floors
    )


def _refuse_unserved(here: Circumstances, work: Sequence[Work], excluded: Mapping[str, str]) -> None:
    """A demand that must be met and that nothing can ever serve is a mistake in the input.

    What only lacks room or supply for one system is no mistake: it is infeasible, and told as such.
    """
    served = {row.demand for row in work}
    for offer in here.offers.values():
        if excluded.get(offer.offer) == NO_ROOM:
            served |= {name for name, _ in here.demands if can_serve(here, offer, name)}
    problems = []
    required = {need.demand for need in here.needs if not need.may_be_unmet} | {d.demand for d in here.deadlines}
    for name in sorted(required - served):
        why = _near_misses(here, name, excluded)
        problems.append(here.request.problem(("demand", name), f"no offer, fleet or commitment can serve it: {why}"))
    if problems:
        raise InputError(problems)


def _last_due(here: Circumstances, cohorts: Sequence[Cohort]) -> int:
    """The last period in which anything is due: that of the horizon, or of the rent of a term that outlasts it."""
    return max([here.calendar.count, *(cohort.ends for cohort in cohorts if cohort.rent_usd)])


def _near_misses(here: Circumstances, demand: str, excluded: Mapping[str, str]) -> str:
    """Why no offer can serve a demand, the nearest first: what the scenario and its buyer allow."""
    workload = here.scenario.demand[demand].workload
    able = [o for o in here.offers.values() if workload in here.catalog.throughput.get(o.accelerator, {})]
    nearest = sorted(able, key=lambda offer: ruled_out_by_rule(here, offer))
    misses = grouped(nearest, lambda offer: excluded.get(offer.offer) or near_miss(here, offer, demand))
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
) -> Tables:
    """All index sets and parameters of a request.

    `loose` bounds orders by the work alone, so that a model may go beyond a site's or a supply's limit;
    `sooner` shortens every lead time, engineering, porting and building by so many periods. Both are for
    asking what a request lacks. `approved` are systems of orders that stay possible, worth having or not.
    Without `tight`, orders and work are bounded by power, money and supply alone, and by what stands there.
    Raises InputError for a commitment without a price and a demand that nothing can serve.
    """
    here = Circumstances(request, loose, sooner, approved, tight)
    orders, excluded = possible_orders(here)
    cohorts = [*orders, *commitments(here)]
    stock = _stock(here, cohorts)
    groups = _groups(here, stock)
    work = _work(here, stock, groups)
    _refuse_unserved(here, work, excluded)
    rate = request.scenario.finance.discount_rate
    return Tables(
        request=request,
        calendar=here.calendar,
        offers=here.offers,
        systems=here.systems,
        cohorts=cohorts,
        standing=_standing(here),
        stock=stock,
        work=work,
        needs=here.needs,
        deadlines=here.deadlines,
        wanted_work=_wanted_work(here),
        fleet=here.fleet,
        site_periods=here.site_periods,
        accelerator_supply=here.accelerator_supply,
        offer_supply=here.offer_supply,
        pool_supply=here.pool_supply,
        budgets=here.budgets,
        groups=groups,
        excluded=excluded,
        mid={t: discount_mid(rate, here.calendar, t) for t in range(1, _last_due(here, cohorts) + 1)},
        end={t: discount_end(rate, here.calendar, t) for t in here.calendar.periods},
        sooner=sooner,
        loose=loose,
    )
