"""The lines of Cash behind the chart of capex against budget: both summed from the first period on."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.input_rows import BudgetRows
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import START, Line
from optimizer.workbook.writing.references import Row, sum_down
from optimizer.workbook.writing.table import Table

TOTAL = "total"


def write_budget_path(table: Table, budgets: Sequence[BudgetRows], capex: Row) -> tuple[Row, ...]:
    """Capex so far and, where there are capex budgets, those that have begun so far; both in USD m."""
    note = "From the first period on. A budget counts from its first day; capex under no budget counts as its own."
    table.heading("Capex so far against budget", note)
    spent = table.line(Line("Capex so far", "USD m", periods=Formula(f"=SUM({capex.so_far})/usd_per_million")))
    capital = [budget for budget in budgets if budget.budget == "capex_usd"]
    windows = _side_by_side(table.book.facts, [budget for budget in capital if budget.window != TOTAL])
    limits = [f"{_millions(budget)}" for budget in capital if budget.window == TOTAL]
    if windows:
        limits.append(_begun_so_far(table, windows, capex))
    if not limits:
        return (spent,)
    formula = Formula(f"=MIN({','.join(limits)})")
    return spent, table.line(Line("Capex budgets so far", "USD m", periods=formula))


def _begun_so_far(table: Table, windows: Sequence[BudgetRows], capex: Row) -> str:
    """Budgets of windows that have begun, and what is spent in periods of none."""
    within, begun = [], []
    for budget in windows:
        inside = Formula(f"=(@${START}>={budget.start.constant})*(@${START}<={budget.end.constant})")
        within.append(table.line(Line("Within the window", "switch", budget.window, periods=inside)))
    for budget in windows:
        formula = Formula(f"=(@${START}>={budget.start.constant})*{_millions(budget)}")
        begun.append(table.line(Line("Capex budget, once begun", "USD m", budget.window, periods=formula)))
    outside = Formula(f"={capex.now}/usd_per_million*(1-{sum_down(within)[1:]})")
    free = table.line(Line("Capex under no budget", "USD m", periods=outside))
    return f"{sum_down(begun)[1:]}+SUM({free.so_far})"


def _millions(budget: BudgetRows) -> str:
    return f"{budget.limit.constant}/usd_per_million"


def _side_by_side(facts: Facts, budgets: Sequence[BudgetRows]) -> list[BudgetRows]:
    """Windows that follow one another without overlap, by their start."""
    kept: list[BudgetRows] = []
    for budget in sorted(budgets, key=lambda budget: facts.window(budget.window)):
        if not kept or facts.window(budget.window)[0] > facts.window(kept[-1].window)[1]:
            kept.append(budget)
    return kept
