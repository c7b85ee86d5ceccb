"""What a plan uses of each row that limits it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import fsum
from typing import NamedTuple

from optimizer.formulation.model import Model, row_name
from optimizer.plan.format import LimitRow, Plan

ROUNDING = 1e-9


class Use(NamedTuple):
    """What a plan uses of a row and what the row allows, in the row's unit.

    `whole` is what the limit is a share of, or the limit itself where it is none.
    """

    row: str
    at_least: bool
    used: float
    most: float
    whole: float

    @property
    def slack(self) -> float:
        return self.used - self.most if self.at_least else self.most - self.used

    @property
    def room(self) -> float:
        """The slack as a part of the limit."""
        return self.slack / abs(self.most) if self.most else self.slack

    def leaves(self, share: Decimal) -> bool:
        """Whether the plan still fits if the limit is tightened by a share of it, or of what it is a share of."""
        return self.slack >= float(share) * abs(self.whole) + ROUNDING * abs(self.whole)


def uses(plan: Plan, model: Model) -> Mapping[str, Use]:
    """The use of every row that a buyer could do something about, by its name."""
    limits = {row.row: _use(row, model) for row in plan.limits}
    return {**limits, **{use.row: use for use in _of_demands(plan, model)}}


def _use(row: LimitRow, model: Model) -> Use:
    share = model.rows[row.row].share
    if share is None:
        return Use(row.row, row.at_least, row.used, row.limit, row.limit)
    whole = row.limit / share.share if share.share else float("inf")
    return Use(row.row, row.at_least, row.used, row.limit, whole)


def _of_demands(plan: Plan, model: Model) -> Iterator[Use]:
    """Work done against work asked, per second; against a deadline, all work up to it in unit x hours."""
    calendar = model.tables.calendar
    done: defaultdict[tuple[str, str], float] = defaultdict(float)
    for work in plan.work:
        done[work.demand, work.period] += work.work_per_second
    for need in model.tables.asked_for:
        period = calendar.key(need.t)
        name = row_name("serve_demand", (need.demand, period))
        yield Use(name, True, done[need.demand, period], need.per_second, need.per_second)
    for deadline in model.tables.deadlines:
        name = row_name("finish_by_deadline", (deadline.demand, calendar.key(deadline.t)))
        hours = fsum(done[deadline.demand, calendar.key(t)] for t in range(1, deadline.t + 1)) * calendar.hours
        yield Use(name, True, hours, deadline.unit_hours, deadline.unit_hours)
