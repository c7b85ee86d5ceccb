"""The budgets of a plan as the sheets show them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from optimizer.plan.format import BudgetRow
from optimizer.request.calendar import EACH_PERIOD


@dataclass(frozen=True)
class BudgetLine:
    """A budget: what it is called on the sheets, the key of its amount in the scenario, and its window.

    That of each period has a use for every one of them, in place of a window; `each_year` is one for each fiscal year.
    """

    budget: str
    name: str
    amount: str
    window: str
    limit_usd: float
    used_usd: tuple[float, ...]

    @property
    def by_period(self) -> bool:
        return self.name == EACH_PERIOD


def budget_lines(rows: tuple[BudgetRow, ...]) -> tuple[BudgetLine, ...]:
    """The budgets in the order of a plan's rows."""
    found: dict[tuple[str, str], BudgetLine] = {}
    for row in rows:
        amount, _, window = row.window.rpartition(" ")
        name = amount if amount == EACH_PERIOD else row.window
        line = found.get((row.budget, name)) or BudgetLine(
            row.budget, name, amount or window, window, row.limit_usd, ()
        )
        found[row.budget, name] = replace(line, used_usd=(*line.used_usd, row.used_usd))
    return tuple(found.values())
