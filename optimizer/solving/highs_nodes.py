"""The nodes of a tree of relaxations, with the duals that prove their bounds, and how both are told.

Runs in the solver's process: imports nothing but the standard library, numpy and `highs_solve`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from optimizer.solving.highs_solve import Found, Problem

Columns = tuple[int, ...]
SAME = 1e-9
"""The part of a dual by which it may differ and still count as the same: half of the differences are below it."""


class Sum(NamedTuple):
    """least ≤ Σ columns ≤ most; one of the two is not there."""

    columns: Columns
    least: float = -math.inf
    most: float = math.inf


class Split(NamedTuple):
    """What a node is branched on: Σ columns ≥ `least`, or ≤ least − 1."""

    columns: Columns
    least: int = 1


@dataclass(eq=False)
class Node:
    """What is closed and what sums are limited, in the order of branching, with the bound that this has.

    `duals`, one a row, and `sum_duals`, one a sum, prove a bound: those of its relaxation, also where that
    was cut off, with a ray where it is infeasible, or else those of the node that it was branched from, which hold for
    its children as well. `values` are those of the relaxation; None if it is not solved. A node is branched on
    `split`, into the child with at least so much of its columns and the one with less.
    """

    closed: frozenset[int]
    sums: tuple[Sum, ...]
    bound: float
    duals: Any
    sum_duals: tuple[float, ...]
    values: Any = None
    split: Split | None = None
    children: tuple[Node, ...] = ()

    def branched(self, split: Split) -> tuple[Node, Node]:
        """The two children of a node; its values are of no more use. Where there may be less than 1, all are closed."""
        columns, least = split
        more = self._with(Sum(columns, least=least))
        if least == 1:
            less = Node(self.closed.union(columns), self.sums, self.bound, self.duals, self.sum_duals)
        else:
            less = self._with(Sum(columns, most=least - 1))
        self.split, self.children, self.values = split, (more, less), None
        return more, less

    def _with(self, limited: Sum) -> Node:
        return Node(self.closed, (*self.sums, limited), self.bound, self.duals, (*self.sum_duals, 0.0))

    def limits(self) -> dict[Columns, tuple[float, float]]:
        """The tightest limits on each set of columns."""
        tightest: dict[Columns, tuple[float, float]] = {}
        for columns, least, most in self.sums:
            low, high = tightest.get(columns, (-math.inf, math.inf))
            tightest[columns] = max(low, least), min(high, most)
        return tightest


def told(node: Node, above: Any) -> Found:
    """A node and all below it in numbers: of the duals of its rows those that differ from what was told above it.

    Traces of a difference are rounding of the solver, and left out: any duals prove a bound, and these hardly another.
    """
    moved = np.abs(node.duals - above) > SAME * np.maximum(np.abs(node.duals), np.abs(above))
    rows = np.flatnonzero(moved).tolist()
    return {
        "rows": rows,
        "duals": node.duals[rows].tolist(),
        "sum_duals": list(node.sum_duals),
        "columns": list(node.split.columns) if node.split else [],
        "least": node.split.least if node.split else 1,
        "children": [told(child, np.where(moved, node.duals, above)) for child in node.children],
    }


def worth_without_costs(problem: Problem, node: Node, ray: Any, sums: tuple[float, ...]) -> float:
    """The bound that a ray proves at a node in a model without costs: above 0 where the node is infeasible."""
    row_of = np.repeat(np.arange(len(ray)), np.diff(problem["start"]))
    reduced = -np.bincount(problem["index"], ray[row_of] * problem["value"], minlength=len(problem["cost"]))
    of_sums = []
    for (columns, least, most), each in zip(node.sums, sums, strict=True):
        reduced[list(columns)] = reduced[list(columns)] - each
        of_sums.append(each * (least if each > 0 else most) if each else 0.0)
    lower, upper = problem["lower"], problem["upper"].copy()
    closed = sorted(node.closed)
    upper[closed] = lower[closed]
    limits = np.where(ray > 0, problem["row_lower"], np.where(ray < 0, problem["row_upper"], 0.0))
    leaning = np.isfinite(
        limits
    )  # a trace that leans on a limit that is not there counts for nothing, as in `certified`
    columns_worth = np.where(reduced > 0, reduced * lower, reduced * upper)
    return math.fsum([*ray[leaning] * limits[leaning], *of_sums, *columns_worth])
