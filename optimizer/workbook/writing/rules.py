"""What may be typed into a cell, by rule: its type and range, for Excel's validation and for the way back."""

from __future__ import annotations

import math
from dataclasses import dataclass

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation


@dataclass(frozen=True)
class Rule:
    """What a cell takes: a type of Excel's, the least and most, and what the message asks for."""

    kind: str
    least: float
    most: float | None
    asks: str

    def allows(self, value: float) -> bool:
        """Whether a number may stand in the cell."""
        whole = self.kind == "decimal" or value == round(value)
        return whole and self.least <= value <= (math.inf if self.most is None else self.most)


TEXT = "textLength"
"""The kind of a cell that takes a text, or a number."""
RULES: dict[str, Rule] = {
    "amount": Rule("decimal", 0, None, "a number of 0 or more"),
    "share": Rule("decimal", 0, 1, "a share from 0 to 1 (0% to 100%)"),
    "growth": Rule("decimal", -0.999999, None, "a share above -1 (-100%)"),
    "ratio": Rule("decimal", 1, None, "a ratio of at least 1"),
    "positive": Rule("decimal", 0.000001, None, "a number above 0"),
    "count": Rule("whole", 0, None, "a whole number of 0 or more"),
    "switch": Rule("whole", 0, 1, "1 for yes or 0 for no"),
    "month": Rule("whole", 1, 12, "a month from 1 to 12"),
    "money": Rule("decimal", -1e15, 1e15, "a number of USD"),
    "text": Rule(TEXT, 0, 200, "at most 200 characters"),
    "date": Rule("date", 1, None, "a date"),
}


def rectangles(cells: list[tuple[int, int]]) -> list[str]:
    """Ranges that cover the (column, row) cells: runs across, then equal runs on rows that follow."""
    runs: list[tuple[int, int, int]] = []
    for column, row in sorted(cells, key=lambda cell: (cell[1], cell[0])):
        if runs and runs[-1][2] == row and runs[-1][1] == column - 1:
            runs[-1] = (runs[-1][0], column, row)
        else:
            runs.append((column, column, row))
    stacked: list[tuple[int, int, int, int]] = []
    for first, last, row in sorted(runs):
        if stacked and stacked[-1][:2] == (first, last) and stacked[-1][3] == row - 1:
            stacked[-1] = (first, last, stacked[-1][2], row)
        else:
            stacked.append((first, last, row, row))
    return [f"{get_column_letter(a)}{top}:{get_column_letter(b)}{bottom}" for a, b, top, bottom in stacked]


def validation_of(rule: str) -> DataValidation:
    """Excel's validation of a rule, with its message."""
    of = RULES[rule]
    found = DataValidation(
        of.kind,  # type: ignore[arg-type]
        _written(of.least),
        None if of.most is None else _written(of.most),
        operator="greaterThanOrEqual" if of.most is None else "between",
        allow_blank=True,
        showErrorMessage=True,
    )
    found.errorTitle, found.error = "Not a value for this cell", f"Enter {of.asks}."
    return found


def _written(bound: float) -> str:
    return f"{bound:f}".rstrip("0").rstrip(".")
