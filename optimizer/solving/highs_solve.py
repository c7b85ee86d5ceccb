"""HiGHS asked: for the relaxation of a model, for whole numbers, for a second look at them.

Runs in the solver's process: imports nothing but the standard library, highspy and numpy.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import highspy
import numpy as np

DOUBTFUL, SECOND_LOOK_NODES = 0.01, 100
"""What an optimum may leave open above the relaxation before it is searched again, and how short that search is."""
HEURISTICS = tuple(f"mip_heuristic_run_{name}" for name in ("rins", "rens", "root_reduced_cost"))
"""Searches for plans that solve whole problems of their own: nine tenths of the time where only decisions are whole."""
TOLERANCES = ("primal_feasibility_tolerance", "mip_feasibility_tolerance")
Problem = dict[str, Any]
Found = dict[str, Any]
"""What a search found: `status`, `values` (none: empty), `bound`, `objective`."""
Tell = Callable[[dict[str, Any]], None]
"""Told where a solve stands: seconds, cost, bound, nodes."""


class Stop:
    """Whether somebody asked to stop, and until when to run."""

    def __init__(self, seconds: float | None = None, asked: threading.Event | None = None) -> None:
        self.asked = asked or threading.Event()
        self.deadline = None if seconds is None else time.monotonic() + seconds

    def over(self) -> bool:
        """Whether it is time to stop."""
        return self.asked.is_set() or (self.deadline is not None and time.monotonic() >= self.deadline)

    def seconds_left(self) -> float:
        return 1e9 if self.deadline is None else max(0.01, self.deadline - time.monotonic())

    def half(self) -> Stop:
        """Half of the time that is left, where there is a limit."""
        return self if self.deadline is None else Stop(self.seconds_left() / 2, self.asked)


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
    if highs.passModel(highs_model(problem)) != highspy.HighsStatus.kOk:
        raise RuntimeError("HiGHS did not take the model as it is")
    for callback in (highs.cbMipInterrupt, highs.cbSimplexInterrupt, highs.cbIpmInterrupt):
        callback.subscribe(lambda event: event.interrupt() if stop.asked.is_set() else None)
    return highs


def highs_model(problem: Problem) -> highspy.HighsLp:
    """A problem as HiGHS takes it."""
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
    highs.passModel(highs_model(problem))
    highs.run()
    if abs(highs.getInfo().objective_function_value - 9.0) > 1e-9:
        raise RuntimeError(f"this HiGHS ({highs.version()}) fails a two-variable test; install highspy 1.15.1")


def relax(problem: Problem, options: dict[str, Any], stop: Stop, interior: bool = False) -> dict[str, Any]:
    """The optimum of the relaxation with its duals: the root of the certificate; `highs` has it loaded.

    Asked for, by a point in the interior, from which crossover leads to a vertex; where it does not, by the simplex
    method all the same.
    """
    highs = solver(problem, options, stop)
    highs.setOptionValue("solve_relaxation", True)
    if interior:
        highs.setOptionValue("solver", "ipm")
        highs.run()
        highs.setOptionValue("solver", "simplex")
    if not interior or not _is_at_vertex(highs):
        highs.run()
    status = highs.getModelStatus()
    solution = highs.getSolution()
    optimal = status == highspy.HighsModelStatus.kOptimal
    return {
        "status": _status(highs),
        "values": np.array(solution.col_value) if optimal else np.array([]),
        "duals": np.array(solution.row_dual) if optimal else np.array([]),
        "objective": highs.getInfo().objective_function_value,
        "highs": highs,
    }


def _is_at_vertex(highs: highspy.Highs) -> bool:
    """Whether HiGHS has an optimum with a basis."""
    return bool(highs.getModelStatus() == highspy.HighsModelStatus.kOptimal and highs.getBasis().valid)


def _status(highs: highspy.Highs) -> str:
    status = highspy.HighsModelStatus
    names = {
        status.kOptimal: "optimal",
        status.kInfeasible: "infeasible",
        status.kUnboundedOrInfeasible: "infeasible",
        status.kTimeLimit: "stopped",
        status.kInterrupt: "stopped",
        status.kSolutionLimit: "stopped",
        status.kObjectiveTarget: "stopped",
        status.kIterationLimit: "stopped",
    }
    return names.get(highs.getModelStatus(), f"error: {highs.modelStatusToString(highs.getModelStatus())}")


def whole(problem: Problem, options: dict[str, Any], stop: Stop, tell: Tell) -> dict[str, Any]:
    """The integer problem: status, best values found, bound, nodes."""
    highs = solver(problem, options, stop)
    _begin_from(highs, options["start"])
    if options["nodes"] is not None:
        highs.setOptionValue("mip_max_nodes", options["nodes"])
    if options["target"] is not None:
        highs.setOptionValue("objective_target", options["target"])
    for name in () if options["heuristics"] else HEURISTICS:
        highs.setOptionValue(name, False)
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
    sure = options["presolve"] == "off" or stop.asked.is_set()
    if sure or best["status"] != "optimal" or best["objective"] - least <= room:
        return best
    plain = {**options, "presolve": "off", "start": whole_values(problem, best["values"])}
    again = whole(problem, {**plain, "nodes": SECOND_LOOK_NODES}, stop, tell)
    dearer = best["objective"] - max(options["gap"] * abs(best["objective"]), options["abs_gap"])
    claimed = again["objective"] if again["values"].size else np.inf
    if claimed >= dearer or _cost_when_whole(problem, again["values"], options) >= dearer:
        return best
    return whole(problem, {**plain, "start": whole_values(problem, again["values"])}, stop, tell)


def _cost_when_whole(problem: Problem, values: Any, options: dict[str, Any]) -> float:
    """What a plan costs once its whole numbers are rounded; infinite where nothing continuous fits beside them."""
    exact = relax(fixed(problem, values), options, Stop())
    return float(exact["objective"]) if exact["status"] == "optimal" else np.inf


def whole_values(problem: Problem, values: Any) -> list[list[float]]:
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
