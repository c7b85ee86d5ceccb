"""Sites: systems in service at each place, and what they use of power, cooling and racks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.request.resources import KW_PER_MW, Resource
from optimizer.workbook.decisions import EXPAND, RETIRE, Decision, decisions_of
from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Values
from optimizer.workbook.sheets.decision_inputs import fleet_rows
from optimizer.workbook.sheets.input_sites import LIVE, peak_pue, pue
from optimizer.workbook.sheets.standing import Stand, stands_at
from optimizer.workbook.writing.lines import HEADER, SUM, Check, Line, Of, Section, line_of, lines_of
from optimizer.workbook.writing.references import Row, area, at, down, key_of, left_of, of_each, sum_down
from optimizer.workbook.writing.time_sheet import TimeSheet

EXCEEDED = "Limits exceeded"
PER_SYSTEM = {
    "provisioned_kw": ("Provisioned per system", "kW/system"),
    "average_kw": ("Average power per system", "kW/system"),
    "racks": ("Racks per system", "racks/system"),
}
LOADS = {
    "provisioned_kw": ("Provisioned IT load", "provisioned load"),
    "average_kw": ("Average IT load", "average load"),
}


def sites(facts: Facts) -> TimeSheet:
    """Place by place, then all sites."""
    sections = [*(_place(facts, place) for place in facts.places), _all_sites(facts)]
    return TimeSheet("Sites", "Sites: power, cooling and racks", "548235", sections, list(_checks(facts)))


def _place(facts: Facts, place: str) -> Section:
    """Systems in service, linked from Capacity, and at a site of ours what they use."""
    stands = stands_at(facts, place)
    held = ((entry.period, entry.systems) for entry in facts.plan.in_service if entry.place == place)
    lines = [
        *(line_of(stand, "In service", "systems", what="in service at", source=f"{stand.cooling} cooling",
                  periods="={in service}") for stand in stands),
        line_of(Of(place=place), "Systems in service, total", "systems", what="systems at",
                periods=sum_down(of_each("in service at", stands)), shows=facts.added_up(held),
                meaning=f"systems in service at {place} in"),
    ]  # fmt: skip
    if place not in facts.sites:
        return Section(f"Host {place}", "The provider's site.", lines)
    return Section(f"Site {place}", lines=[*lines, *_use(facts, Of(place=place), stands)])


def _use(facts: Facts, site: Of, stands: Sequence[Stand]) -> Iterator[Line]:
    """Constants per system, then IT load, energy, and each limit with what is used and left of it."""
    for field, (label, unit) in PER_SYSTEM.items():
        yield from lines_of(stands, label, unit, what=f"per system/{field}", constant=f"system/{field}")
    for field, (label, what) in LOADS.items():
        yield line_of(site, label, "kW", what=what, periods=_product(stands, field))
    yield line_of(
        site, "Energy at the meter", "MWh", what="energy", total=SUM,
        periods=f"={pue(facts, site.place)}*{{average load}}*hours_per_period/kw_per_mw",
        shows=_planned(facts, site.place, "energy_mwh"), meaning=f"energy of {site.place} in MWh in",
    )  # fmt: skip
    for expansion in expansions(facts, site.place):
        added = f"=SUM({at('decision used', expansion).so_far})"
        yield line_of(site, "Power added so far", "MW", what="power added", periods=added)
    for resource in LIVE:
        yield from _limit(facts, site, resource, _used(facts, site.place, stands, resource))
    over = [f"({{left of/{each.field}}}<0)" for each in limited(facts, site.place)]
    yield line_of(site, EXCEEDED, "count", total=SUM, periods="=0+" + "+".join(over))


def _product(stands: Sequence[Stand], field: str, cooling: str = "") -> str:
    """Σ constant × systems in service, over the stands of a cooling or over all."""
    picked = [stand for stand in stands if cooling in ("", stand.cooling)]
    factors, systems = (of_each(what, picked) for what in (f"per system/{field}", "in service at"))
    return f"=SUMPRODUCT({down(factors, '$E')},{down(systems)})" if picked else "=0"


def _used(facts: Facts, site: str, stands: Sequence[Stand], of: Resource) -> str:
    """A figure of each system times systems in service, or their load, times the site's."""
    whole = of.cooling is None and of.of_system in LOADS
    taken = at(LOADS[of.of_system][1], site).now if whole else _product(stands, of.of_system, of.cooling or "")[1:]
    factor = f"{peak_pue(facts, site)}*" if of.of_site else ""
    return f"={factor}{taken}" + ("/kw_per_mw" if of.parts == KW_PER_MW else "")


def expansions(facts: Facts, site: str) -> list[Decision]:
    """The decision to add power to a site, where it may grow."""
    return [decision for decision in decisions_of(facts, EXPAND) if decision.place == site]


def limited(facts: Facts, site: str) -> list[Resource]:
    """The resources of which a site has only so much."""
    return [each for each in LIVE if each.field in facts.scenario["sites"][site]]


def _grows(facts: Facts, of: Resource, site: str) -> bool:
    return of.grows and bool(expansions(facts, site))


def limit_of(facts: Facts, of: Resource, site: str) -> Row:
    """The line of a limit: that of Inputs where nothing may be added to it."""
    return at("limit of" if _grows(facts, of, site) else "site", of.field, site)


def _limit(facts: Facts, site: Of, of: Resource, used: str) -> Iterator[Line]:
    """What is used, and if there is a limit, the limit and what is left."""
    label, name, place = of.used_on_sheet, of.field, site.place
    yield line_of(
        site, label, of.unit, what=f"used/{name}", total="=MAX({here.across})", periods=used,
        source="in Total: the highest", shows=_planned(facts, place, of.used), meaning=f"{of.used} of {place} in",
    )  # fmt: skip
    if of in limited(facts, place):
        added = "+{power added}" if _grows(facts, of, place) else ""
        yield line_of(site, f"{label}: limit", of.unit, what=f"limit of/{name}", periods=f"={{site/{name}}}{added}",
                      shows=_planned(facts, place, of.limit), meaning=f"{of.limit} of {place} in")  # fmt: skip
        yield line_of(site, f"{label}: left", of.unit, what=f"left of/{name}",
                      periods=left_of(f"{{limit of/{name}}}", f"{{used/{name}}}"))  # fmt: skip


def _planned(facts: Facts, site: str, field: str) -> Values:
    """What the plan says of a site by period; nothing where it does not know all periods."""
    rows = {row.period: getattr(row, field) for row in facts.plan.sites if row.site == site}
    return facts.by_period(rows) if all(key in rows for key in facts.keys) else ()


def _all_sites(facts: Facts) -> Section:
    """Sums over the sites by the label of their lines."""
    end = at("all sites")
    areas = f"@{HEADER + 1}:{end},$A{HEADER + 1}:{end.label}"

    def by_label(*parts: str) -> str:
        """The sum of all lines that are called like that of the first site or place."""
        first = facts.places if parts == ("systems at",) else facts.sites
        return f"=SUMIFS({areas},{at(*parts, first[0]).label})" if first else "=0"

    power, limit = at("all sites", "power"), at("all sites", "limit")
    return Section("All sites", key=end.key, lines=[
        Line("Peak power, all sites", "MW", periods=by_label("used", "power_mw"), key=power.key),
        Line("Power limit, all sites", "MW", periods=by_label("limit of", "power_mw"), key=limit.key),
        Line("Power left, all sites", "MW", periods=f"={limit}-{power}", key=key_of("all sites", "left")),
        Line("Power used, share of limit", "share", periods=f"=IF({limit}=0,0,{power}/{limit})",
             key=key_of("all sites", "share")),
        Line("Energy, all sites", "MWh", total=SUM, periods=by_label("energy"), key=key_of("all sites", "energy")),
        Line("Systems in service, all places", "systems", periods=by_label("systems at"),
             key=key_of("all sites", "systems")),
    ])  # fmt: skip


def _checks(facts: Facts) -> Iterator[Check]:
    fleet = [row for key in facts.fleet for row in fleet_rows(facts, *key)]
    off = of_each("retired so far", decisions_of(facts, RETIRE))
    value = f"=SUM({at('all sites', 'systems').across})-SUM({at('balance', 'in service').across})"
    value += (f"-SUM({area(fleet)})" if fleet else "") + (f"+SUM({area(off)})" if off else "")
    meaning = "Systems in service at all places are the fleet still there and what was ordered."
    yield Check("Places hold all systems", value, "systems", meaning)
    if facts.sites:
        totals, labels = (at("all sites").part(f"${column}${HEADER + 1}:${column}$#n") for column in "FA")
        value = f"=SUMIFS({totals},{labels},{at('limits exceeded', facts.sites[0]).part('$A$#n')})"
        meaning = "Periods in which power, cooling or racks of a site are exceeded; see Sites."
        yield Check("Sites stay within their limits", value, "count", meaning)
