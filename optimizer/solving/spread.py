"""Models that are solved by the workers of a cluster: what many of them share is sent once, then only their bounds."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.solving.matrix import Floats, Matrix
from optimizer.solving.solution import Options, Solution
from optimizer.solving.solve import own_solver
from optimizer.workers.cluster import Cluster, ClusterHands

SHARED = ("cost", "row_lower", "row_upper", "start", "index", "value", "columns", "rows")
"""What models have in common that differ by their bounds, and by what has to be whole in them."""
NO_FLOATS: Floats = np.array([])
MOST_THREADS = 512


@dataclass(frozen=True)
class Asked:
    """A model to be solved, without what it shares with others."""

    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    options: Options
    start: Mapping[int, float] | None


class Spread:
    """The solvers of a cluster. Threads that said so ask them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._hands = ClusterHands(cluster, None)
        self._kept: dict[tuple[int, ...], tuple[Matrix, Any]] = {}
        self._asking = threading.local()

    def threads(self) -> int:
        """How many threads ask: more than there are workers, so that none waits for us."""
        return min(MOST_THREADS, 2 * max(1, self._cluster.at_once()))

    def ask_here(self) -> None:
        """What this thread asks is solved by the cluster."""
        self._asking.is_on = True

    def is_asked_here(self) -> bool:
        return getattr(self._asking, "is_on", False)

    def solve(self, matrix: Matrix, options: Options, start: Mapping[int, float] | None) -> Solution:
        """Solves a model, as `Solver.solve` does."""
        asked = Asked(matrix.lower, matrix.upper, matrix.integer, options, start)
        return self._hands.answer(self._hands.give(_solved, asked, self._shared(matrix)))

    def check(self) -> None:
        self._cluster.check()

    def stop(self) -> None:
        self._hands.stop()

    def _shared(self, matrix: Matrix) -> Any:
        """What workers keep of a model."""
        key = tuple(id(getattr(matrix, name)) for name in SHARED)
        if key not in self._kept:
            bare = replace(matrix, lower=NO_FLOATS, upper=NO_FLOATS, integer=NO_FLOATS.astype(bool))
            self._kept[key] = (bare, self._hands.kept(bare))
        return self._kept[key][1]


def _solved(shared: Matrix, asked: Asked) -> Solution:
    matrix = replace(shared, lower=asked.lower, upper=asked.upper, integer=asked.integer)
    return own_solver().solve(matrix, asked.options, start=asked.start)
