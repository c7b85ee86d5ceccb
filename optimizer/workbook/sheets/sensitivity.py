"""Sensitivity: how cost moves with what was varied, traded or left open. Figures are those of each run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openpyxl.chart import BarChart, ScatterChart
from openpyxl.chart.marker import Marker
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties

from optimizer.explore.results import Range
from optimizer.explore.side_by_side import Run, Runs
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.compare import run_of, said
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.charts import column_of, frame, outlined, series_down, sideways
from optimizer.workbook.writing.lists import Block, Cell, Column, Columns, Content, Drawing, Entry, ListSheet, paragraph
from optimizer.workbook.writing.references import Places, Row, at
from optimizer.workbook.writing.styles import Role

STATIC = "Figures of each run, re-optimised: they follow no edit."
MONEY = "#,##0.00_);(#,##0.00)"
LOOKS = {"USD m": "MW"}
"""Units shown with the digits of another: millions to the thousand."""
TORNADO = {
    "plan": Column("Plan", width=52),
    "cost": Column("Cost, net present value", MONEY, 25),
    "change": Column("Change", MONEY, 20),
    "least": Column("Least change", MONEY, 20),
    "most": Column("Most change", MONEY, 20),
    "unit": Column("Unit", width=9),
    "dearer": Column("Dearer, USD m", "MW", 16),
    "cheaper": Column("Cheaper, USD m", "MW", 16),
}
RANGES = {
    "of": Column("Of", width=26),
    "kind": Column("Kind", width=32),
    "here": Column("Best plan", "any", 16),
    "least": Column("Least", "any", 16),
    "least bound": Column("None has less than", "any", 20),
    "most": Column("Most", "any", 16),
    "most bound": Column("None has more than", "any", 20),
    "unit": Column("Unit", width=15),
    "needed": Column("Needed", width=14),
}
KINDS = {
    "vendor": "Spending on a vendor",
    "accelerator": "Accelerators in service at once",
    "site": "Peak power at a site",
    "power": "Peak power, all sites",
    "cash": "Cash in the first year",
}
NEEDS = {"must": "must-have", "optional": "optional", "never": "never"}
HEADERS = at("sensitivity")
DEARER, CHEAPER, LINE, CHOSEN = "C05000", "0072B2", "0072B2", "A33C00"
WIDTH = 26.0
BAR_HEIGHT, LEAST_HEIGHT, MOST_HEIGHT = 0.7, 7.0, 24.0
"""In cm."""
MILLION = 1e6


class Solved(NamedTuple):
    """A run with a plan, by its place among the runs, and what that costs."""

    i: int
    run: Run
    cost_usd: float

    @property
    def row(self) -> Row:
        return at("sensitivity", self.i)


def sensitivity(runs: Runs) -> ListSheet:
    """The sheet of a sweep, a frontier or alternatives."""
    return {"sweep": _tornado, "frontier": _frontier, "alternatives": _ranges}[runs.kind](runs)


def _sheet(
    heading: str, remark: str, height: float, columns: Columns, entries: Sequence[Entry], *drawings: Drawing
) -> ListSheet:
    block = Block(entries, columns, notes=[STATIC, remark], height=height, key=HEADERS.key)
    return ListSheet("Sensitivity", f"Sensitivity: {heading}", "1F3864", [block], frozen="B", drawings=drawings)


def _solved(runs: Runs) -> list[Solved]:
    found = [(i, run, run.headline) for i, run in enumerate(runs.runs)]
    return [Solved(i, run, headline.cost_usd) for i, run, headline in found if headline is not None]


def _tornado(runs: Runs) -> ListSheet:
    """The change of cost of each combination against the first, the largest on top; what has no plan is last."""
    solved = _solved(runs)
    base = next(each for each in solved if each.i == runs.this)
    others = sorted((each for each in solved if each is not base), key=lambda each: -abs(each.cost_usd - base.cost_usd))
    without = [Entry((paragraph(run.name), said(run))) for run in runs.runs if run.headline is None]
    rows = [each.row for each in others]
    drawings = [Drawing(lambda places: _tornado_chart(places, rows), _says(base, others))] if others else []
    return _sheet(
        "cost as the settings vary", "The gaps leave the change between the least and the most.", 28, TORNADO,
        [_varied(base, base), *(_varied(each, base) for each in others), *without], *drawings,
    )  # fmt: skip


def _varied(each: Solved, base: Solved) -> Entry:
    cost = Formula(f"={run_of(each.i).cell('cost')}")
    cells: dict[str, Content] = {"plan": paragraph(each.run.name), "cost": cost, "unit": "USD"}
    if each is base:
        return Entry({**cells, "change": Cell("the first combination", role=Role.NOTE)}, each.row.key)
    first = base.row.part("<cost>$#n")
    changes = {
        "change": Formula(f"={{cost}}-{first}"),
        "least": Formula(f"={run_of(each.i).cell('bound')}-{first}"),
        "most": Formula(f"={{cost}}-{run_of(base.i).part('<bound>$#n')}"),
        "dearer": Formula("=MAX(0,{change})/usd_per_million"),
        "cheaper": Formula("=MIN(0,{change})/usd_per_million"),
    }
    return Entry({**cells, **changes}, each.row.key)


def _says(base: Solved, others: Sequence[Solved]) -> str:
    most = (others[0].cost_usd - base.cost_usd) / MILLION
    return f"Bars of the change in cost against the first combination, the largest on top: {most:+,.3f} million USD."


def _tornado_chart(places: Places, rows: Sequence[Row]) -> BarChart:
    """A bar for each combination, to the right where it costs more, in the order of the table."""
    chart = BarChart()
    chart.grouping, chart.overlap, chart.gapWidth = "stacked", 100, 40
    for column, colour in (("dearer", DEARER), ("cheaper", CHEAPER)):
        chart.series.append(series_down(places, rows, column, HEADERS, outlined(colour)))
    sideways(chart, "Change in cost against the first combination", "Plan", "USD m")
    chart.y_axis.number_format = "#,##0.0##;-#,##0.0##;0"
    height = 4.0 + BAR_HEIGHT * len(rows)
    chart.width, chart.height = WIDTH, min(max(height, LEAST_HEIGHT), MOST_HEIGHT)  # type: ignore[assignment]
    return chart


def _frontier(runs: Runs) -> ListSheet:
    """Cost against what it is traded for; a share without a unit is shown as one."""
    unit = {"": "share", "%": "share", "M USD": "USD m"}.get(runs.unit, runs.unit)
    columns = {
        "plan": Column("Plan", width=30),
        "amount": Column(runs.label, LOOKS.get(unit, unit), 28),
        "cost": Column("Cost, net present value", MONEY, 24),
        "millions": Column("Cost, USD m", "MW", 16),
        "unit": Column("Unit", width=12),
        "shown in": Column("Shown in", width=18),
    }
    solved = _solved(runs)
    rows = [each.row for each in solved]
    words = f"Scatter of cost against {runs.label}: {len(runs.runs)} plans, that of this workbook marked."
    label = f"{runs.label} ({unit})"
    drawing = Drawing(lambda places: _scatter(places, rows, rows[runs.this], label, unit), words)
    return _sheet(
        "what less of something costs", "No plan is both cheaper and lower, by more than the gaps leave open.", 42,
        columns, [_traded(each, runs, unit) for each in solved], drawing,
    )  # fmt: skip


def _traded(each: Solved, runs: Runs, unit: str) -> Entry:
    amount = (each.run.amount or 0.0) / (100 if runs.unit == "%" else 1)
    cost, millions = Formula(f"={run_of(each.i).cell('cost')}"), Formula("={cost}/usd_per_million")
    marked = Cell("this workbook", role=Role.STATUS) if each.i == runs.this else None
    return Entry((each.run.name, amount, cost, millions, unit, marked), each.row.key)


def _scatter(places: Places, rows: Sequence[Row], chosen: Row, label: str, unit: str) -> ScatterChart:
    """Cost against what it is traded for, the plan of this workbook in another colour and shape."""
    chart = ScatterChart()
    chart.scatterStyle, chart.varyColors = "lineMarker", False
    for name, shown, marker, colour in (
        ("All plans", rows, Marker("circle", 8), LINE),
        ("This workbook", [chosen], Marker("diamond", 16), CHOSEN),
    ):
        series = SeriesFactory(column_of(places, shown, "millions"), column_of(places, shown, "amount"))
        series.tx = SeriesLabel(v=name)
        series.marker, marker.spPr = marker, GraphicalProperties(solidFill=colour)
        series.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=colour, w=19050))
        series.smooth = False
        chart.series.append(series)
    frame(chart, "Cost against what it is traded for", label, "USD m")
    chart.width, chart.height = WIDTH, 11.0  # type: ignore[assignment]
    chart.x_axis.number_format = "0.0##%" if unit == "share" else "#,##0.0##"
    assert chart.legend is not None
    chart.legend.position = "b"
    return chart


def _ranges(runs: Runs) -> ListSheet:
    """The least and the most of each thing among all plans of nearly the best cost."""
    remark = f"Among all plans of at most {100 * runs.within:g}% more than the best cost."
    return _sheet("what is open at nearly the best cost", remark, 28, RANGES, list(map(_range, runs.ranges)))


def _range(found: Range) -> Entry:
    unit = {"M USD": "USD m"}.get(found.unit, found.unit)
    named = found.kind in ("vendor", "accelerator", "site")
    figures = (found.here, found.least, found.least_bound, found.most, found.most_bound)
    shown = (Cell(value, LOOKS.get(unit, unit)) for value in figures)
    of = Given(found.name) if named else "the whole plan"
    return Entry((of, KINDS[found.kind], *shown, unit, None if found.need is None else NEEDS[found.need]))
