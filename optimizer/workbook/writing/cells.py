"""The only three ways a value enters a cell: text, number, formula. Users' text is never a formula. And all cells."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.worksheet.worksheet import Worksheet

LONGEST_TEXT = 32767
LONGEST_FORMULA = 8192
STAND_IN = "\ufdd0"
"""A sign that is no character: no text holds it, so that it may stand for one while a file is made."""
_UNWRITABLE = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff{STAND_IN}]")


class WorkbookError(Exception):
    """The workbook cannot be written, or does not agree with the plan; nothing was replaced."""


@dataclass(frozen=True)
class Formula:
    """A formula of ours, beginning with '='. '@' stands for the period's own column, '~' for the one before."""

    text: str


def put_text(cell: Cell, text: str) -> None:
    """Write text that stays text whatever it begins with. Style the cell before, not after."""
    if len(text) > LONGEST_TEXT:
        raise WorkbookError(f"{cell.coordinate}: a text of {len(text)} characters does not fit a cell")
    cell.value = _UNWRITABLE.sub("\ufffd", text)
    cell.data_type = "s"
    cell.quotePrefix = True


def put_number(cell: Cell, value: float | date) -> None:
    """Write a finite number or a date."""
    if not isinstance(value, date) and not math.isfinite(value):
        raise WorkbookError(f"{cell.coordinate}: {value} is not a number that Excel can hold")
    cell.value = value


def put_formula(cell: Cell, formula: Formula) -> None:
    """Write a formula whose column marks are already replaced."""
    if not formula.text.startswith("=") or len(formula.text) > LONGEST_FORMULA:
        raise WorkbookError(f"{cell.coordinate}: not a formula: {formula.text[:60]}")
    cell.value = formula.text
    cell.data_type = "f"


def cells_of(sheet: Worksheet) -> Iterator[Cell]:
    """The cells of a sheet that were written, row by row; openpyxl's own way makes every cell between them."""
    cells: Mapping[tuple[int, int], Cell | MergedCell] = sheet._cells
    return (cell for _, cell in sorted(cells.items()) if isinstance(cell, Cell))
