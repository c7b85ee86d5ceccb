"""Sensitivity: how cost moves with what was varied, traded or left open. Figures are those of each run."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.explore.results import Range
from optimizer.explore.side_by_side import Run, Runs
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.compare import BOUND, COST, FIRST, said
from optimizer.workbook.sheets.sensitivity_charts import frontier_chart, tornado_chart
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.charts import place
from optimizer.workbook.writing.page import Page
from optimizer.workbook.writing.styles import FORMATS, Role

HEAD = 3
TOP = HEAD + 3
"""The row of the headers; the first line stands under it."""
WIDTHS = {
    "sweep": (52, 25, 20, 20, 20, 9, 16, 16),
    "frontier": (30, 28, 24, 16, 12, 18),
    "alternatives": (26, 32, 16, 16, 20, 16, 20, 15, 14),
}
STATIC = "Figures of each run, re-optimised: they follow no edit."
TORNADO = (
    "Plan", "Cost, net present value", "Change", "Least change", "Most change", "Unit", "Dearer, USD m",
    "Cheaper, USD m",
)  # fmt: skip
TRADE = ("Plan", "Cost, net present value", "Cost, USD m", "Unit", "Shown in")
RANGES = ("Of", "Kind", "Best plan", "Least", "None has less than", "Most", "None has more than", "Unit", "Needed")
KINDS = {
    "vendor": "Spending on a vendor",
    "accelerator": "Accelerators in service at once",
    "site": "Peak power at a site",
    "power": "Peak power, all sites",
    "cash": "Cash in the first year",
}
NEEDS = {"must": "must-have", "optional": "optional", "never": "never"}
MONEY = "#,##0.00_);(#,##0.00)"
LOOKS = {"USD m": "MW"}
"""Units shown with the digits of another: millions to the thousand."""
MILLION = 1e6


def write_sensitivity(book: Book) -> None:
    """Write the sheet where the workbook was made with a sweep, a frontier or alternatives."""
    runs = book.made.runs
    if runs is None or runs.kind == "compare":
        return
    page = Page(book, "Sensitivity", TITLES[runs.kind], "1F3864")
    page.widths(WIDTHS[runs.kind])
    page.text(HEAD + 1, 1, STATIC, Role.NOTE)
    {"sweep": _tornado, "frontier": _frontier, "alternatives": _ranges}[runs.kind](page, runs)
    page.sheet.freeze_panes = f"B{HEAD + 1}"
    page.print_setup(HEAD)


TITLES = {
    "sweep": "Sensitivity: cost as the settings vary",
    "frontier": "Sensitivity: what less of something costs",
    "alternatives": "Sensitivity: what is open at nearly the best cost",
}


@dataclass(frozen=True)
class Placed:
    """A run and the row of Compare on which it stands."""

    run: Run
    row: int
    cost_usd: float


def _with_plan(runs: Runs) -> list[Placed]:
    return [
        Placed(run, FIRST + i, run.headline.cost_usd) for i, run in enumerate(runs.runs) if run.headline is not None
    ]


def _tornado(page: Page, runs: Runs) -> None:
    """The change of cost of each combination against the first, the largest on top; what has no plan is last."""
    solved = _with_plan(runs)
    base = next(each for each in solved if each.row == FIRST + runs.this)
    others = sorted((each for each in solved if each is not base), key=lambda each: -abs(each.cost_usd - base.cost_usd))
    page.text(HEAD + 2, 1, "The gaps leave the change between the least and the most.", Role.NOTE)
    page.headers(TOP, [(text, text not in ("Plan", "Unit")) for text in TORNADO], 28.0)
    for row, each in enumerate((base, *others), start=TOP + 1):
        _varied(page, row, each, base)
    row = TOP + 1 + len(solved)
    for run in (run for run in runs.runs if run.headline is None):
        page.paragraph(row, 1, run.name, WIDTHS["sweep"][0])
        page.text(row, 2, said(run))
        row += 1
    if others:
        chart = tornado_chart(page, TOP, TOP + 2, TOP + 1 + len(others))
        place(page, chart, f"A{row + 1}", _says(base, others))


def _varied(page: Page, row: int, each: Placed, base: Placed) -> None:
    page.paragraph(row, 1, each.run.name, WIDTHS["sweep"][0])
    page.formula(row, 2, Formula(f"=Compare!{COST}{each.row}"), None, MONEY)
    page.text(row, 6, "USD")
    if each is base:
        page.text(row, 3, "the first combination", Role.NOTE)
        return
    page.formula(row, 3, Formula(f"=B{row}-B${TOP + 1}"), None, MONEY)
    page.formula(row, 4, Formula(f"=Compare!{BOUND}{each.row}-B${TOP + 1}"), None, MONEY)
    page.formula(row, 5, Formula(f"=B{row}-Compare!{BOUND}${base.row}"), None, MONEY)
    page.formula(row, 7, Formula(f"=MAX(0,C{row})/usd_per_million"), None, FORMATS["MW"])
    page.formula(row, 8, Formula(f"=MIN(0,C{row})/usd_per_million"), None, FORMATS["MW"])


def _says(base: Placed, others: list[Placed]) -> str:
    most = (others[0].cost_usd - base.cost_usd) / MILLION
    return f"Bars of the change in cost against the first combination, the largest on top: {most:+,.3f} million USD."


def _frontier(page: Page, runs: Runs) -> None:
    """Cost against what it is traded for; a share without a unit is shown as one."""
    unit = {"": "share", "%": "share", "M USD": "USD m"}.get(runs.unit, runs.unit)
    page.text(HEAD + 2, 1, "No plan is both cheaper and lower, by more than the gaps leave open.", Role.NOTE)
    name, *columns = TRADE
    headers = [(name, False), (runs.label, True), *((text, text.startswith("Cost")) for text in columns)]
    page.headers(TOP, headers, 42.0)
    for row, each in enumerate(_with_plan(runs), start=TOP + 1):
        page.text(row, 1, each.run.name)
        page.number(
            row, 2, (each.run.amount or 0.0) / (100 if runs.unit == "%" else 1), Role.SOLVER, LOOKS.get(unit, unit)
        )
        page.formula(row, 3, Formula(f"=Compare!{COST}{each.row}"), None, MONEY)
        page.formula(row, 4, Formula(f"=C{row}/usd_per_million"), None, FORMATS["MW"])
        page.text(row, 5, unit)
        if each.row == FIRST + runs.this:
            page.text(row, 6, "this workbook", Role.STATUS)
    last = TOP + len(runs.runs)
    chart = frontier_chart(page, TOP + 1, last, TOP + 1 + runs.this, (runs.label, unit))
    words = f"Scatter of cost against {runs.label}: {len(runs.runs)} plans, that of this workbook marked."
    place(page, chart, f"A{last + 2}", words)


def _ranges(page: Page, runs: Runs) -> None:
    """The least and the most of each thing among all plans of nearly the best cost."""
    page.text(HEAD + 2, 1, f"Among all plans of at most {100 * runs.within:g}% more than the best cost.", Role.NOTE)
    page.headers(TOP, [(text, text not in ("Of", "Kind", "Unit", "Needed")) for text in RANGES], 28.0)
    for row, found in enumerate(runs.ranges, start=TOP + 1):
        _range(page, row, found)


def _range(page: Page, row: int, found: Range) -> None:
    unit = {"M USD": "USD m"}.get(found.unit, found.unit)
    page.text(row, 1, Given(found.name) if found.kind in ("vendor", "accelerator", "site") else "the whole plan")
    page.text(row, 2, KINDS[found.kind])
    figures = (found.here, found.least, found.least_bound, found.most, found.most_bound)
    for column, value in enumerate(figures, start=3):
        page.number(row, column, value, Role.SOLVER, LOOKS.get(unit, unit))
    page.text(row, 8, unit)
    if found.need is not None:
        page.text(row, 9, NEEDS[found.need])
