"""The L-shaped method: the deterministic equivalent's decisions and bounds, for every aim and any number of solvers."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from builders import EXACT, Tree, accelerator, catalog, load, one_offer, plan, rates, scenario, site, system
from farmer import MARKET_USD, USD, farm
from two_stage import Draw, Extensive

import optimizer.uncertainty.l_shaped
import optimizer.uncertainty.robust
from optimizer.interruption import OutOfTime
from optimizer.request.load import Request
from optimizer.solving.certificate import certified_bound
from optimizer.solving.kept import kept
from optimizer.solving.matrix import Matrix
from optimizer.solving.solve import Solver, solve
from optimizer.uncertainty.aims import Aim
from optimizer.uncertainty.blocks import Block, blocks_of
from optimizer.uncertainty.cuts import cost_between, cut_of, proved
from optimizer.uncertainty.l_shaped import LShaped
from optimizer.uncertainty.outcome import outcomes_of
from optimizer.uncertainty.question import asked
from optimizer.uncertainty.report import result_of
from optimizer.uncertainty.robust import AT_ONCE_COLUMNS, Method, Robust, chosen, robust

EXPECTED, AVERSE, REGRET = Aim(), Aim(0.6, 0.7), Aim(regret=True)
AIMS = (EXPECTED, AVERSE, REGRET)
FEW, MANY = range(3), range(3, 103)


def in_turns(request: Request, aim: Aim = EXPECTED, workers: int = 1) -> Robust:
    return robust(asked(request), aim, EXACT, workers, "l_shaped")


def close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1.0)


# The deterministic equivalent


def check(seed: int, aim: Aim, folder: Path) -> None:
    """The same measure, expectation and proof as the deterministic equivalent; the extensive form where it has one."""
    drawn = Draw(seed)
    request = load(folder, drawn.scenario(), drawn.catalog())
    if asked(request).certain is not None:
        return
    found, other = in_turns(request, aim), robust(asked(request), aim, EXACT, 1, "at_once")
    assert close(found.objective, other.objective), seed
    assert close(found.best.expected(found.weights), other.best.expected(other.weights)), seed
    assert close(found.bound, other.bound), seed
    assert close(found.certified, other.certified), seed
    assert found.certified <= found.bound * (1 + 1e-9) + 1, seed
    if not aim.regret:
        assert close(found.objective, Extensive(drawn).least_usd(aim.level, aim.weight)), seed


@pytest.mark.parametrize("seed", FEW)
def test_a_random_decision_is_that_of_the_deterministic_equivalent(seed: int, tmp_path: Path) -> None:
    check(seed, AIMS[seed % len(AIMS)], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("aim", AIMS, ids=["expected", "cvar", "regret"])
@pytest.mark.parametrize("seed", MANY)
def test_many_random_decisions_are_those_of_the_deterministic_equivalent(seed: int, aim: Aim, tmp_path: Path) -> None:
    check(seed, aim, tmp_path)


# Published answers


def test_the_farmer_earns_what_is_published(tmp_path: Path) -> None:
    found = in_turns(load(tmp_path, *farm()))
    assert close((MARKET_USD - found.objective) / USD, 108_390)
    acres = {key[1]: round(amount, 3) for key, amount in found.best.decision.items() if key[0] == "order" and amount}
    assert acres == {"wheat.buy": 170, "corn.buy": 80, "beets.buy": 250}
    assert found.certified >= found.objective - 1


PRICE, LOST = 300_000, 1_000_000
SALES = {"few": (100, "0.2"), "some": (200, "0.35"), "many": (300, "0.3"), "most": (400, "0.15")}


def news(**parts: object) -> tuple[Tree, dict[str, Tree]]:
    """Papers are bought at 300,000 before sales are known; each that is missing loses 1,000,000."""
    terms = {"system": "box", "route": "purchase", "price_usd": PRICE, "lead_time_months": 12}
    known = catalog(accelerator("chip", {"box": system(accelerators=1)}, {"box.buy": terms}, rates(training=1)))
    hourly = f"{LOST / 8760:.15g}"
    futures = [{"name": name, "probability": p, "demand": {"factor": f"{d / 100:g}"}} for name, (d, p) in SALES.items()]
    tree = scenario(
        horizon={"start": 2025, "periods": 2},
        finance={"discount_rate": 0, "residual": "none"},
        sites={"oslo": site(pue=1, electricity_usd_per_mwh=0)},
        demand={"train": {"workload": "training", "per_second": {2026: 100}, "unmet_usd_per_unit_hour": hourly}},
        futures=futures,
        uncertainty={"decide_by": 2025},
    )
    return {**tree, **parts}, known


def test_the_news_vendor_buys_the_quantile_of_the_critical_ratio(tmp_path: Path) -> None:
    """F(x) ≥ (lost − price) / lost = 0.7: of 0.2, 0.55, 0.85 and 1 the third, 300."""
    found = in_turns(load(tmp_path, *news()))
    assert found.best.decision["order", "box.buy", "oslo", "2025"] == 300
    assert close(found.objective, PRICE * 300 + LOST * 0.15 * 100)


def test_cvar_of_level_0_is_the_expectation(tmp_path: Path) -> None:
    request = load(tmp_path, *news())
    assert in_turns(request, Aim(0.0, 1.0)).objective == in_turns(request).objective


def test_of_one_future_in_which_all_is_decided_now_the_best_is_its_plan(tmp_path: Path) -> None:
    known = one_offer(lead_time_months=3)
    busy = {"train": {"workload": "training", "per_second": {"2025q1": 0, "2025q2": 30000, "2025q4": 50000}}}
    tree = scenario(horizon={"start": "2025q1", "periods": 4}, demand=busy, uncertainty={"decide_by": "2025q4"})
    expected = plan(tmp_path, tree, known)
    found = in_turns(load(tmp_path, {**tree, "futures": [{"name": "only", "probability": 1}]}, known))
    assert close(found.objective, expected.objective_usd)


# Yes or no, later


def ported_later() -> tuple[Tree, dict[str, Tree]]:
    """What is missing in 2027 may be rented on a stack that is ported to in 2026, when sales are known, or is not."""
    buy = {"system": "box", "route": "purchase", "price_usd": PRICE, "lead_time_months": 24}
    rent = {"system": "node", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 20}
    known = catalog(
        accelerator("chip", {"box": system(accelerators=1)}, {"box.buy": buy}, rates(training=1)),
        accelerator("other", {"node": system(accelerators=1)}, {"node.rent": rent}, rates(training=1), stack="xla"),
    )
    tree, _ = news(horizon={"start": 2025, "periods": 3})
    stacks = {"cuda": 0, "xla": {"usd": 60_000_000, "months": 12}}
    tree["demand"] = {"train": {**tree["demand"]["train"], "per_second": {2027: 100}, "stacks": stacks}}
    return tree, known


@pytest.mark.parametrize("aim", AIMS, ids=["expected", "cvar", "regret"])
def test_what_relaxed_futures_leave_open_is_closed_by_putting_them_together(aim: Aim, tmp_path: Path) -> None:
    request = load(tmp_path, *ported_later())
    found, other = in_turns(request, aim), robust(asked(request), aim, EXACT, 1, "at_once")
    assert close(found.objective, other.objective)
    assert close(found.bound, other.bound)
    assert found.certified <= found.bound + 1e-6


def test_what_is_not_closed_is_told_as_the_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sale that is lost costs no more than a share of the porting, relaxed: 81,012,000 of 97,512,000."""
    monkeypatch.setattr(optimizer.uncertainty.l_shaped, "TOGETHER_COLUMNS", 0)
    found = in_turns(load(tmp_path, *ported_later()))
    assert close(found.objective, 97_512_000)
    assert close(found.bound, 81_012_000)
    assert found.certified <= found.bound


# Cuts


def futures_of(request: Request) -> list[Block]:
    question = asked(request)
    return blocks_of(question.futures, question.terms)


def test_a_cut_of_any_duals_is_below_what_a_future_costs(tmp_path: Path) -> None:
    """Its exact constant is no more than that of doubles, but for their rounding, and holds for every decision."""
    draw = random.Random("cuts")
    block = futures_of(load(tmp_path, *ported_later()))[1]
    first = block.first_columns
    decisions = [np.round(draw.random() * block.matrix.upper[first]) for _ in range(4)]
    costs = [held_usd(block, values) for values in decisions]
    for number in range(30):
        duals = np.array([draw.choice([0.0, draw.gauss(0, 10.0 ** draw.randint(-6, 2))]) for _ in block.matrix.rows])
        cut = proved(cut_of(block.matrix, first, duals), block.matrix, first)
        assert abs(cut.constant - cut_of(block.matrix, first, duals).constant) <= 1e-9 * abs(cut.constant) + 1e-9
        for values, cost in zip(decisions, costs, strict=True):
            assert cut.at(values) <= cost * (1 + 1e-9), number


def held_usd(block: Block, values: object) -> float:
    found = solve(block.matrix.fixed(dict(zip(block.first_columns, values, strict=True))), EXACT)  # type: ignore[call-overload]
    assert found.status == "optimal"
    return found.objective


def test_the_cut_of_the_duals_of_a_decision_is_exact_there(tmp_path: Path) -> None:
    block = futures_of(load(tmp_path, *news()))[1]
    values = np.array([150.0 if key[0] == "order" else 0.0 for key in block.first])
    model = kept("one", block.matrix, block.first_columns)
    with Solver() as solver:
        cut = cut_of(block.matrix, block.first_columns, solver.duals(model, values, EXACT))
        again = [
            cut_of(block.matrix, block.first_columns, solver.duals(model, at, EXACT)) for at in (2 * values, values)
        ]
    assert close(cut.at(values) * 1e6, held_usd(block, values) * 1e6)
    assert close(again[0].at(2 * values) * 1e6, held_usd(block, 2 * values) * 1e6)
    assert close(again[1].at(values) * 1e6, cut.at(values) * 1e6)
    assert proved(cut, block.matrix, block.first_columns).constant <= cut.constant + 1e-9


def test_the_constant_of_a_cut_is_no_more_than_its_exact_value() -> None:
    """min x + y, x + y ≥ 1/10 with v = 1/3, π = (1 − v): what is rounded, of 1 − π and of the sum, is rounded down."""
    matrix = Matrix(
        cost=np.array([1.0, 1.0]), lower=np.zeros(2), upper=np.full(2, 7.0), integer=np.zeros(2, dtype=bool),
        row_lower=np.array([0.1]), row_upper=np.array([np.inf]), start=np.array([0, 2], dtype=np.int32),
        index=np.array([0, 1], dtype=np.int32), value=np.ones(2), columns=("x", "y"), rows=("need",),
    )  # fmt: skip
    third = 1 / 3
    cut = proved(cut_of(matrix, [0], np.array([third])), matrix, [0])
    slope, v = Fraction(float(cut.slopes[0])), Fraction(third)
    exact = v * Fraction(0.1) + min(Fraction(0), (1 - slope - v) * 7)  # y costs 1 − v > 0 apiece, so none of it
    assert 0 <= exact - Fraction(cut.constant) <= Fraction(1, 2**55)


def test_bounds_of_a_cost_hold_every_plan(tmp_path: Path) -> None:
    matrix = futures_of(load(tmp_path, *news()))[1].matrix
    least, most = cost_between(matrix)
    assert Fraction(least) <= certified_bound(matrix, np.zeros(len(matrix.rows)))
    assert Fraction(most) >= -certified_bound(
        matrix.minimising({j: -c for j, c in enumerate(matrix.cost)}), np.zeros(len(matrix.rows))
    )


# How it goes


def test_the_same_bytes_for_any_number_of_solvers(tmp_path: Path) -> None:
    drawn = Draw(4)
    request = load(tmp_path, drawn.scenario(), drawn.catalog())
    one, two = (in_turns(request, AVERSE, workers) for workers in (1, 2))
    told = [result_of(each, outcomes_of(each, EXACT), EXACT).model_dump_json() for each in (one, two)]
    assert told[0] == told[1]


def test_cut_short_it_has_a_decision_and_a_bound_that_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = load(tmp_path, *news())
    least = in_turns(request).objective
    swept = LShaped._swept
    told = iter([False, False, True])

    def stopping(self: LShaped, decision: object) -> dict[int, float]:
        if next(told):
            raise OutOfTime
        return swept(self, decision)  # type: ignore[arg-type]

    monkeypatch.setattr(LShaped, "_swept", stopping)
    found = in_turns(request)
    assert found.bound <= least * (1 + 1e-9) <= found.objective * (1 + 2e-9)
    assert found.certified <= least


def test_a_relaxation_that_is_not_kept_is_loaded_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = load(tmp_path, *news())
    kept_all = in_turns(request).objective
    monkeypatch.setattr(optimizer.uncertainty.l_shaped, "KEPT_ENTRIES", 0)
    assert close(in_turns(request).objective, kept_all)


def test_of_many_futures_only_plans_of_the_likeliest_are_held_in_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What each of the others costs, known, is what its own plan costs in it: so many papers as are sold."""
    monkeypatch.setattr(optimizer.uncertainty.robust, "ALL_COMPARED", 3)
    monkeypatch.setattr(optimizer.uncertainty.robust, "COMPARED", 1)
    found = in_turns(load(tmp_path, *news()))
    assert [other.name for other in found.others] == ["some", "MEAN"]
    known = {block.name: each.most for block, each in zip(found.blocks, found.known, strict=True)}
    assert all(close(known[name], PRICE * sold) for name, (sold, _) in SALES.items())
    told = result_of(found, outcomes_of(found, EXACT), EXACT)
    assert any("of 4 futures the plans of the 1 likeliest" in note for note in told.notes)
    assert told.insurance is None or told.insurance.against == "some"


def test_many_columns_are_decided_in_turns(tmp_path: Path) -> None:
    blocks = futures_of(load(tmp_path, *news()))
    columns = len(blocks[0].matrix.cost)
    ways: dict[int, Method] = {1: "at_once", AT_ONCE_COLUMNS // columns + 1: "l_shaped"}
    assert {count: chosen(blocks[:1] * count) for count in ways} == ways
