"""A workbook as the rules look at it: as its author sees it, as its reader sees it, and its parts."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import openpyxl
from openpyxl.cell.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from catalogs.problems import InputError
from optimizer.reading import from_outside
from optimizer.workbook.back.compare import NOTHING, Compared, compared, same_formula
from optimizer.workbook.back.copy import Opened, copy_among
from optimizer.workbook.back.package import KIND, Package
from optimizer.workbook.back.sheets import Cells, Value, read_names, read_sheets
from optimizer.workbook.check.formula_cell import FormulaCell, refers, tokens_of
from optimizer.workbook.check.looks import Looks
from optimizer.workbook.embedded import Made
from optimizer.workbook.write import build
from optimizer.workbook.writing.areas import Area, areas_in
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import cells_of
from optimizer.workbook.writing.lines import CONSTANT, HEADER
from optimizer.workbook.writing.references import FIRST_PERIOD

TIME_FREEZE = f"{get_column_letter(FIRST_PERIOD)}{HEADER + 1}"


@dataclass(frozen=True, order=True)
class Finding:
    """What a rule found, and where: a sheet, or a sheet and cell."""

    rule: int
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: rule {self.rule}: {self.message}"


class Subject:
    """A workbook file under review, without the notes in it. Raises InputError if it is not safe to read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.package = Package(path)
        self.found: dict[str, Cells] = read_sheets(self.package)
        self.defined = read_names(self.package)
        self.look = Looks(self.package).of
        self._cells: dict[str, tuple[Cell, ...]] = {}
        with warnings.catch_warnings(), from_outside(path, KIND), path.open("rb") as file:
            warnings.simplefilter("ignore")
            self.book: Workbook = openpyxl.load_workbook(file)
        self.no_copy = ""
        self.opened = self._opened()
        self._forget_notes()

    def _opened(self) -> Opened | None:
        """The workbook with what it was made from; None where its copy is missing, damaged or changed."""
        try:
            return copy_among(self.path, self.found, self.defined)
        except InputError as error:
            self.no_copy = "; ".join(problem.message for problem in error.problems)
            return None

    def _forget_notes(self) -> None:
        """Notes of a reader are no part of what is reviewed."""
        for note in self.held.notes if self.held else ():
            del self.book[note.sheet][note.cell]
            del self.found[note.sheet][note.cell]

    @property
    def made(self) -> Made | None:
        """What the workbook was made from; None where its copy is missing, damaged or changed."""
        return self.opened.made if self.opened else None

    @cached_property
    def written(self) -> Book | None:
        """The workbook as the plan inside it is written now."""
        return build(self.opened.made) if self.opened else None

    @cached_property
    def held(self) -> Compared | None:
        """What differs from it."""
        return compared(self.opened, self.written) if self.opened and self.written else None

    @cached_property
    def formulas_are_ours(self) -> bool:
        """Whether every formula is one that this program writes where it stands, and so safe to calculate."""
        if self.held is None:
            return False
        ours = self.held.written
        return all(
            same_formula(ours.get(title, {}).get(cell, NOTHING), found)
            for title, cells in self.found.items()
            for cell, found in cells.items()
            if found.formula is not None
        )

    def value(self, sheet: str, cell: str) -> Value:
        """What a cell shows."""
        found = self.found.get(sheet, {}).get(cell)
        return None if found is None else found.value

    def cells(self, sheet: Worksheet) -> tuple[Cell, ...]:
        """The cells of a sheet that hold something."""
        if sheet.title not in self._cells:
            self._cells[sheet.title] = tuple(cell for cell in cells_of(sheet) if cell.value is not None)
        return self._cells[sheet.title]

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
            self._formula(sheet.title, cell)
            for sheet in self.sheets
            for cell in self.cells(sheet)
            if cell.data_type == "f"
        )

    def _formula(self, sheet: str, cell: Cell) -> FormulaCell:
        text = str(cell.value)
        tokens = tokens_of(text)
        areas = chain.from_iterable(self._areas(token.value, sheet) for token in tokens if refers(token))
        return FormulaCell(sheet, cell.row, cell.column, text, self.look(cell).style, tokens, tuple(areas))

    def _areas(self, reference: str, sheet: str) -> Iterable[Area]:
        return (self.names[reference],) if reference in self.names else areas_in(reference, sheet)

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

    def lines(self, sheet: Worksheet) -> list[int]:
        """Rows of a time sheet that hold numbers."""
        held = (cell for cell in self.cells(sheet) if cell.row > HEADER and cell.value != "")
        return sorted({cell.row for cell in held if cell.column == CONSTANT or cell.column >= FIRST_PERIOD})
