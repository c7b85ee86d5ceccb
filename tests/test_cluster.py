"""Work on a Dask cluster, a real scheduler with two workers: the bytes of one core, whatever happens to a worker."""

from __future__ import annotations

import logging
import operator
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders import Tree, plan
from commands import mostly_slow
from test_robust_cli import asked as with_futures
from test_stress import GROWTH, KNOWN, OPTIONS, SLIP, uncertain

from catalogs.problems import InputError, Location, Problem
from cli.main import run
from optimizer.interruption import OutOfTime
from optimizer.plan.format import Plan
from optimizer.plan.text import plan_text
from optimizer.planning import NoPlan
from optimizer.request.load import load_request
from optimizer.solving.scaling import OutOfProportion
from optimizer.solving.solution import SolverError, nothing_known
from optimizer.uncertainty.stress import stress
from optimizer.workers import answers
from optimizer.workers import cluster as clusters
from optimizer.workers.cluster import Cluster, ClusterHands, WorkersFailed
from optimizer.workers.versions import versions

distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
DASK = Path(sys.executable).parent / "dask"
pytestmark = pytest.mark.skipif(not DASK.exists(), reason="the tests run outside of the environment that has Dask")
WORKERS, SAMPLES = 2, 48
"""One of the workers is killed."""
DRAWS: dict[str, Tree] = {"growth": GROWTH, "slip": SLIP}


def dask(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([str(DASK), *words, "--no-dashboard"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Running:
    """A scheduler and its workers, each a process."""

    def __init__(self) -> None:
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.scheduler = dask("scheduler", "--host", "127.0.0.1", "--port", self.address.rpartition(":")[2])
        once = ("--no-nanny", "--death-timeout", "60")
        self.workers = [dask("worker", self.address, "--nthreads", str(k), *once) for k in (1, 2)]

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    level = logging.getLogger("distributed").level
    started = Running()
    try:
        yield started
    finally:
        started.end()
        logging.getLogger("distributed").setLevel(level)


@pytest.fixture(scope="module")
def cluster(running: Running) -> Iterator[Cluster]:
    with Cluster(running.address) as found:
        yield found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan(tmp_path_factory.mktemp("plan"), uncertain(DRAWS), KNOWN)


def test_a_worker_that_dies_loses_nothing_and_changes_nothing(cluster: Cluster, made: Plan) -> None:
    """It is killed half-way, the one with the most to do."""
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if 2 * done >= total and not killed:
            processing, pids = cluster.client.processing(), cluster.client.run(os.getpid)
            killed.append(pids[max(processing, key=lambda worker: len(processing[worker]))])
            os.kill(killed[0], signal.SIGKILL)

    alone = stress(made, SAMPLES, OPTIONS, workers=1)
    spread = stress(made, SAMPLES, OPTIONS, cluster, kill_one)
    assert killed
    assert len(cluster.client.run(os.getpid)) == WORKERS - 1
    assert alone is not None
    assert spread is not None
    assert spread.model_dump_json() == alone.model_dump_json()


COMMANDS = {
    "robust": ["--cvar", "0.5"],
    "frontier": ["--trade", "it_kw", "--points", "3", "--set", "demand/train/unmet_usd_per_unit_hour=1"],
    "alternatives": ["--within", "5%", "--plans", "2"],
    "sweep": ["--vary", "sites/oslo/power_mw=1,0.001"],
}


@pytest.mark.parametrize("command", mostly_slow(COMMANDS, fast=1))
def test_commands_write_the_same_bytes(command: str, running: Running, tmp_path: Path) -> None:
    """Whoever solves; also where a combination has no plan."""
    path, folders = with_futures(tmp_path), [tmp_path / "here", tmp_path / "there"]
    for folder, hands in zip(folders, (["--workers", "1"], ["--cluster", running.address]), strict=True):
        output = ["-o", str(folder)] if command != "robust" else []
        assert run([command, path, *COMMANDS[command], *hands, *output, "--json", f"{folder}.json"]) == 0
    here, there = (contents(tmp_path, folder.name) for folder in folders)
    assert here == there


def contents(folder: Path, name: str) -> list[bytes]:
    files = [folder / f"{name}.json", *sorted((folder / name).glob("*.json"))]
    return [path.read_bytes() for path in files]


def test_a_request_is_the_same_in_another_process(tmp_path: Path) -> None:
    """With the places of its figures, of which messages tell."""
    with_futures(tmp_path)
    request = load_request(tmp_path / "scenario.yaml")
    sent = pickle.loads(pickle.dumps(request))
    assert sent == request
    assert sent.place(("sites", "oslo")) == request.place(("sites", "oslo"))
    assert sent.place(("sites", "oslo")).line > 1


FAULTS = [
    OutOfTime(), NoPlan(nothing_known(), "; why"), OutOfProportion("row", "column"), SolverError("x"),
    InputError([Problem(Location("a.yaml", 1, 2), "x")]),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=[type(fault).__name__ for fault in FAULTS])
def test_what_goes_wrong_on_a_worker_is_told_here(fault: Exception) -> None:
    sent = pickle.loads(pickle.dumps(fault))
    assert type(sent) is type(fault)
    assert str(sent) == str(fault)


def test_what_is_interrupted_stops_on_the_workers_too(cluster: Cluster, made: Plan) -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    found = stress(made, 400, OPTIONS, cluster, stop)
    assert found is not None
    assert found.stopped == "interrupted"
    assert 0 < found.samples < 400
    latest = time.monotonic() + 20
    while any(cluster.client.processing().values()) and time.monotonic() < latest:
        time.sleep(0.05)
    assert not any(cluster.client.processing().values())


def test_without_time_nothing_is_said(cluster: Cluster, made: Plan) -> None:
    """When a command ends is told to workers by the time of day: their clocks began at some other time."""
    assert stress(made, 4, replace(OPTIONS, ends=0.0), cluster) is None
    ends = time.monotonic() + 30
    sent = pickle.loads(pickle.dumps(replace(OPTIONS, ends=ends)))
    assert sent.ends == pytest.approx(ends, abs=0.1)
    assert pickle.dumps(replace(OPTIONS, ends=ends)) != pickle.dumps(replace(OPTIONS, ends=ends + 1))


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run(words) == 2
    return capsys.readouterr().err


@pytest.fixture
def plan_file(tmp_path: Path, made: Plan) -> str:
    path = tmp_path / "plan.json"
    path.write_text(plan_text(made), encoding="utf-8")
    return str(path)


def test_a_scheduler_that_does_not_answer(
    plan_file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(clusters, "MOST_SECONDS", 0.3)
    address = f"tcp://127.0.0.1:{free_port()}"
    said = refused(["stress", plan_file, "--cluster", address], capsys)
    assert f"--cluster {address}: no scheduler answers within 0.3 s" in said


@pytest.mark.parametrize(("name", "there"), [("chipmix", "0.0.1"), ("highspy", "1.14.0"), ("Python", "3.9")])
def test_workers_with_another_version_are_named(
    name: str, there: str, running: Running, plan_file: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """It is here that the other version is: it differs all the same."""
    here = dict(versions())
    claimed = tuple({**here, name: there}.items())
    monkeypatch.setattr(clusters, "versions", lambda: claimed)
    said = refused(["stress", plan_file, "--cluster", running.address], capsys)
    assert f"{name} {here[name]}, here it is {there}" in said
    assert ("run both with one" if name == "Python" else f"pip install {name}=={there}") in said


def test_a_worker_that_comes_later_must_fit_too(cluster: Cluster, made: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    claimed = tuple({**dict(versions()), "highspy": "1.0"}.items())
    monkeypatch.setattr(clusters, "versions", lambda: claimed)
    with pytest.raises(InputError, match="that came later has highspy"):
        stress(made, 4, OPTIONS, cluster)


def test_nothing_is_left_out_while_there_are_no_workers(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """All have gone for a moment, each time that is looked; after a minute of it that is an error."""
    monkeypatch.setattr(Cluster, "at_once", lambda _: 0)
    found = answers(range(7), operator.add, 1, cluster)
    assert sorted(found) == [(k, k + 1) for k in range(7)]
    monkeypatch.setattr(clusters, "MOST_ALONE_SECONDS", -1.0)
    with pytest.raises(InputError, match="has had no workers for"):
        next(answers(range(7), operator.add, 1, cluster))


def test_workers_that_die_at_one_task_again_and_again(cluster: Cluster) -> None:
    hands, future = ClusterHands(cluster, None), Future[Any]()
    future.set_exception(distributed.KilledWorker("asked-1", SimpleNamespace(address="tcp://10.0.0.7:1"), 3))
    with pytest.raises(WorkersFailed, match="died at one task"):
        hands.answer(future)


def test_without_the_extra_the_command_says_what_to_install(
    plan_file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = refused(["stress", plan_file, "--cluster", "tcp://127.0.0.1:8786"], capsys)
    assert "pip install 'chipmix[cluster]'" in said


BAD = [
    (["--cluster", "localhost"], "no address such as tcp://"),
    (["--cluster", "tcp://localhost:8786", "--workers", "2"], "leave it out with --cluster"),
]


@pytest.mark.parametrize(("words", "said"), BAD, ids=[said for _, said in BAD])
def test_what_contradicts_is_refused(
    words: list[str], said: str, plan_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(["stress", plan_file, *words], capsys)


def test_dask_is_read_only_for_a_cluster() -> None:
    code = (
        "import sys, cli.main, optimizer.explore.frontier, optimizer.explore.sweep, optimizer.uncertainty.stress, "
        "optimizer.uncertainty.robust; sys.exit(bool({'dask', 'distributed', 'tornado'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


PAGE = (Path(__file__).parent.parent / "docs" / "scale.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```\n((?:chipmix .*\n)+)```", PAGE, re.MULTILINE)


@pytest.mark.parametrize("blocks", [1, pytest.param(len(SHOWN), marks=pytest.mark.slow)])
def test_what_the_page_shows_works(
    blocks: int, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = "".join(SHOWN[:blocks]).replace("tcp://127.0.0.1:8786", running.address).splitlines()
    assert len(lines) == (4 if blocks == 1 else 6)
    for line in lines:
        assert run(line.split()[1:]) == 0, line
    assert "in 8 futures" in capsys.readouterr().out


def test_what_the_page_reckons_is_right() -> None:
    """Each product and quotient that it writes out."""
    found = re.findall(r"([\d,.]+) × ([\d,.]+) ?(ms|s|MB|bytes|kB)? = ([\d,.]+) ?(s|GB)?", PAGE)
    assert len(found) >= 8
    size = {"": 1.0, "s": 1.0, "ms": 1e-3, "MB": 1e6, "bytes": 1.0, "kB": 1e3, "GB": 1e9}
    for one, other, unit, product, total in found:
        figures = [float(text.replace(",", "")) for text in (one, other, product)]
        assert figures[0] * figures[1] * size[unit] == pytest.approx(figures[2] * size[total], rel=0.05), (one, other)


def test_a_scheduler_that_goes_away_is_an_error_of_its_own(
    made: Plan, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last test: the cluster of all others ends with it."""
    monkeypatch.setattr(clusters, "MOST_SECONDS", 1.0)

    def end(_done: int, _total: int) -> None:
        running.end()

    with pytest.raises(InputError, match="does not answer any more"), Cluster(running.address) as found:
        stress(made, 200, OPTIONS, found, end)
