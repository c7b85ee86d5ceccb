"""References to lines by their keys, whichever sheet they stand on and whether they are written yet.

A reference is text inside a formula, between control characters that no text of a user can hold. It becomes cells
when every sheet is laid out, so a formula may refer to what stands below it or on a later sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from openpyxl.utils import get_column_letter

from optimizer.workbook.writing.cells import WorkbookError

FIRST_PERIOD = 9
"""The column of the first period."""
OPENS, PARTS, KEYS, CLOSES = "\x02", "\x1f", "\x1e", "\x03"
_COLUMN = re.compile("<([^>]*)>")
_REFERENCE = re.compile(f"{OPENS}([a-z]+){PARTS}([^{PARTS}]*){PARTS}([^{CLOSES}]*){CLOSES}")


class Place(NamedTuple):
    """Where a line stands. `last` is the letter of its last column; those of a list's columns stand by their names.

    `unit` is that of its constant.
    """

    sheet: str
    number: int
    last: str
    columns: Mapping[str, str] = MappingProxyType({})
    unit: str = ""

    @property
    def on(self) -> str:
        """How formulas of other sheets begin a reference to it."""
        return f"'{self.sheet}'!" if " " in self.sheet else f"{self.sheet}!"


def key_of(*parts: object) -> str:
    """The key of a line: what it shows, then what it shows it of, such as `rent/dgx_h200.lease`."""
    return "/".join(str(getattr(part, "id", part)) for part in parts)


@dataclass(frozen=True)
class Row:
    """A line known by its key; its properties are references to parts of it."""

    key: str

    def __str__(self) -> str:
        """In a formula, the cell of its own period."""
        return self.now

    def part(self, template: str) -> str:
        """A reference to a part of the line: `#n` is its number, `#z` its last column, `<name>` a column of a list."""
        return _reference("one", [self], template)

    def cell(self, column: str) -> str:
        """The cell of a list's row in a column."""
        return self.part(f"<{column}>#n")

    @property
    def now(self) -> str:
        """The cell of the formula's own period."""
        return self.part("@#n")

    @property
    def constant(self) -> str:
        return self.part("$E#n")

    @property
    def total(self) -> str:
        return self.part("$F#n")

    @property
    def opening(self) -> str:
        return self.part("$G#n")

    @property
    def label(self) -> str:
        return self.part("$A#n")

    @property
    def across(self) -> str:
        """All periods."""
        return self.part("$I#n:$#z#n")

    @property
    def so_far(self) -> str:
        """All periods up to the formula's own."""
        return self.part("$I#n:@#n")

    def at(self, i: int) -> str:
        """The cell of a period, counted from 0."""
        return self.part(f"{get_column_letter(FIRST_PERIOD + i)}#n")

    @property
    def axis_across(self) -> str:
        """The period numbers above all periods."""
        return self.part("$I$6:$#z$6")

    @property
    def years_across(self) -> str:
        """The fiscal years above all periods."""
        return self.part("$I$5:$#z$5")

    @property
    def starts_across(self) -> str:
        """The first days above all periods."""
        return self.part("$I$3:$#z$3")

    @property
    def cohort(self) -> str:
        """What entered in the last periods, as many as the formula's own line has as constant: what is still there."""
        axis = self.axis_across
        return f'SUMIFS({self.across},{axis},"<="&@$6,{axis},">"&@$6-{HERE.constant})'


def at(*parts: object) -> Row:
    """The line of a key, wherever it stands."""
    return Row(key_of(*parts))


def of_each(what: str, subjects: Iterable[object]) -> list[Row]:
    """The lines that show something, of each of what has one."""
    return [at(what, of) for of in subjects]


HERE = Row("")
"""The line that a formula stands in."""


def down(rows: Sequence[Row], column: str = "@", fixed: bool = False) -> str:
    """The same column of lines that stand under one another, with `fixed` rows by number that copying keeps."""
    column += "$" * fixed
    return _reference("block", rows, f"{column}#n:{column}#m")


def between(first: Row, last: Row, columns: str = "$I:$#z") -> str:
    """Columns of one line, of another of its sheet, and of all between them."""
    left, _, right = columns.partition(":")
    return _reference("span", [first, last], f"{left}$#n:{right}$#m")


def area(rows: Sequence[Row]) -> str:
    """All periods of lines that stand under one another."""
    return _reference("block", rows, "$I$#n:$#z$#m")


def blocks(rows: Sequence[Row], column: str = "@", until: str = "") -> str:
    """A column of lines of one sheet, or several, one range for each run of lines that stand under one another."""
    return _reference("blocks", rows, f"{column}#n:{until or column}#m")


def before(rows: Sequence[Row]) -> str:
    """All periods before the formula's own of lines that stand under one another; of the first, the blank beside it."""
    return _reference("block", rows, "$H#n:~#m")


def summed(rows: Sequence[Row], column: str = "@") -> str:
    """The sum of a column of lines of one sheet, as part of a formula; zero without any."""
    return f"SUM({blocks(rows, column)})" if rows else "0"


def sum_down(rows: Sequence[Row], column: str = "@") -> str:
    """The sum of a column of lines of one sheet; zero without any."""
    return f"={summed(rows, column)}"


def left_of(most: str, used: str) -> str:
    """What is left of a limit; a difference within the tolerance of the limit is none, as in the audit."""
    return f"=IF(ABS({most}-{used})<=tolerance_quantity*{most},0,{most}-{used})"


def _reference(kind: str, rows: Sequence[Row], template: str) -> str:
    if not rows:
        raise WorkbookError("a reference to no line")
    return f"{OPENS}{kind}{PARTS}{KEYS.join(row.key for row in rows)}{PARTS}{template}{CLOSES}"


class Places:
    """Where every line stands, by key."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._resolved: dict[tuple[str, str, int], str] = {}

    def put(self, key: str, place: Place) -> None:
        """Raises WorkbookError for a key that another line has."""
        if key in self._places:
            raise WorkbookError(f"two lines are called {key}")
        self._places[key] = place

    def __getitem__(self, row: Row) -> Place:
        if row.key not in self._places:
            raise WorkbookError(f"no line is called {row.key}")
        return self._places[row.key]

    def resolved(self, text: str, here: Place | None = None) -> str:
        """A formula with its references as cells; `here` is the line that it stands in."""
        key = (text, here.sheet, here.number) if here else (text, "", 0)
        if key not in self._resolved:
            self._resolved[key] = _REFERENCE.sub(lambda match: self._cells(match[1], match[2], match[3], here), text)
        return self._resolved[key]

    def _cells(self, kind: str, keys: str, template: str, here: Place | None) -> str:
        places = [here if not key and here is not None else self[Row(key)] for key in keys.split(KEYS)]
        runs = [places] if kind == "span" else _together(places)
        if kind == "block" and len(runs) > 1:
            raise WorkbookError(f"lines {keys.split(KEYS)} do not stand together")
        return ",".join(run[0].on + _filled(template, run) for run in runs)


def _filled(template: str, run: Sequence[Place]) -> str:
    first, last = run[0], run[-1]
    if "<" in template:
        template = _COLUMN.sub(lambda match: first.columns[match[1]], template)
    return template.replace("#n", str(first.number)).replace("#m", str(last.number)).replace("#z", first.last)


def _together(places: Sequence[Place]) -> list[list[Place]]:
    """Lines in runs of those that stand under one another."""
    runs: list[list[Place]] = []
    for place in places:
        if runs and (runs[-1][-1].sheet, runs[-1][-1].number) == (place.sheet, place.number - 1):
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs
