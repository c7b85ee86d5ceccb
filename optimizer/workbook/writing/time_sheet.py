"""A time sheet as data: sections of lines by period, and what must hold on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.workbook.writing.book import Book, Check
from optimizer.workbook.writing.lines import Section
from optimizer.workbook.writing.table import Table


@dataclass(frozen=True)
class TimeSheet:
    """A tab, the heading above it, its colour, its sections from top to bottom, and its lines of Checks."""

    title: str
    heading: str
    colour: str
    sections: Sequence[Section]
    checks: Sequence[Check] = ()


def draw(book: Book, sheet: TimeSheet, kind: type[Table] = Table) -> None:
    """Gives every line its place; formulas are written when all sheets have theirs."""
    table = kind(book, sheet.title, sheet.heading, sheet.colour)
    for section in sheet.sections:
        table.section(section)
    book.checks += sheet.checks
    table.finish()
