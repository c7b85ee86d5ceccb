"""The part of Summary about costs, rent after the horizon and budgets."""

from __future__ import annotations

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.budget_path import spent
from optimizer.workbook.sheets.cash import COSTS
from optimizer.workbook.sheets.summary_tables import SHARE, columns_of, in_millions, millions, wide
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Block, Cell, Column, Entry
from optimizer.workbook.writing.references import Row, at, down
from optimizer.workbook.writing.styles import Role

HEADERS = at("summary", "costs")
YEAR = '"FY"0'


def shown_costs(facts: Facts) -> list[Row]:
    """The rows of the costs that the plan has."""
    return [at("summary", "cost", name) for name in COSTS if any(facts.plan.costs.get(name, {}).values())]


def costs(facts: Facts) -> Block:
    """Each cost undiscounted and as a present value, and its share of all costs before receipts."""
    rows = shown_costs(facts)
    entries = []
    for row in rows:
        name, every = row.key.rpartition("/")[2], down(rows, "$<B>", fixed=True)
        share = Cell(Formula(f'=IFERROR({{B}}/SUMIFS({every},{every},">0"),0)'), SHARE)
        present, cash = (in_millions(facts, at(what, name)) for what in ("present value", "cost"))
        entries.append(Entry((COSTS[name], present, share, cash), row.key))
    present, cash = (in_millions(facts, row, Role.TOTAL) for row in (at("net present value"), at("cost", "total")))
    total = Entry((Cell("Total", role=Role.TOTAL), present, Cell(role=Role.TOTAL), cash))
    columns = columns_of(facts, "Cost", *_numbers("NPV, USD m", "Share of costs", "Cash, USD m"))
    return Block([*entries, total], columns, key=HEADERS.key)


def _numbers(*headers: str) -> list[Column]:
    return [Column(header, "any") for header in headers]


def after_horizon(facts: Facts) -> list[Block]:
    """Rent of terms that outlast the horizon, by the fiscal year in which it falls due, and what of it counts."""
    years, room = facts.after_horizon, wide(facts) - 3
    if not years:
        return []
    shown, later = (years, ()) if len(years) <= room else (years[: room - 1], years[room - 1 :])
    numbers = [Formula(f"={at('year after the horizon', year).constant}") for year in shown]
    columns = [Column(Cell(number, YEAR, Role.NUMBERS)) for number in numbers]
    due = [in_millions(facts, at("due", year)) for year in shown]
    if later:
        columns.append(Column("later", "any"))
        rest = down([at("due", year) for year in later], "$F")
        due.append(Cell(Formula(f"=SUM({rest})/usd_per_million"), millions(facts)))
    owed = in_millions(facts, at("cost", "owed_usd"))
    entries = [
        Entry(("Rent due, undiscounted", "USD m", in_millions(facts, at("due", "all")), *due)),
        Entry(("Of it in the cost, in the last period", "USD m", owed)),
    ]
    return [Block(entries, columns_of(facts, "Rent due after the horizon", "Unit", *_numbers("Total"), *columns))]


def budgets(facts: Facts) -> list[Block]:
    """What is used of each and what is left."""
    entries = []
    share = Cell(Formula("=IF({C}=0,0,{B}/{C})"), SHARE)
    for row in facts.plan.budget:
        amounts = [at(f"budget {what}", row.budget, row.window) for what in ("used", "allowed", "left")]
        label = f"{spent(row)} {row.window}"
        entries.append(Entry((label, *(in_millions(facts, amount) for amount in amounts), share)))
    headers = _numbers("Used, USD m", "Limit, USD m", "Left, USD m", "Used, share")
    return [Block(entries, columns_of(facts, "Budget", *headers))] if entries else []
