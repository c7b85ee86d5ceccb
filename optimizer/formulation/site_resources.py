"""What our sites can hold: power at the meter, cooling, racks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from optimizer.formulation.model import Model, Row
from optimizer.tables import KW_PER_MW, SitePeriod, SystemFacts, grouped


def power_within_site(model: Model) -> Iterator[Row]:
    """Provisioned power at the meter stays within the site's.

    peak_pue(s,t) · Σ_y P_y · in_service(y,s,t) / 1000 ≤ power_mw(s,t) + Σ_{τ ≤ t} expand(s,τ)

    Provisioned, not average: a site must carry the peak. Energy is paid on the average.
    """
    added = grouped(model.expand, lambda key: key[0])
    rows = _within(
        model,
        lambda row: row.power_mw,
        lambda site, facts: site.peak_pue * facts.provisioned_kw / KW_PER_MW,
        "MW",
    )
    for row, site in zip(rows, model.tables.site_periods, strict=True):
        earlier = [key for key in added.get(site.site, ()) if key[1] <= site.t]
        yield row._replace(terms=[*row.terms, *((model.expand[key], -1.0) for key in earlier)])


def expand(model: Model) -> None:
    """expand(s,t): MW of site power coming on line in t; none before its lead time has passed.

    No more than the site can grow, or, in a loose model, than all that could stand there draws.
    """
    for site, facts in sorted(model.tables.scenario.sites.items()):
        if facts.expansion is not None:
            lead = model.tables.wait(facts.expansion.lead_time_months)
            for t in range(lead + 1, model.tables.calendar.count + 1):
                most = float(facts.expansion.max_mw)
                most = max(most, _most_drawn(model, site)) if model.tables.loose else most
                model.expand[site, t] = model.add("expand", (site, model.period(t)), most)


def _most_drawn(model: Model, site: str) -> float:
    """MW at the meter of all that could stand at a site at once."""
    peak = {row.t: row.peak_pue for row in model.tables.site_periods if row.site == site}
    drawn: defaultdict[int, float] = defaultdict(float)
    for row in model.tables.stock:
        if row.place == site:
            drawn[row.t] += peak[row.t] * row.most * model.tables.systems[row.system].provisioned_kw / KW_PER_MW
    return max(drawn.values(), default=0.0)


def expansion_within_site(model: Model) -> Iterator[Row]:
    """A site grows by no more than it can.

    Σ_t expand(s,t) ≤ max_mw(s)
    """
    for site, added in grouped(model.expand, lambda key: key[0]).items():
        facts = model.tables.scenario.sites[site].expansion
        assert facts is not None
        yield Row((site,), [(model.expand[key], 1.0) for key in added], "<=", float(facts.max_mw), "MW")


def liquid_within_site(model: Model) -> Iterator[Row]:
    """IT load that is liquid-cooled stays within the site's liquid cooling.

    Σ_{liquid y} P_y · in_service(y,s,t) / 1000 ≤ liquid_mw(s,t)
    """
    return _within(model, lambda row: row.liquid_mw, _cooled("liquid"), "MW")


def air_within_site(model: Model) -> Iterator[Row]:
    """IT load that is air-cooled stays within the site's air cooling.

    Σ_{air y} P_y · in_service(y,s,t) / 1000 ≤ air_mw(s,t)
    """
    return _within(model, lambda row: row.air_mw, _cooled("air"), "MW")


def racks_within_site(model: Model) -> Iterator[Row]:
    """Systems stand in the racks there are.

    Σ_y racks_y · in_service(y,s,t) ≤ racks(s,t)
    """
    return _within(model, lambda row: row.racks, lambda _, facts: facts.racks, "racks")


def _cooled(cooling: str) -> Callable[[SitePeriod, SystemFacts], float]:
    return lambda _, facts: facts.provisioned_kw / KW_PER_MW if facts.cooling == cooling else 0.0


def _within(
    model: Model,
    limit: Callable[[SitePeriod], float | None],
    use: Callable[[SitePeriod, SystemFacts], float],
    unit: str,
) -> Iterator[Row]:
    """One row for each site and period that has the limit; `use` is per system in service."""
    stock = grouped(model.tables.stock, lambda row: (row.place, row.t))
    for site in model.tables.site_periods:
        most = limit(site)
        if most is None:
            continue
        uses = [
            (model.at(row), use(site, model.tables.systems[row.system])) for row in stock.get((site.site, site.t), ())
        ]
        yield Row((site.site, model.period(site.t)), [term for term in uses if term[1]], "<=", most, unit)
