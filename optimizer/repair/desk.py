"""Who is asked whether something has a plan: solvers that persist, on all cores, within one time limit."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import numpy as np

from catalogs.problems import InputError
from optimizer.formulation.model import Model
from optimizer.matrix import Matrix
from optimizer.planning import stated
from optimizer.request import Request
from optimizer.solve import Options, Solution, Solver

Task = TypeVar("Task")
Result = TypeVar("Result")
SECONDS_EACH = 60.0
"""The longest that a single question is worth waiting for."""
FINE_GAP = 1e-5
"""The gap of an amount: finer than the digits that are shown of it."""


class OutOfTime(Exception):
    """The time limit of the whole repair has passed."""


class Desk:
    """Solvers for many questions about one request; use it in a `with` block.

    `options.time_limit` is for all questions together, None for none. `cut_short` says that a question took too
    long to be answered in full.
    """

    def __init__(self, options: Options) -> None:
        self.options = replace(options, tidy=False)
        self._ends = None if options.time_limit is None else time.monotonic() + options.time_limit
        self.cut_short = False
        self._here = threading.local()
        self._solvers: list[Solver] = []

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        for solver in self._solvers:
            solver.close()

    def solve(self, matrix: Matrix, gap: float | None = None, otherwise: bool = False) -> Solution:
        """Solves a model, `otherwise` with other presolve and seed. Raises OutOfTime where no time is left."""
        seconds = SECONDS_EACH if self._ends is None else min(SECONDS_EACH, self._ends - time.monotonic())
        if seconds <= 0:
            raise OutOfTime
        options = replace(self.options, gap=self.options.gap if gap is None else gap, time_limit=seconds)
        if otherwise:
            options = replace(options, presolve="off", seed=options.seed + 1)
        found = self._solver().solve(matrix, options)
        self.cut_short = self.cut_short or found.status in ("feasible", "no_plan")
        return found

    def fits(self, matrix: Matrix, otherwise: bool = False) -> bool | None:
        """Whether a model has any plan; None if that was not found out."""
        found = self.solve(replace(matrix, cost=np.zeros(len(matrix.cost))), otherwise=otherwise)
        return True if found.values.size else False if found.status == "infeasible" else None

    def has_plan(self, request: Request) -> bool | None:
        """Whether a request has any plan; None if that was not found out."""
        found = self.stated(request)
        return False if found is None else self.fits(found[1])

    def stated(self, request: Request) -> tuple[Model, Matrix] | None:
        """The model of a request; None where something asked for can never be served."""
        try:
            return stated(request)
        except InputError:
            return None

    def _solver(self) -> Solver:
        if not hasattr(self._here, "solver"):
            self._here.solver = Solver()
            self._solvers.append(self._here.solver)
        found: Solver = self._here.solver
        return found

    def all(self, tasks: Iterable[Task], question: Callable[[Task], Result]) -> Iterator[Result]:
        """Answers to questions in the order of the tasks, asked on all local cores at once."""
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            yield from pool.map(question, tasks)
