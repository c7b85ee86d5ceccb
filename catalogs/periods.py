"""Periods as they are written (`2027`, `2027q1`, `2027-01`) and schedules of values over them.

A month is counted as `12 * year + month - 1`, so periods compare and subtract as integers.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Tag

_PERIOD = re.compile(r"(?P<year>[12]\d{3})(?:q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?", re.ASCII)
TAGS = "\0"
"""Begins the name of each form that a value may take: such names are no keys, which hold no control characters."""


class NotAPeriod(ValueError):
    """A text that writes no period."""


def months_in(key: str) -> int:
    """The length in months of the period that the key writes."""
    return {4: 12, 6: 3, 7: 1}[len(key)]


@lru_cache(maxsize=4096)
def first_month(key: str) -> int:
    """The first month of a period. Raises NotAPeriod if the key writes none."""
    match = _PERIOD.fullmatch(key)
    if match is None:
        raise NotAPeriod(f"'{key}' is not a period; write 2027, 2027q1 or 2027-01")
    quarter, month = match["quarter"], match["month"]
    start = int(month) - 1 if month else 3 * (int(quarter) - 1) if quarter else 0
    return 12 * int(match["year"]) + start


def last_month(key: str) -> int:
    """The last month of a period."""
    return first_month(key) + months_in(key) - 1


def written(month: int, months: int) -> str:
    """The key of the period of 1, 3 or 12 months that starts in `month`."""
    year, offset = divmod(month, 12)
    if months == 12:
        return f"{year}"
    return f"{year}q{offset // 3 + 1}" if months == 3 else f"{year}-{offset + 1:02d}"


def _period(key: str) -> str:
    first_month(key)
    return str(key)


def one_key_a_month(steps: dict[str, Decimal]) -> dict[str, Decimal]:
    """Steps in the order of their months, which are all different."""
    seen: dict[int, str] = {}
    for key in steps:
        other = seen.setdefault(first_month(key), key)
        if other != key:
            raise ValueError(f"'{other}' and '{key}' start in the same month; keep one")
    if not steps:
        raise ValueError("an empty schedule has no value; remove it or give a period")
    return {key: steps[key] for key in sorted(steps, key=first_month)}


def form_of(value: Any) -> str:
    """Whether a schedule is a constant or steps."""
    return f"{TAGS}steps" if isinstance(value, dict) else f"{TAGS}constant"


Period = Annotated[str, AfterValidator(_period)]
LARGEST, SMALLEST = Decimal("1e15"), Decimal("1e-12")


def _in_proportion(value: Decimal) -> Decimal:
    """Numbers that no price, power or rate has are slips of the unit, and break solvers."""
    if value and not SMALLEST <= value.copy_abs() <= LARGEST:
        raise ValueError(f"must lie between {SMALLEST} and {LARGEST}, or be 0; check its unit")
    return value


Number = Annotated[Decimal, Field(allow_inf_nan=False), AfterValidator(_in_proportion)]
Amount = Annotated[Number, Field(ge=0)]
Steps = Annotated[dict[Period, Amount], AfterValidator(one_key_a_month)]
Schedule = Annotated[
    Annotated[Amount, Tag(f"{TAGS}constant")] | Annotated[Steps, Tag(f"{TAGS}steps")],
    Discriminator(form_of),
]
"""A number that always holds, or numbers by period, each holding until the next one listed."""


def value_at(schedule: Decimal | dict[str, Decimal] | None, month: int) -> Decimal | None:
    """The value that holds in `month`; None where there is no schedule or it has not begun."""
    if not isinstance(schedule, dict):
        return schedule
    begun = [key for key in schedule if first_month(key) <= month]
    return schedule[max(begun, key=first_month)] if begun else None
