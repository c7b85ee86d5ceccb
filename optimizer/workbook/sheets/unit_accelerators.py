"""What costs fall on: an accelerator on our sites, hosted, or of the fleet; where it stands, and what that draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optimizer.request.charges import CARBON, CHARGES, Charge
from optimizer.workbook.decisions import ENGINEER, RETIRE, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import HOSTED, Group
from optimizer.workbook.sheets.cash_workings import OF_ONE_KW, hosted, tariffs
from optimizer.workbook.sheets.input_sites import peak_constant, peak_pue, pue
from optimizer.workbook.sheets.purchases import bought, entering, purchased, rented
from optimizer.workbook.sheets.standing import Stand, stands_at
from optimizer.workbook.writing.lines import SUM, Of, Section, line_of, lines_of
from optimizer.workbook.writing.references import HERE, Row, at, sum_down, summed
from optimizer.workbook.writing.styles import Role

OURS, RENTED, FLEET = "our sites", "hosted", "fleet"


class Bearer(Of):
    """An accelerator on our sites, hosted, or of the fleet: what cost is summed for."""

    def holds(self, group: Group) -> bool:
        """Whether the costs of orders fall on it."""
        return (group.accelerator, RENTED if group.route in HOSTED else OURS) == (self.item, self.place)


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

    @property
    def suffix(self) -> str:
        return ", fleet" if self.bearer.place == FLEET else ""

    @property
    def item(self) -> str:
        return self.system

    @property
    def whole(self) -> bool:
        return all(stand.whole for stand in self.stands)


def stood_of(facts: Facts) -> list[Stood]:
    """What stands where, bearer by bearer, accelerators in the order of the orders."""
    found: dict[tuple[Bearer, str, str], list[Stand]] = {}
    for stand in (stand for place in facts.places for stand in stands_at(facts, place)):
        where = RENTED if stand.place not in facts.sites else OURS if stand.group else FLEET
        bearer = Bearer(str(facts.catalog["systems"][stand.system]["accelerator"]), where)
        found.setdefault((bearer, stand.system, stand.place), []).append(stand)
    order = [accelerator for _, accelerator in facts.accelerators]
    order += sorted({bearer.item for bearer, _, _ in found} - set(order))
    keys = sorted(found, key=lambda key: (order.index(key[0].item), (OURS, RENTED, FLEET).index(key[0].place), key[1:]))
    return [Stood(*key, tuple(found[key])) for key in keys]


def bearers_of(stood: Sequence[Stood]) -> list[Bearer]:
    return list(dict.fromkeys(each.bearer for each in stood))


def rows_of(bearer: Bearer, stood: Sequence[Stood], what: str) -> list[Row]:
    """The lines of a bearer, which stand together."""
    return [at(what, each) for each in stood if each.bearer == bearer]


def draws(facts: Facts, stood: Sequence[Stood]) -> Iterator[Section]:
    """Systems, their provisioned power, and at our sites what they draw and what that costs."""
    sites = at_our_sites(facts, stood)
    yield Section("Systems in service by accelerator and place", "From Capacity; constant: accelerators in a system.", [
        line_of(each, "In service", "systems", what="systems", constant="system/accelerators",
                periods=sum_down([stand.row for stand in each.stands]))
        for each in stood
    ])  # fmt: skip
    note = "Systems times provisioned kW (constant)."
    yield Section("Provisioned IT load by accelerator and place", note, lines_of(
        stood, "Provisioned", "kW", constant="system/provisioned_kw", periods="={here.constant}*{systems}",
    ))  # fmt: skip
    note = "Provisioned IT load times the PUE at peak (constant, if it does not change)."
    yield Section("Power at the meter by accelerator and site", note, [
        line_of(each, "At the meter", "MW", constant=one, periods=f"={peak}*{{provisioned}}/kw_per_mw")
        for each in sites
        for one in [peak_constant(facts, each.place)]
        for peak in [HERE.constant if one else peak_pue(facts, each.place)]
    ])  # fmt: skip
    yield from _charges(facts, sites)


def _charges(facts: Facts, sites: Sequence[Stood]) -> Iterator[Section]:
    """What our sites cost for their use: of an average kW, at the meter and of IT, then with fees by accelerator."""
    fees, rates = [each for each in CHARGED if each.used == "kw_months"], []
    for used, note in (("energy_mwh", "In a period, at the PUE of the site."), ("it_mwh", "")):
        charges = [each for each in CHARGED if each.used == used]
        if charges:
            rates.append(f"{{site/rate of {used}}}")
            yield Section(f"{_listed(charges, ' and ')} of one average kW", note, [
                line_of(Of(place=place), _listed(charges, " and "), "USD/kW", what=f"site/rate of {used}",
                        periods=f"={factor}{OF_ONE_KW}*({'+'.join(map(_rate, charges))})")
                for place in dict.fromkeys(each.place for each in sites)
                for factor in [f"{pue(facts, place)}*" if used == "energy_mwh" else ""]
            ])  # fmt: skip
    of_fees = _listed(fees, " and ").lower()
    note = f"Systems times average kW (constant) times the rate of the site, and {of_fees} of the provisioned load."
    parts = [f"{{here.constant}}*{{systems}}*{each}" for each in rates]
    parts += [f"{{provisioned}}*{_rate(each)}*months_per_period" for each in fees]
    yield Section(f"{_listed(CHARGED, ' and ')} by accelerator and site", note, lines_of(
        sites, EVERY, "USD", what="power", constant="system/average_kw", periods=f"={'+'.join(parts)}",
    ))  # fmt: skip


def _rate(charge: Charge) -> str:
    """The tariffs of a site in USD: those of carbon are in kg, at a price of their own."""
    return tariffs(charge) + "/kg_per_t*{/carbon price}" * (charge is CARBON)


def _listed(charges: Sequence[Charge], last: str = ", ") -> str:
    """Charges in a row, such as Energy, hosting and carbon."""
    *first, end = (charge.label.lower() for charge in charges)
    return (", ".join(first) + last * bool(first) + end).capitalize()


CHARGED = (*CHARGES, CARBON)
EVERY = _listed(CHARGED)
"""All that our sites cost for their use, and the line of it."""


def at_our_sites(facts: Facts, stood: Sequence[Stood]) -> list[Stood]:
    return [each for each in stood if each.place in facts.sites]


def bearer_costs(facts: Facts, stood: Sequence[Stood], bearer: Bearer) -> Section:
    """The cost lines of a bearer and their sum; then the residual, if anything of it has one."""
    note = "Running costs and resale: what the fleet cost is not in the plan." if bearer.place == FLEET else ""
    lines = [
        line_of(bearer, label, "USD", total=SUM, periods=f"={formula}")
        for label, formula in _parts(facts, stood, bearer)
    ]
    before = sum_down([Row(line.key) for line in lines])
    lines.append(line_of(bearer, "Cost before residual", "USD", total=SUM, periods=before, role=Role.TOTAL))
    if has_residual(facts, bearer):
        left = sum_down(_held(bearer, purchased(facts), "residual"))
        lines.append(line_of(bearer, "Residual value", "USD", total=SUM, periods=left))
    return Section(f"Cost of {bearer.item}, {bearer.place}", note, lines)


def has_residual(facts: Facts, bearer: Bearer) -> bool:
    return any(bearer.holds(group) for group in purchased(facts))


def _held(bearer: Bearer, groups: Sequence[Group], what: str) -> list[Row]:
    return [at(what, group) for group in groups if bearer.holds(group)]


def _parts(facts: Facts, stood: Sequence[Stood], bearer: Bearer) -> Iterator[tuple[str, str]]:
    """The cost lines of a bearer, each made of a sum; a line that it cannot have is left out."""
    groups, systems = facts.groups, facts.catalog["systems"]
    owing = tuple(facts.terms) if facts.after_horizon else ()
    one_off = [at("flow", d) for d in decisions_of(facts, ENGINEER) if d.item == bearer.item and bearer.place == OURS]
    sold = [
        at("flow", d) for d in decisions_of(facts, RETIRE)
        if systems[d.item]["accelerator"] == bearer.item and bearer.place == FLEET
    ]  # fmt: skip
    power = rows_of(bearer, at_our_sites(facts, stood), "power")
    carbon = _held(bearer, hosted(facts), "carbon of hosted hours")
    for label, rows, cost in (
        ("Deposits", _held(bearer, bought(facts), "deposit"), "{}"),
        ("Balances", _held(bearer, bought(facts), "balance paid"), "{}"),
        ("Network", _held(bearer, entering(facts), "network"), "{}"),
        ("Software", _held(bearer, groups, "software"), "{}"),
        ("Rent", _held(bearer, rented(facts), "rent"), "{}"),
        ("Owed after the horizon", _held(bearer, owing, "owed"), "{}"),
        ("Maintenance", _held(bearer, purchased(facts), "maintained"), "maintenance_share/periods_per_year*{}"),
        (EVERY, power, "{}"),
        ("Carbon of hosted hours", carbon, f"{{}}*{at('carbon price')}"),
        ("Engineering", one_off, "{}"),
        ("Resale", sold, "-{}"),
    ):
        if rows:
            yield label, cost.format(summed(rows))
