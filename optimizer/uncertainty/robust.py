"""One decision for all futures: the best of them, what it costs in each, and what is known about that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from catalogs.problems import InputError
from optimizer.formulation.model import USD_PER_MODEL_UNIT
from optimizer.infeasible.shortage import what_is_short
from optimizer.interruption import OutOfTime
from optimizer.planning import NoPlan
from optimizer.solving.matrix import Matrix
from optimizer.solving.pool import Solvers
from optimizer.solving.solution import Options, Solution
from optimizer.uncertainty.aims import Aim, aimed, cvar, within_regret
from optimizer.uncertainty.blocks import Block, blocks_of, columns_of
from optimizer.uncertainty.equivalent import Equivalent, equivalent
from optimizer.uncertainty.l_shaped import LShaped
from optimizer.uncertainty.method import AllAtOnce, Candidate, Decision, Sought, answered, decision_of, expectation
from optimizer.uncertainty.question import MEAN, Question
from optimizer.what_if import Bracket

ROBUST = "ROBUST"
ROUNDING = 1e-7
"""Room in a row of costs, as part of them, for what solvers round."""
Method = Literal["at_once", "l_shaped"]
AT_ONCE_COLUMNS = 50_000
"""Columns of all futures together that are decided on as one model at the most."""
ALL_COMPARED, COMPARED = 25, 10
"""Futures up to which the plan of each is held in every other, and how many plans are beyond."""


@dataclass(frozen=True)
class Robust:
    """The decision that is best by an aim, with the others that it was compared with.

    `others` are the plans of futures, of the likeliest where there are many, and that of their mean. `known` is what
    each future would cost had it been known. `bound` is what no decision can go below, by the aim, and
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
    method: Method = "at_once"

    @property
    def weights(self) -> list[float]:
        return [block.probability for block in self.blocks]

    @property
    def mean(self) -> Candidate:
        """The decision that is best where every figure has its mean."""
        return next(other for other in self.others if other.name == MEAN)


def robust(
    question: Question, aim: Aim, options: Options, workers: int | None = None, method: Method | None = None
) -> Robust:
    """The best decision for all futures.

    `at_once` solves the deterministic equivalent, `l_shaped` each future by itself in turns with a master. Unless told,
    it is the latter where the futures have more than 50,000 columns together, which are 19 of the bundled meta_2025:
    20 of these took 6 s of the processor as one model and 2 in turns, 60 of them 20 and 5. Whatever the method, with
    more than 25 futures the plans of all are no longer held in all others, which would be solves by the square of
    their number: only those of the 10 likeliest, of equal ones the first, and that of the mean.

    Raises Infeasible where nothing fits the scenario as planned, InputError where nothing that comes inside the horizon
    in every future does, NoPlan at the time limit.
    """
    options = replace(options.for_all(), tidy=False)
    try:
        short = what_is_short(question.futures[0].request, options)
        if short is not None:
            raise short
        *blocks, mean = blocks_of([*question.futures, question.mean], question.terms)
        method = method or chosen(blocks)
        with Solvers(workers) as solvers:
            if method == "l_shaped":
                way: AllAtOnce | LShaped = LShaped(blocks, options, solvers)
            else:
                way = AllAtOnce(equivalent(blocks), options, solvers)
            return Search(question, aim, tuple(blocks), mean, way.whole, way, options, solvers, method).found()
    except OutOfTime as error:
        raise NoPlan from error


def chosen(blocks: Sequence[Block]) -> Method:
    """The method for some futures, by their size."""
    return "l_shaped" if columns_of(blocks) > AT_ONCE_COLUMNS else "at_once"


@dataclass(frozen=True)
class Search:
    """The search for a decision: each future by itself, their mean, plans in every future, then all of them.

    The first of the `blocks` is the scenario as planned, which every decision fits.
    """

    question: Question
    aim: Aim
    blocks: tuple[Block, ...]
    mean: Block
    whole: Equivalent
    way: AllAtOnce | LShaped
    options: Options
    solvers: Solvers
    method: Method

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
        decisions = [decision_of(one, solution.values) for one, solution in zip(alone, solved, strict=True)]
        others = {k: self.candidate(names[k], decisions[k]) for k in self._compared(len(names))}
        own = [k for k in range(len(self.possible)) if k not in others]
        held = self._all([self.possible[k].holding(decisions[k]) for k in own])
        costs = {k: solution.objective_usd for k, solution in zip(own, held, strict=True)}
        known = [self._known(k, solved[k], [*others.values()], costs.get(k, math.inf)) for k in range(len(names) - 1)]
        return self._best([*others.values()], known)

    def _compared(self, count: int) -> list[int]:
        """The numbers of the futures whose plans are held in every future, and that of the mean, the last."""
        numbers = list(range(count - 1))
        if len(numbers) > ALL_COMPARED:
            numbers = sorted(sorted(numbers, key=lambda k: -self.weights[k])[:COMPARED])
        return [*numbers, count - 1]

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

    def _known(self, number: int, solved: Solution, others: Sequence[Candidate], own: float) -> Bracket:
        """What a future costs at the least, known; `own` is what its own plan costs there, if that is no other's."""
        most = min(own, *(other.costs[number] for other in others))
        return Bracket(min(solved.bound_usd, most), most)

    def _best(self, others: Sequence[Candidate], known: Sequence[Bracket]) -> Robust:
        start = min(others, key=lambda other: self.measured(other.costs, known))
        model = partial(self._aimed, others, known)
        answer = self.way.best(Sought(model, lambda costs: self.measured(costs, known), self._last), start)
        best, objective = answer.best, self.measured(answer.best.costs, known)
        if self.aim.regret:
            best = self._cheapest_of_least_regret(best, known)
        perfect = self._perfect(known)
        bound = min(max(answer.bound, 0.0 if self.aim.regret else perfect), objective)
        return Robust(
            question=self.question,
            aim=self.aim,
            blocks=self.possible,
            best=replace(best, name=ROBUST),
            others=tuple(others),
            known=tuple(known),
            objective=objective,
            bound=bound,
            certified=min(answer.certified, objective),
            too_late=self.too_late,
            least_expected=perfect if self.aim.regret or self.aim.averse else bound,
            method=self.method,
        )

    def _cheapest_of_least_regret(self, best: Candidate, known: Sequence[Bracket]) -> Candidate:
        """Of the decisions with the least of the largest regret, the one that is expected to cost least."""
        least = [each.most / USD_PER_MODEL_UNIT for each in known]
        room = ROUNDING * max(abs(each.most) for each in known)
        most = self.measured(best.costs, known) + room

        def measure(costs: Sequence[float]) -> float:
            is_within = self.measured(costs, known) <= most + room
            return expectation(costs, self.weights) if is_within else math.inf

        model = partial(_within_regret, least, most / USD_PER_MODEL_UNIT)
        return self.way.best(Sought(model, measure, self._last), best).best

    def _aimed(self, others: Sequence[Candidate], known: Sequence[Bracket], of: Equivalent) -> Matrix:
        least = [(each.most if self.aim.regret else each.least) / USD_PER_MODEL_UNIT for each in known]
        most = min(self.measured(other.costs, known) for other in others)
        if self.aim.averse:
            most = (most - (1 - self.aim.weight) * self._perfect(known)) / self.aim.weight
        size = max(abs(cost) for other in others for cost in other.costs)
        room = size if self.aim.regret else ROUNDING * size  # of a regret, any bound will do
        return aimed(of, self.aim, least, (most + room) / USD_PER_MODEL_UNIT)

    def _perfect(self, known: Sequence[Bracket]) -> float:
        """What the futures are expected to cost at the least, had each been known."""
        return math.fsum(p * each.least for p, each in zip(self.weights, known, strict=True))

    def measured(self, costs: Sequence[float], known: Sequence[Bracket]) -> float:
        """What a decision costs in each future by the aim, in USD.

        No quantile η of the costs of the best decision is above (measure − (1 − w) · least expectation) / w, with the
        measure (1 − w) · expectation + w · CVaR of any decision: the best one's is no more, and CVaR ≥ η.
        """
        if self.aim.regret:
            return max(cost - each.most for cost, each in zip(costs, known, strict=True))
        expected = expectation(costs, self.weights)
        if not self.aim.averse:
            return expected
        worst = cvar(costs, self.weights, self.aim.level)
        return (1 - self.aim.weight) * expected + self.aim.weight * worst

    def _all(self, matrices: Sequence[Matrix]) -> list[Solution]:
        found = [each for each in self.solvers.all(matrices, self._solved) if each is not None]
        if self.solvers.stopped == "interrupted":
            raise KeyboardInterrupt
        if len(found) < len(matrices):
            raise NoPlan
        return found

    def _last(self, decision: Decision) -> Candidate:
        """What the decision that was found costs in each future, however little time is left to say so."""
        return replace(self, options=replace(self.options, ends=None, time_limit=None)).candidate(ROBUST, decision)

    def _solved(self, matrix: Matrix) -> Solution:
        return answered(self.solvers, matrix, self.options)


def _within_regret(least: Sequence[float], most: float, of: Equivalent) -> Matrix:
    return within_regret(of, least, most)
