"""Plans near decisions that are settled: every order at a whole number beside the one found, in a small problem.

A plan of these is never the best of all by its own word: its distance to a bound of the model is what counts.

Runs in the solver's process: imports nothing but the standard library, numpy and `highs_solve`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optimizer.solving.highs_solve import Found, Problem, Stop, Tell, whole

NEAR_WITHIN, GOOD_ENOUGH = 0.1, 0.5
"""Parts of the gap: what a plan near decisions may leave open to the best of its kind, and how near to the bound it
need not be bettered."""
ALL_BUT_ROUNDING = 0.98
"""The part of the gap that a plan near decisions may leave open where these leave too much open for it to be better."""
NEAR = ((1, False, 0), (3, False, 0), (1, True, 0), (3, True, 0), (1, True, 2))
"""How far beside the whole numbers below and above its relaxed one an order may move, whether the terms of orders
are open again, and how large an order may be that is not there: farther, and more of it, only if need be."""
NEAR_WITHOUT_TERMS = ((1, False, 0), (3, False, 0), (8, False, 0), (1, False, 2))
NEAR_NODES = 1_000
BY_A_HAIR = 1.1
"""By so many times the gap a plan may miss it for the whole to be searched at once."""
CLOSER, CLOSE_WITHIN = (3, True, 0), 0.03
"""How a plan of a large model that misses the gap is bettered where no more can be proved; to what part of the gap."""
LAST_SECONDS = 10.0
"""How long a plan near the decisions is looked for when somebody asked to stop."""
USED = 1e-9
NOTHING: Found = {"values": np.array([]), "objective": np.inf, "bound": -np.inf, "status": "stopped"}


def best_near(problem: Problem, settled: Found, bound: float, options: dict[str, Any], stop: Stop, tell: Tell) -> Found:
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
        found = whole(around, asked, until(stop), _beside(bound, tell))
        if found["values"].size and found["objective"] < best["objective"]:
            best = found
        if best["values"].size and (stop.over() or is_within(best, bound, options)):
            break
        # A plan with these decisions costs no less than their relaxation: what is left to gain is little.
        if best["objective"] - settled["objective"] <= GOOD_ENOUGH * _open(bound, options):
            break
    return best


def closer(problem: Problem, settled: Found, best: Found, options: dict[str, Any], stop: Stop, tell: Tell) -> Found:
    """A plan, or where it misses the gap a cheaper one farther beside its decisions, if these themselves are within."""
    bound, target = best["bound"], best["bound"] + _open(best["objective"], options)
    if best["status"] == "optimal" or not best["values"].size or settled["objective"] >= target or stop.over():
        return best
    asked = {**options, "gap": CLOSE_WITHIN * options["gap"], "nodes": NEAR_NODES, "target": target}
    around = _near(problem, settled["values"], *CLOSER, options)
    found = cheaper(best, whole(around, asked, stop, _beside(bound, tell)))
    return {**best, **nearest(found, settled, bound, options)}


def _near(problem: Problem, values: Any, width: int, reopened: bool, unused: int, options: dict[str, Any]) -> Problem:
    """The model near some values.

    Decisions stay as they are, what is not ordered is at most `unused`, and every other whole number moves by `width`.
    How an order is divided over the steps of price breaks is free; with terms `reopened`, all is that these tie to each
    other: orders with minimum orders and price breaks, and whether there are any.
    """
    free, decided = (flagged(problem, options[which]) for which in ("tied" if reopened else "steps", "decisions"))
    moves = np.asarray(problem["integer"], dtype=bool) & ~free
    least = np.where(decided, np.round(values), np.floor(values) - width)
    most = np.where(decided, np.round(values), np.where(values < USED, unused, np.ceil(values) + width))
    lower, upper = problem["lower"], problem["upper"]
    return {
        **problem,
        "lower": np.where(moves, np.clip(least, lower, upper), lower),
        "upper": np.where(moves, np.clip(most, lower, upper), upper),
    }


def until(stop: Stop) -> Stop:
    """Until when a plan is looked for: a little longer where somebody asked to stop."""
    return Stop(LAST_SECONDS) if stop.asked.is_set() else stop


def cheaper(one: Found, other: Found) -> Found:
    return other if other["objective"] <= one["objective"] else one


def is_within(found: Found, bound: float, options: dict[str, Any]) -> bool:
    """Whether a plan is within the gap of a bound; no plan never is."""
    return bool(found["values"].size and found["objective"] - bound <= _open(found["objective"], options))


def nearest(near: Found, settled: Found, bound: float, options: dict[str, Any]) -> Found:
    """A plan near settled decisions, if there is one, where nothing else is searched."""
    status = "optimal" if is_within(near, bound, options) else "stopped"
    return {**near, "status": status, "bound": bound, "few": is_few(near, settled, options)}


def is_few(best: Found, settled: Found, options: dict[str, Any]) -> bool:
    """Whether a plan has no more orders than the relaxation with its decisions settled."""
    if not (best["values"].size and settled["values"].size):
        return False
    of_best, of_settled = (np.count_nonzero(each["values"][options["orders"]] > USED) for each in (best, settled))
    return bool(of_best <= of_settled)


def _open(cost: float, options: dict[str, Any]) -> float:
    """What a plan of this cost may be above the bound."""
    return float(max(options["gap"] * abs(cost), options["abs_gap"]))


def _beside(bound: float, tell: Tell) -> Tell:
    """Tells of a search for plans of one kind, whose own bound says nothing of others."""
    return lambda figures: tell({**figures, "bound": bound})


def flagged(problem: Problem, columns: list[int]) -> Any:
    flags = np.zeros(len(problem["cost"]), dtype=bool)
    flags[columns] = True
    return flags
