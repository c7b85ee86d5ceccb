"""What our sites can hold: a constraint for each resource of a site, and power that is added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from optimizer.formulation.model import Model, Row
from optimizer.request.resources import POWER, RESOURCES, Resource
from optimizer.tables import grouped

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
    for site, facts in sorted(model.tables.scenario.sites.items()):
        if facts.expansion is not None:
            lead = model.tables.wait(facts.expansion.lead_time_months)
            for t in range(lead + 1, model.tables.calendar.count + 1):
                most = float(facts.expansion.max_mw)
                most = max(most, _most_drawn(model, site)) if model.tables.loose else most
                model.expand[site, t] = model.add("expand", (site, model.period(t)), most)


def _most_drawn(model: Model, site: str) -> float:
    """MW at the meter of all that could stand at a site at once."""
    there = {row.t: row for row in model.tables.site_periods if row.site == site}
    drawn: defaultdict[int, float] = defaultdict(float)
    for row in model.tables.stock:
        if row.place == site:
            kw = POWER.factor(there[row.t]) * row.most * POWER.draw(model.tables.systems[row.system])
            drawn[row.t] += kw / POWER.parts
    return max(drawn.values(), default=0.0)


def expansion_within_site(model: Model) -> Iterator[Row]:
    """A site grows by no more than it can.

    Σ_t expand(s,t) ≤ max_mw(s)
    """
    for site, added in grouped(model.expand, lambda key: key[0]).items():
        facts = model.tables.scenario.sites[site].expansion
        assert facts is not None
        yield Row((site,), [(model.expand[key], 1.0) for key in added], "<=", float(facts.max_mw), "MW")
