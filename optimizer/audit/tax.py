"""Depreciation for tax: of systems and their network by the scenario's rule, of added power over its life.

Every rule says which share of a price is charged in a period, as a fraction; what no period of service in the horizon
or before it has charged is left when the service or the horizon ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from itertools import count
from typing import NamedTuple

from optimizer.audit.decisions import ZERO
from optimizer.audit.periods import Horizon, Series, fiscal_year_of
from optimizer.audit.records import Finance
from optimizer.audit.roll_forward import Books

RECOVERY = tuple(Fraction(percent) / 100 for percent in ("20", "32", "19.2", "11.52", "11.52", "5.76"))
"""The shares of six fiscal years, from that of entering service on (IRS Publication 946, table A-1)."""
Share = Callable[[int], Fraction]
"""The share of a price that is charged in a period."""


class Priced(NamedTuple):
    """USD paid for what serves from period `t` on, which may lie before the horizon, up to but not in `end`."""

    usd: Fraction
    t: int
    end: int
    charged: Share


def evenly(entered: int, periods: Fraction) -> Share:
    """The same part in each period of a life, and of its last period only what is left."""
    return lambda t: max(ZERO, min(Fraction(1), periods - (t - entered)) / periods)


def by_recovery_year(entered: int, horizon: Horizon, finance: Finance) -> Share:
    """The share of each fiscal year, divided by its periods from entering service on."""

    def year(t: int) -> int:
        return int(fiscal_year_of(horizon.start(t), finance.fiscal_year_starts).removeprefix("fy"))

    @cache
    def each(of_year: int) -> Fraction:
        number = of_year - year(entered)
        if number >= len(RECOVERY):
            return ZERO
        first = next(t for t in count(entered) if year(t) == of_year)
        periods = next(k for k in count(1) if year(first + k) != of_year)
        return RECOVERY[number] / periods

    return lambda t: each(year(t))


def rule_of(books: Books, entered: int) -> Share:
    """How systems that enter service in a period are depreciated for tax."""
    horizon, finance = books.inputs.horizon, books.inputs.finance
    rule = finance.tax.depreciation if finance.tax else ""
    if rule == "bonus":
        return lambda t: Fraction(t == entered)
    if rule == "macrs_5":
        return by_recovery_year(entered, horizon, finance)
    return evenly(entered, finance.book_life_years * horizon.per_year)


def depreciated(books: Books) -> Iterator[Priced]:
    """What is depreciated: price and network of orders and commitments, running ones too, and added power."""
    horizon, rule = books.inputs.horizon, cache(lambda entered: rule_of(books, entered))
    for cohort in books.cohorts:
        yield Priced(cohort.hardware_usd + cohort.network_usd, cohort.t, cohort.end(horizon.periods), rule(cohort.t))
    for row in books.expanded:
        if row.terms:
            life = evenly(row.t, row.terms.life_years * horizon.per_year)
            yield Priced(row.usd, row.t, horizon.periods, life)


def depreciation(books: Books) -> tuple[Series, Series]:
    """By period: what is charged, and what is left of what is in service for the last time."""
    periods = books.inputs.horizon.periods
    charged, left = [ZERO] * periods, [ZERO] * periods
    for usd, entered, end, share in (one for one in depreciated(books) if one.usd):
        shares = [share(t) for t in range(entered, end)]
        for t, part in enumerate(shares, entered):
            if t >= 0:
                charged[t] += usd * part
        left[end - 1] += usd * (1 - sum(shares, ZERO))
    return charged, left
