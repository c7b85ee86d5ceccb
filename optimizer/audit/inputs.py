"""Sections 4 and 5 as the audit reads them: the plan's scenario and catalogue as exact records."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor
from typing import Any

from optimizer.audit.periods import MONTHS_IN_YEAR, Horizon, optional_schedule, schedule, span
from optimizer.audit.records import (
    Commitment,
    Demand,
    Finance,
    Fleet,
    Inputs,
    Offer,
    Pool,
    Site,
    System,
    Throughput,
)

Source = Mapping[str, Any]


def read_inputs(scenario: Source, catalog: Source) -> Inputs:
    """Everything the audit needs from the two input trees of a plan."""
    horizon = read_horizon(scenario["horizon"])
    finance = read_finance(scenario["finance"])
    systems = {key: read_system(key, source, catalog) for key, source in catalog["systems"].items()}
    budget, rules = scenario.get("budget") or {}, scenario.get("offers") or {}
    allow, basis = rules.get("allow"), rules.get("basis")
    return Inputs(
        horizon=horizon,
        buyer=scenario["buyer"],
        finance=finance,
        availability=Fraction(scenario["assumptions"]["availability"]),
        systems=systems,
        offers={
            key: read_offer(key, source, systems, catalog.get("cites") or {}, horizon, finance)
            for key, source in catalog["offers"].items()
        },
        throughput={
            (accelerator, workload): Throughput(schedule(source["rate"]), source["basis"])
            for accelerator, by_workload in catalog["throughput"].items()
            for workload, source in by_workload.items()
        },
        sites={key: read_site(source) for key, source in (scenario.get("sites") or {}).items()},
        demand={key: read_demand(source, catalog) for key, source in (scenario.get("demand") or {}).items()},
        fleet=tuple(map(read_fleet, scenario.get("fleet") or ())),
        commitments=tuple(read_commitment(source, horizon) for source in scenario.get("commitments") or ()),
        capex_usd=fractions(budget.get("capex_usd")),
        opex_usd=fractions(budget.get("opex_usd")),
        supply_per_month={key: schedule(value) for key, value in (scenario.get("supply_per_month") or {}).items()},
        pools={key: read_pool(key, value, catalog) for key, value in (scenario.get("pools_per_month") or {}).items()},
        deny=tuple(rules.get("deny") or ()),
        allow=None if allow is None else tuple(allow),
        basis=None if basis is None else tuple(basis),
    )


def fractions(source: Source | None) -> dict[str, Fraction]:
    """Plain numbers by key."""
    return {key: Fraction(value) for key, value in (source or {}).items()}


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
        carbon_usd_per_t=schedule(source["carbon_usd_per_t"]),
    )


def read_system(key: str, source: Source, catalog: Source) -> System:
    """A system joined with its accelerator."""
    accelerator = catalog["accelerators"][source["accelerator"]]
    return System(
        id=key,
        accelerator=source["accelerator"],
        vendor=accelerator["vendor"],
        stack=accelerator["stack"],
        accelerators=Fraction(source["accelerators"]),
        provisioned_kw=Fraction(source["provisioned_kw"]),
        average_kw=Fraction(source["average_kw"]),
        cooling=source["cooling"],
        racks=Fraction(source["racks"]),
        draws=fractions(accelerator.get("draws")),
    )


def lead_periods(months: int, horizon: Horizon) -> int:
    """l_o = ceil(lead_time_months / months per period)."""
    return ceil(Fraction(months, horizon.months))


def service_periods(source: Source, horizon: Horizon, finance: Finance) -> int:
    """K_o = 1 for on_demand, else max(1, floor(term in months / months per period + 1/2))."""
    if source["route"] == "on_demand":
        return 1
    term = source.get("term_months")
    if term is None and source["route"] != "purchase":
        raise ValueError(f"a {source['route']} without term_months")
    months = MONTHS_IN_YEAR * finance.service_life_years if term is None else Fraction(term)
    return max(1, floor(months / horizon.months + Fraction(1, 2)))


def price_basis(key: str, source: Source, cites: Source) -> str | None:
    """The evidence behind an offer's price; None where nobody cites any."""
    field = "price_usd" if source["route"] == "purchase" else "usd_per_accelerator_hour"
    cite = cites.get(f"{key}.{field}") or cites.get(key)
    return str(cite["basis"]) if cite else None


def read_offer(
    key: str, source: Source, systems: Mapping[str, System], cites: Source, horizon: Horizon, finance: Finance
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
        price_basis=price_basis(key, source, cites),
    )


def read_site(source: Source) -> Site:
    """A site; peak_pue defaults to pue."""
    return Site(
        power_mw=schedule(source["power_mw"]),
        pue=Fraction(source["pue"]),
        peak_pue=Fraction(source.get("peak_pue") or source["pue"]),
        liquid_mw=optional_schedule(source.get("liquid_mw")),
        air_mw=optional_schedule(source.get("air_mw")),
        racks=optional_schedule(source.get("racks")),
        electricity_usd_per_mwh=schedule(source["electricity_usd_per_mwh"]),
        hosting_usd_per_kw_month=schedule(source.get("hosting_usd_per_kw_month") or "0"),
        carbon_kg_per_mwh=schedule(source.get("carbon_kg_per_mwh") or "0"),
    )


def read_demand(source: Source, catalog: Source) -> Demand:
    """A demand with its workload's unit."""
    stacks, sites = source.get("stacks"), source.get("sites")
    return Demand(
        workload=source["workload"],
        unit=catalog["workloads"][source["workload"]]["unit"],
        per_second=schedule(source["per_second"]),
        stacks=None if stacks is None else frozenset(stacks),
        sites=None if sites is None else frozenset(sites),
        unmet_usd_per_unit_hour=optional_schedule(source.get("unmet_usd_per_unit_hour")),
    )


def read_fleet(source: Source) -> Fleet:
    """A fleet entry; it serves to the last month of `until`."""
    until = source.get("until")
    return Fleet(source["system"], source["site"], Fraction(source["count"]), span(until)[1] if until else None)


def read_commitment(source: Source, horizon: Horizon) -> Commitment:
    """A commitment; a period outside the horizon is an error."""
    price = source.get("price_usd")
    return Commitment(
        offer=source["offer"],
        place=source["site"],
        t=horizon.positions()[source["period"]],
        systems=Fraction(source["systems"]),
        price_usd=None if price is None else Fraction(price),
    )


def read_pool(key: str, source: Any, catalog: Source) -> Pool:
    """Numbers of our own, or our share of a forecast for the whole market."""
    pool = catalog["pools"][key]
    if isinstance(source, dict) and "forecast" in source:
        return Pool(schedule(pool["forecasts"][source["forecast"]]), Fraction(source["share"]), pool["unit"])
    return Pool(schedule(source), Fraction(1), pool["unit"])
