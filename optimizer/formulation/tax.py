"""Tax on profit: what falls due is taxed or deducted then, what is bought by its depreciation for tax.

A loss is used as it arises, as a company does that makes a profit elsewhere. So tax is linear in the decisions: the
rate times what each of them adds to the profit. Which lines count in it, each record in `register` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from optimizer.formulation.model import CostTerm, Model
from optimizer.formulation.order_terms import paid
from optimizer.request.calendar import Calendar
from optimizer.request.scenario import Finance
from optimizer.tables import Tables

if TYPE_CHECKING:
    import pulp

MACRS_5 = tuple(map(Decimal, ("0.20", "0.32", "0.192", "0.1152", "0.1152", "0.0576")))
"""Five-year property, half-year convention, 200 % declining balance: IRS Publication 946, table A-1."""


def is_taxed(tables: Tables) -> bool:
    """Whether the scenario plans after tax."""
    return tables.scenario.finance.tax is not None


def tax_usd(model: Model) -> Iterator[CostTerm]:
    """Tax on the profit of a period, negative on a loss.

    rate · (value + resale − deductible costs − depreciation for tax)

    Depreciation for tax of systems and their network begins on entering service, with all of the price: a deposit
    deducts nothing before. Of what is running already it goes on from the period that it entered in; the fleet has no
    value for tax. Work left undone has a price that nobody is paid: it deducts nothing.
    """
    rate = _rate(model)
    for variable, t, usd in model.taxed["mid"]:
        yield CostTerm(variable, t, -rate * usd)
    for of in depreciated(model):
        for t, share in of.shares.charged:
            yield CostTerm(of.variable, t, -rate * (of.usd * share))


def tax_on_residual_usd(model: Model) -> Iterator[CostTerm]:
    """Tax on what is left of what is bought, less what is left to depreciate of it; with f_t, as the residual.

    rate · (residual − what is left to depreciate), in period z = min(T, last period of service)

    Network of rented systems has no residual: what is left of it is written off.
    """
    rate = _rate(model)
    for variable, t, usd in model.taxed["end"]:
        yield CostTerm(variable, t, -rate * usd)
    for of in depreciated(model):
        if of.shares.left:
            yield CostTerm(of.variable, of.shares.last, -rate * (of.usd * of.shares.left))  # as what is left in value


def _rate(model: Model) -> float:
    tax = model.tables.scenario.finance.tax
    assert tax is not None
    return float(tax.rate)


class Shares(NamedTuple):
    """The shares of a price that are deducted in the periods of the horizon, and what is left after the `last`."""

    charged: tuple[tuple[int, float], ...]
    last: int
    left: float


class Depreciated(NamedTuple):
    """A price that is deducted by its depreciation: USD for each unit of a variable."""

    variable: pulp.LpVariable
    usd: float
    shares: Shares


def depreciated(model: Model) -> Iterator[Depreciated]:
    """The price of purchases, the network of all systems, and added power."""
    tables, known = model.tables, dict[tuple[int, int], Shares]()

    def shares(t: int, last: int) -> Shares:
        if (t, last) not in known:
            known[t, last] = _shares(range(max(1, t), last + 1), partial(by_end_of, tables, t))
        return known[t, last]

    for variable, cohort, price_usd in paid(model):
        yield Depreciated(variable, price_usd, shares(cohort.t, cohort.last))
    for cohort, variable in model.cohort.items():
        network = tables.offers[cohort.offer].network_usd
        if network:
            yield Depreciated(variable, network, shares(cohort.t, cohort.last))
    yield from _added_power(model)


def _added_power(model: Model) -> Iterator[Depreciated]:
    """Straight-line over its own life, whatever the rule for systems."""
    calendar = model.tables.calendar
    for (site, t), variable in model.expand.items():
        expansion = model.tables.scenario.sites[site].expansion
        assert expansion is not None
        by_end = partial(_straight, expansion.life_years, calendar, t)
        yield Depreciated(variable, float(expansion.usd_per_mw), _shares(range(t, calendar.count + 1), by_end))


def _shares(served: range, by_end: Callable[[int], Decimal]) -> Shares:
    """From the share that is deducted by the end of each period."""
    deducted = [by_end(t) for t in (served[0] - 1, *served)]
    charges = ((t, float(after - before)) for t, (before, after) in zip(served, pairwise(deducted), strict=True))
    return Shares(tuple((t, share) for t, share in charges if share), served[-1], float(1 - deducted[-1]))


def by_end_of(tables: Tables, entered: int, until: int) -> Decimal:
    """The share of the price of what entered service in a period that is deducted by the end of another.

    straight_line: 1 / (n · book_life_years) in each period; bonus: all in the first
    macrs_5: 20, 32, 19.2, 11.52, 11.52, 5.76 % by fiscal year, evenly over the periods left in it
    """
    finance, calendar = tables.scenario.finance, tables.calendar
    if until < entered:
        return Decimal(0)
    assert finance.tax is not None
    return RULES[finance.tax.depreciation](finance, calendar, entered, until)


def _straight(life_years: Decimal, calendar: Calendar, entered: int, until: int) -> Decimal:
    """In the steps in which residual value by book is computed, so that where both are alike no digit differs."""
    return min(Decimal(1), Decimal(until - entered + 1) / calendar.periods_per_year / life_years)


def _straight_line(finance: Finance, calendar: Calendar, entered: int, until: int) -> Decimal:
    return _straight(finance.book_life_years, calendar, entered, until)


def _macrs_5(_: Finance, calendar: Calendar, entered: int, until: int) -> Decimal:
    """All of the years before, and of this year's share the part of its periods, from the first in service on."""
    (first, since), (year, number) = map(calendar.place_in_fiscal_year, (entered, until))
    if year - first >= len(MACRS_5):
        return Decimal(1)
    before = since - 1 if year == first else 0
    part = Decimal(number - before) / (calendar.periods_per_year - before)
    return sum(MACRS_5[: year - first], Decimal(0)) + MACRS_5[year - first] * part


def _bonus(_: Finance, __: Calendar, ___: int, ____: int) -> Decimal:
    return Decimal(1)


RULES: dict[str, Callable[[Finance, Calendar, int, int], Decimal]] = {
    "straight_line": _straight_line,
    "macrs_5": _macrs_5,
    "bonus": _bonus,
}
