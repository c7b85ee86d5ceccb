"""Numbers of estimates: rounded, and step by step over the periods of a schedule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeVar

from catalogs.periods import first_month
from catalogs.schema import Offer

T = TypeVar("T")


class NoEstimate(ValueError):
    """What is known of two chips does not do for a rule."""


Value = float | dict[str, float]
"""A number, or numbers by period."""


DIGITS = 3
"""Every estimate is rounded to three significant digits: more would look like knowledge."""


def rounded(value: float, digits: int = DIGITS) -> float:
    """The value to so many significant digits."""
    return round(value, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0.0


def for_each(value: T, names: str) -> dict[str, T]:
    """The same value for each of the names in a text."""
    return dict.fromkeys(names.split(), value)


def known(value: Decimal | None) -> float:
    if value is None:
        raise NoEstimate("an estimate needs a figure that the catalogue does not have")
    return float(value)


def each_step(schedule: Decimal | dict[str, Decimal], change: Callable[[float], float]) -> Value:
    """The rounded result of `change` for a number or for every step of a schedule; equal steps merge."""
    if isinstance(schedule, Decimal):
        return rounded(change(float(schedule)))
    return _merged({key: rounded(change(float(amount))) for key, amount in schedule.items()})


def from_first_order(steps: Mapping[str, float], offer: Offer) -> dict[str, float]:
    """A schedule that starts when the offer opens."""
    return starting(steps, offer.available.from_) if offer.available.from_ else dict(steps)


def starting(steps: Mapping[str, float], start: str) -> dict[str, float]:
    """A schedule that starts at a period: what held before is written there."""
    opening = first_month(start)
    held = [value for key, value in steps.items() if first_month(key) <= opening] or [next(iter(steps.values()))]
    later = {key: value for key, value in steps.items() if first_month(key) > opening}
    return _merged({start: held[-1], **later})


def _merged(steps: Mapping[str, float]) -> dict[str, float]:
    """The steps without those that repeat the one before."""
    values = list(steps.values())
    return {key: value for i, (key, value) in enumerate(steps.items()) if i == 0 or value != values[i - 1]}
