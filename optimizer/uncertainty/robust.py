"""One decision for all futures: the best of them, what it costs in each, and what is known about that."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from catalogs.problems import InputError
from optimizer.formulation.model import USD_PER_MODEL_UNIT
from optimizer.infeasible.proof import resolved_again
from optimizer.infeasible.shortage import what_is_short
from optimizer.interruption import STOPS, OutOfTime
from optimizer.plan.seal import sha256_of
from optimizer.planning import NoPlan
from optimizer.request.edits import as_text
from optimizer.request.load import Request
from optimizer.solving.certificate import certified_bound_usd
from optimizer.solving.matrix import Floats, Matrix
from optimizer.solving.pool import Solvers
from optimizer.solving.remembered import KeptSolutions
from optimizer.solving.solution import Options, Solution
from optimizer.uncertainty.aims import Aim, aimed, cvar, within_regret
from optimizer.uncertainty.blocks import Block, blocks_of
from optimizer.uncertainty.equivalent import Equivalent, equivalent
from optimizer.uncertainty.first_stage import Decided
from optimizer.uncertainty.question import MEAN, Question
from optimizer.what_if import Bracket
from optimizer.workers import Workers
from optimizer.workers.kept import Kept
from optimizer.workers.versions import program_versions

ROBUST = "ROBUST"
ROUNDING = 1e-7
"""Room in a row of costs, as part of them, for what solvers round."""
Decision = Mapping[Decided, float]


@dataclass(frozen=True)
class Candidate:
    """A decision with what it costs in each future that may come, in USD, and the values of the future's model."""

    name: str
    decision: Decision
    costs: tuple[float, ...]
    bounds: tuple[float, ...]
    values: tuple[Floats, ...]

    def expected(self, weights: Sequence[float]) -> float:
        return math.fsum(p * cost for p, cost in zip(weights, self.costs, strict=True))


@dataclass(frozen=True)
class Robust:
    """The decision that is best by an aim, with the others that it was compared with.

    `known` is what each future would cost had it been known. `bound` is what no decision can go below, by the aim, and
    `certified` the same proved in exact arithmetic; `least_expected` is what no decision can be expected to cost less
    than. All in USD.
    """

    question: Question
    aim: Aim
    blocks: tuple[Block, ...]
    best: Candidate
    others: tuple[Candidate, ...]
    known: tuple[Bracket, ...]
    objective: float
    bound: float
    certified: float
    too_late: tuple[str, ...]
    least_expected: float

    @property
    def weights(self) -> list[float]:
        return [block.probability for block in self.blocks]

    @property
    def mean(self) -> Candidate:
        """The decision that is best where every figure has its mean."""
        return next(other for other in self.others if other.name == MEAN)


def robust(
    question: Question,
    aim: Aim,
    options: Options,
    workers: Workers = None,
    kept: Kept | None = None,
    watch: Callable[[int, int], None] | None = None,
) -> Robust:
    """The best decision for all futures.

    The models of single futures are solved by all workers at once, that of all futures here. What is `kept` of an
    earlier run is not solved again.

    Raises Infeasible where nothing fits the scenario as planned, InputError where nothing that comes inside the horizon
    in every future does, NoPlan at the time limit.
    """
    options = replace(options.for_all(), tidy=False)
    try:
        short = what_is_short(question.futures[0].request, options)
        if short is not None:
            raise short
        *blocks, mean = blocks_of([*question.futures, question.mean], question.terms)
        count = len(question.futures)

        def answered(done: int) -> None:
            if watch is not None:
                watch(min(done, count * count + 3 * count + 1), count * count + 3 * count + 1)

        with Solvers(workers, None if kept is None else KeptSolutions(kept), answered) as solvers:
            return Search(question, aim, tuple(blocks), mean, equivalent(blocks), options, solvers).found()
    except OutOfTime as error:
        raise NoPlan from error


def asked_of(request: Request, options: Options) -> dict[str, str]:
    """What the solves for a request depend on: those of a run which may go on, by whatever aim."""
    texts = {"scenario": as_text(request.scenario), "catalog": as_text(request.catalog)}
    hashes = {name: sha256_of(text) for name, text in texts.items()}
    return {"command": "robust", **hashes, "gap": repr(options.gap), **dict(program_versions())}


@dataclass(frozen=True)
class Search:
    """The search for a decision: each future by itself, their mean, every plan in every future, then all at once.

    The first of the `blocks` is the scenario as planned, which every decision fits.
    """

    question: Question
    aim: Aim
    blocks: tuple[Block, ...]
    mean: Block
    whole: Equivalent
    options: Options
    solvers: Solvers

    @property
    def possible(self) -> tuple[Block, ...]:
        """The futures that may come."""
        return tuple(self.blocks[number] for number in self.whole.possible)

    @property
    def weights(self) -> list[float]:
        return [block.probability for block in self.possible]

    @property
    def too_late(self) -> tuple[str, ...]:
        """Offers that cannot be ordered before it is known: in some future they would come after the horizon."""
        dropped = (key for key in self.blocks[0].first if key not in self.whole.shared)
        return tuple(sorted({key[1] for key in dropped if key[0] == "order"}))

    def _refuse_too_late(self) -> None:
        """Raises InputError where nothing fits the scenario as planned without what would come after the horizon."""
        if not self.too_late:
            return
        as_planned = self.blocks[0].whole(frozenset(self.whole.shared))
        if self.solvers.solve(as_planned.relaxed(), self.options).status == "infeasible":
            message = (
                f"in some future orders of {', '.join(self.too_late)} would come after the horizon, so none are placed "
                "before it is known, and without them the scenario as it stands has no plan; give the horizon more "
                "periods, or the work a price for what is not done"
            )
            raise InputError([self.question.request.problem(("futures",), message)])

    def found(self) -> Robust:
        self._refuse_too_late()
        alone = [self._alone(block) for block in (*self.possible, self.mean)]
        solved = self._all([one.matrix for one in alone])
        names = [*(block.name for block in self.possible), MEAN]
        others = [
            self.candidate(name, _decision(one, solution.values))
            for name, one, solution in zip(names, alone, solved, strict=True)
        ]
        known = [self._known(f, solved[f], others) for f in range(len(self.possible))]
        return self._best(others, known)

    def _alone(self, block: Block) -> Equivalent:
        """The model of one future, had it been known; what is decided fits the scenario as planned too."""
        as_planned, shared = self.blocks[0], frozenset(self.whole.shared)
        parts = [block] if block is as_planned else [replace(as_planned, probability=0.0), block]
        return equivalent([*parts[:-1], replace(block, probability=1.0)], shared)

    def candidate(self, name: str, decision: Decision) -> Candidate:
        """What a decision costs in each future."""
        solved = self._all([block.holding(decision) for block in self.possible])
        costs = tuple(s.objective_usd for s in solved)
        bounds = tuple(min(s.bound_usd, s.objective_usd) for s in solved)
        return Candidate(name, decision, costs, bounds, tuple(s.values for s in solved))

    def _known(self, number: int, solved: Solution, others: Sequence[Candidate]) -> Bracket:
        most = min(other.costs[number] for other in others)
        return Bracket(min(solved.bound_usd, most), most)

    def _best(self, others: Sequence[Candidate], known: Sequence[Bracket]) -> Robust:
        matrix = self._aimed(others, known)
        start = min(others, key=lambda other: self.measured(other, known))
        solution = self._one(matrix, self.whole.start(start.decision))
        found = start if solution is None else self._last(_decision(self.whole, solution.values))
        best = min((found, start), key=lambda one: self.measured(one, known))
        objective = self.measured(best, known)
        if self.aim.regret:
            best = self._cheapest_of_least_regret(best, known)
        perfect = self._perfect(known)
        bound = max(-math.inf if solution is None else solution.bound_usd, 0.0 if self.aim.regret else perfect)
        duals, branches = (
            (np.zeros(len(matrix.rows)), None) if solution is None else (solution.duals, solution.branches)
        )
        return Robust(
            question=self.question,
            aim=self.aim,
            blocks=self.possible,
            best=replace(best, name=ROBUST),
            others=tuple(others),
            known=tuple(known),
            objective=objective,
            bound=min(bound, objective),
            certified=min(certified_bound_usd(matrix, duals, branches), objective),
            too_late=self.too_late,
            least_expected=perfect if self.aim.regret or self.aim.averse else min(bound, objective),
        )

    def _cheapest_of_least_regret(self, best: Candidate, known: Sequence[Bracket]) -> Candidate:
        """Of the decisions with the least of the largest regret, the one that is expected to cost least."""
        least = [each.most / USD_PER_MODEL_UNIT for each in known]
        most = self.measured(best, known) / USD_PER_MODEL_UNIT + ROUNDING * max(map(abs, least))
        solution = self._one(within_regret(self.whole, least, most), self.whole.start(best.decision))
        found = best if solution is None else self._last(_decision(self.whole, solution.values))
        return min((found, best), key=lambda one: one.expected(self.weights))

    def _aimed(self, others: Sequence[Candidate], known: Sequence[Bracket]) -> Matrix:
        least = [(each.most if self.aim.regret else each.least) / USD_PER_MODEL_UNIT for each in known]
        most = min(self.measured(other, known) for other in others)
        if self.aim.averse:
            most = (most - (1 - self.aim.weight) * self._perfect(known)) / self.aim.weight
        size = max(abs(cost) for other in others for cost in other.costs)
        room = size if self.aim.regret else ROUNDING * size  # of a regret, any bound will do
        return aimed(self.whole, self.aim, least, (most + room) / USD_PER_MODEL_UNIT)

    def _perfect(self, known: Sequence[Bracket]) -> float:
        """What the futures are expected to cost at the least, had each been known."""
        return math.fsum(p * each.least for p, each in zip(self.weights, known, strict=True))

    def measured(self, candidate: Candidate, known: Sequence[Bracket]) -> float:
        """A decision by the aim, in USD.

        No quantile η of the costs of the best decision is above (measure − (1 − w) · least expectation) / w, with the
        measure (1 − w) · expectation + w · CVaR of any decision: the best one's is no more, and CVaR ≥ η.
        """
        if self.aim.regret:
            return max(cost - each.most for cost, each in zip(candidate.costs, known, strict=True))
        expected = candidate.expected(self.weights)
        if not self.aim.averse:
            return expected
        worst = cvar(candidate.costs, self.weights, self.aim.level)
        return (1 - self.aim.weight) * expected + self.aim.weight * worst

    def _all(self, matrices: Sequence[Matrix]) -> list[Solution]:
        found = [each for each in self.solvers.all(matrices, self._solved) if each is not None]
        if self.solvers.stopped == "interrupted":
            raise KeyboardInterrupt
        if len(found) < len(matrices):
            raise NoPlan
        return found

    def _one(self, matrix: Matrix, start: Mapping[int, float]) -> Solution | None:
        """A solution of the model of all futures; None where time ran out, or somebody asked to stop, before any."""
        try:
            return self._with_values(matrix, self.solvers.solve(matrix, self.options, start=start))
        except (*STOPS, NoPlan):
            return None

    def _last(self, decision: Decision) -> Candidate:
        """What the decision that was found costs in each future, however little time is left to say so."""
        return replace(self, options=replace(self.options, ends=None, time_limit=None)).candidate(ROBUST, decision)

    def _solved(self, matrix: Matrix) -> Solution:
        return self._with_values(matrix, self.solvers.solve(matrix, self.options))

    def _with_values(self, matrix: Matrix, found: Solution) -> Solution:
        """A solution that there is: every future has an answer, so `infeasible` is asked again, by other means."""
        if found.status == "infeasible":
            found = resolved_again(matrix, self.options, self.solvers.solve)
        if not found.values.size:
            raise NoPlan(found)
        return found


def _decision(of: Equivalent, values: Floats) -> Decision:
    """What some values of a model of futures decide: whole numbers as such, all inside their bounds."""
    matrix = of.matrix
    return {
        key: float(round(values[j]) if matrix.integer[j] else min(max(values[j], matrix.lower[j]), matrix.upper[j]))
        for key, j in of.shared.items()
    }
