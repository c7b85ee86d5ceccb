"""The whole model on one page.

Sets: offers o, systems y, places s (our sites and providers' hosts), groups g of places where the same
work may run, demands w, periods t = 1…T. A new rule is one function and one line here, and a limit that a buyer can do
something about has a record in `register`. There each cost line is one record, and in `request.resources` each resource
of our sites.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from optimizer.formulation.budget import capex_within_budget, opex_within_budget
from optimizer.formulation.demand import (
    cluster_on_one_site,
    cluster_within_fleet,
    count_served,
    fill_cluster,
    finish_by_deadline,
    host_cluster,
    port,
    port_before_run,
    run,
    run_in_cluster,
    run_within_fleet,
    serve_demand,
    served,
    unmet,
)
from optimizer.formulation.frames import frame_shortfall, orders_under_frame, sign, spend_of_frame
from optimizer.formulation.in_service import (
    carry_in_service,
    commit,
    honour_commitment,
    in_service,
    order,
    retire,
    retire_within_fleet,
)
from optimizer.formulation.limits import limit
from optimizer.formulation.model import USD_PER_MODEL_UNIT, CostTerm, Model
from optimizer.formulation.order_terms import (
    band,
    band_used,
    buy_in_one_band,
    order_at_least_minimum,
    orders_any,
)
from optimizer.formulation.register import AT_PERIOD_END, COST_LINES
from optimizer.formulation.site_resources import (
    WITHIN_SITE,
    blocks,
    expand,
    expand_in_blocks,
    expansion_within_site,
    idle_mwh,
    take_or_pay,
)
from optimizer.formulation.supply import (
    deliveries_within_supply,
    draws_within_pool,
    engineer,
    engineer_before_order,
    engineer_before_run,
    orders_within_offer,
)
from optimizer.tables import Tables

if TYPE_CHECKING:
    import pulp

VARIABLES = (
    order,  # systems of an offer entering service at a place in a period
    commit,  # systems of a commitment
    in_service,  # systems at a place in a period
    retire,  # systems of the fleet switched off for good
    run,  # systems doing the work of a demand
    unmet,  # work left undone
    served,  # work done that has a value
    expand,  # power added to a site
    blocks,  # blocks of power added to a site
    idle_mwh,  # energy paid for and not used
    engineer,  # the one-off engineering of an accelerator starts
    port,  # bringing a demand's software to a stack starts
    host_cluster,  # a cluster runs on an accelerator at a place
    orders_any,  # an offer with a minimum order is ordered
    band,  # systems paid at a step of price breaks
    band_used,  # a step of price breaks is reached
    sign,  # a frame is signed
    frame_shortfall,  # what a frame promises and is not spent
)

COSTS = tuple(line.terms for line in COST_LINES)
"""Hardware, network, … to residual value and tax: `register` has their budgets, signs and discounting."""

CONSTRAINTS = (
    honour_commitment,
    carry_in_service,
    retire_within_fleet,
    run_within_fleet,
    serve_demand,
    count_served,
    finish_by_deadline,
    port_before_run,
    cluster_on_one_site,
    run_in_cluster,
    fill_cluster,
    cluster_within_fleet,
    *WITHIN_SITE.values(),  # power, liquid and air cooling, racks
    expansion_within_site,
    expand_in_blocks,
    take_or_pay,
    deliveries_within_supply,
    orders_within_offer,
    draws_within_pool,
    engineer_before_order,
    engineer_before_run,
    order_at_least_minimum,
    buy_in_one_band,
    orders_under_frame,
    spend_of_frame,
    capex_within_budget,
    opex_within_budget,
    limit,
)


def discounted(model: Model, line: str, term: CostTerm) -> float:
    """The present value in USD of one unit of a cost term's variable."""
    return term.usd * float(_factors(model, line)[term.t])


def _factors(model: Model, line: str) -> Mapping[int, Decimal]:
    return model.tables.end if line in AT_PERIOD_END else model.tables.mid


def minimize_cost(model: Model) -> dict[pulp.LpVariable, float]:
    """Σ over the cost lines and periods of d_t · cost, in millions of USD by variable; f_t where `register` says so."""
    variables: dict[int, pulp.LpVariable] = {}
    present: defaultdict[int, list[float]] = defaultdict(list)
    for line, terms in model.costs.items():
        factors = {t: float(factor) for t, factor in _factors(model, line).items()}
        for variable, t, usd in terms:
            variables[id(variable)] = variable
            present[id(variable)].append(usd * factors[t] / USD_PER_MODEL_UNIT)
    return {variables[number]: math.fsum(usd) for number, usd in present.items()}


def build_model(tables: Tables) -> Model:
    """The problem of some tables, with the name of every row and the cost of every variable."""
    model = Model(tables)
    for variable in VARIABLES:
        variable(model)
    for line in COST_LINES:
        if line.only_where is None or line.only_where(tables):
            model.add_costs(line.name, line.budget, line.taxed, line.terms(model))
    for constraint in CONSTRAINTS:
        model.add_rows(constraint.__name__, constraint(model))
    model.minimize(minimize_cost(model))
    return model
