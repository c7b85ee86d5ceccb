"""HiGHS in a process of its own, which imports nothing but the standard library, highspy, numpy and modules of
this folder that do the same.

On standard input it is told of one model after another: a line of JSON with the `settings` and the length in bytes of
the arrays that follow it. On standard output it says, as lines of JSON, how a solve goes, and at its end `done`
with the length of the arrays that follow. The line `stop` stops a solve with the best plan so far; the end of
the input ends the process, in the middle of a solve too: nobody is left to hear its answer.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from queue import SimpleQueue
from typing import IO, Any

import highspy
import numpy as np

from optimizer.solving.child_messages import DONE, STOP, packed, unpacked
from optimizer.solving.highs_kept import KeptModels
from optimizer.solving.highs_search import solve
from optimizer.solving.highs_solve import Problem, Stop, Tell, canary


def answer(
    problem: Problem, settings: dict[str, Any], asked: threading.Event, tell: Tell, kept: KeptModels
) -> dict[str, Any]:
    """The arrays of a solved model: status, values, duals, bound, version, and whether the solve was stopped.

    Of a model that is `kept`, its duals alone.
    """
    _limit_memory(settings["memory_bytes"])
    stop = Stop(settings["time_limit"], asked)
    if settings["canary"]:
        canary()
    result = kept.answer(problem, settings, stop) if "kept" in settings else solve(problem, settings, stop, tell)
    result["interrupted"] = stop.asked.is_set()
    result["version"] = highspy.Highs().version()
    return {name: np.asarray(value) for name, value in result.items()}


def main() -> None:
    """Solves model after model until the input ends."""
    _leave_signals_to_parent()
    out, kept = _output(), KeptModels()
    asked, tasks = threading.Event(), SimpleQueue[tuple[Problem, dict[str, Any]]]()

    def listen() -> None:
        for line in sys.stdin.buffer:
            if line == STOP:
                asked.set()
            else:
                asked.clear()  # what came too late for the model before does not count for this one
                tasks.put(_task(sys.stdin.buffer, line))
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        problem, settings = tasks.get()
        result = packed(answer(problem, settings, asked, lambda figures: _say(out, figures), kept))
        out.write(DONE + b"%d\n" % len(result) + result)
        out.flush()


def _task(given: IO[bytes], line: bytes) -> tuple[Problem, dict[str, Any]]:
    head = json.loads(line)
    return unpacked(given.read(head["bytes"])), head["settings"]


def _say(out: IO[bytes], figures: dict[str, Any]) -> None:
    out.write(json.dumps(figures).encode() + b"\n")
    out.flush()


def _output() -> IO[bytes]:
    """Standard output for our own words alone: what a library prints goes to standard error."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


def _leave_signals_to_parent() -> None:
    """Who ends us is our parent; what is sent to all processes of a group or a service is for it alone."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _limit_memory(most: int | None) -> None:
    if most is None:
        return
    try:
        import resource
    except ImportError:  # not on Windows, where there is no such limit
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    main()
