"""Purchase orders: one table to filter, an order a row; systems and prices follow Orders and Inputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from math import fsum

from openpyxl.utils import get_column_letter

from catalogs.periods import first_month
from optimizer.plan.currency import order_flows, plan_rates
from optimizer.plan.format import OrderRow, Plan
from optimizer.purchasing.booking import booked
from optimizer.workbook.decisions import factors_paid
from optimizer.workbook.facts import Facts, month_start
from optimizer.workbook.groups import Group
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.frames import times_factor
from optimizer.workbook.sheets.rates import ONE_RATE, RATE, USD, by_period, code_of, rate_of_period, translates
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import PERIOD, START, Check
from optimizer.workbook.writing.lists import Block, Cell, Column, Columns, Entry, ListSheet
from optimizer.workbook.writing.references import FIRST_PERIOD, Row, at, down, key_of, of_each, summed
from optimizer.workbook.writing.styles import FORMATS, Role

EPOCH = date(1899, 12, 30)
"""The day that Excel counts dates from."""
TRANSLATED = (
    "Prices are agreed and decided in USD, and shown at the rate of the order too. Each amount at the rate of the "
    "period in which it falls due: before the horizon at the first, after it at the last."
)
NOTE = (
    "Rows follow overrides and prices. An override that adds an order in another period adds no row: a check says so."
)


@dataclass(frozen=True)
class Order:
    """Systems of a group that enter service at a place in a period, counted from 0; `rows` are the plan's."""

    group: Group
    place: str
    at: int
    rows: tuple[OrderRow, ...]
    broken: bool
    """Whether the offer has price breaks."""

    @property
    def ordered(self) -> int:
        """The month in which the period of order starts."""
        return first_month(self.rows[0].ordered)

    @property
    def column(self) -> str:
        """The letter of its period's column on the time sheets."""
        return get_column_letter(FIRST_PERIOD + self.at)


DATE = f"{FORMATS['date']}_)_)"
WHAT = {
    "ordered": Column("Order date", DATE, 13),
    "enters": Column("Enters service", DATE, 13),
    "leaves": Column("Last day of service", DATE, 13),
    "vendor": Column("Vendor", "", 11),
    "accelerator": Column("Accelerator", "", 14),
    "offer": Column("Offer", "", 26),
    "place": Column("Place", "", 18),
    "route": Column("Route", "", 12),
    "committed": Column("Commitment", "", 12),
    "systems": Column("Systems", "systems", 11),
    "accelerators": Column("Accelerators", "accelerators", 13),
}
AT_RATES = {
    "ordering": Column("Rate at order, per USD", "currency/USD", 13),
    "entering": Column("Rate on entering service, per USD", "currency/USD", 13),
}
"""Where there is a reporting currency."""
BOOKED = {"cost_centre": Column("Cost centre", "", 14), "gl_account": Column("GL account", "", 14)}
"""Where the scenario has `accounts`."""
SUMMED = {"systems", "accelerators", "capex", "deposit", "balance", "rent", "term", "after"}


def _columns(facts: Facts) -> Columns:
    """Unit prices in USD, in which they are decided, then in the reporting currency as all amounts."""
    code, booked_on = code_of(facts), BOOKED if facts.scenario.get("accounts") else {}
    decided = {"price": _unit_price(USD), "rate": _rent(USD), **AT_RATES}
    price, rate = ("price here", "rate here") if translates(facts) else ("price", "rate")
    return {
        **WHAT, **(decided if translates(facts) else {}), price: _unit_price(code),
        "capex": Column(f"Capex with network, {code}", code, 17),
        "deposit": Column(f"Deposit due at order, {code}", code, 17),
        "balance": Column(f"Balance due on entering service, {code}", code, 17),
        rate: _rent(code),
        "rent": Column(f"Rent, {code}/hour", f"{code}/hour", 14),
        "term": Column(f"Rent over the term, {code}", code, 17),
        "after": Column(f"Of it after the horizon, {code}", code, 17),
        **booked_on,
    }  # fmt: skip


def _unit_price(code: str) -> Column:
    return Column(f"Unit price, {code}/system", f"{code}/system", 14)


def _rent(code: str) -> Column:
    return Column(f"Rent, {code}/ accelerator-hour", f"{code}/accelerator-hour", 13)


def purchase_orders(facts: Facts) -> ListSheet:
    """Orders and commitments, then what they sum to."""
    columns = _columns(facts)
    entries = [_entry(order, facts, columns) for order in _orders(facts)]
    blocks = [
        Block(entries, columns, notes=[NOTE], height=42, gap=0, filtered=True),
        Block([_sums(entries, columns)], {name: Column() for name in columns}),
    ]
    checks = [_lists_all(facts, entries)] if entries else []
    stamp = TRANSLATED if translates(facts) else ""
    return ListSheet("Purchase orders", "Purchase orders", "7030A0", blocks, checks, head=4, stamp=stamp)


def _sums(entries: list[Entry], columns: Columns) -> Entry:
    """Below the list, outside of its filter."""
    sums = {
        name: Cell(Formula(f"=SUM({_all(entries, name)})" if entries else "=0"), column.unit, Role.TOTAL)
        for name, column in columns.items() if name in SUMMED
    }  # fmt: skip
    blank = dict.fromkeys(columns, Cell(role=Role.TOTAL))
    return Entry({**blank, **sums, "ordered": Cell("All orders, filtered or not", role=Role.TOTAL)})


def _all(entries: list[Entry], column: str) -> str:
    """A column of the list, from its first row to its last."""
    return down([Row(entry.key) for entry in entries], f"$<{column}>", fixed=True)


def _lists_all(facts: Facts, entries: list[Entry]) -> Check:
    value = f"=SUM({_all(entries, 'systems')})-{at('balance', 'entering').total}"
    if running := [group for group in facts.groups if group.running]:
        value += f"+{summed(of_each('entering', running), '$F')}"
    meaning = "Systems of an override that adds an order which Purchase orders does not list; negative."
    return Check("Purchase orders list every order", value, "systems", meaning)


def _orders(facts: Facts) -> list[Order]:
    """Orders and commitments by date of order."""
    broken = factors_paid(facts)
    found = [
        Order(group, line.place, i, _rows(facts, group, line.place, i), group in broken)
        for group in facts.groups
        if not group.running
        for line in group.lines
        for i, systems in enumerate(line.systems)
        if systems
    ]
    return sorted(found, key=lambda o: (o.ordered, o.at, o.group.vendor, o.group.label, o.group.batch, o.place))


def _rows(facts: Facts, group: Group, place: str, i: int) -> tuple[OrderRow, ...]:
    """The plan's rows of an order; commitments at another price are another group's."""
    price = group.entry_prices[i]
    return tuple(
        row
        for row in facts.plan.orders
        if (row.label, row.place, row.enters_service, row.commitment)
        == (group.label, place, facts.keys[i], group.committed)
        and (price is None or price in (row.price_usd, row.usd_per_accelerator_hour))
    )


def _formulas(facts: Facts, order: Order) -> dict[str, str]:
    """Formulas by column; {name} stands for the row's cell in that column."""
    group = order.group
    service = at("service", group).constant
    network = f"{{systems}}*{at('offer', 'network_usd', group.offer).constant}"
    placed = at("commitment", "systems", group, order.place) if group.committed else None
    found = {
        "ordered": f"=EDATE({{enters}},-{at('lead', group).constant}*months_per_period)",
        "enters": f"=Inputs!{order.column}${START}",
        "leaves": f"=EDATE({{enters}},{service}*months_per_period)-1",
        "systems": f"={(placed or at('entering', group, order.place)).at(order.at)}",
        "accelerators": f"={{systems}}*{at('system', 'accelerators', group.system).constant}",
    }
    ordering, entering = ("*{ordering}", "*{entering}") if translates(facts) else ("", "")
    if translates(facts):
        found |= _rates(facts, order)
    if group.purchased:
        share = at("offer", "deposit_share", group.offer).constant
        return found | {
            "price": _price(order),
            "capex": "={deposit}+{balance}",
            "deposit": f"={{systems}}*{{price}}*{share}{ordering}",
            "balance": f"=({{systems}}*{{price}}*(1-{share})+{network}){entering}",
            **({"price here": "={price}*{ordering}"} if translates(facts) else {}),
        }
    return found | {
        "capex": f"={network}{entering}",
        "balance": "={capex}",
        "rate": _price(order),
        **({"rate here": "={rate}*{ordering}"} if translates(facts) else {}),
        **_rent_due(facts, order),
    }


def _rates(facts: Facts, order: Order) -> dict[str, str]:
    """How much of the reporting currency a USD is when ordered and on entering service."""
    if not by_period(facts):
        return {"ordering": f"={ONE_RATE}", "entering": f"={ONE_RATE}"}
    number = f"MAX(1,Inputs!{order.column}${PERIOD}-{at('lead', order.group).constant})"
    return {"ordering": f"={rate_of_period(facts, number)}", "entering": f"={RATE.at(order.at)}"}


def _rent_due(facts: Facts, order: Order) -> dict[str, str]:
    """Rent of an hour, of the whole term, and of the periods after the horizon."""
    service = at("service", order.group).constant
    after = f"MAX(0,{service}-periods_in_horizon+Inputs!{order.column}${PERIOD}-1)"
    if not by_period(facts):
        hourly = "{accelerators}*{rate here}" if translates(facts) else "{accelerators}*{rate}"
        return {"rent": f"={hourly}", "term": f"={{rent}}*hours_per_period*{service}",
                "after": f"={{rent}}*hours_per_period*{after}"}  # fmt: skip
    of_a_period = "{accelerators}*{rate}*hours_per_period"
    rates, axis = RATE.part(f"{order.column}#n:$#z#n"), RATE.part(f"{order.column}$6:$#z$6")
    inside = f'SUMIFS({rates},{axis},"<"&Inputs!{order.column}${PERIOD}+{service})'
    return {
        "rent": "={accelerators}*{rate here}", "term": f"={of_a_period}*{inside}+{{after}}",
        "after": f"={of_a_period}*{after}*{RATE.part('$#z#n')}",
    }  # fmt: skip


def _price(order: Order) -> str:
    """USD per system or accelerator-hour at the period of order, after price breaks; a commitment has its own."""
    group = order.group
    if group.committed:
        return f"={at('commitment', 'price', group).at(order.at)}"
    listed, lead = at("offer", "price", group.offer), at("lead", group).constant
    text = f"=SUMIFS({listed.across},{listed.axis_across},Inputs!{order.column}${PERIOD}-{lead}){times_factor(group)}"
    return f"{text}*{at('factor used', group).at(order.at)}" if order.broken else text


def _entry(order: Order, facts: Facts, columns: Columns) -> Entry:
    group, first = order.group, order.rows[0]
    account = booked(first, facts.plan)._asdict()
    texts = {
        "vendor": group.vendor,
        "accelerator": group.accelerator,
        "offer": Given(group.label),
        "place": order.place,
        "route": group.route.replace("_", " "),
        "committed": "yes" if group.committed else "no",
        **{name: Given(account[name]) for name in BOOKED if name in columns and account[name]},
    }
    cells = {name: Cell(Formula(text)) for name, text in _formulas(facts, order).items()}
    if not all(each.systems.is_integer() for each in order.rows):
        cells["systems"] = replace(cells["systems"], look="kW")
    return Entry(
        {**texts, **cells}, key_of("order", group, order.place, order.at), _shows(order, facts.plan),
        f"* of {first.label} at {first.place}, entering service in {first.enters_service}",
    )  # fmt: skip


def _shows(order: Order, plan: Plan) -> dict[str, float]:
    """What the plan says of the order, amounts in the reporting currency."""
    rows, first, rates = order.rows, order.rows[0], plan_rates(plan)
    paid = [row.model_copy(update={"rent_usd": 0.0}) for row in rows]
    shown = {
        "systems": fsum(row.systems for row in rows),
        "accelerators": fsum(row.accelerators for row in rows),
        "capex": fsum(rates.translated(order_flows(plan, row)) for row in paid),
        "ordered": float((month_start(order.ordered) - EPOCH).days),
    }
    if order.group.purchased:
        return shown | {"price": first.price_usd or 0.0}
    rent = [row.model_copy(update={"capex_usd": 0.0}) for row in rows]
    after = fsum(row.rent_after_usd for row in rows) * float(rates.at(plan.periods[-1].period))
    return shown | {
        "rate": first.usd_per_accelerator_hour or 0.0,
        "term": fsum([after, *(rates.translated(order_flows(plan, row)) for row in rent)]),
        "after": after,
    }
