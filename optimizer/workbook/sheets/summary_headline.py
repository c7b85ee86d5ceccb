"""The first table of Summary: what the plan costs, how sure that is, what is paid, what is left at the end."""

from __future__ import annotations

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.assets import assets_of
from optimizer.workbook.sheets.cash import TAX
from optimizer.workbook.sheets.paid import PAID
from optimizer.workbook.sheets.rates import at_mean, by_period, in_a_unit, money_unit, reported, translates
from optimizer.workbook.sheets.summary_tables import MEGAWATTS, WHOLE, millions, titled
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Cell, note
from optimizer.workbook.writing.page import Rowed, Table
from optimizer.workbook.writing.references import Row, at, down

UNEDITED = '=IF(plan_edited=0,{},"plan edited")'
NPV, VALUE = at("net present value"), at("present value", "value_usd")
COST, SHOWN = "Net present value of cost", at("summary", "net present value")
"""The label and the row of the cost as a present value."""
DECIDED = "USD m"
"""In what the optimiser's objective is counted, whatever money is reported in."""
Headline = tuple[str, str, str, str]
"""A label, a formula, a unit and a note."""


def headline(facts: Facts) -> Table:
    """The figures that a reader asks for first."""
    looks = {"share": "share", "count": WHOLE, "MW": MEGAWATTS, money_unit(facts): millions(facts)}
    looks.setdefault(DECIDED, millions(facts, in_usd=True))
    rows = [
        Rowed(
            (label, Cell(Formula(formula), looks[unit]), unit, note(remark)),
            SHOWN.key * (label == COST),
        )
        for label, formula, unit, remark in (*_of_value(facts), *_of_cost(facts), *_of_things(facts))
    ]
    return Table((titled("Headline"), "Value", titled("Unit"), titled("Note")), rows)


def _total(facts: Facts, row: Row) -> str:
    """The total of a line in USD, in millions of the currency."""
    return f"={reported(facts, row).total}/{in_a_unit(facts)}"


def _npv(facts: Facts) -> str:
    """The net present value of cost in the currency, by its name where that is USD."""
    return reported(facts, NPV).total if translates(facts) else "total_npv_usd"


def _of_value(facts: Facts) -> list[Headline]:
    """Come first where value is maximised; the net present value of cost is then net of value."""
    if not facts.maximizes_value:
        return []
    unit, value, many = money_unit(facts), reported(facts, VALUE).total, in_a_unit(facts)
    return [
        ("Net value: value of work less cost", f"=-{_npv(facts)}/{many}", unit, "present value; maximised"),
        ("Value of work done", f"=-{value}/{many}", unit, "present value"),
        ("Cost before value", f"=({_npv(facts)}-{value})/{many}", unit, "present value, receipts deducted"),
    ]


def _of_cost(facts: Facts) -> list[Headline]:
    """Cost as a present value, in USD too, what bounds it, and cash."""
    unit, translated = money_unit(facts), translates(facts)
    live = "net of value; " * facts.maximizes_value + "after tax; " * facts.taxed
    live += ("each flow at its period's rate" if by_period(facts) else "at the rate in Inputs") if translated else (
        "live: follows every edit")  # fmt: skip
    tax = "+".join(reported(facts, at("present value", name)).total for name in TAX)
    return [
        (COST, f"={_npv(facts)}/{in_a_unit(facts)}", unit, live),
        *([("The same in USD", "=total_npv_usd/usd_per_million", DECIDED,
            "every decision is made in USD")] if translated else []),
        *([("Of it tax", f"=({tax})/{in_a_unit(facts)}", unit, "negative: a loss, used as it arises")] * facts.taxed),
        ("Proven lower bound", _bound(facts), unit, f"no plan costs less; solve: {facts.plan.status}"),
        ("Gap to the bound", UNEDITED.format("optimiser_gap"), "share", "most that can be saved"),
        ("Cash paid in the horizon", _total(facts, PAID), unit, "by quarter and year below"),
        ("Of it capex", _total(facts, at("cost", "capex")), unit, "hardware, network, facility"),
    ]  # fmt: skip


def _bound(facts: Facts) -> str:
    """The optimiser's; in another currency, the cost less what may be saved at most, which has no period."""
    if not translates(facts):
        return UNEDITED.format("optimiser_bound_usd/usd_per_million")
    saved = at_mean(facts, "(total_npv_usd-optimiser_bound_usd)")
    return UNEDITED.format(f"{SHOWN.cell('B')}-{saved}/{in_a_unit(facts)}")


def _of_things(facts: Facts) -> list[Headline]:
    """Accelerators, the power of sites of our own, and what is left at the end of the horizon."""
    rows = [at("accelerators entering", accelerator) for _, accelerator in facts.accelerators]
    count = f"=SUM({down(rows, '$F')})" if rows else "=0"
    power = f"=MAX({at('all sites', 'power').across})"
    share = f"=MAX({at('all sites', 'share').across})"
    found = [("Accelerators entering service", count, "count", "orders and commitments, rented ones each time")]
    if facts.sites:
        found += [
            ("Highest peak power, all sites", power, "MW", "at the meter"),
            ("Highest share of the limit", share, "share", "of power, all sites"),
        ]
    if assets_of(facts):
        book, left = (_total(facts, at(f"{what} at the end")) for what in ("book value", "residual value"))
        found += [
            ("Net book value at the end", book, money_unit(facts), "of what the plan capitalises"),
            ("Residual value assumed at the end", left, money_unit(facts), "an estimate in the NPV, not cash"),
        ]
    return found
