"""What a future may do to a decision that it does not fit: systems stand unpowered, limits are passed at a price.

Each kind is one function, of columns that are added to the model of a future: with them every future has an answer to
every decision that fits the scenario as it stands. Nothing is broken in the scenario as it stands, nor can what a
future leaves as it is in supply and power.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from optimizer.formulation.budget import capex_within_budget, opex_within_budget
from optimizer.formulation.demand import finish_by_deadline, run_within_fleet
from optimizer.formulation.limits import limit
from optimizer.formulation.model import USD_PER_MODEL_UNIT, Model, Row, model_name
from optimizer.formulation.site_resources import WITHIN_SITE
from optimizer.formulation.supply import deliveries_within_supply, draws_within_pool, orders_within_offer
from optimizer.request.uncertainty import Uncertainty
from optimizer.solving.matrix import Matrix, NewColumn, NewRow
from optimizer.tables import Cohort, Stock, Tables

CARBON_USD_PER_T = 1000.0
"""What a tonne beyond a limit on carbon costs, times what limits are worth."""


class Breach(NamedTuple):
    """A limit that a future may pass: its row, and the USD, discounted, of one unit of the row beyond it.

    No more than `most` is beyond it, where that is known, nor than what the columns `placed` count in it.
    """

    row: str
    usd: float
    most: float | None = None
    placed: Mapping[str, float] | None = None


class Unpowered(NamedTuple):
    """Systems at one of our sites in a period that stand unpowered: of those of which the share `able` does work."""

    system: str
    site: str
    t: int
    able: float
    cohorts: tuple[Cohort, ...]


@dataclass(frozen=True)
class Priced:
    """A model with what its limits cost to pass: `unmet` is USD per unit and hour by demand.

    `as_planned` are the tables of the scenario as it stands; what is `placed` before, by its columns, fits these.
    """

    model: Model
    matrix: Matrix
    uncertainty: Uncertainty
    unmet: Mapping[str, float]
    as_planned: Tables
    placed: Set[str]

    @cached_property
    def row_number(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.matrix.rows)}

    @cached_property
    def column_number(self) -> dict[str, int]:
        return {name: j for j, name in enumerate(self.matrix.columns)}

    @cached_property
    def by_column(self) -> dict[int, dict[int, float]]:
        """The coefficients of each column, by row."""
        found: dict[int, dict[int, float]] = {}
        for i in range(len(self.matrix.rows)):
            for k in range(self.matrix.start[i], self.matrix.start[i + 1]):
                found.setdefault(int(self.matrix.index[k]), {})[i] = float(self.matrix.value[k])
        return found

    @cached_property
    def is_delayed(self) -> bool:
        """Whether anything is delivered at another time than in the scenario as it stands."""
        before = self.as_planned.offers
        return any(o.lead_periods != before[name].lead_periods for name, o in self.model.tables.offers.items())

    def rows(self, constraint: Callable[[Model], object]) -> Iterator[tuple[str, Row]]:
        """The rows of a constraint, with their names."""
        return ((name, row) for name, row in self.model.rows.items() if name.partition("(")[0] == constraint.__name__)

    def dearest(self, per: Callable[[Cohort], float]) -> float:
        """The most that a system costs, in USD, by so much of it as is counted; 0 where nothing can be ordered."""
        costs = ((_system_usd(self.model, c), per(c)) for c in self.model.cohort if not c.committed)
        return max((usd / amount for usd, amount in costs if amount), default=0.0)


def _system_usd(model: Model, cohort: Cohort) -> float:
    """What one system costs: its price, or the rent of its whole term."""
    rent = (cohort.rent_usd or 0.0) * model.tables.calendar.hours * model.tables.offers[cohort.offer].periods
    return cohort.price_usd if cohort.price_usd is not None else rent


def beyond_budget(priced: Priced) -> Iterator[Breach]:
    """over(budget,window): USD spent beyond a budget, paid as of the last period of its window."""
    factor, tables = float(priced.uncertainty.beyond.budget), priced.model.tables
    for constraint in (capex_within_budget, opex_within_budget):
        for name, row in priced.rows(constraint):
            inside = dict(tables.calendar.windows(row.keys[0]))[row.keys]
            yield Breach(name, factor * row.scale * float(tables.mid[inside[-1]]))


def beyond_supply(priced: Priced) -> Iterator[Breach]:
    """over(supply,t): what is delivered beyond an allocation, an offer's supply or a pool, at a premium.

    The premium is a multiple of what the dearest system costs that counts in the row, by what it counts. Only what was
    placed before may be beyond, and no more than the future takes away. Proof that this is enough: what was placed fits
    the scenario as it stands, so it is no more than the limits there of all periods in which it would have come.
    """
    factor, tables = float(priced.uncertainty.beyond.supply), priced.model.tables
    cohort_of = {variable.name: cohort for cohort, variable in priced.model.cohort.items()}
    for kind, constraint in SUPPLIES.items():
        for name, row in priced.rows(constraint):
            t = tables.calendar.index(row.keys[1])
            assert t is not None
            placed = {v.name: amount for v, amount in row.terms if v.name in priced.placed}
            there = {_as_planned(priced, cohort_of[column]) for column in placed}
            most = math.fsum(priced.as_planned.supply_at.get((kind, row.keys[0], at), 0.0) for at in there) - row.bound
            if most > 0:
                per_unit = max(_system_usd(priced.model, cohort_of[v.name]) / amount for v, amount in row.terms)
                yield Breach(name, factor * per_unit * row.scale * float(tables.mid[t]), most, placed)


def _as_planned(priced: Priced, cohort: Cohort) -> int:
    """The period in which an order would enter service in the scenario as it stands."""
    return cohort.ordered + priced.as_planned.offers[cohort.offer].lead_periods


def beyond_limit(priced: Priced) -> Iterator[Breach]:
    """over(limit): what passes a limit of the user's own, in its measure, not discounted."""
    factor = float(priced.uncertainty.beyond.limits)
    measures = {rule.name: rule.measure for rule in priced.model.tables.scenario.limits}
    for name, row in priced.rows(limit):
        yield Breach(name, factor * _of_measure(priced, measures[row.keys[0]]) * row.scale)


def _of_measure(priced: Priced, measure: str) -> float:
    """What a unit of a measure is worth in USD: of money itself, of work its price, of systems what they cost."""
    tables = priced.model.tables
    worth: dict[str, Callable[[], float]] = {
        "spend_usd": lambda: 1.0,
        "capex_usd": lambda: 1.0,
        "carbon_t": lambda: CARBON_USD_PER_T,
        "work": lambda: max(priced.unmet.values(), default=0.0) * tables.calendar.hours,
        "systems": lambda: priced.dearest(lambda _: 1.0),
        "accelerators": lambda: priced.dearest(lambda c: tables.offers[c.offer].accelerators),
        "it_kw": lambda: priced.dearest(lambda c: tables.systems[tables.offers[c.offer].system].provisioned_kw),
    }
    return worth[measure]()


def late(priced: Priced) -> Iterator[Breach]:
    """over(deadline): unit hours of a run that are missing at its deadline, at the price of work not done."""
    tables = priced.model.tables
    for name, row in priced.rows(finish_by_deadline):
        t = tables.calendar.index(row.keys[1])
        assert t is not None
        yield Breach(name, priced.unmet[row.keys[0]] * row.scale * float(tables.mid[t]))


SUPPLIES = {"accelerator": deliveries_within_supply, "offer": orders_within_offer, "pool": draws_within_pool}
BREACHES = (beyond_budget, beyond_supply, beyond_limit, late)


def breached(priced: Priced) -> tuple[list[Breach], list[NewColumn], list[NewRow]]:
    """Every breach of a model with its column; more than all that counts in a row is never beyond it."""
    found = [breach for kind in BREACHES for breach in kind(priced)]
    first, rows = len(priced.matrix.cost), []
    for k, breach in enumerate(found):
        if breach.placed is not None:
            entries = {priced.column_number[name]: -amount for name, amount in breach.placed.items()}
            name = f"over_what_is_placed_{model_name(breach.row)}"
            rows.append(NewRow(name, -math.inf, 0.0, {**entries, first + k: 1.0}))
    return found, [_column(priced, breach) for breach in found], rows


def _column(priced: Priced, breach: Breach) -> NewColumn:
    name = model_name(breach.row)
    i = priced.row_number[name]
    bound, sign = float(priced.matrix.row_upper[i]), -1.0
    if bound == math.inf:
        bound, sign = float(priced.matrix.row_lower[i]), 1.0
    most = priced.matrix.most_activity(i) + abs(bound) if breach.most is None else breach.most
    return NewColumn(f"over_{name}", breach.usd / USD_PER_MODEL_UNIT, most, {i: sign})


def stands_unpowered(priced: Priced) -> tuple[list[Unpowered], list[NewColumn], list[NewRow]]:
    """unpowered(y,s,t): systems at our sites that are there, paid for like all others, and neither draw nor work.

    They count in no power, cooling or racks, and not among those that are able to work: of each kind of them, by the
    share that is, no more than there are. Σ_k unpowered_k(y,s,t) has the entries of in_service(y,s,t) with another
    sign, and of the orders that work otherwise. Only where the future leaves less of something than there is in the
    scenario as it stands, and everywhere where it delays deliveries, which then meet others at their sites.
    """
    found, columns, rows = [], [], []
    released = {c.__name__ for c in (*WITHIN_SITE.values(), run_within_fleet)}
    numbers = [i for i, name in enumerate(priced.matrix.rows) if name.partition("(")[0] in released]
    inside = frozenset(numbers)
    for stock in priced.model.tables.stock:
        if stock.place in priced.model.tables.scenario.sites and _is_short(priced, stock):
            for kind in _kinds(priced, stock):
                found.append(kind)
                columns.append(_released(priced, kind, stock, inside))
                rows.append(_no_more_than_there(priced, kind, stock, len(priced.matrix.cost) + len(columns) - 1))
    return found, columns, rows


def _is_short(priced: Priced, stock: Stock) -> bool:
    """Whether what fits the scenario as it stands may not fit a site in a period."""
    tables, before = priced.model.tables, priced.as_planned
    if priced.is_delayed:
        return True
    expansion, earlier = (t.scenario.sites[stock.place].expansion for t in (tables, before))
    if expansion is not None and earlier is not None and expansion.lead_time_months != earlier.lead_time_months:
        return True
    limits, were = (t.site_at[stock.place, stock.t].limits for t in (tables, before))
    return any((most or 0.0) < (were[field] or 0.0) for field, most in limits.items())


def _kinds(priced: Priced, stock: Stock) -> Iterator[Unpowered]:
    tables = priced.model.tables
    unlike = tables.unlike.get((stock.system, stock.place, stock.t), ())
    yield Unpowered(stock.system, stock.place, stock.t, tables.availability, tuple(c for c, _ in unlike))
    for share in sorted({share for _, share in unlike}):
        cohorts = tuple(cohort for cohort, each in unlike if each == share)
        yield Unpowered(stock.system, stock.place, stock.t, share, cohorts)


def _is_alike(priced: Priced, kind: Unpowered) -> bool:
    return kind.able == priced.model.tables.availability


def _released(priced: Priced, kind: Unpowered, stock: Stock, inside: frozenset[int]) -> NewColumn:
    """The column of one kind: what in_service counts in its rows is taken back, and what one of its orders does."""
    there = priced.by_column.get(priced.column_number[priced.model.at(stock).name], {})
    own: dict[int, float] = {}
    if not _is_alike(priced, kind):
        own = priced.by_column[priced.column_number[priced.model.cohort[kind.cohorts[0]].name]]
    entries = {i: -(there.get(i, 0.0) + own.get(i, 0.0)) for i in there if i in inside}
    name = f"unpowered({kind.system},{kind.site},{kind.able!r},{priced.model.period(kind.t)})"
    return NewColumn(model_name(name), 0.0, stock.most, {i: value for i, value in entries.items() if value})


def _no_more_than_there(priced: Priced, kind: Unpowered, stock: Stock, column: int) -> NewRow:
    """unpowered ≤ in_service less the orders of other kinds, or ≤ the orders of its own kind."""
    orders = {priced.column_number[priced.model.cohort[c].name]: 1.0 for c in kind.cohorts}
    if _is_alike(priced, kind):
        entries = {priced.column_number[priced.model.at(stock).name]: -1.0, **orders, column: 1.0}
    else:
        entries = {**dict.fromkeys(orders, -1.0), column: 1.0}
    name = f"unpowered_within_site({kind.system},{kind.site},{kind.able!r},{priced.model.period(kind.t)})"
    return NewRow(model_name(name), -math.inf, 0.0, entries)
