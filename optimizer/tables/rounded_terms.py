"""Terms that are no whole number of periods, and are rounded to one: said wherever such an offer is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from optimizer.request.calendar import MONTHS_PER_YEAR
from optimizer.tables import Tables
from optimizer.tables.warning import Doubt


def rounded_terms(tables: Tables, offers: Iterable[str]) -> Iterator[Doubt]:
    """What the terms of some offers became; those that serve the scenario's life in one sentence."""
    names, by_life = sorted(set(offers)), []
    for name in names:
        offer = tables.request.catalog.offers[name]
        if offer.term_months is not None and offer.term_months != _served(tables, name):
            yield Doubt(name, f"the term of {name}, {offer.term_months} months, counts as {_as_periods(tables, name)}")
        if offer.term_months is None and offer.route == "purchase":
            by_life.append(name)
    if by_life and _life(tables) != _served(tables, by_life[0]):
        life = f"finance.service_life_years, {_life(tables):f} months, counts as {_as_periods(tables, by_life[0])}"
        yield Doubt(("finance", "service_life_years"), f"{life}, for {', '.join(by_life)}")


def orderable_or_committed(tables: Tables) -> set[str]:
    """The offers of a request that its plan may use."""
    committed = {cohort.offer for cohort in tables.cohorts if cohort.committed}
    return committed | (set(tables.offers) - set(tables.excluded))


def _served(tables: Tables, offer: str) -> int:
    """The months that an offer's systems serve."""
    return tables.offers[offer].periods * tables.calendar.months


def _life(tables: Tables) -> Decimal:
    """The months that a purchase without a term is meant to serve."""
    return (tables.scenario.finance.service_life_years * MONTHS_PER_YEAR).normalize()


def _as_periods(tables: Tables, offer: str) -> str:
    months, periods = tables.calendar.months, tables.offers[offer].periods
    each = "a month" if months == 1 else f"{months} months"
    return f"{_served(tables, offer)} months: it is rounded to whole periods of {each}, here {periods}"
