"""A list as data: columns, a row for each thing listed with its figures and what they must show, sums below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from openpyxl.utils import get_column_letter

from optimizer.workbook.writing.book import Book, Check, Tie
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.page import Page
from optimizer.workbook.writing.references import Place, Row, down
from optimizer.workbook.writing.styles import FORMATS, Role

HEAD = 4
"""The row of the headers; the note stands above it."""
Columns = Mapping[str, "Column"]


@dataclass(frozen=True)
class Column:
    """A column: its header, the unit that formats its numbers (none: texts), its width, whether it is summed."""

    header: str
    unit: str
    width: float
    summed: bool = False


@dataclass(frozen=True)
class Entry:
    """A row of a list: texts and formulas by column, in which `{name}` stands for the row's cell in that column.

    `shows` are the plan's own numbers by column, `meaning` what they are of; `units` format otherwise than the column.
    """

    key: str
    cells: Mapping[str, str]
    shows: Mapping[str, float] = field(default_factory=dict)
    meaning: str = ""
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ListSheet:
    """A tab, the heading above it, its colour, a note, its columns and rows, and its lines of Checks."""

    title: str
    heading: str
    colour: str
    note: str
    columns: Columns
    entries: Sequence[Entry]
    checks: Sequence[Check] = ()
    sums: str = ""
    """What the line of sums is called."""


def letter_of(columns: Columns, name: str) -> str:
    return get_column_letter(list(columns).index(name) + 1)


def column_of(columns: Columns, name: str, entries: Sequence[Entry]) -> str:
    """A reference to a column of the list, from its first row to its last."""
    return down([Row(entry.key) for entry in entries], f"${letter_of(columns, name)}", fixed=True)


def draw_list(book: Book, sheet: ListSheet) -> None:
    """Gives every row its place; formulas are written when all sheets have theirs."""
    columns = sheet.columns
    page = Page(book, sheet.title, sheet.heading, sheet.colour)
    page.widths([column.width for column in columns.values()])
    page.text(HEAD - 1, 1, sheet.note, Role.NOTE)
    page.headers(HEAD, [(column.header, bool(column.unit)) for column in columns.values()], 42)
    for row, entry in enumerate(sheet.entries, start=HEAD + 1):
        book.places.put(entry.key, Place(sheet.title, row, get_column_letter(len(columns))))
        _write(page, row, columns, entry)
    last = HEAD + max(1, len(sheet.entries))
    page.sheet.auto_filter.ref = f"A{HEAD}:{get_column_letter(len(columns))}{last}"
    if sheet.sums:
        _sums(page, last + 2, sheet)
    book.checks += sheet.checks
    page.sheet.freeze_panes = f"A{HEAD + 1}"
    page.print_setup(HEAD)


def _write(page: Page, row: int, columns: Columns, entry: Entry) -> None:
    cells = {name: f"{letter_of(columns, name)}{row}" for name in columns}
    for i, (name, column) in enumerate(columns.items(), start=1):
        text = entry.cells.get(name)
        if text is not None and column.unit:
            look = FORMATS[entry.units.get(name, column.unit)] + "_)_)" * (column.unit == "date")
            page.formula(row, i, Formula(text.format(**cells)), None, look)
        elif text is not None:
            page.text(row, i, text)
    for name, value in entry.shows.items():
        page.book.ties.append(Tie(page.title, cells[name], value, f"{name} of {entry.meaning}"))


def _sums(page: Page, row: int, sheet: ListSheet) -> None:
    """Sums a line below the list, outside of its filter."""
    page.text(row, 1, sheet.sums, Role.TOTAL)
    for i, (name, column) in enumerate(sheet.columns.items(), start=1):
        if column.summed:
            total = f"=SUM({column_of(sheet.columns, name, sheet.entries)})" if sheet.entries else "=0"
            page.formula(row, i, Formula(total), Role.TOTAL, FORMATS[column.unit])
        elif i > 1:
            page.cell(row, i, Role.TOTAL)
