"""Rates that nobody has measured, from those of neighbours by what a unit of work costs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from catalogs.estimates.neighbours import (
    MATMUL_BF16_TFLOPS,
    RATES,
    TRAINING,
    TRAINING_AT,
    AsOn,
    Back,
    Like,
    Matmul,
    Rule,
    SmallRun,
)
from catalogs.estimates.packages import BYTES
from catalogs.estimates.rounding import Value, known, rounded
from catalogs.periods import first_month
from catalogs.schema import Catalog, Throughput


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


Steps = dict[str, float]
"""Rates by the period from which they are in force; the first, under "", is so from the beginning."""


@dataclass(frozen=True)
class Rated:
    """What an accelerator reaches on a workload in one precision, and what its roofline is there."""

    steps: Steps
    line: float

    @property
    def latest(self) -> float:
        return list(self.steps.values())[-1]


def _line(catalog: Catalog, chip: str, workload: str, precision: str) -> float:
    spec = catalog.accelerators[chip]
    peak = known({str(name): value for name, value in spec.peak_tflops.items()}.get(precision))
    return roofline(WORK[workload], peak, known(spec.memory_bandwidth_tb_s), BYTES[precision])


def _in_force(points: Iterable[Throughput]) -> Steps:
    """The best of the points so far, by the period from which it is."""
    steps: Steps = {}
    for point in sorted(points, key=lambda point: first_month(point.from_) if point.from_ else 0):
        assert not isinstance(point.rate, dict), "a shipped point holds one rate"
        if point.rate > max(steps.values(), default=0.0):
            steps["" if not steps else point.from_ or ""] = float(point.rate)
    return steps


def _rated(catalog: Catalog, chip: str, workload: str, precision: str) -> Rated:
    """A neighbour's rates in the precision asked for, or in the one in which it is fastest."""
    points = catalog.points(chip, workload)
    same = [point for point in points if point.precision == precision]
    chosen = precision if same else str(max(points, key=lambda point: float(str(point.rate))).precision)
    found = [point for point in points if point.precision == chosen]
    return Rated(_in_force(found), _line(catalog, chip, workload, chosen))


def _rates(catalog: Catalog, chip: str, workload: str, rule: Rule, precision: str) -> Steps:
    """What a rule gives, each step of the neighbour's rate one of ours."""
    if isinstance(rule, Back):
        return {"": _before(catalog, chip, workload, rule)}
    if isinstance(rule, Like) and len(rule.neighbours) > 1:
        others = [_rated(catalog, other, workload, precision) for other in rule.neighbours]
        line = _line(catalog, chip, workload, precision)
        return {"": like_neighbours([(other.latest, other.line) for other in others], line, rule.factor)}
    other = _rated(catalog, rule.neighbours[0] if isinstance(rule, Like) else rule.neighbour, workload, precision)
    factor = _factor(catalog, chip, workload, rule, precision, other)
    return {period: rate * factor for period, rate in other.steps.items()}


def _factor(catalog: Catalog, chip: str, workload: str, rule: Rule, precision: str, other: Rated) -> float:
    """Rate here over the neighbour's."""
    if isinstance(rule, SmallRun):
        return from_small_run(1.0, rule.ratio, SCALE_ALLOWANCE)
    if isinstance(rule, Matmul):
        return MATMUL_BF16_TFLOPS[chip] / MATMUL_BF16_TFLOPS[rule.neighbour]
    line = _line(catalog, chip, workload, precision)
    against = _against(catalog, chip, rule, precision) if isinstance(rule, AsOn) else rule.factor  # type: ignore[union-attr]
    return like_neighbours([(1.0, other.line)], line, against)


def _against(catalog: Catalog, chip: str, rule: AsOn, precision: str) -> float:
    """Efficiency here over the neighbour's on another workload, by the latest rates of both."""
    here, there = (_rated(catalog, name, rule.on, precision) for name in (chip, rule.neighbour))
    return (here.latest / here.line) / (there.latest / there.line)


def _before(catalog: Catalog, chip: str, workload: str, rule: Back) -> float:
    """The rate before a measured one: that, by the gain of the neighbour between its first and its latest round."""
    (measured,) = [point for point in catalog.points(chip, workload) if point.basis == "measured"]
    gains = list(_rated(catalog, rule.neighbour, rule.on, str(measured.precision)).steps.values())
    return carried_back(float(str(measured.rate)), gains[0], gains[-1])


def _first_order(catalog: Catalog, chip: str) -> int:
    """The first month in which a chip can be ordered; what held before is its first rate."""
    offers = [o for o in catalog.offers.values() if catalog.systems[o.system].accelerator == chip]
    return min(first_month(o.available.from_) for o in offers if o.available.from_)


def _own_precision(catalog: Catalog, chip: str, workload: str) -> str:
    """In which the entry has its estimate, training in further precisions apart."""
    (precision,) = {
        point.precision
        for point in catalog.points(chip, workload)
        if point.source == "rule_throughput" and not (workload == TRAINING and (chip, point.precision) in TRAINING_AT)
    }
    assert precision is not None
    return precision


def rate_figures(catalog: Catalog) -> dict[str, Value]:
    """Rates by `throughput.<accelerator>.<workload>.<precision>`, each with the period from which it is in force."""
    found: dict[str, Value] = {}
    rules = [
        (chip, workload, rule, _own_precision(catalog, chip, workload))
        for chip, by_workload in RATES.items()
        for workload, rule in by_workload.items()
    ]
    rules += [(chip, TRAINING, rule, precision) for (chip, precision), rule in TRAINING_AT.items()]
    for chip, workload, rule, precision in rules:
        steps = _rates(catalog, chip, workload, rule, precision)
        found[f"throughput.{chip}.{workload}.{precision}"] = _from_first_order(steps, _first_order(catalog, chip))
    return found


def _from_first_order(steps: Steps, opening: int) -> Steps:
    """The steps from the first order on, without those that repeat the one before."""
    kept: Steps = {}
    for period, rate in steps.items():
        value = rounded(rate)
        begun = not period or first_month(period) <= opening
        if begun or value != list(kept.values())[-1]:
            kept["" if begun else period] = value
    return kept
