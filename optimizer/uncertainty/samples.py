"""A plan in futures that are drawn, by processes of our own: each sample depends on its number alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from catalogs.problems import InputError
from optimizer.cycles import look_rarely
from optimizer.explore.workers import answers
from optimizer.interruption import STOPS, OutOfTime, Stopped, held, why
from optimizer.plan.format import Plan
from optimizer.request.futures import Future
from optimizer.request.load import Request
from optimizer.solving.solution import Options
from optimizer.solving.solve import Solver
from optimizer.uncertainty.draws import Drawn, Sampler
from optimizer.uncertainty.held import HeldCost, HeldPlan

AT_ONCE = 8
"""Samples that a process takes at a time: few enough to be told of, and to share the work out evenly."""
WatchCount = Callable[[int, int], None]


@dataclass(frozen=True)
class Sample:
    """One future that was drawn, by its number, and what the plan comes to in it."""

    number: int
    figures: dict[str, float]
    cost: HeldCost


@dataclass(frozen=True)
class Task:
    """Some samples of a plan, given as text; `options` are those of each solve."""

    plan: str
    numbers: tuple[int, ...]
    options: Options


def samples_of(
    plan: Plan, count: int, options: Options, workers: int | None = None, watch: WatchCount | None = None
) -> tuple[list[Sample], Stopped | None]:
    """So many samples of a plan, in the order of their numbers, and what ended them before all were there, if it was.

    Raises InputError where the plan's scenario has nothing to draw from.
    """
    text = plan.model_dump_json()
    refuse_nothing_to_draw(held_plan(text, options).request)
    numbers = range(1, count + 1)
    tasks = [Task(text, tuple(numbers[k : k + AT_ONCE]), options) for k in range(0, count, AT_ONCE)]
    found: dict[int, Sample] = {}
    stopped: Stopped | None = None
    with held():
        try:
            for _, answer in answers(tasks, _sampled, workers):
                stopped = stopped or ("out_of_time" if answer is None else None)
                found |= {sample.number: sample for sample in answer or ()}
                if watch is not None:
                    watch(len(found), count)
        except STOPS as stop:
            stopped = why(stop)
        finally:
            _solver().close()
    return [found[number] for number in sorted(found)], stopped


def refuse_nothing_to_draw(request: Request) -> None:
    """Raises InputError for a scenario without distributions and without futures."""
    if not Sampler(request).draws and request.scenario.futures is None:
        why_not = "the plan's scenario has neither uncertainty.draws nor futures to draw from; plan it again with some"
        raise InputError([request.problem((), why_not)])


def drawn(request: Request, number: int) -> Drawn:
    """A future by its number: from the distributions, else one of the named futures by its probability."""
    sampler = Sampler(request)
    if sampler.draws:
        return sampler.drawn(number)
    chosen = _chosen(request.scenario.futures or (), Random(f"{sampler.uncertainty.seed}/{number}").random())
    return Drawn(chosen, {future.name: float(future is chosen) for future in request.scenario.futures or ()})


def _chosen(futures: Sequence[Future], probability: float) -> Future:
    reached = 0.0
    for future in futures:
        reached += float(future.probability)
        if probability < reached:
            return future
    return futures[-1]


@lru_cache(maxsize=2)
def held_plan(text: str, options: Options) -> HeldPlan:
    return HeldPlan(Plan.model_validate_json(text), options)


@lru_cache(maxsize=1)
def _solver() -> Solver:
    """The solver of this process, for one task after another; it ends with the process, or when it is closed."""
    return Solver()


def _sampled(task: Task) -> list[Sample] | None:
    """The samples of a task; None where time ran out."""
    look_rarely()
    plan = held_plan(task.plan, task.options)
    found = []
    for number in task.numbers:
        future = drawn(plan.request, number)
        try:
            cost = plan.in_future(future.future, _solver())
        except OutOfTime:
            return None
        found.append(Sample(number, dict(future.figures), cost))
    return found
