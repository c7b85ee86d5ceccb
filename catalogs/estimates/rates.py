"""Rates that nobody has measured, from those of neighbours by what a unit of work costs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from catalogs.estimates.neighbours import RATES, Back, Rule, SmallRun
from catalogs.estimates.packages import BYTES
from catalogs.estimates.rounding import Value, each_step, known, rounded, starting
from catalogs.periods import first_month, value_at
from catalogs.schema import Accelerator, Catalog, Throughput


@dataclass(frozen=True)
class Work:
    """What one unit of a workload costs: TFLOP, and GB moved to and from memory.

    `weights_gb` is the model at one byte a weight divided by the batch, `other_gb` the key-value cache
    or embeddings, which do not shrink with the weights' precision.
    """

    tflop: float
    weights_gb: float = 0.0
    other_gb: float = 0.0


WORK = {
    "llm_training": Work(tflop=1.0),
    # 70 B weights; as much prompt as answer; batches of 256 and 96; 0.16 MB of cache a token, 440 tokens.
    "llm_serving_70b": Work(tflop=0.28, weights_gb=70 / 256, other_gb=0.072),
    "llm_serving_70b_interactive": Work(tflop=0.28, weights_gb=70 / 96, other_gb=0.072),
    # 405 B weights; a prompt of 9,400 tokens for 684 of answer; batches of 16 and 6.
    "llm_serving_405b": Work(tflop=11.9, weights_gb=405 / 16, other_gb=2.5),
    "llm_serving_405b_interactive": Work(tflop=11.9, weights_gb=405 / 6, other_gb=2.5),
    # 671 B weights, 37 B active; 880 tokens of prompt for 3,880 of answer; batches of 4,096 and 512.
    "llm_serving_moe": Work(tflop=0.091, weights_gb=671 / 4096, other_gb=0.1),
    "llm_serving_moe_interactive": Work(tflop=0.091, weights_gb=671 / 512, other_gb=0.1),
    # Fitted to H100 and H200, which differ in memory only.
    "recommendation_training": Work(tflop=395e-6, other_gb=0.6e-3),
    "recommendation_inference": Work(tflop=39.4e-3, other_gb=8.1e-3),
}


def roofline(work: Work, peak_tflops: float, bandwidth_tb_s: float, bytes_per_weight: float) -> float:
    """Units per second if computing and moving data took turns and each ran at its peak."""
    moved_tb = (work.weights_gb * bytes_per_weight + work.other_gb) / 1000
    return 1 / (work.tflop / peak_tflops + moved_tb / bandwidth_tb_s)


def like_neighbours(rooflines: Iterable[tuple[float, float]], roofline_here: float, factor: float) -> float:
    """A rate at the efficiency of measured neighbours, given as (rate, roofline); their geometric mean."""
    efficiencies = [rate / line for rate, line in rooflines]
    return math.prod(efficiencies) ** (1 / len(efficiencies)) * roofline_here * factor


def from_small_run(neighbour_rate: float, speed_ratio: float, factor: float) -> float:
    """A rate at scale, where only a small run was measured: the neighbour's by the ratio of small runs."""
    return neighbour_rate * speed_ratio * factor


def carried_back(rate_now: float, neighbour_then: float, neighbour_now: float) -> float:
    """A rate measured in one round, as of an earlier round: by the gain of a neighbour between the two."""
    return rate_now * neighbour_then / neighbour_now


SCALE_ALLOWANCE = 0.9
"""Small runs flatter chips whose submissions stop at 8 to 32 accelerators."""


def _peak(chip: Accelerator, precision: str | None) -> float:
    return known(chip.peak_tflops.get(precision)) if precision else 0.0  # type: ignore[call-overload]


def _roofline_of(catalog: Catalog, chip: str, workload: str, precision: str | None) -> float:
    spec = catalog.accelerators[chip]
    bandwidth = known(spec.memory_bandwidth_tb_s)
    return roofline(WORK[workload], _peak(spec, precision), bandwidth, BYTES[precision or "bf16"])


def _point(catalog: Catalog, chip: str, workload: str) -> Throughput:
    """The one point of a throughput that a rule gives or starts from."""
    (point,) = catalog.throughput[chip][workload]
    return point


def _rate(catalog: Catalog, chip: str, workload: str, rule: Rule) -> Value:
    here = _point(catalog, chip, workload)
    if isinstance(rule, SmallRun):
        rate = _point(catalog, rule.neighbour, workload).rate
        return each_step(rate, lambda at_scale: from_small_run(at_scale, rule.ratio, SCALE_ALLOWANCE))
    if isinstance(rule, Back):
        gains = _point(catalog, rule.neighbour, rule.on).rate
        assert isinstance(gains, dict)
        latest = float(list(gains.values())[-1])
        return each_step(gains, lambda then: carried_back(rule.rate_now, then, latest))
    line = _roofline_of(catalog, chip, workload, here.precision)
    others = [_point(catalog, n, workload) for n in rule.neighbours]
    lines = [_roofline_of(catalog, n, workload, o.precision) for n, o in zip(rule.neighbours, others, strict=True)]
    if len(others) == 1:
        return each_step(others[0].rate, lambda rate: like_neighbours([(rate, lines[0])], line, rule.factor))
    latest_rates = [known(value_at(other.rate, 12 * 2100)) for other in others]
    return rounded(like_neighbours(zip(latest_rates, lines, strict=True), line, rule.factor))


def _first_year(catalog: Catalog, chip: str) -> str:
    """The year in which a chip can first be ordered; its rates start there."""
    offers = [o for o in catalog.offers.values() if catalog.systems[o.system].accelerator == chip]
    return str(min(first_month(o.available.from_) for o in offers if o.available.from_) // 12)


def rate_figures(catalog: Catalog) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for chip, rules in RATES.items():
        for workload, rule in rules.items():
            rate = _rate(catalog, chip, workload, rule)
            if isinstance(rate, dict):
                steps = starting(rate, _first_year(catalog, chip))
                rate = steps if len(steps) > 1 else next(iter(steps.values()))
            found[f"throughput.{chip}.{workload}"] = rate
    return found
