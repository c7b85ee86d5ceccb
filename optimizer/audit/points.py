"""Which point of a throughput work goes by: the best of those in force that demand, scenario and system allow.

r(y,w) is the highest of the points' means over the period; of equal ones the most certain counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple

from optimizer.audit.records import Demand, Inputs, Point, System

CERTAINTY = ("measured", "vendor", "quoted", "estimated", "unsourced")
"""Kinds of evidence, the most certain first."""
UNSTATED = "an unstated precision"
TOO_SMALL = "its memory does not hold the workload"
"""Stands for the reason that tells by how much, which the reading of reasons takes apart."""


class Rated(NamedTuple):
    """A point with its rate in a period."""

    rate: Fraction
    point: Point


def points_of(demand: Demand, system: System, inputs: Inputs) -> tuple[Point, ...]:
    """All that is known of an accelerator on a demand's workload."""
    return inputs.throughput.get((system.accelerator, demand.workload), ())


def in_precision(point: Point, demand: Demand) -> bool:
    """Whether the demand accepts a point's precision; one that is not stated only where it accepts any."""
    return demand.precisions is None or point.precision in demand.precisions


def on_evidence(point: Point, inputs: Inputs) -> bool:
    """Whether the scenario accepts a point's basis."""
    return inputs.basis is None or point.basis in inputs.basis


def in_one_system(point: Point, system: System) -> bool:
    """Whether a system holds as many accelerators as reached a point together."""
    return point.accelerators <= system.accelerators


def best(points: Iterable[Point], months: range) -> Rated | None:
    """The best of the points in force in a period, the first of those that are equal in rate and evidence."""
    found: Rated | None = None
    for point in points:
        rate = point.rate_in(months)
        if rate and (found is None or (rate, certainty(point)) > (found.rate, certainty(found.point))):
            found = Rated(rate, point)
    return found


def certainty(point: Point) -> int:
    """The higher the more certain; evidence of no known kind is the least."""
    return -CERTAINTY.index(point.basis) if point.basis in CERTAINTY else -len(CERTAINTY)


def sifted(demand: Demand, system: System, inputs: Inputs) -> tuple[list[Point], str | None]:
    """The points that count for a demand's work on a system, or those that come nearest and why they do not.

    Points drop out for their precision, evidence, size and memory, in this order; what the last of them lack is why.
    """
    left = list(points_of(demand, system, inputs))
    sieves: tuple[tuple[Callable[[Point], bool], Callable[[list[Point]], str]], ...] = (
        (lambda point: in_precision(point, demand), _other_precisions),
        (lambda point: on_evidence(point, inputs), _other_evidence),
        (lambda point: in_one_system(point, system), lambda last: _too_few(last, system)),
        (lambda point: point.fits(system), lambda _: TOO_SMALL),
    )
    for passes, why in sieves:
        kept = [point for point in left if passes(point)]
        if left and not kept:
            return left, why(left)
        left = kept
    return left, None


def done_by(demand: Demand, system: System, months: range, inputs: Inputs) -> Rated | None:
    """The point by which a system does a demand's work in a period; None where it can do none."""
    points, why = sifted(demand, system, inputs)
    return best(points, months) if why is None else None


def stated_for(demand: Demand, system: System, months: range, inputs: Inputs) -> Rated | None:
    """The point by which the work of a plan is read: where none counts, the best of those that come nearest."""
    return best(sifted(demand, system, inputs)[0], months)


def least_taken(demand: Demand, system: System, inputs: Inputs) -> Fraction:
    """The least memory that a workload takes at the points that count, or that come nearest."""
    return min(point.memory_gb for point in sifted(demand, system, inputs)[0])


def _other_precisions(points: list[Point]) -> str:
    found = " or ".join(sorted({point.precision or UNSTATED for point in points}))
    return f"its throughput is in {found}, which is not accepted (precisions)"


def _other_evidence(points: list[Point]) -> str:
    return f"its throughput is {' or '.join(sorted({point.basis for point in points}))}, which is not accepted"


def _too_few(points: list[Point], system: System) -> str:
    least = min(point.accelerators for point in points)
    return f"its throughput takes {least} accelerators together, it has {system.accelerators}"
