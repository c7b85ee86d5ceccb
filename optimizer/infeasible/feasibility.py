"""Whether something has a plan, asked of solvers that persist, on all cores, within one time limit."""

from __future__ import annotations

from dataclasses import replace

from catalogs.problems import InputError
from optimizer.formulation.model import Model
from optimizer.proven import stated
from optimizer.request.load import Request
from optimizer.solving.matrix import Matrix
from optimizer.solving.pool import Solvers
from optimizer.solving.solution import Options, Solution

SECONDS_EACH = 60.0
"""The longest that a single question is worth waiting for."""
FINE_GAP = 1e-5
"""The gap of an amount: finer than the digits that are shown of it."""


class Feasibility(Solvers):
    """Solvers that say whether something has a plan; use it in a `with` block.

    `options.time_limit`, or `ends`, is for all questions together, None for none. `cut_short` says that a question
    took too long to be answered in full.
    """

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = replace(options.for_all(), tidy=False, time_limit=SECONDS_EACH)
        self.cut_short = False

    def asked(self, matrix: Matrix, gap: float | None = None, otherwise: bool = False) -> Solution:
        """Solves a model, `otherwise` with other presolve and seed. Raises OutOfTime where no time is left."""
        options = replace(self.options, gap=self.options.gap if gap is None else gap)
        if otherwise:
            options = replace(options, presolve="off", seed=options.seed + 1)
        found = self.solve(matrix, options)
        self.cut_short = self.cut_short or found.status in ("feasible", "no_plan")
        return found

    def fits(self, matrix: Matrix, otherwise: bool = False) -> bool | None:
        """Whether a model has any plan; None if that was not found out."""
        found = self.asked(matrix.minimising({}), otherwise=otherwise)
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
