"""The lower part of Cash: the lines that each cost is the sum of, block by block, offers in one order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from optimizer.workbook.cells import Formula
from optimizer.workbook.decision_costs import write_facility_left, write_flows, write_values
from optimizer.workbook.decisions import EXPAND, KINDS, Decision
from optimizer.workbook.facts import HOSTED, Group
from optimizer.workbook.inputs import InputRows
from optimizer.workbook.layout import PERIOD, SUM, Line, Row, Table, at_order, cohort, down, sum_down
from optimizer.workbook.orders import OrderRows
from optimizer.workbook.sites import PlaceRows


@dataclass(frozen=True)
class Purchases:
    """By purchased group, in one order: price, price paid, deposits and balances."""

    groups: list[Group]
    price: list[Row]
    paid: list[Row]
    deposits: list[Row]
    balances: list[Row]


Working = dict[Group, Row]


@dataclass(frozen=True)
class Workings:
    """The lines that each cost is the sum of."""

    parts: Mapping[str, list[Row]]
    purchases: Purchases | None
    residual_by_entry: list[Row]
    unpriced: list[Row]


def write_workings(table: Table, inputs: InputRows, orders: OrderRows, places: PlaceRows) -> Workings:
    """The lines behind each cost, block by block, offers in the order of Orders."""
    purchases = _purchases(table, inputs, orders)
    paid = dict(zip(purchases.groups, purchases.paid, strict=True)) if purchases else {}
    hardware = _hardware(table, purchases)
    network = _network(table, inputs, orders)
    maintained = _maintained(table, orders, paid)
    software = _software(table, inputs, orders)
    rates, rent = _rent(table, inputs, orders)
    flows = {kind: write_flows(table, inputs, orders, kind) for kind in KINDS}
    by_entry, residual = _residual(table, inputs, orders, Worth(paid, network, flows[EXPAND]))
    energy, hosting = _tariffs(table, inputs, places)
    carbon = _carbon(table, inputs, orders, places)
    unmet = _unmet(table, inputs, orders)
    values = write_values(table, inputs, orders)
    prices = dict(zip(purchases.groups, purchases.price, strict=True)) if purchases else {}
    unpriced = _unpriced(table, orders, {**prices, **rates})
    parts = {
        "hardware_usd": hardware,
        "network_usd": list(network.values()),
        "energy_usd": energy,
        "hosting_usd": hosting,
        "maintenance_usd": list(maintained.values()),
        "software_usd": software,
        "rent_usd": rent,
        "carbon_usd": carbon,
        "unmet_usd": unmet,
        "value_usd": values,
        **{kind.cost: list(flows[kind].values()) for kind in KINDS},
        "residual_usd": residual,
    }
    return Workings(parts, purchases, by_entry, unpriced)


def _groups(table: Table, purchased: bool) -> list[Group]:
    return [group for group in table.book.facts.groups if group.purchased == purchased]


def _price(table: Table, inputs: InputRows, orders: OrderRows, group: Group, label: str, unit: str) -> Row:
    """The price of what enters service now: that of its period of order."""
    lead = Formula(f"={orders.groups[group].lead.constant}")
    if group.committed:
        row = table.line(
            Line(label + group.suffix, unit, group.offer, periods=Formula(f"={inputs.committed[group].price.now}"))
        )
    else:
        formula = at_order(inputs.offers[group.offer].price, orders.entering_total, f"$E{table.next}")
        note = "constant: lead time in periods"
        row = table.line(
            Line(label, unit, group.offer, constant=lead, source=note, periods=formula, constant_unit="periods")
        )
    return row


def _purchases(table: Table, inputs: InputRows, orders: OrderRows) -> Purchases | None:
    """Price, price paid, deposits and balances of purchases."""
    groups = _groups(table, purchased=True)
    if not groups:
        return None
    table.heading(
        "Price of what enters service", "Read at the period of order: so many periods before as the lead time."
    )
    price = [_price(table, inputs, orders, group, "Price", "USD/system") for group in groups]
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


def _hardware(table: Table, purchases: Purchases | None) -> list[Row]:
    if purchases is None:
        return []
    table.heading("Hardware, cash")
    return [
        table.line(Line("Deposits, all offers", "USD", total=SUM, periods=sum_down(purchases.deposits))),
        table.line(Line("Balances, all offers", "USD", total=SUM, periods=sum_down(purchases.balances))),
    ]


def _unpriced(table: Table, orders: OrderRows, prices: Working) -> list[Row]:
    """Periods in which an offer is used that has no price then, e.g. after an override."""
    offers = table.book.facts.catalog["offers"]
    table.heading("Used without a price", "Periods with systems entering service at no price.")
    rows = []
    for group, price in prices.items():
        if offers[group.offer].get("free") != "true":
            formula = Formula(f"=SUMPRODUCT(({orders.groups[group].entering.across}>0)*({price.across}=0))")
            rows.append(table.line(Line(f"Without a price{group.suffix}", "count", group.offer, total=formula)))
    return rows


def _deposit(table: Table, inputs: InputRows, orders: OrderRows, group: Group, paid: Row) -> Row:
    share = inputs.offers[group.offer].deposit
    assert share is not None
    axis = paid.axis_across
    lead = orders.groups[group].lead.constant
    formula = Formula(f"=$E{table.next}*SUMIFS({paid.across},{axis},@${PERIOD}+{lead})")
    link = Formula(f"={share.constant}")
    sunk = Formula(f'=$E{table.next}*SUMIFS({paid.across},{axis},"<="&{lead})')
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


def _network(table: Table, inputs: InputRows, orders: OrderRows) -> Working:
    table.heading("Network", "USD per system (constant) times systems entering service.")
    rows = {}
    for group in table.book.facts.groups:
        link = Formula(f"={inputs.offers[group.offer].network.constant}")
        formula = Formula(f"=$E{table.next}*{orders.groups[group].entering.now}")
        rows[group] = table.line(
            Line(f"Network{group.suffix}", "USD", group.offer, constant=link, total=SUM, periods=formula)
        )
    return rows


def _maintained(table: Table, orders: OrderRows, paid: Working) -> Working:
    if not paid:
        return {}
    table.heading("Price paid for what is in service", "The base of maintenance; constant: periods in service.")
    rows = {}
    for group, row in paid.items():
        link = Formula(f"={orders.groups[group].service.constant}")
        line = Line(
            f"Paid, in service{group.suffix}", "USD", group.offer, constant=link, periods=cohort(row, f"$E{table.next}")
        )
        rows[group] = table.line(replace(line, constant_unit="periods"))
    return rows


def _software(table: Table, inputs: InputRows, orders: OrderRows) -> list[Row]:
    table.heading("Software", "USD per system and year (constant) times systems in service.")
    rows = []
    for group in table.book.facts.groups:
        link = Formula(f"={inputs.offers[group.offer].software.constant}")
        formula = Formula(f"=$E{table.next}/periods_per_year*{orders.groups[group].in_service.now}")
        rows.append(
            table.line(Line(f"Software{group.suffix}", "USD", group.offer, constant=link, total=SUM, periods=formula))
        )
    return rows


def _rent(table: Table, inputs: InputRows, orders: OrderRows) -> tuple[Working, list[Row]]:
    """Rent of a cohort stays at the price of its period of order for its whole term."""
    groups = _groups(table, purchased=False)
    if not groups:
        return {}, []
    table.heading("Rent of what enters service", "Per accelerator-hour, at the period of order.")
    price = {group: _price(table, inputs, orders, group, "Rent rate", "USD/accelerator-hour") for group in groups}
    table.heading(
        "Rent per hour, entering", "Rate times accelerators in a system (constant) times systems entering service."
    )
    hourly = {}
    for group in groups:
        link = Formula(f"={inputs.systems[group.system].accelerators.constant}")
        formula = Formula(f"={price[group].now}*$E{table.next}*{orders.groups[group].entering.now}")
        line = Line(f"Hourly rent, entering{group.suffix}", "USD/hour", group.offer, constant=link, periods=formula)
        hourly[group] = table.line(replace(line, constant_unit="accelerators/system"))
    table.heading("Rent", "Hourly rent of the cohorts in service times hours; constant: periods in service.")
    rows = []
    for group in groups:
        link = Formula(f"={orders.groups[group].service.constant}")
        formula = Formula(cohort(hourly[group], f"$E{table.next}").text + "*hours_per_period")
        line = Line(f"Rent{group.suffix}", "USD", group.offer, constant=link, total=SUM, periods=formula)
        rows.append(table.line(replace(line, constant_unit="periods")))
    return price, rows


@dataclass(frozen=True)
class Worth:
    """What may have a residual: price paid and network by group, facility cost by expansion."""

    paid: Working
    network: Working
    facility: dict[Decision, Row]


def _residual(table: Table, inputs: InputRows, orders: OrderRows, worth: Worth) -> tuple[list[Row], list[Row]]:
    """What is left of purchases and added power, by period of entry, then by the period in which it is received."""
    curve = _curve(table, inputs)
    falls = _falls(table, orders, worth.paid)
    shares = write_facility_left(table, inputs, worth.facility)
    if not worth.paid and not worth.facility:
        return [], []
    table.heading("Residual by period of entry", "What was paid times the share left at that age.")
    bought = {}
    for group, row in worth.paid.items():
        share = f"INDEX({curve.across},{falls[group].now}-@${PERIOD}+1)"
        formula = Formula(f"=({row.now}+{worth.network[group].now})*{share}")
        bought[group] = table.line(_residual_line("Residual of entry", group, formula))
    added = {}
    for decision, row in worth.facility.items():
        formula = Formula(f"={row.now}*{shares[decision].now}")
        added[decision] = table.line(_residual_line("Residual of added power", decision, formula))
    table.heading("Residual by period in which it falls", "Added power: in the last period of the horizon.")
    rows = []
    for group, row in bought.items():
        formula = Formula(f"=SUMIFS({row.across},{falls[group].across},@${PERIOD})")
        rows.append(table.line(_residual_line("Residual", group, formula)))
    for decision, row in added.items():
        formula = Formula(f"=(@${PERIOD}=periods_in_horizon)*{row.total}")
        rows.append(table.line(_residual_line("Residual", decision, formula)))
    return [*bought.values(), *added.values()], rows


def _residual_line(label: str, of: Group | Decision, formula: Formula) -> Line:
    if isinstance(of, Decision):
        return Line(label + of.suffix, "USD", of.item, of.place, total=SUM, periods=formula)
    return Line(label + of.suffix, "USD", of.offer, total=SUM, periods=formula)


def _falls(table: Table, orders: OrderRows, paid: Working) -> Working:
    """The period in which the residual of what enters now is received."""
    if not paid:
        return {}
    table.heading(
        "Period in which the residual falls",
        "By period of entry: last period of service or of the horizon; constant: periods in service.",
    )
    falls = {}
    for group in paid:
        link = Formula(f"={orders.groups[group].service.constant}")
        formula = Formula(f"=MIN(periods_in_horizon,@${PERIOD}+$E{table.next}-1)")
        line = Line(f"Falls in{group.suffix}", "periods", group.offer, constant=link, periods=formula)
        falls[group] = table.line(line)
    return falls


def _curve(table: Table, inputs: InputRows) -> Row:
    """Share left after as many periods as the column's number."""
    ages, shares = down(inputs.ages, "$E"), down(inputs.shares, "$E")
    table.heading("Share left by age", "Age: as many periods as the column's number.")
    slopes = _slopes(table, inputs)
    age = table.line(Line("Age", "years", periods=Formula(f"=@${PERIOD}/periods_per_year")))
    point = table.line(Line("Table point below", "number", periods=Formula(f"=MATCH({age.now},{_fixed(ages)},1)")))
    text = f"=INDEX({_fixed(shares)},{point.now})+INDEX({_fixed(down(slopes, '$E'))},{point.now})"
    start = table.line(Line("Age at that point", "years", periods=Formula(f"=INDEX({_fixed(ages)},{point.now})")))
    by_table = table.line(Line("Share left, table", "share", periods=Formula(f"{text}*({age.now}-{start.now})")))
    by_book = table.line(Line("Share left, book", "share", periods=Formula(f"=MAX(0,1-{age.now}/book_life_years)")))
    formula = Formula(f"=residual_counted*IF(residual_by_book_life=1,{by_book.now},{by_table.now})")
    return table.line(Line("Share left", "share", periods=formula))


def _fixed(cells: str) -> str:
    """A vertical range with its rows fixed as well."""
    head, _, tail = cells.rpartition("!")
    return f"{head}!" + ":".join(f"$E${part.lstrip('$E')}" for part in tail.split(":"))


def _slopes(table: Table, inputs: InputRows) -> list[Row]:
    """Change of the share in a year after each point of the table; none after the last."""
    rows = []
    for i, (age, share) in enumerate(zip(inputs.ages, inputs.shares, strict=True)):
        text = "=0"
        if i + 1 < len(inputs.ages):
            rise = f"({inputs.shares[i + 1].constant}-{share.constant})"
            text = f"={rise}/({inputs.ages[i + 1].constant}-{age.constant})"
        rows.append(table.line(Line(f"Slope after point {i}", "share/year", constant=Formula(text))))
    return rows


def _tariffs(table: Table, inputs: InputRows, places: PlaceRows) -> tuple[list[Row], list[Row]]:
    """Energy and hosting by site."""
    table.heading("Energy", "Energy at the meter times the tariff.")
    energy = []
    for site, use in places.sites.items():
        formula = Formula(f"={use.energy_mwh.now}*{inputs.sites[site].electricity.now}")
        energy.append(table.line(Line("Energy cost", "USD", place=site, total=SUM, periods=formula)))
    table.heading("Hosting", "Tariff times provisioned IT load times months.")
    hosting = []
    for site, use in places.sites.items():
        formula = Formula(f"={inputs.sites[site].hosting.now}*{use.provisioned_kw.now}*months_per_period")
        hosting.append(table.line(Line("Hosting cost", "USD", place=site, total=SUM, periods=formula)))
    return energy, hosting


def _carbon(table: Table, inputs: InputRows, orders: OrderRows, places: PlaceRows) -> list[Row]:
    """Tonnes by site and hosted offer, then their price."""
    table.heading("Carbon", "Of the energy at our sites and of hosted hours.")
    tonnes = []
    for site, use in places.sites.items():
        formula = Formula(f"={use.energy_mwh.now}*{inputs.sites[site].carbon.now}/kg_per_t")
        tonnes.append(table.line(Line("Carbon of energy", "t", place=site, total=SUM, periods=formula)))
    for group in (group for group in table.book.facts.groups if group.route in HOSTED):
        tonnes.append(_hosted_carbon(table, inputs, orders, group))
    every = table.line(Line("Carbon, all", "t", total=SUM, periods=sum_down(tonnes)))
    formula = Formula(f"={every.now}*{inputs.carbon_price.now}")
    return [table.line(Line("Carbon cost", "USD", total=SUM, periods=formula))]


def _hosted_carbon(table: Table, inputs: InputRows, orders: OrderRows, group: Group) -> Row:
    rate = inputs.offers[group.offer].carbon
    assert rate is not None
    size = inputs.systems[group.system].accelerators.constant
    link = Formula(f"={rate.constant}*{size}")
    formula = Formula(f"=$E{table.next}*{orders.groups[group].in_service.now}*hours_per_period/kg_per_t")
    line = Line(
        f"Carbon of hosted hours{group.suffix}",
        "t",
        group.offer,
        constant=link,
        total=SUM,
        source="constant: kg per system-hour",
        periods=formula,
    )
    return table.line(line)


def _unmet(table: Table, inputs: InputRows, orders: OrderRows) -> list[Row]:
    if not inputs.unmet_price:
        return []
    table.heading("Unmet work", "Work per second not served times hours times its price.")
    rows = []
    for demand in inputs.unmet_price:
        row = orders.unmet[demand]
        formula = Formula(f"={row.now}*hours_per_period*{inputs.unmet_price[demand].now}")
        rows.append(table.line(Line("Unmet work", "USD", demand, total=SUM, periods=formula)))
    return rows
