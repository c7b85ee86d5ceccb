"""A sheet with the frozen head that all have, and the ways in which something is put on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from openpyxl.cell.cell import Cell
from openpyxl.chart import BarChart, ScatterChart
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from optimizer.workbook.language.given import Given
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula, WorkbookError, put_formula, put_number, put_text
from optimizer.workbook.writing.references import Place, Places
from optimizer.workbook.writing.styles import GREEN, PALE_GREEN, PALE_RED, RED, Role

Chart = BarChart | ScatterChart
HIGHEST_ROW = 409.0
"""Points; Excel opens no file with a higher one."""
_PURE_LINK = re.compile(r"=('[^']+'|[A-Za-z]+)!\$?[A-Z]+\$?\d+|=[a-z][a-z0-9_]*")


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
        self._protect()
        self.text(1, 1, heading, Role.TITLE)
        self.sheet.row_dimensions[1].height = 24
        self._master_check()
        if title != "Contents":
            self.link(1, 4, "Contents", "Contents")

    def _protect(self) -> None:
        """Without a password: against slips, not against people. Columns may be formatted, lists filtered."""
        protection = self.sheet.protection
        protection.sheet = True
        protection.formatColumns = protection.formatRows = protection.autoFilter = protection.sort = False

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
        cell = self.cell(row, column, role)
        put_text(cell, text)
        if isinstance(text, Given):
            self.book.given.add((self.title, cell.coordinate))

    def number(self, row: int, column: int, value: float, role: Role, number_format: str) -> None:
        put_number(self.cell(row, column, role, number_format), value)

    def formula(
        self, row: int, column: int, formula: Formula, role: Role | None = None, number_format: str = "General"
    ) -> None:
        """Write a formula once all lines have their places."""
        self.book.later.append(lambda: self._formula(row, column, formula, role, number_format))

    def _formula(self, row: int, column: int, formula: Formula, role: Role | None, number_format: str) -> None:
        """Write a formula; references to this sheet lose its name, the column marks become columns."""
        text = self.book.places.resolved(formula.text, Place(self.title, row, self.book.last_column))
        text = text.replace(f"'{self.title}'!", "").replace(f"{self.title}!", "")
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
        self.sheet.row_dimensions[row].height = min(height, HIGHEST_ROW)

    def chart(self, chart: Callable[[Places], Chart], says: str, cell: str) -> None:
        """Put a chart on the sheet, once all lines have their places, with the sentence that stands for it."""
        self.book.later.append(lambda: self.sheet.add_chart(chart(self.book.places), cell))
        self.book.charts.setdefault(self.title, []).append(says)

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
