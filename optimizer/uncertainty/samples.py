"""A plan in futures that are drawn, by whoever works: each sample depends on its number alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from pydantic import TypeAdapter

from catalogs.problems import InputError
from optimizer.cycles import look_rarely
from optimizer.interruption import STOPS, OutOfTime, Stopped, held, why
from optimizer.plan.format import Plan
from optimizer.request.futures import Future
from optimizer.request.load import Request
from optimizer.solving.solution import Options
from optimizer.solving.solve import own_solver
from optimizer.uncertainty.draws import Drawn, Sampler
from optimizer.uncertainty.held import HeldCost, HeldPlan
from optimizer.workers import Workers, answers
from optimizer.workers.kept import Kept
from optimizer.workers.versions import program_versions

AT_ONCE, MOST_PARTS = 8, 20_000
"""Samples that a worker takes at a time: few enough to be told of and to share the work out evenly; of very many more,
so that there are not too many parts, each of which is a file where they are kept."""
WatchCount = Callable[[int, int], None]


@dataclass(frozen=True)
class Sample:
    """One future that was drawn, by its number, and what the plan comes to in it."""

    number: int
    figures: dict[str, float]
    cost: HeldCost


SAMPLES = TypeAdapter(list[Sample])


@dataclass(frozen=True)
class Held:
    """What all samples of a plan share: the plan as text, and the options of each solve."""

    plan: str
    options: Options


def samples_of(
    plan: Plan,
    count: int,
    options: Options,
    workers: Workers = None,
    watch: WatchCount | None = None,
    kept: Kept | None = None,
) -> tuple[list[Sample], Stopped | None]:
    """So many samples of a plan, in the order of their numbers, and what ended them before all were there, if it was.

    Those that are `kept` are not solved again. Raises InputError where the plan's scenario has nothing to draw from.
    """
    text = plan.model_dump_json()
    refuse_nothing_to_draw(held_plan(text, options).request)
    found = {} if kept is None else _known(kept, count)
    parts = _parts([number for number in range(1, count + 1) if number not in found], max(AT_ONCE, count // MOST_PARTS))
    stopped: Stopped | None = None
    with held():
        try:
            for k, answer in answers(parts, _sampled, Held(text, options), workers):
                stopped = stopped or ("out_of_time" if answer is None else None)
                found |= {sample.number: sample for sample in answer or ()}
                if kept is not None and answer is not None:
                    kept.keep(f"samples_{parts[k][0]}_{parts[k][-1]}", SAMPLES.dump_python(answer))
                if watch is not None:
                    watch(len(found), count)
        except STOPS as stop:
            stopped = why(stop)
        finally:
            own_solver().close()
    return [found[number] for number in sorted(found)], stopped


def _parts(numbers: Sequence[int], size: int) -> list[Sequence[int]]:
    return [numbers[k : k + size] for k in range(0, len(numbers), size)]


def asked_of(plan: Plan, options: Options) -> dict[str, str]:
    """All that samples of a plan depend on but their numbers: that of a run which may go on."""
    return {"command": "stress", "plan": plan.run.plan_sha256, "gap": repr(options.gap), **dict(program_versions())}


def _known(kept: Kept, count: int) -> dict[int, Sample]:
    """The samples of a folder, up to a number."""
    found = [kept.known(name, SAMPLES.validate_python) or [] for name in kept.names("samples")]
    return {sample.number: sample for part in found for sample in part if sample.number <= count}


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


def _sampled(shared: Held, numbers: Sequence[int]) -> list[Sample] | None:
    """Some samples of a plan, by their numbers; None where time ran out."""
    look_rarely()
    plan = held_plan(shared.plan, shared.options)
    found = []
    for number in numbers:
        future = drawn(plan.request, number)
        try:
            cost = plan.in_future(future.future, own_solver())
        except OutOfTime:
            return None
        found.append(Sample(number, dict(future.figures), cost))
    return found
