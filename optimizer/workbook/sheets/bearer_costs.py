"""The part of Unit costs that sums the cost lines for each accelerator on our sites, hosted, or of the fleet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from optimizer.workbook.decisions import ENGINEER, RETIRE
from optimizer.workbook.facts import Group
from optimizer.workbook.sheets.bearers import FLEET, OURS, Bearer, Draws
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import SUM, Line
from optimizer.workbook.writing.references import Row, blocks, down, sum_down
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.table import Table

OWED = "Owed after the horizon"


@dataclass(frozen=True)
class BearerCost:
    """Cost by period without residual, and the residual; None where nothing has one."""

    cost: Row
    residual: Row | None


def write_costs(
    table: Table, inputs: InputRows, cash: CashRows, draws: Draws, bearers: list[Bearer]
) -> dict[Bearer, BearerCost]:
    """A section for each bearer: its cost lines and their sum."""
    return {bearer: _section(table, inputs, cash, draws, bearer) for bearer in bearers}


def _section(table: Table, inputs: InputRows, cash: CashRows, draws: Draws, bearer: Bearer) -> BearerCost:
    note = "Running costs and resale: what the fleet cost is not in the plan." if bearer.where == FLEET else ""
    table.heading(f"Cost of {bearer.accelerator}, {bearer.where}", note)
    lines = [table.line(_line(bearer, label, formula)) for label, formula in _parts(table, inputs, cash, draws, bearer)]
    cost = table.line(replace(_line(bearer, "Cost before residual", sum_down(lines)), role=Role.TOTAL))
    left = [row for of, row in cash.workings.falls.items() if isinstance(of, Group) and bearer.holds(of)]
    if not left:
        return BearerCost(cost, None)
    return BearerCost(cost, table.line(_line(bearer, "Residual value", Formula(f"=SUM({blocks(left)})"))))


def _line(bearer: Bearer, label: str, formula: Formula | str) -> Line:
    return Line(label, "USD", bearer.accelerator, bearer.where, total=SUM, periods=formula)


def _parts(
    table: Table, inputs: InputRows, cash: CashRows, draws: Draws, bearer: Bearer
) -> Iterator[tuple[str, Formula]]:
    """The cost lines of a bearer; a line that it cannot have is left out."""
    made = cash.workings
    if cash.purchases:
        bought = [i for i, group in enumerate(cash.purchases.groups) if bearer.holds(group)]
        if bought:
            yield "Deposits", _sum([cash.purchases.deposits[i] for i in bought])
            yield "Balances", _sum([cash.purchases.balances[i] for i in bought])
    owed = made.owed.owed if made.owed else {}
    by_offer = (("Network", made.network), ("Software", made.software), ("Rent", made.rent), (OWED, owed))
    for label, rows in by_offer:
        own = [row for group, row in rows.items() if bearer.holds(group)]
        if own:
            yield label, _sum(own)
    base = [row for group, row in made.maintained.items() if bearer.holds(group)]
    if base:
        yield "Maintenance", Formula(f"=maintenance_share/periods_per_year*SUM({blocks(base)})")
    power = draws.of(bearer, draws.power)
    if power:
        yield "Energy, hosting, carbon", Formula(f"=SUM({down(power)})")
    tonnes = [row for group, row in made.hosted_carbon.items() if bearer.holds(group)]
    if tonnes:
        yield "Carbon of hosted hours", Formula(f"=SUM({blocks(tonnes)})*{inputs.carbon_price.now}")
    yield from _decided(table, cash, bearer)


def _decided(table: Table, cash: CashRows, bearer: Bearer) -> Iterator[tuple[str, Formula]]:
    """Engineering of what is ordered, and resale of the fleet."""
    systems = table.book.facts.catalog["systems"]
    one_off = [row for d, row in cash.workings.flows[ENGINEER].items() if d.item == bearer.accelerator]
    if bearer.where == OURS and one_off:
        yield "Engineering", _sum(one_off)
    sold = [
        row for d, row in cash.workings.flows[RETIRE].items() if systems[d.item]["accelerator"] == bearer.accelerator
    ]
    if bearer.where == FLEET and sold:
        yield "Resale", Formula(f"=-SUM({blocks(sold)})")


def _sum(rows: list[Row]) -> Formula:
    return Formula(f"=SUM({blocks(rows)})")
