"""What is possible but looks wrong about a request, whatever its plan: warnings of `check`, and of plans they touch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from catalogs.periods import value_at
from optimizer.request.scenario import EACH, Limit
from optimizer.tables import Tables
from optimizer.tables.eligibility import denied
from optimizer.tables.rounded_terms import orderable_or_committed, rounded_terms
from optimizer.tables.selection import chosen, facts_of_offer, facts_of_place, facts_of_system, selected
from optimizer.tables.warning import Doubt


def nothing_asked(tables: Tables) -> Iterator[Doubt]:
    """A demand that asks for nothing in the horizon: nothing is planned for it. An open one asks for what fits."""
    asked = {name for name, demand in tables.scenario.demand.items() if demand.is_open}
    asked |= {need.demand for need in tables.needs} | {deadline.demand for deadline in tables.deadlines}
    for demand in sorted(set(tables.scenario.demand) - asked):
        yield Doubt(("demand", demand), f"{demand} asks for no work in the horizon")


def nothing_in_time(tables: Tables) -> Iterator[Doubt]:
    """Nothing can arrive before a lead time has passed, though the demand starts earlier."""
    for demand in sorted(tables.scenario.demand):
        asked = min((need.t for need in tables.asked_for if need.demand == demand), default=None)
        able = min((work.t for work in tables.work if work.demand == demand), default=None)
        if asked is not None and (able is None or able > asked):
            start = "at all" if able is None else f"before {tables.calendar.key(able)}"
            text = f"nothing can serve {demand} {start}, though it is asked for from {tables.calendar.key(asked)}"
            yield Doubt(("demand", demand), text)


def dead_quotes(tables: Tables) -> Iterator[Doubt]:
    """A quote of the user's own for what cannot be ordered: it changes nothing, and nobody would see that.

    What the scenario itself denies is meant so, and a quote behind an order already placed is used.
    """
    placed = {item.offer for item in tables.scenario.commitments}
    for name in sorted(set(tables.excluded) & set(tables.request.own_offers) - placed):
        if denied(tables.scenario.offers, tables.offers[name]) is None:
            yield Doubt(name, f"the own quote {name} is never used: {tables.excluded[name]}")


def uncounted_carbon(tables: Tables, sites: Set[str], offers: Set[str]) -> Iterator[Doubt]:
    """Carbon counts as 0 at a place of ours, or for hosted systems, whose intensity nobody gave, though it matters.

    It matters where carbon has a price in the horizon, and where a limit measures it.
    """
    horizon = range(tables.calendar.start, tables.calendar.first_month(tables.calendar.count + 1))
    for site in sorted(sites):
        schedule = tables.scenario.sites[site].carbon_kg_per_mwh
        months = [month for month in horizon if value_at(schedule, month) is None]
        begins = f" before {next(iter(schedule))}" if isinstance(schedule, dict) else ""
        for reason in _reasons(tables, months, None, site):
            yield Doubt(
                ("sites", site), f"{reason}, but that of {site} counts as 0: it has no carbon_kg_per_mwh{begins}"
            )
    for name in sorted(offers):
        unknown = tables.request.catalog.offers[name].carbon_kg_per_accelerator_hour is None
        for reason in _reasons(tables, horizon if unknown else (), name, str(tables.offers[name].host)):
            yield Doubt(name, f"{reason}, but that of {name} counts as 0: it has no carbon_kg_per_accelerator_hour")


def idle_frames(tables: Tables) -> Iterator[Doubt]:
    """A frame under which nothing can be ordered, or nothing of it is paid in its window: it can only cost."""
    for name, frame in tables.frames.items():
        asked = (tables.scenario.frames or {})[name]
        orders = [cohort for cohort in tables.cohorts if cohort.frame == name]
        paid = any({c.ordered, *c.served} & set(frame.within) for c in orders)
        if not orders:
            yield Doubt(("frames", name), f"frame {name}: nothing that it selects can be ordered within {asked.orders}")
        elif frame.promised_usd and not paid:
            yield Doubt(("frames", name), f"frame {name}: nothing ordered at its price is paid within {asked.within}")


def _reasons(tables: Tables, months: Sequence[int], offer: str | None, place: str) -> list[str]:
    """Why the carbon of an offer, or of anything at a site of ours, matters in some months."""
    if not months:
        return []
    priced = any(value_at(tables.scenario.finance.carbon_usd_per_t, month) for month in months)
    limits = [limit for limit in tables.scenario.limits if limit.measure == "carbon_t"]
    found = [f"limit '{limit.name}' measures carbon" for limit in limits if _is_about(tables, limit, offer, place)]
    return ["carbon has a price"] * priced + found


def _is_about(tables: Tables, limit: Limit, offer: str | None, place: str) -> bool:
    """Whether a limit selects something of an offer, or at a site of ours; a share is also of everything else."""
    if limit.at_most_share is not None or limit.at_least_share is not None:
        return True
    patterns = {key: wanted for key, wanted in chosen(limit).items() if wanted != (EACH,)}
    where = facts_of_place(place, tables.scenario.sites)
    catalog = tables.request.catalog
    if offer is not None:
        facts = tables.offers[offer]
        return selected(patterns, {**facts_of_offer(catalog, facts, tables.systems[facts.system]), **where})
    there = [standing for standing in tables.standing if standing.place == place]
    return any(selected(patterns, {**_facts(tables, standing.offer, standing.system), **where}) for standing in there)


def _facts(tables: Tables, offer: str | None, system: str) -> dict[str, tuple[str, ...]]:
    catalog, facts = tables.request.catalog, tables.systems[system]
    return facts_of_system(catalog, facts) if offer is None else facts_of_offer(catalog, tables.offers[offer], facts)


def slips(tables: Tables, offers: Set[str], systems: Set[str]) -> Iterator[Doubt]:
    """Figures of the user's own that look like slips, of some offers, some systems, and what these are made of."""
    parts = {*offers, *systems, *(tables.systems[system].accelerator for system in systems)}
    return (Doubt(one.at, one.text) for one in tables.request.doubtful if one.about in parts)


def doubts(tables: Tables) -> list[Doubt]:
    """Every doubt about a request."""
    hosted = {row.offer for row in tables.standing if row.offer is not None and tables.offers[row.offer].hosted}
    everywhere = uncounted_carbon(tables, set(tables.scenario.sites), hosted)
    rounded = rounded_terms(tables, orderable_or_committed(tables))
    frames = idle_frames(tables)
    figures = (Doubt(one.at, one.text) for one in tables.request.doubtful)
    asked = (*nothing_asked(tables), *nothing_in_time(tables), *dead_quotes(tables))
    return [*asked, *frames, *everywhere, *rounded, *figures]
