"""A model in units in which the solver's absolute tolerances are relative ones.

HiGHS takes a row for met when it is broken by no more than 1e-7, whatever the row is about: of a budget in millions
of USD that is 10 cents, of a hall of 1 kW in MW one part in ten thousand. So rows, columns and the objective are
multiplied by powers of two, which round nothing:

    x_j = c_j · x'_j,  A'_ij = r_i · A_ij · c_j,  row bounds times r_i,  costs times o · c_j

Proof that this is the same problem: x' ↔ x is one to one, a row or bound holds for x' exactly where it holds for x,
and costs are o times as large. Duals come back as y_i = r_i · y'_i / o, because then d'_j = o · c_j · d_j.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from optimizer.solving.matrix import Floats, Matrix, row_limits, row_numbers
from optimizer.solving.whole_rows import whole_columns

FINE = 2.0**10
"""What the size of a row is brought to if it is less: a tolerance of 1e-7 is then 1e-10 of it."""
COARSE = 2.0**30
"""What the terms of a row come to at the most: beyond it the rounding of their sum would pass 1e-7."""
LARGEST_COST = 2.0**20
SMALLEST, LARGEST = 2.0**-27, 2.0**40
"""Coefficients that a solver can take: HiGHS drops those below 1e-9 without an error, and refuses those above 1e15."""
NOTHING = 2.0**-50
"""The part of a row's size below which a term is less than the rounding of the row's own limit."""


class OutOfProportion(Exception):
    """A row of the model in which numbers meet that no unit makes comparable."""

    def __init__(self, row: str, column: str) -> None:
        self.row, self.column = row, column
        super().__init__(f"{column} is out of all proportion to the rest of {row}")

    def __reduce__(self) -> tuple[type[OutOfProportion], tuple[str, str]]:
        """How it is made again in another process."""
        return OutOfProportion, (self.row, self.column)


@dataclass(frozen=True)
class Scaled:
    """A model in the solver's units, and what leads back: `columns`, `rows` and `objective` are c, r and o."""

    matrix: Matrix
    columns: Floats
    rows: Floats
    objective: float


def scaled(matrix: Matrix) -> Scaled:
    """A model in the solver's units; terms that are nothing beside their row are left out.

    Proof that leaving them out changes no more than rounding does: a term is left out of a row only if even at the
    bound of its column it is below 2^-50 of the row's size, and a double holds the row's limit to 2^-53 of it.

    Raises OutOfProportion where a row has a term that no unit brings into the solver's reach.
    """
    columns = _of_columns(matrix)
    rows = _of_rows(matrix, columns)
    cost = matrix.cost * columns
    objective = _of_objective(cost)
    within = replace(
        matrix,
        cost=cost * objective,
        lower=matrix.lower / columns,
        upper=matrix.upper / columns,
        row_lower=matrix.row_lower * rows,
        row_upper=matrix.row_upper * rows,
        value=matrix.value * rows[row_numbers(matrix)] * columns[matrix.index],
    )
    return Scaled(_checked(_without_nothing(within)), columns, rows, objective)


def _most(matrix: Matrix) -> Floats:
    return np.maximum(np.abs(matrix.lower), np.abs(matrix.upper))


def _of_columns(matrix: Matrix) -> Floats:
    """c: whole columns keep their unit; others count in their most, where that is below 1 or beyond all sums."""
    most = _most(matrix)
    wanted = np.where(most < 1.0, most, np.maximum(1.0, most / COARSE))
    return np.where(matrix.integer | (most == 0), 1.0, _power_of_two(np.where(most > 0, wanted, 1.0)))


class _Sizes(NamedTuple):
    """Of each row: what its terms can come to, its size, and its least coefficient."""

    activity: Floats
    size: Floats
    least: Floats


def _sizes(matrix: Matrix, columns: Floats) -> _Sizes:
    """The size of a row is its limit, or what its terms can come to if that is less, and at least one whole system.

    Where nothing whole counts in it, it is at least a thousandth of the largest coefficient, or all of that where it
    has no limit: a limit that is a difference of larger numbers says nothing of what is compared.
    """
    row_of, amount = row_numbers(matrix), np.abs(matrix.value)
    per_unit = amount * columns[matrix.index]
    activity = np.bincount(row_of, amount * _most(matrix)[matrix.index], minlength=len(matrix.rows))
    whole = _largest(matrix, np.where(whole_columns(matrix)[matrix.index], per_unit, 0.0))
    largest, limit = _largest(matrix, per_unit), np.minimum(row_limits(matrix), activity)
    size = np.maximum(limit, np.where(whole > 0, whole, np.where(limit > 0, largest / FINE, largest)))
    size = np.where(size > 0, size, 1.0)
    finest = _largest(matrix, np.divide(1.0, per_unit, out=np.zeros_like(per_unit), where=per_unit > 0))
    least = np.divide(1.0, finest, out=np.full_like(finest, np.inf), where=finest > 0)
    return _Sizes(np.maximum(activity, size), size, least)


def _largest(matrix: Matrix, amounts: Floats) -> Floats:
    """The largest of some amounts, one an entry, in each row."""
    found = np.zeros(len(matrix.rows))
    np.maximum.at(found, row_numbers(matrix), amounts)
    return found


def _of_rows(matrix: Matrix, columns: Floats) -> Floats:
    """r: what brings the size of a row to `FINE`, if it is less, its terms below `COARSE` and its least coefficient
    above `SMALLEST`.
    """
    activity, size, least = _sizes(matrix, columns)
    wanted = np.minimum(np.maximum(FINE / size, 1.0), COARSE / activity)
    return _power_of_two(np.maximum(wanted, np.minimum(2 * SMALLEST / least, LARGEST / activity)))


def _of_objective(cost: Floats) -> float:
    """o: brings the largest cost to at least 1, so that the solver's tolerance of 1e-7 is little beside it."""
    largest = float(np.abs(cost).max(initial=0.0))
    wanted = 1 / largest if 0 < largest < 1 else min(1.0, LARGEST_COST / largest) if largest else 1.0
    return math.ldexp(1.0, math.frexp(wanted)[1] - 1)


def _power_of_two(numbers: Floats) -> Floats:
    """The largest powers of two that are not above some numbers: frexp has the next larger one, exactly."""
    powers: Floats = np.ldexp(1.0, np.frexp(numbers)[1] - 1)
    return powers


def _without_nothing(matrix: Matrix) -> Matrix:
    row_of = row_numbers(matrix)
    size = _sizes(matrix, np.ones(len(matrix.cost))).size
    kept = np.abs(matrix.value) * _most(matrix)[matrix.index] >= NOTHING * size[row_of]
    if kept.all():
        return matrix
    ends = np.cumsum(np.bincount(row_of[kept], minlength=len(matrix.rows)))
    start = np.concatenate([[0], ends]).astype(np.int32)
    return replace(matrix, start=start, index=matrix.index[kept], value=matrix.value[kept])


def _checked(matrix: Matrix) -> Matrix:
    amount = np.abs(matrix.value)
    wrong = np.flatnonzero((amount < SMALLEST) | (amount > LARGEST))
    if wrong.size:
        k = int(wrong[0])
        row = int(np.searchsorted(matrix.start, k, side="right")) - 1
        raise OutOfProportion(matrix.rows[row], matrix.columns[matrix.index[k]])
    return matrix
