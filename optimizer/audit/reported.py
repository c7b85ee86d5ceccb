"""What the plan states against what follows from its inputs and decisions: every derived table.

A row that a sparse table does not have reads as no use at all. Rows of decisions are compared one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from optimizer.audit.basis import basis
from optimizer.audit.checks import FRACTIONS, Allowed, Check, Keys, Reported, told_apart
from optimizer.audit.decisions import ZERO, Cohort, PlanRow, is_known
from optimizer.audit.exclusions import excluded
from optimizer.audit.expected import (
    RELATIVE,
    Accounts,
    Expectation,
    Stated,
    Table,
    Values,
    dispensable_limits,
    expected_after_horizon,
    expected_budget,
    expected_clusters,
    expected_costs,
    expected_expanded,
    expected_frames,
    expected_in_service,
    expected_limits,
    expected_order,
    expected_periods,
    expected_retired,
    expected_sites,
    expected_starts,
    expected_supply,
)
from optimizer.audit.hashes import hashes
from optimizer.audit.order_permissions import order_keys
from optimizer.audit.roll_forward import Books
from optimizer.audit.warnings import warnings

SPARSE = ("in_service", "supply", "clusters")
PRICE_TOLERANCE, QUANTITY_TOLERANCE = float(RELATIVE), float(FRACTIONS)
DISCOUNT_TOLERANCE = Fraction(1, 10**24)
GAP_TOLERANCE, LEAST_OBJECTIVE = 1e-8, Fraction(1, 10**9)
SAME_COST = 1e-7
"""Relative: a search takes two costs for one that differ by less than its tolerance of costs, and ends there."""
PRICES = ("price_usd", "usd_per_accelerator_hour")
"""Fields of one system or accelerator, which a tolerance of a cent would not check."""


def compare(
    table: str, keys: Keys, field: str, given: Any, expected: Expectation, money: float, size: float = 0.0
) -> Reported:
    """One field: within a tolerance in money, of a price, or relative to its size.

    A difference is measured by the `size` of what it is a difference of.
    """
    if not isinstance(expected, Fraction):
        return Reported(table, (*keys, field), given, expected, 0.0)
    value = float(expected)
    relative = PRICE_TOLERANCE if field in PRICES else QUANTITY_TOLERANCE
    in_money = field.endswith("usd") and field not in PRICES
    return Reported(table, (*keys, field), given, value, money if in_money else relative * max(size, abs(value)))


def compare_row(
    table: str, keys: Keys, given: PlanRow, expected: Values, money: float, size: float = 0.0
) -> Iterator[Check]:
    """Each expected field of one row."""
    return (compare(table, keys, field, given[field], value, money, size) for field, value in expected.items())


def compare_table(
    table: str, key_fields: Keys, rows: Iterable[PlanRow], expected: Table, money: float
) -> Iterator[Check]:
    """Each row of a table; rows that are missing, unknown or stand twice. A sparse table leaves out what is nothing."""
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
        yield Allowed(table, keys, table in SPARSE and not any(used), "the row is missing")


def limits(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
    """Each row that limits the plan: its use, its limit, the slack and their unit; every such row is there, once."""
    expected, seen = expected_limits(accounts), set[Keys]()
    for row in plan["limits"]:
        keys: Keys = (str(row["row"]),)
        reason = "the row stands twice" if keys in seen else "the row belongs to nothing"
        yield Allowed("limits", keys, keys in expected and keys not in seen, reason)
        seen.add(keys)
        if keys in expected:
            given, values = {**row, "at_least": str(row["at_least"])}, expected[keys]
            size = max(abs(float(values[of] or 0)) for of in ("used", "limit"))
            yield from compare_row("limits", keys, given, values, accounts.money_tolerance, size)
    for keys in sorted(expected.keys() - seen - dispensable_limits(accounts)):
        yield Allowed("limits", keys, False, "the row is missing")


def cost_rows(costs: Mapping[str, Mapping[str, float]]) -> Iterator[PlanRow]:
    """The plan's cost lines as rows."""
    return ({"name": n, "period": p, "usd": usd} for n, by_period in costs.items() for p, usd in by_period.items())


def cohorts_of_rows(rows: Iterable[PlanRow], books: Books) -> Iterator[tuple[PlanRow, Cohort]]:
    """Each row of orders with the cohort it stands for; rows that stand for none are found elsewhere."""
    decided = iter(books.orders)
    commitments: defaultdict[Keys, list[Cohort]] = defaultdict(list)
    for cohort in books.cohorts:
        if cohort.committed:
            commitments[order_keys(books, cohort)].append(cohort)
    for row in rows:
        if row["commitment"]:
            candidates = commitments[row["offer"], row["place"], row["enters_service"]]
            paid = row["usd_per_accelerator_hour"] if row["price_usd"] is None else row["price_usd"]
            at_price = [c for c in candidates if float(c.price or 0) == paid]
            for cohort in (at_price or candidates)[:1]:
                yield row, replace(cohort, systems=Fraction(row["systems"]))
        elif is_known(row, books.inputs):
            yield row, next(decided)


def orders(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
    """Each order row against what follows from its offer, place, period and systems."""
    for row, cohort in cohorts_of_rows(plan["orders"], accounts.books):
        expected = expected_order(cohort, accounts.books)
        yield from compare_row("orders", order_keys(accounts.books, cohort), row, expected, accounts.money_tolerance)


def frames(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
    """Each frame of the scenario, once: whether it is signed, what it promises, what is spent and what is missing."""
    rows = ({**row, "signed": str(row["signed"])} for row in plan.get("frames") or ())
    return compare_table("frames", ("frame",), rows, expected_frames(accounts), accounts.money_tolerance)


def work(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
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


def unmet(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
    """The cost of each row of unmet demand: price · unmet · H."""
    inputs, decided = accounts.books.inputs, iter(accounts.books.unmet)
    index = inputs.horizon.positions()
    for row in plan["unmet"]:
        if row["demand"] in inputs.demand and row["period"] in index:
            left = next(decided)
            usd = (left.price or ZERO) * left.per_second * inputs.horizon.hours
            yield from compare_row("unmet", (left.demand, row["period"]), row, {"usd": usd}, accounts.money_tolerance)


def _stated(name: str, expected: Callable[[Books], Iterator[Stated]]) -> Callable[[PlanRow, Accounts], Iterator[Check]]:
    def statement(_: PlanRow, accounts: Accounts) -> Iterator[Check]:
        for keys, given, values in expected(accounts.books):
            yield from compare_row(name, keys, given, values, accounts.money_tolerance)

    return statement


def _table(
    name: str, key_fields: Keys, expected: Callable[[Accounts], Table]
) -> Callable[[PlanRow, Accounts], Iterator[Check]]:
    def statement(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
        rows = cost_rows(plan[name]) if name == "costs" else plan[name]
        return compare_table(name, key_fields, rows, expected(accounts), accounts.money_tolerance)

    return statement


def all_periods(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
    """The calendar has each period of the horizon, in order."""
    horizon = accounts.books.inputs.horizon
    in_order = [row["period"] for row in plan["periods"]] == [horizon.key(t) for t in range(horizon.periods)]
    yield Allowed("periods", (), in_order, "these are not the periods of the horizon in their order")


def discount_factors(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
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


def objective(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
    """The objective: Σ d_t · costs and f_t · residual."""
    given, total = float(plan["objective_usd"]), float(accounts.objective_usd)
    yield Reported("objective_usd", (), given, total, accounts.money_tolerance)


def bounds(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
    """No bound lies above the objective, and gap = (objective - bound) / |objective|."""
    total, certified = Fraction(plan["objective_usd"]), plan["certified"]
    solver = "bound_usd", plan["bound_usd"], plan["gap"]
    for name, bound, gap in (solver, ("certified", certified["bound_usd"], certified["gap"])):
        below = Fraction(bound) <= total + Fraction(accounts.money_tolerance)
        low, high = told_apart(float(total), float(bound))
        yield Allowed(name, (), below, f"the bound {high} USD lies above the objective {low} USD")
        expected = max(ZERO, total - Fraction(bound)) / max(abs(total), LEAST_OBJECTIVE)
        yield Reported("gap", (name,), gap, float(expected), GAP_TOLERANCE * max(1.0, float(expected)))


def status(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
    """A plan is optimal where its gap is the one asked for, or what it leaves open is a rounding of its costs."""
    asked = (plan.get("run") or {}).get("options", {}).get("gap")
    if plan.get("status") == "optimal" and asked is not None:
        left = float(plan["objective_usd"]) - float(plan["bound_usd"])
        reached = plan["gap"] <= asked + SAME_COST or left <= SAME_COST * accounts.scale_usd
        yield Allowed("status", (), reached, f"the gap of {plan['gap']:g} is above the {asked:g} asked for")


STATEMENTS: tuple[Callable[[PlanRow, Accounts], Iterator[Check]], ...] = (
    all_periods,
    _table("periods", ("period",), expected_periods),
    discount_factors,
    _table("costs", ("name", "period"), expected_costs),
    objective,
    bounds,
    status,
    orders,
    frames,
    work,
    unmet,
    _table("after_horizon", ("fiscal_year",), expected_after_horizon),
    _stated("retired", expected_retired),
    _stated("expanded", expected_expanded),
    _stated("engineering", lambda books: expected_starts(books, books.engineering)),
    _stated("porting", lambda books: expected_starts(books, books.porting)),
    _table("clusters", ("demand", "period"), expected_clusters),
    _table("in_service", ("system", "place", "period"), expected_in_service),
    _table("sites", ("site", "period"), expected_sites),
    _table("budget", ("budget", "window"), expected_budget),
    _table("supply", ("kind", "id", "period"), expected_supply),
    limits,
    basis,
    excluded,
    warnings,
    hashes,
)
