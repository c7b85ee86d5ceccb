"""What is told while a plan is made: early, with figures that are known, and never among the JSON."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path

import pytest
from commands import run_here, seen, small
from test_hostile_files import posix

from cli.progress import Telling
from optimizer.solving.solution import Progress

MONTHLY = "plan", "stargate", "--set", "horizon={start: 2025-01, periods: 24}"
SAVES = "--gap 0.01 usually ends the search much sooner"


@pytest.mark.parametrize(
    ("cost", "bound", "said"),
    [
        (inf, -inf, "solving: 12 s, no plan yet, no bound yet"),
        (inf, 2e6, "solving: 12 s, no plan yet, bound 2.000 M USD"),
        (4e6, -inf, "solving: 12 s, best 4.000 M USD, no bound yet"),
        (4e6, 2e6, "solving: 12 s, best 4.000 M USD, bound 2.000 M USD, gap 50.0 %"),
        (0.0, -1.0, "solving: 12 s, best 0.000 M USD, bound -0.000 M USD"),
    ],
)
def test_what_is_not_known_is_no_number(
    cost: float, bound: float, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Telling().search(Progress(12.0, cost, bound, 0))
    assert capsys.readouterr().err == f"{said}\n"


def test_between_lines_there_is_time(capsys: pytest.CaptureFixture[str]) -> None:
    telling = Telling()
    for seconds in (1.0, 9.0, 11.0, 12.0, 20.0, 22.0):
        telling.search(Progress(seconds, 1e6, 1e6, 0))
    assert [line.split(",")[0] for line in capsys.readouterr().err.splitlines()] == ["solving: 11 s", "solving: 22 s"]


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(("gap", "told"), [("0.009", True), ("0.01", False)])
def test_a_large_monthly_plan_says_what_a_looser_gap_saves(gap: str, told: bool, tmp_path: Path) -> None:
    done = run_here(*MONTHLY, "--gap", gap, "--json", "-", cwd=tmp_path)
    assert (done.returncode, SAVES in done.stderr) == (0, told)
    assert json.loads(done.stdout)["periods"][0]["period"] == "2025-01"


@posix
def test_a_terminal_is_told_each_stage_and_other_outputs_none(tmp_path: Path) -> None:
    small(tmp_path)
    _, shown = seen(["plan", "scenario.yaml"], tmp_path)
    stages = ("reading the scenario…", "solving: ")
    places = [shown.find(stage) for stage in stages]
    assert -1 not in places
    assert places == sorted(places)
    assert not [stage for stage in stages if stage in run_here("plan", "scenario.yaml", cwd=tmp_path).stderr]
