"""Workers that are processes of our own, one to a core."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def local_workers(asked: int | None) -> int:
    """How many processes of our own answer, where so many are asked for: by default one to a core."""
    return asked or os.cpu_count() or 1


class LocalHands:
    """Processes of our own that have what all tasks share."""

    def __init__(self, pool: ProcessPoolExecutor, workers: int) -> None:
        self._pool, self._workers = pool, workers

    def at_once(self) -> int:
        return self._workers

    def give(self, question: Callable[[Any, Task], Result], task: Task) -> Future[Result]:
        with _apart_from_the_terminal():
            return self._pool.submit(_asked, question, task)

    def check(self) -> None:
        """A process that has died is told of by its task."""

    def answer(self, future: Future[Result]) -> Result:
        return future.result()


@contextmanager
def local_hands(common: object, workers: int) -> Iterator[LocalHands]:
    """So many processes; leaving the block early, by Ctrl-C or otherwise, ends them at once."""
    others = set(multiprocessing.active_children())
    with _safe_path():
        pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (common,))
        try:
            yield LocalHands(pool, workers)
        except BaseException:
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _safe_path() -> Iterator[None]:
    """No process that is started meanwhile, nor those of the standard library, imports from the working directory."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


@contextmanager
def _apart_from_the_terminal() -> Iterator[None]:
    """Processes that are started meanwhile never hear a Ctrl-C; for us it waits until the end of the block.

    On Windows a console tells all of its processes: those that inherit the wish to hear nothing do not hear it.
    """
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetConsoleCtrlHandler(None, True)
        try:
            yield
        finally:
            ctypes.windll.kernel32.SetConsoleCtrlHandler(None, False)
    else:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


_common: Any = None
"""In a worker: what all of its tasks share."""


def _begin(common: object) -> None:
    """A worker leaves Ctrl-C to its parent, ends at once when told to and does not outlive it; its solver neither."""
    global _common
    _common = common
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(1))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _asked(question: Callable[[Any, Task], Result], task: Task) -> Result:
    return question(_common, task)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
