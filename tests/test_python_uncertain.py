"""Decisions under uncertainty and stressed plans in Python: the command's results as typed tables, HTML and files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commands import run_here
from test_robust_cli import FUTURES, asked

from catalogs.problems import InputError
from optimizer import Decision, NoPlan, Stressed, plan, robust, stress

pytestmark = pytest.mark.usefixtures("in_process")
NAMES = ["as_planned", "boom", "dark"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    futures = [*FUTURES[:2], {**FUTURES[2], "name": "dark"}]
    return asked(tmp_path_factory.mktemp("asked"), futures=futures, name="<b>risky</b>")


@pytest.fixture(scope="module")
def decision(path: str) -> Decision:
    return robust(path, cvar=0.5, weight=0.7)


@pytest.fixture(scope="module")
def stressed(decision: Decision) -> Stressed:
    assert decision.plan is not None
    return stress(decision.plan, samples=8)


def test_results_are_those_of_the_commands(decision: Decision, stressed: Stressed, path: str, tmp_path: Path) -> None:
    words = ("--cvar", "0.5", "--weight", "0.7", "--json", "mine.json", "--plan", "plan.json", "--workers", "1")
    assert run_here("robust", path, *words, cwd=tmp_path).returncode == 0
    words = ("--samples", "8", "--json", "stress.json", "--workers", "1")
    assert run_here("stress", "plan.json", *words, cwd=tmp_path).returncode == 0
    decision.write(tmp_path / "d.json")
    stressed.write(tmp_path / "s.json")
    assert (tmp_path / "d.json").read_bytes() == (tmp_path / "mine.json").read_bytes()
    assert (tmp_path / "s.json").read_bytes() == (tmp_path / "stress.json").read_bytes()


def test_tables_are_typed_and_hold_what_was_found(decision: Decision, stressed: Stressed) -> None:
    tables = [decision.sign_now, decision.may_change, decision.futures, decision.costs, decision.regret, decision.over,
              decision.unpowered, stressed.spread, stressed.above_zero, stressed.histogram, stressed.drivers,
              stressed.break_points, stressed.costs]  # fmt: skip
    assert {str(kind) for table in tables for kind in table.dtypes} == {"string", "float64", "int64"}
    found = decision.document
    assert list(decision.futures["future"]) == [row.name for row in found.futures]
    assert list(decision.costs.columns[1:4]) == [row.name for row in found.futures]
    own = decision.costs.set_index("plan").loc["ROBUST"]
    assert own["expected_usd"] == pytest.approx(decision.expected_usd)
    for row in found.futures:
        assert own[row.name] == row.cost_usd
    regret = decision.regret.set_index("plan")
    assert (regret.min() >= 0).all()
    assert regret.loc["ROBUST"].max() == pytest.approx(max(row.regret_usd for row in found.futures))
    assert set(decision.unpowered["future"]) == {"dark"}
    assert len(stressed.costs) == stressed.histogram["samples"].sum() == 8
    mean = stressed.spread.set_index(["quantity", "statistic"]).loc[("cost_usd", "mean"), "estimate"]
    assert mean == pytest.approx(stressed.costs["cost_usd"].mean())


def test_a_notebook_shows_them_and_no_text_is_html(decision: Decision, stressed: Stressed) -> None:
    for shown in (decision, stressed):
        page = shown._repr_html_()
        assert "&lt;b&gt;risky" in page
        assert "<b>" not in page
        assert "risky" in repr(shown)
    assert "ROBUST" in decision._repr_html_()
    assert "cvar90" in stressed._repr_html_()


def test_workbooks_have_the_sheets(decision: Decision, stressed: Stressed, tmp_path: Path) -> None:
    for name, one, sheet in (("d", decision, "Regret"), ("s", stressed, "Distribution")):
        one.write(tmp_path / f"{name}.xlsx")  # type: ignore[attr-defined]
        assert sheet in openpyxl.load_workbook(tmp_path / f"{name}.xlsx", read_only=True).sheetnames


def test_a_decision_without_a_plan_has_json_alone(decision: Decision, tmp_path: Path) -> None:
    alone = Decision(decision.document, None)
    alone.write(tmp_path / "d.json")
    assert json.loads((tmp_path / "d.json").read_text())["decide_by"] == decision.document.decide_by
    with pytest.raises(ValueError, match="no plan of whole systems"):
        alone.write(tmp_path / "d.xlsx")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"cvar": 1}, "less than 1"),
    ({"weight": 0.5}, "goes with cvar"),
    ({"cvar": 0.5, "weight": 2}, "between 0 and 1"),
    ({"cvar": 0.5, "regret": True}, "two aims"),
    ({"gap": 2}, "gap is a part"),
    ({"time_limit": 0}, "seconds above 0"),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_contradicts_itself_is_refused(given: dict[str, Any], said: str, path: str) -> None:
    with pytest.raises(ValueError, match=said):
        robust(path, **given)


def test_what_has_no_answer_is_an_exception(decision: Decision, path: str) -> None:
    with pytest.raises(InputError, match="has no futures"):
        robust("quick_start")
    with pytest.raises(InputError, match="nor futures to draw from"):
        stress(plan(path, set={"futures": []}), samples=2)
    assert decision.plan is not None
    with pytest.raises(ValueError, match="1 or more"):
        stress(decision.plan, samples=0)
    with pytest.raises(NoPlan, match="no future was looked at"):
        stress(decision.plan, samples=2, time_limit=1e-6)
