"""Rules about sheets: their axis, units, labels, looks, and how they print."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from optimizer.workbook.check.formulas import LINK, STATIC
from optimizer.workbook.check.subject import Finding, Subject
from optimizer.workbook.writing.lines import HEADER, ITEM, LABEL, PLACE, START, UNIT
from optimizer.workbook.writing.references import FIRST_PERIOD
from optimizer.workbook.writing.styles import Role

INPUT_SHEETS = ("Inputs", "Orders", "Actuals", "Futures")
WHITES = ("FFFFFFFF", "00FFFFFF")


def one_time_axis(subject: Subject) -> Iterator[Finding]:
    """The same period stands in the same column of every time sheet."""
    axes = {sheet.title: _axis(subject, sheet) for sheet in subject.time_sheets}
    first = next(iter(axes.values()), ())
    for title, axis in axes.items():
        if axis != first:
            yield Finding(7, f"{title}!{get_column_letter(FIRST_PERIOD)}{START}", "the periods are not those of Inputs")


def _axis(subject: Subject, sheet: Worksheet) -> tuple[object, ...]:
    """What the rows of the axis show; blank columns behind it do not count."""
    shown = [
        subject.value(sheet.title, f"{get_column_letter(column)}{row}")
        for column in range(FIRST_PERIOD, sheet.max_column + 1)
        for row in range(START, HEADER + 1)
    ]
    while shown and shown[-1] is None:
        shown.pop()
    return tuple(shown)


def a_unit_on_every_line(subject: Subject) -> Iterator[Finding]:
    """Every line with numbers says their unit."""
    for sheet in subject.time_sheets:
        for row in subject.lines(sheet):
            if not sheet.cell(row, UNIT).value:
                yield Finding(8, f"{sheet.title}!{get_column_letter(UNIT)}{row}", "the line has numbers but no unit")


def labels_are_unique(subject: Subject) -> Iterator[Finding]:
    """Label, item and place name one line of a sheet."""
    for sheet in subject.time_sheets:
        seen: dict[tuple[object, ...], int] = {}
        for row in subject.lines(sheet):
            key = tuple(sheet.cell(row, column).value for column in (LABEL, ITEM, PLACE))
            if key in seen:
                words = " ".join(str(word) for word in key if word)
                yield Finding(9, f"{sheet.title}!A{row}", f"'{words}' stands in row {seen[key]} already")
            seen.setdefault(key, row)


def inputs_stand_apart(subject: Subject) -> Iterator[Finding]:
    """Assumptions stand on Inputs and Futures, overrides on Orders, a reader's own figures on Actuals: nowhere else."""
    roles = (Role.INPUT.value, Role.FIXED.value)
    for sheet in subject.sheets:
        for cell in subject.cells(sheet):
            number = isinstance(cell.value, int | float | date)
            if number and subject.look(cell).style in roles and sheet.title not in INPUT_SHEETS:
                yield Finding(10, f"{sheet.title}!{cell.coordinate}", "an assumption outside Inputs")


def style_says_the_role(subject: Subject) -> Iterator[Finding]:
    """Formulas do not look like assumptions, links look like links, and Contents explains every look."""
    for formula in subject.formulas:
        if formula.style in STATIC:
            yield Finding(11, formula.where, f"a formula that looks like '{formula.style}'")
        elif LINK.fullmatch(formula.text) and formula.style == Role.FORMULA.value:
            yield Finding(11, formula.where, f"a link to another sheet that looks like '{formula.style}'")
    shown = {sheet.title: {subject.look(cell).style for cell in subject.cells(sheet)} for sheet in subject.sheets}
    for role in (Role.INPUT, Role.FIXED, Role.SOLVER, Role.FORMULA, Role.LINK, Role.TOTAL):
        if role.value in set().union(*shown.values()) - shown.get("Contents", set()):
            yield Finding(11, "Contents", f"the key does not show the look '{role.value}'")


def nothing_hidden(subject: Subject) -> Iterator[Finding]:
    """No hidden sheet, row or column, no format or colour that hides a value."""
    for sheet in subject.sheets:
        if sheet.sheet_state != "visible":
            yield Finding(19, sheet.title, "the sheet is hidden")
        for number, row in sheet.row_dimensions.items():
            if row.hidden or row.height == 0:
                yield Finding(19, f"{sheet.title}!A{number}", "the row is hidden")
        for letter, column in sheet.column_dimensions.items():
            if column.hidden or column.width == 0:
                yield Finding(19, f"{sheet.title}!{letter}1", "the column is hidden")
        for cell in subject.cells(sheet):
            look = subject.look(cell)
            if look.number_format == ";;;" or (look.ink in WHITES and not look.filled):
                yield Finding(19, f"{sheet.title}!{cell.coordinate}", "the value cannot be seen")


def nothing_merged(subject: Subject) -> Iterator[Finding]:
    """No merged cells."""
    for sheet in subject.sheets:
        for area in sorted(sheet.merged_cells.ranges, key=lambda area: (area.min_row, area.min_col)):
            yield Finding(20, f"{sheet.title}!{area.coord.split(':')[0]}", f"{area.coord} are merged")


def prints_and_leads(subject: Subject) -> Iterator[Finding]:
    """Print set-up, frozen panes, links to and from Contents that lead somewhere."""
    for sheet in subject.sheets:
        yield from (Finding(27, sheet.title, message) for message in _print_faults(sheet))
        for cell in subject.cells(sheet):
            if cell.hyperlink is not None:
                target = str(cell.hyperlink.location or "").rpartition("!")[0].strip("'")
                if target not in subject.book.sheetnames:
                    yield Finding(27, f"{sheet.title}!{cell.coordinate}", "the link leads nowhere")


def _print_faults(sheet: Worksheet) -> Iterator[str]:
    fits = sheet.sheet_properties.pageSetUpPr and sheet.sheet_properties.pageSetUpPr.fitToPage
    if not (fits or (sheet.col_breaks.brk and sheet.print_title_cols)):
        yield "neither prints on one page's width nor is folded with its first columns repeated"
    if not sheet.print_title_rows:
        yield "repeats no rows at the top of printed pages"
    footer = sheet.oddFooter
    if not any(part is not None and part.text for part in (footer.left, footer.center)):  # type: ignore[union-attr]
        yield "has no footer"
    if not sheet.freeze_panes:
        yield "freezes no rows"
    links = [cell.hyperlink for cell in sheet[1] if cell.hyperlink]
    if sheet.title != "Contents" and not links:
        yield "has no link to Contents in its first row"
