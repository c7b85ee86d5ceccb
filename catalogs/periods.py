"""Periods as they are written (`2027`, `2027q1`, `2027-01`) and schedules of values over them.

A month is counted as `12 * year + month - 1`, so periods compare and subtract as integers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Tag, TypeAdapter, ValidationError, WrapValidator
from pydantic_core import InitErrorDetails

_PERIOD = re.compile(r"(?P<year>[12]\d{3})(?:q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?", re.ASCII)
GROWTH: Mapping[str, int] = {"growth_per_month": 1, "growth_per_year": 12}
"""Keys of a schedule that are no period: the share by which its last value grows, and in how many months."""
DIGITS = 30
"""What takes more digits than a number is written with, such as a mean or what has grown, is rounded to so many."""
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


@lru_cache(maxsize=4096)
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


PERIOD_FORM = "period"
"""Marks texts that write a period, for a JSON Schema."""
Period = Annotated[str, AfterValidator(_period), Field(json_schema_extra={"format": PERIOD_FORM})]
LARGEST, SMALLEST = Decimal("1e15"), Decimal("1e-12")


def _in_proportion(value: Decimal) -> Decimal:
    """Numbers that no price, power or rate has are slips of the unit, and break solvers."""
    if value and not SMALLEST <= value.copy_abs() <= LARGEST:
        raise ValueError(f"must lie between {SMALLEST} and {LARGEST}, or be 0; check its unit")
    return value


Number = Annotated[Decimal, Field(allow_inf_nan=False), AfterValidator(_in_proportion)]
Amount = Annotated[Number, Field(ge=0)]
Rate = Annotated[Number, Field(gt=-1)]
_RATE: TypeAdapter[Decimal] = TypeAdapter(Rate, config={"hide_input_in_errors": True, "defer_build": True})
_RATES: Any = {"properties": {key: {"gt": -1, "anyOf": [{"type": "number"}, {"type": "string"}]} for key in GROWTH}}


def _with_growth(value: Any, steps_of_it: Callable[[Any], dict[str, Decimal]]) -> dict[str, Decimal]:
    """Steps as their own type takes them, and how the last of them grows; every mistake of both at its own key."""
    if not isinstance(value, dict) or not GROWTH.keys() & value.keys():
        return steps_of_it(value)
    wrong: list[InitErrorDetails] = []
    listed = _or_errors(wrong, (), steps_of_it, steps(value))
    growth = {key: _or_errors(wrong, (key,), _RATE.validate_python, value[key]) for key in GROWTH if key in value}
    if wrong:
        raise ValidationError.from_exception_data("schedule", wrong, hide_input=True)
    if len(growth) > 1:
        raise ValueError(f"has {' and '.join(growth)}; keep one")
    return {**listed, **growth}


def _or_errors(wrong: list[InitErrorDetails], at: tuple[str, ...], validate: Callable[[Any], Any], value: Any) -> Any:
    """What a validator makes of a value; what it has against it is added to `wrong`."""
    try:
        return validate(value)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            detail = InitErrorDetails(type=found["type"], loc=(*at, *found["loc"]), input=found["input"])
            wrong.append({**detail, "ctx": found["ctx"]} if "ctx" in found else detail)
    return None


Steps = Annotated[dict[Period, Amount], AfterValidator(one_key_a_month)]
"""Numbers by period."""
MayGrow = (WrapValidator(_with_growth), Field(json_schema_extra=_RATES))
"""Beside the type of steps: the last of them may grow."""
Schedule = Annotated[
    Annotated[Amount, Tag(f"{TAGS}constant")] | Annotated[Steps, *MayGrow, Tag(f"{TAGS}steps")],
    Discriminator(form_of),
]
"""A number that always holds, or numbers by period, each holding until the next one listed; the last may grow."""
Pue = Annotated[Number, Field(ge=1, le=10)]
PueSteps = Annotated[dict[Period, Pue], AfterValidator(one_key_a_month)]
PueSchedule = Annotated[
    Annotated[Pue, Tag(f"{TAGS}constant")] | Annotated[PueSteps, *MayGrow, Tag(f"{TAGS}steps")],
    Discriminator(form_of),
]
"""A schedule of what a site draws over what its IT does: at least 1."""


def steps(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers that a schedule lists by period, without the growth of the last."""
    return {key: value for key, value in schedule.items() if key not in GROWTH}


def value_at(schedule: Decimal | dict[str, Decimal] | None, month: int) -> Decimal | None:
    """The value that holds in `month`; None where there is no schedule or it has not begun."""
    if not isinstance(schedule, dict):
        return schedule
    value: Decimal | None = None
    begun, is_last = -1, True
    for key, number in schedule.items():
        first = begun if key in GROWTH else first_month(key)
        if first > month:
            is_last = False
        elif first > begun:
            value, begun = number, first
    return value if value is None or not is_last else _grown(value, schedule, month - begun)


def _grown(value: Decimal, schedule: dict[str, Decimal], months: int) -> Decimal:
    """A schedule's last value so many months after its key: value · (1 + growth)^(months / months of the growth).

    In decimals throughout, of which the power has ten digits more than are kept, so that it is the same everywhere.
    """
    for key, share in schedule.items():
        if key in GROWTH and months > 0:
            more = Context(prec=DIGITS + 10)
            power = more.power(1 + share, more.divide(Decimal(months), Decimal(GROWTH[key])))
            return Context(prec=DIGITS).multiply(value, power)
    return value
