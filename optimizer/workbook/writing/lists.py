"""A list sheet as data: blocks of rows under headers, cells by column, formulas over keys. Knows no worksheet.

A row gets its place from the writer; whoever refers to it does so by its key, whichever sheet it stands on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter

from optimizer.workbook.writing.book import Book, InputCell
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.charts import Chart
from optimizer.workbook.writing.lines import Check
from optimizer.workbook.writing.references import Places, Row
from optimizer.workbook.writing.styles import Role

RIGHT = Alignment(horizontal="right", indent=1)
Plain = str | float | date | Formula | None
"""A text, a number, a date, a formula; nothing."""


@dataclass(frozen=True)
class Cell:
    """What stands in a cell: a text, a number, a formula, a number of the book as it is written, or only a look.

    In a formula `{name}` stands for the row's cell in that column. `look` is a unit, a number format, or a row that has
    the unit, by default that of the column; `tall` makes the row high enough for a text; `name` is what formulas may
    call the cell; `link` is the sheet that it leads to; `rule` says what may be typed, `edits` what that changes.
    """

    value: Plain | Callable[[Book], float] = None
    look: str | Row = ""
    role: Role | None = None
    tall: bool = False
    name: str = ""
    link: str = ""
    alignment: Alignment | None = None
    rule: str = ""
    edits: InputCell | None = None


Content = Cell | Plain


@dataclass(frozen=True)
class Column:
    """A column: its header, the unit that formats its numbers (none: texts), its width."""

    header: str | Cell = ""
    unit: str = ""
    width: float = 0.0


Columns = Mapping[str, Column]


def letters(count: int) -> Columns:
    """Columns without headers, called by their letters."""
    return {get_column_letter(i): Column() for i in range(1, count + 1)}


LETTERS = letters(26)


@dataclass(frozen=True)
class Entry:
    """A row: cells by column, or from the first column on. `shows` are the plan's own numbers by column.

    `meaning` says what they are, where a `*` stands for the name of the column; `within` is a tolerance of theirs.
    `unit` is that of the cells which take their look from this row, `also` are further keys of it.
    """

    cells: Mapping[str, Content] | Sequence[Content] = ()
    key: str = ""
    shows: Mapping[str, float] = field(default_factory=dict)
    meaning: str = ""
    within: float | None = None
    unit: str = ""
    height: float = 0.0
    also: Sequence[str] = ()


@dataclass(frozen=True)
class Block:
    """Rows under a heading across the sheet, notes and headers, as far as there are any; `gap` lines below the last.

    `height` is that of wrapped headers, `key` that of the heading or, without one, of the row of headers; a `filtered`
    block can be filtered and sorted.
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
    beside the status; `large` are columns repeated on each page of a larger paper; `printed` is the last column and
    row that are printed, so many rows below another; a `fixed` sheet keeps its widths and heights in every language.
    """

    title: str
    heading: str
    colour: str
    blocks: Sequence[Block]
    checks: Sequence[Check] = ()
    widths: Sequence[float] = ()
    wide: int = 0
    head: int = 3
    frozen: str = "A"
    stamp: str | Formula = ""
    drawings: Sequence[Drawing] = ()
    warned: Sequence[Warned] = ()
    one_page: bool = False
    fixed: bool = False
    large: str = ""
    printed: tuple[str, Row, int] | None = None


def heading(text: str, wide: int, role: Role = Role.HEADING, key: str = "") -> Entry:
    """A text over so many columns."""
    return Entry((Cell(text, role=role), *[Cell(role=role)] * (wide - 1)), key)


def paragraph(text: str) -> Cell:
    """Wrapped text, and a row high enough for it."""
    return Cell(text, role=Role.WRAPPED, tall=True)


def note(text: str | Formula) -> Cell:
    return Cell(text, role=Role.NOTE)
