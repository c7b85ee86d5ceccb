"""Compare: the figures of several runs, each stamped with its run, and what changed in the orders between them."""

from __future__ import annotations

from collections.abc import Iterator

from openpyxl.styles import Alignment

from optimizer.explore.results import Headline
from optimizer.explore.side_by_side import Run, Runs
from optimizer.plan.compare import Change, OrderChange
from optimizer.workbook.language.given import Given
from optimizer.workbook.writing.book import Book, Check
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.page import Page
from optimizer.workbook.writing.styles import Role

HEAD = 3
FIRST = HEAD + 4
"""The row of the first run; the runs stand under one another in their order."""
HEADERS = (
    ("Plan", "text"), ("Status", "text"), ("Shown in", "text"), ("Cost, net present value", "USD"),
    ("No plan costs less than", "USD"), ("Gap", "share"), ("Capex", "USD"),
    ("Rent due after the horizon", "USD"), ("Peak power at the meter", "MW"),
)  # fmt: skip
COST, BOUND = "D", "E"
STAMPS = ("Plan", "Scenario SHA-256, first digits", "Solver", "Catalogue SHA-256, first digits")
WIDTHS = (40, 27, 16, 20, 20, 11, 18, 18, 14)
VENDOR = 16
STATUS = {
    "infeasible": "no plan meets every limit",
    "no_plan": "none found in the time given",
    "invalid": "not possible as asked",
    "not_run": "not run",
}
"""What is said of a run without a plan; the others say the status of theirs."""
CHANGES = ("To the plan", "Offer", "What changed", "Systems", "From place", "In period", "To place", "From period on")


def write_compare(book: Book) -> None:
    """Write the sheet where the workbook was made with other plans; its figures follow no edit."""
    runs = book.made.runs
    if runs is None:
        return
    page = Page(book, "Compare", "Compare: plans side by side", "1F3864")
    vendors = sorted({vendor for run in runs.runs if run.headline for vendor in run.headline.accelerators})
    page.widths((*WIDTHS, *[VENDOR] * len(vendors)))
    page.text(HEAD + 1, 1, "Figures of each run, re-optimised: they follow no edit.", Role.NOTE)
    _headers(page, vendors)
    for i, run in enumerate(runs.runs):
        _run(page, FIRST + i, run, vendors, i == runs.this)
    row = _stamps(page, FIRST + len(runs.runs) + 1, runs)
    if runs.kind == "compare":
        _changes(page, row + 1, runs)
    cost = Formula(f"=Compare!${COST}${FIRST + runs.this}-optimiser_objective_usd")
    meaning = "The cost of this workbook's plan on Compare is the optimiser's."
    book.checks.append(Check("Compare shows this plan", cost, "USD", "tolerance_usd", meaning))
    page.sheet.freeze_panes = f"B{HEAD + 1}"
    page.print_setup(HEAD)


def said(run: Run) -> str:
    """The status of a run in words."""
    return STATUS.get(run.status, run.status)


def _headers(page: Page, vendors: list[str]) -> None:
    most = [(f"{vendor}, most in service at once", "accelerators") for vendor in vendors]
    headers = [*HEADERS, *most]
    page.headers(FIRST - 2, [(text, unit != "text") for text, unit in headers], 42.0)
    for column, (_, unit) in enumerate(headers, start=1):
        if unit != "text":
            page.text(FIRST - 1, column, unit, Role.NOTE)
            page.sheet.cell(FIRST - 1, column).alignment = Alignment(horizontal="right", indent=1)


def _run(page: Page, row: int, run: Run, vendors: list[str], this: bool) -> None:
    page.paragraph(row, 1, run.name, WIDTHS[0])
    page.text(row, 2, said(run))
    if this:
        page.text(row, 3, "this workbook", Role.STATUS)
    if run.headline is None:
        page.text(row, 4, "no plan", Role.NOTE)
    else:
        for column, (value, unit) in enumerate(_figures(run.headline, vendors), start=4):
            page.number(row, column, value, Role.SOLVER, unit)


def _figures(headline: Headline, vendors: list[str]) -> Iterator[tuple[float, str]]:
    yield headline.cost_usd, "USD"
    yield headline.bound_usd, "USD"
    yield headline.gap, "share"
    yield headline.capex_usd, "USD"
    yield headline.rent_after_usd, "USD"
    yield headline.peak_mw, "MW"
    for vendor in vendors:
        yield headline.accelerators.get(vendor, 0.0), "accelerators"


def _stamps(page: Page, row: int, runs: Runs) -> int:
    """Which run each figure is from, and why some have none; returns the row after."""
    _heading(page, row, "The runs")
    page.headers(row + 1, [(text, False) for text in STAMPS], 28.0)
    row += 2
    for run in runs.runs:
        page.paragraph(row, 1, run.name, WIDTHS[0])
        stamps = (run.scenario_sha256[:16], run.solver, run.catalog_sha256[:16])
        for column, text in enumerate(stamps if run.headline else (), start=2):
            page.text(row, column, Given(text))
        for text in run.why.splitlines():
            page.text(row, 2, Given(text))
            row += 1
        row += 0 if run.why else 1
    return row


def _heading(page: Page, row: int, text: str) -> None:
    for column in range(1, len(HEADERS) + 1):
        page.cell(row, column, Role.HEADING)
    page.text(row, 1, text, Role.HEADING)


def _changes(page: Page, row: int, runs: Runs) -> None:
    """Orders and commitments of the later plans against those of the first."""
    _heading(page, row, "Orders that are not those of the first plan")
    page.headers(row + 1, [(text, text == "Systems") for text in CHANGES], 15.0)
    row += 2
    for change in runs.changes:
        for order in change.orders:
            _order(page, row, change, order)
            row += 1
        row = _kept(page, row, change)


def _order(page: Page, row: int, change: Change, order: OrderChange) -> None:
    dropped = order.change == "dropped"
    here = (order.place, order.enters_service)
    before = here if dropped else (order.from_place or "", order.from_period or "")
    page.text(row, 1, change.plan)
    page.text(row, 2, order.offer)
    page.text(row, 3, order.change)
    page.number(row, 4, order.systems, Role.SOLVER, "count" if order.systems.is_integer() else "any")
    for column, text in enumerate((*before, *(("", "") if dropped else here)), start=5):
        if text:
            page.text(row, column, text)


def _kept(page: Page, row: int, change: Change) -> int:
    """What stays and which commitments do not; returns the row after."""
    page.text(row, 1, change.plan)
    page.text(row, 2, "systems that stay")
    page.number(row, 4, change.same_systems, Role.SOLVER, "count" if change.same_systems.is_integer() else "any")
    for text in change.commitments_dropped:
        row += 1
        page.text(row, 1, change.plan)
        page.text(row, 2, "commitment dropped")
        page.text(row, 5, text)
    return row + 1
