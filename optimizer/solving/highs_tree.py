"""A branch and bound over the starts of projects: one-off engineering and porting, each begun once or never.

There are few of them and they cost much, so a handful of relaxations settles them, each solved on from the one before.
A node says of each project by which period it has not started yet, and by which it has. Branching on a project and
period t makes two:

    "not by t": x_τ = 0 for τ ≤ t        "by t": Σ_{τ ≤ t} x_τ ≥ 1

Proof that no plan is lost: Σ_{τ ≤ t} x_τ is a whole number of at least 0, so it is 0 or at least 1. The bound of the
tree is the least over its leaves, its open nodes and the cut-offs at which nodes were given up. No presolve for
whole numbers has a part in it.

Runs in the solver's process: imports nothing but the standard library, highspy, numpy and `highs_solve`.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import highspy
import numpy as np

from optimizer.solving.highs_solve import Found, Problem, Stop

WHOLE = 1e-6
"""How near to whole a start must be."""
MOST_RELAXATIONS = 300
LITTLE = 0.02
"""The part of what may stay open by which a node's first child may rise without its second being looked at as well."""


class Window(NamedTuple):
    """When a project may start: in none of its first `closed` periods, in one of its first `due` ones (0: or never)."""

    closed: int = 0
    due: int = 0


class Node(NamedTuple):
    """The windows of some projects, by number; a bound; the values of its relaxation, None if that is not solved."""

    windows: Mapping[int, Window]
    bound: float
    values: Any = None


class Tree:
    """A relaxation that stays loaded, and what is found by branching; `within` is the part of a cost left open."""

    def __init__(self, problem: Problem, root: Found, projects: list[list[int]], within: float, stop: Stop) -> None:
        self.problem, self.projects, self.within, self.stop = problem, projects, within, stop
        self.highs: highspy.Highs = root["highs"]
        self.best: Node | None = None
        self.given_up = math.inf
        self.solved = 0
        self._open: list[tuple[float, int, Node]] = []
        self._loaded: Mapping[int, Window] = {}
        self._rows: dict[tuple[int, int], int] = {}
        self._push(Node({}, root["objective"], root["values"]))

    def search(self) -> Found:
        """The best values with every start whole, and a bound; without values where a limit came first."""
        while self._open and self._open[0][0] < self._cut_off() and not self._ended():
            node = heapq.heappop(self._open)[2]
            self._dive(node if node.values is not None else self._relaxed(node))
        done, best = not self._ended(), self.best
        return {
            "status": "stopped" if not done else "infeasible" if best is None else "optimal",
            "values": np.array([]) if best is None else best.values,
            "bound": self._bound(),
            "objective": math.inf if best is None else best.bound,
        }

    def _ended(self) -> bool:
        return self.solved >= MOST_RELAXATIONS or self.stop.over()

    def _bound(self) -> float:
        leaf = math.inf if self.best is None else self.best.bound
        return min([leaf, self.given_up, *(bound for bound, _, _ in self._open)])

    def _cut_off(self) -> float:
        """From which bound on a node is not gone into."""
        return math.inf if self.best is None else self.best.bound - self.within * abs(self.best.bound)

    def _push(self, node: Node) -> None:
        heapq.heappush(self._open, (node.bound, -len(self._open), node))

    def _dive(self, node: Node) -> None:
        """Follows a node's cheaper children down to a leaf; what is left aside stays open."""
        while node.values is not None and not self._ended():
            if node.bound >= self._cut_off():
                break
            branch = self._undecided(node)
            if branch is None:
                self.best = node
                return
            node = self._cheaper(node, *branch)
        if node.values is not None:
            self._push(node)

    def _cheaper(self, node: Node, project: int, periods: int) -> Node:
        """The cheaper of a node's two children; the other one stays open."""
        window = node.windows.get(project, Window())
        by = Node({**node.windows, project: window._replace(due=periods)}, node.bound)
        not_by = Node({**node.windows, project: window._replace(closed=periods)}, node.bound)
        first = self._relaxed(by)
        if first.values is not None and first.bound - node.bound <= LITTLE * self.within * abs(node.bound):
            self._push(not_by)
            return first
        cheaper, dearer = sorted((first, self._relaxed(not_by)), key=lambda child: child.bound)
        if dearer.values is not None:
            self._push(dearer)
        return cheaper

    def _undecided(self, node: Node) -> tuple[int, int] | None:
        """The project to branch on and by which of its periods; None where every start is whole.

        Whether comes before when, and the dearest first. One that has started whole needs no second start.
        """
        found: list[tuple[bool, float, int, int]] = []
        for project, columns in enumerate(self.projects):
            starts = node.values[columns]
            broken = np.flatnonzero(np.abs(starts - np.round(starts)) > WHOLE)
            if not broken.size or starts[: broken[0]].sum() > 1 - WHOLE:
                continue
            due = node.windows.get(project, Window()).due
            whether = not due and starts.sum() < 1 - WHOLE
            cost = float(self.problem["cost"][columns].max())
            found.append((whether, cost, -project, len(columns) if whether else int(broken[0]) + 1))
        if not found:
            return None
        _, _, number, periods = max(found)
        return -number, periods

    def _relaxed(self, node: Node) -> Node:
        """A node with its relaxation solved; without values where that is infeasible or beyond the cut-off."""
        self._load(node.windows)
        self.solved += 1
        cut_off = self._cut_off()
        self.highs.setOptionValue("objective_bound", cut_off)
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + self.stop.seconds_left())
        self.highs.run()
        status = self.highs.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            bound = max(node.bound, self.highs.getInfo().objective_function_value)
            return node._replace(bound=bound, values=np.array(self.highs.getSolution().col_value))
        if status == highspy.HighsModelStatus.kInfeasible:
            return node._replace(bound=math.inf)
        given_up = cut_off if status == highspy.HighsModelStatus.kObjectiveBound else node.bound
        self.given_up = min(self.given_up, given_up)
        return node._replace(bound=given_up)

    def _load(self, windows: Mapping[int, Window]) -> None:
        """Changes the bounds of the relaxation to those of a node."""
        for project in {*self._loaded, *windows}:
            was, now = self._loaded.get(project, Window()), windows.get(project, Window())
            for i, j in enumerate(self.projects[project]):
                if (i < was.closed) != (i < now.closed):
                    lower, upper = self.problem["lower"][j], self.problem["upper"][j]
                    self.highs.changeColBounds(j, lower, lower if i < now.closed else upper)
            if was.due != now.due:
                for due, least in ((was.due, -np.inf), (now.due, 1.0)):
                    if due:
                        self.highs.changeRowBounds(self._row(project, due), least, np.inf)
        self._loaded = dict(windows)

    def _row(self, project: int, due: int) -> int:
        """The number of the row that adds up the starts of a project in its first periods."""
        if (project, due) not in self._rows:
            columns = np.array(self.projects[project][:due], dtype=np.int32)
            self._rows[project, due] = self.highs.getNumRow()
            self.highs.addRow(-np.inf, np.inf, len(columns), columns, np.ones(len(columns)))
        return self._rows[project, due]
