"""What costs fall on: an accelerator on our sites, hosted, or of the fleet; where it stands, and what that draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optimizer.workbook.decisions import ENGINEER, RETIRE, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import HOSTED, Group
from optimizer.workbook.sheets.cash_workings import hosted
from optimizer.workbook.sheets.input_sites import peak_constant, peak_pue, pue
from optimizer.workbook.sheets.purchases import purchased, rented
from optimizer.workbook.sheets.systems_in_service import Stand, stands_at
from optimizer.workbook.writing.lines import SUM, Line, Section, line_of
from optimizer.workbook.writing.references import HERE, Row, at, down, key_of, sum_down, summed
from optimizer.workbook.writing.styles import Role

OURS, RENTED, FLEET = "our sites", "hosted", "fleet"


@dataclass(frozen=True)
class Bearer:
    """An accelerator on our sites, hosted, or of the fleet: what cost is summed for."""

    accelerator: str
    where: str

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return f"{self.accelerator}/{self.where}"

    @property
    def suffix(self) -> str:
        return ""

    @property
    def item(self) -> str:
        return self.accelerator

    @property
    def place(self) -> str:
        return self.where

    def holds(self, group: Group) -> bool:
        """Whether the costs of orders fall on it."""
        where = RENTED if group.route in HOSTED else OURS
        return (group.accelerator, where) == (self.accelerator, self.where)


@dataclass(frozen=True)
class Stood:
    """Systems of a bearer at a place, in service by period."""

    bearer: Bearer
    system: str
    place: str
    stands: tuple[Stand, ...]

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return f"{self.bearer.id}/{self.system}/{self.place}"


def stood_of(facts: Facts) -> list[Stood]:
    """What stands where, bearer by bearer, accelerators in the order of the orders."""
    found: dict[tuple[Bearer, str, str], list[Stand]] = {}
    for stand in (stand for place in facts.places for stand in stands_at(facts, place)):
        where = RENTED if stand.place not in facts.sites else OURS if stand.group else FLEET
        bearer = Bearer(str(facts.catalog["systems"][stand.system]["accelerator"]), where)
        found.setdefault((bearer, stand.system, stand.place), []).append(stand)
    order = [accelerator for _, accelerator in facts.accelerators]
    order += sorted({bearer.accelerator for bearer, _, _ in found} - set(order))
    keys = sorted(
        found,
        key=lambda key: (order.index(key[0].accelerator), (OURS, RENTED, FLEET).index(key[0].where), key[1:]),
    )
    return [Stood(*key, tuple(found[key])) for key in keys]


def bearers_of(stood: Sequence[Stood]) -> list[Bearer]:
    return list(dict.fromkeys(each.bearer for each in stood))


def rows_of(bearer: Bearer, stood: Sequence[Stood], what: str) -> list[Row]:
    """The lines of a bearer, which stand together."""
    return [at(what, each) for each in stood if each.bearer == bearer]


def draws(facts: Facts, stood: Sequence[Stood]) -> Iterator[Section]:
    """Systems, their provisioned power, and at our sites what they draw and what that costs."""
    sites = at_our_sites(facts, stood)
    note = "From Capacity; constant: accelerators in a system."
    yield Section("Systems in service by accelerator and place", note, [_systems(each) for each in stood])
    note = "Systems times provisioned kW (constant)."
    yield Section("Provisioned IT load by accelerator and place", note, [_provisioned(each) for each in stood])
    note = "Provisioned IT load times the PUE at peak (constant, if it does not change)."
    yield Section("Power at the meter by accelerator and site", note, [_meter(facts, each) for each in sites])
    places = list(dict.fromkeys(each.place for each in sites))
    note = "In a period, at the PUE of the site."
    yield Section("Energy and carbon of one average kW", note, [_rate(facts, place) for place in places])
    note = "Systems times average kW (constant) times the rate of the site, and hosting of the provisioned load."
    yield Section("Energy, hosting and carbon by accelerator and site", note, [_power(each) for each in sites])


def at_our_sites(facts: Facts, stood: Sequence[Stood]) -> list[Stood]:
    return [each for each in stood if each.place in facts.sites]


def _line(each: Stood, what: str, label: str, unit: str, periods: str, constant: Row | None) -> Line:
    suffix = ", fleet" if each.bearer.where == FLEET else ""
    return Line(label + suffix, unit, each.system, each.place, constant=constant, periods=periods,
                whole=all(stand.whole for stand in each.stands), key=key_of(what, each))  # fmt: skip


def _systems(each: Stood) -> Line:
    size = at("system", "accelerators", each.system)
    there = sum_down([stand.row for stand in each.stands])
    return _line(each, "systems", "In service", "systems", there, size)


def _provisioned(each: Stood) -> Line:
    load = f"={HERE.constant}*{at('systems', each)}"
    size = at("system", "provisioned_kw", each.system)
    return _line(each, "provisioned", "Provisioned", "kW", load, size)


def _meter(facts: Facts, each: Stood) -> Line:
    one = peak_constant(facts, each.place)
    peak = HERE.constant if one else peak_pue(facts, each.place)
    drawn = f"={peak}*{at('provisioned', each)}/kw_per_mw"
    return _line(each, "at the meter", "At the meter", "MW", drawn, one)


def _rate(facts: Facts, site: str) -> Line:
    carbon = f"{at('site', 'carbon_kg_per_mwh', site)}/kg_per_t*{at('carbon price')}"
    tariff = at("site", "electricity_usd_per_mwh", site).now
    rate = f"={pue(facts, site)}*hours_per_period/kw_per_mw*({tariff}+{carbon})"
    return Line("Energy and carbon", "USD/kW", place=site, periods=rate, key=key_of("rate of power", site))


def _power(each: Stood) -> Line:
    """What systems at our sites cost in energy, hosting and carbon."""
    tariff = at("site", "hosting_usd_per_kw_month", each.place).now
    hosting = f"{at('provisioned', each)}*{tariff}*months_per_period"
    cost = f"={HERE.constant}*{at('systems', each)}*{at('rate of power', each.place)}+{hosting}"
    size = at("system", "average_kw", each.system)
    return _line(each, "power", "Energy, hosting, carbon", "USD", cost, size)


def bearer_costs(facts: Facts, stood: Sequence[Stood], bearer: Bearer) -> Section:
    """The cost lines of a bearer and their sum; then the residual, if anything of it has one."""
    note = "Running costs and resale: what the fleet cost is not in the plan." if bearer.where == FLEET else ""
    parts = [
        line_of(bearer, label, "USD", total=SUM, periods=f"={formula}")
        for label, formula in _parts(facts, stood, bearer)
    ]
    before = sum_down([Row(line.key) for line in parts])
    whole = line_of(bearer, "Cost before residual", "USD", total=SUM, periods=before, role=Role.TOTAL)
    lines = [*parts, whole]
    if has_residual(facts, bearer):
        left = sum_down(_held(bearer, purchased(facts), "residual"))
        lines.append(line_of(bearer, "Residual value", "USD", total=SUM, periods=left))
    return Section(f"Cost of {bearer.accelerator}, {bearer.where}", note, lines)


def has_residual(facts: Facts, bearer: Bearer) -> bool:
    return any(bearer.holds(group) for group in purchased(facts))


def _held(bearer: Bearer, groups: Sequence[Group], what: str) -> list[Row]:
    return [at(what, group) for group in groups if bearer.holds(group)]


def _parts(facts: Facts, stood: Sequence[Stood], bearer: Bearer) -> Iterator[tuple[str, str]]:
    """The cost lines of a bearer; a line that it cannot have is left out."""
    for label, what, groups in (
        ("Deposits", "deposit", purchased(facts)),
        ("Balances", "balance paid", purchased(facts)),
        ("Network", "network", facts.groups),
        ("Software", "software", facts.groups),
        ("Rent", "rent", rented(facts)),
        ("Owed after the horizon", "owed", tuple(facts.terms) if facts.after_horizon else ()),
    ):
        if own := _held(bearer, groups, what):
            yield label, summed(own)
    if base := _held(bearer, purchased(facts), "maintained"):
        yield "Maintenance", f"maintenance_share/periods_per_year*{summed(base)}"
    if power := rows_of(bearer, at_our_sites(facts, stood), "power"):
        yield "Energy, hosting, carbon", f"SUM({down(power)})"
    if tonnes := _held(bearer, hosted(facts), "carbon of hosted hours"):
        yield "Carbon of hosted hours", f"{summed(tonnes)}*{at('carbon price')}"
    yield from _decided(facts, bearer)


def _decided(facts: Facts, bearer: Bearer) -> Iterator[tuple[str, str]]:
    """Engineering of what is ordered, and resale of the fleet."""
    systems = facts.catalog["systems"]
    one_off = [at("flow", d) for d in decisions_of(facts, ENGINEER) if d.item == bearer.accelerator]
    if bearer.where == OURS and one_off:
        yield "Engineering", summed(one_off)
    retired = decisions_of(facts, RETIRE)
    sold = [at("flow", d) for d in retired if systems[d.item]["accelerator"] == bearer.accelerator]
    if bearer.where == FLEET and sold:
        yield "Resale", f"-{summed(sold)}"
