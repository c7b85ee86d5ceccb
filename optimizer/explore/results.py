"""What exploring a scenario finds, as it is written and read. Money is in USD, power in MW."""

from __future__ import annotations

from collections import defaultdict
from math import fsum
from typing import Literal

from optimizer.formulation.register import lines_of
from optimizer.interruption import Stopped
from optimizer.plan.at_once import most_at_once
from optimizer.plan.format import Plan
from optimizer.plan.provenance import Part


class Headline(Part):
    """The figures by which plans are compared.

    `cost_usd` is the objective, `bound_usd` what no plan of the same question can be below. `capex_usd` is cash
    over the horizon, undiscounted, `rent_after_usd` rent due after it. `peak_mw` is at the meter, all our sites
    together. `accelerators` gives the most of each vendor's in service at once, the existing fleet apart.
    """

    cost_usd: float
    bound_usd: float
    gap: float
    capex_usd: float
    rent_after_usd: float
    peak_mw: float
    accelerators: dict[str, float]


def headline(plan: Plan) -> Headline:
    """The headline of a plan."""
    return Headline(
        cost_usd=plan.objective_usd,
        bound_usd=plan.bound_usd,
        gap=plan.gap,
        capex_usd=fsum(usd for line in lines_of("capex_usd") for usd in plan.costs[line].values()),
        rent_after_usd=plan.rent_after_usd,
        peak_mw=_peak_mw(plan),
        accelerators=dict(sorted(most_at_once(plan.orders, plan.periods, lambda order: order.vendor).items())),
    )


def _peak_mw(plan: Plan) -> float:
    by_period: defaultdict[str, float] = defaultdict(float)
    for row in plan.sites:
        by_period[row.period] += row.power_used_mw
    return max(by_period.values(), default=0.0)


class Shown(Part):
    """The currency in which money is shown; all figures are in USD. `mean` of rates by period, which vary."""

    code: str
    per_usd: float
    mean: bool = False


class Cell(Part):
    """One combination of a sweep and its plan, if it has one: a file in the sweep's folder.

    `id` is a hash of all that the answer depends on; `plan` the file. `status` is that of the plan, or
    `infeasible` (proved), `no_plan` (none was found in the time given), `invalid` (the model cannot state it)
    or `not_run`; `why` says it in words.
    """

    id: str
    settings: dict[str, str]
    status: Literal["optimal", "feasible", "infeasible", "no_plan", "invalid", "not_run"]
    plan: str | None = None
    headline: Headline | None = None
    why: str | None = None


class Sweep(Part):
    """A grid of settings, the last one varying fastest, with a cell for each combination.

    `settings` hold in every cell; `gap` is that of every solve, `time_limit_s` the time that the whole sweep was given
    last. `stopped` says why there are combinations that have not been run, if there are. `sha256` seals all else, as in
    a plan.
    """

    sha256: str = ""
    scenario: str
    settings: tuple[str, ...]
    vary: dict[str, tuple[str, ...]]
    currency: Shown
    gap: float
    time_limit_s: float | None
    cells: tuple[Cell, ...]
    stopped: Stopped | None = None

    @property
    def left(self) -> int:
        """How many combinations have not been run."""
        return sum(cell.status == "not_run" for cell in self.cells)


class Point(Part):
    """A plan of a frontier: no other plan is both cheaper and lower, by more than the gaps leave open.

    `amount` is what the plan has of what is traded, `limit` what it was allowed; `bound_usd` of the
    headline is proved for every plan within that limit.
    """

    limit: float
    amount: float
    headline: Headline
    plan: Plan


class Frontier(Part):
    """Cost against one other thing, from the least of it to the cheapest plan.

    `least_bound` is what no plan can be below, whatever it costs. `resolution_usd` is the largest gap of a point:
    costs nearer than that are not told apart. `asked` is how many points were asked for; dominated and
    coinciding ones are left out, as are those left undone when it was `stopped`.
    """

    trade: str
    label: str
    unit: str
    asked: int
    least_bound: float
    resolution_usd: float
    points: tuple[Point, ...]
    stopped: Stopped | None = None


class Range(Part):
    """The least and the most of something among all plans of nearly the best cost.

    `least` and `most` are attained by plans; no plan is below `least_bound` or above `most_bound`. `here` is what the
    best plan has. Accelerators also say whether they are in every such plan (`must`), in some (`optional`)
    or in none (`never`); None is not resolved.
    """

    kind: Literal["vendor", "accelerator", "site", "power", "cash"]
    name: str
    unit: str
    here: float
    least: float
    least_bound: float
    most: float
    most_bound: float
    need: Literal["must", "optional", "never"] | None = None


class Alternative(Part):
    """A plan of nearly the best cost. `apart` is the part of the money that no earlier plan spends the same way.

    `gap` of the headline is to the best cost's bound. `about` says what was asked of it.
    """

    about: str
    apart: float
    headline: Headline
    plan: Plan


class Alternatives(Part):
    """What is open within a part of the best cost, and plans that show it, the best one first.

    `stopped` says why there are fewer ranges or plans than were asked for, if there are.
    """

    scenario: str
    within: float
    most_cost_usd: float
    ranges: tuple[Range, ...]
    plans: tuple[Alternative, ...]
    stopped: Stopped | None = None
