"""A workbook as it came back against the same workbook built anew: edits of inputs, and all else that differs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from openpyxl.utils.cell import coordinate_from_string
from openpyxl.worksheet.worksheet import Worksheet

from catalogs.problems import Location, Problem, suggestion
from optimizer.workbook.back.copy import Opened
from optimizer.workbook.back.sheets import Cells, Found, Value, unescaped
from optimizer.workbook.notes import Note
from optimizer.workbook.writing.book import Book, InputCell
from optimizer.workbook.writing.cells import cells_of
from optimizer.workbook.writing.lines import TYPED
from optimizer.workbook.writing.rules import RULES, TEXT

SAME = 1e-12
"""Relative difference of one number written by two programs."""
MOST_SHOWN = 5
"""Differences shown of one sheet; more are counted."""
NOTHING = Found(None)
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_QUOTED_SHEET = re.compile(r"'([A-Za-z_][A-Za-z0-9_.]*)'!")
FIRST_OF_1900 = date(1899, 12, 30)


@dataclass(frozen=True)
class Edit:
    """An input cell that was changed; None is blank."""

    sheet: str
    cell: str
    of: InputCell
    old: float | None
    new: float | None

    @property
    def where(self) -> str:
        return f"{self.sheet}!{self.cell}"


@dataclass(frozen=True)
class Typed:
    """A cell of the reader's own, by its key, and what stands in it now; None is nothing."""

    key: str
    value: float | str | None


@dataclass(frozen=True)
class Compared:
    """Edits and notes in the order of the sheets, what may not be changed, and the cells as they are written now.

    `typed` are cells of the reader's own that are not as they were.
    """

    edits: tuple[Edit, ...]
    notes: tuple[Note, ...]
    typed: tuple[Typed, ...]
    problems: tuple[Problem, ...]
    written: Mapping[str, Cells]


def compared(opened: Opened, book: Book) -> Compared:
    """The edits of a workbook; `book` is what the same plan is written as."""
    edits: list[Edit] = []
    notes: list[Note] = []
    typed: list[Typed] = []
    problems = list(_other_names(opened, book))
    expected = {sheet.title: _written(sheet) for sheet in book.workbook.worksheets}
    for title in expected:
        if title not in opened.sheets:
            others = set(opened.sheets) - expected.keys()
            at = Location(f"{opened.path}, {title}", 0, 0)
            problems.append(Problem(at, f"the sheet is missing or renamed{suggestion(title, others)}; put it back"))
            continue
        found = list(_differences(opened, book, title, expected[title]))
        edits += [each for each in found if isinstance(each, Edit)]
        notes += [each for each in found if isinstance(each, Note)]
        typed += [each for each in found if isinstance(each, Typed)]
        wrong = [each for each in found if isinstance(each, Problem)]
        problems += wrong[:MOST_SHOWN]
        if len(wrong) > MOST_SHOWN:
            message = (
                f"{len(wrong) - MOST_SHOWN} more cells are not as written; were rows or columns inserted, deleted "
                "or sorted? Undo that, or start again from the file as it was written"
            )
            problems.append(Problem(Location(f"{opened.path}, {title}", 0, 0), message))
    return Compared(tuple(edits), tuple(notes), tuple(typed), tuple(problems), expected)


def _other_names(opened: Opened, book: Book) -> Iterator[Problem]:
    """Names that point elsewhere, are gone, or mean something else on one sheet; names of the reader's own may stay."""
    names = {(name.name, name.sheet): name.refers for name in opened.names}
    for name, defined in book.workbook.defined_names.items():
        at = Location(f"{opened.path}, name {name}", 0, 0)
        was, now = str(defined.attr_text), names.get((name, ""))
        if now is None:
            yield Problem(at, f"is gone; it pointed to {was}")
        elif normalised(now) != normalised(was):
            yield Problem(at, f"points to {_cut(now)}; it was {was}")
        for other, sheet in sorted(names):
            if sheet and other.lower() == name.lower():
                yield Problem(at, f"means something else on {sheet}; delete that name")


def _differences(opened: Opened, book: Book, title: str, expected: Cells) -> Iterator[Edit | Note | Typed | Problem]:
    """What differs on a sheet: edits of inputs, texts in empty cells, and what may not be changed."""
    found = opened.sheets[title]
    for coordinate in sorted({*expected, *found}, key=_position):
        was, now = expected.get(coordinate, NOTHING), found.get(coordinate, NOTHING)
        of_copy = title == opened.copy_sheet and _is_of_copy(coordinate, opened.copy_rows)
        if of_copy or same_formula(was, now) or _same_value(was, now):
            continue
        cell = book.inputs.get((title, coordinate))
        if cell is None and was == NOTHING and now.formula is None and isinstance(now.value, str):
            yield Note(title, coordinate, now.value)
        elif message := _of_locked(was, now) if cell is None else _of_input(cell, was, now):
            yield Problem(Location(f"{opened.path}, {title}!{coordinate}", 0, 0), message)
        elif cell is not None and cell.keys[0].startswith(TYPED):
            assert not isinstance(now.value, bool)
            yield Typed(cell.keys[0], now.value)
        elif cell is not None:
            assert not isinstance(was.value, str)
            assert not isinstance(now.value, str)
            yield Edit(title, coordinate, cell, was.value, now.value)


def _is_of_copy(coordinate: str, rows: range) -> bool:
    """Whether a cell is one of the copy's, which is in the first two columns of its rows."""
    letters, row = coordinate_from_string(coordinate)
    return row in rows and letters in ("A", "B")


def _position(coordinate: str) -> tuple[int, int, str]:
    letters, row = coordinate_from_string(coordinate)
    return row, len(letters), letters


def _written(sheet: Worksheet) -> Cells:
    """The cells of a sheet as they stand in the file."""
    cells = {}
    for cell in cells_of(sheet):
        if cell.data_type == "f":
            cells[cell.coordinate] = Found(None, str(cell.value))
        elif cell.value is not None and cell.value != "":
            cells[cell.coordinate] = Found(_plain(cell.value))
    return cells


def _plain(value: object) -> Value:
    """A value as it stands in the file: dates are days since 1900."""
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return float((day - FIRST_OF_1900).days)
    return float(value) if isinstance(value, int | float) else str(value)


def _of_locked(was: Found, now: Found) -> str:
    """What is wrong with a cell that may not change and did."""
    if was.formula is not None:
        return f"the formula was replaced by {_shown(now)}; it was {was.formula}"
    if was.value is None:
        return f"holds {_shown(now)} where nothing belongs; clear the cell"
    return f"is locked and now holds {_shown(now)}; it was {_shown(was)}"


def _of_input(cell: InputCell, was: Found, now: Found) -> str:
    """What is wrong with the edit of an input; empty if it is within its rule."""
    if now.formula is not None:
        return "holds a formula; type the number"
    if cell.keys[0].startswith(TYPED) and (now.value is None or _may_be_typed(cell, now)):
        return ""
    if now.value is None:
        return f"is blank; it was {_shown(was)}"
    if isinstance(now.value, str | bool) or not RULES[cell.rule].allows(now.value):
        return f"must be {RULES[cell.rule].asks} (got {_shown(now)})"
    return ""


def _may_be_typed(cell: InputCell, now: Found) -> bool:
    """Whether a text may stand in a cell of the reader's own, which takes texts of some length."""
    rule = RULES[cell.rule]
    return rule.kind == TEXT and not isinstance(now.value, bool) and len(str(now.value)) <= (rule.most or 0)


def same_formula(was: Found, now: Found) -> bool:
    """Whether two cells hold one formula, however it is spelt."""
    if was.formula is None or now.formula is None:
        return False
    return was.formula == now.formula or normalised(was.formula) == normalised(now.formula)


def normalised(formula: str) -> str:
    """A formula without the spelling that each program gives it: spaces, case, prefixes, quotes of sheet names."""
    parts, last = [], 0
    for match in _QUOTED.finditer(formula):
        parts += [_bare(formula[last : match.start()]), match[0]]
        last = match.end()
    return "".join([*parts, _bare(formula[last:])])


def _bare(part: str) -> str:
    part = _QUOTED_SHEET.sub(r"\1!", part).replace("_xlfn.", "").replace("_xlws.", "")
    return re.sub(r"\s+", "", part).upper().lstrip("@").replace("=+", "=")


def _same_value(one: Found, other: Found) -> bool:
    """Whether two cells hold one value, and no formula."""
    was, now = one.value, other.value
    if one.formula is not None or other.formula is not None:
        return False
    if isinstance(was, str) or isinstance(now, str):
        return isinstance(was, str) and isinstance(now, str) and _words(was) == _words(now)
    if was is None or now is None:
        return was is now
    return math.isclose(float(was), float(now), rel_tol=SAME, abs_tol=0.0)


def _words(text: str) -> list[str]:
    """A text without what programs write differently: spaces, and escapes, which LibreOffice reads and never writes."""
    while (plain := unescaped(text)) != text:
        text = plain
    return text.split()


def _shown(found: Found) -> str:
    if found.formula is not None:
        return f"a formula, {_cut(found.formula)}"
    if found.value is None:
        return "nothing"
    return f"'{_cut(found.value)}'" if isinstance(found.value, str) else f"{found.value:.15g}"


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
