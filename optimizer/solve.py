"""A frozen model to a solution, by HiGHS in a child process that can be stopped and limited."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from optimizer.matrix import Floats, Matrix
from optimizer.scaling import Scaled, scaled
from optimizer.settle import settled

DONE = "done\n"
"""What the solver's process says when a result is written."""
GRACE_SECONDS = 30.0
"""How long past its time limit a solver may take to hand over what it has, before it is killed."""


@dataclass(frozen=True)
class Options:
    """How hard to try. `gap` is relative, `abs_gap` in the objective's unit; `time_limit` in seconds, None for none.

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
        self._child: subprocess.Popen[str] | None = None
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115

    def __enter__(self) -> Solver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        self._end()
        self._errors.close()

    def kill(self) -> None:
        """Ends the process at once, from any thread: the solve that it is at fails."""
        if self._child is not None:
            self._child.kill()

    def solve(
        self, matrix: Matrix, options: Options, watch: Watch | None = None, start: Mapping[int, float] | None = None
    ) -> Solution:
        """Solves a model. Ctrl-C stops it with the best plan so far; a second one kills it.

        `start` gives values of some whole-numbered columns, by number, to begin from; they need not fit.
        Raises SolverError if the solver fails, KeyboardInterrupt if it is killed, OutOfProportion for a model that
        it cannot take.
        """

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
        with tempfile.TemporaryDirectory(prefix="chipmix-") as name:
            folder = Path(name)
            np.savez(folder / "problem.npz", **fine.matrix.arrays())  # type: ignore[arg-type]
            (folder / "options.json").write_text(json.dumps(_settings(fine, options, start)))
            errors = self._run(folder, options, None if watch is None else _in_money(watch, fine.objective))
            result = folder / "result.npz"
            if not result.exists():
                said = errors[-500:].strip() or "no message"
                raise SolverError(f"the solver's process ended without a result: {said}")
            with np.load(result) as arrays:
                return _solution(matrix, fine, {name: arrays[name] for name in arrays.files})

    def _run(self, folder: Path, options: Options, watch: Watch | None) -> str:
        """Has the process solve what is in a folder; gives what it said on standard error if it died of it."""
        child = self._child = self._child or _started(self._errors)
        try:
            alive = _tell(child, str(folder)) and _listen(child, options, watch)
        except BaseException:
            child.kill()
            self._end()
            raise
        if alive:
            return ""
        self._end()
        self._errors.seek(0)
        return self._errors.read()

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    with suppress(BrokenPipeError):
                        stream.close()
            child.wait()


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
        "time_limit": options.time_limit,
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


def _started(errors: IO[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "optimizer.solver_process"]
    paths = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
        env=environment, start_new_session=True,
    )  # fmt: skip


def _listen(child: subprocess.Popen[str], options: Options, watch: Watch | None) -> bool:
    """Passes progress on until the model is done; False if the child ended instead.

    The first Ctrl-C asks it to stop, the next one raises.
    """
    timer = _killer(child, options.time_limit)
    asked = False
    try:
        while True:
            try:
                assert child.stdout is not None
                line = child.stdout.readline()
                if not line or line == DONE:
                    return bool(line)
                if watch is not None:
                    watch(Progress(**json.loads(line)))
            except KeyboardInterrupt:
                if asked:
                    raise
                asked = True
                _ask_to_stop(child)
    finally:
        timer.cancel()


def _tell(child: subprocess.Popen[str], line: str) -> bool:
    """Whether the child could still be told something."""
    assert child.stdin is not None
    try:
        child.stdin.write(f"{line}\n")
        child.stdin.flush()
    except BrokenPipeError:
        return False
    return True


def _ask_to_stop(child: subprocess.Popen[str]) -> None:
    _tell(child, "stop")  # if it has just ended by itself, there is nothing to stop


def _killer(child: subprocess.Popen[str], time_limit: float | None) -> threading.Timer:
    timer = threading.Timer((time_limit or 0) + GRACE_SECONDS, child.kill)
    timer.daemon = True
    if time_limit is not None:
        timer.start()
    return timer


def _solution(matrix: Matrix, fine: Scaled, result: dict[str, Any]) -> Solution:
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
