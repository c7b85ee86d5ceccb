"""Bridge: from the cost of the plan before to that of this one, step by step, with a waterfall."""

from __future__ import annotations

from openpyxl.chart import BarChart, Reference
from openpyxl.chart.data_source import AxDataSource, StrRef
from openpyxl.chart.legend import LegendEntry
from openpyxl.chart.series import Series, SeriesLabel
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.utils import get_column_letter

from optimizer.plan.bridge import Bridge, Stamp, Step
from optimizer.workbook.language.given import Given
from optimizer.workbook.writing.book import Book, Check
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.charts import frame, outlined, place
from optimizer.workbook.writing.page import Page
from optimizer.workbook.writing.styles import FORMATS, Role

HEAD = 3
HEADERS = (
    "Step", "Change", "After the step", "Unit", "What it is", "Base of the column", "Plan", "Dearer",
    "Dearer, below zero", "Cheaper", "Cheaper, below zero",
)  # fmt: skip
WIDTHS = (30, 26, 26, 9, 70, 20, 14, 14, 20, 14, 20)
CHANGE, AFTER, UNIT, MEANING, BASE, PLAN, DEARER, CHEAPER = 2, 3, 4, 5, 6, 7, 8, 10
"""Columns; those from BASE on are the chart's, in USD m, and are not printed."""
CHART_ROWS = 24
MONEY = "#,##0.00_);(#,##0.00)"
RUNS = (
    "Scenario",
    "Scenario SHA-256, first digits",
    "Catalogue SHA-256, first digits",
    "Solver",
    "Status",
    "Gap",
    "Objective",
)
TOTAL, UP, DOWN = "5F6B73", "C05000", "0072B2"
BELOW_ZERO = (3, 5)
"""Series that repeat the meaning of the one before them for columns below zero; not in the legend."""


def write_bridge(book: Book) -> None:
    """Write the sheet where there is a plan before; figures are static, stamped with the runs they are from."""
    bridge = book.made.bridge
    if bridge is None:
        return
    page = Page(book, "Bridge", "Bridge: from the plan before to this one", "1F3864")
    page.widths(WIDTHS)
    row = _runs(page, bridge, HEAD + 1)
    first = _steps(page, bridge, row + 1)
    last = first + len(bridge.steps) + 1
    page.text(last + 1, 1, "Change: figures of the two runs, in present value; they follow no edit.", Role.NOTE)
    unexplained = Formula(f"=Bridge!$C${last}-Bridge!$C${last - 1}")
    meaning = "The steps of the bridge sum to the difference of the two objectives."
    book.checks.append(Check("Bridge closes", unexplained, "USD", "tolerance_usd", meaning))
    place(page, _waterfall(page, first, last), f"A{last + 3}", _says(bridge))
    page.sheet.freeze_panes = f"A{HEAD + 1}"
    page.print_setup(HEAD)
    page.sheet.page_setup.fitToHeight = 1
    page.sheet.print_area = f"A1:E{last + 3 + CHART_ROWS}"


def _runs(page: Page, bridge: Bridge, row: int) -> int:
    """What the two plans are; returns the row after the table."""
    for column, text in enumerate(("Run", "Plan before", "This plan", "Unit"), start=1):
        page.text(row, column, text, Role.HEADER)
    stamps = (_stamp(bridge.old), _stamp(bridge.new))
    for i, label in enumerate(RUNS, start=row + 1):
        page.text(i, 1, label)
        page.text(i, UNIT, {"Gap": "share", "Objective": "USD"}.get(label, "text"))
        for column, stamp in enumerate(stamps, start=2):
            value = stamp[i - row - 1]
            if isinstance(value, str):
                page.paragraph(i, column, value, WIDTHS[column - 1])
            else:
                _number(page, i, column, value, "0.0000%_)" if label == "Gap" else MONEY)
    return row + len(RUNS) + 1


def _stamp(stamp: Stamp) -> tuple[str | float, ...]:
    return (
        stamp.name, Given(stamp.scenario_sha256[:16]), Given(stamp.catalog_sha256[:16]), stamp.solver, stamp.status,
        stamp.gap, stamp.objective_usd,
    )  # fmt: skip


def _number(page: Page, row: int, column: int, value: float, looks: str) -> None:
    page.number(row, column, value, Role.SOLVER, "USD")
    page.sheet.cell(row, column).number_format = looks


def _steps(page: Page, bridge: Bridge, row: int) -> int:
    """The table of steps; returns the row of the first, the plan before."""
    for column, text in enumerate(HEADERS, start=1):
        page.text(row, column, text, Role.HEADER if column in (1, UNIT, MEANING) else Role.NUMBERS)
    steps = [
        Step(name="Plan before", usd=bridge.old.objective_usd, meaning="Net present value of cost."),
        *bridge.steps,
        Step(name="This plan", usd=bridge.new.objective_usd, meaning="Net present value of cost, as optimised."),
    ]
    for i, step in enumerate(steps, start=row + 1):
        whole = step is steps[0] or step is steps[-1]
        page.text(i, 1, step.name, Role.TOTAL if whole else Role.LABEL)
        _number(page, i, CHANGE, step.usd, MONEY)
        page.text(i, UNIT, "USD")
        page.text(i, MEANING, step.meaning, Role.NOTE)
        page.formula(i, AFTER, Formula(f"=B{i}" if whole else f"=C{i - 1}+B{i}"), Role.FORMULA, MONEY)
        _columns(page, i, whole)
    return row + 1


def _columns(page: Page, row: int, whole: bool) -> None:
    """The parts of a column of the chart in USD m: from zero, or between the plan before the step and after it."""
    if whole:
        page.formula(row, PLAN, Formula(f"=C{row}/usd_per_million"), None, FORMATS["MW"])
        return
    ends = f"C{row - 1}:C{row}"
    above, below = f"(MAX(0,{ends})-MAX(0,MIN({ends})))", f"(MIN(0,{ends})-MIN(0,MAX({ends})))"
    texts = {
        BASE: f"=(MAX(0,MIN({ends}))+MIN(0,MAX({ends})))/usd_per_million",
        DEARER: f"=IF(B{row}>0,{above}/usd_per_million,0)",
        DEARER + 1: f"=IF(B{row}>0,{below}/usd_per_million,0)",
        CHEAPER: f"=IF(B{row}>0,0,{above}/usd_per_million)",
        CHEAPER + 1: f"=IF(B{row}>0,0,{below}/usd_per_million)",
    }
    for column, text in texts.items():
        page.formula(row, column, Formula(text), None, FORMATS["MW"])


def _waterfall(page: Page, first: int, last: int) -> BarChart:
    """Stacked columns on a base that is not drawn, from zero."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 40
    looks = [GraphicalProperties(noFill=True, ln=LineProperties(noFill=True))]
    looks += [outlined(colour) for colour in (TOTAL, UP, UP, DOWN, DOWN)]
    for column, look in enumerate(looks, start=BASE):
        series: Series = SeriesFactory(Reference(page.sheet, column, first, column, last))
        letter = get_column_letter(column)
        series.tx = SeriesLabel(strRef=StrRef(f"'Bridge'!${letter}${first - 1}"))
        series.cat = AxDataSource(strRef=StrRef(f"'Bridge'!$A${first}:$A${last}"))
        series.graphicalProperties, series.invertIfNegative = look, False
        chart.series.append(series)
    frame(chart, "From the plan before to this one", "Step", "USD m")
    chart.width, chart.height = 30.0, 11.0  # type: ignore[assignment]
    chart.x_axis.tickLblPos = "low"
    chart.legend.position = "b"
    chart.legend.legendEntry = [LegendEntry(idx=i, delete=True) for i in (0, *BELOW_ZERO)]
    return chart


def _says(bridge: Bridge) -> str:
    """The finding in a sentence."""
    change = (bridge.new.objective_usd - bridge.old.objective_usd) / 1e6
    words = f"Waterfall from the plan before to this one: {change:+,.3f} million USD"
    if not bridge.steps:
        return f"{words}; nothing changed."
    largest = max(bridge.steps, key=lambda step: abs(step.usd))
    return f"{words}; the largest step is {largest.name.lower()}, {largest.usd / 1e6:+,.3f} million."
