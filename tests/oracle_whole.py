"""The whole procurement problem stated a second time, on top of `oracle.py`: terms, one-offs, clusters, limits.

Everything is linear in a few kinds of decisions, named by tuples: ("order", slot) systems of an order,
("paid", offer, t) systems of an offer's orders at their price after breaks, with a frame's ("paid", offer.frame, t),
("retire", entry, t),
("expand", site, t), ("engineer", accelerator, t) and ("port", demand, stack, t). Costs and limits are sums over
these; `whole_search.py` tries all their values, `whole_model.py` states them once more as a plain model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import Any

from oracle import CAPEX, OPEX, Number, Slot, Tree, length, month_of
from oracle_frames import MILLION, Agreements, Key, chosen, selection
from oracle_tax import AT_THE_END, taxes

WHOLE_BUDGETS = {"capex_usd": (*CAPEX, "facility"), "opex_usd": (*OPEX, "idle", "engineering", "porting", "frame")}
UNBOUNDED = 1000
SELECTED_BY_ORDER = ("site", "host", "demand")


@dataclass(frozen=True)
class Term:
    """`amount` of a line in period t per unit of a decision; a key of None is a constant."""

    line: str
    t: int
    key: Key | None
    amount: Number


@dataclass
class Line:
    """low ≤ Σ use · decision ≤ high; None is no bound."""

    name: str
    use: dict[Key, Number]
    low: Number | None = None
    high: Number | None = None


@dataclass(frozen=True)
class Part:
    """A part of a measure: what it is, in which period, per unit of a decision."""

    facts: dict[str, tuple[str, ...]]
    t: int
    key: Key | None
    amount: Number


@dataclass(frozen=True)
class Entry:
    """Systems of the fleet that may leave."""

    number: int
    system: str
    site: str
    count: int
    last: int
    resale: Number


OPEN = Fraction(20_000)


class Whole(Agreements):
    """A request with every kind of decision, in numbers."""

    # demand

    @property
    def maximizing(self) -> bool:
        return self.asked.get("objective") == "maximize_value"

    def need(self, demand: str, t: int) -> Number:
        """What is asked for; of an open demand more than all that stands or could stand there can do."""
        entry = self.asked["demand"][demand]
        if "per_second" not in entry and "by_deadline_unit_hours" not in entry:
            return OPEN
        return self.asked_in(entry.get("per_second"), t)

    def worth(self, demand: str, t: int) -> Number | None:
        """Discounted value of a unit per second done all through period t, after tax; nothing before it begins."""
        schedule = self.asked["demand"][demand].get("value_usd_per_unit_hour")
        if not self.maximizing or schedule is None:
            return None
        usd = (self.price_in(schedule, t) or Fraction(0)) * self.hours * self.discount(2 * t - 1)
        return usd * (1 - self.tax_rate)

    def left_undone(self, demand: str, t: int) -> Number | None:
        """What it costs to leave a unit per second undone, value included; None if that is not allowed."""
        unmet, worth = self.unmet_price(demand, t), self.worth(demand, t)
        return None if unmet is None and worth is None else (unmet or Fraction(0)) + (worth or Fraction(0))

    def deadlines(self, demand: str) -> dict[int, Number]:
        steps = self.asked["demand"][demand].get("by_deadline_unit_hours", {})
        return {self.period(key): Fraction(str(amount)) for key, amount in steps.items()}

    def period(self, key: str) -> int:
        return 1 + (month_of(key) - self.start) // self.months

    def cluster(self, demand: str) -> int | None:
        entry = self.asked["demand"][demand].get("cluster")
        return None if entry is None else int(entry["accelerators"])

    def asks(self, t: int) -> dict[str, Number]:
        """The most work per second that each demand can use in period t."""
        found = {name: self.need(name, t) for name in self.asked["demand"] if self.need(name, t)}
        for name in self.asked["demand"]:
            ends = self.deadlines(name)
            if ends and t <= max(ends):
                found[name] = max(ends.values()) / self.hours
        return {name: max(amount, self.wanted(name, t)) for name, amount in found.items()}

    def wanted(self, demand: str, t: int) -> Number:
        """The work of a demand that a limit may want at the least in period t."""
        amounts = [
            Fraction(str(limit["at_least"])) for limit in self.asked.get("limits", ())
            if limit["measure"] == "work" and "at_least" in limit
            and any(w in ("each", demand) for w in selection(limit)["demand"])
            and (limit["within"].startswith("each") or self.in_window(self.month(t), limit["within"]))
        ]  # fmt: skip
        return max(amounts, default=Fraction(0))

    def shared(self, demand: str) -> bool:
        """Whether a limit on a share of work counts a demand: then more of it may be done than is asked for."""
        return any(
            limit["measure"] == "work" and any("share" in key for key in limit)
            and any(w in ("each", demand) for w in selection(limit)["demand"])
            for limit in self.asked.get("limits", ())
        )  # fmt: skip

    def per_chip(self, system: str, demand: str, t: int) -> Number | None:
        rate = self.rate(system, demand, t)
        return None if not rate else rate / self.systems[system]["accelerators"]

    def porting(self, demand: str, stack: str) -> Tree | None:
        """Cost of bringing a demand to a stack; None where it runs already."""
        cost = self.asked["demand"][demand].get("stacks", {}).get(stack)
        return cost if isinstance(cost, dict) else None

    def ports(self) -> list[tuple[str, str]]:
        stacks = sorted({entry["stack"] for entry in self.accelerators.values()})
        return [(w, k) for w in self.asked["demand"] for k in stacks if self.porting(w, k) is not None]

    def wait(self, months: int) -> int:
        return ceil(Fraction(months, self.months))

    # orders

    def useful(self, slot: Slot) -> int:
        """The most systems of an order that may be worth having: for the work, or idle to change a share."""
        return self.physical(slot) if self.shares() else self.for_work(slot)

    def shares(self) -> bool:
        """Whether some limit is on a share: then any order may be worth having that does no work at all."""
        return any("share" in key for limit in self.asked.get("limits", ()) for key in limit)

    def physical(self, slot: Slot) -> int:
        """What the site and the supply leave, grown as far as it can be; with neither, more than is ever bought."""
        most, system = [Fraction(UNBOUNDED)], self.offers[slot.offer]["system"]
        if slot.place in self.sites:
            site = self.sites[slot.place]
            for limit in ("power_mw", "liquid_mw", "air_mw", "racks"):
                added = Fraction(str(site["expansion"]["max_mw"])) if limit == "power_mw" and "expansion" in site else 0
                for t in slot.periods if limit in site else ():
                    use = self.site_use(limit, system, slot.place, t)
                    most += [(self.standing_in(site[limit], t) + added) / use] if use else []
        supply = self.offers[slot.offer].get("supply_systems_per_month")
        if supply is not None:
            most.append(self.supplied_in(supply, slot.t) * self.months)
        whole = self.offers[slot.offer].get("divisible") != "true"
        return floor(min(most)) if whole else ceil(min(most))

    def for_work(self, slot: Slot) -> int:
        """Systems that would do all the work they may do; or that a floor, a frame or the order's own terms may want.

        The terms may be filled up at a place without work, where another place has some, or for a frame.
        """
        places = [slot.place] if slot.place not in self.sites else [slot.place, *self.sites]
        working = [self.to_work(slot, place) for place in places]
        wanted = max(working[0], self.floor(slot.offer)) + self.of_frame(slot)
        any_use = wanted or any(working) or (self.in_frames(slot) and self.by_terms(slot.offer))
        return ceil(max(wanted, self.by_terms(slot.offer))) if any_use else 0

    def to_work(self, slot: Slot, place: str) -> Number:
        """Systems that would do all the work they may do at a place, in the period with the most of it."""
        system = self.offers[slot.offer]["system"]
        chips, most = self.systems[system]["accelerators"], Fraction(0)
        for t in slot.periods:
            total, able = Fraction(0), self.able(slot, t)
            for demand, per_second in self.asks(t).items() if able else ():
                rate = self.per_chip(system, demand, t)
                if rate is not None and self.stands(demand, place):
                    total += max(per_second / rate, self.cluster(demand) or 0) / (chips * able)
            most = max(most, total)
        return most

    def by_terms(self, offer: str) -> int:
        breaks = self.offers[offer].get("price_breaks", {})
        steps = [step["from_systems"] for step in breaks.get("steps", ()) if breaks["kind"] == "all_units"]
        return max([self.offers[offer].get("minimum_order_systems", 0), *steps])

    def floor(self, offer: str) -> Number:
        """Systems that a limit on systems or accelerators may want at the least."""
        found = Fraction(0)
        facts = self.facts(self.offers[offer]["system"], offer=offer)
        for limit in self.asked.get("limits", ()):
            patterns = {k: v for k, v in selection(limit).items() if k not in SELECTED_BY_ORDER and v != ["each"]}
            if "at_least" in limit and limit["measure"] in ("systems", "accelerators") and chosen(patterns, facts):
                chips = self.systems[self.offers[offer]["system"]]["accelerators"]
                found = max(found, Fraction(str(limit["at_least"])) / (1 if limit["measure"] == "systems" else chips))
        return found

    def purchases(self) -> dict[tuple[str, int], list[Slot]]:
        """The purchases of an offer at one price that enter service in a period, at all places."""
        found: dict[tuple[str, int], list[Slot]] = {}
        for slot in self.slots:
            if slot.price is not None:
                found.setdefault((self.label(slot), slot.t), []).append(slot)
        return found

    def entries(self) -> list[Entry]:
        """Fleet that may be retired."""
        found = []
        for number, entry in enumerate(self.asked.get("fleet", ())):
            there = [
                t for t in self.periods
                if "until" not in entry or self.month(t) < month_of(entry["until"]) + length(entry["until"])
            ]  # fmt: skip
            if entry.get("may_retire") == "true" and there:
                resale = Fraction(str(entry.get("resale_usd", 0)))
                found.append(Entry(number, entry["system"], entry["site"], entry["count"], max(there), resale))
        return found

    def grows(self, site: str) -> dict[int, Number]:
        """Periods in which power may come on line."""
        expansion = self.sites[site].get("expansion")
        if expansion is None:
            return {}
        usd = Fraction(str(expansion["usd_per_mw"]))
        return {t: usd for t in self.periods if t > self.wait(expansion["lead_time_months"])}

    def block(self, site: str) -> Number | None:
        """MW of a block, where a site grows by whole ones."""
        block = self.sites[site].get("expansion", {}).get("block_mw")
        return None if block is None else Fraction(str(block))

    def taking(self) -> list[str]:
        """Sites that pay for a share of the energy that all their power would give."""
        return [site for site, facts in self.sites.items() if facts.get("take_or_pay_share")]

    def due(self, site: str, mw: Number) -> Number:
        """MWh that have to be paid for in a period for so much power, used or not."""
        return Fraction(str(self.sites[site]["take_or_pay_share"])) * self.hours * mw

    def used(self, site: str, t: int) -> tuple[dict[Key, Number], Number]:
        """MWh at the meter of a site by decision, and of what stands there anyway."""

        def mwh(system: str) -> Number:
            return self.pue(site, t) * Fraction(str(self.systems[system]["average_kw"])) * self.hours / 1000

        pairs: list[tuple[Key | None, Number]] = []
        for slot in [*self.slots, *self.commitments]:
            if slot.place == site and t in slot.periods:
                each = mwh(self.offers[slot.offer]["system"])
                pairs.append((None, each * slot.committed) if slot.committed else (("order", slot), each))
        pairs += [(None, mwh(y) * n) for y, place, when, n in self.fleet() if (place, when) == (site, t)]
        for entry in self.entries():
            if entry.site == site and t <= entry.last:
                pairs += [(("retire", entry.number, start), -mwh(entry.system)) for start in range(1, t + 1)]
        return summed(pairs)

    def engineers(self) -> list[str]:
        return [a for a, entry in sorted(self.accelerators.items()) if "one_off" in entry]

    def ready(self, slot: Slot) -> int:
        """The last period in which engineering for an order may start."""
        return slot.ordered - self.wait(self.accelerators[self.accelerator(slot)]["one_off"]["months"])

    # money

    def money(self) -> list[Term]:
        """Every cost, undiscounted, but what is left undone."""
        found: list[Term] = []
        for slot in self.slots:
            found += self.order_money(slot, ("order", slot), Slot(*free(slot)))
        for (offer, t), slots in self.purchases().items():
            found += self.price_money(slots[0], ("paid", offer, t))
        for slot in self.commitments:
            found += [t_times(term, slot.committed) for term in self.order_money(slot, None, slot)]
        for system, place, t, count in self.fleet():
            found += [Term(line, t, None, usd * count) for line, usd in self.running(system, place, t).items()]
        for entry in self.entries():
            for start in range(1, entry.last + 1):
                key = ("retire", entry.number, start)
                found.append(Term("resale", start, key, -entry.resale))
                for t in range(start, entry.last + 1):
                    found += [Term(k, t, key, -usd) for k, usd in self.running(entry.system, entry.site, t).items()]
        for site in self.sites:
            for t, usd in self.grows(site).items():
                age = Fraction(self.count - t + 1, self.a_year)
                left = max(Fraction(0), 1 - age / Fraction(str(self.sites[site]["expansion"]["life_years"])))
                found.append(Term("facility", t, ("expand", site, t), usd))
                found.append(Term("residual", self.count, ("expand", site, t), -usd * left))
        for site, t in product(self.taking(), self.periods):
            usd = self.price_in(self.sites[site]["electricity_usd_per_mwh"], t) or Fraction(0)
            found.append(Term("idle", t, ("idle", site, t), usd))
        found += [Term("frame", max(self.spending(f)), ("missing", f), MILLION) for f in self.frames]
        for a in self.engineers():
            usd = Fraction(str(self.accelerators[a]["one_off"]["usd"]))
            found += [Term("engineering", t, ("engineer", a, t), usd) for t in self.periods]
        for w, k in self.ports():
            usd = Fraction(str((self.porting(w, k) or {})["usd"]))
            found += [Term("porting", t, ("port", w, k, t), usd) for t in self.periods]
        return [*found, *(Term(*term) for term in taxes(self, found))]

    @property
    def tax_rate(self) -> Number:
        return Fraction(str(self.finance.get("tax", {}).get("rate", 0)))

    def order_money(self, slot: Slot, key: Key | None, priced: Slot) -> list[Term]:
        found = [Term(line, t, key, usd) for (line, t), usd in self.cash(priced).items() if usd]
        return [*found, Term("residual", slot.last, key, -self.residual_usd(priced))]

    def price_money(self, slot: Slot, key: Key) -> list[Term]:
        """The part that the price of one system makes."""
        nothing = self.cash(Slot(*free(slot)))
        paid = {at: usd - nothing.get(at, Fraction(0)) for at, usd in self.cash(slot).items()}
        found = [Term(line, t, key, usd) for (line, t), usd in paid.items() if usd]
        left = self.residual_usd(slot) - self.residual_usd(Slot(*free(slot)))
        return [*found, Term("residual", slot.last, key, -left)]

    def residual_usd(self, slot: Slot) -> Number:
        return self.residual(slot) / self.discount(2 * slot.last)

    def present(self, term: Term) -> Number:
        return term.amount * self.discount(2 * term.t if term.line in AT_THE_END else 2 * term.t - 1)

    def receipts(self) -> Number:
        """The present value of all work that has a value, were it done in full."""
        return sum(
            ((self.worth(w, t) or Fraction(0)) * self.need(w, t) for w in self.asked["demand"] for t in self.periods),
            Fraction(0),
        )

    # what limits decisions, all but work

    def lines(self) -> list[Line]:
        return [*self.site_lines(), *self.supply_lines(), *self.budget_lines(), *self.limit_lines()]

    def supply_lines(self) -> list[Line]:
        return [
            Line(row.name, {("order", slot): use for slot, use in row.use.items() if use}, high=row.most)
            for row in self.supply_rows()
        ]

    def site_lines(self) -> list[Line]:
        found = []
        for row in self.site_rows():
            limit, place, when = row.name.split()
            t = int(when)
            use: dict[Key, Number] = {("order", slot): amount for slot, amount in row.use.items() if amount}
            for entry in self.entries():
                if entry.site == place and t <= entry.last:
                    each = self.site_use(limit, entry.system, place, t)
                    use |= {("retire", entry.number, start): -each for start in range(1, t + 1)}
            if limit == "power_mw":
                use |= {("expand", place, start): Fraction(-1) for start in self.grows(place) if start <= t}
            found.append(Line(row.name, use, high=row.most))
        for site in self.sites:
            if self.grows(site):
                most = Fraction(str(self.sites[site]["expansion"]["max_mw"]))
                found.append(
                    Line(f"grow {site}", {("expand", site, t): Fraction(1) for t in self.grows(site)}, high=most)
                )
        return found

    def budget_lines(self) -> list[Line]:
        found, money = [], self.money()
        for kind, names in WHOLE_BUDGETS.items():
            amounts = self.asked.get("budget", {}).get(kind, {}).items()
            for window, most, held in ((w, most, held) for w, most in amounts for held in self.held(w)):
                inside = [term for term in money if term.line in names and term.t in held]
                use, constant = summed((term.key, term.amount) for term in inside)
                found.append(Line(f"{kind} {window}", use, high=Fraction(str(most)) - constant))
        return found

    # limits

    def placed(self) -> Iterator[tuple[Slot, Key | None, Number, dict[str, tuple[str, ...]]]]:
        """Orders and commitments: (slot, decision, systems per unit, what it is)."""
        for slot in [*self.slots, *self.commitments]:
            key = None if slot.committed else ("order", slot)
            facts = self.facts(self.offers[slot.offer]["system"], slot.offer, slot.place)
            yield slot, key, Fraction(slot.committed or 1), facts

    def entering(self) -> Iterator[tuple[Slot, Key | None, Number, dict[str, tuple[str, ...]]]]:
        """Those that enter service in the horizon."""
        return (placed for placed in self.placed() if placed[0].t >= 1)

    def there(self) -> Iterator[tuple[dict[str, tuple[str, ...]], Slot | None, str, str, int, Key | None, Number]]:
        """What is in service: (facts, slot, system, place, t, decision, systems per unit)."""
        for slot, key, count, facts in self.placed():
            for t in slot.periods:
                yield facts, slot, self.offers[slot.offer]["system"], slot.place, t, key, count
        for system, place, t, count in self.fleet():
            yield self.facts(system, place=place), None, system, place, t, None, Fraction(count)
        for entry in self.entries():
            facts = self.facts(entry.system, place=entry.site)
            for start in range(1, entry.last + 1):
                for t in range(start, entry.last + 1):
                    yield facts, None, entry.system, entry.site, t, ("retire", entry.number, start), Fraction(-1)

    def systems_parts(self) -> Iterator[Part]:
        for slot, key, count, facts in self.entering():
            yield Part(facts, slot.t, key, count)

    def accelerators_parts(self) -> Iterator[Part]:
        for slot, key, count, facts in self.entering():
            yield Part(facts, slot.t, key, count * self.chips(slot))

    def capex_usd_parts(self) -> Iterator[Part]:
        """Limits on money are never by place here where an offer has price breaks."""
        seen = set()
        for slot, key, count, facts in self.entering():
            if slot.price is None:
                continue
            yield Part(facts, slot.t, key, count * Fraction(str(self.offers[slot.offer].get("network_usd", 0))))
            if slot.committed:
                yield Part(facts, slot.t, None, count * slot.price)
            elif "price_breaks" not in self.offers[slot.offer]:
                yield Part(facts, slot.t, key, slot.price)
            elif (self.label(slot), slot.t) not in seen:
                seen.add((self.label(slot), slot.t))
                yield Part(facts, slot.t, ("paid", self.label(slot), slot.t), slot.price)

    def spend_usd_parts(self) -> Iterator[Part]:
        yield from self.capex_usd_parts()
        for slot, key, count, facts in self.entering():
            if slot.rent is not None:
                yield Part(facts, slot.t, key, count * slot.rent * self.hours * len(slot.periods))

    def it_kw_parts(self) -> Iterator[Part]:
        for facts, _, system, _, t, key, count in self.there():
            yield Part(facts, t, key, count * Fraction(str(self.systems[system]["provisioned_kw"])))

    def carbon_t_parts(self) -> Iterator[Part]:
        for facts, slot, system, place, t, key, count in self.there():
            if place in self.sites:
                kg = self.price_in(self.sites[place].get("carbon_kg_per_mwh", 0), t) or Fraction(0)
                kw = self.pue(place, t) * Fraction(str(self.systems[system]["average_kw"]))
                yield Part(facts, t, key, count * kw * self.hours / 1000 * kg / 1000)
            elif slot is not None:
                kg = Fraction(str(self.offers[slot.offer].get("carbon_kg_per_accelerator_hour", 0)))
                yield Part(facts, t, key, count * kg * self.chips(slot) * self.hours / 1000)

    def limit_lines(self) -> list[Line]:
        found = []
        for limit in self.asked.get("limits", ()):
            if limit["measure"] != "work":
                parts = list(getattr(self, f"{limit['measure']}_parts")())
                found += self.lines_of(limit, parts)
        return found

    def lines_of(self, limit: Tree, parts: list[Part]) -> list[Line]:
        """One line for each value of `each` and each window, whether or not there is any of the measure."""
        patterns = selection(limit)
        each = [key for key, wanted in patterns.items() if wanted == ["each"]]
        found = []
        floor = "at_least" in limit or "at_least_share" in limit
        for combination in self.values_of_each(limit) or [()] * floor:  # a floor over nothing
            wanted = {**patterns, **dict(zip(each, ([v] for v in combination), strict=False))}
            part = [p for p in parts if chosen(wanted, p.facts)]
            same = {"demand": wanted["demand"]} if "demand" in wanted else {}
            whole = [p for p in parts if chosen(same, p.facts)]
            for name, inside in self.windows(limit):
                found.append(bounded(f"{limit['name']} {combination} {name}", limit, part, whole, inside))
        return found

    def values_of_each(self, limit: Tree) -> list[tuple[str, ...]]:
        """What `each` stands for: values that one thing has at once, of all that could be had or is there."""
        patterns = selection(limit)
        each = [key for key, wanted in patterns.items() if wanted == ["each"]]
        fixed = {key: wanted for key, wanted in patterns.items() if key not in (*each, "demand")}
        seen = [facts for facts in self.could_be(limit["measure"] == "work") if chosen(fixed, facts)]
        by_demand = [{**facts, "demand": (w,)} for facts in seen for w in self.asked["demand"]]
        return sorted({values for facts in by_demand for values in product(*(facts.get(key, ()) for key in each))})

    def could_be(self, working: bool) -> Iterator[dict[str, tuple[str, ...]]]:
        """Offers that could be ordered, commitments and the fleet, able to work or not; what works has no offer."""
        could = {slot.offer for slot in self.possible()}
        committed = {(slot.offer, slot.place) for slot in self.commitments}
        placed = {(offer, place) for offer in could for place in self.homes(offer)} | committed
        for offer, place in sorted(placed):
            yield self.facts(self.offers[offer]["system"], None if working else offer, place)
        for entry in self.asked.get("fleet", ()):
            yield self.facts(entry["system"], place=entry["site"])

    def homes(self, offer: str) -> list[str]:
        return [self.offers[offer]["host"]] if "host" in self.offers[offer] else list(self.sites)

    def windows(self, limit: Tree) -> list[tuple[str, Callable[[int], bool]]]:
        within = limit.get("within", "total")
        singles = [(str(t), lambda when, t=t: when == t) for t in self.periods]
        if within == "each_period":
            return singles
        if within == "each_year":
            years = sorted({self.fiscal_year(t) for t in self.periods})
            windows = [(y, lambda t, y=y: self.in_window(self.month(t), y)) for y in years]
        else:
            windows = [(within, lambda t: self.in_window(self.month(t), within))]
        if limit["measure"] == "it_kw":
            return [(name, at) for name, at in singles if any(inside(int(name)) for _, inside in windows)]
        return windows

    def fiscal_year(self, t: int) -> str:
        year = self.month(t) // 12
        return next(f"fy{y}" for y in (year, year + 1) if self.in_window(self.month(t), f"fy{y}"))


def free(slot: Slot) -> tuple[Any, ...]:
    """A slot as it would be at a price of nothing."""
    price = None if slot.price is None else Fraction(0)
    return slot.offer, slot.place, slot.t, slot.ordered, slot.last, price, slot.rent, slot.committed


def t_times(term: Term, count: int) -> Term:
    return Term(term.line, term.t, term.key, term.amount * count)


def summed(pairs: Any) -> tuple[dict[Key, Number], Number]:
    """Amounts by decision, and the constant."""
    use: dict[Key, Number] = {}
    constant = Fraction(0)
    for key, amount in pairs:
        if key is None:
            constant += amount
        else:
            use[key] = use.get(key, Fraction(0)) + amount
    return use, constant


def bounded(name: str, limit: Tree, part: list[Part], whole: list[Part], inside: Callable[[int], bool]) -> Line:
    share = limit.get("at_most_share", limit.get("at_least_share"))
    pairs = [(p.key, p.amount) for p in part if inside(p.t)]
    if share is not None:
        pairs += [(p.key, -Fraction(str(share)) * p.amount) for p in whole if inside(p.t)]
    use, constant = summed(pairs)
    bound = Fraction(str(limit.get("at_most", limit.get("at_least", 0)))) - constant
    floor = "at_least" in limit or "at_least_share" in limit
    return Line(name, use, low=bound) if floor else Line(name, use, high=bound)
