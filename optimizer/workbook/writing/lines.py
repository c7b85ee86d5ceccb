"""Lines of a time sheet, rows once they are written, and formulas over rows. Knows no worksheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from openpyxl.utils import get_column_letter

from optimizer.workbook.writing.cells import Formula, WorkbookError
from optimizer.workbook.writing.styles import Role

HEADERS = ("Line", "Accelerator or offer", "Place", "Unit", "Constant", "Total", "Opening", "Source or note")
FIRST_PERIOD = len(HEADERS) + 1
LABEL, ITEM, PLACE, UNIT, CONSTANT, TOTAL, OPENING, SOURCE = range(1, FIRST_PERIOD)
START, END, FISCAL_YEAR, PERIOD, HEADER = 3, 4, 5, 6, 7
"""Rows of the time axis: first day, last day, fiscal year, number, and the header with the period's key."""


@dataclass(frozen=True)
class Row:
    """A line that has been written; its properties are references to parts of it. `last` is a column letter."""

    sheet: str
    number: int
    last: str

    @property
    def _on(self) -> str:
        return f"'{self.sheet}'!" if " " in self.sheet else f"{self.sheet}!"

    @property
    def now(self) -> str:
        """The cell of the formula's own period."""
        return f"{self._on}@{self.number}"

    @property
    def constant(self) -> str:
        return f"{self._on}$E{self.number}"

    @property
    def total(self) -> str:
        return f"{self._on}$F{self.number}"

    @property
    def across(self) -> str:
        """All periods."""
        return f"{self._on}$I{self.number}:${self.last}{self.number}"

    @property
    def so_far(self) -> str:
        """All periods up to the formula's own."""
        return f"{self._on}$I{self.number}:@{self.number}"

    def cell(self, i: int) -> str:
        """The cell of a period, counted from 0, on its own sheet."""
        return f"{get_column_letter(FIRST_PERIOD + i)}{self.number}"

    def at(self, i: int) -> str:
        """The cell of a period, counted from 0, as other sheets refer to it."""
        return f"{self._on}{self.cell(i)}"

    @property
    def axis_across(self) -> str:
        """The period numbers above all periods."""
        return f"{self._on}$I$6:${self.last}$6"


def down(rows: Sequence[Row], column: str = "@") -> str:
    """The same column of lines that stand under one another."""
    numbers = [row.number for row in rows]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise WorkbookError(f"lines {numbers} do not stand together")
    return f"{rows[0]._on}{column}{numbers[0]}:{column}{numbers[-1]}"


def sum_down(rows: Sequence[Row], column: str = "@") -> Formula:
    """The sum of a column of lines of one sheet; zero without any."""
    blocks = ",".join(down(block, column) for block in _together(rows))
    return Formula(f"=SUM({blocks})" if rows else "=0")


def _together(rows: Sequence[Row]) -> list[list[Row]]:
    """Lines in blocks of those that stand under one another."""
    blocks: list[list[Row]] = []
    for row in rows:
        if blocks and blocks[-1][-1].number == row.number - 1:
            blocks[-1].append(row)
        else:
            blocks.append([row])
    return blocks


def area(rows: Sequence[Row]) -> str:
    """All periods of lines that stand under one another."""
    down(rows)
    return f"{rows[0]._on}$I${rows[0].number}:${rows[0].last}${rows[-1].number}"


def cohort(row: Row, service: str) -> Formula:
    """What entered in the last `service` periods and is therefore still there."""
    axis = row.axis_across
    return Formula(f'=SUMIFS({row.across},{axis},"<="&@${PERIOD},{axis},">"&@${PERIOD}-{service})')


def at_order(row: Row, axis: Row, lead: str) -> Formula:
    """A value of the period of order, for what enters service now; zero if that was before the horizon."""
    return Formula(f"=SUMIFS({row.across},{axis.axis_across},@${PERIOD}-{lead})")


def left_of(most: str, used: str) -> Formula:
    """What is left of a limit; a difference within the tolerance of the limit is none, as in the audit."""
    return Formula(f"=IF(ABS({most}-{used})<=tolerance_quantity*{most},0,{most}-{used})")


OVERRIDE = "override/"
"""How the keys of override cells begin; they hold what is ordered and belong to no file."""
VIEW = "view/"
"""How the keys of assumptions begin that belong to the workbook alone and to no file."""
SUM = "sum"
Constant = float | date | Formula | None


@dataclass(frozen=True)
class Line:
    """What one line shows. `periods` are numbers, None for a blank cell, or one formula for all periods.

    `keys` are the keys of the scenario or catalogue that its assumptions edit, as `--set` writes them; an
    assumption without one is locked, and `locked` says why where the heading does not. `part` is the entry of
    a table that a constant edits, such as a budget's window.
    """

    label: str
    unit: str
    item: str = ""
    place: str = ""
    constant: Constant = None
    total: Formula | str | None = None
    opening: Constant = None
    source: str = ""
    basis: str = ""
    date: str = ""
    periods: Sequence[float | None] | Formula | None = None
    role: Role | None = None
    name: str = ""
    rule: str = ""
    whole: bool = True
    constant_unit: str = ""
    keys: tuple[str, ...] = ()
    part: str = ""
    locked: str = ""
