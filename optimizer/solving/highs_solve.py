"""One model solved by HiGHS: its relaxation, the search, a second look, tidying, and whole numbers made whole.

Runs in the solver's process: imports nothing but the standard library, highspy and numpy.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from math import fsum
from typing import Any

import highspy
import numpy as np

DOUBTFUL, SECOND_LOOK_NODES = 0.01, 100
"""What an optimum may leave open above the relaxation before it is searched again, and how short that search is."""
TIDY_NODES = 20
TIDY_ORDERS = 200
TIDY_COLUMNS = 10_000
"""Tidying is limited by nodes and size, never by seconds: the same input gives the same plan."""
TOLERANCES = ("primal_feasibility_tolerance", "mip_feasibility_tolerance")
Problem = dict[str, Any]
Tell = Callable[[dict[str, Any]], None]
"""Told where a solve stands: seconds, cost, bound, nodes."""


class Stop:
    """Whether somebody asked to stop, and until when to run."""

    def __init__(self, seconds: float | None = None, asked: threading.Event | None = None) -> None:
        self.asked = asked or threading.Event()
        self.deadline = None if seconds is None else time.monotonic() + seconds

    def seconds_left(self) -> float:
        return 1e9 if self.deadline is None else max(0.01, self.deadline - time.monotonic())


def solver(problem: Problem, options: dict[str, Any], stop: Stop) -> highspy.Highs:
    """HiGHS with a problem loaded, its options set and its ears open. Any warning is an error."""
    highs = highspy.Highs()
    settings = {
        "log_to_console": False,  # not output_flag: without output HiGHS reports no progress either
        "threads": options["threads"],
        "parallel": "off" if options["threads"] == 1 else "choose",
        "random_seed": options["seed"],
        "presolve": options["presolve"],
        "mip_rel_gap": options["gap"] * 0.98,
        "mip_abs_gap": options["abs_gap"],
        "time_limit": stop.seconds_left(),
    }
    if options["tolerance"] is not None:
        settings |= dict.fromkeys(TOLERANCES, options["tolerance"])
    for name, value in settings.items():
        highs.setOptionValue(name, value)
    if highs.passModel(_model(problem)) != highspy.HighsStatus.kOk:
        raise RuntimeError("HiGHS did not take the model as it is")
    for callback in (highs.cbMipInterrupt, highs.cbSimplexInterrupt, highs.cbIpmInterrupt):
        callback.subscribe(lambda event: event.interrupt() if stop.asked.is_set() else None)
    return highs


def _model(problem: Problem) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(problem["cost"]), len(problem["row_lower"])
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = problem["cost"], problem["lower"], problem["upper"]
    lp.row_lower_, lp.row_upper_ = problem["row_lower"], problem["row_upper"]
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = problem["start"], problem["index"]
    lp.a_matrix_.value_ = problem["value"]
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[int(whole)] for whole in problem["integer"]]
    return lp


def canary() -> None:
    """min 2x + 3z, x + z ≥ 4.5, z whole, is 9. One release of HiGHS answered 15."""
    problem: Problem = {
        "cost": np.array([2.0, 3.0]), "lower": np.zeros(2), "upper": np.array([100.0, 100.0]),
        "row_lower": np.array([4.5]), "row_upper": np.array([np.inf]), "start": np.array([0, 2]),
        "index": np.array([0, 1]), "value": np.ones(2), "integer": [False, True],
    }  # fmt: skip
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.passModel(_model(problem))
    highs.run()
    if abs(highs.getInfo().objective_function_value - 9.0) > 1e-9:
        raise RuntimeError(f"this HiGHS ({highs.version()}) fails a two-variable test; install highspy 1.15.1")


def relax(problem: Problem, options: dict[str, Any], stop: Stop) -> dict[str, Any]:
    """The optimum of the relaxation with its duals: the root of the certificate."""
    highs = solver(problem, options, stop)
    highs.setOptionValue("solve_relaxation", True)
    highs.run()
    status = highs.getModelStatus()
    solution = highs.getSolution()
    optimal = status == highspy.HighsModelStatus.kOptimal
    return {
        "status": _status(highs),
        "values": np.array(solution.col_value) if optimal else np.array([]),
        "duals": np.array(solution.row_dual) if optimal else np.array([]),
        "objective": highs.getInfo().objective_function_value,
    }


def _status(highs: highspy.Highs) -> str:
    status = highspy.HighsModelStatus
    names = {
        status.kOptimal: "optimal",
        status.kInfeasible: "infeasible",
        status.kUnboundedOrInfeasible: "infeasible",
        status.kTimeLimit: "stopped",
        status.kInterrupt: "stopped",
        status.kSolutionLimit: "stopped",
        status.kIterationLimit: "stopped",
    }
    return names.get(highs.getModelStatus(), f"error: {highs.modelStatusToString(highs.getModelStatus())}")


def whole(problem: Problem, options: dict[str, Any], stop: Stop, tell: Tell) -> dict[str, Any]:
    """The integer problem: status, best values found, bound, nodes."""
    highs = solver(problem, options, stop)
    _begin_from(highs, options["start"])
    if options["nodes"] is not None:
        highs.setOptionValue("mip_max_nodes", options["nodes"])
    highs.cbMipLogging.subscribe(lambda event: tell(_figures(event.data_out)))
    highs.run()
    info = highs.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    return {
        "status": _status(highs),
        "values": np.array(highs.getSolution().col_value) if found else np.array([]),
        "bound": info.mip_dual_bound,
        "objective": info.objective_function_value,
    }


def looked_for_twice(problem: Problem, least: float, options: dict[str, Any], stop: Stop, tell: Tell) -> dict[str, Any]:
    """The integer problem; found much dearer than its relaxation (`least`), it is searched a second time.

    In one of fifty thousand random requests presolve lost the optimum and called a plan of twice its cost optimal. So
    nobody's word is taken for what the relaxation leaves open: a short search without presolve begins from the plan,
    and where it finds a better one the whole search is made again without presolve, bound and all. Better is what
    costs less with its numbers whole: a search takes them within its tolerance, and that may be all it gains by.
    """
    best = whole(problem, options, stop, tell)
    room = DOUBTFUL * abs(best["objective"])
    sure = options["presolve"] == "off" or options["nodes"] is not None or stop.asked.is_set()
    if sure or best["status"] != "optimal" or best["objective"] - least <= room:
        return best
    plain = {**options, "presolve": "off", "start": _whole_values(problem, best["values"])}
    again = whole(problem, {**plain, "nodes": SECOND_LOOK_NODES}, stop, tell)
    dearer = best["objective"] - max(options["gap"] * abs(best["objective"]), options["abs_gap"])
    claimed = again["objective"] if again["values"].size else np.inf
    if claimed >= dearer or _cost_when_whole(problem, again["values"], options) >= dearer:
        return best
    return whole(problem, {**plain, "start": _whole_values(problem, again["values"])}, stop, tell)


def _cost_when_whole(problem: Problem, values: Any, options: dict[str, Any]) -> float:
    """What a plan costs once its whole numbers are rounded; infinite where nothing continuous fits beside them."""
    exact = relax(fixed(problem, values), options, Stop())
    return float(exact["objective"]) if exact["status"] == "optimal" else np.inf


def _whole_values(problem: Problem, values: Any) -> list[list[float]]:
    """The values of the whole-numbered columns, as a search begins from them."""
    columns = np.flatnonzero(np.asarray(problem["integer"], dtype=bool))
    return [columns.tolist(), np.asarray(values, dtype=float)[columns].tolist()]


def _begin_from(highs: highspy.Highs, start: list[list[float]]) -> None:
    """Gives values of some columns to begin from; HiGHS finds the rest, or goes without."""
    columns, values = start
    if columns:
        highs.setSolution(len(columns), np.array(columns, dtype=np.int32), np.array(values, dtype=float))


def _figures(out: Any) -> dict[str, Any]:
    return {
        "seconds": out.running_time,
        "cost": out.mip_primal_bound,
        "bound": out.mip_dual_bound,
        "nodes": out.mip_node_count,
    }


def rounded(problem: Problem, values: Any) -> Any:
    """Values with the integers whole, inside their bounds."""
    whole = np.clip(np.round(values), problem["lower"], problem["upper"])
    return np.where(np.asarray(problem["integer"], dtype=bool), whole, values)


def fixed(problem: Problem, values: Any) -> Problem:
    """The problem with its integers fixed at rounded values: what is left is continuous."""
    lower, upper = problem["lower"].copy(), problem["upper"].copy()
    which = np.asarray(problem["integer"], dtype=bool)
    lower[which] = upper[which] = rounded(problem, values)[which]
    return {**problem, "lower": lower, "upper": upper, "integer": np.zeros(len(which), dtype=bool)}


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
    paid = np.flatnonzero(problem["cost"])
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


def solve(problem: Problem, options: dict[str, Any], stop: Stop, tell: Tell) -> dict[str, Any]:
    """Relaxation, integer solve, tidying, and a last continuous solve with the integers rounded.

    Where nothing continuous fits beside the rounded integers, the result is `rough`: these integers and no more.
    """
    root = relax(problem, options, stop)
    result = {"status": root["status"], "duals": root["duals"], "values": np.array([]), "bound": root["objective"]}
    result["rough"] = False
    if root["status"] != "optimal":
        return {**result, "bound": -np.inf}
    if not np.any(problem["integer"]):
        return {**result, "values": root["values"]}
    best = looked_for_twice(problem, root["objective"], options, stop, tell)
    result["status"], result["bound"] = best["status"], max(best["bound"], root["objective"])
    if not best["values"].size:
        return result
    rough = stop.asked.is_set() or not options["tidy"]
    values = best["values"] if rough else tidied(problem, best["values"], best["bound"], options, stop)
    for attempt in (values, best["values"]):
        exact = relax(fixed(problem, attempt), options, Stop())
        if exact["status"] == "optimal":
            return {**result, "values": exact["values"]}
    return {**result, "values": rounded(problem, best["values"]), "rough": True}
