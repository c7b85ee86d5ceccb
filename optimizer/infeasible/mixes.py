"""Repairs of several kinds at once, for conflicts that no one kind settles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from catalogs.problems import InputError
from optimizer.infeasible.adjustments import Adjustment, ElasticLimit, figures
from optimizer.infeasible.conflict import ConflictingLimits
from optimizer.infeasible.feasibility import Feasibility
from optimizer.infeasible.fixed_terms import TIME
from optimizer.infeasible.lead_times import Sooner
from optimizer.infeasible.least_changes import ElasticModel
from optimizer.infeasible.steps import Fix, Steps, least_steps
from optimizer.infeasible.wording import change, sentence
from optimizer.request.edits import Key, changed
from optimizer.request.load import Request

MIX = "mix"
Weighing = Callable[[ElasticModel], dict[ElasticLimit, float]]
Values = Mapping[Key, Any]


def every_part(model: ElasticModel) -> dict[ElasticLimit, float]:
    """All levers, each by the part of today's figure that it moves."""
    return {elastic: elastic.share for elastic in model.elastic_limits}


def all_work(model: ElasticModel) -> dict[ElasticLimit, float]:
    """The same, with no work left undone."""
    return {elastic: share for elastic, share in every_part(model).items() if elastic.kind != "demand"}


@dataclass(frozen=True)
class Other:
    """Something that is no amount: its figures at each level, the highest asking least, and its least for a request."""

    highest: int
    values: Callable[[int], Values]
    least: Callable[[Request], Fix | None]


class Mixes:
    """Mixes of amounts, alone or with what is no amount: time, sizes and shares."""

    def __init__(
        self, feasibility: Feasibility, request: Request, model: ElasticModel, conflicts: Sequence[ConflictingLimits]
    ) -> None:
        self.feasibility, self.request, self.model, self.conflicts = feasibility, request, model, conflicts

    def with_others(self, steps: Sequence[Steps]) -> Iterator[tuple[Fix, str]]:
        """Amounts that leave no work undone, with one other thing that a conflict has; or else with all of them."""
        others = list(self._others(steps))
        found = [mix for other in others if (mix := self._with(other)) is not None]
        if not found and others:
            found = list(filter(None, [self._with_all(others)]))
        yield from found

    def _others(self, steps: Sequence[Steps]) -> Iterator[Other]:
        if any(conflict.has(TIME) for conflict in self.conflicts):
            sooner = Sooner(self.feasibility, self.request)
            yield Other(sooner.most, sooner.values, lambda request: Sooner(self.feasibility, request).least())
        for one in steps:
            if one.most and any(one.label in conflict.labels for conflict in self.conflicts):
                yield Other(one.most, one.values, partial(least_steps, self.feasibility, steps=one))

    def _with(self, other: Other) -> tuple[Fix, str] | None:
        """Amounts with the lowest level of another thing at which some are enough."""
        low, high, moves = 0, other.highest, self._moves(other.values(other.highest), all_work)
        while moves is not None and high - low > 1:
            middle = (low + high) // 2
            tried = self._moves(other.values(middle), all_work)
            low, high, moves = (middle, high, moves) if tried is None else (low, middle, tried)
        return self._joined(moves, [other]) if moves else None

    def _with_all(self, others: Sequence[Other]) -> tuple[Fix, str] | None:
        everything = _together(other.values(other.highest) for other in others)
        moves = self._moves(everything, all_work)
        moves = self._moves(everything, every_part) if moves is None else moves
        return None if moves is None else self._joined(moves, others)

    def _moves(self, values: Values, weights: Weighing) -> list[Adjustment] | None:
        """The least amounts with some figures changed; None if there are none."""
        try:
            model = ElasticModel(self.feasibility, changed(self.request, values))
        except InputError:
            return None
        return model.least(weights(model))

    def _joined(self, moves: Sequence[Adjustment], others: Sequence[Other]) -> tuple[Fix, str]:
        """Amounts, and of each other thing the least that they and the rest then need."""
        values = figures(self.request, moves)
        kept = [other.values(other.highest) for other in others]
        fixes = []
        for i, other in enumerate(others):
            request = changed(self.request, {**values, **_together([*kept[:i], *kept[i + 1 :]])})
            fix = None if self.feasibility.has_plan(request) else other.least(request)
            kept[i] = {} if fix is None else fix.values
            fixes += [] if fix is None else [fix]
        extra = [change for fix in fixes for change in fix.changes]
        words = [sentence(self.request, moves), *(change.words for change in extra)]
        changes = (*(change(self.request, move) for move in moves), *extra)
        return Fix(MIX, {**values, **_together(kept)}, changes), " and ".join(filter(None, words))


def _together(values: Iterable[Values]) -> dict[Key, Any]:
    return {key: value for each in values for key, value in each.items()}
