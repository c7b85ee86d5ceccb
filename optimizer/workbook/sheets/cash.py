"""Cash: what the plan costs by period, its present value, fiscal years, budgets, and the workings by offer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import optimizer.audit.costs as audited
from optimizer.formulation.budget import CAPEX as CAPEX_LINES
from optimizer.formulation.budget import OPEX as OPEX_LINES
from optimizer.workbook.sheets.after_horizon import DueRows, height_of, write_due
from optimizer.workbook.sheets.budget_path import write_budget_path
from optimizer.workbook.sheets.carriers import OrderRows, PlaceRows
from optimizer.workbook.sheets.fiscal_years import YEARLY, fiscal_years, write_fiscal_years
from optimizer.workbook.sheets.inputs import BudgetRows, InputRows
from optimizer.workbook.sheets.purchases import Purchases
from optimizer.workbook.sheets.workings import Workings, write_workings
from optimizer.workbook.writing.above import results_above
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula, WorkbookError
from optimizer.workbook.writing.columns import fit_money
from optimizer.workbook.writing.lines import PERIOD, SUM, Line
from optimizer.workbook.writing.references import Row, sum_down
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.table import Table

COSTS = {
    "hardware_usd": "Hardware",
    "network_usd": "Network",
    "facility_usd": "Facility",
    "energy_usd": "Energy",
    "hosting_usd": "Hosting",
    "maintenance_usd": "Maintenance",
    "software_usd": "Software",
    "rent_usd": "Rent",
    "engineering_usd": "Engineering",
    "porting_usd": "Porting",
    "carbon_usd": "Carbon",
    "owed_usd": "Owed after the horizon",
    "unmet_usd": "Unmet work",
    "value_usd": "Value of work",
    "resale_usd": "Resale",
    "residual_usd": "Residual value",
}
"""The plan's cost names in the order of the sheet, whatever budget they belong to."""
CAPEX, OPEX = (tuple(name for name in COSTS if name in lines) for lines in (CAPEX_LINES, OPEX_LINES))
OWED = "owed_usd"
OTHER = tuple(name for name in COSTS if name not in (*CAPEX, *OPEX, OWED))
"""What is in no budget, apart from what is owed."""
AUDITED = {"capex": audited.CAPEX, "opex": audited.OPEX}
NOTES = {OWED: "as of the last period; in no budget"}
RECEIPTS = ("value_usd", "resale_usd", "residual_usd")


@dataclass(frozen=True)
class BudgetUse:
    """A budget: what is used, its limit and what is left of it, in the total column."""

    inputs: BudgetRows
    used: Row
    limit: Row
    left: Row


@dataclass(frozen=True)
class CashRows:
    """Where costs, present values, fiscal years and budgets stand."""

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


def write_cash(book: Book, inputs: InputRows, orders: OrderRows, places: PlaceRows) -> CashRows:
    """Write the sheet: results on top, workings below; needs Inputs, Orders and Sites."""
    unknown = {name for name, values in book.facts.plan.costs.items() if name not in COSTS and any(values.values())}
    if unknown:
        raise WorkbookError(f"the workbook does not know the costs {', '.join(sorted(unknown))} yet")
    table = Table(book, "Cash", "Cash: costs are positive, receipts negative, USD", "C55A11")
    fit_money(table)
    years = fiscal_years(book)
    rows = results_above(
        table,
        _height(years, len(book.facts.after_horizon), len(inputs.budgets)),
        lambda: write_workings(table, inputs, orders, places),
        lambda workings: _results(table, inputs, workings, years),
    )
    rows = replace(rows, capex_path=write_budget_path(table, inputs.budgets, rows.capex))
    table.finish()
    return rows


def _height(years: list[str], after: int, budgets: int) -> int:
    """Rows that the results take; a heading takes a blank line, itself and its note."""
    always = [len(COSTS) + 6, len(COSTS) + 4, (1 + len(YEARLY)) * len(years)]
    return sum(3 + lines for lines in (*always, height_of(after), 3 * budgets) if lines)


def _results(table: Table, inputs: InputRows, workings: Workings, years: list[str]) -> CashRows:
    costs, capex, opex, total, parts = _costs(table, workings)
    mid, end, present, npv, net = _present(table, costs, total)
    fiscal, yearly = write_fiscal_years(table, years, dict(zip(YEARLY, (capex, *parts, total, npv), strict=True)))
    due = write_due(table, workings.after)
    budgets = _budgets(table, inputs.budgets, {"capex_usd": capex, "opex_usd": opex})
    residual = (list(workings.falls.values()), list(workings.entry.values()))
    return CashRows(
        costs,
        present,
        capex,
        opex,
        total,
        npv,
        net,
        mid,
        end,
        fiscal,
        yearly,
        budgets,
        workings.purchases,
        residual,
        workings.unpriced,
        due,
        workings,
    )


Parts = tuple[Row, Row, Row, Row]
"""Opex without rent, rent, what is owed after the horizon, and what else is in no budget."""


def _costs(table: Table, workings: Workings) -> tuple[dict[str, Row], Row, Row, Row, Parts]:
    """The cost lines, then capex, opex and total, and the parts of them that the fiscal years show."""
    table.heading(
        "Cost by period", "Undiscounted. Hardware is cash: deposits when ordered, the rest on entering service."
    )
    costs = {}
    for name, label in COSTS.items():
        line = Line(label, "USD", total=SUM, source=NOTES.get(name, ""), periods=_cost(name, workings.parts[name]))
        costs[name] = table.line(line)
        plan = table.book.facts.plan.costs.get(name, {})
        table.book.tie(costs[name], [plan.get(key, 0.0) for key in table.book.facts.keys], f"{name} in")
    capex = sum_down([costs[name] for name in CAPEX])
    opex = sum_down([costs[name] for name in OPEX])
    every, rest = sum_down(list(costs.values())), sum_down([costs[name] for name in OTHER])
    invested = table.line(Line("Capex, cash", "USD", total=SUM, source="hardware, network, facility", periods=capex))
    _tie_cash(table.book, invested, "capex")
    so_far = Formula(f"=SUM({invested.so_far})")
    table.line(Line("Capex, cumulative", "USD", source="from the first period on", periods=so_far))
    running = table.line(Line("Opex, cash", "USD", total=SUM, source="energy to carbon", periods=opex))
    _tie_cash(table.book, running, "opex")
    rent = costs["rent_usd"]
    formula = Formula(f"={running.now}-{rent.now}")
    own = table.line(Line("Opex without rent, cash", "USD", total=SUM, periods=formula))
    other = table.line(Line("Unmet work less receipts", "USD", total=SUM, source="in no budget", periods=rest))
    line = Line("Total cost", "USD", total=SUM, source="capex, opex, owed, unmet work, receipts", role=Role.TOTAL)
    return costs, invested, running, table.line(replace(line, periods=every)), (own, rent, costs[OWED], other)


def _tie_cash(book: Book, row: Row, kind: str) -> None:
    """Capex or opex must be that of the plan by the audit's own list of lines, budgeted or not."""
    lines = [book.facts.plan.costs.get(line.__name__, {}) for line in AUDITED[kind]]
    book.tie(row, [math.fsum(line.get(key, 0.0) for line in lines) for key in book.facts.keys], f"{kind} in")


def _cost(name: str, parts: list[Row]) -> Formula:
    """A cost as the sum of its parts; maintenance and receipts by their rule."""
    text = sum_down(parts).removeprefix("=")
    if name == "maintenance_usd":
        return Formula(f"=maintenance_share/periods_per_year*{text}")
    return Formula(f"=-{text}" if name in RECEIPTS else f"={text}")


def _present(table: Table, costs: dict[str, Row], total: Row) -> tuple[Row, Row, dict[str, Row], Row, Row]:
    """Discount factors and the present value of each cost; NPV in the total column."""
    table.heading(
        "Present value", "Flows of a period are discounted to its middle, what is left at its end to its end."
    )
    mid, end = _factors(table)
    present = {}
    for name, row in costs.items():
        formula = Formula(f"={row.now}*{(end if name == 'residual_usd' else mid).now}")
        label = f"PV of {COSTS[name][0].lower()}{COSTS[name][1:]}"
        present[name] = table.line(Line(label, "USD", total=SUM, periods=formula))
    npv = _npv(table, list(present.values()))
    net = _other_way(table, costs["residual_usd"], total, mid, end)
    return mid, end, present, npv, net


def _factors(table: Table) -> tuple[Row, Row]:
    """d_t at mid-period and f_t at the end of the period."""
    rows = table.book.facts.plan.periods
    middle = Formula(f"=(1+discount_rate)^(-(@${PERIOD}-cash_timing)/periods_per_year)")
    mid = table.line(Line("Discount factor, mid-period", "factor", periods=middle))
    last = Formula(f"=(1+discount_rate)^(-@${PERIOD}/periods_per_year)")
    end = table.line(Line("Discount factor, end of period", "factor", periods=last))
    table.book.tie(mid, [float(row.discount_mid) for row in rows], "mid-period discount factor of")
    table.book.tie(end, [float(row.discount_end) for row in rows], "end discount factor of")
    return mid, end


def _npv(table: Table, present: list[Row]) -> Row:
    """The workbook's own total, named and tied to the objective."""
    note = "in Total: the optimiser's objective"
    line = Line(
        "Net present value of cost", "USD", total=SUM, source=note, role=Role.TOTAL, periods=sum_down(present)
    )  # fmt: skip
    npv = table.line(line)
    table.book.name("total_npv_usd", "Cash", f"F{table.book.places[npv].number}")
    objective = table.book.facts.plan.objective_usd
    within = table.book.facts.money_tolerance
    table.book.tie_total(npv, objective, "net present value of cost, the objective", within)
    return npv


def _other_way(table: Table, residual: Row, total: Row, mid: Row, end: Row) -> Row:
    """Totals times mid-period factors, with the residual moved to the end of its period."""
    flows = f"SUMPRODUCT({total.across},{mid.across})"
    moved = f"SUMPRODUCT({residual.across},{end.across})-SUMPRODUCT({residual.across},{mid.across})"
    formula = Formula(f"={flows}+{moved}")
    return table.line(Line("Net present value, other way", "USD", total=formula, source="totals times factors"))


def _budgets(table: Table, budgets: list[BudgetRows], spent: dict[str, Row]) -> list[BudgetUse]:
    if not budgets:
        return []
    table.heading("Budgets", "Sum over the periods that start in the window, against the limit.")
    plan = {(str(row.budget), row.window): row.used_usd for row in table.book.facts.plan.budget}
    used = [_budget_used(table, budget, spent[budget.budget]) for budget in budgets]
    for row, budget in zip(used, budgets, strict=True):
        table.book.tie_total(row, plan[budget.budget, budget.window], f"{budget.budget} used in {budget.window}")
    limits = [
        table.line(Line(f"{KINDS[b.budget]} budget: limit", "USD", b.window, total=Formula(f"={b.limit.constant}")))
        for b in budgets
    ]
    left = [
        table.line(
            Line(f"{KINDS[b.budget]} budget: headroom", "USD", b.window, total=Formula(f"={lim.total}-{use.total}"))
        )
        for b, lim, use in zip(budgets, limits, used, strict=True)
    ]
    return [BudgetUse(*row) for row in zip(budgets, used, limits, left, strict=True)]


KINDS = {"capex_usd": "Capex", "opex_usd": "Opex"}


def _budget_used(table: Table, budget: BudgetRows, spent: Row) -> Row:
    starts = spent.starts_across
    window = f'{starts},">="&{budget.start.constant},{starts},"<="&{budget.end.constant}'
    formula = Formula(f"=SUMIFS({spent.across},{window})")
    return table.line(Line(f"{KINDS[budget.budget]} budget: used", "USD", budget.window, total=formula))
