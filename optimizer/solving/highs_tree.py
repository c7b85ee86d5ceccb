"""A branch and bound over decisions alone: frames, projects, blocks of power, terms of orders, hosts of clusters.

Few of them are open at once and they cost much, so relaxations settle them, each solved on from the one before.
Branching on a set A of whole columns of which the relaxation takes a fraction makes two nodes, with k above it:

    "more": Σ_{j in A} x_j ≥ k        "less": Σ_{j in A} x_j ≤ k − 1

Proof that no plan is lost: Σ_{j in A} x_j is a whole number. Of yes/no columns k is 1, and less means that all are
closed, since none is below 0. The bound of the tree is the least over its leaves, its open nodes and the cut-offs at
which nodes were given up. No presolve for whole numbers has a part in it, and no word of the solver has to be
believed: each node has duals that prove its bound.

Hosts come last: they cost next to nothing by themselves, and whatever costs more would have to be branched on again
below each of them.

Of a project, such as the engineering of a chip or a porting, A are the starts up to some period: whether at all comes
before when; it is begun once or never. Of the blocks of power of a site, A are those that come on line up to some
period: how many in all comes before how many by when. Of a cluster in a period, A are all hosts with one accelerator,
then one of these. Of a frame, a minimum order or a price break, A is the one column that says whether it is signed, or
whether there is such an order.

Runs in the solver's process: imports nothing but the standard library, highspy, numpy and `highs_solve`.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from itertools import count
from typing import Any

import highspy
import numpy as np

from optimizer.solving.highs_nodes import Columns, Node, Split, told, worth_without_costs
from optimizer.solving.highs_solve import Found, Problem, Stop

WHOLE = 1e-6
"""How near to whole a decision must be."""
MOST_RELAXATIONS, MOST_ITERATIONS, ITERATIONS_OF_ROOT = 300, 150_000, 10
"""How many relaxations are solved, with how many simplex iterations in all: so many, or more with a root that took more
than a tenth of them."""
DEARER = 1e4
"""So many times the bound is what a plan would cost where there is none."""
WITHOUT_LEAF = 4
"""So many times as much is done where no leaf is found yet: without one there is nothing to look for a plan near to."""
MOST_HOSTS = 3
"""How many accelerators, or places, are compared for a cluster."""
LITTLE = 0.02
"""The part of what may stay open by which a node's first child may rise without its second being looked at as well."""


class Tree:
    """A relaxation that stays loaded, and what is found by branching; `within` is the part of a cost left open."""

    def __init__(self, problem: Problem, root: Found, options: Mapping[str, Any], within: float, stop: Stop) -> None:
        self.problem, self.within, self.stop = problem, within, stop
        self.frames: list[int] = options["frames"]
        self.projects: list[list[int]] = options["projects"]
        self.blocks: list[list[int]] = options["blocks"]
        self.clusters: list[list[list[int]]] = options["clusters"]
        self.terms: list[int] = options["terms"]
        self.highs: highspy.Highs = root["highs"]
        self.best: Node | None = None
        self.given_up = math.inf
        self.solved = self.iterations = 0
        self.most = max(MOST_ITERATIONS, ITERATIONS_OF_ROOT * self.highs.getInfo().simplex_iteration_count)
        self._open: list[tuple[float, int, Node]] = []
        self._number = count(0, -1)
        self.root = self._loaded = Node(frozenset(), (), root["objective"], root["duals"], (), root["values"])
        self._rows: dict[Columns, int] = {}
        self._push(self.root)

    def search(self) -> Found:
        """The best values with every start whole, and a bound; without values where a limit came first."""
        while self._open and self._open[0][0] < self._cut_off() and not self._ended():
            node = heapq.heappop(self._open)[2]
            self._dive(node if node.values is not None else self._relaxed(node))
        bound, best = self._bound(), self.best
        done = bound >= self._cut_off()  # without a leaf both are infinite, or something is left open
        return {
            "status": "stopped" if not done else "infeasible" if best is None else "optimal",
            "values": np.array([]) if best is None else best.values,
            "bound": bound,
            "objective": math.inf if best is None else best.bound,
            "branches": told(self.root, self.root.duals) if self.root.children else None,
        }

    def _ended(self) -> bool:
        more = 1 if self.best is not None else WITHOUT_LEAF
        many = self.solved >= more * MOST_RELAXATIONS or self.iterations >= more * self.most
        return many or self.stop.over()

    def _bound(self) -> float:
        leaf = math.inf if self.best is None else self.best.bound
        return min([leaf, self.given_up, *(bound for bound, _, _ in self._open)])

    def _cut_off(self) -> float:
        """From which bound on a node is not gone into."""
        return math.inf if self.best is None else self.best.bound - self.within * abs(self.best.bound)

    def _push(self, node: Node) -> None:
        """Leaves a node open; of those with one bound the last is gone into first."""
        heapq.heappush(self._open, (node.bound, next(self._number), node))

    def _dive(self, node: Node) -> None:
        """Follows a node's cheaper children down to a leaf; what is left aside stays open."""
        while node.values is not None and not self._ended():
            if node.bound >= self._cut_off():
                break
            if (first := self._undecided(node, self.frames) or self._undecided_project(node)) is not None:
                node = self._cheaper(node, first)
            elif (added := self._undecided_blocks(node)) is not None:
                node = self._cheaper(node, added)
            elif (term := self._undecided(node, self.terms)) is not None:
                node = self._cheaper(node, term)
            elif hosts := self._undecided_hosts(node):
                node = self._hosted(node, hosts)
            else:
                self.best = node
                return
        if node.values is not None:
            self._push(node)

    def _cheaper(self, node: Node, split: Split) -> Node:
        """The cheaper of a node's two children; the other one stays open."""
        more, less = node.branched(split)
        first = self._relaxed(more)
        if first.values is not None and self._is_near(first, node):
            self._push(less)
            return first
        return self._cheapest([first, self._relaxed(less)])

    def _cheapest(self, nodes: list[Node]) -> Node:
        """The cheapest of some nodes; the others stay open, as far as they may hold a plan."""
        cheapest, *others = sorted(nodes, key=lambda node: node.bound)
        for other in others:
            if other.values is not None:
                self._push(other)
        return cheapest

    def _hosted(self, node: Node, hosts: list[Columns]) -> Node:
        """The cheapest of a node's descendants in which one of the first sets of hosts is due; others stay open.

        To close a set costs little while others are taken in fractions, and leads nowhere: it is left for later.
        """
        tried: list[Node] = []
        rest = node
        for columns in hosts[:MOST_HOSTS]:
            due, rest = rest.branched(Split(columns))
            if self._relaxed(due).values is not None:
                tried.append(due)
                if self._is_near(due, node):
                    break
        if not tried:
            return self._relaxed(rest)
        self._push(rest)
        return self._cheapest(tried)

    def _is_near(self, child: Node, node: Node) -> bool:
        """Whether a child costs so little more than its node that nothing else need be looked at."""
        return child.bound - node.bound <= LITTLE * self.within * abs(node.bound)

    def _undecided_project(self, node: Node) -> Split | None:
        """The starts to branch on; None where all are whole. Whether comes before when, and the dearest first.

        A project that has started whole needs no second start.
        """
        found: list[tuple[bool, float, int, int]] = []
        for project, columns in enumerate(self.projects):
            starts = node.values[columns]
            broken = np.flatnonzero(_is_broken(starts))
            if broken.size and math.fsum(starts[: broken[0]]) <= 1 - WHOLE:
                whether = math.fsum(starts) < 1 - WHOLE
                cost = float(self.problem["cost"][columns].max())
                found.append((whether, cost, -project, len(columns) if whether else int(broken[0]) + 1))
        if not found:
            return None
        _, _, number, periods = max(found)
        return Split(tuple(self.projects[-number][:periods]))

    def _undecided_blocks(self, node: Node) -> Split | None:
        """The blocks of power to branch on; None where all are whole. How many a site adds in all comes before by when.

        By when: the period in which those that are on line are farthest from a whole number.
        """
        for columns in self.blocks:
            online = np.cumsum(node.values[columns])
            broken = np.flatnonzero(_is_broken(online))
            if broken.size:
                parts = np.abs(online - np.round(online))
                last = broken[-1] if broken[-1] == len(columns) - 1 else broken[np.argmax(parts[broken])]
                return Split(tuple(columns[: last + 1]), math.ceil(online[last]))
        return None

    def _undecided_hosts(self, node: Node) -> list[Columns]:
        """The sets of hosts to branch on of the earliest cluster that is open: its accelerators, those with most of it
        first, then the places of the one that has it.
        """
        for accelerators in self.clusters:
            parts = np.array([math.fsum(node.values[hosts]) for hosts in accelerators])
            if _is_broken(parts).any():
                return [tuple(accelerators[k]) for k in _by_size(parts)]
            if parts.any():
                places = accelerators[int(np.argmax(parts))]
                if _is_broken(node.values[places]).any():
                    return [(places[k],) for k in _by_size(node.values[places])]
        return []

    def _undecided(self, node: Node, columns: list[int]) -> Split | None:
        """The frame or the term of an order that is nearest to neither; the first of those that are alike."""
        parts = node.values[columns]
        broken = np.where(_is_broken(parts), np.abs(parts - np.round(parts)), 0.0)
        return Split((columns[int(np.argmax(broken))],)) if broken.any() else None

    def _relaxed(self, node: Node) -> Node:
        """A node with its relaxation solved; without values where that is infeasible or beyond the cut-off."""
        self._load(node)
        self.solved += 1
        cut_off = self._cut_off()
        self.highs.setOptionValue("objective_bound", cut_off)
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + self.stop.seconds_left())
        self.highs.run()
        self.iterations += max(0, self.highs.getInfo().simplex_iteration_count)
        status, statuses = self.highs.getModelStatus(), highspy.HighsModelStatus
        if status == statuses.kOptimal:
            node.bound = max(node.bound, self.highs.getInfo().objective_function_value)
            node.values = np.array(self.highs.getSolution().col_value)
            self._keep_duals(node)
        elif status == statuses.kInfeasible:
            self._keep_ray(node)
            node.bound = math.inf
        else:
            if status == statuses.kObjectiveBound:
                node.bound = cut_off
                self._keep_duals(node)
            self.given_up = min(self.given_up, node.bound)
        return node

    def _load(self, node: Node) -> None:
        """Changes the bounds of the relaxation to those of a node."""
        for j in sorted(node.closed ^ self._loaded.closed):
            lower, upper = self.problem["lower"][j], self.problem["upper"][j]
            self.highs.changeColBounds(j, lower, lower if j in node.closed else upper)
        limits, loaded = node.limits(), self._loaded.limits()
        for columns in sorted({*limits} | {*loaded}):
            if limits.get(columns) != loaded.get(columns):
                self.highs.changeRowBounds(self._row(columns), *limits.get(columns, (-np.inf, np.inf)))
        self._loaded = node

    def _row(self, columns: Columns) -> int:
        """The number of the row that adds up some columns."""
        if columns not in self._rows:
            self._rows[columns] = self.highs.getNumRow()
            entries = np.array(columns, dtype=np.int32), np.ones(len(columns))
            self.highs.addRow(-np.inf, np.inf, len(columns), *entries)
        return self._rows[columns]

    def _keep_duals(self, node: Node) -> None:
        """Keeps the duals of the relaxation just solved, of the rows and of sums."""
        node.duals, node.sum_duals = self._apart(node, self.highs.getSolution().row_dual)

    def _keep_ray(self, node: Node) -> None:
        """Adds to what a node has from above so much of the proof that it is infeasible that no plan costs as much.

        A ray raises the bound by what it is worth without costs, as often as it is added.
        """
        _, has_ray, numbers = self.highs.getDualRay()
        if not has_ray:
            return
        ray, sums = self._apart(node, numbers)
        worth = worth_without_costs(self.problem, node, ray, sums)
        if worth > 0:
            times = DEARER * (abs(node.bound) + 1.0) / worth
            node.duals = node.duals + times * ray
            node.sum_duals = tuple(dual + times * each for dual, each in zip(node.sum_duals, sums, strict=True))

    def _apart(self, node: Node, numbers: Any) -> tuple[Any, tuple[float, ...]]:
        """Numbers one a row as those of the model's rows, and of the sums at a node: on each the tightest limit has it,
        and what leans on a limit that is not there is 0."""
        tightest, of_sums = node.limits(), []
        for columns, *limits in node.sums:
            number = float(numbers[self._row(columns)])
            side = 0 if number > 0 else 1
            leans = columns in tightest and math.isfinite(limits[side]) and limits[side] == tightest[columns][side]
            of_sums.append(number if leans else 0.0)
            if leans:
                del tightest[columns]
        return np.array(numbers[: len(self.problem["row_lower"])]), tuple(of_sums)


def _by_size(parts: Any) -> list[int]:
    """The numbers of what is more than nothing, the largest first; the first of those that are alike."""
    return [int(k) for k in np.argsort(-parts, kind="stable") if parts[k] > WHOLE]


def _is_broken(values: Any) -> Any:
    return np.abs(values - np.round(values)) > WHOLE
