"""The areas that a formula, a name or a chart refers to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from openpyxl.utils import column_index_from_string

_REFERENCE = re.compile(
    r"(?:(?:'([^']+)'|([A-Za-z_][A-Za-z0-9_.]*))!)?\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?"
)


@dataclass(frozen=True)
class Area:
    """Cells of a sheet, from one corner to the other."""

    sheet: str
    first: str
    first_row: int
    last: str
    last_row: int

    def holds(self, sheet: str, column: int, row: int) -> bool:
        """Whether a cell lies in it."""
        columns = column_index_from_string(self.first), column_index_from_string(self.last)
        return sheet == self.sheet and columns[0] <= column <= columns[1] and self.first_row <= row <= self.last_row


def areas_in(text: str, sheet: str) -> Iterator[Area]:
    """The areas that a reference names; `sheet` is where one without a sheet points."""
    for quoted, bare, first, first_row, last, last_row in _REFERENCE.findall(text):
        yield Area(quoted or bare or sheet, first, int(first_row), last or first, int(last_row or first_row))
