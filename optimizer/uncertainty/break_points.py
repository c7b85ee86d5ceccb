"""How far one change alone may go before a plan breaks: between two solves, one that holds and one that does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from optimizer.interruption import STOPS, OutOfTime, held
from optimizer.plan.format import Plan
from optimizer.request.draws import Draw
from optimizer.request.futures import DELAYS, Future
from optimizer.solving.solution import Options
from optimizer.solving.solve import Solver, own_solver
from optimizer.uncertainty.draws import Sampler
from optimizer.uncertainty.held import HeldCost, HeldPlan
from optimizer.uncertainty.samples import Held, held_plan
from optimizer.workers import Workers, answers
from optimizer.workers.kept import Kept

WORST = {"demand": 4.0, "price": 4.0, "rent": 4.0, "supply": 0.0, "pools": 0.0, "power": 0.0, "electricity": 4.0}
"""How far each kind of change is looked at: up to four times, or down to nothing."""
STEPS, NOTHING = 7, 1e-6
"""Halvings of what lies between a factor that holds and one that does not: to a fortieth and less."""


@dataclass(frozen=True)
class BreakPoint:
    """A change alone: up to `holds` a plan holds, at `fails` it does not, and what breaks there.

    Factors, or months of a delay; None where it holds, or fails, as far as was looked.
    """

    draw: str
    change: str
    holds: float | None
    fails: float | None
    breaks: str


POINT = TypeAdapter(BreakPoint)


def break_points_of(
    plan: Plan, options: Options, workers: Workers = None, kept: Kept | None = None
) -> list[BreakPoint]:
    """Where each of the scenario's own draws breaks a plan, as far as time goes; what is `kept` is not asked again."""
    text = plan.model_dump_json()
    request = held_plan(text, options).request
    draws = request.scenario.uncertainty.draws if request.scenario.uncertainty else {}
    names = [name for name, draw in sorted(draws.items()) if draw.change in WORST or draw.change in DELAYS]
    known = {name: kept.known(f"draw_{name}", POINT.validate_python) for name in names} if kept is not None else {}
    found = {name: point for name, point in known.items() if point is not None}
    left = [name for name in names if name not in found]
    with held():
        try:
            for number, answer in answers(left, _broken_at, Held(text, options), workers):
                if answer is not None:
                    found[left[number]] = answer
                if answer is not None and kept is not None:
                    kept.keep(f"draw_{left[number]}", POINT.dump_python(answer))
        except STOPS:
            pass
    return [found[name] for name in names if name in found]


def _broken_at(shared: Held, name: str) -> BreakPoint | None:
    """Where a draw breaks a plan; None where time ran out."""
    plan = held_plan(shared.plan, shared.options)
    draw = Sampler(plan.request).draws[name]
    search = _Search(plan, draw, own_solver())
    try:
        holds, fails, why = search.by_months() if draw.change in DELAYS else search.by_factor()
    except OutOfTime:
        return None
    return BreakPoint(name, draw.change, holds, fails, why)


class _Search:
    """Asks a plan how far one change may go."""

    def __init__(self, plan: HeldPlan, draw: Draw, solver: Solver) -> None:
        self.plan, self.draw, self.solver = plan, draw, solver
        self.before = self._cost({})

    def by_months(self) -> tuple[float | None, float | None, str]:
        """Delays by whole periods, until one breaks the plan or the horizon ends."""
        calendar, holds = self.plan.request.scenario.calendar, 0
        for months in range(calendar.months, calendar.months * calendar.count, calendar.months):
            why = self._breaks({"months": months})
            if why:
                return float(holds), float(months), why
            holds = months
        return float(holds), None, ""

    def by_factor(self) -> tuple[float | None, float | None, str]:
        """Factors between 1 and the worst one, halved again and again."""
        holds, fails = 1.0, WORST[self.draw.change]
        why = self._breaks({"factor": f"{max(fails, NOTHING):g}"})
        if not why:
            return fails, None, ""
        for _ in range(STEPS):
            middle = float(f"{(holds + fails) / 2:.6g}")
            found = self._breaks({"factor": f"{middle:g}"})
            holds, fails, why = (holds, middle, found) if found else (middle, fails, why)
        return holds, fails, why

    def _breaks(self, change: dict[str, Any]) -> str:
        """What breaks more than it does in the scenario as it stands; nothing where the plan holds."""
        now, before = self._cost(change), self.before
        broken = {
            "work is left undone": now.unmet_share > before.unmet_share + NOTHING,
            "systems stand unpowered": now.unpowered_kw > before.unpowered_kw + NOTHING,
            "a budget is passed": now.over_budget_usd > before.over_budget_usd + 1,
        }
        passed = now.over_usd > before.over_usd + 1
        broken["a limit is passed"] = passed and not broken["a budget is passed"]
        return ", ".join(what for what, so in broken.items() if so)

    def _cost(self, change: dict[str, Any]) -> HeldCost:
        of = self.draw.of.model_dump(exclude_none=True)
        changes = {self.draw.change: {"of": of, **change}} if change else {}
        future = Future.model_validate({"name": "alone", "probability": 1, **changes})
        return self.plan.in_future(future, self.solver)
