"""From a scenario and a catalogue to a proven plan.

>>> from optimizer import plan
>>> plan("quick_start").orders  # doctest: +SKIP

docs/python.md shows the rest. What is named here is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import optimizer.plan  # noqa: F401  # is made callable below

if TYPE_CHECKING:
    from catalogs.problems import InputError
    from optimizer.infeasible.shortage import Infeasible
    from optimizer.notebook.ask import compare, plan, robust, stress
    from optimizer.notebook.compared import Comparison
    from optimizer.notebook.uncertain import Decision, Stressed
    from optimizer.notebook.view import Plan
    from optimizer.planning import NoPlan

__all__ = [
    "Comparison", "Decision", "Infeasible", "InputError", "NoPlan", "Plan", "Stressed", "compare", "plan", "robust",
    "stress",
]  # fmt: skip
_FROM = {
    "Comparison": "optimizer.notebook.compared",
    "Decision": "optimizer.notebook.uncertain",
    "Infeasible": "optimizer.infeasible.shortage",
    "InputError": "catalogs.problems",
    "NoPlan": "optimizer.planning",
    "Plan": "optimizer.notebook.view",
    "Stressed": "optimizer.notebook.uncertain",
    "compare": "optimizer.notebook.ask",
    "robust": "optimizer.notebook.ask",
    "stress": "optimizer.notebook.ask",
}


def __getattr__(name: str) -> Any:
    if name not in _FROM:
        raise AttributeError(f"module 'optimizer' has no attribute '{name}'")
    return getattr(importlib.import_module(_FROM[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _PlanPackage(ModuleType):
    """The package `optimizer.plan`, which can also be called: what it is named after is what a user wants of it."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        return _asked()(*given, **named)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(_asked())


def _asked() -> Any:
    return importlib.import_module("optimizer.notebook.ask").plan


sys.modules["optimizer.plan"].__class__ = _PlanPackage
