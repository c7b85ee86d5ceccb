"""What charts have in common: series of lines by key, titles, axes, colours; the finishing pass fills their caches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from openpyxl.chart import BarChart, ScatterChart
from openpyxl.chart.axis import ChartLines, NumericAxis, TextAxis
from openpyxl.chart.data_source import AxDataSource, StrRef
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
from openpyxl.utils import get_column_letter

from optimizer.workbook.writing.lines import HEADER
from optimizer.workbook.writing.references import Places, Row

Chart = BarChart | ScatterChart
GRID, INK = "D9D9D9", "404040"
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
    axis.title = _text(words, 900, False)
    axis.txPr = RichText(
        p=[Paragraph(pPr=ParagraphProperties(defRPr=CharacterProperties(sz=900, solidFill=INK)), endParaRPr=None)]
    )
    lines = ChartLines(spPr=GraphicalProperties(ln=LineProperties(solidFill=GRID, w=6350)))
    axis.majorGridlines = lines if grid else None


def outlined(colour: str) -> GraphicalProperties:
    return GraphicalProperties(solidFill=colour, ln=LineProperties(solidFill=INK, w=6350))


def across(places: Places, row: Row, named_by: int) -> Series:
    """A series over the periods of a line; its name is the line's label or item cell."""
    place = places[row]
    series: Series = SeriesFactory(f"'{place.sheet}'!$I${place.number}:${place.last}${place.number}")
    series.tx = SeriesLabel(strRef=StrRef(f"'{place.sheet}'!${get_column_letter(named_by)}${place.number}"))
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


def sideways(chart: BarChart, title: str, category: str, unit: str) -> BarChart:
    """Bars from left to right in the order of their table, what they measure below them."""
    chart.type = "bar"
    frame(chart, title, category, unit)
    chart.x_axis.scaling.orientation, chart.x_axis.tickLblPos = "maxMin", "low"
    chart.y_axis.crosses = "max"
    chart.legend.position = "b"
    return chart


def over_time(chart: BarChart, title: str, unit: str, legend: str, periods: int) -> BarChart:
    """Columns by period, and what is drawn over them."""
    chart.type, chart.gapWidth = "col", 60
    frame(chart, title, "Period", unit)
    chart.legend.position = legend
    chart.y_axis.scaling.min = 0
    if periods > MOST_LEVEL_LABELS:
        assert chart.x_axis.txPr is not None
        chart.x_axis.txPr.bodyPr = RichTextProperties(rot=-2700000, vert="horz")
    return chart
