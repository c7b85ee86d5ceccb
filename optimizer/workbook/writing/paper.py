"""Print set-up, when columns have their last widths: letters of 7 points or more, wide sheets folded by year on A3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import fsum

from openpyxl.styles import Alignment
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import cells_of
from optimizer.workbook.writing.references import FIRST_PERIOD

A3, A4 = 8, 9
"""Papers, as Excel counts them."""
WIDE = {A4: 841.89, A3: 1190.55}
"""Points from edge to edge, across."""
MARGINS = {"left": 0.4, "right": 0.4, "top": 0.4, "bottom": 0.6, "header": 0.2, "footer": 0.25}
"""Inches; the footer stands inside the margin below."""
POINTS_PER_INCH, POINTS_PER_PIXEL = 72.0, 0.75
DIGIT, PADDING = 7, 5
"""Pixels of a digit of the workbook's font and beside those of a column: what Excel counts widths in."""
LEAST, FOLDED = 0.71, 72
"""The least scale of a sheet that is one page wide, and the scale in percent of one that is folded: letters have 10
points, so they are printed at 7 or more."""
HEAD_ROWS = 2
"""The title and the status, which run over into what stands empty beside them."""
Group = list[float]
"""Widths in points of columns that stay on one page."""


def set_up_pages(book: Book) -> None:
    """Every sheet that is not one page as a whole: as large a scale as its width allows, or folded."""
    for sheet in book.workbook.worksheets:
        if not sheet.page_setup.fitToHeight:
            _set_up(book, sheet)
        elif sheet.title in book.fixed:
            _shrink(sheet)


def _shrink(sheet: Worksheet) -> None:
    """Where columns cannot grow, a figure in a font wider than ours is written smaller, not as ###."""
    for cell in cells_of(sheet):
        if cell.data_type in ("n", "f") and cell.row > HEAD_ROWS:
            look = cell.alignment
            cell.alignment = Alignment(look.horizontal, look.vertical, indent=look.indent, shrink_to_fit=True)


def _set_up(book: Book, sheet: Worksheet) -> None:
    """One page wide on A4 or A3, where letters stay legible; else on A3, broken between years or columns."""
    groups = list(_groups(book, sheet))
    wide = fsum(point for group in groups for point in group)
    for paper in (A3,) if sheet.print_title_cols else (A4, A3):
        sheet.page_setup.paperSize = paper
        if wide * LEAST <= _printable(paper):
            return
    sheet.sheet_properties.pageSetUpPr.fitToPage = False  # type: ignore[union-attr]
    sheet.page_setup.fitToWidth = sheet.page_setup.fitToHeight = None
    sheet.page_setup.scale = FOLDED
    if not sheet.print_title_cols:
        sheet.print_title_cols = "A:A"
    for column in breaks(groups, _repeated(sheet), _printable(A3) * 100 / FOLDED):
        sheet.col_breaks.append(Break(id=column))


def _printable(paper: int) -> float:
    return WIDE[paper] - POINTS_PER_INCH * (MARGINS["left"] + MARGINS["right"])


def _points(sheet: Worksheet, column: int) -> float:
    return float(DIGIT * sheet.column_dimensions[get_column_letter(column)].width + PADDING) * POINTS_PER_PIXEL


def _groups(book: Book, sheet: Worksheet) -> Iterator[Group]:
    """What stands left of the periods, then the periods of each fiscal year; on a list each column."""
    area = str(sheet.print_area or "").rpartition(":")[2].replace("$", "").rstrip("0123456789")
    last = column_index_from_string(area) if area else _last(sheet)
    if sheet.freeze_panes is None or not str(sheet.freeze_panes).startswith(get_column_letter(FIRST_PERIOD)):
        yield from ([_points(sheet, column)] for column in range(1, last + 1))
        return
    yield [_points(sheet, column) for column in range(1, FIRST_PERIOD)]
    numbered = enumerate(book.facts.plan.periods, start=FIRST_PERIOD)
    for _, year in groupby(numbered, key=lambda each: each[1].fiscal_year):
        yield [_points(sheet, column) for column, _ in year]


def _last(sheet: Worksheet) -> int:
    """The last column in which anything stands."""
    return max((column for (_, column), cell in sheet._cells.items() if cell.value is not None), default=1)


def _repeated(sheet: Worksheet) -> float:
    """Points of the columns that each page repeats."""
    first, last = (column_index_from_string(part.strip("$")) for part in str(sheet.print_title_cols).split(":"))
    return fsum(_points(sheet, column) for column in range(first, last + 1))


def breaks(groups: Sequence[Group], repeated: float, room: float) -> list[int]:
    """After which columns, counted from 1, pages end; groups stay whole where one fits behind what is repeated."""
    found: list[int] = []
    column, used = 0, 0.0
    for group in groups:
        whole = fsum(group)
        if used and used + whole > room and repeated + whole <= room:
            found.append(column)
            used = repeated
        for wide in group:
            if used > repeated and used + wide > room:
                found.append(column)
                used = repeated
            column, used = column + 1, used + wide
    return found
