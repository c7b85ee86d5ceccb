"""What costs fall on: an accelerator on our sites, hosted, or of the fleet; where it stands, and what that draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.workbook.facts import HOSTED, Facts, Group
from optimizer.workbook.sheets.inputs import InputRows
from optimizer.workbook.sheets.stands import Stand
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import Line
from optimizer.workbook.writing.references import HERE, Row, sum_down
from optimizer.workbook.writing.table import Table

OURS, RENTED, FLEET = "our sites", "hosted", "fleet"


@dataclass(frozen=True)
class Bearer:
    """An accelerator on our sites, hosted, or of the fleet: what cost is summed for."""

    accelerator: str
    where: str

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


@dataclass(frozen=True)
class Draws:
    """By what stands where: systems (constant: accelerators in one) and kW; at our sites MW at the meter and USD."""

    systems: dict[Stood, Row]
    provisioned: dict[Stood, Row]
    meter: dict[Stood, Row]
    power: dict[Stood, Row]

    def of(self, bearer: Bearer, rows: dict[Stood, Row]) -> list[Row]:
        """The lines of a bearer, which stand together."""
        return [row for stood, row in rows.items() if stood.bearer == bearer]


def stood_of(facts: Facts, stands: dict[str, list[Stand]]) -> list[Stood]:
    """What stands where, bearer by bearer, accelerators in the order of the orders."""
    found: dict[tuple[Bearer, str, str], list[Stand]] = {}
    for place, those in stands.items():
        for stand in those:
            where = RENTED if place not in facts.sites else FLEET if stand.suffix == ", fleet" else OURS
            bearer = Bearer(str(facts.catalog["systems"][stand.system]["accelerator"]), where)
            found.setdefault((bearer, stand.system, place), []).append(stand)
    order = [accelerator for _, accelerator in facts.accelerators]
    order += sorted({bearer.accelerator for bearer, _, _ in found} - set(order))
    keys = sorted(
        found,
        key=lambda key: (order.index(key[0].accelerator), (OURS, RENTED, FLEET).index(key[0].where), key[1:]),
    )
    return [Stood(*key, tuple(found[key])) for key in keys]


def write_draws(table: Table, inputs: InputRows, stood: Sequence[Stood]) -> Draws:
    """Systems, their provisioned power, and at our sites what they draw and what that costs."""
    sites = [each for each in stood if each.place in table.book.facts.sites]
    table.heading("Systems in service by accelerator and place", "From Capacity; constant: accelerators in a system.")
    systems = {}
    for each in stood:
        size = inputs.systems[each.system].accelerators
        line = _line(
            each, "In service", "systems", size, "accelerators/system", sum_down([stand.row for stand in each.stands])
        )
        systems[each] = table.line(line)
    table.heading("Provisioned IT load by accelerator and place", "Systems times provisioned kW (constant).")
    provisioned = {}
    for each in stood:
        formula = Formula(f"={HERE.constant}*{systems[each].now}")
        size = inputs.systems[each.system].provisioned
        provisioned[each] = table.line(_line(each, "Provisioned", "kW", size, "kW/system", formula))
    note = "Provisioned IT load times the PUE at peak (constant, if it does not change)."
    table.heading("Power at the meter by accelerator and site", note)
    meter = {}
    for each in sites:
        site = inputs.sites[each.place]
        pue = HERE.constant if site.peak_constant else site.peak_pue
        formula = Formula(f"={pue}*{provisioned[each].now}/kw_per_mw")
        meter[each] = table.line(_line(each, "At the meter", "MW", site.peak_constant, "ratio", formula))
    return Draws(systems, provisioned, meter, _power(table, inputs, sites, systems, provisioned))


def _line(each: Stood, label: str, unit: str, constant: Row | None, constant_unit: str, periods: Formula | str) -> Line:
    suffix = ", fleet" if each.bearer.where == FLEET else ""
    link = None if constant is None else Formula(f"={constant.constant}")
    return Line(
        label + suffix, unit, each.system, each.place, constant=link, constant_unit=constant_unit, periods=periods,
        whole=all(stand.whole for stand in each.stands),
    )  # fmt: skip


def _power(
    table: Table,
    inputs: InputRows,
    sites: Sequence[Stood],
    systems: dict[Stood, Row],
    provisioned: dict[Stood, Row],
) -> dict[Stood, Row]:
    """What systems at our sites cost in energy, hosting and carbon."""
    rates = _rates(table, inputs, list(dict.fromkeys(each.place for each in sites)))
    note = "Systems times average kW (constant) times the rate of the site, and hosting of the provisioned load."
    table.heading("Energy, hosting and carbon by accelerator and site", note)
    rows = {}
    for each in sites:
        hosting = f"{provisioned[each].now}*{inputs.sites[each.place].hosting.now}*months_per_period"
        formula = Formula(f"={HERE.constant}*{systems[each].now}*{rates[each.place].now}+{hosting}")
        size = inputs.systems[each.system].average
        rows[each] = table.line(_line(each, "Energy, hosting, carbon", "USD", size, "kW/system", formula))
    return rows


def _rates(table: Table, inputs: InputRows, places: Sequence[str]) -> dict[str, Row]:
    table.heading("Energy and carbon of one average kW", "In a period, at the PUE of the site.")
    rows = {}
    for place in places:
        site = inputs.sites[place]
        carbon = f"{site.carbon.now}/kg_per_t*{inputs.carbon_price.now}"
        text = f"={site.pue}*hours_per_period/kw_per_mw*({site.electricity.now}+{carbon})"
        rows[place] = table.line(Line("Energy and carbon", "USD/kW", place=place, periods=Formula(text)))
    return rows
