"""Checks: what must hold, whether it does, and what it means when it does not."""

from __future__ import annotations

from optimizer.workbook.sheets.after_horizon import all_due
from optimizer.workbook.sheets.carriers import DecisionChecks, OrderRows, PlaceRows
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.sheets.inputs import InputRows, fingerprint
from optimizer.workbook.writing.book import Book, Check, Tie
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import HEADER
from optimizer.workbook.writing.page import Page, warn
from optimizer.workbook.writing.references import Row, area, down
from optimizer.workbook.writing.styles import FORMATS, PALE_RED, RED, Role

HEADERS = ("Check", "Value", "Unit", "Tolerance", "Fails (0 or 1)", "What it means")
HEAD = 4
VALUES = {
    "USD": "#,##0.00_);(#,##0.00)",
    "systems": "#,##0.00_);(#,##0.00)",
    "MW": "#,##0.000_);(#,##0.000)",
    "count": "0_)",
    "switch": "0_)",
    "ratio": "0.00000000_)",
}


def write_checks(book: Book, inputs: InputRows, orders: OrderRows, cash: CashRows, places: PlaceRows) -> None:
    """Write the sheet; needs every sheet whose figures it checks."""
    page = Page(book, "Checks", "Checks: a result of 0 holds, 1 fails", "C00000")
    page.widths((46, 21, 10, 14, 16, 96))
    for i, header in enumerate(HEADERS):
        page.text(HEAD, i + 1, header, Role.NUMBERS if i in (1, 3, 4) else Role.HEADER)
    row = _edits(page, inputs, orders, HEAD + 1)
    book.checks[:0] = [*_money(cash), *_balances(inputs, orders, places), *_limits(orders, cash, places)]
    page.text(row + 1, 1, "Checks", Role.HEADING)
    _fill_heading(page, row + 1)
    first = row + 2
    for i, check in enumerate(book.checks):
        _check(page, first + i, check)
    _master(page, first, first + len(book.checks) - 1)
    page.sheet.freeze_panes = f"A{HEAD + 1}"
    page.print_setup(HEAD)


def _fill_heading(page: Page, row: int) -> None:
    for column in range(2, len(HEADERS) + 1):
        page.cell(row, column, Role.HEADING)


EDITS = (
    ("Overrides in use", "count", "overrides_used", "Cells filled on Orders; the plan is re-costed with them."),
    ("Trace of the inputs, now", "ratio", "", "Sum of (1 + x) to a small power over Inputs: it moves with any edit."),
    ("Trace of the inputs, as written", "ratio", "", "The same sum when the file was written."),
    ("Inputs edited", "switch", "inputs_edited", "1: an assumption differs from the one that was optimised."),
    ("Plan edited", "switch", "plan_edited", "1: the totals re-cost the plan and are no longer the optimiser's."),
    ("Net present value of cost, this workbook", "USD", "", "Cash, total column."),
    ("Net present value of cost, optimiser", "USD", "optimiser_objective_usd", "The objective; net of value, if any."),
    ("Lower bound, optimiser", "USD", "optimiser_bound_usd", "No plan for the same inputs costs less than this."),
    ("Gap to the bound, optimiser", "ratio", "optimiser_gap", "Most that a better plan could save, as a share."),
)


def _edits(page: Page, inputs: InputRows, orders: OrderRows, row: int) -> int:
    """How the plan differs from the one that was optimised; returns the last row."""
    page.text(row, 1, "Edits and the optimiser's figures", Role.HEADING)
    _fill_heading(page, row)
    values = _edit_values(page.book, inputs, orders, row + 2)
    for i, ((label, unit, name, meaning), value) in enumerate(zip(EDITS, values, strict=True), start=row + 1):
        _figure(page, i, label, value, unit, meaning)
        if name:
            page.book.name(name, "Checks", f"B{i}")
        if name == "plan_edited":  # an edited plan is not held against its objective
            page.book.ties.append(Tie("Checks", f"B{i}", 0.0, "a plan as it was optimised"))
    return row + len(EDITS)


def _edit_values(book: Book, inputs: InputRows, orders: OrderRows, trace: int) -> list[Formula | float]:
    """Values of EDITS; `trace` is the row of the trace as it is now."""
    last = inputs.last
    blocks = ",".join(_block(rows) for rows in orders.overrides)
    count = f"=COUNT({blocks})" if blocks else "=0"
    trace_of = f"SUMPRODUCT((1+Inputs!$I${HEADER + 1}:${book.last_column}${last})^fingerprint_power)"
    return [
        Formula(count),
        Formula(f"={trace_of}+SUMPRODUCT((1+Inputs!$E${HEADER + 1}:$E${last})^fingerprint_power)"),
        fingerprint(book, last),
        Formula(f"=IF(ABS(B{trace}-B{trace + 1})>tolerance_edited,1,0)"),
        Formula("=MIN(1,inputs_edited+overrides_used)"),
        Formula("=total_npv_usd"),
        book.facts.plan.objective_usd,
        book.facts.plan.bound_usd,
        Formula("=IFERROR((optimiser_objective_usd-optimiser_bound_usd)/ABS(optimiser_objective_usd),0)"),
    ]


def _figure(page: Page, row: int, label: str, value: Formula | float, unit: str, meaning: str) -> None:
    page.text(row, 1, label)
    if isinstance(value, Formula):
        page.formula(row, 2, value, None, VALUES[unit])
    else:
        page.number(row, 2, value, Role.SOLVER, unit)
        page.sheet.cell(row, 2).number_format = VALUES[unit]
    page.text(row, 3, unit)
    page.text(row, 6, meaning, Role.WRAPPED)


def _block(rows: list[Row]) -> str:
    """All periods of lines that stand under one another."""
    return area(rows)


def _check(page: Page, row: int, check: Check) -> None:
    page.text(row, 1, check.label)
    page.formula(row, 2, check.formula, None, VALUES[check.unit])
    page.text(row, 3, check.unit)
    page.formula(row, 4, Formula(f"={check.tolerance}"), None, FORMATS["any"])
    test = f"=IFERROR(IF(ABS(B{row})>D{row},1,0),1)"
    if check.only_unedited:
        test = f"=IFERROR((plan_edited=0)*(ABS(B{row})>D{row}),1)"
    page.formula(row, 5, Formula(test), Role.STATUS, "0_)")
    page.text(row, 6, check.meaning, Role.WRAPPED)


def _master(page: Page, first: int, last: int) -> None:
    row = last + 2
    page.text(row, 1, "Master check: number of checks that fail", Role.TOTAL)
    page.formula(row, 5, Formula(f"=SUM(E{first}:E{last})"), Role.TOTAL, "0_)")
    page.text(row, 6, "0: all hold. Shown at the top of every sheet.", Role.WRAPPED)
    page.book.name("master_check", "Checks", f"E{row}")
    page.book.ties.append(Tie("Checks", f"E{row}", 0.0, "checks that fail"))
    warn(page.sheet, f"E{first}:E{row}", "notEqual", "0", PALE_RED, RED)


def _money(cash: CashRows) -> list[Check]:
    *parts, totals, values = cash.years.values()
    capex, opex, rent, total, present = (f"SUM({down(rows, '$F')})" for rows in (*parts[:3], totals, values))
    every = f"SUM({down([row for rows in parts for row in rows], '$F')})"

    def usd(label: str, value: str, meaning: str, only_unedited: bool = False) -> Check:
        return Check(label, Formula(value), "USD", "tolerance_usd", meaning, only_unedited)

    return [
        usd(
            "Total equals the optimiser's objective", "=total_npv_usd-optimiser_objective_usd",
            "The formulas price the plan as the optimiser did. Not tested once the plan is edited.", True,
        ),
        usd(
            "Present value, computed twice", f"={cash.npv.total}-{cash.net.total}",
            "Sum of present values by cost equals totals times discount factors.",
        ),
        usd("Capex by fiscal year", f"={capex}-{cash.capex.total}", "The fiscal years hold all of the capex."),
        usd("Opex by fiscal year", f"={opex}+{rent}-{cash.opex.total}", "The fiscal years hold all of the opex."),
        usd(
            "Total by fiscal year", f"={every}-{total}",
            "Capex, opex, rent, what is owed and the rest of each fiscal year are its total cost.",
        ),
        usd("Present value by fiscal year", f"={present}-total_npv_usd", "The fiscal years hold all of the value."),
        *_flows(cash),
    ]  # fmt: skip


def _flows(cash: CashRows) -> list[Check]:
    checks = []
    if cash.purchases:
        bought = cash.purchases
        deposits = f"SUM({down(bought.deposits, '$F')})+SUM({down(bought.deposits, '$G')})"
        value = Formula(f"={deposits}+SUM({down(bought.balances, '$F')})-SUM({down(bought.paid, '$F')})")
        meaning = "Deposits in the horizon, deposits sunk before it and balances are the price paid."
        checks.append(Check("Deposits and balances add up", value, "USD", "tolerance_usd", meaning))
    if cash.due and cash.workings.after:
        value = Formula(f"={cash.due.total.total}-{all_due(cash.workings.after)}")
        meaning = "The fiscal years after the horizon hold all rent that is due after it."
        checks.append(Check("Rent after the horizon by fiscal year", value, "USD", "tolerance_usd", meaning))
    falling, entering = cash.residual
    if falling:
        value = Formula(f"=SUM({down(falling, '$F')})-SUM({down(entering, '$F')})")
        meaning = "What is left of each purchase and of added power is received in exactly one period of the horizon."
        checks.append(Check("Residual value falls once", value, "USD", "tolerance_usd", meaning))
    return checks


def _balances(inputs: InputRows, orders: OrderRows, places: PlaceRows) -> list[Check]:
    closing, total = orders.closing, orders.in_service_total
    difference = f"({closing.across}-{total.across})"
    fleet, off = inputs.fleet.rows, list(orders.decision_checks.off.values())
    at_places = f"=SUM({places.in_service.across})-SUM({total.across})" + (f"-SUM({_block(fleet)})" if fleet else "")
    at_places += f"+SUM({_block(off)})" if off else ""
    return [
        _quantity(
            "Balance of systems closes", f"=SUMPRODUCT({difference}*{difference})", "systems",
            "Opening, entering and leaving give what is in service, in every period.",
        ),
        _quantity(
            "Places hold all systems", at_places, "systems",
            "Systems in service at all places are the fleet still there and what was ordered.",
        ),
    ]  # fmt: skip


def _quantity(label: str, value: str, unit: str, meaning: str) -> Check:
    return Check(label, Formula(value), unit, "tolerance_quantity", meaning)


def _limits(orders: OrderRows, cash: CashRows, places: PlaceRows) -> list[Check]:
    checks = []
    use = next(iter(places.sites.values()), None)
    if use:
        column = f"Sites!${{0}}${places.first_row}:${{0}}${places.last_row}"
        value = f"=SUMIFS({column.format('F')},{column.format('A')},{use.exceeded.part('$A$#n')})"
        meaning = "Periods in which power, cooling or racks of a site are exceeded; see Sites."
        checks.append(_quantity("Sites stay within their limits", value, "count", meaning))
    if cash.budgets:
        left, limits = (down(rows, "$F") for rows in zip(*((use.left, use.limit) for use in cash.budgets), strict=True))
        over = Formula(f"=SUMPRODUCT(({left}<-tolerance_quantity*{limits})*{left})")
        meaning = "Overruns of budgets by more than the tolerance for quantities, as a share of them; see Cash."
        checks.append(Check("Budgets are kept", over, "USD", "tolerance_usd", meaning))
    if orders.early:
        value = f"=SUM({down(orders.early, '$F')})"
        meaning = "Systems overridden into a period that no order can reach."
        checks.append(_quantity("Nothing arrives before its lead time", value, "systems", meaning))
    checks += _decisions(orders.decision_checks)
    if cash.unpriced:
        value = f"=SUM({down(cash.unpriced, '$F')})"
        meaning = "Periods in which systems enter service at an empty or zero price."
        checks.append(_quantity("Everything ordered has a price", value, "count", meaning))
    return checks


def _decisions(rows: DecisionChecks) -> list[Check]:
    """Fleet, expansion and engineering: nothing that is not there, and nothing before its time."""
    checks = []
    if rows.left:
        value = f"=MIN(0,{_block(rows.left)})-SUM({down(rows.late, '$F')})"
        meaning = "Systems retired that the fleet does not have, or no longer has; negative."
        checks.append(_quantity("Only fleet that is there is retired", value, "systems", meaning))
    if rows.room:
        value = f"=MIN(0,{down(rows.room, '$F')})-SUM({down(rows.early, '$F')})"
        meaning = "MW added to a site beyond the most it can have or before the time that takes; negative."
        checks.append(_quantity("Power is added within what a site can have", value, "MW", meaning))
    if rows.unready:
        value = f"=SUM({down(rows.unready, '$F')})"
        meaning = "Systems bought before the one-off engineering of their accelerator is ready, or without it."
        checks.append(_quantity("Engineering is ready before purchases", value, "systems", meaning))
    return checks
