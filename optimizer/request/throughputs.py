"""Which point of a throughput holds in a period: the best of those in force."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple, get_args

from catalogs.periods import first_month
from catalogs.schema import Basis, Throughput
from optimizer.request.schedules import mean

CERTAINTY: tuple[str, ...] = get_args(Basis)
"""Kinds of evidence, the most certain first."""


class Best(NamedTuple):
    """The point that holds in a period, and its rate: the mean of the period's months."""

    rate: Decimal
    point: Throughput


def in_force(point: Throughput, months: range) -> bool:
    """Whether a point holds in the first month of a period, and so in all of it."""
    return point.from_ is None or first_month(point.from_) <= months[0]


def best(points: Iterable[Throughput], months: range) -> Best | None:
    """The point in force with the highest rate, of equal ones the most certain; None where none has begun."""
    rated = [Best(rate, point) for point in points if in_force(point, months) and (rate := mean(point.rate, months))]
    return max(rated, key=lambda one: (one.rate, -CERTAINTY.index(one.point.basis)), default=None)
