"""The part of Cash about purchases: price, price paid, deposits and balances, and the price of what is rented."""

from __future__ import annotations

from dataclasses import dataclass, replace

from optimizer.workbook.facts import Group
from optimizer.workbook.sheets.carriers import OrderRows
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import PERIOD, SUM, Line
from optimizer.workbook.writing.references import HERE, Row, at_order, sum_down
from optimizer.workbook.writing.table import Table


@dataclass(frozen=True)
class Purchases:
    """By purchased group, in one order: price, price paid, deposits and balances."""

    groups: list[Group]
    price: list[Row]
    paid: list[Row]
    deposits: list[Row]
    balances: list[Row]


def groups_of(table: Table, purchased: bool) -> list[Group]:
    return [group for group in table.book.facts.groups if group.purchased == purchased]


def write_price(table: Table, inputs: InputRows, orders: OrderRows, group: Group, label: str, unit: str) -> Row:
    """The price of what enters service now: that of its period of order."""
    lead = Formula(f"={orders.groups[group].lead.constant}")
    if group.committed:
        row = table.line(
            Line(label + group.suffix, unit, group.offer, periods=Formula(f"={inputs.committed[group].price.now}"))
        )
    else:
        formula = at_order(inputs.offers[group.offer].price, orders.entering_total, HERE.constant)
        note = "constant: lead time in periods"
        row = table.line(
            Line(label, unit, group.offer, constant=lead, source=note, periods=formula, constant_unit="periods")
        )
    return row


def write_purchases(table: Table, inputs: InputRows, orders: OrderRows) -> Purchases | None:
    """Price, price paid, deposits and balances of purchases."""
    groups = groups_of(table, purchased=True)
    if not groups:
        return None
    table.heading(
        "Price of what enters service", "Read at the period of order: so many periods before as the lead time."
    )
    price = [write_price(table, inputs, orders, group, "Price", "USD/system") for group in groups]
    each = _after_breaks(table, orders, groups, price)
    table.heading("Price paid", "Price, after breaks if any, times systems entering service.")
    paid = []
    for group, row in zip(groups, each, strict=True):
        formula = Formula(f"={row.now}*{orders.groups[group].entering.now}")
        paid.append(table.line(Line(f"Price paid{group.suffix}", "USD", group.offer, total=SUM, periods=formula)))
    table.heading("Deposits", "Share of the price, in the period of order; one before the horizon is sunk.")
    deposits = [_deposit(table, inputs, orders, group, row) for group, row in zip(groups, paid, strict=True)]
    table.heading("Balances", "The rest of the price, on entering service.")
    balances = []
    for group, row, deposit in zip(groups, paid, deposits, strict=True):
        formula = Formula(f"=(1-{deposit.constant})*{row.now}")
        balances.append(table.line(Line(f"Balance{group.suffix}", "USD", group.offer, total=SUM, periods=formula)))
    return Purchases(groups, price, paid, deposits, balances)


def _after_breaks(table: Table, orders: OrderRows, groups: list[Group], prices: list[Row]) -> list[Row]:
    """The price of a system, times the factor paid where the offer has price breaks."""
    factors = orders.decisions.factors
    if factors:
        table.heading("Price after price breaks", "List price times the factor paid, of offers with price breaks.")
    rows = []
    for group, price in zip(groups, prices, strict=True):
        row = price
        if group.offer in factors and not group.committed:
            formula = Formula(f"={price.now}*{factors[group.offer].now}")
            row = table.line(Line("Price after breaks", "USD/system", group.offer, periods=formula))
        rows.append(row)
    return rows


def write_hardware(table: Table, purchases: Purchases | None) -> list[Row]:
    if purchases is None:
        return []
    table.heading("Hardware, cash")
    return [
        table.line(Line("Deposits, all offers", "USD", total=SUM, periods=sum_down(purchases.deposits))),
        table.line(Line("Balances, all offers", "USD", total=SUM, periods=sum_down(purchases.balances))),
    ]


def _deposit(table: Table, inputs: InputRows, orders: OrderRows, group: Group, paid: Row) -> Row:
    share = inputs.offers[group.offer].deposit
    assert share is not None
    axis = paid.axis_across
    lead = orders.groups[group].lead.constant
    formula = Formula(f"={HERE.constant}*SUMIFS({paid.across},{axis},@${PERIOD}+{lead})")
    link = Formula(f"={share.constant}")
    sunk = Formula(f'={HERE.constant}*SUMIFS({paid.across},{axis},"<="&{lead})')
    line = Line(
        f"Deposit{group.suffix}",
        "USD",
        group.offer,
        constant=link,
        total=SUM,
        opening=sunk,
        source="constant: share; opening: sunk",
        periods=formula,
    )
    return table.line(replace(line, constant_unit="share"))
