"""What leaves the bank and what is owed under orders, by period and fiscal year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.workbook.decisions import RETIRE, decisions_of
from optimizer.workbook.facts import TERMS, Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.balances import by_year
from optimizer.workbook.sheets.rates import CASH_PAID
from optimizer.workbook.writing.lines import SUM, Line, Section, line_of
from optimizer.workbook.writing.references import Row, at, down, key_of, of_each
from optimizer.workbook.writing.styles import Role

PAID, UNDER_ORDERS = CASH_PAID, at("under orders", "all")
"""The lines of what is paid in a period, and of what of it is due under orders."""
SIGNED, NEW = "committed", "new"


def other_cash(facts: Facts) -> list[Row]:
    """What is paid besides capex and opex: tax but that on what is left, less what the fleet is sold for."""
    tax = [at("cost", "tax_usd")] if facts.taxed else []
    return tax + ([at("cost", "resale_usd")] if decisions_of(facts, RETIRE) else [])


def paid(facts: Facts) -> Iterator[Section]:
    """Tax and resale together, where there are any, then cash paid by fiscal year."""
    other, lines = at("cost", "tax and resale"), []
    if more := other_cash(facts):
        periods = "=" + "+".join(map(str, more))
        lines = [Line("Tax and resale", "USD", total=SUM, periods=periods, key=other.key),
                 *by_year(facts, "Tax and resale", other)]  # fmt: skip
    note = "What leaves the bank. Residual value is an estimate of what is left, no receipt; unmet work is not paid."
    yield Section("Cash paid", note, [*lines, *by_year(facts, "Cash paid", PAID)])


def binding(facts: Facts) -> list[Group]:
    """Orders that bind to pay later, commitments first: purchases, and what is rented for a term."""
    groups = [group for group in facts.groups if group.route == "purchase" and not group.running]
    groups += [group for group in facts.groups if group.route in TERMS]
    return sorted(groups, key=lambda group: not group.committed)


def under_orders(facts: Facts) -> Iterator[Section]:
    """What is due under orders by offer, then of commitments and of new orders, by period and fiscal year."""
    groups = binding(facts)
    if not groups:
        return
    note = "Deposits and balances of purchases, rent of terms. Rent by the hour binds nobody."
    yield Section("Due under orders, by offer", note, [
        line_of(group, "Due under the order", "USD", what="due under", total=SUM,
                periods="={deposit}+{balance paid}" if group.purchased else "={rent}")
        for group in groups
    ])  # fmt: skip
    kinds = [(SIGNED, "Due under commitments", True), (NEW, "Due under new orders", False)]
    lines = [
        Line(label, "USD", total=SUM, key=key_of("under orders", kind), periods=_sum(groups, committed))
        for kind, label, committed in kinds
    ]
    total = Line("Due under orders, all", "USD", total=SUM, role=Role.TOTAL, key=UNDER_ORDERS.key,
                 periods=f"=SUM({down([Row(line.key) for line in lines])})")  # fmt: skip
    years = [line for kind, label, _ in kinds for line in by_year(facts, label, at("under orders", kind))]
    note = "Inside the horizon, as cash falls due; rent after it stands below."
    yield Section("Due under orders, committed and new", note, [*lines, total, *years])


def _sum(groups: Sequence[Group], committed: bool) -> str:
    rows = of_each("due under", [group for group in groups if group.committed == committed])
    return f"=SUM({down(rows)})" if rows else "=0"
