"""Checks: what must hold, whether it does, and what it means when it does not."""

from __future__ import annotations

from optimizer.workbook.cash import CashRows
from optimizer.workbook.cells import Formula
from optimizer.workbook.inputs import InputRows, fingerprint
from optimizer.workbook.layout import HEADER, Book, Check, Page, Row, down, warn
from optimizer.workbook.orders import OrderRows
from optimizer.workbook.sites import PlaceRows
from optimizer.workbook.styles import FORMATS, PALE_RED, RED, Role

HEADERS = ("Check", "Value", "Unit", "Tolerance", "Fails (0 or 1)", "What it means")
HEAD = 4
VALUES = {
    "USD": "#,##0.00_);(#,##0.00)",
    "systems": "#,##0.00_);(#,##0.00)",
    "count": "0_)",
    "switch": "0_)",
    "ratio": "0.00000000_)",
}


def write_checks(book: Book, inputs: InputRows, orders: OrderRows, cash: CashRows, places: PlaceRows) -> None:
    """Write the sheet; needs every sheet whose figures it checks."""
    page = Page(book, "Checks", "Checks: 0 holds, 1 fails", "C00000")
    page.widths((46, 20, 12, 14, 12, 96))
    for i, header in enumerate(HEADERS):
        page.text(HEAD, i + 1, header, Role.HEADER)
    row = _edits(page, inputs, orders, HEAD + 1)
    book.checks += [*_money(cash), *_balances(inputs, orders, places), *_limits(orders, cash, places)]
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


def _edits(page: Page, inputs: InputRows, orders: OrderRows, row: int) -> int:
    """How the plan differs from the one that was optimised; returns the last row."""
    book, last = page.book, inputs.last.number
    page.text(row, 1, "Edits and the optimiser's figures", Role.HEADING)
    _fill_heading(page, row)
    count = f"=COUNT({_block(orders.overrides)})" if orders.overrides else "=0"
    area = f"SUMPRODUCT((1+Inputs!$I${HEADER + 1}:${book.last_column}${last})^fingerprint_power)"
    now = f"={area}+SUMPRODUCT((1+Inputs!$E${HEADER + 1}:$E${last})^fingerprint_power)"
    lines: list[tuple[str, Formula | float, str, str, str]] = [
        (
            "Overrides in use",
            Formula(count),
            "count",
            "Cells filled on Orders; the plan is re-costed with them.",
            "overrides_used",
        ),
        (
            "Trace of the inputs, now",
            Formula(now),
            "ratio",
            "Sum of (1 + x) to a small power over Inputs: it moves with any edit.",
            "",
        ),
        (
            "Trace of the inputs, as written",
            fingerprint(book, last),
            "ratio",
            "The same sum when the file was written.",
            "",
        ),
        (
            "Inputs edited",
            Formula(f"=IF(ABS(B{row + 2}-B{row + 3})>tolerance_edited,1,0)"),
            "switch",
            "1: an assumption differs from the one that was optimised.",
            "inputs_edited",
        ),
        (
            "Plan edited",
            Formula("=MIN(1,inputs_edited+overrides_used)"),
            "switch",
            "1: the totals are a re-costing of the plan and no longer the optimiser's.",
            "plan_edited",
        ),
        ("Net present value of cost, this workbook", Formula("=total_npv_usd"), "USD", "Cash, total column.", ""),
        (
            "Net present value of cost, optimiser",
            book.facts.plan.objective_usd,
            "USD",
            "The objective that was minimised.",
            "optimiser_objective_usd",
        ),
        (
            "Lower bound, optimiser",
            book.facts.plan.bound_usd,
            "USD",
            "No plan for the same inputs costs less than this.",
            "optimiser_bound_usd",
        ),
    ]
    for i, (label, value, unit, meaning, name) in enumerate(lines, start=row + 1):
        _figure(page, i, label, value, unit, meaning)
        if name:
            book.name(name, "Checks", f"B{i}")
    return row + len(lines)


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
    return f"{rows[0].sheet}!$I${rows[0].number}:${rows[0].last}${rows[-1].number}"


def _check(page: Page, row: int, check: Check) -> None:
    page.text(row, 1, check.label)
    page.formula(row, 2, check.value, None, VALUES[check.unit])
    page.text(row, 3, check.unit)
    page.formula(row, 4, Formula(f"={check.tolerance}"), None, FORMATS["any"])
    test = f"=IFERROR(IF(ABS(B{row})>D{row},1,0),1)"
    if check.only_unedited:
        test = f"=IFERROR((plan_edited=0)*(ABS(B{row})>D{row}),1)"
    page.formula(row, 5, Formula(test), Role.STATUS, "0")
    page.text(row, 6, check.meaning, Role.WRAPPED)


def _master(page: Page, first: int, last: int) -> None:
    row = last + 2
    page.text(row, 1, "Master check: number of checks that fail", Role.TOTAL)
    page.formula(row, 5, Formula(f"=SUM(E{first}:E{last})"), Role.TOTAL, "0")
    page.text(row, 6, "0: all hold. Shown at the top of every sheet.", Role.WRAPPED)
    page.book.name("master_check", "Checks", f"E{row}")
    warn(page.sheet, f"E{first}:E{row}", "notEqual", "0", PALE_RED, RED)


def _money(cash: CashRows) -> list[Check]:
    years = cash.years
    capex, opex, rent = (down(rows, "$F") for rows in years.values())
    checks = [
        Check(
            "Total equals the optimiser's objective",
            Formula("=total_npv_usd-optimiser_objective_usd"),
            "USD",
            "tolerance_usd",
            "The formulas price the plan as the optimiser did. Not tested once the plan is edited.",
            True,
        ),
        Check(
            "Present value, computed twice",
            Formula(f"={cash.npv.total}-{cash.net.total}"),
            "USD",
            "tolerance_usd",
            "Sum of present values by cost equals totals times discount factors.",
        ),
        Check(
            "Capex by fiscal year",
            Formula(f"=SUM({capex})-{cash.capex.total}"),
            "USD",
            "tolerance_usd",
            "The fiscal years hold all of the horizon's capex.",
        ),
        Check(
            "Opex and rent by fiscal year",
            Formula(f"=SUM({opex})+SUM({rent})-{cash.opex.total}"),
            "USD",
            "tolerance_usd",
            "The fiscal years hold all of the horizon's opex and rent.",
        ),
    ]
    return checks + _flows(cash)


def _flows(cash: CashRows) -> list[Check]:
    checks = []
    if cash.purchases:
        bought = cash.purchases
        sums = [
            f"SUM({down(rows, column)})"
            for rows, column in (
                (bought.deposits, "$F"),
                (bought.deposits, "$G"),
                (bought.balances, "$F"),
                (bought.paid, "$F"),
            )
        ]
        checks.append(
            Check(
                "Deposits and balances add up",
                Formula("=" + "+".join(sums[:3]) + "-" + sums[3]),
                "USD",
                "tolerance_usd",
                "Deposits in the horizon, deposits sunk before it and balances are the price paid.",
            )
        )
    falling, entering = cash.residual
    if falling:
        value = Formula(f"=SUM({down(falling, '$F')})-SUM({down(entering, '$F')})")
        checks.append(
            Check(
                "Residual value falls once",
                value,
                "USD",
                "tolerance_usd",
                "What is left of each purchase is received in exactly one period of the horizon.",
            )
        )
    return checks


def _balances(inputs: InputRows, orders: OrderRows, places: PlaceRows) -> list[Check]:
    closing, total = orders.closing, orders.in_service_total
    difference = f"({closing.across}-{total.across})"
    fleet = list(inputs.fleet.values())
    at_places = f"=SUM({places.in_service.across})-SUM({total.across})" + (f"-SUM({_block(fleet)})" if fleet else "")
    return [
        Check(
            "Balance of systems closes",
            Formula(f"=SUMPRODUCT({difference}*{difference})"),
            "systems",
            "tolerance_quantity",
            "Opening, entering and leaving give what is in service, in every period.",
        ),
        Check(
            "Places hold all systems",
            Formula(at_places),
            "systems",
            "tolerance_quantity",
            "Systems in service at all places are the fleet and what was ordered.",
        ),
    ]


def _limits(orders: OrderRows, cash: CashRows, places: PlaceRows) -> list[Check]:
    checks = []
    use = next(iter(places.sites.values()), None)
    if use:
        where = f"Sites!$F${places.first_row}:$F${places.last_row},Sites!$A${places.first_row}:$A${places.last_row}"
        value = Formula(f"=SUMIFS({where},Sites!$A${use.exceeded.number})")
        checks.append(
            Check(
                "Sites stay within their limits",
                value,
                "count",
                "tolerance_quantity",
                "Periods in which power, cooling or racks of a site are exceeded; see Sites.",
            )
        )
    if cash.budgets:
        left = down([use.left for use in cash.budgets], "$F")
        checks.append(
            Check(
                "Budgets are kept",
                Formula(f"=MIN(0,{left})"),
                "USD",
                "tolerance_usd",
                "The largest overrun of a budget, negative; see Cash.",
            )
        )
    if orders.early:
        checks.append(
            Check(
                "Nothing arrives before its lead time",
                Formula(f"=SUM({down(orders.early, '$F')})"),
                "systems",
                "tolerance_quantity",
                "Systems overridden into a period that no order can reach.",
            )
        )
    if cash.unpriced:
        checks.append(
            Check(
                "Everything ordered has a price",
                Formula(f"=SUM({down(cash.unpriced, '$F')})"),
                "count",
                "tolerance_quantity",
                "Periods in which systems enter service at an empty or zero price.",
            )
        )
    return checks
