"""The most that can be had, held and powered in a period, each with the limits that say so, without a solver.

A bound is a theorem about every plan of the request, and of the request with any other limit loosened: it takes the
limits that it names as they are, and leaves the others out (minimum orders, budgets, the user's own rules).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from optimizer.formulation.business_limits import label_of
from optimizer.formulation.register import limits_of
from optimizer.formulation.site_resources import WITHIN_SITE, expansion_within_site
from optimizer.request.resources import POWER, RESOURCES, Resource
from optimizer.tables import OfferFacts, Tables

SURELY = 1 + 1e-8
"""A contradiction is told where what is asked is more than what there is by more than the tolerance of both."""
NO_LIMITS = frozenset[str]()
SUPPLY: dict[str, str] = {record.of: record.name for record in limits_of("supply")}


class Bound(NamedTuple):
    """The most that there is, and the limits of which one has to give way for there to be more."""

    most: float
    limits: frozenset[str]


UNLIMITED = Bound(math.inf, NO_LIMITS)


def tightest(bounds: Iterable[Bound]) -> Bound:
    """What several bounds on one thing leave of it: the least, by its own limits alone."""
    return min(bounds, key=lambda bound: bound.most, default=UNLIMITED)


def added(bounds: Iterable[Bound]) -> Bound:
    """What several things come to: there is more only where one of them is more."""
    bounds = list(bounds)
    most = math.fsum(bound.most for bound in bounds)
    return Bound(most, NO_LIMITS.union(*(bound.limits for bound in bounds))) if math.isfinite(most) else UNLIMITED


def times(bound: Bound, factor: float) -> Bound:
    return Bound(bound.most * factor, bound.limits)


class Bounds:
    """What supply and sites leave possible."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._sites = {(row.site, row.t): row for row in tables.site_periods}

    @cached_property
    def _supply(self) -> dict[tuple[str, str, int], float]:
        kinds = (
            ("accelerator", self.tables.accelerator_supply),
            ("offer", self.tables.offer_supply),
            ("pool", self.tables.pool_supply),
        )
        return {(kind, limit.id, limit.t): limit.most for kind, limits in kinds for limit in limits}

    def supply(self, kind: str, name: str, t: int) -> Bound:
        """What a limit of supply leaves to enter service in a period, in its own unit."""
        most = self._supply.get((kind, name, t))
        return UNLIMITED if most is None else Bound(most, frozenset({label_of(SUPPLY[kind], name)}))

    def each_supply(self, offer: OfferFacts, t: int) -> list[Bound]:
        """Systems of an offer that each limit of supply leaves to it in a period, if it had all of it.

        Proof: every order of it enters the row of each of these limits with what one system uses.
        """
        found = [self.supply("offer", offer.offer, t)]
        if not offer.hosted:
            draws = self.tables.request.catalog.accelerators[offer.accelerator].draws
            uses = [("accelerator", offer.accelerator, 1.0)]
            uses += [("pool", pool, float(draw)) for pool, draw in draws.items() if draw]
            found += [times(self.supply(kind, name, t), 1.0 / (use * offer.accelerators)) for kind, name, use in uses]
        return found

    def accelerators(self, offers: Iterable[OfferFacts], t: int) -> Bound:
        """Accelerators of one kind that some offers can bring into service in a period.

        Proof: each offer brings what its own limits leave it, and those that are not hosted together no more than the
        accelerator's allocation.
        """
        alone = [(offer, times(tightest(self.each_supply(offer, t)), float(offer.accelerators))) for offer in offers]
        ours = [(offer, bound) for offer, bound in alone if not offer.hosted]
        together = added(bound for _, bound in ours)
        if ours:
            together = tightest([together, self.supply("accelerator", ours[0][0].accelerator, t)])
        return added([together, *(bound for offer, bound in alone if offer.hosted)])

    def power_mw(self, site: str, t: int) -> Bound:
        """Power of a site in a period, grown as far as it can be by then.

        Proof: nothing is built before its time has passed, and then no more than the room to grow, however early, in
        whole blocks where it has any.
        """
        expansion, now = self.tables.scenario.sites[site].expansion, self._sites[site, t].most(POWER)
        power = frozenset({_label(POWER, site)})
        assert now is not None, "every site has power"
        if expansion is None:
            return Bound(now, power)
        if t <= self.tables.wait(expansion.lead_time_months):
            return Bound(now, power | {f"building time at {site}"})
        return Bound(now + float(expansion.most_mw), power | {label_of(expansion_within_site.__name__, site)})

    def powered(self, system: str, site: str, t: int) -> Bound:
        """Systems that a site's power carries, if there were no others."""
        each = POWER.use(self._sites[site, t], self.tables.systems[system], self.tables.calendar.months)
        return times(self.power_mw(site, t), 1.0 / each)

    def rooms(self, system: str, site: str, t: int) -> dict[str, Bound]:
        """Systems that a site has room for, if there were no others, by what the site must have for them.

        Proof: each system in service enters the row of each with what it takes, and no row has a negative entry but
        power's, which `power_mw` counts in full.
        """
        facts, here, found = self.tables.systems[system], self._sites[site, t], dict[str, Bound]()
        for resource in RESOURCES:
            most = here.most(resource)
            room = None if most is None else resource.room(most, here, facts, self.tables.calendar.months)
            if resource.grows:
                found[resource.called] = self.powered(system, site, t)
            elif room is not None:
                found[resource.called] = Bound(room, frozenset({_label(resource, site)}))
        return found


def _label(resource: Resource, site: str) -> str:
    """The limit of a resource of a site, in the planner's words."""
    return label_of(WITHIN_SITE[resource].__name__, site)
