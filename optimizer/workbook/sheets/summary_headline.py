"""The first table of Summary: what the plan costs, how sure that is, what is paid, what is left at the end."""

from __future__ import annotations

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.assets import assets_of
from optimizer.workbook.sheets.cash import TAX
from optimizer.workbook.sheets.paid import PAID
from optimizer.workbook.sheets.reporting_currency import NET, by_period, code_of
from optimizer.workbook.sheets.summary_tables import MEGAWATTS, WHOLE, millions, titled
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Cell, note
from optimizer.workbook.writing.page import Rowed, Table
from optimizer.workbook.writing.references import at, down

UNEDITED = '=IF(plan_edited=0,{},"plan edited")'
Headline = tuple[str, str, str, str]
"""A label, a formula, a unit and a note."""


def headline(facts: Facts) -> Table:
    """The figures that a reader asks for first."""
    looks = {"share": "share", "count": WHOLE, "MW": MEGAWATTS}
    rows = [
        Rowed((label, Cell(Formula(formula), looks.get(unit, millions(facts))), unit, note(remark)))
        for label, formula, unit, remark in (*_of_value(facts), *_of_cost(facts), *_of_things(facts))
    ]
    return Table((titled("Headline"), "Value", titled("Unit"), titled("Note")), rows)


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
    cash = at("cost", "capex").total
    return [
        ("Net present value of cost", "=total_npv_usd/usd_per_million", "USD m", live),
        *([("Net present value of cost", converted, f"{code} m", remark)] if code != "USD" else []),
        *([("Of it tax", f"=({tax})/usd_per_million", "USD m", "negative: a loss, used as it arises")] * facts.taxed),
        ("Proven lower bound", UNEDITED.format("optimiser_bound_usd/usd_per_million"), "USD m",
         f"no plan costs less; solve: {facts.plan.status}"),
        ("Gap to the bound", UNEDITED.format("optimiser_gap"), "share", "most that can be saved"),
        ("Cash paid in the horizon", f"={PAID.total}/usd_per_million", "USD m", "by quarter and year below"),
        ("Of it capex", f"={cash}/usd_per_million", "USD m", "hardware, network, facility"),
    ]  # fmt: skip


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
        book, left = (f"={at(f'{what} at the end').total}/usd_per_million" for what in ("book value", "residual value"))
        found += [
            ("Net book value at the end", book, "USD m", "of what the plan capitalises"),
            ("Residual value assumed at the end", left, "USD m", "an estimate in the NPV, not cash"),
        ]
    return found
