"""A plan against futures that are drawn: the distribution of what happens to it, what drives it, where it breaks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from math import ceil, floor, fsum, log10, sqrt
from random import Random

from optimizer.plan.format import Plan
from optimizer.proven import program_version
from optimizer.solving.solution import Options
from optimizer.uncertainty.break_points import BreakPoint, break_points_of
from optimizer.uncertainty.distribution import Bin, Breaks, Driver, Interval, Spread, StressResult
from optimizer.uncertainty.results import FORMAT, ResultFormat
from optimizer.uncertainty.samples import Sample, WatchCount, samples_of

QUANTILES = (0.05, 0.5, 0.95)
TAIL, CONFIDENCE, RESAMPLES = 0.9, 0.95, 1000
SEED = 20261130
"""Of the resamples by which confidence is measured; not of the futures."""
FIFTH = 0.2
NOTHING = 1e-6
FEWEST_BINS, MOST_BINS = 5, 20
ROUND_STEPS = (1, 2, 2.5, 5, 10)
"""Widths of the bins of a histogram, in powers of ten: their ends are figures that anybody would write."""


def stress(
    plan: Plan, count: int, options: Options, workers: int | None = None, watch: WatchCount | None = None
) -> StressResult | None:
    """What happens to a plan in so many futures; None where there was no time for one.

    Raises InputError where its scenario has nothing to draw from.
    """
    samples, stopped = samples_of(plan, count, options, workers, watch)
    if not samples:
        return None
    points = [] if stopped else break_points_of(plan, options, workers)
    uncertainty = plan.scenario.get("uncertainty") or {}

    costs = tuple(sample.cost.cost_usd for sample in samples)

    def spread(of: Callable[[Sample], float]) -> Spread:
        return spread_of([of(sample) for sample in samples])

    return StressResult(
        chipmix=ResultFormat(format=FORMAT, version=program_version()),
        plan_sha256=plan.run.plan_sha256,
        seed=int(uncertainty.get("seed", 0)),
        asked=count,
        samples=len(samples),
        stopped=stopped,
        plan_usd=plan.objective_usd,
        cost_usd=spread(lambda s: s.cost.cost_usd),
        unmet_share=spread(lambda s: s.cost.unmet_share),
        over_budget_usd=spread(lambda s: s.cost.over_budget_usd),
        unpowered_kw=spread(lambda s: s.cost.unpowered_kw),
        late_systems=spread(lambda s: s.cost.late_systems),
        histogram=tuple(histogram_of(costs)),
        drivers=tuple(drivers_of(samples)),
        break_points=tuple(_breaks(point) for point in points),
        costs_usd=costs,
    )


def _breaks(point: BreakPoint) -> Breaks:
    return Breaks(draw=point.draw, change=point.change, holds=point.holds, fails=point.fails, breaks=point.breaks)


def spread_of(values: Sequence[float]) -> Spread:
    """How values are spread; the interval of an estimate is that of its value in resamples, drawn by a fixed seed."""
    source, count = Random(SEED), len(values)
    drawn = (source.choices(values, k=count) for _ in range(RESAMPLES if count > 1 else 1))
    resampled = list(zip(*map(_estimates, drawn), strict=True))
    mean, p5, p50, p95, worst = map(_interval, _estimates(values), resampled)
    above_zero = len([value for value in values if value > NOTHING]) / count
    return Spread(mean=mean, p5=p5, p50=p50, p95=p95, cvar90=worst, above_zero=above_zero)


def _estimates(values: Sequence[float]) -> tuple[float, ...]:
    """The mean, the quantiles and the mean of the worst tenth."""
    ordered = sorted(values)
    quantiles = (_quantile(ordered, share) for share in QUANTILES)
    worst = ordered[-_tail(len(ordered)) :]
    return fsum(ordered) / len(ordered), *quantiles, fsum(worst) / len(worst)


def _tail(count: int) -> int:
    """How many samples are the worst tenth."""
    return max(1, ceil((1 - TAIL) * count - NOTHING))


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The value that so many are no more than."""
    return ordered[max(0, ceil(share * len(ordered) - NOTHING) - 1)]


def _interval(estimate: float, resampled: Sequence[float]) -> Interval:
    outside, resampled = (1 - CONFIDENCE) / 2, sorted(resampled)
    least, most = _quantile(resampled, outside), _quantile(resampled, 1 - outside)
    return Interval(estimate=estimate, least=min(least, estimate), most=max(most, estimate))


def histogram_of(costs: Sequence[float]) -> list[Bin]:
    """How many samples cost how much, in bins of one width, from the least cost to the most."""
    ordered, tail = sorted(costs), _tail(len(costs))
    span = ordered[-1] - ordered[0]
    if span <= NOTHING:
        return [Bin(least_usd=ordered[0], most_usd=ordered[0], samples=len(ordered), worst=tail)]
    step = _round_step(span / min(max(ceil(sqrt(len(ordered))), FEWEST_BINS), MOST_BINS))
    numbers = [floor(cost / step) for cost in ordered]
    return [
        Bin(
            least_usd=number * step,
            most_usd=(number + 1) * step,
            samples=numbers.count(number),
            worst=numbers[-tail:].count(number),
        )
        for number in range(numbers[0], numbers[-1] + 1)
    ]


def _round_step(least: float) -> float:
    """The least round figure that is no less than another."""
    power = 10.0 ** floor(log10(least))
    return next(step * power for step in ROUND_STEPS if step * power >= least * (1 - NOTHING))


def drivers_of(samples: Sequence[Sample]) -> list[Driver]:
    """What moves cost, most first."""
    costs = [sample.cost.cost_usd for sample in samples]
    found = []
    for name in samples[0].figures:
        figures = [sample.figures[name] for sample in samples]
        if len(set(figures)) > 1:
            by_figure = [cost for _, _, cost in sorted(zip(figures, range(len(costs)), costs, strict=True))]
            fifth = max(1, round(FIFTH * len(costs)))
            lowest, highest = fsum(by_figure[:fifth]) / fifth, fsum(by_figure[-fifth:]) / fifth
            correlation = correlation_of(_ranks(figures), _ranks(costs))
            found.append(Driver(draw=name, rank_correlation=correlation, lowest_usd=lowest, highest_usd=highest))
    return sorted(found, key=lambda driver: (-abs(driver.rank_correlation), driver.draw))


def _ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1, the mean of those of equal values."""
    listed = sorted(values)
    return [(bisect_left(listed, value) + bisect_right(listed, value) + 1) / 2 for value in values]


def correlation_of(one: Sequence[float], other: Sequence[float]) -> float:
    """Pearson's; 0 where one of them is the same everywhere."""
    apart, also = ([value - fsum(of) / len(of) for value in of] for of in (one, other))
    size = sqrt(fsum(a * a for a in apart) * fsum(b * b for b in also))
    return fsum(a * b for a, b in zip(apart, also, strict=True)) / size if size else 0.0
