"""Workers of a Dask cluster that is there already: found fit, given work, stopped when nobody waits for it any more.

Dask is read only where a cluster is asked for. A worker that dies loses nothing: the scheduler hands its tasks to
others. Sent are data and the names of functions, never code: a worker has chipmix installed itself.
"""

from __future__ import annotations

import hashlib
import logging
import platform
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from importlib import metadata
from typing import Any, Self, TypeVar

from catalogs.problems import InputError, Location, Problem
from optimizer.workers import tasks
from optimizer.workers.versions import PACKAGES, PYTHON, Versions, release, versions

Task = TypeVar("Task")
Result = TypeVar("Result")
MOST_SECONDS = 10.0
"""How long is waited for a scheduler to answer, and for its first worker."""
MOST_ALONE_SECONDS = 60.0
"""How long is waited for another worker when the last one has gone."""
LOOK_SECONDS = 3.0
"""How often is looked how many workers there are."""
GONE = "does not answer any more; what is solved by then is lost but for what --resume keeps"


class WorkersFailed(Exception):
    """Workers died at one task again and again: nobody knows of a reason that is the user's."""


class Cluster:
    """The workers of a cluster; use it in a `with` block."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._looked = self._seen = -MOST_ALONE_SECONDS
        self._at_once = 0

    def __enter__(self) -> Self:
        """Connects. Raises InputError where nobody answers, where there are no workers, and where one does not fit."""
        self.dask = self._library()
        try:
            self.client: Any = self.dask.Client(self.address, timeout=MOST_SECONDS, set_as_default=False)
        except OSError as error:
            raise self.problem(f"no scheduler answers within {MOST_SECONDS:g} s") from error
        try:
            self._wait_for_workers()
            self._seen = time.monotonic()
            self._refuse_others()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def at_once(self) -> int:
        """How many tasks are answered at once: one by each thread of each worker, as they come and go."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            with self._connected():
                self._at_once = sum(self.client.nthreads().values())
            if self._at_once:
                self._seen = self._looked
        return self._at_once

    def check(self) -> None:
        """Raises InputError where the cluster is gone, or its workers are and no other comes."""
        if self.client.status not in ("running", "connecting"):
            raise self.problem(GONE)
        if not self.at_once() and time.monotonic() - self._seen > MOST_ALONE_SECONDS:
            raise self.problem(f"has had no workers for {MOST_ALONE_SECONDS:g} s; start some and begin again")

    @contextmanager
    def hands(self, common: object) -> Iterator[ClusterHands]:
        """The workers, with what all tasks share; leaving the block early, by Ctrl-C or otherwise, ends the tasks."""
        hands = ClusterHands(self, common)
        try:
            yield hands
        except BaseException:
            hands.stop()
            raise

    def problem(self, *messages: str) -> InputError:
        return InputError([Problem(Location(f"--cluster {self.address}", 0, 1), message) for message in messages])

    def unfit(self, there: Versions, worker: str = "that came later") -> InputError:
        """What does not fit of a worker, and what to do."""
        return self.problem(*_differences(worker, there))

    def _library(self) -> Any:
        try:
            import distributed
        except ImportError as error:
            raise self.problem("needs Dask, which is not installed: pip install 'chipmix[cluster]'") from error
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it means for the user, we say
        return distributed

    def _wait_for_workers(self) -> None:
        try:
            self.client.wait_for_workers(1, timeout=MOST_SECONDS)
        except TimeoutError as error:
            raise self.problem(f"has no workers within {MOST_SECONDS:g} s; start some with `dask worker`") from error

    def _refuse_others(self) -> None:
        """Raises InputError with everything in which a worker differs. A worker needs nothing of ours to be asked."""
        with self._connected():
            pythons = self.client.run(platform.python_version)
            packages = {name: self.client.run(metadata.version, name, on_error="return") for name in PACKAGES}
        found: list[str] = []
        for worker, python in sorted(pythons.items()):
            there = [(name, told.get(worker)) for name, told in packages.items()]
            known = ((name, version if isinstance(version, str) else None) for name, version in there)
            found += _differences(worker, ((PYTHON, release(python)), *known))
        if found:
            raise self.problem(*found)

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """In this block the scheduler is asked something. Raises InputError where it is gone."""
        try:
            yield
        except OSError as error:
            raise self.problem(GONE) from error

    def _leave(self) -> None:
        with suppress(OSError):
            self.client.close(timeout=MOST_SECONDS)


def _differences(worker: str, there: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    """In what a worker differs from here, and what to do about it; None is what it has not."""
    here = dict(versions())
    for name, version in there:
        if name == PYTHON and version != here[name]:
            yield f"the worker {worker} runs Python {version}, here it is {here[name]}; run both with one"
        elif version != here[name]:
            has = f"has no {name}" if version is None else f"has {name} {version}"
            yield f"the worker {worker} {has}, here it is {here[name]}; on the worker: pip install {name}=={here[name]}"


class ClusterHands:
    """The workers of a cluster, with what the tasks of a command share."""

    def __init__(self, cluster: Cluster, common: object) -> None:
        self._cluster, self._session = cluster, uuid.uuid4().hex
        self._executor = cluster.client.get_executor(pure=False)
        self._common = self.kept(common)
        self._over = False

    def kept(self, common: object) -> Any:
        """What workers keep for many tasks. It is work like all other, so it outlives whichever worker dies."""
        content = tasks.packed(common)
        key = f"chipmix-{hashlib.sha256(content).hexdigest()}"
        return self._cluster.client.submit(tasks.unpacked, content, key=key)

    def at_once(self) -> int:
        return self._cluster.at_once()

    def check(self) -> None:
        self._cluster.check()

    def give(self, question: Callable[[Any, Task], Result], task: Task, kept: Any = None) -> Future[Result]:
        """Hands a task out, with what all tasks share, or something else that is kept."""
        common = self._common if kept is None else kept
        found: Future[Result] = self._executor.submit(tasks.asked, self._session, versions(), question, common, task)
        return found

    def answer(self, future: Future[Result]) -> Result:
        """What a task came to.

        Raises KeyboardInterrupt where it was stopped, InputError where the cluster is gone or a worker that came later
        does not fit, WorkersFailed where workers died at it.
        """
        try:
            found = future.result()
        except CancelledError as error:
            if self._over:
                raise KeyboardInterrupt from error
            raise self._cluster.problem(GONE) from error
        except ModuleNotFoundError as error:
            raise self._cluster.problem(
                f"a worker that came later has no {error.name}; install chipmix there"
            ) from error
        except self._cluster.dask.KilledWorker as error:
            times, address = error.allowed_failures + 1, self._cluster.address
            said = f"{times} workers of {address} died at one task; their logs say of what, often of too little memory"
            raise WorkersFailed(said) from error
        if isinstance(found, tasks.Unfit):
            raise self._cluster.unfit(found.versions)
        return found

    def stop(self) -> None:
        """Nobody waits any more: what is not begun never is, and solves that are running end soon."""
        self._over = True
        with suppress(OSError):
            self._executor.shutdown(wait=False)
            self._cluster.client.run(tasks.stop, self._session, on_error="ignore")
