"""Summary: one page of what to buy, what it costs, what binds and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.utils import get_column_letter

from optimizer.formulation.register import limits_of
from optimizer.workbook.decisions import KINDS
from optimizer.workbook.sheets.carriers import OrderRows, PlaceRows
from optimizer.workbook.sheets.cash import COSTS
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.sheets.fiscal_years import years_of
from optimizer.workbook.sheets.limits import Limited
from optimizer.workbook.sheets.summary_charts import place_charts
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.page import Page
from optimizer.workbook.writing.references import at, down
from optimizer.workbook.writing.styles import FORMATS, Role

HEAD, MOST_LIMITS, MOST_YEARS, MOST_WARNINGS = 3, 8, 4, 8
SCREEN = "Price of one unit in the relaxation, where it is above zero: a screen, not what one unit more is worth."
SOLVED_AGAIN = (
    "Second solves: what a move of the limit in all its windows changes the cost by, static. Limits says how much that "
    "is. Blank: not asked, or not told by the gap."
)
DEMANDS = tuple(record.name for record in limits_of("demand"))
UNEDITED = '=IF(plan_edited=0,{},"plan edited")'
WHOLE, SHARE = FORMATS["accelerators"], "0.0%_)"
SMALL_USD = 1e8
"""Below this much, millions are shown with three decimals."""


def open_summary(book: Book) -> Page:
    """The sheet, to stand in its place before those that it shows are written."""
    name = str(book.facts.scenario.get("name", "plan"))
    page = Page(book, "Summary", "Summary", "1F3864")
    page.text(HEAD, 1, name, Role.NOTE)
    page.sheet.freeze_panes = f"A{HEAD + 1}"
    return page


def write_summary(page: Page, orders: OrderRows, places: PlaceRows, cash: CashRows, limits: list[Limited]) -> None:
    """Fill the sheet; needs the sheets that it shows."""
    top = _warnings(page, HEAD + 1)
    row = _headline(page, cash, orders, places, top)
    row = _purchases(page, cash, orders, row + 1)
    row = _decisions(page, cash, orders, row + 1)
    costs, row = _costs(page, cash, row + 1)
    row = _after_horizon(page, cash, row + 1)
    row = _budgets(page, cash, row + 1)
    row = _limits(page, limits, row + 1)
    _basis(page, row + 1)
    wide = _wide(page)
    page.widths((_longest(limits), 15, *[13.0] * (wide - 2), 3))
    place_charts(page, orders, places, cash, costs, top, get_column_letter(wide + 2))
    page.print_setup(HEAD)
    page.sheet.page_setup.fitToHeight = 1


def _warnings(page: Page, row: int) -> int:
    """What changes the meaning of the decision, across tables and charts; returns the row after it."""
    warnings = page.book.facts.plan.warnings
    if not warnings:
        return row
    page.text(row, 1, "What to know first", Role.HEADER)
    for column in range(2, _wide(page) + 1):
        page.cell(row, column, Role.HEADER)
    shown = list(warnings[:MOST_WARNINGS])
    if len(warnings) > MOST_WARNINGS:
        shown.append(f"… and {len(warnings) - MOST_WARNINGS} more on Log")
    for i, text in enumerate(shown, start=row + 1):
        page.text(i, 1, text)
    return row + len(shown) + 2


def _longest(limits: Sequence[Limited]) -> float:
    """Width of the first column, so that the limits that bind are not cut."""
    return max(42.0, *(len(limit.words) + 1.0 for limit in _binding(limits)), 0.0)


def _millions(page: Page) -> str:
    """The format of millions of USD, finer where the plan is small."""
    small = abs(page.book.facts.plan.objective_usd) < SMALL_USD
    return FORMATS["MW"] if small else FORMATS["USD m"]


def _wide(page: Page) -> int:
    """Columns that every table on the sheet fills: five, or a vendor, a total and the fiscal years."""
    years = {row.fiscal_year for row in page.book.facts.plan.periods}
    return max(5, len(years) + 3, min(MOST_YEARS, len(page.book.facts.after_horizon)) + 3)


def _title(page: Page, row: int, *headers: str, words: tuple[int, ...] = ()) -> None:
    """The header of a table: numbers right, except in the columns that hold words."""
    for column in range(1, _wide(page) + 1):
        text = headers[column - 1] if column <= len(headers) else ""
        role = Role.HEADER if column == 1 or column in words or not text else Role.NUMBERS
        page.text(row, column, text, role)


HEADLINES = (
    ("Net present value of cost", "=total_npv_usd/usd_per_million", "USD m", "{live}"),
    ("Optimiser's objective", "=optimiser_objective_usd/usd_per_million", "USD m", "solve: {status}"),
    (
        "Proven lower bound",
        UNEDITED.format("optimiser_bound_usd/usd_per_million"),
        "USD m",
        "no plan costs less",
    ),
    (
        "Gap to the bound",
        UNEDITED.format("optimiser_gap"),
        "share",
        "most that can be saved",
    ),
    ("Cost, undiscounted", "={total}/usd_per_million", "USD m", "receipts deducted"),
    ("Capex, cash", "={capex}/usd_per_million", "USD m", "hardware, network, facility"),
    ("Opex, cash, rent included", "={opex}/usd_per_million", "USD m", "energy to rent, one-offs, carbon"),
    ("Accelerators entering service", "={accelerators}", "accelerators", "orders and commitments"),
)
POWER_HEADLINES = (
    ("Highest peak power, all sites", "=MAX({power})", "MW", "at the meter"),
    ("Highest peak power, share of the limit then", "=MAX({share})", "share", "all sites"),
)
"""Of a plan with sites of our own."""


VALUE_HEADLINES = (
    ("Net value: value of work less cost", "=-total_npv_usd/usd_per_million", "USD m", "present value; maximised"),
    ("Value of work done", "=-{value}/usd_per_million", "USD m", "present value"),
    ("Cost before value", "=(total_npv_usd-{value})/usd_per_million", "USD m", "present value, receipts deducted"),
)
"""Come first where value is maximised; the net present value of cost is then net of value."""


def _headline(page: Page, cash: CashRows, orders: OrderRows, places: PlaceRows, row: int) -> int:
    """The figures that a reader asks for first; returns the row after them."""
    rows = list(orders.accelerators.values())
    parts = {
        "status": page.book.facts.plan.status,
        "total": cash.total.total,
        "capex": cash.capex.total,
        "opex": cash.opex.total,
        "accelerators": f"SUM({down(rows, '$F')})" if rows else "0",
        "power": places.power.across,
        "share": places.share.across,
        "live": f"{'net of value; ' if page.book.facts.maximizes_value else ''}live: follows every edit",
        "value": cash.present["value_usd"].total,
    }
    lines = [*HEADLINES, *(POWER_HEADLINES if page.book.facts.sites else ())]
    code = page.book.facts.scenario.get("currency", {}).get("code", "USD")
    if code != "USD":
        converted = "=total_npv_usd/usd_per_million*currency_per_usd"
        lines.insert(1, ("Net present value of cost", converted, f"{code} m", "at the rate in Inputs"))
    if page.book.facts.maximizes_value:
        lines[:0] = VALUE_HEADLINES
    _title(page, row, "Headline", "Value", "Unit", "Note", words=(3, 4))
    for i, (label, formula, unit, note) in enumerate(lines, start=row + 1):
        page.text(i, 1, label)
        looks = {"share": FORMATS["share"], "accelerators": WHOLE, "MW": FORMATS["MW"]}.get(unit, _millions(page))
        page.formula(i, 2, Formula(formula.format(**parts)), None, looks)
        page.text(i, 3, unit)
        page.text(i, 4, note.format(**parts), Role.NOTE)
    return row + len(lines) + 1


def _purchases(page: Page, cash: CashRows, orders: OrderRows, row: int) -> int:
    """Accelerators entering service by accelerator and fiscal year."""
    years = cash.years["Capex"]
    numbers = [at("fiscal year", year) for year in years_of(page.book.facts)]
    _title(page, row, "Accelerators entering service", "Vendor", "Total", words=(2,))
    for i, number in enumerate(numbers):
        page.formula(row, 4 + i, Formula(f"={number.part('$E#n')}"), Role.NUMBERS, '"FY"0')
    facts = page.book.facts
    for i, (vendor, accelerator) in enumerate(facts.accelerators, start=row + 1):
        source = orders.accelerators[accelerator]
        page.text(i, 1, str(facts.catalog["accelerators"][accelerator].get("name", accelerator)))
        page.text(i, 2, vendor)
        page.formula(i, 3, Formula(f"={source.total}"), None, WHOLE)
        axis = source.years_across
        for column in range(4, 4 + len(years)):
            page.formula(i, column, Formula(f"=SUMIFS({source.across},{axis},@${row})"), None, WHOLE)
    return _sum_line(page, row, len(facts.accelerators), 3 + len(years))


def _decisions(page: Page, cash: CashRows, orders: OrderRows, row: int) -> int:
    """Decisions besides orders, kind by kind, with the sum of what is done and its cash."""
    kinds = [kind for kind in KINDS if orders.decisions.of(kind)]
    if not kinds:
        return row - 1
    _title(page, row, "Other decisions", "Total", "Unit", "Cash, USD m", words=(3,))
    for i, kind in enumerate(kinds, start=row + 1):
        used = list(orders.decisions.of(kind).values())
        page.text(i, 1, kind.label)
        page.formula(i, 2, Formula(f"=SUM({down(used, '$F')})"), None, FORMATS[kind.unit])
        page.text(i, 3, kind.unit)
        page.formula(i, 4, Formula(f"={cash.costs[kind.cost].total}/usd_per_million"), None, _millions(page))
    return row + len(kinds) + 1


def _sum_line(page: Page, head: int, lines: int, last: int) -> int:
    """A sum under a table; returns the row after it."""
    row = head + lines + 1
    page.text(row, 1, "All accelerators", Role.TOTAL)
    page.cell(row, 2, Role.TOTAL)
    for column in range(3, last + 1):
        text = f"=SUM(@{head + 1}:@{row - 1})" if lines else "=0"
        page.formula(row, column, Formula(text), Role.TOTAL, WHOLE)
    return row + 1


def _costs(page: Page, cash: CashRows, row: int) -> tuple[range, int]:
    """Each cost undiscounted and as a present value, and its share of all costs before receipts; returns their rows."""
    _title(page, row, "Cost", "NPV, USD m", "Share of costs", "Cash, USD m")
    shown = [name for name in COSTS if any(page.book.facts.plan.costs.get(name, {}).values())]
    total = row + len(shown) + 1
    for i, name in enumerate(shown, start=row + 1):
        page.text(i, 1, COSTS[name])
        page.formula(i, 2, Formula(f"={cash.present[name].total}/usd_per_million"), None, _millions(page))
        costs = f"$B${row + 1}:$B${total - 1}"
        page.formula(i, 3, Formula(f'=IFERROR(B{i}/SUMIFS({costs},{costs},">0"),0)'), None, SHARE)
        page.formula(i, 4, Formula(f"={cash.costs[name].total}/usd_per_million"), None, _millions(page))
    page.text(total, 1, "Total", Role.TOTAL)
    page.formula(total, 2, Formula(f"={cash.npv.total}/usd_per_million"), Role.TOTAL, _millions(page))
    page.cell(total, 3, Role.TOTAL)
    page.formula(total, 4, Formula(f"={cash.total.total}/usd_per_million"), Role.TOTAL, _millions(page))
    return range(row + 1, total), total + 1


def _after_horizon(page: Page, cash: CashRows, row: int) -> int:
    """Rent of terms that outlast the horizon, by the fiscal year in which it falls due, and what of it counts."""
    if cash.due is None:
        return row - 1
    _title(page, row, "Rent due after the horizon", "Unit", "Total", words=(2,))
    years = list(zip(cash.due.years, cash.due.by_year, strict=True))
    shown = years if len(years) <= _wide(page) - 3 else years[: _wide(page) - 4]
    page.text(row + 1, 1, "Rent due, undiscounted")
    page.text(row + 1, 2, "USD m")
    page.formula(row + 1, 3, Formula(f"={cash.due.total.total}/usd_per_million"), None, _millions(page))
    for column, (year, due) in enumerate(shown, start=4):
        page.formula(row, column, Formula(f"={year.constant}"), Role.NUMBERS, '"FY"0')
        page.formula(row + 1, column, Formula(f"={due.total}/usd_per_million"), None, _millions(page))
    if len(shown) < len(years):
        column = 4 + len(shown)
        page.text(row, column, "later", Role.NUMBERS)
        later = down([due for _, due in years[len(shown) :]], "$F")
        page.formula(row + 1, column, Formula(f"=SUM({later})/usd_per_million"), None, _millions(page))
    page.text(row + 2, 1, "Of it in the cost, in the last period")
    page.text(row + 2, 2, "USD m")
    owed = Formula(f"={cash.costs['owed_usd'].total}/usd_per_million")
    page.formula(row + 2, 3, owed, None, _millions(page))
    return row + 3


def _budgets(page: Page, cash: CashRows, row: int) -> int:
    if not cash.budgets:
        return row - 1
    _title(page, row, "Budget", "Used, USD m", "Limit, USD m", "Left, USD m", "Used, share")
    for i, use in enumerate(cash.budgets, start=row + 1):
        kind = "Capex" if use.inputs.budget == "capex_usd" else "Opex"
        page.text(i, 1, f"{kind} {use.inputs.window}")
        for column, source in ((2, use.used), (3, use.limit), (4, use.left)):
            page.formula(i, column, Formula(f"={source.total}/usd_per_million"), None, _millions(page))
        page.formula(i, 5, Formula(f"=IF(C{i}=0,0,B{i}/C{i})"), None, SHARE)
    return row + len(cash.budgets) + 1


def _binding(limits: Sequence[Limited]) -> list[Limited]:
    """Limits that bind in the optimiser's plan: those of known worth, then by their price in the relaxation."""
    tight = [limit for limit in limits if limit.kind not in DEMANDS and limit.binds]

    def rank(limit: Limited) -> tuple[bool, float, str]:
        return limit.worth is None, -abs(limit.plan.price_usd or 0.0), limit.plan.row

    shown: dict[object, Limited] = {}
    for limit in sorted(tight, key=rank):  # what moving a limit does in all windows needs one line
        shown.setdefault(limit.worth or limit.row, limit)
    return list(shown.values())[:MOST_LIMITS]


def _limits(page: Page, limits: Sequence[Limited], row: int) -> int:
    """What binds in the optimiser's plan, and what a move of it changes where second solves tell it."""
    if page.book.made.explanation is None:
        _title(page, row, "Limits that bind (optimiser)", "Used", "Limit", "USD a unit", "Unit", words=(5,))
    else:
        _title(page, row, "Limits that bind (optimiser)", "Used", "Limit", "Change, USD", "if moved by")
    binding = _binding(limits)
    for i, limit in enumerate(binding, start=row + 1):
        page.text(i, 1, limit.words)
        for column, cell in enumerate(limit.shown(), start=2):
            if isinstance(cell.value, Formula):
                page.formula(i, column, cell.value, None, FORMATS[cell.look])
            elif isinstance(cell.value, float):
                page.number(i, column, cell.value, Role.SOLVER, cell.look)
        _worth(page, i, limit)
    if not binding:
        page.text(row + 1, 1, "none", Role.NOTE)
    note = row + max(1, len(binding)) + 1
    page.text(note, 1, SCREEN if page.book.made.explanation is None else SOLVED_AGAIN, Role.NOTE)
    return note + 1


def _worth(page: Page, row: int, limit: Limited) -> None:
    """What a move changes, if that was asked and is known; without an explanation the price in the relaxation."""
    if page.book.made.explanation is not None:
        if limit.worth is not None:
            for column, source, look in ((4, "price", "USD"), (5, "moved", "share")):
                cell = f"={limit.row.cell(source)}"
                page.formula(row, column, Formula(cell), None, FORMATS[look])
        return
    if limit.plan.price_usd is not None:
        page.number(row, 4, limit.plan.price_usd, Role.SOLVER, "kW")
    page.text(row, 5, f"{limit.plan.unit}, at least" if limit.plan.at_least else limit.plan.unit)


def _basis(page: Page, row: int) -> None:
    _title(page, row, "Evidence behind the plan", "Measured", "Vendor", "Estimated")
    basis = page.book.facts.plan.basis
    for i, (label, shares) in enumerate(
        (("Share of work done", basis.work), ("Share of money spent", basis.spend)), start=row + 1
    ):
        page.text(i, 1, label)
        for column, value in ((2, shares.measured), (3, shares.vendor), (4, shares.estimated)):
            page.number(i, column, value, Role.SOLVER, "share")
