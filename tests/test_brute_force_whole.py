"""The whole procurement problem against full enumeration and against a plain second model, on random requests.

As `test_brute_force.py`, with price breaks, minimum orders, engineering, porting, clusters, runs with a deadline,
expansion, retirement, limits and value. The small ones try every whole decision exactly; work, expansion and
what is left undone follow from them in closed form. Limits on work, and money for expansion that may come in
more than one period, are left to the plain model, which has them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import EXACT, load
from whole_model import Plain
from whole_requests import DrawWhole, Tree, drawn
from whole_search import Search

from catalogs.problems import InputError
from optimizer.infeasible.shortage import Infeasible
from optimizer.planning import make_plan

pytestmark = pytest.mark.usefixtures("in_process")
FEW, SMALL_BATCHES, SMALL_PER_BATCH = 4, 9, 10
PLAIN_FEW, PLAIN_INSTANCES = 25, 45
A_CENT = 0.02
NOTHING_ASKED = "can serve it"


class Senseless(Exception):
    """A limit that names nothing there is: an input error by design."""


def planned_cost(folder: Path, asked: Tree, known: Tree) -> float | None:
    """The cost of the product's plan; None if it proves that there is none."""
    try:
        made = make_plan(load(folder, asked, known), EXACT).plan
    except Infeasible:
        return None
    except InputError as error:
        if "selects no" in str(error):
            raise Senseless from error
        if not all(NOTHING_ASKED in problem.message for problem in error.problems):
            raise
        return None
    assert made.status == "optimal"
    assert made.certified.bound_usd <= made.objective_usd + 1
    return made.objective_usd


def agree(folder: Path, name: str, asked: Tree, known: Tree, expected: Any) -> bool:
    """Whether the two statements could be compared; fails where they differ."""
    try:
        got = planned_cost(folder, asked, known)
    except Senseless:
        return False
    assert (got is None) == (expected is None), f"{name}: {got} against {expected and float(expected)}"
    if got is not None:
        assert got == pytest.approx(float(expected), rel=1e-9, abs=A_CENT), name
    return True


def small_requests(seed: int, kind: type[DrawWhole] = DrawWhole) -> Iterator[tuple[str, Tree, Tree, Search]]:
    """Endless small requests with few enough plans to try them all, and more than one."""
    for i in range(100_000):
        name = f"whole {seed} {i}"
        found = drawn(name, large=False, kind=kind)
        if found is not None and any(bound for bound in map(found[2].useful, found[2].slots)):
            search = Search(found[2])
            if search.within_reach():
                yield name, found[0], found[1], search


def check_batch(folder: Path, seed: int, count: int, kind: type[DrawWhole] = DrawWhole) -> None:
    requests = small_requests(seed, kind)
    compared = 0
    while compared < count:
        name, asked, known, search = next(requests)
        compared += agree(folder / name, name, asked, known, search.cheapest())


@pytest.mark.parametrize("seed", [
    *range(FEW), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(FEW, SMALL_BATCHES)),
])  # fmt: skip
def test_plan_is_the_cheapest_of_all_decisions(tmp_path: Path, seed: int) -> None:
    check_batch(tmp_path, seed, SMALL_PER_BATCH)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1060))
def test_plan_is_the_cheapest_of_all_decisions_many_times(tmp_path: Path, seed: int) -> None:
    check_batch(tmp_path, seed, 50)


def check_against_plain_model(folder: Path, name: str, kind: type[DrawWhole] = DrawWhole) -> None:
    for i in range(100):
        found = drawn(f"{name} {i}", large=True, kind=kind)
        if found is not None and agree(folder / str(i), f"{name} {i}", *found[:2], Plain(found[2]).cheapest()):
            return


@pytest.mark.parametrize("number", [
    *range(PLAIN_FEW), *(pytest.param(number, marks=pytest.mark.slow) for number in range(PLAIN_FEW, PLAIN_INSTANCES)),
])  # fmt: skip
def test_plain_model_agrees(tmp_path: Path, number: int) -> None:
    check_against_plain_model(tmp_path, f"plain whole {number}")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1000, 1500))
def test_plain_model_agrees_many_times(tmp_path: Path, number: int) -> None:
    check_against_plain_model(tmp_path, f"plain whole {number}")


@pytest.mark.parametrize("number", range(12))
def test_the_two_statements_of_the_tests_agree(number: int) -> None:
    """Enumeration and the plain model, on small requests: else neither is worth much."""
    _, _, _, search = next(small_requests(5000 + number))
    by_hand, plain = search.cheapest(), Plain(search.oracle).cheapest()
    assert (by_hand is None) == (plain is None)
    if by_hand is not None:
        assert plain == pytest.approx(float(by_hand), rel=1e-9, abs=A_CENT)


@pytest.mark.slow
def test_small_requests_have_every_feature() -> None:
    """The generator makes both answers, and everything that it is for."""
    features: dict[str, int] = {}
    requests = small_requests(0)
    answers = 0
    for _ in range(60):
        _, asked, known, search = next(requests)
        answers += search.cheapest() is not None
        text = str(asked) + str(known)
        for word in ("all_units", "incremental", "minimum_order", "one_off", "'months'", "cluster", "by_deadline",
                     "expansion", "block_mw", "take_or_pay", "bring_up", "may_retire", "frames",
                     "straight_line", "macrs_5", "bonus",
                     "limits': [{", "_share", "each", "maximize_value"):  # fmt: skip
            features[word] = features.get(word, 0) + (word in text)
    assert 15 <= answers <= 55
    assert min(features.values()) >= 3, features
