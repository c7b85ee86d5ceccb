"""Budgets of each period and of each fiscal year: rows, plans by hand, repairs, the workbook and its way back."""

from __future__ import annotations

import random
from pathlib import Path

import openpyxl
import pytest
from builders import Tree, catalog, load, model, plan, write
from procurement_requests import PLAIN, QUARTER_BOX, asked, bought, boxes, buy, chip, rent
from test_brute_force_whole import check_against_plain_model, check_batch
from test_golden_rows import lp_rows
from test_workbook_back import Edit, edited
from whole_requests import DrawWhole

from catalogs.problems import InputError
from cli.main import run
from optimizer.audit import audit
from optimizer.explain import explain
from optimizer.infeasible.repair import repair
from optimizer.infeasible.shortage import Infeasible
from optimizer.plan.format import Plan
from optimizer.planning import make_plan
from optimizer.request.load import load_request
from optimizer.request.schedule_notes import readings
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.check import check_workbook

pytestmark = pytest.mark.usefixtures("in_process")
FISCAL = {**PLAIN, "fiscal_year_starts": 7}
RENTED = catalog(chip("chip", {"rent": rent(1)}))
BOUGHT = catalog(chip("chip", {"buy": buy(100_000)}))
SMALL_PER_BATCH, PLAIN_INSTANCES = 10, 6


# plans by hand


def test_each_period_may_spend_so_much(tmp_path: Path) -> None:
    """Two boxes are asked for in the third quarter, and money is there for one in each: one comes in the second.

    A discount rate makes later cheaper: without the budget both come in the third.
    """
    parts: Tree = {"finance": {**PLAIN, "discount_rate": "0.08"}, "demand": {"train": boxes([0, 0, 2])}}
    free = plan(tmp_path / "free", asked(3, **parts), BOUGHT)
    assert bought(free) == {("chip.buy", "2025q3"): 2}
    made = plan(tmp_path / "each", asked(3, **parts, budget={"capex_usd": {"each_period": 100_000}}), BOUGHT)
    assert bought(made) == {("chip.buy", "2025q2"): 1, ("chip.buy", "2025q3"): 1}
    assert [(row.window, row.used_usd, row.limit_usd) for row in made.budget] == [
        ("each_period 2025q1", 0, 100_000), ("each_period 2025q2", 100_000, 100_000),
        ("each_period 2025q3", 100_000, 100_000),
    ]  # fmt: skip


def test_each_fiscal_year_may_spend_so_much(tmp_path: Path) -> None:
    """With fiscal years from July on, the first two quarters are fy2025 and the other two fy2026.

    Two boxes are asked for in the fourth quarter: money for one a year lets the first come in the second quarter, the
    last of fy2025. For both years the amount holds in full, though the horizon has half of each.
    """
    parts: Tree = {"finance": {**FISCAL, "discount_rate": "0.08"}, "demand": {"train": boxes([0, 0, 0, 2])}}
    made = plan(tmp_path, asked(4, **parts, budget={"capex_usd": {"each_year": 100_000}}), BOUGHT)
    assert bought(made) == {("chip.buy", "2025q2"): 1, ("chip.buy", "2025q4"): 1}
    assert [row.window for row in made.budget] == ["each_year fy2025", "each_year fy2026"]
    assert [str(note) for note in readings(load_request(tmp_path / "scenario.yaml").scenario)] == [
        "budget.capex_usd.each_year: the amount counts in full for fy2025, which holds 2025q1 to 2025q2: the periods "
        "of the horizon that start in it",
        "budget.capex_usd.each_year: the amount counts in full for fy2026, which holds 2025q3 to 2025q4: the periods "
        "of the horizon that start in it",
    ]


def test_all_of_them_hold_beside_a_window(tmp_path: Path) -> None:
    """A window of its own neither replaces `each_period` nor is replaced: the tighter of the two decides."""
    parts: Tree = {"finance": {**PLAIN, "discount_rate": "0.08"}, "demand": {"train": boxes([0, 0, 2])}}
    capex = {"each_period": 150_000, "2025q2": 99_999, "each_year": 200_000, "2025q3": 1_000_000}
    made = plan(tmp_path, asked(3, **parts, budget={"capex_usd": capex}), BOUGHT)
    assert bought(made) == {("chip.buy", "2025q1"): 1, ("chip.buy", "2025q3"): 1}
    with pytest.raises(Infeasible, match=r"capex in each_year"):
        plan(tmp_path / "less", asked(3, **parts, budget={"capex_usd": {**capex, "each_year": 199_999}}), BOUGHT)


@pytest.mark.parametrize("window", ["each_period", "each_year"])
def test_opex_holds_to_the_cent(tmp_path: Path, window: str) -> None:
    """A rented box is 17,520 USD a quarter, two of them in the half of the fiscal year that the horizon has."""
    most = QUARTER_BOX * (1 if window == "each_period" else 2)
    parts: Tree = {"finance": FISCAL, "demand": {"train": boxes(1)}}
    made = plan(tmp_path / "enough", asked(4, **parts, budget={"opex_usd": {window: most}}), RENTED)
    assert {row.used_usd for row in made.budget} == {most}
    with pytest.raises(Infeasible, match=rf"budget: 0\.01 USD more opex in {window}"):
        plan(tmp_path / "short", asked(4, **parts, budget={"opex_usd": {window: f"{most - 0.01:.2f}"}}), RENTED)


def test_rows_of_the_model(tmp_path: Path) -> None:
    """A row for each period, and for each fiscal year with one of its periods."""
    budget = {"opex_usd": {"each_period": 1_000_000, "each_year": 2_000_000}}
    built = model(tmp_path, asked(3, finance=FISCAL, budget=budget), RENTED)
    quarter = f"{QUARTER_BOX / 1e6:g} order(chip.rent,cloud,2025q"
    assert lp_rows(built, tmp_path)["opex_within_budget"] == [
        f"opex_within_budget(each_period,2025q1): {quarter}1) <= 1",
        f"opex_within_budget(each_period,2025q2): {quarter}2) <= 1",
        f"opex_within_budget(each_period,2025q3): {quarter}3) <= 1",
        f"opex_within_budget(each_year,fy2025): {quarter}1) + {quarter}2) <= 2",
        f"opex_within_budget(each_year,fy2026): {quarter}3) <= 2",
    ]


# levers


@pytest.mark.parametrize(("window", "short"), [("each_period", 5_000), ("each_year", 9_000)])
def test_a_repair_gives_every_one_of_them_more(tmp_path: Path, window: str, short: int) -> None:
    """One amount for all: it is the most that any of them lacks."""
    most = {"each_period": QUARTER_BOX, "each_year": 2 * QUARTER_BOX}[window] - short
    budget = {"opex_usd": {window: most, "total": 10_000_000}}
    path = write(tmp_path, asked(4, finance=FISCAL, budget=budget), RENTED)
    (option,) = [found for found in repair(load_request(path), Options()).repairs if found.kind == "budget"]
    assert option.words == f"+{short:,} USD of opex budget {window}"
    assert option.settings == (f"budget/opex_usd={{{window}: {most + short}, total: 10000000}}",)
    assert make_plan(load_request(path, option.settings), Options()).plan.audit.ok


def test_its_worth_is_that_of_all_of_them(tmp_path: Path) -> None:
    """At 100,000 USD a quarter one of two boxes comes early; 1 % more changes nothing, no box costs so little."""
    parts: Tree = {"finance": {**PLAIN, "discount_rate": "0.08"}, "demand": {"train": boxes([0, 0, 2])}}
    made = plan(tmp_path, asked(3, **parts, budget={"capex_usd": {"each_period": 100_000}}), BOUGHT)
    (worth,) = [row for row in explain(made).limits if row.limit == "capex budget each_period"]
    assert (worth.row, worth.used, worth.most) == ("capex_within_budget(each_period,2025q2)", 100_000, 100_000)


# audit and input


def test_the_audit_counts_each_by_itself(tmp_path: Path) -> None:
    budget = {"opex_usd": {"each_period": QUARTER_BOX, "each_year": 2 * QUARTER_BOX}}
    made = plan(tmp_path, asked(3, finance=FISCAL, budget=budget), RENTED)
    tree = made.model_dump(mode="json")
    tree["scenario"]["budget"]["opex_usd"] |= {"each_period": "17519", "each_year": "35039"}
    rows = {finding.split(":")[0] for finding in audit(tree).findings if finding.startswith("opex_within_budget")}
    assert rows == {
        "opex_within_budget(each_period,2025q1)", "opex_within_budget(each_period,2025q2)",
        "opex_within_budget(each_period,2025q3)", "opex_within_budget(each_year,fy2025)",
    }  # fmt: skip


def test_a_window_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"budget\.opex_usd\.each_month"):
        load(tmp_path, asked(1, budget={"opex_usd": {"each_month": 5}}), RENTED)


def test_it_can_be_set_alone(tmp_path: Path) -> None:
    path = write(tmp_path, asked(2, budget={"opex_usd": {"2025q1": 500_000}}), RENTED)
    budget = load_request(path, ["budget/opex_usd/each_period=400000"]).scenario.budget.opex_usd
    assert {key: int(usd) for key, usd in budget.items()} == {"2025q1": 500_000, "each_period": 400_000}


def test_the_terminal_shows_the_tightest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demand = {"train": boxes([1, 2, 1])}
    path = write(tmp_path, asked(3, demand=demand, budget={"opex_usd": {"each_period": 3 * QUARTER_BOX}}), RENTED)
    assert run(["plan", str(path)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("opex_within_budget")]
    assert len(lines) == 1
    assert lines[0].startswith("opex_within_budget(each_period,2025q2)")


# random requests


class DrawEach(DrawWhole):
    """A random request with budgets of each period or of each fiscal year."""

    def scenario(self, known: Tree) -> Tree:
        asked = super().scenario(known)
        chance = random.Random(str(asked))
        asked.setdefault("finance", {})["fiscal_year_starts"] = chance.choice([1, 2, 4, 7, 12])
        expands = any("expansion" in site for site in asked["sites"].values())
        kinds = ["opex_usd"] if expands and not self.large else ["capex_usd", "opex_usd"]
        for kind in kinds:
            usd = chance.randint(2, 14) * self.work * 15_000_000
            windows = {"each_period": usd, "each_year": usd * chance.randint(1, 2)}
            window = chance.choice(sorted(windows))
            asked.setdefault("budget", {}).setdefault(kind, {})[window] = windows[window]
        return asked


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_plan_is_the_cheapest_of_all_decisions(tmp_path: Path, seed: int) -> None:
    check_batch(tmp_path, seed, SMALL_PER_BATCH, DrawEach)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1040))
def test_plan_is_the_cheapest_of_all_decisions_many_times(tmp_path: Path, seed: int) -> None:
    check_batch(tmp_path, seed, 50, DrawEach)


@pytest.mark.parametrize("number", [
    1, 2, *(pytest.param(number, marks=pytest.mark.slow) for number in (0, *range(3, PLAIN_INSTANCES))),
])  # fmt: skip
def test_plain_model_agrees(tmp_path: Path, number: int) -> None:
    check_against_plain_model(tmp_path, f"plain each budget {number}", DrawEach)


# the workbook


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, in_process: None) -> Plan:  # noqa: ARG001
    known = catalog(chip("chip", {"buy": buy(100_000), "rent": rent(8)}))
    capex = {"each_period": 300_000, "each_year": 500_000, "2025q3": 250_000}
    budget = {"capex_usd": capex, "opex_usd": {"each_period": 2_000_000}}
    parts: Tree = {"finance": FISCAL, "demand": {"train": boxes([1, 3, 5, 6])}, "budget": budget}
    return plan(tmp_path_factory.mktemp("each"), asked(4, **parts), known)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, made: Plan) -> Path:
    path = tmp_path_factory.mktemp("book") / "plan.xlsx"
    write_workbook(made, path)
    return path


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_workbook_is_sound(tmp_path: Path, made: Plan, language: str) -> None:
    write_workbook(made, tmp_path / "plan.xlsx", language=language)  # type: ignore[arg-type]
    assert not check_workbook(tmp_path / "plan.xlsx")


def line(path: Path, title: str, label: str, item: str | None) -> list[object]:
    """What a line shows: constant, total, then the periods."""
    sheet = openpyxl.load_workbook(path, data_only=True)[title]
    (row,) = [
        r for r in range(8, sheet.max_row + 1) if (sheet.cell(r, 1).value, sheet.cell(r, 2).value) == (label, item)
    ]
    return [sheet.cell(row, column).value for column in (5, 6, *range(9, 13))]


def test_its_sheets_show_them(original: Path, made: Plan) -> None:
    """Each period in its own column, with the highest in total; each fiscal year as a window; one amount for all."""
    used = {row.window: row.used_usd for row in made.budget if row.budget == "capex_usd"}
    each = [used[f"each_period {row.period}"] for row in made.periods]
    assert line(original, "Cash", "Capex budget: used", "each_period")[1:] == [max(each), *each]
    assert line(original, "Cash", "Capex budget: used", "each_year fy2025")[1] == used["each_year fy2025"]
    assert line(original, "Inputs", "Capex budget, limit", "each_period")[0] == 300_000
    assert line(original, "Inputs", "Capex budget, limit", "each_year")[0] == 500_000


def test_the_chart_s_budgets_are_the_least_so_far(original: Path, made: Plan) -> None:
    """0.3 M USD a quarter, or 0.5 of fy2025 and from the third quarter on 0.25 of its own window, in which fy2026 has
    begun too: the fourth quarter is in no other, and its capex counts as its own.
    """
    last = sum(made.costs[name]["2025q4"] for name in ("hardware_usd", "network_usd", "facility_usd")) / 1e6
    shown = line(original, "Cash", "Capex budgets so far", None)[2:]
    assert shown == pytest.approx([0.3, 0.5, 0.75, min(1.2, 0.75 + last)])


@pytest.mark.parametrize("window", ["each_period", "each_year"])
def test_an_edit_comes_back_as_one_amount(original: Path, tmp_path: Path, window: str) -> None:
    edit: Edit = ("Inputs", "Capex budget, limit", window, "", 0, 400_000)
    budget = reopened(edited(original, tmp_path, edit)).request.scenario.budget
    expected = {"each_period": 300_000, "each_year": 500_000, "2025q3": 250_000, window: 400_000}
    assert {key: int(usd) for key, usd in budget.capex_usd.items()} == expected
    assert {key: int(usd) for key, usd in budget.opex_usd.items()} == {"each_period": 2_000_000}
