"""Summary: one page of what to buy, what it costs, what binds and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.utils import get_column_letter

from optimizer.explain.explanation import Explanation
from optimizer.formulation.register import limits_of
from optimizer.workbook.decisions import KINDS, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.cash import TAX
from optimizer.workbook.sheets.frames import names
from optimizer.workbook.sheets.limits import Limited, all_limits
from optimizer.workbook.sheets.reporting_currency import NET, by_period, code_of
from optimizer.workbook.sheets.summary_charts import charts
from optimizer.workbook.sheets.summary_tables import WHOLE, YEAR, columns_of, in_millions, millions, money, wide
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Block, Cell, Column, Content, Entry, ListSheet, heading, note
from optimizer.workbook.writing.references import Row, at, down, of_each
from optimizer.workbook.writing.styles import Role

MOST_LIMITS, MOST_WARNINGS = 8, 8
SCREEN = "Price of one unit in the relaxation, where it is above zero: a screen, not what one unit more is worth."
SOLVED_AGAIN = (
    "Second solves: what a move of the limit in all its windows changes the cost by, static. Limits says how much that "
    "is. Blank: not asked, or not told by the gap."
)
DEMANDS = tuple(record.name for record in limits_of("demand"))
UNEDITED = '=IF(plan_edited=0,{},"plan edited")'
TOP, YEARS = at("summary", "headline"), at("summary", "years")


def summary(facts: Facts, explanation: Explanation | None) -> ListSheet:
    """Tables on the left, four charts beside them."""
    binding = _binding(all_limits(facts, explanation))
    warnings = facts.plan.warnings
    name = str(facts.scenario.get("name", "plan"))
    blocks = [
        Block([Entry((note(name),))], gap=0), *([_warnings(facts, warnings)] if warnings else []),
        _headline(facts), _purchases(facts), *_decisions(facts), *money(facts),
        _limits(facts, binding, explanation is not None), _basis(facts),
    ]  # fmt: skip
    columns = wide(facts)
    longest = max(42.0, *(len(limit.words) + 1.0 for limit in binding), 0.0)
    return ListSheet(
        "Summary", "Summary", "1F3864", blocks, widths=(longest, 15, *[13.0] * (columns - 2), 3),
        drawings=charts(facts, TOP, get_column_letter(columns + 2)), one_page=True,
    )  # fmt: skip


def _warnings(facts: Facts, warnings: Sequence[str]) -> Block:
    """What changes the meaning of the decision, across tables and charts."""
    shown = list(warnings[:MOST_WARNINGS])
    if len(warnings) > MOST_WARNINGS:
        shown.append(f"… and {len(warnings) - MOST_WARNINGS} more on Log")
    top = heading("What to know first", wide(facts), Role.HEADER)
    return Block([top, *(Entry((text,)) for text in shown)], gap=0)


Headline = tuple[str, str, str, str]
"""A label, a formula, a unit and a note."""


def _headline(facts: Facts) -> Block:
    """The figures that a reader asks for first."""
    looks = {"share": "share", "accelerators": WHOLE, "MW": "MW"}
    entries = [
        Entry((label, Cell(Formula(formula), looks.get(unit, millions(facts))), unit, note(remark)))
        for label, formula, unit, remark in (*_of_value(facts), *_of_cost(facts), *_of_things(facts))
    ]
    columns = columns_of(facts, "Headline", Column("Value", "any"), "Unit", "Note")
    return Block(entries, columns, key=TOP.key, gap=1 if facts.plan.warnings else 0)


def _of_value(facts: Facts) -> list[Headline]:
    """Come first where value is maximised; the net present value of cost is then net of value."""
    if not facts.maximizes_value:
        return []
    value = at("present value", "value_usd").total
    return [
        ("Net value: value of work less cost", "=-total_npv_usd/usd_per_million", "USD m", "present value; maximised"),
        ("Value of work done", f"=-{value}/usd_per_million", "USD m", "present value"),
        ("Cost before value", f"=(total_npv_usd-{value})/usd_per_million", "USD m",
         "present value, receipts deducted"),
    ]  # fmt: skip


def _of_cost(facts: Facts) -> list[Headline]:
    """Cost as a present value, in another currency too, what bounds it, and cash."""
    live = "net of value; " * facts.maximizes_value + "after tax; " * facts.taxed + "live: follows every edit"
    tax = "+".join(at("present value", name).total for name in TAX)
    code, remark = code_of(facts), "at the rates in Inputs" if by_period(facts) else "at the rate in Inputs"
    converted = (
        f"={NET.total}/usd_per_million" if by_period(facts) else "=total_npv_usd/usd_per_million*currency_per_usd"
    )
    objective = "=optimiser_objective_usd/usd_per_million"
    total, capex, opex = (f"={at('cost', what).total}/usd_per_million" for what in ("total", "capex", "opex"))
    return [
        ("Net present value of cost", "=total_npv_usd/usd_per_million", "USD m", live),
        *([("Net present value of cost", converted, f"{code} m", remark)] if code != "USD" else []),
        *([("Of it tax", f"=({tax})/usd_per_million", "USD m", "negative: a loss, used as it arises")] * facts.taxed),
        ("Optimiser's objective", objective, "USD m", f"solve: {facts.plan.status}"),
        ("Proven lower bound", UNEDITED.format("optimiser_bound_usd/usd_per_million"), "USD m", "no plan costs less"),
        ("Gap to the bound", UNEDITED.format("optimiser_gap"), "share", "most that can be saved"),
        ("Cost, undiscounted", total, "USD m", "receipts deducted"),
        ("Capex, cash", capex, "USD m", "hardware, network, facility"),
        ("Opex, cash, rent included", opex, "USD m", "energy to rent, one-offs, carbon"),
    ]


def _of_things(facts: Facts) -> list[Headline]:
    """Accelerators, and the power of sites of our own."""
    rows = [at("accelerators entering", accelerator) for _, accelerator in facts.accelerators]
    count = f"=SUM({down(rows, '$F')})" if rows else "=0"
    power, share = (f"=MAX({at('all sites', what).across})" for what in ("power", "share"))
    at_sites = [
        ("Highest peak power, all sites", power, "MW", "at the meter"),
        ("Highest peak power, share of the limit then", share, "share", "all sites"),
    ]
    accelerators = ("Accelerators entering service", count, "accelerators", "orders and commitments")
    return [accelerators, *(at_sites if facts.sites else [])]


def _purchases(facts: Facts) -> Block:
    """Accelerators entering service by accelerator and fiscal year."""
    numbers = [at("fiscal year", year).part("$E#n") for year in facts.years]
    years = [Column(Cell(Formula(f"={number}"), YEAR, Role.NUMBERS)) for number in numbers]
    entries = [_accelerator(facts, vendor, accelerator, len(years)) for vendor, accelerator in facts.accelerators]
    sums = f"=SUM({down([Row(entry.key) for entry in entries])})" if entries else "=0"
    total = Cell(Formula(sums), WHOLE, Role.TOTAL)
    label, blank = Cell("All accelerators", role=Role.TOTAL), Cell(role=Role.TOTAL)
    return Block(
        [*entries, Entry((label, blank, *[total] * (1 + len(years))))],
        columns_of(facts, "Accelerators entering service", "Vendor", Column("Total", WHOLE), *years), key=YEARS.key,
    )  # fmt: skip


def _accelerator(facts: Facts, vendor: str, accelerator: str, years: int) -> Entry:
    name = str(facts.catalog["accelerators"][accelerator].get("name", accelerator))
    row = at("accelerators entering", accelerator)
    of_year = Formula(f"=SUMIFS({row.across},{row.years_across},{YEARS.part('@$#n')})")
    cells = [Cell(formula, WHOLE) for formula in (Formula(f"={row.total}"), *[of_year] * years)]
    return Entry((name, vendor, *cells), at("summary", "accelerators", accelerator).key)


def _decisions(facts: Facts) -> list[Block]:
    """Decisions besides orders, kind by kind, with the sum of what is done and its cash."""
    entries = []
    for kind in KINDS:
        if used := of_each("decision used", decisions_of(facts, kind)):
            done = Cell(Formula(f"=SUM({down(used, '$F')})"), kind.unit)
            entries.append(Entry((kind.label, done, kind.unit, in_millions(facts, at("cost", kind.cost)))))
    if frames := of_each("promised", names(facts)):
        count = Cell(Formula(f"=SUMPRODUCT(({down(frames, '$E')}>0)*1)"), "count")
        entries.append(Entry(("Frame agreements signed", count, "count", in_millions(facts, at("cost", "frame_usd")))))
    columns = columns_of(
        facts, "Other decisions", Column("Total", "any"), "Unit", Column("Cash, USD m", "USD m")
    )  # fmt: skip
    return [Block(entries, columns)] if entries else []


def _binding(limits: Sequence[Limited]) -> list[Limited]:
    """Limits that bind in the optimiser's plan: those of known worth, then by their price in the relaxation."""
    tight = [limit for limit in limits if limit.kind not in DEMANDS and limit.binds]

    def rank(limit: Limited) -> tuple[bool, float, str]:
        return limit.worth is None, -abs(limit.plan.price_usd or 0.0), limit.plan.row

    shown: dict[object, Limited] = {}
    for limit in sorted(tight, key=rank):  # what moving a limit does in all windows needs one line
        shown.setdefault(limit.worth or limit.row, limit)
    return list(shown.values())[:MOST_LIMITS]


def _limits(facts: Facts, binding: Sequence[Limited], explained: bool) -> Block:
    """What binds in the optimiser's plan, and what a move of it changes where second solves tell it."""
    figures = (Column("Used", "any"), Column("Limit", "any"))
    worth = (Column("Change, USD", "USD"), Column("if moved by", "share"))
    price = (Column("USD a unit", "kW"), Column("Unit"))
    entries = [
        Entry((limit.words, *limit.shown(), *(_change(limit) if explained else _price(limit)))) for limit in binding
    ]
    remark = Entry((note(SOLVED_AGAIN if explained else SCREEN),))
    return Block(
        [*(entries or [Entry((note("none"),))]), remark],
        columns_of(facts, "Limits that bind (optimiser)", *figures, *(worth if explained else price)),
    )


def _change(limit: Limited) -> Sequence[Content]:
    """What a move changes, if that was asked and is known."""
    return [Formula(f"={limit.row.cell(what)}") for what in ("price", "moved")] if limit.worth else ()


def _price(limit: Limited) -> Sequence[Content]:
    """The price in the relaxation."""
    return limit.plan.price_usd, f"{limit.plan.unit}, at least" if limit.plan.at_least else limit.plan.unit


def _basis(facts: Facts) -> Block:
    basis = facts.plan.basis
    shown = (("Share of work done", basis.work), ("Share of money spent", basis.spend))
    kinds = tuple(type(basis.work).model_fields)
    entries = [Entry((label, *(getattr(shares, kind) for kind in kinds))) for label, shares in shown]
    columns = (Column(kind.capitalize(), "share") for kind in kinds)
    return Block(entries, columns_of(facts, "Evidence behind the plan", *columns))
