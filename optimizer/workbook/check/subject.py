"""A workbook as the rules look at it: as its author sees it, as its reader sees it, and its parts."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import openpyxl
from formualizer import Token, Tokenizer, TokenizerError, TokenSubType, TokenType
from openpyxl.cell.cell import Cell
from openpyxl.styles.styleable import StyleableObject
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.constants import SHEET_MAIN_NS

from catalogs.problems import InputError
from optimizer.reading import from_outside
from optimizer.workbook.back.compare import NOTHING, Compared, compared, same_formula
from optimizer.workbook.back.copy import Opened, copy_among
from optimizer.workbook.back.package import KIND, Package
from optimizer.workbook.back.sheets import Cells, Value, read_names, read_sheets
from optimizer.workbook.embedded import Made
from optimizer.workbook.write import build
from optimizer.workbook.writing.areas import Area, areas_in
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import cells_of
from optimizer.workbook.writing.lines import CONSTANT, HEADER
from optimizer.workbook.writing.references import FIRST_PERIOD

STYLES = "xl/styles.xml"
BLACK, WHITE = "FF000000", "FFFFFFFF"
TIME_FREEZE = f"{get_column_letter(FIRST_PERIOD)}{HEADER + 1}"


@dataclass(frozen=True, order=True)
class Finding:
    """What a rule found, and where: a sheet, or a sheet and cell."""

    rule: int
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: rule {self.rule}: {self.message}"


@dataclass(frozen=True)
class Look:
    """How a cell looks: the name of its style, its number format, its colours and whether anything fills it."""

    style: str
    number_format: str
    ink: object
    ground: object
    filled: bool


@dataclass(frozen=True)
class FormulaCell:
    """A formula where it stands: its tokens, none if it cannot be parsed, and all that it refers to, names included."""

    sheet: str
    row: int
    column: int
    text: str
    style: str
    tokens: tuple[Token, ...]
    areas: tuple[Area, ...]

    @cached_property
    def cell(self) -> str:
        return f"{get_column_letter(self.column)}{self.row}"

    @cached_property
    def where(self) -> str:
        return f"{self.sheet}!{self.cell}"


class Subject:
    """A workbook file under review, without the notes in it. Raises InputError if it is not safe to read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        package = Package(path)
        self.found: dict[str, Cells] = read_sheets(package)
        self.defined = read_names(package)
        self.parts = package.content()
        self._names_of_styles = _names_of_styles(package)
        self._looks_by_number: dict[int, Look] = {}
        self._looks: dict[StyleableObject, Look] = {}
        self._cells: dict[str, tuple[Cell, ...]] = {}
        package.close()
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

    def look(self, cell: StyleableObject) -> Look:
        """How a cell looks.

        openpyxl takes the place of a name in the list for its number, which other programs do not number through.
        """
        if cell not in self._looks:
            self._looks[cell] = self._look(cell)
        return self._looks[cell]

    def _look(self, cell: StyleableObject) -> Look:
        number = cell.style_id
        if number not in self._looks_by_number:
            colour, fill = cell.font.color, cell.fill
            self._looks_by_number[number] = Look(
                self._names_of_styles.get(cell._style.xfId, ""),  # type: ignore[attr-defined]
                cell.number_format,
                BLACK if colour is None else colour.rgb,
                fill.fgColor.rgb if fill.fill_type == "solid" else WHITE,
                fill.fill_type is not None,
            )
        return self._looks_by_number[number]

    def style(self, cell: StyleableObject) -> str:
        """The name of a cell's style, empty if it has none."""
        return self.look(cell).style

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
        tokens = _tokens(text)
        areas = chain.from_iterable(self._areas(token.value, sheet) for token in tokens if refers(token))
        return FormulaCell(sheet, cell.row, cell.column, text, self.style(cell), tokens, tuple(areas))

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


def _names_of_styles(package: Package) -> dict[int, str]:
    """The names of cell styles, by the number that a cell's style states."""
    names: dict[int, str] = {}
    for event, element in package.elements(STYLES) if STYLES in package.names else ():
        if event == "end" and element.tag == f"{{{SHEET_MAIN_NS}}}cellStyle":
            names.setdefault(int(element.get("xfId", 0)), element.get("name", ""))
    return names


def _tokens(formula: str) -> tuple[Token, ...]:
    """The tokens of a formula; none of one that cannot be parsed."""
    try:
        return tuple(Tokenizer(formula).tokens())
    except TokenizerError:
        return ()


def refers(token: Token) -> bool:
    """Whether a token of a formula is a reference."""
    return bool(token.token_type == TokenType.Operand and token.subtype == TokenSubType.Range)
