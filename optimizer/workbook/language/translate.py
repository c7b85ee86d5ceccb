"""A workbook from English into its language, in one pass over everything that a reader sees.

Names of sheets, styles and cells stay: formulas, links and the way back refer to them. Formulas keep their
meaning, because a word that one compares is translated wherever it stands.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from openpyxl.cell.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from optimizer.workbook.language.given import given_keys, given_texts
from optimizer.workbook.language.wording import ENGLISH, Missing, Wording, table
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula, cells_of, put_formula, put_text

_LITERAL = re.compile(r'"((?:[^"]|"")*)"')
_WORD = re.compile(r"[A-Za-z]{2}|[A-Za-z] [A-Za-z]")
LONG_DATE = re.compile("年.*日")
NORMAL, LINE = 10.0, 1.7
"""The size of most letters in points, and how many times its size a line of the font is high."""
WIDEST, DATE_WIDTH = 60.0, 15.0
"""Of columns, in half-width characters: the most that a text may ask for, and what a long date takes."""
Say = Callable[[str], str]


def translate(book: Book) -> None:
    """Put a workbook that has been written into its language; what has no entry goes to `book.untranslated`."""
    if book.made.language == ENGLISH:
        return
    wording = Wording(book.made.language, given_texts(book.made), given_keys(book.made))

    def say(text: str) -> str:
        try:
            return wording.say(text)
        except Missing:
            book.untranslated.add(text)
            return text

    looks = _looks(table(book.made.language)["formats"])
    for sheet in book.workbook.worksheets:
        _sheet(book, sheet, say, looks)
    for texts in book.charts.values():
        texts[:] = map(say, texts)
    book.workbook.properties.title = say(str(book.workbook.properties.title))


def _looks(pieces: Mapping[str, str]) -> Say:
    """Number formats in the language: each piece of a format that has an entry is replaced."""

    @cache
    def look(code: str) -> str:
        for piece, becomes in pieces.items():
            code = re.sub(piece, becomes, code)
        return code

    return look


def _sheet(book: Book, sheet: Worksheet, say: Say, looks: Say) -> None:
    widths = {letter: column.width for letter, column in sheet.column_dimensions.items()}
    for cell in cells_of(sheet):
        _look(sheet, cell, looks)
        if cell.data_type == "f" and '"' in str(cell.value):
            put_formula(cell, Formula(_literals(str(cell.value), say)))
        elif cell.data_type == "s" and (sheet.title, cell.coordinate) not in book.given:
            _text(sheet, cell, say)
    for letter in widths if sheet.title in book.fixed else ():
        sheet.column_dimensions[letter].width = widths[letter]
    for number, row in sheet.row_dimensions.items():
        if row.height is not None and sheet.title not in book.fixed:
            row.height = _height(sheet, number)
    for rules in sheet.conditional_formatting:
        for rule in rules.rules:
            rule.formula = [_literals(text, say) for text in rule.formula]
    _messages(sheet, say)
    for chart in sheet._charts:  # type: ignore[attr-defined]
        _chart(chart, say, looks)


def _look(sheet: Worksheet, cell: Cell, looks: Say) -> None:
    """Give a cell its number format in the language, and a long date the room that it takes."""
    look = looks(cell.number_format)
    if look != cell.number_format:
        cell.number_format = look
        if LONG_DATE.search(look):
            _widen(sheet, cell, DATE_WIDTH)


def _text(sheet: Worksheet, cell: Cell, say: Say) -> None:
    text = str(cell.value)
    said = say(text)
    if cell.hyperlink is not None and text in sheet.parent.sheetnames and said != text:  # type: ignore[union-attr]
        said = f"{said} ({text})"
    if said != text:
        put_text(cell, said)
        beside = sheet._cells.get((cell.row, cell.column + 1))  # not sheet.cell, which makes it
        if not cell.alignment.wrap_text and beside is not None and beside.value is not None:
            _widen(sheet, cell, breadth(said) * (cell.font.sz or NORMAL) / NORMAL + 1.0)


def _literals(formula: str, say: Say) -> str:
    """A formula with the words in it translated; codes such as ">0" are none."""

    def said(match: re.Match[str]) -> str:
        text = match[1].replace('""', '"')
        return '"' + say(text).replace('"', '""') + '"' if _WORD.search(text) else match[0]

    return _LITERAL.sub(said, formula)


def _messages(sheet: Worksheet, say: Say) -> None:
    """Messages of validated cells and the words of footers."""
    for validation in sheet.data_validations.dataValidation:
        for name in ("error", "errorTitle", "prompt", "promptTitle"):
            if getattr(validation, name):
                setattr(validation, name, say(getattr(validation, name)))
    for lines in (sheet.oddHeader, sheet.oddFooter):
        for part in (lines.left, lines.center, lines.right):  # type: ignore[union-attr]
            if part.text and _WORD.search(part.text):
                part.text = say(part.text)


def _chart(chart: Any, say: Say, looks: Say) -> None:
    """The words of a chart that are in no cell, and of those drawn over it."""
    for part in (chart, chart.x_axis, chart.y_axis):
        for run in _runs(part.title):
            run.t = say(run.t)
    for axis in (chart.x_axis, chart.y_axis):
        if axis.numFmt is not None:
            axis.numFmt.formatCode = looks(axis.numFmt.formatCode)
    for series in chart.series:
        if series.tx is not None and series.tx.v:
            series.tx.v = say(series.tx.v)
    for other in chart._charts:
        if other is not chart:
            _chart(other, say, looks)


def _runs(title: Any) -> Iterator[Any]:
    if title is not None and title.tx is not None and title.tx.rich is not None:
        for paragraph in title.tx.rich.p:
            yield from paragraph.r or ()


def breadth(text: str) -> int:
    """How many columns of half-width characters a text takes."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _widen(sheet: Worksheet, cell: Cell, needed: float) -> None:
    """Widen the column of a cell whose content would be cut at its neighbour, within reason."""
    column = sheet.column_dimensions[get_column_letter(cell.column)]
    column.width = max(column.width, min(needed, WIDEST))


def _height(sheet: Worksheet, row: int) -> float:
    """In points: how high a row must be for its texts, wrapped or not."""
    needed = [NORMAL * LINE]
    for cell in sheet[row]:
        if isinstance(cell, Cell) and cell.data_type == "s":
            width = sheet.column_dimensions[get_column_letter(cell.column)].width - 1.0
            parts = str(cell.value).split("\n") if cell.alignment.wrap_text else ()
            lines = sum(max(1, math.ceil(breadth(part) / width)) for part in parts)
            needed.append((cell.font.sz or NORMAL) * LINE * max(1, lines))
    return max(needed)
