"""What a future costs at the least, by what is decided before: cuts, from duals of its relaxation, proved exactly.

For a future whose plans are P = {(x, y): L ≤ A (x, y) ≤ U, l ≤ (x, y) ≤ u, some of y whole}, x what is decided before
it is known, let Q(x) be the least of c · (x, y). For any slopes π and any duals v, one a row,

    Q(x) ≥ β + π · x,  β = Σ_{v_i > 0} v_i · L_i + Σ_{v_i < 0} v_i · U_i + Σ_j min(d_j · l_j, d_j · u_j),

where d = c − π − Aᵀv, π being 0 outside of x. Proof: β is the bound that `certificate` proves for the problem of the
same P with costs c − π, so c · (x, y) − π · x ≥ β for every plan of it. Whole numbers only take plans away: a cut
of the relaxation is one of the future.

With the duals of the relaxation in which x is held at x°, and π = (c − Aᵀv) of x, the cut is exact at x° for the
relaxation: d is 0 in x, and β + π · x° is the dual cost. Duals that are rounded cannot make it wrong, only weaker.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from optimizer.solving.certificate import certified_bound
from optimizer.solving.matrix import Floats, Matrix, row_numbers
from optimizer.uncertainty.blocks import Block

TRACE = 1e-12
"""The part of a cut's size below which a slope times the most of its column is nothing, and left out: any π will do."""

ROUNDED = 2.0**-50
COST = "cost(recourse)"


@dataclass(frozen=True, eq=False)
class Cut:
    """Q(x) ≥ constant + slopes · x, in millions of USD, x being the columns of `Block.first`; from `duals`."""

    slopes: Floats
    constant: float
    duals: Floats

    def at(self, values: Floats) -> float:
        return math.fsum([self.constant, *(self.slopes * values)])


def cut_of(matrix: Matrix, first: Sequence[int], duals: Floats) -> Cut:
    """The cut of some duals, its constant as doubles have it; one that leans on no limit counts as zero."""
    limits = np.where(duals > 0, matrix.row_lower, matrix.row_upper)
    duals = np.where(np.isfinite(limits), duals, 0.0)
    of_rows = np.bincount(matrix.index, duals[row_numbers(matrix)] * matrix.value, minlength=len(matrix.cost))
    reduced = matrix.cost - of_rows
    size = np.maximum(np.abs(matrix.lower), np.abs(matrix.upper))
    trace = TRACE * float(np.abs(reduced * size).max(initial=0.0))
    slopes = np.where(np.abs(reduced * size)[first] <= trace, 0.0, reduced[first])
    reduced[first] -= slopes
    worst = np.where(reduced > 0, reduced * matrix.lower, reduced * matrix.upper)
    return Cut(slopes, math.fsum([*(duals * np.where(duals == 0, 0.0, limits)), *worst]), duals)


def proved(cut: Cut, matrix: Matrix, first: Sequence[int]) -> Cut:
    """The same cut with its constant from exact arithmetic, rounded down to a double.

    c − π need not be a double. With r the one next to it and e = c − π − r, the bound of r and what e costs at the
    least, Σ_j min(e_j · l_j, e_j · u_j), are together one of c − π.
    """
    cost, left = matrix.cost.copy(), Fraction(0)
    for j, slope in zip(first, cut.slopes.tolist(), strict=True):
        exact = Fraction(float(cost[j])) - Fraction(slope)
        cost[j] = float(exact)
        rest = exact - Fraction(float(cost[j]))
        left += min(rest * Fraction(float(bound[j])) for bound in (matrix.lower, matrix.upper))
    return replace(cut, constant=_down(certified_bound(replace(matrix, cost=cost), cut.duals) + left))


def _down(exact: Fraction) -> float:
    """The largest double that is no more."""
    found = float(exact)
    return found if Fraction(found) <= exact else math.nextafter(found, -math.inf)


def cost_between(matrix: Matrix) -> tuple[float, float]:
    """What any plan of a model costs at the least and at the most, by the bounds of its columns alone.

    Products and their sum are rounded by less than 2^-50 of all of them together, which is given besides.
    """
    ends = np.stack([matrix.cost * matrix.lower, matrix.cost * matrix.upper])
    room = ROUNDED * math.fsum(np.abs(ends).max(axis=0))
    return math.fsum(ends.min(axis=0)) - room, math.fsum(ends.max(axis=0)) + room


def outer(block: Block, cuts: Sequence[Cut]) -> Block:
    """A future as its cuts leave it: its columns are what is decided before, and one for what it costs.

    Every plan of the future is one here at the same cost, so what is best here costs no more than what is best there.
    """
    count, columns, matrix = len(block.first), block.first_columns, block.matrix
    least, most = cost_between(matrix)
    entries = [np.append(-cut.slopes, 1.0) for cut in cuts]
    used = [np.flatnonzero(each) for each in entries]
    approximated = Matrix(
        cost=np.append(np.zeros(count), 1.0),
        lower=np.append(matrix.lower[columns], least),
        upper=np.append(matrix.upper[columns], most),
        integer=np.append(matrix.integer[columns], False),
        row_lower=np.array([cut.constant for cut in cuts]),
        row_upper=np.full(len(cuts), np.inf),
        start=np.cumsum([0, *map(len, used)]).astype(np.int32),
        index=np.concatenate([np.array([], dtype=np.int32), *used]).astype(np.int32),
        value=np.concatenate([np.array([]), *(each[j] for each, j in zip(entries, used, strict=True))]),
        columns=(*(matrix.columns[j] for j in columns), COST),
        rows=tuple(f"at_least({k})" for k in range(len(cuts))),
    )
    first = {key: k for k, key in enumerate(block.first)}
    return replace(block, plain=approximated, matrix=approximated, first=first, breaches=(), unpowered=())
