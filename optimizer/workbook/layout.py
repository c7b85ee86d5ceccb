"""Sheets as lists of lines. A time sheet has the same columns as every other; one formula fills a row.

Columns: A label, B accelerator or offer, C place, D unit, E constant, F total, G opening balance,
H source, I onwards the periods. Rows 1 to 7 are frozen: title, master check, the time axis, headers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.cell_range import MultiCellRange
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from optimizer.workbook.cells import Formula, WorkbookError, put_formula, put_number, put_text
from optimizer.workbook.decisions import Decision, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.styles import FORMATS, GREEN, PALE_GREEN, PALE_RED, RED, SPLIT_SYSTEMS, Role, Styles

HEADERS = ("Line", "Accelerator or offer", "Place", "Unit", "Constant", "Total", "Opening", "Source or note")
NUMBERS = frozenset({"Constant", "Total", "Opening"})
WIDTHS = (34, 23, 13, 20, 13, 15, 13, 33)
START, END, FISCAL_YEAR, PERIOD, HEADER = 3, 4, 5, 6, 7
"""Rows of the time axis: first day, last day, fiscal year, number, and the header with the period's key."""
FIRST_PERIOD = len(HEADERS) + 1
LABEL, ITEM, PLACE, UNIT, CONSTANT, TOTAL, OPENING, SOURCE = range(1, FIRST_PERIOD)
_PURE_LINK = re.compile(r"=('[^']+'|[A-Za-z]+)!\$?[A-Z]+\$?\d+|=[a-z][a-z0-9_]*")
_RULES: dict[str, tuple[str, str, str | None, str]] = {
    "amount": ("decimal", "0", None, "a number of 0 or more"),
    "share": ("decimal", "0", "1", "a share from 0 to 1 (0% to 100%)"),
    "ratio": ("decimal", "1", None, "a ratio of at least 1"),
    "positive": ("decimal", "0.000001", None, "a number above 0"),
    "count": ("whole", "0", None, "a whole number of 0 or more"),
    "switch": ("whole", "0", "1", "1 for yes or 0 for no"),
    "month": ("whole", "1", "12", "a month from 1 to 12"),
    "date": ("date", "1", None, "a date"),
}
"""Rules of input cells: type, least, most and what the message asks for."""


@dataclass(frozen=True)
class Row:
    """A line that has been written; its properties are references to parts of it. `last` is a column letter."""

    sheet: str
    number: int
    last: str

    @property
    def _on(self) -> str:
        return f"'{self.sheet}'!" if " " in self.sheet else f"{self.sheet}!"

    @property
    def now(self) -> str:
        """The cell of the formula's own period."""
        return f"{self._on}@{self.number}"

    @property
    def constant(self) -> str:
        return f"{self._on}$E{self.number}"

    @property
    def total(self) -> str:
        return f"{self._on}$F{self.number}"

    @property
    def across(self) -> str:
        """All periods."""
        return f"{self._on}$I{self.number}:${self.last}{self.number}"

    @property
    def so_far(self) -> str:
        """All periods up to the formula's own."""
        return f"{self._on}$I{self.number}:@{self.number}"

    @property
    def axis_across(self) -> str:
        """The period numbers above all periods."""
        return f"{self._on}$I$6:${self.last}$6"


def down(rows: Sequence[Row], column: str = "@") -> str:
    """The same column of lines that stand under one another."""
    numbers = [row.number for row in rows]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise WorkbookError(f"lines {numbers} do not stand together")
    return f"{rows[0]._on}{column}{numbers[0]}:{column}{numbers[-1]}"


def sum_down(rows: Sequence[Row], column: str = "@") -> Formula:
    """The sum of a column of lines that stand under one another; zero without any."""
    return Formula(f"=SUM({down(rows, column)})" if rows else "=0")


def cohort(row: Row, service: str) -> Formula:
    """What entered in the last `service` periods and is therefore still there."""
    axis = row.axis_across
    return Formula(f'=SUMIFS({row.across},{axis},"<="&@${PERIOD},{axis},">"&@${PERIOD}-{service})')


def at_order(row: Row, axis: Row, lead: str) -> Formula:
    """A value of the period of order, for what enters service now; zero if that was before the horizon."""
    return Formula(f"=SUMIFS({row.across},{axis.axis_across},@${PERIOD}-{lead})")


SUM = "sum"
Constant = float | date | Formula | None


@dataclass(frozen=True)
class Line:
    """What one line shows. `periods` are numbers, None for a blank cell, or one formula for all periods."""

    label: str
    unit: str
    item: str = ""
    place: str = ""
    constant: Constant = None
    total: Formula | str | None = None
    opening: Constant = None
    source: str = ""
    basis: str = ""
    date: str = ""
    periods: Sequence[float | None] | Formula | None = None
    role: Role | None = None
    name: str = ""
    rule: str = ""
    whole: bool = True
    constant_unit: str = ""


@dataclass(frozen=True)
class Tie:
    """A cell that must show the plan's own number, within 1e-9 of it or, where `cent` says so, within a cent."""

    sheet: str
    cell: str
    expected: float
    meaning: str
    cent: bool = False


@dataclass(frozen=True)
class Check:
    """A line of Checks: it fails when the value is further from zero than the named tolerance."""

    label: str
    value: Formula
    unit: str
    tolerance: str
    meaning: str
    only_unedited: bool = False


@dataclass
class Book:
    """The workbook being written and what its last passes need."""

    facts: Facts
    command: str
    workbook: Workbook
    styles: Styles
    ties: list[Tie] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    charts: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """Decisions besides orders, kind by kind."""
        return decisions_of(self.facts)

    @property
    def last_column(self) -> str:
        return get_column_letter(FIRST_PERIOD + self.facts.periods - 1)

    def name(self, name: str, sheet: str, cell: str) -> None:
        """Give a scalar a name, e.g. discount_rate."""
        column, row = re.fullmatch(r"\$?([A-Z]+)\$?(\d+)", cell).groups()  # type: ignore[union-attr]
        on = f"'{sheet}'" if " " in sheet else sheet
        self.workbook.defined_names[name] = DefinedName(name, attr_text=f"{on}!${column}${row}")

    def tie(self, row: Row, values: Sequence[float], meaning: str) -> None:
        """The periods of a line must show these numbers."""
        for i, value in enumerate(values):
            cell = f"{get_column_letter(FIRST_PERIOD + i)}{row.number}"
            self.ties.append(Tie(row.sheet, cell, value, f"{meaning} {self.facts.keys[i]}"))

    def tie_total(self, row: Row, value: float, meaning: str, cent: bool = False) -> None:
        """The total of a line must show this number."""
        self.ties.append(Tie(row.sheet, f"F{row.number}", value, meaning, cent))


def warn(sheet: Worksheet, cells: str, operator: str, value: str, fill: str, ink: str) -> None:
    """Colour cells whose value compares so."""
    look = DifferentialStyle(font=Font(color=ink), fill=PatternFill("solid", fgColor=fill, bgColor=fill))
    sheet.conditional_formatting.add(cells, Rule("cellIs", dxf=look, operator=operator, formula=[value]))  # type: ignore[arg-type]


class Page:
    """A sheet with the frozen head that all have: title, link to Contents, master check."""

    def __init__(self, book: Book, title: str, heading: str, colour: str) -> None:
        self.book, self.title = book, title
        self.sheet: Worksheet = book.workbook.create_sheet(title)
        if self.sheet.title != title:
            raise WorkbookError(f"sheet '{title}' exists already")
        self.sheet.sheet_properties.tabColor = colour
        self.sheet.sheet_view.showGridLines = False
        self.sheet.sheet_view.zoomScale = 85
        self.text(1, 1, heading, Role.TITLE)
        self.sheet.row_dimensions[1].height = 24
        self._master_check()
        if title != "Contents":
            self.link(1, 4, "Contents", "Contents")

    def _master_check(self) -> None:
        self.text(2, 1, "Master check", Role.STATUS)
        self.formula(2, 2, Formula('=IF(master_check=0,"OK","CHECK")'), Role.STATUS)
        edited = '=IF(plan_edited=0,"as optimised","edited: re-costed, not re-optimised")'
        self.formula(2, 3, Formula(edited), Role.STATUS)
        warn(self.sheet, "B2", "equal", '"OK"', PALE_GREEN, GREEN)
        warn(self.sheet, "B2", "notEqual", '"OK"', PALE_RED, RED)
        warn(self.sheet, "C2", "notEqual", '"as optimised"', PALE_RED, RED)

    def cell(self, row: int, column: int, role: Role, number_format: str = "General") -> Cell:
        cell = self.sheet.cell(row, column)
        assert isinstance(cell, Cell)
        self.book.styles.apply(cell, role, number_format)
        return cell

    def text(self, row: int, column: int, text: str, role: Role = Role.LABEL) -> None:
        put_text(self.cell(row, column, role), text)

    def number(self, row: int, column: int, value: float | date, role: Role, unit: str) -> None:
        put_number(self.cell(row, column, role, FORMATS[unit]), value)

    def formula(
        self, row: int, column: int, formula: Formula, role: Role | None = None, number_format: str = "General"
    ) -> None:
        """Write a formula; references to this sheet lose its name, the column marks become columns."""
        text = formula.text.replace(f"'{self.title}'!", "").replace(f"{self.title}!", "")
        text = text.replace("@", get_column_letter(column)).replace("~", get_column_letter(max(column - 1, 1)))
        linked = Role.LINK if _PURE_LINK.fullmatch(text) else Role.FORMULA
        put_formula(self.cell(row, column, role or linked, number_format), Formula(text))

    def link(self, row: int, column: int, sheet: str, text: str, cell: str = "A1") -> None:
        """An internal link that says where it goes."""
        self.text(row, column, text, Role.LINK)
        self.sheet.cell(row, column).hyperlink = Hyperlink(ref="", location=f"'{sheet}'!{cell}")

    def paragraph(self, row: int, column: int, text: str, width: float) -> None:
        """Wrapped text in a column of that width, and a row high enough for it."""
        self.text(row, column, text, Role.WRAPPED)
        lines = sum(1 + int(len(part) * 1.02 // width) for part in text.split("\n"))
        height = max(self.sheet.row_dimensions[row].height or 0.0, 13.5 * lines)
        self.sheet.row_dimensions[row].height = height

    def widths(self, widths: Sequence[float]) -> None:
        for i, width in enumerate(widths):
            self.sheet.column_dimensions[get_column_letter(i + 1)].width = width

    def print_setup(self, head: int, tall: bool = False, paper: int = 9) -> None:
        """Landscape (or portrait), one page wide, head repeated, footer with file, sheet and page."""
        sheet = self.sheet
        sheet.page_setup.orientation = "portrait" if tall else "landscape"
        sheet.page_setup.paperSize = paper
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
        sheet.print_title_rows = f"1:{head}"
        sheet.oddFooter.left.text, sheet.oddFooter.center.text = "&F", "&A"  # type: ignore[union-attr]
        sheet.oddFooter.right.text = "Page &P of &N"  # type: ignore[union-attr]
        for side in ("left", "right", "top", "bottom"):
            setattr(sheet.page_margins, side, 0.5)


class Table(Page):
    """A time sheet, written from top to bottom."""

    def __init__(self, book: Book, title: str, heading: str, colour: str, headers: Sequence[str] = HEADERS) -> None:
        super().__init__(book, title, heading, colour)
        self.next = HEADER + 1
        self._validated: dict[str, list[tuple[int, int]]] = {}
        self._axis(headers)
        self.sheet.freeze_panes = self.sheet.cell(HEADER + 1, FIRST_PERIOD)  # type: ignore[assignment]
        wide = self._period_width()
        self.widths([*WIDTHS, *[wide] * book.facts.periods])
        self._fit(ITEM, [*book.facts.offers, *book.facts.systems])
        self._fit(PLACE, book.facts.places)
        self._fit(LABEL, [f"{each.kind.label}{each.suffix}, optimiser" for each in book.decisions])
        self.print_setup(HEADER, paper=8)
        self.sheet.print_title_cols = "A:D"

    def _fit(self, column: int, ids: Sequence[str]) -> None:
        """Widen a column so that ids are not cut."""
        longest = max((len(each) for each in ids), default=0)
        width = min(40.0, max(WIDTHS[column - 1], longest + 1.0))
        self.sheet.column_dimensions[get_column_letter(column)].width = width

    def _period_width(self) -> float:
        """Wide enough for the largest cost and the most work asked for."""
        facts = self.book.facts
        flows = [abs(value) for periods in facts.plan.costs.values() for value in periods.values()]
        work = [value or 0.0 for name in facts.valued for value in facts.asked(name)]
        work += [value for values in facts.unmet.values() for value in values]
        longest = [f"{max(flows, default=0.0):,.0f}", f"{max(work, default=0.0):,.2f}"]
        return max(11.0, max(map(len, longest)) + 3.0)

    def _axis(self, headers: Sequence[str]) -> None:
        for row, label, unit in (
            (START, "Period starts", "date"),
            (END, "Period ends", "date"),
            (FISCAL_YEAR, "Fiscal year", "year"),
            (PERIOD, "Period number", "number"),
        ):
            self.text(row, LABEL, label)
            self.text(row, UNIT, unit)
            for i in range(self.book.facts.periods):
                self.formula(row, FIRST_PERIOD + i, self.axis_formula(row), None, FORMATS[unit])
        for i, header in enumerate(headers):
            self.text(HEADER, i + 1, header, Role.NUMBERS if header in NUMBERS else Role.HEADER)
        for i in range(self.book.facts.periods):
            self.period_header(FIRST_PERIOD + i)

    def axis_formula(self, row: int) -> Formula:
        return Formula(f"=Inputs!@${row}")

    def period_header(self, column: int) -> None:
        self.formula(HEADER, column, Formula(f"=Inputs!@${HEADER}"), Role.NUMBERS)

    def skip(self) -> None:
        self.next += 1

    def heading(self, text: str, note: str = "") -> None:
        """A heading across the sheet, with a sentence that says how the lines are made."""
        self.skip()
        for column in range(1, FIRST_PERIOD + self.book.facts.periods):
            self.cell(self.next, column, Role.HEADING)
        self.text(self.next, LABEL, text, Role.HEADING)
        self.next += 1
        if note:
            self.text(self.next, LABEL, note, Role.NOTE)
            self.next += 1

    def line(self, line: Line) -> Row:
        """Write a line and return its row."""
        row = Row(self.title, self.next, self.book.last_column)
        for column, text in ((LABEL, line.label), (ITEM, line.item), (PLACE, line.place), (UNIT, line.unit)):
            if text:
                self.text(row.number, column, text)
        self._side_text(row.number, line)
        self._scalars(row.number, line, self.book.last_column)
        self._periods(row.number, line)
        if line.name:
            self.book.name(line.name, self.title, f"$E${row.number}")
        self.next += 1
        return row

    def block(self, lines: Sequence[Line]) -> list[Row]:
        return [self.line(line) for line in lines]

    def _side_text(self, row: int, line: Line) -> None:
        for column, text in ((TOTAL, line.basis), (OPENING, line.date), (SOURCE, line.source)):
            if text:
                self.text(row, column, text, Role.NOTE if column == SOURCE else Role.LABEL)

    def _scalars(self, row: int, line: Line, last: str) -> None:
        total = Formula(f"=SUM(I{row}:{last}{row})") if line.total == SUM else line.total
        for column, value in ((CONSTANT, line.constant), (TOTAL, total), (OPENING, line.opening)):
            if value is not None:
                assert not isinstance(value, str)
                self._value(row, column, value, line)

    def _periods(self, row: int, line: Line) -> None:
        if line.periods is None:
            return
        count = self.book.facts.periods
        values = [line.periods] * count if isinstance(line.periods, Formula) else list(line.periods)
        for i, value in enumerate(values):
            self._value(row, FIRST_PERIOD + i, value, line)

    def _value(self, row: int, column: int, value: Constant, line: Line) -> None:
        unit = line.constant_unit if column == CONSTANT and line.constant_unit else line.unit
        number_format = FORMATS[unit] if line.whole or unit != "systems" else SPLIT_SYSTEMS
        if isinstance(value, Formula):
            self.formula(row, column, value, Role.TOTAL if line.role is Role.TOTAL else None, number_format)
            return
        role = line.role or Role.INPUT
        shown = number_format.replace('"-"', "0") if role is Role.INPUT else number_format
        cell = self.cell(row, column, role, shown)
        if value is not None:
            put_number(cell, value)
        if line.rule:
            self._validated.setdefault(line.rule, []).append((column, row))

    def finish(self) -> None:
        """Attach the rules of the input cells, few and in rectangles."""
        for rule, cells in sorted(self._validated.items()):
            validation = _validation(rule)
            validation.sqref = MultiCellRange(_rectangles(cells))
            self.sheet.add_data_validation(validation)


def _rectangles(cells: list[tuple[int, int]]) -> list[str]:
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


def _validation(rule: str) -> DataValidation:
    kind, least, most, asks = _RULES[rule]
    operator = "between" if most is not None else "greaterThanOrEqual"
    found = DataValidation(kind, least, most, operator=operator, allow_blank=True, showErrorMessage=True)  # type: ignore[arg-type]
    found.errorTitle, found.error = "Not a value for this cell", f"Enter {asks}."
    return found
