"""Cost against one other thing: plans of which none is both cheaper and lower than another.

The augmented epsilon-constraint method (Mavrotas, 2009): between the least of the other thing and what the
cheapest plan has, the cost is minimised under one limit after another, with a small weight on the other
thing so that of equally cheap plans the lower one is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum

import numpy as np

from optimizer.explore.extremes import Extremes, closed_in, solution_of
from optimizer.explore.figures import Gauge, Linear
from optimizer.explore.results import Frontier, Headline, Point, headline
from optimizer.explore.sweep import WatchCount
from optimizer.explore.trades import Trade, trade_of
from optimizer.interruption import OutOfTime, held
from optimizer.plan.format import Plan
from optimizer.planning import NoPlan, Planned, make_plan
from optimizer.proven import Solved, plan_of, stated
from optimizer.request.load import Request
from optimizer.solving.matrix import Floats, Matrix, NewRow
from optimizer.solving.solution import Options, Solution, relative_gap
from optimizer.what_if import WhatIf
from optimizer.workers import Workers, answers

TIE_BREAK = 0.1
"""The part of the gap that the weight on the other thing may move the cost by."""
END_GAP = 0.005
"""The ends of a frontier are proved to this part of themselves, or to fifty times the gap if that is less."""
MOST_NODES = 5000
"""How far the search for a point goes; then its gap is what it is, and is shown."""
ROUNDING = 1e-9
EQUAL = 1e-7
"""Points whose amounts differ by less than this part of the frontier's span are one."""


@dataclass(frozen=True)
class Span:
    """The two ends of a frontier: the least amount, what none can be below, the cheapest plan's amount."""

    least: float
    bound: float
    most: float
    lowest: Floats

    def levels(self, points: int) -> Iterator[float]:
        """So many amounts at equal distances, the least first."""
        for k in range(points):
            yield self.least + (self.most - self.least) * k / max(points - 1, 1)


@dataclass(frozen=True)
class Levels:
    """What all points share: the plan at hand, the trade, and the values by column of what has the least."""

    plan: Plan
    options: Options
    trade: Trade
    span: Span
    lowest: Mapping[str, float]


def frontier(
    request: Request,
    key: str,
    points: int,
    options: Options,
    watch: WatchCount | None = None,
    workers: Workers = None,
) -> Frontier:
    """The frontier of cost against what `key` names, by so many points, each a plan.

    Both ends are found here, what lies between by all workers at once.

    Ctrl-C, or the end of the time in `options.ends`, ends it with the points that are found: at least with the
    best plan so far, which is the cheapest point.
    Raises InputError for a key that names nothing, and what `make_plan` raises.
    """
    with held():
        planned = make_plan(request, options)
        with WhatIf(planned.plan, options) as asked:
            trade = trade_of(key, Gauge(*asked.model))
            span = None
            with asked.until_stopped():
                if planned.interrupted:
                    raise KeyboardInterrupt
                span = _span(asked, asked.model[1], trade)
            if span is None:
                return _frontier(asked, trade, points, 0.0, [_cheapest(planned, key)])
            found = _points(asked, trade, span, points, workers, watch)
            kept = list(undominated(found, EQUAL * (span.most - span.least))) or [_cheapest(planned, key)]
            return _frontier(asked, trade, points, span.bound, kept)


def _frontier(asked: WhatIf, trade: Trade, points: int, least_bound: float, kept: Sequence[Point]) -> Frontier:
    return Frontier(
        trade=trade.key,
        label=trade.label,
        unit=trade.unit,
        asked=points,
        least_bound=least_bound,
        resolution_usd=max(point.headline.cost_usd - point.headline.bound_usd for point in kept),
        points=tuple(kept),
        stopped=asked.stopped,
    )


def _cheapest(planned: Planned, key: str) -> Point:
    """The cheapest plan as a point, without a further solve: for when there was no time for any other."""
    solved = planned.solved
    amount = trade_of(key, Gauge(solved.model, solved.matrix)).amount(solved.solution.values)
    return Point(limit=amount, amount=amount, headline=headline(planned.plan), plan=planned.plan)


def _span(asked: WhatIf, matrix: Matrix, trade: Trade) -> Span:
    """Both ends by lexicographic optima: the least amount of all plans, and of the cheapest ones."""
    here, gap = solution_of(asked, matrix), min(END_GAP, 50 * asked.options.gap)
    best = matrix.cost_of(here)
    cheapest = matrix.with_rows([matrix.cost_row(best + ROUNDING * abs(best))])
    least = trade.least(Extremes(asked, matrix, here, gap))
    most = trade.least(Extremes(asked, cheapest, here, gap))
    return Span(least.value, least.bound, max(least.value, most.value), least.values)


def _points(
    asked: WhatIf, trade: Trade, span: Span, points: int, workers: Workers, watch: WatchCount | None
) -> list[Point]:
    """A plan for each level, from the least up, as far as time goes and nobody asks to stop."""
    if span.most - span.least <= EQUAL * max(abs(span.most), EQUAL):
        points = 1
    lowest = dict(zip(asked.model[1].columns, span.lowest.tolist(), strict=True))
    shared, found = Levels(asked.plan, asked.options, trade, span, lowest), dict[int, Point]()
    with asked.until_stopped():
        for number, point in answers(list(span.levels(points)), _at_level, shared, workers):
            if point is not None:
                found[number] = point
                if watch is not None:
                    watch(len(found), points)
        if len(found) < points:
            raise OutOfTime
    return [found[number] for number in sorted(found)]


def _at_level(shared: Levels, level: float) -> Point | None:
    """The point of a level; None where time ran out."""
    try:
        with WhatIf(shared.plan, shared.options) as asked:
            return _point(asked, shared, level)
    except OutOfTime:
        return None


def _point(asked: WhatIf, shared: Levels, level: float) -> Point:
    """The cheapest plan within a level, lower ones first among equals. What has the least fits, so it begins there."""
    trade, span = shared.trade, shared.span
    request = trade.limited(asked.request, level)
    model, matrix = stated(request)
    at_level = trade_of(trade.key, Gauge(model, matrix))
    above = at_level.above(level)
    begin = np.array([shared.lowest.get(name, 0.0) for name in matrix.columns])
    searched, offset = _weighed(matrix, at_level, above, span, begin, asked.options.gap)
    if trade.limit is None:
        searched = searched.with_rows([NewRow("frontier", -np.inf, -part.constant, part.terms) for part in above])
    gap = asked.options.gap * (1 - 2 * TIE_BREAK)
    found = closed_in(asked, searched, asked.relaxed(searched), begin, gap, MOST_NODES)
    if not found.values.size and asked.options.ends is not None:
        raise OutOfTime
    if not found.values.size:
        raise NoPlan(found)
    cost = matrix.cost_of(found.values)
    bound = min(found.bound + offset, cost)
    solution = replace(found, objective=cost, bound=bound, duals=found.duals[: len(matrix.rows)], branches=None)
    plan = _plan(asked, Solved(request, model, matrix, _named(solution, asked.options), asked.options), trade)
    return Point(
        limit=level,
        amount=at_level.amount(found.values),
        headline=_bounded(headline(plan), solution.bound_usd),
        plan=plan,
    )


def _weighed(
    matrix: Matrix, trade: Trade, above: tuple[Linear, ...], span: Span, begin: Floats, gap: float
) -> tuple[Matrix, float]:
    """The model with a small weight on how far a plan stays below the level, and what its bound leaves out.

    Within the level nothing is above 0, so the weighed cost is never above the cost: its bound holds for both.
    """
    width = (span.most - span.least) * (trade.whole.at(begin) if trade.whole is not None else 1.0)
    if width <= 0:
        return matrix, 0.0
    weight = TIE_BREAK * gap * abs(matrix.cost_of(begin)) / width / len(above)
    cost = dict(enumerate(matrix.cost.tolist()))
    for part in above:
        for j, amount in part.terms.items():
            cost[j] += weight * amount
    return matrix.minimising(cost), weight * fsum(part.constant for part in above)


def _named(solution: Solution, options: Options) -> Solution:
    """A solution whose status says whether its own cost and bound are within the gap."""
    reached = relative_gap(solution.objective, solution.bound) <= options.gap
    return replace(solution, status="optimal" if reached else "feasible")


def _plan(asked: WhatIf, solved: Solved, trade: Trade) -> Plan:
    """The plan of a point. Where no scenario can state the level, it is one of the scenario as it is."""
    if trade.limit is not None:
        return plan_of(solved)
    return plan_of(replace(solved, solution=_named(solved.solution.bounded_by(asked.cost.least), asked.options)))


def _bounded(found: Headline, bound_usd: float) -> Headline:
    gap = relative_gap(found.cost_usd, bound_usd)
    return found.model_copy(update={"bound_usd": min(bound_usd, found.cost_usd), "gap": gap})


def undominated(points: Iterable[Point], same: float) -> Iterator[Point]:
    """The points that no other is as cheap as with as little, from the least amount up."""
    cheapest = np.inf
    last = -np.inf
    for point in sorted(points, key=lambda p: (p.amount, p.headline.cost_usd)):
        if point.headline.cost_usd < cheapest and point.amount > last + same:
            yield point
            cheapest, last = point.headline.cost_usd, point.amount
