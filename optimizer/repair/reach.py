"""The most that can be had, held and done in a period: bounds that no plan goes beyond, without a solver."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cached_property

from optimizer.formulation.model import Model
from optimizer.scenario import Porting
from optimizer.tables import KW_PER_MW, Cohort, Need, OfferFacts, Stock, Work, grouped

SURELY = 1 + 1e-6
"""A contradiction is told where what is asked is more than what there is by more than rounding."""


class Reach:
    """What the tables of a model leave possible, each limit taken by itself: never less than what is."""

    def __init__(self, model: Model) -> None:
        self.model, self.tables = model, model.tables
        kinds = (
            ("accelerator", self.tables.accelerator_supply),
            ("offer", self.tables.offer_supply),
            ("pool", self.tables.pool_supply),
        )
        self._supply = {(kind, limit.id, limit.t): limit.most for kind, limits in kinds for limit in limits}
        self._work = grouped(self.tables.work, lambda row: (row.demand, row.t))
        self._cohorts = grouped(self.tables.cohorts, lambda c: self.tables.offers[c.offer].system)
        self._sites = {(row.site, row.t): row for row in self.tables.site_periods}
        self._stock = {(row.system, row.place, row.t): row for row in self.tables.stock}

    def systems_supplied(self, offer: OfferFacts, t: int) -> float:
        """Systems of an offer that supply leaves to enter service in a period."""
        uses = [("offer", offer.offer, 1.0)]
        if not offer.hosted:
            uses.append(("accelerator", offer.accelerator, float(offer.accelerators)))
            draws = self.tables.request.catalog.accelerators[offer.accelerator].draws
            uses += [("pool", pool, float(draw) * offer.accelerators) for pool, draw in draws.items() if draw]
        limits = ((self._supply.get((kind, key, t), math.inf), use) for kind, key, use in uses)
        return min(most / use for most, use in limits)

    def hindrance(self, cohort: Cohort) -> str | None:
        """Why an order can never be placed, whatever else is decided; None if nothing is known against it."""
        offer = self.tables.offers[cohort.offer]
        if cohort.committed:
            return None
        one_off = self.tables.request.catalog.accelerators[offer.accelerator].one_off
        if cohort.price_usd is not None and one_off and cohort.ordered <= self.tables.wait(one_off.months):
            return f"engineering of {offer.accelerator} takes {one_off.months} months first"
        supplied = self.systems_supplied(offer, cohort.t)
        if offer.minimum_order is not None and supplied < offer.minimum_order:
            return f"its minimum order of {offer.minimum_order:,} systems is above the {supplied:,.4g} that can be had"
        return None

    def sources(self, row: Work) -> Iterator[Cohort | Stock]:
        """Whose systems could do some work: the fleet, and orders and commitments in service then."""
        for place in self.tables.places_of(row.group):
            stock = self._stock.get((row.system, place, row.t))
            if stock is not None and stock.fleet:
                yield stock
        places = self.tables.places_of(row.group)
        for cohort in self._cohorts.get(row.system, ()):
            if cohort.place in places and cohort.t <= row.t <= cohort.last:
                yield cohort

    def ported(self, row: Work) -> bool:
        """Whether a demand's software can be on a system's stack by then."""
        cost = self.porting(row.demand, self.tables.systems[row.system].stack)
        return cost is None or row.t > self.tables.wait(cost.months)

    def porting(self, demand: str, stack: str) -> Porting | None:
        cost = (self.tables.scenario.demand[demand].stacks or {}).get(stack)
        return cost if isinstance(cost, Porting) else None

    def work(self, demand: str, t: int) -> list[Work]:
        """Work that can be done then, as far as time and minimum orders are concerned."""
        rows = [row for row in self._work.get((demand, t), ()) if self.ported(row)]
        return [row for row in rows if any(isinstance(s, Stock) or not self.hindrance(s) for s in self.sources(row))]

    def power_mw(self, site: str, t: int) -> float:
        """Power of a site, grown as far as it can be by then."""
        expansion = self.tables.scenario.sites[site].expansion
        grown = expansion is not None and t > self.tables.wait(expansion.lead_time_months)
        return self._sites[site, t].power_mw + (float(expansion.max_mw) if grown and expansion is not None else 0.0)

    def powered(self, system: str, site: str, t: int) -> float:
        """Systems that a site's power carries, if there were no others."""
        each = self._sites[site, t].peak_pue * self.tables.systems[system].provisioned_kw / KW_PER_MW
        return self.power_mw(site, t) / each

    def room(self, system: str, site: str, t: int) -> tuple[float, str]:
        """Systems that a site has room for, if there were no others, and what of it binds."""
        facts, limits = self.tables.systems[system], self._sites[site, t]
        rooms = [(self.powered(system, site, t), "power")]
        cooled = limits.liquid_mw if facts.cooling == "liquid" else limits.air_mw
        if cooled is not None:
            rooms.append((cooled * KW_PER_MW / facts.provisioned_kw, f"{facts.cooling} cooling"))
        if limits.racks is not None and facts.racks:
            rooms.append((limits.racks / facts.racks, "racks"))
        return min(rooms)

    def supplied_by(self, accelerator: str, places: Iterable[str], t: int) -> float:
        """Accelerators of a kind that can be in service at some places by then, room aside."""
        tables, there = self.tables, set(places)
        systems = {name for name, facts in tables.systems.items() if facts.accelerator == accelerator}
        total = sum(
            row.fleet * tables.systems[row.system].accelerators
            for row in tables.stock
            if row.system in systems and row.place in there and row.t == t
        )
        of_kind = [cohort for name in sorted(systems) for cohort in self._cohorts.get(name, ())]
        cohorts = [c for c in of_kind if c.place in there and c.t <= t <= c.last]
        total += sum(c.systems * tables.offers[c.offer].accelerators for c in cohorts if c.committed)
        ordered = grouped((c for c in cohorts if not c.committed), lambda c: c.t)
        return total + sum(self._entering(accelerator, {c.offer for c in same}, tau) for tau, same in ordered.items())

    def _entering(self, accelerator: str, offers: Iterable[str], t: int) -> float:
        """Accelerators of a kind that some offers can bring in a period."""
        facts = [self.tables.offers[name] for name in offers]
        hosted = sum(self.systems_supplied(o, t) * o.accelerators for o in facts if o.hosted)
        ours = sum(self.systems_supplied(o, t) * o.accelerators for o in facts if not o.hosted)
        return hosted + min(ours, self._supply.get(("accelerator", accelerator, t), math.inf))

    @cached_property
    def always_there(self) -> dict[tuple[str, str, int], float]:
        """Systems in service whatever is decided: commitments, and the fleet that may not be retired."""
        found: dict[tuple[str, str, int], float] = {}
        for entry in self.tables.fleet:
            for t in range(1, entry.last + 1) if not entry.may_retire else ():
                key = (entry.system, entry.site, t)
                found[key] = found.get(key, 0.0) + entry.systems
        for cohort in self.tables.cohorts:
            for t in range(cohort.t, cohort.last + 1) if cohort.committed else ():
                key = (self.tables.offers[cohort.offer].system, cohort.place, t)
                found[key] = found.get(key, 0.0) + cohort.systems
        return found


def hard_needs(reach: Reach) -> list[Need]:
    """What is asked for and may not be left undone."""
    return [need for need in reach.tables.needs if not need.may_be_unmet]
