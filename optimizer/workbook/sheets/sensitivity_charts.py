"""The tornado of a sweep and the scatter of a frontier."""

from __future__ import annotations

from openpyxl.chart import BarChart, Reference, ScatterChart
from openpyxl.chart.data_source import AxDataSource, StrRef
from openpyxl.chart.marker import Marker
from openpyxl.chart.series import Series, SeriesLabel
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties

from optimizer.workbook.writing.charts import frame, outlined
from optimizer.workbook.writing.page import Page

DEARER, CHEAPER = (7, "C05000"), (8, "0072B2")
"""Columns of the table and colours of their bars."""
LINE, CHOSEN = "0072B2", "A33C00"
WIDTH = 26.0
BAR_HEIGHT, LEAST_HEIGHT, MOST_HEIGHT = 0.7, 7.0, 24.0
"""In cm."""


def tornado_chart(page: Page, header: int, first: int, last: int) -> BarChart:
    """A bar for each combination, to the right where it costs more, in the order of the table."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "stacked", 100, 40
    for column, colour in (DEARER, CHEAPER):
        series: Series = SeriesFactory(Reference(page.sheet, column, first, column, last))
        series.tx = SeriesLabel(strRef=StrRef(f"'{page.title}'!${'ABCDEFGH'[column - 1]}${header}"))
        series.cat = AxDataSource(strRef=StrRef(f"'{page.title}'!$A${first}:$A${last}"))
        series.graphicalProperties, series.invertIfNegative = outlined(colour), False
        chart.series.append(series)
    frame(chart, "Change in cost against the first combination", "Plan", "USD m")
    chart.y_axis.number_format = "#,##0.0##;-#,##0.0##;0"
    height = 4.0 + BAR_HEIGHT * (last - first + 1)
    chart.width, chart.height = WIDTH, min(max(height, LEAST_HEIGHT), MOST_HEIGHT)  # type: ignore[assignment]
    chart.x_axis.scaling.orientation, chart.x_axis.tickLblPos = "maxMin", "low"
    chart.y_axis.crosses = "max"
    chart.legend.position = "b"
    return chart


def frontier_chart(page: Page, first: int, last: int, chosen: int, traded: tuple[str, str]) -> ScatterChart:
    """Cost against what it is traded for, the plan of this workbook in another colour and shape."""
    chart = ScatterChart()
    chart.scatterStyle, chart.varyColors = "lineMarker", False
    for name, rows, marker, colour in (
        ("All plans", (first, last), Marker("circle", 8), LINE),
        ("This workbook", (chosen, chosen), Marker("diamond", 16), CHOSEN),
    ):
        series = SeriesFactory(
            Reference(page.sheet, 4, rows[0], 4, rows[1]), Reference(page.sheet, 2, rows[0], 2, rows[1])
        )
        series.tx = SeriesLabel(v=name)
        series.marker, marker.spPr = marker, GraphicalProperties(solidFill=colour)
        series.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=colour, w=19050))
        series.smooth = False
        chart.series.append(series)
    label, unit = traded
    frame(chart, "Cost against what it is traded for", f"{label} ({unit})", "USD m")
    chart.width, chart.height = WIDTH, 11.0  # type: ignore[assignment]
    chart.x_axis.number_format = "0.0##%" if unit == "share" else "#,##0.0##"
    assert chart.legend is not None
    chart.legend.position = "b"
    return chart
