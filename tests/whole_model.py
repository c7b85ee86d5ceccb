"""The whole procurement problem as a second, plain model for HiGHS, which shares nothing with the optimiser's."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import highspy
from oracle import Slot
from oracle_whole import Key, Part, Whole
from whole_requests import MILLION

MOST_RUNNING, MOST_IDLE = 10_000, 10_000_000


class Plain:
    """All of a request as one model: work by place, systems in service as sums over earlier orders."""

    def __init__(self, oracle: Whole) -> None:
        self.oracle, self.highs = oracle, highspy.Highs()
        for option, setting in (("output_flag", False), ("mip_rel_gap", 1e-10), ("mip_abs_gap", 1e-9), ("threads", 1)):
            self.highs.setOptionValue(option, setting)
        self.column: dict[Key, int] = {}
        self.whole: list[int] = []
        self.constant = -oracle.receipts()
        self.cost: dict[Key, Fraction] = {}
        for term in oracle.money():
            if term.key is None:
                self.constant += oracle.present(term)
            else:
                self.cost[term.key] = self.cost.get(term.key, Fraction(0)) + oracle.present(term)
        self.decisions()
        self.prices()
        self.spend()
        for line in oracle.lines():
            self.row(line.use, line.low, line.high)
        self.waits()
        self.running()

    def add(self, key: Key, most: Any, whole: bool = False) -> None:
        j = self.column[key] = len(self.column)
        self.highs.addVar(0.0, float(most))
        self.highs.changeColCost(j, float(self.cost.get(key, Fraction(0)) / MILLION))
        if whole:
            self.whole.append(j)
            self.highs.changeColIntegrality(j, highspy.HighsVarType.kInteger)

    def row(self, use: dict[Key, Any], low: Any = None, high: Any = None) -> None:
        size = [abs(amount) for amount in use.values()] + [abs(b) for b in (low, high) if b is not None]
        scale = float(1 / max([*size, Fraction(1, 1000)]))
        terms = [(self.column[key], float(amount) * scale) for key, amount in use.items() if amount]
        below = -highspy.kHighsInf if low is None else float(low) * scale
        above = highspy.kHighsInf if high is None else float(high) * scale
        if not terms:  # HiGHS is asked in its own words whether nothing is enough
            self.column.setdefault(("nothing",), len(self.column))
            if self.highs.getNumCol() < len(self.column):
                self.highs.addVar(0.0, 0.0)
            terms = [(self.column["nothing",], 1.0)]
        self.highs.addRow(below, above, len(terms), [j for j, _ in terms], [a for _, a in terms])

    def decisions(self) -> None:
        o = self.oracle
        for slot in o.slots:
            self.add(("order", slot), o.useful(slot), o.offers[slot.offer].get("divisible") != "true")
        for entry in o.entries():
            keys: list[Key] = [("retire", entry.number, t) for t in range(1, entry.last + 1)]
            for key in keys:
                self.add(key, entry.count, True)
            self.row(dict.fromkeys(keys, Fraction(1)), high=Fraction(entry.count))
        for site in o.sites:
            for t in o.grows(site):
                self.add(("expand", site, t), Fraction(str(o.sites[site]["expansion"]["max_mw"])))
                block = o.block(site)
                if block is not None:
                    self.add(("blocks", site, t), MOST_RUNNING, True)
                    use: dict[Key, Any] = {("expand", site, t): Fraction(1), ("blocks", site, t): -block}
                    self.row(use, Fraction(0), Fraction(0))
        for site, t in product(o.taking(), o.periods):
            self.add(("idle", site, t), MOST_IDLE)
            use, anyway = o.used(site, t)
            use |= {("expand", site, start): -o.due(site, Fraction(1)) for start in o.grows(site) if start <= t}
            low = o.due(site, o.standing_in(o.sites[site]["power_mw"], t)) - anyway
            self.row({**use, ("idle", site, t): Fraction(1)}, low=low)
        for frame in o.frames:
            self.agree(frame)
        for what in [("engineer", a) for a in o.engineers()] + [("port", *port) for port in o.ports()]:
            for t in o.periods:
                self.add((*what, t), 1, True)

    def agree(self, frame: str) -> None:
        o = self.oracle
        self.add(("sign", frame), 1, True)
        self.add(("missing", frame), o.promised(frame) / MILLION)
        self.row({("sign", frame): Fraction(1)}, low=Fraction(o.signed_already(frame)))
        for slot in o.slots:
            if slot.frame == frame:
                self.row({("order", slot): Fraction(1), ("sign", frame): Fraction(-o.useful(slot))}, high=Fraction(0))

    def spend(self) -> None:
        for frame in self.oracle.frames:
            use: dict[Key, Any] = {**self.oracle.spent(frame), ("missing", frame): Fraction(MILLION)}
            self.row({**use, ("sign", frame): -self.oracle.promised(frame)}, low=Fraction(0))

    def prices(self) -> None:
        """Price breaks by the quantity in each step, minimum orders by a yes or no; all from first principles."""
        o, by_order = self.oracle, {}
        for slot in o.slots:
            by_order.setdefault((slot.offer, slot.t), []).append(slot)
        for (name, t), slots in by_order.items():
            orders: dict[Key, Any] = {("order", slot): Fraction(1) for slot in slots}
            most = sum(o.useful(slot) for slot in slots)
            minimum, breaks = o.offers[name].get("minimum_order_systems"), o.offers[name].get("price_breaks")
            if minimum is not None:
                self.add(("any", name, t), 1, True)
                self.row({**orders, ("any", name, t): Fraction(-minimum)}, low=Fraction(0))
                self.row({**orders, ("any", name, t): Fraction(-most)}, high=Fraction(0))
            if slots[0].price is not None:
                self.paid(name, t, slots, priced=breaks is not None)

    def paid(self, name: str, t: int, slots: list[Slot], priced: bool) -> None:
        groups: dict[str, list[Slot]] = {}
        for slot in slots:
            groups.setdefault(slot.frame, []).append(slot)
        for same in groups.values():
            self.add(("paid", self.oracle.label(same[0]), t), 10 * sum(map(self.oracle.useful, same)))
            if not priced:
                orders: dict[Key, Any] = {("order", slot): Fraction(1) for slot in same}
                self.row({**orders, ("paid", self.oracle.label(same[0]), t): Fraction(-1)}, Fraction(0), Fraction(0))
        if priced:
            self.priced(name, t, groups)

    def priced(self, name: str, t: int, groups: dict[str, list[Slot]]) -> None:
        """One yes or no for every number of systems: no formula of steps at all.

        For all units together. Where each system has its own factor, for those of the first price, of the first two
        and so on: what each price makes more in systems at the list price is its own.
        """
        frames = sorted(groups, key=lambda frame: (not frame, self.oracle.factor(frame), frame))
        if self.oracle.offers[name]["price_breaks"]["kind"] == "all_units":
            self.of_all(name, t, {frame: groups[frame] for frame in frames})
            return
        before: dict[Key, Any] = {}
        for count, frame in enumerate(frames, start=1):
            numbers = self.numbers((name, t, frame), [slot for each in frames[:count] for slot in groups[each]])
            cost = {key: -sum(self.oracle.paid_each(name, {"": n}).values()) for key, n in numbers.items()}
            paid: Key = ("paid", self.oracle.label(groups[frame][0]), t)
            self.row({paid: Fraction(1), **cost, **before}, Fraction(0), Fraction(0))
            before = {key: -usd for key, usd in cost.items()}

    def numbers(self, what: Key, slots: list[Slot]) -> dict[Key, int]:
        """A yes or no for each number of systems that some orders may come to."""
        numbers: dict[Key, int] = {("number", *what, n): n for n in range(1 + sum(map(self.oracle.useful, slots)))}
        for key in numbers:
            self.add(key, 1, True)
        self.row({key: Fraction(1) for key in numbers}, Fraction(1), Fraction(1))
        orders: dict[Key, Any] = {("order", slot): Fraction(1) for slot in slots}
        self.row({**orders, **{key: Fraction(-n) for key, n in numbers.items()}}, Fraction(0), Fraction(0))
        return numbers

    def of_all(self, name: str, t: int, groups: dict[str, list[Slot]]) -> None:
        """Each number has its factor, and the systems of each price are counted with it."""
        numbers = self.numbers((name, t), [slot for same in groups.values() for slot in same])
        parts: dict[Key, dict[Key, Any]] = {key: {} for key in numbers}
        for frame, same in groups.items():
            own: dict[Key, Key] = {("part", name, t, frame, n): key for key, n in numbers.items()}
            for part, key in own.items():
                self.add(part, numbers[key])
                parts[key][part] = Fraction(1)
            orders: dict[Key, Any] = {("order", slot): Fraction(-1) for slot in same}
            self.row({**dict.fromkeys(own, Fraction(1)), **orders}, Fraction(0), Fraction(0))
            factors = {part: -self.oracle.factor_of(name, 1, numbers[key]) for part, key in own.items()}
            self.row({("paid", self.oracle.label(same[0]), t): Fraction(1), **factors}, Fraction(0), Fraction(0))
        for key, part in parts.items():
            self.row({**part, key: Fraction(-numbers[key])}, Fraction(0), Fraction(0))

    def waits(self) -> None:
        o = self.oracle
        for slot in o.slots:
            accelerator = o.accelerator(slot)
            if slot.price is not None and accelerator in o.engineers():
                done: dict[Key, Any] = {
                    ("engineer", accelerator, t): Fraction(-o.useful(slot)) for t in range(1, o.ready(slot) + 1)
                }
                self.row({("order", slot): Fraction(1), **done}, high=Fraction(0))

    def present(self, system: str, place: str, t: int) -> tuple[dict[Key, Any], Fraction]:
        """Systems that are able to work: by decision, and what is there anyway."""
        o = self.oracle
        use: dict[Key, Any] = {
            ("order", slot): o.able(slot, t) for slot in o.slots
            if t in slot.periods and slot.place == place and o.offers[slot.offer]["system"] == system
        }  # fmt: skip
        there = o.available * sum(n for s, p, when, n in o.fleet() if (s, p, when) == (system, place, t))
        there += sum(
            slot.committed * o.able(slot, t) for slot in o.commitments
            if t in slot.periods and slot.place == place and o.offers[slot.offer]["system"] == system
        )  # fmt: skip
        for entry in o.entries():
            if (entry.system, entry.site) == (system, place) and t <= entry.last:
                use |= {("retire", entry.number, start): -o.available for start in range(1, t + 1)}
        return use, Fraction(there)

    def running(self) -> None:
        o = self.oracle
        places = [*o.sites, *sorted({offer["host"] for offer in o.offers.values() if "host" in offer})]
        self.runs: dict[str, list[tuple[int, str, str, Key, Fraction]]] = {w: [] for w in o.asked["demand"]}
        for t in o.periods:
            asks = o.asks(t)
            for system, place in product(sorted(o.systems), places):
                present, there = self.present(system, place, t)
                busy: dict[Key, Any] = {}
                for w in asks:
                    rate = o.rate(system, w, t)
                    if (present or there) and rate and o.stands(w, place):
                        key: Key = ("run", system, place, w, t)
                        self.add(key, MOST_RUNNING)
                        busy[key] = Fraction(1)
                        self.runs[w].append((t, system, place, key, rate))
                if busy:
                    self.row({**busy, **{key: -n for key, n in present.items()}}, high=there)
            for w in asks:
                self.serve(w, t)
                self.one_cluster(w, t, asks[w])
                self.port(w, t)
        for w in o.asked["demand"]:
            for end, amount in o.deadlines(w).items():
                done = {key: o.hours * rate for t, _, _, key, rate in self.runs[w] if t <= end}
                self.row(done, low=amount)
        self.work_limits()

    def at(self, w: str, t: int) -> list[tuple[str, str, Key, Fraction]]:
        return [(system, place, key, rate) for when, system, place, key, rate in self.runs[w] if when == t]

    def serve(self, w: str, t: int) -> None:
        need, price = self.oracle.need(w, t), self.oracle.left_undone(w, t)
        if not need:
            return
        done: dict[Key, Any] = {key: rate / need for _, _, key, rate in self.at(w, t)}
        if price is not None:
            key: Key = ("unmet", w, t)
            self.cost[key] = price * need
            self.add(key, 1)
            done[key] = Fraction(1)
        self.row(done, low=Fraction(1))

    def one_cluster(self, w: str, t: int, ask: Fraction) -> None:
        least = self.oracle.cluster(w)
        if least is None:
            return
        where: dict[tuple[str, str], list[tuple[Key, Fraction, int]]] = {}
        for system, place, key, rate in self.at(w, t):
            chips = self.oracle.systems[system]["accelerators"]
            where.setdefault((self.oracle.systems[system]["accelerator"], place), []).append((key, rate, chips))
        hosts: list[Key] = []
        for (chip, place), runs in where.items():
            host: Key = ("host", chip, place, w, t)
            self.add(host, 1, True)
            hosts.append(host)
            useful = [max(ask, least * rate / chips) for _, rate, chips in runs]
            most = sum(useful) if self.oracle.wanted(w, t) else max(useful)
            most = MOST_RUNNING * max(rate for _, rate, _ in runs) if self.oracle.shared(w) else most
            self.row({**{key: rate / most for key, rate, _ in runs}, host: Fraction(-1)}, high=Fraction(0))
            self.row({**{key: Fraction(chips) for key, _, chips in runs}, host: Fraction(-least)}, low=Fraction(0))
        if hosts:
            self.row(dict.fromkeys(hosts, Fraction(1)), high=Fraction(1))

    def port(self, w: str, t: int) -> None:
        o = self.oracle
        for system, _, key, rate in self.at(w, t):
            stack = o.accelerators[o.systems[system]["accelerator"]]["stack"]
            cost = o.porting(w, stack)
            if cost is not None:
                chips = o.systems[system]["accelerators"]
                most = max(o.asks(t)[w] / rate, Fraction(o.cluster(w) or 0, chips))
                most = Fraction(MOST_RUNNING) if o.shared(w) else most
                last = t - o.wait(cost["months"])
                done: dict[Key, Any] = {("port", w, stack, start): -most for start in range(1, last + 1)}
                self.row({key: Fraction(1), **done}, high=Fraction(0))

    def work_limits(self) -> None:
        o = self.oracle
        for limit in o.asked.get("limits", ()):
            if limit["measure"] == "work":
                parts = [
                    Part({**o.facts(system, place=place), "demand": (w,)}, t, key, rate)
                    for w, runs in self.runs.items() for t, system, place, key, rate in runs
                ]  # fmt: skip
                for line in o.lines_of(limit, parts):
                    self.row(line.use, line.low, line.high)

    def cheapest(self) -> float | None:
        """The optimum, its whole numbers rounded: a millionth of a yes or no can be worth some dollars."""
        self.highs.run()
        status = self.highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        assert status == highspy.HighsModelStatus.kOptimal, status
        found = self.highs.getSolution().col_value
        for j in self.whole:
            self.highs.changeColIntegrality(j, highspy.HighsVarType.kContinuous)
            self.highs.changeColBounds(j, round(found[j]), round(found[j]))
        self.highs.run()
        assert self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return self.highs.getInfo().objective_function_value * MILLION + float(self.constant)
