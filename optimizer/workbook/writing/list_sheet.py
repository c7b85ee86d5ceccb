"""A list sheet as data, and its writer: blocks of rows under headers, cells by column, formulas over keys.

A row gets its place from the writer; whoever refers to it does so by its key, whichever sheet it stands on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter

from optimizer.workbook.writing.book import Book, Check, Tie
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.page import Chart, Page, warn
from optimizer.workbook.writing.references import Place, Places, Row
from optimizer.workbook.writing.styles import FORMATS, PALE_RED, RED, Role

FIRST = 3
"""The first row below the head that all sheets have."""
RIGHT = Alignment(horizontal="right", indent=1)
_WRAPPED_RIGHT = Alignment(horizontal="right", vertical="top", wrap_text=True)
Plain = str | float | Formula | None
"""A text, a number, a formula; nothing."""


@dataclass(frozen=True)
class Cell:
    """What stands in a cell: a text, a number, a formula, a number of the book as it is written, or only a look.

    In a formula `{name}` stands for the row's cell in that column. `look` is a unit or a number format, that of the
    column if it is empty; `tall` makes the row high enough for a text; `name` is what formulas may call the cell;
    `link` is the sheet that it leads to.
    """

    value: Plain | Callable[[Book], float] = None
    look: str = ""
    role: Role | None = None
    tall: bool = False
    name: str = ""
    link: str = ""
    alignment: Alignment | None = None


Content = Cell | Plain


@dataclass(frozen=True)
class Column:
    """A column: its header, the unit that formats its numbers (none: texts), its width."""

    header: str | Cell = ""
    unit: str = ""
    width: float = 0.0


Columns = Mapping[str, Column]
LETTERS: Columns = {letter: Column() for letter in ascii_uppercase}
"""Columns of a block without headers, called by their letters."""


@dataclass(frozen=True)
class Entry:
    """A row: cells by column, or from the first column on. `shows` are the plan's own numbers by column.

    `meaning` says what they are; a `*` in it stands for the name of the column.
    """

    cells: Mapping[str, Content] | Sequence[Content] = ()
    key: str = ""
    shows: Mapping[str, float] = field(default_factory=dict)
    meaning: str = ""
    height: float = 0.0


@dataclass(frozen=True)
class Block:
    """Rows under a heading across the sheet, notes and headers, as far as there are any; `gap` lines below the last.

    `height` is that of wrapped headers, `key` that of their row; a `filtered` block can be filtered and sorted.
    """

    entries: Sequence[Entry] = ()
    columns: Columns = field(default_factory=lambda: LETTERS)
    heading: str = ""
    notes: Sequence[str] = ()
    height: float = 0.0
    key: str = ""
    gap: int = 1
    filtered: bool = False


@dataclass(frozen=True)
class Drawing:
    """A chart, made when all rows have their places, with the sentence that stands for it where it cannot be seen.

    It stands below the last row, or so many rows below another, in a column.
    """

    chart: Callable[[Places], Chart]
    says: str
    below: Row | None = None
    rows: int = 0
    column: str = "A"


@dataclass(frozen=True)
class Warned:
    """Cells of a column, from one row to another, that are coloured where they compare so with zero."""

    column: str
    operator: str
    first: Row
    last: Row


@dataclass(frozen=True)
class ListSheet:
    """A tab, the heading above it, its colour, its blocks from top to bottom, and its lines of Checks.

    `widths` are those of the columns, by default of the first block's; `wide` is how many columns a heading fills,
    `head` the last row of those that stay in view, `frozen` the first column of those that do not; `stamp` is a note
    beside the status; `printed` is the last column and row that are printed, so many rows below another.
    """

    title: str
    heading: str
    colour: str
    blocks: Sequence[Block]
    checks: Sequence[Check] = ()
    widths: Sequence[float] = ()
    wide: int = 0
    head: int = FIRST
    frozen: str = "A"
    stamp: str = ""
    drawings: Sequence[Drawing] = ()
    warned: Sequence[Warned] = ()
    one_page: bool = False
    printed: tuple[str, Row, int] | None = None


def heading(text: str, wide: int, role: Role = Role.HEADING) -> Entry:
    """A text over so many columns."""
    return Entry((Cell(text, role=role), *[Cell(role=role)] * (wide - 1)))


def paragraph(text: str) -> Cell:
    """Wrapped text, and a row high enough for it."""
    return Cell(text, role=Role.WRAPPED, tall=True)


def note(text: str) -> Cell:
    return Cell(text, role=Role.NOTE)


def _headers(block: Block) -> Entry:
    """Those of numbers stand to the right; in a row of given height they are wrapped."""
    wrapped = _WRAPPED_RIGHT if block.height else None
    cells = {
        name: column.header
        if isinstance(column.header, Cell)
        else Cell(column.header, role=Role.NUMBERS, alignment=wrapped)
        if column.unit
        else Cell(column.header, role=Role.HEADER)
        for name, column in block.columns.items()
    }
    return Entry(cells, block.key, height=block.height)


def draw_list(book: Book, sheet: ListSheet) -> None:
    """Gives every row its place; formulas and charts are written when all sheets have theirs."""
    page = Page(book, sheet.title, sheet.heading, sheet.colour)
    rows = _Rows(page, sheet.widths or [column.width for column in sheet.blocks[0].columns.values()])
    if sheet.stamp:
        page.text(FIRST - 1, 4, sheet.stamp, Role.NOTE)
    for block in sheet.blocks:
        rows.block(block, sheet.wide)
    for drawing in sheet.drawings:
        row = rows.next + 1 if drawing.below is None else book.places[drawing.below].number + drawing.rows
        page.chart(drawing.chart, drawing.says, f"{drawing.column}{row}")
    for warned in sheet.warned:
        first, last = book.places[warned.first], book.places[warned.last]
        column = first.columns[warned.column]
        warn(page.sheet, f"{column}{first.number}:{column}{last.number}", warned.operator, "0", PALE_RED, RED)
    _set_up(page, sheet)


def _set_up(page: Page, sheet: ListSheet) -> None:
    page.sheet.freeze_panes = f"{sheet.frozen}{sheet.head + 1}"
    page.print_setup(sheet.head)
    if sheet.one_page:
        page.sheet.page_setup.fitToHeight = 1
    if sheet.printed is not None:
        column, row, more = sheet.printed
        page.sheet.print_area = f"A1:{column}{page.book.places[row].number + more}"


class _Rows:
    """Rows of a page, written from top to bottom."""

    def __init__(self, page: Page, widths: Sequence[float]) -> None:
        self.page, self.widths, self.next = page, widths, FIRST
        page.widths(widths)

    def block(self, block: Block, wide: int) -> None:
        self.next += block.gap
        if block.heading:
            self._entry(heading(block.heading, wide), LETTERS)
        for text in block.notes:
            self._entry(Entry((note(text),)), LETTERS)
        head = self.next
        if any(column.header for column in block.columns.values()):
            self._entry(_headers(block), block.columns)
        for entry in block.entries:
            self._entry(entry, block.columns)
        if block.filtered:
            last = head + max(1, len(block.entries))
            self.page.sheet.auto_filter.ref = f"A{head}:{get_column_letter(len(block.columns))}{last}"
            self.next = last + 1

    def _entry(self, entry: Entry, columns: Columns) -> None:
        page, row = self.page, self.next
        letters = {name: get_column_letter(i) for i, name in enumerate(columns, start=1)}
        if entry.key:
            page.book.places.put(entry.key, Place(page.title, row, get_column_letter(len(columns)), letters))
        cells = entry.cells if isinstance(entry.cells, Mapping) else dict(zip(columns, entry.cells, strict=False))
        own = {name: f"{letter}{row}" for name, letter in letters.items()}
        for i, name in enumerate(columns, start=1):
            if (content := cells.get(name)) is not None:
                cell = content if isinstance(content, Cell) else Cell(content)
                self._cell(i, cell, columns[name].unit, own)
                if cell.name:
                    page.book.name(cell.name, page.title, own[name])
        for name, value in entry.shows.items():
            page.book.ties.append(Tie(page.title, own[name], value, entry.meaning.replace("*", name)))
        if entry.height:
            page.sheet.row_dimensions[row].height = entry.height
        self.next += 1

    def _cell(self, column: int, cell: Cell, unit: str, own: Mapping[str, str]) -> None:
        page, row, value = self.page, self.next, cell.value
        look = cell.look or unit or "General"
        look = FORMATS.get(look, look)
        if isinstance(value, Formula):
            page.formula(row, column, Formula(value.text.format(**own)), cell.role, look)
        elif cell.link:
            page.link(row, column, cell.link, str(value))
        elif cell.tall:
            page.paragraph(row, column, str(value), self.widths[column - 1])
        elif isinstance(value, str):
            page.text(row, column, value, cell.role or Role.LABEL)
        elif value is None:
            page.cell(row, column, cell.role or Role.LABEL)
        elif callable(value):
            page.book.later.append(lambda: page.number(row, column, value(page.book), cell.role or Role.SOLVER, look))
        else:
            page.number(row, column, value, cell.role or Role.SOLVER, look)
        if cell.alignment is not None:
            page.sheet.cell(row, column).alignment = cell.alignment
