"""Purchase orders: one table to filter, an order a row; systems and prices follow Orders and Inputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from math import fsum

from openpyxl.utils import get_column_letter

from catalogs.periods import first_month
from optimizer.plan.format import OrderRow, Plan
from optimizer.purchasing.booking import booked
from optimizer.workbook.decisions import factors_paid
from optimizer.workbook.facts import Facts, month_start
from optimizer.workbook.groups import Group
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.frames import times_factor
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import PERIOD, START, Check
from optimizer.workbook.writing.lists import Block, Cell, Column, Columns, Entry, ListSheet
from optimizer.workbook.writing.references import FIRST_PERIOD, Row, at, down, key_of, of_each, summed
from optimizer.workbook.writing.styles import FORMATS, Role

EPOCH = date(1899, 12, 30)
"""The day that Excel counts dates from."""
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
COLUMNS = {
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
    "price": Column("Unit price, USD/system", "USD/system", 14),
    "capex": Column("Capex with network, USD", "USD", 17),
    "deposit": Column("Deposit due at order, USD", "USD", 17),
    "balance": Column("Balance due on entering service, USD", "USD", 17),
    "rate": Column("Rent, USD/ accelerator-hour", "USD/accelerator-hour", 13),
    "rent": Column("Rent, USD/hour", "USD/hour", 14),
    "term": Column("Rent over the term, USD", "USD", 17),
    "after": Column("Of it after the horizon, USD", "USD", 17),
}
BOOKED = {"cost_centre": Column("Cost centre", "", 14), "gl_account": Column("GL account", "", 14)}
"""Where the scenario has `accounts`."""
SUMMED = {"systems", "accelerators", "capex", "deposit", "balance", "rent", "term", "after"}


def purchase_orders(facts: Facts) -> ListSheet:
    """Orders and commitments, then what they sum to."""
    columns = {**COLUMNS, **(BOOKED if facts.scenario.get("accounts") else {})}
    entries = [_entry(order, facts.plan, columns) for order in _orders(facts)]
    blocks = [
        Block(entries, columns, notes=[NOTE], height=42, gap=0, filtered=True),
        Block([_sums(entries, columns)], {name: Column() for name in columns}),
    ]
    checks = [_lists_all(facts, entries)] if entries else []
    return ListSheet("Purchase orders", "Purchase orders", "7030A0", blocks, checks, head=4)


def _sums(entries: list[Entry], columns: Columns) -> Entry:
    """Below the list, outside of its filter."""
    sums = {
        name: Cell(Formula(f"=SUM({_all(entries, name)})" if entries else "=0"), COLUMNS[name].unit, Role.TOTAL)
        for name in COLUMNS if name in SUMMED
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


def _formulas(order: Order) -> dict[str, str]:
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
    if group.purchased:
        return found | {
            "price": _price(order),
            "capex": f"={{systems}}*{{price}}+{network}",
            "deposit": f"={{systems}}*{{price}}*{at('offer', 'deposit_share', group.offer).constant}",
            "balance": "={capex}-{deposit}",
        }
    return found | {
        "capex": f"={network}",
        "balance": "={capex}",
        "rate": _price(order),
        "rent": "={accelerators}*{rate}",
        "term": f"={{rent}}*hours_per_period*{service}",
        "after": f"={{rent}}*hours_per_period*MAX(0,{service}-periods_in_horizon+Inputs!{order.column}${PERIOD}-1)",
    }


def _price(order: Order) -> str:
    """USD per system or accelerator-hour at the period of order, after price breaks; a commitment has its own."""
    group = order.group
    if group.committed:
        return f"={at('commitment', 'price', group).at(order.at)}"
    listed, lead = at("offer", "price", group.offer), at("lead", group).constant
    text = f"=SUMIFS({listed.across},{listed.axis_across},Inputs!{order.column}${PERIOD}-{lead}){times_factor(group)}"
    return f"{text}*{at('factor used', group).at(order.at)}" if order.broken else text


def _entry(order: Order, plan: Plan, columns: Columns) -> Entry:
    group, first = order.group, order.rows[0]
    account = booked(first, plan)._asdict()
    texts = {
        "vendor": group.vendor,
        "accelerator": group.accelerator,
        "offer": Given(group.label),
        "place": order.place,
        "route": group.route.replace("_", " "),
        "committed": "yes" if group.committed else "no",
        **{name: Given(account[name]) for name in BOOKED if name in columns and account[name]},
    }
    cells = {name: Cell(Formula(text)) for name, text in _formulas(order).items()}
    if not all(each.systems.is_integer() for each in order.rows):
        cells["systems"] = replace(cells["systems"], look="kW")
    return Entry(
        {**texts, **cells}, key_of("order", group, order.place, order.at), _shows(order),
        f"* of {first.label} at {first.place}, entering service in {first.enters_service}",
    )  # fmt: skip


def _shows(order: Order) -> dict[str, float]:
    """What the plan says of the order."""
    rows, first = order.rows, order.rows[0]
    shown = {
        "systems": fsum(row.systems for row in rows),
        "accelerators": fsum(row.accelerators for row in rows),
        "capex": fsum(row.capex_usd for row in rows),
        "ordered": float((month_start(order.ordered) - EPOCH).days),
    }
    if order.group.purchased:
        return shown | {"price": first.price_usd or 0.0}
    return shown | {
        "rate": first.usd_per_accelerator_hour or 0.0,
        "term": fsum(row.rent_usd + row.rent_after_usd for row in rows),
        "after": fsum(row.rent_after_usd for row in rows),
    }
