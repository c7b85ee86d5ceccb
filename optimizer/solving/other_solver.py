"""Another solver that PuLP knows, for comparison: its values are taken, its word is not.

PuLP's solver interfaces call a time limit optimal and hold 0.0 where there is no solution, so the
values are checked against the frozen model here, and the bound is that of our own relaxation.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from optimizer.solving.matrix import Floats, Matrix, row_numbers
from optimizer.solving.solution import Options, Solution, relative_gap
from optimizer.solving.solve import solve

if TYPE_CHECKING:
    import pulp

TOLERANCE = 1e-6


class UnknownSolver(Exception):
    """A solver that PuLP does not know or cannot reach on this machine."""


def solver_names() -> list[str]:
    """The solvers that PuLP can reach on this machine."""
    import pulp

    return sorted(pulp.listSolvers(onlyAvailable=True))


def solve_with(name: str, problem: pulp.LpProblem, matrix: Matrix, options: Options) -> Solution:
    """A solution by another solver, `no_plan` if it breaks the model once its whole numbers are rounded.

    Raises UnknownSolver if PuLP cannot reach it, SolverError if ours fails.
    """
    import pulp

    if name not in solver_names():
        raise UnknownSolver(f"PuLP reaches no solver '{name}' here; it reaches {', '.join(solver_names())}")
    root = solve(matrix.relaxed(), options)
    if root.status != "optimal":
        return root
    with tempfile.TemporaryDirectory(prefix="chipmix-") as folder:
        solver = pulp.getSolver(name, msg=False, gapRel=options.gap, timeLimit=options.seconds_left())
        solver.tmpDir = folder  # what the solver leaves there goes with us, however we end
        problem.solve(solver)
    values = _values(problem, matrix)
    exact = None if values is None else solve(_with_whole(matrix, values), replace(options, time_limit=None, ends=None))
    if exact is None or not exact.values.size:
        return replace(root, status="no_plan", values=np.array([]), objective=float("inf"), solver=name)
    gap = relative_gap(exact.objective, root.bound)
    status = "optimal" if gap <= options.gap else "feasible"
    return replace(
        exact,
        status=status,
        duals=root.duals,
        branches=None,
        bound=root.bound,
        solver=f"{name}, bound by {root.solver}",
    )


def _values(problem: pulp.LpProblem, matrix: Matrix) -> Floats | None:
    """What the solver left in the variables; None if it is no plan, whatever the solver's status says."""
    found = {variable.name: variable.value() for variable in problem.variables()}
    if any(found.get(name) is None for name in matrix.columns):
        return None
    values = np.array([found[name] for name in matrix.columns], dtype=float)
    whole = np.where(matrix.integer, np.round(values), values)
    row_of = row_numbers(matrix)
    activity = np.bincount(row_of, matrix.value * whole[matrix.index], minlength=len(matrix.rows))
    scale = 1 + np.maximum(
        np.abs(activity), np.bincount(row_of, np.abs(matrix.value * whole[matrix.index]), minlength=len(matrix.rows))
    )
    feasible = (activity >= matrix.row_lower - TOLERANCE * scale) & (activity <= matrix.row_upper + TOLERANCE * scale)
    return values if feasible.all() else None


def _with_whole(matrix: Matrix, values: Floats) -> Matrix:
    """What is left to solve once whole numbers are those of some values."""
    columns = np.flatnonzero(matrix.integer).tolist()
    whole = np.round(values[columns])
    return matrix.narrowed(columns, whole, whole).relaxed()
