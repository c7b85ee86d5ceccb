"""What our sites can hold: a constraint for each resource of a site, and power that is added."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator

from optimizer.formulation.costs import site_energy
from optimizer.formulation.model import Model, Row, Terms
from optimizer.request.resources import POWER, RESOURCES, Resource
from optimizer.request.site import Expansion
from optimizer.tables import SitePeriod, Tables, grouped

Constraint = Callable[[Model], Iterator[Row]]


def within_site(resource: Resource) -> Constraint:
    """The constraint that what stands at a site takes no more of a resource than there is."""

    def constraint(model: Model) -> Iterator[Row]:
        return _rows(model, resource)

    constraint.__name__ = constraint.__qualname__ = f"{resource.name}_within_site"
    constraint.__doc__ = f"{resource.states}\n\n{resource.equation}"
    return constraint


def _rows(model: Model, resource: Resource) -> Iterator[Row]:
    """One row for each site and period that has the limit; what is added to it by then is on the left, negative."""
    months = model.tables.calendar.months
    stock = grouped(model.tables.stock, lambda row: (row.place, row.t))
    added = grouped(model.expand if resource.grows else (), lambda key: key[0])
    for site in model.tables.site_periods:
        most = site.most(resource)
        if most is None:
            continue
        here = stock.get((site.site, site.t), ())
        uses = [(model.at(row), resource.use(site, model.tables.systems[row.system], months)) for row in here]
        terms = [term for term in uses if term[1]]
        terms += [(model.expand[key], -1.0) for key in added.get(site.site, ()) if key[1] <= site.t]
        yield Row((site.site, model.period(site.t)), terms, "<=", most, resource.unit)


WITHIN_SITE = {resource: within_site(resource) for resource in RESOURCES}


def expand(model: Model) -> None:
    """expand(s,t): MW of site power coming on line in t; none before its lead time has passed.

    No more than the site can grow, or, in a loose model, than all that could stand there draws.
    """
    for site, expansion in _growing(model):
        most = _most_added(model, site, expansion)
        for t in range(model.tables.wait(expansion.lead_time_months) + 1, model.tables.calendar.count + 1):
            model.expand[site, t] = model.add("expand", (site, model.period(t)), most)


def blocks(model: Model) -> None:
    """blocks(s,t): blocks of power coming on line in t, where a site grows by whole ones; as many as `expand` takes."""
    for site, expansion in _growing(model):
        if expansion.block_mw is not None:
            most = round(_most_added(model, site, expansion) / float(expansion.block_mw))
            for t in (t for place, t in model.expand if place == site):
                model.blocks[site, t] = model.add("blocks", (site, model.period(t)), most, integer=True)


def _growing(model: Model) -> Iterator[tuple[str, Expansion]]:
    """The sites that can grow, with their terms."""
    for site, facts in sorted(model.tables.scenario.sites.items()):
        if facts.expansion is not None:
            yield site, facts.expansion


def _most_added(model: Model, site: str, expansion: Expansion) -> float:
    """MW that a site can grow by, in whole blocks where it has any."""
    most = float(expansion.most_mw)
    if not model.tables.loose:
        return most
    drawn = _most_drawn(model, site)
    block_mw = None if expansion.block_mw is None else float(expansion.block_mw)
    return max(most, drawn if block_mw is None else math.ceil(drawn / block_mw) * block_mw)


def expand_in_blocks(model: Model) -> Iterator[Row]:
    """What comes on line are whole blocks, where the site grows by such.

    expand(s,t) = block_mw(s) · blocks(s,t)
    """
    for (site, t), variable in model.blocks.items():
        expansion = model.tables.scenario.sites[site].expansion
        assert expansion is not None
        assert expansion.block_mw is not None
        terms = [(model.expand[site, t], 1.0), (variable, -float(expansion.block_mw))]
        yield Row((site, model.period(t)), terms, "=", 0.0, "MW")


def _most_drawn(model: Model, site: str) -> float:
    """MW at the meter of all that could stand at a site at once."""
    there = {row.t: row for row in model.tables.site_periods if row.site == site}
    drawn: defaultdict[int, float] = defaultdict(float)
    for row in model.tables.stock:
        if row.place == site:
            kw = POWER.factor(there[row.t]) * row.most * POWER.draw(model.tables.systems[row.system])
            drawn[row.t] += kw / POWER.parts
    return max(drawn.values(), default=0.0)


def idle_mwh(model: Model) -> None:
    """idle_mwh(s,t): energy that is paid for and not used, no more than all that has to be paid for by then.

    Proof that more is no plan's need: it only costs, and `take_or_pay` holds with so much whatever is in service.
    """
    for row, share in _taking(model):
        expansion = model.tables.scenario.sites[row.site].expansion
        grown = expansion is not None and (row.site, row.t) in model.expand
        added_mw = _most_added(model, row.site, expansion) if grown and expansion is not None else 0.0
        most = share * (_contracted_mw(row) + added_mw) * model.tables.calendar.hours
        if most:
            keys = (row.site, model.period(row.t))
            model.idle_mwh[row.site, row.t] = model.add("idle_mwh", keys, most)


def takes_or_pays(tables: Tables) -> bool:
    """Whether any site pays for energy that it does not use."""
    return any(site.take_or_pay_share for site in tables.scenario.sites.values())


def _taking(model: Model) -> Iterator[tuple[SitePeriod, float]]:
    """The periods of the sites that take or pay, with their share."""
    for row in model.tables.site_periods:
        share = model.tables.scenario.sites[row.site].take_or_pay_share
        if share:
            yield row, float(share)


def _contracted_mw(row: SitePeriod) -> float:
    most = row.most(POWER)
    assert most is not None, "every site has power"
    return most


def take_or_pay(model: Model) -> Iterator[Row]:
    """Of the energy that all power of a site would give, a share is used or paid for.

    Σ_y pue(s,t) · A_y · H · in_service(y,s,t) / 1000 + idle_mwh(s,t)
    ≥ take_or_pay_share(s) · H · (power_mw(s,t) + Σ_{τ ≤ t} expand(s,τ))
    """
    hours = model.tables.calendar.hours
    used = grouped(site_energy(model), lambda use: (use[1], use[2]))
    added = grouped(model.expand, lambda key: key[0])
    for row, share in _taking(model):
        key = (row.site, row.t)
        if key in model.idle_mwh:
            terms: Terms = [(variable, mwh) for variable, _, _, mwh in used.get(key, ())]
            terms.append((model.idle_mwh[key], 1.0))
            terms += [(model.expand[at], -share * hours) for at in added.get(row.site, ()) if at[1] <= row.t]
            bound = share * hours * _contracted_mw(row)
            yield Row((row.site, model.period(row.t)), terms, ">=", bound, "MWh")


def expansion_within_site(model: Model) -> Iterator[Row]:
    """A site grows by no more than it can.

    Σ_t expand(s,t) ≤ max_mw(s)
    """
    for site, added in grouped(model.expand, lambda key: key[0]).items():
        facts = model.tables.scenario.sites[site].expansion
        assert facts is not None
        yield Row((site,), [(model.expand[key], 1.0) for key in added], "<=", float(facts.max_mw), "MW")
