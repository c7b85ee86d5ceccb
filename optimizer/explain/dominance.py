"""Which offers another one is never worse than: a proof, not a guess.

If B dominates A, each system of A in any plan can be exchanged for one of B, at the same place and in the same
periods (or at B's host, where both are hosted), and the plan still fits and costs no more. So some best plan has
no A. What could make the exchange fail is asked here, each time on the safe side: work, availability, power, cooling,
racks, stack, dates, supply, terms, money in every period of order, and every limit of the user's.

Of terms that outlast the horizon the longer is worse wherever rent is due, whatever of it the scenario counts: the
buyer is bound for longer. With no longer a term and no higher a rent, B owes no more after the horizon than A: worth
hangs on the period of entry alone, which they share, so what is owed grows with the rent and with each period due.

Tax changes none of this: it takes a share of each cost, and gives back less of a price than the price (see
`optimizer.tables.bounds`), so that a lower price, network or rent with the same dates still costs no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from optimizer.explain.exchange import SAFE, Pair
from optimizer.explain.inquiry import Inquiry
from optimizer.formulation.obligations import periods_after
from optimizer.request.resources import POWER, RACKS, RESOURCES, Resource
from optimizer.tables import Cohort, Tables, grouped


class Dominance(NamedTuple):
    """The offer that dominates, and in what it is better; in all else it is as good."""

    offer: str
    better_on: tuple[str, ...]


def dominating(inquiry: Inquiry, offers: list[str], ordered: frozenset[str]) -> dict[str, Dominance]:
    """For each of some offers one that dominates it, if any.

    Of two alike in everything the ordered one counts as the better, else the first by name.
    """
    tables = inquiry.model.tables
    by_offer = grouped((c for c in tables.cohorts if not c.committed and c.frame is None), lambda c: c.offer)
    found: dict[str, Dominance] = {}
    for worse in offers:
        for better in sorted(by_offer, key=lambda name: (name not in ordered, name)):
            pair = _pair(tables, by_offer, worse, better)
            better_on = None if pair is None else _better_on(pair)
            if better_on is not None and (better_on or better in ordered or better < worse):
                found[worse] = Dominance(better, better_on)
                break
    return found


def _pair(tables: Tables, by_offer: dict[str, list[Cohort]], worse: str, better: str) -> Pair | None:
    """Two offers with each order of the one beside the order of the other that could take its place."""
    if worse == better:
        return None
    a, b = tables.offers[worse], tables.offers[better]
    if a.route != b.route:
        return None
    at = {(cohort.place if not b.hosted else "", cohort.t): cohort for cohort in by_offer[better]}
    pairs = [(cohort, at.get((cohort.place if not b.hosted else "", cohort.t))) for cohort in by_offer[worse]]
    matched = tuple((one, other) for one, other in pairs if other is not None and other.last == one.last)
    return Pair(tables, a, b, matched) if len(matched) == len(pairs) else None


def _better_on(pair: Pair) -> tuple[str, ...] | None:
    """In what the second of two offers is better; None if it is worse in anything, or that cannot be told."""
    if not all(safe(pair) for safe in SAFE):
        return None
    found = []
    for name, measure in _MEASURES.items():
        differences = list(measure(pair))
        if any(worse < better for worse, better in differences):
            return None
        if any(worse > better for worse, better in differences):
            found.append(name)
    return tuple(found)


Figures = Iterator[tuple[float, float]]
"""Pairs of a figure of the first offer and of the second, less being better."""


def _price(pair: Pair) -> Figures:
    """By period of order; of price breaks the best step of the first, and the second must have none."""
    least = pair.tables.best_step(pair.worse.offer)
    for one, other in pair.orders:
        if one.price_usd is not None and other.price_usd is not None:
            yield one.price_usd * least, other.price_usd
        if one.rent_usd is not None and other.rent_usd is not None:
            yield one.rent_usd, other.rent_usd


def _term(pair: Pair) -> Figures:
    """Periods after the horizon in which rent is due."""
    for one, other in pair.orders:
        yield periods_after(pair.tables, one), periods_after(pair.tables, other)


def _work(pair: Pair) -> Figures:
    """Work of a system on each demand that the first can do, in every period."""
    done = {(row.system, row.demand, row.t): row.per_system for row in pair.tables.work}
    for system, demand, t in sorted(done):
        if system == pair.worse.system:
            yield -done[system, demand, t], -done.get((pair.better.system, demand, t), 0.0)


def _availability(pair: Pair) -> Figures:
    """The share of the systems that works, in every period of their service."""
    for age in range(max(one.last - one.t + 1 for one, _ in pair.orders)):
        yield -pair.worse.able(age), -pair.better.able(age)


def _drawn(resource: Resource, pair: Pair) -> Figures:
    """What a system takes of a resource of our sites; systems that take its place are cooled alike."""
    if not pair.worse.hosted:
        yield resource.draw(pair.systems[0]), resource.draw(pair.systems[1])


def _energy(pair: Pair) -> Figures:
    if not pair.worse.hosted:
        yield pair.systems[0].average_kw, pair.systems[1].average_kw


def _network(pair: Pair) -> Figures:
    yield pair.worse.network_usd, pair.better.network_usd


def _software(pair: Pair) -> Figures:
    yield pair.worse.software_usd_per_year, pair.better.software_usd_per_year


def _carbon(pair: Pair) -> Figures:
    """Where carbon costs something; a limit on it is asked elsewhere."""
    if pair.tables.scenario.finance.carbon_usd_per_t:
        yield pair.worse.carbon_kg_per_hour, pair.better.carbon_kg_per_hour


def _lead_time(pair: Pair) -> Figures:
    yield pair.worse.lead_periods, pair.better.lead_periods


def _minimum(pair: Pair) -> Figures:
    yield pair.worse.minimum_order or 0, pair.better.minimum_order or 0


def _draws(pair: Pair) -> Figures:
    accelerators = pair.tables.request.catalog.accelerators
    for pool in sorted({limit.id for limit in pair.tables.pool_supply}):
        one, other = (
            float(accelerators[facts.accelerator].draws.get(pool, 0)) * facts.accelerators * (not facts.hosted)
            for facts in (pair.worse, pair.better)
        )
        yield one, other


_OF_SITE = {resource.called: partial(_drawn, resource) for resource in RESOURCES if resource.cooling is None}
_MEASURES: dict[str, Callable[[Pair], Figures]] = {
    "price": _price,
    "term": _term,
    "work": _work,
    "availability": _availability,
    POWER.called: _OF_SITE[POWER.called],
    "energy": _energy,
    RACKS.called: _OF_SITE[RACKS.called],
    "network": _network,
    "software": _software,
    "carbon": _carbon,
    "lead time": _lead_time,
    "minimum order": _minimum,
    "pool draws": _draws,
    **{name: drawn for name, drawn in _OF_SITE.items() if name not in (POWER.called, RACKS.called)},
}
