"""The relaxation of a model that stays loaded in HiGHS, and is solved on from one node of a tree to the next.

Runs in the solver's process: imports nothing but the standard library, highspy, numpy and `highs_solve`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import highspy
import numpy as np

from optimizer.solving.highs_nodes import Columns, Node, worth_without_costs
from optimizer.solving.highs_solve import Problem, Stop, solver

PERTURBED = 1e-3
"""By what part of HiGHS's own measure costs are perturbed. From a basis that is optimal but for one sum, as much as its
own makes twice the iterations: most of them take the perturbation back."""
DEARER = 1e4
"""So many times the bound is what a plan would cost where there is none."""


class Relaxation:
    """A model without whole numbers in HiGHS, at one node of a tree; `root` is what is solved already.

    `iterations` are those of the simplex method at all nodes.
    """

    def __init__(self, problem: Problem, highs: highspy.Highs, root: Node) -> None:
        self.problem, self.highs, self.root, self.iterations = problem, highs, root, 0
        self.highs.setOptionValue("dual_simplex_cost_perturbation_multiplier", PERTURBED)
        self._loaded = root
        self._rows: dict[Columns, int] = {}

    def another(self, options: Mapping[str, Any], stop: Stop) -> Relaxation:
        """The same, loaded once more: for another thread."""
        highs = solver(self.problem, dict(options), stop)
        highs.setOptionValue("solve_relaxation", True)
        highs.setBasis(self.highs.getBasis())
        return Relaxation(self.problem, highs, self.root)

    def solve(self, node: Node, cut_off: float, stop: Stop) -> bool:
        """Solves at a node, which is left without values where that is infeasible, or beyond the cut-off.

        Returns whether it came to its end: what is beyond the cut-off, or stopped, is given up.
        """
        self._load(node)
        self.highs.setOptionValue("objective_bound", cut_off)
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + stop.seconds_left())
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
        elif status == statuses.kObjectiveBound:
            node.bound = cut_off
            self._keep_duals(node)
        return status in (statuses.kOptimal, statuses.kInfeasible)

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
