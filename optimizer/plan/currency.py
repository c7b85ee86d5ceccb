"""A plan's money in the currency that its scenario is reported in: flow by flow, each at the rate of its period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import fsum

from catalogs.periods import first_month, last_month, months_in
from optimizer.formulation.register import AT_PERIOD_END
from optimizer.plan.format import OrderRow, Plan
from optimizer.request.calendar import calendar_of
from optimizer.request.currency import Currency, Rates, rates_of

Flows = Mapping[str, float]
"""USD by the key of a period."""


def plan_rates(plan: Plan) -> Rates:
    """The rates of a plan's currency over its horizon."""
    starts = int(plan.scenario["finance"]["fiscal_year_starts"])
    calendar = calendar_of(plan.periods[0].period, len(plan.periods), starts)
    return rates_of(Currency.model_validate(plan.scenario["currency"]), calendar)


def present_flows(plan: Plan, line: str) -> dict[str, float]:
    """The present value of a cost line by the period that it falls in."""
    factors = {row.period: row.discount_end if line in AT_PERIOD_END else row.discount_mid for row in plan.periods}
    return {period: usd * float(factors[period]) for period, usd in plan.costs[line].items()}


def objective_flows(plan: Plan) -> dict[str, float]:
    """The present value of all costs by the period that they fall in; the periods sum to the objective."""
    of_lines = [present_flows(plan, line) for line in plan.costs]
    return {row.period: fsum(flows.get(row.period, 0.0) for flows in of_lines) for row in plan.periods}


def order_flows(plan: Plan, order: OrderRow) -> dict[str, float]:
    """What an order pays inside the horizon, by period: deposit when ordered, the rest on entering service, rent."""
    flows: defaultdict[str, float] = defaultdict(float)
    price = (order.price_usd or 0.0) * order.systems if order.capex_usd else 0.0
    deposit = price * float(plan.catalog["offers"][order.offer].get("deposit_share") or 0)
    flows[order.ordered] += deposit
    flows[order.enters_service] += order.capex_usd - deposit
    paying = periods_served(plan, order)
    for period in paying:
        flows[period] += order.rent_usd / len(paying)
    return dict(flows)


def periods_served(plan: Plan, order: OrderRow) -> list[str]:
    """The periods of the horizon in which an order is in service, and pays its rent."""
    return [row.period for row in plan.periods if _serves(order, row.period)]


def _serves(order: OrderRow, period: str) -> bool:
    begins, ends = first_month(order.enters_service), last_month(order.in_service_until)
    return begins <= first_month(period) <= ends - months_in(period) + 1
