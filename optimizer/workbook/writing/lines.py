"""Lines of a time sheet: what each shows, how it is known, and what it must show. Knows no worksheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from optimizer.workbook.writing.references import FIRST_PERIOD, HERE, Row, at, key_of
from optimizer.workbook.writing.styles import Role

HEADERS = ("Line", "Accelerator or offer", "Place", "Unit", "Constant", "Total", "Opening", "Source or note")
LABEL, ITEM, PLACE, UNIT, CONSTANT, TOTAL, OPENING, SOURCE = range(1, FIRST_PERIOD)
START, END, FISCAL_YEAR, PERIOD, HEADER = 3, 4, 5, 6, 7
"""Rows of the time axis: first day, last day, fiscal year, number, and the header with the period's key."""
AXIS = {
    START: ("Period starts", "date"),
    END: ("Period ends", "date"),
    FISCAL_YEAR: ("Fiscal year", "year"),
    PERIOD: ("Period number", "number"),
}
"""What the rows of the time axis are called, and their units."""
OVERRIDE = "override/"
"""How the keys of override cells begin; they hold what is ordered and belong to no file."""
VIEW = "view/"
"""How the keys of assumptions begin that belong to the workbook alone and to no file."""
TYPED = "typed/"
"""How the keys of cells begin that are the reader's own: what is typed there belongs to no file and no cost."""
SUM = "sum"
Constant = float | date | str | None
"""A text is a formula, beginning with `=`; a text of the user is never a constant."""


@dataclass(frozen=True)
class Line:
    """What one line shows. `periods` are numbers, None for a blank cell, or one formula for all periods.

    `keys` are the keys of the scenario or catalogue that its assumptions edit, as `--set` writes them; an
    assumption without one is locked, and `locked` says why where the heading does not. `part` is the entry of
    a table that a constant edits, such as a budget's window. Formulas refer to a line by its `key`; its `name` is that
    of its constant, or of its total where it has none. A constant that is another line is that line's, in its unit.

    `shows` are the plan's own numbers by period, `shows_in_total` the one in total; the file is only written if the
    line's formulas give them, `within` a tolerance if one is given; `meaning` says what they are.
    """

    label: str
    unit: str
    item: str = ""
    place: str = ""
    constant: Constant | Row = None
    total: str | None = None
    opening: Constant = None
    source: str = ""
    basis: str = ""
    date: str = ""
    periods: Sequence[float | None] | str | None = None
    role: Role | None = None
    name: str = ""
    rule: str = ""
    whole: bool = True
    constant_unit: str = ""
    keys: tuple[str, ...] = ()
    part: str = ""
    locked: str = ""
    key: str = ""
    shows: Sequence[float | None] = ()
    shows_in_total: float | None = None
    within: float | None = None
    meaning: str = ""


class Subject(Protocol):
    """What has lines of its own, such as the orders of an offer: how their keys and labels end, and two columns."""

    @property
    def id(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def item(self) -> str: ...
    @property
    def place(self) -> str: ...


@dataclass(frozen=True)
class Of:
    """A site, a demand, an accelerator: what has lines of its own and is nothing else."""

    item: str = ""
    place: str = ""
    suffix: str = ""

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return "/".join(filter(None, (self.item, self.place)))


FORMULAS = ("constant", "total", "opening", "periods")
BELONGS_TO = {"offer": "offer", "system": "system", "site": "place"}
"""How names of lines begin that are not of the subject, but of its offer, its system or its place."""


class _Named(dict[str, Row]):
    """The lines that formulas of a subject call by name."""

    def __init__(self, of: Subject) -> None:
        super().__init__(here=HERE)
        self._of = of

    def __missing__(self, name: str) -> Row:
        if name.startswith("/"):
            return Row(name[1:])
        own = getattr(self._of, name, None)
        if isinstance(own, Row):
            return own
        part = BELONGS_TO.get(name.partition("/")[0])
        return at(name, getattr(self._of, part) if part else self._of)


def line_of(of: Subject, label: str, unit: str, *, what: str = "", **more: Any) -> Line:
    """A line of a subject; its key is what it shows, by default its label in lower case, and of whom.

    In its formulas `{name}` is the cell of this period in the subject's line that shows `name`, `{name.across}` another
    part of it; a subject may say itself which line that is. `{/name}` is the line with that key, `{here}` the line that
    the formula stands in. A constant that is such a name is a link. A subject may say whether its systems are `whole`.
    """
    rows = _Named(of)
    for column in FORMULAS:
        text = more.get(column)
        if isinstance(text, str):
            link = column == "constant" and not text.startswith("=")
            more[column] = rows[text] if link else text.format_map(rows)
    of_subject = {"key": key_of(what or label.lower(), of), "whole": getattr(of, "whole", True)}
    return Line(label + of.suffix, unit, of.item, of.place, **{**of_subject, **more})


def lines_of(subjects: Iterable[Subject], label: str, unit: str, **more: Any) -> list[Line]:
    """The same line of each subject."""
    return [line_of(of, label, unit, **more) for of in subjects]


@dataclass(frozen=True)
class Section:
    """A heading across a sheet, a sentence that says how its lines are made, the lines, and further sentences.

    Formulas refer to the heading by its `key`, if it has one; without a heading, only the sentences in `more`.
    """

    heading: str
    note: str = ""
    lines: Sequence[Line] = ()
    more: Sequence[str] = ()
    key: str = ""


def filled(heading: str, note: str = "", lines: Sequence[Line] = ()) -> Iterator[Section]:
    """A section, where it has lines."""
    if lines:
        yield Section(heading, note, lines)


@dataclass(frozen=True)
class Check:
    """A line of Checks: it fails when the value, a formula, is further from zero than the tolerance of its unit."""

    label: str
    value: str
    unit: str
    meaning: str
    only_unedited: bool = False

    @property
    def tolerance(self) -> str:
        """The name of the cell that holds it."""
        return "tolerance_usd" if self.unit == "USD" else "tolerance_quantity"
