"""Charts: what Summary says as pictures, and each cost; each picture has a sentence that stands for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import fsum

from openpyxl.chart import BarChart, LineChart
from openpyxl.chart.marker import Marker
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.cash import CAPEX, COSTS, capped
from optimizer.workbook.sheets.rates import money_unit
from optimizer.workbook.sheets.summary_tables import SHARE, shown_costs, total_of
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.charts import across, outlined, over_time, series_down, sideways
from optimizer.workbook.writing.lines import ITEM, LABEL
from optimizer.workbook.writing.lists import Block, Cell, Column, Drawing, Entry, ListSheet
from optimizer.workbook.writing.references import Places, Row, at, down
from optimizer.workbook.writing.styles import CHART_COLOURS, Role

BARS, LINE, BAR = "BDD3E8", "A33C00", "0072B2"
"""Pale columns with an outline and a dark line over them: told apart in grey as well. And bars of costs."""
MILLION = 1e6
HEADERS = at("charts", "costs")
CHART_ROWS = 15
"""Rows that a chart takes, with the gap below it."""
WIDTHS = (40.0, 15.0, 15.0, 18.5)
"""As wide as a chart, so that the next one stands beside it."""


def charts(facts: Facts) -> ListSheet:
    """Each cost, then as many of four charts as the plan has figures for, two beside one another."""
    table = _table(facts)
    drawings = [
        replace(each, below=HEADERS, rows=len(table.entries) + 2 + CHART_ROWS * (i // 2), column="AE"[i % 2])
        for i, each in enumerate((*_entering(facts), *_power(facts), *_capex(facts), *_costs(facts)))
    ]
    return ListSheet("Charts", "Charts", "1F3864", [table], widths=WIDTHS, drawings=drawings, one_page=True)


def _table(facts: Facts) -> Block:
    """Each cost undiscounted and as a present value, and its share of all costs before receipts."""
    rows, entries, unit = _cost_rows(facts), [], money_unit(facts)
    for row in rows:
        name, every = row.key.rpartition("/")[2], down(rows, "$<B>", fixed=True)
        share = Cell(Formula(f'=IFERROR({{B}}/SUMIFS({every},{every},">0"),0)'), SHARE)
        present, cash = (total_of(facts, at(what, name)) for what in ("present value", "cost"))
        entries.append(Entry((COSTS[name], present, share, cash), row.key))
    present, cash = (total_of(facts, row, Role.TOTAL) for row in (at("net present value"), at("cost", "total")))
    total = Entry((Cell("Total", role=Role.TOTAL), present, Cell(role=Role.TOTAL), cash))
    heads = (Column(head, "any") for head in (f"NPV, {unit}", "Share of costs", f"Undiscounted, {unit}"))
    columns = dict(zip("ABCD", (Column("Cost"), *heads), strict=True))
    return Block([*entries, total], columns, key=HEADERS.key)


def _cost_rows(facts: Facts) -> list[Row]:
    return [at("charts", "cost", name) for name in shown_costs(facts)]


def _entering(facts: Facts) -> Iterator[Drawing]:
    if facts.accelerators:
        rows = [at("accelerators entering", accelerator) for _, accelerator in facts.accelerators]
        yield Drawing(lambda places: _stacked(places, rows, facts.periods), _say_entering(facts))


def _power(facts: Facts) -> Iterator[Drawing]:
    if facts.sites:
        title = "Peak power at the meter against the limit, all sites"
        power, limit = (at("all sites", what) for what in ("power", "limit"))
        yield Drawing(lambda places: _against(places, power, [limit], title, "MW", facts.periods), _say_power(facts))


def _capex(facts: Facts) -> Iterator[Drawing]:
    budgets = [at("budgets so far")] if capped(facts) else []
    if budgets or _capex_usd(facts):
        title = "Capex so far against budget" if budgets else "Capex so far (no budget)"
        yield Drawing(
            lambda places: _against(places, at("capex so far"), budgets, title, "USD m", facts.periods),
            _say_capex(facts, bool(budgets)),
        )


def _costs(facts: Facts) -> Iterator[Drawing]:
    if rows := _cost_rows(facts):
        yield Drawing(lambda places: _bars(places, rows, money_unit(facts)), _say_costs(facts))


def _stacked(places: Places, rows: list[Row], periods: int) -> BarChart:
    """Accelerators entering service by accelerator and period, stacked."""
    chart = BarChart()
    chart.grouping, chart.overlap = "stacked", 100
    for i, row in enumerate(rows):
        series = across(places, row, ITEM)
        series.graphicalProperties = outlined(CHART_COLOURS[i % len(CHART_COLOURS)])
        chart.series.append(series)
    return over_time(chart, "Accelerators entering service", "Accelerators", "r", periods)


def _against(places: Places, bars: Row, limits: list[Row], title: str, unit: str, periods: int) -> BarChart:
    """What is used as columns and, where there is one, its limit as a line."""
    chart = BarChart()
    used = across(places, bars, LABEL)
    used.graphicalProperties = outlined(BARS)
    chart.series.append(used)
    for row in limits:
        line, limit = LineChart(), across(places, row, LABEL)
        limit.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=LINE, w=28575))
        limit.invertIfNegative, limit.smooth, limit.marker = None, False, Marker("none")
        line.series.append(limit)
        chart += line
    return over_time(chart, title, unit, "b", periods)


def _bars(places: Places, rows: list[Row], unit: str) -> BarChart:
    """A bar for each cost; receipts run left."""
    chart = BarChart()
    chart.gapWidth = 40
    chart.series.append(series_down(places, rows, "B", HEADERS, outlined(BAR)))
    sideways(chart, "Present value of each cost", "Cost", unit)
    chart.legend = None
    return chart


def _say_entering(facts: Facts) -> str:
    by_key = dict.fromkeys(facts.keys, 0.0)
    for row in facts.plan.orders:
        by_key[facts.enters(row)] += row.accelerators
    most = max(by_key, key=lambda key: by_key[key])
    return f"Stacked columns of accelerators entering service by period; most, {by_key[most]:,.0f}, enter in {most}."


def _say_power(facts: Facts) -> str:
    used = dict.fromkeys(facts.keys, 0.0)
    for row in facts.plan.sites:
        used[row.period] += row.power_used_mw
    most = max(used, key=lambda key: used[key])
    return f"Columns of peak power over all sites, the limit as a line; highest in {most}: {used[most]:,.3f} MW."


def _capex_usd(facts: Facts) -> float:
    """USD of capex over the horizon."""
    return fsum(fsum(facts.plan.costs.get(name, {}).values()) for name in CAPEX)


def _say_capex(facts: Facts, budget: bool) -> str:
    line = ", the budgets begun so far as a line" if budget else ""
    return f"Columns of capex from the first period on{line}; {_capex_usd(facts) / MILLION:,.1f} million USD in all."


def _say_costs(facts: Facts) -> str:
    cash = {name: fsum(values.values()) for name, values in facts.plan.costs.items()}
    most = max(cash, key=lambda name: cash[name])
    return f"Bars of the present value of each cost, receipts to the left; the largest outlay is {COSTS[most].lower()}."
