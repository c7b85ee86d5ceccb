"""Bridge: from the cost of the plan before to that of this one, step by step, with a waterfall."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import floor, log10

from openpyxl.chart import BarChart
from openpyxl.chart.legend import LegendEntry
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties

from optimizer.plan.bridge import Bridge, Stamp, Step
from optimizer.workbook.language.given import Given
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.charts import frame, outlined, series_down
from optimizer.workbook.writing.lines import Check
from optimizer.workbook.writing.lists import Block, Cell, Column, Content, Drawing, Entry, ListSheet, note, paragraph
from optimizer.workbook.writing.references import Places, Row, at, down
from optimizer.workbook.writing.styles import Role

MONEY = "#,##0.00_);(#,##0.00)"
RUNS = {
    "run": Column("Run", width=30),
    "before": Column("Plan before", width=26),
    "this": Column("This plan", width=26),
    "unit": Column("Unit", width=9),
}
STEPS = {
    "step": Column("Step", width=30),
    "change": Column("Change", MONEY, 26),
    "after": Column("After the step", MONEY, 26),
    "unit": Column("Unit", width=9),
    "meaning": Column("What it is", width=70),
    "base": Column("Base of the column", "MW", 20),
    "plan": Column("Plan", "MW", 14),
    "dearer": Column("Dearer", "MW", 14),
    "dearer below": Column("Dearer, below zero", "MW", 20),
    "cheaper": Column("Cheaper", "MW", 14),
    "cheaper below": Column("Cheaper, below zero", "MW", 20),
}
"""Columns from the base on are the chart's, in USD m to the thousand, and are not printed."""
HEADERS = at("bridge", "steps")
MILLION, SEEN = 1e6, 0.5
"""Steps that span less than this share of the lowest level are drawn on an axis that begins above zero."""
CHART_ROWS = 27
"""What is printed below the last step: a note and the chart."""
TOTAL, UP, DOWN = "5F6B73", "C05000", "0072B2"
BELOW_ZERO = (3, 5)
"""Series that repeat the meaning of the one before them for columns below zero; not in the legend."""


def bridge(of: Bridge) -> ListSheet:
    """The two plans, the steps between them and the chart; figures are static, stamped with the runs they are from."""
    steps = [
        Step(name="Plan before", usd=of.old.objective_usd, meaning="Net present value of cost."),
        *of.steps,
        Step(name="This plan", usd=of.new.objective_usd, meaning="Net present value of cost, as optimised."),
    ]
    rows = [at("bridge", "step", i) for i in range(len(steps))]
    entries = [_whole(rows[0], steps[0]), *map(_step, rows[1:], rows, steps[1:-1]), _whole(rows[-1], steps[-1])]
    last, before = (row.part("$<after>$#n") for row in (rows[-1], rows[-2]))
    meaning = "The steps of the bridge sum to the difference of the two objectives."
    remark = note("Change: figures of the two runs, in present value; they follow no edit.")
    return ListSheet(
        "Bridge", "Bridge: from the plan before to this one", "1F3864",
        [_runs(of), Block([*entries, Entry((remark,))], STEPS, key=HEADERS.key)],
        [Check("Bridge closes", f"={last}-{before}", "USD", meaning)],
        widths=[column.width for column in STEPS.values()],
        drawings=[Drawing(lambda places: _waterfall(places, rows, steps), _says(of))],
        one_page=True, printed=("E", rows[-1], CHART_ROWS),
    )  # fmt: skip


def _runs(of: Bridge) -> Block:
    """What the two plans are."""
    stamps = [_stamp(of.old), _stamp(of.new)]
    units = {"Gap": "share", "Objective": "USD"}
    return Block([Entry((label, *(stamp[label] for stamp in stamps), units.get(label, "text"))) for label in stamps[0]],
                 RUNS)  # fmt: skip


def _stamp(stamp: Stamp) -> dict[str, Cell]:
    return {
        "Scenario": paragraph(stamp.name),
        "Scenario SHA-256, first digits": paragraph(Given(stamp.scenario_sha256[:16])),
        "Catalogue SHA-256, first digits": paragraph(Given(stamp.catalog_sha256[:16])),
        "Solver": paragraph(stamp.solver),
        "Status": paragraph(stamp.status),
        "Gap": Cell(stamp.gap, "0.0000%_)"),
        "Objective": Cell(stamp.objective_usd, MONEY),
    }


def _cells(step: Step, role: Role) -> dict[str, Content]:
    return {"step": Cell(step.name, role=role), "change": step.usd, "unit": "USD", "meaning": note(step.meaning)}


def _whole(row: Row, step: Step) -> Entry:
    """The cost of one of the two plans; a column of the chart from zero."""
    plan = Formula("={after}/usd_per_million")
    after = Cell(Formula("={change}"), role=Role.FORMULA)
    return Entry({**_cells(step, Role.TOTAL), "after": after, "plan": plan}, row.key)


def _step(row: Row, before: Row, step: Step) -> Entry:
    """A change, and the parts of its column: between the plan before the step and after it."""
    ends = down([before, row], "<after>")
    above, below = f"(MAX(0,{ends})-MAX(0,MIN({ends})))", f"(MIN(0,{ends})-MIN(0,MAX({ends})))"
    cells = {
        **_cells(step, Role.LABEL),
        "after": Cell(Formula(f"={before.cell('after')}+{{change}}"), role=Role.FORMULA),
        "base": Formula(f"=(MAX(0,MIN({ends}))+MIN(0,MAX({ends})))/usd_per_million"),
        "dearer": Formula(f"=IF({{change}}>0,{above}/usd_per_million,0)"),
        "dearer below": Formula(f"=IF({{change}}>0,{below}/usd_per_million,0)"),
        "cheaper": Formula(f"=IF({{change}}>0,0,{above}/usd_per_million)"),
        "cheaper below": Formula(f"=IF({{change}}>0,0,{below}/usd_per_million)"),
    }
    return Entry(cells, row.key)


def axis_from(steps: Sequence[Step]) -> float:
    """Where the axis begins, in USD m: at zero, unless the steps would be too small beside the whole to be seen."""
    levels = list(accumulate((step.usd / MILLION for step in steps[1:-1]), initial=steps[0].usd / MILLION))
    low, span = min(levels), max(levels) - min(levels)
    if low <= 0 or not span or span > SEEN * low:
        return 0.0
    digits = 10.0 ** floor(log10(span))
    return max(0.0, floor((low - span / 2) / digits) * digits)


def _waterfall(places: Places, rows: Sequence[Row], steps: Sequence[Step]) -> BarChart:
    """Stacked columns on a base that is not drawn, from zero or from where the steps can be seen."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 40
    looks = [GraphicalProperties(noFill=True, ln=LineProperties(noFill=True))]
    looks += [outlined(colour) for colour in (TOTAL, UP, UP, DOWN, DOWN)]
    for column, look in zip(list(STEPS)[-len(looks) :], looks, strict=True):
        chart.series.append(series_down(places, rows, column, HEADERS, look))
    least = axis_from(steps)
    frame(chart, "From the plan before to this one", "Step", f"USD m, axis from {least:,.0f}" if least else "USD m")
    chart.y_axis.scaling.min = least or None
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
