"""What is left of a price by age, and what is owed on terms that outlast the horizon."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction

from optimizer.audit.decisions import ZERO, Cohort
from optimizer.audit.periods import Series, fiscal_year_of
from optimizer.audit.records import Finance
from optimizer.audit.roll_forward import Books


def residual_share(finance: Finance, age: Fraction) -> Fraction:
    """The share of the price left at an age in years.

    `book` is max(0, 1 - age / book life). A table is linear between its years, starts at 1 at age 0
    and stays at its last value.
    """
    if finance.residual == "none":
        return ZERO
    if isinstance(finance.residual, str):
        return max(ZERO, 1 - age / finance.book_life_years)
    (younger, high), *later = finance.residual
    for older, low in later:
        if age < older:
            return high + (low - high) * (age - younger) / (older - younger)
        younger, high = older, low
    return high


def worth_after(finance: Finance, age: Fraction) -> Fraction:
    """The share of the rent due after the horizon that does not count: none in full, all of it ignored,
    else what hardware of that age is still worth.
    """
    if finance.owed_after_horizon == "in_full":
        return ZERO
    return Fraction(1) if finance.owed_after_horizon == "ignored" else residual_share(finance, age)


def periods_due(cohort: Cohort, periods: int) -> int:
    """How many periods of its term a rented cohort has after the horizon."""
    return 0 if cohort.offer.purchased else max(0, cohort.t + cohort.offer.service - periods)


def rent_after(cohort: Cohort, books: Books) -> Fraction:
    """Rent of a cohort due after the horizon, undiscounted."""
    horizon = books.inputs.horizon
    return cohort.rent_usd_per_hour * horizon.hours * periods_due(cohort, horizon.periods)


def owed(cohort: Cohort, books: Books) -> Fraction:
    """The rent of each period after the horizon, discounted to the last one in it, less what its rest would fetch."""
    horizon = books.inputs.horizon
    due = periods_due(cohort, horizon.periods)
    if not due:
        return ZERO
    worth = worth_after(books.inputs.finance, Fraction(horizon.periods - cohort.t, horizon.per_year))
    return cohort.rent_usd_per_hour * horizon.hours * books.later[due] * (1 - worth)


def owed_usd(books: Books) -> Series:
    """What is owed after the horizon on leases and reservations, orders and commitments alike; in the last period."""
    before = [ZERO] * (books.inputs.horizon.periods - 1)
    return [*before, sum((owed(cohort, books) for cohort in books.cohorts), ZERO)]


def rent_by_fiscal_year(books: Books) -> Mapping[str, Fraction]:
    """Rent due after the horizon by the fiscal year in which its period starts, undiscounted."""
    horizon, found = books.inputs.horizon, defaultdict[str, Fraction](Fraction)
    for cohort in books.cohorts:
        for t in range(horizon.periods, horizon.periods + periods_due(cohort, horizon.periods)):
            year = fiscal_year_of(horizon.start(t), books.inputs.finance.fiscal_year_starts)
            found[year] += cohort.rent_usd_per_hour * horizon.hours
    return found
