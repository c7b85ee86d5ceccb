"""The lower part of Cash: the lines that each cost is the sum of, block by block."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.formulation.register import COST_LINE
from optimizer.request.charges import CARBON, CHARGES, Charge
from optimizer.request.resources import POWER
from optimizer.workbook.decisions import ENGINEER, EXPAND, KINDS, PORT, RETIRE, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import HOSTED, Group
from optimizer.workbook.sheets.downside_workings import downside_workings
from optimizer.workbook.sheets.frames import frame_workings, names
from optimizer.workbook.sheets.input_sites import priced_unmet, taking
from optimizer.workbook.sheets.purchases import (
    bought,
    curve,
    entering,
    price,
    purchased,
    purchases,
    rented,
    residuals,
    running,
    running_shares,
    with_residual,
)
from optimizer.workbook.sheets.rent_after import owed
from optimizer.workbook.sheets.sites import limit_of
from optimizer.workbook.sheets.tax_workings import GAIN, PROFIT, tax_workings
from optimizer.workbook.writing.lines import SUM, Line, Of, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import Row, at, of_each, sum_down

NOTES = {
    EXPAND: "Power added (MW) times its price (constant).",
    ENGINEER: "One-off cost (constant) in the period in which it starts.",
    PORT: "Cost (constant) in the period in which it starts.",
    RETIRE: "Systems retired times the resale price (constant).",
}
OF_ONE_KW = "hours_per_period/kw_per_mw"
"""MWh in a period."""


def parts_of(facts: Facts, cost: str) -> list[Row] | None:
    """The lines that a cost is the sum of; None where it has none of its own."""
    parts: dict[str, list[Row]] = {
        "hardware_usd": [at("hardware", what) for what in ("deposits", "balances") if bought(facts)],
        "network_usd": of_each("network", entering(facts)),
        **{charge.name: of_each(f"{charge.label} cost".lower(), facts.sites) for charge in CHARGES},
        "idle_power_usd": of_each("idle power cost", taking(facts)),
        "maintenance_usd": of_each("maintained", purchased(facts)),
        "software_usd": of_each("software", facts.groups),
        "rent_usd": of_each("rent", rented(facts)),
        "carbon_usd": [at("carbon cost")],
        "frame_usd": of_each("frame shortfall", names(facts)),
        "owed_usd": [at("owed", group) for group in facts.terms if facts.after_horizon],
        "unmet_usd": of_each("cost of unmet work", priced_unmet(facts)),
        "value_usd": of_each("worth of work", facts.valued),
        **{kind.cost: of_each("flow", decisions_of(facts, kind)) for kind in KINDS},
        "residual_usd": of_each("residual", with_residual(facts)),
        "tax_usd": [PROFIT],
        "tax_on_residual_usd": [GAIN],
    }
    return parts.get(cost)


def workings(facts: Facts) -> Iterator[Section]:
    """The lines behind each cost, block by block, offers in the order of Orders."""
    yield from purchases(facts)
    yield from filled("Network", "USD per system (constant) times systems entering service.", lines_of(
        entering(facts), "Network", "USD", total=SUM, constant="offer/network_usd",
        periods="={here.constant}*{entering}",
    ))  # fmt: skip
    yield from filled("Network of what is running", "Paid before the horizon; constant: USD per system.", lines_of(
        running(facts), "Network", "USD", total=SUM, constant="offer/network_usd",
        periods="={here.constant}*{entering}",
    ))  # fmt: skip
    note = "The base of maintenance; constant: periods in service."
    yield from filled("Price paid for what is in service", note, lines_of(
        purchased(facts), "Paid, in service", "USD", what="maintained", constant="service", periods="={paid.cohort}",
    ))  # fmt: skip
    yield Section("Software", "USD per system and year (constant) times systems in service.", lines_of(
        facts.groups, "Software", "USD", total=SUM, constant="offer/software_usd_per_year",
        periods="={here.constant}/periods_per_year*{in service}",
    ))  # fmt: skip
    yield from _rent(facts)
    yield from frame_workings(facts)
    yield from _flows(facts)
    yield curve(facts)
    yield from running_shares(facts)
    yield from residuals(facts)
    yield from owed(facts)
    yield from _of_sites(facts)
    yield from _of_work(facts)
    yield from tax_workings(facts)
    yield from downside_workings(facts)
    yield _unpriced(facts)


def _rent(facts: Facts) -> Iterator[Section]:
    """Rate, rent per hour of what enters, and rent: a cohort stays at the price of its period of order."""
    groups = rented(facts)
    rates = [price(group, "rate", "Rent rate", "USD/accelerator-hour") for group in groups]
    yield from filled("Rent of what enters service", "Per accelerator-hour, at the period of order.", rates)
    note = "Rate times accelerators in a system (constant) times systems entering service."
    yield from filled("Rent per hour, entering", note, lines_of(
        groups, "Hourly rent, entering", "USD/hour", what="hourly rent", constant="system/accelerators",
        periods="={rate}*{here.constant}*{entering}",
    ))  # fmt: skip
    note = "Hourly rent of the cohorts in service times hours; constant: periods in service."
    yield from filled("Rent", note, lines_of(
        groups, "Rent", "USD", total=SUM, constant="service", periods="={hourly rent.cohort}*hours_per_period",
    ))  # fmt: skip


def _flows(facts: Facts) -> Iterator[Section]:
    """Price times what is decided, by decision and period; positive also where it is received."""
    for kind in KINDS:
        cost = COST_LINE[kind.cost]
        label = cost.label if cost.receipt else f"{cost.label} cost"
        yield from filled(cost.label, NOTES[kind], lines_of(
            decisions_of(facts, kind), label, "USD", what="flow", total=SUM, constant="decision/price",
            periods="={here.constant}*{decision used}",
        ))  # fmt: skip


def hosted(facts: Facts) -> list[Group]:
    return [group for group in facts.groups if group.route in HOSTED]


def _of_sites(facts: Facts) -> Iterator[Section]:
    """What is charged for use by site; tonnes of carbon by site and hosted offer, then their price."""
    sites = [Of(place=site) for site in facts.sites]
    for charge in CHARGES:
        lines = lines_of(sites, f"{charge.label} cost", "USD", total=SUM, periods=f"={_charged(charge)}")
        yield Section(charge.label, charge.note, lines)
    note = "All power times hours times the share (see Inputs), less energy at the meter, times the tariff."
    idle = "{site/take_or_pay_share.constant}*%s*hours_per_period-{energy}"
    yield from filled("Idle power", note, [
        line_of(Of(place=site), "Idle power", "USD", what="idle power cost", total=SUM,
                periods=f"=MAX(0,{idle % limit_of(facts, POWER, site)})*{{site/electricity_usd_per_mwh}}")
        for site in taking(facts)
    ])  # fmt: skip
    tonnes = [
        *lines_of(sites, "Carbon of energy", "t", total=SUM, periods=f"={_charged(CARBON)}/kg_per_t"),
        *lines_of(
            hosted(facts), "Carbon of hosted hours", "t", total=SUM, source="constant: kg per system-hour",
            constant="={offer/carbon_kg_per_accelerator_hour.constant}*{system/accelerators.constant}",
            periods="={here.constant}*{in service}*hours_per_period/kg_per_t",
        ),
    ]  # fmt: skip
    yield Section(CARBON.label, CARBON.note, [
        *tonnes,
        Line("Carbon, all", "t", total=SUM, periods=sum_down([Row(line.key) for line in tonnes]), key="carbon"),
        Line("Carbon cost", "USD", total=SUM, periods=f"={at('carbon')}*{at('carbon price')}", key="carbon cost"),
    ])  # fmt: skip


def tariffs(charge: Charge) -> str:
    """The tariffs of a site, multiplied, as formulas refer to them."""
    return "*".join(f"{{site/{tariff.field}}}" for tariff in charge.tariffs)


def _charged(charge: Charge) -> str:
    """What is used at a site in a period, as Sites shows it, times its tariffs."""
    rate = tariffs(charge)
    return {
        "energy_mwh": f"{{energy}}*{rate}",
        "it_mwh": f"{{average load}}*{OF_ONE_KW}*{rate}",
        "kw_months": f"{rate}*{{provisioned load}}*months_per_period",
    }[charge.used]


def _of_work(facts: Facts) -> Iterator[Section]:
    """The cost of work not served; work served and its value: positive, though it counts as a receipt."""
    yield from filled("Unmet work", "Work per second not served times hours times its price.", lines_of(
        map(Of, priced_unmet(facts)), "Unmet work", "USD", what="cost of unmet work", total=SUM,
        periods="={unmet}*hours_per_period*{price of unmet work}",
    ))  # fmt: skip
    note = "The demand less what is left unmet."
    fits = "The demand less what is left unmet; where as much is done as fits, all work done."
    yield from filled("Work served", fits if facts.as_much_as_fits else note, [
        line_of(Of(name), "Work served", "units/s",
                periods="={done}" if name in facts.as_much_as_fits else "={demand}-{unmet}")
        for name in facts.valued
    ])  # fmt: skip
    yield from filled("Value of work", "Work served times hours times its value.", lines_of(
        map(Of, facts.valued), "Value of work", "USD", what="worth of work", total=SUM,
        periods="={work served}*hours_per_period*{value}",
    ))  # fmt: skip


def with_prices(facts: Facts) -> list[Group]:
    """Offers that are not free: what is purchased, then what is rented."""
    groups = [*purchased(facts), *rented(facts)]
    return [group for group in groups if facts.catalog["offers"][group.offer].get("free") != "true"]


def _unpriced(facts: Facts) -> Section:
    """Periods in which an offer is used that has no price then, e.g. after an override."""
    return Section("Used without a price", "Periods with systems entering service at no price.", [
        line_of(group, "Without a price", "count",
                total=f"=SUMPRODUCT(({{entering.across}}>0)*({{{'price' if group.purchased else 'rate'}.across}}=0))")
        for group in with_prices(facts)
    ])  # fmt: skip
