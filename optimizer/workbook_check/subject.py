"""A workbook as the rules look at it: as its author sees it, as its reader sees it, and its parts."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import openpyxl
from openpyxl.cell.cell import Cell
from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from catalogs.problems import InputError
from optimizer.workbook.embedded import Made
from optimizer.workbook.lines import FIRST_PERIOD, HEADER
from optimizer.workbook_back.copy import copy_among
from optimizer.workbook_back.package import Package
from optimizer.workbook_back.sheets import Cells, Value, read_sheets

TIME_FREEZE = f"{get_column_letter(FIRST_PERIOD)}{HEADER + 1}"
_REFERENCE = re.compile(
    r"(?:(?:'([^']+)'|([A-Za-z_][A-Za-z0-9_.]*))!)?\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?"
)


@dataclass(frozen=True, order=True)
class Finding:
    """What a rule found, and where: a sheet, or a sheet and cell."""

    rule: int
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: rule {self.rule}: {self.message}"


@dataclass(frozen=True)
class FormulaCell:
    """A formula where it stands."""

    sheet: str
    cell: str
    row: int
    column: int
    text: str
    tokens: tuple[Token, ...]

    @property
    def where(self) -> str:
        return f"{self.sheet}!{self.cell}"


@dataclass(frozen=True)
class Area:
    """What a formula refers to: cells of a sheet, from one corner to the other."""

    sheet: str
    first: str
    first_row: int
    last: str
    last_row: int


class Subject:
    """A workbook file under review. Raises InputError if it is not safe to read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        package = Package(path)
        self.found: dict[str, Cells] = read_sheets(package)
        package.close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.book: Workbook = openpyxl.load_workbook(path)
        with zipfile.ZipFile(path) as archive:
            self.parts = {name: archive.read(name) for name in archive.namelist() if not name.endswith(".bin")}

    @cached_property
    def made(self) -> Made | None:
        """What the workbook was made from; None where its copy is missing or damaged."""
        try:
            return copy_among(self.path, self.found).made
        except InputError:
            return None

    def value(self, sheet: str, cell: str) -> Value:
        """What a cell shows."""
        found = self.found.get(sheet, {}).get(cell)
        return None if found is None else found.value

    def cells(self, sheet: Worksheet) -> Iterator[Cell]:
        """The cells of a sheet that hold something."""
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell, Cell) and cell.value is not None:
                    yield cell

    @cached_property
    def sheets(self) -> tuple[Worksheet, ...]:
        return tuple(self.book.worksheets)

    @cached_property
    def time_sheets(self) -> tuple[Worksheet, ...]:
        """Sheets whose columns are periods."""
        return tuple(sheet for sheet in self.sheets if sheet.freeze_panes == TIME_FREEZE)

    @cached_property
    def formulas(self) -> tuple[FormulaCell, ...]:
        """Every formula, in the order of the sheets."""
        return tuple(
            FormulaCell(
                sheet.title,
                cell.coordinate,
                cell.row,
                cell.column,
                str(cell.value),
                tuple(Tokenizer(str(cell.value)).items),
            )
            for sheet in self.sheets
            for cell in self.cells(sheet)
            if cell.data_type == "f"
        )

    @cached_property
    def names(self) -> dict[str, Area]:
        """Where each defined name points."""
        found = {}
        for name, defined in self.book.defined_names.items():
            areas = list(areas_in(str(defined.attr_text), ""))
            if areas:
                found[name] = areas[0]
        return found

    def named(self, name: str) -> Value:
        """What a named cell shows."""
        area = self.names.get(name)
        return None if area is None else self.value(area.sheet, f"{area.first}{area.first_row}")

    def areas(self, formula: FormulaCell) -> list[Area]:
        """Everything that a formula refers to, names included."""
        found: list[Area] = []
        for token in formula.tokens:
            if token.type == "OPERAND" and token.subtype == "RANGE":
                if token.value in self.names:
                    found.append(self.names[token.value])
                else:
                    found += areas_in(token.value, formula.sheet)
        return found

    def lines(self, sheet: Worksheet) -> Iterator[int]:
        """Rows of a time sheet that hold numbers."""
        columns = (5, *range(FIRST_PERIOD, sheet.max_column + 1))
        for row in range(HEADER + 1, sheet.max_row + 1):
            if any(_holds(sheet.cell(row, column).value) for column in columns):
                yield row


def _holds(value: object) -> bool:
    return value is not None and value != ""


def areas_in(text: str, sheet: str) -> Iterator[Area]:
    """The areas that a reference names; `sheet` is where one without a sheet points."""
    for quoted, bare, first, first_row, last, last_row in _REFERENCE.findall(text):
        yield Area(quoted or bare or sheet, first, int(first_row), last or first, int(last_row or first_row))
