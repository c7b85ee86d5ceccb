"""The certificate of a tree of decisions: its bound holds whatever it says, and it proves what the tree found.

The second statement is in fractions, row by row, in a model to which a node's own rows and bounds are added.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import EXACT
from hypothesis import given, settings
from hypothesis import strategies as st
from test_search import NEAR_ENOUGH, Case, case_of, plain, tree, with_decisions
from test_solver import matrix as covering

from optimizer.solving.branches import Branches, NoBranch, read_branches
from optimizer.solving.certificate import certified_bound
from optimizer.solving.matrix import Matrix, NewRow

CHOICE = covering([5, 4, 1], [[1, 1, 0], [2, 3, 1]], [0, 3.5], [np.inf, np.inf], [1, 1, 2])
"""min 5a + 4b + c, 2a + 3b + c ≥ 3.5, a and b at most 1, c at most 2: 1 of b and 1 of c are 5; the relaxation has half
of c, 4.5. With none of b, 2a + c ≥ 3.5 takes 1 of a and 2 of c: 7."""


def leaves(matrix: Matrix, duals: Any, node: Branches) -> Iterator[tuple[Matrix, Any]]:
    """The models of the leaves below a node, each with a row for each limited sum, and the duals of all rows."""
    duals = node.below(duals)
    if not node.children:
        yield matrix, np.concatenate([duals, node.sum_duals])
    else:
        ones, nothing = dict.fromkeys(node.columns, 1.0), np.zeros(len(node.columns))
        more = matrix.with_rows([NewRow("more", node.least, np.inf, ones)])
        closed = matrix.narrowed(list(node.columns), nothing, nothing)
        less = closed if node.least == 1 else matrix.with_rows([NewRow("less", -np.inf, node.least - 1, ones)])
        yield from leaves(more, duals, node.children[0])
        yield from leaves(less, duals, node.children[1])


def in_fractions(matrix: Matrix, duals: Any) -> Fraction:
    """LB(y) as the docstring of `certificate` has it."""
    total, reduced = Fraction(0), [Fraction(usd) for usd in matrix.cost.tolist()]
    for i, y in enumerate(duals.tolist()):
        limit = (matrix.row_lower if y > 0 else matrix.row_upper)[i]
        if y and np.isfinite(limit):
            total += Fraction(y) * Fraction(limit)
            for k in range(matrix.start[i], matrix.start[i + 1]):
                reduced[matrix.index[k]] -= Fraction(y) * Fraction(matrix.value[k])
    low, high = matrix.lower.tolist(), matrix.upper.tolist()
    return total + sum(min(d * Fraction(low[j]), d * Fraction(high[j])) for j, d in enumerate(reduced))


def second_statement(matrix: Matrix, duals: Any, top: Branches) -> Fraction:
    """The certificate, with the rows of leaves in the order in which they were added."""
    parts = [in_fractions(*leaf) for leaf in leaves(matrix, duals, top)]
    return max(in_fractions(matrix, duals), min(parts))


def test_branches_by_hand() -> None:
    """Of the work's row y = 1 proves 3.5 for all plans: d = (5 − 2, 4 − 3, 1 − 1), none of it below 0.

    With b due, at 1: d_b = 4 − 3 − 1 = 0, and LB = 3.5 + 1 = 4.5. With b closed and y = 2.5: d = (0, −3.5, −1.5),
    b is 0 and c at most 2, so LB = 2.5 · 3.5 − 1.5 · 2 = 5.75. The least of both is 4.5, the relaxation's optimum.
    """
    top = Branches({}, (), (1,), (Branches({}, (1.0,)), Branches({1: 2.5}, ())))
    assert certified_bound(CHOICE, np.array([0.0, 1.0])) == Fraction(7, 2)
    assert certified_bound(CHOICE, np.array([0.0, 1.0]), top) == Fraction(9, 2)


def test_branches_on_so_many_by_hand() -> None:
    """Of 3.5 units of work c does at most 2 and a, b 2 and 3 each: branched on a + b + c ≥ 2 or ≤ 1.

    With at least 2 and y = 1: d = (5 − 2, 4 − 3, 0) with 0 on the sum, LB = 3.5. With 1.5 on the work and −0.5 on at
    most 1: d = (5 − 3 + 0.5, 4 − 4.5 + 0.5, 1 − 1.5 + 0.5), none of it below 0: LB = 1.5 · 3.5 − 0.5 · 1 = 4.75.
    """
    top = Branches({}, (), (0, 1, 2), (Branches({}, (0.0,)), Branches({1: 1.5}, (-0.5,))), least=2)
    of = replace(CHOICE, integer=np.ones(3, dtype=bool))
    less = replace(top, children=(replace(top.children[0], duals={1: 10.0}, sum_duals=(1.0,)), top.children[1]))
    assert certified_bound(of, np.array([0.0, 1.0]), top) == Fraction(7, 2)
    # d = (5 − 20 − 1, 4 − 30 − 1, 1 − 10 − 1), all at their most: 35 + 2 − 16 − 27 − 20
    assert second_statement(of, np.array([0.0, 0.0]), less) == max(0, min(Fraction(-26), Fraction(19, 4)))
    assert certified_bound(of, np.array([0.0, 0.0]), less) == 0


finite = st.floats(-1e6, 1e6)
WHOLE = replace(CHOICE, integer=np.ones(3, dtype=bool))
"""The same with c whole as well: its optimum is 5 again."""


@st.composite
def nodes(draw: st.DrawFn, sums: int = 0, depth: int = 3) -> Branches:
    """Any branches over some columns, with any duals."""
    duals = draw(st.dictionaries(st.integers(0, 1), finite, max_size=2))
    sum_duals = tuple(draw(st.lists(finite, min_size=sums, max_size=sums)))
    if not depth or draw(st.booleans()):
        return Branches(duals, sum_duals)
    columns = tuple(draw(st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True)))
    least = draw(st.integers(1, 3))
    children = (draw(nodes(sums + 1, depth - 1)), draw(nodes(sums + (least > 1), depth - 1)))
    return Branches(duals, sum_duals, columns, children, least)


@settings(max_examples=100)
@given(nodes(), st.lists(finite, min_size=2, max_size=2))
def test_no_branches_prove_more_than_the_optimum(top: Branches, duals: list[float]) -> None:
    """5, whatever they say; and exactly what the second statement says where no dual leans on what is not there."""
    bound = certified_bound(WHOLE, np.array(duals), top)
    assert bound <= 5
    assert bound == second_statement(WHOLE, np.array(duals), top)


def test_a_tree_proves_what_it_found(tmp_path: Path) -> None:
    """Also where it was cut off within a part of the cost, and never more than the optimum of its model."""
    proved = 0
    for number, case in enumerate(with_decisions(tmp_path, 11, 4)):
        grown = tree(case, both=number % 3 == 0)
        found, optimum = grown.search(0.2 * (number % 2)), plain(case)
        branches = told(found)
        bound = float(certified_bound(of_case(case), grown.root.duals, branches))
        if optimum["status"] == "optimal":
            assert bound <= optimum["objective"] + NEAR_ENOUGH * abs(optimum["objective"])
            assert bound == pytest.approx(found["bound"], rel=1e-7)
        proved += bool(branches and branches.children)
    assert proved


def of_case(case: Case) -> Matrix:
    """The problem that the solver's process has, as a model without names."""
    return Matrix(
        **case.problem, columns=("",) * len(case.problem["cost"]), rows=("",) * len(case.problem["row_lower"])
    )


def told(found: Any) -> Branches | None:
    """A tree's branches as the parent of its process reads them, in the solver's own units."""
    return read_branches(json.dumps(found["branches"]) if found["branches"] else "", np.ones(10**6), 1.0)


def test_a_branch_without_plans_proves_any_cost() -> None:
    """2a + 2b ≥ 1 with b closed and a at most a quarter has none: its ray is added until its bound is above the rest.

    Of 3a + 5b the relaxation takes all of a, 0.75, and a quarter of b, 1.25: 2. With b due it is 5, the optimum.
    """
    of = covering([3, 5], [[2, 2]], [1], [np.inf], [0.25, 1])
    of = replace(of, integer=np.array([False, True]))
    case = case_of(of, EXACT)
    case.options.update(
        {
            "at_once": False, "frames": [], "projects": [[1]], "blocks": [], "clusters": [], "terms": [],
            "decisions": [1], "tied": [], "steps": [],
        }
    )  # fmt: skip
    grown = tree(case)
    found = grown.search(0.0)
    bound = certified_bound(of_case(case), grown.root.duals, told(found))
    assert float(bound) == pytest.approx(found["objective"], rel=1e-12)
    _, closed = grown.root.children
    assert closed.bound == np.inf
    assert in_fractions(of_case(case).narrowed([1], np.zeros(1), np.zeros(1)), closed.duals) > 1000 * bound


def test_what_is_refused() -> None:
    duals, leaf = np.zeros(2), Branches({}, ())
    due = Branches({}, (0.0,))
    with pytest.raises(NoBranch, match="whole numbers that begin at 0"):
        certified_bound(CHOICE.relaxed(), duals, Branches({}, (), (0,), (due, leaf)))
    begun = replace(CHOICE, lower=np.array([1.0, 0.0, 0.0]))
    with pytest.raises(NoBranch, match="whole numbers that begin at 0"):
        certified_bound(begun, duals, Branches({}, (), (0,), (due, leaf)))
    with pytest.raises(NoBranch, match="two children"):
        certified_bound(CHOICE, duals, Branches({}, (), (0,), (due,)))
    with pytest.raises(NoBranch, match="at 1 or more"):
        certified_bound(CHOICE, duals, Branches({}, (), (0,), (due, leaf), least=0))
    with pytest.raises(NoBranch, match="one dual for each sum"):
        certified_bound(CHOICE, duals, Branches({}, (), (0,), (leaf, leaf)))


def test_rows_that_are_left_out_take_their_duals_along() -> None:
    """Without the second row of two, its duals prove nothing, anywhere in the tree."""
    top = Branches({0: 1.0, 1: 2.0}, (), (0,), (Branches({1: 3.0}, (0.0,)), Branches({}, ())))
    less = top.of_first_rows(1)
    assert less.duals == {0: 1.0}
    assert less.children[0].duals == {}
