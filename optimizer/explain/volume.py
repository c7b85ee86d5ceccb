"""From which volume an own chip pays: its one-off engineering and porting against the best of the others.

The demands that the chip can serve are scaled; supply and limits stay as they are. At each volume two plans are
found, one that must order the chip and one that may not. Where the first becomes the cheaper one, the chip pays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import fsum
from typing import Any, NamedTuple

import numpy as np

from catalogs.problems import InputError, suggestion
from optimizer.explain.explanation import Volume, VolumePoint
from optimizer.explain.inquiry import Inquiry, between
from optimizer.explain.names import UnknownName
from optimizer.explain.offers import denied
from optimizer.formulation.model import Model
from optimizer.interruption import OutOfTime
from optimizer.proven import stated
from optimizer.request.edits import Key, changed, scaled, text_at
from optimizer.request.load import Request
from optimizer.request.scenario import Porting
from optimizer.solving.matrix import Matrix, NewRow
from optimizer.solving.solution import Solution
from optimizer.what_if import NEVER, Bracket

VOLUMES = (0.25, 0.5, 1.0, 2.0, 4.0)
CLOSE = 0.01
"""The two volumes between which a chip begins to pay are brought so near to each other."""
MOST_STEPS = 10
MOST_INSTEAD = 3
_FIGURES = ("per_second", "by_deadline_unit_hours")


class CheapestWith(NamedTuple):
    """The cost of the best plan of one kind, and the systems that it orders of each offer."""

    cost: Bracket
    systems: Mapping[str, float]


@dataclass(frozen=True)
class Compared:
    """The best plans with and without the chip where demands are `factor` times as large."""

    factor: float
    with_it: CheapestWith
    without: CheapestWith

    @property
    def pays(self) -> bool | None:
        """Whether the plan with the chip is proved to be the cheaper one; None where the gap leaves it open."""
        if self.with_it.cost.most < self.without.cost.least:
            return True
        return False if self.without.cost.most < self.with_it.cost.least else None

    @property
    def loss(self) -> float:
        """What the chip costs more."""
        return self.with_it.cost.most - self.without.cost.most


def volume_of(inquiry: Inquiry, accelerator: str) -> Volume:
    """The cost with and without an accelerator over the volume of what it can serve, and where it begins to pay.

    Raises UnknownName if there is no such accelerator or none of its offers can be ordered.
    """
    _check(inquiry, accelerator)
    points = {point.factor: point for point in _curve(inquiry, accelerator)}
    inquiry.as_far_as_time_goes(lambda: _narrow(inquiry, accelerator, points), None)
    ordered = [points[factor] for factor in sorted(points)]
    if not ordered:
        raise OutOfTime
    low, high = _ends(ordered)
    one_off = inquiry.request.catalog.accelerators[accelerator].one_off
    return Volume(
        accelerator=accelerator,
        demands=_demands(inquiry.model, accelerator),
        one_off_usd=float(one_off.usd) if one_off is not None else 0.0,
        porting_usd=_porting_usd(inquiry, accelerator),
        points=tuple(_written(inquiry, accelerator, point) for point in ordered),
        from_factor=low.factor if low is not None and high is not None else None,
        to_factor=high.factor if low is not None and high is not None else None,
    )


def _check(inquiry: Inquiry, accelerator: str) -> None:
    known = inquiry.request.catalog.accelerators
    if accelerator not in known:
        raise UnknownName(f"no accelerator is called '{accelerator}'{suggestion(accelerator, known)}")
    if not _orders(inquiry.model, accelerator):
        tables = inquiry.model.tables
        reasons = [f"{o}: {why}" for o, why in tables.excluded.items() if tables.offers[o].accelerator == accelerator]
        raise UnknownName(f"{accelerator} cannot be ordered ({'; '.join(reasons) or 'it has no offers'})")


def _orders(model: Model, accelerator: str) -> list[str]:
    """The columns of the orders that bring a chip in: purchases, where its engineering has to be paid first."""
    own = any(name == accelerator for name, _ in model.engineer)
    return [
        variable.name
        for cohort, variable in model.cohort.items()
        if model.tables.offers[cohort.offer].accelerator == accelerator
        and not cohort.committed
        and (cohort.price_usd is not None or not own)
    ]


def _demands(model: Model, accelerator: str) -> tuple[str, ...]:
    """The demands whose work the accelerator can do."""
    systems = model.tables.systems
    return tuple(sorted({row.demand for row in model.tables.work if systems[row.system].accelerator == accelerator}))


def _curve(inquiry: Inquiry, accelerator: str) -> list[Compared]:
    tasks = [(factor, with_it) for factor in VOLUMES for with_it in (True, False)]
    found = inquiry.all("volumes", tasks, lambda task: _find(inquiry, accelerator, *task))
    pairs = zip(VOLUMES, found[::2], found[1::2], strict=True)
    return [Compared(factor, one, other) for factor, one, other in pairs if one is not None and other is not None]


def _point(inquiry: Inquiry, accelerator: str, factor: float) -> Compared:
    one, other = inquiry.all("volumes", (True, False), lambda with_it: _find(inquiry, accelerator, factor, with_it))
    if one is None or other is None:
        raise OutOfTime
    return Compared(factor, one, other)


def _find(inquiry: Inquiry, accelerator: str, factor: float, with_it: bool) -> CheapestWith:
    """The best plan at a volume that orders the chip, or that may not."""
    request = _scaled(inquiry, accelerator, factor)
    try:
        model, matrix = stated(request if with_it else denied(request, accelerator))
    except InputError:  # nothing else can serve some demand
        return CheapestWith(Bracket(NEVER, NEVER), {})
    solution = inquiry.what_if.best(_ordering(model, matrix, accelerator) if with_it else matrix)
    inquiry.count(solved=True)
    least = NEVER if solution.status == "infeasible" else solution.bound_usd
    return CheapestWith(Bracket(least, solution.objective_usd), _systems(model, matrix, solution))


def _scaled(inquiry: Inquiry, accelerator: str, factor: float) -> Request:
    changes: dict[Key, Any] = {}
    for demand in _demands(inquiry.model, accelerator):
        for figure in _FIGURES:
            value = text_at(inquiry.request, ("demand", demand, figure))
            if value is not None:
                changes["demand", demand, figure] = scaled(value, Decimal(repr(factor)))
    return changed(inquiry.request, changes)


def _ordering(model: Model, matrix: Matrix, accelerator: str) -> Matrix:
    """A model with the rows that at least one system of a chip is ordered, and that its engineering starts."""
    number = {name: j for j, name in enumerate(matrix.columns)}
    engineering = [v.name for (name, _), v in model.engineer.items() if name == accelerator]
    rows = (("order_it", _orders(model, accelerator)), ("engineer_it", engineering))
    return matrix.with_rows(
        [
            NewRow(f"{name}({accelerator})", 1.0, np.inf, {number[column]: 1.0 for column in columns})
            for name, columns in rows
            if columns
        ],
    )


def _systems(model: Model, matrix: Matrix, solution: Solution) -> Mapping[str, float]:
    """Systems ordered of each offer in a solution, commitments aside."""
    found: dict[str, float] = {}
    if solution.values.size:
        values = dict(zip(matrix.columns, solution.values.tolist(), strict=True))
        for cohort, variable in model.cohort.items():
            if not cohort.committed and values[variable.name] > 0.5:
                found[cohort.offer] = found.get(cohort.offer, 0.0) + values[variable.name]
    return found


def _ends(points: list[Compared]) -> tuple[Compared | None, Compared | None]:
    """The largest volume at which the chip does not pay below the smallest at which it does."""
    paying = [point for point in points if point.pays]
    high = paying[0] if paying else None
    losing = [point for point in points if point.pays is False and (high is None or point.factor < high.factor)]
    return (losing[-1] if losing else None), high


def _narrow(inquiry: Inquiry, accelerator: str, points: dict[float, Compared]) -> None:
    """Adds points where the chip begins to pay, until they are close to each other, or to what the gap leaves open."""
    for _ in range(MOST_STEPS):
        factor = _next_factor([points[factor] for factor in sorted(points)])
        if factor is None:
            return
        points[factor] = _point(inquiry, accelerator, factor)


def _next_factor(points: list[Compared]) -> float | None:
    """The volume to look at next; None where no closer answer is to be had."""
    low, high = _ends(points)
    if low is None or high is None:
        return None
    unclear = [point.factor for point in points if low.factor < point.factor < high.factor]
    if not unclear:
        return _crossing(low, high) if high.factor > low.factor * (1 + CLOSE) else None
    if high.factor > unclear[-1] * (1 + CLOSE):
        return round(unclear[-1] * (1 + CLOSE), 6)
    return round(unclear[0] / (1 + CLOSE), 6) if low.factor * (1 + CLOSE) < unclear[0] else None


def _crossing(low: Compared, high: Compared) -> float:
    """Where the loss would be nothing on a line between two points, kept off the ends by most of `CLOSE`."""
    share = low.loss / (low.loss - high.loss) if abs(low.loss) < NEVER and abs(high.loss) < NEVER else 0.5
    factor = low.factor + share * (high.factor - low.factor)
    off = 0.9 * CLOSE * low.factor
    return round(min(max(factor, low.factor + off), high.factor - off), 6)


def _porting_usd(inquiry: Inquiry, accelerator: str) -> float:
    """What it costs to bring all the demands that it can serve to the accelerator's stack."""
    stack = inquiry.request.catalog.accelerators[accelerator].stack
    demands = (inquiry.request.scenario.demand[name] for name in _demands(inquiry.model, accelerator))
    costs = [(demand.stacks or {}).get(stack) for demand in demands]
    return float(sum(cost.usd for cost in costs if isinstance(cost, Porting)))


def _written(inquiry: Inquiry, accelerator: str, point: Compared) -> VolumePoint:
    offers = inquiry.model.tables.offers
    own = fsum(count for offer, count in point.with_it.systems.items() if offers[offer].accelerator == accelerator)
    instead: dict[str, float] = {}
    for offer, count in point.without.systems.items():
        facts = offers[offer]
        instead[facts.accelerator] = instead.get(facts.accelerator, 0.0) + count * facts.accelerators
    most = sorted(instead, key=lambda name: (-instead[name], name))[:MOST_INSTEAD]
    costs = [None if found.cost.most == NEVER else between(found.cost) for found in (point.with_it, point.without)]
    return VolumePoint(factor=point.factor, with_usd=costs[0], without_usd=costs[1], systems=own, instead=tuple(most))
