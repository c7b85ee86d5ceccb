"""Section 4 as the audit reads it: systems, offers and what accelerators do, as exact records."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor
from typing import Any

from optimizer.audit.periods import MONTHS_IN_YEAR, Horizon, optional_schedule, schedule, span
from optimizer.audit.records import Finance, Offer, Point, PriceBreaks, Project, System

Source = Mapping[str, Any]
UNCITED = "unsourced"
"""What a figure counts as that nobody cites."""


def fractions(source: Source | None) -> dict[str, Fraction]:
    """Plain numbers by key."""
    return {key: Fraction(value) for key, value in (source or {}).items()}


def optional_fraction(source: Any) -> Fraction | None:
    """A number, or None where the field is absent."""
    return None if source is None else Fraction(source)


def read_system(key: str, source: Source, catalog: Source) -> System:
    """A system joined with its accelerator."""
    accelerator = catalog["accelerators"][source["accelerator"]]
    memory_gb = accelerator.get("memory_gb")
    return System(
        id=key,
        accelerator=source["accelerator"],
        vendor=accelerator["vendor"],
        kind=accelerator["kind"],
        stack=accelerator["stack"],
        accelerators=Fraction(source["accelerators"]),
        provisioned_kw=Fraction(source["provisioned_kw"]),
        average_kw=Fraction(source["average_kw"]),
        cooling=source["cooling"],
        racks=Fraction(source["racks"]),
        draws=fractions(accelerator.get("draws")),
        memory_gb=None if memory_gb is None else Fraction(source["accelerators"]) * Fraction(memory_gb),
    )


def read_point(source: Source, workload: Source) -> Point:
    """A rate, and what its workload takes in the rate's precision, or in the one that takes least."""
    takes, precision, begins = fractions(workload.get("memory_gb")), source.get("precision"), source.get("from")
    least = min(takes.values(), default=Fraction(0))
    return Point(
        rate=schedule(source["rate"]),
        precision=precision,
        begins=span(begins)[0] if begins else None,
        accelerators=Fraction(source.get("accelerators") or 1),
        basis=source.get("basis") or UNCITED,
        memory_gb=takes.get(str(precision), least),
    )


def read_points(source: Any, workload: Source) -> tuple[Point, ...]:
    """The points of a list, or one that stands alone."""
    return tuple(read_point(one, workload) for one in (source if isinstance(source, list) else [source]))


def lead_periods(months: int, horizon: Horizon) -> int:
    """l_o = ceil(lead_time_months / months per period)."""
    return ceil(Fraction(months, horizon.months))


def read_project(source: Source, horizon: Horizon) -> Project:
    """Its price, and the periods from its start until it is ready."""
    return Project(Fraction(source["usd"]), lead_periods(int(source.get("months") or 0), horizon))


def read_price_breaks(offer: Source) -> PriceBreaks | None:
    """Steps in the order of their systems; the first system costs the whole price unless a step says otherwise."""
    breaks = offer.get("price_breaks")
    if breaks is None or offer["route"] != "purchase":
        return None
    steps = {Fraction(1): Fraction(1)}
    steps |= {Fraction(step["from_systems"]): Fraction(step["factor"]) for step in breaks["steps"]}
    return PriceBreaks(breaks["kind"], tuple(sorted(steps.items())))


def service_periods(source: Source, horizon: Horizon, finance: Finance) -> int:
    """K_o = 1 for on_demand, else max(1, floor(term in months / months per period + 1/2))."""
    if source["route"] == "on_demand":
        return 1
    term = source.get("term_months")
    if term is None and source["route"] != "purchase":
        raise ValueError(f"a {source['route']} without term_months")
    months = MONTHS_IN_YEAR * finance.service_life_years if term is None else Fraction(term)
    return max(1, floor(months / horizon.months + Fraction(1, 2)))


def price_basis(key: str, source: Source, cites: Source) -> str:
    """The evidence behind an offer's price."""
    field = "price_usd" if source["route"] == "purchase" else "usd_per_accelerator_hour"
    cite = cites.get(f"{key}.{field}") or cites.get(key)
    return str(cite["basis"]) if cite else UNCITED


def bring_up_periods(source: Source, assumed: Source, horizon: Horizon) -> Fraction:
    """bring_up_months / months per period, of the offer, else of its route."""
    months = source.get("bring_up_months")
    if months is None:
        months = (assumed.get("bring_up_months") or {}).get(source["route"], 0)
    return Fraction(months) / horizon.months


def read_offer(
    key: str,
    source: Source,
    systems: Mapping[str, System],
    cites: Source,
    horizon: Horizon,
    finance: Finance,
    assumed: Source,
) -> Offer:
    """An offer joined with its system; an open end of `available` is None."""
    dates, buyers = source.get("available") or {}, source.get("buyers")
    begin, end = dates.get("from"), dates.get("until")
    return Offer(
        id=key,
        system=systems[source["system"]],
        route=source["route"],
        host=source.get("host"),
        price_usd=optional_schedule(source.get("price_usd")),
        usd_per_accelerator_hour=optional_schedule(source.get("usd_per_accelerator_hour")),
        lead=lead_periods(int(source.get("lead_time_months") or 0), horizon),
        lead_time_months=int(source.get("lead_time_months") or 0),
        service=service_periods(source, horizon, finance),
        available_from=span(begin)[0] if begin else None,
        available_until=span(end)[1] if end else None,
        buyers=None if buyers is None else tuple(buyers),
        deposit_share=Fraction(source.get("deposit_share") or 0),
        supply_systems_per_month=optional_schedule(source.get("supply_systems_per_month")),
        carbon_kg_per_accelerator_hour=optional_schedule(source.get("carbon_kg_per_accelerator_hour")),
        network_usd=Fraction(source.get("network_usd") or 0),
        software_usd_per_year=Fraction(source.get("software_usd_per_year") or 0),
        divisible=source.get("divisible") == "true",
        minimum_order=optional_fraction(source.get("minimum_order_systems")),
        price_breaks=read_price_breaks(source),
        price_basis=price_basis(key, source, cites),
        availability=Fraction(source.get("availability") or assumed["availability"]),
        bring_up=bring_up_periods(source, assumed, horizon),
    )


def read_offers(
    catalog: Source, systems: Mapping[str, System], horizon: Horizon, finance: Finance, assumed: Source
) -> dict[str, Offer]:
    """Every offer by its id, with what the scenario assumes of those that say nothing."""
    cites = catalog.get("cites") or {}
    return {
        key: read_offer(key, one, systems, cites, horizon, finance, assumed) for key, one in catalog["offers"].items()
    }


def read_throughputs(catalog: Source) -> dict[tuple[str, str], tuple[Point, ...]]:
    """What each accelerator does on each workload."""
    return {
        (accelerator, workload): read_points(source, catalog["workloads"].get(workload) or {})
        for accelerator, by_workload in catalog["throughput"].items()
        for workload, source in by_workload.items()
    }


def read_one_offs(catalog: Source, horizon: Horizon) -> dict[str, Project]:
    """The engineering of each accelerator that has any."""
    found = {key: source.get("one_off") for key, source in catalog["accelerators"].items()}
    return {key: read_project(one_off, horizon) for key, one_off in found.items() if one_off}
