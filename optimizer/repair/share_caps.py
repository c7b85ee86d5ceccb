"""Shares that do not add up: a contradiction seen without a solver."""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum

from optimizer.business_limits import business_limits
from optimizer.formulation.model import Row
from optimizer.reopened import Key
from optimizer.repair.reach import SURELY, Reach, hard_needs
from optimizer.tables import Work, grouped


def shares_too_small(reach: Reach) -> Iterator[tuple[Key, str, str]]:
    """The most that each of a few may have does not add up to the whole."""
    model = reach.model
    for limit in business_limits(model):
        rows = [row for name in limit.rows if (row := model.rows[name]).share is not None and row.sense == "<="]
        for same in grouped(rows, _whole_of).values():
            share = same[0].share
            if share is None or not _covered(same) or len(same) * share.share * SURELY >= 1:
                continue
            if _must_be(reach, same[0]):
                each = f"{len(same)} × {100 * share.share:.4g} %" if len(same) > 1 else f"{100 * share.share:.4g} %"
                who = ", ".join(row.keys[1] for row in same if len(row.keys) > 2)
                text = f"all there is to choose from in {same[0].keys[-1]} may have {each}, which is not the whole"
                yield limit.key[:2], limit.label, text + (f" ({who})" if who else "") + f" (limit {limit.name})"
                break


def _whole_of(row: Row) -> tuple[str, frozenset[str]]:
    return row.keys[-1], frozenset(v.name for v, _ in (row.share.whole if row.share else ()))


def _covered(rows: list[Row]) -> bool:
    """Whether the parts of some rows make up their whole."""
    parts: dict[str, float] = {}
    for row in rows:
        for variable, amount in row.share.part if row.share else ():
            parts[variable.name] = parts.get(variable.name, 0.0) + amount
    whole = rows[0].share.whole if rows[0].share else []
    constants = fsum(row.share.part_constant for row in rows if row.share)
    enough = all(parts.get(v.name, 0.0) >= amount * (1 - 1e-9) for v, amount in whole)
    return enough and rows[0].share is not None and constants >= rows[0].share.whole_constant * (1 - 1e-9)


def _must_be(reach: Reach, row: Row) -> bool:
    """Whether the whole of a share cannot be nothing: some work that must be done, or order, has no part outside."""
    if row.share is None or row.share.whole_constant > 0:
        return row.share is not None
    whole = {variable.name for variable, amount in row.share.whole if amount > 0}
    runs = grouped(reach.model.run.items(), lambda item: (item[0].demand, item[0].t))
    works = ({variable.name for _, variable in runs.get((need.demand, need.t), ())} for need in hard_needs(reach))
    orders = {variable.name for cohort, variable in reach.model.cohort.items() if not cohort.committed}
    return any(names and names <= whole for names in works) or (orders <= whole and _must_order(reach))


def _must_order(reach: Reach) -> bool:
    """Whether some work that must be done cannot be done by the fleet alone."""
    tables = reach.tables
    if any(cohort.committed for cohort in tables.cohorts):
        return False
    best = {key: max(row.per_system for row in rows) for key, rows in grouped(tables.work, _doing).items()}
    there: dict[tuple[str, int], float] = {}
    for (system, demand, t), rate in best.items():
        fleet = fsum(row.fleet for row in tables.stock if (row.system, row.t) == (system, t))
        there[demand, t] = there.get((demand, t), 0.0) + fleet * rate
    return any(there.get((need.demand, need.t), 0.0) * SURELY < need.per_second for need in hard_needs(reach))


def _doing(row: Work) -> tuple[str, str, int]:
    return row.system, row.demand, row.t
