"""The part of Cash about purchases: price, price paid, deposits and balances; and the price of what is rented."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.decisions import factors_paid
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.writing.lines import PERIOD, SUM, Line, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import HERE, at, at_order, key_of, sum_down


def purchased(facts: Facts) -> list[Group]:
    return [group for group in facts.groups if group.purchased]


def rented(facts: Facts) -> list[Group]:
    return [group for group in facts.groups if not group.purchased]


def price(group: Group, what: str, label: str, unit: str) -> Line:
    """The price of what enters service now: that of its period of order."""
    if group.committed:
        return line_of(group, label, unit, what=what, periods="={commitment/price}")
    ordered = at_order(at("offer", "price", group.offer), at("balance", "entering"), HERE.constant)
    source = "constant: lead time in periods"
    return line_of(group, label, unit, what=what, constant="lead", periods=ordered, source=source)


def purchases(facts: Facts) -> Iterator[Section]:
    """Price, price paid, deposits and balances by offer; then what is paid for hardware."""
    groups = purchased(facts)
    if not groups:
        return
    note = "Read at the period of order: so many periods before as the lead time."
    prices = [price(group, "price", "Price", "USD/system") for group in groups]
    yield Section("Price of what enters service", note, prices)
    factors = factors_paid(facts)
    broken = [group for group in groups if group.offer in factors and not group.committed]
    if factors:
        yield Section("Price after price breaks", "List price times the factor paid, of offers with price breaks.", [
            line_of(group, "Price after breaks", "USD/system",
                    periods=f"={{price}}*{at('factor used', group.offer)}")
            for group in broken
        ])  # fmt: skip
    yield Section("Price paid", "Price, after breaks if any, times systems entering service.", [
        line_of(group, "Price paid", "USD", what="paid", total=SUM,
                periods="={price after breaks}*{entering}" if group in broken else "={price}*{entering}")
        for group in groups
    ])  # fmt: skip
    yield Section("Deposits", "Share of the price, in the period of order; one before the horizon is sunk.", lines_of(
        groups, "Deposit", "USD", total=SUM, constant="offer/deposit_share", source="constant: share; opening: sunk",
        opening='={here.constant}*SUMIFS({paid.across},{paid.axis_across},"<="&{lead.constant})',
        periods=f"={{here.constant}}*SUMIFS({{paid.across}},{{paid.axis_across}},@${PERIOD}+{{lead.constant}})",
    ))  # fmt: skip
    yield Section("Balances", "The rest of the price, on entering service.", lines_of(
        groups, "Balance", "USD", what="balance paid", total=SUM, periods="=(1-{deposit.constant})*{paid}",
    ))  # fmt: skip
    yield from filled("Hardware, cash", lines=[
        Line(f"{label}, all offers", "USD", total=SUM, key=key_of("hardware", label.lower()),
             periods=sum_down([at(what, group) for group in groups]))
        for label, what in (("Deposits", "deposit"), ("Balances", "balance paid"))
    ])  # fmt: skip
