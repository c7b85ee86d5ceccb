"""What is asked of a solver and what it answers: options, progress, solutions, and what goes wrong."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimizer.formulation.model import USD_PER_MODEL_UNIT
from optimizer.interruption import OutOfTime
from optimizer.solving.branches import Branches
from optimizer.solving.matrix import Floats, in_usd


@dataclass(frozen=True)
class Options:
    """How hard to try. `gap` is relative, `abs_gap` in the objective's unit.

    `time_limit` is for each solve, in seconds, None for none; `ends` is when all solves of a command must be done, on
    the clock of `time.monotonic`, which every machine has its own of: what is sent to another process has the time of
    day instead.
    `solver` names another solver that PuLP knows, to compare with; None is HiGHS in a process of ours.
    `tidy` prefers fewer distinct orders within the gap. `close_to` and `begun_from` only record what
    a plan was kept close to or began from.
    `nodes` ends the search after so many, always at the same plan, where a
    time limit would not. `tolerance` is how near to whole, and to a limit, an integer solution must be, None for the
    solver's own. `at_once` searches the whole model without looking at its decisions first, as pays for a model in
    which hardly anything is open; `target` ends the search at the first plan that costs no more, in the objective's
    unit.
    """

    gap: float = 1e-4
    abs_gap: float = 1e-8
    time_limit: float | None = None
    ends: float | None = None
    threads: int = 1
    seed: int = 0
    presolve: str = "on"
    memory_gb: float | None = None
    solver: str | None = None
    tidy: bool = True
    close_to: str | None = None
    begun_from: str | None = None
    nodes: int | None = None
    tolerance: float | None = None
    at_once: bool = False
    target: float | None = None

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if self.ends is not None:
            state["ends"] += time.time() - time.monotonic()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if state["ends"] is not None:
            state["ends"] += time.monotonic() - time.time()
        self.__dict__.update(state)

    def seconds_left(self) -> float | None:
        """How long a solve that begins now may take, None for ever. Raises OutOfTime where no time is left."""
        if self.ends is None:
            return self.time_limit
        left = self.ends - time.monotonic()
        if left <= 0:
            raise OutOfTime
        return left if self.time_limit is None else min(left, self.time_limit)

    def for_all(self) -> Options:
        """The same for several solves: `time_limit` begins now, and is for all of them together."""
        if self.time_limit is None:
            return self
        ends = time.monotonic() + self.time_limit
        return replace(self, ends=ends if self.ends is None else min(ends, self.ends))

    def manifest(self) -> dict[str, Any]:
        known = {"gap": self.gap, "time_limit_s": self.time_limit, "threads": self.threads, "seed": self.seed}
        earlier = {"close_to": self.close_to, "begun_from": self.begun_from}
        return {**known, **{name: plan for name, plan in earlier.items() if plan is not None}}


@dataclass(frozen=True)
class Progress:
    """Where a running solve stands; `cost_usd` is infinite while there is no plan."""

    seconds: float
    cost_usd: float
    bound_usd: float
    nodes: int


@dataclass(frozen=True)
class Solution:
    """What a solver found.

    `status` is `optimal`, `feasible` (stopped with a plan), `infeasible` (claimed, not proved) or
    `no_plan` (stopped without one). `values` has one number a column, empty without a plan. `duals` are
    those of the relaxation, one a row. `objective` and `bound` are in the objective's unit, millions of USD where that
    is money; whoever is outside the solving reads them in USD. A `rough` solution has whole
    numbers beside which nothing continuous fits; nobody outside is given one. `branches` is the tree of decisions that
    was searched, with duals of its own; None if there was none or its duals are not of this model.
    """

    status: str
    values: Floats
    duals: Floats
    objective: float
    bound: float
    interrupted: bool
    solver: str
    rough: bool = False
    branches: Branches | None = None

    @property
    def objective_usd(self) -> float:
        return in_usd(self.objective)

    @property
    def bound_usd(self) -> float:
        return in_usd(self.bound)

    def bounded_by(self, usd: float) -> Solution:
        """The same with a bound that is known from elsewhere, as far as it is one."""
        return replace(self, bound=min(usd / USD_PER_MODEL_UNIT, self.objective))

    @property
    def gap(self) -> float:
        """The part of the cost that a better plan could save at the most."""
        return relative_gap(self.objective, self.bound)


def relative_gap(objective: float, bound: float) -> float:
    return max(0.0, objective - bound) / max(abs(objective), 1e-9)


Watch = Callable[[Progress], None]


class SolverError(Exception):
    """The solver broke. Our fault, never the input's."""


class GaveUp(SolverError):
    """The solver ended without an answer and without a reason that is ours."""


def nothing_known(interrupted: bool = False) -> Solution:
    """What is known of a model that was not solved, or whose solver did not stop at its time limit."""
    nothing = np.array([])
    return Solution("no_plan", nothing, nothing, math.inf, -math.inf, interrupted, solver="HiGHS")
