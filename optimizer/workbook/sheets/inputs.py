"""Inputs: every assumption that a formula uses, with unit, basis, date and source."""

from __future__ import annotations

from datetime import date
from typing import Any

from optimizer.workbook.facts import MONTHS_PER_YEAR, Facts, month_start
from optimizer.workbook.sheets.book_inputs import book_inputs
from optimizer.workbook.sheets.decision_inputs import decision_inputs, fleet_inputs
from optimizer.workbook.sheets.frames import frame_inputs
from optimizer.workbook.sheets.input_downside import downside_inputs
from optimizer.workbook.sheets.input_finance import OURS, after_horizon, carbon, finance, residual
from optimizer.workbook.sheets.input_offers import OTHERS, commitments, offers, other_offers, others, systems
from optimizer.workbook.sheets.input_sites import budgets, sites, unmet_work
from optimizer.workbook.sheets.input_tax import tax
from optimizer.workbook.sheets.input_work import supply_inputs, value_inputs, work_inputs
from optimizer.workbook.sheets.rates import BILLION, IN_A_UNIT, MILLION, code_of, in_billions, translates
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.growth import with_growth
from optimizer.workbook.writing.lines import END, FISCAL_YEAR, HEADER, PERIOD, START, Line, Section
from optimizer.workbook.writing.references import FIRST_PERIOD, Row, at
from optimizer.workbook.writing.time_sheet import Axis, TimeSheet

AXIS = {
    START: f"=EDATE(horizon_start,(@${PERIOD}-1)*months_per_year/periods_per_year)",
    END: f"=EDATE(@${START},months_per_year/periods_per_year)-1",
    FISCAL_YEAR: f"=YEAR(EDATE(@${START},MOD(1-fiscal_year_starts,months_per_year)))-fiscal_year_shift",
    PERIOD: f"=COLUMNS($I${HEADER}:@${HEADER})",
}
AS_PLANNED = "other offers as planned"
PLAN_AGAIN = "price of an offer not in this plan edited: plan again"
FINGERPRINT_POWER = 0.1
"""Small, so that a share and a budget both leave a trace in one sum."""


HEADERS = ("Assumption", "Accelerator or offer", "Place", "Unit", "Constant", "Basis", "Date", "Source")


def inputs(facts: Facts) -> TimeSheet:
    """The assumptions, in the order in which the other sheets need them."""
    sections = [
        _scalars(facts), finance(facts), *tax(facts), residual(facts), after_horizon(facts), carbon(facts),
        systems(facts), *offers(facts), *other_offers(facts), *frame_inputs(facts), *commitments(facts),
        sites(facts), *fleet_inputs(facts),
        *decision_inputs(facts), *value_inputs(facts), *unmet_work(facts), work_inputs(facts),
        supply_inputs(facts), *budgets(facts), *book_inputs(facts),
        *downside_inputs(),
    ]  # fmt: skip
    heading = "Inputs: change yellow cells, totals follow"
    return TimeSheet("Inputs", heading, "FFC000", [*map(with_growth, sections)], axis=_axis(facts),
                     stamp=others_edited(facts))  # fmt: skip


def _axis(facts: Facts) -> Axis:
    """The time axis is made here. Its dates and fiscal years must be those of the plan."""
    starts = [_plain(date.fromisoformat(row.start)) for row in facts.plan.periods]
    years = [float(row.fiscal_year.removeprefix("fy")) for row in facts.plan.periods]
    return Axis(HEADERS, AXIS, {START: starts, FISCAL_YEAR: years})


def last_input(sheet: TimeSheet) -> Row:
    """The last line of the sheet."""
    line = sheet.sections[-1].lines[-1]
    return Row(line.key or line.name)


def _scalars(facts: Facts) -> Section:
    horizon, starts = "scenario: horizon", float(facts.scenario["finance"]["fiscal_year_starts"])
    lines = [
        Line("First day of the horizon", "date", constant=month_start(facts.first), source=horizon, rule="date",
             name="horizon_start"),
        Line("Periods in a year", "periods", constant=MONTHS_PER_YEAR / facts.months, source=horizon, rule="positive",
             name="periods_per_year"),
        Line("First month of the fiscal year", "month", constant=starts, source="scenario: fiscal_year_starts",
             rule="month", name="fiscal_year_starts"),
        Line("Years that a fiscal year is named before its end", "switch", constant=float(facts.year_shift),
             source="as the scenario says, else by the language", rule="switch", name="fiscal_year_shift"),
        _defined("Months in a year", "months", 12.0, "positive", "months_per_year"),
        _defined("Hours in a year", "hours", 8760.0, "positive", "hours_per_year"),
        _defined("When a flow of a period is paid", "share", 0.5, "share", "cash_timing"),
        _defined("kW in a MW", "kW/MW", 1000.0, "positive", "kw_per_mw"),
        _defined("kg in a tonne", "kg/t", 1000.0, "positive", "kg_per_t"),
        _defined("USD in a million USD", "USD/USD m", MILLION, "positive", "usd_per_million"),
        *_unit_of_reports(facts),
        _defined("Tolerance for money", "USD", facts.money_tolerance, "amount", "tolerance_usd", "any"),
        _defined("Tolerance for quantities", "ratio", 1e-9, "amount", "tolerance_quantity", "any"),
        _defined("Tolerance of the edit detector", "number", 1e-8, "amount", "tolerance_edited", "any"),
        _defined("Power of the edit detector", "ratio", FINGERPRINT_POWER, "positive", "fingerprint_power"),
    ]  # fmt: skip
    note = "The horizon and its periods belong to this plan; run chipmix plan to change them."
    return Section("Time, units and tolerances", note, lines)


def _unit_of_reports(facts: Facts) -> list[Line]:
    """How much of the reporting currency Summary counts in, where that is another than USD."""
    code, (many, size) = code_of(facts), ("billion", BILLION) if in_billions(facts) else ("million", MILLION)
    label = f"{code} in a {many} {code}"
    return [_defined(label, "currency", size, "positive", IN_A_UNIT)] if translates(facts) else []


def _defined(label: str, unit: str, value: float, rule: str, name: str, shown_as: str = "") -> Line:
    return Line(label, unit, constant=value, source=OURS, rule=rule, name=name, constant_unit=shown_as)


def fingerprint(book: Book) -> float:
    """Sum of (1 + x) ** fingerprint_power over the assumptions: what it is while nobody has edited one."""
    return _summed(book, range(HEADER + 1, book.workbook["Inputs"].max_row + 1))


def others_edited(facts: Facts) -> Formula | str:
    """Whether a price of an offer that is not in the plan was edited, in words; nothing without such offers."""
    return Formula(f'=IF(other_prices_edited=0,"{AS_PLANNED}","{PLAN_AGAIN}")') if others(facts) else ""


def last_other(facts: Facts) -> Row:
    """The last line of the prices of offers that are not in the plan."""
    return at("offer", "price", others(facts)[-1])


def fingerprint_of_others(book: Book) -> float:
    """The same over the prices of offers that are not in the plan."""
    first, last = (book.places[row].number for row in (OTHERS, last_other(book.facts)))
    return _summed(book, range(first, last + 1))


def _summed(book: Book, rows: range) -> float:
    sheet = book.workbook["Inputs"]
    columns = [5, *range(FIRST_PERIOD, FIRST_PERIOD + book.facts.periods)]
    shown = {tie.cell: tie.expected for tie in book.ties if tie.sheet == sheet.title}
    total = 0.0
    for row in rows:
        for column in columns:
            cell = sheet.cell(row, column)
            value = shown.get(cell.coordinate, 0.0) if cell.data_type == "f" else cell.value
            total += (1.0 + _plain(value)) ** FINGERPRINT_POWER
    return total


def _plain(value: Any) -> float:
    if isinstance(value, date):
        return float(value.toordinal() - date(1899, 12, 30).toordinal())
    return float(value or 0.0)
