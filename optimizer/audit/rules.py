"""The constraints once more: one function per constraint, with its name, that yields its comparisons.

A new constraint is one function and one line in CONSTRAINTS.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate

from optimizer.audit.checks import Allowed, Check, Keys, Limited
from optimizer.audit.costs import CAPEX, OPEX, Cost, facility_usd, idle_power_usd
from optimizer.audit.decisions import ZERO
from optimizer.audit.frames import frame_usd, orders_under_frame, spend_of_frame
from optimizer.audit.limits import limit
from optimizer.audit.order_terms import (
    buy_in_one_band,
    cluster_on_one_site,
    engineer_before_order,
    order_at_least_minimum,
    port_before_run,
)
from optimizer.audit.other_decisions import FleetKey, fleet_key
from optimizer.audit.periods import Schedule, Series, budget_windows
from optimizer.audit.resources import RESOURCES, Resource
from optimizer.audit.roll_forward import Books

Rule = Callable[[Books], Iterator[Check]]


def serve_demand(books: Books) -> Iterator[Check]:
    """Work done and unmet reach the demand: Σ a_y · r(y,w) · run + unmet ≥ per_second."""
    horizon = books.inputs.horizon
    served: defaultdict[tuple[str, int], Fraction] = defaultdict(Fraction)
    for work in books.work:
        served[work.demand, work.t] += work.per_second
    for left in books.unmet:
        served[left.demand, left.t] += left.per_second
    for key, demand in books.inputs.demand.items():
        for t in range(horizon.periods):
            asked = demand.per_second.asked(horizon.span(t)) if demand.per_second else None
            if asked is not None:
                yield Limited("serve_demand", (key, horizon.key(t)), served[key, t], asked, demand.unit, -1)


def finish_by_deadline(books: Books) -> Iterator[Check]:
    """Σ over periods up to t of H · work ≥ by_deadline_unit_hours(t); only whole periods count."""
    hours = books.inputs.horizon.hours
    for key, demand in books.inputs.demand.items():
        for period, periods, asked in demand.deadlines:
            done = sum((hours * w.per_second for w in books.work if w.demand == key and w.t < periods), ZERO)
            yield Limited("finish_by_deadline", (key, period), done, asked, f"{demand.unit}·h", -1)


def run_within_fleet(books: Books) -> Iterator[Check]:
    """No more systems work than are able to: Σ_w run ≤ al · fleet + Σ al_o · up(o, t − τ) · cohorts entered in τ."""
    horizon = books.inputs.horizon
    running: defaultdict[tuple[str, str], dict[int, Fraction]] = defaultdict(dict)
    for work in books.work:
        at_place = running[work.system.id, work.place]
        at_place[work.t] = at_place.get(work.t, ZERO) + work.systems
    for (system, place), by_period in running.items():
        available = books.at_work(system, place)
        for t, systems in by_period.items():
            yield Limited("run_within_fleet", (system, place, horizon.key(t)), systems, available[t], "systems")


def retire_within_fleet(books: Books) -> Iterator[Check]:
    """Σ_t retire ≤ count of the fleet entries that may retire, entries alike together."""
    count: defaultdict[FleetKey, Fraction] = defaultdict(Fraction)
    for entry in books.inputs.fleet:
        count[fleet_key(entry)] += entry.count if entry.may_retire else ZERO
    retired: defaultdict[FleetKey, Fraction] = defaultdict(Fraction)
    for row in books.retired:
        retired[row.key] += row.systems
    for key, systems in retired.items():
        yield Limited("retire_within_fleet", key[:2], systems, count[key], "systems", whole=True)


def site_limits(books: Books, site: str, resource: Resource) -> Series | None:
    """What a site has of a resource by period, with the power on line by then where it grows; None without a limit."""
    horizon, stated = books.inputs.horizon, books.inputs.sites[site].stated.get(resource.field)
    if stated is None:
        return None
    most = per_period(stated, books) if resource.monthly else _standing(stated, books)
    on_line = [ZERO] * horizon.periods
    for row in books.expanded if resource.grows else ():
        if row.site == site:
            on_line[row.t] += row.mw
    return [limit + added for limit, added in zip(most, accumulate(on_line), strict=True)]


def _standing(stated: Schedule, books: Books) -> Series:
    return [stated.standing(books.inputs.horizon.span(t)) for t in range(books.inputs.horizon.periods)]


def within_site(resource: Resource) -> Rule:
    """Σ of what systems in service at a site take ≤ its limit, with power on line where it grows."""

    def rule(books: Books) -> Iterator[Check]:
        key = books.inputs.horizon.key
        for site, terms in books.inputs.sites.items():
            whole = not books.divided and not (resource.grows and terms.expansion)
            for t, most in enumerate(site_limits(books, site, resource) or ()):
                used = books.site_use[site].resources[resource.row][t]
                yield Limited(resource.row, (site, key(t)), used, most, resource.unit, whole=whole)

    rule.__name__ = resource.row
    return rule


WITHIN_SITE = tuple(within_site(resource) for resource in RESOURCES)


def expansion_within_site(books: Books) -> Iterator[Check]:
    """Σ_t expand ≤ max_mw, and nothing before its lead time has passed; 0 where none can be had."""
    added = {key: ZERO for key, site in books.inputs.sites.items() if site.expansion}
    for row in books.expanded:
        added[row.site] = added.get(row.site, ZERO) + row.mw
        early = row.terms is not None and row.t < row.terms.lead
        keys = row.site, books.inputs.horizon.key(row.t)
        yield Allowed("expansion_within_site", keys, not early, "the power cannot be on line so early")
    for key, mw in added.items():
        terms = books.inputs.sites[key].expansion
        yield Limited("expansion_within_site", (key,), mw, terms.max_mw if terms else ZERO, "MW")


def expand_in_blocks(books: Books) -> Iterator[Check]:
    """expand = block_mw · a whole number, where a site grows by blocks."""
    for row in books.expanded:
        block = row.terms.block_mw if row.terms else None
        if block is not None:
            keys = row.site, books.inputs.horizon.key(row.t)
            yield Limited("expand_in_blocks", keys, row.mw, round(row.mw / block) * block, "MW", 0)


def per_period(schedule: Schedule, books: Books) -> Series:
    """The limits of the periods from a limit per month."""
    horizon = books.inputs.horizon
    return [horizon.months * schedule.supplied(horizon.span(t)) for t in range(horizon.periods)]


def supply_limits(books: Books) -> dict[tuple[str, str], tuple[Series, Series, str]]:
    """Used, limit and unit by (kind, id) of all that limits deliveries."""
    none, inputs = [ZERO] * books.inputs.horizon.periods, books.inputs
    limits: dict[tuple[str, str], tuple[Series, Series, str]] = {}
    for key, schedule in inputs.supply_per_month.items():
        limits["accelerator", key] = books.delivered.get(key, none), per_period(schedule, books), "accelerators"
    for key, offer in inputs.offers.items():
        if offer.supply_systems_per_month:
            most = per_period(offer.supply_systems_per_month, books)
            limits["offer", key] = books.entered.get(key, none), most, "systems"
    for key, pool in inputs.pools.items():
        most = [pool.share * x for x in per_period(pool.per_month, books)]
        limits["pool", key] = books.drawn.get(key, none), most, pool.unit
    return limits


def _supply(books: Books, name: str, kind: str) -> Iterator[Check]:
    for (this, key), (used, most, unit) in supply_limits(books).items():
        if this == kind:
            for t, amount in enumerate(used):
                keys = key, books.inputs.horizon.key(t)
                yield Limited(name, keys, amount, most[t], unit, whole=not books.divided)


def deliveries_within_supply(books: Books) -> Iterator[Check]:
    """Σ a_o · order over purchase and lease offers of an accelerator ≤ supply_per_month · months."""
    return _supply(books, "deliveries_within_supply", "accelerator")


def orders_within_offer(books: Books) -> Iterator[Check]:
    """Σ_s order ≤ supply_systems_per_month · months, any route."""
    return _supply(books, "orders_within_offer", "offer")


def draws_within_pool(books: Books) -> Iterator[Check]:
    """Σ draws · a_o · order over purchase and lease offers ≤ pools_per_month · months."""
    return _supply(books, "draws_within_pool", "pool")


def cash_in_windows(books: Books, lines: Sequence[Series], windows: Iterable[str]) -> dict[Keys, Fraction]:
    """The sum of cost lines over the periods that start in each window, by the keys of the window; the first is its
    own in the budget.
    """
    horizon, starts = books.inputs.horizon, books.inputs.finance.fiscal_year_starts
    each = (found for window in windows for found in budget_windows(window, horizon, starts))
    return {keys: sum((line[t] for t in inside for line in lines), ZERO) for keys, inside in each}


IN_PARTS: tuple[Cost, ...] = (facility_usd, idle_power_usd, frame_usd)
"""Costs of what is no number of whole systems."""


def _within_budget(books: Books, name: str, lines: tuple[Cost, ...], limits: Mapping[str, Fraction]) -> Iterator[Check]:
    series = {line: line(books) for line in lines} if limits else {}
    parts = cash_in_windows(books, [series[line] for line in IN_PARTS if line in series], limits)
    for keys, used in cash_in_windows(books, list(series.values()), limits).items():
        whole = not books.divided and not parts[keys]
        yield Limited(name, keys, used, limits[keys[0]], "USD", whole=whole)


def capex_within_budget(books: Books) -> Iterator[Check]:
    """Cash for hardware, network and expansion of the window ≤ budget."""
    return _within_budget(books, "capex_within_budget", CAPEX, books.inputs.capex_usd)


def opex_within_budget(books: Books) -> Iterator[Check]:
    """Energy, hosting, maintenance, rent, software, engineering, porting, carbon and shortfalls ≤ budget."""
    return _within_budget(books, "opex_within_budget", OPEX, books.inputs.opex_usd)


def honour_commitment(books: Books) -> Iterator[Check]:
    """Commitments stand among the orders as stated, no more and no fewer, and have a price."""
    stated: defaultdict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for cohort in books.cohorts:
        if cohort.committed:
            key = cohort.offer.id, cohort.place, books.inputs.horizon.key(cohort.t)
            stated[key] += cohort.systems
            yield Allowed("honour_commitment", key, cohort.price is not None, "the commitment has no price")
    for key in sorted({*stated, *books.honoured}):
        systems = books.honoured.get(key, ZERO)
        yield Limited("honour_commitment", key, systems, stated.get(key, ZERO), "systems", 0)


CONSTRAINTS: tuple[Rule, ...] = (
    serve_demand,
    finish_by_deadline,
    run_within_fleet,
    retire_within_fleet,
    *WITHIN_SITE,
    expansion_within_site,
    expand_in_blocks,
    deliveries_within_supply,
    orders_within_offer,
    draws_within_pool,
    capex_within_budget,
    opex_within_budget,
    order_at_least_minimum,
    buy_in_one_band,
    engineer_before_order,
    port_before_run,
    cluster_on_one_site,
    honour_commitment,
    orders_under_frame,
    spend_of_frame,
    limit,
)
LIMITING: tuple[Rule, ...] = (
    *WITHIN_SITE,
    expansion_within_site,
    deliveries_within_supply,
    orders_within_offer,
    draws_within_pool,
    capex_within_budget,
    opex_within_budget,
    spend_of_frame,
    limit,
)
"""The constraints that a plan lists with their use and limit."""
MAY_BE_EMPTY: tuple[Rule, ...] = (
    expansion_within_site,
    deliveries_within_supply,
    orders_within_offer,
    draws_within_pool,
    limit,
)
"""Those of them that may have a row against which nothing can ever count."""
