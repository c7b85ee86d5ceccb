"""The orders of a plan for the terminal: committed and new apart, what is bought, leased and rented apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum
from typing import NamedTuple

from cli.money import Money
from cli.spans import spans
from cli.tables import amount, show_table, subheading
from optimizer.plan.at_once import most_at_once
from optimizer.plan.currency import order_flows
from optimizer.plan.format import OrderRow, Plan

Cell = tuple[str, Callable[[Sequence[OrderRow]], str]]
"""A column, and its cell for orders that are shown as one line."""


class Kind(NamedTuple):
    """Orders that are listed together."""

    title: str
    holds: Callable[[OrderRow], bool]
    is_bought: bool
    is_by_period: bool = False


def _new(route: str) -> Callable[[OrderRow], bool]:
    return lambda order: order.route == route and not order.commitment


KINDS = (
    Kind("Committed to buy", lambda order: order.commitment and order.route == "purchase", True),
    Kind("Committed to lease or rent", lambda order: order.commitment and order.route != "purchase", False),
    Kind("Buy", _new("purchase"), True),
    Kind("Lease for our sites", _new("lease"), False),
    Kind("Rent for a term", _new("reservation"), False),
    Kind("Rent period by period", _new("on_demand"), False, is_by_period=True),
)


def show_orders(plan: Plan, money: Money) -> None:
    """Prints all orders, a table for each kind."""
    for kind in KINDS:
        orders = sorted(filter(kind.holds, plan.orders), key=lambda o: (o.ordered, o.enters_service, o.label, o.place))
        if orders:
            subheading(f"{kind.title}: {_total(kind, orders, plan, money)}")
            columns = _columns(kind, plan, money)
            lines = _spans(orders, [row.period for row in plan.periods]) if kind.is_by_period else [[o] for o in orders]
            last = len(columns)
            rows = [[cell(line) for _, cell in columns] for line in lines]
            show_table([name for name, _ in columns], rows, range(last - 3, last), spare=(last - 2,))


def _total(kind: Kind, orders: Sequence[OrderRow], plan: Plan, money: Money) -> str:
    """What the orders of a kind are together. Rent of several periods is one of the same accelerators."""
    usd = money.millions(fsum(_paid(order, order.capex_usd + order.rent_usd, plan, money) for order in orders))
    if kind.is_bought:
        return f"{amount(fsum(order.accelerators for order in orders))} accelerators, {usd} M {money.code}"
    most = most_at_once(orders, plan.periods, lambda _: "all")["all"]
    return f"at most {amount(most)} accelerators at once, {usd} M {money.code}"


def _paid(order: OrderRow, usd: float, plan: Plan, money: Money) -> float:
    """What an order pays, each payment at the rate of its period."""
    return money.as_paid(usd, order_flows(plan, order))


def _columns(kind: Kind, plan: Plan, money: Money) -> list[Cell]:
    rented: list[Cell] = [
        ("until", lambda line: line[-1].term_until),
        ("offer", lambda line: line[0].label),
        ("place", lambda line: line[0].place),
        ("systems", lambda line: amount(line[0].systems)),
        ("accelerators", lambda line: amount(line[0].accelerators)),
        (f"rent, M {money.code}", lambda line: money.millions(fsum(_rent(order, plan, money) for order in line))),
    ]
    price: Cell = (
        f"capex, M {money.code}",
        lambda line: money.millions(fsum(_paid(order, order.capex_usd, plan, money) for order in line)),
    )
    return [
        ("order in", lambda line: line[0].ordered),
        ("in service", lambda line: line[0].enters_service),
        *([*rented[1:-1], price] if kind.is_bought else rented),
    ]


def _rent(order: OrderRow, plan: Plan, money: Money) -> float:
    """The rent of an order inside the horizon, without the network that it may pay for."""
    return money.as_paid(order.rent_usd, order_flows(plan, order.model_copy(update={"capex_usd": 0.0})))


def _spans(orders: Sequence[OrderRow], periods: Sequence[str]) -> list[list[OrderRow]]:
    """Rent of the same systems in periods one after the other, as one line."""
    return spans(
        orders, periods,
        same=lambda order: (order.label, order.place, order.systems),
        ends=lambda order: (order.enters_service, order.in_service_until),
    )  # fmt: skip
