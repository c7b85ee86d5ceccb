"""The reference of the workbook tests: a case, and its costs by plain loops by the cost lines.

Nothing here imports the optimiser's model or the workbook: `Pricing` is the independent reference that
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

HOURS = 8760.0
NAMES = (
    "hardware_usd",
    "network_usd",
    "facility_usd",
    "energy_usd",
    "idle_power_usd",
    "hosting_usd",
    "maintenance_usd",
    "software_usd",
    "rent_usd",
    "engineering_usd",
    "porting_usd",
    "carbon_usd",
    "frame_usd",
    "owed_usd",
    "unmet_usd",
    "value_usd",
    "resale_usd",
    "residual_usd",
    "tax_usd",
    "tax_on_residual_usd",
)
TAXED = ("energy_usd", "idle_power_usd", "hosting_usd", "maintenance_usd", "software_usd", "rent_usd",
         "engineering_usd", "porting_usd", "carbon_usd", "frame_usd", "owed_usd", "value_usd",
         "resale_usd")  # fmt: skip
MACRS = (0.2, 0.32, 0.192, 0.1152, 0.1152, 0.0576)
AT_END = ("residual_usd", "tax_on_residual_usd")


@dataclass(frozen=True)
class Entry:
    """Systems of an offer entering service at a place in period t (from 1), at the price of a frame if any.

    A price makes it a commitment's.
    """

    offer: str
    place: str
    t: int
    systems: float
    commitment: bool = False
    price: str | None = None
    frame: str = ""


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
        self.tax = self.finance.get("tax")
        self.costs = {name: [0.0] * self.T for name in NAMES if self.tax or "tax" not in name}
        for entry in case.entries:
            self._entry(entry)
        self._sites()
        self._unmet()
        self._value()
        self._decided()
        for frame in self.signed:
            self._add("frame_usd", max(self.within(frame)), self.missing(frame))
        if self.tax:
            self._tax()

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
            return self.at(offer["usd_per_accelerator_hour"], entry.t - self.lead(entry)) * self.agreed(entry.frame)
        return self.at(offer["price_usd"], entry.t - self.lead(entry)) * self.agreed(entry.frame) * self.paid(entry)

    def agreed(self, frame: str) -> float:
        """The factor of a frame on prices."""
        return float(self.case.scenario["frames"][frame]["factor"]) if frame else 1.0

    @property
    def signed(self) -> list[str]:
        """Frames under which something is ordered, and those signed already."""
        used = {entry.frame for entry in self.case.entries}
        frames = self.case.scenario.get("frames", {})
        return [name for name, frame in sorted(frames.items()) if name in used or frame["signed"] == "true"]

    def within(self, frame: str) -> list[int]:
        """The periods in which what is paid counts for a frame."""
        first, _, last = self.case.scenario["frames"][frame]["within"].partition("..")
        months = range(first_month(first), last_month(last) + 1)
        return [t for t in range(1, self.T + 1) if self.month(t) in months]

    def promised(self, frame: str) -> float:
        """What a frame promises, by the months of its window that lie inside the horizon."""
        terms = self.case.scenario["frames"][frame]
        first, _, last = terms["within"].partition("..")
        months = range(first_month(first), last_month(last) + 1)
        inside = [month for month in months if self.month(1) <= month < self.month(self.T + 1)]
        return float(terms["spend_usd"]) * len(inside) / len(months)

    def spent(self, frame: str) -> float:
        """Price and rent of what is ordered under a frame, paid in its window."""
        usd = []
        for entry in (entry for entry in self.case.entries if entry.frame == frame):
            bought, share = self.offer(entry)["route"] == "purchase", float(self.offer(entry)["deposit_share"])
            price = self.price(entry) * entry.systems * bought
            paid = [(entry.t - self.lead(entry), share * price), (entry.t, (1 - share) * price)]
            paid += [(t, self.rent(entry) * (not bought)) for t in range(entry.t, entry.t + self.stays(entry))]
            usd += [amount for t, amount in paid if t in self.within(frame)]
        return math.fsum(usd)

    def missing(self, frame: str) -> float:
        return max(0.0, self.promised(frame) - self.spent(frame))

    def paid(self, entry: Entry) -> float:
        """Price paid over list price: by the systems of the offer's orders of the period, all places together.

        Those under frames are counted first, the lowest factor before others.
        """
        for offer, t, factor in self.case.factors:
            if (offer, t, "") == (entry.offer, entry.t, entry.frame):
                return factor
        breaks = self.offer(entry).get("price_breaks")
        alike = [e for e in self.case.entries if (e.offer, e.t, e.commitment) == (entry.offer, entry.t, False)]
        count = int(sum(e.systems for e in alike))
        if not breaks or entry.commitment or not count:
            return 1.0
        steps = [(1, 1.0), *((int(step["from_systems"]), float(step["factor"])) for step in breaks["steps"])]
        of_unit = [next(factor for first, factor in reversed(steps) if unit >= first) for unit in range(1, count + 1)]
        if breaks["kind"] == "all_units":
            return of_unit[-1]
        turn = sorted(alike, key=lambda e: (not e.frame, self.agreed(e.frame), e.frame))
        frames = [e.frame for e in turn for _ in range(int(e.systems))]
        own = [factor for factor, frame in zip(of_unit, frames, strict=True) if frame == entry.frame]
        return math.fsum(own) / len(own)

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
                power = self.at(given["power_mw"], t)
                power += sum(mw for at, start, mw in self.case.decided.expanded if at == site and start <= t)
                due = float(given.get("take_or_pay_share", 0)) * power * self.H
                tariff = self.at(given["electricity_usd_per_mwh"], t)
                self._add("idle_power_usd", t, max(0.0, due - mwh) * tariff)
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

    def _tax(self) -> None:
        rate = float(self.tax["rate"])
        for name in TAXED:
            for t in range(1, self.T + 1):
                self._add("tax_usd", t, -rate * self.costs[name][t - 1])
        for t in range(1, self.T + 1):
            self._add("tax_on_residual_usd", t, -rate * self.costs["residual_usd"][t - 1])
        for entry in self.case.entries:
            offer = self.offer(entry)
            price = self.price(entry) if offer["route"] == "purchase" else 0.0
            usd = entry.systems * (price + float(offer["network_usd"]))
            lasts = min(self.T, entry.t + self.stays(entry) - 1)
            self._deduct(rate * usd, lasts, [(t, self.written_off(entry.t, t)) for t in range(entry.t, lasts + 1)])
        for site, t, mw in self.case.decided.expanded:
            terms = self.case.scenario["sites"][site]["expansion"]
            life = float(terms["life_years"]) * self.n
            shares = [(s, max(0.0, min(1.0, life - (s - t)) / life)) for s in range(t, self.T + 1)]
            self._deduct(rate * mw * float(terms["usd_per_mw"]), self.T, shares)

    def _deduct(self, usd: float, lasts: int, shares: list[tuple[int, float]]) -> None:
        """Tax saved by depreciation, and in the last period of service by what is left then."""
        for t, share in shares:
            self._add("tax_usd", t, -usd * share)
        self._add("tax_on_residual_usd", lasts, -usd * (1 - math.fsum(share for _, share in shares)))

    def written_off(self, entered: int, t: int) -> float:
        """The share of a price that is deducted in a period."""
        rule = self.tax["depreciation"]
        if rule == "bonus":
            return float(t == entered)
        if rule == "straight_line":
            life = float(self.finance["book_life_years"]) * self.n
            return max(0.0, min(1.0, life - (t - entered)) / life)
        years = self.fiscal_year(t) - self.fiscal_year(entered)
        alike = sum(self.fiscal_year(s) == self.fiscal_year(t) for s in range(max(entered, t - 11), t + 12))
        return MACRS[years] / alike if years < len(MACRS) else 0.0

    def fiscal_year(self, t: int) -> int:
        return (self.month(t) - (int(self.finance["fiscal_year_starts"]) - 1)) // 12

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
            float(self.end(t) if name in AT_END else self.mid(t)) * values[t - 1]
            for name, values in self.costs.items()
            for t in range(1, self.T + 1)
        )
