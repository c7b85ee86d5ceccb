"""Standard streams of any encoding, closed, full or left by their reader, in folders that are gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from commands import COMMAND, mostly_slow, other, run, run_here, small

linux = pytest.mark.skipif(sys.platform != "linux", reason="closes and fills streams as on Linux")
ENCODINGS = mostly_slow(("cp932", "utf-16", "cp1252", "latin-1", "ascii"), fast=1)
DOCUMENTED = (0, 1, 2, 3, 4, 130, 143)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small(tmp_path, name="Zürich · 東京 → Oslo")
    return tmp_path


def raw(*words: str, cwd: Path, encoding: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    return subprocess.run([str(COMMAND), *words], cwd=cwd, capture_output=True, check=False, env=environment)


# Encodings


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_plan_is_printed_in_any_encoding(encoding: str, folder: Path) -> None:
    done = raw("plan", "scenario.yaml", cwd=folder, encoding=encoding)
    assert done.returncode == 0, done.stderr
    said = done.stdout.decode(encoding)
    assert "audit: passed" in said
    assert " acme " in said.splitlines()[0]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_the_same_in_any_encoding(encoding: str, folder: Path) -> None:
    """Nothing of it is replaced: what an encoding lacks is escaped."""
    done = raw("plan", "scenario.yaml", "--json", "-", cwd=folder, encoding=encoding)
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout.decode(encoding))
    assert plan["scenario"]["name"] == "Zürich · 東京 → Oslo"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_errors_are_said_in_any_encoding(encoding: str, folder: Path) -> None:
    other(folder, "bad.yaml", "name: Zürich → 東京\nsites: {ü: 1}\n")
    done = raw("plan", "bad.yaml", cwd=folder, encoding=encoding)
    assert (done.returncode, done.stdout.decode(encoding)) == (2, "")
    said = done.stderr.decode(encoding)
    assert "bad.yaml:" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("words", mostly_slow([
    ("catalog", "show", "h100_sxm"), ("scenarios",), ("plan", "--help"), ("explain", "plan.json"),
    ("compare", "plan.json", "plan.json"),
], fast=1))  # fmt: skip
def test_other_commands_too(words: tuple[str, ...], folder: Path) -> None:
    assert run_here("plan", "scenario.yaml", "--json", "plan.json", cwd=folder).returncode == 0
    done = raw(*words, cwd=folder, encoding="cp932")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode("cp932")


@pytest.mark.parametrize("locale", mostly_slow(["C", "ja_JP.SJIS", "POSIX", "en_US.ISO-8859-1", ""], fast=1))
def test_the_locale_does_not_matter_between_us_and_the_solver(locale: str, folder: Path) -> None:
    environment = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run("plan", "scenario.yaml", "--json", "plan.json", cwd=folder, environment=environment, encoding="latin-1")
    assert done.returncode == 0, done.stderr
    assert json.loads((folder / "plan.json").read_text("utf-8"))["scenario"]["name"] == "Zürich · 東京 → Oslo"


# Closed, full, left


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A line for the shell, in which `chipmix` is the installed command."""
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; chipmix() {{ {COMMAND} \"$@\"; }}; {line}"],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


PLAN = "chipmix plan scenario.yaml --json plan.json"
STREAMS = {
    "stdout is closed": (f"{PLAN} >&-", 0, ""),
    "all are closed": (f"{PLAN} <&- >&- 2>&-", 0, ""),
    "its reader leaves": (f"{PLAN} | head -1", 0, ""),
    "stdout is full": (f"{PLAN} >/dev/full", 2, "standard output: cannot be written: No space left on device"),
    "stderr is full": (f"{PLAN} 2>/dev/full", 0, ""),
    "both are full": (f"{PLAN} >/dev/full 2>/dev/full", 2, ""),
    "stderr is closed": (f"{PLAN} 2>&-", 0, ""),
    "its reader is not there": (f"{PLAN} | true", 0, ""),
    "the reader of errors leaves": (f"{{ {PLAN} 2>&1 >&3 | true; }} 3>&1", 0, ""),
}


@linux
@pytest.mark.parametrize("kind", mostly_slow(STREAMS, fast=2))
def test_a_plan_is_written_whatever_its_streams_are(kind: str, folder: Path) -> None:
    line, code, says = STREAMS[kind]
    done = shell(line, folder)
    assert done.returncode == code, done.stderr
    assert json.loads((folder / "plan.json").read_text("utf-8"))["status"] == "optimal"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "nothing was written" not in done.stderr
    assert says in done.stderr
    assert done.stderr.count("standard output") == bool(says)


JSON = {
    "closed": ("chipmix plan scenario.yaml --json - >&-", "standard output: cannot be written: it is closed"),
    "full": ("chipmix plan scenario.yaml --json - >/dev/full", "standard output: cannot be written: No space"),
    "schema": ("chipmix catalog schema >/dev/full", "standard output: cannot be written: No space"),
    "explained": ("chipmix explain plan.json --json - >/dev/full", "standard output: cannot be written: No space"),
    "compared": (
        "chipmix compare plan.json plan.json --json - >&-",
        "standard output: cannot be written: it is closed",
    ),
}


@linux
@pytest.mark.parametrize("kind", mostly_slow(JSON, fast=1))
def test_json_that_does_not_arrive_is_an_error(kind: str, folder: Path) -> None:
    assert run_here("plan", "scenario.yaml", "--json", "plan.json", cwd=folder).returncode == 0
    line, says = JSON[kind]
    done = shell(line, folder)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@linux
@pytest.mark.parametrize("words", mostly_slow([
    ("plan", "scenario.yaml", "--gap", "x"), ("plan", "nothing.yaml"), ("check", "scenario.yaml", "nothing.yaml"),
    ("plan", "scenario.yaml", "--set", "sites/oslo/power_mw=0"), ("explain", "scenario.yaml"),
], fast=1))  # fmt: skip
def test_errors_have_their_exit_code_whatever_the_streams_are(words: tuple[str, ...], folder: Path) -> None:
    line = " ".join(words)
    codes = {shell(f"chipmix {line} {end}", folder).returncode for end in ("", "2>&-", "2>/dev/full", ">&-")}
    assert codes in ({2}, {3})


@linux
@pytest.mark.parametrize("words", mostly_slow([
    ("plan", "quick_start", "--json", "-"), ("check", "."), ("init", "mine"),
    ("plan", "nothing.yaml"), ("plan", "quick_start", "-o", "plan.xlsx"), ("scenarios",),
    ("sweep", "quick_start", "--vary", "finance/discount_rate=0.1"),
    ("frontier", "quick_start", "--trade", "it_kw", "-o", "plans"),
]))  # fmt: skip
def test_a_working_directory_that_is_gone(words: tuple[str, ...]) -> None:
    """What needs it is refused in one line; what does not runs."""
    with tempfile.TemporaryDirectory() as above:
        gone = Path(above) / "gone"
        gone.mkdir()
        done = shell(f"cd {gone} && rmdir {gone} && chipmix {' '.join(words)}", Path(above))
        left = list(Path(above).rglob("*"))
    needs_it = not ({"-"} & set(words) or words == ("scenarios",))
    assert (done.returncode, left) == (2 if needs_it else 0, []), done.stderr
    assert "Traceback" not in done.stderr
    assert not needs_it or len(done.stderr.splitlines()) <= 2


# What is said of what was written


def test_nothing_was_written_is_said_only_where_it_is_so(folder: Path) -> None:
    (folder / "mine").mkdir()
    if sys.platform == "linux":
        (folder / "mine" / "our_quotes").symlink_to("/proc")
        done = run("init", "mine", cwd=folder)
        assert done.returncode == 2
        assert "nothing was written" not in done.stderr or not (folder / "mine" / "scenario.yaml").exists()
    refused: Any = run("plan", "scenario.yaml", "--set", "horizon=x", "--json", "p.json", cwd=folder)
    assert "nothing was written" in refused.stderr
    assert not (folder / "p.json").exists()
    assert refused.returncode in DOCUMENTED
