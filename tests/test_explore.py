"""Sweeps, frontiers and alternatives: every figure against an independent solve of a fresh scenario."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import optimizer.explore.sweep as sweeping
from catalogs.problems import InputError
from cli.main import run
from optimizer.explore.alternatives import alternatives
from optimizer.explore.frontier import frontier, undominated
from optimizer.explore.grid import combinations, grid
from optimizer.explore.results import Alternatives, Frontier, Sweep
from optimizer.explore.sweep import INDEX, Combinations, index_text, sweep
from optimizer.infeasible.shortage import Infeasible
from optimizer.plan.format import Plan
from optimizer.plan_files import read_plan
from optimizer.solving.solution import Options
from tests.builders import EXACT, Tree, accelerator, catalog, load, plan, rates, scenario, site, system, write

pytestmark = pytest.mark.usefixtures("in_process")

USD = 0.01
PURCHASE: Tree = {"system": "", "route": "purchase", "lead_time_months": 0}


def chip(name: str, vendor: str, rate: int, price_usd: int, kw: int, **fields: Any) -> Tree:
    """A chip with one system of 4 and one offer to buy it."""
    box = system(4, provisioned_kw=kw, average_kw=kw, **fields)
    offer = {"system": f"{name}_box", "route": "purchase", "price_usd": price_usd}
    return accelerator(name, {f"{name}_box": box}, {f"{name}_box.purchase": offer}, rates(training=rate), vendor=vendor)


# A box does 4 times its rate. Money for the work of 1,000: fast 75,000, green 83,333, dear 500,000 USD.
# Power for it: fast 2.5 kW, green 1 kW. So green costs a little more and saves carbon and power; dear is hopeless.
CHIPS = catalog(
    chip("fast", "acme", 500, 150_000, 5),
    chip("green", "other", 300, 100_000, 1.2),
    chip("dear", "third", 100, 200_000, 2),
)
UNMET_USD = 0.05


def asked(**parts: Any) -> Tree:
    """Work for 4.7 fast boxes, then 8.2; whole boxes, so that a mix of both is often cheapest."""
    demand = {"train": {"workload": "training", "per_second": {"2025q1": 9400, "2025q2": 16400}}}
    base = {"demand": demand, "sites": {"oslo": site(carbon_kg_per_mwh=300)}}
    return scenario(**{**base, **parts})


def may_be_unmet() -> Tree:
    """The same, where work may be left undone at a price that is sometimes lower than that of another box."""
    tree = asked()
    tree["demand"]["train"]["unmet_usd_per_unit_hour"] = UNMET_USD
    return tree


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def limited(folder: Path, tree: Tree, **limit: Any) -> Plan:
    """The plan of a fresh scenario with one limit more."""
    return plan(folder / "fresh", {**tree, "limits": [{"name": "one_more", **limit}]}, CHIPS)


# Frontiers

TRADES = {
    "carbon_t": {"measure": "carbon_t", "bound": "at_most"},
    "it_kw": {"measure": "it_kw", "bound": "at_most"},
    "vendor/acme": {"measure": "spend_usd", "of": {"vendor": "acme"}, "bound": "at_most_share"},
}


def traced(folder: Path, tree: Tree, key: str, points: int = 5, workers: int = 1) -> Frontier:
    return frontier(load(folder, tree, CHIPS), key, points, EXACT, workers=workers)


@pytest.mark.parametrize("key", TRADES)
def test_points_of_a_frontier_are_the_optima_of_fresh_scenarios(key: str, folder: Path) -> None:
    result = traced(folder, asked(), key)
    assert len(result.points) >= 3
    for point in result.points:
        limit = {name: value for name, value in TRADES[key].items() if name != "bound"}
        fresh = limited(folder, asked(), **limit, **{TRADES[key]["bound"]: f"{point.limit * (1 + 1e-9):.12f}"})
        assert point.headline.bound_usd - USD <= fresh.objective_usd <= point.headline.cost_usd + USD
        assert point.headline.cost_usd == pytest.approx(fresh.objective_usd, rel=1e-8)
        assert point.amount <= point.limit * (1 + 1e-6) + 1e-9


@pytest.mark.parametrize("key", [*TRADES, "unmet", "unmet/train"])
def test_no_point_of_a_frontier_is_dominated_and_each_is_an_audited_plan(key: str, folder: Path) -> None:
    result = traced(folder, may_be_unmet(), key)
    assert len(result.points) >= 2
    for fewer, more in pairwise(result.points):
        assert fewer.amount < more.amount
        assert fewer.headline.cost_usd > more.headline.cost_usd
    for point in result.points:
        assert point.plan.audit.ok
        assert point.plan.objective_usd == point.headline.cost_usd


@pytest.mark.parametrize("key", TRADES)
def test_a_frontier_ends_at_the_cheapest_plan_and_at_the_least_there_can_be(key: str, folder: Path) -> None:
    result = traced(folder, asked(), key)
    assert result.points[-1].headline.cost_usd == pytest.approx(plan(folder / "plain", asked(), CHIPS).objective_usd)
    least = result.points[0].amount
    assert result.least_bound == pytest.approx(least, rel=1e-6)
    limit = {name: value for name, value in TRADES[key].items() if name != "bound"}
    if least > 0:
        with pytest.raises(Infeasible):
            limited(folder, asked(), **limit, **{TRADES[key]["bound"]: f"{least * 0.999:.9f}"})


def test_no_work_left_undone_costs_what_it_costs_where_it_must_be_done(folder: Path) -> None:
    result = traced(folder, may_be_unmet(), "unmet/train")
    assert result.points[0].amount == 0
    assert result.points[0].headline.cost_usd == pytest.approx(plan(folder / "must", asked(), CHIPS).objective_usd)
    last = result.points[-1]
    left = sum(row.per_second for row in last.plan.unmet)
    assert last.amount == pytest.approx(100 * left / (9400 + 16400))


def test_the_share_of_a_vendor_is_least_without_it_unless_it_is_committed(folder: Path) -> None:
    assert traced(folder, asked(), "vendor/acme").least_bound == 0
    committed = [{"offer": "fast_box.purchase", "site": "oslo", "period": "2025q1", "systems": 2}]
    # Two fast boxes are paid whatever else is bought; the share is least where the most is spent besides: all that
    # 0.08 MW carry, 80 / 1.2 kW less 10 of fast, in dear boxes of 2 kW and green ones.
    tree = asked(commitments=committed, sites={"oslo": site("0.08", carbon_kg_per_mwh=300)})
    result = traced(folder, tree, "vendor/acme")
    least = result.points[0].amount
    share = {"measure": "spend_usd", "of": {"vendor": "acme"}}
    assert limited(folder, tree, **share, at_most_share=f"{least + 1e-7:.9f}").audit.ok
    with pytest.raises(Infeasible):
        limited(folder, tree, **share, at_most_share=f"{least * 0.99:.9f}")
    assert 0.95 * least <= result.least_bound <= least * (1 + 1e-9)


def test_a_frontier_does_not_depend_on_the_number_of_workers(folder: Path) -> None:
    one, two = (traced(folder, asked(), "carbon_t", 3, workers) for workers in (1, 2))
    assert len(one.points) == 3
    assert one == two


def test_a_frontier_of_one_point_where_nothing_can_be_traded(folder: Path) -> None:
    only_fast = {**asked(), "offers": {"allow": ["fast*"]}}
    result = frontier(load(folder, only_fast, CHIPS), "vendor/acme", 4, EXACT, workers=1)
    assert [point.amount for point in result.points] == [pytest.approx(1)]


def test_dominated_points_are_left_out(folder: Path) -> None:
    points = traced(folder, asked(), "carbon_t").points
    worse = points[1].model_copy(update={"amount": points[1].amount * 1.01})
    assert list(undominated([worse, *reversed(points)], 1e-9)) == list(points)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("carbon", "did you mean 'carbon_t'"),
        ("vendor/acne", "did you mean 'acme'"),
        ("unmet", "no work may be left undone"),
        ("unmet/train", "must be served in full"),
        ("unmet/chat", "there is no demand 'chat'"),
    ],
)
def test_a_trade_that_names_nothing_is_refused(key: str, said: str, folder: Path) -> None:
    with pytest.raises(InputError, match=said):
        traced(folder, asked(), key)


# Alternatives


@pytest.fixture(scope="module")
def nearly_best(tmp_path_factory: pytest.TempPathFactory, in_process: None) -> Alternatives:  # noqa: ARG001
    request = load(tmp_path_factory.mktemp("nearly"), asked(), CHIPS)
    return alternatives(request, 0.05, EXACT, plans=4, workers=1)


def is_within(folder: Path, most_cost_usd: float, **limit: Any) -> bool:
    """Whether some plan keeps a further limit and costs no more."""
    return is_possible(folder, most_cost_usd, [{"name": "one_more", **limit}])


@pytest.mark.parametrize("name", ["fast", "green", "dear"])
def test_the_range_of_a_chip_is_that_of_fresh_scenarios(name: str, nearly_best: Alternatives, folder: Path) -> None:
    row = next(row for row in nearly_best.ranges if row.name == name)
    of: Tree = {"measure": "accelerators", "of": {"accelerator": name}}
    within = nearly_best.most_cost_usd
    counts = range(0, 61, 4)  # in fours: whole boxes
    low = next(n for n in counts if is_within(folder, within, **of, at_most=n))
    high = max((n for n in counts if n == 0 or is_within(folder, within, **of, at_least=n)), default=0)
    assert (row.least, row.most) == (pytest.approx(low), pytest.approx(high))
    assert row.least_bound <= row.least <= row.here <= row.most <= row.most_bound
    assert row.need == ("must" if low else "optional" if high else "never")


@pytest.mark.parametrize("name", ["acme", "other"])
def test_the_range_of_a_vendor_is_that_of_fresh_scenarios(name: str, nearly_best: Alternatives, folder: Path) -> None:
    row = next(row for row in nearly_best.ranges if row.name == name)
    of: Tree = {"measure": "spend_usd", "of": {"vendor": name}}
    within = nearly_best.most_cost_usd
    assert is_within(folder, within, **of, at_most=row.least * 1e6 + 1)
    assert is_within(folder, within, **of, at_least=row.most * 1e6 - 1)
    assert row.least == 0 or not is_within(folder, within, **of, at_most=row.least * 1e6 * 0.999)
    assert not is_within(folder, within, **of, at_least=row.most * 1e6 * 1.001)


def test_the_range_of_peak_power_is_that_of_fresh_scenarios(nearly_best: Alternatives, folder: Path) -> None:
    row = next(row for row in nearly_best.ranges if row.kind == "site")
    within, kw = nearly_best.most_cost_usd, 1000 / 1.2  # MW at the meter to kW of IT, by the PUE
    assert is_within(folder, within, measure="it_kw", at_most=row.least * kw + 1e-6)
    assert not is_within(folder, within, measure="it_kw", at_most=row.least * kw * 0.999)
    # Boxes stay, so the power is at its highest in 2025q2: 5 kW for each fast box and 1.2 for each green one. With
    # any number of fast boxes, green ones that make it more than the most cost too much; dear ones are in no plan.
    assert row.most * kw >= max(most_kw(one.plan) for one in nearly_best.plans) - 1e-6
    for fast in range(10):
        green = max(0, math.floor((row.most * kw * (1 + 1e-6) - 5 * fast) / 1.2) + 1)
        limits = [at_least("fast", 4 * fast), at_least("green", 4 * green)]
        assert not is_possible(folder, within, limits)


def at_least(name: str, count: int) -> Tree:
    return {"name": f"some_{name}", "measure": "accelerators", "of": {"accelerator": name}, "at_least": count}


def is_possible(folder: Path, most_cost_usd: float, limits: list[Tree]) -> bool:
    """Whether some plan keeps some limits and costs no more."""
    try:
        return plan(folder / "fresh", asked(limits=limits), CHIPS).objective_usd <= most_cost_usd + USD
    except Infeasible:
        return False


def most_kw(found: Plan) -> float:
    """Highest IT load at the one site, whose PUE is 1.2."""
    return max(row.power_used_mw for row in found.sites) * 1000 / 1.2


def test_alternatives_are_audited_plans_within_the_cost_that_differ(nearly_best: Alternatives) -> None:
    best, *others = nearly_best.plans
    assert len(others) >= 2
    for one in others:
        assert one.plan.audit.ok
        assert best.headline.cost_usd <= one.headline.cost_usd <= nearly_best.most_cost_usd + USD
        assert one.headline.bound_usd <= best.headline.cost_usd
        assert one.apart >= 0.01
    mixes = [spent(one.plan) for one in nearly_best.plans]
    total = sum(mixes[0].values())
    for k, one in enumerate(others, 1):
        nearest = min(
            sum(abs(mixes[k].get(chip, 0) - mix.get(chip, 0)) for chip in ("fast", "green", "dear")) / 2 / total
            for mix in mixes[:k]
        )
        assert one.apart == pytest.approx(nearest, abs=1e-6)


def spent(found: Plan) -> dict[str, float]:
    """USD by chip; here everything is bought."""
    return {
        o.accelerator: sum(x.capex_usd for x in found.orders if x.accelerator == o.accelerator) for o in found.orders
    }


def test_the_plan_with_least_of_a_vendor_is_the_cheapest_of_those(folder: Path) -> None:
    result = alternatives(load(folder, asked(), CHIPS), 0.05, EXACT, least=["acme"], workers=1)
    (_, found) = result.plans
    row = next(row for row in result.ranges if row.name == "acme")
    assert spent(found.plan).get("fast", 0) == pytest.approx(row.least * 1e6)
    fresh = limited(folder, asked(), measure="spend_usd", of={"vendor": "acme"}, at_most=row.least * 1e6 + 1)
    assert found.headline.cost_usd == pytest.approx(fresh.objective_usd, rel=1e-7)


def test_alternatives_do_not_depend_on_the_number_of_workers(nearly_best: Alternatives, folder: Path) -> None:
    request = load(folder, asked(), CHIPS)
    assert alternatives(request, 0.05, EXACT, plans=4, workers=2) == nearly_best


def test_least_of_an_unknown_vendor_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'other'"):
        alternatives(load(folder, asked(), CHIPS), 0.05, EXACT, least=["othre"], workers=1)


# Sweeps

RATES = ("0.05", "0.08", "0.12")
POWERS = ("0.05", "0.001")  # 50 kW at the meter are enough, one is not


def question(folder: Path) -> Combinations:
    path = write(folder, asked(), CHIPS)
    vary = {"finance/discount_rate": RATES, "sites/oslo/power_mw": POWERS}
    return Combinations(path, (), vary, Options(gap=1e-6))


def test_lists_are_parted_outside_of_brackets_and_quotes() -> None:
    texts = ["a/b={2026: 1, 2027: 2},{2026: 3}", "c=[x, y],'p, q', r"]
    assert grid(texts) == {"a/b": ("{2026: 1, 2027: 2}", "{2026: 3}"), "c": ("[x, y]", "'p, q'", "r")}
    assert len(list(combinations(grid(texts)))) == 6


@pytest.mark.parametrize("text", ["finance", "=1,2", "finance/discount_rate=", "a=1,,2", "a=1,1"])
def test_a_variation_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        grid([text])


def test_cells_of_a_sweep_are_the_plans_of_fresh_scenarios(folder: Path) -> None:
    result = sweep(question(folder / "a"), folder / "out", workers=1)
    assert [tuple(cell.settings.values()) for cell in result.cells] == [(r, p) for r in RATES for p in POWERS]
    for cell in result.cells:
        rate, power = cell.settings.values()
        if power == "0.001":
            assert cell.status == "infeasible"
            assert (cell.headline, cell.plan) == (None, None)
            assert "more power at oslo" in (cell.why or "")
            continue
        tree = asked(finance={"discount_rate": rate, "residual": "none"})
        fresh = plan(folder / "fresh", tree, CHIPS)
        assert cell.headline is not None
        assert cell.headline.cost_usd == pytest.approx(fresh.objective_usd, rel=1e-6)
        assert cell.headline.capex_usd == pytest.approx(sum(order.capex_usd for order in fresh.orders), rel=1e-6)
        assert cell.plan is not None
        assert read_plan(folder / "out" / cell.plan).objective_usd == cell.headline.cost_usd


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_an_interrupted_sweep_goes_on_and_repeats_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sweep(question(folder), folder / "whole", workers=1)

    def stop_after_two(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    first = sweep(question(folder), folder / "parts", workers=1, watch=stop_after_two)
    assert [cell.status for cell in first.cells][2:] == ["not_run"] * 4
    made = []
    real = sweeping.answered
    monkeypatch.setattr(sweeping, "answered", lambda options, one: made.append(one) or real(options, one))
    again = sweep(question(folder), folder / "parts", workers=1)
    assert len(made) == 4
    assert again == whole
    assert contents(folder / "parts") == contents(folder / "whole")


def test_a_changed_scenario_is_not_answered_from_the_folder(folder: Path) -> None:
    same = question(folder)
    before = sweep(same, folder / "out", workers=1)
    write(folder, asked(assumptions={"availability": "0.9"}), CHIPS)
    after = sweep(same, folder / "out", workers=1)
    assert {cell.id for cell in before.cells}.isdisjoint(cell.id for cell in after.cells)


def test_a_sweep_does_not_depend_on_the_number_of_workers(folder: Path) -> None:
    one = sweep(question(folder), folder / "one", workers=1)
    two = sweep(question(folder), folder / "two", workers=2)
    assert index_text(one) == index_text(two)
    assert contents(folder / "one") == contents(folder / "two")


COMMAND = [sys.executable, "-c", "from cli.main import main; main()"]
VARY = ["--vary", f"finance/discount_rate={','.join(f'0.0{k}' for k in range(1, 10))}"]


def started(folder: Path) -> subprocess.Popen[str]:
    """A sweep of nine plans by two processes, with at least one plan done."""
    path = write(folder, asked(), CHIPS)
    words = [*COMMAND, "sweep", path.name, *VARY, "-o", "out", "--workers", "2"]
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    child = subprocess.Popen(
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while child.poll() is None and not done_in(folder / "out"):
        time.sleep(0.02)
    return child


def done_in(out: Path) -> int:
    if not (out / INDEX).exists():
        return 0
    cells = Sweep.model_validate_json((out / INDEX).read_bytes()).cells
    return sum(cell.status != "not_run" for cell in cells)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_sweep_that_was_stopped_goes_on(
    how: signal.Signals, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    child = started(folder)
    child.send_signal(how)
    said = child.communicate()[1]
    kept = done_in(folder / "out")
    if kept < 9:  # else it was done before it could be stopped
        assert child.returncode == (130 if how == signal.SIGINT else -9)
        assert how == signal.SIGKILL or "go on with --resume out" in said
    assert run(["sweep", str(folder / "scenario.yaml"), "--resume", str(folder / "out"), "--workers", "1"]) == 0
    whole = Combinations(folder / "scenario.yaml", (), grid(VARY[1:]), Options())
    assert contents(folder / "out") == contents_of(sweep(whole, folder / "whole", workers=1), folder / "whole")
    capsys.readouterr()


def contents_of(_result: Sweep, folder: Path) -> dict[str, bytes]:
    return contents(folder)


# Commands


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints; a solver in this process prints its progress too."""
    lines = capsys.readouterr().out.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith('{"seconds"'))


def written(folder: Path) -> str:
    return str(write(folder, asked(), CHIPS))


def test_a_sweep_prints_a_line_for_each_combination(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", written(folder), "--vary", "sites/oslo/power_mw=0.001,0.05", "-o", str(folder / "out")]
    assert run([*words, "--workers", "1"]) == 0
    out, err = capsys.readouterr()
    lines = [line.split() for line in out.splitlines()]
    assert ["0.001", "no", "plan", "meets", "every", "limit"] in lines
    assert any(line[:1] == ["0.05"] and line[-1] == "optimal" for line in lines)
    assert "more power at oslo" in err


def test_a_sweep_without_any_plan_says_so_by_its_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", written(folder), "--vary", "sites/oslo/power_mw=0.001", "-o", str(folder / "out"), "--json", "-"]
    assert run([*words, "--workers", "1"]) == 3
    assert json.loads(printed(capsys))["cells"][0]["status"] == "infeasible"


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ("finance/discount_rate=0.1,much", "--vary finance/discount_rate=much:1:"),
        ("finance/discount_rat=0.1", "did you mean 'discount_rate'"),
        ("catalog/offers/fast_box.purchase/price_usd=1,-1", "--vary catalog/offers/fast_box.purchase/price_usd=-1"),
        ("finance/discount_rate", "must be KEY=A,B,C"),
    ],
)
def test_a_bad_variation_is_refused_before_anything_is_solved(
    vary: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sweep", written(folder), "--vary", vary, "-o", str(folder / "out")]) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_folders_that_cannot_be_used_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(folder)
    assert run(["sweep", path, "--vary", "finance/discount_rate=0.1", "-o", str(folder)]) == 2
    assert run(["sweep", path, "--resume", str(folder / "nowhere")]) == 2
    assert run(["sweep", path]) == 2
    err = capsys.readouterr().err
    assert "is not empty" in err
    assert "--resume takes the folder of a sweep" in err
    assert "say what varies" in err


def test_a_frontier_is_printed_and_its_plans_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["frontier", written(folder), "--trade", "carbon_t", "--points", "3", "-o", str(folder / "plans")]
    assert run([*words, "--json", str(folder / "frontier.json")]) == 0
    out = capsys.readouterr().out
    assert "Cost against carbon over the horizon" in out
    result = Frontier.model_validate_json((folder / "frontier.json").read_text())
    plans = [read_plan(path) for path in sorted((folder / "plans").iterdir())]
    assert [point.plan for point in result.points] == plans


def test_a_frontier_of_an_infeasible_scenario_has_its_exit_code(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--set", "sites/oslo/power_mw=0.001"]
    assert run(["frontier", written(folder), "--trade", "carbon_t", *words]) == 3
    assert run(["alternatives", written(folder), *words]) == 3
    assert run(["frontier", written(folder), "--trade", "carbn"]) == 2
    capsys.readouterr()


@pytest.mark.parametrize("within", ["2", "0%", "a lot", "-1%"])
def test_within_is_a_percentage(within: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["alternatives", written(folder), "--within", within]) == 2
    assert "such as 2%" in capsys.readouterr().err


def test_alternatives_are_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["alternatives", written(folder), "--within", "5 %", "--plans", "3", "--workers", "1"]) == 0
    out = printed(capsys)
    assert "What plans within 5.0 % of the best cost can have" in out
    assert "alternative 2" in out
    assert max(map(len, out.splitlines())) <= 100
