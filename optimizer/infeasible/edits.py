"""Exact changes of a scenario's figures, and the `--set` lines that make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from catalogs.periods import first_month, value_at
from optimizer.request.calendar import Calendar
from optimizer.request.edits import Key, text_at
from optimizer.request.load import Request

Edit = Callable[[Decimal], Decimal]


def plain(number: Decimal) -> str:
    """A number as it is written in a file: no exponent, no idle zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def edited(value: Any, calendar: Calendar, first: int, last: int, change: Edit) -> Any:
    """A figure, or a schedule that does not grow, changed exactly from period `first` to `last`; before its first key
    it is 0.
    """
    if not isinstance(value, dict):
        if (first, last) == (1, calendar.count):
            return plain(change(Decimal(str(value))))
        value = {calendar.key(1): value}
    schedule = {key: Decimal(str(number)) for key, number in value.items()}
    begins = calendar.first_month(first)
    ends = calendar.first_month(last + 1) if last < calendar.count else None
    keys = {first_month(key): key for key in schedule}
    for t in (first, *([last + 1] if ends is not None else [])):
        keys.setdefault(calendar.first_month(t), calendar.key(t))
    found: dict[str, str] = {}
    for month, key in sorted(keys.items()):
        number = value_at(schedule, month) or Decimal(0)
        inside = begins <= month and (ends is None or month < ends)
        text = plain(change(number) if inside else number)
        if text not in list(found.values())[-1:]:  # a value holds until the next one
            found[key] = text
    return found


def setting(request: Request, key: Key, value: Any) -> str:
    """`KEY=VALUE` for a figure, as `--set` takes it.

    A budget is given whole, since windows that are all periods are replaced as a schedule is.
    """
    if key[0] == "budget":
        key, value = key[:-1], {**text_at(request, key[:-1]), key[-1]: value}
    return f"{'/'.join(request.in_file(key))}={_flow(value)}"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {plain(Decimal(number))}" for key, number in value.items()) + "}"
    return str(value)
