"""A frozen model to a solution, by HiGHS in a child process that can be stopped and limited."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimizer.interruption import OutOfTime, held
from optimizer.matrix import Floats, Matrix
from optimizer.scaling import Scaled, scaled
from optimizer.settle import settled
from optimizer.solver_child import Child, Ended, Result

POLL_SECONDS = 0.1
"""How long a Ctrl-C or a time limit may go unnoticed: no wait for the solver is longer, which also Windows ends."""
GRACE_SECONDS = 30.0
"""How long past its time limit a solver may take to hand over what it has, before it is killed."""


@dataclass(frozen=True)
class Options:
    """How hard to try. `gap` is relative, `abs_gap` in the objective's unit.

    `time_limit` is for each solve, in seconds, None for none; `ends` is when all solves of a command must be done, on
    the clock of `time.monotonic`, which is one for all processes of a machine.
    `solver` names another solver that PuLP knows, to compare with; None is HiGHS in a process of ours.
    `tidy` prefers fewer distinct orders within the gap. `close_to` and `begun_from` only record what
    a plan was kept close to or began from.
    `enough`, in millions of USD: a relaxation that costs so much is answer enough, and no integer solve follows
    (status `no_plan`, with the bound). `nodes` ends the search after so many, always at the same plan, where a
    time limit would not. `tolerance` is how near to whole, and to a limit, an integer solution must be, None for the
    solver's own.
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
    enough: float | None = None
    nodes: int | None = None
    tolerance: float | None = None

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
    """Where a running solve stands, in millions of USD; `cost` is infinite while there is no plan."""

    seconds: float
    cost: float
    bound: float
    nodes: int


@dataclass(frozen=True)
class Solution:
    """What a solver found.

    `status` is `optimal`, `feasible` (stopped with a plan), `infeasible` (claimed, not proved) or
    `no_plan` (stopped without one). `values` has one number a column, empty without a plan. `duals` are
    those of the relaxation, one a row. `objective` and `bound` are in millions of USD. A `rough` solution has whole
    numbers beside which nothing continuous fits; nobody outside is given one.
    """

    status: str
    values: Floats
    duals: Floats
    objective: float
    bound: float
    interrupted: bool
    solver: str
    rough: bool = False

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


_canary_sang = False


class Solver:
    """HiGHS in a child process that takes one model after another; only the first waits for its start.

    Use it in a `with` block, or `solve` for a single model. Not for several threads at once.
    """

    def __init__(self) -> None:
        self._child: Child | None = None
        self._killed = False

    def __enter__(self) -> Solver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        child, self._child = self._child, None
        if child is not None:
            child.close()

    def kill(self) -> None:
        """Ends the process at once, from any thread: the solve that it is at fails, and so does every later one."""
        self._killed = True
        if self._child is not None:
            self._child.kill()

    def solve(
        self, matrix: Matrix, options: Options, watch: Watch | None = None, start: Mapping[int, float] | None = None
    ) -> Solution:
        """Solves a model. Ctrl-C stops it with the best plan so far; a second one kills it.

        `start` gives values of some whole-numbered columns, by number, to begin from; they need not fit.
        Raises OutOfTime where no time is left to begin, SolverError if the solver fails, KeyboardInterrupt if it is
        killed or somebody asked to stop before it began, OutOfProportion for a model that it cannot take.
        """
        with held() as hold:
            hold.check()
            return settled(lambda asked, how: self._persistent(asked, how, watch, start or {}), matrix, options)

    def _persistent(
        self, matrix: Matrix, options: Options, watch: Watch | None, start: Mapping[int, float]
    ) -> Solution:
        """What the solver says of a model; numerical trouble with some settings may not be one with others."""
        other = replace(options, presolve="off", seed=options.seed + 1)
        for settings in (options, other):
            with suppress(GaveUp):
                return self._solved(matrix, settings, watch, start)
        return self._solved(matrix, replace(other, tolerance=None), watch, start)

    def _solved(self, matrix: Matrix, options: Options, watch: Watch | None, start: Mapping[int, float]) -> Solution:
        """What the solver's process says of a model, once, in the model's own units."""
        fine = scaled(matrix)
        tell = None if watch is None else _in_money(watch, fine.objective)
        result = self._run(fine.matrix.arrays(), _settings(fine, options, start), tell)
        return _solution(matrix, fine, result) if result is not None else nothing_known()

    def _run(
        self, problem: Mapping[str, Any], settings: Mapping[str, Any], watch: Watch | None
    ) -> Mapping[str, Any] | None:
        """Has the process solve a model; None if it did not come to its end and had to be killed."""
        child = self._child = self._child or Child()
        try:
            if self._killed:
                child.kill()
            child.give(problem, settings)
            said = _listen(child, settings["time_limit"], watch)
        except BaseException:
            child.kill()
            self.close()
            raise
        if isinstance(said, Result):
            return said.arrays
        self._child = None
        words = child.close()
        if said is None:
            return None
        raise SolverError(f"the solver's process ended without a result: {words[-500:] or 'no message'}")


def solve(
    matrix: Matrix, options: Options, watch: Watch | None = None, start: Mapping[int, float] | None = None
) -> Solution:
    """Solves one model, as `Solver.solve` does, in a process that ends with it."""
    with Solver() as solver:
        return solver.solve(matrix, options, watch, start)


def _in_money(watch: Watch, objective: float) -> Watch:
    """Tells in millions of USD what the solver says in its own unit."""
    return lambda said: watch(replace(said, cost=said.cost / objective, bound=said.bound / objective))


def _settings(fine: Scaled, options: Options, start: Mapping[int, float]) -> dict[str, Any]:
    global _canary_sang
    first, _canary_sang = not _canary_sang, True
    return {
        "gap": options.gap,
        "abs_gap": options.abs_gap * fine.objective,
        "time_limit": options.seconds_left(),
        "threads": options.threads,
        "seed": options.seed,
        "presolve": options.presolve,
        "memory_bytes": None if options.memory_gb is None else int(options.memory_gb * 2**30),
        "orders": fine.matrix.column_numbers("order"),
        "canary": first,
        "tidy": options.tidy,
        "enough": None if options.enough is None else options.enough * fine.objective,
        "nodes": options.nodes,
        "tolerance": options.tolerance,
        "start": [list(start), [value / float(fine.columns[j]) for j, value in start.items()]],
    }


def _listen(child: Child, seconds: float | None, watch: Watch | None) -> Result | Ended | None:
    """Passes progress on until the model is done, or the process ends instead; None if it was killed for lateness.

    The first Ctrl-C asks it to stop, the next one raises.
    """
    latest = math.inf if seconds is None else time.monotonic() + seconds + GRACE_SECONDS
    with held() as hold:
        told = False
        while time.monotonic() < latest:
            said = child.heard(POLL_SECONDS)
            if isinstance(said, (Result, Ended)):
                return said
            if said is not None and watch is not None:
                watch(Progress(**said.figures))
            if hold.asked and not told:
                told = True
                _ask_to_stop(child)
    child.kill()
    return None


def _ask_to_stop(child: Child) -> None:
    child.stop()


def nothing_known(interrupted: bool = False) -> Solution:
    """What is known of a model that was not solved, or whose solver did not stop at its time limit."""
    nothing = np.array([])
    return Solution("no_plan", nothing, nothing, math.inf, -math.inf, interrupted, solver="HiGHS")


def _solution(matrix: Matrix, fine: Scaled, result: Mapping[str, Any]) -> Solution:
    status, found, duals = str(result["status"]), result["values"], result["duals"]
    values = found * fine.columns if found.size else found
    if status.startswith("error"):
        raise GaveUp(f"the solver gave up ({status})")
    if status == "stopped":
        status = "feasible" if values.size else "no_plan"
    if status == "optimal" and not values.size:
        raise SolverError("the solver says optimal and gives no plan")
    return Solution(
        status=status,
        values=values,
        duals=duals * fine.rows / fine.objective if duals.size else duals,
        objective=matrix.cost_of(values) if values.size else float("inf"),
        bound=float(result["bound"]) / fine.objective,
        interrupted=bool(result["interrupted"]),
        solver=f"HiGHS {result['version']}",
        rough=bool(result["rough"]),
    )
