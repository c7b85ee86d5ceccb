"""Stress tests and decisions that were interrupted go on from a folder, to the bytes of one that was not."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from builders import plan
from test_robust_cli import asked
from test_stress import GROWTH, KNOWN, OPTIONS, SLIP, uncertain

from catalogs.problems import InputError
from cli.explored import Pace, duration
from cli.main import run
from optimizer.plan.format import Plan
from optimizer.plan.text import plan_text
from optimizer.solving.pool import Solvers
from optimizer.uncertainty import samples
from optimizer.uncertainty.samples import asked_of, samples_of
from optimizer.uncertainty.stress import stress
from optimizer.workers.kept import Kept

SAMPLES = 20


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan(tmp_path_factory.mktemp("plan"), uncertain({"growth": GROWTH, "slip": SLIP}), KNOWN)


def kept(folder: Path, made: Plan) -> Kept:
    return Kept(folder, asked_of(made, OPTIONS))


def test_a_stress_that_was_interrupted_goes_on(made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = stress(made, SAMPLES, OPTIONS, workers=1)

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    part = stress(made, SAMPLES, OPTIONS, 1, stop, kept(tmp_path / "run", made))
    assert part is not None
    assert (part.samples, part.stopped) == (samples.AT_ONCE, "interrupted")
    numbers: list[int] = []
    real = samples.drawn
    monkeypatch.setattr(samples, "drawn", lambda request, number: numbers.append(number) or real(request, number))
    again = stress(made, SAMPLES, OPTIONS, workers=1, kept=kept(tmp_path / "run", made))
    assert numbers == list(range(samples.AT_ONCE + 1, SAMPLES + 1))
    assert again == whole
    assert again is not None
    assert whole is not None
    assert again.model_dump_json() == whole.model_dump_json()


def test_more_samples_go_on_from_fewer(made: Plan, tmp_path: Path) -> None:
    samples_of(made, 3, OPTIONS, 1, kept=kept(tmp_path / "run", made))
    more, _ = samples_of(made, 12, OPTIONS, 1, kept=kept(tmp_path / "run", made))
    assert more == samples_of(made, 12, OPTIONS, 1)[0]
    fewer, _ = samples_of(made, 2, OPTIONS, 1, kept=kept(tmp_path / "run", made))
    assert fewer == more[:2]


def test_all_is_kept_and_the_second_time_nothing_is_solved(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, folder = tmp_path / "plan.json", tmp_path / "run"
    path.write_text(plan_text(made), encoding="utf-8")
    words = ["stress", str(path), "--samples", "6", "--workers", "1", "--resume", str(folder), "--json", "-"]
    assert run(words) == 0
    first = capsys.readouterr().out
    monkeypatch.setattr("optimizer.uncertainty.held.HeldPlan.in_future", None)
    assert run(words) == 0
    assert capsys.readouterr().out == first


def test_a_decision_goes_on_and_solves_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, folder = asked(tmp_path), tmp_path / "run"
    assert run(["robust", path, "--workers", "1", "--json", "-"]) == 0
    whole = capsys.readouterr().out
    assert run(["robust", path, "--workers", "1", "--resume", str(folder)]) == 0
    answers = sorted(folder.glob("solved_*.json"))
    assert len(answers) > 10
    for answer in answers[::2]:
        answer.unlink()
    capsys.readouterr()
    solved: list[int] = []
    real = Solvers._solved
    monkeypatch.setattr(Solvers, "_solved", lambda self, *given: solved.append(1) or real(self, *given))
    assert run(["robust", path, "--workers", "2", "--resume", str(folder), "--json", "-"]) == 0
    assert capsys.readouterr().out == whole
    assert len(solved) == len(answers[::2])
    assert sorted(folder.glob("solved_*.json")) == answers


def test_files_of_another_run_are_refused(made: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    kept(folder, made)
    path = asked(tmp_path)
    assert run(["robust", path, "--resume", str(folder)]) == 2
    said = capsys.readouterr().err
    assert "run.json" in said
    assert "is of a run with another" in said
    assert "another command" in said


def test_a_folder_of_something_else_is_refused(made: Plan, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=r"holds something else, no run\.json"):
        kept(tmp_path, made)


@pytest.mark.parametrize(("change", "said"), [
    ({"run": "0"}, "belongs to another run"),
    ({"name": "samples_9_12"}, "belongs to another run"),
    ({"answer": []}, "was changed after chipmix wrote it"),
])  # fmt: skip
def test_a_file_that_was_changed_is_refused(change: dict[str, object], said: str, made: Plan, tmp_path: Path) -> None:
    samples_of(made, 4, OPTIONS, 1, kept=kept(tmp_path / "run", made))
    (path,) = (tmp_path / "run").glob("samples_*.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=said):
        samples_of(made, 4, OPTIONS, 1, kept=kept(tmp_path / "run", made))


def test_what_another_wrote_in_good_order_is_read_with_care(made: Plan, tmp_path: Path) -> None:
    """With a hash that is right, of samples that are none."""
    folder = kept(tmp_path / "run", made)
    folder.keep("samples_1_4", [{"number": "one"}])
    with pytest.raises(InputError, match="is damaged, or not an answer of this run"):
        samples_of(made, 4, OPTIONS, 1, kept=folder)


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_solved(made: Plan, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(plan_text(made), encoding="utf-8")
    assert run(["stress", str(path), "--resume", str(path / "run")]) == 2


def test_time_left_is_that_of_the_pace_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 100, 40 were known: ten in five seconds leave 50 for 25 s."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = Pace()
    assert pace.left(40, 100) == ""
    now[0] += 5.0
    assert pace.left(50, 100) == "about 25 s left"
    assert pace.left(100, 100) == ""
    told = [duration(seconds) for seconds in (0.2, 119, 120, 7100, 7200, 200_000)]
    assert told == ["1 s", "119 s", "2 min", "118 min", "2 h", "2 d"]
