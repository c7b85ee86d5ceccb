"""Which work is done by what and where, what is left undone, and what it takes before it can run."""

from __future__ import annotations

import math
from collections.abc import Iterator

from optimizer.formulation.model import DEMAND_PARTS, Model, Row, Terms
from optimizer.request.scenario import Porting
from optimizer.tables import Need, Stock, Work, grouped


def run(model: Model) -> None:
    """run(y,g,w,t): systems doing the work of a demand, in a group of places where the same work may run."""
    for row in model.tables.work:
        keys = (row.system, row.group, row.demand, model.period(row.t))
        model.run[row] = model.add("run", keys, row.most)


def unmet(model: Model) -> None:
    """unmet(w,t): work left undone, in thousandths of the demand; only where that is allowed."""
    for need in model.tables.needs:
        if need.may_be_unmet and not need.is_open:
            model.unmet[need.demand, need.t] = model.add("unmet", (need.demand, model.period(need.t)), DEMAND_PARTS)


def served(model: Model) -> None:
    """served(w,t): work done that has a value, in thousandths of the demand; of an open one, of what can be done."""
    for need in model.tables.needs:
        if need.value_usd is not None:
            model.served[need.demand, need.t] = model.add("served", (need.demand, model.period(need.t)), DEMAND_PARTS)


def port(model: Model) -> None:
    """port(w,stack,t): 1 if bringing a demand's software to a stack starts in period t."""
    for demand, stack, _ in _to_port(model):
        for t in model.tables.calendar.periods:
            keys = (demand, stack, model.period(t))
            model.port[demand, stack, t] = model.add("port", keys, 1, integer=True)


def host_cluster(model: Model) -> None:
    """host_cluster(a,s,w,t): 1 if the cluster of a demand runs on accelerator a at place s in period t."""
    for accelerator, place, demand, t in grouped(_cluster_work(model), lambda row: _where(model, row)):
        keys = (accelerator, place, demand, model.period(t))
        model.host_cluster[accelerator, place, demand, t] = model.add("host_cluster", keys, 1, integer=True)


def _where(model: Model, row: Work) -> tuple[str, str, str, int]:
    return model.tables.systems[row.system].accelerator, row.group, row.demand, row.t


def _cluster_work(model: Model) -> list[Work]:
    demands = model.tables.scenario.demand
    return [row for row in model.run if demands[row.demand].cluster is not None]


def _to_port(model: Model) -> list[tuple[str, str, Porting]]:
    """(demand, stack, cost) of every port that some work waits for."""
    stacks = {(row.demand, model.tables.systems[row.system].stack) for row in model.run}
    costs = {name: demand.stacks or {} for name, demand in model.tables.scenario.demand.items()}
    found = ((demand, stack, costs[demand].get(stack)) for demand, stack in sorted(stacks))
    return [(demand, stack, cost) for demand, stack, cost in found if isinstance(cost, Porting)]


def serve_demand(model: Model) -> Iterator[Row]:
    """Every demand is served in every period, or left unmet where that is allowed.

    Σ_y a_y · r(y,w) · run(y,g,w,t) + unmet(w,t) ≥ per_second(w,t)

    Where a cluster is asked for, r is at the most what makes the whole demand of its accelerators(w). Proof that no
    plan is lost or won: where any run, so many do (`fill_cluster`), and then both r serve all of it. Without this a
    fraction of a cluster of fast accelerators would serve more than that fraction in the relaxation.
    """
    runs = grouped(model.run, lambda row: (row.demand, row.t))
    for need in (need for need in model.tables.needs if not need.is_open):
        part = need.per_second / DEMAND_PARTS
        able = runs.get((need.demand, need.t), ())
        terms: Terms = [(model.run[row], _useful(model, need, row) / part) for row in able]
        if need.may_be_unmet:
            terms.append((model.unmet[need.demand, need.t], 1.0))
        unit = model.tables.unit_of(need.demand)
        yield Row((need.demand, model.period(need.t)), terms, ">=", DEMAND_PARTS, unit, part)


def _useful(model: Model, need: Need, row: Work) -> float:
    """The work of one system that counts: of a cluster no more than its part of the demand."""
    cluster, system = model.tables.scenario.demand[need.demand].cluster, model.tables.systems[row.system]
    if cluster is None or not cluster.accelerators:
        return row.per_system
    return min(row.per_system, need.per_second * system.accelerators / cluster.accelerators)


def count_served(model: Model) -> Iterator[Row]:
    """Work that has a value is the demand less what is left unmet; of an open demand all that is done.

    served(w,t) + unmet(w,t) = per_second(w,t), or served(w,t) = Σ_y a_y · r(y,w) · run(y,g,w,t)
    """
    runs = grouped(model.run, lambda row: (row.demand, row.t))
    for need in (need for need in model.tables.needs if need.value_usd is not None):
        key = (need.demand, need.t)
        part, unit = need.per_second / DEMAND_PARTS, model.tables.unit_of(need.demand)
        terms: Terms = [(model.served[key], 1.0)]
        if need.is_open:
            terms += [(model.run[row], -row.per_system / part) for row in runs[key]]
        else:
            terms.append((model.unmet[key], 1.0))
        most = 0.0 if need.is_open else DEMAND_PARTS
        yield Row((need.demand, model.period(need.t)), terms, "=", most, unit, part)


def finish_by_deadline(model: Model) -> Iterator[Row]:
    """A run has done its work by the end of each deadline's period, whenever it runs.

    Σ_{τ ≤ t} H · Σ_y a_y · r(y,w) · run(y,g,w,τ) ≥ by_deadline_unit_hours(w,t)
    """
    runs = grouped(model.run, lambda row: row.demand)
    hours = model.tables.calendar.hours
    for deadline in model.tables.deadlines:
        part = deadline.total / DEMAND_PARTS
        before = [row for row in runs.get(deadline.demand, ()) if row.t <= deadline.t]
        terms: Terms = [(model.run[row], hours * row.per_system / part) for row in before]
        unit = f"{model.tables.unit_of(deadline.demand)} × h"
        yield Row((deadline.demand, model.period(deadline.t)), terms, ">=", deadline.unit_hours / part, unit, part)


def run_within_fleet(model: Model) -> Iterator[Row]:
    """No more systems do work than are in service and available.

    Σ_w run(y,g,w,t) ≤ al · Σ_{s in g} in_service(y,s,t) + Σ_{o,s,τ} (al_o · up(o,t−τ) − al) · order(o,s,τ)

    The sum is over orders and commitments in service of which another share than al works: those of an offer with an
    availability of its own, and those that are being brought up.

    Stated for a group of places at once; `groups` in the tables says why no plan is lost. Work that is
    assigned to places one by one counts in its group and also has a row for its own place: together these
    are enough, because what is left over in the group may stand anywhere in it.

    Where a fraction of one system does all the work, no share is more than that fraction; so it is in a row of its own
    for a demand that is small beside others (`_small`). Proof that no plan is lost: run is never more than its
    bound, and where a whole system with a larger share is in service, the right side is no less; where none is, it is
    what it was. Without it a solver could not tell a ten-millionth of a system from none.
    """
    group_of = {place: group for group, places in model.tables.groups.items() for place in places}
    main = grouped(model.run, lambda row: (row.system, group_of.get(row.group, row.group), row.t))
    alone = grouped(
        (row for row in model.run if group_of.get(row.group, row.group) != row.group),
        lambda row: (row.system, row.group, row.t),
    )
    stock = {(row.system, row.place, row.t): row for row in model.tables.stock}
    for (system, group, t), rows in [*main.items(), *alone.items()]:
        present = [stock[system, place, t] for place in model.tables.places_of(group) if (system, place, t) in stock]
        keys = (system, group, model.period(t))
        most = math.inf if _divided(model, system) else math.fsum(row.most for row in rows)
        yield _working(model, keys, rows, present, most)
        here = [row for row in rows if row.group == group]  # what is assigned to one of the places has its row there
        for row in _small(model, here) if len(rows) > 1 else ():
            yield _working(model, (system, group, row.demand, model.period(t)), [row], present, row.most)


SMALL = 0.01
"""A demand of which a system does more in a hundredth of its time is stated apart from others."""


def _working(model: Model, keys: tuple[str, ...], rows: list[Work], present: list[Stock], most: float) -> Row:
    """Σ run ≤ Σ min(share that works, most) · systems in service."""
    each = min(model.tables.availability, most)
    terms: Terms = [(model.run[row], 1.0) for row in rows]
    terms += [(model.at(row), -each) for row in present]
    unlike = (other for row in present for other in model.tables.unlike.get((row.system, row.place, row.t), ()))
    terms += [(model.cohort[cohort], each - min(share, most)) for cohort, share in unlike if min(share, most) != each]
    return Row(keys, terms, "<=", 0.0, "systems")


def _small(model: Model, rows: list[Work]) -> list[Work]:
    """Work of which a fraction of one system does all there is, where systems are whole."""
    small = SMALL * model.tables.availability
    return [row for row in rows if row.most < small and not _divided(model, row.system)]


def _divided(model: Model, system: str) -> bool:
    """Whether parts of a system may be in service."""
    return model.tables.parts or any(
        offer.divisible for offer in model.tables.offers.values() if offer.system == system
    )


def port_before_run(model: Model) -> Iterator[Row]:
    """No work runs on a stack before its porting, that started `months` earlier, is done, nor without it.

    Σ_{y on stack} a_y · r(y,w) · run(y,g,w,t) ≤ most work of w in t · Σ_{τ ≤ t − months} port(w,stack,τ)
    """
    runs = grouped(model.run, lambda row: (row.demand, model.tables.systems[row.system].stack, row.t))
    for demand, stack, cost in _to_port(model):
        wait = model.tables.wait(cost.months)
        for t in model.tables.calendar.periods:
            rows = runs.get((demand, stack, t), ())
            if rows:
                part = most_work(model, rows) / DEMAND_PARTS
                terms: Terms = [(model.run[row], row.per_system / part) for row in rows]
                terms += [(model.port[demand, stack, tau], -DEMAND_PARTS) for tau in range(1, t - wait + 1)]
                yield Row((demand, stack, model.period(t)), terms, "<=", 0.0, model.tables.unit_of(demand), part)


def most_work(model: Model, rows: list[Work]) -> float:
    """The most work of a demand in a period that is worth doing on some systems together.

    Proof: where no limit wants more work than is asked for, all of it can be scaled down to the most that any of these
    systems is of use for alone (`most_running`); where one does, to what each of them may do.
    """
    each = [row.most * row.per_system for row in rows]
    return math.fsum(each) if (rows[0].demand, rows[0].t) in model.tables.wanted_work else max(each)


def cluster_on_one_site(model: Model) -> Iterator[Row]:
    """In each period at most one accelerator at one place does a cluster's work.

    Σ_{a,s} host_cluster(a,s,w,t) ≤ 1
    """
    for (demand, t), hosts in grouped(model.host_cluster, lambda key: (key[2], key[3])).items():
        yield Row((demand, model.period(t)), [(model.host_cluster[key], 1.0) for key in hosts], "<=", 1.0, "clusters")


def run_in_cluster(model: Model) -> Iterator[Row]:
    """A cluster's work runs only where it is hosted.

    Σ_{y of a} a_y · r(y,w) · run(y,s,w,t) ≤ most work of w in t · host_cluster(a,s,w,t)

    The most is what the demand can use, or what all that may ever stand there can do, if that is less.
    """
    for key, rows in grouped(_cluster_work(model), lambda row: _where(model, row)).items():
        able = math.fsum(model.tables.able(row.system, (row.group,), row.t) * row.per_system for row in rows)
        part = min(most_work(model, rows), able) / DEMAND_PARTS
        terms: Terms = [(model.run[row], row.per_system / part) for row in rows]
        terms.append((model.host_cluster[key], -DEMAND_PARTS))
        unit = model.tables.unit_of(key[2])
        yield Row((*key[:3], model.period(key[3])), terms, "<=", 0.0, unit, part)


def fill_cluster(model: Model) -> Iterator[Row]:
    """Where a cluster runs, it has its accelerators.

    Σ_{y of a} a_y · run(y,s,w,t) ≥ accelerators(w) · host_cluster(a,s,w,t)
    """
    for key, rows in grouped(_cluster_work(model), lambda row: _where(model, row)).items():
        cluster = model.tables.scenario.demand[key[2]].cluster
        if cluster is not None and cluster.accelerators:
            each = [
                (model.run[row], model.tables.systems[row.system].accelerators / cluster.accelerators) for row in rows
            ]
            terms: Terms = [*each, (model.host_cluster[key], -1.0)]
            yield Row((*key[:3], model.period(key[3])), terms, ">=", 0.0, "accelerators", cluster.accelerators)


def cluster_within_fleet(model: Model) -> Iterator[Row]:
    """What stands at a place anyway works for a cluster only so far as it is hosted there: said for the relaxation.

    Σ_{y of a} a_y · run(y,s,w,t) ≤ al · (F · host_cluster(a,s,w,t) + Σ_{y of a} a_y · (in_service + gone) − F)

    F are the accelerators of the fleet and of commitments there, `gone` what has been retired of them: the last part is
    what orders have brought. Where another share than al of a cohort works, it is added as in `run_within_fleet`, of a
    commitment times host_cluster. Proof that no plan is lost: with a host this is weaker than `run_within_fleet`,
    without one no work runs and orders are not negative. With `fill_cluster`, a fraction of a host thus has to
    order that fraction of what is missing, and cannot live on what stands there.
    """
    tables, al = model.tables, model.tables.availability
    chips = {name: float(facts.accelerators) for name, facts in tables.systems.items()}
    stock = grouped(tables.stock, lambda row: (tables.systems[row.system].accelerator, row.place, row.t))
    gone = grouped(model.retire, lambda key: (tables.systems[key[0].system].accelerator, key[0].site))
    for key, rows in grouped(_cluster_work(model), lambda row: _where(model, row)).items():
        accelerator, place, _, t = key
        anyway = math.fsum(chips[row.system] * row.anyway for row in stock[accelerator, place, t])
        if anyway:
            left = [at for at in gone.get((accelerator, place), ()) if at[1] <= t <= at[0].last]
            terms: Terms = [(model.run[row], chips[row.system]) for row in rows]
            terms += [(model.at(row), -al * chips[row.system]) for row in stock[accelerator, place, t]]
            terms += [(model.retire[at], -al * chips[at[0].system]) for at in left]
            hosted = al * anyway
            for row in stock[accelerator, place, t]:
                for cohort, share in tables.unlike.get((row.system, place, t), ()):
                    more = (share - al) * chips[row.system]
                    hosted += more * cohort.systems if cohort.committed else 0.0
                    terms += [] if cohort.committed else [(model.cohort[cohort], -more)]
            terms.append((model.host_cluster[key], -hosted))
            scaled = [(variable, amount / anyway) for variable, amount in terms]
            yield Row((*key[:3], model.period(t)), scaled, "<=", -al, "accelerators", anyway)
