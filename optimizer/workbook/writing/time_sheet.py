"""A time sheet as data: sections of lines by period, and what must hold on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.workbook.writing.book import Book, Check
from optimizer.workbook.writing.columns import fit_labels, fit_money
from optimizer.workbook.writing.lines import Section
from optimizer.workbook.writing.table import Table


@dataclass(frozen=True)
class TimeSheet:
    """A tab, the heading above it, its colour, its sections from top to bottom, and its lines of Checks.

    `money` says that sums of all flows must fit its columns, `longest` how long a label may be; `table` writes it.
    """

    title: str
    heading: str
    colour: str
    sections: Sequence[Section]
    checks: Sequence[Check] = ()
    money: bool = False
    longest: int = 0
    table: type[Table] = Table


def draw(book: Book, sheet: TimeSheet) -> None:
    """Gives every line its place; formulas are written when all sheets have theirs."""
    table = sheet.table(book, sheet.title, sheet.heading, sheet.colour)
    if sheet.money:
        fit_money(table)
    fit_labels(table, sheet.longest)
    for section in sheet.sections:
        table.section(section)
    table.finish()
