"""Inputs: every assumption that a formula uses, with unit, basis, date and source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from optimizer.workbook.cells import Formula
from optimizer.workbook.citations import of_catalog
from optimizer.workbook.decision_inputs import (
    DecisionInputs,
    FleetInputs,
    ValueInputs,
    write_decision_inputs,
    write_fleet,
    write_values,
)
from optimizer.workbook.facts import (
    DEFAULT_RESIDUAL,
    HOSTED,
    MONTHS_PER_YEAR,
    RENTED,
    Group,
    month_start,
    number,
)
from optimizer.workbook.layout import END, FISCAL_YEAR, HEADER, PERIOD, START, Book, Line, Row, Table
from optimizer.workbook.styles import Role

HEADERS = ("Assumption", "Accelerator or offer", "Place", "Unit", "Constant", "Basis", "Date", "Source")
OURS = "chipmix: definition"
_AXIS = {
    START: "=EDATE(horizon_start,(@${period}-1)*months_per_year/periods_per_year)",
    END: "=EDATE(@${start},months_per_year/periods_per_year)-1",
    FISCAL_YEAR: "=YEAR(EDATE(@${start},MOD(1-fiscal_year_starts,months_per_year)))",
    PERIOD: "=COLUMNS($I${header}:@${header})",
}


@dataclass(frozen=True)
class SystemRows:
    """Per system: accelerators, provisioned and average IT kW, racks; each in the constant column."""

    accelerators: Row
    provisioned: Row
    average: Row
    racks: Row


@dataclass(frozen=True)
class OfferRows:
    """Per offer: lead and term in months, shares and prices; None where the route has no such thing."""

    lead: Row
    term: Row | None
    deposit: Row | None
    network: Row
    software: Row
    price: Row
    carbon: Row | None


@dataclass(frozen=True)
class CommittedRows:
    """Per group of commitments: price by period of entry, systems by place."""

    price: Row
    systems: dict[str, Row]


@dataclass(frozen=True)
class SiteRows:
    """Per site: limits by period (None: no limit), PUE, tariffs by period."""

    limits: dict[str, Row]
    pue: Row
    peak_pue: Row | None
    electricity: Row
    hosting: Row
    carbon: Row


@dataclass(frozen=True)
class BudgetRows:
    """One budget: first and last day of its window and its limit, in the constant column."""

    budget: str
    window: str
    start: Row
    end: Row
    limit: Row


@dataclass(frozen=True)
class InputRows:
    """Where each assumption stands."""

    systems: dict[str, SystemRows]
    offers: dict[str, OfferRows]
    committed: dict[Group, CommittedRows]
    sites: dict[str, SiteRows]
    fleet: FleetInputs
    decisions: DecisionInputs
    values: dict[str, ValueInputs]
    unmet_price: dict[str, Row]
    budgets: list[BudgetRows]
    ages: list[Row]
    shares: list[Row]
    carbon_price: Row
    last: Row


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
    ages, shares = _residual(table)
    carbon_price = _carbon_price(table)
    systems = _systems(table)
    offers = _offers(table)
    rows = InputRows(
        systems,
        offers,
        _committed(table),
        _sites(table),
        write_fleet(table),
        write_decision_inputs(table),
        write_values(table),
        _unmet(table),
        _budgets(table),
        ages,
        shares,
        carbon_price,
        Row("Inputs", table.next - 1, book.last_column),
    )
    table.finish()
    return rows


def _tie_axis(book: Book) -> None:
    """The dates and fiscal years that the formulas give must be those of the plan."""
    rows = book.facts.plan.periods
    starts = [_plain(date.fromisoformat(row.start)) for row in rows]
    book.tie(Row("Inputs", START, book.last_column), starts, "first day of")
    years = [float(row.fiscal_year.removeprefix("fy")) for row in rows]
    book.tie(Row("Inputs", FISCAL_YEAR, book.last_column), years, "fiscal year of")


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
        ("Tolerance for money", "USD", 0.01, "amount", "tolerance_usd"),
        ("Tolerance for quantities", "number", 1e-6, "amount", "tolerance_quantity"),
        ("Tolerance of the edit detector", "number", 1e-8, "amount", "tolerance_edited"),
        ("Power of the edit detector", "ratio", FINGERPRINT_POWER, "positive", "fingerprint_power"),
    ):
        source = "scenario: horizon" if name in ("horizon_start", "periods_per_year") else OURS
        source = "scenario: fiscal_year_starts" if name == "fiscal_year_starts" else source
        looks = "any" if name.startswith("tolerance") else ""
        table.line(Line(label, unit, constant=value, source=source, rule=rule, name=name, constant_unit=looks))
    _finance(table)


def _finance(table: Table) -> None:
    finance = table.book.facts.scenario["finance"]
    table.heading("Finance", "Nominal, before tax. Costs are positive, receipts negative.")
    for label, unit, key, rule in (
        ("Discount rate", "share/year", "discount_rate", "amount"),
        ("Maintenance, share of price paid", "share/year", "maintenance_share", "share"),
        ("Service life of a purchase without a term", "years", "service_life_years", "positive"),
        ("Book life", "years", "book_life_years", "positive"),
    ):
        value = number(finance[key])
        table.line(Line(label, unit, constant=value, source=f"scenario: {key}", rule=rule, name=key))
    currency = table.book.facts.scenario.get("currency", {"code": "USD", "per_usd": "1"})
    label = f"Exchange rate, {currency['code']} per USD"
    rate = number(currency["per_usd"])
    table.line(
        Line(
            label,
            "currency/USD",
            constant=rate,
            source="scenario: per_usd",
            rule="positive",
            name="currency_per_usd",
        )
    )


def _residual(table: Table) -> tuple[list[Row], list[Row]]:
    """The switches and the table of residual shares; linear between its ages, constant after the last."""
    residual = table.book.facts.scenario["finance"]["residual"]
    given = residual if isinstance(residual, dict) else DEFAULT_RESIDUAL
    table.heading(
        "Residual value",
        "Share of price and network that is left at an age: from the table, or straight-line over the book life.",
    )
    for label, value, name in (
        ("Residual value counted", float(residual != "none"), "residual_counted"),
        ("From the book life (0: from the table)", float(residual == "book"), "residual_by_book_life"),
    ):
        table.line(Line(label, "switch", constant=value, source="scenario: residual", rule="switch", name=name))
    points = [(0.0, 1.0), *sorted((number(age), number(share)) for age, share in given.items())]
    where = "scenario: residual" if isinstance(residual, dict) else "default table, not in use"
    ages, shares = [], []
    for i, (age, _) in enumerate(points):
        source = OURS if i == 0 else where
        ages.append(table.line(Line(f"Table point {i}: age", "years", constant=age, source=source, rule="amount")))
    for i, (_, share) in enumerate(points):
        source = OURS if i == 0 else where
        shares.append(
            table.line(Line(f"Table point {i}: share left", "share", constant=share, source=source, rule="share"))
        )
    return ages, shares


def _carbon_price(table: Table) -> Row:
    facts = table.book.facts
    prices = facts.over_periods(facts.scenario["finance"]["carbon_usd_per_t"])
    table.heading("Carbon")
    source = "scenario: carbon_usd_per_t"
    return table.line(Line("Carbon price", "USD/t", periods=prices, source=source, rule="amount"))


def _systems(table: Table) -> dict[str, SystemRows]:
    facts = table.book.facts
    table.heading("Systems")
    rows: dict[str, list[Row]] = {system: [] for system in facts.systems}
    for label, unit, name, rule in (
        ("Accelerators in a system", "accelerators/system", "accelerators", "positive"),
        ("Provisioned IT power", "kW/system", "provisioned_kw", "amount"),
        ("Average IT power in service", "kW/system", "average_kw", "amount"),
        ("Racks", "racks/system", "racks", "amount"),
    ):
        for system in facts.systems:
            value = number(facts.catalog["systems"][system][name])
            line = Line(label, unit, system, constant=value, rule=rule)
            rows[system].append(table.line(of_catalog(facts, system, name, line)))
    return {system: SystemRows(*found) for system, found in rows.items()}


def _offers(table: Table) -> dict[str, OfferRows]:
    """Terms by offer, then prices by offer and period of order."""
    table.heading("Terms of offers")
    terms = {
        name: _terms(table, name, label, unit, rule)
        for name, label, unit, rule in (
            ("lead_time_months", "Lead time", "months", "amount"),
            ("term_months", "Term in service", "months", "positive"),
            ("deposit_share", "Deposit at order, share of price", "share", "share"),
            ("network_usd", "Network, on entering service", "USD/system", "amount"),
            ("software_usd_per_year", "Software, while in service", "USD/system-year", "amount"),
            ("carbon_kg_per_accelerator_hour", "Carbon of hosted hours", "kg/accelerator-hour", "amount"),
        )
    }
    prices = _prices(table)
    return {
        offer: OfferRows(
            terms["lead_time_months"][offer],
            terms["term_months"].get(offer),
            terms["deposit_share"].get(offer),
            terms["network_usd"][offer],
            terms["software_usd_per_year"][offer],
            prices[offer],
            terms["carbon_kg_per_accelerator_hour"].get(offer),
        )
        for offer in table.book.facts.offers
    }


def _has_term(offer: dict[str, Any], name: str) -> bool:
    """Whether a term means anything for the offer's route."""
    if name == "deposit_share":
        return bool(offer["route"] == "purchase")
    if name == "carbon_kg_per_accelerator_hour":
        return bool(offer["route"] in HOSTED)
    return bool(name != "term_months" or offer["route"] != "purchase" or "term_months" in offer)


def _terms(table: Table, name: str, label: str, unit: str, rule: str) -> dict[str, Row]:
    facts = table.book.facts
    rows = {}
    for offer_id in facts.offers:
        offer = facts.catalog["offers"][offer_id]
        if not _has_term(offer, name):
            continue
        if name == "term_months" and offer["route"] == "on_demand":
            line = Line(label, unit, offer_id, constant=float(facts.months), source="on demand: one period", rule=rule)
        else:
            line = Line(label, unit, offer_id, constant=number(offer.get(name, 0)), rule=rule)
            line = of_catalog(facts, offer_id, name, line)
        rows[offer_id] = table.line(line)
    return rows


def _prices(table: Table) -> dict[str, Row]:
    facts = table.book.facts
    note = "A price holds for what is ordered in the period, whenever it enters service; price breaks on Orders."
    table.heading("Prices by period of order", note)
    rows = {}
    for offer_id in sorted(facts.offers, key=lambda o: facts.catalog["offers"][o]["route"] in RENTED):
        offer = facts.catalog["offers"][offer_id]
        rented = offer["route"] in RENTED
        name = "usd_per_accelerator_hour" if rented else "price_usd"
        label, unit = ("Rent", "USD/accelerator-hour") if rented else ("Price", "USD/system")
        line = Line(label, unit, offer_id, periods=facts.over_periods(offer.get(name)), rule="amount")
        rows[offer_id] = table.line(of_catalog(facts, offer_id, name, line))
    return rows


def _committed(table: Table) -> dict[Group, CommittedRows]:
    groups = [group for group in table.book.facts.groups if group.committed]
    if not groups:
        return {}
    table.heading(
        "Commitments", "Orders already placed, by period of entering service; prices are those of the period of order."
    )
    rows = {}
    for group in groups:
        label, unit = ("Price", "USD/system") if group.purchased else ("Rent", "USD/accelerator-hour")
        price = Line(
            label + group.suffix,
            unit,
            group.offer,
            periods=group.entry_prices,
            source="scenario: commitments",
            rule="amount",
        )
        systems = [
            Line(
                f"Systems{group.suffix}",
                "systems",
                group.offer,
                line.place,
                periods=line.systems,
                source="scenario: commitments",
                rule="amount",
                whole=all(x.is_integer() for x in line.systems),
            )
            for line in group.lines
        ]
        places = [line.place for line in group.lines]
        rows[group] = CommittedRows(table.line(price), dict(zip(places, table.block(systems), strict=True)))
    return rows


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


def _sites(table: Table) -> dict[str, SiteRows]:
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
    source = f"scenario: {name}"
    return table.line(Line(label[0], label[1], place=site, periods=values, source=source, rule="amount"))


def _pue(table: Table, site: str, name: str, label: str) -> Row:
    value = number(table.book.facts.scenario["sites"][site][name])
    return table.line(Line(label, "ratio", place=site, constant=value, source=f"scenario: {name}", rule="ratio"))


def _unmet(table: Table) -> dict[str, Row]:
    facts = table.book.facts
    priced = [name for name in facts.unmet if "unmet_usd_per_unit_hour" in facts.scenario["demand"][name]]
    if not priced:
        return {}
    table.heading("Price of unmet work")
    rows = {}
    for demand in priced:
        prices = facts.over_periods(facts.scenario["demand"][demand]["unmet_usd_per_unit_hour"])
        source = "scenario: unmet_usd_per_unit_hour"
        rows[demand] = table.line(
            Line("Unmet work", "USD/unit-hour", demand, periods=prices, source=source, rule="amount")
        )
    return rows


def _budgets(table: Table) -> list[BudgetRows]:
    facts = table.book.facts
    if not facts.plan.budget:
        return []
    table.heading("Budgets", "A budget holds for the periods that start in its window.")
    rows = []
    for budget in facts.plan.budget:
        start, end = facts.window(budget.window)
        kind = "Capex budget" if budget.budget == "capex_usd" else "Opex budget"
        source = f"scenario: {budget.budget}"
        lines = [
            Line(f"{kind}, first day", "date", budget.window, constant=start, source=source, rule="date"),
            Line(f"{kind}, last day", "date", budget.window, constant=end, source=source, rule="date"),
            Line(f"{kind}, limit", "USD", budget.window, constant=budget.limit_usd, source=source, rule="amount"),
        ]
        rows.append(BudgetRows(budget.budget, budget.window, *table.block(lines)))
    return rows
