"""The menu of repairs: for each kind of thing the least change of it, each checked by planning with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from optimizer.formulation.business_limits import business_limits
from optimizer.infeasible.adjustments import REPAIRED_AS, Adjustment, ElasticLimit, figures, settings
from optimizer.infeasible.conflict import ConflictingLimits
from optimizer.infeasible.feasibility import Feasibility
from optimizer.infeasible.fixed_terms import TIME
from optimizer.infeasible.lead_times import Sooner
from optimizer.infeasible.least_changes import ElasticModel
from optimizer.infeasible.mixes import MIX, Mixes, all_work, every_part
from optimizer.infeasible.report import Hopeless, Repair
from optimizer.infeasible.steps import Fix, Steps, least_steps, shares, sizes
from optimizer.infeasible.wording import change, sentence
from optimizer.interruption import OutOfTime
from optimizer.proven import Solved, plan_of
from optimizer.request.edits import changed
from optimizer.request.load import Request

ROUNDS = 3
"""How often amounts may go up by one in their last digit if a plan misses by the solver's tolerance."""
Choice = Repair | Hopeless | None
Search = Callable[[], Iterator[Choice]]


class Menu:
    """What could repair a request, given its conflicts: a change that leaves out a conflict repairs nothing."""

    def __init__(self, feasibility: Feasibility, request: Request, conflicts: Sequence[ConflictingLimits]) -> None:
        self.feasibility, self.request, self.conflicts = feasibility, request, conflicts
        self.model = ElasticModel(feasibility, request)
        self.mixes = Mixes(feasibility, request, self.model, conflicts)
        self.steps = [*shares(request, business_limits(self.model.model)), *sizes(request)]

    def answers(self) -> Iterator[Repair | Hopeless]:
        """Repairs, and the kinds of change that cannot be one by themselves."""
        tasks: list[Search] = [*self._kinds(), *self._steps(), _one(self._time), _one(self._mix), self._all_work_done]
        for answers in self.feasibility.all(tasks, self._in_time):
            yield from answers or ()

    def _in_time(self, task: Search) -> list[Repair | Hopeless]:
        found: list[Repair | Hopeless] = []
        try:
            found += (answer for answer in task() if answer is not None)
        except OutOfTime:
            self.feasibility.cut_short = True
        return found

    def _kinds(self) -> Iterator[Search]:
        for kind in REPAIRED_AS:
            of_kind = [elastic for elastic in self.model.elastic_limits if elastic.kind == kind]
            if of_kind:
                yield _one(partial(self._kind, kind, of_kind))

    def _kind(self, kind: str, of_kind: Sequence[ElasticLimit]) -> Choice:
        beside = next((conflict for conflict in self.conflicts if not conflict.has(kind)), None)
        if beside is not None:
            return Hopeless(kind=kind, why=_beside(beside))
        moves = self.model.least({elastic: elastic.weight for elastic in of_kind})
        return self._checked(kind, moves) if moves else Hopeless(kind=kind, why="no amount is enough")

    def _mix(self) -> Choice:
        return self._mixed(self.model.least(every_part(self.model)))

    def _mixed(self, moves: Sequence[Adjustment] | None) -> Choice:
        """A mix, if it is of several kinds: the others are on the menu by themselves."""
        several = len({move.elastic.kind for move in moves or ()}) > 1
        return self._checked(MIX, moves) if moves and several else None

    def _all_work_done(self) -> Iterator[Choice]:
        """Mixes that leave no work undone: of amounts, or else of amounts and what is no amount."""
        moves = self.model.least(all_work(self.model))
        if moves is not None:
            yield self._mixed(moves)
            return
        for fix, words in self.mixes.with_others(self.steps):
            yield self._plan(fix, words)

    def _steps(self) -> Iterator[Search]:
        for steps in self.steps:
            if all(steps.label in conflict.labels for conflict in self.conflicts):
                yield _one(partial(self._step, steps))

    def _step(self, steps: Steps) -> Choice:
        fix = least_steps(self.feasibility, self.request, steps)
        return self._plan(fix) if fix else Hopeless(kind=steps.label, why="no size of it is enough")

    def _time(self) -> Choice:
        beside = next((conflict for conflict in self.conflicts if not conflict.has(TIME)), None)
        if beside is not None:
            return Hopeless(kind=TIME, why=_beside(beside))
        fix = Sooner(self.feasibility, self.request).least()
        return self._plan(fix) if fix else Hopeless(kind=TIME, why="at once would still be too late")

    def _plan(self, fix: Fix, words: str | None = None) -> Repair | None:
        return planned(self.feasibility, self.request, fix, words)

    def _checked(self, kind: str, moves: Sequence[Adjustment]) -> Choice:
        """A repair by moved levers, with the last digits up by one if need be."""
        for _ in range(ROUNDS):
            values = figures(self.request, moves)
            fix = Fix(kind, values, tuple(change(self.request, move) for move in moves))
            found = self._plan(fix, sentence(self.request, moves))
            if found is not None:
                return found
            moves = [move.bumped() for move in moves]
        return Hopeless(kind=kind, why="a repair was found that could not be confirmed by planning with it")


def planned(feasibility: Feasibility, request: Request, fix: Fix, words: str | None = None) -> Repair | None:
    """A repair with the plan that it makes possible, audited; None if there is none."""
    new = changed(request, fix.values)
    built = feasibility.stated(new)
    solution = feasibility.asked(built[1]) if built is not None else None
    if built is None or solution is None or not solution.values.size:
        return None
    plan = plan_of(Solved(new, *built, solution, feasibility.options))
    return Repair(
        kind=fix.kind,
        words=words or " and ".join(change.words for change in fix.changes),
        changes=fix.changes,
        settings=settings(request, fix.values),
        cost_usd=plan.objective_usd,
        bound_usd=plan.bound_usd,
        extra_usd=0.0,
    )


def _one(question: Callable[[], Choice]) -> Search:
    return lambda: iter([question()])


def _beside(conflict: ConflictingLimits) -> str:
    return f"these conflict whatever is done about it: {', '.join(conflict.labels)}"
