"""Plans made by hand for the workbook tests, priced by plain loops from section 6.4 of the design.

Nothing here imports the optimiser's model or the workbook: `priced` is the independent reference that
both the caches and an edited workbook are compared with.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from decimal import Decimal, getcontext
from itertools import pairwise
from typing import Any

from catalogs.periods import first_month, last_month, written
from optimizer.plan_format import Plan

HOURS = 8760.0
NAMES = (
    "hardware_usd",
    "network_usd",
    "energy_usd",
    "hosting_usd",
    "maintenance_usd",
    "software_usd",
    "rent_usd",
    "unmet_usd",
    "carbon_usd",
    "residual_usd",
)
TABLE = {"1": "0.62", "2": "0.42", "3": "0.30", "4": "0.18", "5": "0.12"}


@dataclass(frozen=True)
class Entry:
    """Systems of an offer entering service at a place in period t (from 1); a price makes it a commitment's."""

    offer: str
    place: str
    t: int
    systems: float
    commitment: bool = False
    price: str | None = None


@dataclass(frozen=True)
class Case:
    """All that determines the costs: inputs as a plan holds them, entries, unmet work per second by demand."""

    scenario: dict[str, Any]
    catalog: dict[str, Any]
    entries: tuple[Entry, ...]
    unmet: dict[str, tuple[float, ...]]

    def edited(self, changes: dict[str, Any]) -> Case:
        """A copy with values at slash-separated paths replaced, e.g. scenario/finance/discount_rate."""
        parts = {"scenario": copy.deepcopy(self.scenario), "catalog": copy.deepcopy(self.catalog)}
        for path, value in changes.items():
            *folders, last = path.split("/")
            place: Any = parts
            for folder in folders:
                place = place[folder]
            place[last] = value
        return Case(parts["scenario"], parts["catalog"], self.entries, self.unmet)


class Pricing:
    """The costs of a case, in USD by name and period (counted from 1)."""

    def __init__(self, case: Case) -> None:
        self.case, self.finance = case, case.scenario["finance"]
        horizon = case.scenario["horizon"]
        self.months = {4: 12, 6: 3, 7: 1}[len(horizon["start"])]
        self.T, self.n = int(horizon["periods"]), 12 // self.months
        self.start = first_month(horizon["start"])
        self.H = HOURS / self.n
        self.costs = {name: [0.0] * self.T for name in NAMES}
        for entry in case.entries:
            self._entry(entry)
        self._sites()
        self._unmet()

    def month(self, t: int) -> int:
        return self.start + (t - 1) * self.months

    def key(self, t: int) -> str:
        return written(self.month(t), self.months)

    def at(self, schedule: Any, t: int) -> float:
        """A schedule in period t, which may lie before the horizon; zero before its first key."""
        if not isinstance(schedule, dict):
            return float(schedule or 0)
        begun = [key for key in sorted(schedule, key=first_month) if first_month(key) <= self.month(t)]
        return float(schedule[begun[-1]]) if begun else 0.0

    def offer(self, entry: Entry) -> dict[str, Any]:
        found: dict[str, Any] = self.case.catalog["offers"][entry.offer]
        return found

    def system(self, entry: Entry) -> dict[str, Any]:
        found: dict[str, Any] = self.case.catalog["systems"][self.offer(entry)["system"]]
        return found

    def lead(self, entry: Entry) -> int:
        return math.ceil(int(self.offer(entry)["lead_time_months"]) / self.months)

    def stays(self, entry: Entry) -> int:
        """Periods in service."""
        offer = self.offer(entry)
        if offer["route"] == "on_demand":
            return 1
        months = float(offer.get("term_months") or float(self.finance["service_life_years"]) * 12)
        return max(1, math.floor(months / self.months + 0.5))

    def price(self, entry: Entry) -> float:
        """USD per system (purchase) or per accelerator-hour, at the period of order."""
        if entry.price is not None:
            return float(entry.price)
        offer = self.offer(entry)
        name = "price_usd" if offer["route"] == "purchase" else "usd_per_accelerator_hour"
        return self.at(offer[name], entry.t - self.lead(entry))

    def _add(self, name: str, t: int, usd: float) -> None:
        if 1 <= t <= self.T:
            self.costs[name][t - 1] += usd

    def _entry(self, entry: Entry) -> None:
        offer, lasts = self.offer(entry), min(self.T, entry.t + self.stays(entry) - 1)
        self._add("network_usd", entry.t, entry.systems * float(offer["network_usd"]))
        if offer["route"] == "purchase":
            self._purchase(entry, lasts)
        for t in range(entry.t, lasts + 1):
            self._add("software_usd", t, float(offer["software_usd_per_year"]) / self.n * entry.systems)
            if offer["route"] != "purchase":
                accelerators = int(self.system(entry)["accelerators"]) * entry.systems
                self._add("rent_usd", t, self.price(entry) * accelerators * self.H)
            if offer["route"] in ("on_demand", "reservation"):
                accelerators = int(self.system(entry)["accelerators"]) * entry.systems
                kg = accelerators * self.H * float(offer.get("carbon_kg_per_accelerator_hour", 0))
                self._add("carbon_usd", t, self.at(self.finance["carbon_usd_per_t"], t) * kg / 1000)

    def _purchase(self, entry: Entry, lasts: int) -> None:
        offer, paid = self.offer(entry), self.price(entry) * entry.systems
        share = float(offer["deposit_share"])
        self._add("hardware_usd", entry.t - self.lead(entry), share * paid)
        self._add("hardware_usd", entry.t, (1 - share) * paid)
        for t in range(entry.t, lasts + 1):
            self._add("maintenance_usd", t, float(self.finance["maintenance_share"]) / self.n * paid)
        left = self.residual((lasts - entry.t + 1) / self.n)
        self._add("residual_usd", lasts, -(paid + entry.systems * float(offer["network_usd"])) * left)

    def residual(self, age: float) -> float:
        """Share of price and network left at an age in years."""
        rule = self.finance["residual"]
        if rule == "none":
            return 0.0
        if rule == "book":
            return max(0.0, 1 - age / float(self.finance["book_life_years"]))
        points = [(0.0, 1.0), *sorted((float(k), float(v)) for k, v in rule.items())]
        for (a, left), (b, right) in pairwise(points):
            if age <= b:
                return left + (right - left) * (age - a) / (b - a)
        return points[-1][1]

    def standing(self, t: int) -> dict[tuple[str, str], float]:
        """Systems in service in period t by (system, place), fleet included."""
        found: dict[tuple[str, str], float] = {}
        for fleet in self.case.scenario.get("fleet", ()):
            if "until" not in fleet or self.month(t) <= last_month(fleet["until"]):
                key = (fleet["system"], fleet["site"])
                found[key] = found.get(key, 0.0) + float(fleet["count"])
        for entry in self.case.entries:
            if entry.t <= t < entry.t + self.stays(entry):
                key = (self.offer(entry)["system"], entry.place)
                found[key] = found.get(key, 0.0) + entry.systems
        return found

    def load(self, site: str, t: int, name: str, cooling: str = "") -> float:
        """Sum over systems at a site of a property, e.g. average_kw."""
        systems = self.case.catalog["systems"]
        return sum(
            float(systems[system][name]) * count
            for (system, place), count in self.standing(t).items()
            if place == site and cooling in ("", systems[system]["cooling"])
        )

    def energy(self, site: str, t: int) -> float:
        """MWh at the meter."""
        return float(self.case.scenario["sites"][site]["pue"]) * self.load(site, t, "average_kw") * self.H / 1000

    def _sites(self) -> None:
        for site, given in self.case.scenario["sites"].items():
            for t in range(1, self.T + 1):
                mwh = self.energy(site, t)
                self._add("energy_usd", t, mwh * self.at(given["electricity_usd_per_mwh"], t))
                rate = self.at(given["hosting_usd_per_kw_month"], t)
                self._add("hosting_usd", t, rate * self.load(site, t, "provisioned_kw") * self.months)
                tonnes = mwh * self.at(given["carbon_kg_per_mwh"], t) / 1000
                self._add("carbon_usd", t, tonnes * self.at(self.finance["carbon_usd_per_t"], t))

    def _unmet(self) -> None:
        for demand, values in self.case.unmet.items():
            for t, value in enumerate(values, start=1):
                price = self.at(self.case.scenario["demand"][demand]["unmet_usd_per_unit_hour"], t)
                self._add("unmet_usd", t, value * self.H * price)

    def factor(self, years: Decimal) -> Decimal:
        getcontext().prec = 34
        rate = Decimal(str(self.finance["discount_rate"]))
        return Decimal(1) / ((1 + rate) ** years)

    def mid(self, t: int) -> Decimal:
        return self.factor((Decimal(t) - Decimal("0.5")) / self.n)

    def end(self, t: int) -> Decimal:
        return self.factor(Decimal(t) / self.n)

    @property
    def npv(self) -> float:
        """Discounted cost in USD."""
        return math.fsum(
            float(self.end(t) if name == "residual_usd" else self.mid(t)) * values[t - 1]
            for name, values in self.costs.items()
            for t in range(1, self.T + 1)
        )


def _orders(pricing: Pricing) -> list[dict[str, Any]]:
    rows = []
    for entry in pricing.case.entries:
        offer, system = pricing.offer(entry), pricing.system(entry)
        accelerator = pricing.case.catalog["accelerators"][system["accelerator"]]
        bought, price = offer["route"] == "purchase", pricing.price(entry)
        lasts = min(pricing.T, entry.t + pricing.stays(entry) - 1)
        size = int(system["accelerators"])
        rent = 0.0 if bought else price * size * entry.systems * pricing.H * (lasts - entry.t + 1)
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
                "systems": entry.systems,
                "accelerators": size * entry.systems,
                "price_usd": price if bought else None,
                "usd_per_accelerator_hour": None if bought else price,
                "capex_usd": entry.systems * (price + float(offer["network_usd"])) if bought else 0.0,
                "rent_usd": rent,
                "commitment": entry.commitment,
            }
        )
    return rows


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
        "capex_usd": ("hardware_usd", "network_usd"),
        "opex_usd": ("energy_usd", "hosting_usd", "maintenance_usd", "rent_usd", "software_usd", "carbon_usd"),
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
            "usd": value * pricing.H * pricing.at(case.scenario["demand"][demand]["unmet_usd_per_unit_hour"], t),
        }
        for demand, values in case.unmet.items()
        for t, value in enumerate(values, start=1)
        if value
    ]
    share = {"measured": 0.6, "vendor": 0.3, "estimated": 0.1}
    return Plan.model_validate(
        {
            "chipmix": {"format": 1, "version": "0.1.0"},
            "status": "optimal",
            "objective_usd": pricing.npv,
            "bound_usd": pricing.npv * 0.99995,
            "gap": 5e-5,
            "certified": {"bound_usd": pricing.npv * 0.99, "gap": 0.01},
            "periods": periods,
            "orders": _orders(pricing),
            "in_service": _in_service(pricing),
            "work": [],
            "unmet": unmet,
            "costs": {
                name: {pricing.key(t): values[t - 1] for t in range(1, pricing.T + 1)}
                for name, values in pricing.costs.items()
            },
            "sites": _sites(pricing),
            "budget": _budget(pricing),
            "supply": [],
            "limits": [
                {
                    "row": f"serve_demand(training,{periods[-1]['period']})",
                    "unit": "TFLOP/s",
                    "used": 6e4,
                    "limit": 6e4,
                    "slack": 0.0,
                    "price_usd": 98.7,
                },
                {
                    "row": f"power_within_site(north,{periods[0]['period']})",
                    "unit": "MW",
                    "used": 0.2,
                    "limit": 5.0,
                    "slack": 4.8,
                    "price_usd": None,
                },
            ],
            "basis": {"work": share, "spend": share},
            "excluded": [{"offer": "b300.purchase", "reason": "not yet available in the horizon"}],
            "warnings": ["nothing can arrive before 2025q3"],
            "audit": {"ok": True, "checks": 123, "largest_violation": 0.0, "cost_difference_usd": 0.0, "findings": []},
            "run": {
                "version": "0.1.0",
                "scenario_sha256": "ab" * 32,
                "catalog_sha256": "cd" * 32,
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


def _offer(system: str, route: str, **more: Any) -> dict[str, Any]:
    return {
        "system": system,
        "route": route,
        "lead_time_months": 0,
        "available": {},
        "deposit_share": "0",
        "network_usd": "0",
        "software_usd_per_year": "0",
        "divisible": "false",
        "free": "false",
        **more,
    }


def _site(**given: Any) -> dict[str, Any]:
    return {"hosting_usd_per_kw_month": "0", "carbon_kg_per_mwh": "0", **given}


def worked_example() -> Case:
    """The example at the end of section 6.4 of the design: 660,432.79 USD."""
    scenario = {
        "name": "Worked example",
        "buyer": "any",
        "catalogs": ["bundled"],
        "currency": {"code": "USD", "per_usd": "1"},
        "horizon": {"start": "2025q1", "periods": 2},
        "objective": "minimize_cost",
        "finance": {
            "discount_rate": "0.08",
            "fiscal_year_starts": 1,
            "service_life_years": "5",
            "book_life_years": "5",
            "residual": "book",
            "maintenance_share": "0.04",
            "carbon_usd_per_t": "0",
        },
        "assumptions": {"availability": "0.95"},
        "sites": {"north": _site(power_mw="5", pue="1.2", electricity_usd_per_mwh="50")},
        "demand": {"training": {"workload": "llm_training", "per_second": {"2025q1": "30000", "2025q2": "60000"}}},
    }
    catalog = {
        "accelerators": {"h100": {"id": "h100", "name": "H100", "vendor": "nvidia", "kind": "gpu", "stack": "cuda"}},
        "systems": {
            "dgx": {
                "accelerator": "h100",
                "name": "DGX H100",
                "accelerators": 8,
                "provisioned_kw": "10",
                "average_kw": "7",
                "cooling": "air",
                "racks": "0.25",
            }
        },
        "offers": {"dgx.purchase": _offer("dgx", "purchase", price_usd="300000")},
        "throughput": {"h100": {"llm_training": {"rate": "400", "basis": "measured", "source": "mlperf"}}},
        "workloads": {},
        "pools": {},
        "sources": {"mlperf": {"title": "MLPerf Training", "date": "2025-06"}},
        "cites": {},
    }
    entries = (Entry("dgx.purchase", "north", 1, 10.0), Entry("dgx.purchase", "north", 2, 10.0))
    return Case(scenario, catalog, entries, {})


HOSTILE = "=cmd|' /C calc'!A0"
"""A name that would run as a formula if it were not written as text."""


def _rich_catalog() -> dict[str, Any]:
    accelerators = {
        key: {"id": key, "name": name, "vendor": vendor, "kind": kind, "stack": "cuda"}
        for key, name, vendor, kind in (
            ("b200", "B200 192GB", "nvidia", "gpu"),
            ("h100", "H100 SXM5 80GB", "nvidia", "gpu"),
            ("mi355x", "MI355X 288GB", "amd", "gpu"),
            ("tpu_v6e", "TPU v6e", "google", "asic"),
        )
    }
    systems = {
        "dgx_h100": {
            "accelerator": "h100",
            "name": "DGX H100",
            "accelerators": 8,
            "provisioned_kw": "11",
            "average_kw": "7.6",
            "cooling": "air",
            "racks": "0.25",
        },
        "nvl72": {
            "accelerator": "b200",
            "name": "NVL72 rack",
            "accelerators": 72,
            "provisioned_kw": "132",
            "average_kw": "98.5",
            "cooling": "liquid",
            "racks": "1",
        },
        "mi355x_8": {
            "accelerator": "mi355x",
            "name": "MI355X 8-way",
            "accelerators": 8,
            "provisioned_kw": "14.5",
            "average_kw": "10.2",
            "cooling": "liquid",
            "racks": "0.2",
        },
        "tpu_slice": {
            "accelerator": "tpu_v6e",
            "name": "v6e slice",
            "accelerators": 256,
            "provisioned_kw": "90",
            "average_kw": "70",
            "cooling": "liquid",
            "racks": "4",
        },
    }
    offers = {
        "nvl72.purchase": _offer(
            "nvl72",
            "purchase",
            price_usd={"2024q1": "3100000", "2025q3": "2900000", "2026q2": "2700000"},
            lead_time_months=6,
            deposit_share="0.3",
            network_usd="150000",
            software_usd_per_year="36000",
        ),
        "dgx_h100.purchase": _offer(
            "dgx_h100",
            "purchase",
            price_usd={"2024q3": "310000", "2025q3": "270000"},
            lead_time_months=4,
            deposit_share="0.2",
            network_usd="12000",
            term_months=15,
        ),
        "mi355x.lease": _offer(
            "mi355x_8",
            "lease",
            usd_per_accelerator_hour={"2025q1": "2.1", "2026q1": "1.85"},
            lead_time_months=3,
            term_months=18,
            network_usd="5000",
            software_usd_per_year="800",
        ),
        "tpu.reserved": _offer(
            "tpu_slice",
            "reservation",
            host="gcp",
            usd_per_accelerator_hour={"2025q1": "1.9", "2025q4": "1.6"},
            term_months=12,
            carbon_kg_per_accelerator_hour="0.12",
        ),
        "h100.on_demand": _offer(
            "dgx_h100",
            "on_demand",
            host="neocloud",
            usd_per_accelerator_hour={"2024q1": "2.85", "2025q4": "1.7"},
            carbon_kg_per_accelerator_hour="0.35",
            software_usd_per_year="120",
        ),
    }
    sources = {
        "quote_2024": {
            "title": "+1 8-GPU server price survey",
            "url": "https://example.org/a?b=1&c=2",
            "date": "2024-08",
        },
        "list": {"title": "@x list prices of a cloud", "date": "2025-06", "note": HOSTILE},
    }
    cites = {
        "dgx_h100.purchase.price_usd": {"source": "quote_2024", "basis": "estimated"},
        "tpu.reserved": {"source": "list", "basis": "vendor"},
    }
    return {
        "accelerators": accelerators,
        "systems": systems,
        "offers": offers,
        "throughput": {},
        "workloads": {},
        "pools": {},
        "sources": sources,
        "cites": cites,
    }


def rich() -> Case:
    """Two sites, two hosts, all routes, deposits, lead times, commitments, fleet, unmet work, carbon, budgets."""
    scenario = {
        "name": HOSTILE,
        "buyer": "meta",
        "catalogs": ["bundled"],
        "currency": {"code": "EUR", "per_usd": "0.92"},
        "horizon": {"start": "2025q1", "periods": 8},
        "objective": "minimize_cost",
        "finance": {
            "discount_rate": "0.09",
            "fiscal_year_starts": 7,
            "service_life_years": "1.25",
            "book_life_years": "5.5",
            "residual": TABLE,
            "maintenance_share": "0.03",
            "carbon_usd_per_t": {"2025q1": "40", "2026q1": "55"},
        },
        "assumptions": {"availability": "0.95"},
        "sites": {
            "prineville": _site(
                power_mw={"2025q1": "20", "2025q3": "40"},
                pue="1.09",
                peak_pue="1.15",
                liquid_mw={"2025q2": "20"},
                air_mw="15",
                racks="4000",
                electricity_usd_per_mwh={"2025q1": "52", "2026q1": "49.5"},
                hosting_usd_per_kw_month="3",
                carbon_kg_per_mwh="120",
            ),
            "oslo": _site(
                power_mw="12",
                pue="1.2",
                electricity_usd_per_mwh="61",
                hosting_usd_per_kw_month={"2025q1": "90", "2026q3": "95"},
                carbon_kg_per_mwh={"2025q1": "30", "2026q1": "25"},
            ),
        },
        "demand": {
            "training": {
                "workload": "llm_training",
                "per_second": "1e6",
                "unmet_usd_per_unit_hour": {"2025q1": "0.002", "2026q1": "0.0018"},
            },
            "serving": {"workload": "llm_serving", "per_second": "2e5"},
        },
        "fleet": [
            {"system": "dgx_h100", "site": "prineville", "count": "900", "until": "2026q1"},
            {"system": "dgx_h100", "site": "prineville", "count": "100"},
            {"system": "mi355x_8", "site": "oslo", "count": "12"},
        ],
        "commitments": [{"offer": "nvl72.purchase", "site": "prineville", "period": "2025q3", "systems": "20"}],
        "budget": {
            "capex_usd": {"total": "900e6", "fy2025": "400e6", "2025": "600e6"},
            "opex_usd": {"2026": "300e6", "2025q2..2025q4": "250e6"},
        },
    }
    entries = (
        Entry("nvl72.purchase", "prineville", 2, 20.0, True),
        Entry("nvl72.purchase", "oslo", 4, 5.0, True, "2500000"),
        Entry("nvl72.purchase", "prineville", 4, 5.0, True, "2600000"),
        Entry("tpu.reserved", "gcp", 1, 2.0, True),
        Entry("nvl72.purchase", "prineville", 3, 12.0),
        Entry("nvl72.purchase", "prineville", 7, 30.0),
        Entry("nvl72.purchase", "oslo", 8, 7.0),
        Entry("dgx_h100.purchase", "oslo", 3, 40.0),
        Entry("dgx_h100.purchase", "oslo", 5, 25.0),
        Entry("mi355x.lease", "oslo", 2, 60.0),
        Entry("mi355x.lease", "prineville", 5, 33.5),
        Entry("tpu.reserved", "gcp", 2, 3.0),
        Entry("tpu.reserved", "gcp", 4, 1.0),
        Entry("tpu.reserved", "gcp", 6, 2.0),
        Entry("h100.on_demand", "neocloud", 1, 120.0),
        Entry("h100.on_demand", "neocloud", 2, 80.0),
        Entry("h100.on_demand", "neocloud", 6, 17.0),
    )
    return Case(scenario, _rich_catalog(), entries, {"training": (5e4, 2e4, 0.0, 0.0, 0.0, 0.0, 0.0, 1e3)})


def large(offers: int, sites: int, periods: int, every: int) -> Case:
    """Many offers and sites for measuring time: an order of each offer at each site every so many periods."""
    case = rich()
    scenario, catalog = copy.deepcopy(case.scenario), copy.deepcopy(case.catalog)
    scenario["horizon"]["periods"], scenario["name"] = periods, "Large"
    scenario["sites"] = {f"site_{i:02d}": copy.deepcopy(case.scenario["sites"]["prineville"]) for i in range(sites)}
    for site in scenario["sites"].values():
        site["power_mw"], site["liquid_mw"], site["air_mw"], site["racks"] = "9000", "9000", "9000", "90000"
    scenario["fleet"], scenario["commitments"], scenario["budget"] = [], [], {"capex_usd": {"total": "1e13"}}
    models = ("nvl72.purchase", "dgx_h100.purchase", "mi355x.lease")
    catalog["offers"] = {f"offer_{i:02d}": copy.deepcopy(case.catalog["offers"][models[i % 3]]) for i in range(offers)}
    entries = tuple(
        Entry(f"offer_{o:02d}", f"site_{s:02d}", t, float(1 + (o + s + t) % 7))
        for o in range(offers)
        for s in range(sites)
        for t in range(3 + (o + s) % every, periods + 1, every)
    )
    return Case(scenario, catalog, entries, {})
