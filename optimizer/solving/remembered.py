"""Solutions kept in a folder, by all that they depend on: the model, how hard was tried, and where it began."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from optimizer.solving.branches import branches_of
from optimizer.solving.matrix import Floats, Matrix
from optimizer.solving.solution import Options, Solution
from optimizer.workers.kept import Kept

FOUND = frozenset({"optimal", "infeasible"})
"""What a search comes to by itself; what it has when its time ends is another one the next time."""


class KeptSolutions:
    """The solutions of a run in its folder."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def known(self, name: str, matrix: Matrix) -> Solution | None:
        """A solution of a model by its name; None where there is none yet. Raises InputError for a changed file."""
        return self._kept.known(name, lambda told: _read(told, matrix))

    def keep(self, name: str, found: Solution) -> None:
        """Keeps a solution, if the search came to its end."""
        if found.status in FOUND and not found.interrupted:
            self._kept.keep(name, _told(found))


def name_of(matrix: Matrix, options: Options, start: Mapping[int, float] | None) -> str:
    """The name of a solution: a hash of what it depends on."""
    content = hashlib.sha256()
    for array in matrix.arrays().values():
        content.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    timeless = asdict(replace(options, time_limit=None, ends=None))
    begun = sorted((start or {}).items())
    content.update(json.dumps([matrix.columns, matrix.rows, timeless, begun], sort_keys=True).encode())
    return f"solved_{content.hexdigest()[:32]}"


def _told(found: Solution) -> dict[str, Any]:
    """A solution as JSON says it, to the last bit; infinity is no number there."""
    told = {name: getattr(found, name) for name in ("status", "solver", "rough")}
    numbers = {name: repr(float(getattr(found, name))) for name in ("objective", "bound")}
    arrays = {name: _packed(getattr(found, name)) for name in ("values", "duals")}
    return {**told, **numbers, **arrays, "branches": None if found.branches is None else found.branches.told()}


def _read(told: Mapping[str, Any], matrix: Matrix) -> Solution:
    """A solution again. Raises ValueError for what is none of this model."""
    values, duals = _unpacked(told["values"]), _unpacked(told["duals"])
    if values.size not in (0, len(matrix.columns)) or duals.size not in (0, len(matrix.rows)):
        raise ValueError("not as long as the model")
    return Solution(
        status=told["status"],
        values=values,
        duals=duals,
        objective=float(told["objective"]),
        bound=float(told["bound"]),
        interrupted=False,
        solver=told["solver"],
        rough=told["rough"],
        branches=None if told["branches"] is None else branches_of(told["branches"], np.ones(len(matrix.rows)), 1.0),
    )


def _packed(values: Floats) -> str:
    return base64.b64encode(values.astype("<f8").tobytes()).decode("ascii")


def _unpacked(text: str) -> Floats:
    return np.frombuffer(base64.b64decode(text), dtype="<f8").astype(np.float64)
