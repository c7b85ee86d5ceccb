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

from optimizer.solving.highs_near import NOTHING, best_near, cheaper, closer, flagged, is_few, is_within, nearest, until
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
    whole_values,
)
from optimizer.solving.highs_tidy import tidied
from optimizer.solving.highs_tree import Tree

DECIDED_WITHIN, LARGE_WITHIN, LITTLE_OPEN = 0.3, (0.5, 0.2, 0.05, 0.01), 0.05
"""Parts of the gap that decisions may leave open: more in a large model, where whole orders cost less, and less where
that keeps a plan from the gap."""
DECIDE_NODES, MOST_DECISIONS = 500, 1_000


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
    settled, tree = _decided(problem, root, options, stop, tell)
    if settled["status"] == "infeasible":
        return settled
    proof = known if known["bound"] > settled["bound"] else settled
    bound, branches = max(proof["bound"], least), proof.get("branches")
    near = cheaper(known, best_near(problem, settled, bound, options, stop, tell))
    if not is_within(near, bound, options) and tree is not None and is_within(near, settled["objective"], options):
        further = tree.search(LITTLE_OPEN * options["gap"])  # what misses the gap is what the tree has left open
        if further["bound"] > bound:
            bound, branches = further["bound"], further["branches"]
    if is_within(near, bound, options) or stop.asked.is_set():
        return nearest(near, settled, bound, options) | {"branches": branches}
    begun = {**options, "start": whole_values(problem, near["values"])} if near["values"].size else options
    best = looked_for_twice(problem, bound, begun, stop, _from(bound, tell))
    bound = max(best["bound"], bound)
    if near["values"].size and best["status"] != "optimal" and not best["objective"] <= near["objective"]:
        best = {**near, "status": "stopped"}
    return {**best, "bound": bound, "branches": branches, "few": is_few(best, settled, options)}


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
    best, settled, values, turns = NOTHING, NOTHING, None, list(LARGE_WITHIN)
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
            settled = {**apart.hosted(found, until(stop), _without_plan(tell), in_haste), **known}
            near = best_near(problem, settled, known["bound"], options, stop, tell)
            best = cheaper(best, nearest(near, settled, known["bound"], options))
        status = "optimal" if is_within(best, known["bound"], options) else "stopped"
        best = {**best, **known, "status": status}
        if status == "optimal" or stop.over() or (found["status"] == "stopped" and not tree.late):
            break
        if not tree.late:
            turns.pop(0)
    return of_model, closer(problem, settled, best, options, stop, tell)


def _in_haste(tree: Tree, problem: Problem, options: dict[str, Any], stop: Stop) -> Found:
    """What to look for a plan near to where a tree had no time for a leaf: its decisions rounded; perhaps nothing."""
    found = relax(with_decisions_rounded(problem, tree.deepest, options), options, until(stop))
    return {"values": found["values"], "objective": found["objective"] if found["values"].size else np.inf}


def _from(bound: float, tell: Tell) -> Tell:
    """Tells of a search with a bound that is known already."""
    return lambda figures: tell({**figures, "bound": max(bound, figures["bound"])})


def _since(began: float, tell: Tell) -> Tell:
    """Tells the seconds of all searches together."""
    return lambda figures: tell({**figures, "seconds": time.monotonic() - began})


def _without_plan(tell: Tell) -> Tell:
    """Tells of a search whose values are no plan."""
    return lambda figures: tell({**figures, "cost": np.inf})


def _decided(
    problem: Problem, root: Found, options: dict[str, Any], stop: Stop, tell: Tell
) -> tuple[Found, Tree | None]:
    """The model with only its decisions whole, the relaxation where there are none; and the tree, if that ended.

    A tree of relaxations looks for them first. Where it does not come to an end, the solver is asked, unless there are
    thousands, such as possible hosts of clusters: then the model is no smaller for it. The solver's word is tested by a
    second look, the tree's needs none.
    """
    which = flagged(problem, options["decisions"]) & np.asarray(problem["integer"], dtype=bool)
    if not which.any():
        return {**root, "bound": root["objective"]}, None
    tree, within = Tree(problem, root, options, stop), DECIDED_WITHIN * options["gap"]
    found = tree.search(within)
    if tree.late and not found["values"].size:
        return found | _in_haste(tree, problem, options, stop), None
    if found["status"] != "stopped" or tree.late or np.count_nonzero(which) > MOST_DECISIONS:
        return found, tree if found["status"] == "optimal" else None
    asked = {**options, "gap": within, "nodes": DECIDE_NODES, "heuristics": False}
    least = max(found["bound"], root["objective"])
    asked_for = looked_for_twice({**problem, "integer": which}, least, asked, stop.half(), _without_plan(tell))
    return {**asked_for, "bound": max(asked_for["bound"], least), "branches": found["branches"]}, None


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
