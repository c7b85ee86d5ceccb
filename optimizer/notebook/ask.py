"""What the commands `plan` and `compare` do, as functions."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optimizer.notebook.compared import Comparison
from optimizer.notebook.view import Plan
from optimizer.plan.compare import compare as compared
from optimizer.planning import make_plan
from optimizer.request.load import find_scenario, load_request
from optimizer.solving.solution import Options

WORKBOOK = ".xlsx"


def plan(
    scenario: str | Path, *, set: Mapping[str, Any] | None = None, gap: float = 1e-4, time_limit: float | None = None
) -> Plan:
    """The cheapest plan of a scenario (a file, or the name of a bundled one) or of an edited workbook.

    `set` changes keys of the scenario or catalogue first, as `--set` does: `{"finance/discount_rate": 0.1}`. The search
    stops when no plan can be cheaper by more than the part `gap` of the cost, or after `time_limit` seconds in all.
    Raises InputError with every mistake, Infeasible with what is short, NoPlan where the time was too short.
    """
    if not 0 <= gap <= 1:
        raise ValueError(f"gap is a part of the cost between 0 and 1, not {gap}")
    if time_limit is not None and not time_limit > 0:
        raise ValueError(f"time_limit is a number of seconds above 0, not {time_limit}")
    ends = None if time_limit is None else time.monotonic() + time_limit
    options = Options(gap=gap, time_limit=time_limit, ends=ends)
    settings = [f"{key}={_written(value)}" for key, value in (set or {}).items()]
    if Path(scenario).suffix != WORKBOOK:
        return Plan(make_plan(load_request(find_scenario(str(scenario)), settings), options).plan)
    from optimizer.workbook.back import reopened

    before = reopened(Path(scenario), settings)
    return Plan(make_plan(before.request, options, before=before.plan).plan)


def compare(**plans: Plan) -> Comparison:
    """Plans side by side, by the names that they are given; the first is what the others are compared with."""
    if len(plans) < 2:
        raise ValueError("give at least two plans, such as compare(approved=one, new=another)")
    return Comparison(compared([one.document for one in plans.values()], list(plans)))


def _written(value: Any) -> str:
    """A value as a setting has it: text as it stands, anything else as YAML."""
    if isinstance(value, (bool, Mapping, list, tuple)) or value is None:
        return json.dumps(value, default=str)
    return str(value)
