"""The cells of a workbook file: values and formulas by sheet, whoever saved it last. Styles are not read."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from openpyxl.formula.translate import Translator, TranslatorError
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

from optimizer.workbook_back.package import Package, local

Value = float | str | bool | None
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
    strings = _shared_strings(package)
    return {title: _cells(package, part, strings) for title, part in _parts(package).items()}


def _parts(package: Package) -> dict[str, str]:
    """The part of each worksheet, by title, in order."""
    targets = {}
    for link in package.links("xl/_rels/workbook.xml.rels"):
        target = str(link.get("Target", ""))
        targets[link.get("Id")] = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
    found = {}
    for event, element in package.elements("xl/workbook.xml"):
        if event == "end" and local(element.tag) == "sheet":
            link_id = next((value for key, value in element.attrib.items() if local(key) == "id"), None)
            part = targets.get(link_id, "")
            if part not in package.names:
                raise package.refused(f"sheet '{element.get('name')}' has no part in the file")
            found[str(element.get("name"))] = part
    return found


def _shared_strings(package: Package) -> list[str]:
    if "xl/sharedStrings.xml" not in package.names:
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


def _cells(package: Package, part: str, strings: list[str]) -> Cells:
    cells: Cells = {}
    masters: dict[str, tuple[str, str]] = {}
    for coordinate, element in _elements(package, part):
        try:
            found = Found(_value(element, strings), _formula(element, coordinate, masters))
        except (ValueError, IndexError, TranslatorError) as error:
            raise package.refused(f"cell {coordinate} cannot be read: {error}") from error
        if found.value not in (None, "") or found.formula is not None:
            cells[coordinate] = found
    return cells


def _elements(package: Package, part: str) -> Iterator[tuple[str, Any]]:
    """(coordinate, element) of each cell; a cell without one stands right of the cell before it."""
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
            yield f"{get_column_letter(column)}{row}", element
        elif tag == "row":
            element.clear()


def _value(element: Any, strings: list[str]) -> Value:
    kind, value = element.get("t", "n"), _child(element, "v")
    if kind == "inlineStr":
        inline = _child(element, "is")
        return None if inline is None else _text(inline)
    text = "" if value is None else value.text or ""
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


def _child(element: Any, tag: str) -> Any:
    return next((child for child in element if local(child.tag) == tag), None)


def _formula(element: Any, coordinate: str, masters: dict[str, tuple[str, str]]) -> str | None:
    """The formula of a cell, one that it shares with others moved to where it stands."""
    found = _child(element, "f")
    if found is None:
        return None
    text, shared = found.text or "", found.get("si") if found.get("t") == "shared" else None
    if shared is None:
        return f"={text}"
    if text:
        masters[shared] = (f"={text}", coordinate)
    formula, origin = masters.get(shared, ("=", coordinate))
    return str(Translator(formula, origin).translate_formula(coordinate))
