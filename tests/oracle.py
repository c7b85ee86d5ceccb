"""A second statement of the model, in plain loops over fractions of the source text.

It reads the trees that the tests write to YAML and shares no code with the product. An order is taken
apart into what one system of it costs and uses; so a plan is a vector of whole numbers, its cost a sum.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from math import ceil
from typing import Any

Tree = dict[str, Any]
Number = Fraction
HOSTED = ("reservation", "on_demand")
CAPEX = ("hardware", "network")
OPEX = ("energy", "hosting", "maintenance", "software", "rent", "carbon")


@cache
def month_of(key: str) -> int:
    """2025 -> 24300, 2025q2 -> 24303, 2025-07 -> 24306: months since year 0."""
    year, rest = int(key[:4]), key[4:]
    if rest.startswith("q"):
        return 12 * year + 3 * (int(rest[1]) - 1)
    return 12 * year + (int(rest[1:]) - 1 if rest else 0)


def length(key: str) -> int:
    return {"": 12, "q": 3, "-": 1}[key[4:5]]


def value(schedule: Any, month: int) -> Number | None:
    """The number that holds in a month; None before the first key or where there is no schedule."""
    if isinstance(schedule, dict):
        listed = {month_of(key): amount for key, amount in schedule.items() if not key.startswith("growth")}
        begun = [first for first in listed if first <= month]
        if not begun:
            return None
        held = number(str(listed[max(begun)]))
        return held * growth(schedule, month - max(begun)) if len(begun) == len(listed) else held
    return None if schedule is None else number(str(schedule))


def growth(schedule: Tree, months: int) -> Number:
    """What the last number of a schedule is multiplied by so many months after its key."""
    with localcontext() as context:
        context.prec = 40
        for key, every in (("growth_per_month", 1), ("growth_per_year", 12)):
            if key in schedule:
                return Fraction((1 + Decimal(str(schedule[key]))) ** (Decimal(months) / every))
    return Fraction(1)


@cache
def number(text: str) -> Number:
    return Fraction(text)


@dataclass(frozen=True)
class Slot:
    """A possible order, or a commitment: systems of an offer entering service at a place in period t.

    An order may be at the price of a `frame`.
    """

    offer: str
    place: str
    t: int
    ordered: int
    last: int
    price: Number | None
    rent: Number | None
    committed: int = 0
    frame: str = ""

    @property
    def periods(self) -> range:
        """Those of the horizon in which it is in service; a commitment may be running before."""
        return range(max(1, self.t), self.last + 1)


@dataclass
class Row:
    """Σ use · orders ≤ most."""

    name: str
    use: dict[Slot, Number] = field(default_factory=dict)
    most: Number = Fraction(0)


class Oracle:
    """A request in numbers: possible orders, their costs, the rows that limit them, the work asked for."""

    def __init__(self, asked: Tree, known: Tree) -> None:
        self.asked = asked
        self.read: dict[tuple[int, int], tuple[Any, list[Number | None]]] = {}
        self.accelerators: Tree = {}
        self.systems: Tree = {}
        self.offers: Tree = {}
        self.throughput: Tree = {}
        self.pools: Tree = {}
        self.workloads: Tree = {}
        for file in known.values():
            name = file.get("accelerator", {}).get("id")
            if name is not None:
                self.accelerators[name] = file["accelerator"]
                self.throughput[name] = file["throughput"]
            self.systems |= {key: {**entry, "accelerator": name} for key, entry in file.get("systems", {}).items()}
            self.offers |= file.get("offers", {})
            self.pools |= file.get("pools", {})
            self.workloads |= file.get("workloads", {})
        horizon = asked["horizon"]
        self.start, self.months, self.count = month_of(horizon["start"]), length(horizon["start"]), horizon["periods"]
        self.a_year = 12 // self.months
        self.hours = Fraction(8760, self.a_year)
        self.finance = asked.get("finance", {})
        self.available = Fraction(str(asked.get("assumptions", {}).get("availability", "0.95")))
        self.sites: Tree = asked.get("sites", {})
        self.periods = range(1, self.count + 1)
        self.slots = [slot for slot in self.possible() if self.useful(slot)]
        placed = [self.commitment(entry) for entry in asked.get("commitments", [])]
        self.commitments = [slot for slot in placed if slot.last >= 1]

    # time and money

    def month(self, t: int) -> int:
        return self.start + (t - 1) * self.months

    def each_month(self, schedule: Any, t: int) -> list[Number | None]:
        """The numbers that hold in the months of period t, which may lie before the horizon."""
        key = (id(schedule), t)
        if key not in self.read:  # it is kept, so that no other schedule gets its id
            self.read[key] = schedule, [value(schedule, self.month(t) + i) for i in range(self.months)]
        return self.read[key][1]

    def asked_in(self, schedule: Any, t: int) -> Number:
        """A demand: that of the month that asks for most; nothing before it begins."""
        return max(number or Fraction(0) for number in self.each_month(schedule, t))

    def standing_in(self, schedule: Any, t: int) -> Number:
        """A standing limit: that of the tightest month."""
        return min(number or Fraction(0) for number in self.each_month(schedule, t))

    def supplied_in(self, schedule: Any, t: int) -> Number:
        """A supply a month, on average."""
        return sum((number or Fraction(0) for number in self.each_month(schedule, t)), Fraction(0)) / self.months

    def price_in(self, schedule: Any, t: int) -> Number | None:
        """A price or rate, on average; None where it begins after the first month."""
        return None if value(schedule, self.month(t)) is None else self.supplied_in(schedule, t)

    def pue(self, place: str, t: int) -> Number:
        return self.price_in(self.sites[place]["pue"], t) or Fraction(0)

    def peak_pue(self, place: str, t: int) -> Number:
        return self.asked_in(self.sites[place].get("peak_pue", self.sites[place]["pue"]), t)

    def discount(self, halves: int) -> Number:
        """(1 + rate)^(−halves / 2n): 2t − 1 halves for the middle of period t, 2t for its end."""
        with localcontext() as context:
            context.prec = 40
            rate = Decimal(str(self.finance.get("discount_rate", "0.09")))
            return Fraction((1 + rate) ** (Decimal(-halves) / Decimal(2 * self.a_year)))

    def rate(self, system: str, demand: str, t: int) -> Number | None:
        """Work per second of one system on a demand."""
        entry, accelerator = self.asked["demand"][demand], self.systems[system]["accelerator"]
        if "stacks" in entry and self.accelerators[accelerator]["stack"] not in entry["stacks"]:
            return None
        able = [point for point in self.points(system, entry["workload"]) if self.good_enough(point, system, entry)]
        begun = [point for point in able if "from" not in point or month_of(point["from"]) <= self.month(t)]
        rates = [rate for point in begun if (rate := self.price_in(point["rate"], t)) is not None]
        return max(rates) * self.systems[system]["accelerators"] if rates else None

    def points(self, system: str, workload: str) -> list[Tree]:
        """What is known of a system's accelerator on a workload."""
        entry = self.throughput[self.systems[system]["accelerator"]].get(workload, [])
        return entry if isinstance(entry, list) else [entry]

    def good_enough(self, point: Tree, system: str, entry: Tree) -> bool:
        """Whether a point is of a precision that is asked for, and within a system's size and memory."""
        if "precisions" in entry and point.get("precision") not in entry["precisions"]:
            return False
        large = point.get("accelerators", 1) <= self.systems[system]["accelerators"]
        return large and self.fits(system, point, self.workloads[entry["workload"]].get("memory_gb"))

    def fits(self, system: str, throughput: Tree, takes: Any) -> bool:
        """Whether the accelerators of a system together have the memory that a workload takes."""
        each = self.accelerators[self.systems[system]["accelerator"]].get("memory_gb")
        if takes is None or each is None:
            return True
        least = min(Fraction(str(gb)) for gb in takes.values())
        taken = Fraction(str(takes[throughput["precision"]])) if throughput.get("precision") in takes else least
        return Fraction(str(each)) * self.systems[system]["accelerators"] >= taken

    def stands(self, demand: str, place: str) -> bool:
        return place in self.asked["demand"][demand].get("sites", [place])

    def need(self, demand: str, t: int) -> Number:
        return self.asked_in(self.asked["demand"][demand]["per_second"], t)

    def unmet_price(self, demand: str, t: int) -> Number | None:
        """Discounted USD for a unit per second left undone all through period t."""
        price = self.price_in(self.asked["demand"][demand].get("unmet_usd_per_unit_hour"), t)
        return None if price is None else price * self.hours * self.discount(2 * t - 1)

    # orders

    def lead(self, offer: Tree) -> int:
        return ceil(Fraction(offer.get("lead_time_months", 0), self.months))

    def service(self, offer: Tree) -> int:
        """K_o: one period, or the term rounded to the nearest number of periods, halves up."""
        if offer["route"] == "on_demand":
            return 1
        life = 12 * Fraction(str(self.finance.get("service_life_years", 5)))
        return max(1, int(Fraction(offer.get("term_months", life)) / self.months + Fraction(1, 2)))

    def able(self, slot: Slot, t: int) -> Number:
        """The share of an order's systems that does work in a period: the months in which they are up, of all."""
        offer, assumed = self.offers[slot.offer], self.asked.get("assumptions", {})
        months = offer.get("bring_up_months", assumed.get("bring_up_months", {}).get(offer["route"], 0))
        began = (t - slot.t) * self.months
        up = sum(Fraction(1) for month in range(began, began + self.months) if month >= months)
        return Fraction(str(offer.get("availability", self.available))) * up / self.months

    def slot(self, name: str, place: str, t: int, committed: int = 0) -> Slot:
        offer = self.offers[name]
        ordered = t - self.lead(offer)
        hourly = self.price_in(offer.get("usd_per_accelerator_hour"), ordered)
        rent = None if hourly is None else hourly * self.systems[offer["system"]]["accelerators"]
        last = min(self.count, t + self.service(offer) - 1)
        return Slot(name, place, t, ordered, last, self.price_in(offer.get("price_usd"), ordered), rent, committed)

    def possible(self) -> list[Slot]:
        found = []
        for name, offer in sorted(self.offers.items()):
            ids = (name, offer["system"], self.systems[offer["system"]]["accelerator"])
            denied = set(ids) & set(self.asked.get("offers", {}).get("deny", ()))
            if denied or self.asked.get("buyer") not in offer.get("buyers", [self.asked.get("buyer")]):
                continue
            window = offer.get("available", {})
            for place in [offer["host"]] if offer["route"] in HOSTED else sorted(self.sites):
                for t in self.periods:
                    slot, month = self.slot(name, place, t), self.month(t - self.lead(offer))
                    opened = "from" not in window or month_of(window["from"]) <= month
                    closed = "until" in window and month >= month_of(window["until"]) + length(window["until"])
                    priced = slot.price is not None or slot.rent is not None
                    if slot.ordered >= 1 and opened and not closed and priced:
                        found.append(slot)
        return found

    def commitment(self, entry: Tree) -> Slot:
        t = 1 + (month_of(entry["period"]) - self.start) // self.months
        slot = self.slot(entry["offer"], entry["site"], t, entry["systems"])
        price = Fraction(str(entry["price_usd"])) if "price_usd" in entry else slot.price
        chips = self.systems[self.offers[slot.offer]["system"]]["accelerators"]
        agreed = entry.get("usd_per_accelerator_hour")
        rent = slot.rent if agreed is None else Fraction(str(agreed)) * chips
        return Slot(slot.offer, slot.place, t, slot.ordered, slot.last, price, rent, entry["systems"])

    def useful(self, slot: Slot) -> int:
        """Systems that would do all the work they may do at any time; more only cost."""
        system, most = self.offers[slot.offer]["system"], Fraction(0)
        for t in slot.periods:
            systems = Fraction(0)
            for demand in self.asked["demand"]:
                rate = self.rate(system, demand, t)
                if rate is not None and self.stands(demand, slot.place) and self.able(slot, t):
                    systems += self.need(demand, t) / (rate * self.able(slot, t))
            most = max(most, systems)
        return ceil(most)

    # what one system costs, undiscounted: {(line, period): usd}

    def cash(self, slot: Slot) -> dict[tuple[str, int], Number]:
        """All but the residual of one system of an order, over its service; what was paid before is sunk."""
        offer = self.offers[slot.offer]
        paid: dict[tuple[str, int], Number] = {}
        if slot.price is not None:
            share = Fraction(str(offer.get("deposit_share", 0)))
            paid["hardware", slot.t] = slot.price * (1 - share)
            if slot.ordered >= 1:
                paid["hardware", slot.ordered] = paid.get(("hardware", slot.ordered), 0) + slot.price * share
        paid["network", slot.t] = Fraction(str(offer.get("network_usd", 0)))
        maintenance = Fraction(str(self.finance.get("maintenance_share", 0))) * (slot.price or 0) / self.a_year
        software = Fraction(str(offer.get("software_usd_per_year", 0))) / self.a_year
        for t in slot.periods:
            paid["maintenance", t] = maintenance
            paid["software", t] = software
            paid["rent", t] = (slot.rent or 0) * self.hours
            for line, usd in self.running(offer["system"], slot.place, t).items():
                paid[line, t] = usd
            if slot.place not in self.sites:
                kg = Fraction(str(offer.get("carbon_kg_per_accelerator_hour", 0)))
                hours = self.systems[offer["system"]]["accelerators"] * self.hours
                paid["carbon", t] = self.carbon_price(t) * kg * hours / 1000
        paid["owed", self.count] = self.owed(slot)
        return {(line, t): usd for (line, t), usd in paid.items() if t >= 1}

    def owed(self, slot: Slot) -> Number:
        """Rent of one system after the horizon, brought back to its last period, less what the term would fetch."""
        if slot.rent is None:
            return Fraction(0)
        rule = self.finance.get("owed_after_horizon", "as_residual")
        age = Fraction(self.count - slot.t + 1, self.a_year)
        worth = {"in_full": Fraction(0), "ignored": Fraction(1)}.get(rule)
        worth = self.share_left(age) if worth is None else worth
        due, last = Fraction(0), self.discount(2 * self.count - 1)
        for t in range(self.count + 1, slot.t + self.service(self.offers[slot.offer])):
            due += self.discount(2 * t - 1) / last * slot.rent * self.hours
        return due * (1 - worth)

    def running(self, system: str, place: str, t: int) -> dict[str, Number]:
        """Energy, hosting and carbon of one system in service at a site of ours."""
        if place not in self.sites:
            return {}
        site, facts = self.sites[place], self.systems[system]
        mwh = self.pue(place, t) * Fraction(str(facts["average_kw"])) * self.hours / 1000
        hosting = self.price_in(site.get("hosting_usd_per_kw_month", 0), t) or 0
        kg = self.price_in(site.get("carbon_kg_per_mwh", 0), t) or 0
        return {
            "energy": mwh * (self.price_in(site["electricity_usd_per_mwh"], t) or 0),
            "hosting": hosting * Fraction(str(facts["provisioned_kw"])) * self.months,
            "carbon": self.carbon_price(t) * kg * mwh / 1000,
        }

    def carbon_price(self, t: int) -> Number:
        return self.price_in(self.finance.get("carbon_usd_per_t", 0), t) or Fraction(0)

    def residual(self, slot: Slot) -> Number:
        """What is left of one purchase, at its present value."""
        if slot.price is None:
            return Fraction(0)
        age = Fraction(slot.last - slot.t + 1, self.a_year)
        paid = slot.price + Fraction(str(self.offers[slot.offer].get("network_usd", 0)))
        return paid * self.share_left(age) * self.discount(2 * slot.last)

    def share_left(self, age: Number) -> Number:
        default = {1: "0.62", 2: "0.42", 3: "0.30", 4: "0.18", 5: "0.12"}
        rule = self.finance.get("residual", default)
        if rule == "none":
            return Fraction(0)
        if rule == "book":
            return max(Fraction(0), 1 - age / Fraction(str(self.finance.get("book_life_years", 5))))
        points = {0: Fraction(1), **{int(year): Fraction(str(share)) for year, share in rule.items()}}
        before = max(year for year in points if year <= age)
        after = min((year for year in points if year > age), default=None)
        if after is None:
            return points[before]
        return points[before] + (points[after] - points[before]) * (age - before) / (after - before)

    def unit_cost(self, slot: Slot) -> Number:
        """The present value of one system of an order."""
        spent = sum(usd * self.discount(2 * t - 1) for (_, t), usd in self.cash(slot).items())
        return spent - self.residual(slot)

    def fleet(self) -> list[tuple[str, str, int, int]]:
        """(system, site, period, count) of what is there already."""
        return [
            (entry["system"], entry["site"], t, entry["count"])
            for entry in self.asked.get("fleet", [])
            for t in self.periods
            if "until" not in entry or self.month(t) < month_of(entry["until"]) + length(entry["until"])
        ]

    def fixed_cost(self) -> Number:
        """The present value of fleet and commitments, which no order changes."""
        total = sum((slot.committed * self.unit_cost(slot) for slot in self.commitments), Fraction(0))
        for system, place, t, count in self.fleet():
            total += count * sum(self.running(system, place, t).values()) * self.discount(2 * t - 1)
        return total

    # what limits orders

    def rows(self) -> list[Row]:
        return [*self.site_rows(), *self.supply_rows(), *self.budget_rows()]

    def site_rows(self) -> list[Row]:
        found = []
        for place, site in self.sites.items():
            for limit in ("power_mw", "liquid_mw", "air_mw", "racks"):
                for t in self.periods if limit in site else ():
                    row = Row(f"{limit} {place} {t}", most=self.standing_in(site[limit], t))
                    for system, at, when, count in self.fleet():
                        row.most -= count * self.site_use(limit, system, place, t) * (at == place and when == t)
                    self.add_site_use(row, limit, place, t)
                    found.append(row)
        return found

    def add_site_use(self, row: Row, limit: str, place: str, t: int) -> None:
        """Orders and commitments that are at a place in period t."""
        for slot in [*self.slots, *self.commitments]:
            if slot.place == place and t in slot.periods:
                use = self.site_use(limit, self.offers[slot.offer]["system"], place, t)
                if slot.committed:
                    row.most -= slot.committed * use
                else:
                    row.use[slot] = use

    def site_use(self, limit: str, system: str, place: str, t: int) -> Number:
        facts = self.systems[system]
        kw = Fraction(str(facts["provisioned_kw"]))
        if limit == "power_mw":
            return self.peak_pue(place, t) * kw / 1000
        if limit == "racks":
            return Fraction(str(facts["racks"]))
        return kw / 1000 if facts["cooling"] == limit.removesuffix("_mw") else Fraction(0)

    def supply_rows(self) -> list[Row]:
        found = []
        for t in self.periods:
            entering = [slot for slot in self.slots if slot.t == t]
            delivered = [slot for slot in entering if self.offers[slot.offer]["route"] not in HOSTED]
            for name, schedule in self.asked.get("supply_per_month", {}).items():
                row = Row(f"supply {name} {t}", most=self.supplied_in(schedule, t) * self.months)
                row.use = {slot: Fraction(self.chips(slot)) for slot in delivered if self.accelerator(slot) == name}
                found.append(row)
            for name, rule in self.asked.get("pools_per_month", {}).items():
                row = Row(f"pool {name} {t}", most=self.pool(name, rule, t) * self.months)
                row.use = {slot: self.draw(slot, name) * self.chips(slot) for slot in delivered}
                found.append(row)
            for name, offer in self.offers.items():
                if "supply_systems_per_month" in offer:
                    most = self.supplied_in(offer["supply_systems_per_month"], t) * self.months
                    use = {slot: Fraction(1) for slot in entering if slot.offer == name}
                    found.append(Row(f"offer {name} {t}", use, Fraction(most)))
        return found

    def accelerator(self, slot: Slot) -> str:
        return str(self.systems[self.offers[slot.offer]["system"]]["accelerator"])

    def chips(self, slot: Slot) -> int:
        return int(self.systems[self.offers[slot.offer]["system"]]["accelerators"])

    def draw(self, slot: Slot, pool: str) -> Number:
        return Fraction(str(self.accelerators[self.accelerator(slot)].get("draws", {}).get(pool, 0)))

    def pool(self, name: str, rule: Any, t: int) -> Number:
        if isinstance(rule, dict) and "forecast" in rule:
            forecast = self.pools[name]["forecasts"][rule["forecast"]]
            return self.supplied_in(forecast, t) * Fraction(str(rule["share"]))
        return self.supplied_in(rule, t)

    def budget_rows(self) -> list[Row]:
        found = []
        for kind, lines in (("capex_usd", CAPEX), ("opex_usd", OPEX)):
            amounts = self.asked.get("budget", {}).get(kind, {}).items()
            for window, most, inside in ((w, most, held) for w, most in amounts for held in self.held(w)):

                def spent(slot: Slot, lines: Any = lines, inside: Any = inside) -> Number:
                    return sum(
                        (usd for (line, t), usd in self.cash(slot).items() if line in lines and t in inside),
                        Fraction(0),
                    )

                row = Row(f"{kind} {window}", {slot: spent(slot) for slot in self.slots}, Fraction(str(most)))
                row.most -= sum(slot.committed * spent(slot) for slot in self.commitments)
                for system, place, t, count in self.fleet():
                    if t in inside and kind == "opex_usd":
                        row.most -= count * sum(self.running(system, place, t).values())
                found.append(row)
        return found

    def held(self, window: str) -> list[set[int]]:
        """The periods of a window, or of each of many: one for every period, or for every fiscal year."""
        if window == "each_period":
            return [{t} for t in self.periods]
        last = self.month(self.count) // 12 + 1
        years = [f"fy{year}" for year in range(self.start // 12, last + 1)] if window == "each_year" else [window]
        held = [{t for t in self.periods if self.in_window(self.month(t), year)} for year in years]
        return [inside for inside in held if inside or window != "each_year"]

    def in_window(self, month: int, window: str) -> bool:
        if window == "total":
            return True
        if window.startswith("fy"):
            starts = self.finance.get("fiscal_year_starts", 1)
            year, offset = divmod(month, 12)
            return int(window[2:]) == (year + 1 if starts > 1 and offset >= starts - 1 else year)
        first, _, last = window.partition("..")
        last = last or first
        return month_of(first) <= month < month_of(last) + length(last)
