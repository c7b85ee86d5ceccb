"""What leaves the bank and what is owed under orders, by period and fiscal year; and what a rise of prices costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.workbook.decisions import RETIRE, decisions_of
from optimizer.workbook.facts import TERMS, Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.balances import by_year
from optimizer.workbook.sheets.rates import CASH_PAID
from optimizer.workbook.writing.lines import SUM, Line, Of, Section, filled, line_of
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


def price_effects(facts: Facts) -> Iterator[Section]:
    """What all prices and rents of new orders are worth by accelerator: a share more of them costs that share of it."""
    new = [group for group in facts.groups if not group.committed]
    bought = [group for group in new if group.purchased]
    note = "By period of entry: price paid times the share left at that age, without network."
    yield from filled("Residual of the price alone", note, [
        line_of(group, "Residual of the price", "USD", total=SUM,
                periods="={residual of entry}*IFERROR({paid}/({paid}+{network}),0)")
        for group in bought
    ])  # fmt: skip
    yield from filled("Present value of prices, by offer", "Price, maintenance on it, less residual of it; or rent.", [
        line_of(group, "Present value of the price", "USD", total=SUM, periods=_worth(facts, group))
        for accelerator in accelerators_priced(facts) for group in new if group.accelerator == accelerator
    ])  # fmt: skip
    note = "What new orders pay, before tax." if facts.taxed else "What new orders pay."
    yield from filled("Present value of prices, by accelerator", note, [
        line_of(Of(accelerator), "Present value of prices", "USD",
                total=f"=SUM({down(of_each('present value of the price', own), '$F')})")
        for accelerator in accelerators_priced(facts)
        for own in [[group for group in new if group.accelerator == accelerator]]
    ])  # fmt: skip


def accelerators_priced(facts: Facts) -> list[str]:
    """Accelerators by what new orders of them pay, the most first."""
    pays = dict.fromkeys((group.accelerator for group in facts.groups if not group.committed), 0.0)
    for row in facts.plan.orders:
        if not row.commitment:
            pays[row.accelerator] += row.capex_usd + row.rent_usd
    return sorted(pays, key=lambda each: (-pays[each], each))


def _worth(facts: Facts, group: Group) -> str:
    """What is due for the price in a period, discounted; what is left of it, to the end of the period it falls in."""
    mid, end = at("discount factor", "mid"), at("discount factor", "end").across
    if group.purchased:
        kept = "maintenance_share/periods_per_year*{maintained}"
        left = f"{{residual of the price}}*INDEX({end},{{falls in}})"
        return f"=({{deposit}}+{{balance paid}}+{kept})*{mid}-{left}"
    owed = "+{owed}" if group in facts.terms and facts.after_horizon else ""
    return f"=({{rent}}{owed})*{mid}"
