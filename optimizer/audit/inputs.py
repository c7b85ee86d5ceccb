"""Section 5 as the audit reads it: the plan's scenario as exact records, with those of its catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from optimizer.audit.catalog_inputs import (
    Source,
    fractions,
    lead_periods,
    optional_fraction,
    read_offers,
    read_one_offs,
    read_project,
    read_system,
    read_throughputs,
)
from optimizer.audit.frame_inputs import read_frames
from optimizer.audit.periods import Horizon, optional_schedule, schedule, span
from optimizer.audit.records import (
    Commitment,
    Demand,
    Expansion,
    Finance,
    Fleet,
    Inputs,
    Pool,
    Project,
    Site,
    Tax,
    UserLimit,
)
from optimizer.audit.resources import FIELDS, TARIFFS

SELECTORS = (
    "vendor", "kind", "accelerator", "system", "offer", "route", "site", "host", "stack", "demand", "buyers",
)  # fmt: skip
"""What a limit selects by, in the order in which the rows of `each` are named, whatever the order in the file."""
BOUNDS = ("at_most", "at_least", "at_most_share", "at_least_share")


def read_inputs(scenario: Source, catalog: Source) -> Inputs:
    """Everything the audit needs from the two input trees of a plan."""
    horizon = read_horizon(scenario["horizon"])
    finance = read_finance(scenario["finance"])
    systems = {key: read_system(key, source, catalog) for key, source in catalog["systems"].items()}
    budget, rules = scenario.get("budget") or {}, scenario.get("offers") or {}
    allow, basis = rules.get("allow"), rules.get("basis")
    return Inputs(
        horizon=horizon,
        buyer=scenario.get("buyer"),
        values_work=scenario["objective"] == "maximize_value",
        finance=finance,
        availability=Fraction(scenario["assumptions"]["availability"]),
        one_offs=read_one_offs(catalog, horizon),
        systems=systems,
        offers=read_offers(catalog, systems, horizon, finance, scenario["assumptions"]),
        throughput=read_throughputs(catalog),
        sites={key: read_site(source, horizon) for key, source in (scenario.get("sites") or {}).items()},
        demand={key: read_demand(source, catalog, horizon) for key, source in (scenario.get("demand") or {}).items()},
        fleet=tuple(map(read_fleet, scenario.get("fleet") or ())),
        commitments=tuple(read_commitment(source, horizon) for source in scenario.get("commitments") or ()),
        capex_usd=fractions(budget.get("capex_usd")),
        opex_usd=fractions(budget.get("opex_usd")),
        supply_per_month={key: schedule(value) for key, value in (scenario.get("supply_per_month") or {}).items()},
        pools={key: read_pool(key, value, catalog) for key, value in (scenario.get("pools_per_month") or {}).items()},
        deny=tuple(rules.get("deny") or ()),
        allow=None if allow is None else tuple(allow),
        basis=None if basis is None else tuple(basis),
        limits=tuple(map(read_limit, scenario.get("limits") or ())),
        frames=read_frames(scenario.get("frames"), horizon, finance.fiscal_year_starts),
    )


def read_horizon(source: Source) -> Horizon:
    """The form of the start sets the length of a period."""
    first, last = span(source["start"])
    return Horizon(first, last - first + 1, int(source["periods"]))


def read_finance(source: Source) -> Finance:
    """The finance section; a residual table starts at a share of 1 at age 0."""
    residual = source["residual"]
    if not isinstance(residual, str):
        points = {Fraction(0): Fraction(1)} | {Fraction(age): Fraction(share) for age, share in residual.items()}
        residual = tuple(sorted(points.items()))
    return Finance(
        discount_rate=Fraction(source["discount_rate"]),
        fiscal_year_starts=int(source["fiscal_year_starts"]),
        service_life_years=Fraction(source["service_life_years"]),
        book_life_years=Fraction(source["book_life_years"]),
        residual=residual,
        maintenance_share=Fraction(source["maintenance_share"]),
        owed_after_horizon=source["owed_after_horizon"],
        tax=read_tax(source["tax"]) if source.get("tax") else None,
        carbon_usd_per_t=schedule(source["carbon_usd_per_t"]),
    )


def read_tax(source: Source) -> Tax:
    """The tax of the finance section."""
    return Tax(Fraction(source["rate"]), source["depreciation"])


def read_expansion(source: Source, horizon: Horizon) -> Expansion:
    """What may be added to a site's power."""
    return Expansion(
        usd_per_mw=Fraction(source["usd_per_mw"]),
        lead=lead_periods(int(source.get("lead_time_months") or 0), horizon),
        max_mw=Fraction(source["max_mw"]),
        life_years=Fraction(source["life_years"]),
        block_mw=optional_fraction(source.get("block_mw")),
    )


def read_site(source: Source, horizon: Horizon) -> Site:
    """A site; peak_pue defaults to pue."""
    return Site(
        stated={field: schedule(source[field]) for field in FIELDS if source.get(field) is not None},
        pue=schedule(source["pue"]),
        peak_pue=schedule(source.get("peak_pue") or source["pue"]),
        tariffs={field: schedule(source.get(field) or "0") for field in TARIFFS},
        take_or_pay=Fraction(source.get("take_or_pay_share") or 0),
        expansion=read_expansion(source["expansion"], horizon) if source.get("expansion") else None,
    )


def read_porting(source: Any, horizon: Horizon) -> Project | None:
    """The cost of a stack, plain or with months; None where it takes neither money nor time."""
    project = read_project(source if isinstance(source, Mapping) else {"usd": source}, horizon)
    return project if project.usd or project.periods else None


def read_deadline(key: str, amount: Any, horizon: Horizon) -> tuple[str, int, Fraction]:
    """A deadline with the number of periods that end by the last month of its key."""
    months = span(key)[1] + 1 - horizon.first
    return key, max(0, min(horizon.periods, months // horizon.months)), Fraction(amount)


def read_demand(source: Source, catalog: Source, horizon: Horizon) -> Demand:
    """A demand with its workload's unit."""
    stacks, sites, cluster = source.get("stacks"), source.get("sites"), source.get("cluster")
    deadlines, precisions = source.get("by_deadline_unit_hours") or {}, source.get("precisions")
    return Demand(
        workload=source["workload"],
        unit=catalog["workloads"][source["workload"]]["unit"],
        per_second=optional_schedule(source.get("per_second")),
        deadlines=tuple(sorted(read_deadline(key, amount, horizon) for key, amount in deadlines.items())),
        precisions=None if precisions is None else tuple(precisions),
        stacks=None if stacks is None else {key: read_porting(cost, horizon) for key, cost in stacks.items()},
        sites=None if sites is None else frozenset(sites),
        unmet_usd_per_unit_hour=optional_schedule(source.get("unmet_usd_per_unit_hour")),
        value_usd_per_unit_hour=optional_schedule(source.get("value_usd_per_unit_hour")),
        cluster=None if cluster is None else Fraction(cluster["accelerators"]),
    )


def read_fleet(source: Source) -> Fleet:
    """A fleet entry; it serves to the last month of `until`."""
    return Fleet(
        system=source["system"],
        site=source["site"],
        count=Fraction(source["count"]),
        until=last_month(source.get("until")),
        may_retire=source.get("may_retire") == "true",
        resale_usd=Fraction(source.get("resale_usd") or 0),
    )


def last_month(until: str | None) -> int | None:
    """The last month of a period, where there is one."""
    return span(until)[1] if until else None


def _place_among_selectors(key: str) -> int:
    return SELECTORS.index(key) if key in SELECTORS else len(SELECTORS)


def read_limit(source: Source) -> UserLimit:
    """A limit of the user; exactly one of its four bounds is given."""
    ((field, bound),) = ((field, source[field]) for field in BOUNDS if source.get(field) is not None)
    of = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in source["of"].items()}
    return UserLimit(
        name=source["name"],
        measure=source["measure"],
        of={key: of[key] for key in sorted(of, key=_place_among_selectors)},
        at_least=field.startswith("at_least"),
        share=field.endswith("share"),
        bound=Fraction(bound),
        within=source["within"],
    )


def read_commitment(source: Source, horizon: Horizon) -> Commitment:
    """A commitment, with the price or the rent that was agreed; a period after the horizon is an error."""
    price = source.get("price_usd") or source.get("usd_per_accelerator_hour")
    return Commitment(
        offer=source["offer"],
        place=source["site"],
        t=horizon.position(source["period"]),
        systems=Fraction(source["systems"]),
        own_price=None if price is None else Fraction(price),
    )


def read_pool(key: str, source: Any, catalog: Source) -> Pool:
    """Numbers of our own, or our share of a forecast for the whole market."""
    pool = catalog["pools"][key]
    if isinstance(source, dict) and "forecast" in source:
        return Pool(schedule(pool["forecasts"][source["forecast"]]), Fraction(source["share"]), pool["unit"])
    return Pool(schedule(source), Fraction(1), pool["unit"])
