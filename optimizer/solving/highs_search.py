"""The search for whole numbers by the shortest way: the few decisions first, then a plan near them, then all of it.

A model has thousands of whole numbers and few decisions that cost much by themselves: whether to engineer a chip, port
software, host a cluster. Rounding what is left costs hundredths of a percent once these are settled. Three problems in
turn, each smaller than the whole, so long as the gap is not reached:

1. Only decisions are whole. This is a relaxation of the model, so its bound is one of the model; and with so few whole
   columns the solver branches at once, where on the whole it spends its time on cuts that move nothing.
2. Decisions as found, every order at a whole number next to the one found: a plan, if there is one, whose distance to
   the bound of 1 is known.
3. The model as it is, begun from that plan.

Of a large model decisions are first taken in two steps (`highs_relax_and_fix`); if no plan near those is within the
gap, in one as above.

A plan with no more orders than the vertex of 1 is not tidied: that has about as few as any.

Bounds are those of 1 and 3, whichever is higher; a plan of 2 is never one by its own word. All limits are counts.
Runs in the solver's process: imports nothing but the standard library, highspy, numpy and `highs_solve`.
"""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np

from optimizer.solving.highs_relax_and_fix import LARGE, WithoutClusters
from optimizer.solving.highs_rounding import with_decisions_rounded
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

DECIDED_WITHIN, LARGE_WITHIN, NEAR_WITHIN, GOOD_ENOUGH = 0.3, (0.5, 0.2, 0.05), 0.1, 0.5
"""Parts of the gap: what decisions may leave open, more in a large model, where whole orders cost less; what a plan
near them may leave open to the best of its kind, and how near to the bound it need not be bettered."""
ALL_BUT_ROUNDING = 0.98
"""The part of the gap that a plan near decisions may leave open where these leave too much open for it to be better."""
NEAR = ((1, False, 0), (3, False, 0), (1, True, 0), (3, True, 0), (1, True, 2))
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
NOTHING: Found = {"values": np.array([]), "objective": np.inf, "bound": -np.inf, "status": "stopped"}


def searched(
    problem: Problem, root: Found, options: dict[str, Any], stop: Stop, tell: Tell, known: Found = NOTHING
) -> Found:
    """The integer problem, as `whole` answers it; `few` tells whether the plan has as few orders as its decisions
    relaxed, `branches` is the tree that proves the bound of these.

    One that begins from values of its own, or ends after some nodes, is searched at once. `known` are a bound and
    perhaps a plan that were found before.
    """
    least = root["objective"]
    if options["at_once"]:
        return looked_for_twice(problem, least, options, stop, tell)
    settled = _decided(problem, root, options, stop, tell)
    if settled["status"] == "infeasible":
        return settled
    proof = known if known["bound"] > settled["bound"] else settled
    bound, branches = max(proof["bound"], least), proof.get("branches")
    near = _cheaper(known, _best_near(problem, settled, bound, options, stop, tell))
    if _is_within(near, bound, options) or stop.asked.is_set():
        return _nearest(near, settled, bound, options) | {"branches": branches}
    begun = {**options, "start": whole_values(problem, near["values"])} if near["values"].size else options
    best = looked_for_twice(problem, bound, begun, stop, _from(bound, tell))
    bound = max(best["bound"], bound)
    if near["values"].size and best["status"] != "optimal" and not best["objective"] <= near["objective"]:
        best = {**near, "status": "stopped"}
    return {**best, "bound": bound, "branches": branches, "few": _is_few(best, settled, options)}


def _in_two_steps(problem: Problem, options: dict[str, Any], stop: Stop, tell: Tell) -> tuple[Found, Found]:
    """The relaxation of a large model without its clusters, and what is found near the projects that its tree decides.

    The second has no values where there is no plan near them. Where one misses the gap, what decisions leave open is
    made less. Where time is short, a plan is looked for before the tree has a leaf, and the tree goes on afterwards.
    """
    apart = WithoutClusters(problem, options)
    root = relax(apart.left, options, stop, interior=True)
    if root["status"] != "optimal":
        return root, NOTHING
    of_model = {**root, "duals": apart.duals(root["duals"])}
    tree = Tree(apart.left, root, apart.left_options, stop, both=True)
    best, values, turns = NOTHING, None, list(LARGE_WITHIN)
    while turns:
        found = tree.search(turns[0] * options["gap"])
        if found["status"] == "infeasible":
            return of_model, NOTHING
        known = {"bound": max(found["bound"], root["objective"]), "branches": apart.told(found["branches"])}
        in_haste = tree.late and not (found["values"].size or best["values"].size)
        if in_haste:
            found |= _in_haste(tree, apart.left, apart.left_options, stop)
        if found["values"].size and found["values"] is not values:
            values = found["values"]
            settled = {**apart.hosted(found, _until(stop), _without_plan(tell), in_haste), **known}
            near = _best_near(problem, settled, known["bound"], options, stop, tell)
            best = _cheaper(best, _nearest(near, settled, known["bound"], options))
        status = "optimal" if _is_within(best, known["bound"], options) else "stopped"
        best = {**best, **known, "status": status}
        if status == "optimal" or stop.over() or (found["status"] == "stopped" and not tree.late):
            break
        if not tree.late:
            turns.pop(0)
    return of_model, best


def _until(stop: Stop) -> Stop:
    """Until when a plan is looked for: a little longer where somebody asked to stop."""
    return Stop(LAST_SECONDS) if stop.asked.is_set() else stop


def _in_haste(tree: Tree, problem: Problem, options: dict[str, Any], stop: Stop) -> Found:
    """What to look for a plan near to where a tree had no time for a leaf: its decisions rounded; perhaps nothing."""
    found = relax(with_decisions_rounded(problem, tree.deepest, options), options, _until(stop))
    return {"values": found["values"], "objective": found["objective"] if found["values"].size else np.inf}


def _cheaper(one: Found, other: Found) -> Found:
    return other if other["objective"] <= one["objective"] else one


def _is_within(found: Found, bound: float, options: dict[str, Any]) -> bool:
    """Whether a plan is within the gap of a bound; no plan never is."""
    return bool(found["values"].size and found["objective"] - bound <= _open(found["objective"], options))


def _nearest(near: Found, settled: Found, bound: float, options: dict[str, Any]) -> Found:
    """A plan near settled decisions, if there is one, where nothing else is searched."""
    status = "optimal" if _is_within(near, bound, options) else "stopped"
    return {**near, "status": status, "bound": bound, "few": _is_few(near, settled, options)}


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
    tree, within = Tree(problem, root, options, stop), DECIDED_WITHIN * options["gap"]
    found = tree.search(within)
    if tree.late and not found["values"].size:
        return found | _in_haste(tree, problem, options, stop)
    if found["status"] != "stopped" or tree.late or np.count_nonzero(which) > MOST_DECISIONS:
        return found
    asked = {**options, "gap": within, "nodes": DECIDE_NODES, "heuristics": False}
    least = max(found["bound"], root["objective"])
    asked_for = looked_for_twice({**problem, "integer": which}, least, asked, stop.half(), _without_plan(tell))
    return {**asked_for, "bound": max(asked_for["bound"], least), "branches": found["branches"]}


def _best_near(
    problem: Problem, settled: Found, bound: float, options: dict[str, Any], stop: Stop, tell: Tell
) -> Found:
    """The best plan near settled decisions, the first that is good enough; `NOTHING` if none was found."""
    best = NOTHING
    if not settled["values"].size:
        return best
    asked = {**options, "gap": NEAR_WITHIN * options["gap"], "nodes": NEAR_NODES}
    within = GOOD_ENOUGH if settled["objective"] < bound + GOOD_ENOUGH * _open(bound, options) else ALL_BUT_ROUNDING
    asked["target"] = bound + within * _open(bound, options)
    for width, reopened, unused in NEAR if options["tied"] else NEAR_WITHOUT_TERMS:
        hair = BY_A_HAIR * _open(best["objective"], options)
        if unused and best["values"].size and best["objective"] - bound <= hair:
            break  # the bound of the whole rises by as much sooner
        around = _near(problem, settled["values"], width, reopened, unused, options)
        found = whole(around, asked, _until(stop), _beside(bound, tell))
        if found["values"].size and found["objective"] < best["objective"]:
            best = found
        if best["values"].size and (stop.over() or _is_within(best, bound, options)):
            break
        # A plan with these decisions costs no less than their relaxation: what is left to gain is little.
        if best["objective"] - settled["objective"] <= GOOD_ENOUGH * _open(bound, options):
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


def _has_choice(problem: Problem, root: Found) -> bool:
    """Whether there is anything to search: a relaxation with an optimum, and whole numbers."""
    return root["status"] == "optimal" and bool(np.any(problem["integer"]))


def solve(problem: Problem, options: dict[str, Any], stop: Stop, tell: Tell) -> dict[str, Any]:
    """Relaxation, integer solve, tidying, and a last continuous solve with the integers rounded.

    Where nothing continuous fits beside the rounded integers, the result is `rough`: these integers and no more.
    """
    began = _since(time.monotonic(), tell)
    large = not options["at_once"] and np.count_nonzero(problem["integer"]) > LARGE
    root, best = _in_two_steps(problem, options, stop, began) if large else (NOTHING, NOTHING)
    if best["status"] != "optimal" and not (best["values"].size and stop.over()):
        again = relax(problem, options, stop)
        if again["status"] != "stopped" or root["status"] != "optimal":
            root = again
            best = searched(problem, root, options, stop, began, best) if _has_choice(problem, root) else root
    result = {"status": root["status"], "duals": root["duals"], "values": np.array([]), "bound": root["objective"]}
    result["rough"], result["branches"] = False, ""
    if root["status"] != "optimal":
        return {**result, "bound": -np.inf}
    if not np.any(problem["integer"]):
        return {**result, "values": root["values"]}
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
