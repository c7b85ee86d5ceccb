"""Fiscal years: what the flows of their periods sum to."""

from __future__ import annotations

from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import FISCAL_YEAR, Line
from optimizer.workbook.writing.references import HERE, Row, key_of
from optimizer.workbook.writing.table import Table

YEARLY = (
    "Capex", "Opex without rent", "Rent", "Owed after the horizon", "Unmet work less receipts", "Total cost",
    "Present value of cost",
)  # fmt: skip
"""Lines of the fiscal years; the first five sum to the sixth."""


def fiscal_years(book: Book) -> list[str]:
    """The fiscal years of the horizon, in order."""
    return list(dict.fromkeys(row.fiscal_year for row in book.facts.plan.periods))


def write_fiscal_years(table: Table, years: list[str], flows: dict[str, Row]) -> tuple[list[Row], dict[str, list[Row]]]:
    """Flows by fiscal year, in the total column; first the years themselves, in the constant column."""
    table.heading("By fiscal year", "A period belongs to the fiscal year in which it starts.")
    numbers: list[Row] = []
    for year in years:
        first = f"MIN($I${FISCAL_YEAR}:${table.book.last_column}${FISCAL_YEAR})"
        text = f"={numbers[-1].constant}+1" if numbers else f"={first}"
        numbers.append(
            table.line(Line("Fiscal year", "year", year, constant=Formula(text), key=key_of("fiscal year", year)))
        )
    return numbers, {label: by_year(table, label, years, numbers, row) for label, row in flows.items()}


def by_year(table: Table, label: str, years: list[str], numbers: list[Row], row: Row) -> list[Row]:
    """A line for each fiscal year: what a line shows in its periods, summed in the total column."""
    axis = HERE.years_across
    found = []
    for year, number in zip(years, numbers, strict=True):
        formula = Formula(f"=SUMIFS({row.across},{axis},{number.constant})")
        found.append(table.line(Line(label, "USD", year, total=formula)))
    return found
