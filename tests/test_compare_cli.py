"""`chipmix compare`, and the workbooks of the commands that make many plans."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from commands import mostly_slow

from cli.main import run
from optimizer.plan.text import plan_text
from tests.builders import plan, write
from tests.test_workbook_compare import CHIPS, asked

pytestmark = pytest.mark.usefixtures("in_process")


@pytest.fixture
def plans(tmp_path: Path) -> list[str]:
    """An approved plan and one for more work."""
    found = []
    for name, first in (("approved", 9400), ("new", 12000)):
        (tmp_path / f"{name}.json").write_text(plan_text(plan(tmp_path / name, asked(first), CHIPS)))
        found.append(str(tmp_path / f"{name}.json"))
    return found


def test_the_steps_of_each_change_sum_to_its_cost(
    plans: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", plans[0], plans[1], plans[0], "--json", str(tmp_path / "found.json")]) == 0
    found = json.loads((tmp_path / "found.json").read_text())
    costs = [side["objective_usd"] for side in found["plans"]]
    for change, cost in zip(found["changes"], costs[1:], strict=True):
        assert sum(step["usd"] for step in change["bridge"]["steps"]) == pytest.approx(cost - costs[0], abs=0.01)
    assert found["changes"][1]["bridge"]["steps"] == [], "the same plan again"
    out = capsys.readouterr().out
    assert "Why the cost changes from approved" in out
    assert any(line.startswith("Volume") for line in out.splitlines())


def test_compare_writes_the_last_plan(plans: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", *plans, "-o", str(tmp_path / "c.xlsx"), "--json", "-"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["plans"][1]["name"] == "new"
    assert "wrote" in captured.err
    book = openpyxl.load_workbook(tmp_path / "c.xlsx", data_only=True)
    cost = json.loads(Path(plans[1]).read_text())["objective_usd"]
    assert book["Summary"]["B2"].value == "OK"
    assert [row[3].value for row in book["Compare"].iter_rows() if row[2].value == "this workbook"] == [
        pytest.approx(cost)
    ]
    assert run(["compare", str(tmp_path / "c.xlsx"), plans[0]]) == 0, "a workbook is a plan too"


COMMANDS = {
    "sweep": ["--vary", "sites/oslo/power_mw=0.05,0.001", "--workers", "1"],
    "frontier": ["--trade", "carbon_t", "--points", "2"],
    "alternatives": ["--plans", "2", "--workers", "1"],
}


@pytest.mark.parametrize("command", mostly_slow(COMMANDS, fast=1))
def test_a_folder_and_a_workbook_may_both_be_asked_for(command: str, tmp_path: Path) -> None:
    path = str(write(tmp_path, asked(), CHIPS))
    out = ["-o", str(tmp_path / "plans"), "-o", str(tmp_path / "w.xlsx")]
    assert run([command, path, *COMMANDS[command], *out, "--language", "ja"]) == 0
    assert list((tmp_path / "plans").glob("*.json"))
    book = openpyxl.load_workbook(tmp_path / "w.xlsx", data_only=True)
    assert {"Compare", "Sensitivity"} <= set(book.sheetnames)
    assert book["Compare"]["A1"].value == "比較：計画の並列表示"


def test_no_workbook_of_a_sweep_without_any_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write(tmp_path, asked(), CHIPS))
    out = ["-o", str(tmp_path / "plans"), "-o", str(tmp_path / "w.xlsx")]
    assert run(["sweep", path, "--vary", "sites/oslo/power_mw=0.001", *out, "--workers", "1"]) == 3
    assert "no combination has a plan" in capsys.readouterr().err
    assert not (tmp_path / "w.xlsx").exists()


@pytest.mark.parametrize(
    ("out", "said"),
    [
        (["-o", "a.xlsx", "-o", "b.xlsx"], "one folder and one workbook at most"),
        (["-o", "nowhere/a.xlsx"], "there is no folder nowhere"),
        (["-o", "scenario.yaml"], "is a file, and a workbook ends in .xlsx"),
    ],
)
def test_outputs_that_cannot_be_written_are_refused_before_anything_is_solved(
    out: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, asked(), CHIPS)
    path.rename(tmp_path / "scenario.yaml")
    assert run(["frontier", "scenario.yaml", "--trade", "carbon_t", *out]) == 2
    assert said in capsys.readouterr().err
