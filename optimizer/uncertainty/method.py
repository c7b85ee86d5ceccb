"""What a method of finding the best decision is asked and answers, and the plainest one: all futures at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.infeasible.proof import resolved_again
from optimizer.interruption import STOPS
from optimizer.planning import NoPlan
from optimizer.solving.certificate import certified_bound_usd
from optimizer.solving.matrix import Floats, Matrix
from optimizer.solving.pool import Solvers
from optimizer.solving.solution import Options, Solution
from optimizer.uncertainty.equivalent import Equivalent
from optimizer.uncertainty.first_stage import Decided

Decision = Mapping[Decided, float]
Measure = Callable[[Sequence[float]], float]


@dataclass(frozen=True)
class Candidate:
    """A decision with what it costs in each future that may come, in USD, and the values of the future's model."""

    name: str
    decision: Decision
    costs: tuple[float, ...]
    bounds: tuple[float, ...]
    values: tuple[Floats, ...]

    def expected(self, weights: Sequence[float]) -> float:
        return expectation(self.costs, weights)


def expectation(costs: Sequence[float], weights: Sequence[float]) -> float:
    return math.fsum(p * cost for p, cost in zip(weights, costs, strict=True))


@dataclass(frozen=True)
class Sought:
    """The decision that is sought: `model` is the aim's model of some futures, `measure` the aim of costs in USD.

    `held` says what a decision costs in each future that may come, however little time is left.
    """

    model: Callable[[Equivalent], Matrix]
    measure: Measure
    held: Callable[[Decision], Candidate]


@dataclass(frozen=True)
class Answer:
    """The best decision found, with what none can go below by the aim, and that from exact arithmetic, in USD."""

    best: Candidate
    bound: float
    certified: float


@dataclass(frozen=True)
class AllAtOnce:
    """The deterministic equivalent solved as one model.

    Not begun from a decision that is known: then nothing would be looked for but better ones, where the search settles
    decisions first. Of 20 futures of meta_2025 that takes a fifth of the time.
    """

    whole: Equivalent
    options: Options
    solvers: Solvers

    def best(self, sought: Sought, start: Candidate) -> Answer:
        """The best decision, or the one that is known if it is as good; that too where time ran out before any."""
        matrix = sought.model(self.whole)
        try:
            solution = asked_again(self.solvers, matrix, self.options)
        except STOPS:
            return Answer(start, -math.inf, certified_bound_usd(matrix, np.zeros(len(matrix.rows))))
        best = start
        if solution.values.size:
            found = sought.held(decision_of(self.whole, solution.values))
            best = min((found, start), key=lambda one: sought.measure(one.costs))
        duals = solution.duals if solution.duals.size else np.zeros(len(matrix.rows))
        return Answer(best, solution.bound_usd, certified_bound_usd(matrix, duals, solution.branches))


def answered(solvers: Solvers, matrix: Matrix, options: Options) -> Solution:
    """A solution with values. Raises NoPlan where time ran out before any."""
    found = asked_again(solvers, matrix, options)
    if not found.values.size:
        raise NoPlan(found)
    return found


def asked_again(solvers: Solvers, matrix: Matrix, options: Options) -> Solution:
    """What is known of a model: every future has an answer, so `infeasible` is asked again, by other means."""
    found = solvers.solve(matrix, options)
    return resolved_again(matrix, options, solvers.solve) if found.status == "infeasible" else found


def decision_of(of: Equivalent, values: Floats, relaxed: bool = False) -> Decision:
    """What some values of a model of futures decide: inside their bounds, whole numbers as such unless `relaxed`."""
    matrix = of.matrix
    whole = np.zeros_like(matrix.integer) if relaxed else matrix.integer
    return {
        key: float(round(values[j]) if whole[j] else min(max(values[j], matrix.lower[j]), matrix.upper[j]))
        for key, j in of.shared.items()
    }
