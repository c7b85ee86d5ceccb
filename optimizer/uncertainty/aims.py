"""What a decision is best by: its expected cost, the mean of the worst costs, or the least largest regret."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.solving.matrix import Floats, Matrix, NewRow
from optimizer.uncertainty.equivalent import Equivalent

ROOM = 1e-7
"""As part of a cost."""


@dataclass(frozen=True)
class Aim:
    """What is minimised: (1 − weight) · expected cost + weight · the mean of the worst 1 − level of costs.

    Or, with `regret`, the most by which the cost in a future exceeds what it would have cost had it been known.
    """

    level: float = 0.0
    weight: float = 0.0
    regret: bool = False

    @property
    def averse(self) -> bool:
        """Whether anything but the expectation counts; the mean of the worst of all is the expectation."""
        return self.weight > 0 and self.level > 0


def aimed(of: Equivalent, aim: Aim, least: Sequence[float], most: float) -> Matrix:
    """The model of an aim. `least` and `most` are in millions of USD, the former one for each future that may come.

    CVaR as Rockafellar and Uryasev (2000) state it: min over η of η + Σ_f p_f · z_f / (1 − level), where
    z_f ≥ Q_f − η, z_f ≥ 0. The best η is a quantile of the costs, so it lies between the least of the bounds of all
    futures and `most`. Regret: min R, R ≥ Q_f − `least`, the least cost known of the future had it been known.
    """
    if aim.regret:
        return _least_regret(of, least, most)
    return _averse(of, aim, least, most) if aim.averse else of.matrix


def _averse(of: Equivalent, aim: Aim, least: Sequence[float], most: float) -> Matrix:
    matrix, count, blocks = of.matrix, len(of.matrix.cost), [of.blocks[f] for f in of.possible]
    matrix = _extended(
        matrix,
        cost=[aim.weight, *(aim.weight * block.probability / (1 - aim.level) for block in blocks)],
        lower=[min(least), *(0.0 for _ in blocks)],
        upper=[max(most, min(least)), *(max(0.0, _most_cost(block.matrix) - min(least)) for block in blocks)],
        names=["value_at_risk()", *(f"beyond_value_at_risk({block.name})" for block in blocks)],
    )
    matrix = replace(matrix, cost=np.concatenate([(1 - aim.weight) * of.matrix.cost, matrix.cost[count:]]))
    rows = [_cost_of(of, f) | {count: -1.0, count + 1 + k: -1.0} for k, f in enumerate(of.possible)]
    return _with_rows(of, matrix, rows, [_room(least)] * len(rows), "beyond_value_at_risk")


def _least_regret(of: Equivalent, least: Sequence[float], most: float) -> Matrix:
    count = len(of.matrix.cost)
    free = replace(of.matrix, cost=np.zeros(count))
    matrix = _extended(free, cost=[1.0], lower=[0.0], upper=[max(0.0, most)], names=["largest_regret()"])
    rows = [_cost_of(of, f) | {count: -1.0} for f in of.possible]
    return _with_rows(of, matrix, rows, [each + _room(least) for each in least], "regret")


def within_regret(of: Equivalent, least: Sequence[float], most: float) -> Matrix:
    """The expectation again, of decisions whose regret is no larger than so much."""
    rows = [_cost_of(of, f) for f in of.possible]
    return _with_rows(of, of.matrix, rows, [each + most for each in least], "regret")


def _room(costs: Sequence[float]) -> float:
    """Room in a row of a cost for what a solver rounds: where the cost is all that counts, it would find no plan else.

    A bound of such a model is a bound all the same, since the room only allows more.
    """
    return ROOM * max(map(abs, costs))


def _cost_of(of: Equivalent, number: int) -> dict[int, float]:
    """Q_f as entries of a row."""
    matrix, at = of.blocks[number].matrix, of.columns[number]
    return {int(at[j]): float(matrix.cost[j]) for j in np.flatnonzero(matrix.cost).tolist()}


def _most_cost(matrix: Matrix) -> float:
    return math.fsum(np.maximum(matrix.cost * matrix.lower, matrix.cost * matrix.upper))


def _extended(
    matrix: Matrix, cost: Sequence[float], lower: Sequence[float], upper: Sequence[float], names: Sequence[str]
) -> Matrix:
    """A model with further columns at its end, which need not begin at 0."""

    def longer(values: Floats, more: Sequence[float]) -> Floats:
        return np.concatenate([values, more])

    return replace(
        matrix,
        cost=longer(matrix.cost, cost),
        lower=longer(matrix.lower, lower),
        upper=longer(matrix.upper, upper),
        integer=np.concatenate([matrix.integer, np.zeros(len(names), dtype=bool)]),
        columns=(*matrix.columns, *names),
    )


def _with_rows(
    of: Equivalent, matrix: Matrix, rows: Sequence[dict[int, float]], most: Sequence[float], name: str
) -> Matrix:
    named = [f"{name}({of.blocks[f].name})" for f in of.possible]
    return matrix.with_rows([NewRow(n, -np.inf, m, row) for n, m, row in zip(named, most, rows, strict=True)])


def cvar(costs: Sequence[float], weights: Sequence[float], level: float) -> float:
    """The mean of the worst 1 − level of the costs; of level 0 the expectation."""
    left, found = 1.0 - level, []
    for cost, weight in sorted(zip(costs, weights, strict=True), reverse=True):
        taken = min(weight, left)
        found.append(taken * cost)
        left -= taken
    return math.fsum(found) / (1.0 - level)
