"""Plans of bundled scenarios that several test files read: solved once in a run, whichever worker asks first."""

from __future__ import annotations

import os
import tempfile
import time
from functools import cache
from pathlib import Path

from optimizer.plan.format import Plan
from optimizer.planning import make_plan
from optimizer.request.load import find_scenario, load_request
from optimizer.solving.solution import Options

GAP, PATIENCE_S = 0.05, 120.0
FOLDER = Path(tempfile.gettempdir()) / f"chipmix-solved-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"


@cache
def solved_plan(name: str) -> Plan:
    """The plan of a bundled scenario, within a rough gap."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    try:
        (FOLDER / f"{name}.begun").touch(exist_ok=False)
    except FileExistsError:
        until = time.monotonic() + PATIENCE_S
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.1)
        if path.exists():
            return Plan.model_validate_json(path.read_text())
    plan = make_plan(load_request(find_scenario(name), ()), Options(gap=GAP)).plan
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(plan.model_dump_json())
    part.replace(path)
    return plan
