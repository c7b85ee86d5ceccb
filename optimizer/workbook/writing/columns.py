"""Columns of the finance sheets: wide enough for sums over the horizon and for long labels."""

from __future__ import annotations

from openpyxl.utils import get_column_letter

from optimizer.workbook.writing.lines import LABEL, OPENING, TOTAL
from optimizer.workbook.writing.references import FIRST_PERIOD
from optimizer.workbook.writing.table import Table

MOST_LABEL, PADDING = 64.0, 4


def fit_money(table: Table) -> None:
    """Widen totals, opening balances and periods so that the sum of all flows of a kind fits."""
    facts = table.book.facts
    width = len(f"{facts.flows_usd + facts.plan.rent_after_usd:,.0f}") + PADDING
    for column in (TOTAL, OPENING, *range(FIRST_PERIOD, FIRST_PERIOD + facts.periods)):
        _widen(table, column, width)


def fit_labels(table: Table, longest: int) -> None:
    """Widen the column of labels for one of so many characters."""
    _widen(table, LABEL, min(MOST_LABEL, longest + 1.0))


def _widen(table: Table, column: int, width: float) -> None:
    dimension = table.sheet.column_dimensions[get_column_letter(column)]
    dimension.width = max(dimension.width, width)
