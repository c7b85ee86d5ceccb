"""The mean of futures: one course in which every figure that differs has its expected value."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

from catalogs.periods import DIGITS, GROWTH, NotAPeriod, first_month, value_at
from optimizer.request.calendar import Calendar
from optimizer.request.edits import request_of
from optimizer.request.load import Request
from optimizer.uncertainty.courses import Tree
from optimizer.uncertainty.factors import changes, numbers_of, period_key, times

MEANS = Context(prec=DIGITS)


def mean_course(texts: Sequence[tuple[Tree, Tree]], weights: Sequence[Decimal], calendar: Calendar) -> Request:
    """The request whose every figure is the mean of those in some futures, by month; months of delay are rounded."""
    means = Mean(weights, calendar)
    catalog = means.of([known for _, known in texts])
    return request_of(means.of([_spelled(asked, known, calendar) for asked, known in texts]), catalog)


def _spelled(scenario: Tree, catalog: Tree, calendar: Calendar) -> Tree:
    """A scenario whose parts of pools are schedules of their own, which have a mean."""
    pools = {}
    for name, part in (scenario.get("pools_per_month") or {}).items():
        if isinstance(part, dict) and "forecast" in part:
            forecast = catalog["pools"][name]["forecasts"][part["forecast"]]
            part = times(forecast, Decimal(part["share"]), calendar)
        pools[name] = part
    return {**scenario, "pools_per_month": pools}


class Mean:
    """Means of texts, by the weights of futures."""

    def __init__(self, weights: Sequence[Decimal], calendar: Calendar) -> None:
        self.weights, self.calendar = weights, calendar

    def of(self, values: Sequence[Any]) -> Any:
        """The mean of the same part of several texts; what is equal in all of them stays as it is."""
        first = values[0]
        if all(value == first for value in values):
            return first
        if all(isinstance(value, list) for value in values):
            return [self.of(items) for items in zip(*values, strict=True)]
        if any(_is_schedule(value) for value in values):
            return self._schedule(values)
        if isinstance(first, dict):
            return {key: self._at(key, values) for key in dict.fromkeys(key for value in values for key in value)}
        if isinstance(first, int):
            return int(self._mean([Decimal(value) for value in values]).to_integral_value())
        return f"{self._mean([Decimal(value) for value in values]):f}"

    def _at(self, key: str, values: Sequence[Tree]) -> Any:
        """The mean at a key; what only some futures state, such as a price that was agreed, holds in all of them."""
        there = [value[key] for value in values if key in value]
        if len(there) < len(values):
            return there[0]
        return self._period(there) if key == "period" else self.of(there)

    def _period(self, values: Sequence[str]) -> str:
        """The mean of periods in which an order that is placed already enters service."""
        numbers = [Decimal(self.calendar.number(value) or 0) for value in values]
        return self.calendar.key(int(self._mean(numbers).to_integral_value()))

    def _schedule(self, values: Sequence[Any]) -> dict[str, str]:
        schedules = [numbers_of(value) for value in values]
        found = {}
        for month in changes(schedules, self.calendar):
            at = [value_at(schedule, month) for schedule in schedules]
            if any(number is not None for number in at):
                mean = self._mean([number or Decimal(0) for number in at])
                found[period_key(month, self.calendar)] = f"{mean:f}"
        return found

    def _mean(self, numbers: Sequence[Decimal]) -> Decimal:
        """Σ p · number / Σ p."""
        exact = Context(prec=200)
        total = Decimal(0)
        for number, weight in zip(numbers, self.weights, strict=True):
            total = exact.add(total, exact.multiply(number, weight))
        return MEANS.divide(total, exact.plus(sum(self.weights, Decimal(0))))


def _is_schedule(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(key in GROWTH or _is_period(key) for key in value)


def _is_period(text: Any) -> bool:
    """Whether the key of a mapping writes a period."""
    try:
        first_month(str(text))
    except NotAPeriod:
        return False
    return True
