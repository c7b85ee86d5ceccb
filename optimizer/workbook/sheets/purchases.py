"""The part of Cash about purchases: price, price paid, deposits and balances; and the price of what is rented."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.decisions import factors_paid
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.writing.lines import PERIOD, SUM, Line, Section, line_of
from optimizer.workbook.writing.references import HERE, Row, at, at_order, key_of, sum_down


def purchased(facts: Facts) -> list[Group]:
    return [group for group in facts.groups if group.purchased]


def rented(facts: Facts) -> list[Group]:
    return [group for group in facts.groups if not group.purchased]


def price(group: Group, what: str, label: str, unit: str) -> Line:
    """The price of what enters service now: that of its period of order."""
    key = key_of(what, group)
    if group.committed:
        granted = f"={at('commitment', 'price', group).now}"
        return Line(label + group.suffix, unit, group.offer, periods=granted, key=key)
    return Line(
        label, unit, group.offer, constant=at("lead", group),
        periods=at_order(at("offer", "price", group.offer), at("balance", "entering"), HERE.constant),
        source="constant: lead time in periods", key=key,
    )  # fmt: skip


def purchases(facts: Facts) -> Iterator[Section]:
    """Price, price paid, deposits and balances by offer; then what is paid for hardware."""
    groups = purchased(facts)
    if not groups:
        return
    yield Section(
        "Price of what enters service", "Read at the period of order: so many periods before as the lead time.",
        [price(group, "price", "Price", "USD/system") for group in groups],
    )  # fmt: skip
    yield from _after_breaks(facts)
    yield Section("Price paid", "Price, after breaks if any, times systems entering service.", [
        line_of(group, "Price paid", "USD", what="paid", total=SUM,
                periods=f"={_price_paid(facts, group).now}*{at('entering', group).now}")
        for group in groups
    ])  # fmt: skip
    note = "Share of the price, in the period of order; one before the horizon is sunk."
    yield Section("Deposits", note, [_deposit(group) for group in groups])
    yield Section("Balances", "The rest of the price, on entering service.", [
        line_of(group, "Balance", "USD", what="balance paid", total=SUM,
                periods=f"=(1-{at('deposit', group).constant})*{at('paid', group).now}")
        for group in groups
    ])  # fmt: skip
    yield Section("Hardware, cash", lines=[
        Line("Deposits, all offers", "USD", total=SUM, key=key_of("hardware", "deposits"),
             periods=sum_down([at("deposit", group) for group in groups])),
        Line("Balances, all offers", "USD", total=SUM, key=key_of("hardware", "balances"),
             periods=sum_down([at("balance paid", group) for group in groups])),
    ])  # fmt: skip


def _broken(facts: Facts, group: Group) -> bool:
    """Whether its price is that after breaks."""
    return group.offer in factors_paid(facts) and not group.committed


def _price_paid(facts: Facts, group: Group) -> Row:
    return at("price after breaks" if _broken(facts, group) else "price", group)


def _after_breaks(facts: Facts) -> Iterator[Section]:
    """The price of a system, times the factor paid where the offer has price breaks."""
    lines = [
        Line("Price after breaks", "USD/system", group.offer, key=key_of("price after breaks", group),
             periods=f"={at('price', group).now}*{at('factor used', group.offer).now}")
        for group in purchased(facts) if _broken(facts, group)
    ]  # fmt: skip
    if factors_paid(facts):
        note = "List price times the factor paid, of offers with price breaks."
        yield Section("Price after price breaks", note, lines)


def _deposit(group: Group) -> Line:
    paid, lead = at("paid", group), at("lead", group).constant
    return line_of(group, "Deposit", "USD", total=SUM, constant=at("offer", "deposit_share", group.offer),
                   opening=f'={HERE.constant}*SUMIFS({paid.across},{paid.axis_across},"<="&{lead})',
                   periods=f"={HERE.constant}*SUMIFS({paid.across},{paid.axis_across},@${PERIOD}+{lead})",
                   source="constant: share; opening: sunk")  # fmt: skip
