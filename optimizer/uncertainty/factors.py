"""Schedules times factors, and schedules that come later: exact text in, exact text out."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Any

from catalogs.periods import GROWTH, first_month, steps, value_at, written
from optimizer.request.calendar import Calendar
from optimizer.request.edits import each_number

EXACT = Context(prec=100)
"""Digits enough for a product of figures as they are written."""
Numbers = Decimal | dict[str, Decimal]


def times(value: Any, factor: Numbers, calendar: Calendar) -> Any:
    """A schedule, as text, times a factor: in every month what it was times the factor of that month.

    A factor is 1 before its first period. One that always holds leaves the schedule's form as it is, growth included;
    else each month in which either changes has its own number, from the first month of the horizon on.
    """
    if not isinstance(factor, dict):
        return each_number(value, lambda number: EXACT.multiply(number, factor))
    schedule = numbers_of(value)
    listed = {}
    for month in changes((schedule, factor), calendar):
        number, by = value_at(schedule, month), value_at(factor, month)
        if number is not None:
            listed[period_key(month, calendar)] = f"{EXACT.multiply(number, Decimal(1) if by is None else by):f}"
    return listed


def at_each(amounts: dict[str, Any], factor: Numbers) -> dict[str, str]:
    """Amounts by period, each times the factor in the first month of its period."""
    found = {}
    for key, amount in amounts.items():
        by = value_at(factor, first_month(key))
        found[key] = f"{EXACT.multiply(Decimal(str(amount)), Decimal(1) if by is None else by):f}"
    return found


def later(value: Any, months: int, calendar: Calendar) -> Any:
    """A schedule whose steps after the first month of the horizon come so many months later."""
    if not isinstance(value, dict):
        return value
    moved = [key for key in steps(value) if first_month(key) > calendar.start]
    keys = {key: period_key(first_month(key) + months, calendar) for key in moved}
    return {keys.get(key, key): number for key, number in value.items()}


def numbers_of(value: Any) -> Numbers:
    if isinstance(value, dict):
        return {key: Decimal(str(number)) for key, number in value.items()}
    return Decimal(str(value))


def changes(schedules: Iterable[Numbers], calendar: Calendar) -> list[int]:
    """Months from which any of them may be another, in order; what grows is in each month to the horizon's end."""
    months = {calendar.start}
    for numbers in schedules:
        if isinstance(numbers, dict):
            begun = [first_month(key) for key in steps(numbers)]
            months.update(begun)
            if GROWTH.keys() & numbers.keys():
                months.update(range(max(begun), calendar.last_month + 1))
    return sorted(months)


def period_key(month: int, calendar: Calendar) -> str:
    """A month as a period of the horizon's length is written, where one begins with it."""
    return written(month, calendar.months if month % calendar.months == 0 else 1)
