"""Every whole decision of a small request in fractions; work, expansion and what is left undone in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import ceil, prod
from typing import Any

from oracle import Slot
from oracle_frames import MILLION
from oracle_whole import Key, Line, Whole
from test_brute_force import frontier
from whole_requests import Tree

FEWEST_PLANS, MOST_PLANS = 20, 12_000


class Search:
    """Every whole decision of a small request, in fractions."""

    def __init__(self, oracle: Whole) -> None:
        self.oracle, self.slots = oracle, oracle.slots
        self.bounds = [oracle.for_work(slot) for slot in self.slots]
        self.price: dict[Key, Fraction] = {}
        self.constant = -oracle.receipts()
        for term in oracle.money():
            if term.key is None:
                self.constant += oracle.present(term)
            else:
                self.price[term.key] = self.price.get(term.key, Fraction(0)) + oracle.present(term)
        self.dearest = [self.least(slot) for slot in self.slots]
        self.lines = [line for line in oracle.lines() if not line.name.startswith("grow")]
        self.pruned = [self.by_orders(line) for line in self.lines if self.only_grows(line)]
        self.work_cost: dict[Any, Any] = {}
        self.best: Fraction | None = None

    def least(self, slot: Slot) -> Fraction:
        """The least that one more system of an order can cost, what is missing of a frame aside."""
        cost = self.price.get(("order", slot), Fraction(0))
        if slot.price is not None:
            factors = [Fraction(1)]
            factors += [Fraction(str(s["factor"])) for s in self.offer(slot).get("price_breaks", {}).get("steps", ())]
            cost += self.price[("paid", self.oracle.label(slot), slot.t)] * min(factors)
        assert cost >= 0
        return cost

    def offer(self, slot: Slot) -> Tree:
        return self.oracle.offers[slot.offer]

    def only_grows(self, line: Line) -> bool:
        return line.high is not None and line.low is None and all(
            use >= 0 for key, use in line.use.items() if key[0] in ("order", "paid")
        )  # fmt: skip

    def by_orders(self, line: Line) -> tuple[list[Fraction], Fraction]:
        """A line as a bound on orders alone: what else lowers it is taken as large as it can be."""
        high = line.high or Fraction(0)
        for key, use in line.use.items():
            if use < 0 and key[0] == "retire":
                high -= use * max(e.count for e in self.oracle.entries() if e.number == key[1])
            if use < 0 and key[0] == "expand":
                high -= use * Fraction(str(self.oracle.sites[key[1]]["expansion"]["max_mw"]))
        return [line.use.get(("order", slot), Fraction(0)) for slot in self.slots], high

    def sides(self) -> Iterator[dict[Key, int]]:
        """Every way to retire, engineer, port and sign; each is done at the most once."""
        o, choices = self.oracle, []
        for entry in o.entries():
            ways = product(range(entry.count + 1), repeat=entry.last)
            choices.append([
                {("retire", entry.number, t): n for t, n in enumerate(way, start=1) if n}
                for way in ways if sum(way) <= entry.count
            ])  # fmt: skip
        once = [("engineer", a) for a in o.engineers()] + [("port", *port) for port in o.ports()]
        choices += [[{}, *({(*what, t): 1} for t in o.periods)] for what in once]
        for frame in o.frames:
            choices.append([{("sign", frame): 1}, *[{}] * (not o.signed_already(frame))])
        for combination in product(*choices):
            yield {key: n for choice in combination for key, n in choice.items()}

    def count(self) -> int:
        o = self.oracle
        sides = prod((1 + len(o.periods)) ** entry.count for entry in o.entries())
        sides *= (1 + len(o.periods)) ** (len(o.engineers()) + len(o.ports())) * 2 ** len(o.frames)
        return sides * prod(1 + most for most in self.bounds)

    def within_reach(self) -> bool:
        """Whether there are few enough plans, and more than one; those with idle systems too, where a share wants them.

        What costs more than the best plan without idle systems is not better than it.
        """
        if not FEWEST_PLANS <= self.count() <= MOST_PLANS:
            return False
        if self.oracle.shares():
            self.cheapest()
            self.bounds = [self.with_idle(slot, least) for slot, least in zip(self.slots, self.dearest, strict=True)]
        return self.count() <= MOST_PLANS

    def with_idle(self, slot: Slot, least: Fraction) -> int:
        most = self.oracle.useful(slot)
        if self.best is None or not least:
            return most
        sold = sum(
            (e.count * min(Fraction(0), *(self.price["retire", e.number, t] for t in range(1, e.last + 1)))
             for e in self.oracle.entries()), Fraction(0),
        )  # fmt: skip
        return min(most, (self.best - self.constant - sold) // least)

    def cheapest(self) -> Fraction | None:
        for side in self.sides():
            cost = self.constant + sum(n * self.price.get(key, Fraction(0)) for key, n in side.items())
            bounds = [self.allowed(slot, most, side) for slot, most in zip(self.slots, self.bounds, strict=True)]
            room = [high for _, high in self.pruned]
            if min(room, default=0) >= 0:
                self.descend(0, room, bounds, {}, side, cost)
        return self.best

    def allowed(self, slot: Slot, most: int, side: dict[Key, int]) -> int:
        """No purchase before its engineering, nor without it; none at the price of a frame that is not signed."""
        accelerator = self.oracle.accelerator(slot)
        if slot.frame and ("sign", slot.frame) not in side:
            return 0
        if slot.price is None or accelerator not in self.oracle.engineers():
            return most
        return most if any(("engineer", accelerator, t) in side for t in range(1, self.oracle.ready(slot) + 1)) else 0

    def descend(
        self, j: int, room: list[Fraction], bounds: list[int], orders: dict[Slot, int], side: dict[Key, int],
        cost: Fraction,
    ) -> None:  # fmt: skip
        if self.best is not None and cost >= self.best:
            return
        if j == len(self.slots):
            self.try_plan(orders, side)
            return
        for n in range(bounds[j] + 1):
            left = [have - n * use[j] for (use, _), have in zip(self.pruned, room, strict=True)]
            if min(left, default=0) < 0:
                return
            chosen_orders = {**orders, self.slots[j]: n} if n else orders
            self.descend(j + 1, left, bounds, chosen_orders, side, cost + n * self.dearest[j])

    def try_plan(self, orders: dict[Slot, int], side: dict[Key, int]) -> None:
        decided: dict[Key, Fraction] = {key: Fraction(n) for key, n in side.items()}
        decided |= {("order", slot): Fraction(n) for slot, n in orders.items()}
        if not self.of_minimum(orders):
            return
        for (offer, t), counts in self.bought(orders).items():
            for frame, paid in self.oracle.paid_each(offer, counts).items():
                decided["paid", f"{offer}.{frame}" if frame else offer, t] = paid
        decided |= self.idle(decided)
        decided |= self.missing(decided)
        cost = self.constant + sum(amount * self.price.get(key, Fraction(0)) for key, amount in decided.items())
        if self.best is not None and cost >= self.best:
            return
        added: dict[str, list[Fraction]] = {}
        for line in self.lines:
            used = sum((use * decided.get(key, Fraction(0)) for key, use in line.use.items()), Fraction(0))
            if line.name.startswith("power_mw") and self.oracle.grows(line.name.split()[1]):
                assert line.high is not None
                added.setdefault(line.name.split()[1], []).append(used - line.high)
            elif (line.high is not None and used > line.high) or (line.low is not None and used < line.low):
                return
        for site, missing in added.items():
            growth = self.growth(site, missing)
            if growth is None:
                return
            cost += growth
        work = self.work(orders, side)
        if work is not None and (self.best is None or cost + work < self.best):
            self.best = cost + work

    def idle(self, decided: dict[Key, Fraction]) -> dict[Key, Fraction]:
        """MWh paid for and not used, at sites that do not grow."""
        o, found = self.oracle, {}
        for site, t in product(o.taking(), o.periods):
            use, anyway = o.used(site, t)
            used = anyway + sum(mwh * decided.get(key, Fraction(0)) for key, mwh in use.items())
            due = o.due(site, o.standing_in(o.sites[site]["power_mw"], t))
            found["idle", site, t] = max(Fraction(0), due - used)
        return found

    def bought(self, orders: dict[Slot, int]) -> dict[tuple[str, int], dict[str, int]]:
        """Systems bought of each offer in each period, by the frame at whose price."""
        found: dict[tuple[str, int], dict[str, int]] = {}
        for slot, n in orders.items():
            if slot.price is not None:
                counts = found.setdefault((slot.offer, slot.t), {})
                counts[slot.frame] = counts.get(slot.frame, 0) + n
        return found

    def missing(self, decided: dict[Key, Fraction]) -> dict[Key, Fraction]:
        """What is promised by a frame and not spent."""
        found: dict[Key, Fraction] = {}
        for frame in self.oracle.frames:
            usd = self.oracle.spent(frame)
            spent = sum((usd[key] * amount for key, amount in decided.items() if key in usd), Fraction(0))
            promised = self.oracle.promised(frame) if ("sign", frame) in decided else Fraction(0)
            found["missing", frame] = max(Fraction(0), promised - spent) / MILLION
        return found

    def of_minimum(self, orders: dict[Slot, int]) -> bool:
        taken: dict[tuple[str, int], int] = {}
        for slot, n in orders.items():
            taken[slot.offer, slot.t] = taken.get((slot.offer, slot.t), 0) + n
        return all(n >= self.oracle.offers[name].get("minimum_order_systems", 0) for (name, _), n in taken.items())

    def growth(self, site: str, missing: list[Fraction]) -> Fraction | None:
        """The least cost of the power that is missing in each period; each MW, or block, comes when it is cheapest."""
        level = cost = Fraction(0)
        prices: list[Fraction] = []
        for t, lack in zip(self.oracle.periods, missing, strict=True):
            if t in self.oracle.grows(site):
                prices.append(self.price["expand", site, t])
            block = self.oracle.block(site)
            lack = lack if block is None else ceil(lack / block) * block
            if lack > level:
                if not prices:
                    return None
                cost, level = cost + (lack - level) * min(prices), lack
        return cost if level <= Fraction(str(self.oracle.sites[site]["expansion"]["max_mw"])) else None

    # work

    def work(self, orders: dict[Slot, int], side: dict[Key, int]) -> Fraction | None:
        """The cost of work left undone; None if what must be done cannot be."""
        runs = [w for w in self.oracle.asked["demand"] if self.oracle.deadlines(w)]
        total, capacity = Fraction(0), []
        for t in self.oracle.periods:
            present = self.present(orders, side, t)
            ported = tuple(port for port in self.oracle.ports() if self.ported(port, side, t))
            key = (t, tuple(sorted(present.items())), ported)
            if key not in self.work_cost:
                self.work_cost[key] = self.most_of_run(present, ported, t, runs[0]) if runs else self.undone(*key)
            if self.work_cost[key] is None:
                return None
            capacity.append(self.work_cost[key])
            total += self.work_cost[key]
        if not runs:
            return total
        done = [self.oracle.hours * sum(capacity[:t], Fraction(0)) for t in self.oracle.periods]
        ends = self.oracle.deadlines(runs[0])
        return Fraction(0) if all(done[t - 1] >= amount for t, amount in ends.items()) else None

    def ported(self, port: tuple[str, str], side: dict[Key, int], t: int) -> bool:
        cost = self.oracle.porting(*port)
        assert cost is not None
        return any(("port", *port, start) in side for start in range(1, t - self.oracle.wait(cost["months"]) + 1))

    def present(self, orders: dict[Slot, int], side: dict[Key, int], t: int) -> dict[tuple[str, str], Fraction]:
        """Systems that are able to work."""
        found: dict[tuple[str, str], Fraction] = {}
        for slot, n in [*orders.items(), *((slot, slot.committed) for slot in self.oracle.commitments)]:
            if t in slot.periods:
                key = (self.oracle.offers[slot.offer]["system"], slot.place)
                found[key] = found.get(key, Fraction(0)) + n * self.oracle.able(slot, t)
        for system, place, when, n in self.oracle.fleet():
            if when == t:
                found[system, place] = found.get((system, place), Fraction(0)) + n * self.oracle.available
        for entry in self.oracle.entries():
            if t <= entry.last:
                gone = sum(side.get(("retire", entry.number, start), 0) for start in range(1, t + 1))
                found[entry.system, entry.site] -= gone * self.oracle.available
        return {key: n for key, n in found.items() if n}

    def hosts(self, demands: list[str], present: Any, ported: Any, t: int) -> Iterator[list[tuple[Any, Fraction]]]:
        """For each demand where its work may run, as a rule, and the least work where it runs: every combination."""
        choices: list[list[tuple[Any, Fraction]]] = []
        for demand in demands:
            least = self.oracle.cluster(demand)
            if least is None:
                choices.append([(lambda *_: True, Fraction(0))])
                continue
            options: list[tuple[Any, Fraction]] = [(lambda *_: False, Fraction(0))]
            for chip, place in sorted({(self.oracle.systems[s]["accelerator"], p) for s, p in present}):
                system = next(s for s, p in present if self.oracle.systems[s]["accelerator"] == chip and p == place)
                rate = self.able(demand, system, place, ported, t) / self.oracle.systems[system]["accelerators"]
                if rate:
                    options.append((
                        lambda s, p, chip=chip, at=place: p == at and self.oracle.systems[s]["accelerator"] == chip,
                        least * rate,
                    ))  # fmt: skip
            choices.append(options)
        yield from map(list, product(*choices))

    def able(self, demand: str, system: str, place: str, ported: Any, t: int) -> Fraction:
        stack = self.oracle.accelerators[self.oracle.systems[system]["accelerator"]]["stack"]
        waits = self.oracle.porting(demand, stack) is not None and (demand, stack) not in ported
        rate = self.oracle.rate(system, demand, t)
        return Fraction(0) if waits or rate is None or not self.oracle.stands(demand, place) else rate

    def abilities(self, demands: list[str], rules: Any, present: Any, ported: Any, t: int) -> list[Any]:
        found = []
        for (system, place), n in present.items():
            work = [
                self.able(demand, system, place, ported, t) * rule(system, place) * n
                for demand, (rule, _) in zip(demands, rules, strict=True)
            ]
            found.append((*work, Fraction(0), Fraction(0))[:2])
        return found

    def points(self, able: list[Any], marks: list[list[Fraction]]) -> Iterator[tuple[Fraction, Fraction]]:
        """Corners of what can be done, and where it crosses each of some amounts of either demand."""
        for first in marks[0]:
            for second in marks[1]:
                yield from frontier(able, [first, second])

    def undone(self, t: int, shown: Any, ported: Any) -> Fraction | None:
        present = dict(shown)
        demands = [w for w in self.oracle.asked["demand"] if self.oracle.need(w, t)]
        best: Fraction | None = None
        for rules in self.hosts(demands, present, ported, t):
            able = self.abilities(demands, rules, present, ported, t)
            marks = [[self.oracle.need(w, t), least] for w, (_, least) in zip(demands, rules, strict=True)]
            for done in self.points(able, [*marks, [Fraction(0)], [Fraction(0)]][:2]):
                cost = Fraction(0)
                for demand, work, (_, least) in zip(demands, done, rules, strict=False):
                    lack, price = self.oracle.need(demand, t) - work, self.oracle.left_undone(demand, t)
                    if work < least or (lack > 0 and price is None):
                        break
                    cost += max(lack, Fraction(0)) * (price or Fraction(0))
                else:
                    best = cost if best is None else min(best, cost)
        return best

    def most_of_run(self, present: Any, ported: Any, t: int, run: str) -> Fraction | None:
        """The most work per second of a run beside all other work; None if the other work cannot be done."""
        others = [w for w in self.oracle.asked["demand"] if w != run and self.oracle.need(w, t)]
        best: Fraction | None = None
        for rules in self.hosts([run, *others], present, ported, t):
            able = self.abilities([run, *others], rules, present, ported, t)
            least = [rule[1] for rule in rules]
            if others:
                least[1] = max(least[1], self.oracle.need(others[0], t))
            for done in self.points(able, [[least[0]], [least[1] if others else Fraction(0)]]):
                if done[0] >= least[0] and (not others or done[1] >= least[1]):
                    best = done[0] if best is None else max(best, done[0])
        return best
