"""Commands that are stopped, by a signal or by their time: what was found is written and printed, nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import hard, is_running, mostly_slow, run, seen, small, solvers_below, start, wait_for_solver

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sends signals and reads /proc")
WITHOUT_NOHUP = pytest.mark.skipif(
    sys.platform == "linux" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN,
    reason="nohup keeps hang-ups from the tests and from all that they start",
)
SOON = 20.0
"""A generous time for a command that was asked to stop: on an idle machine it takes a second or two."""


SHORT = ("--set", "sites/oslo/power_mw=0.5", "--set", "sites/rome/power_mw=0.5")
"""Less than half of the power that the work takes."""


def stopped(process: subprocess.Popen[str], *signals: int, apart: float = 0.0) -> tuple[int, str, str]:
    """Sends signals to a command that is solving; gives its exit code and what it printed."""
    wait_for_solver(process)
    for number in signals:
        process.send_signal(number)
        time.sleep(apart)
    out, err = process.communicate(timeout=SOON)
    return process.returncode, out, err


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("signals", "code"),
    [
        ((signal.SIGTERM,), 143),
        pytest.param((signal.SIGINT,), 130, marks=pytest.mark.slow),
        pytest.param((signal.SIGHUP,), 143, marks=[pytest.mark.slow, WITHOUT_NOHUP]),
        pytest.param((signal.SIGINT, signal.SIGINT), 130, id="passed on by a wrapper", marks=pytest.mark.slow),
        pytest.param((signal.SIGTERM, signal.SIGINT), 143, id="of two kinds", marks=pytest.mark.slow),
    ],
)
def test_the_best_plan_so_far_is_written_and_printed(signals: tuple[int, ...], code: int, tmp_path: Path) -> None:
    hard(tmp_path)
    words = ("plan", "scenario.yaml", "--gap", "0", "--json", "plan.json", "-o", "plan.xlsx", "--write-model", "m.lp")
    ended, out, err = stopped(start(*words, cwd=tmp_path), *signals)
    assert ended == code, err
    assert json.loads((tmp_path / "plan.json").read_text())["status"] == "feasible"
    assert "stopped early, the best plan so far" in out
    assert left_in(tmp_path) == ["m.lp", "plan.json", "plan.xlsx", "quotes", "scenario.yaml"]


@pytest.mark.slow
def test_a_second_signal_ends_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """In the middle of a solve that does not hear, as a stopped process does not."""
    hard(tmp_path)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    process = start("plan", "scenario.yaml", "--gap", "0", "--json", "p.json", cwd=tmp_path, env=environment)
    wait_for_solver(process)
    (solver,) = solvers_below(process.pid)
    os.kill(solver, signal.SIGSTOP)
    code, out, err = stopped(process, signal.SIGTERM, signal.SIGTERM, apart=0.6)
    assert (code, out) == (143, "")
    assert err.split("\n")[-2] == "interrupted; nothing was written"
    assert (left_in(temporary), left_in(tmp_path)) == ([], ["quotes", "scenario.yaml", "tmp"])
    assert not is_running(solver)


@pytest.mark.parametrize("words", [
    ("plan", "scenario.yaml", "--gap", "0", "--json", "plan.json"),
    pytest.param(
        ("sweep", "scenario.yaml", "--gap", "0", "--vary", "finance/discount_rate=0.1,0.2", "-o", "out"),
        marks=pytest.mark.slow,
    ),
], ids=lambda words: words[0])  # fmt: skip
def test_ctrl_c_in_a_terminal_is_for_the_command_alone(words: tuple[str, ...], tmp_path: Path) -> None:
    """The terminal tells every process in front of it; solvers and workers are not among those that hear it."""
    hard(tmp_path)
    code, said = seen([*words], tmp_path, press=b"\x03")
    assert code == 130, said
    assert "Traceback" not in said
    if words[0] == "plan":
        assert json.loads((tmp_path / "plan.json").read_text())["status"] == "feasible"
    else:
        assert "go on with --resume out" in said


def test_before_anything_is_found_nothing_is_written(tmp_path: Path) -> None:
    process = start("plan", "quick_start", "--json", "plan.json", cwd=tmp_path)
    time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=SOON)
    assert process.returncode in (143, -signal.SIGTERM)  # the latter where Python had not begun to read our code
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_solver_whose_parent_is_gone_ends(how: int, tmp_path: Path) -> None:
    """Also while solving, and nothing is left in the folder of temporary files."""
    hard(tmp_path)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    process = start("plan", "scenario.yaml", "--gap", "0", cwd=tmp_path, env=environment)
    wait_for_solver(process)
    (solver,) = solvers_below(process.pid)
    process.send_signal(how)
    process.communicate(timeout=SOON)
    latest = time.monotonic() + SOON
    while is_running(solver) and time.monotonic() < latest:
        time.sleep(0.05)
    assert not is_running(solver)
    assert left_in(temporary) == []


@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_sweep_stops_soon_and_keeps_what_is_done(how: int, tmp_path: Path) -> None:
    """One combination is solved at once, the others take minutes at a gap of 0."""
    hard(tmp_path)
    vary = "demand/a/per_second=0,30000,31000,32000"
    easy = "limits=[]"
    words = ("sweep", "scenario.yaml", "--vary", vary, "--set", easy, "-o", "out", "--gap", "0", "--workers", "2")
    process = start(*words, "-o", "sweep.xlsx", cwd=tmp_path)
    wait_for_solver(process, 2.0)
    began = time.monotonic()
    code, _, err = stopped(process, how)
    assert code == (130 if how == signal.SIGINT else 143), err
    assert time.monotonic() - began < 5 + SOON / 2
    cells = json.loads((tmp_path / "out" / "index.json").read_text())["cells"]
    assert any(cell["status"] == "not_run" for cell in cells)
    assert {f"{cell['id']}.json" for cell in cells if cell["plan"]} | {"index.json"} == set(left_in(tmp_path / "out"))
    assert "go on with --resume out" in err
    assert "Traceback" not in err


@pytest.fixture(scope="module")
def hard_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan whose questions take long: it was stopped early."""
    folder = tmp_path_factory.mktemp("hard")
    hard(folder)
    done = run("plan", "scenario.yaml", "--gap", "0", "--time-limit", "3", "--json", "plan.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "plan.json"


SEARCHES = {
    "explain": ("explain", "plan.json"),
    "alternatives": ("alternatives", "scenario.yaml", "--gap", "0"),
    "frontier": ("frontier", "scenario.yaml", "--trade", "it_kw", "--gap", "0"),
}
SHOWN = {
    "explain": "What each limit leaves",
    "alternatives": "best plan",
    "frontier": "Cost against highest IT load",
}


@pytest.mark.parametrize("command", [
    "explain",
    pytest.param("alternatives", marks=pytest.mark.slow),
    pytest.param("frontier", marks=pytest.mark.slow),
])  # fmt: skip
@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_searches_print_and_write_what_they_have(command: str, how: int, hard_plan: Path, tmp_path: Path) -> None:
    hard(tmp_path)
    (tmp_path / "plan.json").write_bytes(hard_plan.read_bytes())
    code, out, err = stopped(start(*SEARCHES[command], "--json", "found.json", cwd=tmp_path), how)
    assert code == (130 if how == signal.SIGINT else 143), err
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["stopped"] == "interrupted"
    assert found["scenario" if command != "frontier" else "trade"] in ("test", "it_kw")
    assert command == "explain" or SHOWN[command] in out
    assert "interrupted: " in err


@pytest.mark.slow
def test_a_repair_that_is_interrupted_says_what_it_knows(tmp_path: Path) -> None:
    hard(tmp_path)
    process = start("repair", "scenario.yaml", *SHORT, "--json", "r.json", cwd=tmp_path)
    wait_for_solver(process, 0.5)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=SOON)[1]
    report = json.loads((tmp_path / "r.json").read_text())
    assert process.returncode == (130 if report["interrupted"] else 0), err


# Time limits


LIMITED = [
    ("plan", "scenario.yaml", "--gap", "0"),
    ("sweep", "scenario.yaml", "--gap", "0", "--vary", "finance/discount_rate=0.1,0.2,0.3,0.4", "-o", "out"),
    ("explain", "plan.json"),
    ("repair", "scenario.yaml", *SHORT),
    ("alternatives", "scenario.yaml", "--gap", "0"),
    ("frontier", "scenario.yaml", "--trade", "it_kw", "--gap", "0"),
]


@pytest.mark.parametrize("words", mostly_slow(LIMITED, fast=1))
def test_a_time_limit_bounds_the_whole_command(words: tuple[str, ...], hard_plan: Path, tmp_path: Path) -> None:
    """Each of these takes minutes without; what was found in two seconds, if anything, is printed."""
    hard(tmp_path)
    (tmp_path / "plan.json").write_bytes(hard_plan.read_bytes())
    began = time.monotonic()
    done = run(*words, "--time-limit", "2", cwd=tmp_path)
    assert time.monotonic() - began < 2 + SOON
    assert done.returncode in (0, 3 if words[0] == "repair" else 0, 4), done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 4 or done.stdout


@pytest.mark.parametrize("words", mostly_slow(LIMITED, fast=1))
def test_no_time_at_all_finds_nothing_and_exits_4(words: tuple[str, ...], hard_plan: Path, tmp_path: Path) -> None:
    hard(tmp_path)
    (tmp_path / "plan.json").write_bytes(hard_plan.read_bytes())
    done = run(*words, "--time-limit", "0.000001", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_sweep_out_of_time_goes_on(tmp_path: Path) -> None:
    """Without a new start: what was not answered is asked again, whatever time is given then."""
    small(tmp_path)
    words = ("sweep", "scenario.yaml", "--vary", "finance/discount_rate=0.1,0.2", "--workers", "1")
    assert run(*words, "-o", "out", "--time-limit", "0.000001", cwd=tmp_path).returncode == 4
    assert run(*words, "--resume", "out", "--time-limit", "60", cwd=tmp_path).returncode == 0
    cells = json.loads((tmp_path / "out" / "index.json").read_text())["cells"]
    assert [cell["status"] for cell in cells] == ["optimal"] * 2


@pytest.mark.slow
def test_an_infeasible_request_is_said_to_be_one_in_the_time_given(tmp_path: Path) -> None:
    """Or not to be known; never is the time limit called our fault."""
    hard(tmp_path)
    for seconds in ("0.5", "1", "2"):
        done = run("plan", "scenario.yaml", *SHORT, "--time-limit", seconds, cwd=tmp_path)
        assert done.returncode in (3, 4), done.stderr
        assert "Traceback" not in done.stderr
