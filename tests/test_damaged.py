"""Damaged and hostile plans and workbooks: an input error that names the file, within seconds, never a traceback."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

import pytest
from builders import accelerator, catalog, load, rates, scenario, site, system
from damage import OF_PLANS, OF_WORKBOOKS, PNG, parts_of, zipped

from catalogs.problems import InputError, Problem
from cli.main import run
from optimizer.plan.format import Plan
from optimizer.plan.text import plan_text
from optimizer.plan_files import read_plan
from optimizer.planning import make_plan
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.check import check_workbook

pytestmark = pytest.mark.usefixtures("in_process")
SECONDS, MEBIBYTES = 10.0, 2048
ROUNDS = 7
"""Of chance, for each kind of damage, where there is time for five hundred files."""


@pytest.fixture(scope="module")
def plan(in_process: None, tmp_path_factory: pytest.TempPathFactory) -> Plan:  # noqa: ARG001
    offers = {
        "box.purchase": {"system": "box", "route": "purchase", "price_usd": 300000, "lead_time_months": 3},
        "box.rent": {"system": "box", "route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": 3},
    }
    tree = scenario(
        sites={"hall": site()}, demand={"work": {"workload": "training", "per_second": 30000}},
        horizon={"start": "2025q1", "periods": 3}, budget={"capex_usd": {"total": 5e6}},
        commitments=[{"offer": "box.purchase", "site": "hall", "period": "2025q1", "systems": 2, "price_usd": 290000}],
    )  # fmt: skip
    known = catalog(accelerator("chip", {"box": system()}, offers, rates(training=400)))
    return make_plan(load(tmp_path_factory.mktemp("asked"), tree, known), Options()).plan


@pytest.fixture(scope="module")
def plan_bytes(plan: Plan) -> bytes:
    return plan_text(plan).encode()


@pytest.fixture(scope="module")
def workbook_bytes(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sound") / "plan.xlsx"
    write_workbook(plan, path)
    return path.read_bytes()


@cache
def read(path: Path, reader: Callable[[Path], object]) -> object:
    """What a reader makes of a file, in time; None where it refuses it, and then in words that name the file."""
    began, found, problems = time.process_time(), None, tuple[Problem, ...]()
    try:
        found = reader(path)
    except InputError as error:
        problems = error.problems
    assert time.process_time() - began < SECONDS
    assert (found is None) == bool(problems)
    assert all(problem.at.file.startswith(str(path)) and len(str(problem)) < 2000 for problem in problems)
    return found


def plan_is_refused_or_as_it_was(data: bytes, path: Path, plan: Plan) -> None:
    path.write_bytes(data)
    assert read(path, read_plan) in (None, plan)


def workbook_is_refused_or_as_it_was(data: bytes, path: Path, plan: Plan) -> None:
    path.write_bytes(data)
    assert read(path, read_plan) in (None, plan)
    read(path, check_workbook)
    again = read(path, reopened)
    assert again is None or again.plan == plan  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", OF_PLANS, ids=lambda kind: kind.__name__)
def test_a_damaged_plan(kind: Callable[[bytes, Random], bytes], plan: Plan, plan_bytes: bytes, tmp_path: Path) -> None:
    for round_ in range(2):
        damaged = kind(plan_bytes, Random(f"{kind.__name__} {round_}"))
        plan_is_refused_or_as_it_was(damaged, tmp_path / "plan.json", plan)


@pytest.mark.parametrize("kind", OF_WORKBOOKS[::2], ids=lambda kind: kind[0])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_damaged_workbook(
    kind: tuple[str, Callable[[bytes, Random], bytes]], plan: Plan, workbook_bytes: bytes, tmp_path: Path
) -> None:
    name, damage = kind
    workbook_is_refused_or_as_it_was(damage(workbook_bytes, Random(name)), tmp_path / "plan.xlsx", plan)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hundreds_of_damaged_plans_and_workbooks(
    plan: Plan, plan_bytes: bytes, workbook_bytes: bytes, tmp_path: Path
) -> None:
    count = 0
    for round_ in range(ROUNDS):
        for kind in OF_PLANS:
            plan_is_refused_or_as_it_was(kind(plan_bytes, Random(f"{count}")), tmp_path / "plan.json", plan)
            count += 1
        for name, damage in OF_WORKBOOKS:
            damaged = damage(workbook_bytes, Random(f"{name} {round_} again"))
            workbook_is_refused_or_as_it_was(damaged, tmp_path / "plan.xlsx", plan)
            count += 1
    assert count >= 500
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < MEBIBYTES * 1024


# What is no file, and what is too large for one


def test_what_is_no_plain_file_is_refused_unread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "folder.xlsx").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    os.mkfifo(tmp_path / "pipe.xlsx")
    (tmp_path / "loop.json").symlink_to("loop.json")
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    (tmp_path / "zero.xlsx").symlink_to("/dev/zero")
    (tmp_path / "picture.xlsx").write_bytes(PNG)
    for path in sorted(tmp_path.iterdir()):
        assert read(path, read_plan) is None
        if path.suffix == ".xlsx":
            assert read(path, check_workbook) is None
            assert read(path, reopened) is None
            assert run(["workbook", "check", str(path)]) == 2
            assert run(["plan", str(path)]) == 2
        assert run(["compare", str(path), str(path)]) == 2
        assert run(["explain", str(path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def measured(command: list[str]) -> tuple[int, str, float, float]:
    """Exit code, what is said, seconds of a processor and MiB of a command in a process of its own."""
    script = (
        "import sys, time; began = time.process_time()\n"
        "from cli.main import run; code = run(sys.argv[1:])\n"
        "used = next(int(x.split()[1]) / 1024 for x in open('/proc/self/status') if x.startswith('VmHWM'))\n"
        "print(f'\\n{code} {time.process_time() - began} {used}')"
    )
    done = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, timeout=60)
    code, seconds, used = done.stdout.split("\n")[-2].split()
    return int(code), done.stdout + done.stderr, float(seconds), float(used)


LARGE: dict[str, str] = {
    "a plan of a GiB": "is larger than 50 MiB",
    "a workbook of a GiB": "is larger than 50 MiB",
    "a formula that nobody can parse": "holds a formula of",
    "a formula in brackets": "the formula was replaced by a formula",
    "a formula over a whole sheet": "the formula depends on itself",
    "a cell far out": "one too far out",
    "a bomb": "times its size",
}


FORMULAS = {"a formula in brackets": b"-(" * 400, "a formula over a whole sheet": b"SUM(A1:XFD1048576)"}


@pytest.mark.parametrize("name", LARGE)
def test_what_is_large_is_refused_in_time_and_memory(name: str, workbook_bytes: bytes, tmp_path: Path) -> None:
    path = tmp_path / ("plan.json" if name == "a plan of a GiB" else "plan.xlsx")
    parts = parts_of(workbook_bytes)
    largest = max((part for part in parts if part.startswith("xl/worksheets/")), key=lambda part: len(parts[part]))
    sheet = parts[largest]
    at = sheet.index(b"<sheetData>") + len(b"<sheetData>")
    inside = {
        "a formula that nobody can parse": b'<row r="1"><c r="A1"><f>' + b"(" * 2_000_000 + b"</f></c></row>",
        "a cell far out": b'<row r="1048576"><c r="XFD1048576"/></row>',
    }.get(name, b"")
    if name.endswith("GiB"):
        with path.open("wb") as file:
            file.truncate(2**30)
    elif name in FORMULAS:
        hard = re.sub(b"<f>[^<]*</f>", b"<f>" + FORMULAS[name] + b"</f>", sheet, count=1)
        path.write_bytes(zipped({**parts, largest: hard}))
    elif name == "a bomb":
        path.write_bytes(zipped({**parts, "xl/media/bomb.xml": b"0" * 90_000_000}))
    else:
        path.write_bytes(zipped({**parts, largest: sheet[:at] + inside + sheet[at:]}))
    command = ["explain"] if path.suffix == ".json" else ["workbook", "check"]
    code, said, seconds, used = measured([*command, str(path)])
    assert code == 2
    assert LARGE[name] in said
    assert "Traceback" not in said
    assert seconds < 3
    assert used < 300
