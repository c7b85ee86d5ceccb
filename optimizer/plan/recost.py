"""What the decisions of a plan cost under other inputs: the audit's exact cost code, no formulas of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from optimizer.audit import Accounts, keep_accounts
from optimizer.formulation.register import AT_PERIOD_END
from optimizer.plan.format import Plan
from optimizer.request.calendar import calendar_of, discount_end, discount_mid

InputTexts = Mapping[str, Any]


class NotPriced(Exception):
    """The decisions cannot be carried out under the inputs, so they have no cost there; says why."""


@dataclass(frozen=True)
class Recosted:
    """Costs in USD by line and period, undiscounted, and the objective that they give; all exact."""

    costs: Mapping[str, Mapping[str, Fraction]]
    present: Mapping[str, Fraction]
    objective_usd: Fraction


def recosted(plan: Plan, scenario: InputTexts, catalog: InputTexts) -> Recosted:
    """The costs of a plan's decisions under the inputs of a scenario and catalogue, as a plan holds them.

    Raises NotPriced where an order has no price there, or the periods are others.
    """
    return recost(plan.model_dump(mode="json"), scenario, catalog)


def recost(decisions: Mapping[str, Any], scenario: InputTexts, catalog: InputTexts) -> Recosted:
    """The same from the JSON of a plan, of which only the decisions count."""
    rows = [
        {**row, "discount_mid": str(mid), "discount_end": str(end)}
        for row, (mid, end) in zip(decisions["periods"], _factors(decisions, scenario), strict=True)
    ]
    accounts = keep_accounts({**decisions, "periods": rows, "scenario": scenario, "catalog": catalog})
    _check_priced(accounts)
    keys = [row["period"] for row in rows]
    costs = {name: dict(zip(keys, series, strict=True)) for name, series in accounts.costs.items()}
    present = {name: _present(name, accounts) for name in accounts.costs}
    return Recosted(costs, present, accounts.objective_usd)


def _factors(decisions: Mapping[str, Any], scenario: InputTexts) -> list[tuple[Decimal, Decimal]]:
    """Discount factors of the periods at the scenario's rate."""
    start, count = scenario["horizon"]["start"], int(scenario["horizon"]["periods"])
    calendar = calendar_of(start, count, int(scenario["finance"]["fiscal_year_starts"]))
    if [row["period"] for row in decisions["periods"]] != [calendar.key(t) for t in calendar.periods]:
        raise NotPriced("the plans have different periods")
    rate = Decimal(scenario["finance"]["discount_rate"])
    return [(discount_mid(rate, calendar, t), discount_end(rate, calendar, t)) for t in calendar.periods]


def _check_priced(accounts: Accounts) -> None:
    for table, keys in accounts.books.unknown_rows:
        raise NotPriced(f"{table} name {', '.join(keys)}, which the other inputs do not have")
    for cohort in accounts.books.cohorts:
        if cohort.price is None:
            raise NotPriced(f"{cohort.offer.id} has no price where the plan orders it")


def _present(name: str, accounts: Accounts) -> Fraction:
    """The present value of a cost line; what is left at the end of a period is discounted to that end."""
    factors = accounts.discount_end if name in AT_PERIOD_END else accounts.discount_mid
    return sum((d * usd for d, usd in zip(factors, accounts.costs[name], strict=True)), Fraction(0))
