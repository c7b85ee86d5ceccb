"""What `stress` says: how cost and what breaks are spread over futures, what drives cost, and where a plan breaks."""

from __future__ import annotations

from optimizer.interruption import Stopped
from optimizer.plan.provenance import Part
from optimizer.uncertainty.results import ResultFormat


class Interval(Part):
    """An estimate with the ends of its 95 % confidence interval, by the bootstrap (Efron, 1979)."""

    estimate: float
    least: float
    most: float


class Spread(Part):
    """How a quantity is spread over samples: mean, quantiles of 5, 50 and 95 %, and the mean of the worst tenth.

    `above_zero` is the share of the samples in which there is any of it.
    """

    mean: Interval
    p5: Interval
    p50: Interval
    p95: Interval
    cvar90: Interval
    above_zero: float


class Bin(Part):
    """Samples that cost as much as `least_usd` and less than `most_usd`; `worst` of them are of the worst tenth."""

    least_usd: float
    most_usd: float
    samples: int
    worst: int


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

    chipmix: ResultFormat
    plan_sha256: str
    seed: int
    asked: int
    samples: int
    stopped: Stopped | None
    plan_usd: float
    cost_usd: Spread
    unmet_share: Spread
    over_budget_usd: Spread
    unpowered_kw: Spread
    late_systems: Spread
    histogram: tuple[Bin, ...]
    drivers: tuple[Driver, ...]
    break_points: tuple[Breaks, ...]
    costs_usd: tuple[float, ...]

    @property
    def without_samples(self) -> StressResult:
        """The same without the cost of each sample; the histogram has them."""
        return self.model_copy(update={"costs_usd": ()})
