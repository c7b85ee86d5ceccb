"""How a workbook names fiscal years: by the year in which they end, or in which they start. Knows nothing of Excel."""

from __future__ import annotations

from typing import TypeVar

from optimizer.plan.format import AfterHorizonRow, PeriodRow, Plan

Dated = TypeVar("Dated", PeriodRow, AfterHorizonRow)
"""A row of a plan that has a fiscal year."""


def year_shift(plan: Plan, by_start: bool) -> int:
    """How many years before the name by its end a fiscal year is named: one, where it starts in another year."""
    finance = plan.scenario["finance"]
    by_start = finance.get("fiscal_year_named_by", "start" if by_start else "end") == "start"
    return int(by_start and int(finance["fiscal_year_starts"]) != 1)


def renamed(plan: Plan, shift: int) -> Plan:
    """The plan with its fiscal years named so many years earlier; windows of budgets are the user's and stay."""
    if not shift:
        return plan

    def named(row: Dated) -> Dated:
        return row.model_copy(update={"fiscal_year": f"fy{int(row.fiscal_year[2:]) - shift}"})

    after = tuple(map(named, plan.after_horizon))
    return plan.model_copy(update={"periods": tuple(map(named, plan.periods)), "after_horizon": after})
