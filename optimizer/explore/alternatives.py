"""Plans of nearly the best cost: how far everything may move, and a few plans that differ most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import fsum

import numpy as np

from catalogs.problems import InputError, suggestion
from optimizer.explore.extremes import Extremes, closed_in, solution_of
from optimizer.explore.figures import Figure, Gauge, Linear, minimised, negative
from optimizer.explore.ranges import RANGE_GAP, figures, ranges
from optimizer.explore.results import Alternative, Alternatives, Range, headline
from optimizer.explore.sweep import WatchCount
from optimizer.interruption import held
from optimizer.planning import make_plan
from optimizer.proven import Solved, plan_of
from optimizer.request.load import Request
from optimizer.solving.matrix import Floats, Matrix, NewRow, in_usd
from optimizer.solving.solution import Options, Solution
from optimizer.what_if import WhatIf
from optimizer.workers import Workers

KEPT = 0.005
"""While the cost of an alternative is minimised, money of a kind may move by this part of all the money."""
LEAST_MONEY = 1e-6
DIFFERENT = 0.01
"""A plan that spends less than this part of the money differently is no alternative."""


@dataclass(frozen=True)
class Mix:
    """How plans spend their money: by accelerator and route, in millions of USD."""

    kinds: tuple[Linear, ...]
    money: float

    def of(self, values: Floats) -> Floats:
        """The money that a solution spends on each kind."""
        return np.array([kind.at(values) for kind in self.kinds])

    def apart(self, values: Floats, other: Floats) -> float:
        """The part of the money that two solutions spend differently."""
        return fsum(np.abs(self.of(values) - self.of(other))) / 2 / max(self.money, LEAST_MONEY)

    def nearest(self, values: Floats, others: Iterable[Floats]) -> float:
        """How far a solution is from the nearest of some others."""
        return min(self.apart(values, other) for other in others)


def alternatives(
    request: Request,
    within: float,
    options: Options,
    plans: int = 4,
    least: Sequence[str] = (),
    workers: Workers = None,
    watch: WatchCount | None = None,
) -> Alternatives:
    """What is open within a part of the best cost, and so many plans that differ most, the best one first.

    `least` names vendors: then the plans are those that spend the least on each of them. When the time of
    `options.ends` has passed, or at a Ctrl-C, what was found by then is given, at least the best plan so far.
    Raises InputError for a vendor that is not there, and what `make_plan` raises.
    """
    with held():
        planned = make_plan(request, options)
        with WhatIf(planned.plan, options, workers) as asked:
            found = _Found(planned.plan.objective_usd + within * abs(planned.plan.objective_usd))
            with asked.until_stopped():
                if planned.interrupted:
                    raise KeyboardInterrupt
                _explore(_Search(asked, within, watch), plans, least, found)
            best = Alternative(about="best plan", apart=0.0, headline=headline(asked.plan), plan=asked.plan)
            return Alternatives(
                scenario=asked.request.scenario.name,
                within=within,
                most_cost_usd=found.most_cost_usd,
                ranges=tuple(found.ranges),
                plans=(best, *found.plans),
                stopped=asked.stopped,
            )


@dataclass
class _Found:
    """What has been found so far: the search may be stopped at any time."""

    most_cost_usd: float
    ranges: list[Range] = field(default_factory=list)
    plans: list[Alternative] = field(default_factory=list)


def _explore(search: _Search, plans: int, least: Sequence[str], found: _Found) -> None:
    search.refuse_unknown(least)
    found.most_cost_usd = in_usd(search.most_cost)
    found.ranges += search.table()
    if search.asked.stopped is None:
        for one in search.least_of(least) if least else search.different(plans):
            found.plans.append(one)


class _Search:
    """The plans within a part of the best cost: their model, what is known of it, the plans found so far."""

    def __init__(self, asked: WhatIf, within: float, watch: WatchCount | None) -> None:
        self.asked, self.watch = asked, watch or (lambda _done, _total: None)
        self.model, self.matrix = asked.model
        self.gauge = Gauge(self.model, self.matrix)
        self.here = solution_of(asked, self.matrix)
        best = self.matrix.cost_of(self.here)
        self.most_cost = best + within * abs(best)
        self.capped = self.matrix.with_rows([self.matrix.cost_row(self.most_cost)])
        self.extremes = Extremes(asked, self.capped, self.here, min(RANGE_GAP, 200 * asked.options.gap))
        self.figures = list(figures(self.model, self.gauge))
        self.mix = _mix(self.gauge, self.here)
        self.duals = asked.relaxed(self.matrix).duals
        self.known: list[Floats] = [self.here]
        self.ends: dict[str, Floats] = {}

    def refuse_unknown(self, vendors: Iterable[str]) -> None:
        known = self.gauge.values_of("vendor")
        problems = [
            self.asked.request.problem((), f"--least: nothing of '{name}' can be ordered{suggestion(name, known)}")
            for name in vendors
            if name not in known
        ]
        if problems:
            raise InputError(problems)

    def table(self) -> tuple[Range, ...]:
        """The range of every figure; the plans at its ends are kept."""
        found = []
        for row, low, high in ranges(self.extremes, self.figures, self.watch):
            found.append(row)
            self.known += [low.values, high.values]
            if row.kind == "vendor":
                self.ends[row.name] = low.values
        return tuple(found)

    def least_of(self, vendors: Sequence[str]) -> Iterator[Alternative]:
        """The cheapest of the plans that spend the least on each vendor."""
        for vendor in vendors:
            figure = next(f for f in self.figures if f.kind == "vendor" and f.name == vendor)
            yield self._least_of(figure, self.ends[vendor])

    def _least_of(self, figure: Figure, values: Floats) -> Alternative:
        (spend,) = figure.parts
        most = spend.at(values) - spend.constant
        row = NewRow("least", -np.inf, most + 1e-9 * abs(most), spend.terms)
        cheapest = self._cheapest(self.capped.with_rows([row]), values)
        return self._alternative(f"least {figure.name}", cheapest, [self.here])

    def different(self, plans: int) -> Iterator[Alternative]:
        """Plans one after another, each as far as can be found from all before it."""
        mix, found = self.mix, [self.here]
        while len(found) < plans:
            far = max(self.known, key=lambda values: mix.nearest(values, found))
            if mix.nearest(far, found) < DIFFERENT:
                return
            far = self._farther(far, found)
            kept = [
                NewRow(f"kept({k})", at - KEPT * mix.money, at + KEPT * mix.money, kind.terms)
                for k, (kind, at) in enumerate(zip(mix.kinds, mix.of(far), strict=True))
                if kind.terms
            ]
            cheapest = self._cheapest(self.capped.with_rows(kept), far)
            yield self._alternative(f"alternative {len(found)}", cheapest, found)
            found.append(cheapest.values)

    def _farther(self, far: Floats, found: Sequence[Floats]) -> Floats:
        """A solution at least as far from those found: each kind stays on its side of theirs, where distance is linear.

        What is minimised is the highest of minus the distances.
        """
        mix, sides, distances = self.mix, [], []
        for other in found:
            distance = Linear({})
            for kind, there, here in zip(mix.kinds, mix.of(other), mix.of(far), strict=True):
                sign = 1.0 if here >= there else -1.0
                sides.append(NewRow("side", *_side(sign, there - kind.constant), kind.terms))
                distance = distance.less(kind, -sign / 2).less(Linear({}, 1.0), sign * there / 2)
            distances.append(negative(distance))
        inside = self.capped.with_rows(sides)
        matrix, _ = minimised(inside, tuple(distances))
        found_farther = closed_in(self.asked, matrix, self.asked.relaxed(matrix), far, RANGE_GAP, nodes=1)
        values = found_farther.values[: len(far)]
        return values if values.size and mix.nearest(values, found) > mix.nearest(far, found) else far

    def _cheapest(self, matrix: Matrix, known: Floats) -> Solution:
        """The cheapest solution of a model that keeps the plan's own objective, or the known one."""
        found = closed_in(self.asked, matrix, self.asked.relaxed(matrix), known, self.asked.options.gap, nodes=1)
        return found if found.values.size else replace(found, values=known, objective=matrix.cost_of(known))

    def _alternative(self, about: str, solution: Solution, others: Sequence[Floats]) -> Alternative:
        """A solution as a plan of the scenario, with the bound that holds for every plan."""
        asked = self.asked
        bounded = solution.bounded_by(asked.cost.least)
        near = bounded.gap <= asked.options.gap
        proper = replace(bounded, status="optimal" if near else "feasible", duals=self.duals, branches=None)
        plan = plan_of(Solved(asked.request, self.model, self.matrix, proper, asked.options))
        apart = self.mix.nearest(solution.values, others)
        return Alternative(about=about, apart=apart, headline=headline(plan), plan=plan)


def _mix(gauge: Gauge, here: Floats) -> Mix:
    facts = (part.facts for part in gauge.measured("systems"))
    pairs = sorted({(one["accelerator"][0], one["route"][0]) for one in facts})
    kinds = (gauge.spend(accelerator=accelerator, route=route) for accelerator, route in pairs)
    return Mix(tuple(kind for kind in kinds if kind.terms), gauge.spend().at(here))


def _side(sign: float, there: float) -> tuple[float, float]:
    return (there, np.inf) if sign > 0 else (-np.inf, there)
