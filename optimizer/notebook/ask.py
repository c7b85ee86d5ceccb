"""What the commands `plan`, `compare`, `robust` and `stress` do, as functions."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.notebook.compared import Comparison
from optimizer.notebook.uncertain import Decision, Stressed
from optimizer.notebook.view import Plan
from optimizer.plan.compare import compare as compared
from optimizer.plan.format import Plan as Document
from optimizer.planning import NoPlan, make_plan
from optimizer.request.load import Request, find_scenario, load_request
from optimizer.solving.solution import Options

if TYPE_CHECKING:
    from optimizer.uncertainty.aims import Aim

WORKBOOK = ".xlsx"


def plan(
    scenario: str | Path, *, set: Mapping[str, Any] | None = None, gap: float = 1e-4, time_limit: float | None = None
) -> Plan:
    """The cheapest plan of a scenario (a file, or the name of a bundled one) or of an edited workbook.

    `set` changes keys of the scenario or catalogue first, as `--set` does: `{"finance/discount_rate": 0.1}`. The search
    stops when no plan can be cheaper by more than the part `gap` of the cost, or after `time_limit` seconds in all.
    Raises InputError with every mistake, Infeasible with what is short, NoPlan where the time was too short.
    """
    options = _options(gap, time_limit)
    request, before = _asked(scenario, set)
    return Plan(make_plan(request, options, before=before).plan)


def compare(**plans: Plan) -> Comparison:
    """Plans side by side, by the names that they are given; the first is what the others are compared with."""
    if len(plans) < 2:
        raise ValueError("give at least two plans, such as compare(approved=one, new=another)")
    return Comparison(compared([one.document for one in plans.values()], list(plans)))


def robust(
    scenario: str | Path,
    *,
    cvar: float | None = None,
    weight: float | None = None,
    regret: bool = False,
    set: Mapping[str, Any] | None = None,
    gap: float = 1e-3,
    time_limit: float | None = None,
) -> Decision:
    """One decision for all futures of a scenario or an edited workbook, made before it is known which of them comes.

    It is best by expected cost; with `cvar`, a level such as 0.9, by expected cost and the mean of the worst 1 - level,
    of which `weight` (0.5) is the part of the latter; with `regret`, by the least largest regret. The other arguments
    are those of `plan`. Raises what `plan` does, and InputError for a scenario without futures.
    """
    from optimizer.uncertainty.asking import decided

    aim, options = _aim(cvar, weight, regret), _options(gap, time_limit)
    result, signed = decided(_asked(scenario, set)[0], aim, options)
    return Decision(result, None if signed is None else Plan(signed))


def stress(plan: Plan, *, samples: int = 200, time_limit: float | None = None, workers: int = 1) -> Stressed:
    """What happens to a plan in so many futures, drawn from its scenario's distributions, else from its futures.

    More `workers` than one are processes that begin by importing the program that asks, which has to guard what it does
    by `if __name__ == "__main__"`; a notebook need not.
    Raises InputError where its scenario has neither, NoPlan where there was no time for one future.
    """
    from optimizer.uncertainty.stress import stress as stressed

    if samples < 1:
        raise ValueError(f"samples is how many futures are drawn, 1 or more, not {samples}")
    options = replace(_options(1e-4, time_limit), time_limit=None, tidy=False, at_once=True)
    found = stressed(plan.document, samples, options, workers)
    if found is None:
        raise NoPlan(why=": no future was looked at")
    return Stressed(found, plan)


def _options(gap: float, time_limit: float | None) -> Options:
    if not 0 <= gap <= 1:
        raise ValueError(f"gap is a part of the cost between 0 and 1, not {gap}")
    if time_limit is not None and not time_limit > 0:
        raise ValueError(f"time_limit is a number of seconds above 0, not {time_limit}")
    ends = None if time_limit is None else time.monotonic() + time_limit
    return Options(gap=gap, time_limit=time_limit, ends=ends)


def _aim(cvar: float | None, weight: float | None, regret: bool) -> Aim:
    """What a decision is best by. Raises ValueError for what contradicts itself."""
    from optimizer.uncertainty.aims import Aim

    if cvar is not None and not 0 <= cvar < 1:
        raise ValueError(f"cvar is a level from 0 to less than 1, such as 0.9, not {cvar}")
    if weight is not None and (cvar is None or not 0 <= weight <= 1):
        raise ValueError("weight is a part between 0 and 1, and goes with cvar")
    if regret and cvar is not None:
        raise ValueError("regret and cvar are two aims; give one")
    return Aim(cvar or 0.0, 0.0 if cvar is None else 0.5 if weight is None else weight, regret)


def _asked(scenario: str | Path, set: Mapping[str, Any] | None) -> tuple[Request, Document | None]:
    """The request of a scenario, or of a workbook as it was edited, and then the plan that the workbook is of."""
    settings = [f"{key}={_written(value)}" for key, value in (set or {}).items()]
    if Path(scenario).suffix != WORKBOOK:
        return load_request(find_scenario(str(scenario)), settings), None
    from optimizer.workbook.back import reopened

    before = reopened(Path(scenario), settings)
    return before.request, before.plan


def _written(value: Any) -> str:
    """A value as a setting has it: text as it stands, anything else as YAML."""
    if isinstance(value, (bool, Mapping, list, tuple)) or value is None:
        return json.dumps(value, default=str)
    return str(value)
