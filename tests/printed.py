"""How large a sheet's letters are on paper, from its page set-up, column widths and row heights alone."""

from __future__ import annotations

from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.cell import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

PAPERS = {8: (1190.55, 841.89), 9: (841.89, 595.28)}
"""Width and height in points of A3 and A4 across."""
POINTS_PER_INCH, POINTS_PER_PIXEL = 72.0, 0.75
DIGIT, PADDING = 7, 5
"""Pixels of a digit of the workbook's font, and beside the digits of a column: what a width of Excel is counted in."""
DEFAULT_WIDTH, DEFAULT_HEIGHT = 8.43, 15.0


def width(sheet: Worksheet, column: int) -> float:
    """Of a column, in points."""
    letter = get_column_letter(column)
    set_to = sheet.column_dimensions[letter].width if letter in sheet.column_dimensions else DEFAULT_WIDTH
    return (DIGIT * set_to + PADDING) * POINTS_PER_PIXEL


def height(sheet: Worksheet, row: int) -> float:
    return float((sheet.row_dimensions[row].height if row in sheet.row_dimensions else None) or DEFAULT_HEIGHT)


def paper(sheet: Worksheet) -> tuple[float, float]:
    """Points between the margins."""
    margins = sheet.page_margins
    wide, high = PAPERS[int(sheet.page_setup.paperSize)]
    return (
        wide - POINTS_PER_INCH * (margins.left + margins.right),
        high - POINTS_PER_INCH * (margins.top + margins.bottom),
    )


def extent(sheet: Worksheet) -> tuple[int, int]:
    """The last column and row that are printed."""
    if sheet.print_area:
        _, _, column, row = range_boundaries(str(sheet.print_area).rpartition("!")[2])
        return int(column), int(row)
    return sheet.max_column, sheet.max_row


def pages_wide(sheet: Worksheet) -> list[list[int]]:
    """The columns of each page beside one another: those repeated, then its own."""
    last, repeated = extent(sheet)[0], _repeated(sheet)
    pages: list[list[int]] = [[]]
    breaks = {each.id for each in sheet.col_breaks.brk}
    for column in range(1, last + 1):
        pages[-1].append(column)
        if column in breaks and column < last:
            pages.append(list(repeated))
    return pages


def _repeated(sheet: Worksheet) -> list[int]:
    columns = sheet.print_title_cols
    if not columns:
        return []
    first, last = (column_index_from_string(each.strip("$")) for each in columns.split(":"))
    return list(range(first, last + 1))


def scale(sheet: Worksheet) -> float:
    """What letters are printed at; never more than their size."""
    fits = sheet.sheet_properties.pageSetUpPr and sheet.sheet_properties.pageSetUpPr.fitToPage
    if not fits:
        return float(sheet.page_setup.scale or 100) / 100
    (wide, high), (last, rows) = paper(sheet), extent(sheet)
    found = [1.0, wide / sum(width(sheet, column) for column in range(1, last + 1))]
    if sheet.page_setup.fitToHeight:
        found.append(high / sum(height(sheet, row) for row in range(1, rows + 1)))
    return min(found)


def points(sheet: Worksheet) -> float:
    """The size on paper of the smallest letters of any cell that shows something."""
    sizes = [cell.font.sz for row in sheet.iter_rows() for cell in row if cell.value is not None]
    return float(min(sizes)) * scale(sheet)
