"""Relaxations that are kept loaded and asked again with other values of some columns, from the basis of the last time.

Runs in the solver's process: imports nothing but the standard library, highspy, numpy and `highs_solve`.
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np

from optimizer.solving.highs_solve import Problem, Stop, solver


class KeptModels:
    """Models by their keys. What one answers depends on what it was asked before, and on no other model."""

    def __init__(self) -> None:
        self._models: dict[str, highspy.Highs] = {}

    def answer(self, problem: Problem, options: dict[str, Any], stop: Stop) -> dict[str, Any]:
        """The duals of a relaxation whose columns told have the values told; none where that was not solved.

        `problem` has these `columns` and their `values`, and the model itself where it is not here yet.
        """
        key = options["kept"]
        highs = self._models.get(key)
        if highs is None:
            highs = self._models[key] = solver(_relaxed(problem), options, stop)
        columns, values = problem["columns"], problem["values"]
        highs.changeColsBounds(len(columns), columns, values, values)
        highs.setOptionValue("time_limit", highs.getRunTime() + stop.seconds_left())  # counts from its first run on
        highs.run()
        optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        duals = np.array(highs.getSolution().row_dual) if optimal else np.array([])
        if not options["keep"]:
            del self._models[key]
        return {"status": "optimal" if optimal else "stopped" if stop.over() else "none", "duals": duals}


def _relaxed(problem: Problem) -> Problem:
    return {**problem, "integer": np.zeros(len(problem["cost"]), dtype=bool)}
