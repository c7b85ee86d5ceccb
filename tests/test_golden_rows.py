"""A golden row for every constraint, cost and variable: small requests, their LP files beside the arithmetic.

The requests and what is expected stand in `golden_small.py`, `golden_whole.py` and `golden_frames.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from builders import Tree, model, one_offer, plan, scenario, site
from golden_frames import FRAMED_ASKED, FRAMED_BOUNDS, FRAMED_KNOWN, FRAMED_PRICES, FRAMED_ROWS
from golden_small import ASKED, BOUNDS, BUY, KNOWN, LEASED_ASKED, LEASED_KNOWN, LEASED_PRICES, OSLO_1, PRICES, ROWS
from golden_whole import (
    OWN_ASKED,
    OWN_ROWS,
    TAXED_ASKED,
    TAXED_PRICES,
    WHOLE_ASKED,
    WHOLE_BOUNDS,
    WHOLE_KNOWN,
    WHOLE_PRICES,
    WHOLE_ROWS,
)

from optimizer.formulation import CONSTRAINTS, COSTS, VARIABLES
from optimizer.formulation.model import Model, model_name
from optimizer.infeasible.shortage import Infeasible
from optimizer.solving.matrix import to_matrix


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model(tmp_path_factory.mktemp("whole"), WHOLE_ASKED, WHOLE_KNOWN)


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model(tmp_path_factory.mktemp("golden"), ASKED, KNOWN)


@pytest.fixture(scope="module")
def framed(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model(tmp_path_factory.mktemp("framed"), FRAMED_ASKED, FRAMED_KNOWN)


def lp_rows(built: Model, folder: Path) -> dict[str, list[str]]:
    """The rows of the LP file by constraint, each on one line."""
    file = folder / "model.lp"
    built.problem.writeLP(str(file))
    body = file.read_text().partition("Subject To\n")[2].partition("Bounds\n")[0]
    lines = re.sub(r"\n ", " ", body).splitlines()
    found: dict[str, list[str]] = {}
    for line in lines:
        found.setdefault(line.partition("(")[0], []).append(re.sub(r" +", " ", line).strip())
    return found


@pytest.mark.parametrize("constraint", ROWS)
def test_golden_row(golden: Model, tmp_path: Path, constraint: str) -> None:
    assert lp_rows(golden, tmp_path)[constraint] == ROWS[constraint][1]


@pytest.mark.parametrize("constraint", WHOLE_ROWS)
def test_golden_row_of_the_whole(whole: Model, tmp_path: Path, constraint: str) -> None:
    assert lp_rows(whole, tmp_path)[constraint] == WHOLE_ROWS[constraint][1]


@pytest.mark.parametrize("constraint", OWN_ROWS)
def test_golden_row_of_own_chips(tmp_path: Path, constraint: str) -> None:
    own = model(tmp_path, OWN_ASKED, WHOLE_KNOWN)
    assert lp_rows(own, tmp_path)[constraint] == OWN_ROWS[constraint][1]


@pytest.mark.parametrize("constraint", FRAMED_ROWS)
def test_golden_row_of_frames(framed: Model, tmp_path: Path, constraint: str) -> None:
    assert sorted(lp_rows(framed, tmp_path)[constraint]) == sorted(FRAMED_ROWS[constraint][1])


def test_work_that_is_small_has_a_row_where_it_is_assigned(tmp_path: Path) -> None:
    """1 of 8 · 400 per second is 0.0003 of a box, less than a hundredth of it; of `wide` a box does 1/25 at a time.

    A cluster is assigned to single places, so its small work has rows of its own at oslo and paris: not two rows of one
    name in the group of both. Beside `wide` in its group, work that is small and placed nowhere has one for the group.
    """
    cluster = {"workload": "training", "per_second": 1, "cluster": {"accelerators": 0}}
    demand = {
        "wide": {"workload": "training", "per_second": 80000, "sites": ["oslo", "paris"]},
        "tiny": {"workload": "training", "per_second": 1, "sites": ["oslo", "paris"]},
        "placed": {**cluster, "sites": ["oslo", "paris"]},
    }
    one, sites = {"start": "2025q1", "periods": 1}, {"oslo": site(10), "paris": site(10)}
    asked = scenario(horizon=one, sites=sites, demand=demand)
    rows = lp_rows(model(tmp_path, asked, one_offer()), tmp_path)["run_within_fleet"]
    ran = {row.partition(":")[0]: set(re.findall(r"run\(([^)]*)\)", row)) for row in rows}
    group, t = "box,ANYWHERE", "2025q1"
    alone = {f"run_within_fleet(box,{place},{t})": {f"box,{place},placed,{t}"} for place in ("oslo", "paris")}
    assert ran == {
        f"run_within_fleet({group},{t})": {f"{group},wide,{t}", f"{group},tiny,{t}", *set().union(*alone.values())},
        f"run_within_fleet({group},tiny,{t})": {f"{group},tiny,{t}"},
        **alone,
    }


def by_variable(built: Model, cost: str) -> dict[tuple[str, int], float]:
    summed: dict[tuple[str, int], float] = {}
    for term in built.costs[cost]:
        summed[term.variable.name, term.t] = summed.get((term.variable.name, term.t), 0.0) + term.usd
    return summed


@pytest.mark.parametrize("cost", PRICES)
def test_golden_cost(golden: Model, cost: str) -> None:
    assert by_variable(golden, cost) == pytest.approx(PRICES[cost][1])


@pytest.mark.parametrize("cost", TAXED_PRICES)
def test_golden_cost_after_tax(tmp_path: Path, cost: str) -> None:
    taxed = model(tmp_path, TAXED_ASKED, WHOLE_KNOWN)
    assert by_variable(taxed, cost) == pytest.approx(TAXED_PRICES[cost][1])


@pytest.mark.parametrize("cost", WHOLE_PRICES)
def test_golden_cost_of_the_whole(whole: Model, cost: str) -> None:
    terms = whole.costs[cost]
    assert {(term.variable.name, term.t): term.usd for term in terms} == pytest.approx(WHOLE_PRICES[cost][1])
    assert len(terms) == len(WHOLE_PRICES[cost][1])


@pytest.mark.parametrize("cost", FRAMED_PRICES)
def test_golden_cost_of_frames(framed: Model, cost: str) -> None:
    usd = {(term.variable.name, term.t): term.usd for term in framed.costs[cost]}
    assert usd == pytest.approx(FRAMED_PRICES[cost][1])


@pytest.mark.parametrize("cost", LEASED_PRICES)
def test_golden_cost_of_long_terms(tmp_path: Path, cost: str) -> None:
    leased = model(tmp_path, LEASED_ASKED, LEASED_KNOWN)
    usd = {(term.variable.name, term.t): term.usd for term in leased.costs[cost]}
    assert usd == pytest.approx(LEASED_PRICES[cost][1])


def check_bounds(built: Model, variable: str, expected: dict[str, float]) -> None:
    """A bound that is an int marks whole numbers."""
    matrix = to_matrix(built.problem)
    columns = matrix.column_numbers(variable)
    assert {matrix.columns[j]: matrix.upper[j] for j in columns} == expected
    assert {bool(matrix.integer[j]) for j in columns} == {isinstance(most, int) for most in expected.values()}
    assert all(matrix.lower[j] == 0 for j in columns)


@pytest.mark.parametrize("variable", BOUNDS)
def test_golden_bound(golden: Model, variable: str) -> None:
    check_bounds(golden, variable, BOUNDS[variable])


@pytest.mark.parametrize("variable", WHOLE_BOUNDS)
def test_golden_bound_of_the_whole(whole: Model, variable: str) -> None:
    check_bounds(whole, variable, WHOLE_BOUNDS[variable])


@pytest.mark.parametrize("variable", FRAMED_BOUNDS)
def test_golden_bound_of_frames(framed: Model, variable: str) -> None:
    check_bounds(framed, variable, FRAMED_BOUNDS[variable])


def test_a_frame_that_is_signed_already_is_no_choice(framed: Model) -> None:
    matrix = to_matrix(framed.problem)
    columns = {matrix.columns[j]: (matrix.lower[j], matrix.upper[j]) for j in matrix.column_numbers("sign")}
    assert columns == {"sign(deal)": (0, 1), "sign(small)": (1, 1)}
    assert all(matrix.integer[matrix.column_numbers("sign")])


def test_golden_objective(golden: Model) -> None:
    """Without a discount a coefficient of the objective is the sum of its costs, in millions."""
    total: dict[str, float] = {}
    for _, prices in PRICES.values():
        for (variable, _), usd in prices.items():
            total[variable] = total.get(variable, 0.0) + usd / 1e6
    matrix = to_matrix(golden.problem)
    assert {name: usd for name, usd in zip(matrix.columns, matrix.cost, strict=True) if usd} == pytest.approx(total)


@pytest.mark.parametrize(("accelerators", "part"), [(0, 1000), (4, 1000), (8, 1000), (16, 500), (32, 250)])
def test_a_system_of_a_cluster_serves_no_more_than_its_part(tmp_path: Path, accelerators: int, part: float) -> None:
    """A box of 8 does all of 3,200, and so a whole demand of it in thousandths; as one of 4 in a cluster, a quarter."""
    demand = {"workload": "training", "per_second": 3200, "cluster": {"accelerators": accelerators}}
    row = model(tmp_path, scenario(demand={"train": demand})).rows["serve_demand(train,2025q1)"]
    assert [coefficient for _, coefficient in row.terms] == [part]


GOLDEN = (ROWS, WHOLE_ROWS, OWN_ROWS, FRAMED_ROWS, PRICES, WHOLE_PRICES, LEASED_PRICES, FRAMED_PRICES, TAXED_PRICES)


def test_everything_has_a_golden_case(golden: Model, whole: Model, tmp_path: Path) -> None:
    """A new constraint, cost or variable needs one."""
    assert {f.__name__ for f in CONSTRAINTS} == {*ROWS, *WHOLE_ROWS, *OWN_ROWS, *FRAMED_ROWS}
    prices = {*PRICES, *WHOLE_PRICES, *LEASED_PRICES, *FRAMED_PRICES, *TAXED_PRICES}
    assert {f.__name__ for f in COSTS} == prices
    assert {f.__name__ for f in VARIABLES} == {*BOUNDS, *WHOLE_BOUNDS, *FRAMED_BOUNDS, "sign"}
    assert set(lp_rows(golden, tmp_path)) == set(ROWS)
    assert set(lp_rows(whole, tmp_path)) == {*WHOLE_ROWS, "run_within_fleet", "serve_demand"}


@pytest.mark.parametrize("rule", [*CONSTRAINTS, *COSTS], ids=lambda rule: rule.__name__)
def test_docstring_says_the_equation(rule: object) -> None:
    name = rule.__name__  # type: ignore[attr-defined]
    lines = " ".join((rule.__doc__ or "").split())
    equations = [cases[name][0] for cases in GOLDEN if name in cases]
    assert equations
    assert all(equation in lines for equation in equations)


def test_discount_multiplies_each_cost(tmp_path: Path) -> None:
    """d_t = 1.21^(-(t - 0.5)/4), f_2 = 1.21^-0.5 = 1/1.1: exact for the residual."""
    rate: Tree = {**ASKED, "finance": {**ASKED["finance"], "discount_rate": "0.21"}}
    matrix = to_matrix(model(tmp_path, rate, KNOWN).problem)
    cost = dict(zip(matrix.columns, matrix.cost, strict=True))
    d_1, d_2, f_2 = 1.21**-0.125, 1.21**-0.375, 1 / 1.1
    # deposit; the rest, network, maintenance and software; residual
    assert cost[BUY] * 1e6 == pytest.approx(60000 * d_1 + (240000 + 20000 + 3000 + 1000) * d_2 - 304000 * f_2)
    assert cost[OSLO_1] * 1e6 == pytest.approx((919.80 + 90 + 183.96) * d_1)


def test_a_row_that_nothing_can_fill_stays(tmp_path: Path) -> None:
    """Nothing arrives in the first quarter: the row must not vanish, or the demand would."""
    late = {**KNOWN["chip.yaml"], "offers": {"box.buy": KNOWN["chip.yaml"]["offers"]["box.buy"]}}
    bare = {key: part for key, part in ASKED.items() if key not in ("fleet", "commitments")}
    firm = {"train": {"workload": "training", "per_second": 1000}}
    built = model(tmp_path, {**bare, "demand": firm}, {**KNOWN, "chip.yaml": late})
    assert "serve_demand(train,2025q1): nothing() >= 1000" in lp_rows(built, tmp_path)["serve_demand"]


def test_names_of_months_survive(tmp_path: Path) -> None:
    built = model(tmp_path, scenario(horizon={"start": "2025-11", "periods": 2}))
    assert set(to_matrix(built.problem).rows) == set(map(model_name, built.rows))
    assert "serve_demand(train,2025-11)" in built.rows
    assert "serve_demand(train,2025m11)" in to_matrix(built.problem).rows


def test_infeasible_by_months_is_explained(tmp_path: Path) -> None:
    """12 kW at the meter for the one system needed, of which there are 6."""
    asked = scenario(horizon={"start": "2025-11", "periods": 2}, sites={"oslo": site("0.012")},
                     demand={"train": {"workload": "training", "per_second": 6400}})  # fmt: skip
    with pytest.raises(Infeasible):
        plan(tmp_path, asked)


@pytest.mark.parametrize("start", ["2025-11"])
def test_limits_have_prices_by_months(tmp_path: Path, start: str) -> None:
    """Power for one system, work for two: more power is worth something, whatever the periods are called."""
    demand = {"train": {"workload": "training", "per_second": 6400, "unmet_usd_per_unit_hour": 1000}}
    asked = scenario(horizon={"start": start, "periods": 2}, sites={"oslo": site("0.012")}, demand=demand)
    assert any(limit.price_usd for limit in plan(tmp_path, asked).limits)


def test_limits_have_prices_by_quarters(tmp_path: Path) -> None:
    demand = {"train": {"workload": "training", "per_second": 6400, "unmet_usd_per_unit_hour": 1000}}
    assert any(
        limit.price_usd for limit in plan(tmp_path, scenario(sites={"oslo": site("0.012")}, demand=demand)).limits
    )
