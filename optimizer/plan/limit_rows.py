"""The rows that limit a plan: use, limit, slack and price; budgets and supply among them."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum
from typing import Literal

import optimizer.plan.format as fmt
from optimizer.formulation import SHORT_OF
from optimizer.formulation.model import Model, Row, Terms
from optimizer.plan.solved_model import SolvedModel

NO_PRICE = 1e-7
"""A price below this, in USD per unit, is the solver's rounding."""


def limits(solved: SolvedModel) -> list[fmt.LimitRow]:
    """The use of every row that limits the plan."""
    return [_limit(solved, name, row) for name, row in limiting(solved.model)]


def limiting(model: Model) -> list[tuple[str, Row]]:
    """Every row that a buyer could do something about, demand aside, in order."""
    names = {f.__name__ for kind, constraints in SHORT_OF.items() if kind != "demand" for f in constraints}
    return sorted((name, row) for name, row in model.rows.items() if name.partition("(")[0] in names)


def _limit(solved: SolvedModel, name: str, row: Row) -> fmt.LimitRow:
    def total(terms: Terms) -> float:
        return fsum(coefficient * solved.values[variable.name] for variable, coefficient in terms)

    if row.share is None:
        raising = [] if name.startswith("limit(") else [(v, c) for v, c in row.terms if c < 0]  # as added power
        using = row.terms if name.startswith("limit(") else [(v, c) for v, c in row.terms if c >= 0]
        used = total(using) * row.scale + row.constant
        limit = (row.bound - total(raising)) * row.scale + row.constant
    else:
        used = total(row.share.part) + row.share.part_constant
        limit = row.share.share * (total(row.share.whole) + row.share.whole_constant)
    at_least = row.sense == ">="
    return fmt.LimitRow(
        row=name,
        unit=row.unit,
        used=used,
        limit=limit,
        at_least=at_least,
        slack=used - limit if at_least else limit - used,
        price_usd=price_usd(row, solved.duals.get(name, 0.0)),
    )


def price_usd(row: Row, dual: float) -> float | None:
    """The dual price of a row in USD of its own unit; None where it is zero."""
    price = row.usd_per_unit(dual) * (1 if row.sense == ">=" else -1)
    return price if price > NO_PRICE else None


_BUDGETS: dict[str, Literal["capex_usd", "opex_usd"]] = {
    "capex_within_budget": "capex_usd",
    "opex_within_budget": "opex_usd",
}


def budget(solved: SolvedModel, limits: Iterable[fmt.LimitRow]) -> list[fmt.BudgetRow]:
    rows = []
    for limit in limits:
        budget = _BUDGETS.get(limit.row.partition("(")[0])
        if budget is not None:
            (window,) = solved.model.rows[limit.row].keys
            rows.append(fmt.BudgetRow(budget=budget, window=window, used_usd=limit.used, limit_usd=limit.limit))
    return rows


_SUPPLY: dict[str, Literal["accelerator", "offer", "pool"]] = {
    "deliveries_within_supply": "accelerator",
    "orders_within_offer": "offer",
    "draws_within_pool": "pool",
}


def supply(solved: SolvedModel, limits: Iterable[fmt.LimitRow]) -> list[fmt.SupplyRow]:
    rows = []
    for limit in limits:
        kind = _SUPPLY.get(limit.row.partition("(")[0])
        if kind is not None:
            name, period = solved.model.rows[limit.row].keys
            rows.append(fmt.SupplyRow(
                kind=kind, id=name, period=period, used=limit.used, limit=limit.limit, unit=limit.unit,
            ))  # fmt: skip
    return rows
