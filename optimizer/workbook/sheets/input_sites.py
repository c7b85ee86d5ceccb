"""The part of Inputs about sites, unmet work and budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from optimizer.request.schedules import highest
from optimizer.workbook.facts import number
from optimizer.workbook.sheets.input_rows import BudgetRows, SiteRows
from optimizer.workbook.writing.lines import Line
from optimizer.workbook.writing.references import Row, key_of
from optimizer.workbook.writing.table import Table

LIMITS = {
    "power_mw": ("Power limit at the meter", "MW"),
    "liquid_mw": ("Liquid cooling limit, IT load", "MW"),
    "air_mw": ("Air cooling limit, IT load", "MW"),
    "racks": ("Rack limit", "racks"),
}
UNMET = "unmet_usd_per_unit_hour"
TARIFFS = {
    "electricity_usd_per_mwh": ("Electricity", "USD/MWh"),
    "hosting_usd_per_kw_month": ("Hosting, provisioned IT load", "USD/kW-month"),
    "carbon_kg_per_mwh": ("Carbon of electricity", "kg/MWh"),
}
NOT_GIVEN = "not given, counts as 0"


def write_sites(table: Table) -> dict[str, SiteRows]:
    """Limits, PUE and tariffs of our sites."""
    facts = table.book.facts
    table.heading("Sites")
    rows = {}
    for site in facts.sites:
        given = facts.scenario["sites"][site]
        limits = {
            name: _site_line(table, site, name, LIMITS[name], facts.over_periods(name, given[name], 0.0))
            for name in LIMITS
            if name in given
        }
        pue, peak = _pue(table, site, given)
        tariffs = [
            _site_line(table, site, name, TARIFFS[name], facts.over_periods(name, given.get(name, "0")))
            for name in TARIFFS
        ]
        rows[site] = SiteRows(limits, pue, peak, isinstance(given["pue"], dict), "peak_pue" in given, *tariffs)
    return rows


def _site_line(table: Table, site: str, name: str, label: tuple[str, str], values: Sequence[float | None]) -> Row:
    given = name in table.book.facts.scenario["sites"][site]
    source, keys = f"scenario: {name}" if given else NOT_GIVEN, (f"sites/{site}/{name}",)
    return table.line(
        Line(
            label[0],
            label[1],
            place=site,
            periods=values,
            source=source,
            rule="amount",
            keys=keys,
            key=key_of("site", name, site),
        )
    )


ENERGY_PUE, PEAK_PUE = "PUE, yearly mean, for energy", "PUE at peak, for power"
UNLIKE_MONTHS = "its months differ inside a period"


def _pue(table: Table, site: str, given: dict[str, Any]) -> tuple[Row, Row]:
    """PUE for energy and for power: numbers, or by period; one line where they are the same.

    Where months differ inside a period and the peak is the highest of them, a new mean does not say what the highest
    is: both are locked.
    """
    facts, raw = table.book.facts, given["pue"]
    line = Line(
        ENERGY_PUE,
        "ratio",
        place=site,
        source="scenario: pue",
        rule="ratio",
        keys=(f"sites/{site}/pue",),
        key=key_of("site", "pue", site),
    )
    means = facts.over_periods("pue", raw)
    highs = facts.read(highest, raw)
    line = replace(line, periods=means) if isinstance(raw, dict) else replace(line, constant=number(raw))
    if "peak_pue" in given:
        peak = replace(
            line,
            label=PEAK_PUE,
            source="scenario: peak_pue",
            keys=(f"sites/{site}/peak_pue",),
            key=key_of("site", "peak_pue", site),
        )
        constant = number(given["peak_pue"])
        return table.line(line), table.line(replace(peak, periods=None, constant=constant))
    if means == highs:
        row = table.line(line)
        return row, row
    line = replace(line, keys=(), locked=UNLIKE_MONTHS)
    return table.line(line), table.line(
        replace(line, label=PEAK_PUE, periods=highs, key=key_of("site", "peak_pue", site))
    )


def write_unmet(table: Table) -> dict[str, Row]:
    """What work that is not done costs, where that has a price."""
    facts = table.book.facts
    priced = [name for name in facts.unmet if UNMET in facts.scenario["demand"][name]]
    if not priced:
        return {}
    table.heading("Price of unmet work")
    rows = {}
    for demand in priced:
        prices = facts.over_periods(UNMET, facts.scenario["demand"][demand][UNMET])
        source, keys = f"scenario: {UNMET}", (f"demand/{demand}/{UNMET}",)
        line = Line(
            "Unmet work",
            "USD/unit-hour",
            demand,
            periods=prices,
            source=source,
            rule="amount",
            keys=keys,
            key=key_of("price of unmet work", demand),
        )
        rows[demand] = table.line(line)
    return rows


def write_budgets(table: Table) -> list[BudgetRows]:
    """Each budget: its window and its limit."""
    facts = table.book.facts
    if not facts.plan.budget:
        return []
    table.heading("Budgets", "A budget holds for the periods that start in its window.")
    rows = []
    for budget in facts.plan.budget:
        start, end = facts.window(budget.window)
        kind = "Capex budget" if budget.budget == "capex_usd" else "Opex budget"
        source = f"scenario: {budget.budget}"
        line = Line(f"{kind}, limit", "USD", budget.window, constant=budget.limit_usd, source=source, rule="amount")
        dates = Line("", "date", budget.window, source=source, rule="date", locked="the window's")
        lines = [
            replace(
                dates,
                label=f"{kind}, first day",
                constant=start,
                key=key_of("budget", "first day", budget.budget, budget.window),
            ),
            replace(
                dates,
                label=f"{kind}, last day",
                constant=end,
                key=key_of("budget", "last day", budget.budget, budget.window),
            ),
            replace(
                line,
                keys=(f"budget/{budget.budget}",),
                part=budget.window,
                key=key_of("budget", "limit", budget.budget, budget.window),
            ),
        ]
        rows.append(BudgetRows(budget.budget, budget.window, *table.block(lines)))
    return rows
