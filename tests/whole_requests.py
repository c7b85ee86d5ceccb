"""Random requests of the whole procurement problem, small or large."""

from __future__ import annotations

import random
from typing import Any

from oracle_whole import Whole
from test_brute_force import Draw

Tree = dict[str, Any]
MILLION = 1_000_000


class DrawWhole(Draw):
    """A random request with every kind of decision; `framed` is the part with frame agreements."""

    framed = 0.4

    def __init__(self, seed: str, large: bool) -> None:
        super().__init__(seed, large)
        self.block = random.Random(f"{seed} block")
        self.deal = random.Random(f"{seed} deal")
        self.tax = random.Random(f"{seed} tax")

    def offer(self, box: str) -> Tree:
        offer = super().offer(box)
        if offer.get("divisible") == "true":
            return offer
        if self.maybe(0.25):
            offer["minimum_order_systems"] = self.random.randint(2, 3)
        if offer["route"] == "purchase" and self.maybe(0.45):
            first = self.random.randint(2, 3)
            steps = [{"from_systems": first, "factor": self.random.choice(["0.5", "0.8", "0.9", "1.2"])}]
            if self.maybe(0.3):
                steps.append({"from_systems": first + 2, "factor": self.random.choice(["0.4", "0.7"])})
            offer["price_breaks"] = {"kind": self.random.choice(["all_units", "incremental"]), "steps": steps}
        return offer

    def catalog(self) -> Tree:
        known = super().catalog()
        for file in known.values():
            if "accelerator" in file:
                file["accelerator"]["vendor"] = self.random.choice(["red", "blue"])
                file["accelerator"]["kind"] = self.random.choice(["gpu", "asic"])
                if self.maybe(0.3):
                    months = self.random.randint(0, self.months)
                    file["accelerator"]["one_off"] = {"usd": self.random.randint(20, 300) * MILLION, "months": months}
        return known

    def site(self) -> Tree:
        site = super().site()
        if self.maybe(0.35):
            site["expansion"] = {
                "usd_per_mw": self.random.randint(10, 200) * MILLION, "max_mw": self.random.randint(1, 2),
                "lead_time_months": self.random.randint(0, self.months), "life_years": self.random.choice([1, 3, 20]),
            }  # fmt: skip
            if self.block.random() < 0.5:
                site["expansion"]["block_mw"] = self.block.choice(["0.3", "0.5", "0.75", 1])
        if self.block.random() < 0.3 and (self.large or "expansion" not in site):  # the closed form knows no growth
            site["take_or_pay_share"] = self.block.choice(["0.2", "0.5", 1])
        return site

    def demand(self, name: str, hosts: list[str]) -> Tree:
        entry = super().demand(name, hosts)
        if self.maybe(0.35):
            entry["cluster"] = {"accelerators": self.random.choice([0, 1, 3, 4, 6])}
        if self.maybe(0.4):
            cost = {"usd": self.random.randint(1, 150) * MILLION, "months": self.random.randint(0, self.months)}
            entry["stacks"] = self.random.choice([{"cuda": 0, "rocm": cost}, {"cuda": cost, "rocm": 0}, {"cuda": cost}])
        return entry

    def finance(self) -> Tree:
        finance = super().finance()
        if self.tax.random() < 0.5:
            rule = self.tax.choice(["straight_line", "macrs_5", "macrs_5", "bonus"])
            finance["tax"] = {"rate": self.tax.choice(["0.21", "0.25", "0.4", 0, 1]), "depreciation": rule}
            if self.tax.random() < 0.5:
                finance["book_life_years"] = self.tax.choice(["0.2", "0.7", 2, "5.5"])
        return finance

    def run(self, entry: Tree) -> Tree:
        """The demand as a run to be finished by one or two deadlines."""
        kept = {key: entry[key] for key in ("workload", "precisions", "cluster", "stacks", "sites") if key in entry}
        ends = sorted({self.random.randint(0, self.periods - 1) for _ in range(2)})
        hours = 8760 * self.months // 12
        amounts = sorted(self.random.randint(1, self.work) * hours for _ in ends)
        return {**kept, "by_deadline_unit_hours": dict(zip(map(self.own, ends), amounts, strict=True))}

    def own(self, t: int) -> str:
        year, offset = divmod(self.start + t * self.months, 12)
        return {12: f"{year}", 3: f"{year}q{offset // 3 + 1}", 1: f"{year}-{offset + 1:02d}"}[self.months]

    def scenario(self, known: Tree) -> Tree:
        asked = super().scenario(known)
        there = {file["accelerator"]["stack"] for file in known.values() if "accelerator" in file}
        for entry in asked["demand"].values():
            entry["stacks"] = {stack: cost for stack, cost in entry.get("stacks", {}).items() if stack in there}
            if not entry["stacks"]:
                del entry["stacks"]
        first, *others = asked["demand"]
        if self.maybe(0.25):
            asked["demand"][first] = self.run(asked["demand"][first])
            if not self.large:  # the closed form needs the other work to be done in full
                for name in others:
                    asked["demand"][name].pop("unmet_usd_per_unit_hour", None)
        elif self.maybe(0.3):
            asked["objective"] = "maximize_value"
            usd = self.random.randint(1, 40) * 1000 // self.months + 1
            asked["demand"][first]["value_usd_per_unit_hour"] = {self.own(1): usd} if self.maybe(0.3) else usd
        for entry in asked.get("fleet", ()):
            if self.maybe(0.8):
                entry |= {"count": 2, "may_retire": "true", "resale_usd": self.random.randint(0, 90) * MILLION}
        asked["limits"] = [self.limit_of(i) for i in range(self.random.choice([0, 0, 1, 1, 2]))]
        if self.deal.random() < self.framed:
            names = ["deal", "offset"][: 1 + (self.deal.random() < 0.3)]
            asked["frames"] = {name: self.frame() for name in names}
        expands = any("expansion" in site for site in asked["sites"].values())
        if expands and not self.large:
            asked.get("budget", {}).pop("capex_usd", None)
        return asked

    def frame(self) -> Tree:
        """An agreement on some of the offers, its windows whole or in part inside the horizon."""
        of = self.deal.choice([
            {"vendor": "red"}, {"vendor": "*"}, {"route": "purchase"}, {"route": ["purchase", "on_demand"]},
            {"offer": "*.a"}, {"accelerator": "chip_a"}, {"site": self.places[0]}, {"route": "*", "kind": "gpu"},
        ])  # fmt: skip
        orders, within = ([self.own(t) for t in sorted(self.deal.choices(range(self.periods), k=2))] for _ in range(2))
        frame: Tree = {
            "of": of, "orders": self.deal.choice(["total", "total", "..".join(orders)]),
            "within": self.deal.choice(["total", "..".join(within), f"{within[0]}..2029", f"2024..{within[1]}"]),
            "spend_usd": self.deal.choice([0, 50, 150, 400, 900, 2000]) * MILLION * (1 + self.large),
            "factor": self.deal.choice(["0.5", "0.75", "0.9", 1]),
        }  # fmt: skip
        return {**frame, "signed": self.deal.choice(["true", "optional"])} if self.deal.random() < 0.7 else frame

    def limit_of(self, number: int) -> Tree:
        measures = ["systems", "accelerators", "it_kw", "spend_usd", "capex_usd", "carbon_t"]
        measure = self.random.choice(measures + ["work", "work"] * self.large)
        limit: Tree = {"name": f"rule_{number}", "measure": measure, "of": {}}
        keys = [("vendor", ["red", "each"]), ("kind", ["gpu"]), ("accelerator", ["chip_a", "chip_*"]),
                ("system", ["chip_a_box"]), ("stack", ["cuda", "each"]), ("buyers", ["acme"])]  # fmt: skip
        if measure != "work":
            keys += [("route", ["purchase", "each"]), ("offer", ["chip_a.a", "*.a"])]
        if measure not in ("spend_usd", "capex_usd"):
            keys += [("site", [self.places[0], "each"])]
        key, values = self.random.choice(keys)
        limit["of"][key] = self.random.choice(values)
        if measure == "work":
            limit["of"]["demand"] = self.random.choice([self.demands[0], "each"])
        limit["within"] = self.random.choice(["total", "each_period", "each_year", self.own(0), str(self.start // 12)])
        bounds = ["at_most", "at_most", "at_most_share", "at_least_share"]
        if measure in ("systems", "accelerators", "work"):
            bounds.append("at_least")
        if measure == "it_kw":
            bounds.append("at_least")
        bound = self.random.choice(bounds)
        if measure == "it_kw" and bound.startswith("at_least"):
            limit["within"] = "each_period"
            bound = "at_least_share"
        if measure == "carbon_t" and bound.startswith("at_least"):
            bound = "at_most_share"
        scale = {"systems": 1, "accelerators": 4, "it_kw": 800, "work": self.work, "carbon_t": 900}
        amount = self.random.randint(1, 4 * (4 if self.large else 1)) * scale.get(measure, 300 * MILLION)
        share = self.random.choice(["0.3", "0.5", "0.75"])
        floor = self.random.randint(1, 2) * (self.work if measure == "work" else 1)
        limit[bound] = share if bound.endswith("share") else floor if bound == "at_least" else amount
        return limit


def drawn(seed: str, large: bool, kind: type[DrawWhole] = DrawWhole) -> tuple[Tree, Tree, Whole] | None:
    """A request, or None where the draw is an input error by design."""
    draw = kind(seed, large)
    known = draw.catalog()
    asked = draw.scenario(known)
    try:
        oracle = Whole(asked, known)
    except KeyError:  # the buyers, vendors or hosts that a limit names are not there
        return None
    if any(slot.price is None and slot.rent is None for slot in oracle.commitments):
        return None
    return asked, known, oracle
