"""Questions answered by processes of our own, one to a core; each answer depends on its question alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def answers(
    tasks: Sequence[Task], question: Callable[[Task], Result], workers: int | None = None
) -> Iterator[tuple[int, Result]]:
    """(number of the task, answer) as they come, from so many processes, by default one to a core.

    One worker is this process. Leaving early, by Ctrl-C or otherwise, ends the workers.
    """
    workers = min(workers or os.cpu_count() or 1, len(tasks))
    if workers <= 1:
        yield from ((i, question(task)) for i, task in enumerate(tasks))
        return
    with _pool(workers) as pool:
        number = {pool.submit(question, task): i for i, task in enumerate(tasks)}
        for future in as_completed(number):
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


def _begin() -> None:
    """A worker leaves Ctrl-C to its parent, ends when told to and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
