"""A plan with the fewest orders that the gap allows.

Runs in the solver's process: imports nothing but the standard library, highspy, numpy and `highs_solve`.
"""

from __future__ import annotations

from math import fsum
from typing import Any

import highspy
import numpy as np

from optimizer.solving.highs_solve import Problem, Stop, solver

TRACE = 1e-9
"""What HiGHS takes for no entry of a row, and refuses; a cost so small is none of what a plan may cost more."""
TIDY_NODES = 20
TIDY_ORDERS = 200
TIDY_COLUMNS = 10_000
"""Tidying is limited by nodes and size, never by seconds: the same input gives the same plan."""


def tidied(problem: Problem, values: Any, bound: float, options: dict[str, Any], stop: Stop) -> Any:
    """Values within the gap that use the fewest of the orders in use, or the same values.

    Each order in use gets a yes/no column; the cost may rise to where the gap is still kept.
    """
    used = [j for j in options["orders"] if values[j] > 1e-9]
    cost = fsum(problem["cost"] * values)
    room = bound + options["gap"] * abs(bound) * 0.98 - cost
    if room <= 0 or not 1 < len(used) <= TIDY_ORDERS or len(values) > TIDY_COLUMNS:
        return values
    small = _with_order_choices(problem, values, used, options["orders"], cost + room)
    # Whether an order is used is 1/most-th of it: a count of 1 apart tells a real difference.
    limits = {**options, "gap": 0.0, "abs_gap": 0.99}
    highs = solver(small, limits, stop)
    highs.setOptionValue("mip_max_nodes", TIDY_NODES)
    start = highspy.HighsSolution()
    start.col_value = np.concatenate([values, np.ones(len(used))])
    highs.setSolution(start)
    highs.run()
    found = highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    return np.array(highs.getSolution().col_value)[: len(values)] if found else values


def _with_order_choices(problem: Problem, values: Any, used: list[int], orders: list[int], most_cost: float) -> Problem:
    columns, count = len(values), len(used)
    upper = problem["upper"].copy()
    upper[[j for j in orders if values[j] <= 1e-9]] = 0.0
    paid = np.flatnonzero(np.abs(problem["cost"]) > TRACE)
    links = [(j, columns + k, upper[j]) for k, j in enumerate(used)]
    index = np.concatenate([problem["index"], paid, *[[j, choice] for j, choice, _ in links]])
    value = np.concatenate([problem["value"], problem["cost"][paid], *[[1.0, -most] for _, _, most in links]])
    ends = problem["start"][-1] + len(paid) + np.array([0, *(2 * np.arange(1, count + 1))])
    return {
        "cost": np.concatenate([np.zeros(columns), np.ones(count)]),
        "lower": np.concatenate([problem["lower"], np.zeros(count)]),
        "upper": np.concatenate([upper, np.ones(count)]),
        "integer": np.concatenate([problem["integer"], np.ones(count, dtype=bool)]),
        "row_lower": np.concatenate([problem["row_lower"], np.full(1 + count, -np.inf)]),
        "row_upper": np.concatenate([problem["row_upper"], [most_cost], np.zeros(count)]),
        "start": np.concatenate([problem["start"], ends]).astype(np.int32),
        "index": index.astype(np.int32),
        "value": value,
    }
