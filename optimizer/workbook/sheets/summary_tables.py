"""What the tables of Summary have in common: how wide they are, their headers, millions of USD."""

from __future__ import annotations

from string import ascii_uppercase

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.fiscal_years import years_of
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Cell, Column, Columns
from optimizer.workbook.writing.references import Row
from optimizer.workbook.writing.styles import Role

MOST_YEARS = 4
WHOLE, SHARE = "accelerators", "0.0%_)"
SMALL_USD = 1e8
"""Below this much, millions are shown with three decimals."""


def wide(facts: Facts) -> int:
    """Columns that every table on the sheet fills: five, or a vendor, a total and the fiscal years."""
    return max(5, len(years_of(facts)) + 3, min(MOST_YEARS, len(facts.after_horizon)) + 3)


def columns_of(facts: Facts, *columns: str | Column) -> Columns:
    """The columns of a table, called by their letters, and blank ones beside them."""
    found = [Column(column) if isinstance(column, str) else column for column in columns]
    return dict(zip(ascii_uppercase, (*found, *[Column()] * (wide(facts) - len(found))), strict=False))


def millions(facts: Facts) -> str:
    """The format of millions of USD, finer where the plan is small."""
    return "MW" if abs(facts.plan.objective_usd) < SMALL_USD else "USD m"


def in_millions(facts: Facts, row: Row, role: Role | None = None) -> Cell:
    """The total of a line in millions of USD."""
    return Cell(Formula(f"={row.total}/usd_per_million"), millions(facts), role)
