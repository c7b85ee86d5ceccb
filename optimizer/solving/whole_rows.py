"""Limits on whole systems hold exactly, not only as far as the solver looks.

A limit whose use is a sum of whole numbers times prices or kilowatts is met or it is not: 100,000 systems of 220,000
USD do not fit a budget of 21,999,999,999.90 USD, though they miss it by less than a solver can see. So what a solver
finds is held against such rows in fractions, and what breaks one is cut off.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from optimizer.solving.matrix import Floats, Matrix, NewColumn, NewRow, row_limits, row_numbers

Flags = NDArray[np.bool_]
EPS = float(np.finfo(float).eps)
ROUNDING = 4 * EPS
"""How far a row may be beyond its limit, as part of the sizes that are added up in it: the model's own numbers are
rounded as much."""


def whole_columns(matrix: Matrix) -> Flags:
    """The columns that are whole in every plan: those that must be, that are fixed so, and that follow from them.

    Proof for the latter: a column is ± a sum of whole multiples of whole columns and a whole number, by an equality
    in which it is the only other one and has the coefficient 1 or −1; by induction over the rounds.
    """
    row_of = row_numbers(matrix)
    whole: Flags = matrix.integer | ((matrix.lower == matrix.upper) & (matrix.lower == np.round(matrix.lower)))
    level = np.isfinite(matrix.row_lower) & (matrix.row_lower == matrix.row_upper)
    counts = level & (matrix.row_lower == np.round(matrix.row_lower))
    np.logical_and.at(counts, row_of, matrix.value == np.round(matrix.value))
    inside = counts[row_of]
    row_of, index, value = row_of[inside], matrix.index[inside], np.abs(matrix.value[inside])
    while True:
        open_ = ~whole[index]
        alone = np.bincount(row_of, open_, minlength=len(matrix.rows)) == 1
        found = index[open_ & alone[row_of] & (value == 1.0)]
        if not found.size:
            return whole
        whole[found] = True


def broken(matrix: Matrix, values: Floats) -> list[int]:
    """The rows on whole numbers that some values break, by number; `values` are those of a solver."""
    suspects = _near(matrix, values)
    if not suspects.size:
        return []
    whole = whole_columns(matrix)
    exact = np.where(whole, np.round(values), values)
    return [i for i in suspects.tolist() if _is_whole(matrix, i, whole, exact) and excess(matrix, i, exact)]


def _near(matrix: Matrix, values: Floats) -> NDArray[np.int64]:
    """Inequalities at or beyond their limit, as far as floats tell; whole numbers are near what they will be."""
    near = np.where(np.abs(values - np.round(values)) < 1e-5, np.round(values), values)
    row_of, terms = row_numbers(matrix), matrix.value * near[matrix.index]
    used = np.bincount(row_of, terms, minlength=len(matrix.rows))
    size = np.bincount(row_of, np.abs(terms), minlength=len(matrix.rows)) + row_limits(matrix)
    beyond = np.maximum(matrix.row_lower - used, used - matrix.row_upper)
    doubt = (np.diff(matrix.start) + 2) * EPS * size
    return np.flatnonzero((matrix.row_lower != matrix.row_upper) & (beyond > -doubt) & (beyond > -np.inf))


def _terms(matrix: Matrix, row: int) -> Iterator[tuple[int, float]]:
    """Column and coefficient of each entry of a row, with the sign that makes more of it worse."""
    sign = 1.0 if math.isfinite(matrix.row_upper[row]) else -1.0
    for k in range(matrix.start[row], matrix.start[row + 1]):
        yield int(matrix.index[k]), sign * float(matrix.value[k])


def _is_whole(matrix: Matrix, row: int, whole: Flags, values: Floats) -> bool:
    """Whether nothing but whole numbers can make a row better: what is not whole is at its better end."""
    return all(whole[j] or values[j] == (matrix.lower[j] if a > 0 else matrix.upper[j]) for j, a in _terms(matrix, row))


def excess(matrix: Matrix, row: int, values: Floats, rounding: float = ROUNDING) -> Fraction:
    """How far values are beyond the limit of an inequality, in its unit, to the last digit that the sizes allow.

    0 if that is no more than its rounding, as part of the sizes that are added up in it.
    """
    uses = [Fraction(a) * Fraction(float(values[j])) for j, a in _terms(matrix, row)]
    most = matrix.row_upper[row] if math.isfinite(matrix.row_upper[row]) else -matrix.row_lower[row]
    beyond = sum(uses, Fraction(0)) - Fraction(float(most))
    size = sum(map(abs, uses), Fraction(0)) + abs(Fraction(float(most)))
    return _to_known(beyond, size) if beyond > Fraction(rounding) * size else Fraction(0)


def _to_known(difference: Fraction, size: Fraction) -> Fraction:
    """A difference of sums of some size, rounded up without the digits that are their rounding."""
    noise = Fraction(ROUNDING) * size
    step = Fraction(10) ** math.ceil(math.log10(2 * noise))
    return math.ceil((difference - noise) / step) * step or difference


def cut_off(matrix: Matrix, rows: Sequence[int], values: Floats, number: int) -> Matrix:
    """A model without some values that break rows on whole numbers, and without whatever uses as much or more of them.

    For each row Σ a_j · x_j ≤ b that x* breaks: some j with a_j > 0 has x_j ≤ x*_j − 1, or some j with a_j < 0 has
    x_j ≥ x*_j + 1. Proof that no plan is lost: where none has, x_j ≥ x*_j for each a_j > 0 and x_j ≤ x*_j for each
    a_j < 0, because they are whole, so Σ a_j · x_j ≥ Σ a_j · x*_j > b. Whichever is the case is chosen by a column of
    its own that is 0 or 1; where there is only one choice, it is 1.
    """
    whole = whole_columns(matrix)
    for row in rows:
        ways = [(j, a > 0) for j, a in _terms(matrix, row) if whole[j] and _can_move(matrix, j, a, values)]
        first = len(matrix.cost)
        about = f"{matrix.rows[row]},{number}"
        matrix = matrix.with_columns([NewColumn(f"instead({about},{k})", 0.0, 1.0, {}, True) for k in range(len(ways))])
        whole = np.concatenate([whole, np.ones(len(ways), dtype=bool)])
        lines = [_moved(matrix, j, down, values, first + k, f"{about},{k}") for k, (j, down) in enumerate(ways)]
        lines.append(NewRow(f"any({about})", 1.0, np.inf, {first + k: 1.0 for k in range(len(ways))}))
        matrix = matrix.with_rows(lines)
    return matrix


def _can_move(matrix: Matrix, column: int, amount: float, values: Floats) -> bool:
    here = round(float(values[column]))
    return bool(here - 1 >= matrix.lower[column] if amount > 0 else here + 1 <= matrix.upper[column])


def _moved(matrix: Matrix, column: int, down: bool, values: Floats, choice: int, about: str) -> NewRow:
    """x_j ≤ x*_j − 1 or x_j ≥ x*_j + 1 if `choice` is 1, and within its bounds else."""
    here, low, high = round(float(values[column])), float(matrix.lower[column]), float(matrix.upper[column])
    if down:
        return NewRow(f"fewer({about})", -np.inf, high, {column: 1.0, choice: high - (here - 1)})
    return NewRow(f"more({about})", low, np.inf, {column: 1.0, choice: low - (here + 1)})
