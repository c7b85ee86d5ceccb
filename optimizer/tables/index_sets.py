"""All index sets and parameters of a model, each found when it is first asked for."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property

from optimizer.request.calendar import discount_end, discount_mid
from optimizer.tables.bounds import most_running
from optimizer.tables.by_period import Circumstances
from optimizer.tables.eligibility import could_be_ordered
from optimizer.tables.orders import commitments, possible_orders
from optimizer.tables.rows import (
    LOOSE,
    Cohort,
    Need,
    Standing,
    Stock,
    Work,
    grouped,
)

ANYWHERE = "ANYWHERE"  # in capitals, which no id of a place has


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
        placed = commitments(self)
        found |= {Standing(cohort.offer, self.offers[cohort.offer].system, cohort.place) for cohort in placed}
        fleet = {Standing(None, entry.system, entry.site) for entry in self.fleet}
        return [*sorted(found, key=str), *sorted(fleet, key=str)]

    @cached_property
    def stock(self) -> Sequence[Stock]:
        """Every system at every place and period where some may be in service, with the most there."""
        fleet: defaultdict[tuple[str, str, int], float] = defaultdict(float)
        for entry in self.fleet:
            for t in range(1, entry.last + 1):
                fleet[entry.system, entry.site, t] += entry.systems
        anyway, most, works = defaultdict(float, fleet), defaultdict(float, fleet), set(fleet)
        for cohort in self.cohorts:
            offer = self.offers[cohort.offer]
            for t in cohort.served:
                key = (offer.system, cohort.place, t)
                most[key] += cohort.systems + LOOSE
                anyway[key] += cohort.systems if cohort.committed else 0.0
                if offer.able(t - cohort.t):
                    works.add(key)
        return [Stock(*key, fleet.get(key, 0.0), anyway.get(key, 0.0), most[key], key in works) for key in sorted(most)]

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Places where the same demands may run, by group: work is assigned to groups, not to places.

        Proof that no plan is lost: inside a group any system may do any of the same work, so what the
        group does can be split over its places in proportion to the systems there that are able to work.
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

        As many systems as are of use to the demand, or, where there is no such number, as may be able to work there.
        """
        group_of = {place: group for group, members in self.groups.items() for place in members}
        found = set()
        for row in self.stock:
            facts = self.systems[row.system]
            for ask in self.asks_at[row.t]:
                rate = self.rate.get((row.system, ask.demand, row.t))
                if rate is not None and row.works and self.may_stand(ask.demand, row.place):
                    group = row.place if ask.demand in self.placed else group_of[row.place]
                    most = most_running(self, row.system, ask.demand, row.t) / facts.accelerators
                    if math.isinf(most):
                        most = self.able(row.system, self.places_of(group), row.t)
                    found.add(Work(row.system, group, ask.demand, row.t, rate * facts.accelerators, most))
        return sorted(found)

    @cached_property
    def unlike(self) -> Mapping[tuple[str, str, int], Sequence[tuple[Cohort, float]]]:
        """Cohorts of which not al but another share does work, with that share, by system, place and period."""
        found, shares = [], dict[tuple[str, int], float]()
        for cohort in self.cohorts:
            offer = self.offers[cohort.offer]
            for t in cohort.served:
                age = (cohort.offer, t - cohort.t)
                if age not in shares:
                    shares[age] = offer.able(t - cohort.t)
                if shares[age] != self.availability:
                    found.append(((offer.system, cohort.place, t), (cohort, shares[age])))
        return {key: [unlike for _, unlike in of] for key, of in grouped(found, lambda item: item[0]).items()}

    def able(self, system: str, places: Sequence[str], t: int) -> float:
        """The most systems at some places that may be able to work in period t."""
        present = [(system, place, t) for place in places]
        unlike = (each for at in present for each in self.unlike.get(at, ()))
        less = ((share - self.availability) * (cohort.systems + LOOSE) for cohort, share in unlike)
        return self.availability * math.fsum(self._most_at.get(at, 0.0) for at in present) + math.fsum(less)

    @cached_property
    def _most_at(self) -> Mapping[tuple[str, str, int], float]:
        return {(row.system, row.place, row.t): row.most for row in self.stock}

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
