"""A frozen model to a solution, by HiGHS in a child process that can be stopped and limited."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from optimizer.interruption import OutOfTime, held
from optimizer.solving.branches import read_branches
from optimizer.solving.decisions import decided_first
from optimizer.solving.kept import Kept
from optimizer.solving.matrix import Floats, Matrix, in_usd
from optimizer.solving.scaling import Scaled, scaled
from optimizer.solving.settle import settled
from optimizer.solving.solution import GaveUp, Options, Progress, Solution, SolverError, Watch, nothing_known
from optimizer.solving.solver_child import Child, Ended, SolvedArrays

POLL_SECONDS = 0.1
"""How long a Ctrl-C or a time limit may go unnoticed: no wait for the solver is longer, which also Windows ends."""
GRACE_SECONDS = 30.0
"""How long past its time limit a solver may take to hand over what it has, before it is killed."""


TellFigures = Callable[..., None]
"""Told where a solve stands, in the solver's own units: `seconds`, `cost`, `bound`, `nodes`."""
_canary_sang = False


class Solver:
    """HiGHS in a child process that takes one model after another; only the first waits for its start.

    Use it in a `with` block, or `solve` for a single model. Not for several threads at once.
    """

    def __init__(self) -> None:
        self._child: Child | None = None
        self._killed = False
        self._there: set[str] = set()

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

    def duals(self, kept: Kept, values: Floats, options: Options) -> Floats:
        """The duals of a relaxation with some columns at the values told, none where the solver has no optimum.

        The process keeps the model, and begins from the basis of the last time.
        """
        there = self._there if self._child is not None else set()
        problem = {"columns": kept.columns, "values": kept.within(values)}
        result = self._run(problem if kept.key in there else {**problem, **kept.arrays()}, _kept(kept, options), None)
        self._there = {*there, kept.key} if kept.keep else there
        if result is None or str(result["status"]) == "stopped":
            raise OutOfTime
        return kept.outside(result["duals"])

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
        tell = None if watch is None else _in_usd(watch, fine.objective)
        result = self._run(fine.matrix.arrays(), _settings(fine, options, start), tell)
        return _solution(matrix, fine, result) if result is not None else nothing_known()

    def _run(
        self, problem: Mapping[str, Any], settings: Mapping[str, Any], tell: TellFigures | None
    ) -> Mapping[str, Any] | None:
        """Has the process solve a model; None if it did not come to its end and had to be killed."""
        child = self._child = self._child or Child()
        try:
            if self._killed:
                child.kill()
            child.give(problem, settings)
            said = _listen(child, settings["time_limit"], tell)
        except BaseException:
            child.kill()
            self.close()
            raise
        if isinstance(said, SolvedArrays):
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


def _in_usd(watch: Watch, objective: float) -> TellFigures:
    """Tells in USD what the solver says in its own unit."""

    def tell(seconds: float, cost: float, bound: float, nodes: int) -> None:
        watch(Progress(seconds, in_usd(cost / objective), in_usd(bound / objective), nodes))

    return tell


def _kept(kept: Kept, options: Options) -> dict[str, Any]:
    return {"kept": kept.key, "keep": kept.keep, "gap": 0.0, "abs_gap": 0.0, **_of_every_solve(options)}


def _of_every_solve(options: Options) -> dict[str, Any]:
    global _canary_sang
    first, _canary_sang = not _canary_sang, True
    return {
        "time_limit": options.seconds_left(),
        "threads": options.threads,
        "seed": options.seed,
        "presolve": options.presolve,
        "memory_bytes": None if options.memory_gb is None else int(options.memory_gb * 2**30),
        "tolerance": options.tolerance,
        "canary": first,
    }


def _settings(fine: Scaled, options: Options, start: Mapping[int, float]) -> dict[str, Any]:
    at_once = options.at_once or bool(start) or options.nodes is not None or not fine.matrix.integer.any()
    return {
        "gap": options.gap,
        "abs_gap": options.abs_gap * fine.objective,
        **_of_every_solve(options),
        "orders": fine.matrix.column_numbers("order"),
        "heuristics": True,
        "at_once": at_once,
        **({} if at_once else decided_first(fine.matrix)),
        "tidy": options.tidy,
        "nodes": options.nodes,
        "target": None if options.target is None else options.target * fine.objective,
        "start": [list(start), [value / float(fine.columns[j]) for j, value in start.items()]],
    }


def _listen(child: Child, seconds: float | None, tell: TellFigures | None) -> SolvedArrays | Ended | None:
    """Passes progress on until the model is done, or the process ends instead; None if it was killed for lateness.

    The first Ctrl-C asks it to stop, the next one raises.
    """
    latest = math.inf if seconds is None else time.monotonic() + seconds + GRACE_SECONDS
    with held() as hold:
        told = False
        while time.monotonic() < latest:
            said = child.heard(POLL_SECONDS)
            if isinstance(said, (SolvedArrays, Ended)):
                return said
            if said is not None and tell is not None:
                tell(**said.figures)
            if hold.asked and not told:
                told = True
                _ask_to_stop(child)
    child.kill()
    return None


def _ask_to_stop(child: Child) -> None:
    child.stop()


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
        branches=read_branches(str(result["branches"]), fine.rows, fine.objective),
    )
