"""Rules about formulas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import TypeVar

from formualizer import TokenSubType, TokenType
from openpyxl.formula.translate import Translator, TranslatorError
from openpyxl.utils import column_index_from_string, get_column_letter

from optimizer.workbook.check.formula_cell import FormulaCell, function_of, opens, refers
from optimizer.workbook.check.subject import Finding, Subject
from optimizer.workbook.writing.lines import START
from optimizer.workbook.writing.references import FIRST_PERIOD
from optimizer.workbook.writing.styles import Role

Item = TypeVar("Item")
STATIC = {Role.INPUT.value, Role.FIXED.value, Role.SOLVER.value}
ERRORS = re.compile(r"#(REF!|NAME\?|VALUE!|DIV/0!|N/A|NUM!|NULL!|SPILL!|CALC!)")
VOLATILE = {"OFFSET", "INDIRECT", "NOW", "TODAY", "RAND", "RANDBETWEEN", "CELL", "INFO"}
PORTABLE = {
    "ABS", "AND", "AVERAGE", "CHOOSE", "COLUMN", "COLUMNS", "COUNT", "COUNTA", "COUNTIF", "COUNTIFS", "DATE", "EDATE",
    "EOMONTH", "IF", "IFERROR", "INDEX", "INT", "IRR", "ISBLANK", "ISNUMBER", "LARGE", "MATCH", "MAX", "MIN", "MOD",
    "MONTH", "N", "NOT", "OR", "POWER", "RANK", "ROUND", "ROUNDDOWN", "ROUNDUP", "ROW", "ROWS", "SIGN", "SMALL", "SQRT",
    "SUM", "SUMIF", "SUMIFS", "SUMPRODUCT", "TEXT", "YEAR",
}  # fmt: skip
"""Functions of Excel 2010 that LibreOffice has too."""
SPILLED = "#"
"""After a cell: all that its formula spills into."""
LONGEST = 120
OUTPUTS = ("Contents", "Summary", "Charts")
HEAD_ROWS = 2
MOVED: Callable[[str, int, int], str] = Translator.translate_range
"""A reference so many rows down and columns to the right."""
LINK = re.compile(r"=(?:('[^']+'|[A-Za-z_][A-Za-z0-9_.]*)!)\$?([A-Z]{1,3})\$?(\d+)")


def derived_numbers_are_formulas(subject: Subject) -> Iterator[Finding]:
    """Every number is a formula, an assumption or an optimiser's value."""
    for sheet in subject.sheets:
        for cell in subject.cells(sheet):
            if isinstance(cell.value, bool | int | float | date) and subject.look(cell).style not in STATIC:
                yield Finding(
                    1, f"{sheet.title}!{cell.coordinate}", f"a number typed where a formula belongs: {cell.value}"
                )


def formulas_have_values(subject: Subject) -> Iterator[Finding]:
    """Every formula has a cached value."""
    for formula in subject.formulas:
        if subject.value(formula.sheet, formula.cell) is None:
            yield Finding(2, formula.where, "the formula has no value, so a previewer shows nothing")


def no_errors(subject: Subject) -> Iterator[Finding]:
    """No cell shows an error."""
    for title, cells in subject.found.items():
        for cell, found in cells.items():
            if isinstance(found.value, str) and ERRORS.fullmatch(found.value):
                yield Finding(4, f"{title}!{cell}", f"shows {found.value}")


def one_formula_per_row(subject: Subject) -> Iterator[Finding]:
    """Across the periods, a row of a time sheet holds one formula."""
    periods = {sheet.title: sheet.max_column - FIRST_PERIOD + 1 for sheet in subject.time_sheets}
    of_periods = (f for f in subject.formulas if f.sheet in periods and f.row >= START and f.column >= FIRST_PERIOD)
    for (title, row), found in groupby(of_periods, key=lambda formula: (formula.sheet, formula.row)):
        formulas = tuple(found)
        different = {_in_first_period(formula) for formula in formulas}
        count = len(different) + (len(formulas) < periods[title])
        if count > 1:
            first = f"{title}!{get_column_letter(FIRST_PERIOD)}{row}"
            yield Finding(5, first, f"the row holds {count} different formulas")


def _in_first_period(formula: FormulaCell) -> str:
    """A formula as it would read in the first period; one that points off the sheet from there stays as it is."""
    back = FIRST_PERIOD - formula.column
    try:
        return "".join(MOVED(t.value, 0, back) if refers(t) else t.value for t in formula.tokens) or formula.text
    except TranslatorError:
        return formula.text


def no_constants(subject: Subject) -> Iterator[Finding]:
    """No number in a formula but 0 and 1."""
    for formula in subject.formulas:
        numbers = {t.value for t in formula.tokens if t.subtype == TokenSubType.Number} - {"0", "1"}
        if numbers:
            yield Finding(6, formula.where, f"the formula holds the constants {', '.join(sorted(numbers))}")


def references_run_left_to_right(subject: Subject) -> Iterator[Finding]:
    """A sheet refers to none to its right; outputs and the head of each sheet may."""
    order = {sheet.title: i for i, sheet in enumerate(subject.sheets)}
    for formula in subject.formulas:
        if formula.sheet in OUTPUTS or formula.row <= HEAD_ROWS:
            continue
        for area in formula.areas:
            if order.get(area.sheet, -1) > order[formula.sheet]:
                yield Finding(12, formula.where, f"refers to {area.sheet}, which stands to its right")


def no_circularity(subject: Subject) -> Iterator[Finding]:
    """No formula depends on itself, and iteration is off."""
    if re.search(rb'\biterate="(1|true)"', subject.package.parts["xl/workbook.xml"]):
        yield Finding(13, "workbook", "iterative calculation is on")
    for formula in _circular(subject.formulas):
        yield Finding(13, formula.where, "the formula depends on itself")


def _circular(formulas: Iterable[FormulaCell]) -> Iterator[FormulaCell]:
    """Formulas that lead back to themselves, each once; depth first without recursion."""
    columns: dict[str, dict[int, dict[int, FormulaCell]]] = {}
    for formula in formulas:
        columns.setdefault(formula.sheet, {}).setdefault(formula.column, {})[formula.row] = formula
    begun, done, told = set[str](), set[str](), set[str]()
    for start in formulas:
        stack = [] if start.where in done else [(start, _precedents(start, columns))]
        while stack:
            formula, waiting = stack[-1]
            begun.add(formula.where)
            following = next((other for other in waiting if other.where not in done), None)
            if following is None:
                done.add(formula.where)
                stack.pop()
            elif following.where not in begun:
                stack.append((following, _precedents(following, columns)))
            elif following.where not in told:
                told.add(following.where)
                yield following


def _precedents(
    formula: FormulaCell, columns: Mapping[str, Mapping[int, Mapping[int, FormulaCell]]]
) -> Iterator[FormulaCell]:
    """The formulas in the areas that a formula refers to; `columns` are all, by sheet, column and row."""
    for area in formula.areas:
        first, last = column_index_from_string(area.first), column_index_from_string(area.last)
        for cells in _numbered(range(first, last + 1), columns.get(area.sheet, {})):
            yield from _numbered(range(area.first_row, area.last_row + 1), cells)


def _numbered(wanted: range, known: Mapping[int, Item]) -> Iterator[Item]:
    """What has one of the numbers wanted, by way of the shorter of the two: an area may be the whole sheet."""
    numbers = wanted if len(wanted) < len(known) else known
    return (known[number] for number in numbers if number in wanted and number in known)


def no_volatile_functions(subject: Subject) -> Iterator[Finding]:
    """No OFFSET, INDIRECT, NOW, RAND and their like."""
    for formula in subject.formulas:
        for name in sorted(VOLATILE.intersection(formula.functions)):
            yield Finding(14, formula.where, f"uses {name}, which hides what it depends on or changes by itself")


def portable_functions(subject: Subject) -> Iterator[Finding]:
    """Only functions that Excel 2010 and LibreOffice have."""
    for formula in subject.formulas:
        if not formula.tokens:
            yield Finding(15, formula.where, "cannot be read as a formula")
        used = {*formula.functions, *(token.value for token in formula.tokens if token.value == SPILLED)}
        for name in sorted(used - PORTABLE - VOLATILE):
            yield Finding(15, formula.where, f"uses {name}, which not every program has")


def short_formulas(subject: Subject) -> Iterator[Finding]:
    """Under 120 characters, no IF inside an IF."""
    for formula in subject.formulas:
        if len(formula.text) >= LONGEST:
            yield Finding(16, formula.where, f"the formula has {len(formula.text)} characters, more than fit the eye")
        if _nested_if(formula):
            yield Finding(16, formula.where, "an IF stands inside an IF")


def _nested_if(formula: FormulaCell) -> bool:
    opened: list[str] = []
    for token in formula.tokens if formula.functions.count("IF") > 1 else ():
        if opens(token):
            if function_of(token) == "IF" and "IF" in opened:
                return True
            opened.append(function_of(token))
        elif token.token_type == TokenType.Func and opened:
            opened.pop()
    return False


def no_links_to_links(subject: Subject) -> Iterator[Finding]:
    """A plain link to another sheet never leads to another plain link to a sheet."""
    texts = {formula.where: formula.text for formula in subject.formulas}
    for formula in subject.formulas:
        link = LINK.fullmatch(formula.text)
        if link:
            target = f"{link[1].strip(chr(39))}!{link[2]}{link[3]}"
            if LINK.fullmatch(texts.get(target, "")):
                yield Finding(17, formula.where, f"links to {target}, which is itself a link; link to its source")
