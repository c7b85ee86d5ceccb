"""What a worker of a cluster does: keeps what many tasks share, answers them, stops when nobody waits any more."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from optimizer.interruption import Hold, heeding
from optimizer.workers.versions import Versions, versions

Task = TypeVar("Task")
Result = TypeVar("Result")
LEVEL = 1
"""Of compression: what is sent is a fifth to a tenth as large, in a moment."""
_running: dict[str, set[Hold]] = {}
_stopped: set[str] = set()


@dataclass(frozen=True)
class Unfit:
    """No answer: a worker that came later has other versions."""

    versions: Versions


def packed(common: object) -> bytes:
    """What tasks share, as it is sent."""
    return zlib.compress(pickle.dumps(common, pickle.HIGHEST_PROTOCOL), LEVEL)


def unpacked(content: bytes) -> Any:
    """What tasks share, as a worker keeps it."""
    return pickle.loads(zlib.decompress(content))


def asked(
    session: str, expected: Versions, question: Callable[[Any, Task], Result], common: Any, task: Task
) -> Result | Unfit | None:
    """The answer to a task; None where nobody waits for it any more."""
    if versions() != expected:
        return Unfit(versions())
    if session in _stopped:
        return None
    try:
        with _listed(session) as hold, heeding(hold):
            return question(common, task)
    except KeyboardInterrupt:
        return None


def stop(session: str) -> None:
    """Ends the tasks of a command, those that are being solved too."""
    _stopped.add(session)
    for hold in _running.get(session, set()):
        hold.asked = True


@contextmanager
def _listed(session: str) -> Iterator[Hold]:
    hold, running = Hold(), _running.setdefault(session, set())
    running.add(hold)
    try:
        yield hold
    finally:
        running.discard(hold)
