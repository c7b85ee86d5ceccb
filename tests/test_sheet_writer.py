"""The writer of sheets: rows get their places from it, and formulas find them by key, in whatever order."""

from __future__ import annotations

from typing import Any

import pytest
import workbook_plans as plans
from openpyxl import Workbook
from openpyxl.chart import BarChart

from optimizer.workbook.embedded import Made
from optimizer.workbook.facts import Facts
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula, WorkbookError
from optimizer.workbook.writing.charts import outlined, series_down
from optimizer.workbook.writing.draw import draw
from optimizer.workbook.writing.lines import Line, Of, Section, line_of, lines_of
from optimizer.workbook.writing.lists import Block, Cell, Column, Drawing, Entry, ListSheet, Warned
from optimizer.workbook.writing.references import at, down
from optimizer.workbook.writing.styles import Styles
from optimizer.workbook.writing.time_sheet import TimeSheet, as_list

COLUMNS = {"name": Column("Name", width=20), "price": Column("Price", "USD", 10), "twice": Column("Twice", "USD", 10)}
ROWS = [at("fruit", "apple"), at("fruit", "pear")]


@pytest.fixture
def book() -> Book:
    plan = plans.plan_of(plans.worked_example())
    workbook = Workbook()
    return Book(Facts(plan), Made(plan), workbook, Styles(workbook))


def fruit(**more: Any) -> ListSheet:
    """Two prices and what is twice as much."""
    entries = [
        Entry((name, price, Formula("={price}*2")), row.key, {"twice": 2 * price}, f"* of {name}")
        for name, price, row in (("apple", 3.0, ROWS[0]), ("pear", 4.0, ROWS[1]))
    ]
    blocks = [Block(entries, COLUMNS, "Fruit", ["In season."], key="fruit", filtered=True)]
    return ListSheet("Fruit list", "Fruit", "FFFFFF", blocks, wide=3, **more)


def total(text: str) -> ListSheet:
    return ListSheet("Total", "Total", "FFFFFF", [Block([Entry((Formula(text),), "total")])], widths=[10])


def drawn(book: Book, *sheets: ListSheet) -> dict[str, dict[str, Any]]:
    """The values of the cells below the head that all sheets have."""
    for sheet in sheets:
        draw(book, sheet)
    book.write_formulas()
    return {
        sheet.title: {cell.coordinate: cell.value for row in sheet.iter_rows(min_row=3) for cell in row if cell.value}
        for sheet in book.workbook.worksheets[1:]
    }


def test_a_formula_finds_rows_of_a_later_sheet(book: Book) -> None:
    cells = drawn(book, total(f"=SUM({down(ROWS, '$<twice>', fixed=True)})-{ROWS[0].cell('price')}"), fruit())
    assert cells["Total"] == {"A4": "=SUM('Fruit list'!$C$7:$C$8)-'Fruit list'!B7"}


def test_rows_stand_under_heading_notes_and_headers(book: Book) -> None:
    assert drawn(book, fruit())["Fruit list"] == {
        "A4": "Fruit", "A5": "In season.", "A6": "Name", "B6": "Price", "C6": "Twice",
        "A7": "apple", "B7": 3.0, "C7": "=B7*2", "A8": "pear", "B8": 4.0, "C8": "=B8*2",
    }  # fmt: skip
    assert book.workbook["Fruit list"].auto_filter.ref == "A6:C8"
    assert book.places[at("fruit")].number == 4
    assert [(tie.cell, tie.expected, tie.meaning) for tie in book.ties] == [
        ("C7", 6.0, "twice of apple"), ("C8", 8.0, "twice of pear"),
    ]  # fmt: skip


def test_a_key_has_one_row(book: Book) -> None:
    with pytest.raises(WorkbookError, match="two lines are called fruit"):
        drawn(book, fruit(), ListSheet("More", "More", "FFFFFF", fruit().blocks, wide=3))


def test_a_key_that_no_row_has_is_an_error(book: Book) -> None:
    with pytest.raises(WorkbookError, match="no line is called fruit/plum"):
        drawn(book, fruit(), total(f"={at('fruit', 'plum').cell('price')}"))


def test_a_text_is_no_formula_whatever_it_begins_with(book: Book) -> None:
    sheet = ListSheet("Texts", "Texts", "FFFFFF", [Block([Entry(("=1+1", Cell("{name}")))])], widths=[10])
    drawn(book, sheet)
    assert [(cell.value, cell.data_type) for cell in book.workbook["Texts"][4]][:2] == [("=1+1", "s"), ("{name}", "s")]


def test_charts_and_colours_refer_to_rows_by_key(book: Book) -> None:
    def chart(places: Any) -> BarChart:
        bars = BarChart()
        bars.series.append(series_down(places, ROWS, "twice", at("prices"), outlined("FFFFFF")))
        return bars

    headers = ListSheet("Heads", "Heads", "FFFFFF", [Block(columns=COLUMNS, key="prices")])
    drawn(book, fruit(drawings=[Drawing(chart, "Bars.")], warned=[Warned("twice", "lessThan", *ROWS)]), headers)
    sheet = book.workbook["Fruit list"]
    (series,) = sheet._charts[0].series
    assert (series.val.numRef.f, series.cat.strRef.f) == ("'Fruit list'!$C$7:$C$8", "'Fruit list'!$A$7:$A$8")
    assert series.tx.strRef.f == "'Heads'!$C$4"
    assert sheet._charts[0].anchor == "A10", "two rows below the last"
    assert [str(found.sqref) for found in sheet.conditional_formatting] == ["B2", "C2", "C7:C8"]
    assert book.charts == {"Fruit list": ["Bars."]}


def test_a_constant_that_is_another_line_has_its_unit(book: Book) -> None:
    lines = [
        Line("Rent", "USD", constant=at("months"), periods=f"={at('months').constant}*2", key="rent"),
        Line("Months", "months", constant=3.0, key="months", shows_in_total=3.0),
    ]
    sheet = TimeSheet("Terms", "Terms", "FFFFFF", [Section("Terms", lines=lines)])
    cells = drawn(book, as_list(book.facts, {}, sheet))["Terms"]
    assert [cells[cell] for cell in ("E10", "I10", "J10")] == ["=$E11", "=$E11*2", "=$E11*2"]
    on = book.workbook["Terms"]
    assert on["E10"].number_format == on["E11"].number_format != on["I10"].number_format


def test_formulas_of_a_subject_name_its_lines(book: Book) -> None:
    """By what they show; a slash begins a key, a constant that is a name is a link to that line's."""
    apple = Of("apple")
    lines = [
        *lines_of([apple], "Size", "USD", constant=2.0),
        Line("All", "USD", constant=5.0, key="all"),
        line_of(apple, "Weight", "USD", what="kilos", constant="size", total="={/all.constant}*{here.constant}",
                periods="={size.constant}*2"),
    ]  # fmt: skip
    assert [line.key for line in lines] == ["size/apple", "all", "kilos/apple"]
    sheet = TimeSheet("Fruit", "Fruit", "FFFFFF", [Section("Fruit", lines=lines)])
    cells = drawn(book, as_list(book.facts, {}, sheet))["Fruit"]
    assert [cells[cell] for cell in ("E12", "F12", "I12")] == ["=$E10", "=$E11*$E12", "=$E10*2"]
