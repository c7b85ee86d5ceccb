"""The search for whole numbers by the shortest way: the few decisions first, then a plan near them, then all of it.

A model has thousands of whole numbers and few decisions that cost much by themselves: whether to engineer a chip, port
software, host a cluster. Rounding what is left costs hundredths of a percent once these are settled. Three problems in
turn, each smaller than the whole, so long as the gap is not reached:

1. Only decisions are whole. This is a relaxation of the model, so its bound is one of the model; and with so few whole
   columns the solver branches at once, where on the whole it spends its time on cuts that move nothing.
2. Decisions as found, every order at a whole number next to the one found: a plan, if there is one, whose distance to
   the bound of 1 is known.
3. The model as it is, begun from that plan.

A plan with no more orders than the vertex of 1 is not tidied: that has about as few as any.

Bounds are those of 1 and 3, whichever is higher; a plan of 2 is never one by its own word. All limits are counts.
Runs in the solver's process: imports nothing but the standard library, highspy, numpy and `highs_solve`.
"""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np

from optimizer.solving.highs_solve import (
    Found,
    Problem,
    Stop,
    Tell,
    fixed,
    looked_for_twice,
    relax,
    rounded,
    whole,
    whole_values,
)
from optimizer.solving.highs_tidy import tidied
from optimizer.solving.highs_tree import Tree

DECIDED_WITHIN, NEAR_WITHIN, GOOD_ENOUGH = 0.3, 0.1, 0.5
"""Parts of the gap: what decisions may leave open, what a plan near them may leave open to the best of its kind, and
how near to the bound it need not be bettered."""
NEAR = ((1, False, 0), (1, True, 0), (3, True, 0), (1, True, 2))
"""How far beside the whole numbers below and above its relaxed one an order may move, whether the terms of orders
are open again, and how large an order may be that is not there: farther, and more of it, only if need be."""
NEAR_WITHOUT_TERMS = ((1, False, 0), (3, False, 0), (1, False, 2))
NEAR_NODES = 1_000
BY_A_HAIR = 1.1
"""By so many times the gap a plan may miss it for the whole to be searched at once."""
DECIDE_NODES, MOST_DECISIONS = 500, 1_000
LAST_SECONDS = 10.0
"""How long a plan near the decisions is looked for when somebody asked to stop."""
USED = 1e-9
NO_PLAN: Found = {"values": np.array([]), "objective": np.inf}


def searched(problem: Problem, root: Found, options: dict[str, Any], stop: Stop, tell: Tell) -> Found:
    """The integer problem, as `whole` answers it; `few` tells whether the plan has as few orders as its decisions
    relaxed, `branches` is the tree that proves the bound of these.

    One that begins from values of its own, or ends after some nodes, is searched at once.
    """
    least = root["objective"]
    if options["at_once"]:
        return looked_for_twice(problem, least, options, stop, tell)
    settled = _decided(problem, root, options, stop, tell)
    if settled["status"] == "infeasible":
        return settled
    bound, branches = max(settled["bound"], least), settled.get("branches")
    near = _best_near(problem, settled, bound, options, stop, tell)
    if near is not None and near["objective"] - bound <= _open(near["objective"], options):
        few = _is_few(near, settled, options)
        return {**near, "status": "optimal", "bound": bound, "branches": branches, "few": few}
    if stop.asked.is_set():
        return {**(near or NO_PLAN), "status": "stopped", "bound": bound, "branches": branches}
    begun = options if near is None else {**options, "start": whole_values(problem, near["values"])}
    best = looked_for_twice(problem, bound, begun, stop, _from(bound, tell))
    bound = max(best["bound"], bound)
    if near is not None and best["status"] != "optimal" and not best["objective"] <= near["objective"]:
        best = {**near, "status": "stopped"}
    return {**best, "bound": bound, "branches": branches, "few": _is_few(best, settled, options)}


def _is_few(best: Found, settled: Found, options: dict[str, Any]) -> bool:
    """Whether a plan has no more orders than the relaxation with its decisions settled."""
    if not (best["values"].size and settled["values"].size):
        return False
    of_best, of_settled = (np.count_nonzero(each["values"][options["orders"]] > USED) for each in (best, settled))
    return bool(of_best <= of_settled)


def _open(cost: float, options: dict[str, Any]) -> float:
    """What a plan of this cost may be above the bound."""
    return float(max(options["gap"] * abs(cost), options["abs_gap"]))


def _from(bound: float, tell: Tell) -> Tell:
    """Tells of a search with a bound that is known already."""
    return lambda figures: tell({**figures, "bound": max(bound, figures["bound"])})


def _beside(bound: float, tell: Tell) -> Tell:
    """Tells of a search for plans of one kind, whose own bound says nothing of others."""
    return lambda figures: tell({**figures, "bound": bound})


def _since(began: float, tell: Tell) -> Tell:
    """Tells the seconds of all searches together."""
    return lambda figures: tell({**figures, "seconds": time.monotonic() - began})


def _without_plan(tell: Tell) -> Tell:
    """Tells of a search whose values are no plan."""
    return lambda figures: tell({**figures, "cost": np.inf})


def _decided(problem: Problem, root: Found, options: dict[str, Any], stop: Stop, tell: Tell) -> Found:
    """The model with only its decisions whole; the relaxation where there are none.

    A tree of relaxations looks for them first. Where it does not come to an end, the solver is asked, unless there are
    thousands, such as possible hosts of clusters: then the model is no smaller for it. The solver's word is tested by a
    second look, the tree's needs none.
    """
    which = _flags(problem, options["decisions"]) & np.asarray(problem["integer"], dtype=bool)
    if not which.any():
        return {**root, "bound": root["objective"]}
    half = Stop(stop.seconds_left() / 2, stop.asked) if stop.deadline is not None else stop
    within = DECIDED_WITHIN * options["gap"]
    found = Tree(problem, root, options, within, half).search()
    if found["status"] != "stopped" or half.over() or np.count_nonzero(which) > MOST_DECISIONS:
        return found
    asked = {**options, "gap": within, "nodes": DECIDE_NODES, "heuristics": False}
    least = max(found["bound"], root["objective"])
    asked_for = looked_for_twice({**problem, "integer": which}, least, asked, half, _without_plan(tell))
    return {**asked_for, "bound": max(asked_for["bound"], least), "branches": found["branches"]}


def _best_near(
    problem: Problem, settled: Found, bound: float, options: dict[str, Any], stop: Stop, tell: Tell
) -> Found | None:
    """The best plan near settled decisions, the first that is good enough; None if none was found."""
    if not settled["values"].size:
        return None
    best: Found | None = None
    asked = {**options, "gap": NEAR_WITHIN * options["gap"], "nodes": NEAR_NODES}
    asked["target"] = bound + GOOD_ENOUGH * _open(bound, options)
    for width, reopened, unused in NEAR if options["tied"] else NEAR_WITHOUT_TERMS:
        until = Stop(LAST_SECONDS) if stop.asked.is_set() else stop
        if unused and best is not None and best["objective"] - bound <= BY_A_HAIR * _open(best["objective"], options):
            break  # the bound of the whole rises by as much sooner
        around = _near(problem, settled["values"], width, reopened, unused, options)
        found = whole(around, asked, until, _beside(bound, tell))
        if found["values"].size and (best is None or found["objective"] < best["objective"]):
            best = found
        if best is not None and (stop.over() or best["objective"] - bound <= _open(best["objective"], options)):
            break
        # A plan with these decisions costs no less than their relaxation: what is left to gain is little.
        if best is not None and best["objective"] - settled["objective"] <= GOOD_ENOUGH * _open(bound, options):
            break
    return best


def _near(problem: Problem, values: Any, width: int, reopened: bool, unused: int, options: dict[str, Any]) -> Problem:
    """The model near some values.

    Decisions stay as they are, what is not ordered is at most `unused`, and every other whole number moves by `width`.
    How an order is divided over the steps of price breaks is free; with terms `reopened`, all is that these tie to each
    other: orders with minimum orders and price breaks, and whether there are any.
    """
    free, decided = (_flags(problem, options[which]) for which in ("tied" if reopened else "steps", "decisions"))
    moves = np.asarray(problem["integer"], dtype=bool) & ~free
    least = np.where(decided, np.round(values), np.floor(values) - width)
    most = np.where(decided, np.round(values), np.where(values < USED, unused, np.ceil(values) + width))
    lower, upper = problem["lower"], problem["upper"]
    return {
        **problem,
        "lower": np.where(moves, np.clip(least, lower, upper), lower),
        "upper": np.where(moves, np.clip(most, lower, upper), upper),
    }


def _flags(problem: Problem, columns: list[int]) -> Any:
    flags = np.zeros(len(problem["cost"]), dtype=bool)
    flags[columns] = True
    return flags


def solve(problem: Problem, options: dict[str, Any], stop: Stop, tell: Tell) -> dict[str, Any]:
    """Relaxation, integer solve, tidying, and a last continuous solve with the integers rounded.

    Where nothing continuous fits beside the rounded integers, the result is `rough`: these integers and no more.
    """
    began = time.monotonic()
    root = relax(problem, options, stop)
    result = {"status": root["status"], "duals": root["duals"], "values": np.array([]), "bound": root["objective"]}
    result["rough"], result["branches"] = False, ""
    if root["status"] != "optimal":
        return {**result, "bound": -np.inf}
    if not np.any(problem["integer"]):
        return {**result, "values": root["values"]}
    best = searched(problem, root, options, stop, _since(began, tell))
    result["status"], result["bound"] = best["status"], max(best["bound"], root["objective"])
    result["branches"] = json.dumps(best["branches"]) if best.get("branches") else ""
    if not best["values"].size:
        return result
    as_found = stop.asked.is_set() or not options["tidy"] or best.get("few", False)
    values = best["values"] if as_found else tidied(problem, best["values"], best["bound"], options, stop)
    for attempt in (values, best["values"]):
        exact = relax(fixed(problem, attempt), options, Stop())
        if exact["status"] == "optimal":
            return {**result, "values": exact["values"]}
    return {**result, "values": rounded(problem, best["values"]), "rough": True}
