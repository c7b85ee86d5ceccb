"""Finds the machine-readable copy of the plan in a workbook that chipmix wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from openpyxl.utils.cell import coordinate_from_string

from optimizer.reading import refused
from optimizer.returned.verified import verified
from optimizer.workbook.back.package import Package
from optimizer.workbook.back.sheets import Cells, Name, read_names, read_sheets
from optimizer.workbook.embedded import MARK, DamagedCopy, Made, unpacked

ABOVE_PARTS = 3
"""Rows of the copy above its parts: its mark, a note and the SHA-256."""


@dataclass(frozen=True)
class Opened:
    """A workbook file: its cells and names, what it was made from, and where the copy of that begins."""

    path: Path
    sheets: Mapping[str, Cells]
    names: tuple[Name, ...]
    made: Made
    copy_sheet: str
    copy_rows: range


def copy_in(path: Path) -> Opened:
    """A workbook written by chipmix. Raises InputError if it is none, is not safe to read or its copy is damaged."""
    package = Package(path)
    return copy_among(path, read_sheets(package), read_names(package))


def copy_among(path: Path, sheets: Mapping[str, Cells], names: tuple[Name, ...]) -> Opened:
    """The copy among cells that have been read. Raises InputError if it is missing, damaged or changed."""
    sheet, row = next(_marks(sheets), ("", 0))
    if not sheet:
        raise refused(
            path,
            "is not a workbook written by chipmix, or the copy of the plan at the end of Log was deleted; "
            "write one with chipmix plan SCENARIO -o FILE.xlsx",
        )
    sha256, parts = _block(sheets[sheet], row)
    try:
        made = unpacked(sha256, parts)
    except DamagedCopy as error:
        raise refused(path, f"the copy of the plan from {sheet}!A{row} on {error}") from error
    verified(made.plan, path)
    return Opened(path, sheets, names, made, sheet, range(row, row + ABOVE_PARTS + len(parts)))


def _marks(sheets: Mapping[str, Cells]) -> Iterator[tuple[str, int]]:
    for title, cells in sheets.items():
        for coordinate, found in cells.items():
            if found.value == MARK and coordinate.startswith("B"):
                yield title, coordinate_from_string(coordinate)[1]


def _block(cells: Cells, row: int) -> tuple[str, list[str]]:
    """The SHA-256 and the parts under the mark: text in column B, from two rows below it to the first blank."""
    parts: list[str] = []
    while (found := cells.get(f"B{row + ABOVE_PARTS + len(parts)}")) is not None:
        parts.append(str(found.value))
    sha256 = cells.get(f"B{row + 2}")
    return str(sha256.value) if sha256 else "", parts
