"""A printed page of tables, two stacks of them side by side on one grid of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter

from optimizer.workbook.writing.lists import Block, Cell, Columns, Content, Entry, letters
from optimizer.workbook.writing.styles import Role

LEFT, RIGHT = (Alignment(horizontal=side, vertical="center") for side in ("left", "right"))
"""Of headers: on one line, which may run over into an empty cell beside it, and as narrow as their columns."""
INDENTED = Alignment(horizontal="left", vertical="center", indent=1)
"""Of a header of texts beside one of figures."""


@dataclass(frozen=True)
class Rowed:
    """A row of a table: cells from its first column on, None where it leaves one empty; its key, if it has one."""

    cells: Sequence[Content]
    key: str = ""


@dataclass(frozen=True)
class Table:
    """Headers from the first column on, one of them blank where a text runs over into it, and the rows below."""

    headers: Sequence[Content]
    rows: Sequence[Rowed] = field(default_factory=tuple)
    key: str = ""


@dataclass(frozen=True)
class Stack:
    """Tables under one another from a column on, over so many columns."""

    first: int
    columns: int
    tables: Sequence[Table]

    def column(self, i: int) -> str:
        """The letter of a column, counted from 0."""
        return get_column_letter(self.first + i)

    def rows(self) -> list[tuple[Mapping[str, Content], str]]:
        """Rows of all tables, with an empty one between two of them; cells by letter."""
        found: list[tuple[Mapping[str, Content], str]] = []
        for table in self.tables:
            if found:
                found.append(({}, ""))
            head = [*table.headers, *[None] * (self.columns - len(table.headers))]
            found.append((self._placed([_header(i, each) for i, each in enumerate(head)]), table.key))
            found += [(self._placed(row.cells), row.key) for row in table.rows]
        return found

    def _placed(self, cells: Sequence[Content]) -> Mapping[str, Content]:
        return {self.column(i): cell for i, cell in enumerate(cells) if cell is not None}


def side_by_side(left: Stack, right: Stack, height: float) -> Block:
    """Two stacks as the rows of one block, each row of the height given."""
    columns: Columns = letters(right.first + right.columns - 1)
    entries = []
    for (mine, key), (other, also) in zip_longest(left.rows(), right.rows(), fillvalue=({}, "")):
        entries.append(Entry({**mine, **other}, key or also, height=height, also=(also,) if key and also else ()))
    return Block(entries, columns, gap=0)


def _header(i: int, header: Content) -> Cell:
    """The first is a text; those of figures stand to the right."""
    if isinstance(header, Cell):
        if header.role is Role.HEADER:
            return replace(header, alignment=INDENTED) if i else header
        return replace(header, role=Role.NUMBERS, alignment=RIGHT)
    return Cell(header, role=Role.NUMBERS if i and header else Role.HEADER, alignment=RIGHT if i and header else LEFT)
