"""The periods of a horizon, fiscal years, windows and discount factors."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal

from catalogs.periods import first_month, last_month, months_in, written

HOURS_PER_YEAR = 8760
MONTHS_PER_YEAR = 12
DISCOUNT_DIGITS = 30
EACH_PERIOD, EACH_YEAR = EACH_WINDOW = ("each_period", "each_year")
"""Windows that are many: every period of the horizon, every fiscal year in which one of them starts."""


class EmptyWindow(ValueError):
    """A window without a period of the horizon."""


@dataclass(frozen=True)
class Calendar:
    """Periods are numbered 1…`count`; `start` is the first month of period 1."""

    start: int
    months: int
    count: int
    fiscal_year_starts: int

    @property
    def periods(self) -> range:
        return range(1, self.count + 1)

    @property
    def periods_per_year(self) -> int:
        return MONTHS_PER_YEAR // self.months

    @property
    def hours(self) -> float:
        """Hours of a period (H)."""
        return HOURS_PER_YEAR / self.periods_per_year

    def first_month(self, t: int) -> int:
        """The first month of period t; t may lie outside the horizon."""
        return self.start + (t - 1) * self.months

    @property
    def last_month(self) -> int:
        """The last month of the horizon."""
        return self.first_month(self.count + 1) - 1

    def span(self, t: int) -> range:
        """The months of period t; t may lie outside the horizon."""
        return range(self.first_month(t), self.first_month(t + 1))

    def period_of(self, month: int) -> int:
        """The period t that a month lies in; it may lie outside the horizon."""
        return (month - self.start) // self.months + 1

    def key(self, t: int) -> str:
        """How period t is written, such as `2025q1`."""
        return written(self.first_month(t), self.months)

    def index(self, key: str) -> int | None:
        """The period of the horizon that a key writes; None if it writes no period of it."""
        t = self.number(key)
        return t if t is not None and t >= 1 else None

    def number(self, key: str) -> int | None:
        """The period that a key writes, 0 and less before the horizon; None if it writes none, or one after it."""
        t, offset = divmod(first_month(key) - self.start, self.months)
        return t + 1 if offset == 0 and t < self.count and self.key(t + 1) == key else None

    def fiscal_year(self, t: int) -> str:
        """The fiscal year that period t starts in; it has the name of the year it ends in."""
        return f"fy{self.place_in_fiscal_year(t)[0]}"

    def place_in_fiscal_year(self, t: int) -> tuple[int, int]:
        """The fiscal year that period t starts in, and its number among the periods that start there, from 1."""
        year, month = divmod(self.first_month(t) + self._fiscal_offset, MONTHS_PER_YEAR)
        return year, month // self.months + 1

    @property
    def _fiscal_offset(self) -> int:
        return (MONTHS_PER_YEAR + 1 - self.fiscal_year_starts) % MONTHS_PER_YEAR

    def whole_periods(self, months: int) -> int:
        """Periods that a lead time of some months takes, rounded up (l_o)."""
        return -(-months // self.months)

    def periods_in_term(self, months: Decimal | int) -> int:
        """Periods in service of a term in months, rounded to the nearest and at least one (K_o)."""
        return max(1, int(Decimal(months) / self.months + Decimal("0.5")))

    def within(self, t: int, first: str | None, last: str | None) -> bool:
        """Whether the first month of period t lies between two keys; None is an open end."""
        month = self.first_month(t)
        return (first is None or first_month(first) <= month) and (last is None or month <= last_month(last))

    def window(self, text: str) -> tuple[int, ...]:
        """The periods that start in a window: `total`, a period, a year, `fyNNNN` or `FROM..UNTIL`.

        Raises NotAPeriod if the text is no window, EmptyWindow if it holds no period of the horizon.
        """
        inside = tuple(t for t in self.periods if self._starts_in(t, text))
        if not inside:
            horizon = f"{self.key(1)}..{self.key(self.count)}"
            raise EmptyWindow(f"window '{text}' holds no period of the horizon {horizon}")
        return inside

    def windows(self, text: str) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
        """The windows of `each_period` or `each_year` (fiscal years), or the one that a text is; each with its keys.

        Of one of many, the keys are that text and its own window.
        """
        if text == EACH_PERIOD:
            return [((text, self.key(t)), (t,)) for t in self.periods]
        if text == EACH_YEAR:
            return [((text, year), self.window(year)) for year in self.fiscal_years]
        return [((text,), self.window(text))]

    @property
    def fiscal_years(self) -> list[str]:
        """The fiscal years that periods of the horizon start in, in order."""
        return list(dict.fromkeys(map(self.fiscal_year, self.periods)))

    def _starts_in(self, t: int, text: str) -> bool:
        return self.first_month(t) in self.months_of_window(text)

    def months_of_window(self, text: str) -> range:
        """The months of a window, inside the horizon or not. Raises ValueError if the text is no window."""
        if text == "total":
            return range(self.start, self.first_month(self.count + 1))
        if text.startswith("fy") and text[2:].isdigit() and len(text) == 6:
            first = MONTHS_PER_YEAR * int(text[2:]) - self._fiscal_offset
            return range(first, first + MONTHS_PER_YEAR)
        begin, dots, end = text.partition("..")
        return range(first_month(begin), last_month(end if dots else begin) + 1)

    def months_inside(self, text: str) -> tuple[int, int]:
        """How many months of a window lie inside the horizon, and how many it has."""
        months = self.months_of_window(text)
        return min(months.stop, self.last_month + 1) - max(months.start, self.start), len(months)


def calendar_of(start: str, count: int, fiscal_year_starts: int) -> Calendar:
    """The calendar of so many periods from a first one, whose form sets their length."""
    return Calendar(first_month(start), months_in(start), count, fiscal_year_starts)


def discount_mid(rate: Decimal, calendar: Calendar, t: int) -> Decimal:
    """d_t = (1 + rate)^(−(t − ½)/n): for the flows of period t, at mid-period."""
    return _power(rate, Decimal(2 * t - 1) / 2, calendar)


def discount_end(rate: Decimal, calendar: Calendar, t: int) -> Decimal:
    """f_t = (1 + rate)^(−t/n): for what is left at the end of period t."""
    return _power(rate, Decimal(t), calendar)


def _power(rate: Decimal, periods: Decimal, calendar: Calendar) -> Decimal:
    context = Context(prec=DISCOUNT_DIGITS + 10)
    exponent = context.divide(-periods, Decimal(calendar.periods_per_year))
    return Context(prec=DISCOUNT_DIGITS).plus(context.power(1 + rate, exponent))
