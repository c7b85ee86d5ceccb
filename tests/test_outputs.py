"""Outputs of a command: none is an input or another one, all are tried before the solve."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from pathlib import Path

import pytest
from commands import mostly_slow, other, run, run_here, small

from optimizer.plan_files import read_plan

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and devices of POSIX")
pytestmark = pytest.mark.usefixtures("in_process")
linux = pytest.mark.skipif(sys.platform != "linux", reason="/dev/full and /dev/stdout as on Linux")


@pytest.fixture(scope="module")
def known(in_process: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """A folder with a small scenario, its plan and its workbook."""
    folder = tmp_path_factory.mktemp("known")
    small(folder)
    done = run_here("plan", "scenario.yaml", "--json", "plan.json", "-o", "plan.xlsx", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(known: Path, tmp_path: Path) -> Path:
    """A copy of it, with names that lead to the scenario and a scenario that extends it."""
    small(tmp_path)
    for name in ("plan.json", "plan.xlsx"):
        (tmp_path / name).write_bytes((known / name).read_bytes())
    other(tmp_path, "mine.yaml", {"extends": "scenario.yaml", "name": "mine"})
    if sys.platform != "win32":
        (tmp_path / "link.yaml").symlink_to("scenario.yaml")
        os.link(tmp_path / "plan.json", tmp_path / "hard.json")
    (tmp_path / "out").mkdir()
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


CLASHES = [
    ("plan", "scenario.yaml", "--json", "scenario.yaml"),
    ("plan", "scenario.yaml", "--json", "./quotes/../scenario.yaml"),
    ("plan", "mine.yaml", "--json", "scenario.yaml"),
    ("plan", "scenario.yaml", "--json", "quotes/chip.yaml"),
    ("plan", "scenario.yaml", "--json", "link.yaml"),
    ("plan", "link.yaml", "--json", "scenario.yaml"),
    ("plan", "plan.xlsx", "-o", "plan.xlsx"),
    ("plan", "scenario.yaml", "--stay-close", "plan.json", "--json", "hard.json"),
    ("plan", "scenario.yaml", "--json", "x.lp", "--write-model", "x.lp"),
    ("plan", "scenario.yaml", "--json", "new.xlsx", "-o", "./new.xlsx"),
    ("explain", "plan.json", "--json", "hard.json"),
    ("explain", "plan.xlsx", "-o", "plan.xlsx"),
    ("compare", "plan.json", "plan.xlsx", "--json", "plan.json"),
    ("compare", "plan.json", "plan.xlsx", "-o", "plan.xlsx"),
    ("repair", "scenario.yaml", "--json", "scenario.yaml"),
    ("sweep", "mine.yaml", "--vary", "finance/discount_rate=0.1", "-o", "new", "--json", "scenario.yaml"),
    ("sweep", "mine.yaml", "--vary", "finance/discount_rate=0.1", "-o", "out", "--json", "out/index.json"),
    ("frontier", "scenario.yaml", "--trade", "it_kw", "-o", "out", "--json", "out/point_1.json"),
    ("frontier", "scenario.yaml", "--trade", "it_kw", "-o", "a.xlsx", "--json", "a.xlsx"),
    ("alternatives", "scenario.yaml", "--json", "quotes/shared.yaml"),
]


@posix
@pytest.mark.parametrize("words", mostly_slow(CLASHES, fast=7))
def test_an_output_that_is_an_input_or_another_output_is_refused(words: tuple[str, ...], folder: Path) -> None:
    before = contents(folder)
    done = run_here(*words, cwd=folder)
    assert done.returncode == 2, done.stdout
    assert "Error: Invalid value for " in done.stderr
    assert any(why in done.stderr for why in ("is read by", "another output", "in the folder that plans"))
    assert contents(folder) == before


@linux
def test_where_the_output_goes_anyway_is_refused_by_its_name(folder: Path) -> None:
    with (folder / "printed.txt").open("w") as file:
        done = run("plan", "scenario.yaml", "--json", "printed.txt", cwd=folder, stdout=file)
    assert (done.returncode, (folder / "printed.txt").read_text()) == (2, "")
    assert "printed.txt is where what is printed goes" in done.stderr


IMPOSSIBLE = [
    ("plan", "scenario.yaml", "--json", "no/plan.json"),
    ("plan", "scenario.yaml", "-o", "no/plan.xlsx"),
    ("plan", "scenario.yaml", "--json", "scenario.yaml/plan.json"),
    ("plan", "scenario.yaml", "--json", "x" * 300),
    ("plan", "scenario.yaml", "--json", "/proc/plan.json"),
    ("explain", "plan.json", "--json", "no/plan.json"),
    ("repair", "scenario.yaml", "--json", "no/plan.json"),
    ("frontier", "scenario.yaml", "--trade", "it_kw", "-o", "scenario.yaml/plans"),
    ("sweep", "scenario.yaml", "--vary", "finance/discount_rate=0.1", "-o", "scenario.yaml/plans"),
    ("alternatives", "scenario.yaml", "--json", "/proc/found.json"),
    ("init", "scenario.yaml/mine"),
    ("catalog", "add", "nova1", "--vendor", "acme", "--folder", "scenario.yaml/mine"),
]


@linux
@pytest.mark.parametrize("words", mostly_slow(IMPOSSIBLE, fast=3))
def test_a_target_that_cannot_be_is_refused_before_anything_is_solved(words: tuple[str, ...], folder: Path) -> None:
    before = contents(folder)
    done = run_here(*words, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "of which the solver" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line and not line.startswith(("Usage", "Try"))]) == 1
    assert contents(folder) == before


@posix
def test_links_are_kept_and_modes_too(folder: Path) -> None:
    (folder / "there").mkdir()
    (folder / "there" / "real.json").write_text("old")
    (folder / "there" / "real.json").chmod(0o640)
    (folder / "plan_link.json").symlink_to("there/real.json")
    assert run_here("plan", "scenario.yaml", "--json", "plan_link.json", cwd=folder).returncode == 0
    assert (folder / "plan_link.json").is_symlink()
    assert read_plan(folder / "there" / "real.json").status == "optimal"
    assert stat.S_IMODE((folder / "there" / "real.json").stat().st_mode) == 0o640


@linux
def test_devices_and_pipes_are_written_to(folder: Path) -> None:
    """/dev/null stays a device, a pipe gets all of the plan, /dev/stdout has it between what is printed."""
    os.mkfifo(folder / "pipe")
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append((folder / "pipe").read_text()))
    reader.start()
    assert run_here("plan", "scenario.yaml", "--json", "pipe", cwd=folder).returncode == 0
    reader.join()
    assert json.loads(heard[0])["status"] == "optimal"
    assert stat.S_ISFIFO((folder / "pipe").stat().st_mode)
    assert run_here("plan", "scenario.yaml", "--json", "/dev/null", cwd=folder).returncode == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    printed = run("plan", "scenario.yaml", "--json", "/dev/stdout", cwd=folder).stdout
    assert json.loads(printed[printed.index("{") : printed.rindex("}") + 1])["status"] == "optimal"
    assert "audit: passed" in printed


@linux
@pytest.mark.parametrize("words", mostly_slow([
    ("plan", "scenario.yaml", "--json", "/dev/full", "-o", "new.xlsx"),
    ("compare", "plan.json", "plan.xlsx", "--json", "/dev/full"),
    ("explain", "plan.json", "--json", "/dev/full"),
    ("repair", "scenario.yaml", "--json", "/dev/full"),
    ("frontier", "scenario.yaml", "--trade", "it_kw", "--points", "2", "--json", "/dev/full", "-o", "plans"),
], fast=2))  # fmt: skip
def test_an_output_that_fails_costs_no_other_and_is_one_line(words: tuple[str, ...], folder: Path) -> None:
    done = run_here(*words, cwd=folder)
    assert done.returncode == 2
    assert done.stderr.count("/dev/full: cannot be written: No space left on device") == 1
    assert "Traceback" not in done.stderr
    assert "nothing was written" not in done.stderr
    assert done.stdout
    if words[0] == "plan":
        assert (folder / "new.xlsx").read_bytes()[:2] == b"PK"
        assert "audit: passed" in done.stdout
    if words[0] == "frontier":
        assert (folder / "plans" / "point_1.json").exists()


@posix
@pytest.mark.parametrize(
    "most",
    [20_000, *(pytest.param(size, marks=pytest.mark.slow) for size in (0, 1_000, 5_000, 60_000))],
)
def test_a_full_disk_costs_no_plan_and_leaves_no_half_of_a_file(most: int, folder: Path) -> None:
    """No file may become longer than so many bytes, temporary ones neither: what has room is written, the rest told."""
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    words = ("--json", "new.json", "-o", "new.xlsx", "--write-model", "new.lp")
    done = run("plan", "scenario.yaml", *words, cwd=folder, preexec_fn=limit)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "audit: passed" in done.stdout
    written = [name for name in ("new.json", "new.xlsx", "new.lp") if (folder / name).exists()]
    for name in ("new.json", "new.xlsx", "new.lp"):
        assert (f"wrote {name}" in done.stderr) == (name in written)
        assert (f"{name}: cannot be written: " in done.stderr) == (name not in written)
    assert "new.json" not in written or read_plan(folder / "new.json").status == "optimal"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("ending", ["lp", "mps"])
def test_long_ids_cost_neither_the_model_nor_the_plan(ending: str, tmp_path: Path) -> None:
    name = "s" * 78
    small(tmp_path, sites={name: {"power_mw": 100, "pue": "1.2", "electricity_usd_per_mwh": 50}})
    done = run_here("plan", "scenario.yaml", "--write-model", f"q.{ending}", "--json", "plan.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert name in (tmp_path / f"q.{ending}").read_text()
    assert read_plan(tmp_path / "plan.json").status == "optimal"


def test_a_model_that_fails_is_told_after_the_plan_is_written(folder: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("needs a device that is full")
    (folder / "full.lp").symlink_to("/dev/full")
    done = run_here("plan", "scenario.yaml", "--write-model", "full.lp", "--json", "new.json", cwd=folder)
    assert (done.returncode, "audit: passed" in done.stdout) == (2, True)
    assert read_plan(folder / "new.json").status == "optimal"
    assert done.stderr.splitlines()[-1] == "full.lp: cannot be written: No space left on device"


@pytest.mark.slow
def test_two_plans_at_once_write_one_of_two_whole_files(folder: Path) -> None:
    threads = [
        threading.Thread(target=lambda: run("plan", "scenario.yaml", "--json", "both.json", cwd=folder))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_plan(folder / "both.json").status == "optimal"
    assert not list(folder.glob(".*"))
