"""The lines of Cash behind the chart of capex against budget: both summed from the first period on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.plan.format import BudgetRow
from optimizer.workbook.facts import Facts
from optimizer.workbook.writing.lines import START, Line, Section
from optimizer.workbook.writing.references import Row, at, key_of, summed

TOTAL = "total"


def spent(budget: BudgetRow) -> str:
    """What a budget is of, as labels begin."""
    return "Capex" if budget.budget == "capex_usd" else "Opex"


def capped(facts: Facts) -> list[BudgetRow]:
    """The budgets of capex."""
    return [row for row in facts.plan.budget if row.budget == "capex_usd"]


def budget_path(facts: Facts) -> Section:
    """Capex so far and, where there are capex budgets, those that have begun so far; both in USD m."""
    note = "From the first period on. A budget counts from its first day; capex under no budget counts as its own."
    so_far = f"=SUM({at('cost', 'capex').so_far})/usd_per_million"
    lines = [Line("Capex so far", "USD m", periods=so_far, key=key_of("capex so far")), *_budgets(facts)]
    return Section("Capex so far against budget", note, lines)


def _budgets(facts: Facts) -> Iterator[Line]:
    windows = _side_by_side(facts, [row for row in capped(facts) if row.window != TOTAL])
    limits = [_millions(row) for row in capped(facts) if row.window == TOTAL]
    if windows:
        yield from _begun(windows)
        begun = summed([at("budget once begun", row.window) for row in windows])
        limits.append(f"{begun}+SUM({at('capex under no budget').so_far})")
    if limits:
        least = f"=MIN({','.join(limits)})"
        yield Line("Capex budgets so far", "USD m", periods=least, key=key_of("budgets so far"))


def _begun(windows: Sequence[BudgetRow]) -> Iterator[Line]:
    """Budgets of windows that have begun, and what is spent in periods of none."""
    for row in windows:
        inside = f"=(@${START}>={_of(row, 'first day').constant})*(@${START}<={_of(row, 'last day').constant})"
        yield Line("Within the window", "switch", row.window, periods=inside, key=key_of("within", row.window))
    for row in windows:
        begun = f"=(@${START}>={_of(row, 'first day').constant})*{_millions(row)}"
        yield Line("Capex budget, once begun", "USD m", row.window, periods=begun,
                   key=key_of("budget once begun", row.window))  # fmt: skip
    within = summed([at("within", row.window) for row in windows])
    outside = f"={at('cost', 'capex')}/usd_per_million*(1-{within})"
    yield Line("Capex under no budget", "USD m", periods=outside, key=key_of("capex under no budget"))


def _of(row: BudgetRow, what: str) -> Row:
    return at("budget", what, row.budget, row.window)


def _millions(row: BudgetRow) -> str:
    return f"{_of(row, 'limit').constant}/usd_per_million"


def _side_by_side(facts: Facts, budgets: Sequence[BudgetRow]) -> list[BudgetRow]:
    """Windows that follow one another without overlap, by their start."""
    kept: list[BudgetRow] = []
    for row in sorted(budgets, key=lambda row: facts.window(row.window)):
        if not kept or facts.window(row.window)[0] > facts.window(kept[-1].window)[1]:
            kept.append(row)
    return kept
