"""Solvers that answer many questions: processes that persist, threads that ask, one end for all of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Self, TypeVar

from optimizer.interruption import STOPS, Hold, OutOfTime, Stopped, held, why
from optimizer.solving.matrix import Matrix
from optimizer.solving.solution import Options, Solution
from optimizer.solving.solve import POLL_SECONDS, Solver

Task = TypeVar("Task")
Result = TypeVar("Result")


class Solvers:
    """As many solvers as have been at work at once; use them in a `with` block.

    `stopped` says what ended the questions before all of them were answered, if anything did.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self.stopped: Stopped | None = None
        self._solvers: list[Solver] = []
        self._idle: list[Solver] = []
        self._lock = threading.Lock()
        self._over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for solver in self._solvers:
            solver.close()

    def solve(self, matrix: Matrix, options: Options, start: Mapping[int, float] | None = None) -> Solution:
        """Solves a model with a solver that is idle. Raises OutOfTime, and KeyboardInterrupt where it was cut short."""
        solver = self._taken()
        try:
            found = solver.solve(matrix, options, start=start)
        finally:
            with self._lock:
                self._idle.append(solver)
        if found.interrupted:
            raise KeyboardInterrupt
        return found

    def all(
        self,
        tasks: Iterable[Task],
        question: Callable[[Task], Result],
        told: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> list[Result | None]:
        """Answers to questions in the order of the tasks, asked on all local cores at once.

        None where time ran out or somebody asked to stop before there was an answer; `stopped` then says so.
        """
        asked = list(tasks)
        with held() as hold, ThreadPoolExecutor(self.workers) as pool:
            futures = [pool.submit(question, task) for task in asked]
            try:
                with self.until_stopped():
                    self._wait(hold, futures, told)
            except BaseException:
                self._end(futures)
                raise
            if self.stopped == "interrupted":
                self._end(futures)
        return [_answer(future) for future in futures]

    def shared_out(self, tasks: Sequence[Task], question: Callable[[Task, Solver], Result]) -> list[Result | None]:
        """As `all`, but each task by a solver of its own: task k by solver k modulo their number, one after another.

        So that what a solver keeps of a task is there when it is asked again.
        """
        solvers = self._first(min(self.workers, len(tasks)))

        def of_one(number: int) -> list[Result]:
            return [question(task, solvers[number]) for task in tasks[number :: len(solvers)]]

        parts = self.all(range(len(solvers)), of_one)
        found: list[Result | None] = [None] * len(tasks)
        for number, part in enumerate(parts):
            if part is not None:
                found[number :: len(solvers)] = part
        return found

    def _first(self, count: int) -> list[Solver]:
        """The first solvers, of which none is at work."""
        with self._lock:
            while len(self._solvers) < count:
                self._solvers.append(Solver())
                self._idle.append(self._solvers[-1])
            return self._solvers[:count]

    @contextmanager
    def until_stopped(self) -> Iterator[None]:
        """Questions in this block end it, without an error, when time runs out or somebody asks to stop."""
        try:
            yield
        except STOPS as stop:
            self._stop(stop)

    def _stop(self, reason: BaseException) -> None:
        self.stopped = self.stopped or why(reason)

    def _wait(self, hold: Hold, futures: Sequence[Future[Result]], told: Callable[[int, int], None]) -> None:
        """Waits for all answers; when time has run out only for those that are being found."""
        for done, future in enumerate(as_they_end(hold, futures), start=1):
            if not future.cancelled() and isinstance(future.exception(), OutOfTime):
                self._stop(OutOfTime())
                for other in futures:
                    other.cancel()
            elif not future.cancelled():
                future.result()
                told(done, len(futures))

    def _taken(self) -> Solver:
        with self._lock:
            if self._over:
                raise OutOfTime
            if not self._idle:
                self._solvers.append(Solver())
                return self._solvers[-1]
            return self._idle.pop()

    def _end(self, futures: Iterable[Future[Result]]) -> None:
        """Nobody waits for what is still being solved, and nothing more is begun."""
        with self._lock:
            self._over = True
        for future in futures:
            future.cancel()
        for solver in self._solvers:
            solver.kill()


def as_they_end(hold: Hold, futures: Iterable[Future[Result]]) -> Iterator[Future[Result]]:
    """Questions that are answered, or cancelled, in the order in which they are. Raises KeyboardInterrupt if asked."""
    left = set(futures)
    while left:
        hold.check()
        done, left = wait(left, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        yield from done


def _answer(future: Future[Result]) -> Result | None:
    """What a question found out; None if it was not asked, or cut off."""
    return None if future.cancelled() or future.exception() is not None else future.result()
