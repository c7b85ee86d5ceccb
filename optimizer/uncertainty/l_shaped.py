"""The L-shaped method (Van Slyke and Wets, 1969; Benders, 1962), with a cut for each future (Birge and Louveaux, 1988).

The master has what is decided before it is known, the scenario as planned in full, which every decision fits, and of
each other future one column for what it costs, above the `cuts` found so far. Its best decision is held in every
future, which gives a cut each, exact there; so in turn until what the futures cost is what the master says. First
without whole numbers in the master, whose solves are quick and whose cuts hold, then with them. The master is the
model of the aim of futures as their cuts leave them, so all aims are alike here.

Bounds. Later decisions that are a yes or a no stay whole in a future, so its cuts are those of its relaxation:
`cuts` proves that they hold. Every plan of all futures is one of the master at the same cost (`outer`), so the bound
of the master, in which whole numbers are whole, is one of the whole. A decision costs what its futures do when solved
whole, as with any other method. Where that leaves more open than the gap allows, the futures whose relaxation says
least of them are put into the master as they are, those first that weigh most; with all of them there, the master is
the deterministic equivalent. No more than `TOGETHER_COLUMNS` come together; what is open then is told as the gap.

The certified bound: the cuts that the master's duals lean on get their constants from exact arithmetic, the others
limit nothing any more, and `certificate` proves the bound of this master. It holds whatever the solver said, by the
two proofs above.

No regularisation: on futures of meta_2025, 7 to 13 sweeps reach a gap of 1e-4, and neither a point between the last
decision and the best (0.5 or 0.8 of the way) took less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from optimizer.interruption import OutOfTime
from optimizer.planning import NoPlan
from optimizer.solving.branches import Branches
from optimizer.solving.certificate import certified_bound_usd
from optimizer.solving.kept import kept
from optimizer.solving.matrix import Floats, Matrix, in_usd
from optimizer.solving.pool import Solvers
from optimizer.solving.solution import Options, Solution
from optimizer.solving.solve import Solver
from optimizer.uncertainty.blocks import Block, columns_of, decided_by_all
from optimizer.uncertainty.cuts import Cut, cut_of, outer, proved
from optimizer.uncertainty.equivalent import Equivalent, equivalent
from optimizer.uncertainty.method import Answer, Candidate, Decision, Measure, Sought, answered, decision_of

TOGETHER_COLUMNS = 50_000
"""Columns of futures that are in one model at the most."""
KEPT_ENTRIES = 50_000_000
"""Coefficients of all futures up to which the solvers keep their relaxations loaded: about 10 GB of memory."""
RELAXED_WITHIN, WHOLE_WITHIN, MASTER_WITHIN, TOGETHER_WITHIN = 0.2, 0.3, 0.1, 0.5
"""Parts of the gap: what the master relaxed, and whole, may leave open to what the futures relaxed cost, what its
solve may, and what relaxed futures may say too little."""
NOTHING_NEW = 1e-9
"""The part of a cost by which a cut is above what the master said, to count as one."""
MOST_SWEEPS = 500


class _Mastered(NamedTuple):
    """A master that was solved: its futures, the model of its aim, its solution, and how many cuts of each it had."""

    of: Equivalent
    matrix: Matrix
    solution: Solution
    cuts: tuple[int, ...]
    decision: Decision


class _Standing:
    """How far the search for one aim has come: its best bound, with the master that proves it, and its best decision.

    The decision is the one that is best with futures relaxed, until it has been held.
    """

    def __init__(self, sought: Sought) -> None:
        self.sought = sought
        self.proof: _Mastered | None = None
        self.decision: Decision | None = None

    @property
    def bound(self) -> float:
        return -math.inf if self.proof is None else self.proof.solution.bound_usd

    def learn(self, mastered: _Mastered) -> None:
        if mastered.solution.bound_usd > self.bound:
            self.proof = mastered

    def held(self) -> Candidate:
        """What the decision costs in each future solved whole."""
        assert self.decision is not None
        decision, self.decision = self.decision, None
        return self.sought.held(decision)

    def is_within(self, usd: float, gap: float) -> bool:
        """Whether a measure is no more than so much above the bound."""
        return usd - self.bound <= gap * abs(usd)


class LShaped:
    """The method for the futures of some blocks, the first of which is the scenario as planned.

    Cuts are kept from one aim to the next. The futures of a sweep are shared out to the solvers, each always to the
    same one, and a future's cuts depend on nothing but what it was asked before: the same for any number of solvers.
    """

    def __init__(self, blocks: Sequence[Block], options: Options, solvers: Solvers) -> None:
        self.blocks, self.options, self.solvers = blocks, options, solvers
        self.shared = decided_by_all(blocks)
        self.matrices = [block.whole(self.shared) for block in blocks]
        self.possible = [k for k, block in enumerate(blocks) if block.probability > 0]
        self.together, self.sweeps = {0}, 0
        self.cuts: list[list[Cut]] = [[] for _ in blocks]
        keep = math.fsum(len(matrix.value) for matrix in self.matrices) <= KEPT_ENTRIES
        pairs = zip(blocks, self.matrices, strict=True)
        self._kept = [kept(block.name, matrix, block.first_columns, keep) for block, matrix in pairs]

    def best(self, sought: Sought, start: Candidate) -> Answer:
        """The best decision, or the one to start from if it is as good; that too where time ran out before any."""
        standing, best = _Standing(sought), start
        try:
            if not any(self.cuts):
                self._swept(start.decision)
            while True:
                relaxed = self._converged(standing)
                found = standing.held()
                best = min((found, best), key=lambda one: sought.measure(one.costs))
                is_close = standing.is_within(sought.measure(best.costs), self.options.gap)
                if is_close or not self._put_together(sought.measure, found, relaxed):
                    break
        except (OutOfTime, NoPlan):
            late = [] if standing.decision is None else [standing.held()]
            best = min((*late, best), key=lambda one: sought.measure(one.costs))
        except KeyboardInterrupt:
            pass
        return Answer(best, standing.bound, self._certified(standing))

    @property
    def whole(self) -> Equivalent:
        """The master: futures that are together, and the others as their cuts leave them."""
        pairs = enumerate(zip(self.blocks, self.cuts, strict=True))
        return equivalent(
            [block if k in self.together else outer(block, cuts) for k, (block, cuts) in pairs], self.shared
        )

    def _converged(self, standing: _Standing) -> list[float]:
        """What each future costs relaxed, in USD, with the decision that is best then, which `standing` learns."""
        for relaxed, within in ((True, RELAXED_WITHIN), (False, WHOLE_WITHIN)):
            least, costs = math.inf, list[float]()
            while self.sweeps < MOST_SWEEPS:
                mastered = self._mastered(standing.sought, relaxed)
                standing.learn(mastered)
                said = self._costs(mastered)
                found = self._held(mastered, said)
                measured = standing.sought.measure([found[k] for k in self.possible])
                if measured < least or not costs:
                    least, costs, decision = measured, found, mastered.decision
                if not relaxed:
                    standing.decision = decision
                if standing.is_within(least, within * self.options.gap) or not _is_news(said, found):
                    break
        if standing.decision is None:
            raise NoPlan
        return costs

    def _mastered(self, sought: Sought, relaxed: bool) -> _Mastered:
        of = self.whole
        matrix = sought.model(of)
        asked = replace(self.options, gap=MASTER_WITHIN * self.options.gap)
        solution = answered(self.solvers, matrix.relaxed() if relaxed else matrix, asked)
        decision = decision_of(of, solution.values, relaxed)
        return _Mastered(of, matrix, solution, tuple(map(len, self.cuts)), decision)

    def _costs(self, mastered: _Mastered) -> list[float]:
        """What each future costs as the master says, in USD."""
        values = mastered.solution.values
        pairs = zip(mastered.of.blocks, mastered.of.columns, strict=True)
        return [in_usd(block.matrix.cost_of(values[at])) for block, at in pairs]

    def _held(self, mastered: _Mastered, said: Sequence[float]) -> list[float]:
        """What each future costs with the master's decision, relaxed where it is not in the master."""
        swept = self._swept(mastered.decision)
        return [swept.get(k, said[k]) for k in range(len(self.blocks))]

    def _swept(self, decision: Decision) -> dict[int, float]:
        """What a decision costs in each future that is not in the master, relaxed, in USD; each has a cut more."""
        asked = [k for k in range(len(self.blocks)) if k not in self.together]
        values = {k: np.array([decision.get(key, 0.0) for key in self.blocks[k].first]) for k in asked}

        def duals(k: int, solver: Solver) -> Floats:
            return solver.duals(self._kept[k], values[k], self.options)

        found = self.solvers.shared_out(asked, duals)
        if self.solvers.stopped == "interrupted":
            raise KeyboardInterrupt
        self.sweeps += 1
        costs = {}
        for k, y in zip(asked, found, strict=True):
            if y is None:
                raise OutOfTime
            cut = self._cut(k, values[k], y)
            self.cuts[k].append(cut)
            costs[k] = in_usd(cut.at(values[k]))
        return costs

    def _cut(self, k: int, values: Floats, duals: Floats) -> Cut:
        """The cut of a future; a relaxation for which the solver has no optimum is asked again, by other means."""
        first, matrix = self.blocks[k].first_columns, self.matrices[k]
        if not duals.size:
            held = matrix.relaxed().fixed(dict(zip(first, values.tolist(), strict=True)))
            duals = answered(self.solvers, held, self.options).duals
        return cut_of(matrix, first, duals)

    def _put_together(self, measure: Measure, found: Candidate, relaxed: Sequence[float]) -> bool:
        """Puts the futures into the master whose relaxation says least of them, as far as need be; whether any.

        What need not be is what the measure of a decision loses by the futures that are left, if it is little.
        """
        costs = dict(zip(self.possible, found.costs, strict=True))
        opened = {k: cost - relaxed[k] for k, cost in costs.items() if k not in self.together and cost > relaxed[k]}
        before, whole = len(self.together), measure(found.costs)
        allowed = whole - TOGETHER_WITHIN * self.options.gap * abs(whole)
        columns = columns_of([self.blocks[k] for k in self.together])
        for k in sorted(opened, key=lambda k: (-self.blocks[k].probability * opened[k], k)):
            columns += len(self.matrices[k].cost)
            left = measure([cost if j in self.together else relaxed[j] for j, cost in costs.items()])
            if columns > TOGETHER_COLUMNS or (len(self.together) > before and left >= allowed):
                break
            self.together.add(k)
        return len(self.together) > before

    def _certified(self, standing: _Standing) -> float:
        """The bound of the best master in exact arithmetic, in USD."""
        if standing.proof is None:
            matrix = standing.sought.model(self.whole)
            return certified_bound_usd(matrix, np.zeros(len(matrix.rows)))
        of, matrix, solution, counts, _ = standing.proof
        used = set(np.flatnonzero(solution.duals).tolist()) | set(_rows_of(solution.branches))
        least, row = matrix.row_lower.copy(), 0
        for k, block in enumerate(of.blocks):
            for number in range(counts[k] if block is not self.blocks[k] else 0):
                at = row + number
                if at in used:
                    cut = proved(self.cuts[k][number], self.matrices[k], self.blocks[k].first_columns)
                    least[at] = cut.constant
                else:
                    least[at] = -math.inf
            row += len(block.matrix.rows)
        return certified_bound_usd(replace(matrix, row_lower=least), solution.duals, solution.branches)


def _is_news(said: Sequence[float], costs: Sequence[float]) -> bool:
    """Whether any future costs more than the master said."""
    return any(cost - told > NOTHING_NEW * max(abs(cost), 1.0) for told, cost in zip(said, costs, strict=True))


def _rows_of(branches: Branches | None) -> Iterator[int]:
    """The rows that a tree has duals of."""
    if branches is not None:
        yield from branches.duals
        for child in branches.children:
            yield from _rows_of(child)
