"""The same samples of a plan by the built-in pool and by Dask workers on this machine, and what a task costs by itself.

Both take turns, so that what else the machine does counts for both; the least of each counts. The pool starts anew each
time, Dask's workers are there already, as those of a cluster are. Memory is what a worker and its solver have for
themselves.
"""

from __future__ import annotations

import operator
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.measuring import MIB
from optimizer.plan.format import Plan
from optimizer.solving.solution import Options
from optimizer.uncertainty.samples import samples_of
from optimizer.workers import Workers, answers
from optimizer.workers.cluster import Cluster

WORKERS, TURNS, NO_OPS = 2, 3, 2000
MOST_TIMES = 1.2
"""How many times the built-in pool's time Dask may take."""


class Cost(NamedTuple):
    """Seconds of the clock, and of processors in all processes."""

    clock: float
    processor: float


class Spread(NamedTuple):
    """What some samples cost, and a task that does nothing; MiB of a worker and of its solver."""

    pool: Cost
    dask: Cost
    pool_task: Cost
    dask_task: Cost
    scheduler_task: float
    connect: float
    worker_mib: float
    solver_mib: float


@contextmanager
def cluster() -> Iterator[tuple[str, list[psutil.Process]]]:
    """The address of a scheduler with two workers, and their processes, the scheduler's first."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"tcp://127.0.0.1:{port}"
    worker = ["worker", address, "--nthreads", "1", "--no-nanny"]
    started = [_dask("scheduler", "--host", "127.0.0.1", "--port", port), *(_dask(*worker) for _ in range(WORKERS))]
    try:
        yield address, [psutil.Process(process.pid) for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()


def _dask(*words: str) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).parent / "dask"), *words, "--no-dashboard"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def spread(plan: Plan, count: int) -> Spread:
    with cluster() as (address, processes):
        began = time.monotonic()
        with Cluster(address) as workers:
            connect = time.monotonic() - began
            while workers.at_once() < WORKERS:
                time.sleep(0.1)
            turns = [
                (
                    cost(lambda: _samples(plan, count, WORKERS), []),
                    cost(lambda: _samples(plan, count, workers), processes),
                )
                for _ in range(TURNS)
            ]
            pool, dask = (Cost(*map(min, *(turn[k] for turn in turns))) for k in (0, 1))
            before = _processor(processes[:1])
            tasks = of_a_task(WORKERS, []), of_a_task(workers, processes)
            scheduler = (_processor(processes[:1]) - before) / NO_OPS
            mib = [memory(pid) for pid in workers.client.run(os.getpid).values()]
    return Spread(pool, dask, *tasks, scheduler, connect, *(max(one[k] for one in mib) for k in (0, 1)))


def _samples(plan: Plan, count: int, workers: Workers) -> None:
    samples_of(plan, count, Options(tidy=False, at_once=True), workers)


def cost(work: Callable[[], object], others: Sequence[psutil.Process]) -> Cost:
    """What some work costs here, in the processes that it starts, and in others."""
    clock, processor = time.monotonic(), _processor(others) + _own()
    work()
    return Cost(time.monotonic() - clock, _processor(others) + _own() - processor)


def _own() -> float:
    """Seconds of processors of this process and of its children that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _processor(processes: Sequence[psutil.Process]) -> float:
    """Seconds of processors of other processes, with their children."""
    with_children = [each for process in processes for each in (process, *process.children(recursive=True))]
    return sum(each.cpu_times().user + each.cpu_times().system for each in with_children)


def of_a_task(workers: Workers, others: Sequence[psutil.Process]) -> Cost:
    """What a task costs that does nothing, once the workers are there."""
    found = answers(range(NO_OPS), operator.add, 0, workers)
    next(found)
    return Cost(*(seconds / (NO_OPS - 1) for seconds in cost(lambda: list(found), others)))


def memory(pid: int) -> tuple[float, float]:
    """MiB that a process has for itself, and those of its children."""
    worker = psutil.Process(pid)
    own, *children = (one.memory_full_info().uss / MIB for one in (worker, *worker.children(recursive=True)))
    return own, sum(children)


def said(found: Spread, count: int) -> str:
    """All of it, in lines."""
    times = found.dask.clock / found.pool.clock
    lines = [
        f"{count} samples by {WORKERS} workers: {_told(found.pool)} in the built-in pool, {_told(found.dask)} by Dask: "
        f"{times:.2f} times (at most {MOST_TIMES:g})",
        f"a task that does nothing: {_told_ms(found.pool_task)} and {_told_ms(found.dask_task)}, the scheduler "
        f"{1000 * found.scheduler_task:.2f} ms",
        f"{found.connect:.1f} s to connect; a worker has {found.worker_mib:.0f} MiB, its solver {found.solver_mib:.0f}",
    ]
    return "\n".join(lines)


def _told(cost: Cost) -> str:
    return f"{cost.clock:.1f} s ({cost.processor:.1f} s of processors)"


def _told_ms(cost: Cost) -> str:
    return f"{1000 * cost.clock:.2f} ms ({1000 * cost.processor:.2f} of processors)"
