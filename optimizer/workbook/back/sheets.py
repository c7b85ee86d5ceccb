"""The cells of a workbook file: values and formulas by sheet, whoever saved it last. Styles are not read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openpyxl.formula.tokenizer import TokenizerError
from openpyxl.formula.translate import Translator, TranslatorError
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

from optimizer.reading import from_outside
from optimizer.workbook.back.package import KIND, LAST_COLUMN, Package, local
from optimizer.workbook.writing.cells import LONGEST_FORMULA

Value = float | str | bool | None
MOST_CELLS, LARGEST_SHEET = 1_000_000, 2_000_000
"""Cells of all sheets, twenty times those of the largest bundled plan; rows times columns of one."""
BUILT_IN = "_xlnm."
MOST_SHARED = 20_000_000
"""Characters of all formulas that share one with another cell."""
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class Found:
    """What a cell holds: a value, or a formula whose value is the one it was last calculated with."""

    value: Value
    formula: str | None = None


Cells = dict[str, Found]
"""Cells that hold something, by coordinate."""


def read_sheets(package: Package) -> dict[str, Cells]:
    """The cells of every worksheet, by title. Raises InputError."""
    with from_outside(package.path, KIND):
        strings, budget = _shared_strings(package), _Budget(package)
        return {title: _cells(package, part, strings, budget) for title, part in sheet_parts(package).items()}


@dataclass(frozen=True)
class Name:
    """A defined name and what it refers to; `sheet` is the one on which it holds, empty for all of them."""

    name: str
    sheet: str
    refers: str


def read_names(package: Package) -> tuple[Name, ...]:
    """The defined names but those that programs give, such as areas to print. Raises InputError."""
    with from_outside(package.path, KIND):
        titles, found = list(sheet_parts(package)), []
        for event, element in package.elements("xl/workbook.xml"):
            if event == "end" and local(element.tag) == "definedName":
                name, place = str(element.get("name")), element.get("localSheetId")
                sheet = "" if place is None else titles[int(place)]
                if not name.startswith(BUILT_IN):
                    found.append(Name(name, sheet, element.text or ""))
        return tuple(found)


class _Budget:
    """How much all the sheets of a file may hold, so that no reader has to hold more."""

    def __init__(self, package: Package) -> None:
        self._package, self._cells, self._shared = package, 0, 0

    def cell(self, row: int, column: int) -> None:
        """One more cell, and where it stands: a reader makes every cell between it and the first."""
        self._cells += 1
        if self._cells > MOST_CELLS or row * column > LARGEST_SHEET:
            place = f"{get_column_letter(min(column, LAST_COLUMN))}{row}"
            raise self._package.refused(f"holds more than {MOST_CELLS:,} cells, or one too far out ({place})")

    def formula(self, text: str, shared: bool = False) -> None:
        """One more formula, read as it stands or moved from where it is shared."""
        self._shared += len(text) if shared else 0
        if len(text) > LONGEST_FORMULA or self._shared > MOST_SHARED:
            raise self._package.refused(f"holds a formula of {len(text):,} characters, or too many that are shared")


def sheet_parts(package: Package) -> dict[str, str]:
    """The part of each worksheet, by title, in order. Raises InputError."""
    related, found = package.related("xl/workbook.xml"), dict[str, str]()
    for event, element in package.elements("xl/workbook.xml"):
        if event == "end" and local(element.tag) == "sheet":
            link_id = next((value for key, value in element.attrib.items() if local(key) == "id"), "")
            title, part = str(element.get("name")), related.get(link_id, "")
            if part not in package.parts:
                raise package.refused(f"sheet '{title}' has no part in the file")
            if title in found:
                raise package.refused(f"holds two sheets '{title}'")
            found[title] = part
    return found


def _shared_strings(package: Package) -> list[str]:
    if "xl/sharedStrings.xml" not in package.parts:
        return []
    strings = []
    for event, element in package.elements("xl/sharedStrings.xml"):
        if event == "end" and local(element.tag) == "si":
            strings.append(_text(element))
            element.clear()
    return strings


def _text(element: Any) -> str:
    """The text of a string item without its phonetic guides."""
    parts = []
    for child in element:
        if local(child.tag) == "t":
            parts.append(child.text or "")
        elif local(child.tag) == "r":
            parts += [part.text or "" for part in child if local(part.tag) == "t"]
    return unescaped("".join(parts))


def unescaped(text: str) -> str:
    """Text without Excel's `_x000D_` notation."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _cells(package: Package, part: str, strings: list[str], budget: _Budget) -> Cells:
    cells: Cells = {}
    masters: dict[str, Translator] = {}
    for row, column, element in _elements(package, part):
        coordinate = f"{get_column_letter(column)}{row}"
        budget.cell(row, column)
        try:
            held = {local(part.tag): part for part in element}
            formula = _formula(held["f"], coordinate, masters, budget) if "f" in held else None
            found = Found(_value(element.get("t", "n"), held, strings), formula)
        except (ValueError, IndexError, TokenizerError, TranslatorError) as error:
            raise package.refused(f"cell {coordinate} cannot be read: {error}") from error
        if found.value not in (None, "") or found.formula is not None:
            if coordinate in cells:
                raise package.refused(f"{part} holds the cell {coordinate} twice")
            cells[coordinate] = found
    return cells


def _elements(package: Package, part: str) -> Iterator[tuple[int, int, Any]]:
    """(row, column, element) of each cell; a cell without a coordinate stands right of the cell before it."""
    row, column = 0, 0
    for event, element in package.elements(part):
        tag = local(element.tag)
        if tag == "row" and event == "start":
            row, column = int(element.get("r", row + 1)), 0
        elif tag == "c" and event == "end":
            if element.get("r"):
                letters, row = coordinate_from_string(element.get("r"))
                column = column_index_from_string(letters)
            else:
                column += 1
            yield row, column, element
        elif tag == "row":
            element.clear()


def _value(kind: str, held: Mapping[str, Any], strings: list[str]) -> Value:
    if kind == "inlineStr":
        return _text(held["is"]) if "is" in held else None
    text = held["v"].text if "v" in held else None
    return _typed(kind, text, strings) if text else None


def _typed(kind: str, text: str, strings: list[str]) -> Value:
    if kind == "s":
        return strings[int(text)]
    if kind == "b":
        return text.strip() in ("1", "true")
    if kind != "n":
        return unescaped(text)
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _formula(found: Any, coordinate: str, masters: dict[str, Translator], budget: _Budget) -> str:
    """The formula of a cell, one that it shares with others moved to where it stands."""
    text, shared = f"={found.text or ''}", found.get("si") if found.get("t") == "shared" else None
    if shared is None or not (found.text or shared in masters):
        budget.formula(text)
        return text
    if found.text:
        masters[shared] = Translator(text, coordinate)
    moved = str(masters[shared].translate_formula(coordinate))
    budget.formula(moved, shared=True)
    return moved
