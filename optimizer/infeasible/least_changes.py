"""The least that some levers must move for a plan to exist: whole systems, not fractions of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum

import numpy as np

from optimizer.formulation import build_model
from optimizer.infeasible.adjustments import Lever, Move, levers
from optimizer.infeasible.feasibility import FINE_GAP, Desk
from optimizer.interruption import OutOfTime
from optimizer.request.load import Request
from optimizer.solving.matrix import Column, Matrix, to_matrix, with_columns
from optimizer.solving.settle import needed
from optimizer.tables import build_tables

MOST_TIGHTENED = 12
"""A repair of more moves than this is as small as the gap says, not each move by itself."""


class Question:
    """The model of a request that may go beyond its limits, and who is asked about it.

    Raises InputError for a request with work that nothing can ever do.
    """

    def __init__(self, desk: Desk, request: Request) -> None:
        self.desk = desk
        self.model = build_model(build_tables(request, loose=True))
        self.matrix = to_matrix(self.model.problem)
        self.levers = levers(self.model, self.matrix)

    def least(self, weights: Mapping[Lever, float]) -> list[Move] | None:
        """The moves of least total weight that make a plan possible; None if none of any size do."""
        gives = self._gives(weights)
        if gives is None:
            return None
        count = self.model.tables.calendar.count
        moves = [Move(lever, lever.rounded_up(give), *_periods(lever, count)) for lever, give in gives.items() if give]
        moves = self._tightened(moves) if 1 < len(moves) <= MOST_TIGHTENED else moves
        return self._shortened(moves)

    def _gives(self, weights: Mapping[Lever, float], others: Sequence[Move] = ()) -> dict[Lever, float] | None:
        matrix = loosened(self.matrix, others)
        columns = [_column(matrix, lever, weight) for lever, weight in weights.items()]
        elastic = with_columns(replace(matrix, cost=np.zeros(len(matrix.cost))), columns)
        solution = self.desk.solve(elastic, gap=FINE_GAP)
        if solution.status == "infeasible":  # never on one solve's word
            solution = self.desk.solve(elastic, gap=FINE_GAP, otherwise=True)
        if not solution.values.size:
            if solution.status != "infeasible":
                raise OutOfTime
            return None
        rows = [[(row.row, row.per_unit) for row in lever.rows] for lever in weights]
        return dict(zip(weights, needed(matrix, solution.values, rows), strict=True))

    def _tightened(self, moves: list[Move]) -> list[Move]:
        """Each move as small as the others leave it, one after another."""
        for k, move in enumerate(moves):
            others = [*moves[:k], *moves[k + 1 :]]
            gives = self._gives({move.lever: 1.0}, others)
            if gives is not None:
                amount = move.lever.rounded_up(gives[move.lever]) if gives[move.lever] else move.amount * 0
                moves = [*moves[:k], replace(move, amount=min(amount, move.amount)), *moves[k + 1 :]]
        return [move for move in moves if move.amount]

    def _shortened(self, moves: list[Move]) -> list[Move]:
        """Each move from as late as will do and, unless what it adds stays, for as short a time."""
        for k, move in enumerate(moves):
            periods = move.lever.periods
            if len(periods) < 2:
                continue
            starts = [replace(move, first=t) for t in periods]
            move = self._last_that_fits(moves, k, starts)
            if not move.lever.limit.record.lasting:
                ends = [replace(move, last=t) for t in reversed(periods) if t >= move.first]
                move = self._last_that_fits(moves, k, ends)
            moves = [*moves[:k], move, *moves[k + 1 :]]
        return moves

    def _last_that_fits(self, moves: Sequence[Move], k: int, choices: Sequence[Move]) -> Move:
        """The last choice for move k with which there is a plan; the first one has one, and later ones ask more."""
        low, high = 0, len(choices) - 1
        while low < high:
            middle = (low + high + 1) // 2
            tried = [*moves[:k], choices[middle], *moves[k + 1 :]]
            if self.desk.fits(loosened(self.matrix, tried)):
                low = middle
            else:
                high = middle - 1
        return choices[low]


def _periods(lever: Lever, count: int) -> tuple[int, int]:
    """All periods of a lever; one that counts for a single period has only that."""
    periods = lever.periods
    return (periods[0], periods[0]) if len(periods) == 1 and lever.limit.kind == "demand" else (1, count)


def _column(matrix: Matrix, lever: Lever, weight: float) -> Column:
    entries = {row.row: -row.per_unit for row in lever.rows}
    most = 100.0 if lever.unit in ("%", "points") else max(_reach(matrix, i) / abs(per) for i, per in entries.items())
    return Column(f"give({lever.limit.label})", weight, most, entries)


def _reach(matrix: Matrix, row: int) -> float:
    """The most that a row can ever be beyond its limit: its variables at their extremes."""
    bounds = [abs(float(b)) for b in (matrix.row_lower[row], matrix.row_upper[row]) if np.isfinite(b)]
    return fsum([matrix.reach(row), *bounds])


def loosened(matrix: Matrix, moves: Sequence[Move]) -> Matrix:
    """A model with its rows loosened by some moves."""
    lower, upper = matrix.row_lower.copy(), matrix.row_upper.copy()
    for move in moves:
        for row, give in move.loosened().items():
            (upper if give > 0 else lower)[row] += give
    return replace(matrix, row_lower=lower, row_upper=upper)
