"""Plans of several runs side by side, as the sheets Compare and Sensitivity show them.

What a workbook shows of other plans than its own is kept here, because the plans themselves are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from optimizer.explore.results import Alternatives, Frontier, Headline, Range, Sweep, headline
from optimizer.plan.compare import Change, Comparison
from optimizer.plan.format import Plan
from optimizer.plan.provenance import Part

Status = Literal["optimal", "feasible", "infeasible", "no_plan", "invalid", "not_run"]


class Run(Part):
    """A plan among several, or why there is none. `amount` is what it has of what a frontier trades cost against."""

    name: str
    status: Status
    scenario_sha256: str = ""
    catalog_sha256: str = ""
    solver: str = ""
    headline: Headline | None = None
    amount: float | None = None
    why: str = ""


class Runs(Part):
    """Several plans; `this` is the place of the one whose workbook it is.

    `changes` are those of orders from the first plan on, `label` and `unit` what a frontier trades cost against,
    `ranges` those of all plans that cost at most a part `within` more than the best.
    """

    kind: Literal["compare", "sweep", "frontier", "alternatives"]
    this: int
    runs: tuple[Run, ...]
    changes: tuple[Change, ...] = ()
    label: str = ""
    unit: str = ""
    ranges: tuple[Range, ...] = ()
    within: float = 0.0


def runs_compared(found: Comparison, plans: Sequence[Plan]) -> Runs:
    """The plans of a comparison; the workbook is that of the last."""
    runs = tuple(_run(side.name, plan) for side, plan in zip(found.plans, plans, strict=True))
    return Runs(kind="compare", this=len(runs) - 1, runs=runs, changes=found.changes)


def runs_of_sweep(swept: Sweep, plans: Mapping[str, Plan]) -> Runs:
    """Every combination of a sweep with its plan by its file's name; the workbook is that of the first with a plan.

    At least one must have a plan.
    """
    runs = []
    for cell in swept.cells:
        name = ", ".join(f"{key}={value}" for key, value in cell.settings.items())
        if cell.plan is None:
            runs.append(Run(name=name, status=cell.status, why=cell.why or ""))
        else:
            runs.append(_run(name, plans[cell.plan]))
    this = next(i for i, run in enumerate(runs) if run.headline is not None)
    return Runs(kind="sweep", this=this, runs=tuple(runs))


def runs_of_frontier(traced: Frontier) -> Runs:
    """The points of a frontier, of which there is at least one; the workbook is that of the cheapest."""
    cheapest = min(range(len(traced.points)), key=lambda i: traced.points[i].headline.cost_usd)
    runs = tuple(_run(f"point_{i}", point.plan, point.amount) for i, point in enumerate(traced.points, start=1))
    return Runs(kind="frontier", this=cheapest, runs=runs, label=traced.label, unit=traced.unit)


def runs_of_alternatives(found: Alternatives) -> Runs:
    """The plans of nearly the best cost; the workbook is that of the best."""
    runs = tuple(_run(one.about, one.plan) for one in found.plans)
    return Runs(kind="alternatives", this=0, runs=runs, ranges=found.ranges, within=found.within)


def _run(name: str, plan: Plan, amount: float | None = None) -> Run:
    return Run(
        name=name,
        status=plan.status,
        scenario_sha256=plan.run.scenario_sha256,
        catalog_sha256=plan.run.catalog_sha256,
        solver=plan.run.solver,
        headline=headline(plan),
        amount=amount,
    )
