"""The installed command as a user starts it, and scenarios that are solved at once or hardly ever."""

from __future__ import annotations

import io
import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from builders import accelerator, as_yaml, catalog, one_offer, rates, scenario, site, system, write

import cli.main
from optimizer import files

COMMAND = Path(sys.executable).parent / "chipmix"
SOLVER = "solver_process.py"
_started: list[subprocess.Popen[str]] = []


def mostly_slow(cases: Iterable[Any], fast: int = 3) -> list[Any]:
    """Cases as parameters, all but the first few for the slow suite."""
    return [
        pytest.param(case, id=_id(case), marks=[pytest.mark.slow] if number >= fast else [])
        for number, case in enumerate(cases)
    ]


def _id(case: Any) -> str:
    return case if isinstance(case, str) else " ".join(case)[:60]


def run(*words: str, cwd: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Runs the installed command to its end."""
    environment = {**os.environ, **more.pop("environment", {})}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8", "timeout": 120}
    return subprocess.run([str(COMMAND), *words], cwd=cwd, check=False, env=environment, **{**streams, **more})


def run_here(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command line to its end in this process: all that the installed command does after its start."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(cwd), redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(COMMAND), *words])
        patch.setattr(files, "_written", [])
        code = cli.main.run([*words])
    return subprocess.CompletedProcess([*words], code, out.getvalue(), err.getvalue())


def start(*words: str, cwd: Path, **more: Any) -> subprocess.Popen[str]:
    """Starts the installed command in a session of its own."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    process = subprocess.Popen([str(COMMAND), *words], cwd=cwd, **{**streams, **more})
    _started.append(process)
    return process


def end_what_was_started() -> None:
    """Ends the commands that still run: what a failed test leaves solving takes the time of the tests after it."""
    while _started:
        process = _started.pop()
        if process.poll() is None:
            with process:
                process.kill()


def small(folder: Path, **parts: Any) -> Path:
    """A scenario that is solved in a moment."""
    return write(folder, scenario(**parts), one_offer())


def hard(folder: Path) -> Path:
    """A scenario that has plans at once and no proof for minutes: eight chips that are nearly alike, limited alike."""
    chance = random.Random(5)
    files = []
    for k in range(8):
        box = {f"box{k}": system(accelerators=1, provisioned_kw=chance.randint(5, 20), average_kw=4)}
        terms = {"system": f"box{k}", "route": "purchase", "price_usd": chance.randint(90_000, 110_000)}
        work = rates(**{name: chance.randint(900, 1100) for name in "abc"})
        files.append(accelerator(f"chip{k}", box, {f"box{k}.purchase": terms}, work))
    workloads = {name: {"unit": "unit", "phase": "training", "describes": "work"} for name in "abc"}
    periods = [f"{2025 + quarter // 4}q{quarter % 4 + 1}" for quarter in range(6)]
    work_of = {name: {key: 23117 * i + q * 7919 for q, key in enumerate(periods)} for i, name in enumerate("abc", 1)}
    asked = scenario(
        horizon={"start": periods[0], "periods": len(periods)},
        sites={name: site("3.1") for name in ("oslo", "rome")},
        demand={name: {"workload": name, "per_second": steps} for name, steps in work_of.items()},
        supply_per_month={f"chip{k}": chance.randint(7, 13) for k in range(8)},
        limits=[
            {"name": f"share_{k}", "measure": "systems", "of": {"accelerator": f"chip{k}"}, "at_most_share": "0.23"}
            for k in range(8)
        ],
    )
    return write(folder, asked, catalog(*files, workloads=workloads))


def other(folder: Path, name: str, text: Any) -> Path:
    """Another YAML file beside a scenario."""
    path = folder / name
    path.write_text(text if isinstance(text, str) else as_yaml(text), encoding="utf-8")
    return path


def seen(words: list[str], cwd: Path, press: bytes = b"", **environment: str) -> tuple[int, str]:
    """The exit code, and what a user sees, errors too, in a pseudo-terminal of 120 columns.

    `press` are keys that he presses when the command has been solving for a while.
    """
    import pty  # not on Windows

    child, screen = pty.fork()
    if child == 0:
        os.chdir(cwd)
        os.environ.update({"COLUMNS": "120", "TERM": "xterm", **environment})
        os.execv(str(COMMAND), [str(COMMAND), *words])
    text = b""
    while True:
        readable, _, _ = select.select([screen], [], [], 0.05)
        if press and sum(map(_seconds_of, solvers_below(child))) > 1:
            os.write(screen, press)
            press = b""
        try:
            part = os.read(screen, 65536) if readable else None
        except OSError:  # the child has closed its end
            break
        if part == b"":
            break
        text += part or b""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(screen)
    return code, text.decode().replace("\r\n", "\n")


def solvers_below(process: int) -> list[int]:
    """The solvers that a process and its children have running; Linux alone tells."""
    found = []
    for child in _children(process):
        words = _command_of(child)
        found += [child] if SOLVER in words else solvers_below(child)
    return found


def wait_for_solver(process: subprocess.Popen[str], seconds: float = 1.0) -> None:
    """Waits until the solvers of a command have worked for so long, whatever else the machine does, or it has ended."""
    latest = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < latest:
        if sum(map(_seconds_of, solvers_below(process.pid))) >= seconds:
            return
        time.sleep(0.02)


def _seconds_of(process: int) -> float:
    """The time that a process has had a processor."""
    try:
        user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    except OSError:
        return 0.0
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def is_running(process: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(process: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:  # it has just ended
            continue
    return found


def _command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""
