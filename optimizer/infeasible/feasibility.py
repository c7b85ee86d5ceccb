"""Who is asked whether something has a plan: solvers that persist, on all cores, within one time limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from catalogs.problems import InputError
from optimizer.formulation.model import Model
from optimizer.interruption import STOPS, Stopped
from optimizer.proven import stated
from optimizer.request.load import Request
from optimizer.solving.matrix import Matrix
from optimizer.solving.pool import Solvers
from optimizer.solving.solution import Options, Solution

Task = TypeVar("Task")
Result = TypeVar("Result")
SECONDS_EACH = 60.0
"""The longest that a single question is worth waiting for."""
FINE_GAP = 1e-5
"""The gap of an amount: finer than the digits that are shown of it."""


class Desk:
    """Solvers for many questions about one request; use it in a `with` block.

    `options.time_limit`, or `ends`, is for all questions together, None for none. `cut_short` says that a question
    took too long to be answered in full.
    """

    def __init__(self, options: Options) -> None:
        self.options = replace(options.for_all(), tidy=False, time_limit=SECONDS_EACH)
        self.cut_short = False
        self._solvers = Solvers()

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *what: object) -> None:
        self._solvers.__exit__(*what)

    @property
    def stopped(self) -> Stopped | None:
        """What ended the questions before all of them were answered, if anything did."""
        return self._solvers.stopped

    @property
    def ask(self) -> Callable[[Matrix, Options], Solution]:
        """Solves a model as it is told to, by a solver of the desk."""
        return self._solvers.solve

    @contextmanager
    def until_stopped(self) -> Iterator[None]:
        """Questions in this block end it, without an error, when time runs out or somebody asks to stop."""
        try:
            yield
        except STOPS as stop:
            self._solvers.stop(stop)

    def solve(self, matrix: Matrix, gap: float | None = None, otherwise: bool = False) -> Solution:
        """Solves a model, `otherwise` with other presolve and seed. Raises OutOfTime where no time is left."""
        options = replace(self.options, gap=self.options.gap if gap is None else gap)
        if otherwise:
            options = replace(options, presolve="off", seed=options.seed + 1)
        found = self._solvers.solve(matrix, options)
        self.cut_short = self.cut_short or found.status in ("feasible", "no_plan")
        return found

    def fits(self, matrix: Matrix, otherwise: bool = False) -> bool | None:
        """Whether a model has any plan; None if that was not found out."""
        found = self.solve(matrix.minimising({}), otherwise=otherwise)
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

    def all(self, tasks: Iterable[Task], question: Callable[[Task], Result]) -> list[Result]:
        """Answers to questions in the order of the tasks, asked on all local cores at once; those that were found."""
        return [answer for answer in self._solvers.all(tasks, question) if answer is not None]
