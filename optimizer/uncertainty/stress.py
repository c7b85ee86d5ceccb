"""A plan against futures that are drawn: the distribution of what happens to it, what drives it, where it breaks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from math import ceil, fsum, sqrt
from random import Random
from typing import Literal

from optimizer.plan.format import Plan
from optimizer.plan.provenance import Part
from optimizer.proven import program_version
from optimizer.solving.solution import Options
from optimizer.uncertainty.break_points import BreakPoint, break_points_of
from optimizer.uncertainty.samples import Sample, WatchCount, samples_of
from optimizer.workers import Workers
from optimizer.workers.kept import Kept

QUANTILES = (0.05, 0.5, 0.95)
TAIL, CONFIDENCE, RESAMPLES, MOST_RESAMPLED = 0.9, 0.95, 1000, 10_000
SEED = 20261130
"""Of the resamples by which confidence is measured; not of the futures."""
FIFTH = 0.2
NOTHING = 1e-6


class Interval(Part):
    """An estimate with the ends of its 95 % confidence interval, by the bootstrap (Efron, 1979)."""

    estimate: float
    least: float
    most: float


class Spread(Part):
    """How a quantity is spread over samples: mean, quantiles of 5, 50 and 95 %, and the mean of the worst tenth."""

    mean: Interval
    p5: float
    p50: float
    p95: float
    cvar90: Interval
    above_zero: float


class Driver(Part):
    """A draw, its rank correlation with cost (Spearman), and the mean cost in its lowest and its highest fifth."""

    draw: str
    rank_correlation: float
    lowest_usd: float
    highest_usd: float


class Breaks(Part):
    """A change alone: the plan holds at `holds` and not at `fails`, each confirmed by a solve; `breaks` says what."""

    draw: str
    change: str
    holds: float | None
    fails: float | None
    breaks: str


class StressResult(Part):
    """What happens to a plan in futures that are drawn; `stopped` says why there are fewer than were `asked`."""

    chipmix: str
    plan_sha256: str
    seed: int
    asked: int
    samples: int
    stopped: Literal["out_of_time", "interrupted"] | None
    plan_usd: float
    cost_usd: Spread
    unmet_share: Spread
    over_budget_usd: Spread
    unpowered_kw: Spread
    late_systems: Spread
    drivers: tuple[Driver, ...]
    break_points: tuple[Breaks, ...]
    costs_usd: tuple[float, ...]


def stress(
    plan: Plan,
    count: int,
    options: Options,
    workers: Workers = None,
    watch: WatchCount | None = None,
    kept: Kept | None = None,
) -> StressResult | None:
    """What happens to a plan in so many futures; None where there was no time for one.

    What is `kept` of an earlier run is not solved again, and all else is kept then.
    Raises InputError where its scenario has nothing to draw from.
    """
    samples, stopped = samples_of(plan, count, options, workers, watch, kept)
    if not samples:
        return None
    points = [] if stopped else break_points_of(plan, options, workers, kept)
    uncertainty = plan.scenario.get("uncertainty") or {}

    def spread(of: Callable[[Sample], float]) -> Spread:
        return spread_of([of(sample) for sample in samples])

    return StressResult(
        chipmix=program_version(),
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
        drivers=tuple(drivers_of(samples)),
        break_points=tuple(_breaks(point) for point in points),
        costs_usd=tuple(sample.cost.cost_usd for sample in samples),
    )


def _breaks(point: BreakPoint) -> Breaks:
    return Breaks(draw=point.draw, change=point.change, holds=point.holds, fails=point.fails, breaks=point.breaks)


def spread_of(values: Sequence[float]) -> Spread:
    """How values are spread; the interval of an estimate is that of its value in resamples, drawn by a fixed seed.

    Of very many values only so many are drawn each time, and the interval is narrowed as it would be by more of them,
    by the root of their number (m out of n bootstrap: Bickel, Götze and van Zwet, 1997).
    """
    source, count = Random(SEED), len(values)
    size = min(count, MOST_RESAMPLED)
    means, tails = [], []
    for _ in range(RESAMPLES if count > 1 else 1):
        drawn = source.choices(values, k=size)
        means.append(fsum(drawn) / size)
        tails.append(_worst(drawn))
    p5, p50, p95 = (_quantile(values, share) for share in QUANTILES)
    return Spread(
        mean=_interval(fsum(values) / count, means, sqrt(size / count)),
        p5=p5,
        p50=p50,
        p95=p95,
        cvar90=_interval(_worst(values), tails, sqrt(size / count)),
        above_zero=len([value for value in values if value > NOTHING]) / count,
    )


def _worst(values: Sequence[float]) -> float:
    """The mean of the worst tenth."""
    worst = sorted(values, reverse=True)[: max(1, ceil((1 - TAIL) * len(values) - NOTHING))]
    return fsum(worst) / len(worst)


def _quantile(values: Sequence[float], share: float) -> float:
    """The value that so many are no more than."""
    return sorted(values)[max(0, ceil(share * len(values) - NOTHING) - 1)]


def _interval(estimate: float, resampled: Sequence[float], width: float) -> Interval:
    outside = (1 - CONFIDENCE) / 2
    ends = (_quantile(resampled, outside), _quantile(resampled, 1 - outside))
    least, most = (end if width == 1 else estimate + width * (end - estimate) for end in ends)
    return Interval(estimate=estimate, least=min(least, estimate), most=max(most, estimate))


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
