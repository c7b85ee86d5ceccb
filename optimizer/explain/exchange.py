"""When a system of one offer may take the place of another's, whatever else a plan holds: asked on the safe side."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from catalogs.schema import Offer
from optimizer.request.scenario import Porting
from optimizer.tables import Cohort, OfferFacts, SystemFacts, Tables
from optimizer.tables.selection import facts_of_offer, facts_of_place


class Pair(NamedTuple):
    """An offer and one that may dominate it, with all that is known of both."""

    tables: Tables
    worse: OfferFacts
    better: OfferFacts
    orders: tuple[tuple[Cohort, Cohort], ...]

    @property
    def systems(self) -> tuple[SystemFacts, SystemFacts]:
        return self.tables.systems[self.worse.system], self.tables.systems[self.better.system]

    @property
    def entries(self) -> tuple[Offer, Offer]:
        offers = self.tables.request.catalog.offers
        return offers[self.worse.offer], offers[self.better.offer]


def _same_terms(pair: Pair) -> bool:
    """The second has no minimum and no steps of price, can be had in the same parts and is paid at the same time."""
    _, better = pair.entries
    paid_alike = pair.worse.deposit_share == pair.better.deposit_share and (
        not pair.worse.deposit_share or pair.worse.lead_periods == pair.better.lead_periods
    )
    divisible = pair.better.divisible or not pair.worse.divisible
    return better.price_breaks is None and pair.better.minimum_order is None and divisible and paid_alike


def _same_cooling(pair: Pair) -> bool:
    return pair.worse.hosted or pair.systems[0].cooling == pair.systems[1].cooling


def _no_engineering(pair: Pair) -> bool:
    same = pair.worse.accelerator == pair.better.accelerator
    return same or pair.tables.request.catalog.accelerators[pair.better.accelerator].one_off is None


def _same_software(pair: Pair) -> bool:
    """Its stack needs no porting that the other's does not."""
    if pair.systems[0].stack == pair.systems[1].stack:
        return True
    stack = pair.systems[1].stack
    demands = pair.tables.scenario.demand.values()
    return not any(isinstance((demand.stacks or {}).get(stack), Porting) for demand in demands)


def _same_clusters(pair: Pair) -> bool:
    """Where work is bound to one kind of accelerator at one place, only the same kind takes another's place."""
    clusters = any(demand.cluster is not None for demand in pair.tables.scenario.demand.values())
    same_place = not pair.worse.hosted or pair.worse.host == pair.better.host
    return not clusters or (pair.worse.accelerator == pair.better.accelerator and same_place)


def _same_places(pair: Pair) -> bool:
    """What may run where the first stands may run where the second stands."""
    if not pair.worse.hosted or pair.worse.host == pair.better.host:
        return True
    sites = (demand.sites for demand in pair.tables.scenario.demand.values())
    return not any(
        allowed is not None and pair.worse.host in allowed and pair.better.host not in allowed for allowed in sites
    )


def _supplied(pair: Pair) -> bool:
    """No supply of the second's own can run out: each leaves more than could be worth having."""
    return _offer_supplied(pair) and _allocated(pair)


def _offer_supplied(pair: Pair) -> bool:
    wanted: dict[int, float] = {}
    for cohort in pair.tables.cohorts:
        if cohort.offer == pair.better.offer and not cohort.committed:
            wanted[cohort.t] = wanted.get(cohort.t, 0.0) + cohort.systems + 1
    supply = {limit.t: limit.most for limit in pair.tables.offer_supply if limit.id == pair.better.offer}
    return all(wanted.get(t, 0.0) <= most for t, most in supply.items())


def _allocated(pair: Pair) -> bool:
    limited = any(limit.id == pair.better.accelerator for limit in pair.tables.accelerator_supply)
    if pair.better.hosted or not limited:
        return True
    return pair.worse.accelerator == pair.better.accelerator and pair.better.accelerators <= pair.worse.accelerators


def _same_to_limits(pair: Pair) -> bool:
    """The limits of the user's cannot tell the two apart, in what they select nor in what they measure."""
    if not pair.tables.scenario.limits:
        return True
    catalog = pair.tables.request.catalog
    sites = pair.tables.scenario.sites
    facts = []
    for offer in (pair.worse, pair.better):
        place = facts_of_place(offer.host, sites) if offer.host is not None else {}
        facts.append({**facts_of_offer(catalog, offer, pair.tables.systems[offer.system]), **place})
    used = {
        key
        for rule in pair.tables.scenario.limits
        for key, wanted in rule.of.model_dump().items()
        if wanted is not None
    }
    alike = all(facts[0].get(key) == facts[1].get(key) for key in used)
    return alike and pair.worse.system == pair.better.system and _same_money(pair)


def _same_money(pair: Pair) -> bool:
    measures = {rule.measure for rule in pair.tables.scenario.limits}
    if measures & {"spend_usd", "capex_usd"}:
        return all(one.price_usd == other.price_usd and one.rent_usd == other.rent_usd for one, other in pair.orders)
    carbon = pair.worse.carbon_kg_per_hour == pair.better.carbon_kg_per_hour
    return carbon or "carbon_t" not in measures


def _in_no_frame(pair: Pair) -> bool:
    """The first may not be ordered at a frame's price: less of it would be missing in what the frame promises."""
    return not pair.tables.frames_of(pair.worse)


SAFE: tuple[Callable[[Pair], bool], ...] = (
    _same_terms,
    _same_cooling,
    _no_engineering,
    _same_software,
    _same_clusters,
    _same_places,
    _supplied,
    _same_to_limits,
    _in_no_frame,
)
