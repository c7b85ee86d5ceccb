"""Random requests under uncertainty, and their extensive form in bare algebra: no tables, no formulation of chipmix.

Four quarters of 2025; two purchase offers of one accelerator and one system on demand; what is placed in the first
quarter is one decision, whole; what comes later is continuous. Everything is written once more from the tree of the
scenario, with one variable for each quantity of the text.
"""

from __future__ import annotations

import random
from typing import Any

import pulp
from builders import Tree, accelerator, catalog, rates, scenario, system

QUARTERS, MONTHS, HOURS, ROOM = range(1, 5), 3, 2190.0, 1e5
KEYS = {t: f"2025q{t}" for t in QUARTERS}
FACTORS = ("demand", "price", "rent", "supply", "power", "electricity")


class Draw:
    """A random request and what its futures change, as plain numbers."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"two stages {seed}")
        draw = self.random
        self.prices = {"a": draw.randint(10, 30) * 10_000, "b": draw.randint(10, 30) * 10_000}
        self.leads = {"a": draw.choice([0, 1]), "b": draw.choice([1, 2])}
        self.rates = {"a": draw.randint(2, 6), "b": draw.randint(2, 6), "cloud": draw.randint(1, 3)}
        self.kw = {"a": draw.choice([50, 100]), "b": draw.choice([80, 120])}
        self.rent = draw.randint(5, 40)
        self.asked = {t: draw.randint(0, 40) for t in QUARTERS}
        self.unmet = draw.randint(8, 40)
        self.power = {t: draw.choice(["0.5", "0.8", "1.2"]) for t in (1, 3)}
        self.supply = {t: draw.randint(2, 5) for t in (1, 3)} if draw.random() < 0.7 else None
        self.rented = draw.randint(2, 8) if draw.random() < 0.5 else None
        self.futures = [self.future(k) for k in range(draw.randint(2, 3))]

    def future(self, number: int) -> Tree:
        """A future with some changes; the first may be the scenario as it stands."""
        draw, found = self.random, dict[str, Any](name=f"f{number}")
        for kind in FACTORS:
            if draw.random() < 0.4 and (number or draw.random() < 0.5):
                found[kind] = (draw.choice(["0.4", "0.5", "0.75", "1.25", "1.5", "2"]), draw.choice([1, 2, 3]))
        if number and draw.random() < 0.4:
            found["delay"] = (draw.choice(["a", "b"]), 1)
        if number and draw.random() < 0.3:
            found["hall"] = 1
        return found

    @property
    def probabilities(self) -> list[str]:
        return {2: ["0.5", "0.5"], 3: ["0.5", "0.25", "0.25"]}[len(self.futures)]

    def catalog(self) -> dict[str, Tree]:
        """Three accelerators of one each."""
        files = []
        for name in ("a", "b"):
            terms: Tree = {"system": name, "route": "purchase", "price_usd": self.prices[name],
                           "lead_time_months": MONTHS * self.leads[name]}  # fmt: skip
            box = {name: system(accelerators=1, provisioned_kw=self.kw[name], average_kw=10)}
            files.append(accelerator(f"chip_{name}", box, {f"{name}.buy": terms}, rates(training=self.rates[name])))
        rent: Tree = {"system": "cloud", "route": "on_demand", "host": "host", "usd_per_accelerator_hour": self.rent}
        if self.rented is not None:
            rent["supply_systems_per_month"] = self.rented
        box = {"cloud": system(accelerators=1, provisioned_kw=1, average_kw=1)}
        files.append(accelerator("chip_c", box, {"cloud.rent": rent}, rates(training=self.rates["cloud"])))
        return catalog(*files)

    def scenario(self) -> Tree:
        tree = scenario(
            horizon={"start": "2025q1", "periods": 4},
            finance={"discount_rate": "0.1", "residual": "none"},
            sites={"oslo": {"power_mw": {KEYS[t]: mw for t, mw in self.power.items()}, "pue": 1,
                            "electricity_usd_per_mwh": 100}},
            demand={"train": {"workload": "training", "per_second": {KEYS[t]: n for t, n in self.asked.items()},
                              "unmet_usd_per_unit_hour": self.unmet}},
            futures=[self.said(f, p) for f, p in zip(self.futures, self.probabilities, strict=True)],
            uncertainty={"decide_by": "2025q1", "beyond": {"supply": "0.5"}},
        )  # fmt: skip
        if self.supply is not None:
            tree["supply_per_month"] = {"chip_a": {KEYS[t]: n for t, n in self.supply.items()}}
        return tree

    def said(self, future: Tree, probability: str) -> Tree:
        tree: Tree = {"name": future["name"], "probability": probability}
        for kind in FACTORS:
            if kind in future and (kind != "supply" or self.supply is not None or self.rented is not None):
                tree[kind] = {"factor": future[kind][0], "from": KEYS[future[kind][1]]}
        if "delay" in future:
            tree["delivery_delay"] = {"of": {"system": future["delay"][0]}, "months": MONTHS * future["delay"][1]}
        if "hall" in future:
            tree["hall_delay"] = {"months": MONTHS}
        return tree


def factor(future: Tree, kind: str, t: int) -> float:
    by, begins = future.get(kind, ("1", 1))
    return float(by) if t >= begins else 1.0


def step(steps: dict[int, Any], t: int) -> float:
    """The value of a schedule by quarter."""
    return float(steps[max(key for key in steps if key <= t)])


class Extensive:
    """The extensive form of a request."""

    def __init__(self, drawn: Draw) -> None:
        self.drawn, self.problem = drawn, pulp.LpProblem("extensive", pulp.LpMinimize)
        self.count, self.cost = 0, list[tuple[float, list[Any]]]()
        self.placed = {name: self.variable("Integer") for name in ("a", "b", "cloud")}
        self.part({"name": "as planned"}, 0.0, hard=True)
        for future, p in zip(drawn.futures, drawn.probabilities, strict=True):
            self.part(
                future, float(p), hard=not any(key != "name" for key in drawn.said(future, p) if key != "probability")
            )

    def variable(self, kind: str = "Continuous") -> Any:
        self.count += 1
        return self.problem.add_variable(f"v{self.count}", 0, ROOM, kind)

    def require(self, constraint: Any) -> None:
        self.count += 1
        self.problem.addConstraint(constraint, f"c{self.count}")

    def lead(self, future: Tree, name: str) -> int:
        late = future.get("delay", ("", 0))
        return self.drawn.leads.get(name, 0) + (late[1] if late[0] == name else 0)

    def part(self, future: Tree, p: float, hard: bool) -> None:
        """The rows of one future, and its cost with its probability; `hard`: nothing may be broken."""
        self.cost.append((p, []))
        orders = {(n, t): self.placed[n] if t == 1 else self.variable() for n in self.placed for t in QUARTERS}
        enters = {
            n: {t: [(t - self.lead(future, n))] if t > self.lead(future, n) else [] for t in QUARTERS}
            for n in orders_of(orders)
        }
        arrive = {(n, t): [orders[n, placed] for placed in enters[n][t]] for n in enters for t in QUARTERS}
        for (name, placed), order in orders.items():
            if placed + self.lead(future, name) > QUARTERS[-1]:
                self.require(order == 0)
        for t in QUARTERS:
            self.quarter(future, t, arrive, hard, enters)

    def quarter(self, future: Tree, t: int, arrive: Any, hard: bool, enters: Any) -> None:
        drawn, mid = self.drawn, 1.1 ** -((t - 0.5) / 4)
        there = {n: pulp.lpSum(v for tau in QUARTERS if tau <= t for v in arrive[n, tau]) for n in ("a", "b")}
        dark = {n: self.variable() for n in ("a", "b")}
        for name, count in dark.items():
            self.require(count <= there[name])
            if hard or not (self.less_power(future, t) or "delay" in future):
                self.require(count == 0)
        powered = pulp.lpSum(drawn.kw[n] / 1000 * (there[n] - dark[n]) for n in dark)
        self.require(powered <= self.mw(future, t))
        unmet, runs = self.variable(), {n: self.variable() for n in dark}
        for name, run in runs.items():
            self.require(run <= there[name] - dark[name])
        rented = pulp.lpSum(arrive["cloud", t])
        asked = drawn.asked[t] * factor(future, "demand", t)
        work = pulp.lpSum(drawn.rates[n] * runs[n] for n in runs) + drawn.rates["cloud"] * rented
        self.require(work + unmet >= asked)
        self.require(unmet <= asked)
        cost = drawn.unmet * HOURS * unmet
        for name in ("a", "b"):
            for placed in enters[name][t]:
                cost += drawn.prices[name] * factor(future, "price", placed) * pulp.lpSum(arrive[name, t])
            cost += 10 * HOURS / 1000 * 100 * factor(future, "electricity", t) * there[name]
        cost += drawn.rent * factor(future, "rent", t) * HOURS * rented
        cost += self.supplied(future, t, arrive, hard, enters)
        self.cost[-1][1].append(mid * cost / 1e6)

    def supplied(self, future: Tree, t: int, arrive: Any, hard: bool, enters: Any) -> Any:
        """Supply of the bought chip and of the rented one: what was placed may be beyond, by what is taken away."""
        drawn, cost = self.drawn, 0
        if drawn.supply is not None:
            premium = 0.5 * drawn.prices["a"]
            cost += self.within(future, t, arrive, hard, enters, "a", lambda at: step(drawn.supply, at), premium)  # type: ignore[arg-type]
        if drawn.rented is not None:
            premium = 0.5 * drawn.rent * factor(future, "rent", t) * HOURS
            cost += self.within(future, t, arrive, hard, enters, "cloud", lambda _: drawn.rented, premium)
        return cost

    def within(
        self, future: Tree, t: int, arrive: Any, hard: bool, enters: Any, name: str, monthly: Any, premium: float
    ) -> Any:
        over, most = self.variable(), MONTHS * monthly(t) * factor(future, "supply", t)
        self.require(pulp.lpSum(arrive[name, t]) <= most + over)
        first = 1 in enters[name][t]
        as_planned = 1 + self.drawn.leads.get(name, 0)
        taken = max(0.0, MONTHS * monthly(as_planned) - most) if first and not hard and as_planned <= 4 else 0.0
        self.require(over <= taken)
        if first:
            self.require(over <= self.placed[name])
            premium *= factor(future, "price", 1) if name == "a" else 1
        return premium * over

    def mw(self, future: Tree, t: int) -> float:
        at = max(1, t - 1) if "hall" in future else t
        return step(self.drawn.power, at) * factor(future, "power", t)

    def less_power(self, future: Tree, t: int) -> bool:
        return self.mw(future, t) < step(self.drawn.power, t)

    def least_usd(self, level: float = 0.0, weight: float = 0.0) -> float:
        """What the best decision is expected to cost, and a share of it of the mean of the worst 1 - level."""
        at_risk, self.count = self.problem.add_variable("at_risk", -ROOM, ROOM), self.count + 1
        expected, worst = [], [at_risk]
        for p, costs in self.cost:
            beyond = self.variable()
            self.require(beyond >= pulp.lpSum(costs) - at_risk)
            expected.append(p * pulp.lpSum(costs))
            worst.append(p / (1 - level) * beyond)
        self.problem += (1 - weight) * pulp.lpSum(expected) + weight * pulp.lpSum(worst)
        self.problem.solve(pulp.HiGHS(msg=False, gapRel=1e-9))
        assert pulp.LpStatus[self.problem.status] == "Optimal"
        return 1e6 * float(pulp.value(self.problem.objective))


def orders_of(orders: dict[tuple[str, int], Any]) -> list[str]:
    return list(dict.fromkeys(name for name, _ in orders))
