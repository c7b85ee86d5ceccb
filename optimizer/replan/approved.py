"""A new plan that stays close to an approved one: placed orders kept, a saving bought with the fewest changes.

An order line is what one offer brings into service at one place in one period. A line is changed if
its number of systems is not the approved one; what is new counts as much as what is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from catalogs.periods import first_month, last_month
from catalogs.problems import InputError
from optimizer.formulation.model import Model, model_name, row_name
from optimizer.infeasible.shortage import Infeasible
from optimizer.interruption import STOPS
from optimizer.plan.format import Plan
from optimizer.request.load import Request
from optimizer.solving.matrix import Floats, Matrix, NewColumn, NewRow
from optimizer.solving.settle import TRACE
from optimizer.solving.solution import Options, Solution, Watch, relative_gap
from optimizer.solving.solve import Solver, solve
from optimizer.tables import OrderLine

ROUNDING = 1e-7
"""Room in a row of costs, as part of them, for what solvers round."""
ONE_CHANGE = 0.99
"""Changes are whole: a plan less than one change from the bound has the fewest."""


@dataclass(frozen=True)
class Approved:
    """An approved plan, what it binds, and the part of the possible saving that changes must bring.

    Every order that it places up to and including the period `placed_until` stays as it is, and none is added
    there; None binds nothing. `saving` is between 0 (the fewest changes that make a plan) and 1 (the best plan).
    """

    plan: Plan
    saving: float = 1.0
    placed_until: str | None = None

    @property
    def described(self) -> str:
        """The approved plan and what was asked of it, for the record of the run."""
        until = f", orders placed until {self.placed_until} kept" if self.placed_until else ""
        name = f"{self.plan.scenario['name']} ({self.plan.run.scenario_sha256[:12]})"
        return f"{name}, {self.saving:.0%} of the saving{until}"


@dataclass(frozen=True)
class Replanned:
    """What was found: the solution of the request's own model, and how it lies between old and best, in USD."""

    solution: Solution
    changes: int
    lines: int
    closest_usd: float
    best_usd: float

    def __str__(self) -> str:
        return (
            f"stays close to the approved plan: {self.changes} of {self.lines} order lines changed; the fewest changes "
            f"cost {self.closest_usd:,.2f} USD, this plan {self.solution.objective_usd:,.2f} USD, "
            f"the best plan {self.best_usd:,.2f} USD"
        )


def kept(request: Request, model: Model, approved: Approved | None) -> dict[str, float]:
    """The columns whose orders are placed already, with their systems; 0 where nothing was ordered.

    Raises InputError for a placed order that the changed request no longer allows, and for a period before
    the horizon.
    """
    if approved is None or approved.placed_until is None:
        return {}
    last = last_month(approved.placed_until)
    calendar = model.tables.calendar
    placed = [o for o in approved.plan.orders if not o.commitment and first_month(o.ordered) <= last]
    systems = {_column(o.label, o.place, o.enters_service): o.systems for o in placed}
    possible = {v.name: c for c, v in model.cohort.items() if not c.committed}
    problems = [
        request.problem(
            (), f"{o.label} for {o.place} in {o.enters_service} was placed in {o.ordered} and is no longer possible"
        )
        for o in placed
        if _column(o.label, o.place, o.enters_service) not in possible
    ]
    if problems:
        raise InputError(problems)
    early = [name for name, c in possible.items() if calendar.first_month(c.ordered) <= last]
    return {name: systems.get(name, 0.0) for name in early}


def order_lines(plan: Plan | None) -> dict[OrderLine, float]:
    """The systems of each order line of a plan; none without one."""
    orders = plan.orders if plan is not None else ()
    return {(o.label, o.place, o.enters_service): o.systems for o in orders if not o.commitment}


def _column(offer: str, place: str, period: str) -> str:
    return model_name(row_name("order", (offer, place, period)))


class PlacedOrdersConflict(Infeasible):
    """The request has a plan, but none that keeps the orders placed until a period."""

    def __init__(self, until: str) -> None:
        self.until = until
        super().__init__((), (), "two solves agree")

    def explanation(self) -> str:
        return (
            f"no plan keeps every order placed until {self.until} and meets every limit ({self.proof}); without them "
            "there is one: let orders go with an earlier --placed-until, or give their limits room"
        )


def refuse_placed(matrix: Matrix, until: str, options: Options) -> None:
    """Raises PlacedOrdersConflict if a second solve, with other presolve and seed, finds no plan either."""
    again = replace(options, presolve="off", seed=options.seed + 1)
    if solve(matrix, again).status == "infeasible":
        raise PlacedOrdersConflict(until)


class ChangedLines:
    """A model in which changed order lines can be counted, or kept below a count."""

    def __init__(self, matrix: Matrix, lines: Mapping[OrderLine, float]) -> None:
        old = {_column(*line): systems for line, systems in lines.items()}
        self.matrix, self.columns = matrix, matrix.column_numbers("order")
        self.old = [old.get(matrix.columns[j], 0.0) for j in self.columns]
        self.choices = range(len(matrix.cost), len(matrix.cost) + len(self.columns))
        self.gone = len(set(old) - set(matrix.columns))
        self.lines = len(old)
        choices = [NewColumn(f"changed({matrix.columns[j]})", 0.0, 1.0, {}, integer=True) for j in self.columns]
        self.linked = matrix.with_columns(choices).with_rows(list(self._links()))

    def _links(self) -> Iterator[NewRow]:
        """A choice is 1 where the systems of its order line are not the approved ones.

        order − old ≤ (most − old) · changed and old − order ≤ old · changed: the tightest there is.
        """
        for j, choice, old in zip(self.columns, self.choices, self.old, strict=True):
            more = float(self.matrix.upper[j]) - old
            yield NewRow(f"more({self.matrix.columns[j]})", -np.inf, old, {j: 1.0, choice: -more})
            if old:
                yield NewRow(f"fewer({self.matrix.columns[j]})", old, np.inf, {j: 1.0, choice: old})

    def fewest(self, most_cost: float) -> Matrix:
        """The fewest changes, at a cost of no more than `most_cost` in millions of USD."""
        return self.linked.with_rows(self._below(most_cost)).minimising(dict.fromkeys(self.choices, 1.0))

    def cheapest(self, changes: int, most_cost: float) -> Matrix:
        """The least cost with no more than so many changes."""
        row = NewRow("most_changes", -np.inf, float(changes), dict.fromkeys(self.choices, 1.0))
        return self.linked.with_rows([row, *self._below(most_cost)])

    def _below(self, most_cost: float) -> list[NewRow]:
        most = most_cost + ROUNDING * abs(most_cost)
        return [self.matrix.cost_row(most)] if np.isfinite(most) else []

    def with_choices(self, values: Floats) -> Floats:
        """A plan of the model with the choices that say where it differs."""
        differ = [abs(float(values[j]) - old) > TRACE for j, old in zip(self.columns, self.old, strict=True)]
        return np.concatenate([values, np.array(differ, dtype=float)])

    def counted(self, values: Floats) -> int:
        """Changed order lines of a solution, those that are no longer possible among them."""
        differ = (abs(float(values[j]) - old) > TRACE for j, old in zip(self.columns, self.old, strict=True))
        return self.gone + sum(differ)


def replanned(matrix: Matrix, best: Solution, approved: Approved, options: Options, watch: Watch | None) -> Replanned:
    """From the best plan of a model to the one with the fewest changes that brings the saving asked for.

    The saving is a part of what the best plan costs less than the cheapest of those with the fewest changes
    of all. Whatever stops a solve early leaves more changes, or more cost, than need be; never less truth.
    """
    changes = ChangedLines(matrix, order_lines(approved.plan))
    with Solver() as solver:

        def solved(model: Matrix, counts: bool) -> Solution:
            exact = replace(options, tidy=False, abs_gap=ONE_CHANGE if counts else options.abs_gap)
            return solver.solve(model, exact, watch, start=dict(zip(changes.columns, changes.old, strict=True)))

        def closest_below(most_cost: float) -> Solution:
            fewest = solved(changes.fewest(most_cost), counts=True)
            if not fewest.values.size:
                return best
            count = changes.counted(fewest.values) - changes.gone
            found = solved(changes.cheapest(count, most_cost), counts=False)
            return found if found.values.size else best

        closest = final = best
        with suppress(*STOPS):
            closest = final = closest_below(np.inf)
            if approved.saving > 0:
                final = closest_below(closest.objective - approved.saving * (closest.objective - best.objective))
    values = final.values[: len(matrix.cost)]
    gap = relative_gap(final.objective, best.bound)
    solution = replace(
        best,
        status="optimal" if gap <= options.gap else "feasible",
        values=values,
        objective=matrix.cost_of(values),
        bound=min(best.bound, final.objective),
    )
    return Replanned(solution, changes.counted(values), changes.lines, closest.objective_usd, best.objective_usd)
