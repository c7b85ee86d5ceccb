"""Sites: systems in service at each place, and what they use of power, cooling and racks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer.plan.format import SiteRow
from optimizer.workbook.decisions import EXPAND
from optimizer.workbook.sheets.capacity import CapacityRows
from optimizer.workbook.sheets.carriers import OrderRows
from optimizer.workbook.sheets.input_rows import InputRows, SystemRows
from optimizer.workbook.sheets.stands import Stand
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import SUM, Line
from optimizer.workbook.writing.references import Row, at, down, key_of, left_of, sum_down
from optimizer.workbook.writing.table import Table

POWER = "Power used at the meter"
EXCEEDED = "Limits exceeded"


@dataclass(frozen=True)
class SiteUse:
    """What a site uses: IT load in kW, energy in MWh, the power rows in MW and the count of limits exceeded.

    `limits` gives use and limit by the name of the limit in the scenario, e.g. power_mw.
    """

    provisioned_kw: Row
    energy_mwh: Row
    power: Row
    exceeded: Row
    limits: dict[str, tuple[Row, Row]]


@dataclass(frozen=True)
class PlaceRows:
    """Use by site, and the rows over all sites."""

    sites: dict[str, SiteUse]
    in_service: Row
    power: Row
    limit: Row
    share: Row
    first_row: int
    last_row: int


def write_sites(book: Book, inputs: InputRows, orders: OrderRows, capacity: CapacityRows) -> PlaceRows:
    """Write the sheet; needs Inputs, Orders and Capacity."""
    table = Table(book, "Sites", "Sites: power, cooling and racks", "548235")
    first = table.next
    uses, totals = {}, []
    for place in book.facts.places:
        hosted = place not in book.facts.sites
        table.heading(f"Host {place}" if hosted else f"Site {place}", "" if not hosted else "The provider's site.")
        stands = _stands(table, place, capacity.stands[place])
        totals.append(_total(table, place, stands))
        if not hosted:
            uses[place] = _use(table, inputs, orders, place, stands)
    rows = _all_sites(table, uses, totals, first)
    table.finish()
    return rows


def _stands(table: Table, place: str, stands: Sequence[Stand]) -> list[Stand]:
    """The systems in service at the place, linked from Capacity."""
    return [
        replace(
            stand,
            row=table.line(
                Line(
                    f"In service{stand.suffix}", "systems", stand.item, place, source=f"{stand.cooling} cooling",
                    periods=Formula(f"={stand.row.now}"), whole=stand.whole,
 key=key_of("in service at", stand, place),
                )
            ),
        )
        for stand in stands
    ]  # fmt: skip


def _total(table: Table, place: str, stands: Sequence[Stand]) -> Row:
    book = table.book
    every = sum_down([stand.row for stand in stands])
    row = table.line(
        Line("Systems in service, total", "systems", place=place, periods=every, key=key_of("systems at", place))
    )
    held = dict.fromkeys(book.facts.keys, 0.0)
    for entry in book.facts.plan.in_service:
        if entry.place == place:
            held[entry.period] += entry.systems
    book.tie(row, list(held.values()), f"systems in service at {place} in")
    return row


def _each(table: Table, inputs: InputRows, place: str, stands: Sequence[Stand], label: str, unit: str) -> list[Row]:
    """A constant for each stand, linked from Inputs, in the stands' order."""
    rows = []
    for stand in stands:
        link = Formula(f"={_property(inputs.systems[stand.system], label).constant}")
        rows.append(
            table.line(
                Line(
                    label + stand.suffix,
                    unit,
                    stand.item,
                    place,
                    constant=link,
                    key=key_of("per system", label, stand, place),
                )
            )
        )
    return rows


PROVISIONED, AVERAGE, RACKS = "Provisioned per system", "Average power per system", "Racks per system"


def _property(rows: SystemRows, label: str) -> Row:
    return {PROVISIONED: rows.provisioned, AVERAGE: rows.average, RACKS: rows.racks}[label]


def _product(stands: Sequence[Stand], constants: Sequence[Row], cooling: str = "") -> Formula:
    """Σ constant × systems in service, over the stands of a cooling or over all."""
    picked = [(s.row, c) for s, c in zip(stands, constants, strict=True) if cooling in ("", s.cooling)]
    if not picked:
        return Formula("=0")
    rows, factors = [row for row, _ in picked], [factor for _, factor in picked]
    return Formula(f"=SUMPRODUCT({down(factors, '$E')},{down(rows)})")


def _use(table: Table, inputs: InputRows, orders: OrderRows, site: str, stands: Sequence[Stand]) -> SiteUse:
    """Constants per system, then IT load, energy, and each limit with what is used and left of it."""
    provisioned = _each(table, inputs, site, stands, PROVISIONED, "kW/system")
    average = _each(table, inputs, site, stands, AVERAGE, "kW/system")
    racks = _each(table, inputs, site, stands, RACKS, "racks/system")
    own = inputs.sites[site]
    load = table.line(
        Line(
            "Provisioned IT load",
            "kW",
            place=site,
            periods=_product(stands, provisioned),
            key=key_of("provisioned load", site),
        )
    )
    drawn = table.line(
        Line("Average IT load", "kW", place=site, periods=_product(stands, average), key=key_of("average load", site))
    )
    formula = Formula(f"={own.pue}*{drawn.now}*hours_per_period/kw_per_mw")
    energy = table.line(
        Line("Energy at the meter", "MWh", place=site, total=SUM, periods=formula, key=key_of("energy", site))
    )
    used = Formula(f"={own.peak_pue}*{load.now}/kw_per_mw")
    pairs = {"power_mw": _limit(table, inputs, site, "power_mw", POWER, used, _added(table, orders, site))}
    for kind in ("liquid", "air"):
        kw = _product(stands, provisioned, kind).text
        used = Formula(f"{kw}/kw_per_mw")
        pairs[f"{kind}_mw"] = _limit(table, inputs, site, f"{kind}_mw", f"IT load on {kind} cooling", used)
    pairs["racks"] = _limit(table, inputs, site, "racks", "Racks used", _product(stands, racks))
    exceeded = _exceeded(table, site, [left for _, _, left in pairs.values() if left])
    _tie_site(table, site, energy, [used for used, _, _ in pairs.values()])
    limits = {name: (used, most) for name, (used, most, _) in pairs.items() if most}
    return SiteUse(load, energy, pairs["power_mw"][0], exceeded, limits)


def _added(table: Table, orders: OrderRows, site: str) -> Row | None:
    """Power added up to each period, where the site may grow."""
    added = [row for decision, row in orders.decisions.of(EXPAND).items() if decision.place == site]
    if not added:
        return None
    return table.line(
        Line(
            "Power added so far",
            "MW",
            place=site,
            periods=Formula(f"=SUM({added[0].so_far})"),
            key=key_of("power added", site),
        )
    )


def _limit(
    table: Table, inputs: InputRows, site: str, name: str, label: str, used: Formula, added: Row | None = None
) -> tuple[Row, Row | None, Row | None]:
    """What is used, and if there is a limit, the limit (on Inputs, where nothing is added to it) and what is left."""
    unit = "racks" if name == "racks" else "MW"
    row = table.line(Line(label, unit, place=site, periods=used, key=key_of("used", name, site)))
    limit = inputs.sites[site].limits.get(name)
    if limit is None:
        return row, None, None
    formula = Formula(f"={limit.now}" + (f"+{added.now}" if added else ""))
    key = key_of("limit of", name, site)
    most = table.line(Line(f"{label}: limit", unit, place=site, periods=formula, key=key))
    _tie_limit(table, site, f"{name.removesuffix('_mw')}_limit{'_mw' * (unit == 'MW')}", most)
    left = table.line(
        Line(f"{label}: left", unit, place=site, periods=left_of(most.now, row.now), key=key_of("left of", name, site))
    )
    return row, most if added else limit, left


def _tie_limit(table: Table, site: str, name: str, limit: Row) -> None:
    rows = {row.period: row for row in table.book.facts.plan.sites if row.site == site}
    values = [getattr(rows[key], name) for key in table.book.facts.keys if key in rows]
    if len(values) == table.book.facts.periods:
        table.book.tie(limit, values, f"{name} of {site} in")


def _exceeded(table: Table, site: str, left: Sequence[Row]) -> Row:
    terms = [f"({row.now}<0)" for row in left]
    return table.line(
        Line(
            EXCEEDED,
            "count",
            place=site,
            total=SUM,
            periods=Formula("=0+" + "+".join(terms)),
            key=key_of("limits exceeded", site),
        )
    )


def _tie_site(table: Table, site: str, energy: Row, used: Sequence[Row]) -> None:
    rows: dict[str, SiteRow] = {row.period: row for row in table.book.facts.plan.sites if row.site == site}
    keys = table.book.facts.keys
    if not all(key in rows for key in keys):
        return
    book = table.book
    book.tie(energy, [rows[key].energy_mwh for key in keys], f"energy of {site} in MWh in")
    for row, name in zip(used, ("power_used_mw", "liquid_used_mw", "air_used_mw", "racks_used"), strict=True):
        book.tie(row, [getattr(rows[key], name) for key in keys], f"{name} of {site} in")


def _all_sites(table: Table, uses: dict[str, SiteUse], totals: Sequence[Row], first: int) -> PlaceRows:
    table.heading("All sites")
    last = table.next - 1
    use = next(iter(uses.values()), None)

    def by_label(row: Row | None) -> Formula:
        if row is None:
            return Formula("=0")
        return Formula(f"=SUMIFS(@{first}:@{last},$A{first}:$A{last},{row.label})")

    power = table.line(
        Line(
            "Peak power, all sites",
            "MW",
            periods=by_label(use.power if use else None),
            key=key_of("all sites", "power"),
        )
    )
    limit_row = at("limit of", "power_mw", next(iter(uses))) if uses else None
    limit = table.line(
        Line("Power limit, all sites", "MW", periods=by_label(limit_row), key=key_of("all sites", "limit"))
    )
    table.line(
        Line(
            "Power left, all sites", "MW", periods=Formula(f"={limit.now}-{power.now}"), key=key_of("all sites", "left")
        )
    )
    formula = Formula(f"=IF({limit.now}=0,0,{power.now}/{limit.now})")
    share = table.line(Line("Power used, share of limit", "share", periods=formula, key=key_of("all sites", "share")))
    energy = by_label(use.energy_mwh if use else None)
    table.line(Line("Energy, all sites", "MWh", total=SUM, periods=energy, key=key_of("all sites", "energy")))
    systems = table.line(
        Line(
            "Systems in service, all places",
            "systems",
            periods=by_label(totals[0] if totals else None),
            key=key_of("all sites", "systems"),
        )
    )
    return PlaceRows(uses, systems, power, limit, share, first, last)
