"""Tables of Summary about costs, units of work and evidence; and what all its tables have in common."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import TypeVar

from optimizer.workbook.facts import Facts
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.book_inputs import market_of
from optimizer.workbook.sheets.cash import COSTS
from optimizer.workbook.sheets.checks import MASTER
from optimizer.workbook.sheets.downside import if_dearer
from optimizer.workbook.sheets.price_alone import MEANS, accelerators_priced
from optimizer.workbook.sheets.rates import (
    BILLION,
    MILLION,
    at_mean,
    code_of,
    in_a_unit,
    in_billions,
    money_unit,
    rates_in,
    reported,
    translates,
)
from optimizer.workbook.sheets.unit_accelerators import OURS, RENTED, bearers_of, stood_of
from optimizer.workbook.sheets.unit_costs import demands_of, per_unit
from optimizer.workbook.sheets.unit_workings import pairs_of
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Cell, Content, note
from optimizer.workbook.writing.page import LEFT, Rowed, Table
from optimizer.workbook.writing.references import Row, at, blocks, down
from optimizer.workbook.writing.styles import Role

WHOLE, SHARE = "accelerators", "0.0%_);(0.0%)"
MEGAWATTS = "[>=100]#,##0.0_);#,##0.000_)"
"""Finer below a hundred."""
SMALL, LARGE = 100.0, 1e5
"""Below so many millions (or billions) three decimals are shown, from so many on none."""
LONGEST_LABEL = 29
"""Signs that fit the column of labels of the right stack."""
YEAR = '"FY"0'
MOST_COSTS, MOST_ACCELERATORS, MOST_DEMANDS = 7, 5, 3
HOURLY = "#,##0.00_);(#,##0.00)"
RISE = "Market: by the hour. Last column: what a rise of the chip's price adds to NPV, {}."
Item = TypeVar("Item")
KINDS = {
    "measured": "Measured",
    "vendor": "Vendor",
    "quoted": "Quoted",
    "estimated": "Estimate",
    "unsourced": "No source",
}
"""Kinds of evidence, short."""


def titled(text: str) -> Cell:
    """A header of texts, which may run over into the blank ones beside it."""
    return Cell(text, role=Role.HEADER, alignment=LEFT)


def millions(facts: Facts, in_usd: bool = False) -> str:
    """The format of amounts of Summary, in millions of its currency or of USD: finer where the plan is small."""
    rate = max(rates_in(facts)) if translates(facts) and not in_usd else 1.0
    unit = BILLION if in_billions(facts) and not in_usd else MILLION
    if facts.flows_usd * rate >= LARGE * unit:
        return "USD"
    return "MW" if abs(facts.plan.objective_usd) * rate < SMALL * unit else "USD m"


def in_millions(facts: Facts, reference: str, role: Role | None = None, less: str = "") -> Cell:
    """Money of the currency in millions (or billions) of it, less what stands elsewhere."""
    return Cell(Formula(f"={reference}/{in_a_unit(facts)}{less}"), millions(facts), role)


def total_of(facts: Facts, row: Row, role: Role | None = None) -> Cell:
    """The total of a line that is in USD, in millions of the currency."""
    return in_millions(facts, reported(facts, row).total, role)


def others(facts: Facts, rows: Sequence[Row], role: Role | None = None) -> Cell:
    """The sum of the total column of lines that are in USD, in millions of the currency."""
    own = [reported(facts, row) for row in rows]
    return in_millions(facts, f"SUM({blocks(own, '$F')})", role)


def of_accelerator(facts: Facts, accelerator: str, more: str) -> str:
    """A label that begins with an accelerator: its name or, where that is too long for the column, its id."""
    name = str(facts.catalog["accelerators"][accelerator].get("name", accelerator))
    return f"{name}{more}" if len(name + more) <= LONGEST_LABEL else f"{accelerator}{more}"


def cut_to(items: Sequence[Item], most: int) -> tuple[Sequence[Item], Sequence[Item]]:
    """What a list of so many rows shows, and what its last row sums up, if it does not hold all."""
    return (items, ()) if len(items) <= most else (items[: most - 1], items[most - 1 :])


def shown_costs(facts: Facts) -> list[str]:
    """The costs that the plan has, by name."""
    return [name for name in COSTS if any(facts.plan.costs.get(name, {}).values())]


def costs(facts: Facts, cut: int) -> Table:
    """The largest costs as present values, and undiscounted."""
    names = shown_costs(facts)
    size = {name: abs(fsum(facts.plan.costs[name].values())) for name in names}
    large = sorted(sorted(names, key=lambda name: -size[name])[: MOST_COSTS - cut], key=names.index)
    rest = [name for name in names if name not in large]
    both = (("present value", at("net present value")), ("cost", at("cost", "total")))
    rows = [
        Rowed((COSTS[name], *(total_of(facts, at(what, name)) for what, _ in both)), _cost(name).key) for name in large
    ]
    if rest:
        shown = down(list(map(_cost, large)))
        sums = (in_millions(facts, reported(facts, all_of).total, less=f"-SUM({shown})") for _, all_of in both)
        rows.append(Rowed((f"and {len(rest)} others, see Charts", *sums)))
    totals = (total_of(facts, all_of, Role.TOTAL) for _, all_of in both)
    rows.append(Rowed((Cell("Total, residual value deducted", role=Role.TOTAL), *totals)))
    return Table((titled(f"Cost by line, {money_unit(facts)}"), "NPV", "Undisc."), rows)


def _cost(name: str) -> Row:
    return at("summary", "cost", name)


def unit_costs(facts: Facts, cut: int) -> Table:
    """An accelerator-hour against the market, and what a rise of prices costs, of those with most new orders; work."""
    shown, rest = cut_to(accelerators_priced(facts), MOST_ACCELERATORS - cut)
    rows = [_hour(facts, accelerator) for accelerator in shown]
    if rest:
        more = at_mean(facts, f"SUM({blocks(list(map(if_dearer, rest)), '<more>')})")
        rows.append(Rowed((f"and {len(rest)} others", *[None] * 5, in_millions(facts, more))))
    demands = demands_of(pairs_of(facts))
    for demand in demands[: MOST_DEMANDS - cut]:
        label, unit = per_unit(facts, demand)
        kinds = ("net cost of a unit", "gross cost of a unit")
        found = (Cell(Formula(f"={at_mean(facts, at(kind, demand).total)}"), unit) for kind in kinds)
        rows.append(Rowed((Given(demand), *found, note(label.partition(", ")[0]))))
    rise = Cell(Formula("=price_rise"), '"+"0.#%')
    heads = ("All in", "No resid.", "Market", "Less mkt.", "NPV, price", rise)
    rows += [Rowed((note(text),)) for text in (RISE.format(money_unit(facts)), MEANS)]
    return Table((titled(f"Accelerator-hour, work, {code_of(facts)}"), *heads), rows)


def _hour(facts: Facts, accelerator: str) -> Rowed:
    """An hour on our sites, or where all of it is hosted an hour there; with and without what is left at the end."""
    bearers = {each.place: each for each in bearers_of(stood_of(facts)) if each.item == accelerator}
    bearer = bearers.get(OURS) or bearers[RENTED]
    kinds = ["cost per accelerator-hour", "gross cost per accelerator-hour"]
    kinds += ["market's rent", "cost less market's rent"] if accelerator in market_of(facts) else []
    found: list[Content] = [Cell(Formula(f"={at_mean(facts, at(kind, bearer).total)}"), HOURLY) for kind in kinds]
    dearer = in_millions(facts, at_mean(facts, if_dearer(accelerator).cell("more")))
    blank: list[Content] = [None] * (5 - len(found))
    return Rowed(
        (of_accelerator(facts, accelerator, f", {bearer.place}"), *found, *blank, dearer),
        at("summary", "hour", accelerator).key,
    )


def trust(facts: Facts) -> Table:
    """What auditors ask: how much rests on what, open warnings, checks that fail, and the audit of the plan."""
    basis, plan = facts.plan.basis, facts.plan
    kinds = tuple(type(basis.work).model_fields)
    shown = (("Share of work done", basis.work), ("Share of money spent", basis.spend))
    rows = [Rowed((label, *(Cell(getattr(shares, kind), SHARE) for kind in kinds))) for label, shares in shown]
    audit = f"{plan.audit.checks:,} checks in exact arithmetic, all held"
    rows += [
        Rowed(("Warnings of the plan, notes", Cell(float(len(plan.warnings)), "count"),
               Cell(float(len(plan.notes)), "count"), note("in full on Log"))),
        Rowed(("Checks of this workbook that fail", Cell(Formula(f"={MASTER.cell('fails')}"), "count"),
               note("0: all hold; see Checks"))),
        Rowed(("Audit of the plan, largest violation", Cell(plan.audit.largest_violation, "0.0E+00"), note(audit))),
    ]  # fmt: skip
    return Table((titled("What it rests on"), *(KINDS[kind] for kind in kinds)), rows)
