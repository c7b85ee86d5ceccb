"""The least that some elastic limits must give for a plan to exist: whole systems, not fractions of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from optimizer.formulation import build_model
from optimizer.infeasible.adjustments import Adjustment, ElasticLimit, elastic_limits
from optimizer.infeasible.feasibility import FINE_GAP, Feasibility
from optimizer.interruption import OutOfTime
from optimizer.request.load import Request
from optimizer.solving.matrix import Give, Matrix, matrix_of
from optimizer.solving.settle import needed
from optimizer.tables import build_tables

MOST_TIGHTENED = 12
"""A repair of more moves than this is as small as the gap says, not each move by itself."""
Weights = Mapping[ElasticLimit, float]
"""What a unit of each limit that may give counts."""


class ElasticModel:
    """The model of a request that may go beyond its limits, and who is asked about it.

    Raises InputError for a request with work that nothing can ever do.
    """

    def __init__(self, feasibility: Feasibility, request: Request) -> None:
        self.feasibility = feasibility
        self.model = build_model(build_tables(request, loose=True))
        self.matrix = matrix_of(self.model)
        self.elastic_limits = elastic_limits(self.model, self.matrix)

    def least(self, weights: Weights) -> list[Adjustment] | None:
        """The moves of least total weight that make a plan possible; None if none of any size do."""
        gives = self._gives(weights)
        if gives is None:
            return None
        count = self.model.tables.calendar.count
        moves = [
            Adjustment(elastic, elastic.rounded_up(give), *_periods(elastic, count))
            for elastic, give in gives.items()
            if give
        ]
        moves = self._tightened(moves) if 1 < len(moves) <= MOST_TIGHTENED else moves
        return self._shortened(moves)

    def _gives(self, weights: Weights, others: Sequence[Adjustment] = ()) -> dict[ElasticLimit, float] | None:
        matrix = loosened(self.matrix, others)
        elastic = matrix.elastic([_give(limit, weight) for limit, weight in weights.items()])
        solution = self.feasibility.asked(elastic, gap=FINE_GAP)
        if solution.status == "infeasible":  # never on one solve's word
            solution = self.feasibility.asked(elastic, gap=FINE_GAP, otherwise=True)
        if not solution.values.size:
            if solution.status != "infeasible":
                raise OutOfTime
            return None
        rows = [[(row.row, row.per_unit) for row in limit.rows] for limit in weights]
        return dict(zip(weights, needed(matrix, solution.values, rows), strict=True))

    def _tightened(self, moves: list[Adjustment]) -> list[Adjustment]:
        """Each move as small as the others leave it, one after another."""
        for k, move in enumerate(moves):
            others = [*moves[:k], *moves[k + 1 :]]
            gives = self._gives({move.elastic: 1.0}, others)
            if gives is not None:
                amount = move.elastic.rounded_up(gives[move.elastic]) if gives[move.elastic] else move.amount * 0
                moves = [*moves[:k], replace(move, amount=min(amount, move.amount)), *moves[k + 1 :]]
        return [move for move in moves if move.amount]

    def _shortened(self, moves: list[Adjustment]) -> list[Adjustment]:
        """Each move from as late as will do and, unless what it adds stays, for as short a time."""
        for k, move in enumerate(moves):
            periods = move.elastic.periods
            if len(periods) < 2:
                continue
            starts = [replace(move, first=t) for t in periods]
            move = self._last_that_fits(moves, k, starts)
            if not move.elastic.limit.record.lasting:
                ends = [replace(move, last=t) for t in reversed(periods) if t >= move.first]
                move = self._last_that_fits(moves, k, ends)
            moves = [*moves[:k], move, *moves[k + 1 :]]
        return moves

    def _last_that_fits(self, moves: Sequence[Adjustment], k: int, choices: Sequence[Adjustment]) -> Adjustment:
        """The last choice for move k with which there is a plan; the first one has one, and later ones ask more."""
        low, high = 0, len(choices) - 1
        while low < high:
            middle = (low + high + 1) // 2
            tried = [*moves[:k], choices[middle], *moves[k + 1 :]]
            if self.feasibility.fits(loosened(self.matrix, tried)):
                low = middle
            else:
                high = middle - 1
        return choices[low]


def _periods(elastic: ElasticLimit, count: int) -> tuple[int, int]:
    """All periods of an elastic limit; one that counts for a single period has only that."""
    periods = elastic.periods
    return (periods[0], periods[0]) if len(periods) == 1 and elastic.limit.kind == "demand" else (1, count)


def _give(elastic: ElasticLimit, weight: float) -> Give:
    most = 100.0 if elastic.unit in ("%", "points") else None
    return Give(f"give({elastic.limit.label})", weight, {row.row: -row.per_unit for row in elastic.rows}, most)


def loosened(matrix: Matrix, moves: Sequence[Adjustment]) -> Matrix:
    """A model with its rows loosened by some moves."""
    return matrix.loosened(give for move in moves for give in move.loosened().items())
