"""The tables of Summary about money: costs, rent after the horizon, budgets; and what all its tables have in common."""

from __future__ import annotations

from string import ascii_uppercase

from optimizer.workbook.budgets import budget_lines
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.cash import COSTS, spent
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Block, Cell, Column, Columns, Entry
from optimizer.workbook.writing.references import Row, at, down, of_each
from optimizer.workbook.writing.styles import Role

MOST_YEARS = 4
WHOLE, SHARE = "accelerators", "0.0%_)"
SMALL_USD = 1e8
"""Below this much, millions are shown with three decimals."""
HEADERS = at("summary", "costs")
YEAR = '"FY"0'


def wide(facts: Facts) -> int:
    """Columns that every table on the sheet fills: five, or a vendor, a total and the fiscal years."""
    return max(5, len(facts.years) + 3, min(MOST_YEARS, len(facts.after_horizon)) + 3)


def columns_of(facts: Facts, *columns: str | Column) -> Columns:
    """The columns of a table, called by their letters, and blank ones beside them."""
    found = [Column(column) if isinstance(column, str) else column for column in columns]
    return dict(zip(ascii_uppercase, (*found, *[Column()] * (wide(facts) - len(found))), strict=False))


def millions(facts: Facts) -> str:
    """The format of millions of USD, finer where the plan is small."""
    return "MW" if abs(facts.plan.objective_usd) < SMALL_USD else "USD m"


def in_millions(facts: Facts, row: Row, role: Role | None = None) -> Cell:
    """The total of a line in millions of USD."""
    return Cell(Formula(f"={row.total}/usd_per_million"), millions(facts), role)


def money(facts: Facts) -> list[Block]:
    """Costs, rent after the horizon and budgets, as far as the plan has them."""
    return [_costs(facts), *_after_horizon(facts), *_budgets(facts)]


def shown_costs(facts: Facts) -> list[Row]:
    """The rows of the costs that the plan has."""
    return [at("summary", "cost", name) for name in COSTS if any(facts.plan.costs.get(name, {}).values())]


def _costs(facts: Facts) -> Block:
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


def _after_horizon(facts: Facts) -> list[Block]:
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
        rest = down(of_each("due", later), "$F")
        due.append(Cell(Formula(f"=SUM({rest})/usd_per_million"), millions(facts)))
    owed = in_millions(facts, at("cost", "owed_usd"))
    entries = [
        Entry(("Rent due, undiscounted", "USD m", in_millions(facts, at("due", "all")), *due)),
        Entry(("Of it in the cost, in the last period", "USD m", owed)),
    ]
    return [Block(entries, columns_of(facts, "Rent due after the horizon", "Unit", *_numbers("Total"), *columns))]


def _budgets(facts: Facts) -> list[Block]:
    """What is used of each and what is left."""
    entries = []
    share = Cell(Formula("=IF({C}=0,0,{B}/{C})"), SHARE)
    for row in budget_lines(facts.plan.budget):
        amounts = [at(f"budget {what}", row.budget, row.name) for what in ("used", "allowed", "left")]
        label = f"{spent(row)} {row.name}" + ", highest" * row.by_period
        entries.append(Entry((label, *(in_millions(facts, amount) for amount in amounts), share)))
    headers = _numbers("Used, USD m", "Limit, USD m", "Left, USD m", "Used, share")
    return [Block(entries, columns_of(facts, "Budget", *headers))] if entries else []
