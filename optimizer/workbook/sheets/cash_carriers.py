"""Rows of Cash, by what they show: for sheets that do not refer by key yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.workbook.decisions import KINDS, Decision, Kind, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.budget_path import capped
from optimizer.workbook.sheets.carriers import BudgetRows
from optimizer.workbook.sheets.cash import COSTS
from optimizer.workbook.sheets.fiscal_years import YEARLY, years_of
from optimizer.workbook.sheets.purchases import purchased, rented
from optimizer.workbook.sheets.residuals import with_residual
from optimizer.workbook.sheets.workings import hosted, with_prices
from optimizer.workbook.writing.references import Row, at


@dataclass(frozen=True)
class Purchases:
    groups: list[Group]
    price: list[Row]
    paid: list[Row]
    deposits: list[Row]
    balances: list[Row]


@dataclass(frozen=True)
class DueRows:
    years: list[Row]
    by_year: list[Row]
    total: Row


@dataclass(frozen=True)
class Owed:
    owed: dict[Group, Row]


@dataclass(frozen=True)
class Workings:
    paid: dict[Group, Row]
    network: dict[Group, Row]
    maintained: dict[Group, Row]
    software: dict[Group, Row]
    rent: dict[Group, Row]
    hourly_rent: dict[Group, Row]
    hosted_carbon: dict[Group, Row]
    flows: Mapping[Kind, dict[Decision, Row]]
    entry: dict[Group | Decision, Row]
    falls: dict[Group | Decision, Row]
    owed: Owed | None
    after: Facts | None


@dataclass(frozen=True)
class BudgetUse:
    inputs: BudgetRows
    used: Row
    limit: Row
    left: Row


@dataclass(frozen=True)
class CashRows:
    costs: dict[str, Row]
    present: dict[str, Row]
    capex: Row
    opex: Row
    total: Row
    npv: Row
    net: Row
    mid: Row
    end: Row
    fiscal: list[Row]
    years: dict[str, list[Row]]
    budgets: list[BudgetUse]
    purchases: Purchases | None
    residual: tuple[list[Row], list[Row]]
    unpriced: list[Row]
    due: DueRows | None
    workings: Workings
    capex_path: tuple[Row, ...] = ()


def cash_rows(facts: Facts) -> CashRows:
    years, after, bought = years_of(facts), facts.after_horizon, purchased(facts)
    due = DueRows([at("year after the horizon", n) for n in after], [at("due", n) for n in after], at("due", "all"))

    def of(what: str, groups: list[Group]) -> dict[Group, Row]:
        return {group: at(what, group) for group in groups}

    left = with_residual(facts)
    workings = Workings(
        of("paid", bought), of("network", list(facts.groups)), of("maintained", bought),
        of("software", list(facts.groups)), of("rent", rented(facts)), of("hourly rent", rented(facts)),
        of("carbon of hosted hours", hosted(facts)),
        {kind: {d: at("flow", d) for d in decisions_of(facts, kind)} for kind in KINDS},
        {each: at("residual of entry", each) for each in left}, {each: at("residual", each) for each in left},
        Owed(of("owed", list(facts.terms))) if after else None, facts if after else None,
    )  # fmt: skip
    budgets = [
        BudgetUse(
            BudgetRows(*key, *(at("budget", what, *key) for what in ("first day", "last day", "limit"))),
            *(at(f"budget {what}", *key) for what in ("used", "allowed", "left")),
        )
        for key in ((row.budget, row.window) for row in facts.plan.budget)
    ]
    prices = [[at(what, g) for g in bought] for what in ("price", "paid", "deposit", "balance paid")]
    return CashRows(
        {name: at("cost", name) for name in COSTS},
        {name: at("present value", name) for name in COSTS},
        at("cost", "capex"),
        at("cost", "opex"),
        at("cost", "total"),
        at("net present value"),
        at("net present value", "other way"),
        at("discount factor", "mid"),
        at("discount factor", "end"),
        [at("fiscal year", year) for year in years],
        {label: [at("by year", label, year) for year in years] for label in YEARLY},
        budgets,
        Purchases(bought, *prices) if bought else None,
        (list(workings.falls.values()), list(workings.entry.values())),
        [at("without a price", group) for group in with_prices(facts)],
        due if after else None,
        workings,
        (at("capex so far"), at("budgets so far")) if capped(facts) else (at("capex so far"),),
    )
