"""A plan held in a future: its orders stay, what is rented on demand, run and left undone adapts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import fsum

import numpy as np

from catalogs.periods import first_month, written
from optimizer.formulation.model import DEMAND_PARTS, model_name
from optimizer.infeasible.proof import resolved_again
from optimizer.interruption import OutOfTime
from optimizer.plan.format import Plan
from optimizer.request.edits import request_of
from optimizer.request.futures import Future as Said
from optimizer.request.load import Request
from optimizer.request.uncertainty import Uncertainty
from optimizer.solving.matrix import Matrix
from optimizer.solving.solution import Options, Solution
from optimizer.solving.solve import Solver
from optimizer.tables import Tables, build_tables
from optimizer.uncertainty.blocks import Block, Future, Placed, Terms, block_of
from optimizer.uncertainty.courses import lenient_course_of
from optimizer.uncertainty.first_stage import Decided
from optimizer.uncertainty.recourse import unmet_prices

HELD = frozenset({"order", "engineer", "port", "expand", "blocks", "sign", "retire"})
"""Decisions of a plan that stay; what else is decided with an order follows from them."""
ON_DEMAND = "on_demand"


@dataclass(frozen=True)
class HeldCost:
    """What a plan costs in a future, in USD as present value, and what the future breaks.

    `unmet_share` is the most of any demand that is left undone, over its work in the horizon; `over_usd` are the
    premiums on limits that are passed, `over_budget_usd` how far budgets are, `unpowered_kw` the most at once, and
    `late_systems` come after the horizon, where they are neither paid for nor work.
    """

    cost_usd: float
    unmet_usd: float
    unmet_share: float
    over_usd: float
    over_budget_usd: float
    unpowered_kw: float
    late_systems: float


class HeldPlan:
    """A plan whose decisions are held in one future after another."""

    def __init__(self, plan: Plan, options: Options) -> None:
        self.plan, self.options = plan, options
        self.request: Request = request_of(plan.scenario, plan.catalog)

    @cached_property
    def uncertainty(self) -> Uncertainty:
        return self.request.scenario.uncertainty or Uncertainty()

    @cached_property
    def unmet(self) -> dict[str, float]:
        return unmet_prices(self.request)

    @cached_property
    def as_planned(self) -> Tables:
        return build_tables(self.request, parts=True)

    @cached_property
    def terms(self) -> Terms:
        """Everything that the plan decides is decided before, but for what is rented on demand."""
        return Terms(self.uncertainty, self.unmet, self.request.scenario.calendar.count, rent_adapts=True)

    @cached_property
    def placed(self) -> Placed:
        return {key[1:]: value for key, value in self.decision.items() if key[0] == "order"}  # type: ignore[misc]

    @cached_property
    def decision(self) -> Mapping[Decided, float]:
        """What the plan decides, by names that it has in every future."""
        found: dict[Decided, float] = {}
        for order in self.plan.orders:
            if not order.commitment and order.route != ON_DEMAND:
                found["order", order.label, order.place, order.ordered] = order.systems
        for started in self.plan.engineering:
            found["engineer", started.accelerator, started.starts] = 1.0
        for port in self.plan.porting:
            found["port", port.demand, port.stack, port.starts] = 1.0
        found |= {("sign", frame.frame): 1.0 for frame in self.plan.frames if frame.signed}
        return found | self._expanded() | self._retired()

    def _expanded(self) -> dict[Decided, float]:
        found: dict[Decided, float] = {}
        calendar = self.request.scenario.calendar
        for row in self.plan.expanded:
            expansion = self.request.scenario.sites[row.site].expansion
            assert expansion is not None
            wait = calendar.whole_periods(expansion.lead_time_months) * calendar.months
            started = written(first_month(row.period) - wait, calendar.months)
            found["expand", row.site, started] = row.mw
            if expansion.block_mw is not None:
                found["blocks", row.site, started] = round(row.mw / float(expansion.block_mw))
        return found

    def _retired(self) -> dict[Decided, float]:
        """Systems retired, by the fleet entries that have them, those alike in turn."""
        found: dict[Decided, float] = {}
        left = {entry.key: entry.systems for entry in self.as_planned.fleet if entry.may_retire}
        for row in self.plan.retired:
            systems = row.systems
            for entry in self.as_planned.fleet:
                if (entry.system, entry.site, entry.until) == (row.system, row.site, row.until) and entry.key in left:
                    taken = min(systems, left[entry.key])
                    found["retire", *entry.key, row.period] = taken
                    left[entry.key] -= taken
                    systems -= taken
        return {key: systems for key, systems in found.items() if systems}

    def in_future(self, said: Said, solver: Solver) -> HeldCost:
        """What the plan comes to in a future. Raises OutOfTime."""
        request = lenient_course_of(self.request, said, self.unmet)
        block = block_of(Future(said.name, 1.0, request), self.placed, self.terms, self.as_planned)
        matrix = self._holding(block)
        found = solver.solve(matrix, self.options)
        if found.status == "infeasible":
            found = resolved_again(matrix, self.options, solver.solve)
        if not found.values.size:
            raise OutOfTime
        return self._cost(block, found)

    def _holding(self, block: Block) -> Matrix:
        """The model of a future when the plan's decisions have been taken; what is held need not be looked for."""
        held = {j: self.decision.get(key, 0.0) for key, j in block.first.items() if key[0] in HELD}
        fixed = block.matrix.fixed(held)
        return fixed.relaxed(np.isin(np.arange(len(fixed.cost)), list(held)))

    def _cost(self, block: Block, found: Solution) -> HeldCost:
        values = dict(zip(block.matrix.columns, found.values.tolist(), strict=True))
        tables = block.model.tables
        undone: dict[str, list[float]] = {}
        asked: dict[str, list[float]] = {}
        unmet_usd = []
        for need in tables.needs:
            variable = block.model.unmet.get((need.demand, need.t))
            part = values[variable.name] / DEMAND_PARTS if variable is not None else 0.0
            asked.setdefault(need.demand, []).append(need.per_second)
            undone.setdefault(need.demand, []).append(part * need.per_second)
            unmet_usd.append(part * need.per_second * (need.unmet_usd or 0.0) * tables.calendar.hours)
        over = [(b, values[f"over_{model_name(b.row)}"]) for b in block.breaches]
        budgets = [v * block.model.rows[b.row].scale for b, v in over if "_within_budget" in b.row]
        return HeldCost(
            cost_usd=found.objective_usd,
            unmet_usd=fsum(unmet_usd),
            unmet_share=max((fsum(undone[name]) / fsum(asked[name]) for name in asked), default=0.0),
            over_usd=fsum(v * b.usd for b, v in over),
            over_budget_usd=fsum(budgets),
            unpowered_kw=_unpowered_kw(block, found),
            late_systems=fsum(v for key, v in self.decision.items() if key[0] == "order" and key not in block.first),
        )


def _unpowered_kw(block: Block, found: Solution) -> float:
    """The most that stands unpowered in any period, all sites together."""
    by_period: dict[int, list[float]] = {}
    first = len(block.matrix.cost) - len(block.unpowered)
    for k, kind in enumerate(block.unpowered):
        kw = block.model.tables.systems[kind.system].provisioned_kw * float(found.values[first + k])
        by_period.setdefault(kind.t, []).append(kw)
    return max((fsum(kw) for kw in by_period.values()), default=0.0)
