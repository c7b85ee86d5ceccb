"""A branch and bound over decisions alone: frames, projects, blocks of power, terms of orders, hosts of clusters.

Few of them are open at once and they cost much, so relaxations settle them, each solved on from the one before.
Branching on a set A of whole columns of which the relaxation takes a fraction (`highs_branching` says which) makes two
nodes, with k above it:

    "more": Σ_{j in A} x_j ≥ k        "less": Σ_{j in A} x_j ≤ k − 1

Proof that no plan is lost: Σ_{j in A} x_j is a whole number. Of yes/no columns k is 1, and less means that all are
closed, since none is below 0. The bound of the tree is the least over its leaves, its open nodes and the cut-offs at
which nodes were given up. No presolve for whole numbers has a part in it, and no word of the solver has to be
believed: each node has duals that prove its bound.

In a large model both children of a node are solved, each in a solver and a thread of its own. What comes out is the
same on any number of cores: what a solver is asked does not depend on when the other answers.

Runs in the solver's process: imports nothing but the standard library, highspy, numpy and `highs_solve`.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import numpy as np

from optimizer.solving.highs_branching import Branching
from optimizer.solving.highs_nodes import Columns, Node, Split, told
from optimizer.solving.highs_relaxation import Relaxation
from optimizer.solving.highs_solve import Found, Problem, Stop

MOST_RELAXATIONS, MOST_ITERATIONS, ITERATIONS_A_COLUMN = 300, 150_000, 10
"""How many relaxations are solved, with how many simplex iterations in all: so many, or more in a model with more
columns than a tenth of them."""
WITHOUT_LEAF = 4
"""So many times as much is done where no leaf is found yet: without one there is nothing to look for a plan near to."""
MOST_HOSTS = 3
"""How many accelerators, or places, are compared for a cluster."""
LITTLE = 0.02
"""The part of what may stay open by which a node's first child may rise without its second being looked at as well."""


class Tree:
    """Relaxations that stay loaded, and what is found by branching; `both` is whether children are solved two at once.

    A search leaves a part of a cost open (`within`), and takes half of the time that is left; another, which may leave
    less, goes on from where it ended.
    """

    def __init__(
        self, problem: Problem, root: Found, options: Mapping[str, Any], stop: Stop, both: bool = False
    ) -> None:
        self.within, self.stop, self._until = 0.0, stop, stop
        self.branching = Branching(problem, options)
        self.best: Node | None = None
        self._first = root["values"]
        self._given_up: list[Node] = []
        self.solved = 0
        self.most = max(MOST_ITERATIONS, ITERATIONS_A_COLUMN * len(problem["cost"]))
        self._open: list[tuple[float, int, Node]] = []
        self._number = count(0, -1)
        self.root = Node(frozenset(), (), root["objective"], root["duals"], (), root["values"])
        first = Relaxation(problem, root["highs"], self.root)
        self.relaxations = [first, first.another(options, stop)] if both else [first]
        self._push(self.root)

    def search(self, within: float) -> Found:
        """The best values with every start whole, and a bound; without values where a limit came first."""
        self.within, self._until = within, self.stop.half()
        self._given_up, again = [], self._given_up
        for node in again:
            self._push(node)
        with ThreadPoolExecutor(1) as self._thread:
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

    @property
    def late(self) -> bool:
        """Whether the time of the last search is over."""
        return self._until.over()

    @property
    def deepest(self) -> Any:
        """The values of the open node that is branched most, the cheapest of such; of the root where none has any."""
        there = [node for _, _, node in self._open if node.values is not None]
        if not there:
            return self._first
        return min(there, key=lambda node: (-len(node.sums) - len(node.closed), node.bound)).values

    @property
    def iterations(self) -> int:
        """Of the simplex method, in all relaxations."""
        return int(math.fsum(each.iterations for each in self.relaxations))

    def _ended(self) -> bool:
        more = 1 if self.best is not None else WITHOUT_LEAF
        many = self.solved >= more * MOST_RELAXATIONS or self.iterations >= more * self.most
        return many or self.late

    def _bound(self) -> float:
        leaf = math.inf if self.best is None else self.best.bound
        return min([leaf, *(node.bound for node in self._given_up), *(bound for bound, _, _ in self._open)])

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
            if (split := self.branching.split(node, self._cut_off())) is not None:
                node = self._cheaper(node, split)
            elif hosts := self.branching.hosts(node):
                node = self._hosted(node, hosts)
            else:
                self.best = node
                return
        if node.values is not None:
            self._push(node)

    def _cheaper(self, node: Node, split: Split) -> Node:
        """The cheaper of a node's two children; the other one stays open."""
        values, bound = node.values, node.bound
        more, less = node.branched(split)
        if len(self.relaxations) > 1:
            self._both_relaxed(more, less)
        elif self._relaxed(more).values is not None and self._is_near(more, node):
            self._push(less)
            return more
        else:
            self._relaxed(less)
        self.branching.learn(split, values, bound, (more, less))
        return self._cheapest([more, less])

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

    def _relaxed(self, node: Node) -> Node:
        """A node with its relaxation solved; without values where that is infeasible or beyond the cut-off."""
        self.solved += 1
        if not self.relaxations[0].solve(node, self._cut_off(), self._until):
            self._given_up.append(node)
        return node

    def _both_relaxed(self, *nodes: Node) -> None:
        """Two nodes with their relaxations solved, at once."""
        self.solved += 2
        one, other = self.relaxations
        beside = self._thread.submit(other.solve, nodes[1], self._cut_off(), self._until)
        ended = one.solve(nodes[0], self._cut_off(), self._until), beside.result()
        self._given_up += [node for node, each in zip(nodes, ended, strict=True) if not each]
