"""The nodes of a tree of relaxations, with the duals that prove their bounds, and how both are told.

Runs in the solver's process: imports nothing but the standard library, numpy and `highs_solve`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer.solving.highs_solve import Found, Problem

Columns = tuple[int, ...]
SAME = 1e-9
"""The part of a dual by which it may differ and still count as the same: half of the differences are below it."""


@dataclass(eq=False)
class Node:
    """What is closed and of which sets one is due, in the order of branching, with the bound that this has.

    `duals`, one a row, and `due_duals`, one a set that is due, prove a bound: those of its relaxation, also where that
    was cut off, with a ray where it is infeasible, or else those of the node that it was branched from, which hold for
    its children as well. `values` are those of the relaxation; None if it is not solved. A node is branched on the
    columns of `branch`, into the child in which one is due and the one in which they are closed.
    """

    closed: frozenset[int]
    due: tuple[Columns, ...]
    bound: float
    duals: Any
    due_duals: tuple[float, ...]
    values: Any = None
    branch: Columns = ()
    children: tuple[Node, ...] = ()

    def branched(self, columns: Columns) -> tuple[Node, Node]:
        """The two children of a node; its values are of no more use."""
        due = Node(self.closed, (*self.due, columns), self.bound, self.duals, (*self.due_duals, 0.0))
        closed = Node(self.closed.union(columns), self.due, self.bound, self.duals, self.due_duals)
        self.branch, self.children, self.values = columns, (due, closed), None
        return due, closed


def told(node: Node, above: Any) -> Found:
    """A node and all below it in numbers: of the duals of its rows those that differ from what was told above it.

    Traces of a difference are rounding of the solver, and left out: any duals prove a bound, and these hardly another.
    """
    moved = np.abs(node.duals - above) > SAME * np.maximum(np.abs(node.duals), np.abs(above))
    rows = np.flatnonzero(moved).tolist()
    return {
        "rows": rows,
        "duals": node.duals[rows].tolist(),
        "due_duals": list(node.due_duals),
        "branch": list(node.branch),
        "children": [told(child, np.where(moved, node.duals, above)) for child in node.children],
    }


def worth_without_costs(problem: Problem, node: Node, ray: Any, due: tuple[float, ...]) -> float:
    """The bound that a ray proves at a node in a model without costs: above 0 where the node is infeasible."""
    row_of = np.repeat(np.arange(len(ray)), np.diff(problem["start"]))
    reduced = -np.bincount(problem["index"], ray[row_of] * problem["value"], minlength=len(problem["cost"]))
    for columns, each in zip(node.due, due, strict=True):
        reduced[list(columns)] = reduced[list(columns)] - each
    lower, upper = problem["lower"], problem["upper"].copy()
    closed = sorted(node.closed)
    upper[closed] = lower[closed]
    limits = np.where(ray > 0, problem["row_lower"], np.where(ray < 0, problem["row_upper"], 0.0))
    leaning = np.isfinite(
        limits
    )  # a trace that leans on a limit that is not there counts for nothing, as in `certified`
    columns_worth = np.where(reduced > 0, reduced * lower, reduced * upper)
    return math.fsum([*ray[leaning] * limits[leaning], *due, *columns_worth])
