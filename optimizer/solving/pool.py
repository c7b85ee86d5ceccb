"""Solvers that answer many questions: processes that persist, threads that ask, one end for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Self, TypeVar

from optimizer.interruption import STOPS, Hold, OutOfTime, Stopped, held, why
from optimizer.solving.matrix import Matrix
from optimizer.solving.remembered import KeptSolutions, name_of
from optimizer.solving.solution import Options, Solution
from optimizer.solving.solve import Solver
from optimizer.solving.spread import Spread
from optimizer.workers import Workers, as_they_end
from optimizer.workers.cluster import Cluster
from optimizer.workers.local import local_workers

Task = TypeVar("Task")
Result = TypeVar("Result")


class Solvers:
    """As many solvers as have been at work at once; use them in a `with` block.

    On a cluster the models of questions that are asked at once are solved there, a single one between them is here.
    `kept` are solutions of an earlier run, which are not looked for again. `answered` is told how many questions have
    been answered. `stopped` says what ended them before all of them were, if anything did.
    """

    def __init__(
        self,
        workers: Workers = None,
        kept: KeptSolutions | None = None,
        answered: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._kept, self._answered, self._count = kept, answered, 0
        self._spread = Spread(workers) if isinstance(workers, Cluster) else None
        self.workers = local_workers(None if isinstance(workers, Cluster) else workers)
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
        found = self._solved(matrix, options, start) if self._kept is None else self._known(matrix, options, start)
        if found.interrupted:
            raise KeyboardInterrupt
        return found

    def _known(self, matrix: Matrix, options: Options, start: Mapping[int, float] | None) -> Solution:
        """A solution that is kept, or one that then is."""
        assert self._kept is not None
        name = name_of(matrix, options, start)
        found = self._kept.known(name, matrix)
        if found is None:
            found = self._solved(matrix, options, start)
            self._kept.keep(name, found)
        return found

    def _solved(self, matrix: Matrix, options: Options, start: Mapping[int, float] | None) -> Solution:
        if self._spread is not None and self._spread.is_asked_here():
            return self._spread.solve(matrix, options, start)
        solver = self._taken()
        try:
            return solver.solve(matrix, options, start=start)
        finally:
            with self._lock:
                self._idle.append(solver)

    def all(
        self,
        tasks: Iterable[Task],
        question: Callable[[Task], Result],
        told: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> list[Result | None]:
        """Answers to questions in the order of the tasks, asked on all local cores, or all of a cluster, at once.

        None where time ran out or somebody asked to stop before there was an answer; `stopped` then says so.
        """
        asked = list(tasks)
        with held() as hold, self._threads() as pool:
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

    def _threads(self) -> ThreadPoolExecutor:
        """Threads that ask: one for each solver."""
        if self._spread is None:
            return ThreadPoolExecutor(self.workers)
        return ThreadPoolExecutor(self._spread.threads(), initializer=self._spread.ask_here)

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
        check = (lambda: None) if self._spread is None else self._spread.check
        for done, future in enumerate(as_they_end(hold, futures, check), start=1):
            if not future.cancelled() and isinstance(future.exception(), OutOfTime):
                self._stop(OutOfTime())
                for other in futures:
                    other.cancel()
            elif not future.cancelled():
                future.result()
                self._count += 1
                self._answered(self._count)
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
        if self._spread is not None:
            self._spread.stop()
        for solver in self._solvers:
            solver.kill()


def _answer(future: Future[Result]) -> Result | None:
    """What a question found out; None if it was not asked, or cut off."""
    return None if future.cancelled() or future.exception() is not None else future.result()
