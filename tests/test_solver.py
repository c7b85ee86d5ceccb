"""The solver's process, its stops and its failures; the certificate; what is said of a request without a plan."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pulp
import pytest
from builders import EXACT, Tree, accelerator, catalog, load, model, one_offer, plan, rates, scenario, site, system
from hypothesis import given, settings
from hypothesis import strategies as st

import optimizer.infeasible.proof
import optimizer.planning
import optimizer.solving.solve
from optimizer.infeasible.shortage import Infeasible, what_is_short
from optimizer.planning import NoPlan, make_plan
from optimizer.solving import highs_solve
from optimizer.solving.certificate import certified_bound
from optimizer.solving.child_messages import packed, unpacked
from optimizer.solving.matrix import Matrix, to_matrix, uncomfortable
from optimizer.solving.scaling import scaled
from optimizer.solving.solution import Options, Progress, SolverError
from optimizer.solving.solve import solve
from optimizer.solving.solver_child import Child, command


def matrix(cost: Any, rows: Any, least: Any, most: Any, upper: Any, integer: bool = True) -> Matrix:
    """min cost · x, least ≤ rows · x ≤ most, 0 ≤ x ≤ upper; every entry of `rows` is kept."""
    table = np.array(rows, dtype=float)
    m, n = table.shape
    return Matrix(
        cost=np.array(cost, dtype=float), lower=np.zeros(n), upper=np.array(upper, dtype=float),
        integer=np.full(n, integer), row_lower=np.array(least, dtype=float), row_upper=np.array(most, dtype=float),
        start=np.arange(0, m * n + 1, n, dtype=np.int32), index=np.tile(np.arange(n, dtype=np.int32), m),
        value=table.ravel(), columns=tuple(f"order(x{j})" for j in range(n)), rows=tuple(f"row({i})" for i in range(m)),
    )  # fmt: skip


def hard(rows: int = 25, columns: int = 120) -> Matrix:
    """A covering problem that takes far longer than a test to prove, with plans that are found at once."""
    chance = np.random.default_rng(7)
    weights = chance.integers(1, 1000, (rows, columns))
    return matrix(
        chance.integers(400, 600, columns), weights, weights.sum(axis=1) / 2, np.full(rows, np.inf), np.ones(columns)
    )


SMALL = matrix([2, 3], [[1, 1]], [4.5], [np.inf], [100, 100])
"""min 2x + 3z, x + z ≥ 4.5, both whole: x = 5, cost 10."""


def check_plan(found: Any, of: Matrix) -> None:
    """The values are whole and meet every row."""
    assert found.values.size == len(of.cost)
    assert np.allclose(found.values, np.round(found.values))
    used = of.value.reshape(len(of.rows), -1) @ found.values
    assert (used >= of.row_lower - 1e-6).all()
    assert found.objective == pytest.approx(float(of.cost @ found.values))


# solving


def test_small_model() -> None:
    found = solve(SMALL, EXACT)
    assert (found.status, found.objective, found.values.tolist(), found.interrupted) == ("optimal", 10, [5, 0], False)
    assert found.solver.startswith("HiGHS 1.15.")
    assert found.gap == 0


def test_infeasible_model_is_only_claimed() -> None:
    found = solve(replace(SMALL, upper=np.array([2.0, 2.0])), EXACT)
    assert (found.status, found.values.size) == ("infeasible", 0)


def test_time_limit_keeps_the_best_plan() -> None:
    started = time.monotonic()
    found = solve(hard(), Options(gap=1e-9, time_limit=1))
    assert time.monotonic() - started < 12
    assert found.status == "feasible"
    check_plan(found, hard())
    assert found.bound < found.objective
    assert found.gap > 1e-9


def test_a_plan_that_is_good_enough_ends_the_search() -> None:
    """Without a target it takes far longer than a test to prove any: the relaxation says what is within 5 %."""
    problem = hard()
    enough = 1.05 * solve(problem.relaxed(), Options()).objective
    found = solve(problem, Options(tidy=False, at_once=True, target=enough))
    assert found.status == "feasible"
    assert found.bound < found.objective <= enough


def test_time_limit_before_any_plan() -> None:
    """A tenth of a millisecond: nothing is found, and nothing is claimed."""
    found = solve(hard(60, 600), Options(gap=1e-9, time_limit=1e-4))
    assert found.status in ("no_plan", "feasible")
    assert (found.values.size == 0) == (found.status == "no_plan")


def test_no_plan_in_the_time_given_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = replace(solve(SMALL, EXACT), status="no_plan", values=np.array([]), objective=float("inf"), bound=0.25)
    monkeypatch.setattr(optimizer.planning, "solve", lambda *_: nothing)
    with pytest.raises(
        NoPlan, match=r"no plan was found in the time given; no plan can cost less than 250,000\.00 USD"
    ):
        make_plan(load(tmp_path, scenario()), EXACT)


SIGNALLED = """
import sys
sys.path.insert(0, sys.argv[1])
from test_solver import hard
import optimizer.solving.solve
if "deaf" in sys.argv:
    optimizer.solving.solve._ask_to_stop = lambda child: None
print("started", flush=True)
try:
    found = optimizer.solving.solve.solve(hard(), optimizer.solving.solve.Options(gap=1e-9, time_limit=40))
    print("end", found.status, found.interrupted, found.values.size, flush=True)
except KeyboardInterrupt:
    print("killed", flush=True)
"""


def signalled(interrupts: int, *arguments: str) -> tuple[str, float]:
    """What a process that solves a hard model says last when interrupted, and how long it took to say it."""
    tests = Path(__file__).parent
    command = [sys.executable, "-c", SIGNALLED, str(tests), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(tests.parent)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "started\n"
        time.sleep(2)
        for _ in range(interrupts):
            time.sleep(0.5)
            run.send_signal(signal.SIGINT)
        began = time.monotonic()
        rest = run.stdout.read()
    return rest.splitlines()[-1], time.monotonic() - began


posix = pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")


@posix
def test_interrupt_keeps_the_best_plan() -> None:
    said, seconds = signalled(1)
    assert said == "end feasible True 120"
    assert seconds < 20


@posix
def test_second_interrupt_kills() -> None:
    """The solver does not hear the first one here; the second ends it without a plan."""
    said, seconds = signalled(2, "deaf")
    assert said == "killed"
    assert seconds < 20


def test_progress_is_told() -> None:
    seen: list[Progress] = []
    solve(hard(), Options(gap=1e-9, time_limit=1.5), seen.append)
    assert seen
    assert any(progress.bound_usd <= progress.cost_usd < 1e26 for progress in seen)


def test_killed_process_is_a_solver_error(monkeypatch: pytest.MonkeyPatch) -> None:
    start = subprocess.Popen

    def start_and_kill(*args: Any, **more: Any) -> Any:
        child = start(*args, **more)
        child.kill()
        return child

    monkeypatch.setattr(subprocess, "Popen", start_and_kill)
    with pytest.raises(SolverError, match="ended without a result: no message"):
        solve(SMALL, EXACT)


def test_failing_process_is_a_solver_error_with_its_last_words() -> None:
    """A column that stands twice in a row."""
    with pytest.raises(SolverError, match="HiGHS did not take the model as it is"):
        solve(replace(SMALL, index=np.array([0, 0], dtype=np.int32)), EXACT)


def test_a_coefficient_that_the_solver_would_drop_counts() -> None:
    """HiGHS drops 1e-10 with a warning: x ≤ 5e10 of it are 5, so z = 0 and x = 4.5e10; without it, z would be 5."""
    found = solve(replace(
        SMALL, value=np.array([1e-10, 1.0]), upper=np.array([5e10, 5.0]), integer=np.array([False, True]),
        cost=np.array([1e-11, 3.0]),
    ), EXACT)  # fmt: skip
    assert (found.status, found.objective) == ("optimal", pytest.approx(0.45))
    assert found.values.tolist() == [pytest.approx(4.5e10), 0]


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory by rlimit")
def test_memory_limit_is_a_solver_error() -> None:
    with pytest.raises(SolverError):
        solve(hard(), Options(memory_gb=0.05))


@pytest.mark.slow
def test_same_model_same_solution() -> None:
    first, second = solve(hard(8, 30), EXACT), solve(hard(8, 30), EXACT)
    assert first.status == "optimal"
    assert first.values.tobytes() == second.values.tobytes()
    assert first.bound == second.bound


# the canary


ARRAYS: dict[str, Any] = {
    "none": np.array([]), "one": np.float64(1.5), "text": "stopped", "no text": "", "flags": np.array([True, False]),
    "table": np.arange(6.0).reshape(2, 3).T, "numbers": [1, 2, 3], "odd": np.array([np.inf, -np.inf, 1e-300]),
}  # fmt: skip


def test_arrays_arrive_as_they_were_sent() -> None:
    found = unpacked(packed(ARRAYS))
    assert list(found) == list(ARRAYS)
    for name, each in ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (np.asarray(each).dtype, np.asarray(each).shape)
        assert found[name].tolist() == np.asarray(each).tolist()
        assert found[name].flags.writeable


def test_arrays_are_read_without_what_threads_of_python_may_not_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Python 3.11 two threads in `ast` at once may end in a SystemError, and so did a solve in thousands."""
    monkeypatch.setattr(ast, "literal_eval", None)
    monkeypatch.setattr(ast, "parse", None)
    assert unpacked(packed(ARRAYS))["table"].tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]


def test_the_solvers_process_imports_next_to_nothing_of_ours() -> None:
    """It starts anew for each command, and what it does not import costs no time and cannot break it."""
    code = "import sys; sys.path += sys.argv[1:]; import optimizer.solving.solver_process; print(*sys.modules)"
    words = [sys.executable, "-I", "-c", code, *command()[7:]]
    modules = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert {name.rpartition(".")[2] for name in modules if name.startswith(("optimizer", "catalogs"))} == {
        *(
            "optimizer",
            "solving",
            "solver_process",
            "highs_kept",
            "highs_near",
            "highs_nodes",
            "highs_search",
            "highs_solve",
        ),
        *(
            "highs_relax_and_fix",
            "highs_tidy",
            "highs_tree",
            "highs_branching",
            "highs_relaxation",
            "highs_rounding",
            "child_messages",
        ),
        "plan",  # `optimizer.plan` is called by notebooks, and as a package empty
    }
    assert not {"pandas", "pulp", "pydantic"} & set(modules)


def test_canary_passes_here() -> None:
    highs_solve.canary()


def test_canary_refuses_a_wrong_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(highspy.Highs):
        def getInfo(self) -> Any:  # noqa: N802
            class Info:
                objective_function_value = 15.0

            return Info()

    monkeypatch.setattr(highs_solve.highspy, "Highs", Wrong)
    with pytest.raises(RuntimeError, match="fails a two-variable test"):
        highs_solve.canary()


def test_canary_sings_before_the_first_solve_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimizer.solving.solve, "_canary_sang", False)
    sung = [optimizer.solving.solve._settings(scaled(SMALL), EXACT, {})["canary"] for _ in range(2)]
    assert sung == [True, False]


# the certificate

BOUNDED = matrix([2, 3], [[1, 1], [1, -1]], [4.5, -np.inf], [np.inf, 2], [100, 100])


def test_certificate_by_hand() -> None:
    """y = (2.5, -0.5): d = (2 − 2.5 + 0.5, 3 − 2.5 − 0.5) = (0, 0), so LB = 2.5 · 4.5 − 0.5 · 2 = 10.25."""
    assert certified_bound(BOUNDED, np.array([2.5, -0.5])) == Fraction(41, 4)


def test_certificate_of_no_duals_is_the_cost_at_the_bounds() -> None:
    assert certified_bound(replace(BOUNDED, cost=np.array([2.0, -3.0])), np.zeros(2)) == -300


def test_certificate_ignores_a_dual_on_a_bound_that_is_not_there() -> None:
    assert certified_bound(BOUNDED, np.array([-1.0, 1.0])) == 0


@settings(max_examples=300)
@given(
    duals=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3),
    entries=st.lists(st.integers(-3, 3), min_size=9, max_size=9),
    cost=st.lists(st.integers(-5, 5), min_size=3, max_size=3),
    point=st.lists(st.integers(0, 4), min_size=3, max_size=3),
    slack=st.lists(st.integers(0, 3), min_size=6, max_size=6),
)
def test_certificate_never_exceeds_any_plan(
    duals: list[float], entries: list[int], cost: list[int], point: list[int], slack: list[int]
) -> None:
    """Rows are put around a point, so it is a plan: no duals, however wrong, may prove that it costs more."""
    rows = np.array(entries).reshape(3, 3)
    used = rows @ np.array(point)
    of = matrix(cost, rows, used - slack[:3], used + slack[3:], [4, 4, 4])
    assert certified_bound(of, np.array(duals)) <= Fraction(int(np.dot(cost, point)))


def test_certificate_with_the_solver_s_duals_is_tight(tmp_path: Path) -> None:
    """The relaxation's optimum to 1e-9: here 10/3200 of a box of 298,932.43 USD."""
    of = to_matrix(model(tmp_path, scenario()).problem)
    relaxed = solve(replace(of, integer=np.zeros(len(of.cost), dtype=bool)), EXACT)
    assert float(certified_bound(of, relaxed.duals)) == pytest.approx(relaxed.objective, rel=1e-9)


# the matrix


def test_tiny_coefficients_are_in_reach(tmp_path: Path) -> None:
    """8 · 400 of work are 3.2e-9 in thousandths of a demand of 1e15; it takes 3.125e11 systems of 0.012 MW."""
    asked = scenario(demand={"train": {"workload": "training", "per_second": "1e15"}})
    assert to_matrix(model(tmp_path, asked, one_offer()).problem).value.min() < 1e-8
    with pytest.raises(Infeasible) as caught:
        plan(tmp_path, asked)
    assert {kind[0].kind: kind[0].amount for kind in caught.value.alone}["power"] == approx(312.5e9 * 0.012)
    assert "proved" in caught.value.proof


def test_uncomfortable_coefficients_are_a_warning(tmp_path: Path) -> None:
    """320,000 = 3,200 / (10 / 1000) is above 1e5; 320 is not, and 0.0031, what a system is used of, is fine."""
    assert "coefficients 0.0031 to 3.2e+05" in str(uncomfortable(to_matrix(model(tmp_path, scenario()).problem)))
    asked = scenario(demand={"train": {"workload": "training", "per_second": "1e4"}})
    assert uncomfortable(to_matrix(model(tmp_path, asked).problem)) is None


def test_names_survive_lp_and_mps_files(tmp_path: Path) -> None:
    """Of rows and columns, on whichever PuLP this is."""
    built = model(tmp_path, scenario(budget={"capex_usd": {"2025q1..2025q2": "1e9"}}))
    of = to_matrix(built.problem)
    assert "power_within_site(oslo,2025q1)" in of.rows
    assert "capex_within_budget(2025q1..2025q2)" in of.rows
    built.problem.writeLP(str(tmp_path / "m.lp"))
    built.problem.writeMPS(str(tmp_path / "m.mps"))
    for name in ("m.lp", "m.mps"):
        text = (tmp_path / name).read_text()
        for wanted in (*of.rows, *of.columns):
            assert wanted in text, (name, wanted)
    for name in ("m.lp", "m.mps"):
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        assert highs.readModel(str(tmp_path / name)) == highspy.HighsStatus.kOk
        lp = highs.getLp()
        assert set(lp.row_names_) == set(of.rows)
        assert set(lp.col_names_) == set(of.columns)
        highs.run()
        assert highs.getInfo().objective_function_value == pytest.approx(solve(of, EXACT).objective, rel=1e-6)


def test_matrix_keeps_every_kind_of_row() -> None:
    problem = pulp.LpProblem("p", pulp.LpMinimize)
    x = problem.add_variable("x", 0, 5, pulp.LpInteger)
    y = problem.add_variable("y", 1, 4, pulp.LpContinuous)
    problem += 2 * x + y
    problem.addConstraint(x + 3 * y <= 7, "most")
    problem.addConstraint(x - y >= -1, "least")
    problem.addConstraint(x + y == 3, "equal")
    of = to_matrix(problem)
    assert (of.columns, of.cost.tolist(), of.integer.tolist()) == (("x", "y"), [2, 1], [True, False])
    assert (of.lower.tolist(), of.upper.tolist()) == ([0, 1], [5, 4])
    assert of.rows == ("most", "least", "equal")
    assert of.row_lower.tolist() == [-np.inf, -1, 3]
    assert of.row_upper.tolist() == [7, np.inf, 3]
    assert of.value.tolist() == [1, 3, 1, -1, 1, 1]


def test_a_variable_without_an_upper_bound_is_refused() -> None:
    problem = pulp.LpProblem("p", pulp.LpMinimize)
    problem += problem.add_variable("x", 0, None, pulp.LpContinuous)
    with pytest.raises((ArithmeticError, TypeError)):
        to_matrix(problem)


# without a plan

TEN = {"train": {"workload": "training", "per_second": 32000}}
"""32,000 / (8 · 400) = 10 systems, in each of two quarters: 10 · 1.2 · 10 kW = 0.12 MW, 3 million USD."""


def shortages(folder: Path, known: Tree | None = None, **parts: Any) -> dict[str, list[tuple[str, float, str]]]:
    """What is short alone, by kind: name, amount, unit."""
    with pytest.raises(Infeasible) as caught:
        plan(folder, scenario(**{"demand": TEN, **parts}), known)
    assert caught.value.explanation() == str(caught.value)
    return {kind[0].kind: [(short.name, short.amount, short.unit) for short in kind] for kind in caught.value.alone}


def approx(amount: float) -> Any:
    return pytest.approx(amount, rel=1e-3)


def test_power_is_short_by_what_is_missing(tmp_path: Path) -> None:
    """0.12 MW are needed and there are 0.08: 0.04 are short. Demand would have to fall by a third: 6.67 systems
    fit, but only 6 whole ones, so by 40 %."""
    short = shortages(tmp_path, sites={"oslo": site("0.08")})
    assert short == {"power": [("oslo", approx(0.04), "MW")], "demand": [("train", approx(40), "%")]}


def test_what_is_short_is_asked_of_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process a question would take most of the time of an answer."""
    begun, request = [], load(tmp_path, scenario(demand=TEN, sites={"oslo": site("0.08")}))
    monkeypatch.setattr(optimizer.solving.solve, "Child", lambda: begun.append(Child()) or begun[-1])
    short = what_is_short(request, EXACT)
    assert short is not None
    assert (len(short.alone), len(begun)) == (2, 1)


def test_power_that_is_short_in_one_period_only(tmp_path: Path) -> None:
    short = shortages(tmp_path, sites={"oslo": site({"2025q1": "0.5", "2025q2": "0.11"})})
    assert short["power"] == [("oslo", approx(0.01), "MW")]


@pytest.mark.parametrize(
    ("limit", "most", "unit", "amount"),
    [("air_mw", "0.07", "MW", 0.03), ("racks", 8, "racks", 2)],
)
def test_cooling_and_racks_are_short(tmp_path: Path, limit: str, most: Any, unit: str, amount: float) -> None:
    """10 systems have 0.1 MW of IT load, without PUE, and 10 racks."""
    assert shortages(tmp_path, sites={"oslo": site(10, **{limit: most})})["power"] == [("oslo", approx(amount), unit)]


def test_budget_is_short_by_what_is_missing(tmp_path: Path) -> None:
    """10 · 300,000 against 2.5 million; 8 systems can be paid, so a fifth of the work is left."""
    short = shortages(tmp_path, budget={"capex_usd": {"total": "2.5e6"}})
    assert short == {"budget": [("total", approx(500_000), "USD")], "demand": [("train", approx(20), "%")]}


def test_opex_is_short_by_what_is_missing(tmp_path: Path) -> None:
    """Energy of 10 systems: 1.2 · 7 kW · 2,190 h · 0.05 USD = 919.80 each, a quarter."""
    assert shortages(tmp_path, budget={"opex_usd": {"2025q2": 9000}})["budget"] == [("2025q2", approx(198), "USD")]


def test_supply_is_short_by_what_is_missing(tmp_path: Path) -> None:
    """80 chips are needed in the first quarter and 3 · 20 come."""
    short = shortages(tmp_path, supply_per_month={"chip": 20})
    assert short["supply"] == [("chip", approx(20), "accelerators")]
    assert short["demand"] == [("train", approx(30), "%")]  # 60 chips are 7 whole systems


def test_an_offer_s_own_supply_is_short(tmp_path: Path) -> None:
    assert shortages(tmp_path, one_offer(supply_systems_per_month=3))["supply"] == [
        ("box.purchase", approx(1), "systems")
    ]


def test_a_pool_is_short(tmp_path: Path) -> None:
    """80 chips draw half a wafer each: 40, of which there are 3 · 12."""
    chip = accelerator(
        "chip", {"box": system()}, {"box.purchase": {"system": "box", "route": "purchase", "price_usd": 300000}},
        rates(training=400), draws={"wafers": "0.5"},
    )  # fmt: skip
    known = catalog(chip, pools={"wafers": {"unit": "wafer", "describes": "packaging"}})
    assert shortages(tmp_path, known, pools_per_month={"wafers": 12})["supply"] == [
        ("wafers", approx(4), "units of the pool")
    ]


def test_time_is_short_by_whole_periods(tmp_path: Path) -> None:
    """A lead time of 5 months is 2 quarters; with 2 less, that is at once, the first quarter is served."""
    demand = {"train": {"workload": "training", "per_second": {"2025q1": 32000}}}
    short = shortages(tmp_path, one_offer(lead_time_months=5), demand=demand, horizon={"start": "2025q1", "periods": 4})
    assert short == {"time": [("every offer", 2, "quarters")], "demand": [("train", approx(100), "%")]}


def test_two_kinds_short_at_once_are_said_together(tmp_path: Path) -> None:
    """Neither more power nor more money is enough; only doing less is."""
    with pytest.raises(Infeasible) as caught:
        plan(tmp_path, scenario(demand=TEN, sites={"oslo": site("0.08")}, budget={"capex_usd": {"total": "2.5e6"}}))
    assert [kind[0].kind for kind in caught.value.alone] == ["demand"]
    assert caught.value.together
    assert "proved" in caught.value.proof


def test_whole_systems_do_not_fit_where_fractions_would(tmp_path: Path) -> None:
    """Work for 1.5 systems, power for 1.5: the relaxation has a plan, whole systems have none."""
    with pytest.raises(Infeasible, match="whole systems do not fit where fractions would") as caught:
        plan(tmp_path, scenario(
            demand={"train": {"workload": "training", "per_second": 4800}}, sites={"oslo": site("0.018")},
        ))  # fmt: skip
    alone = {kind[0].kind: kind[0].amount for kind in caught.value.alone}
    assert alone["power"] == approx(0.006)  # a second system
    assert alone["demand"] == approx(100 / 3)  # of 1.5 systems' work, half a system's


def test_messages_speak_of_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Infeasible) as caught:
        plan(tmp_path, scenario(demand=TEN, sites={"oslo": site("0.08")}))
    assert str(caught.value).splitlines() == [
        "no plan meets every limit (proved: the least violation is above zero in exact arithmetic)",
        "any one of these lines would be enough, and no less of its kind:",
        "  power: 0.04 MW more power at oslo",
        "  demand: 40 % of train left undone in each period",
    ]


@pytest.mark.parametrize("power", ["0.12", "0.1200001"])
def test_nothing_is_called_infeasible_that_just_fits(tmp_path: Path, power: str) -> None:
    made = plan(tmp_path, scenario(demand=TEN, sites={"oslo": site(power)}, budget={"capex_usd": {"total": 3_000_000}}))
    assert sum(order.systems for order in made.orders) == 10


def test_a_feasible_request_lacks_nothing(tmp_path: Path) -> None:
    assert what_is_short(load(tmp_path, scenario(demand=TEN)), EXACT) is None


def test_a_false_claim_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver calls the first solve infeasible, wrongly: no violation can be proved, so it is asked again."""
    real, calls = optimizer.solving.solve.solve, []

    def lies_once(*args: Any) -> Any:
        calls.append(args)
        found = real(*args)
        return replace(found, status="infeasible", values=np.array([])) if len(calls) == 1 else found

    monkeypatch.setattr(optimizer.planning, "solve", lies_once)
    made = plan(tmp_path, scenario(demand=TEN))
    assert sum(order.systems for order in made.orders) == 10


def test_a_false_claim_that_stays_is_our_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All solves of the request itself lie, those of the elastic model do not: an error, not a verdict."""
    real = optimizer.solving.solve.solve

    def lies(of: Matrix, *more: Any) -> Any:
        found = real(of, *more)
        elastic = any(name.startswith("give(") for name in of.columns)
        return found if elastic else replace(found, status="infeasible", values=np.array([]))

    for module in (optimizer.planning, optimizer.infeasible.proof):
        monkeypatch.setattr(module, "solve", lies)
    with pytest.raises(SolverError, match="no violation could be proved"):
        plan(tmp_path, scenario(demand=TEN))


def test_power_for_less_than_one_system_is_short(tmp_path: Path) -> None:
    """0.12 MW are needed; 0.01 is less than one system's 0.012, so no order exists, but 0.11 MW are what is missing."""
    assert shortages(tmp_path, sites={"oslo": site("0.01")})["power"] == [("oslo", approx(0.11), "MW")]


def test_work_out_of_proportion_to_a_system_takes_one(tmp_path: Path) -> None:
    """One system does 3,200; the demand of 1e-8 is 3e-12 of it. A solver would take so much of a system for none."""
    made = plan(tmp_path, scenario(demand={"train": {"workload": "training", "per_second": "1e-8"}}))
    assert [(order.systems, order.enters_service) for order in made.orders] == [(1, "2025q1")]
