"""The rows that limit a plan: use, limit, slack and price; budgets and supply among them."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum

import optimizer.plan.format as fmt
from optimizer.formulation.model import Model, Row, Terms
from optimizer.formulation.register import LIMIT, LIMITS
from optimizer.plan.solved_model import SolvedModel

NO_PRICE = 1e-7
"""A price below this, in USD per unit, is the solver's rounding."""


def limits(solved: SolvedModel) -> list[fmt.LimitRow]:
    """The use of every row that limits the plan."""
    return [_limit(solved, name, row) for name, row in limiting(solved.model)]


def limiting(model: Model) -> list[tuple[str, Row]]:
    """Every row that a buyer could do something about, demand aside, in order."""
    names = {record.name for record in LIMITS if record.kind != "demand"}
    return sorted((name, row) for name, row in model.rows.items() if name.partition("(")[0] in names)


def _limit(solved: SolvedModel, name: str, row: Row) -> fmt.LimitRow:
    def total(terms: Terms) -> float:
        return fsum(coefficient * solved.values[variable.name] for variable, coefficient in terms)

    if row.share is None:
        of_user = LIMIT[name.partition("(")[0]].kind == "limits"
        raising = [] if of_user else [(v, c) for v, c in row.terms if c < 0]  # as added power
        using = row.terms if of_user else [(v, c) for v, c in row.terms if c >= 0]
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


def budget(solved: SolvedModel, limits: Iterable[fmt.LimitRow]) -> list[fmt.BudgetRow]:
    rows = []
    for limit in limits:
        record = LIMIT[limit.row.partition("(")[0]]
        if record.kind == "budget":
            window = " ".join(solved.model.rows[limit.row].keys)
            rows.append(fmt.BudgetRow(
                budget=record.key[1],  # type: ignore[arg-type]
                window=window, used_usd=limit.used, limit_usd=limit.limit,
            ))  # fmt: skip
    return rows


def supply(solved: SolvedModel, limits: Iterable[fmt.LimitRow]) -> list[fmt.SupplyRow]:
    rows = []
    for limit in limits:
        record = LIMIT[limit.row.partition("(")[0]]
        if record.kind == "supply":
            name, period = solved.model.rows[limit.row].keys
            rows.append(fmt.SupplyRow(
                kind=record.of,  # type: ignore[arg-type]
                id=name, period=period, used=limit.used, limit=limit.limit, unit=limit.unit,
            ))  # fmt: skip
    return rows
