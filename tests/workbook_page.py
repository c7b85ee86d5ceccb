"""The first page read as a reader does: by the label of a row and the header above a figure, in either stack."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from openpyxl.cell.cell import Cell
from openpyxl.workbook import Workbook

HEADS = ("Column header", "Column header, numbers")


@dataclass(frozen=True)
class Page:
    """Summary of a workbook that was loaded with its values."""

    book: Workbook
    path: Path = Path()

    def row(self, label: object, below: str = "") -> list[Cell]:
        """The cells from a label on, in the table whose first header begins so."""
        sheet = self.book["Summary"]
        for first in (1, 11):
            inside = not below
            for row in range(3, sheet.max_row + 1):
                cell = sheet.cell(row, first)
                if cell.style in HEADS and below:
                    inside = str(cell.value).startswith(below)
                if inside and cell.value == label:
                    return [sheet.cell(row, column) for column in range(first, 10 if first == 1 else 18)]
        raise AssertionError(f"Summary has no {label!r} below {below!r}")

    def figures(self, label: object, below: str = "") -> list[object]:
        return [cell.value for cell in self.row(label, below)[1:]]

    def at(self, label: object, header: object, below: str) -> object:
        """The figure of a row below a header of its table."""
        cells = self.row(label, below)
        for row in range(cells[0].row, 2, -1):
            heads = [self.book["Summary"].cell(row, cell.column) for cell in cells]
            if heads[0].style in HEADS:
                return next(cell.value for cell, head in zip(cells, heads, strict=True) if head.value == header)
        raise AssertionError(f"no headers above {label!r}")
