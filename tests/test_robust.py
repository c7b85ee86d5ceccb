"""Deciding under uncertainty: the farmer, the news-vendor, and what must hold of every decision."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from builders import EXACT, Tree, accelerator, catalog, load, one_offer, plan, rates, scenario, site, system
from farmer import MARKET_USD, USD, farm

from catalogs.problems import InputError
from optimizer.plan.solved_model import SolvedModel
from optimizer.uncertainty.aims import Aim, cvar
from optimizer.uncertainty.certain import only_plan, result_of_one, signed_plan
from optimizer.uncertainty.outcome import FuturePlan, outcomes_of
from optimizer.uncertainty.question import asked
from optimizer.uncertainty.report import result_of
from optimizer.uncertainty.results import RobustResult
from optimizer.uncertainty.robust import Robust, robust


def decided(folder: Path, tree: Tree, known: dict[str, Tree] | None = None, aim: Aim = Aim()) -> Robust:  # noqa: B008
    return robust(asked(load(folder, tree, known)), aim, EXACT)


def told(found: Robust) -> RobustResult:
    """All that is said of a decision, every plan of it audited in its future."""
    return result_of(found, outcomes_of(found, EXACT), EXACT)


def close(one: float, other: float, tolerance: float = 1e-7) -> bool:
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=1e-3)


# The farmer


@pytest.fixture(scope="module")
def farmer(tmp_path_factory: pytest.TempPathFactory) -> RobustResult:
    return told(decided(tmp_path_factory.mktemp("farm"), *farm()))


def test_the_farmer_earns_what_is_published(farmer: RobustResult) -> None:
    profit = (MARKET_USD - farmer.objective_usd) / USD
    assert close(profit, 108_390)
    signed = {row.what[0]: row.amount for row in farmer.sign_now}
    assert {crop: round(acres, 3) for crop, acres in signed.items()} == {
        "wheat.buy": 170, "corn.buy": 80, "beets.buy": 250,
    }  # fmt: skip


def test_the_farmer_would_pay_what_is_published_to_know_the_weather(farmer: RobustResult) -> None:
    information = farmer.value_of_perfect_information
    assert round(information.least_usd / USD) == round(information.most_usd / USD) == 7_016


def test_the_plan_of_average_yields_is_worth_less_by_what_is_published(farmer: RobustResult) -> None:
    """The published mean is of yields, here the plan of the future with average ones: 1/y has another mean."""
    average = next(row for row in farmer.regret if row.plan == "average")
    assert round((average.expected_usd - farmer.objective_usd) / USD) == 1_150


# The news-vendor

PRICE, LOST = 300_000, 1_000_000
SALES = {"few": (100, "0.2"), "some": (200, "0.35"), "many": (300, "0.3"), "most": (400, "0.15")}


def news(of: dict[str, tuple[int, str]] = SALES) -> tuple[Tree, dict[str, Tree]]:
    """Papers are bought at 300,000 before sales are known; each that is missing loses 1,000,000."""
    terms = {"system": "box", "route": "purchase", "price_usd": PRICE, "lead_time_months": 12}
    known = catalog(accelerator("chip", {"box": system(accelerators=1)}, {"box.buy": terms}, rates(training=1)))
    hourly = f"{LOST / 8760:.15g}"
    tree = scenario(
        horizon={"start": 2025, "periods": 2},
        finance={"discount_rate": 0, "residual": "none"},
        sites={"oslo": site(pue=1, electricity_usd_per_mwh=0)},
        demand={"train": {"workload": "training", "per_second": {2026: 100}, "unmet_usd_per_unit_hour": hourly}},
        futures=[{"name": name, "probability": p, "demand": {"factor": f"{d / 100:g}"}} for name, (d, p) in of.items()],
        uncertainty={"decide_by": 2025},
    )
    return tree, known


def test_the_news_vendor_buys_the_quantile_of_the_critical_ratio(tmp_path: Path) -> None:
    """F(x) ≥ (lost − price) / lost = 0.7: of 0.2, 0.55, 0.85 and 1 the third, 300."""
    found = told(decided(tmp_path, *news()))
    (order,) = found.sign_now
    assert order.amount == 300
    missing = sum(float(p) * max(0, d - 300) for d, p in SALES.values())
    assert close(found.objective_usd, PRICE * 300 + LOST * missing)


def test_what_knowing_the_sales_is_worth(tmp_path: Path) -> None:
    """Known, nothing is lost and nothing is left: EVPI = 300 · price + lost · missing − price · mean."""
    found = told(decided(tmp_path, *news()))
    mean = sum(float(p) * d for d, p in SALES.values())
    information = found.value_of_perfect_information
    assert close(information.most_usd, found.objective_usd - PRICE * mean, 1e-6)
    assert information.least_usd <= information.most_usd


# What must hold


@pytest.fixture(params=[Aim(), Aim(0.7, 0.5), Aim(regret=True)], ids=["expected", "cvar", "regret"])
def aim(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_values_are_never_negative_and_lie_between_bounds(tmp_path: Path, aim: Aim) -> None:
    found = told(decided(tmp_path, *news(), aim))
    for value in (found.value_of_stochastic_solution, found.value_of_perfect_information, found.expected_usd):
        assert 0 <= value.least_usd <= value.most_usd * (1 + 1e-9) + 1e-6
    assert found.certified_bound_usd <= found.bound_usd + 1e-6 <= found.objective_usd + 2e-6


def test_no_plan_has_regret_in_its_own_future(tmp_path: Path) -> None:
    found = decided(tmp_path, *news())
    for number, block in enumerate(found.blocks):
        own = next(other for other in found.others if other.name == block.name)
        assert close(own.costs[number], found.known[number].most)


def test_the_least_regret_is_no_more_than_that_of_any_plan(tmp_path: Path) -> None:
    rows = told(decided(tmp_path, *news(), Aim(regret=True))).regret
    assert rows[-1].plan == "ROBUST"
    assert rows[-1].largest_regret_usd <= min(row.largest_regret_usd for row in rows) * (1 + 1e-6) + 1


def test_cvar_of_level_0_is_the_expectation(tmp_path: Path) -> None:
    expected = decided(tmp_path, *news())
    level_0 = decided(tmp_path, *news(), Aim(0.0, 1.0))
    assert level_0.objective == expected.objective
    assert cvar([3.0, 1.0, 2.0], [0.5, 0.25, 0.25], 0.0) == 2.25


def test_cvar_counts_the_worst(tmp_path: Path) -> None:
    """All of the weight on the worst 15 %: `most` alone, for which 400 are bought."""
    found = told(decided(tmp_path, *news(), Aim(0.85, 1.0)))
    assert [row.amount for row in found.sign_now] == [400]
    assert close(found.objective_usd, PRICE * 400)


def test_more_probability_of_a_worse_future_never_lowers_cost(tmp_path: Path) -> None:
    costs = []
    for p in ("0.15", "0.25", "0.35"):
        of = {**SALES, "few": (100, f"{0.35 - float(p):.2f}"), "most": (400, p)}
        of = {name: each for name, each in of.items() if float(each[1]) > 0}
        costs.append(decided(tmp_path, *news(of)).objective)
    assert costs == sorted(costs)


# One future

BUSY = {"demand": {"train": {"workload": "training", "per_second": {"2025q1": 0, "2025q2": 30000, "2025q4": 50000}}}}


def one(futures: list[Tree]) -> Tree:
    return scenario(horizon={"start": "2025q1", "periods": 4}, futures=futures, **BUSY)


@pytest.mark.parametrize("changes", [{}, {"demand": {"factor": "1.3"}, "price": {"factor": "0.9", "from": "2025q2"}}])
@pytest.mark.parametrize("count", [1, 2])
def test_one_future_or_two_equal_ones_give_the_plan_of_plan(tmp_path: Path, changes: Tree, count: int) -> None:
    known = one_offer(lead_time_months=3)
    futures = [{"name": f"f{k}", "probability": f"{1 / count:g}", **changes} for k in range(count)]
    question = asked(load(tmp_path, one(futures), known))
    assert question.certain is not None
    found = only_plan(question, EXACT)
    assert found.audit.ok
    tree = one([])
    if changes:
        demand = {"2025q1": 0, "2025q2": 39000, "2025q4": 65000}
        tree["demand"] = {"train": {"workload": "training", "per_second": demand}}
        known = one_offer(lead_time_months=3, price_usd={"2025q1": 300000, "2025q2": 270000})
    expected = plan(tmp_path, tree, known)
    assert close(found.objective_usd, expected.objective_usd)
    systems = [(o.offer, o.place, o.ordered, o.systems) for o in expected.orders]
    assert [(o.offer, o.place, o.ordered, o.systems) for o in found.orders] == systems
    result = result_of_one(question, found)
    assert result.value_of_stochastic_solution.most_usd == result.value_of_perfect_information.most_usd == 0


def test_a_future_is_kept_out_of_plans(tmp_path: Path) -> None:
    """`plan` reads none of them: with and without, the same orders at the same cost."""
    known = one_offer(lead_time_months=3)
    with_futures = plan(tmp_path, one([{"name": "a", "probability": 1, "demand": {"factor": 3}}]), known)
    without = plan(tmp_path, one([]), known)
    assert with_futures.objective_usd == without.objective_usd
    assert with_futures.orders == without.orders
    assert "futures" not in without.scenario


def test_the_plan_that_is_signed_has_the_orders_of_the_decision(tmp_path: Path) -> None:
    tree, known = news()
    question = asked(load(tmp_path, tree, known))
    found = robust(question, Aim(), EXACT)
    signed = signed_plan(question, found.best.decision, EXACT)
    assert signed is not None
    assert signed.audit.ok
    assert [(o.offer, o.systems) for o in signed.orders] == [("box.buy", 300)]


def test_what_would_come_after_the_horizon_is_not_ordered_before_it_is_known(tmp_path: Path) -> None:
    """Bought in 2025 it comes in 2026, a year late after the horizon: nothing is bought, and it is said."""
    tree, known = news({"some": (200, "0.5"), "many": (300, "0.5")})
    tree["futures"][0]["delivery_delay"] = {"months": 6}
    found = told(decided(tmp_path, tree, known))
    assert found.sign_now == ()
    assert any("after the horizon: box.buy" in note for note in found.notes)
    del tree["demand"]["train"]["unmet_usd_per_unit_hour"]
    tree["futures"] = [{"name": "as_planned", "probability": "0.5"},
                       {"name": "late", "probability": "0.5", "delivery_delay": {"months": 6}}]  # fmt: skip
    with pytest.raises(InputError, match="would come after the horizon, so none are placed"):
        decided(tmp_path, tree, known)


def test_rounding_of_what_is_unpowered_does_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """All 300 in Oslo are unpowered, but for the last digits of a double; so are 2 of 3 in Rome, whatever Oslo has."""
    stands = {"oslo": 300.0, "rome": 3.0}
    monkeypatch.setattr(SolvedModel, "able", lambda _self, _system, places, _t: math.fsum(stands[p] for p in places))
    monkeypatch.setattr(SolvedModel, "period", lambda _self, _t: "2027q2")
    plan = FuturePlan.__new__(FuturePlan)
    plan._unpowered = {("box", "oslo", "2027q2"): 300.0 - 1.18e-11, ("box", "rome", "2027q2"): 2.0}
    assert plan.able("box", ["oslo"], 1) == 0
    assert plan.able("box", ["rome"], 1) == plan.able("box", ["oslo", "rome"], 1) == 1
