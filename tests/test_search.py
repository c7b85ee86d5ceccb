"""The search by decisions against the search of the whole: the same costs, bounds that are bounds, and its ends.

The plain search is HiGHS on the whole model at once, to a gap of nothing. Requests are those of the brute-force tests,
with one-off engineering, porting, clusters, minimum orders and price breaks.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from builders import EXACT, accelerator, catalog, load, rates, scenario, system
from test_solver import matrix as covering
from whole_requests import drawn

from catalogs.problems import InputError
from optimizer.proven import stated
from optimizer.solving import highs_search, highs_tree
from optimizer.solving.certificate import certified_bound
from optimizer.solving.decisions import HOST, tied_by_terms
from optimizer.solving.highs_near import NOTHING
from optimizer.solving.highs_search import searched
from optimizer.solving.highs_solve import Found, Problem, Stop, fixed, looked_for_twice, relax, whole
from optimizer.solving.highs_tidy import tidied
from optimizer.solving.highs_tree import Tree
from optimizer.solving.matrix import Matrix
from optimizer.solving.scaling import scaled
from optimizer.solving.solution import Options
from optimizer.solving.solve import _settings, solve

BATCHES, PER_BATCH = 2, 2
MANY_BATCHES, MANY_PER_BATCH = 40, 25
NEAR_ENOUGH = 1e-6
"""What two searches to a gap of nothing may differ by, as part of the cost: whole numbers are whole within 1e-6."""


class Case(NamedTuple):
    """A problem in the solver's units with its settings."""

    problem: Problem
    options: dict[str, Any]


def case_of(matrix: Matrix, options: Options) -> Case:
    fine = scaled(matrix)
    return Case(fine.matrix.arrays(), _settings(fine, options, {}))


def covered(options: Options) -> tuple[Case, float]:
    """min 2x + 3z, x + z ≥ 4.5, both whole: 9 in the relaxation, and its optimum of 10 in the solver's units."""
    matrix = covering([2, 3], [[1, 1]], [4.5], [np.inf], [100, 100])
    return case_of(matrix, options), 10 * scaled(matrix).objective


def requested(folder: Path, seed: int) -> Iterator[Matrix]:
    """Endless models of random requests."""
    for i in range(100_000):
        found = drawn(f"search {seed} {i}", large=True)
        if found is not None:
            try:
                matrix = stated(load(folder / str(i), *found[:2]))[1]
            except InputError:
                continue
            if matrix.integer.any():
                yield matrix


def silent(_: dict[str, Any]) -> None:
    pass


def plain(case: Case) -> Found:
    """The optimum of the whole, searched at once; without presolve where that had numbers whole only almost."""
    best = looked_for_twice(case.problem, relax(*case, Stop())["objective"], case.options, Stop(), silent)
    if best["status"] == "optimal":
        as_whole = relax(fixed(case.problem, best["values"]), case.options, Stop())
        if as_whole["objective"] != pytest.approx(best["objective"], rel=NEAR_ENOUGH, abs=little(case, best)):
            best = whole(case.problem, {**case.options, "presolve": "off"}, Stop(), silent)
    return best


def little(case: Case, best: Found) -> float:
    """What two searches of a case to a gap of nothing may differ by."""
    return float(case.options["abs_gap"] + NEAR_ENOUGH * max(1e-3, abs(best["objective"])))


def check_gaps(matrix: Matrix) -> bool:
    """Whether there was a plan; fails where a search to some gap does not bracket the optimum."""
    exact = case_of(matrix, EXACT)
    root = relax(*exact, Stop())
    if root["status"] != "optimal":
        return False
    best = plain(exact)
    for gap in (EXACT.gap, 1e-3, 0.05):
        case = case_of(matrix, Options(gap=gap))
        found = searched(case.problem, relax(*case, Stop()), case.options, Stop(), silent)
        assert found["status"] == best["status"]
        if best["status"] == "optimal":
            off = little(case, best)
            assert found["bound"] <= best["objective"] + off
            assert found["objective"] >= best["bound"] - off
            assert found["objective"] - found["bound"] <= gap * abs(found["objective"]) + off
    return bool(best["status"] == "optimal")


def check_batch(folder: Path, seed: int, count: int) -> None:
    requests, solved = requested(folder, seed), 0
    while solved < count:  # whatever has no plan is checked as well
        solved += check_gaps(next(requests))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, BATCHES))])
def test_every_gap_brackets_the_optimum(tmp_path: Path, seed: int) -> None:
    check_batch(tmp_path, seed, PER_BATCH)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1000 + MANY_BATCHES))
def test_every_gap_brackets_the_optimum_many_times(tmp_path: Path, seed: int) -> None:
    check_batch(tmp_path, seed, MANY_PER_BATCH)


# the tree


def with_decisions(folder: Path, seed: int, count: int) -> Iterator[Case]:
    """Models in which decisions, and nothing else, are whole, and not whole in the relaxation."""
    for matrix in requested(folder, seed):
        case = case_of(matrix, EXACT)
        decided = np.zeros(len(matrix.cost), dtype=bool)
        decided[case.options["decisions"]] = True
        problem = {**case.problem, "integer": np.asarray(case.problem["integer"]) & decided}
        root = relax(problem, case.options, Stop())
        values = root["values"][decided] if root["status"] == "optimal" else np.array([])
        if np.abs(values - np.round(values)).sum() > NEAR_ENOUGH:
            yield Case(problem, case.options)
            count -= 1
        if not count:
            return


def tree(case: Case, both: bool = False) -> Tree:
    """Nothing is searched yet; with `both`, children are solved two at once, as in a large model."""
    return Tree(case.problem, relax(*case, Stop(), interior=both), case.options, Stop(), both)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, *range(100, 130)))])
def test_the_tree_finds_what_the_solver_finds(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same cost, or a lower one by decisions that are whole only within a millionth: then no more than a bound."""
    monkeypatch.setattr(highs_tree, "MOST_RELAXATIONS", 5_000)  # to the end of the largest drawn
    for case, both in product(with_decisions(tmp_path, seed, 3), (False, True)):
        found, asked = tree(case, both).search(0.0), plain(case)
        assert found["status"] == asked["status"]
        if asked["status"] == "optimal":
            off = little(case, asked)
            assert found["bound"] == pytest.approx(found["objective"], rel=1e-9)
            assert found["bound"] <= asked["objective"] + off
            as_whole = relax(fixed(case.problem, found["values"]), case.options, Stop())
            if as_whole["objective"] == pytest.approx(found["objective"], rel=NEAR_ENOUGH, abs=off):
                assert found["objective"] == pytest.approx(asked["objective"], rel=NEAR_ENOUGH, abs=off)


def test_what_the_tree_gives_up_is_in_its_bound(tmp_path: Path) -> None:
    for case in with_decisions(tmp_path, 7, 3):
        optimum, grown = plain(case)["objective"], tree(case)
        found = grown.search(0.2)
        if math.isfinite(optimum):
            assert found["bound"] <= optimum + NEAR_ENOUGH * abs(optimum)
            assert found["objective"] - found["bound"] <= 0.2 * abs(found["objective"]) + NEAR_ENOUGH


def test_a_search_that_leaves_less_open_goes_on_where_another_ended(tmp_path: Path) -> None:
    gone_on = 0
    for case, both in product(with_decisions(tmp_path, 7, 6), (False, True)):
        at_once, grown = tree(case, both), tree(case, both)
        rough, exact, first = grown.search(0.2), at_once.search(0.0), grown.solved
        found = grown.search(0.0)
        assert found["status"] == exact["status"]
        assert found["objective"] == pytest.approx(exact["objective"], rel=NEAR_ENOUGH)
        assert found["bound"] == pytest.approx(exact["bound"], rel=NEAR_ENOUGH)
        assert rough["bound"] <= found["bound"] + NEAR_ENOUGH * abs(found["bound"]) or math.isinf(found["bound"])
        gone_on += grown.solved - first > 0
    assert gone_on


def test_two_at_once_give_the_same_tree_each_time(tmp_path: Path) -> None:
    """Whichever of two solvers answers first: the same nodes, duals and all."""
    for case in with_decisions(tmp_path, 9, 3):
        first, second = (tree(case, both=True).search(0.0) for _ in range(2))
        assert json.dumps(first["branches"]) == json.dumps(second["branches"])
        assert first["values"].tolist() == second["values"].tolist()


def test_a_tree_that_is_cut_short_still_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one relaxation it has no leaf, or one: its bound holds, and the search goes on without it."""
    monkeypatch.setattr(highs_tree, "MOST_RELAXATIONS", 1)
    stopped = 0
    for case in with_decisions(tmp_path, 8, 3):
        optimum, found = plain(case)["objective"], tree(case).search(0.0)
        assert found["bound"] <= optimum + NEAR_ENOUGH * abs(optimum)
        stopped += found["status"] == "stopped"
        root = relax(*case, Stop())
        assert searched(*(case.problem, root, case.options), Stop(), silent)["objective"] == pytest.approx(optimum)
    assert stopped


# a large model


def check_in_two_steps(folder: Path, seed: int, count: int) -> int:
    """How many plans the two steps of a large model found by themselves; all bounds hold, those certified too."""
    with_hosts = (matrix for matrix in requested(folder, seed) if matrix.column_numbers(HOST))
    found_so = 0
    for matrix in islice(with_hosts, count):
        best = plain(case_of(matrix, EXACT))
        for gap in (1e-3, 0.05):
            case = case_of(matrix, Options(gap=gap))
            at_once = highs_search._in_two_steps(*case, Stop(), silent)[1]["status"] == "optimal"
            found_so += at_once
            solution = solve(matrix, Options(gap=gap))
            assert solution.status == best["status"]
            if solution.status == "optimal":
                optimum = best["objective"] / scaled(matrix).objective
                little = NEAR_ENOUGH * max(1e-3, abs(optimum))
                certified = float(certified_bound(matrix, solution.duals, solution.branches))
                assert max(solution.bound, certified) <= optimum + little
                if at_once:  # else the whole is searched, whose bound is the solver's word
                    assert certified >= solution.bound - little
                assert optimum - little <= solution.objective <= solution.bound + gap * abs(solution.objective) + little
    return found_so


@pytest.mark.usefixtures("in_process")
def test_two_steps_find_what_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highs_search, "LARGE", -1)
    assert check_in_two_steps(tmp_path, 3, 4)


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("seed", range(2000, 2020))
def test_two_steps_find_what_one_does_many_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(highs_search, "LARGE", -1)
    assert check_in_two_steps(tmp_path, seed, 25)


# its ends


@pytest.mark.parametrize("large", [-1, 3_000], ids=["in two steps", "in one"])
def test_without_time_for_a_tree_there_is_still_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    """Somebody asks to stop as soon as a relaxation is solved: decisions are rounded, and orders placed for them."""
    monkeypatch.setattr(highs_search, "LARGE", large)
    asked, planned, asked_for = threading.Event(), 0, 0

    def grown(*given: Any, **more: Any) -> Tree:
        asked.set()
        return Tree(*given, **more)

    monkeypatch.setattr(highs_search, "Tree", grown)
    with_plans = (matrix for matrix in requested(tmp_path, 11) if plain(case_of(matrix, EXACT))["values"].size)
    for matrix in islice(with_plans, 10):
        asked.clear()
        case = case_of(matrix, EXACT)
        found, best = highs_search.solve(*case, Stop(asked=asked), silent), plain(case)
        off = little(case, best)
        assert found["bound"] <= best["objective"] + off
        if found["values"].size:
            assert np.dot(case.problem["cost"], found["values"]) >= best["objective"] - off
        asked_for += asked.is_set()
        planned += asked.is_set() and bool(found["values"].size)
    assert planned > asked_for / 2 > 0


def test_somebody_who_asks_to_stop_is_heard(tmp_path: Path) -> None:
    """Before any relaxation is solved again there is no plan, and the bound is the relaxation's."""
    case = next(with_decisions(tmp_path, 9, 1))
    root, asked = relax(*case, Stop()), threading.Event()
    asked.set()
    found = searched(case.problem, root, case.options, Stop(asked=asked), silent)
    assert found["status"] == "stopped"
    assert found["bound"] <= root["objective"] + NEAR_ENOUGH * abs(root["objective"])


PLAN: Found = {"status": "optimal", "values": np.array([5.0, 0.0]), "objective": 10.0}


@pytest.mark.parametrize("found", [NOTHING, PLAN])
def test_stopped_short_of_the_gap_is_never_optimal(monkeypatch: pytest.MonkeyPatch, found: Found) -> None:
    """However optimal the decisions are, and the plan among those near them: the gap of the whole is open."""
    monkeypatch.setattr(highs_search, "best_near", lambda *_: dict(found))
    case, _ = covered(EXACT)
    root, asked = relax(*case, Stop()), threading.Event()
    asked.set()
    told = searched(case.problem, root, case.options, Stop(asked=asked), silent)
    assert told["status"] == "stopped"
    assert told["bound"] == root["objective"]
    assert bool(told["values"].size) == bool(found["values"].size)


@pytest.mark.parametrize(("status", "cost"), [("stopped", math.inf), ("stopped", 11.0), ("infeasible", math.inf)])
def test_a_plan_at_hand_is_not_lost(monkeypatch: pytest.MonkeyPatch, status: str, cost: float) -> None:
    """The search of the whole ends early with nothing, with a dearer plan, or in error: the plan near stays."""
    near = {"status": "optimal", "values": np.array([5.0, 0.0]), "objective": 10.0}
    worse = {"status": status, "values": np.array([])[: math.isfinite(cost)], "objective": cost, "bound": -math.inf}
    monkeypatch.setattr(highs_search, "best_near", lambda *_: dict(near))
    monkeypatch.setattr(highs_search, "looked_for_twice", lambda *_: dict(worse))
    case, _ = covered(EXACT)
    root = relax(*case, Stop())
    kept = searched(case.problem, root, case.options, Stop(), silent)
    assert (kept["status"], kept["objective"], kept["bound"]) == ("stopped", 10.0, root["objective"])


def test_what_begins_from_values_is_searched_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(highs_search, "_decided", never)
    case, optimum = covered(EXACT)
    begun = {**case.options, "start": [[0], [5.0]], "at_once": True}
    found = searched(case.problem, relax(*case, Stop()), begun, Stop(), silent)
    assert found["objective"] == pytest.approx(optimum)


def test_a_plan_near_the_relaxation_is_enough_where_the_gap_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The relaxation is 9, the plan next to it 10: of 10, 1 is a tenth."""
    whole_model = highs_search.looked_for_twice
    asked: list[float] = []

    def counted(problem: Any, least: float, options: Any, *rest: Any) -> Any:
        asked.append(least)
        return whole_model(problem, least, options, *rest)

    monkeypatch.setattr(highs_search, "looked_for_twice", counted)
    for gap, times in ((0.11, 0), (0.01, 1)):
        case, optimum = covered(Options(gap=gap))
        found = searched(case.problem, relax(*case, Stop()), case.options, Stop(), silent)
        assert found["objective"] == pytest.approx(optimum)
        assert found["status"] == "optimal"
        assert len(asked) == times


def test_what_is_told_of_a_search_is_true(tmp_path: Path) -> None:
    """No bound above the optimum, no cost below it, whichever search is under way; seconds never go back."""
    told: list[dict[str, Any]] = []
    for case in with_decisions(tmp_path, 10, 2):
        optimum = plain(case)["objective"]
        if math.isfinite(optimum):
            told.clear()
            highs_search.solve(case.problem, case.options, Stop(), told.append)
            little = NEAR_ENOUGH * abs(optimum)
            assert all(figures["bound"] <= optimum + little <= figures["cost"] + 2 * little for figures in told)
            assert [figures["seconds"] for figures in told] == sorted(figures["seconds"] for figures in told)
    case, optimum = covered(EXACT)
    told.clear()
    highs_search.solve(case.problem, case.options, Stop(), told.append)
    assert told
    assert all(figures["bound"] <= optimum * (1 + NEAR_ENOUGH) for figures in told)


def test_a_budget_ties_no_order_to_the_terms_of_another(tmp_path: Path) -> None:
    """Two offers under one budget, one of them with price breaks: the other's orders are not tied to it."""
    terms: dict[str, Any] = {"route": "purchase", "price_usd": 300_000}
    breaks = {"price_breaks": {"kind": "all_units", "steps": [{"from_systems": 4, "factor": "0.9"}]}}
    known = catalog(
        accelerator("a", {"box": system()}, {"box.purchase": {"system": "box", **terms}}, rates(training=400)),
        accelerator("b", {"bin": system()}, {"bin.purchase": {"system": "bin", **terms, **breaks}}, rates(training=1)),
    )
    demand = {"train": {"workload": "training", "per_second": 10_000}}
    matrix = stated(load(tmp_path, scenario(budget={"capex_usd": {"total": 9_000_000}}, demand=demand), known))[1]
    tied = {matrix.columns[j].partition("(")[2].partition(",")[0] for j in tied_by_terms(matrix)}
    assert tied == {"bin.purchase"}
    assert any(name.startswith("order(box.purchase,") for name in matrix.columns)


def test_costs_that_are_rounding_do_not_stop_tidying() -> None:
    """x + z ≥ 4.5 by 4 and 1 costs 11 of at most 15: one order, x = 5, is fewer. 1e-14 is no entry of a row."""
    of = covering([2, 3, 1e-14], [[1, 1, 0]], [4.5], [np.inf], [100, 100, 1])
    options = {**case_of(of, Options(gap=0.5)).options, "orders": [0, 1, 2]}
    found = tidied(of.arrays(), np.array([4.0, 1.0, 1.0]), 10.0, options, Stop())
    assert np.round(found).tolist() == [5.0, 0.0, 0.0]
