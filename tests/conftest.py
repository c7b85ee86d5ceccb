"""Shared fixtures: hypothesis without chance, and a solver without a process for tests of many small models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import optimizer.solve
from optimizer import solver_process

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
settings.load_profile("repeatable")


def _solve_here(folder: Path, *_: Any) -> str:
    """What the solver's process does, in this one: same files, same code, without the 0.2 s of its start."""
    options = json.loads((folder / "options.json").read_text())
    with np.load(folder / "problem.npz") as arrays:
        problem = {name: arrays[name] for name in arrays.files}
    stop = solver_process.Stop(options["time_limit"])
    result = {**solver_process.solve(problem, options, stop), "interrupted": False, "version": "in process"}
    np.savez(folder / "result.npz", **{name: np.asarray(value) for name, value in result.items()})
    return ""


@pytest.fixture(scope="module")
def in_process() -> Iterator[None]:
    """Solves in this process. `test_solver.py` covers the child process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimizer.solve, "_run_child", _solve_here)
        yield
