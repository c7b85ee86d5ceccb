"""Scenario and catalogue joined into index sets and parameters: the only joins and unit changes.

Variables will exist only for what is listed here, so whatever is not eligible is left out here and
nowhere else, with the reason kept.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property

from catalogs.problems import InputError
from optimizer.request.calendar import discount_end, discount_mid
from optimizer.request.load import Request
from optimizer.request.resources import KW_PER_MW
from optimizer.tables.bounds import is_bounded, most_running
from optimizer.tables.by_period import Circumstances
from optimizer.tables.eligibility import can_serve, could_be_ordered, near_miss, ruled_out_by_rule
from optimizer.tables.orders import NO_ROOM, commitments, possible_orders
from optimizer.tables.rows import (
    LOOSE,
    Cohort,
    Deadline,
    FleetEntry,
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
    summed,
)

__all__ = [
    "KW_PER_MW",
    "LOOSE",
    "Cohort",
    "Deadline",
    "FleetEntry",
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
    "summed",
]

ANYWHERE = "ANYWHERE"  # in capitals, which no id of a place has
MISSES_SHOWN, OFFERS_SHOWN = 8, 3


class Tables(Circumstances):
    """All index sets and parameters of a model: what holds in each period, and what may then be ordered and done.

    Every list is in a fixed order. Use `build_tables`, which has looked at all that could be wrong.
    """

    @cached_property
    def _possible(self) -> tuple[list[Cohort], dict[str, str]]:
        return possible_orders(self)

    @cached_property
    def cohorts(self) -> Sequence[Cohort]:
        """What may be ordered and what is committed. Raises InputError for a commitment without a price."""
        return [*self._possible[0], *commitments(self)]

    @property
    def excluded(self) -> Mapping[str, str]:
        """The reason for each offer that cannot be ordered."""
        return self._possible[1]

    @cached_property
    def standing(self) -> Sequence[Standing]:
        """All that could be ordered, is committed or stands there, at its places: what a limit's `each` goes through.

        An offer that can do none of the work could be ordered, and one that only lacks room or supply for one system:
        a floor on it is infeasible, as told.
        """
        orderable = [offer for offer in self.offers.values() if could_be_ordered(self, offer)]
        found = {Standing(offer.offer, offer.system, place) for offer in orderable for place in self.places(offer)}
        placed = self.scenario.commitments
        found |= {Standing(item.offer, self.offers[item.offer].system, item.site) for item in placed}
        fleet = {Standing(None, entry.system, entry.site) for entry in self.fleet}
        return [*sorted(found, key=str), *sorted(fleet, key=str)]

    @cached_property
    def stock(self) -> Sequence[Stock]:
        """Every system at every place and period where some may be in service, with the most there."""
        fleet: defaultdict[tuple[str, str, int], float] = defaultdict(float)
        for entry in self.fleet:
            for t in range(1, entry.last + 1):
                fleet[entry.system, entry.site, t] += entry.systems
        anyway, most = defaultdict(float, fleet), defaultdict(float, fleet)
        for cohort in self.cohorts:
            for t in range(cohort.t, cohort.last + 1):
                key = (self.offers[cohort.offer].system, cohort.place, t)
                most[key] += cohort.systems + LOOSE
                anyway[key] += cohort.systems if cohort.committed else 0.0
        return [Stock(*key, fleet.get(key, 0.0), anyway.get(key, 0.0), most[key]) for key in sorted(most)]

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Places where the same demands may run, by group: work is assigned to groups, not to places.

        Proof that no plan is lost: inside a group any system may do any of the same work, so what the
        group does can be split over its places in proportion to the systems in service there.
        """
        places = sorted({row.place for row in self.stock})
        alike = grouped(places, lambda place: tuple(name for name, _ in self.demands if self.may_stand(name, place)))
        if len(alike) == 1 and len(places) > 1:
            return {ANYWHERE: tuple(places)}
        shared = iter(range(1, len(places) + 1))
        return {
            members[0] if len(members) == 1 else f"PLACES_{next(shared)}": tuple(members) for members in alike.values()
        }

    def places_of(self, group: str) -> tuple[str, ...]:
        """The places of a group, or a place by itself."""
        return self.groups.get(group, (group,))

    @cached_property
    def work(self) -> Sequence[Work]:
        """Which work each system may do in each group of places and period; placed work by single places.

        As many systems as are of use to the demand, or, where there is no such number, as may be available there.
        """
        group_of = {place: group for group, members in self.groups.items() for place in members}
        there = {(row.system, row.place, row.t): row.most for row in self.stock}
        found = set()
        for row in self.stock:
            facts = self.systems[row.system]
            for ask in self.asks_at[row.t]:
                rate = self.rate.get((row.system, ask.demand, row.t))
                if rate is not None and self.may_stand(ask.demand, row.place):
                    group = row.place if ask.demand in self.placed else group_of[row.place]
                    most = most_running(self, row.system, ask.demand, row.t) / facts.accelerators
                    if math.isinf(most):
                        able = (there.get((row.system, place, row.t), 0.0) for place in self.places_of(group))
                        most = self.availability * math.fsum(able)
                    found.add(Work(row.system, group, ask.demand, row.t, rate * facts.accelerators, most))
        return sorted(found)

    @cached_property
    def needs(self) -> Sequence[Need]:
        """What is asked; of an open demand the most that can ever be done of it in a period.

        Proof that this is no limit: work is done by `run`, each of which has a bound of its own, and this is what all
        of them do together at their bounds.
        """
        most: defaultdict[tuple[str, int], float] = defaultdict(float)
        for row in self.work:
            if self.scenario.demand[row.demand].is_open:
                most[row.demand, row.t] += row.most * row.per_system
        value = {at: self.value_in(self.scenario.demand[at[0]], self.months[at[1]]) for at in most}
        return [*self.asked_for, *(Need(*at, most[at], None, value[at], True) for at in sorted(most) if most[at])]

    @cached_property
    def wanted_work(self) -> frozenset[tuple[str, int]]:
        """Demands and periods of whose work more may be wanted than is asked for: by a limit, or for its value."""
        asked = {(ask.demand, t) for t, asks in self.asks_at.items() for ask in asks}
        return frozenset(
            (demand, t)
            for demand, t in asked
            if not self.tight
            or demand in self.shared_work
            or (demand, t) in self.work_floors
            or self.scenario.demand[demand].is_open
        )

    @cached_property
    def mid(self) -> Mapping[int, Decimal]:
        """The discount factors d, as far as any rent is due, also after the horizon."""
        last = max([self.calendar.count, *(cohort.ends for cohort in self.cohorts if cohort.rent_usd)])
        rate = self.scenario.finance.discount_rate
        return {t: discount_mid(rate, self.calendar, t) for t in range(1, last + 1)}

    @cached_property
    def end(self) -> Mapping[int, Decimal]:
        """The discount factors f."""
        rate = self.scenario.finance.discount_rate
        return {t: discount_end(rate, self.calendar, t) for t in self.calendar.periods}

    def unit_of(self, demand: str) -> str:
        """The unit of a demand's work per second."""
        return self.catalog.workloads[self.scenario.demand[demand].workload].unit


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
) -> Tables:
    """All index sets and parameters of a request.

    `loose` bounds orders by the work alone, so that a model may go beyond a site's or a supply's limit;
    `sooner` shortens every lead time, engineering, porting and building by so many periods. Both are for
    asking what a request lacks. `approved` are systems of orders that stay possible, worth having or not.
    Without `tight`, orders and work are bounded by power, money and supply alone, and by what stands there.
    Raises InputError for a commitment without a price, a demand that nothing can serve and one that nothing bounds.
    """
    tables = Tables(request, loose, sooner, approved, tight)
    _refuse_unbounded(tables)
    _refuse_unserved(tables)
    return tables
