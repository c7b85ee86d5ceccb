"""Charts of the Summary: titles, axes and colours set once; their caches are filled by the finishing pass."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.chart import BarChart, LineChart, Reference
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

from optimizer.workbook.layout import FIRST_PERIOD, HEADER, ITEM, LABEL, Book, Page, Row
from optimizer.workbook.styles import CHART_COLOURS

GRID, INK = "D9D9D9", "404040"
MOST_LEVEL_LABELS = 8
"""More periods than this and their labels are written aslant."""


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
    axis.title = _text(words, 900, False)
    axis.txPr = RichText(
        p=[Paragraph(pPr=ParagraphProperties(defRPr=CharacterProperties(sz=900, solidFill=INK)), endParaRPr=None)]
    )
    lines = ChartLines(spPr=GraphicalProperties(ln=LineProperties(solidFill=GRID, w=6350)))
    axis.majorGridlines = lines if grid else None


def _series(book: Book, row: Row, named_by: int) -> Series:
    """A series over the periods of a line; its name is the line's label or item cell."""
    sheet: Worksheet = book.workbook[row.sheet]
    last = FIRST_PERIOD + book.facts.periods - 1
    series: Series = SeriesFactory(Reference(sheet, FIRST_PERIOD, row.number, last, row.number))
    column = "A" if named_by == LABEL else "B"
    series.tx = SeriesLabel(strRef=StrRef(f"'{row.sheet}'!${column}${row.number}"))
    series.cat = AxDataSource(strRef=StrRef(f"'{row.sheet}'!$I${HEADER}:${row.last}${HEADER}"))
    return series


def _frame(chart: BarChart, title: str, unit: str, periods: int) -> BarChart:
    chart.title = _text(title, 1200, True)
    _axis(chart.x_axis, "Period", False)
    _axis(chart.y_axis, unit, True)
    chart.y_axis.number_format = "General" if unit == "MW" else "#,##0"
    chart.legend.position = "b"
    chart.width, chart.height = 19, 9
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(solidFill=GRID))
    chart.roundedCorners = False
    if periods > MOST_LEVEL_LABELS:
        assert chart.x_axis.txPr is not None
        chart.x_axis.txPr.bodyPr = RichTextProperties(rot=-2700000, vert="horz")
    return chart


def entering_chart(book: Book, rows: Sequence[Row]) -> BarChart:
    """Accelerators entering service by accelerator and period, stacked."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 60
    for i, row in enumerate(rows):
        series = _series(book, row, ITEM)
        colour = CHART_COLOURS[i % len(CHART_COLOURS)]
        series.graphicalProperties = GraphicalProperties(
            solidFill=colour, ln=LineProperties(solidFill="FFFFFF", w=6350)
        )
        series.invertIfNegative = False
        chart.series.append(series)
    return _frame(chart, "Accelerators entering service", "Accelerators", book.facts.periods)


def power_chart(book: Book, power: Row, limit: Row) -> BarChart:
    """Peak power over all sites as columns, the limit as a line."""
    chart, line = BarChart(), LineChart()
    chart.type, chart.gapWidth = "col", 60
    bars = _series(book, power, LABEL)
    bars.graphicalProperties = GraphicalProperties(solidFill=CHART_COLOURS[0])
    bars.invertIfNegative = False
    chart.series.append(bars)
    limits = _series(book, limit, LABEL)
    limits.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=CHART_COLOURS[1], w=28575))
    limits.smooth, limits.marker = False, Marker("none")
    line.series.append(limits)
    chart += line
    return _frame(chart, "Peak power at the meter against the limit, all sites", "MW", book.facts.periods)


def place(page: Page, chart: BarChart, cell: str, says: str) -> None:
    """Put a chart on a sheet with the sentence that stands for it where it cannot be seen."""
    page.sheet.add_chart(chart, cell)
    page.book.charts.setdefault(page.title, []).append(says)
