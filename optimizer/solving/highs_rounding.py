"""Decisions rounded: where there is no time to settle them, a plan near these is better than none.

Runs in the solver's process: imports nothing but the standard library, numpy and `highs_solve`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from optimizer.solving.highs_solve import Problem

TRACE = 1e-6
"""What counts as nothing of a decision."""


def with_decisions_rounded(problem: Problem, values: Any, options: Mapping[str, Any]) -> Problem:
    """The model with its decisions, all but hosts, at whole numbers beside some values of its relaxation.

    What there is a part of is done: a project is begun in the first period that has any of it, power is on line in
    whole blocks from when there is a part of one, a frame is signed. So there is as much to order of as in the
    relaxation. The terms of orders go to the nearest: rounded up, each minimum order would have to be placed.
    """
    lower, upper = problem["lower"].copy(), problem["upper"].copy()
    for columns, whole in _rounded(values, options):
        lower[columns] = upper[columns] = np.clip(whole, lower[columns], upper[columns])
    return {**problem, "lower": lower, "upper": upper}


def _rounded(values: Any, options: Mapping[str, Any]) -> Iterator[tuple[list[int], Any]]:
    for starts in options["projects"]:
        begun = np.zeros(len(starts))
        begun[np.argmax(values[starts] > TRACE)] = values[starts].max() > TRACE
        yield starts, begun
    for blocks in options["blocks"]:
        online = np.ceil(np.cumsum(values[blocks]) - TRACE)
        yield blocks, np.diff(online, prepend=0.0)
    yield options["frames"], np.ceil(values[options["frames"]] - TRACE)
    yield options["terms"], np.round(values[options["terms"]])
