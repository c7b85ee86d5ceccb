"""A request planned again from the decisions of an earlier plan: no dearer than these, changed only for a gain.

The earlier decisions (orders, retirement, engineering, porting, hosts of clusters) are first priced in the model
of the new request. Where they hold they are a plan, so the search begins from them and what it finds costs no
more. They are the plan again unless another is better by more than the gap; else those order lines are changed
whose change the gap does not cover.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import fsum
from typing import Any

import numpy as np

from optimizer.formulation.model import Model, model_name, row_name
from optimizer.interruption import STOPS
from optimizer.plan.format import Plan
from optimizer.plan.warnings import usd_in_words
from optimizer.replan.approved import ONE_CHANGE, ROUNDING, ChangedLines, order_lines
from optimizer.solving.matrix import Floats, Matrix, in_usd
from optimizer.solving.settle import TRACE
from optimizer.solving.solution import Options, Solution, Watch, nothing_known, relative_gap
from optimizer.solving.solve import solve
from optimizer.tables import FleetEntry

DECIDED = frozenset({"order", "engineer", "port", "host_cluster", "sign"})
KEPT = DECIDED | {"retire"}
OF_GAP = 0.98
"""The part of the gap that is used, so that what is rounded stays inside it."""
MOST_COLUMNS, MOST_NODES = 10_000, 20
"""The search for the fewest changes is limited by size and nodes, never by seconds: the same input, the same plan."""


def decisions(plan: Plan) -> dict[str, float]:
    """A plan's decisions in whole numbers, by the name of the column that stands for each in the model."""
    found: dict[str, float] = {}
    for order in plan.orders:
        if not order.commitment:
            found[_column("order", order.label, order.place, order.enters_service)] = order.systems
    found |= {_column("sign", row.frame): 1.0 for row in plan.frames if row.signed}
    for own in plan.engineering:
        found[_column("engineer", own.accelerator, own.starts)] = 1.0
    for porting in plan.porting:
        found[_column("port", porting.demand, porting.stack, porting.starts)] = 1.0
    for cluster in plan.clusters:
        found[_column("host_cluster", cluster.accelerator, cluster.place, cluster.demand, cluster.period)] = 1.0
    return found


def _column(variable: str, *keys: str) -> str:
    return model_name(row_name(variable, keys))


def retired(plan: Plan, model: Model) -> Iterator[tuple[str, float]]:
    """The systems of the fleet that a plan retires, by column.

    Entries of the fleet that are alike are told apart by a number that a plan does not hold. Of those, what sells
    for most is retired first.
    """
    dearest = sorted(model.retire.items(), key=lambda item: (-item[0][0].resale_usd, item[1].name))
    used: defaultdict[FleetEntry, float] = defaultdict(float)
    for row in plan.retired:
        left = row.systems
        for (entry, t), variable in dearest:
            alike = (entry.system, entry.site, entry.until) == (row.system, row.site, row.until)
            systems = min(left, entry.systems - used[entry]) if alike and model.period(t) == row.period else 0.0
            if systems:
                used[entry] += systems
                left -= systems
                yield variable.name, systems
        if left:
            yield _column("retire", row.system, row.site, "no_longer_possible"), left


@dataclass(frozen=True)
class Again:
    """A solution of the request's own model, and how it lies to the earlier plan, in words."""

    solution: Solution
    note: str


class Earlier:
    """The decisions of an earlier plan in the model of another request."""

    def __init__(self, plan: Plan, model: Model, matrix: Matrix, options: Options) -> None:
        self.described = f"{plan.scenario['name']} ({plan.run.scenario_sha256[:12]})"
        self.matrix, self.lines = matrix, order_lines(plan)
        self.options = replace(options.for_all(), tidy=False, solver=None)
        self.values = {**decisions(plan), **dict(retired(plan, model))}

    @property
    def start(self) -> dict[int, float]:
        """The decisions by the number of their column, to begin a search from; they need not be allowed."""
        whole = self.matrix.integer
        return {j: self._before(j) for j in self._mine if whole[j]}

    def _before(self, column: int) -> float:
        return self.values.get(self.matrix.columns[column], 0.0)

    @cached_property
    def _mine(self) -> list[int]:
        """The columns of what is decided."""
        return [j for j, name in enumerate(self.matrix.columns) if name.partition("(")[0] in KEPT]

    @cached_property
    def kept(self) -> Solution | None:
        """The best plan with all of these decisions, as far as values go; None if the request does not allow them.

        What follows from them (steps of prices, work, power added) is at its best, so it costs no more than the
        decisions re-costed with the work of the earlier plan.
        """
        if not {name for name, value in self.values.items() if value} <= set(self.matrix.columns):
            return None
        found = self._solved(self.matrix.fixed({j: self._before(j) for j in self._mine}), gap=0.0)
        return found if found.values.size else None

    def _solved(
        self, matrix: Matrix, watch: Watch | None = None, start: Mapping[int, float] | None = None, **more: Any
    ) -> Solution:
        return solve(matrix, replace(self.options, **more), watch, start)

    def search(self, watch: Watch | None) -> Solution:
        """What a search finds that begins from the earlier decisions, priced first, while there is time."""
        kept, whole = self.kept, np.flatnonzero(self.matrix.integer).tolist()
        begin = self.start if kept is None else {j: float(kept.values[j]) for j in whole}
        try:
            return self._solved(self.matrix, watch, begin)
        except STOPS as stop:
            if kept is None:
                raise
            return nothing_known(interrupted=isinstance(stop, KeyboardInterrupt))

    def no_dearer(self, best: Solution) -> Solution:
        """The earlier decisions where they cost less than what a search has found, else that."""
        try:
            kept = self.kept
        except STOPS:
            if not best.values.size:
                raise
            return best
        if kept is None or best.objective < kept.objective:
            return best
        return self._as_plan(kept, best)

    def _as_plan(self, kept: Solution, best: Solution) -> Solution:
        """The earlier decisions as a solution of the whole model, of which `best` has the bound and the duals.

        A search that was stopped before it had any leaves what every variable costs at the least.
        """
        least = fsum(np.minimum(self.matrix.cost * self.matrix.lower, self.matrix.cost * self.matrix.upper))
        duals = best.duals if best.duals.size else np.zeros(len(self.matrix.rows))
        bound = min(max(best.bound, least), kept.objective)
        status = "optimal" if relative_gap(kept.objective, bound) <= self.options.gap else "feasible"
        return replace(best, status=status, values=kept.values, duals=duals, objective=kept.objective, bound=bound)

    def again(self, best: Solution, watch: Watch | None = None) -> Again:
        """The plan of a request whose search has found `best`: the earlier decisions where nothing is gained by others.

        Nothing is gained where the best plan is better by no more than the gap. Where somebody asks to stop, or time is
        over, it is the best plan.
        """
        try:
            return self._kept_or_closest(best, watch)
        except STOPS:
            return Again(best, f"{self._changed(best)}; the search was stopped before fewer changes were looked for")

    def _kept_or_closest(self, best: Solution, watch: Watch | None) -> Again:
        kept = self.kept
        if kept is not None:
            best = self._better_by_more(kept, best, watch)
            if kept.objective - best.objective <= self._gap_of(kept):
                plan = self._as_plan(kept, best)
                most = usd_in_words(in_usd(plan.objective - plan.bound))
                return Again(plan, f"every order of the plan before is kept: no change gains more than {most}")
        closest = self._closest(best)
        return Again(closest, self._how_changed(closest, kept))

    def _gap_of(self, solution: Solution) -> float:
        return OF_GAP * self.options.gap * abs(solution.objective)

    def _better_by_more(self, kept: Solution, best: Solution, watch: Watch | None) -> Solution:
        """Where a search ended between the two: a plan better than the earlier one by more than the gap, or a proof.

        The search ends within the gap of the bound, with a plan that may be better than the earlier one by less than
        the gap while the bound leaves room for more. A row that asks for more then finds it, or gives the bound.
        """
        gain, room = kept.objective - best.objective, kept.objective - best.bound
        most = kept.objective - self._gap_of(kept)
        if best.status != "optimal" or best.interrupted or not gain <= self._gap_of(kept) < room:
            return best
        found = self._solved(self.matrix.with_rows([self.matrix.cost_row(most)]), watch)
        if found.values.size:
            return replace(best, values=found.values, objective=found.objective)
        return replace(best, bound=most) if found.status == "infeasible" else best

    def _closest(self, best: Solution) -> Solution:
        """Of the plans within the gap one with fewer changed order lines than the best, if a short search finds one.

        Only decisions in which the best plan and the earlier one differ are open.
        """
        room = best.bound + OF_GAP * self.options.gap * abs(best.bound)
        if best.interrupted or room < best.objective or len(best.values) > MOST_COLUMNS:
            return best
        changes = ChangedLines(self._between(best), self.lines)
        few = self._counted(changes.fewest(room), changes.with_choices(best.values), gap=0.0, abs_gap=ONE_CHANGE)
        if not few.values.size or changes.counted(few.values) >= changes.counted(best.values):
            return best
        count = changes.counted(few.values) - changes.gone
        found = self._counted(changes.cheapest(count, room), few.values)
        values = found.values[: len(best.values)]
        objective = self.matrix.cost_of(values) if values.size else np.inf
        if objective > room + ROUNDING * abs(room):
            return best
        return replace(best, values=values, objective=objective, bound=min(best.bound, objective))

    def _counted(self, matrix: Matrix, start: Floats, **more: Any) -> Solution:
        """A short search that begins from a plan."""
        begin = {j: float(start[j]) for j in np.flatnonzero(matrix.integer).tolist()}
        return self._solved(matrix, start=begin, nodes=MOST_NODES, **more)

    def _between(self, best: Solution) -> Matrix:
        """The model with every decision fixed in which the best plan and the earlier one agree."""
        same = [j for j in self._mine if abs(float(best.values[j]) - self._before(j)) < TRACE]
        return self.matrix.fixed({j: self._before(j) for j in same})

    def _changed(self, solution: Solution) -> str:
        changed = ChangedLines(self.matrix, self.lines).counted(solution.values)
        return f"order lines changed against the plan before: {changed}"

    def _how_changed(self, solution: Solution, kept: Solution | None) -> str:
        lines = self._changed(solution)
        if kept is None:
            return f"{lines}; not all of its decisions are possible any more"
        usd = in_usd(kept.objective - solution.objective)
        return f"{lines}; with all of its decisions kept this plan would cost {usd_in_words(usd)} more"
