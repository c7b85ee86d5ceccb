"""Contents: what the workbook is, how to read it, what the colours mean, where everything stands."""

from __future__ import annotations

from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.page import Page
from optimizer.workbook.writing.styles import Role

HEAD = 3
WIDTHS = (26, 112, 40)
SHEETS = {
    "Summary": "One page: what to buy, what it costs, what binds",
    "Inputs": "Every assumption that a formula uses, with unit, basis, date and source",
    "Orders": "Systems by offer, place and period, and other decisions: optimiser, override, used",
    "Purchase orders": "One table to filter: what to order when, from whom, for which place, at which price",
    "Capacity": "Work asked for, done and not served; which accelerator does what; systems in service and spare",
    "Sites": "Power, cooling and racks used and left, by site and period",
    "Supply": "Deliveries against what can be had of accelerators, offers and pools",
    "Cash": "Costs by period and fiscal year, present values, budgets, workings by offer",
    "Depreciation": "Prepayments, assets in service, depreciation, net book value and residual, by class",
    "Leases": "Lease payments, and their shape under IFRS 16 and ASC 842",
    "Unit costs": "Cost of a unit of work and of an accelerator-hour, by accelerator and workload",
    "Limits": "Each limit: used, limit, left, whether it binds",
    "Why not": "Each offer that is not ordered, why, and the price at which it would enter",
    "Compare": "Several plans side by side",
    "Bridge": "From one plan's cost to another's",
    "Sensitivity": "How the cost moves with each assumption",
    "Checks": "What must hold, whether it does, and what it means when it does not",
    "Log": "The run, its hashes and options, warnings, sources",
}
"""What each sheet holds; a sheet that is not written yet is not listed."""
_READ = (
    "Editing an input re-costs this plan; save and run `chipmix plan FILE.xlsx -o NEW.xlsx` to re-optimise.",
    "Change prices, rents, tariffs, PUE, rates and lives on Inputs, what is decided in the overrides of Orders.",
    "A price after price breaks is the list price times the factor that the optimiser paid for its own number.",
    "Unmet work, clusters and the optimiser's own figures (violet) do not follow an edit; every other number does.",
    "Costs are positive, receipts (value of work, resale, residual value) negative. Money is nominal USD before tax.",
    "Present values discount flows of a period to its middle; what is left at the end of the horizon to its end.",
    "Time sheets share their columns: the same period stands in the same column everywhere.",
)
_KEY = (
    (Role.INPUT, "An assumption you may change; has a unit, a source and a rule"),
    (Role.FIXED, "An assumption that is locked: another one would make another plan; its source says why"),
    (Role.SOLVER, "A figure of the optimiser, or of the run; static"),
    (Role.FORMULA, "A calculation"),
    (Role.LINK, "A link to another cell, unchanged"),
    (Role.TOTAL, "A sum or result"),
    (Role.HEADING, "A block of lines"),
    (Role.NOTE, "A note or source"),
)


def open_contents(book: Book) -> Page:
    """The first sheet; filled when the others are known."""
    name = str(book.facts.scenario.get("name", "plan"))
    page = Page(book, "Contents", f"Procurement plan: {name}", "1F3864")
    page.sheet.freeze_panes = f"A{HEAD + 1}"
    return page


def write_contents(page: Page) -> None:
    """Purpose, how to read, colour key, links."""
    page.widths(WIDTHS)
    facts = page.book.facts
    aim = "most value of work less cost (net present value)"
    if not facts.maximizes_value:
        aim = "least net present value of cost"
    purpose = (
        f"Which AI accelerators to buy, lease and rent from {facts.keys[0]} to {facts.keys[-1]}, how many, when and "
        f"where, at the {aim} within the limits; by chipmix, with a mixed-integer programme."
    )
    row = _texts(page, HEAD + 1, "Purpose", (purpose,))
    row = _texts(page, row + 1, "How to read it", _READ)
    row = _links(page, row + 1)
    _key(page, row + 1)
    page.print_setup(HEAD)


def _texts(page: Page, row: int, title: str, texts: tuple[str, ...]) -> int:
    for column in (1, 2):
        page.cell(row, column, Role.HEADING)
    page.text(row, 1, title, Role.HEADING)
    for text in texts:
        row += 1
        page.paragraph(row, 2, text, WIDTHS[1])
    return row + 1


def _links(page: Page, row: int) -> int:
    page.text(row, 1, "Sheet", Role.HEADER)
    page.text(row, 2, "Holds", Role.HEADER)
    for name in page.book.workbook.sheetnames:
        if name != "Contents":
            row += 1
            page.link(row, 1, name, name)
            page.text(row, 2, SHEETS[name])
    return row + 1


def _key(page: Page, row: int) -> None:
    page.text(row, 1, "Looks like", Role.HEADER)
    page.text(row, 2, "Is", Role.HEADER)
    for role, meaning in _KEY:
        row += 1
        page.text(row, 1, role.value, role)
        page.text(row, 2, meaning)
