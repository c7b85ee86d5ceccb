"""The most that an order or a run can be worth having: never less than a plan may need.

Every request is planned twice: as it is, and with orders and runs bounded by power, money and supply alone, so that a
bound of use that cuts off a plan, or a certificate or a proof that rests on it, shows as a difference.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import EXACT, accelerator, catalog, load, plan, rates, scenario, site, system
from whole_requests import DrawWhole

from catalogs.problems import InputError
from optimizer.formulation import build_model
from optimizer.infeasible.shortage import Infeasible
from optimizer.planning import make_plan
from optimizer.request.load import Request
from optimizer.solving.certificate import certified_bound_usd
from optimizer.solving.matrix import to_matrix
from optimizer.solving.solution import Solution
from optimizer.solving.solve import solve
from optimizer.tables import build_tables

pytestmark = pytest.mark.usefixtures("in_process")
Tree = dict[str, Any]
FEW, REQUESTS = 20, 60
BATCHES, PER_BATCH = 40, 25
A_CENT = 0.02


def widely_bounded(request: Request) -> tuple[float | None, Solution]:
    """The optimum with orders and runs bounded by power, money and supply alone, in USD; None if there is no plan."""
    matrix = to_matrix(build_model(build_tables(request, tight=False)).problem)
    solution = solve(matrix, EXACT)
    if not solution.values.size:
        return None, solution
    bound = certified_bound_usd(matrix, solution.duals)
    usd = solution.objective_usd
    assert bound <= usd + A_CENT
    return usd, solution


def planned(request: Request) -> float | None:
    try:
        plan = make_plan(request, EXACT).plan
    except Infeasible:
        return None
    assert plan.certified.bound_usd <= plan.objective_usd + A_CENT
    assert plan.bound_usd <= plan.objective_usd + A_CENT
    return plan.objective_usd


def with_limits(name: str, large: bool) -> tuple[Tree, Tree]:
    """A random request of every kind with one to three limits."""
    draw = DrawWhole(name, large)
    known = draw.catalog()
    asked = draw.scenario(known)
    asked["limits"] = [draw.limit_of(n) for n in range(draw.random.randint(1, 3))]
    return asked, known


def check(folder: Path, name: str) -> bool:
    """Whether a request could be compared; fails where a bound changes the answer."""
    try:
        request = load(folder, *with_limits(name, large=name.endswith("0")))
        usd = planned(request)
        wide, _ = widely_bounded(request)
    except InputError:  # a limit or a commitment that selects nothing there is, or work that nothing can do
        return False
    assert (usd is None) == (wide is None), f"{name}: {usd} against {wide}"
    if usd is not None:
        assert usd == pytest.approx(wide, rel=1e-9, abs=A_CENT), name
    return True


@pytest.mark.parametrize("number", [
    *range(FEW), *(pytest.param(number, marks=pytest.mark.slow) for number in range(FEW, REQUESTS)),
])  # fmt: skip
def test_no_plan_is_cut_off(tmp_path: Path, number: int) -> None:
    assert any(check(tmp_path / str(i), f"bounds {number} {i}") for i in range(30))


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_plan_is_cut_off_a_thousand_times(tmp_path: Path, batch: int) -> None:
    compared = attempts = 0
    while compared < PER_BATCH:
        compared += check(tmp_path / str(attempts), f"many bounds {batch} {attempts}")
        attempts += 1


# by hand: ten of red's boxes do the work at 100,000 USD each; blue's, at 80,000, are not ported and can only stand idle

RED_WORK = 10 * 3200


def red_and_blue(blue: Tree | None = None, blue_rate: Any = 400) -> Tree:
    blue = {"route": "purchase", "price_usd": 80_000} if blue is None else blue
    return catalog(
        accelerator(
            "red", {"red_box": system()}, {"red.buy": {"system": "red_box", "route": "purchase", "price_usd": 100_000}},
            rates(training=400), vendor="red",
        ),
        accelerator(
            "blue", {"blue_box": system()}, {"blue.get": {"system": "blue_box", **blue}}, rates(training=blue_rate),
            vendor="blue", stack="rocm",
        ),
    )  # fmt: skip


def asks(limit: Tree, quarters: int = 1, **parts: Any) -> Tree:
    demand = {"train": {"workload": "training", "per_second": RED_WORK, "stacks": {"cuda": 0}}}
    plain = {"discount_rate": 0, "residual": "none"}
    base: Tree = {
        "horizon": {"start": "2025q1", "periods": quarters}, "finance": plain, "demand": demand,
        "sites": {"oslo": site(electricity_usd_per_mwh=0)}, "limits": [{"name": "rule", **limit}],
    }  # fmt: skip
    return scenario(**{**base, **parts})


RED, BLUE = {"vendor": "red"}, {"vendor": "blue"}
RENTED = {"route": "reservation", "host": "cloud", "usd_per_accelerator_hour": 1, "term_months": 3}
HALVED = {
    "route": "purchase", "price_usd": 80_000,
    "price_breaks": {"kind": "all_units", "steps": [{"from_systems": 10, "factor": "0.5"}]},
}  # fmt: skip
TENS = {"route": "purchase", "price_usd": 80_000, "minimum_order_systems": 10}
IDLE: dict[str, tuple[Tree, Tree | None, int]] = {
    # 1,000,000 / 0.7 = 1,428,571: 428,571 more is 5.4 boxes
    "spend": ({"measure": "spend_usd", "of": RED, "at_most_share": "0.7"}, None, 6 * 80_000),
    # x / (10 + x) ≥ 0.25 from 3.3 on
    "floor": ({"measure": "systems", "of": BLUE, "at_least_share": "0.25"}, None, 4 * 80_000),
    # red at most 0.6 of all capex: blue at least 666,667, which is 8.3 boxes
    "each": ({"measure": "capex_usd", "of": {"vendor": "each"}, "at_most_share": "0.6"}, None, 9 * 80_000),
    # 100 kW of red are at most 0.8 of 125 kW
    "power": ({"measure": "it_kw", "of": RED, "at_most_share": "0.8", "within": "each_period"}, None, 3 * 80_000),
    # as many rented at 1 USD for each of 8 · 2,190 hours, of which there is no end
    "rented": ({"measure": "accelerators", "of": RED, "at_most_share": "0.5"}, RENTED, 10 * 8 * 2190),
    # the 5.4 boxes of `spend` at half price are 10.7, and cheaper than 6 at the whole price; 10 only measure 400,000
    "breaks": ({"measure": "spend_usd", "of": RED, "at_most_share": "0.7"}, HALVED, 11 * 40_000),
    # ten or none
    "minimum": ({"measure": "systems", "of": BLUE, "at_least": 3}, TENS, 10 * 80_000),
}


@pytest.mark.parametrize("kind", IDLE)
def test_idle_systems_are_bought_where_a_limit_wants_them(tmp_path: Path, kind: str) -> None:
    limit, blue, usd = IDLE[kind]
    made = plan(tmp_path, asks(limit), red_and_blue(blue))
    assert made.objective_usd == pytest.approx(1_000_000 + usd)
    assert made.certified.bound_usd <= made.objective_usd + A_CENT
    assert sum(row.work_per_second for row in made.work) == pytest.approx(RED_WORK)


@pytest.mark.parametrize(
    "parts",
    [
        {"budget": {"capex_usd": {"total": 1_479_999}}},  # 10 and 6 boxes cost 1,480,000
        {"budget": {"capex_usd": {"each_period": 1_479_999}}},
        {"budget": {"capex_usd": {"each_year": 1_479_999}}},
        {"sites": {"oslo": site("0.1919", electricity_usd_per_mwh=0)}},  # and draw 16 · 0.012 MW
        {"supply_per_month": {"blue": "15.9"}},  # 47.7 in a quarter, where 48 are needed
    ],
    ids=["budget", "each period", "each year", "power", "supply"],
)  # fmt: skip
def test_idle_systems_take_room_and_money_and_supply(tmp_path: Path, parts: Tree) -> None:
    with pytest.raises(Infeasible):
        plan(tmp_path, asks(IDLE["spend"][0], **parts), red_and_blue())


def test_more_work_than_is_asked_for_changes_a_share(tmp_path: Path) -> None:
    """Blue works from the second quarter on. Red's 10 boxes of work before are 0.4 of 25: blue does 15."""
    limit = {"measure": "work", "of": {**RED, "demand": "train"}, "at_most_share": "0.4"}
    demand = {"train": {"workload": "training", "per_second": RED_WORK}}
    made = plan(tmp_path, asks(limit, 2, demand=demand), red_and_blue(blue_rate={"2025q2": 400}))
    assert made.objective_usd == pytest.approx(10 * 100_000 + 15 * 80_000)
