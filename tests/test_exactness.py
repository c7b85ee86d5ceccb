"""What makes numbers of any size hold: the solver's units, rows on whole numbers, shortages, what messages show."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from builders import load, one_offer, plan, scenario, site
from hypothesis import given, settings
from hypothesis import strategies as st

import optimizer.audit
from catalogs.figures import shown, told_apart
from optimizer.audit import keep_accounts
from optimizer.audit.checks import Limited
from optimizer.audit.checks import row as row_name
from optimizer.audit.checks import told_apart as told_apart_by_the_audit
from optimizer.infeasible.proof import certified
from optimizer.infeasible.shortage import enough
from optimizer.plan.read_out import _bound_usd
from optimizer.planning import make_plan
from optimizer.request.load import bundled_scenarios, load_request
from optimizer.solving import highs_solve
from optimizer.solving.certificate import MAGNIFIED, certified_bound, magnified
from optimizer.solving.matrix import Matrix, NewRow
from optimizer.solving.scaling import FINE, LARGEST, SMALLEST, OutOfProportion, scaled
from optimizer.solving.settle import FRACTIONS, needed, settled, widened
from optimizer.solving.solution import Options, Solution
from optimizer.solving.solve import solve
from optimizer.solving.whole_rows import EPS, ROUNDING, broken, cut_off, excess, whole_columns

pytestmark = pytest.mark.usefixtures("in_process")
INF = np.inf
COUNTS = st.lists(st.integers(0, 3), min_size=3, max_size=3)
PRICES = st.lists(st.integers(-300, 500), min_size=3, max_size=3).filter(any)


def stated(cost: Any, rows: Any, least: Any, most: Any, upper: Any, integer: Any) -> Matrix:
    """min cost · x, least ≤ rows · x ≤ most, 0 ≤ x ≤ upper; entries of 0 are left out."""
    table = np.array(rows, dtype=float)
    count, width = table.shape
    used = [np.flatnonzero(row) for row in table]
    values = [row[columns] for row, columns in zip(table, used, strict=True)]
    return Matrix(
        cost=np.array(cost, dtype=float), lower=np.zeros(width), upper=np.array(upper, dtype=float),
        integer=np.array(integer, dtype=bool), row_lower=np.array(least, dtype=float),
        row_upper=np.array(most, dtype=float), start=np.cumsum([0, *map(len, used)]).astype(np.int32),
        index=np.concatenate(used).astype(np.int32), value=np.concatenate(values),
        columns=tuple(f"order(x{j})" for j in range(width)), rows=tuple(f"row({i})" for i in range(count)),
    )  # fmt: skip


# the solver's units

SIZES = st.floats(-12, 12).map(lambda power: 10.0**power)
THREE = st.lists(SIZES, min_size=3, max_size=3)
FIRST_WHOLE = [True, False, False]
MIXED = st.builds(
    lambda row, limit, upper: stated([1, 2, 3], [row, [1, 1, 1]], [-INF, 0.5], [limit, INF], upper, FIRST_WHOLE),
    THREE, SIZES, THREE,
)  # fmt: skip


@settings(max_examples=300)
@given(of=MIXED)
def test_units_are_powers_of_two_and_lead_back(of: Matrix) -> None:
    """Multiplying by a power of two rounds nothing, so every number comes back as it was, bit by bit."""
    try:
        fine = scaled(of)
    except OutOfProportion:
        return
    for factors in (fine.columns, fine.rows, np.array([fine.objective])):
        assert (np.frexp(factors)[0] == 0.5).all()
    assert (fine.columns[of.integer] == 1).all()
    within = fine.matrix
    assert (within.upper * fine.columns == of.upper).all()
    assert (within.cost / fine.objective / fine.columns == of.cost).all()
    assert (within.row_upper / fine.rows == of.row_upper).all()
    assert (np.abs(within.value) >= SMALLEST).all()
    assert (np.abs(within.value) <= LARGEST).all()
    kept = {(i, j): v for i, row in enumerate(entries(within)) for j, v in row.items()}
    for i, row in enumerate(entries(of)):
        size = max(min(abs(of.row_upper[i]), of.most_activity(i)), max(map(abs, row.values()))) if i == 0 else 3.0
        for j, value in row.items():
            if (i, j) in kept:
                assert kept[i, j] / fine.rows[i] / fine.columns[j] == value
            else:  # left out: nothing beside its row, even at the most of its column
                assert abs(value) * of.upper[j] <= size * 2.0**-49


def test_a_row_without_an_entry_is_scaled_like_others() -> None:
    """As where a price is 0: nothing is divided by it."""
    of = stated([1, 1], [[0.0, 0.0], [1, 1]], [-INF, 1], [3, INF], [9, 9], [True, True])
    assert np.isfinite(scaled(of).rows).all()


def entries(of: Matrix) -> list[dict[int, float]]:
    spans = itertools.pairwise(of.start.tolist())
    return [dict(zip(of.index[a:b].tolist(), of.value[a:b].tolist(), strict=True)) for a, b in spans]


def test_a_row_is_met_to_a_part_of_its_limit() -> None:
    """A hall of 1 kW, in MW: 1e-7 of the solver's is a ten-thousandth of it, and 1e-10 once it is scaled."""
    of = stated([1, 1], [[0.0012, 0.0008]], [-INF], [0.001], [9, 9], [True, True])
    assert scaled(of).matrix.row_upper[0] >= FINE / 2
    large = stated([1, 1], [[3e9, 2e9]], [-INF], [5e13], [1e5, 1e5], [True, True])
    assert scaled(large).matrix.row_upper[0] <= 2.0**31


def test_duals_come_back_in_the_model_s_units() -> None:
    """min 1e-9 x, 1e-6 x ≥ 1e-3: x is 1,000, and one more on the right costs 1e-3."""
    found = solve(stated([1e-9], [[1e-6]], [1e-3], [INF], [1e6], [False]), Options())
    assert found.values.tolist() == [pytest.approx(1000)]
    assert found.duals.tolist() == [pytest.approx(1e-3)]
    assert (found.objective, found.bound) == (pytest.approx(1e-6), pytest.approx(1e-6))


def test_numbers_that_no_unit_brings_together_are_refused_by_name() -> None:
    of = stated([1, 1], [[1e-15, 1e15]], [-INF], [1e15], [1e15, 1], [True, True])
    with pytest.raises(OutOfProportion, match=r"order\(x0\) is out of all proportion to the rest of row\(0\)"):
        scaled(replace(of, upper=np.array([1e30, 1.0])))


# rows on whole numbers


def test_what_follows_from_whole_numbers_is_whole() -> None:
    """y = x + 2 and z = y − x by equalities; w = x / 2 and v ≤ x do not follow."""
    of = stated(
        np.zeros(5), [[1, -1, 0, 0, 0], [-1, 1, -1, 0, 0], [1, 0, 0, -2, 0], [1, 0, 0, 0, -1]],
        [-2, 0, 0, 0], [-2, 0, 0, INF], np.full(5, 9), [True, False, False, False, False],
    )  # fmt: skip
    assert whole_columns(of).tolist() == [True, True, True, False, False]


def test_a_fixed_column_is_whole_if_its_number_is() -> None:
    of = stated([0, 0], [[1, 1]], [-INF], [9], [2, 2.5], [False, False])
    assert whole_columns(replace(of, lower=of.upper)).tolist() == [True, False]


def test_a_budget_is_broken_by_ten_cents_and_not_by_rounding() -> None:
    of = stated([0], [[0.22]], [-INF], [21999.9999999], [200000], [True])
    assert broken(of, np.array([100000.0000001])) == [0]
    assert float(excess(of, 0, np.array([100000.0]))) == pytest.approx(1e-7)
    exact = stated([0], [[0.1]], [-INF], [0.3], [9], [True])
    assert 0.1 * 3 > 0.3
    assert broken(exact, np.array([3.0])) == []


@settings(max_examples=200)
@given(prices=PRICES, here=COUNTS, below=st.integers(1, 40))
def test_a_cut_takes_what_breaks_the_row_and_no_plan(prices: list[int], here: list[int], below: int) -> None:
    """Against all 64 points: the one that is cut off goes, none that meets the row does."""
    used = sum(p * x for p, x in zip(prices, here, strict=True))
    of = stated(np.ones(3), [prices], [-INF], [used - below / 100], [3, 3, 3], [True, True, True])
    values = np.array(here, dtype=float)
    assert broken(of, values) == [0]
    cut = cut_off(of, [0], values, 0)
    kept = {point for point in itertools.product(range(4), repeat=3) if has_plan(cut, point)}
    assert tuple(here) not in kept
    assert {x for x in itertools.product(range(4), repeat=3) if np.dot(prices, x) <= of.row_upper[0]} <= kept


def has_plan(cut: Matrix, point: tuple[int, ...]) -> bool:
    """Whether some choices of the cut allow a point, apart from the row itself."""
    choices = len(cut.cost) - len(point)
    rows = entries(cut)[1:]
    return any(
        all(
            low <= sum(value * (*point, *chosen)[j] for j, value in row.items()) <= high
            for row, low, high in zip(rows, cut.row_lower[1:], cut.row_upper[1:], strict=True)
        )
        for chosen in itertools.product((0, 1), repeat=choices)
    )


def test_a_row_that_a_fraction_could_mend_is_left_to_its_tolerance() -> None:
    """Power with an expansion that is not at its most; at its most, or for a cost that is not paid, it is decided."""
    of = stated([0, 0], [[0.012, -1]], [-INF], [0.01], [5, 1], [True, False])
    assert broken(of, np.array([1.0, 0.002 - 1e-12])) == []
    assert broken(replace(of, upper=np.array([5, 0.0])), np.array([1.0, 0.0])) == [0]
    paid = stated([0, 0], [[3, 7]], [-INF], [8.9999999999], [5, 1], [True, False])
    assert broken(paid, np.array([3.0, 0.0])) == [0]


def lying(*answers: Solution) -> Any:
    """A solver that gives some answers in turn, and what it was asked."""
    asked: list[Matrix] = []

    def solver(matrix: Matrix, _: Options) -> Solution:
        asked.append(matrix)
        return answers[len(asked) - 1]

    return solver, asked


def found(values: list[float], **more: Any) -> Solution:
    known = Solution("optimal", np.array(values), np.array([]), 0.0, 0.0, False, "a liar")
    return replace(known, **more)


def test_an_answer_that_breaks_a_budget_is_asked_again_without_it() -> None:
    of = stated([-1], [[0.22]], [-INF], [21999.9999999], [200000], [True])
    solver, asked = lying(found([100000]), found([99999, 1]))
    assert settled(solver, of, Options()).values.tolist() == [99999]
    assert len(asked[1].rows) == 3
    kept = settled(lying(found([99999]))[0], of, Options())
    assert (kept.status, kept.values.tolist()) == ("optimal", [99999])


def test_whole_numbers_without_a_continuous_part_are_asked_for_more_strictly() -> None:
    of = stated([1, 0], [[-1, 1]], [-INF], [0], [9, 9], [True, False])
    solver, asked = lying(found([1, 2], rough=True), found([2, 2]))
    assert settled(solver, of, Options()).values.tolist() == [2, 2]
    assert len(asked) == 2


def test_an_answer_that_never_holds_is_none() -> None:
    of = stated([1, 0], [[-1, 1]], [-INF], [0], [9, 9], [True, False])
    never = settled(lying(*[found([1, 2], rough=True)] * 3)[0], of, Options())
    assert (never.status, never.values.size) == ("infeasible", 0)


def test_a_plan_that_costs_nothing_leaves_no_gap() -> None:
    """The solver's bound is a rounding of sums of 54 million USD below it."""
    solved: Any = SimpleNamespace(solution=SimpleNamespace(bound_usd=-7.993605777301127e-9), objective_usd=0.0)
    assert _bound_usd(solved) == 0.0
    solved.solution.bound_usd = -0.01
    assert _bound_usd(solved) == -0.01


LOST, FOUND = 100.0, 60.0


@pytest.mark.parametrize(
    ("least", "first", "exact", "asked"),
    [
        (50.0, LOST, FOUND, 3),
        (50.0, FOUND, FOUND, 2),
        (99.5, LOST, FOUND, 1),
        (50.0, LOST, LOST, 2),
        (50.0, LOST, INF, 2),
    ],
)
def test_what_the_relaxation_leaves_open_is_looked_for_twice(
    monkeypatch: pytest.MonkeyPatch, least: float, first: float, exact: float, asked: int
) -> None:
    """A search that loses the optimum of 60: above 1 % a second one, and the whole again where that finds better.

    What is better only because its numbers are not quite whole, or fits nothing once they are, is not better.
    """
    seen: list[tuple[str, Any, Any]] = []

    def whole(_problem: Any, options: dict[str, Any], *_: Any) -> dict[str, Any]:
        seen.append((options["presolve"], options["nodes"], options["start"][1]))
        cost = first if options["presolve"] == "on" else min(first, FOUND)
        return {"status": "optimal", "values": np.array([cost]), "bound": cost, "objective": cost}

    monkeypatch.setattr(highs_solve, "whole", whole)
    monkeypatch.setattr(highs_solve, "_cost_when_whole", lambda *_: exact)
    options = {"presolve": "on", "nodes": None, "start": [[], []], "gap": 1e-4, "abs_gap": 0.0}
    problem = {"integer": np.array([True])}
    found = highs_solve.looked_for_twice(problem, least, options, highs_solve.Stop(), lambda _: None)
    assert found["bound"] == found["objective"] == (FOUND if asked == 3 else first)
    second = [("off", highs_solve.SECOND_LOOK_NODES, [first]), ("off", None, [FOUND])]
    assert seen == [("on", None, []), *second][:asked]


def test_limits_give_by_half_of_their_tolerance_where_fractions_count() -> None:
    of = stated([0, 0], [[1, 0], [1, 1], [1, -2]], [-INF, 100, 0], [50, INF, 0], [9, 8], [True, False])
    wide = widened(of)
    assert wide.row_upper.tolist() == [50, INF, 0]
    assert wide.row_lower[1] == pytest.approx(100 - 100 * FRACTIONS / 2, rel=1e-15)
    assert wide.upper.tolist() == [9, 8 * (1 + FRACTIONS / 2)]


# tolerances are the same everywhere


def test_the_solver_and_the_audit_mean_the_same_by_a_violation() -> None:
    """The audit leaves twice what the model's rows are rounded by; of fractions both leave a billionth."""
    assert Fraction(1, 10**9) == optimizer.audit.FRACTIONS
    assert Fraction(FRACTIONS) == pytest.approx(float(optimizer.audit.FRACTIONS), rel=1e-15)
    assert 2 * ROUNDING <= optimizer.audit.WHOLE <= 4 * ROUNDING


@pytest.mark.parametrize("name", ["quick_start", "deepseek_v3", "openai_aws"])
def test_rows_are_rounded_by_less_than_the_model_allows(name: str) -> None:
    """What a plan uses of limits on whole systems, in floats, against fractions of the files' text."""
    made = make_plan(load_request(bundled_scenarios()[name]), Options(gap=1e-2)).plan
    accounts = keep_accounts(made.model_dump(mode="json"))
    exact = {row_name(c.name, c.keys): c for c in accounts.constraints if isinstance(c, Limited) and c.whole}
    errors = [
        float(abs(Fraction(stated_) - true) / exact[row.row].size)
        for row in made.limits
        if row.row in exact and exact[row.row].size
        for stated_, true in ((row.used, exact[row.row].used), (row.limit, exact[row.row].limit))
    ]
    assert errors
    assert max(errors) <= ROUNDING / 2 == 2 * EPS


# certificates of a hair


@pytest.mark.parametrize("short", [1e-6, 1e-9, 1e-11])
def test_a_shortage_below_the_solver_s_tolerance_is_proved(short: float) -> None:
    """x ≥ 100 and x − give ≤ 100 − short: with the magnifying glass the duals see what the solver did not."""
    of = stated([0, 1], [[1, 0], [1, -1]], [100, -INF], [INF, 100 - short], [200, 100], [False, False])
    here = np.array([100.0, 0.0])
    seen = magnified(of, here)
    assert seen.row_upper[1] == pytest.approx(-short * MAGNIFIED, rel=1e-2)
    duals = solve(seen, Options()).duals
    assert certified(of, duals)
    assert float(certified_bound(of, duals)) == pytest.approx(short, rel=1e-2)


def test_what_is_needed_is_counted_in_fractions() -> None:
    of = stated([0, 0], [[0.22, 0], [-1, 1]], [-INF, -INF], [21999.9999999, 0], [200000, 200000], [True, False])
    gives = needed(of, np.array([100000.0, 100000.0]), [[(0, -1.0)], [(1, -1.0)], [(0, -1e-6)]])
    assert gives == [pytest.approx(1e-7), 0.0, pytest.approx(0.1)]
    assert needed(of, np.array([]), [[(0, 1.0)]]) == [0.0]


def test_no_row_is_short_by_rounding() -> None:
    of = stated([0], [[0.1]], [-INF], [0.3], [9], [True]).with_rows([NewRow("again", -INF, 0.7, {0: 0.1})])
    assert needed(of, np.array([3.0]), [[(0, 1.0)], [(1, 1.0)]]) == [0.0, 0.0]
    assert needed(of, np.array([7.0]), [[(1, 1.0)]]) == [0.0]


# what messages show


@pytest.mark.parametrize(
    ("amount", "places", "words"),
    [
        (0.1, 2, "0.10"), (1e-8, 0, "0.00000001"), (0.0999985, 2, "0.10"), (2 / 3, 0, "0.6667"), (123.456, 2, "123.46"),
        (3749999900.0, 0, "3,749,999,900"), (500000.0, 0, "500,000"), (4680.6, 3, "4,680.600"), (1e-3, 2, "0.001"),
    ],
)  # fmt: skip
def test_an_amount_that_is_enough(amount: float, places: int, words: str) -> None:
    assert enough(amount, places) == words


@settings(max_examples=300)
@given(amount=st.floats(1e-12, 1e15))
def test_what_is_shown_as_enough_is_enough_and_not_nothing(amount: float) -> None:
    words = Decimal(enough(amount).replace(",", ""))
    assert words >= Decimal(amount) * (1 - Decimal("1e-6"))
    assert words <= Decimal(amount) * Decimal("1.0011")


NUMBERS = st.one_of(st.floats(-1e15, 1e15), st.integers(-(10**9), 10**9).map(float))


@settings(max_examples=300)
@given(one=NUMBERS, apart=st.floats(-1, 1), power=st.integers(-15, 0))
def test_two_numbers_never_look_alike(one: float, apart: float, power: int) -> None:
    other = one * (1 + apart * 10.0**power)
    for telling in (told_apart, told_apart_by_the_audit):
        texts = telling(one, other)
        assert (texts[0] == texts[1]) == (one == other) or abs(one - other) < 1e-29
    assert told_apart(one, one) == (shown(one), shown(one))


# on the command line


def test_a_hall_that_just_fits_and_one_that_does_not(tmp_path: Path) -> None:
    """10 boxes of 0.012 MW in 0.12, and in a watt of a millionth less."""
    asked = scenario(demand={"train": {"workload": "training", "per_second": 32000}}, sites={"oslo": site("0.12")})
    assert [order.systems for order in plan(tmp_path / "a", asked, one_offer()).orders] == [10]
    request = load(tmp_path / "b", {**asked, "sites": {"oslo": site("0.119999999999")}}, one_offer())
    with pytest.raises(optimizer.planning.Infeasible, match=r"power: 0\.000000000001 MW more power at oslo"):
        make_plan(request, Options())
