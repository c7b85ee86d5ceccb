"""A request without a plan as the rules look at it: its loose model, its ways and bounds, what it must do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from optimizer.formulation.model import Model
from optimizer.infeasible.availability import Bound, Bounds, added, times
from optimizer.infeasible.work_options import Way, Ways, lead_time
from optimizer.request.edits import Key
from optimizer.tables import Need, OfferFacts, Tables, grouped


class Statement(NamedTuple):
    """Something that no plan can meet: where it is asked, what it is about, and the limits that the proof rests on.

    Unless one of these gives way there is no plan, whatever else does.
    """

    key: Key
    about: str
    text: str
    limits: frozenset[str]


class Subject:
    """What the rules look at; `model` is loose, so that no limit of a site or of supply hides an order."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.ways, self.bounds = Ways(model.tables), Bounds(model.tables)

    @property
    def tables(self) -> Tables:
        return self.model.tables

    @cached_property
    def hard_needs(self) -> dict[str, list[Need]]:
        """What is asked for and may not be left undone, by demand."""
        return grouped((need for need in self.tables.needs if not need.may_be_unmet), lambda need: need.demand)

    @cached_property
    def lead_times(self) -> frozenset[str]:
        """Every lead time: in less time more could be ordered, at other prices."""
        return frozenset(lead_time(offer.offer) for offer in self.ways.offers if offer.lead_periods)

    @cached_property
    def always_there(self) -> dict[tuple[str, str, int], float]:
        """Systems in service whatever is decided: commitments, and the fleet that may not be retired."""
        found: dict[tuple[str, str, int], float] = {}
        for entry in self.tables.fleet:
            for t in range(1, entry.last + 1) if not entry.may_retire else ():
                key = (entry.system, entry.site, t)
                found[key] = found.get(key, 0.0) + entry.systems
        for cohort in self.tables.cohorts:
            for t in cohort.served if cohort.committed else ():
                key = (self.tables.offers[cohort.offer].system, cohort.place, t)
                found[key] = found.get(key, 0.0) + cohort.systems
        return found

    def rate(self, system: str, demand: str, t: int) -> float:
        """The most work per second of one accelerator of a system in service, counting how often it is available."""
        available = self.tables.most_available[self.tables.systems[system].accelerator]
        return self.ways.here.rate[system, demand, t] * available

    def by_accelerator(self, ways: Iterable[Way]) -> dict[str, list[Way]]:
        return grouped(ways, lambda way: self.tables.systems[way.system].accelerator)

    def accelerators(self, ways: Iterable[Way], t: int) -> Bound:
        """Accelerators of one kind that can be in service in period t by some ways, room aside.

        Proof: what stands there stands there, and of what enters in each period supply lets in no more.
        """
        ways = list(ways)
        stock = {(row.system, row.place): row.anyway for row in self.tables.stock if row.t == t}
        standing = {(way.system, way.place) for way in ways if way.offer is None}
        there = math.fsum(stock[key] * self.tables.systems[key[0]].accelerators for key in sorted(standing))
        entering = (self.bounds.accelerators(offers, tau) for tau, offers in self._entering(ways))
        return added([Bound(there, frozenset()), *entering])

    def _entering(self, ways: Iterable[Way]) -> Iterator[tuple[int, list[OfferFacts]]]:
        for tau, same in grouped((way for way in ways if way.offer is not None), lambda way: way.enters).items():
            yield tau, sorted({way.offer for way in same if way.offer is not None})

    def work(self, ways: Iterable[Way], demand: str, t: int) -> Bound:
        """Work of a demand per second that some ways can do in period t, room aside; systems of one kind do alike."""
        kinds = self.by_accelerator(ways).values()
        return added(times(self.accelerators(same, t), self.rate(same[0].system, demand, t)) for same in kinds)
