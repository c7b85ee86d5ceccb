"""Contents: what the workbook is, how to read it, what the colours mean, where everything stands."""

from __future__ import annotations

from collections.abc import Iterable

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.inputs import others_edited
from optimizer.workbook.writing.lists import Block, Cell, Column, Entry, ListSheet, paragraph
from optimizer.workbook.writing.styles import Role

SHEETS = {
    "Summary": "One page: what to buy, what is paid when, what is owed, what binds, what it rests on",
    "Charts": "Orders, power, capex and each cost as pictures",
    "Inputs": "Every assumption that a formula uses, with unit, basis, date and source",
    "Orders": "Systems by offer, place and period, and other decisions: optimiser, override, used",
    "Purchase orders": "One table to filter: what to order when, from whom, for which place, at which price",
    "Capacity": "Work asked for, done and not served; which accelerator does what; systems in service and spare",
    "Sites": "Power, cooling and racks used and left, by site and period",
    "Supply": "Deliveries against what can be had of accelerators, offers and pools",
    "Cash": "Costs by period and fiscal year, present values, budgets, workings by offer",
    "Cash by month": "What each month pays, a row a month, by cost line",
    "Depreciation": "Prepayments, assets in service, depreciation, net book value and residual, by class",
    "Reporting currency": "Costs, present values and cash in the currency of the reports, each period at its rate",
    "Unit costs": "Cost of a unit of work and of an accelerator-hour, by accelerator and workload",
    "Limits": "Each limit: used, limit, left, whether it binds",
    "Why not": "Each offer that is not ordered, why, and the price at which it would enter",
    "Downside": "This plan's cost at other prices, rents, tariffs, utilisation, residual values and discount rates",
    "Actuals": "Cash by cost line and fiscal year beside budget, prior plan and what was paid; approval",
    "Compare": "Several plans side by side",
    "Bridge": "From one plan's cost to another's",
    "Sensitivity": "How the cost moves with each assumption",
    "Futures": "What may come, how likely it is and what it changes; what one decision for all comes to in each",
    "Regret": "Every plan in every future: cost, regret, expectation, worst, and what uncertainty costs",
    "Distribution": "This plan in futures that are drawn: spread of cost and of what breaks, drivers, break points",
    "Checks": "What must hold, whether it does, and what it means when it does not",
    "Log": "The run, its hashes and options, warnings, sources",
}
"""What each sheet holds."""
SIGNS = (
    "Costs are positive, receipts (value of work, resale, residual value) negative. Money is nominal USD before tax."
)
AFTER_TAX = (
    "Costs are positive, receipts (value of work, resale, residual value) negative. Money is nominal USD; net present "
    "values are after tax, and a loss is used as it arises."
)
READ = (
    "Editing an input re-costs this plan; save and run `chipmix plan FILE.xlsx -o NEW.xlsx` to re-optimise.",
    "Change prices, rents, tariffs, PUE, rates and lives on Inputs, what is decided in the overrides of Orders.",
    "A price after price breaks is the list price times the factor that the optimiser paid for its own number.",
    "Unmet work, clusters and the optimiser's own figures (violet) do not follow an edit; every other number does.",
    SIGNS,
    "Present values discount flows of a period to its middle; what is left at the end of the horizon to its end.",
    "Time sheets share their columns: the same period stands in the same column everywhere.",
)
KEY = {
    Role.INPUT: "An assumption you may change; has a unit, a source and a rule",
    Role.FIXED: "An assumption that is locked: another one would make another plan; its source says why",
    Role.SOLVER: "A figure of the optimiser, or of the run; static",
    Role.FORMULA: "A calculation",
    Role.LINK: "A link to another cell, unchanged",
    Role.TOTAL: "A sum or result",
    Role.HEADING: "A block of lines",
    Role.NOTE: "A note or source",
}


def contents(facts: Facts, titles: Iterable[str]) -> ListSheet:
    """Purpose, how to read, links to the other sheets, colour key."""
    links = [Entry((Cell(title, link=title), SHEETS[title])) for title in titles]
    key = [Entry((Cell(role.value, role=role), meaning)) for role, meaning in KEY.items()]
    blocks = [
        _texts("Purpose", [_purpose(facts)]), _texts("How to read it", how_to_read(facts)),
        Block(links, {"sheet": Column("Sheet"), "holds": Column("Holds")}),
        Block(key, {"looks": Column("Looks like"), "is": Column("Is")}),
    ]  # fmt: skip
    name = str(facts.scenario.get("name", "plan"))
    return ListSheet("Contents", f"Procurement plan: {name}", "1F3864", blocks, widths=(26, 112, 40), wide=2,
                     stamp=others_edited(facts))  # fmt: skip


def how_to_read(facts: Facts) -> list[str]:
    """What a reader should know; that money is after tax, where it is."""
    return [AFTER_TAX if facts.taxed and text == SIGNS else text for text in READ]


def _purpose(facts: Facts) -> str:
    aim = "most value of work less cost (net present value)"
    if not facts.maximizes_value:
        aim = "least net present value of cost"
    return (
        f"Which AI accelerators to buy, lease and rent from {facts.keys[0]} to {facts.keys[-1]}, how many, when and "
        f"where, at the {aim} within the limits; by chipmix, with a mixed-integer programme."
    )


def _texts(heading: str, texts: Iterable[str]) -> Block:
    return Block([Entry((None, paragraph(text))) for text in texts], heading=heading)
