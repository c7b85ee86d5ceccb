"""Cells of a workbook found by what stands beside them: a name, or a line's label, item and place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openpyxl.cell.cell import Cell
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

FIRST = 9


def cells(book: Workbook, *titles: str) -> Iterator[tuple[Worksheet, Cell]]:
    for title in titles or book.sheetnames:
        sheet: Worksheet = book[title]
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell, Cell) and cell.value is not None:
                    yield sheet, cell


def formulas(book: Workbook, *titles: str) -> Iterator[tuple[Worksheet, Cell]]:
    return ((sheet, cell) for sheet, cell in cells(book, *titles) if cell.data_type == "f")


def named(book: Workbook, name: str) -> Any:
    """The value of a named cell."""
    sheet, row, column = place_of(book, name)
    return book[sheet].cell(row, column).value


def place_of(book: Workbook, name: str) -> tuple[str, int, int]:
    """Sheet, row and column of a named cell."""
    sheet, cell = book.defined_names[name].attr_text.split("!")
    row, column = coordinate_to_tuple(cell.replace("$", ""))
    return sheet.strip("'"), row, column


def find(sheet: Worksheet, label: str, item: str = "", place: str = "") -> int:
    """The row of a line by label, item and place."""
    wanted = (label, item, place)
    lines = [row for row in range(8, sheet.max_row + 1) if sheet.cell(row, 4).value]
    found = [row for row in lines if tuple(sheet.cell(row, column).value or "" for column in (1, 2, 3)) == wanted]
    assert len(found) == 1, (label, item, place, found)
    return found[0]
