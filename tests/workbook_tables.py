"""The plan that a case of the workbook tests describes: every table from the reference's pricing."""

from __future__ import annotations

from typing import Any

from workbook_pricing import NAMES, Case, Entry, Pricing

from catalogs.periods import first_month, last_month
from optimizer.plan.format import Plan


def _orders(pricing: Pricing) -> list[dict[str, Any]]:
    rows = []
    for entry in pricing.case.entries:
        offer, system = pricing.offer(entry), pricing.system(entry)
        accelerator = pricing.case.catalog["accelerators"][system["accelerator"]]
        bought, price = offer["route"] == "purchase", pricing.price(entry)
        lasts = min(pricing.T, entry.t + pricing.stays(entry) - 1)
        size = int(system["accelerators"])
        due = entry.systems if entry.t >= 1 else 0.0
        rent = 0.0 if bought else price * size * entry.systems * pricing.H * (lasts - max(1, entry.t) + 1)
        rows.append(
            {
                "offer": entry.offer,
                "system": offer["system"],
                "accelerator": system["accelerator"],
                "vendor": accelerator["vendor"],
                "route": offer["route"],
                "place": entry.place,
                "ordered": pricing.key(entry.t - pricing.lead(entry)),
                "enters_service": pricing.key(entry.t),
                "in_service_until": pricing.key(lasts),
                "term_until": pricing.key(entry.t + pricing.stays(entry) - 1),
                "systems": entry.systems,
                "accelerators": size * entry.systems,
                "price_usd": price if bought else None,
                "usd_per_accelerator_hour": None if bought else price,
                "capex_usd": due * ((price if bought else 0.0) + float(offer["network_usd"])),
                "rent_usd": rent,
                "rent_after_usd": pricing.rent(entry) * len(pricing.due(entry)) if pricing.due(entry) else 0.0,
                "owed_usd": pricing.owed(entry),
                "commitment": entry.commitment,
                "frame": entry.frame or None,
            }
        )
    return rows


def _frames(pricing: Pricing) -> list[dict[str, Any]]:
    """Every frame of the scenario, signed or not."""
    return [
        {
            "frame": name,
            "signed": name in pricing.signed,
            "promised_usd": pricing.promised(name),
            "spent_usd": pricing.spent(name),
            "shortfall_usd": pricing.missing(name) if name in pricing.signed else 0.0,
            "due": pricing.key(max(pricing.within(name))),
        }
        for name in sorted(pricing.case.scenario.get("frames", {}))
    ]


def _after_horizon(pricing: Pricing) -> list[dict[str, Any]]:
    """Rent due after the horizon by fiscal year."""
    due: dict[str, float] = {}
    for entry in pricing.case.entries:
        for t in pricing.due(entry):
            year = _fiscal(pricing.month(t), int(pricing.finance["fiscal_year_starts"]))
            due[year] = due.get(year, 0.0) + pricing.rent(entry)
    return [{"fiscal_year": year, "rent_usd": usd} for year, usd in sorted(due.items())]


def _in_service(pricing: Pricing) -> list[dict[str, Any]]:
    rows = []
    for t in range(1, pricing.T + 1):
        for (system, place), count in sorted(pricing.standing(t).items()):
            entry = pricing.case.catalog["systems"][system]
            vendor = pricing.case.catalog["accelerators"][entry["accelerator"]]["vendor"]
            rows.append(
                {
                    "system": system,
                    "accelerator": entry["accelerator"],
                    "vendor": vendor,
                    "place": place,
                    "period": pricing.key(t),
                    "systems": count,
                    "fleet": 0.0,
                    "accelerators": count * int(entry["accelerators"]),
                }
            )
    return rows


def _sites(pricing: Pricing) -> list[dict[str, Any]]:
    rows = []
    for site, given in pricing.case.scenario["sites"].items():
        for t in range(1, pricing.T + 1):
            peak = float(given.get("peak_pue", given["pue"]))
            limits = {
                f"{name}_limit{'' if name == 'racks' else '_mw'}": pricing.at(given[key], t) if key in given else None
                for name, key in (("power", "power_mw"), ("liquid", "liquid_mw"), ("air", "air_mw"), ("racks", "racks"))
            }
            added = sum(mw for s, at, mw in pricing.case.decided.expanded if s == site and at <= t)
            limits["power_limit_mw"] = pricing.at(given["power_mw"], t) + added
            rows.append(
                {
                    "site": site,
                    "period": pricing.key(t),
                    **limits,
                    "power_used_mw": peak * pricing.load(site, t, "provisioned_kw") / 1000,
                    "liquid_used_mw": pricing.load(site, t, "provisioned_kw", "liquid") / 1000,
                    "air_used_mw": pricing.load(site, t, "provisioned_kw", "air") / 1000,
                    "racks_used": pricing.load(site, t, "racks"),
                    "energy_mwh": pricing.energy(site, t),
                }
            )
    return rows


def _fiscal(month: int, starts: int) -> str:
    year, offset = divmod(month, 12)
    return f"fy{year + 1 if starts > 1 and offset + 1 >= starts else year}"


def _in_window(pricing: Pricing, window: str, t: int) -> bool:
    starts = int(pricing.finance["fiscal_year_starts"])
    if window == "total":
        return True
    if window.startswith("fy"):
        return _fiscal(pricing.month(t), starts) == window
    first, _, last = window.partition("..")
    return first_month(first) <= pricing.month(t) <= last_month(last or first)


def _budget(pricing: Pricing) -> list[dict[str, Any]]:
    of = {
        "capex_usd": ("hardware_usd", "network_usd", "facility_usd"),
        "opex_usd": NAMES[3:13],
    }
    return [
        {
            "budget": budget,
            "window": window,
            "limit_usd": float(limit),
            "used_usd": sum(
                pricing.costs[name][t - 1]
                for name in of[budget]
                for t in range(1, pricing.T + 1)
                if _in_window(pricing, window, t)
            ),
        }
        for budget, windows in pricing.case.scenario.get("budget", {}).items()
        for window, limit in windows.items()
    ]


def _work(pricing: Pricing) -> list[dict[str, Any]]:
    """All that is asked for and not left unmet, done by the system that stands most often at one place."""
    rows = []
    for name, demand in sorted(pricing.case.scenario["demand"].items()):
        for t in range(1, pricing.T + 1):
            standing = {key: count for key, count in pricing.standing(t).items() if count > 0}
            per_second = _asked(pricing, name, t)
            if standing and per_second:
                system, place = max(sorted(standing), key=lambda key: standing[key])
                entry = pricing.case.catalog["systems"][system]
                given = pricing.case.catalog["throughput"][entry["accelerator"]][demand["workload"]]
                rate = pricing.at(given["rate"], t) * int(entry["accelerators"])
                rows.append(
                    {
                        "demand": name,
                        "workload": demand["workload"],
                        "system": system,
                        "accelerator": entry["accelerator"],
                        "place": place,
                        "period": pricing.key(t),
                        "systems": per_second / rate,
                        "work_per_second": per_second,
                    }
                )
    return rows


def _asked(pricing: Pricing, name: str, t: int) -> float:
    """Work per second to do in a period; a run with a deadline is spread evenly up to it."""
    demand = pricing.case.scenario["demand"][name]
    if "per_second" in demand:
        unmet = pricing.case.unmet.get(name)
        return pricing.at(demand["per_second"], t) - (unmet[t - 1] if unmet else 0.0)
    (deadline, hours), *_ = demand["by_deadline_unit_hours"].items()
    until = 1 + (first_month(deadline) - pricing.start) // pricing.months
    return float(hours) / until / pricing.H if t <= until else 0.0


def _supply(pricing: Pricing) -> list[dict[str, Any]]:
    """What orders draw on supply and pools; commitments do not, hosted offers only on their own supply."""
    case = pricing.case
    limits = [("accelerator", key, rule, 1.0) for key, rule in case.scenario.get("supply_per_month", {}).items()]
    limits += [
        ("offer", key, offer["supply_systems_per_month"], 1.0)
        for key, offer in case.catalog["offers"].items()
        if "supply_systems_per_month" in offer
    ]
    for key, rule in case.scenario.get("pools_per_month", {}).items():
        market = case.catalog["pools"][key]["forecasts"][rule["forecast"]] if "forecast" in rule else rule
        limits.append(("pool", key, market, float(rule["share"]) if "forecast" in rule else 1.0))
    return [
        {
            "kind": kind,
            "id": key,
            "period": pricing.key(t),
            "used": sum(_drawn(pricing, entry, kind, key) for entry in case.entries if entry.t == t),
            "limit": pricing.at(rule, t) * share * pricing.months,
            "unit": {"accelerator": "accelerators", "offer": "systems", "pool": "units of the pool"}[kind],
        }
        for kind, key, rule, share in limits
        for t in range(1, pricing.T + 1)
    ]


def _drawn(pricing: Pricing, entry: Entry, kind: str, key: str) -> float:
    """What an order draws on an accelerator's supply, an offer's supply or a pool."""
    offer, system = pricing.offer(entry), pricing.system(entry)
    if entry.commitment:
        return 0.0
    if kind == "offer":
        return entry.systems if entry.offer == key else 0.0
    if offer["route"] not in ("purchase", "lease"):
        return 0.0
    accelerators = entry.systems * int(system["accelerators"])
    if kind == "accelerator":
        return accelerators if system["accelerator"] == key else 0.0
    return accelerators * float(
        pricing.case.catalog["accelerators"][system["accelerator"]].get("draws", {}).get(key, 0)
    )


def _limits(pricing: Pricing) -> list[dict[str, Any]]:
    """Rows of the model for sites, budgets and supply."""
    rows = []
    for site in _sites(pricing):
        for name, unit in (("power", "MW"), ("liquid", "MW"), ("air", "MW"), ("racks", "racks")):
            suffix = "_mw" if unit == "MW" else ""
            used, limit = site[f"{name}_used{suffix}"], site[f"{name}_limit{suffix}"]
            if limit is not None:
                rows.append(_limit(f"{name}_within_site({site['site']},{site['period']})", unit, used, limit))
    for budget in _budget(pricing):
        name = f"{budget['budget'].removesuffix('_usd')}_within_budget({budget['window']})"
        rows.append(_limit(name, "USD", budget["used_usd"], budget["limit_usd"]))
    names = {"accelerator": "deliveries_within_supply", "offer": "orders_within_offer", "pool": "draws_within_pool"}
    for row in _supply(pricing):
        name = f"{names[row['kind']]}({row['id']},{row['period']})"
        rows.append(_limit(name, row["unit"], row["used"], row["limit"]))
    for frame in _frames(pricing):
        used, promised = frame["spent_usd"] + frame["shortfall_usd"], frame["promised_usd"] * frame["signed"]
        row = _limit(f"spend_of_frame({frame['frame']})", "USD", used, promised)
        rows.append({**row, "at_least": True, "slack": -row["slack"]})
    for name, terms in pricing.case.scenario["sites"].items():
        if "expansion" in terms:
            added = sum(mw for site, _, mw in pricing.case.decided.expanded if site == name)
            rows.append(_limit(f"expansion_within_site({name})", "MW", added, float(terms["expansion"]["max_mw"])))
    return sorted(rows, key=lambda row: str(row["row"]))


def _limit(row: str, unit: str, used: float, limit: float) -> dict[str, Any]:
    slack = limit - used
    price = 98.7 if used and slack < 1e-9 else None
    return {
        "row": row, "unit": unit, "used": used, "limit": limit, "at_least": False, "slack": slack, "price_usd": price,
    }  # fmt: skip


def _decided(pricing: Pricing) -> dict[str, list[dict[str, Any]]]:
    """The plan's sections on decisions besides orders."""
    case, decided, key = pricing.case, pricing.case.decided, pricing.key
    fleet, sites, demands = case.scenario.get("fleet", []), case.scenario["sites"], case.scenario["demand"]
    retired = [
        {
            "system": fleet[r.fleet]["system"],
            "site": fleet[r.fleet]["site"],
            "period": key(r.t),
            "until": fleet[r.fleet].get("until"),
            "systems": r.systems,
            "resale_usd": r.systems * float(fleet[r.fleet]["resale_usd"]),
        }
        for r in decided.retired
    ]
    expanded = [
        {"site": site, "period": key(t), "mw": mw, "usd": mw * float(sites[site]["expansion"]["usd_per_mw"])}
        for site, t, mw in decided.expanded
    ]
    engineering = [
        {"accelerator": a, **_start(pricing, t, case.catalog["accelerators"][a]["one_off"])}
        for a, t in decided.engineering
    ]
    porting = [
        {"demand": demand, "stack": stack, **_start(pricing, t, demands[demand]["stacks"][stack])}
        for demand, stack, t in decided.porting
    ]
    clusters = [
        {"demand": demand, "period": key(t), "accelerator": accelerator, "place": place, "accelerators": count}
        for demand, t, accelerator, place, count in decided.clusters
    ]
    return {
        "retired": retired,
        "expanded": expanded,
        "engineering": engineering,
        "porting": porting,
        "clusters": clusters,
    }


def _start(pricing: Pricing, t: int, terms: dict[str, Any]) -> dict[str, Any]:
    return {"starts": pricing.key(t), "ready": pricing.ready(t, int(terms["months"])), "usd": float(terms["usd"])}


def plan_of(case: Case) -> Plan:
    """The plan that the case describes, with made-up run data."""
    pricing = Pricing(case)
    starts = int(pricing.finance["fiscal_year_starts"])
    periods = [
        {
            "period": pricing.key(t),
            "start": f"{pricing.month(t) // 12}-{pricing.month(t) % 12 + 1:02d}-01",
            "months": pricing.months,
            "fiscal_year": _fiscal(pricing.month(t), starts),
            "discount_mid": f"{pricing.mid(t):.30f}",
            "discount_end": f"{pricing.end(t):.30f}",
        }
        for t in range(1, pricing.T + 1)
    ]
    unmet = [
        {
            "demand": demand,
            "period": pricing.key(t),
            "per_second": value,
            "usd": value * pricing.H * pricing.at(case.scenario["demand"][demand].get("unmet_usd_per_unit_hour"), t),
        }
        for demand, values in case.unmet.items()
        for t, value in enumerate(values, start=1)
        if value
    ]
    share = {"measured": 0.6, "vendor": 0.3, "quoted": 0.0, "estimated": 0.1, "unsourced": 0.0}
    return Plan.model_validate(
        {
            "chipmix": {"format": 2, "version": "0.1.0"},
            "status": "optimal",
            "objective_usd": pricing.npv,
            "bound_usd": pricing.npv - 5e-5 * abs(pricing.npv),
            "gap": 5e-5,
            "certified": {
                "bound_usd": pricing.npv - 0.01 * abs(pricing.npv),
                "gap": 0.01,
                "duals": {},
                "approved": {},
                "placed": {},
            },
            "periods": periods,
            "orders": _orders(pricing),
            "frames": _frames(pricing),
            "after_horizon": _after_horizon(pricing),
            "in_service": _in_service(pricing),
            "work": _work(pricing),
            "unmet": unmet,
            **_decided(pricing),
            "costs": {
                name: {pricing.key(t): values[t - 1] for t in range(1, pricing.T + 1)}
                for name, values in pricing.costs.items()
            },
            "sites": _sites(pricing),
            "budget": _budget(pricing),
            "supply": _supply(pricing),
            "limits": _limits(pricing),
            "basis": {"work": share, "spend": share},
            "excluded": [{"offer": "b300.purchase", "reason": "not yet available in the horizon"}],
            "warnings": ["nothing can arrive before 2025q3"],
            "notes": [],
            "audit": {"ok": True, "checks": 123, "largest_violation": 0.0, "cost_difference_usd": 0.0, "findings": []},
            "run": {
                "version": "0.1.0",
                "scenario_sha256": "ab" * 32,
                "catalog_sha256": "cd" * 32,
                "plan_sha256": "",
                "solver": "HiGHS 1.15.1",
                "options": {"gap": 1e-4, "threads": 1, "seed": 0},
                "variables": 120,
                "integers": 40,
                "rows": 90,
                "nonzeros": 600,
            },
            "scenario": case.scenario,
            "catalog": case.catalog,
        }
    )
