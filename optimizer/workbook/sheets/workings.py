"""The lower part of Cash: the lines that each cost is the sum of, block by block, offers in one order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from optimizer.workbook.decisions import EXPAND, KINDS, Decision, Kind
from optimizer.workbook.facts import HOSTED, Group
from optimizer.workbook.sheets.after_horizon import Owed, write_owed
from optimizer.workbook.sheets.carriers import OrderRows, PlaceRows
from optimizer.workbook.sheets.decision_costs import write_flows, write_values
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.sheets.purchases import Purchases, groups_of, write_hardware, write_price, write_purchases
from optimizer.workbook.sheets.residuals import Worth, write_curve, write_residual
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import SUM, Line
from optimizer.workbook.writing.references import HERE, Row, cohort, sum_down
from optimizer.workbook.writing.table import Table

Working = dict[Group, Row]


@dataclass(frozen=True)
class Workings:
    """The lines that each cost is the sum of, and those of them that other sheets ask for by offer.

    `maintained` is the base of maintenance, `hosted_carbon` is in tonnes, `entry` is the residual by period of
    entry and `falls` by the period in which it is received; both of purchases and of added power. `after` is what
    is owed on terms that outlast the horizon.
    """

    parts: Mapping[str, list[Row]]
    purchases: Purchases | None
    unpriced: list[Row]
    paid: Working
    network: Working
    maintained: Working
    software: Working
    rent: Working
    hourly_rent: Working
    hosted_carbon: Working
    flows: Mapping[Kind, dict[Decision, Row]]
    entry: dict[Group | Decision, Row]
    falls: dict[Group | Decision, Row]
    after: Owed | None


def write_workings(table: Table, inputs: InputRows, orders: OrderRows, places: PlaceRows) -> Workings:
    """The lines behind each cost, block by block, offers in the order of Orders."""
    purchases = write_purchases(table, inputs, orders)
    paid = dict(zip(purchases.groups, purchases.paid, strict=True)) if purchases else {}
    hardware = write_hardware(table, purchases)
    network = _network(table, inputs, orders)
    maintained = _maintained(table, orders, paid)
    software = _software(table, inputs, orders)
    rates, hourly, rent = _rent(table, inputs, orders)
    flows = {kind: write_flows(table, inputs, orders, kind) for kind in KINDS}
    curve = write_curve(table, inputs)
    entry, falls = write_residual(table, curve, inputs, orders, Worth(paid, network, flows[EXPAND]))
    after = write_owed(table, orders, hourly, curve)
    energy, hosting = _tariffs(table, inputs, places)
    carbon, hosted = _carbon(table, inputs, orders, places)
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
        "software_usd": list(software.values()),
        "rent_usd": list(rent.values()),
        "carbon_usd": carbon,
        "owed_usd": list(after.owed.values()) if after else [],
        "unmet_usd": unmet,
        "value_usd": values,
        **{kind.cost: list(flows[kind].values()) for kind in KINDS},
        "residual_usd": list(falls.values()),
    }
    by_offer = (paid, network, maintained, software, rent, hourly, hosted)
    return Workings(parts, purchases, unpriced, *by_offer, flows, entry, falls, after)


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


def _network(table: Table, inputs: InputRows, orders: OrderRows) -> Working:
    table.heading("Network", "USD per system (constant) times systems entering service.")
    rows = {}
    for group in table.book.facts.groups:
        link = Formula(f"={inputs.offers[group.offer].network.constant}")
        formula = Formula(f"={HERE.constant}*{orders.groups[group].entering.now}")
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
            f"Paid, in service{group.suffix}",
            "USD",
            group.offer,
            constant=link,
            periods=cohort(row, HERE.constant),
        )
        rows[group] = table.line(replace(line, constant_unit="periods"))
    return rows


def _software(table: Table, inputs: InputRows, orders: OrderRows) -> Working:
    table.heading("Software", "USD per system and year (constant) times systems in service.")
    rows = {}
    for group in table.book.facts.groups:
        link = Formula(f"={inputs.offers[group.offer].software.constant}")
        formula = Formula(f"={HERE.constant}/periods_per_year*{orders.groups[group].in_service.now}")
        rows[group] = table.line(
            Line(f"Software{group.suffix}", "USD", group.offer, constant=link, total=SUM, periods=formula)
        )
    return rows


def _rent(table: Table, inputs: InputRows, orders: OrderRows) -> tuple[Working, Working, Working]:
    """Rate, rent per hour of what enters, and rent: a cohort stays at the price of its period of order."""
    groups = groups_of(table, purchased=False)
    if not groups:
        return {}, {}, {}
    table.heading("Rent of what enters service", "Per accelerator-hour, at the period of order.")
    price = {group: write_price(table, inputs, orders, group, "Rent rate", "USD/accelerator-hour") for group in groups}
    table.heading(
        "Rent per hour, entering", "Rate times accelerators in a system (constant) times systems entering service."
    )
    hourly = {}
    for group in groups:
        link = Formula(f"={inputs.systems[group.system].accelerators.constant}")
        formula = Formula(f"={price[group].now}*{HERE.constant}*{orders.groups[group].entering.now}")
        line = Line(f"Hourly rent, entering{group.suffix}", "USD/hour", group.offer, constant=link, periods=formula)
        hourly[group] = table.line(replace(line, constant_unit="accelerators/system"))
    table.heading("Rent", "Hourly rent of the cohorts in service times hours; constant: periods in service.")
    rows = {}
    for group in groups:
        link = Formula(f"={orders.groups[group].service.constant}")
        formula = Formula(cohort(hourly[group], HERE.constant) + "*hours_per_period")
        line = Line(f"Rent{group.suffix}", "USD", group.offer, constant=link, total=SUM, periods=formula)
        rows[group] = table.line(replace(line, constant_unit="periods"))
    return price, hourly, rows


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


def _carbon(table: Table, inputs: InputRows, orders: OrderRows, places: PlaceRows) -> tuple[list[Row], Working]:
    """Tonnes by site and hosted offer, then their price; returns the cost and the tonnes of hosted offers."""
    table.heading("Carbon", "Of the energy at our sites and of hosted hours.")
    tonnes = []
    for site, use in places.sites.items():
        formula = Formula(f"={use.energy_mwh.now}*{inputs.sites[site].carbon.now}/kg_per_t")
        tonnes.append(table.line(Line("Carbon of energy", "t", place=site, total=SUM, periods=formula)))
    groups = [group for group in table.book.facts.groups if group.route in HOSTED]
    hosted = {group: _hosted_carbon(table, inputs, orders, group) for group in groups}
    tonnes += hosted.values()
    every = table.line(Line("Carbon, all", "t", total=SUM, periods=sum_down(tonnes)))
    formula = Formula(f"={every.now}*{inputs.carbon_price.now}")
    return [table.line(Line("Carbon cost", "USD", total=SUM, periods=formula))], hosted


def _hosted_carbon(table: Table, inputs: InputRows, orders: OrderRows, group: Group) -> Row:
    rate = inputs.offers[group.offer].carbon
    assert rate is not None
    size = inputs.systems[group.system].accelerators.constant
    link = Formula(f"={rate.constant}*{size}")
    formula = Formula(f"={HERE.constant}*{orders.groups[group].in_service.now}*hours_per_period/kg_per_t")
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
