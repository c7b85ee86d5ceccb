"""What a schedule says in a period: every month of it is read, by what the number means.

Each meaning is one function, and nobody else reads a schedule over a period. `months` are those of the period, as
`Calendar.span` gives them; a constant is the same in each, whatever it means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction

from catalogs.periods import DIGITS, first_month, steps, value_at
from optimizer.request.calendar import Calendar
from optimizer.request.charges import TARIFFS
from optimizer.request.resources import RESOURCES

Schedule = Decimal | dict[str, Decimal]
Reading = Callable[[Schedule | None, range], Decimal | None]


def highest(schedule: Schedule | None, months: range) -> Decimal | None:
    """What is asked for: the highest of the months, where it has begun in one; else none."""
    return max(_begun(_monthly(schedule, months)), default=None)


def lowest(schedule: Schedule | None, months: range) -> Decimal | None:
    """A standing limit, such as power: the lowest of the months; 0 in those before the first key, None without one."""
    return None if schedule is None else min(value or Decimal(0) for value in _monthly(schedule, months))


def mean(schedule: Schedule | None, months: range) -> Decimal | None:
    """A price, tariff or rate: the mean of the months; None if it does not exist in the first of them."""
    if not isinstance(schedule, dict):
        return schedule
    values = _begun(_monthly(schedule, months))
    return _mean(values) if len(values) == len(months) else None


def supplied(schedule: Schedule | None, months: range) -> Decimal | None:
    """What is supplied in a month: the mean of the months, 0 in those before the first key; None without a limit."""
    if not isinstance(schedule, dict):
        return schedule
    return _mean([value or Decimal(0) for value in _monthly(schedule, months)])


def _monthly(schedule: Schedule | None, months: range) -> list[Decimal | None]:
    if not isinstance(schedule, dict):
        return [schedule] * len(months)
    return [value_at(schedule, month) for month in months]


def _begun(values: list[Decimal | None]) -> list[Decimal]:
    return [value for value in values if value is not None]


def _mean(values: list[Decimal]) -> Decimal:
    """The exact mean, rounded once to 30 digits where it takes more; of equal numbers the number itself."""
    if len(set(values)) == 1:
        return values[0]
    exact = sum(map(Fraction, values), Fraction(0)) / len(values)
    return Context(prec=DIGITS).divide(Decimal(exact.numerator), Decimal(exact.denominator))


READINGS: Mapping[str, Reading] = {
    "per_second": highest,
    **{resource.field: supplied if resource.per_month else lowest for resource in RESOURCES},
    **dict.fromkeys(("supply_per_month", "pools_per_month", "supply_systems_per_month"), supplied),
    **dict.fromkeys((*(tariff.field for tariff in TARIFFS), "pue"), mean),
    **dict.fromkeys(("carbon_usd_per_t", "unmet_usd_per_unit_hour", "value_usd_per_unit_hour", "per_usd"), mean),
    **dict.fromkeys(("price_usd", "usd_per_accelerator_hour", "rate"), mean),
}
"""What the number of a field means, for whoever meets schedules by their field's name."""


def reading_of(path: Sequence[str]) -> Reading:
    """How the schedule at a path of a scenario or catalogue is read: by its field, or by the section of its ids."""
    return READINGS[path[0]] if path[0] in READINGS else READINGS[path[-1]]


def spelled_out(schedule: dict[str, Decimal], read: Reading, calendar: Calendar) -> dict[str, Decimal]:
    """A schedule that grows as steps that do not: from its last key on, each period to the horizon's end has its own.

    Each is what is read of the period as it grows, so that it is read alike whatever the number means.
    """
    listed = steps(schedule)
    if len(listed) == len(schedule):
        return schedule
    first = calendar.period_of(max(map(first_month, listed)))
    found = {key: value for key, value in listed.items() if first_month(key) < calendar.first_month(first)}
    for t in range(first, calendar.count + 1):
        value = read(schedule, calendar.span(t))
        if value is not None:
            found[calendar.key(t)] = value
    return found
