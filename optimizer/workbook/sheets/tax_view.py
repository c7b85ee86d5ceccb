"""The part of Depreciation about tax: value for tax beside the books, and how books, tax, cash and cost tie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.formulation.register import COST_LINES
from optimizer.workbook.decisions import EXPAND, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.assets import Asset
from optimizer.workbook.sheets.balances import at_end, corkscrew
from optimizer.workbook.sheets.cash import TAX, shown
from optimizer.workbook.sheets.purchases import entering, running
from optimizer.workbook.sheets.tax_rules import rule_of
from optimizer.workbook.sheets.tax_workings import CHARGED, LEFT
from optimizer.workbook.writing.lines import PERIOD, SUM, Check, Line, Section
from optimizer.workbook.writing.references import Row, at, of_each, sum_down, summed
from optimizer.workbook.writing.styles import Role

VALUE = "Value for tax"
"""What the balance of all that is depreciated for tax is called."""
ALL = "Net book value"
"""What that of the books is called; there is none where nothing is capitalised."""
DEDUCTED = tuple(line.name for line in COST_LINES if line.taxed == "mid" and not line.receipt)


def tax_view(facts: Facts, assets: Sequence[Asset]) -> Iterator[Section]:
    """Value for tax as a balance, then from book profit to tax, then to the objective; none of a plan before tax."""
    if facts.taxed:
        yield _value(facts)
        yield _to_tax(facts, bool(assets))
        yield _to_cost()


def _value(facts: Facts) -> Section:
    """What is depreciated for tax, opening to closing."""
    placed = [*of_each("tax basis", entering(facts)), *of_each("flow", decisions_of(facts, EXPAND))]
    ins = {"brought forward": sum_down(of_each("brought forward for tax", running(facts)))} if running(facts) else {}
    ins["placed in service"] = sum_down(placed)
    outs = {"depreciation for tax": f"={CHARGED}", "left when service or the horizon ends": f"={LEFT}"}
    note = "What is left when service or the horizon ends is set against residual value, or written off."
    return Section("Value for tax, beside the books", f"{rule_of(facts).note} {note}", corkscrew(VALUE, ins, outs))


def _of(what: str) -> Row:
    return at("reconciled", what)


def _by_period(label: str, what: str, formula: str, role: Role | None = None) -> Line:
    return Line(label, "USD", total=SUM, periods=f"={formula}", role=role, key=_of(what).key)


def _in_total(label: str, what: str, formula: str, role: Role | None = None) -> Line:
    return Line(label, "USD", total=f"={formula}", role=role, key=_of(what).key)


def _to_tax(facts: Facts, booked: bool) -> Section:
    """Book profit, what tax counts otherwise, taxable profit, and the tax on it beside that on Cash."""
    charge, gone, at_the_end = "0", "0", "0"
    if booked:
        charge, gone = str(at(ALL, "depreciation")), str(at(ALL, "book value of what is retired"))
        at_the_end = f"(@${PERIOD}=periods_in_horizon)*{at_end(ALL, 'closing')}"
    taxable = f"{_of('profit')}+{_of('charges')}+{_of('lefts')}"
    gap = f"({_of('tax')}-{at('cost', 'tax')})"
    profit = f"{_of('value')}-{_of('due')}+{_of('resale')}-{_of('charge')}+{_of('gain')}"
    note = "Books: straight line, all classes. Unmet work is a price that nobody is paid, and in no profit."
    return Section("From book profit to tax", note, [
        _by_period("Value of work done", "value", f"-{at('cost', 'value_usd')}"),
        _by_period("less costs as they fall due", "due", summed(of_each("cost", shown(facts, DEDUCTED)))),
        _by_period("plus resale of fleet", "resale", f"-{at('cost', 'resale_usd')}"),
        _by_period("less depreciation, books", "charge", charge),
        _by_period("Book value of what leaves or is left", "left", f"{gone}+{at_the_end}"),
        _by_period("plus residual value less that book value", "gain", f"-{at('cost', 'residual_usd')}-{_of('left')}"),
        _by_period("Book profit before tax", "profit", profit, Role.TOTAL),
        _by_period("plus depreciation, books less tax", "charges", f"{_of('charge')}-{CHARGED}"),
        _by_period("plus what leaves or is left, books less tax", "lefts", f"{_of('left')}-{LEFT}"),
        _by_period("Taxable profit and gain", "taxable", taxable, Role.TOTAL),
        _by_period("Tax at the rate", "tax", f"tax_rate*{_of('taxable')}"),
        _by_period("Tax at the rate less tax in cash", "difference", f"(ABS{gap}>tolerance_usd)*{gap}"),
    ])  # fmt: skip


def _to_cost() -> Section:
    """Totals: from book profit after tax to the undiscounted cost and the objective."""
    cost, discounting = _of("cost").total, _of("discounting").total
    capex = f"{at('cost', 'capex').total}-{_of('charge').total}-{_of('left').total}"
    taxes = "+".join(row.total for row in of_each("present value", TAX))
    note = (
        "In Total. Capex differs from what the books charge or leave by what is prepaid at the end, less what was paid "
        "before the horizon."
    )
    return Section("From book profit to the objective", note, [
        _in_total("Book profit after tax", "after tax", f"{_of('profit').total}-{_of('tax').total}"),
        _in_total("Unmet work, at its price", "unmet", at("cost", "unmet_usd").total),
        _in_total("Capex less what the books charge or leave", "capex", capex),
        _in_total("Cost, undiscounted, from the books", "cost",
                  f"{_of('unmet').total}+{_of('capex').total}-{_of('after tax').total}", Role.TOTAL),
        _in_total("Effect of discounting", "discounting", f"total_npv_usd-{cost}"),
        _in_total("Net present value of cost after tax", "after all", f"{cost}+{discounting}", Role.TOTAL),
        _in_total("Of it tax", "of tax", taxes),
        _in_total("Of it before tax", "before tax", f"{_of('after all').total}-{_of('of tax').total}"),
    ])  # fmt: skip


def tax_checks(facts: Facts) -> Iterator[Check]:
    """Books, tax, cash and cost tie."""
    if not facts.taxed:
        return
    difference = _of("difference").across
    cost = f"{_of('cost').total}-{at('cost', 'total').total}"
    for label, value, meaning in (
        ("Tax from the books is tax in cash", f"MAX({difference},0)-MIN({difference},0)",
         "Book profit, with what tax counts otherwise, times the rate is the tax on Cash in every period."),
        ("All value for tax is charged or left", at_end(VALUE, "closing"),
         "What is depreciated for tax is charged, set against residual value or written off by the end."),
        ("Cost from the books is cost in cash", cost,
         "Book profit after tax, with unmet work and capex, is the undiscounted cost on Cash."),
    ):  # fmt: skip
        yield Check(label, f"={value}", "USD", meaning)
