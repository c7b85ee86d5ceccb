"""Which work is done by what, and what is left undone."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.formulation.model import DEMAND_PARTS, Model, Row, Terms
from optimizer.tables import grouped


def run(model: Model) -> None:
    """run(y,g,w,t): systems doing the work of a demand, in a group of places where the same work may run."""
    need = {(need.demand, need.t): need.per_second for need in model.tables.needs}
    for row in model.tables.work:
        keys = (row.system, row.group, row.demand, model.period(row.t))
        model.run[row] = model.add("run", keys, need[row.demand, row.t] / row.per_system)


def unmet(model: Model) -> None:
    """unmet(w,t): work left undone, in thousandths of the demand; only where it has a price."""
    for need in model.tables.needs:
        if need.unmet_usd is not None:
            model.unmet[need.demand, need.t] = model.add("unmet", (need.demand, model.period(need.t)), DEMAND_PARTS)


def serve_demand(model: Model) -> Iterator[Row]:
    """Every demand is served in every period, or left unmet at its price.

    Σ_y a_y · r(y,w) · run(y,g,w,t) + unmet(w,t) ≥ per_second(w,t)
    """
    runs = grouped(model.run, lambda row: (row.demand, row.t))
    for need in model.tables.needs:
        part = need.per_second / DEMAND_PARTS
        terms: Terms = [(model.run[row], row.per_system / part) for row in runs.get((need.demand, need.t), ())]
        if need.unmet_usd is not None:
            terms.append((model.unmet[need.demand, need.t], 1.0))
        unit = model.tables.unit_of(need.demand)
        yield Row((need.demand, model.period(need.t)), terms, ">=", DEMAND_PARTS, unit, part)


def run_within_fleet(model: Model) -> Iterator[Row]:
    """No more systems do work than are in service and available.

    Σ_w run(y,g,w,t) ≤ al · Σ_{s in g} in_service(y,s,t)

    Stated for a group of places at once; `Tables.groups` says why no plan is lost.
    """
    group_of = {place: group for group, places in model.tables.places_of.items() for place in places}
    stock = grouped(model.tables.stock, lambda row: (row.system, group_of[row.place], row.t))
    for (system, group, t), rows in grouped(model.run, lambda row: (row.system, row.group, row.t)).items():
        terms: Terms = [(model.run[row], 1.0) for row in rows]
        terms += [(model.at(row), -model.tables.availability) for row in stock[system, group, t]]
        yield Row((system, group, model.period(t)), terms, "<=", 0.0, "systems")
