"""The part of Inputs about sites, unmet work and budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optimizer.workbook.facts import number
from optimizer.workbook.input_rows import BudgetRows, SiteRows
from optimizer.workbook.layout import Line, Row, Table

LIMITS = {
    "power_mw": ("Power limit at the meter", "MW"),
    "liquid_mw": ("Liquid cooling limit, IT load", "MW"),
    "air_mw": ("Air cooling limit, IT load", "MW"),
    "racks": ("Rack limit", "racks"),
}
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
            name: _site_line(table, site, name, LIMITS[name], facts.over_periods(given[name], 0.0))
            for name in LIMITS
            if name in given
        }
        pue = _pue(table, site, "pue", "PUE, yearly mean, for energy")
        peak = _pue(table, site, "peak_pue", "PUE at peak, for power") if "peak_pue" in given else None
        tariffs = [
            _site_line(table, site, name, TARIFFS[name], facts.over_periods(given.get(name, "0"))) for name in TARIFFS
        ]
        rows[site] = SiteRows(limits, pue, peak, *tariffs)
    return rows


def _site_line(table: Table, site: str, name: str, label: tuple[str, str], values: Sequence[float | None]) -> Row:
    given = name in table.book.facts.scenario["sites"][site]
    source, keys = f"scenario: {name}" if given else NOT_GIVEN, (f"sites/{site}/{name}",)
    return table.line(Line(label[0], label[1], place=site, periods=values, source=source, rule="amount", keys=keys))


def _pue(table: Table, site: str, name: str, label: str) -> Row:
    value = number(table.book.facts.scenario["sites"][site][name])
    source, keys = f"scenario: {name}", (f"sites/{site}/{name}",)
    return table.line(Line(label, "ratio", place=site, constant=value, source=source, rule="ratio", keys=keys))


def write_unmet(table: Table) -> dict[str, Row]:
    """What work that is not done costs, where that has a price."""
    facts = table.book.facts
    priced = [name for name in facts.unmet if "unmet_usd_per_unit_hour" in facts.scenario["demand"][name]]
    if not priced:
        return {}
    table.heading("Price of unmet work")
    rows = {}
    for demand in priced:
        prices = facts.over_periods(facts.scenario["demand"][demand]["unmet_usd_per_unit_hour"])
        source, keys = "scenario: unmet_usd_per_unit_hour", (f"demand/{demand}/unmet_usd_per_unit_hour",)
        line = Line("Unmet work", "USD/unit-hour", demand, periods=prices, source=source, rule="amount", keys=keys)
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
            replace(dates, label=f"{kind}, first day", constant=start),
            replace(dates, label=f"{kind}, last day", constant=end),
            replace(line, keys=(f"budget/{budget.budget}",), part=budget.window),
        ]
        rows.append(BudgetRows(budget.budget, budget.window, *table.block(lines)))
    return rows
