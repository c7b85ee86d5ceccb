"""The lower part of Cash: the lines that each cost is the sum of, block by block, offers in one order."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.decisions import ENGINEER, EXPAND, KINDS, PORT, RETIRE, Decision, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import HOSTED, Group
from optimizer.workbook.sheets.after_horizon import owed
from optimizer.workbook.sheets.input_sites import priced_unmet
from optimizer.workbook.sheets.purchases import price, purchased, purchases, rented
from optimizer.workbook.sheets.residuals import curve, residuals, with_residual
from optimizer.workbook.writing.lines import SUM, Line, Section, line_of
from optimizer.workbook.writing.references import HERE, Row, at, cohort, key_of, sum_down


def parts_of(facts: Facts, cost: str) -> list[Row] | None:
    """The lines that a cost is the sum of; None where it has none of its own."""
    parts: dict[str, list[Row]] = {
        "hardware_usd": [at("hardware", what) for what in ("deposits", "balances") if purchased(facts)],
        "network_usd": [at("network", group) for group in facts.groups],
        "energy_usd": [at("energy cost", site) for site in facts.sites],
        "hosting_usd": [at("hosting cost", site) for site in facts.sites],
        "maintenance_usd": [at("maintained", group) for group in purchased(facts)],
        "software_usd": [at("software", group) for group in facts.groups],
        "rent_usd": [at("rent", group) for group in rented(facts)],
        "carbon_usd": [at("carbon cost")],
        "owed_usd": [at("owed", group) for group in facts.terms if facts.after_horizon],
        "unmet_usd": [at("cost of unmet work", demand) for demand in priced_unmet(facts)],
        "value_usd": [at("worth of work", demand) for demand in facts.valued],
        **{kind.cost: [at("flow", decision) for decision in decisions_of(facts, kind)] for kind in KINDS},
        "residual_usd": [at("residual", of) for of in with_residual(facts)],
    }
    return parts.get(cost)


def workings(facts: Facts) -> Iterator[Section]:
    """The lines behind each cost, block by block, offers in the order of Orders."""
    yield from purchases(facts)
    yield _network(facts)
    yield from _maintained(facts)
    yield _software(facts)
    yield from _rent(facts)
    yield from flows(facts)
    yield curve(facts)
    yield from residuals(facts)
    yield from owed(facts)
    yield from _tariffs(facts)
    yield _carbon(facts)
    yield from _unmet(facts)
    yield from worth_of_work(facts)
    yield _unpriced(facts)


def _network(facts: Facts) -> Section:
    return Section("Network", "USD per system (constant) times systems entering service.", [
        line_of(group, "Network", "USD", total=SUM, constant=at("offer", "network_usd", group.offer),
                periods=f"={HERE.constant}*{at('entering', group).now}")
        for group in facts.groups
    ])  # fmt: skip


def _maintained(facts: Facts) -> Iterator[Section]:
    lines = [
        line_of(group, "Paid, in service", "USD", what="maintained", constant=at("service", group),
                periods=cohort(at("paid", group), HERE.constant))
        for group in purchased(facts)
    ]  # fmt: skip
    if lines:
        note = "The base of maintenance; constant: periods in service."
        yield Section("Price paid for what is in service", note, lines)


def _software(facts: Facts) -> Section:
    return Section("Software", "USD per system and year (constant) times systems in service.", [
        line_of(group, "Software", "USD", total=SUM, constant=at("offer", "software_usd_per_year", group.offer),
                periods=f"={HERE.constant}/periods_per_year*{at('in service', group).now}")
        for group in facts.groups
    ])  # fmt: skip


def _rent(facts: Facts) -> Iterator[Section]:
    """Rate, rent per hour of what enters, and rent: a cohort stays at the price of its period of order."""
    groups = rented(facts)
    if not groups:
        return
    yield Section("Rent of what enters service", "Per accelerator-hour, at the period of order.",
                  [price(group, "rate", "Rent rate", "USD/accelerator-hour") for group in groups])  # fmt: skip
    note = "Rate times accelerators in a system (constant) times systems entering service."
    yield Section("Rent per hour, entering", note, [
        line_of(group, "Hourly rent, entering", "USD/hour", what="hourly rent",
                constant=at("system", "accelerators", group.system),
                periods=f"={at('rate', group).now}*{HERE.constant}*{at('entering', group).now}")
        for group in groups
    ])  # fmt: skip
    yield Section("Rent", "Hourly rent of the cohorts in service times hours; constant: periods in service.", [
        line_of(group, "Rent", "USD", total=SUM, constant=at("service", group),
                periods=f"{cohort(at('hourly rent', group), HERE.constant)}*hours_per_period")
        for group in groups
    ])  # fmt: skip


def _tariffs(facts: Facts) -> Iterator[Section]:
    """Energy and hosting by site."""
    yield Section("Energy", "Energy at the meter times the tariff.", [
        Line("Energy cost", "USD", place=site, total=SUM, key=key_of("energy cost", site),
             periods=f"={at('energy', site).now}*{at('site', 'electricity_usd_per_mwh', site).now}")
        for site in facts.sites
    ])  # fmt: skip
    yield Section("Hosting", "Tariff times provisioned IT load times months.", [
        Line("Hosting cost", "USD", place=site, total=SUM, key=key_of("hosting cost", site),
             periods=f"={tariff.now}*{at('provisioned load', site).now}*months_per_period")
        for site in facts.sites
        for tariff in [at("site", "hosting_usd_per_kw_month", site)]
    ])  # fmt: skip


def hosted(facts: Facts) -> list[Group]:
    return [group for group in facts.groups if group.route in HOSTED]


def _carbon(facts: Facts) -> Section:
    """Tonnes by site and hosted offer, then their price."""
    sites = [
        Line("Carbon of energy", "t", place=site, total=SUM, key=key_of("carbon of energy", site),
             periods=f"={at('energy', site).now}*{at('site', 'carbon_kg_per_mwh', site).now}/kg_per_t")
        for site in facts.sites
    ]  # fmt: skip
    offers = [_hosted_carbon(group) for group in hosted(facts)]
    tonnes = sum_down([Row(line.key) for line in (*sites, *offers)])
    return Section("Carbon", "Of the energy at our sites and of hosted hours.", [
        *sites, *offers,
        Line("Carbon, all", "t", total=SUM, periods=tonnes, key=key_of("carbon")),
        Line("Carbon cost", "USD", total=SUM, periods=f"={at('carbon').now}*{at('carbon price').now}",
             key=key_of("carbon cost")),
    ])  # fmt: skip


def _hosted_carbon(group: Group) -> Line:
    key, rate = (
        key_of("carbon of hosted hours", group),
        at("offer", "carbon_kg_per_accelerator_hour", group.offer).constant,
    )
    return Line(
        f"Carbon of hosted hours{group.suffix}", "t", group.offer, total=SUM, key=key,
        constant=f"={rate}*{at('system', 'accelerators', group.system).constant}",
        source="constant: kg per system-hour",
        periods=f"={HERE.constant}*{at('in service', group).now}*hours_per_period/kg_per_t",
    )  # fmt: skip


def _unmet(facts: Facts) -> Iterator[Section]:
    lines = [
        Line("Unmet work", "USD", demand, total=SUM, key=key_of("cost of unmet work", demand),
             periods=f"={at('unmet', demand).now}*hours_per_period*{at('price of unmet work', demand).now}")
        for demand in priced_unmet(facts)
    ]  # fmt: skip
    if lines:
        yield Section("Unmet work", "Work per second not served times hours times its price.", lines)


def with_prices(facts: Facts) -> list[Group]:
    """Offers that are not free: what is purchased, then what is rented."""
    groups = [*purchased(facts), *rented(facts)]
    return [group for group in groups if facts.catalog["offers"][group.offer].get("free") != "true"]


def _unpriced(facts: Facts) -> Section:
    """Periods in which an offer is used that has no price then, e.g. after an override."""
    return Section("Used without a price", "Periods with systems entering service at no price.", [
        line_of(group, "Without a price", "count",
                total=f"=SUMPRODUCT(({at('entering', group).across}>0)*({asked.across}=0))")
        for group in with_prices(facts)
        for asked in [at("price" if group.purchased else "rate", group)]
    ])  # fmt: skip


WORDS = {
    EXPAND: ("Facility", "Facility cost", "Power added (MW) times its price (constant)."),
    ENGINEER: ("Engineering", "Engineering cost", "One-off cost (constant) in the period in which it starts."),
    PORT: ("Porting", "Porting cost", "Cost (constant) in the period in which it starts."),
    RETIRE: ("Resale", "Resale", "Systems retired times the resale price (constant)."),
}
"""Heading, label and note of each kind."""


def flows(facts: Facts) -> Iterator[Section]:
    """Price times what is decided, by decision and period; positive also where it is received."""
    for kind in KINDS:
        heading, _, note = WORDS[kind]
        decisions = decisions_of(facts, kind)
        if decisions:
            yield Section(heading, note, [_flow(decision) for decision in decisions])


def _flow(decision: Decision) -> Line:
    return Line(
        WORDS[decision.kind][1] + decision.suffix, "USD", decision.item, decision.place, total=SUM,
        constant=at("decision", "price", decision), periods=f"={HERE.constant}*{at('decision used', decision).now}",
        key=key_of("flow", decision),
    )  # fmt: skip


def worth_of_work(facts: Facts) -> Iterator[Section]:
    """Work served and its value; positive, though it counts as a receipt."""
    if not facts.valued:
        return
    yield Section("Work served", "The demand less what is left unmet.", [
        Line("Work served", "units/s", demand, key=key_of("work served", demand),
             periods=f"={at('demand', demand).now}-{at('unmet', demand).now}")
        for demand in facts.valued
    ])  # fmt: skip
    yield Section("Value of work", "Work served times hours times its value.", [
        Line("Value of work", "USD", demand, total=SUM, key=key_of("worth of work", demand),
             periods=f"={at('work served', demand).now}*hours_per_period*{at('value', demand).now}")
        for demand in facts.valued
    ])  # fmt: skip
