"""Plans made by hand for the workbook tests, priced by plain loops by the cost lines.

Nothing here imports the optimiser's model or the workbook: `priced` is the independent reference that
both the caches and an edited workbook are compared with.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from decimal import Decimal, getcontext
from itertools import pairwise
from typing import Any

from catalogs.periods import first_month, last_month, written
from optimizer.plan.format import Plan

HOURS = 8760.0
NAMES = (
    "hardware_usd",
    "network_usd",
    "facility_usd",
    "energy_usd",
    "hosting_usd",
    "maintenance_usd",
    "software_usd",
    "rent_usd",
    "engineering_usd",
    "porting_usd",
    "carbon_usd",
    "owed_usd",
    "unmet_usd",
    "value_usd",
    "resale_usd",
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
class Retired:
    """Systems of the fleet entry with this number (from 0) switched off from period t on."""

    fleet: int
    t: int
    systems: float


@dataclass(frozen=True)
class Decided:
    """Decisions besides orders: MW by (site, t), starts by (accelerator, t) and (demand, stack, t), clusters.

    A cluster is (demand, t, accelerator, place, accelerators).
    """

    retired: tuple[Retired, ...] = ()
    expanded: tuple[tuple[str, int, float], ...] = ()
    engineering: tuple[tuple[str, int], ...] = ()
    porting: tuple[tuple[str, str, int], ...] = ()
    clusters: tuple[tuple[str, int, str, str, float], ...] = ()


@dataclass(frozen=True)
class Case:
    """All that determines the costs: inputs as a plan holds them, entries, unmet work per second by demand.

    `factors` are prices paid over list prices by (offer, t), where they are not what the breaks say.
    """

    scenario: dict[str, Any]
    catalog: dict[str, Any]
    entries: tuple[Entry, ...]
    unmet: dict[str, tuple[float, ...]]
    decided: Decided = Decided()
    factors: tuple[tuple[str, int, float], ...] = ()

    def edited(self, changes: dict[str, Any]) -> Case:
        """A copy with values at slash-separated paths replaced, e.g. scenario/finance/discount_rate."""
        parts = {"scenario": copy.deepcopy(self.scenario), "catalog": copy.deepcopy(self.catalog)}
        for path, value in changes.items():
            *folders, last = path.split("/")
            place: Any = parts
            for folder in folders:
                place = place[folder]
            place[last] = value
        return replace(self, scenario=parts["scenario"], catalog=parts["catalog"])


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
        self._value()
        self._decided()

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
        if offer["route"] != "purchase":
            return self.at(offer["usd_per_accelerator_hour"], entry.t - self.lead(entry))
        return self.at(offer["price_usd"], entry.t - self.lead(entry)) * self.paid(entry)

    def paid(self, entry: Entry) -> float:
        """Price paid over list price: by the systems of the offer's orders of the period, all places together."""
        for offer, t, factor in self.case.factors:
            if (offer, t) == (entry.offer, entry.t):
                return factor
        breaks = self.offer(entry).get("price_breaks")
        alike = [e for e in self.case.entries if (e.offer, e.t, e.commitment) == (entry.offer, entry.t, False)]
        count = int(sum(e.systems for e in alike))
        if not breaks or entry.commitment or not count:
            return 1.0
        steps = [(1, 1.0), *((int(step["from_systems"]), float(step["factor"])) for step in breaks["steps"])]
        of_unit = [next(factor for first, factor in reversed(steps) if unit >= first) for unit in range(1, count + 1)]
        return of_unit[-1] if breaks["kind"] == "all_units" else math.fsum(of_unit) / count

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

        self._add("owed_usd", self.T, self.owed(entry))

    def due(self, entry: Entry) -> range:
        """The periods after the horizon in which rent of an order is due."""
        bought = self.offer(entry)["route"] == "purchase"
        return range(self.T + 1, self.T + 1 if bought else max(self.T + 1, entry.t + self.stays(entry)))

    def rent(self, entry: Entry) -> float:
        """USD of rent in a period."""
        return self.price(entry) * int(self.system(entry)["accelerators"]) * entry.systems * self.H

    def owed(self, entry: Entry) -> float:
        """Rent after the horizon as a sum of its last period, less what the rest of the term would fetch."""
        left = self.residual((self.T - entry.t + 1) / self.n)
        worth = {"in_full": 0.0, "ignored": 1.0, "as_residual": left}[self.finance["owed_after_horizon"]]
        later = [float(self.mid(t) / self.mid(self.T)) for t in self.due(entry)]
        return self.rent(entry) * math.fsum(later) * (1 - worth) if later else 0.0

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
        for i, fleet in enumerate(self.case.scenario.get("fleet", ())):
            if "until" not in fleet or self.month(t) <= last_month(fleet["until"]):
                key = (fleet["system"], fleet["site"])
                off = sum(r.systems for r in self.case.decided.retired if r.fleet == i and r.t <= t)
                found[key] = found.get(key, 0.0) + float(fleet["count"]) - off
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
                price = self.at(self.case.scenario["demand"][demand].get("unmet_usd_per_unit_hour"), t)
                self._add("unmet_usd", t, value * self.H * price)

    def _value(self) -> None:
        valued = self.case.scenario["objective"] == "maximize_value"
        for name, demand in self.case.scenario["demand"].items() if valued else ():
            for t in range(1, self.T + 1):
                unmet = self.case.unmet[name][t - 1] if name in self.case.unmet else 0.0
                served = self.at(demand.get("per_second"), t) - unmet
                self._add("value_usd", t, -self.at(demand.get("value_usd_per_unit_hour"), t) * self.H * served)

    def _decided(self) -> None:
        decided, scenario = self.case.decided, self.case.scenario
        for r in decided.retired:
            self._add("resale_usd", r.t, -float(scenario["fleet"][r.fleet]["resale_usd"]) * r.systems)
        for site, t, mw in decided.expanded:
            terms = scenario["sites"][site]["expansion"]
            usd = mw * float(terms["usd_per_mw"])
            left = max(0.0, 1 - (self.T - t + 1) / self.n / float(terms["life_years"]))
            self._add("facility_usd", t, usd)
            self._add("residual_usd", self.T, -usd * left)
        for accelerator, t in decided.engineering:
            one_off = self.case.catalog["accelerators"][accelerator]["one_off"]
            self._add("engineering_usd", t, float(one_off["usd"]))
        for demand, stack, t in decided.porting:
            self._add("porting_usd", t, float(scenario["demand"][demand]["stacks"][stack]["usd"]))

    def ready(self, t: int, months: int) -> str:
        """The period from which something started in t may be used."""
        return self.key(t + math.ceil(months / self.months))

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
                "term_until": pricing.key(entry.t + pricing.stays(entry) - 1),
                "systems": entry.systems,
                "accelerators": size * entry.systems,
                "price_usd": price if bought else None,
                "usd_per_accelerator_hour": None if bought else price,
                "capex_usd": entry.systems * ((price if bought else 0.0) + float(offer["network_usd"])),
                "rent_usd": rent,
                "rent_after_usd": pricing.rent(entry) * len(pricing.due(entry)) if pricing.due(entry) else 0.0,
                "owed_usd": pricing.owed(entry),
                "commitment": entry.commitment,
            }
        )
    return rows


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
        "opex_usd": NAMES[3:11],
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
    share = {"measured": 0.6, "vendor": 0.3, "estimated": 0.1}
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
    """The worked example: 660,432.79 USD."""
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
            "owed_after_horizon": "as_residual",
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
    accelerators: dict[str, dict[str, Any]] = {
        key: {"id": key, "name": name, "vendor": vendor, "kind": kind, "stack": "cuda"}
        for key, name, vendor, kind in (
            ("b200", "B200 192GB", "nvidia", "gpu"),
            ("h100", "H100 SXM5 80GB", "nvidia", "gpu"),
            ("mi355x", "MI355X 288GB", "amd", "gpu"),
            ("own_chip", "Own chip", "meta", "asic"),
            ("tpu_v6e", "TPU v6e", "google", "asic"),
        )
    }
    accelerators["own_chip"]["one_off"] = {"usd": "30e6", "months": 5}
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
        "own_rack": {
            "accelerator": "own_chip",
            "name": "Own rack",
            "accelerators": 36,
            "provisioned_kw": "45",
            "average_kw": "31",
            "cooling": "air",
            "racks": "1",
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
            price_breaks={
                "kind": "all_units",
                "steps": [{"from_systems": 50, "factor": "0.95"}, {"from_systems": 200, "factor": "0.9"}],
            },
        ),
        "own_rack.purchase": _offer(
            "own_rack",
            "purchase",
            price_usd={"2025q1": "410000", "2026q1": "380000"},
            lead_time_months=3,
            deposit_share="0.5",
            network_usd="20000",
            price_breaks={
                "kind": "incremental",
                "steps": [{"from_systems": 11, "factor": "0.97"}, {"from_systems": 31, "factor": "0.88"}],
            },
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
        "throughput": {
            accelerator: {
                workload: {"rate": "2e4", "basis": "vendor", "source": "list"}
                for workload in ("llm_training", "llm_serving", "dlrm")
            }
            for accelerator in accelerators
        },
        "workloads": {},
        "pools": {},
        "sources": sources,
        "cites": cites,
    }


def rich() -> Case:
    """Two sites, two hosts, all routes, deposits, lead times, commitments, fleet, unmet work, carbon, budgets.

    And the decisions besides orders: fleet sold, power added, an own chip engineered, a port, a cluster,
    both kinds of price breaks, work with a value.
    """
    scenario = {
        "name": HOSTILE,
        "buyer": "meta",
        "catalogs": ["bundled"],
        "currency": {"code": "EUR", "per_usd": "0.92"},
        "horizon": {"start": "2025q1", "periods": 8},
        "objective": "maximize_value",
        "finance": {
            "discount_rate": "0.09",
            "fiscal_year_starts": 7,
            "service_life_years": "1.25",
            "book_life_years": "5.5",
            "residual": TABLE,
            "maintenance_share": "0.03",
            "owed_after_horizon": "as_residual",
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
                expansion={"usd_per_mw": "11e6", "lead_time_months": 8, "max_mw": "25", "life_years": "20"},
            ),
            "oslo": _site(
                power_mw="12",
                pue="1.2",
                electricity_usd_per_mwh="61",
                hosting_usd_per_kw_month={"2025q1": "90", "2026q3": "95"},
                carbon_kg_per_mwh={"2025q1": "30", "2026q1": "25"},
                expansion={"usd_per_mw": "9e6", "lead_time_months": 0, "max_mw": "4", "life_years": "1.5"},
            ),
        },
        "demand": {
            "training": {
                "workload": "llm_training",
                "per_second": "1e6",
                "unmet_usd_per_unit_hour": {"2025q1": "0.002", "2026q1": "0.0018"},
                "value_usd_per_unit_hour": {"2025q1": "0.04", "2025q3": "0.035"},
                "cluster": {"accelerators": 1000},
            },
            "serving": {
                "workload": "llm_serving",
                "per_second": {"2025q1": "2e5", "2025q4": "3e5"},
                "stacks": {"cuda": "0", "own": {"usd": "12e6", "months": 4}},
                "value_usd_per_unit_hour": "0.02",
            },
            "recommending": {"workload": "dlrm", "by_deadline_unit_hours": {"2025q4": "2e10"}},
        },
        "fleet": [
            {
                "system": "dgx_h100",
                "site": "prineville",
                "count": "900",
                "until": "2026q1",
                "may_retire": "true",
                "resale_usd": "90000",
            },
            {"system": "dgx_h100", "site": "prineville", "count": "60", "may_retire": "true", "resale_usd": "95000"},
            {"system": "dgx_h100", "site": "prineville", "count": "40", "may_retire": "true", "resale_usd": "70000"},
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
        Entry("dgx_h100.purchase", "prineville", 3, 30.0),
        Entry("dgx_h100.purchase", "oslo", 5, 25.0),
        Entry("own_rack.purchase", "oslo", 5, 12.0),
        Entry("own_rack.purchase", "prineville", 5, 24.0),
        Entry("own_rack.purchase", "prineville", 6, 8.0),
        Entry("mi355x.lease", "oslo", 2, 60.0),
        Entry("mi355x.lease", "prineville", 5, 33.5),
        Entry("tpu.reserved", "gcp", 2, 3.0),
        Entry("tpu.reserved", "gcp", 4, 1.0),
        Entry("tpu.reserved", "gcp", 6, 2.0),
        Entry("h100.on_demand", "neocloud", 1, 120.0),
        Entry("h100.on_demand", "neocloud", 2, 80.0),
        Entry("h100.on_demand", "neocloud", 6, 17.0),
    )
    decided = Decided(
        retired=(Retired(0, 3, 300.0), Retired(0, 4, 50.0), Retired(1, 2, 60.0), Retired(2, 6, 15.0)),
        expanded=(("prineville", 4, 7.25), ("prineville", 7, 3.5), ("oslo", 2, 1.75)),
        engineering=(("own_chip", 2),),
        porting=(("serving", "own", 3),),
        clusters=(("training", 1, "h100", "prineville", 2000.0), ("training", 5, "own_chip", "prineville", 1500.0)),
    )
    unmet: dict[str, tuple[float, ...]] = {
        "training": (5e4, 2e4, 0.0, 0.0, 0.0, 0.0, 0.0, 1e3),
        "serving": (0.0, 4e4, 0.0, 0.0, 0.0, 0.0, 0.0, 7.5),
    }
    return Case(scenario, _rich_catalog(), entries, unmet, decided)


def large(offers: int, sites: int, periods: int, every: int) -> Case:
    """Many offers and sites for measuring time: an order of each offer at each site every so many periods."""
    case = rich()
    scenario, catalog = copy.deepcopy(case.scenario), copy.deepcopy(case.catalog)
    scenario["horizon"]["periods"], scenario["name"] = periods, "Large"
    scenario["sites"] = {f"site_{i:02d}": copy.deepcopy(case.scenario["sites"]["prineville"]) for i in range(sites)}
    for site in scenario["sites"].values():
        site["power_mw"], site["liquid_mw"], site["air_mw"], site["racks"] = "9000", "9000", "9000", "90000"
    scenario["fleet"], scenario["commitments"], scenario["budget"] = [], [], {"capex_usd": {"total": "1e13"}}
    for offer in case.catalog["offers"].values():
        offer.pop("price_breaks", None)
    scenario["objective"] = "minimize_cost"
    models = ("nvl72.purchase", "dgx_h100.purchase", "mi355x.lease")
    catalog["offers"] = {f"offer_{i:02d}": copy.deepcopy(case.catalog["offers"][models[i % 3]]) for i in range(offers)}
    entries = tuple(
        Entry(f"offer_{o:02d}", f"site_{s:02d}", t, float(1 + (o + s + t) % 7))
        for o in range(offers)
        for s in range(sites)
        for t in range(3 + (o + s) % every, periods + 1, every)
    )
    return Case(scenario, catalog, entries, {})
