"""A plan's request asked again with something changed: solves that begin from the plan at hand.

What a changed request costs is known between two bounds, and so is every difference. A relaxation that
already says enough saves the integer solve.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, TypeVar

from optimizer.elastic import resolved_again, what_is_short
from optimizer.formulation.model import USD_PER_MODEL_UNIT, Model, model_name, row_name
from optimizer.matrix import Matrix
from optimizer.plan_format import Plan
from optimizer.planning import Solved, plan_of, stated
from optimizer.reopened import request_of
from optimizer.request import Request
from optimizer.solve import Options, Solution, Solver

Task = TypeVar("Task")
Result = TypeVar("Result")
NEVER = float("inf")


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
        """The plan that was found, audited. Raises LookupError if there is none."""
        if self.solved is None:
            raise LookupError(f"there is no plan to read: {self.status}")
        return plan_of(self.solved)


class WhatIf:
    """A plan and the solvers that answer what would be if; use it in a `with` block.

    `options` are those of every solve; a plan's own gap is kept if none are given.
    """

    def __init__(self, plan: Plan, options: Options | None = None, workers: int | None = None) -> None:
        self.plan, self.request = plan, request_of(plan)
        self.options = replace(options or Options(gap=plan.run.options["gap"]), tidy=False)
        self.cost = Bracket(plan.bound_usd, plan.objective_usd)
        self.decisions = decisions(plan)
        self.workers = workers or os.cpu_count() or 1
        self._here = threading.local()
        self._solvers: list[Solver] = []

    def __enter__(self) -> WhatIf:
        return self

    def __exit__(self, *_: object) -> None:
        for solver in self._solvers:
            solver.close()

    @cached_property
    def model(self) -> tuple[Model, Matrix]:
        """The model of the plan's own request, built once."""
        return stated(self.request)

    def ask(self, request: Request, enough_usd: float | None = None) -> Outcome:
        """What a changed request costs; a relaxation of `enough_usd` or more is answer enough."""
        model, matrix = stated(request)
        enough = None if enough_usd is None else enough_usd / USD_PER_MODEL_UNIT
        solution = self.solve(matrix, replace(self.options, enough=enough))
        if solution.status == "infeasible":
            return self._without_plan(request, model, matrix)
        least = solution.bound * USD_PER_MODEL_UNIT
        if not solution.values.size:
            status = "bounded" if enough is not None and solution.bound >= enough else "no_plan"
            return Outcome(status, Bracket(least, NEVER), None)
        most = solution.objective * USD_PER_MODEL_UNIT
        solved = Solved(request, model, matrix, solution, self.options)
        return Outcome(solution.status, Bracket(min(least, most), most), solved)

    def _without_plan(self, request: Request, model: Model, matrix: Matrix) -> Outcome:
        """`infeasible` is never said on the solver's word alone."""
        if what_is_short(request, self.options) is not None:
            return Outcome("infeasible", Bracket(NEVER, NEVER), None)
        solution = resolved_again(matrix, self.options)
        most = solution.objective * USD_PER_MODEL_UNIT
        solved = Solved(request, model, matrix, solution, self.options)
        return Outcome(solution.status, Bracket(solution.bound * USD_PER_MODEL_UNIT, most), solved)

    def solve(self, matrix: Matrix, options: Options) -> Solution:
        """Solves a model of this request or a changed one, beginning from the plan's decisions."""
        start = {
            j: self.decisions.get(name, 0.0)
            for j, (name, whole) in enumerate(zip(matrix.columns, matrix.integer, strict=True))
            if whole and name.partition("(")[0] in _DECIDED
        }
        return self._solver().solve(matrix, options, start=start)

    def _solver(self) -> Solver:
        if not hasattr(self._here, "solver"):
            self._here.solver = Solver()
            self._solvers.append(self._here.solver)
        found: Solver = self._here.solver
        return found

    def all(self, tasks: Iterable[Task], question: Callable[[Task], Result]) -> Iterator[Result]:
        """Answers to questions in the order of the tasks, asked on all local cores at once."""
        with ThreadPoolExecutor(self.workers) as pool:
            yield from pool.map(question, tasks)


_DECIDED = frozenset({"order", "engineer", "port", "host_cluster"})


def decisions(plan: Plan) -> dict[str, float]:
    """A plan's decisions in whole numbers, by the name of the column that stands for each in the model."""
    found: dict[str, float] = {}
    for order in plan.orders:
        if not order.commitment:
            found[_column("order", order.offer, order.place, order.enters_service)] = order.systems
    for own in plan.engineering:
        found[_column("engineer", own.accelerator, own.starts)] = 1.0
    for porting in plan.porting:
        found[_column("port", porting.demand, porting.stack, porting.starts)] = 1.0
    for cluster in plan.clusters:
        found[_column("host_cluster", cluster.accelerator, cluster.place, cluster.demand, cluster.period)] = 1.0
    return found


def _column(variable: str, *keys: str) -> str:
    return model_name(row_name(variable, keys))
