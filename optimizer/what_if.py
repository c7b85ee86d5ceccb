"""A plan's request asked again with something changed: solves that begin from the plan at hand.

What a changed request costs is known between two bounds, and so is every difference. A relaxation that
already says enough saves the integer solve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from optimizer.formulation.model import USD_PER_MODEL_UNIT, Model
from optimizer.infeasible.proof import resolved_again
from optimizer.infeasible.shortage import proved_infeasible
from optimizer.interruption import OutOfTime
from optimizer.plan.format import Plan
from optimizer.proven import Solved, plan_of, stated
from optimizer.replan.earlier import DECIDED, decisions
from optimizer.request.edits import request_of
from optimizer.request.load import Request
from optimizer.solving.matrix import Matrix
from optimizer.solving.pool import Solvers
from optimizer.solving.solution import Options, Solution
from optimizer.workers import Workers

NEVER = float("inf")
SAME = 1e-6
"""Two decisions that differ by less are one."""
BESIDE = (0, 1)
"""How far beside the whole numbers below and above its relaxed one a decision is looked for, before anywhere."""


class Bracket(NamedTuple):
    """The two figures in USD between which a cost, or a difference of costs, is proved to lie."""

    least: float
    most: float

    def less(self, other: Bracket) -> Bracket:
        """This cost less another."""
        return Bracket(self.least - other.most, self.most - other.least)

    @property
    def width(self) -> float:
        return self.most - self.least


@dataclass(frozen=True)
class Outcome:
    """What a changed request costs, as present value in USD.

    `status` is `optimal`, `feasible` (stopped with a plan), `infeasible` (proved), `bounded` (the relaxation
    was answer enough: `cost.most` is infinite) or `no_plan` (stopped without one).
    """

    status: str
    cost: Bracket
    solved: Solved | None

    @property
    def has_plan(self) -> bool:
        return self.solved is not None

    def plan(self) -> Plan:
        """The plan that was found, audited; there must be one."""
        assert self.solved is not None, self.status
        return plan_of(self.solved)


class WhatIf(Solvers):
    """A plan and the solvers that answer what would be if; use it in a `with` block.

    `options` are those of every solve; a plan's own gap is kept if none are given.
    """

    def __init__(self, plan: Plan, options: Options | None = None, workers: Workers = None) -> None:
        super().__init__(workers)
        self.plan, self.request = plan, request_of(plan.scenario, plan.catalog)
        self.options = replace(options or Options(gap=plan.run.options["gap"]), tidy=False)
        self.cost = Bracket(plan.bound_usd, plan.objective_usd)
        self.decisions = decisions(plan)

    @cached_property
    def model(self) -> tuple[Model, Matrix]:
        """The model of the plan's own request, built once."""
        return stated(self.request)

    def ask(self, request: Request, enough_usd: float | None = None, precision: float = 0.0) -> Outcome:
        """What a changed request costs.

        A relaxation of `enough_usd` or more is answer enough; so is a plan near the one at hand that the
        relaxation proves to be within the gap, or within `precision` of the difference that the change makes.
        Only else is the whole model searched.
        """
        model, matrix = stated(request)
        solution = self.best(matrix, enough_usd, precision)
        if solution.status == "infeasible":
            return self._without_plan(request, model, matrix)
        least, most = solution.bound_usd, solution.objective_usd
        if not solution.values.size:
            bounded = enough_usd is not None and least >= enough_usd
            return Outcome("bounded" if bounded else "no_plan", Bracket(least, NEVER), None)
        solved = Solved(request, model, matrix, solution, self.options)
        return Outcome(solution.status, Bracket(min(least, most), most), solved)

    def best(self, matrix: Matrix, enough_usd: float | None = None, precision: float = 0.0) -> Solution:
        """The best solution of a model of this request or a changed one, as `ask` looks for it.

        `infeasible` is the solver's word, not a proof.
        """
        root = self.relaxed(matrix)
        if root.status == "infeasible" or (enough_usd is not None and root.bound_usd >= enough_usd):
            return replace(root, values=np.array([]), objective=NEVER)
        if not matrix.integer.any():
            return root
        close_usd = precision * abs(root.bound_usd - self.cost.most)
        solution = self._whole(matrix, root, close_usd)
        return replace(solution, bound=max(solution.bound, root.bound), duals=root.duals, branches=None)

    def relaxed(self, matrix: Matrix) -> Solution:
        """The relaxation of a model: its values, its duals and the bound that it is. Raises OutOfTime."""
        found = super().solve(matrix.relaxed(), self.options)
        if found.status == "no_plan" and self.options.ends is not None:
            raise OutOfTime
        return found

    def _whole(self, matrix: Matrix, root: Solution, close_usd: float) -> Solution:
        """The best plan near the one at hand if that is good enough, else the best of all, begun from there."""
        enough_usd = root.bound_usd + max(close_usd, self.options.gap * abs(root.bound_usd))
        near = self._near(matrix, root, enough_usd) if root.values.size else root
        if not near.values.size:
            return self.solve(matrix, self.options)
        if near.objective_usd <= enough_usd:
            return replace(near, status="optimal", bound=min(root.bound, near.objective))
        start = {j: float(near.values[j]) for j in np.flatnonzero(matrix.integer).tolist()}
        return self.solve(matrix, self.options, start)

    def _near(self, matrix: Matrix, root: Solution, enough_usd: float) -> Solution:
        """The first plan near the one at hand that costs `enough_usd` or less, or the last one looked for.

        Decisions in which the relaxation and the plan at hand agree are kept (relaxation induced neighbourhood search,
        Danna, Rothberg and Le Pape, 2005): a small change moves only the few others. These are looked for ever farther
        from their relaxed values; the nearest are found at once, and mostly are enough.
        """
        here = self.start(matrix)
        same = [j for j, value in here.items() if abs(root.values[j] - value) < SAME]
        kept = np.array([here[j] for j in same])
        agreed = matrix.narrowed(same, kept, kept)
        free = sorted({*np.flatnonzero(matrix.integer).tolist()} - {*same})
        asked = replace(self.options, at_once=True, target=enough_usd / USD_PER_MODEL_UNIT)
        for beside in BESIDE:
            least, most = np.floor(root.values[free]) - beside, np.ceil(root.values[free]) + beside
            near = super().solve(agreed.narrowed(free, least, most), asked)
            if near.values.size and near.objective_usd <= enough_usd:
                return near
        return super().solve(agreed, asked)

    def _without_plan(self, request: Request, model: Model, matrix: Matrix) -> Outcome:
        """`infeasible` is never said on the solver's word alone."""
        if proved_infeasible(request, self.options, super().solve):
            return Outcome("infeasible", Bracket(NEVER, NEVER), None)
        solution = resolved_again(matrix, self.options, super().solve)
        solved = Solved(request, model, matrix, solution, self.options)
        return Outcome(solution.status, Bracket(solution.bound_usd, solution.objective_usd), solved)

    def solve(self, matrix: Matrix, options: Options, start: Mapping[int, float] | None = None) -> Solution:
        """Solves a model of this request or a changed one, by default beginning from the plan's decisions."""
        return super().solve(matrix, options, start=self.start(matrix) if start is None else start)

    def start(self, matrix: Matrix) -> dict[int, float]:
        """The plan's decisions by the number of their column."""
        return {
            j: self.decisions.get(name, 0.0)
            for j, (name, whole) in enumerate(zip(matrix.columns, matrix.integer, strict=True))
            if whole and name.partition("(")[0] in DECIDED
        }
