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

import numpy as np

from optimizer.solving.matrix import Floats, Matrix, in_usd

MAGNIFIED = 2**14


def certified_bound(matrix: Matrix, duals: Floats) -> Fraction:
    """LB(y) in millions of USD, with y a solver's duals: a sum of fractions, no rounding anywhere.

    A dual that leans on a bound that is not there (a rounding error of the solver) counts as zero.
    """
    reduced = [Fraction(usd) for usd in matrix.cost.tolist()]
    total = Fraction(0)
    start, index, value = matrix.start.tolist(), matrix.index.tolist(), matrix.value.tolist()
    lower, upper = matrix.row_lower.tolist(), matrix.row_upper.tolist()
    for i, dual in enumerate(duals.tolist()):
        bound = lower[i] if dual > 0 else upper[i]
        if not dual or not math.isfinite(bound):
            continue
        y = Fraction(dual)
        total += y * Fraction(bound)
        for k in range(start[i], start[i + 1]):
            reduced[index[k]] -= y * Fraction(value[k])
    for d, low, high in zip(reduced, matrix.lower.tolist(), matrix.upper.tolist(), strict=True):
        if d:
            total += d * Fraction(low if d > 0 else high)
    return total


def certified_bound_usd(matrix: Matrix, duals: Floats) -> float:
    """LB(y) in USD, rounded once to a number of the model's and once to one of USD."""
    return in_usd(float(certified_bound(matrix, duals)))


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
