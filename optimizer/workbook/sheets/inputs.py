"""Inputs: every assumption that a formula uses, with unit, basis, date and source."""

from __future__ import annotations

from datetime import date
from typing import Any

from optimizer.workbook.facts import MONTHS_PER_YEAR, month_start
from optimizer.workbook.sheets.book_inputs import write_book_inputs
from optimizer.workbook.sheets.decision_inputs import write_decision_inputs, write_fleet, write_values
from optimizer.workbook.sheets.input_finance import (
    OURS,
    write_after_horizon,
    write_carbon_price,
    write_finance,
    write_residual,
)
from optimizer.workbook.sheets.input_offers import write_committed, write_offers, write_systems
from optimizer.workbook.sheets.input_rows import BudgetRows, CommittedRows, InputRows, OfferRows, SiteRows, SystemRows
from optimizer.workbook.sheets.input_sites import write_budgets, write_sites, write_unmet
from optimizer.workbook.sheets.supply_inputs import supply_inputs
from optimizer.workbook.sheets.work_inputs import write_work_inputs
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import END, FISCAL_YEAR, HEADER, PERIOD, START, Line
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.table import Table

__all__ = [
    "BudgetRows",
    "CommittedRows",
    "InputRows",
    "OfferRows",
    "SiteRows",
    "SystemRows",
    "fingerprint",
    "write_inputs",
]

HEADERS = ("Assumption", "Accelerator or offer", "Place", "Unit", "Constant", "Basis", "Date", "Source")
_AXIS = {
    START: "=EDATE(horizon_start,(@${period}-1)*months_per_year/periods_per_year)",
    END: "=EDATE(@${start},months_per_year/periods_per_year)-1",
    FISCAL_YEAR: "=YEAR(EDATE(@${start},MOD(1-fiscal_year_starts,months_per_year)))",
    PERIOD: "=COLUMNS($I${header}:@${header})",
}


class InputTable(Table):
    """The time axis is made here; every other sheet links to it."""

    def axis_formula(self, row: int) -> Formula:
        return Formula(_AXIS[row].format(period=PERIOD, start=START, header=HEADER))

    def period_header(self, column: int) -> None:
        self.text(HEADER, column, self.book.facts.keys[column - len(HEADERS) - 1], Role.NUMBERS)


def write_inputs(book: Book) -> InputRows:
    """Write the sheet; returns where each assumption stands."""
    table = InputTable(book, "Inputs", "Inputs: change a yellow cell and every total follows", "FFC000", HEADERS)
    _tie_axis(book)
    _scalars(table)
    ages, shares = write_residual(table)
    write_after_horizon(table)
    carbon_price = write_carbon_price(table)
    systems = write_systems(table)
    offers = write_offers(table)
    before = (
        write_committed(table), write_sites(table), write_fleet(table), write_decision_inputs(table),
        write_values(table), write_unmet(table), write_work_inputs(table),
    )  # fmt: skip
    table.section(supply_inputs(book.facts))
    rows = InputRows(
        systems,
        offers,
        *before,
        write_budgets(table),
        ages,
        shares,
        carbon_price,
        write_book_inputs(table, {offer: rows.price for offer, rows in offers.items()}),
        table.next - 1,
    )
    table.finish()
    return rows


def _tie_axis(book: Book) -> None:
    """The dates and fiscal years that the formulas give must be those of the plan."""
    rows = book.facts.plan.periods
    starts = [_plain(date.fromisoformat(row.start)) for row in rows]
    book.tie_cells("Inputs", START, starts, "first day of")
    years = [float(row.fiscal_year.removeprefix("fy")) for row in rows]
    book.tie_cells("Inputs", FISCAL_YEAR, years, "fiscal year of")


def fingerprint(book: Book, last: int) -> float:
    """Sum of (1 + x) ** fingerprint_power over the assumptions: what it is while nobody has edited one."""
    sheet = book.workbook["Inputs"]
    columns = [5, *range(len(HEADERS) + 1, len(HEADERS) + 1 + book.facts.periods)]
    total = 0.0
    for row in range(HEADER + 1, last + 1):
        for column in columns:
            total += (1.0 + _plain(sheet.cell(row, column).value)) ** FINGERPRINT_POWER
    return total


FINGERPRINT_POWER = 0.1
"""Small, so that a share and a budget both leave a trace in one sum."""


def _plain(value: Any) -> float:
    if isinstance(value, date):
        return float(value.toordinal() - date(1899, 12, 30).toordinal())
    return float(value or 0.0)


def _scalars(table: Table) -> None:
    facts = table.book.facts
    finance = facts.scenario["finance"]
    table.heading(
        "Time, units and tolerances",
        "The horizon and its periods belong to this plan; run chipmix plan to change them.",
    )
    for label, unit, value, rule, name in (
        ("First day of the horizon", "date", month_start(facts.first), "date", "horizon_start"),
        ("Periods in a year", "periods", MONTHS_PER_YEAR / facts.months, "positive", "periods_per_year"),
        (
            "First month of the fiscal year",
            "month",
            float(finance["fiscal_year_starts"]),
            "month",
            "fiscal_year_starts",
        ),
        ("Months in a year", "months", 12.0, "positive", "months_per_year"),
        ("Hours in a year", "hours", 8760.0, "positive", "hours_per_year"),
        ("When a flow of a period is paid", "share", 0.5, "share", "cash_timing"),
        ("kW in a MW", "kW/MW", 1000.0, "positive", "kw_per_mw"),
        ("kg in a tonne", "kg/t", 1000.0, "positive", "kg_per_t"),
        ("USD in a million USD", "USD/USD m", 1e6, "positive", "usd_per_million"),
        ("Tolerance for money", "USD", facts.money_tolerance, "amount", "tolerance_usd"),
        ("Tolerance for quantities", "ratio", 1e-9, "amount", "tolerance_quantity"),
        ("Tolerance of the edit detector", "number", 1e-8, "amount", "tolerance_edited"),
        ("Power of the edit detector", "ratio", FINGERPRINT_POWER, "positive", "fingerprint_power"),
    ):
        source = "scenario: horizon" if name in ("horizon_start", "periods_per_year") else OURS
        source = "scenario: fiscal_year_starts" if name == "fiscal_year_starts" else source
        looks = "any" if name.startswith("tolerance") else ""
        table.line(Line(label, unit, constant=value, source=source, rule=rule, name=name, constant_unit=looks))
    write_finance(table)
