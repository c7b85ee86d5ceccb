"""What a solver found, asked again until it holds: whole numbers that are whole, limits on them that are met.

A solver takes a number for whole within a millionth and a row for met within its tolerance. Rounded, such an answer
may have no continuous part, or be a limit's last cents too dear. Neither is an answer, and neither is a fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from optimizer.interruption import OutOfTime
from optimizer.solving.matrix import Floats, Matrix, row_limits, row_numbers
from optimizer.solving.solution import Options, Solution
from optimizer.solving.whole_rows import ROUNDING, Flags, broken, cut_off, excess, whole_columns

FRACTIONS = 1e-9
"""What a limit may be passed by where fractions count in it (work, unmet work, added power, divisible systems), as
part of the limit; a limit on whole systems is met to the last digit."""
STRICT = 1e-10
"""The tolerance of a second look: far below `FRACTIONS`, so that what it takes for whole fits once it is rounded.
Without presolve, which at such a tolerance was seen to call a model infeasible that has plans."""
TRACE = 1e-10
"""The part of a system, or of the most of a column, that is rounding wherever it stands."""
ALMOST = 0.9
MOST_ROUNDS = 25
LEAST_SECONDS = 0.1


def settled(solve: Callable[[Matrix, Options], Solution], matrix: Matrix, options: Options) -> Solution:
    """The first answer that holds: no row on whole numbers broken, no other missed by more than its tolerance.

    What breaks a row on whole numbers is cut off; `cut_off` proves that no plan goes with it, so bounds stay bounds.
    What has no continuous part beside its rounded integers is asked for again with a tolerance of 1e-10, and then with
    half of `FRACTIONS` of give where fractions count. Without an answer that holds, the model is called infeasible,
    or `no_plan` where the search was stopped; but where nothing is whole, the first answer is as good as any.
    """
    began, asked, first, wide = time.monotonic(), matrix, solve(matrix, options), False
    found = first
    for number in range(MOST_ROUNDS):
        own = found.values[: len(matrix.cost)]
        rows = broken(matrix, own) if own.size else []
        if not own.size or (not rows and not found.rough and _is_feasible(matrix, own)):
            return _trimmed(found, matrix)
        if found.interrupted or (wide and not rows):
            break
        if rows:
            asked = cut_off(asked, rows, found.values, number)
        elif options.tolerance is None:
            options = replace(options, tolerance=STRICT, presolve="off")
        else:
            asked, wide = widened(asked), True
        try:
            found = solve(asked, _with_time_left(options, began))
        except OutOfTime:
            found = replace(found, status="no_plan")
            break
    if not matrix.integer.any() and not rows:
        return _trimmed(first, matrix)
    status = "infeasible" if found.status == "optimal" and not found.interrupted else "no_plan"
    return replace(_trimmed(found, matrix), status=status, values=np.array([]), objective=float("inf"))


def widened(matrix: Matrix) -> Matrix:
    """A model whose limits may be passed by half of `FRACTIONS` of themselves where fractions count in them."""
    whole = whole_columns(matrix)
    fractions = np.zeros(len(matrix.rows), dtype=bool)
    np.logical_or.at(fractions, row_numbers(matrix), ~whole[matrix.index])
    give = np.where(fractions & (matrix.row_lower < matrix.row_upper), row_limits(matrix) * FRACTIONS / 2, 0.0)
    more = np.where(whole, matrix.upper, matrix.upper * (1 + FRACTIONS / 2))
    return replace(matrix, upper=more, row_lower=matrix.row_lower - give, row_upper=matrix.row_upper + give)


def _is_feasible(matrix: Matrix, values: Floats) -> bool:
    """Whether no row is missed by more than a solution may, half on each side of it.

    A row without a limit has no size where nothing counts in it: there, traces of its columns are nothing.
    """
    row_of, terms = row_numbers(matrix), matrix.value * values[matrix.index]
    used = np.bincount(row_of, terms, minlength=len(matrix.rows))
    size = np.bincount(row_of, np.abs(terms), minlength=len(matrix.rows)) + row_limits(matrix)
    traces = np.zeros(len(matrix.rows))
    np.maximum.at(traces, row_of, TRACE * np.abs(matrix.value) * np.minimum(1.0, matrix.upper)[matrix.index])
    beyond = np.maximum(matrix.row_lower - used, used - matrix.row_upper)
    allowed = ALMOST * FRACTIONS * size / 2 + np.where(row_limits(matrix) > 0, 0.0, traces)
    return bool((beyond <= allowed).all())


def needed(matrix: Matrix, values: Floats, groups: Sequence[Iterable[tuple[int, float]]]) -> list[float]:
    """How often each group of rows has to give for values to be a plan: rows by number, with what one give is in each.

    Counted in fractions, since a solver sees no last cents; 0 where there are no values.
    """
    if not values.size:
        return [0.0] * len(groups)
    own, whole = values[: len(matrix.cost)], whole_columns(matrix)
    exact = np.where(whole, np.round(own), own)
    return [max(float(_missed(matrix, i, whole, exact)) / abs(give) for i, give in rows) for rows in groups]


def _missed(matrix: Matrix, row: int, whole: Flags, values: Floats) -> Fraction:
    """How far values are beyond a row's limit, in its unit: 0 if it holds within the tolerance of what counts in it.

    Half of the tolerance where fractions count, so that a plan fits into `widened` where nothing is missed.
    """
    fractions = any(not whole[j] for j in matrix.index[matrix.start[row] : matrix.start[row + 1]])
    return excess(matrix, row, values, FRACTIONS / 4 if fractions else ROUNDING)


def _with_time_left(options: Options, began: float) -> Options:
    if options.time_limit is None:
        return options
    return replace(options, time_limit=max(LEAST_SECONDS, options.time_limit - (time.monotonic() - began)))


def _trimmed(found: Solution, matrix: Matrix) -> Solution:
    """A solution without the columns and rows that were added to its model."""
    branches = found.branches and found.branches.of_first_rows(len(matrix.rows))
    values, duals = found.values[: len(matrix.cost)], found.duals[: len(matrix.rows)]
    return replace(found, values=values, duals=duals, branches=branches)
