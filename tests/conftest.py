"""Shared fixtures: hypothesis without chance, and a solver without a process for tests of many small models."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from commands import end_what_was_started
from hypothesis import HealthCheck, settings

import optimizer.solving.solve
from catalogs import load
from catalogs.load import bundled_folder, layer_of
from catalogs.problems import Problems
from catalogs.yaml_text import Map, Seq
from optimizer.cycles import CYCLES
from optimizer.solving import solver_process
from optimizer.solving.highs_kept import KeptModels

gc.set_threshold(*CYCLES)  # as the installed command does

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as shells leave it to what they run in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
settings.load_profile("repeatable")


def _written(tree: Any) -> Any:
    """All that a tree of source text holds, and what it knows of it."""
    if isinstance(tree, Map):
        return {key: (_written(value), tree.key_at[key]) for key, value in tree.items()}, tree.refused, tree.was
    if isinstance(tree, Seq):
        return [_written(item) for item in tree], tree.item_at, tree.refused, tree.numbers
    return tree, getattr(tree, "at", None)


@pytest.fixture(autouse=True, scope="session")
def nothing_changes_what_ships() -> Iterator[None]:
    """The catalogue that all requests of a process share is, after all tests, as its files say."""
    yield
    shared = layer_of(bundled_folder(), Problems())
    load._shipped_layer.cache_clear()
    assert _written(shared) == _written(layer_of(bundled_folder(), Problems()))


@pytest.fixture(autouse=True)
def nothing_is_left_running() -> Iterator[None]:
    """A command that a test starts ends with it."""
    yield
    end_what_was_started()


def solve_here(_solver: object, problem: Any, settings: Any, *_: object) -> Any:
    """What the solver's process does, in this one: same arrays, same code, without the 0.2 s of its start."""
    return solver_process.answer(dict(problem), settings, threading.Event(), lambda _figures: None, KeptModels())


@pytest.fixture(scope="module")
def in_process() -> Iterator[None]:
    """Solves in this process. `test_solver.py` covers the child process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimizer.solving.solve.Solver, "_run", solve_here)
        yield


@pytest.fixture(autouse=True)
def as_wide_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed is not folded to the columns of the terminal that the tests run in."""
    monkeypatch.delenv("COLUMNS", raising=False)
