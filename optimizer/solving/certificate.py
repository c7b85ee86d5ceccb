"""A lower bound on the cost of every plan, proved in exact arithmetic without trusting a solver.

For any numbers y, one a row (source: Neumaier and Shcherbina, Safe bounds in linear and mixed-integer
linear programming, 2004):

    LB(y) = Σ_{y_i > 0} y_i · L_i + Σ_{y_i < 0} y_i · U_i + Σ_j min(d_j · l_j, d_j · u_j),  d = c − Aᵀy

holds for min cᵀx, L ≤ Ax ≤ U, l ≤ x ≤ u, whatever y is; good y make it tight. Bad ones cannot make it
wrong.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from optimizer.solving.branches import Branches, NoBranch
from optimizer.solving.matrix import Floats, Matrix, in_usd

MAGNIFIED = 2**14


def certified_bound(matrix: Matrix, duals: Floats, branches: Branches | None = None) -> Fraction:
    """LB(y) in millions of USD, with y a solver's duals: whole numbers throughout, no rounding anywhere.

    With `branches`, the least of LB over their leaves, each with the duals, closed columns and limited sums there,
    or LB of the whole if that is more. Proof: every plan is in a leaf, since a sum of columns that are whole and
    at least 0 is at least k or at most k − 1, and at most 0 only if each of them is 0.
    A dual that leans on a bound that is not there (a rounding error of the solver) counts as zero.
    Raises NoBranch for branches over other columns.
    """
    exact = _Exact(matrix)
    whole = exact.bound(duals, _Leaf())
    return whole if branches is None else max(whole, _least(exact, duals, branches, _Leaf()))


def certified_bound_usd(matrix: Matrix, duals: Floats, branches: Branches | None = None) -> float:
    """LB(y) in USD, rounded once to a number of the model's and once to one of USD."""
    return in_usd(float(certified_bound(matrix, duals, branches)))


class _Leaf(NamedTuple):
    """What is closed and what sums are limited on the way to a node, with the duals of these."""

    closed: frozenset[int] = frozenset()
    sums: tuple[_Sum, ...] = ()
    sum_duals: tuple[float, ...] = ()


class _Sum(NamedTuple):
    """least ≤ Σ columns ≤ most; None for what is not there."""

    columns: tuple[int, ...]
    least: int | None = None
    most: int | None = None


def _least(exact: _Exact, duals: Floats, branches: Branches, leaf: _Leaf) -> Fraction:
    """The least LB over the leaves below a node; `duals` are those above it."""
    if len(branches.sum_duals) != len(leaf.sums):
        raise NoBranch("there is one dual for each sum of columns that is limited")
    duals, leaf = branches.below(duals), leaf._replace(sum_duals=branches.sum_duals)
    if not branches.children:
        return exact.bound(duals, leaf)
    exact.refuse_others(branches)
    more, less = branches.children
    columns, least = branches.columns, branches.least
    if least == 1:
        with_less = leaf._replace(closed=leaf.closed.union(columns))
    else:
        with_less = leaf._replace(sums=(*leaf.sums, _Sum(columns, most=least - 1)))
    with_more = leaf._replace(sums=(*leaf.sums, _Sum(columns, least=least)))
    return min(_least(exact, duals, more, with_more), _least(exact, duals, less, with_less))


class _Exact:
    """A model in whole numbers: doubles are whole multiples of powers of two, so that nothing has to be rounded."""

    def __init__(self, matrix: Matrix) -> None:
        self.integer = matrix.integer
        self.start, self.index = matrix.start.tolist(), matrix.index.tolist()
        numbers, self.bits = _whole(np.concatenate([matrix.cost, matrix.value]))
        self.cost, self.value = numbers[: len(matrix.cost)], numbers[len(matrix.cost) :]
        bounds, self.bound_bits = _whole(np.concatenate([matrix.lower, matrix.upper]))
        self.lower, self.upper = bounds[: len(matrix.cost)], bounds[len(matrix.cost) :]
        self.row_lower, self.row_upper = matrix.row_lower, matrix.row_upper

    def bound(self, duals: Floats, leaf: _Leaf) -> Fraction:
        """LB at a leaf: of y = `duals`, and of those of its sums, in a model whose closed columns are 0."""
        limits = np.where(duals > 0, self.row_lower, self.row_upper)
        used = np.flatnonzero((duals != 0) & np.isfinite(limits)).tolist()
        leant_on = [each.least if y > 0 else each.most for each, y in zip(leaf.sums, leaf.sum_duals, strict=True)]
        of_sums = [0.0 if on is None else y for on, y in zip(leant_on, leaf.sum_duals, strict=True)]
        numbers, bits = _whole(np.concatenate([duals[used], of_sums]))
        row_limits, limit_bits = _whole(limits[used])
        reduced = [cost << bits for cost in self.cost]
        for i, y in zip(used, numbers, strict=False):
            for k in range(self.start[i], self.start[i + 1]):
                reduced[self.index[k]] -= y * self.value[k]
        of_sums_y = numbers[len(used) :]
        for each, y in zip(leaf.sums, of_sums_y, strict=True):
            for j in each.columns:
                reduced[j] -= y << self.bits
        of_rows = sum(y * limit for y, limit in zip(numbers, row_limits, strict=False))
        of_columns = sum(
            d * (low if d > 0 or j in leaf.closed else high)
            for j, (d, low, high) in enumerate(zip(reduced, self.lower, self.upper, strict=True))
            if d
        )
        return (
            Fraction(of_rows, 1 << (bits + limit_bits))
            + Fraction(sum(y * (on or 0) for y, on in zip(of_sums_y, leant_on, strict=True)), 1 << bits)
            + Fraction(of_columns, 1 << (bits + self.bits + self.bound_bits))
        )

    def refuse_others(self, node: Branches) -> None:
        """Raises NoBranch unless its columns are whole and at least 0, so that a sum under 1 closes them all."""
        if not all(self.integer[j] and self.lower[j] == 0 for j in node.columns):
            raise NoBranch("branches are over whole numbers that begin at 0")
        if node.least < 1:
            raise NoBranch("a sum is divided at 1 or more")
        if len(node.children) != len(("more", "less")):
            raise NoBranch("a branch has two children or none")


def _whole(numbers: Floats) -> tuple[list[int], int]:
    """Numbers as whole multiples of 2^-bits, and bits."""
    ratios = [number.as_integer_ratio() for number in numbers.tolist()]
    bits = max((below.bit_length() - 1 for _, below in ratios), default=0)
    return [above << (bits - below.bit_length() + 1) for above, below in ratios], bits


def magnified(matrix: Matrix, values: Floats) -> Matrix:
    """A relaxation around some values x°, seen 2^14 times as large: in z, with x = x° + z / 2^14.

    Its bounds are those of the model less what x° takes of them, in fractions, times 2^14. The two are one problem
    (x ↔ z is one to one, a row holds in both or in neither), so duals of one are duals of the other; but what
    a solver's tolerance hides at x° is now a thousand times its tolerance, and the rounding of the model is still
    below it. Source: iterative refinement, Gleixner,
    Steffy and Wolter, 2016.
    """
    here = [Fraction(value) for value in values.tolist()]
    start, index, value = matrix.start.tolist(), matrix.index.tolist(), matrix.value.tolist()
    used = [
        sum((Fraction(value[k]) * here[index[k]] for k in range(start[i], start[i + 1])), Fraction(0))
        for i in range(len(matrix.rows))
    ]
    return replace(
        matrix,
        lower=_seen_from(here, matrix.lower),
        upper=_seen_from(here, matrix.upper),
        row_lower=_seen_from(used, matrix.row_lower),
        row_upper=_seen_from(used, matrix.row_upper),
    )


def _seen_from(here: list[Fraction], bounds: Floats) -> Floats:
    """(bound − here) · 2^14."""
    pairs = zip(here, bounds.tolist(), strict=True)
    return np.array([float((Fraction(b) - at) * MAGNIFIED) if math.isfinite(b) else b for at, b in pairs])
