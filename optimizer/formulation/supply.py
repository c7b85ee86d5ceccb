"""What can be had: allocations of accelerators, capacity of offers, shares of upstream pools.

Commitments were granted before and count in none of these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from optimizer.formulation.demand import most_work
from optimizer.formulation.model import DEMAND_PARTS, Model, Row, Terms
from optimizer.formulation.order_terms import most_ordered
from optimizer.tables import Cohort, OfferFacts, SupplyLimit, grouped


def deliveries_within_supply(model: Model) -> Iterator[Row]:
    """Accelerators delivered to us stay within the maker's allocation.

    Σ a_o · order(o,s,t) over purchase and lease offers of accelerator a ≤ supply_per_month(a,t) · months
    """

    def use(accelerator: str, offer: OfferFacts) -> float:
        return float(offer.accelerators) if offer.accelerator == accelerator and not offer.hosted else 0.0

    limits = model.tables.accelerator_supply
    return _within(model, limits, _uses(model, limits, use), "accelerators")


def orders_within_offer(model: Model) -> Iterator[Row]:
    """Systems entering service stay within what the offer supplies, whatever its route.

    Σ_s order(o,s,t) ≤ supply_systems_per_month(o,t) · months
    """
    limits = model.tables.offer_supply
    return _within(model, limits, {limit.id: {limit.id: 1.0} for limit in limits}, "systems")


def draws_within_pool(model: Model) -> Iterator[Row]:
    """What deliveries draw on a shared upstream supply stays within our part of it.

    Σ draws(o,p) · a_o · order(o,s,t) over purchase and lease offers ≤ pools_per_month(p,t) · months
    """
    accelerators = model.tables.request.catalog.accelerators

    def use(pool: str, offer: OfferFacts) -> float:
        draw = accelerators[offer.accelerator].draws.get(pool)
        return 0.0 if draw is None or offer.hosted else float(draw) * offer.accelerators

    limits = model.tables.pool_supply
    return _within(model, limits, _uses(model, limits, use), "units of the pool")


def engineer(model: Model) -> None:
    """engineer(a,t): 1 if the one-off engineering of accelerator a starts in period t."""
    catalog = model.tables.request.catalog
    ordered = {
        model.tables.offers[c.offer].accelerator for c in model.cohort if c.price_usd is not None and not c.committed
    }
    for accelerator in sorted(ordered):
        if catalog.accelerators[accelerator].one_off is not None:
            for t in model.tables.calendar.periods:
                keys = (accelerator, model.period(t))
                model.engineer[accelerator, t] = model.add("engineer", keys, 1, integer=True)


def engineer_before_order(model: Model) -> Iterator[Row]:
    """No purchase of an accelerator is placed before its one-off engineering is done, nor without it.

    Σ_s order(o,s,t) ≤ most(o,t) · Σ_{τ ≤ t − l_o − months} engineer(a,τ)

    `most` is what the places and the supply of the offer leave at the most: the tightest M there is.
    """
    for (offer, t), cohorts in grouped(_purchases(model), lambda c: (c.offer, c.t)).items():
        facts = model.tables.offers[offer]
        one_off = model.tables.request.catalog.accelerators[facts.accelerator].one_off
        if one_off is None:
            continue
        started = t - facts.lead_periods - model.tables.wait(one_off.months)
        bound = most_ordered(model, cohorts)
        terms: Terms = [(model.cohort[c], 1.0) for c in cohorts]
        terms += [(model.engineer[facts.accelerator, tau], -bound) for tau in range(1, started + 1)]
        yield Row((offer, model.period(t)), terms, "<=", 0.0, "systems")


def engineer_before_run(model: Model) -> Iterator[Row]:
    """No work runs on an accelerator before its one-off engineering is done, nor without it: said for the relaxation.

    Σ_{y of a} a_y · r(y,w) · run(y,g,w,t) ≤ most work of w in t · Σ_{τ ≤ t − l_o − months} engineer(a,τ)

    Where all systems of a that may be in service have to be engineered first; l_o is the shortest of theirs. Proof that
    no plan is lost: without a start by then none of them is in service (`engineer_before_order`), so none does any
    work; with one, this is `most_work`. A fraction of the engineering thus does no more than that fraction of any
    demand, where it otherwise orders that fraction of all that places can take.
    """
    run = grouped(model.run, lambda row: (model.tables.systems[row.system].accelerator, row.demand, row.t))
    stock = grouped(model.tables.stock, lambda row: (model.tables.systems[row.system].accelerator, row.t))
    cohorts = grouped(model.cohort, lambda cohort: model.tables.offers[cohort.offer].accelerator)
    for (accelerator, demand, t), rows in run.items():
        one_off = model.tables.request.catalog.accelerators[accelerator].one_off
        present = [cohort for cohort in cohorts.get(accelerator, ()) if cohort.t <= t <= cohort.last]
        if one_off is None or any(c.price_usd is None or c.committed for c in present):
            continue
        if any(row.anyway for row in stock[accelerator, t]):
            continue
        started = max((cohort.ordered for cohort in present), default=0) - model.tables.wait(one_off.months)
        part = most_work(model, rows) / DEMAND_PARTS
        terms: Terms = [(model.run[row], row.per_system / part) for row in rows]
        terms += [(model.engineer[accelerator, tau], -DEMAND_PARTS) for tau in range(1, started + 1)]
        keys = (accelerator, demand, model.period(t))
        yield Row(keys, terms, "<=", 0.0, model.tables.unit_of(demand), part)


def _purchases(model: Model) -> list[Cohort]:
    return [c for c in model.cohort if c.price_usd is not None and not c.committed]


def _uses(
    model: Model, limits: Sequence[SupplyLimit], use: Callable[[str, OfferFacts], float]
) -> dict[str, dict[str, float]]:
    """What a system of each offer takes of each limit, of those that take any; `use` is per system."""
    facts = model.tables.offers
    names = dict.fromkeys(limit.id for limit in limits)
    return {name: {offer: each for offer, of in facts.items() if (each := use(name, of))} for name in names}


def _within(
    model: Model, limits: Sequence[SupplyLimit], uses: Mapping[str, Mapping[str, float]], unit: str
) -> Iterator[Row]:
    """One row for each limit that an order counts against; `uses` is by limit and offer, per system ordered."""
    orders = grouped((c for c in model.cohort if not c.committed), lambda c: (c.t, c.offer))
    for limit in limits:
        used = uses[limit.id].items()
        terms: Terms = [(model.cohort[c], each) for offer, each in used for c in orders.get((limit.t, offer), ())]
        if terms:
            yield Row((limit.id, model.period(limit.t)), terms, "<=", limit.most, unit)


def as_accelerators(model: Model, offer: str) -> float:
    """What a system of an offer weighs among all that is short: by its accelerators."""
    return 1e-3 * model.tables.offers[offer].accelerators


def as_drawn(model: Model, pool: str) -> float | None:
    """What a unit of a pool weighs among all that is short: by the accelerators that draw one on average."""
    catalog = model.tables.request.catalog
    draws = [float(each.draws[pool]) for each in catalog.accelerators.values() if each.draws.get(pool)]
    return 1e-3 * len(draws) / math.fsum(draws) if draws else None
