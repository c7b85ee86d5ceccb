"""Cash: what the plan costs by period, its present value, fiscal years, budgets, and the workings by offer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import optimizer.audit.costs as audited
from optimizer.formulation.register import AT_PERIOD_END, COST_LINE, COST_LINES, lines_of
from optimizer.workbook.budgets import BudgetLine, budget_lines
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Values
from optimizer.workbook.sheets.balances import fiscal_years, yearly
from optimizer.workbook.sheets.cash_by_month import cash_paid, paid_lines
from optimizer.workbook.sheets.cash_workings import parts_of, with_prices, workings
from optimizer.workbook.sheets.input_sites import BUDGETS
from optimizer.workbook.sheets.paid import paid, under_orders
from optimizer.workbook.sheets.price_alone import residuals_of_prices
from optimizer.workbook.sheets.purchases import bought, with_residual
from optimizer.workbook.sheets.rent_after import all_due, rent_due
from optimizer.workbook.sheets.ways import contract_values
from optimizer.workbook.writing.cells import WorkbookError
from optimizer.workbook.writing.lines import PERIOD, START, SUM, Check, Line, Of, Section, filled, line_of
from optimizer.workbook.writing.references import Row, at, down, key_of, of_each, sum_down, summed
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.time_sheet import TimeSheet

COSTS = {record.name: record.label for record in COST_LINES}
"""The plan's cost names in the order of the sheet, whatever budget they belong to."""
CAPEX, OPEX = lines_of("capex_usd"), lines_of("opex_usd")
OWED = "owed_usd"
TAX = tuple(record.name for record in COST_LINES if record.falls_on == "profit")
OTHER = tuple(name for name in COSTS if name not in (*CAPEX, *OPEX, OWED, *TAX))
"""What is in no budget, apart from what is owed and from tax."""
RULES = {"maintenance_usd": "maintenance_share/periods_per_year*", **dict.fromkeys(TAX, "tax_rate*")}
"""What the sum of the parts of a cost is times."""
ALL = "total"
"""The window of a budget of the whole horizon."""


def cash(facts: Facts) -> TimeSheet:
    """Results on top, workings below. Raises WorkbookError for a cost that the sheet does not know."""
    unknown = {name for name, values in facts.plan.costs.items() if name not in COSTS and any(values.values())}
    if unknown:
        raise WorkbookError(f"the workbook does not know the costs {', '.join(sorted(unknown))} yet")
    sections = [
        _costs(facts), _present(facts), fiscal_years(facts), *paid(facts), *under_orders(facts), *rent_due(facts),
        *_budgets(facts), *workings(facts), *contract_values(facts), *residuals_of_prices(facts), budget_path(facts),
    ]  # fmt: skip
    heading = "Cash: costs positive, receipts negative, USD"
    return TimeSheet("Cash", heading, "C55A11", sections, list(_checks(facts)), money=True)


def _costs(facts: Facts) -> Section:
    """The cost lines, then capex, opex and total, and the parts of them that the fiscal years show."""
    capex, opex = at("cost", "capex"), at("cost", "opex")
    note = "Undiscounted. Hardware is cash: deposits when ordered, the rest on entering service."
    return Section("Cost by period", note, [
        *(_cost(facts, name) for name in shown(facts, COSTS)),
        Line("Capex, cash", "USD", total=SUM, source="hardware, network, facility", periods=_all_of(CAPEX),
             key=capex.key, shows=_planned(facts, *(line.__name__ for line in audited.CAPEX)), meaning="capex in"),
        Line("Capex, cumulative", "USD", source="from the first period on", periods=f"=SUM({capex.so_far})"),
        Line("Opex, cash", "USD", total=SUM, source="energy to carbon", periods=_all_of(shown(facts, OPEX)),
             key=opex.key, shows=_planned(facts, *(line.__name__ for line in audited.OPEX)), meaning="opex in"),
        Line("Opex without rent, cash", "USD", total=SUM, periods=f"={opex}-{at('cost', 'rent_usd')}",
             key=key_of("cost", "opex without rent")),
        Line("Unmet work less receipts", "USD", total=SUM, source="in no budget", periods=_all_of(OTHER),
             key=key_of("cost", "other")),
        *([Line("Tax, cash", "USD", total=SUM, source="in no budget", periods=_all_of(TAX), key=key_of("cost", "tax"))]
          if facts.taxed else []),
        Line("Total cost", "USD", total=SUM, role=Role.TOTAL, periods=_all_of(shown(facts, COSTS)),
             source="capex, opex, owed, unmet work, receipts" + ", tax" * facts.taxed, key=key_of("cost", "total")),
        cash_paid(paid_lines(facts)),
    ])  # fmt: skip


def shown(facts: Facts, names: Iterable[str]) -> tuple[str, ...]:
    """The costs that the plan has a line of: what is seldom due stands only where it can be."""
    return tuple(name for name in names if name in facts.plan.costs)


def _cost(facts: Facts, name: str) -> Line:
    """A cost as the sum of its parts, by its rule; without lines of its own, the plan's figures."""
    planned, parts = _planned(facts, name), parts_of(facts, name)
    rule = RULES.get(name, "-" * bool(COST_LINE[name].receipt))
    line = Line(COSTS[name], "USD", total=SUM, source=COST_LINE[name].note, key=key_of("cost", name), shows=planned,
                within=facts.money_tolerance if name in TAX else None, meaning=f"{name} in")  # fmt: skip
    if parts is None:
        return replace(line, periods=planned, source="optimiser's, static", role=Role.SOLVER)
    return replace(line, periods=f"={rule}{summed(parts)}")


def _planned(facts: Facts, *names: str) -> Values:
    """What the plan says of cost lines together, by period."""
    lines = [facts.plan.costs.get(name, {}) for name in names]
    return tuple(math.fsum(line.get(key, 0.0) for line in lines) for key in facts.keys)


def _all_of(names: Iterable[str], what: str = "cost") -> str:
    return sum_down(of_each(what, names))


def _present(facts: Facts) -> Section:
    """Discount factors and the present value of each cost; NPV in the total column, also the other way."""
    note = "Flows of a period are discounted to its middle, what is left at its end to its end."
    costs = shown(facts, COSTS)
    return Section("Present value", note, [
        Line("Discount factor, mid-period", "factor", key=key_of("discount factor", "mid"),
             periods=f"=(1+discount_rate)^(-(@${PERIOD}-cash_timing)/periods_per_year)",
             shows=[float(row.discount_mid) for row in facts.plan.periods], meaning="mid-period discount factor of"),
        Line("Discount factor, end of period", "factor", key=key_of("discount factor", "end"),
             periods=f"=(1+discount_rate)^(-@${PERIOD}/periods_per_year)",
             shows=[float(row.discount_end) for row in facts.plan.periods], meaning="end discount factor of"),
        *map(_present_value, costs),
        Line("Net present value of cost", "USD", total=SUM, source="in Total: the optimiser's objective",
             role=Role.TOTAL, periods=_all_of(costs, what="present value"), key="net present value",
             name="total_npv_usd", shows_in_total=facts.plan.objective_usd, within=facts.money_tolerance,
             meaning="net present value of cost, the objective"),
        Line("Net present value, other way", "USD", total=_other_way(costs), source="totals times factors",
             key=key_of("net present value", "other way")),
    ])  # fmt: skip


def _present_value(name: str) -> Line:
    factor = at("discount factor", "end" if name in AT_PERIOD_END else "mid")
    label = f"PV of {COSTS[name][0].lower()}{COSTS[name][1:]}"
    return Line(label, "USD", total=SUM, periods=f"={at('cost', name)}*{factor}",
                key=key_of("present value", name))  # fmt: skip


def _other_way(costs: Iterable[str]) -> str:
    """Totals times mid-period factors, with what falls at the end of a period moved there."""
    total, mid, end = at("cost", "total"), at("discount factor", "mid").across, at("discount factor", "end").across
    late = "+".join(at("cost", name).across for name in costs if name in AT_PERIOD_END)
    return f"=SUMPRODUCT({total.across},{mid})+SUMPRODUCT({late},{end}-{mid})"


def _budgets(facts: Facts) -> Iterator[Section]:
    """What is used of each budget, its limit and what is left of it, in the total column; of each period the most."""
    known = budget_lines(facts.plan.budget)
    note = "Sum over the periods that start in the window, against the limit."
    each = "Sum over the periods that start in the window, against the limit; of a budget of each period, the highest."
    yield from filled("Budgets", each if any(row.by_period for row in known) else note, [
        line_of(Of(row.name), f"{BUDGETS[row.budget]}: {label}", "USD", what=f"budget {what}/{row.budget}",
                total=total(row), shows_in_total=max(row.used_usd) if what == "used" else None,
                periods=f"={_flows(row)}" if what == "used" and row.by_period else None,
                shows=row.used_usd if what == "used" and row.by_period else (),
                meaning=f"{row.budget} used in {row.name}", source=_months(facts, row))
        for label, what, total in (("used", "used", _used), ("limit", "allowed", _allowed), ("headroom", "left", _left))
        for row in known
    ])  # fmt: skip


def _months(facts: Facts, row: BudgetLine) -> str:
    """The months of a fiscal year, which its key names by its end whatever the sheets do."""
    if not row.window.startswith("fy"):
        return ""
    first, last = facts.window(row.window)
    return f"{first:%Y-%m}..{last:%Y-%m}"


def _flows(row: BudgetLine) -> Row:
    return at("cost", row.budget.removesuffix("_usd"))


def _used(row: BudgetLine) -> str:
    flows = _flows(row)
    if row.by_period:
        return f"=MAX({at('budget used', row.budget, row.name).across})"
    first, last = (_of(row, day).constant for day in ("first day", "last day"))
    return f'=SUMIFS({flows.across},{flows.starts_across},">="&{first},{flows.starts_across},"<="&{last})'


def _allowed(row: BudgetLine) -> str:
    return f"={_of(row, 'limit').constant}"


def _left(row: BudgetLine) -> str:
    return f"={{budget allowed/{row.budget}.total}}-{{budget used/{row.budget}.total}}"


def spent(budget: BudgetLine) -> str:
    """What a budget is of, as labels begin."""
    return "Capex" if budget.budget == "capex_usd" else "Opex"


def capped(facts: Facts) -> list[BudgetLine]:
    """The budgets of capex."""
    return [row for row in budget_lines(facts.plan.budget) if row.budget == "capex_usd"]


def budget_path(facts: Facts) -> Section:
    """Capex so far and, where there are capex budgets, those that have begun so far; both in USD m."""
    note = "From the first period on. A budget counts from its first day; capex under no budget counts as its own."
    so_far = f"=SUM({at('cost', 'capex').so_far})/usd_per_million"
    lines = [Line("Capex so far", "USD m", periods=so_far, key="capex so far"), *_path(facts)]
    return Section("Capex so far against budget", note, lines)


def _path(facts: Facts) -> Iterator[Line]:
    """Budgets of windows that have begun and what is spent in periods of none, beside a budget of the whole horizon.

    A budget of each period has begun as often as periods have.
    """
    windows = _side_by_side(facts, [row for row in capped(facts) if row.name != ALL and not row.by_period])
    limits = [_millions(row) for row in capped(facts) if row.name == ALL]
    limits += [f"{_millions(row)}*@${PERIOD}" for row in capped(facts) if row.by_period]
    for row in windows:
        inside = f"=(@${START}>={_of(row, 'first day').constant})*(@${START}<={_of(row, 'last day').constant})"
        yield line_of(Of(row.name), "Within the window", "switch", what="within", periods=inside)
    for row in windows:
        begun = f"=(@${START}>={_of(row, 'first day').constant})*{_millions(row)}"
        yield line_of(Of(row.name), "Capex budget, once begun", "USD m", what="budget once begun", periods=begun)
    if windows:
        within, begun = (summed([at(what, row.name) for row in windows]) for what in ("within", "budget once begun"))
        outside = f"={at('cost', 'capex')}/usd_per_million*(1-{within})"
        yield Line("Capex under no budget", "USD m", periods=outside, key="capex under no budget")
        limits.append(f"{begun}+SUM({at('capex under no budget').so_far})")
    if limits:
        yield Line("Capex budgets so far", "USD m", periods=f"=MIN({','.join(limits)})", key="budgets so far")


def _of(row: BudgetLine, what: str) -> Row:
    return at("budget", what, row.budget, row.amount if what == "limit" else row.name)


def _millions(row: BudgetLine) -> str:
    return f"{_of(row, 'limit').constant}/usd_per_million"


def _side_by_side(facts: Facts, budgets: Sequence[BudgetLine]) -> list[BudgetLine]:
    """Windows that follow one another without overlap, by their start."""
    kept: list[BudgetLine] = []
    for row in sorted(budgets, key=lambda row: facts.window(row.window)):
        if not kept or facts.window(row.window)[0] > facts.window(kept[-1].window)[1]:
            kept.append(row)
    return kept


def _checks(facts: Facts) -> Iterator[Check]:
    """Its sums by fiscal year, what falls due once, budgets and prices."""
    yield from _by_year(facts)
    if groups := bought(facts):
        deposit, balance, paid = (of_each(what, groups) for what in ("deposit", "balance paid", "paid"))
        value = f"=SUM({down(deposit, '$F')})+SUM({down(deposit, '$G')})+SUM({down(balance, '$F')})"
        meaning = "Deposits in the horizon, deposits sunk before it and balances are the price paid."
        yield Check("Deposits and balances add up", f"{value}-{summed(paid, '$F')}", "USD", meaning)
    if facts.after_horizon:
        value = f"={at('due', 'all').total}-{all_due(facts)}"
        meaning = "The fiscal years after the horizon hold all rent that is due after it."
        yield Check("Rent after the horizon by fiscal year", value, "USD", meaning)
    if left := with_residual(facts):
        falling, entering = (down(of_each(what, left), "$F") for what in ("residual", "residual of entry"))
        meaning = "What is left of each purchase and of added power is received in exactly one period of the horizon."
        yield Check("Residual value falls once", f"=SUM({falling})-SUM({entering})", "USD", meaning)
    if budgets := [(row.budget, row.name) for row in budget_lines(facts.plan.budget)]:
        rest, most = (down([at(f"budget {what}", *of) for of in budgets], "$F") for what in ("left", "allowed"))
        value = f"=SUMPRODUCT(({rest}<-tolerance_quantity*{most})*{rest})"
        meaning = "Overruns of budgets by more than the tolerance for quantities, as a share of them; see Cash."
        yield Check("Budgets are kept", value, "USD", meaning)
    if unpriced := of_each("without a price", with_prices(facts)):
        meaning = "Periods in which systems enter service at an empty or zero price."
        yield Check("Everything ordered has a price", f"=SUM({down(unpriced, '$F')})", "count", meaning)


def _by_year(facts: Facts) -> Iterator[Check]:
    """The total is the optimiser's, and another sum of the same flows gives the same."""
    rows = {label: [at("by year", label, year) for year in facts.years] for label in yearly(facts)}
    *parts, totals, values = rows.values()
    capex, opex, rent, total, present = (f"SUM({down(each, '$F')})" for each in (*parts[:3], totals, values))
    every = f"SUM({down([row for each in parts for row in each], '$F')})"
    npv, other = at("net present value").total, at("net present value", "other way").total
    meaning = "The formulas price the plan as the optimiser did. Not tested once the plan is edited."
    value = "=total_npv_usd-optimiser_objective_usd"
    yield Check("Total equals the optimiser's objective", value, "USD", meaning, only_unedited=True)
    for label, value, meaning in (
        ("Present value, computed twice", f"{npv}-{other}",
         "Sum of present values by cost equals totals times discount factors."),
        ("Capex by fiscal year", f"{capex}-{at('cost', 'capex').total}", "The fiscal years hold all of the capex."),
        ("Opex by fiscal year", f"{opex}+{rent}-{at('cost', 'opex').total}", "The fiscal years hold all of the opex."),
        ("Total by fiscal year", f"{every}-{total}",
         "Capex, opex, rent, what is owed and the rest of each fiscal year are its total cost."),
        ("Present value by fiscal year", f"{present}-total_npv_usd", "The fiscal years hold all of the value."),
    ):  # fmt: skip
        yield Check(label, f"={value}", "USD", meaning)
