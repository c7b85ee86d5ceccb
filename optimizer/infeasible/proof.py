"""What it takes to believe that nothing fits: certified violations above all rounding, and second solves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np

from optimizer.solving.certificate import certified_bound, magnified
from optimizer.solving.matrix import Floats, Matrix, row_numbers
from optimizer.solving.settle import widened
from optimizer.solving.solution import Options, Solution, SolverError
from optimizer.solving.solve import solve
from optimizer.solving.whole_rows import EPS

ULPS = 8
"""How many units in the last place a number of the model may be off what the request says."""


Solve = Callable[[Matrix, Options], Solution]


def whole(matrix: Matrix, options: Options, ask: Solve | None = None) -> Solution:
    """A solution whose solve was not cut short by a Ctrl-C: half an answer to a question is none."""
    solution = (ask or solve)(matrix, options)
    if solution.interrupted:
        raise KeyboardInterrupt
    return solution


def rounding(matrix: Matrix, duals: Floats) -> float:
    """The most that a certified bound can owe to the rounding of the model's numbers, each off by `ULPS`.

    LB(y) is a sum of products of one bound, one coefficient or one cost with y and bounds of variables, so it
    moves by no more than that part of the sum of their sizes. What gives costs something and nothing else does: its
    columns are our own and exact.
    """
    limits = np.where(duals > 0, matrix.row_lower, matrix.row_upper)
    used = (duals != 0) & np.isfinite(limits)
    entries = np.abs(duals[row_numbers(matrix)] * matrix.value) * matrix.upper[matrix.index]
    given = matrix.cost[matrix.index] == 0
    return ULPS * EPS * math.fsum([*np.abs(duals[used] * limits[used]), *entries[given]])


def certified(matrix: Matrix, duals: Floats) -> bool:
    """Whether duals prove that an elastic model cannot do without giving, whatever its numbers are rounded to."""
    return bool(duals.size) and certified_bound(matrix, duals) > rounding(matrix, duals)


def finer_duals(matrix: Matrix, options: Options, ask: Solve) -> Floats:
    """Duals of a model's relaxation from a second solve around the answer of a first one, seen 2^14 times as large."""
    relaxed = matrix.relaxed()
    first = ask(relaxed, options)
    return ask(magnified(relaxed, first.values), options).duals if first.values.size else first.duals


def resolved_again(matrix: Matrix, options: Options, ask: Solve = whole) -> Solution:
    """A solve with another seed, for when the first one's `infeasible` could not be proved.

    Limits have half of their tolerance to give, because then the least violation is within it (`needed`). At a hair
    from its limits a model may have a plan with presolve and none without, or the other way round.
    """
    for model, presolve in product((widened(matrix), matrix), ("on", "off")):
        solution = ask(model, replace(options, presolve=presolve, seed=options.seed + 1))
        if solution.status != "infeasible":
            return solution
    raise SolverError("the solver calls the request infeasible, but no violation could be proved")
