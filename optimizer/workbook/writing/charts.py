"""Charts of the Summary: titles, axes and colours set once; their caches are filled by the finishing pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from openpyxl.chart import BarChart, LineChart, Reference, ScatterChart
from openpyxl.chart.axis import ChartLines, NumericAxis, TextAxis
from openpyxl.chart.data_source import AxDataSource, StrRef
from openpyxl.chart.marker import Marker
from openpyxl.chart.series import Series, SeriesLabel
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import (
    CharacterProperties,
    Paragraph,
    ParagraphProperties,
    RegularTextRun,
    RichTextProperties,
)
from openpyxl.worksheet.worksheet import Worksheet

from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.lines import HEADER, ITEM, LABEL, UNIT
from optimizer.workbook.writing.page import Page
from optimizer.workbook.writing.references import FIRST_PERIOD, Places, Row
from optimizer.workbook.writing.styles import CHART_COLOURS

GRID, INK = "D9D9D9", "404040"
BARS, LINE = "BDD3E8", "A33C00"
"""Pale columns with an outline and a dark line over them: told apart in grey as well."""
WIDTH, HEIGHT = 16.5, 6.7
"""In cm: four charts under one another fill a page beside the tables."""
MOST_LEVEL_LABELS = 12
"""More periods than this and their labels are written aslant."""
AnyChart = TypeVar("AnyChart", BarChart, ScatterChart)


def _text(words: str, size: int, bold: bool) -> Title:
    run = RegularTextRun(rPr=CharacterProperties(sz=size, b=bold, solidFill=INK), t=words)
    title = Title()
    assert title.tx is not None
    title.tx.rich = RichText(
        p=[Paragraph(pPr=ParagraphProperties(defRPr=CharacterProperties(sz=size, b=bold)), r=[run])]
    )
    title.overlay = False
    return title


def _axis(axis: NumericAxis | TextAxis, words: str, grid: bool) -> None:
    axis.delete = False
    axis.title = _text(words, 800, False)
    axis.txPr = RichText(
        p=[Paragraph(pPr=ParagraphProperties(defRPr=CharacterProperties(sz=800, solidFill=INK)), endParaRPr=None)]
    )
    lines = ChartLines(spPr=GraphicalProperties(ln=LineProperties(solidFill=GRID, w=6350)))
    axis.majorGridlines = lines if grid else None


def outlined(colour: str) -> GraphicalProperties:
    return GraphicalProperties(solidFill=colour, ln=LineProperties(solidFill=INK, w=6350))


def _series(book: Book, row: Row, named_by: int) -> Series:
    """A series over the periods of a line; its name is the line's label or item cell."""
    place = book.places[row]
    sheet: Worksheet = book.workbook[place.sheet]
    last = FIRST_PERIOD + book.facts.periods - 1
    series: Series = SeriesFactory(Reference(sheet, FIRST_PERIOD, place.number, last, place.number))
    column = "A" if named_by == LABEL else "B"
    series.tx = SeriesLabel(strRef=StrRef(f"'{place.sheet}'!${column}${place.number}"))
    series.cat = AxDataSource(strRef=StrRef(f"'{place.sheet}'!$I${HEADER}:${place.last}${HEADER}"))
    series.invertIfNegative = False
    return series


def column_of(places: Places, rows: Sequence[Row], column: str) -> str:
    """A column of rows of a list that stand under one another."""
    first, last = places[rows[0]], places[rows[-1]]
    letter = first.columns[column]
    return f"'{first.sheet}'!${letter}${first.number}:${letter}${last.number}"


def series_down(places: Places, rows: Sequence[Row], column: str, header: Row, look: GraphicalProperties) -> Series:
    """A series down a column of a list, called as the column is; its categories are in the first column."""
    series: Series = SeriesFactory(column_of(places, rows, column))
    head = places[header]
    series.tx = SeriesLabel(strRef=StrRef(f"'{head.sheet}'!${head.columns[column]}${head.number}"))
    series.cat = AxDataSource(strRef=StrRef(column_of(places, rows, next(iter(head.columns)))))
    series.graphicalProperties, series.invertIfNegative = look, False
    return series


def frame(chart: AnyChart, title: str, category: str, unit: str) -> AnyChart:
    """Titles, axes and size that all charts have."""
    chart.title = _text(title, 1100, True)
    _axis(chart.x_axis, category, False)
    _axis(chart.y_axis, unit, True)
    chart.y_axis.number_format = "[>=10]#,##0;[<=-10]-#,##0;General"
    chart.width, chart.height = WIDTH, HEIGHT  # type: ignore[assignment]
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(solidFill=GRID))
    chart.roundedCorners = False
    return chart


def _over_time(book: Book, chart: BarChart, title: str, unit: str, legend: str) -> BarChart:
    """Columns by period, and what is drawn over them."""
    chart.type, chart.gapWidth = "col", 60
    frame(chart, title, "Period", unit)
    chart.legend.position = legend
    if book.facts.periods > MOST_LEVEL_LABELS:
        assert chart.x_axis.txPr is not None
        chart.x_axis.txPr.bodyPr = RichTextProperties(rot=-2700000, vert="horz")
    return chart


def entering_chart(book: Book, rows: Sequence[Row]) -> BarChart:
    """Accelerators entering service by accelerator and period, stacked."""
    chart = BarChart()
    chart.grouping, chart.overlap = "stacked", 100
    for i, row in enumerate(rows):
        series = _series(book, row, ITEM)
        series.graphicalProperties = outlined(CHART_COLOURS[i % len(CHART_COLOURS)])
        chart.series.append(series)
    return _over_time(book, chart, "Accelerators entering service", "Accelerators", "r")


def against_chart(book: Book, bars: Row, limits: Sequence[Row], title: str) -> BarChart:
    """What is used as columns and, where there is one, its limit as a line."""
    chart = BarChart()
    used = _series(book, bars, LABEL)
    used.graphicalProperties = outlined(BARS)
    chart.series.append(used)
    for row in limits:
        line, limit = LineChart(), _series(book, row, LABEL)
        limit.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=LINE, w=28575))
        limit.invertIfNegative, limit.smooth, limit.marker = None, False, Marker("none")
        line.series.append(limit)
        chart += line
    where = book.places[bars]
    unit = str(book.workbook[where.sheet].cell(where.number, UNIT).value)
    return _over_time(book, chart, title, unit, "b")


def cost_chart(page: Page, first: int, last: int) -> BarChart:
    """A bar for each cost line of the Summary, from its first to its last row; receipts run left."""
    chart = BarChart()
    chart.type, chart.gapWidth = "bar", 40
    series: Series = SeriesFactory(Reference(page.sheet, 2, first, 2, last))
    series.tx = SeriesLabel(strRef=StrRef(f"'{page.title}'!$B${first - 1}"))
    series.cat = AxDataSource(strRef=StrRef(f"'{page.title}'!$A${first}:$A${last}"))
    series.graphicalProperties, series.invertIfNegative = outlined(CHART_COLOURS[2]), False
    chart.series.append(series)
    frame(chart, "Present value of each cost", "Cost", "USD m")
    chart.legend = None
    chart.x_axis.scaling.orientation, chart.x_axis.tickLblPos = "maxMin", "low"
    chart.y_axis.crosses = "max"
    return chart


def place(page: Page, chart: BarChart | ScatterChart, cell: str, says: str) -> None:
    """Put a chart on a sheet with the sentence that stands for it where it cannot be seen."""
    page.sheet.add_chart(chart, cell)
    page.book.charts.setdefault(page.title, []).append(says)
