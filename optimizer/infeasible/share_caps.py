"""Shares that do not add up: a contradiction seen without a solver."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from math import fsum

from optimizer.formulation.business_limits import business_limits
from optimizer.formulation.model import Row
from optimizer.infeasible.availability import SURELY
from optimizer.infeasible.subject import Statement, Subject
from optimizer.tables import Work, grouped


def shares_too_small(subject: Subject) -> Iterator[Statement]:
    """The most that each of a few may have does not add up to the whole.

    Proof: the parts cover the whole, so the whole is no more than the sum of the shares times itself, which is less,
    unless it is nothing; and it cannot be nothing. In less time there could be more to choose from: the lead times are
    named.
    """
    model = subject.model
    for limit in business_limits(model):
        rows = [row for name in limit.rows if (row := model.rows[name]).share is not None and row.sense == "<="]
        for same in grouped(rows, _whole_of).values():
            share = same[0].share
            if share is None or not _covered(same) or len(same) * share.share * SURELY >= 1:
                continue
            asked = _what_must_be(subject, same[0])
            if asked is not None:
                each = f"{len(same)} × {100 * share.share:.4g} %" if len(same) > 1 else f"{100 * share.share:.4g} %"
                who = ", ".join(row.keys[1] for row in same if len(row.keys) > 2)
                text = f"all there is to choose from in {same[0].keys[-1]} may have {each}, which is not the whole"
                text += (f" ({who})" if who else "") + f" (limit {limit.name})"
                yield Statement(limit.key[:2], limit.label, text, asked | subject.lead_times | {limit.label})
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


def _what_must_be(subject: Subject, row: Row) -> frozenset[str] | None:
    """Why the whole of a share cannot be nothing, by the demand that says so; None if it can.

    What is committed or stands there is there for no demand's sake. Else some work that must be done, or order that
    must be placed for it, has no part outside of the whole.
    """
    if row.share is None or row.share.whole_constant > 0:
        return frozenset() if row.share is not None else None
    whole = {variable.name for variable, amount in row.share.whole if amount > 0}
    runs = grouped(subject.model.run.items(), lambda item: (item[0].demand, item[0].t))
    for need in chain.from_iterable(subject.hard_needs.values()):
        names = {variable.name for _, variable in runs.get((need.demand, need.t), ())}
        if names and names <= whole:
            return frozenset({f"demand {need.demand}"})
    orders = {variable.name for cohort, variable in subject.model.cohort.items() if not cohort.committed}
    return _who_must_order(subject) if orders <= whole else None


def _who_must_order(subject: Subject) -> frozenset[str] | None:
    """A demand that the fleet alone cannot do, however often it is available; None if there is none."""
    tables = subject.tables
    if any(cohort.committed for cohort in tables.cohorts):
        return None
    there: defaultdict[tuple[str, int], float] = defaultdict(float)
    for (system, demand, t), rows in grouped(tables.work, _doing).items():
        fleet = fsum(row.fleet for row in tables.stock if (row.system, row.t) == (system, t))
        there[demand, t] += fleet * max(row.per_system for row in rows)
    for need in chain.from_iterable(subject.hard_needs.values()):
        if there[need.demand, need.t] * SURELY < need.per_second:
            return frozenset({f"demand {need.demand}"})
    return None


def _doing(row: Work) -> tuple[str, str, int]:
    return row.system, row.demand, row.t
