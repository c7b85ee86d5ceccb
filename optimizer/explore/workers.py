"""Questions answered by processes of our own, one to a core; each answer depends on its question alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from optimizer.interruption import held
from optimizer.solving.pool import as_they_end

Task = TypeVar("Task")
Result = TypeVar("Result")


def answers(
    tasks: Sequence[Task], question: Callable[[Task], Result], workers: int | None = None
) -> Iterator[tuple[int, Result]]:
    """(number of the task, answer) as they come, from so many processes, by default one to a core.

    One worker is this process. Leaving early, by Ctrl-C or otherwise, ends the workers at once.
    """
    workers = min(workers or os.cpu_count() or 1, len(tasks))
    if workers <= 1:
        yield from ((i, question(task)) for i, task in enumerate(tasks))
        return
    with held() as hold, _safe_path(), _pool(workers) as pool:
        with _apart_from_the_terminal():
            number = {pool.submit(question, task): i for i, task in enumerate(tasks)}
        for future in as_they_end(hold, number):
            yield number[future], future.result()


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin)
    try:
        yield pool
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


def _begin() -> None:
    """A worker leaves Ctrl-C to its parent, ends at once when told to and does not outlive it; its solver neither."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(1))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
