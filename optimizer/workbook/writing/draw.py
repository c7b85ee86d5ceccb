"""The writer of sheets: gives every row its place and puts into cells what a sheet says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from openpyxl.cell.cell import Cell as ExcelCell
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.cell_range import MultiCellRange
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from optimizer.workbook.language.given import Given
from optimizer.workbook.writing.book import Book, Tie
from optimizer.workbook.writing.cells import Formula, WorkbookError, put_formula, put_number, put_text
from optimizer.workbook.writing.lists import Block, Cell, Columns, Drawing, Entry, ListSheet, heading, letters, note
from optimizer.workbook.writing.paper import A3, A4, MARGINS
from optimizer.workbook.writing.references import Place, Row
from optimizer.workbook.writing.rules import rectangles, validation_of
from optimizer.workbook.writing.styles import FORMATS, GREEN, PALE_GREEN, PALE_RED, RED, Role, in_usd

HIGHEST_ROW = 409.0
"""Points; Excel opens no file with a higher one."""
EDITED = '=IF(plan_edited=0,"as optimised","edited: re-costed, not re-optimised")'
_WRAPPED_RIGHT = Alignment(horizontal="right", vertical="top", wrap_text=True)
_OWN = re.compile("{([^{}]+)}")
_PURE_LINK = re.compile(r"=('[^']+'|[A-Za-z]+)!\$?[A-Z]+\$?\d+|=[a-z][a-z0-9_]*")


def draw(book: Book, sheet: ListSheet) -> None:
    """Gives every row its place; formulas and charts are written when all sheets have theirs."""
    page = _Page(book, sheet)
    page.block(_head(sheet), 0)
    _warn(page.sheet, "B2", "equal", '"OK"', PALE_GREEN, GREEN)
    _warn(page.sheet, "B2", "notEqual", '"OK"')
    _warn(page.sheet, "C2", "notEqual", '"as optimised"')
    for block in sheet.blocks:
        page.block(block, sheet.wide)
    page.finish(sheet)
    if sheet.fixed:
        book.fixed.add(sheet.title)
    _set_up(book, page.sheet, sheet)


def _head(sheet: ListSheet) -> Block:
    """What all sheets begin with: title, link to Contents, master check."""
    title = (Cell(sheet.heading, role=Role.TITLE), None, None, Cell("Contents", link="Contents"))
    status = (
        Cell("Master check", role=Role.STATUS), Cell(Formula('=IF(master_check=0,"OK","CHECK")'), role=Role.STATUS),
        Cell(Formula(EDITED), role=Role.STATUS), note(sheet.stamp) if sheet.stamp else None,
    )  # fmt: skip
    return Block([Entry(title[: 1 if sheet.title == "Contents" else 4], height=24), Entry(status)], gap=0)


def _headers(block: Block) -> Entry:
    """Those of numbers stand to the right; in a row of given height they are wrapped."""
    wrapped = _WRAPPED_RIGHT if block.height else None
    cells = {
        name: column.header
        if isinstance(column.header, Cell)
        else Cell(column.header, role=Role.NUMBERS, alignment=wrapped)
        if column.unit
        else Cell(column.header, role=Role.HEADER)
        for name, column in block.columns.items()
    }
    return Entry(cells, "" if block.heading else block.key, height=block.height)


def _warn(sheet: Worksheet, cells: str, operator: str, value: str, fill: str = PALE_RED, ink: str = RED) -> None:
    """Colour cells whose value compares so."""
    look = DifferentialStyle(font=Font(color=ink), fill=PatternFill("solid", fgColor=fill, bgColor=fill))
    sheet.conditional_formatting.add(cells, Rule("cellIs", dxf=look, operator=operator, formula=[value]))  # type: ignore[arg-type]


def _set_up(book: Book, on: Worksheet, sheet: ListSheet) -> None:
    """What stays in view; landscape, one page wide, head repeated, footer with file, sheet and page."""
    on.freeze_panes = f"{sheet.frozen}{sheet.head + 1}"
    on.page_setup.orientation = "landscape"
    on.page_setup.paperSize = A3 if sheet.large else A4
    on.page_setup.fitToWidth, on.page_setup.fitToHeight = 1, int(sheet.one_page)
    on.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
    on.print_title_rows = f"1:{sheet.head}"
    if sheet.large:
        on.print_title_cols = sheet.large
    on.oddFooter.left.text, on.oddFooter.center.text = "&F", "&A"  # type: ignore[union-attr]
    on.oddFooter.right.text = "Page &P of &N"  # type: ignore[union-attr]
    for side, inches in MARGINS.items():
        setattr(on.page_margins, side, inches)
    if sheet.printed is not None:
        column, row, more = sheet.printed
        on.print_area = f"A1:{column}{book.places[row].number + more}"


@cache
def _named(names: tuple[str, ...]) -> Mapping[str, str]:
    """The letters of columns by their names."""
    return {name: get_column_letter(i) for i, name in enumerate(names, start=1)}


class _Page:
    """A sheet, written from top to bottom."""

    def __init__(self, book: Book, sheet: ListSheet) -> None:
        self.book, self.title, self.next = book, sheet.title, 1
        self.sheet: Worksheet = book.workbook.create_sheet(sheet.title)
        if self.sheet.title != sheet.title:
            raise WorkbookError(f"sheet '{sheet.title}' exists already")
        self.sheet.sheet_properties.tabColor = sheet.colour
        self.sheet.sheet_view.showGridLines = False
        self.sheet.sheet_view.zoomScale = 85
        self._protect()
        self.widths = sheet.widths or [column.width for column in sheet.blocks[0].columns.values()]
        for i, width in enumerate(self.widths, start=1):
            self.sheet.column_dimensions[get_column_letter(i)].width = width
        self._validated: dict[str, list[tuple[int, int]]] = {}

    def _protect(self) -> None:
        """Without a password: against slips, not against people. Columns may be formatted, lists filtered."""
        protection = self.sheet.protection
        protection.sheet = True
        protection.formatColumns = protection.formatRows = protection.autoFilter = protection.sort = False

    def block(self, block: Block, wide: int) -> None:
        self.next += block.gap
        if block.heading:
            self._entry(heading(block.heading, wide, key=block.key), letters(wide))
        for text in block.notes:
            self._entry(Entry((note(text),)), letters(1))
        head = self.next
        if any(column.header for column in block.columns.values()):
            self._entry(_headers(block), block.columns)
        for entry in block.entries:
            self._entry(entry, block.columns)
        if block.filtered:
            last = head + max(1, len(block.entries))
            self.sheet.auto_filter.ref = f"A{head}:{get_column_letter(len(block.columns))}{last}"
            self.next = last + 1

    def _entry(self, entry: Entry, columns: Columns) -> None:
        row, named = self.next, _named(tuple(columns))
        for key in filter(None, (entry.key, *entry.also)):
            self.book.places.put(key, Place(self.title, row, get_column_letter(len(columns)), named, entry.unit))
        cells = entry.cells if isinstance(entry.cells, Mapping) else dict(zip(columns, entry.cells, strict=False))
        for name, content in cells.items():
            if content is not None:
                cell = content if isinstance(content, Cell) else Cell(content)
                column = column_index_from_string(named[name])
                self._cell(column, cell, columns[name].unit, named)
                self._known(column, cell, f"{named[name]}{row}")
        for name, value in entry.shows.items():
            meaning = entry.meaning.replace("*", name)
            self.book.ties.append(Tie(self.title, f"{named[name]}{row}", value, meaning, entry.within))
        if entry.height:
            self.sheet.row_dimensions[row].height = entry.height
        self.next += 1

    def _known(self, column: int, cell: Cell, coordinate: str) -> None:
        """Keep what a cell is called, what may be typed into it and what that edits."""
        if cell.name:
            self.book.name(cell.name, self.title, coordinate)
        if cell.rule:
            self._validated.setdefault(cell.rule, []).append((column, self.next))
        if cell.edits is not None:
            self.book.inputs[self.title, coordinate] = cell.edits

    def _cell(self, column: int, cell: Cell, unit: str, named: Mapping[str, str]) -> None:
        row, value, look = self.next, cell.value, cell.look or unit
        if isinstance(value, Formula):
            text = _OWN.sub(lambda match: f"{named[match[1]]}{row}" if match[1] in named else match[0], value.text)
            self.book.later.append(lambda: self._formula(row, column, text, cell, look))
        elif isinstance(value, str):
            self._text(row, column, value, cell)
        elif value is None:
            self._styled(row, column, cell.role or Role.LABEL, cell.look)
        elif callable(value):
            number = self._styled(row, column, cell.role or Role.SOLVER, look)
            self.book.later.append(lambda: put_number(number, value(self.book)))
        else:
            put_number(self._styled(row, column, cell.role or Role.SOLVER, look), value)

    def _styled(self, row: int, column: int, role: Role, look: str | Row) -> ExcelCell:
        """A cell in the look of its role; `look` is a unit, a number format, or a row that has the unit."""
        look = self.book.places[look].unit if isinstance(look, Row) else look
        cell = self.sheet.cell(row, column)
        assert isinstance(cell, ExcelCell)
        self.book.styles.apply(cell, role, FORMATS.get(in_usd(look), look or "General"))
        return cell

    def _formula(self, row: int, column: int, text: str, cell: Cell, look: str | Row) -> None:
        """Write a formula; references to this sheet lose its name, the column marks become columns."""
        text = self.book.places.resolved(text, Place(self.title, row, self.book.last_column))
        text = text.replace(f"'{self.title}'!", "").replace(f"{self.title}!", "")
        text = text.replace("@", get_column_letter(column)).replace("~", get_column_letter(max(column - 1, 1)))
        linked = Role.LINK if _PURE_LINK.fullmatch(text) else Role.FORMULA
        styled = self._styled(row, column, cell.role or linked, look)
        put_formula(styled, Formula(text))
        if cell.alignment is not None:
            styled.alignment = cell.alignment

    def _text(self, row: int, column: int, text: str, cell: Cell) -> None:
        styled = self._styled(row, column, Role.LINK if cell.link else cell.role or Role.LABEL, "")
        put_text(styled, text)
        if isinstance(text, Given):
            self.book.given.add((self.title, styled.coordinate))
        if cell.link:
            styled.hyperlink = Hyperlink(ref="", location=f"'{cell.link}'!A1")
        if cell.alignment is not None:
            styled.alignment = cell.alignment
        if cell.tall:
            lines = sum(1 + int(len(part) * 1.02 // self.widths[column - 1]) for part in text.split("\n"))
            height = max(self.sheet.row_dimensions[row].height or 0.0, 13.5 * lines)
            self.sheet.row_dimensions[row].height = min(height, HIGHEST_ROW)

    def finish(self, sheet: ListSheet) -> None:
        """Attach rules of input cells, few and in rectangles, then charts and what is coloured."""
        for rule, cells in sorted(self._validated.items()):
            validation = validation_of(rule)
            validation.sqref = MultiCellRange(rectangles(cells))
            self.sheet.add_data_validation(validation)
        for drawing in sheet.drawings:
            self._chart(drawing)
        for warned in sheet.warned:
            first, last = self.book.places[warned.first], self.book.places[warned.last]
            column = first.columns[warned.column]
            _warn(self.sheet, f"{column}{first.number}:{column}{last.number}", warned.operator, "0")

    def _chart(self, drawing: Drawing) -> None:
        """Put a chart on the sheet, once all lines have their places, with the sentence that stands for it."""
        below = drawing.below
        row = self.next + 1 if below is None else self.book.places[below].number + drawing.rows
        cell = f"{drawing.column}{row}"
        self.book.later.append(lambda: self.sheet.add_chart(drawing.chart(self.book.places), cell))
        self.book.charts.setdefault(self.title, []).append(drawing.says)
