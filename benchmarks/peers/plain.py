"""The sets and figures of the plain model, read from our resolved tables, so that every peer gets the same.

The plain model is the one that a user would write first: work runs at single places. All costs are present values in
millions of USD.

    minimise  Σ usd · order(o,s,t) + Σ usd · in_service(y,s,t) + Σ usd · engineer(a,t) + Σ usd · unmet(w,t)
    in_service(y,s,t)                        = Σ order(o,s,τ) of its offers, over τ ≤ t whose term has not ended by t
    Σ_w run(y,s,w,t)                         ≤ availability · in_service(y,s,t)
    Σ_{y,s} part · run(y,s,w,t) + unmet(w,t) ≥ 1         parts of the demand
    Σ_y use · in_service(y,s,t)              ≤ most      of each resource of a site
    Σ_s order(o,s,t)                         ≤ most      of each offer
    Σ_s order(o,s,t)                         ≤ most · Σ_{τ ≤ t − lead − engineering} engineer(a,τ)

Orders are whole, `engineer` is 0 or 1, `unmet` from 0 to 1. Terms (porting, clusters, minimum orders, price breaks) and
a fleet are not stated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.aggregation import by_site
from optimizer.formulation import minimize_cost
from optimizer.formulation.model import DEMAND_PARTS, Model
from optimizer.request.load import Request
from optimizer.request.resources import RESOURCES
from optimizer.tables import Cohort, Tables


class Answer(NamedTuple):
    """What a peer found: millions of USD, and whether it says that the gap was reached."""

    cost: float
    reached: bool


NOTHING = Answer(math.inf, False)

Stand = tuple[str, str, int]
"""A system at a place in a period."""


class Order(NamedTuple):
    """Systems of an offer that enter service at a place in period t and stay until `last`."""

    offer: str
    system: str
    place: str
    t: int
    last: int
    most: float
    usd: float


class OneOff(NamedTuple):
    """What is to be engineered before an order of an offer enters service in t: started by period `by` at the latest.

    `most` are the systems of the offer that may enter service then.
    """

    accelerator: str
    offer: str
    t: int
    by: int
    most: float


@dataclass(frozen=True)
class Plain:
    """The plain model's sets and figures; keys are as in the equations above."""

    periods: range
    availability: float
    orders: list[Order]
    standing: dict[Stand, float]
    """USD of a system in service."""
    works: dict[tuple[str, str, str, int], float]
    """The part of the demand that a system does."""
    unmet: dict[tuple[str, int], float]
    """USD of leaving all of a demand undone."""
    uses: dict[tuple[str, str, str, int], float]
    """What a system takes of a resource of a site, by resource, system, site and period."""
    room: dict[tuple[str, str, int], float]
    """How much of a resource a site has."""
    supply: dict[tuple[str, int], float]
    engineer: dict[tuple[str, int], float]
    """USD of a one-off that starts in a period."""
    one_offs: list[OneOff]


def plain(request: Request) -> Plain:
    """The plain model of a request without terms. Raises ValueError for one with what the plain model cannot state."""
    model = by_site(request)
    _refuse_more(model)
    tables, usd = model.tables, {variable.name: cost for variable, cost in minimize_cost(model).items()}
    per_second = {(need.demand, need.t): need.per_second for need in tables.needs}
    ordered = {(cohort.offer, cohort.t) for cohort in tables.cohorts}
    uses, room = _sites(tables)
    return Plain(
        periods=tables.calendar.periods,
        availability=tables.availability,
        orders=[
            Order(c.offer, tables.offers[c.offer].system, c.place, c.t, c.last, c.systems, usd.get(v.name, 0.0))
            for c, v in model.cohort.items()
        ],
        standing={key: usd.get(variable.name, 0.0) for key, variable in model.in_service.items()},
        works={(w.system, w.group, w.demand, w.t): w.per_system / per_second[w.demand, w.t] for w in tables.work},
        unmet={key: usd[variable.name] * DEMAND_PARTS for key, variable in model.unmet.items()},
        uses=uses,
        room=room,
        supply={(limit.id, limit.t): limit.most for limit in tables.offer_supply if (limit.id, limit.t) in ordered},
        engineer={key: usd[variable.name] for key, variable in model.engineer.items()},
        one_offs=_one_offs(tables, {accelerator for accelerator, _ in model.engineer}),
    )


def _refuse_more(model: Model) -> None:
    tables = model.tables
    more = [*model.port, *model.host_cluster, *model.orders_any, *model.band, *model.expand, *model.served]
    limited = [*tables.accelerator_supply, *tables.pool_supply, *tables.scenario.limits, *tables.fleet]
    budgets = [*tables.scenario.budget.capex_usd, *tables.scenario.budget.opex_usd]
    parts = [c for c in tables.cohorts if c.committed or tables.offers[c.offer].divisible]
    if more or limited or budgets or parts or len(model.unmet) != len(tables.needs):
        raise ValueError("the plain model states no terms, limits, budgets, fleet or commitments")


def _sites(tables: Tables) -> tuple[dict[tuple[str, str, str, int], float], dict[tuple[str, str, int], float]]:
    uses, room = {}, {}
    for row in tables.stock:
        if row.place not in tables.scenario.sites:
            continue
        site = tables.site_at[row.place, row.t]
        for resource in RESOURCES:
            use = resource.use(site, tables.systems[row.system], tables.calendar.months)
            most = site.most(resource)
            if most is not None and use:
                uses[resource.name, row.system, row.place, row.t] = use
                room[resource.name, row.place, row.t] = most
    return uses, room


def _one_offs(tables: Tables, accelerators: set[str]) -> list[OneOff]:
    bought: dict[tuple[str, int], list[Cohort]] = {}
    for cohort in tables.cohorts:
        if cohort.price_usd is not None and tables.offers[cohort.offer].accelerator in accelerators:
            bought.setdefault((cohort.offer, cohort.t), []).append(cohort)
    found = []
    for (offer, t), cohorts in bought.items():
        facts = tables.offers[offer]
        one_off = tables.catalog.accelerators[facts.accelerator].one_off
        assert one_off is not None
        by = t - facts.lead_periods - tables.wait(one_off.months)
        found.append(OneOff(facts.accelerator, offer, t, by, math.fsum(c.systems for c in cohorts)))
    return found
