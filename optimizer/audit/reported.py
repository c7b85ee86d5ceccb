"""What the plan states against what follows from its inputs and decisions: every derived table.

A row that is missing reads as no use at all. Rows of decisions are compared one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from optimizer.audit.books import Books
from optimizer.audit.checks import TOLERANCE, Allowed, Check, Keys, Reported
from optimizer.audit.decisions import ZERO, Cohort, Row, committed, price_of
from optimizer.audit.expected import (
    RELATIVE,
    Accounts,
    Table,
    Value,
    Values,
    expected_budget,
    expected_costs,
    expected_in_service,
    expected_order,
    expected_periods,
    expected_sites,
    expected_supply,
)

ONE = Fraction(1)
DISCOUNT_TOLERANCE = Fraction(1, 10**24)
PRICES = ("price_usd", "usd_per_accelerator_hour")
"""Fields of one system or accelerator, which a tolerance of a cent would not check."""


def stated(value: Any) -> Value:
    """A value of the plan, exact."""
    return value if value is None or isinstance(value, str) else Fraction(value)


def tolerance(field: str, expected: Value, money: Fraction) -> Fraction:
    """How far a stated value may be off: in money, of a price, or relative to its size."""
    scale = max(ONE, abs(expected)) if isinstance(expected, Fraction) else ONE
    if field in PRICES:
        return RELATIVE * scale
    return money if field.endswith("usd") else TOLERANCE * scale


def compare_row(table: str, keys: Keys, given: Row, expected: Values, money: Fraction) -> Iterator[Check]:
    """Each expected field of one row."""
    for field, value in expected.items():
        yield Reported(table, (*keys, field), stated(given[field]), value, tolerance(field, value, money))


def compare_table(
    table: str, key_fields: Keys, rows: Iterable[Row], expected: Table, money: Fraction
) -> Iterator[Check]:
    """Each row of a table; rows that are missing, unknown or stand twice."""
    seen: set[Keys] = set()
    for given in rows:
        keys = tuple(str(given[field]) for field in key_fields)
        known = keys in expected and keys not in seen
        yield Allowed(table, keys, known, "the row stands twice" if keys in seen else "the row belongs to nothing")
        seen.add(keys)
        if keys in expected:
            yield from compare_row(table, keys, given, expected[keys], money)
    for keys in sorted(expected.keys() - seen):
        used = [v for field, v in expected[keys].items() if "limit" not in field and isinstance(v, Fraction)]
        yield Allowed(table, keys, not any(used), "the row is missing")


def cost_rows(costs: Mapping[str, Mapping[str, float]]) -> Iterator[Row]:
    """The plan's cost lines as rows."""
    return ({"name": n, "period": p, "usd": usd} for n, by_period in costs.items() for p, usd in by_period.items())


def cohort_of(row: Row, books: Books, index: Mapping[str, int]) -> Cohort | None:
    """The cohort that a row of orders stands for, with the row's systems; None if there is none."""
    offer, t = books.inputs.offers.get(row["offer"]), index.get(row["enters_service"])
    if offer is None or t is None:
        return None
    if not row["commitment"]:
        price = price_of(offer, t, books.inputs)
        return Cohort(offer, row["place"], t, Fraction(row["systems"]), price, False)
    entries = [e for e in books.inputs.commitments if (e.offer, e.place, e.t) == (offer.id, row["place"], t)]
    cohorts = [committed(entry, books.inputs) for entry in entries]
    at_price = [c for c in cohorts if row["price_usd"] is not None and c.price == stated(row["price_usd"])]
    return (at_price or cohorts)[0]._replace(systems=Fraction(row["systems"])) if cohorts else None


def orders(plan: Row, accounts: Accounts) -> Iterator[Check]:
    """Each order row against what follows from its offer, place, period and systems."""
    index = accounts.books.inputs.horizon.positions()
    for row in plan["orders"]:
        cohort = cohort_of(row, accounts.books, index)
        if cohort is not None:
            keys = row["offer"], row["place"], row["enters_service"]
            yield from compare_row(
                "orders", keys, row, expected_order(cohort, accounts.books), accounts.money_tolerance
            )


def work(plan: Row, accounts: Accounts) -> Iterator[Check]:
    """Each work row: its accelerator, its workload and the work it does per second."""
    inputs, decided = accounts.books.inputs, iter(accounts.books.work)
    index = inputs.horizon.positions()
    for row in plan["work"]:
        if row["demand"] not in inputs.demand or row["system"] not in inputs.systems or row["period"] not in index:
            continue
        done = next(decided)
        expected: Values = {
            "accelerator": done.system.accelerator,
            "workload": inputs.demand[done.demand].workload,
            "work_per_second": done.per_second,
        }
        keys = done.demand, done.system.id, done.place, row["period"]
        yield from compare_row("work", keys, row, expected, accounts.money_tolerance)


def unmet(plan: Row, accounts: Accounts) -> Iterator[Check]:
    """The cost of each row of unmet demand: price · unmet · H."""
    inputs, decided = accounts.books.inputs, iter(accounts.books.unmet)
    index = inputs.horizon.positions()
    for row in plan["unmet"]:
        if row["demand"] in inputs.demand and row["period"] in index:
            left = next(decided)
            usd = (left.price or ZERO) * left.per_second * inputs.horizon.hours
            yield from compare_row("unmet", (left.demand, row["period"]), row, {"usd": usd}, accounts.money_tolerance)


def _table(
    name: str, key_fields: Keys, expected: Callable[[Accounts], Table]
) -> Callable[[Row, Accounts], Iterator[Check]]:
    def compare(plan: Row, accounts: Accounts) -> Iterator[Check]:
        rows = cost_rows(plan[name]) if name == "costs" else plan[name]
        return compare_table(name, key_fields, rows, expected(accounts), accounts.money_tolerance)

    return compare


def all_periods(plan: Row, accounts: Accounts) -> Iterator[Check]:
    """The calendar has each period of the horizon, in order."""
    horizon = accounts.books.inputs.horizon
    in_order = [row["period"] for row in plan["periods"]] == [horizon.key(t) for t in range(horizon.periods)]
    yield Allowed("periods", (), in_order, "these are not the periods of the horizon in their order")


def discount_factors(plan: Row, accounts: Accounts) -> Iterator[Check]:
    """Without roots: d^(2n) · (1 + r)^(2t - 1) = 1 and f^n · (1 + r)^t = 1, here with t counted from 1."""
    inputs = accounts.books.inputs
    growth, n = 1 + inputs.finance.discount_rate, inputs.horizon.per_year
    factors = zip(plan["periods"], accounts.discount_mid, accounts.discount_end, strict=True)
    for t, (row, mid, end) in enumerate(factors, 1):
        mid_error = abs(mid ** (2 * n) * growth ** (2 * t - 1) - 1)
        end_error = abs(end**n * growth**t - 1)
        reason = f"they do not follow from a rate of {float(inputs.finance.discount_rate):g}"
        good = mid > 0 and end > 0 and max(mid_error, end_error) <= DISCOUNT_TOLERANCE
        yield Allowed("discount_factors", (row["period"],), good, reason)


def objective(plan: Row, accounts: Accounts) -> Iterator[Check]:
    """The objective: Σ d_t · costs and f_t · residual."""
    given = Fraction(plan["objective_usd"])
    yield Reported("objective_usd", (), given, accounts.objective_usd, accounts.money_tolerance)


def bounds(plan: Row, accounts: Accounts) -> Iterator[Check]:
    """No bound lies above the objective, and gap = (objective - bound) / |objective|."""
    total, certified = Fraction(plan["objective_usd"]), plan["certified"]
    stated_bounds = (
        ("bound_usd", plan["bound_usd"], plan["gap"]),
        ("certified", certified["bound_usd"], certified["gap"]),
    )
    for name, bound, gap in stated_bounds:
        holds = Fraction(bound) <= total + accounts.money_tolerance
        yield Allowed(name, (), holds, f"the bound {bound:,.2f} USD lies above the objective {float(total):,.2f} USD")
        if abs(total) >= 1:
            expected = max(ZERO, total - Fraction(bound)) / abs(total)
            yield Reported("gap", (name,), Fraction(gap), expected, TOLERANCE)


STATEMENTS: tuple[Callable[[Row, Accounts], Iterator[Check]], ...] = (
    all_periods,
    _table("periods", ("period",), expected_periods),
    discount_factors,
    _table("costs", ("name", "period"), expected_costs),
    objective,
    bounds,
    orders,
    work,
    unmet,
    _table("in_service", ("system", "place", "period"), expected_in_service),
    _table("sites", ("site", "period"), expected_sites),
    _table("budget", ("budget", "window"), expected_budget),
    _table("supply", ("kind", "id", "period"), expected_supply),
)
