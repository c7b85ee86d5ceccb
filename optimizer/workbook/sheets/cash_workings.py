"""The lower part of Cash: the lines that each cost is the sum of, block by block; and rent due after the horizon."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from optimizer.formulation.register import COST_LINE
from optimizer.request.charges import CARBON, CHARGES, Charge
from optimizer.workbook.decisions import ENGINEER, EXPAND, KINDS, PORT, RETIRE, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import HOSTED, Group
from optimizer.workbook.sheets.input_sites import priced_unmet
from optimizer.workbook.sheets.purchases import curve, price, purchased, purchases, rented, residuals, with_residual
from optimizer.workbook.writing.lines import PERIOD, SUM, Line, Of, Section, filled, line_of, lines_of
from optimizer.workbook.writing.references import Row, area, at, down, key_of, of_each, sum_down
from optimizer.workbook.writing.styles import Role

NOTES = {
    EXPAND: "Power added (MW) times its price (constant).",
    ENGINEER: "One-off cost (constant) in the period in which it starts.",
    PORT: "Cost (constant) in the period in which it starts.",
    RETIRE: "Systems retired times the resale price (constant).",
}
DUE = "Rent due after the horizon"
OF_ONE_KW = "hours_per_period/kw_per_mw"
"""MWh in a period."""


def parts_of(facts: Facts, cost: str) -> list[Row] | None:
    """The lines that a cost is the sum of; None where it has none of its own."""
    parts: dict[str, list[Row]] = {
        "hardware_usd": [at("hardware", what) for what in ("deposits", "balances") if purchased(facts)],
        "network_usd": of_each("network", facts.groups),
        **{charge.name: of_each(f"{charge.label} cost".lower(), facts.sites) for charge in CHARGES},
        "maintenance_usd": of_each("maintained", purchased(facts)),
        "software_usd": of_each("software", facts.groups),
        "rent_usd": of_each("rent", rented(facts)),
        "carbon_usd": [at("carbon cost")],
        "owed_usd": [at("owed", group) for group in facts.terms if facts.after_horizon],
        "unmet_usd": of_each("cost of unmet work", priced_unmet(facts)),
        "value_usd": of_each("worth of work", facts.valued),
        **{kind.cost: of_each("flow", decisions_of(facts, kind)) for kind in KINDS},
        "residual_usd": of_each("residual", with_residual(facts)),
    }
    return parts.get(cost)


def workings(facts: Facts) -> Iterator[Section]:
    """The lines behind each cost, block by block, offers in the order of Orders."""
    yield from purchases(facts)
    yield Section("Network", "USD per system (constant) times systems entering service.", lines_of(
        facts.groups, "Network", "USD", total=SUM, constant="offer/network_usd", periods="={here.constant}*{entering}",
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
    yield from _flows(facts)
    yield curve(facts)
    yield from residuals(facts)
    yield from owed(facts)
    yield from _of_sites(facts)
    yield from _of_work(facts)
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


def rent_due(facts: Facts) -> Iterator[Section]:
    """Rent due after the horizon by fiscal year: what is still due at its start, less what is at the next."""
    names = facts.after_horizon
    known = {row.fiscal_year: row.rent_usd for row in facts.plan.after_horizon}
    by_year = [
        line_of(Of(name), DUE, "USD", what="due", shows_in_total=known.get(name, 0.0),
                total="={still due.total}" + (f"-{at('still due', later).total}" if later else ""),
                meaning=f"rent due after the horizon in {name}")
        for name, later in zip_longest(names, names[1:])
    ]  # fmt: skip
    if by_year:
        total = f"=SUM({down(of_each('due', names), '$F')})"
        every = Line(f"{DUE}, all", "USD", total=total, role=Role.TOTAL, key=key_of("due", "all"))
        note = "Undiscounted, of terms that outlast it; what of it counts is a cost above."
        yield Section(f"{DUE}, by fiscal year", note, [*by_year, every])


def all_due(facts: Facts) -> str:
    """The same sum another way: rent of a period times the periods left."""
    rent, left = (area(of_each(what, facts.terms)) for what in ("rent of a period", "periods after"))
    return f"SUMPRODUCT({rent},{left})"


def owed(facts: Facts) -> Iterator[Section]:
    """The lines behind what is owed, block by block; none where no order has a term to outlast the horizon.

    A USD in each of the periods left is discounted to the middle of the horizon's last period. Of the rent counts what
    hardware of that age would not be worth, unless in full or ignored.
    """
    if not facts.after_horizon:
        return
    groups = list(facts.terms)
    yield Section("Terms: rent of a period", "Of what enters, in each period of its term.", lines_of(
        groups, "Rent of a period", "USD", periods="={hourly rent}*hours_per_period",
    ))  # fmt: skip
    yield Section("Terms: periods after the horizon", "By period of entry; constant: periods of the term.", lines_of(
        groups, "Periods after", "periods", constant="service",
        periods=f"=MAX(0,{{here.constant}}-periods_in_horizon+@${PERIOD}-1)",
    ))  # fmt: skip
    growth, left = "{/discount of a period.constant}", "{periods after}"
    note = "Of one USD in each, discounted to the horizon's last period."
    yield Section("Terms: value of the periods left", note, [
        Line("Discount of a period", "factor", source="from the discount rate", key="discount of a period",
             constant="=(1+discount_rate)^(1/periods_per_year)"),
        *lines_of(groups, "Value of the periods left", "factor", what="value of periods after",
                  periods=f"=IF(discount_rate=0,{left},(1-{growth}^-{left})/({growth}-1))"),
    ])  # fmt: skip
    worth = f"INDEX({at('share left').across},periods_in_horizon-@${PERIOD}+1)"
    note = "By period of entry: one less the share left at the age that the horizon ends at; see Inputs."
    yield Section("Share of the rent that is owed", note, [
        Line("Share owed", "share", periods=f"=rent_after_counted*(1-rent_after_less_worth*{worth})", key="share owed")
    ])  # fmt: skip
    note = "Rent of a period times the value of the periods left, as far as it counts."
    yield Section("Owed by period of entry", note, lines_of(
        groups, "Owed of entry", "USD", total=SUM, periods="={rent of a period}*{value of periods after}*{/share owed}",
    ))  # fmt: skip
    yield Section("Owed in the last period of the horizon", "What is owed of all that has entered by then.", lines_of(
        groups, "Owed", "USD", total=SUM, periods=f"=(@${PERIOD}=periods_in_horizon)*{{owed of entry.total}}",
    ))  # fmt: skip
    yield _still_due(facts.after_horizon, groups)


def _still_due(names: tuple[str, ...], groups: list[Group]) -> Section:
    """Fiscal years after the horizon, and the rent still due at the start of each, undiscounted."""
    note = (
        "A period belongs to the fiscal year in which it starts; constant: periods after the horizon before the year."
    )
    end = at("first day after").constant
    rent, left = (down(of_each(what, groups)) for what in ("rent of a period", "periods after"))
    first_year = f"YEAR(EDATE({end},MOD(1-fiscal_year_starts,months_per_year)))"
    numbers = (first_year, *(f"{at('year after the horizon', name).constant}+1" for name in names))
    rest = f"months_per_year-MOD(MONTH({end})-fiscal_year_starts,months_per_year)"
    until = ("0", f"ROUNDUP(({rest})/months_per_period,0)", *(
        f"{at('still due', name).constant}+periods_per_year" for name in names[1:]
    ))  # fmt: skip
    return Section("Rent still due from a fiscal year on", note, [
        Line("First day after the horizon", "date", key="first day after",
             constant="=EDATE(horizon_start,periods_in_horizon*months_per_period)"),
        *(
            line_of(Of(name), "Fiscal year after the horizon", "year", what="year after the horizon",
                    constant=f"={number}")
            for name, number in zip(names, numbers, strict=False)
        ),
        *(
            line_of(Of(name), "Rent still due", "USD", what="still due", constant=f"={periods}",
                    constant_unit="periods", total=SUM,
                    periods=f"=SUMPRODUCT({rent},({left}>{{here.constant}})*({left}-{{here.constant}}))")
            for name, periods in zip(names, until, strict=False)
        ),
    ])  # fmt: skip
