"""Futures that are drawn, and a plan in them: the same by seed, spread as said, exact where nothing changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import pytest
from builders import EXACT, Tree, load, one_offer, plan, scenario, site

from catalogs.problems import InputError
from optimizer.formulation import build_model
from optimizer.plan.format import Plan
from optimizer.request.futures import SELECTS, Future
from optimizer.request.load import Request, bundled_scenarios, load_request
from optimizer.request.uncertainty import Uncertainty
from optimizer.solving.matrix import to_matrix
from optimizer.solving.solution import Options
from optimizer.tables import build_tables
from optimizer.uncertainty.blocks import Future as Drawn
from optimizer.uncertainty.blocks import Terms, block_of
from optimizer.uncertainty.break_points import break_points_of
from optimizer.uncertainty.courses import lenient_course_of
from optimizer.uncertainty.draws import Sampler
from optimizer.uncertainty.recourse import answerable, unmet_prices
from optimizer.uncertainty.samples import samples_of
from optimizer.uncertainty.stress import drivers_of, histogram_of, spread_of, stress

OPTIONS = replace(EXACT, tidy=False)
GROWTH: Tree = {"change": "demand", "of": {"demand": "train"}, "lognormal_per_year": "0.3"}
FALL: Tree = {"change": "price", "of": {"vendor": "acme"}, "decline_per_year": {"low": 0, "mode": "0.2", "high": "0.5"}}
SLIP: Tree = {"change": "delivery_delay", "of": {"vendor": "acme"}, "months": {"0": "0.5", "3": "0.5"}}
POWER: Tree = {"change": "power", "between": {"low": "0.5", "high": 1}}
KNOWN = one_offer(lead_time_months=3)


def uncertain(draws: dict[str, Tree], **more: Any) -> Tree:
    """Two years of quarters, with work that may be left at a price."""
    return scenario(
        horizon={"start": "2025q1", "periods": 8},
        sites={"oslo": site(1)},
        demand={"train": {"workload": "training", "per_second": {"2025q2": 30000}, "unmet_usd_per_unit_hour": 1}},
        uncertainty={"seed": 5, "draws": draws, **more},
    )


def asked(folder: Path, draws: dict[str, Tree], **more: Any) -> Request:
    return load(folder, uncertain(draws, **more), KNOWN)


def figures(request: Request, name: str, count: int) -> list[float]:
    sampler = Sampler(request)
    return [sampler.drawn(number).figures[name] for number in range(1, count + 1)]


def test_futures_are_the_same_by_seed_and_number(tmp_path: Path) -> None:
    draws = {"growth": GROWTH, "fall": FALL, "slip": SLIP}
    one, other = asked(tmp_path, draws), asked(tmp_path, draws, seed=6)
    drawn = Sampler(one).drawn(7)
    assert drawn == Sampler(one).drawn(7)
    assert drawn != Sampler(one).drawn(8)
    assert drawn != Sampler(other).drawn(7)


def test_growth_is_lognormal_of_mean_1(tmp_path: Path) -> None:
    """Over 21 of the 24 months, the last quarter's factor: a year and three quarters of the next."""
    found = figures(asked(tmp_path, {"growth": GROWTH}), "growth", 4000)
    logs = [math.log(factor) for factor in found]
    expected = 0.3 * math.sqrt(1 + 0.75**2)
    assert abs(stdev(logs) - expected) < 0.01
    assert abs(mean(logs) + 0.3**2 / 2 * 1.75) < 0.02


def test_a_decline_is_triangular(tmp_path: Path) -> None:
    """The first period's factor of the second year is one less the decline of the first."""
    sampler = Sampler(asked(tmp_path, {"fall": FALL}))
    declines = []
    for number in range(1, 3001):
        (change,) = sampler.drawn(number).future.price or ()
        assert isinstance(change.factor, dict)
        declines.append(1 - float(change.factor["2026q1"]))
    assert abs(mean(declines) - (0 + 0.2 + 0.5) / 3) < 0.01
    assert min(declines) >= 0
    assert max(declines) <= 0.5


def test_slips_come_as_often_as_said(tmp_path: Path) -> None:
    found = figures(asked(tmp_path, {"slip": SLIP}), "slip", 2000)
    assert set(found) == {0.0, 3.0}
    assert abs(mean(found) - 1.5) < 0.1


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def test_one_matrix_correlates_by_vendor_and_in_time(tmp_path: Path) -> None:
    draws = {"growth": GROWTH, "fall": FALL, "rate": {**FALL, "change": "price"}}
    how = {"same_vendor": "0.6", "others": "0.2", "next_year": "0.5"}
    sampler = Sampler(asked(tmp_path, draws, correlation=how))
    scores = np.array([sampler.scores(number) for number in range(1, 4001)])
    names = list(sampler.draws)
    assert names == ["fall", "growth", "rate"]
    assert abs(correlation(scores[:, 0, 0], scores[:, 2, 0]) - 0.6) < 0.04
    assert abs(correlation(scores[:, 0, 0], scores[:, 1, 0]) - 0.2) < 0.04
    assert abs(correlation(scores[:, 1, 0], scores[:, 1, 1]) - 0.5) < 0.04
    assert abs(correlation(scores[:, 0, 0], scores[:, 2, 1]) - 0.6 * 0.5) < 0.04


def test_ranges_of_the_catalogue_are_drawn(tmp_path: Path) -> None:
    known = one_offer(lead_time_months=3)
    (file,) = (file for name, file in known.items() if name == "chip.yaml")
    file["cites"] = {"box.purchase.price_usd": {"source": "hand", "basis": "estimated",
                                                "uncertainty": {"low": "0.8", "high": "1.5"}}}  # fmt: skip
    request = load(tmp_path, uncertain({}, catalog_ranges="true"), known)
    found = figures(request, "catalog.box.purchase", 2000)
    assert min(found) >= 0.8
    assert max(found) <= 1.5
    assert abs(mean(found) - (0.8 + 1 + 1.5) / 3) < 0.01


WRONG = [
    ({**GROWTH, "between": {"low": 1, "high": 2}}, "it has lognormal_per_year and between"),
    ({"change": "demand"}, "it has none"),
    ({**SLIP, "change": "price"}, "months does not go with price"),
    ({"change": "hall_delay", "between": {"low": 1, "high": 2}}, "between does not go with hall_delay; give months"),
    ({**POWER, "between": {"low": 2, "high": 1}}, "write low ≤ mode ≤ high"),
    ({**SLIP, "months": {"0": "0.5", "3": "0.4"}}, "the probabilities must sum to 1; they sum to 0.9"),
    ({**SLIP, "months": {"0": "0.5", "24": "0.5"}}, "a delay must be less than the horizon's 24 months"),
    ({**GROWTH, "of": {"demand": "tran"}}, "did you mean 'train'?"),
    ({**GROWTH, "of": {"vendor": "acme"}}, "demand is not told apart by it"),
    ({"change": "residual", "lognormal_per_year": 1}, "shares of the price left go by age"),
    ({**GROWTH, "from": "2025q1"}, "goes with a factor that is drawn between two"),
    ({"change": "price", "between": {"low": 0, "high": 1}}, "nothing is given away"),
]


@pytest.mark.parametrize(("draw", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_distribution_that_contradicts_is_refused(draw: Tree, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        asked(tmp_path, {"it": draw})
    assert any(said in str(problem) for problem in error.value.problems), error.value.problems


def test_others_are_no_nearer_than_those_of_a_vendor(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"others must be no more than same_vendor \(0.5 > 0.2\)"):
        asked(tmp_path, {"growth": GROWTH}, correlation={"same_vendor": "0.2", "others": "0.5"})


# A plan in them


def held(folder: Path, draws: dict[str, Tree], **more: Any) -> Plan:
    return plan(folder, uncertain(draws, **more), KNOWN)


def test_where_nothing_changes_a_plan_costs_what_it_costs(tmp_path: Path) -> None:
    same = {"change": "demand", "between": {"low": 1, "high": 1}}
    made = held(tmp_path, {"same": same})
    samples, stopped = samples_of(made, 2, OPTIONS, workers=1)
    assert stopped is None
    for sample in samples:
        assert math.isclose(sample.cost.cost_usd, made.objective_usd, rel_tol=1e-9)


CHANGES: dict[str, Tree] = {
    **{kind: {"factor": "1.07"} for kind in ("demand", "price", "rent", "electricity", "residual")},
    **{kind: {"factor": "0.93", "from": "2024q3"} for kind in ("supply", "pools", "power")},
    **{kind: {"months": 3} for kind in ("delivery_delay", "hall_delay")},
}


@pytest.mark.parametrize("kind", SELECTS)
def test_what_a_sample_takes_over_is_what_it_would_build(kind: str) -> None:
    """A request validated once, rates of the scenario as planned, a matrix read without PuLP: the same to the bit."""
    request = load_request(bundled_scenarios()["xai_colossus"])
    said = Future.model_validate({"name": "drawn", "probability": "1", kind: CHANGES[kind]})
    unmet, as_planned = unmet_prices(request), build_tables(request, parts=True)
    once = lenient_course_of(request, said, unmet)
    assert once == answerable(lenient_course_of(request, said), unmet)
    terms = Terms(Uncertainty(), unmet, request.scenario.calendar.count, rent_adapts=True)
    taken = block_of(Drawn(said.name, 1.0, once), {}, terms, as_planned).plain
    anew = to_matrix(build_model(build_tables(once, parts=True)).problem)
    assert (taken.columns, taken.rows) == (anew.columns, anew.rows)
    whole = {"integer": anew.integer.tobytes()}  # later orders of a sample may be fractions
    arrays = [{name: array.tobytes() for name, array in each.arrays().items()} | whole for each in (taken, anew)]
    assert arrays[0] == arrays[1]


@pytest.mark.parametrize("samples", [6, pytest.param(20, marks=pytest.mark.slow)])
def test_results_do_not_depend_on_how_many_work(tmp_path: Path, samples: int) -> None:
    made = held(tmp_path, {"growth": GROWTH, "slip": SLIP, "power": POWER})
    one, two = (stress(made, samples, OPTIONS, workers) for workers in (1, 2))
    assert one == two
    assert one is not None
    assert one.samples == samples


def test_demand_that_grows_costs_more_and_drives_cost(tmp_path: Path) -> None:
    made = held(tmp_path, {"growth": GROWTH})
    found = stress(made, 30, OPTIONS, workers=1)
    assert found is not None
    (driver,) = found.drivers
    assert driver.rank_correlation > 0.8
    assert driver.highest_usd > driver.lowest_usd
    cost = found.cost_usd
    quantiles = [each.estimate for each in (cost.p5, cost.p50, cost.p95)]
    assert quantiles == sorted(quantiles)
    assert cost.p95.estimate <= cost.cvar90.estimate + 1e-6
    assert sum(each.samples for each in found.histogram) == found.samples
    assert found.unmet_share.above_zero > 0


def test_break_points_lie_between_what_holds_and_what_fails(tmp_path: Path) -> None:
    """Ten systems of 3,200 do 32,000 of 30,000, and draw 0.12 of 1 MW; a slip leaves a quarter without any."""
    made = held(tmp_path, {"growth": GROWTH, "power": POWER, "slip": SLIP})
    points = {point.draw: point for point in break_points_of(made, OPTIONS, workers=1)}
    systems = sum(order.systems for order in made.orders)
    growth, power, slip = (points[name] for name in ("growth", "power", "slip"))
    assert growth.holds is not None
    assert growth.fails is not None
    assert growth.holds <= systems * 3200 / 30000 + 1e-6
    assert growth.fails >= systems * 3200 / 30000 - 1e-6
    assert "left undone" in growth.breaks
    assert power.holds is not None
    assert power.fails is not None
    assert power.fails <= systems * 0.01 * 1.2 <= power.holds + 1e-9
    assert "unpowered" in power.breaks
    assert (slip.holds, slip.fails) == (0.0, 3.0)


def test_a_plan_without_anything_to_draw_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither uncertainty\.draws nor futures"):
        stress(held(tmp_path, {}), 2, OPTIONS)


def test_named_futures_are_drawn_by_their_probability(tmp_path: Path) -> None:
    tree = uncertain({})
    tree["futures"] = [{"name": "base", "probability": "0.75"},
                       {"name": "boom", "probability": "0.25", "demand": {"factor": 2}}]  # fmt: skip
    samples, _ = samples_of(plan(tmp_path, tree, KNOWN), 40, OPTIONS, workers=1)
    often = mean(sample.figures["boom"] for sample in samples)
    assert 0.1 < often < 0.45
    dear = [s.cost.cost_usd for s in samples if s.figures["boom"]]
    assert min(dear) > max(s.cost.cost_usd for s in samples if not s.figures["boom"])


def test_a_spread_is_what_its_values_are() -> None:
    found = spread_of([float(k) for k in range(1, 101)])
    assert [each.estimate for each in (found.p5, found.p50, found.p95)] == [5, 50, 95]
    assert found.mean.estimate == 50.5
    assert found.cvar90.estimate == 95.5
    assert found.mean.least < 50.5 < found.mean.most
    assert found.p50.least < 50 < found.p50.most
    assert found.above_zero == 1


COSTS = [
    ([3.0, 3.0, 3.0], [(3.0, 3.0, 3, 1)]),
    ([10.0 * k for k in range(1, 21)], [(0.0, 50.0, 4, 0), (50.0, 100.0, 5, 0), (100.0, 150.0, 5, 0),
                                        (150.0, 200.0, 5, 1), (200.0, 250.0, 1, 1)]),
    ([-120.0, 80.0, 470.0], [(-200.0, 0.0, 1, 0), (0.0, 200.0, 1, 0), (200.0, 400.0, 0, 0), (400.0, 600.0, 1, 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("costs", "bins"), COSTS)
def test_a_histogram_has_round_ends_and_every_sample_once(costs: list[float], bins: list[tuple[Any, ...]]) -> None:
    found = histogram_of(costs)
    assert [(each.least_usd, each.most_usd, each.samples, each.worst) for each in found] == bins


def test_without_time_nothing_is_said(tmp_path: Path) -> None:
    made = held(tmp_path, {"growth": GROWTH})
    assert stress(made, 4, Options(ends=0.0), workers=1) is None


def test_ranks_of_ties_are_shared(tmp_path: Path) -> None:
    samples, _ = samples_of(held(tmp_path, {"slip": SLIP}), 12, OPTIONS, workers=1)
    (driver,) = drivers_of(samples)
    assert math.isclose(driver.rank_correlation, 1.0, rel_tol=1e-9), "two values of one are two of the other"
