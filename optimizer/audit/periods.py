"""The audit's own reading of period keys, schedules and windows; months count from January of year 0."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

MONTHS_IN_YEAR = 12


def span(key: str) -> tuple[int, int]:
    """The first and the last month of a period written `2027`, `2027q1` or `2027-01`."""
    january = MONTHS_IN_YEAR * int(key[:4])
    mark, rest = key[4:5], key[5:]
    if mark == "" and len(key) == 4:
        return january, january + 11
    if mark == "q" and rest in ("1", "2", "3", "4"):
        first = january + 3 * (int(rest) - 1)
        return first, first + 2
    if mark == "-" and len(rest) == 2 and 1 <= int(rest) <= MONTHS_IN_YEAR:
        month = january + int(rest) - 1
        return month, month
    raise ValueError(f"'{key}' is not a period")


@cache
def written(month: int, months: int) -> str:
    """The key of the period of 12, 3 or 1 months that starts in a month."""
    year, offset = divmod(month, MONTHS_IN_YEAR)
    return {12: f"{year:04d}", 3: f"{year:04d}q{offset // 3 + 1}", 1: f"{year:04d}-{offset + 1:02d}"}[months]


Series = list[Fraction]
"""A number for each period, counted from 0."""


class Horizon(NamedTuple):
    """The periods planned, counted from 0; `months` is the length of each."""

    first: int
    months: int
    periods: int

    @property
    def per_year(self) -> int:
        """n of the equations."""
        return MONTHS_IN_YEAR // self.months

    @property
    def hours(self) -> Fraction:
        """H of the equations: hours in a period."""
        return Fraction(8760, self.per_year)

    def start(self, t: int) -> int:
        """The first month of period t, which may lie before the horizon."""
        return self.first + t * self.months

    def span(self, t: int) -> range:
        """The months of period t."""
        return range(self.start(t), self.start(t + 1))

    def key(self, t: int) -> str:
        """Period t as it is written."""
        return written(self.start(t), self.months)

    def position(self, key: str) -> int:
        """The period that a key of its own length writes, negative before the horizon; one after it is an error."""
        first, last = span(key)
        t, rest = divmod(first - self.first, self.months)
        if rest or last - first + 1 != self.months or t >= self.periods:
            raise ValueError(f"'{key}' is no period of the horizon, nor one before it")
        return t

    def positions(self) -> dict[str, int]:
        """Periods by their key."""
        return {self.key(t): t for t in range(self.periods)}


class Growth(NamedTuple):
    """What a value is multiplied by in so many months."""

    factor: Fraction
    months: int


GROWTHS = {"growth_per_month": 1, "growth_per_year": MONTHS_IN_YEAR}
PARTS = 10**60
"""What has grown is known to one part of so many of its unit, far below what any check can tell."""


def _root(number: int, degree: int) -> int:
    """The largest whole number whose power is no more than a number, by Newton's steps from above."""
    guess = 1 << -(-number.bit_length() // degree)
    while (better := ((degree - 1) * guess + number // guess ** (degree - 1)) // degree) < guess:
        guess = better
    return guess


@cache
def _in_a_month(growth: Growth) -> Fraction:
    """The growth of one month, compounded."""
    if growth.months == 1:
        return growth.factor
    return Fraction(_root(int(growth.factor * PARTS**growth.months), growth.months), PARTS)


@cache
def grown(value: Fraction, growth: Growth, months: int) -> Fraction:
    """A value so many months after it held as it is listed: whole years, or whole months, exactly; the rest by roots.

    Rounded, so that many months do not make long fractions.
    """
    whole, rest = divmod(months, growth.months)
    exact = value * growth.factor**whole * _in_a_month(growth) ** rest
    return exact if months == 0 else Fraction(round(exact * PARTS), PARTS)


class Schedule(NamedTuple):
    """Values by the month from which each holds, the last growing from there on, if it grows.

    A period is read month by month, by what the number means.
    """

    months: tuple[int, ...]
    values: tuple[Fraction, ...]
    growth: Growth | None = None

    def at(self, month: int) -> Fraction | None:
        """The value that holds in a month; None before the first."""
        position = bisect_right(self.months, month)
        if position == len(self.months) and self.growth:
            return grown(self.values[-1], self.growth, month - self.months[-1])
        return self.values[position - 1] if position else None

    def asked(self, months: range) -> Fraction | None:
        """Of a demand: the highest of the months; None where it has begun in none of them."""
        return max((value for month in months if (value := self.at(month)) is not None), default=None)

    def standing(self, months: range) -> Fraction:
        """Of a standing limit: the lowest of the months; 0 before the first key."""
        return min(self.at(month) or Fraction(0) for month in months)

    def mean(self, months: range) -> Fraction | None:
        """Of a price or rate: the mean of the months; None where it does not exist in the first of them."""
        return None if self.at(months[0]) is None else self.supplied(months)

    def charged(self, months: range) -> Fraction:
        """Of a charge: the same mean, 0 where it does not exist yet."""
        return self.mean(months) or Fraction(0)

    def supplied(self, months: range) -> Fraction:
        """Of what is supplied in a month: the mean of the months, 0 in those before the first key."""
        if not self.growth and bisect_right(self.months, months[0]) == bisect_right(self.months, months[-1]):
            return self.at(months[0]) or Fraction(0)
        return sum((self.at(month) or Fraction(0) for month in months), Fraction(0)) / len(months)


def schedule(source: Any) -> Schedule:
    """A schedule from its source text: a number, or numbers by period."""
    if not isinstance(source, dict):
        return Schedule((-1,), (Fraction(source),))
    steps = sorted((span(key)[0], Fraction(value)) for key, value in source.items() if key not in GROWTHS)
    growth = [Growth(1 + Fraction(source[key]), months) for key, months in GROWTHS.items() if key in source]
    return Schedule(
        tuple(month for month, _ in steps), tuple(value for _, value in steps), growth[0] if growth else None
    )


def optional_schedule(source: Any) -> Schedule | None:
    """A schedule, or None where the field is absent: no limit, no price."""
    return None if source is None else schedule(source)


def fiscal_year_span(year: int, starts: int) -> tuple[int, int]:
    """The months of fiscal year `year`, which ends in that calendar year."""
    first = MONTHS_IN_YEAR * (year if starts == 1 else year - 1) + starts - 1
    return first, first + 11


def fiscal_year_of(month: int, starts: int) -> str:
    """The fiscal year that a month lies in, written `fy2025`."""
    year = month // MONTHS_IN_YEAR
    later = starts > 1 and month % MONTHS_IN_YEAR >= starts - 1
    return f"fy{year + later}"


def window_span(window: str, horizon: Horizon, fiscal_year_starts: int) -> tuple[int, int]:
    """The first and last month of `total`, a period, `fy2025` or `FROM..UNTIL`."""
    if window == "total":
        return horizon.first, horizon.start(horizon.periods) - 1
    if window.startswith("fy"):
        return fiscal_year_span(int(window[2:]), fiscal_year_starts)
    begin, dots, end = window.partition("..")
    return span(begin)[0], span(end if dots else begin)[1]


def budget_windows(
    window: str, horizon: Horizon, fiscal_year_starts: int
) -> Iterator[tuple[tuple[str, ...], list[int]]]:
    """The windows of a budget with their keys: one, or one for each period or for each fiscal year with a period."""
    if window == "each_period":
        yield from (((window, horizon.key(t)), [t]) for t in range(horizon.periods))
    elif window == "each_year":
        years: dict[str, list[int]] = {}
        for t in range(horizon.periods):
            years.setdefault(fiscal_year_of(horizon.start(t), fiscal_year_starts), []).append(t)
        yield from (((window, year), inside) for year, inside in years.items())
    else:
        yield (window,), periods_in(window, horizon, fiscal_year_starts)


def periods_in(window: str, horizon: Horizon, fiscal_year_starts: int) -> list[int]:
    """The periods that start in a window."""
    first, last = window_span(window, horizon, fiscal_year_starts)
    return [t for t in range(horizon.periods) if first <= horizon.start(t) <= last]
