"""What must hold of Cash: its sums by fiscal year and by period, what falls due once, budgets, prices."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.after_horizon import all_due
from optimizer.workbook.sheets.cash_workings import with_prices
from optimizer.workbook.sheets.fiscal_years import YEARLY, years_of
from optimizer.workbook.sheets.purchases import purchased, with_residual
from optimizer.workbook.writing.lines import Check
from optimizer.workbook.writing.references import at, down


def cash_checks(facts: Facts) -> list[Check]:
    return [*_by_year(facts), *_deposits(facts), *_due(facts), *_residual(facts), *_budgets(facts), *_prices(facts)]


def _by_year(facts: Facts) -> list[Check]:
    """The total is the optimiser's, and another sum of the same flows gives the same."""
    rows = {label: [at("by year", label, year) for year in years_of(facts)] for label in YEARLY}
    *parts, totals, values = rows.values()
    capex, opex, rent, total, present = (f"SUM({down(each, '$F')})" for each in (*parts[:3], totals, values))
    every = f"SUM({down([row for each in parts for row in each], '$F')})"
    npv = at("net present value")
    return [
        Check("Total equals the optimiser's objective", "=total_npv_usd-optimiser_objective_usd", "USD",
              "The formulas price the plan as the optimiser did. Not tested once the plan is edited.", True),
        Check("Present value, computed twice", f"={npv.total}-{at(npv.key, 'other way').total}", "USD",
              "Sum of present values by cost equals totals times discount factors."),
        Check("Capex by fiscal year", f"={capex}-{at('cost', 'capex').total}", "USD",
              "The fiscal years hold all of the capex."),
        Check("Opex by fiscal year", f"={opex}+{rent}-{at('cost', 'opex').total}", "USD",
              "The fiscal years hold all of the opex."),
        Check("Total by fiscal year", f"={every}-{total}", "USD",
              "Capex, opex, rent, what is owed and the rest of each fiscal year are its total cost."),
        Check("Present value by fiscal year", f"={present}-total_npv_usd", "USD",
              "The fiscal years hold all of the value."),
    ]  # fmt: skip


def _deposits(facts: Facts) -> Iterator[Check]:
    deposits, balances, paid = (
        [at(what, group) for group in purchased(facts)] for what in ("deposit", "balance paid", "paid")
    )
    if paid:
        value = f"SUM({down(deposits, '$F')})+SUM({down(deposits, '$G')})+SUM({down(balances, '$F')})"
        meaning = "Deposits in the horizon, deposits sunk before it and balances are the price paid."
        yield Check("Deposits and balances add up", f"={value}-SUM({down(paid, '$F')})", "USD", meaning)


def _due(facts: Facts) -> Iterator[Check]:
    if facts.after_horizon:
        value = f"={at('due', 'all').total}-{all_due(facts)}"
        meaning = "The fiscal years after the horizon hold all rent that is due after it."
        yield Check("Rent after the horizon by fiscal year", value, "USD", meaning)


def _residual(facts: Facts) -> Iterator[Check]:
    if left := with_residual(facts):
        falling, entering = (down([at(what, of) for of in left], "$F") for what in ("residual", "residual of entry"))
        meaning = "What is left of each purchase and of added power is received in exactly one period of the horizon."
        yield Check("Residual value falls once", f"=SUM({falling})-SUM({entering})", "USD", meaning)


def _budgets(facts: Facts) -> Iterator[Check]:
    if budgets := [(row.budget, row.window) for row in facts.plan.budget]:
        left, most = (down([at(f"budget {what}", *of) for of in budgets], "$F") for what in ("left", "allowed"))
        value = f"=SUMPRODUCT(({left}<-tolerance_quantity*{most})*{left})"
        meaning = "Overruns of budgets by more than the tolerance for quantities, as a share of them; see Cash."
        yield Check("Budgets are kept", value, "USD", meaning)


def _prices(facts: Facts) -> Iterator[Check]:
    if unpriced := [at("without a price", group) for group in with_prices(facts)]:
        meaning = "Periods in which systems enter service at an empty or zero price."
        yield Check("Everything ordered has a price", f"=SUM({down(unpriced, '$F')})", "count", meaning)
