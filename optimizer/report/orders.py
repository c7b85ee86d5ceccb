"""What to buy, lease and rent: by accelerator, then order by order; what is in service, and what is owed for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from math import fsum

from catalogs.periods import first_month, last_month
from optimizer.plan.at_once import most_at_once
from optimizer.plan.currency import order_flows
from optimizer.plan.format import OrderRow
from optimizer.report.charts import Chart, drawn
from optimizer.report.elements import Cell, Html, Number, element, joined, table
from optimizer.report.subject import Subject, count, kind_of, summed

ROUTES = ("purchase", "lease", "reservation", "on_demand")
Kind = tuple[bool, int, str, str]


def orders(on: Subject) -> Html:
    """The section."""
    if not on.plan.orders:
        return joined([_in_service(on)])
    return joined([_by_accelerator(on), _in_service(on), _one_by_one(on)])


def _status(on: Subject, committed: bool) -> str:
    return on.say("Committed" if committed else "New")


def _by_accelerator(on: Subject) -> Html:
    """Committed and new apart, what is bought, leased and rented apart."""

    def kind(order: OrderRow) -> Kind:
        return not order.commitment, ROUTES.index(order.route), order.vendor, order.accelerator

    rows: list[Sequence[Cell]] = []
    for (new, _route, vendor, accelerator), group in groupby(sorted(on.plan.orders, key=kind), kind):
        these = list(group)
        most = most_at_once(these, on.plan.periods, lambda _: "all")["all"]
        rows.append((
            on.name_of(accelerator), vendor, on.say(kind_of(these[0])), _status(on, not new), count(most),
            *_amounts(on, these),
        ))  # fmt: skip
    columns = on.all(["Accelerator", "Vendor", "How", "Status", "Accelerators, most at once"])
    money = [f"{on.say(name)}, {on.unit}" for name in ("Price and network", "Rent", "Rent after the horizon")]
    total = [on.say("All orders"), "", "", "", "", *_amounts(on, on.plan.orders)]
    return table(on.say("What to buy, lease and rent"), [*columns, *money], rows, total)


def _amounts(on: Subject, orders: Sequence[OrderRow]) -> list[Number]:
    """Price and network, rent inside the horizon, rent after it."""
    bare = [order.model_copy(update={"capex_usd": 0.0}) for order in orders]
    rent = fsum(on.flows(order_flows(on.plan, order)) for order in bare)
    paid = fsum(on.flows(order_flows(on.plan, order)) for order in orders) - rent
    after = on.flows({on.periods[-1]: fsum(order.rent_after_usd for order in orders)})
    return [on.money(paid), on.money(rent), on.money(after)]


def _one_by_one(on: Subject) -> Html:
    """Order by order; what is rented by the period of one offer at one place as one line."""
    single = [[order] for order in on.plan.orders if order.route != "on_demand"]
    rented: defaultdict[tuple[str, str, bool], list[OrderRow]] = defaultdict(list)
    for order in on.plan.orders:
        if order.route == "on_demand":
            rented[order.label, order.place, order.commitment].append(order)
    lines = sorted([*single, *rented.values()], key=lambda line: (line[0].ordered, line[0].enters_service,
                                                                 line[0].label, line[0].place))  # fmt: skip
    columns = on.all([
        "Offer", "Order in", "In service from", "Until", "Place", "How", "Status", "Systems", "Accelerators",
    ])  # fmt: skip
    money = [f"{on.say(name)}, {on.unit}" for name in ("Price and network", "Rent")]
    note = on.say("What is rented by the period is one line for each offer and place, with the most of it at once.")
    rows = [_order(on, line) for line in lines]
    return joined([table(on.say("Orders, one by one"), [*columns, *money], rows), element("p", note)])


def _order(on: Subject, line: Sequence[OrderRow]) -> Sequence[Cell]:
    first = line[0]
    until = max((order.term_until for order in line), key=last_month)
    systems, accelerators = (max(getattr(order, name) for order in line) for name in ("systems", "accelerators"))
    return (
        first.label, first.ordered, first.enters_service, until, first.place, on.say(kind_of(first)),
        _status(on, first.commitment), count(systems), count(accelerators), *_amounts(on, line)[:2],
    )  # fmt: skip


def _in_service(on: Subject) -> Html:
    """Accelerators in service by vendor."""
    vendors = sorted({row.vendor for row in on.plan.in_service})
    here = {(row.vendor, row.period): 0.0 for row in on.plan.in_service}
    for row in on.plan.in_service:
        here[row.vendor, row.period] += row.accelerators
    bars = {vendor: [here.get((vendor, key), 0.0) for key in on.periods] for vendor in vendors}
    if not any(any(values) for values in bars.values()):
        return Html("")
    title = on.say("Accelerators in service by vendor, fleet included")
    rows = [(key, *(count(bars[vendor][i]) for vendor in vendors)) for i, key in enumerate(on.periods)]
    chart = Chart("in-service", title, on.say("Stacked bars, one for each period; the table below has the figures."),
                  on.say("accelerators"), on.periods, bars)  # fmt: skip
    return joined([drawn(chart), table(title, [on.say("Period"), *vendors], rows)])


def obligations(on: Subject) -> Html:
    """What orders bind to pay by fiscal year, inside the horizon and after it."""
    sides = {committed: _owed(on, committed) for committed in (True, False)}
    years = sorted({year for side in sides.values() for year in side})
    if not years:
        return Html("")
    rows = [
        (year, *(on.money(side.get(year, 0.0)) for side in sides.values()),
         on.money(fsum(side.get(year, 0.0) for side in sides.values())))
        for year in years
    ]  # fmt: skip
    sums = [fsum(side.values()) for side in sides.values()]
    total = [on.say("All years"), *map(on.money, sums), on.money(fsum(sums))]
    columns = [on.say("Fiscal year"), *(f"{on.say(name)}, {on.unit}" for name in ("Committed orders", "New orders",
                                                                                 "All orders"))]  # fmt: skip
    return table(on.say("Payments that orders bind to, by fiscal year, after the horizon too"), columns, rows, total)


def _owed(on: Subject, committed: bool) -> dict[str, float]:
    """Deposits, rest of prices, network and rent by fiscal year, in millions of the currency."""
    found: list[dict[str, float]] = []
    for order in on.plan.orders:
        if order.commitment == committed:
            flows = {key: usd for key, usd in order_flows(on.plan, order).items() if key in on.periods and usd}
            found += [{_year(on, first_month(key)): on.flows({key: usd})} for key, usd in flows.items()]
            found += _after(on, order)
    return {year: amount for year, amount in summed(found).items() if amount}


def _after(on: Subject, order: OrderRow) -> Iterator[dict[str, float]]:
    """Rent after the horizon, as much in each period of the rest of the term."""
    months = on.plan.periods[0].months
    begins = range(last_month(on.periods[-1]) + 1, last_month(order.term_until) + 1, months)
    for month in begins if order.rent_after_usd else ():
        yield {_year(on, month): on.flows({on.periods[-1]: order.rent_after_usd / len(begins)})}


def _year(on: Subject, month: int) -> str:
    starts = int(on.plan.scenario["finance"]["fiscal_year_starts"])
    return f"fy{(month + (13 - starts) % 12) // 12}"
