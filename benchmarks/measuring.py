"""What a piece of work costs in a process of its own: seconds of the processor and memory, children included."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, NamedTuple

MIB = 2**20
UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in which a peak of memory is told."""
STATUS = Path("/proc/self/status")


class Spent(NamedTuple):
    """Seconds of the processor of a process and of its ended children; the peak of the largest of them in MiB."""

    seconds: float
    mib: float


def spent() -> Spent:
    """What this process has spent so far."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    return Spent(seconds, max(_own_peak(usages[0].ru_maxrss), usages[1].ru_maxrss) * UNIT / MIB)


def _own_peak(told: int) -> int:
    """The peak of this process; what Linux tells of it counts the process that it was started from."""
    if not STATUS.exists():
        return told
    lines = (line.split() for line in STATUS.read_text().splitlines())
    return next((int(line[1]) for line in lines if line[0] == "VmHWM:"), told)


def alone(how: Literal["fork", "spawn"], work: Callable[..., Any], *given: Any) -> Any:
    """What some work gives in a process of its own.

    Forked, it has all that is in memory here; spawned, its memory is its own. What solvers print is not shown.
    Raises EOFError where it ends without a result.
    """
    context: Any = get_context(how)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_told, args=(sender, work, given))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    finally:
        process.join()


def _told(sender: Connection, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    sender.send(work(*given))
