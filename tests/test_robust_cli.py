"""`robust` and `stress` as commands: what is printed, exit codes, and that what they write is taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import Tree, one_offer, scenario, site, write
from jsonschema import Draft202012Validator

from cli.main import run
from optimizer.proven import program_version
from optimizer.workbook.back import copy_in

ROOT = Path(__file__).parent.parent

FUTURES = [
    {"name": "as_planned", "probability": "0.5"},
    {"name": "boom", "probability": "0.3", "demand": {"factor": "1.5", "from": "2025q2"}},
    {"name": "dark", "probability": "0.2", "power": {"factor": "0.1", "from": "2025q2"}},
]


def asked(folder: Path, **parts: object) -> str:
    tree: Tree = scenario(
        horizon={"start": "2025q1", "periods": 4},
        sites={"oslo": site(1)},
        demand={"train": {"workload": "training", "per_second": {"2025q2": 30000}}},
        **{"futures": FUTURES, **parts},
    )
    return str(write(folder, tree, one_offer(lead_time_months=3)))


@pytest.mark.parametrize("aim", [[], ["--cvar", "0.5", "--weight", "0.7"], ["--regret"]])
def test_json_is_json_alone_and_the_same_twice(
    aim: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, texts = asked(tmp_path), []
    for workers in ("1", "2"):
        assert run(["robust", path, *aim, "--workers", workers, "--json", "-"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    found = json.loads(texts[0])
    assert {future["name"] for future in found["futures"]} == {"as_planned", "boom", "dark"}
    assert all(future["plan"]["audit"]["ok"] for future in found["futures"])
    assert any(future["unpowered"] for future in found["futures"])


def faults(kind: str, result: Any) -> list[str]:
    """What a published schema has against a result."""
    schema = json.loads((ROOT / "optimizer" / "uncertainty" / f"{kind}.schema.json").read_text(encoding="utf-8"))
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(result)]


def test_results_are_as_their_schemas_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And not otherwise: what is missing, of another type or not known is found."""
    plan, found = str(tmp_path / "signed.json"), {}
    commands = {"robust": [asked(tmp_path), "--plan", plan], "stress": [plan, "--samples", "8"]}
    for kind, words in commands.items():
        assert run([kind, *words, "--workers", "1", "--json", "-"]) == 0
        found[kind] = json.loads(capsys.readouterr().out)
        assert faults(kind, found[kind]) == []
        assert found[kind]["chipmix"] == {"format": 1, "version": program_version()}
        assert faults(kind, {**found[kind], "chipmix": {"format": 2, "version": "1"}})
        assert faults(kind, {**found[kind], "more": 1})
    decision, one = found["robust"], found["robust"]["futures"][0]
    tables = {name: table for name, table in one["plan"].items() if name != "orders"}
    assert faults("robust", {**decision, "futures": [{**one, "plan": tables}]})
    assert faults("stress", {**found["stress"], "costs_usd": ["1"]})


def test_what_to_sign_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["robust", asked(tmp_path)]) == 0
    out = capsys.readouterr().out
    for said in ("Sign now", "Planned, may change", "Every plan in every future", "order box.purchase, oslo"):
        assert said in out


def test_the_plan_that_is_signed_is_taken_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, book = str(tmp_path / "signed.json"), str(tmp_path / "signed.xlsx")
    assert run(["robust", asked(tmp_path), "--plan", plan, "-o", book]) == 0
    assert run(["explain", plan]) == 0
    assert run(["workbook", "check", book]) == 0
    more = str(tmp_path / "stressed.xlsx")
    assert run(["stress", book, "--samples", "4", "--workers", "1", "-o", more]) == 0
    assert "how often" in capsys.readouterr().out
    assert run(["workbook", "check", more]) == 0
    titles = ["Futures", "Regret", "Distribution", "Checks", "Log"]
    assert openpyxl.load_workbook(more, read_only=True).sheetnames[-5:] == titles


def test_an_explained_workbook_keeps_what_futures_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both commands too, and the line of a workbook that is planned as it stands."""
    book, more, last = (str(tmp_path / f"{name}.xlsx") for name in ("signed", "stressed", "explained"))
    for words in (
        ["robust", asked(tmp_path), "-o", book],
        ["stress", book, "--samples", "4", "--workers", "1", "-o", more],
        ["explain", more, "--offer", "box.purchase", "-o", last],
    ):
        monkeypatch.setattr("sys.argv", ["chipmix", *words])
        assert run(words) == 0
    assert run(["workbook", "check", last]) == 0
    made, before = copy_in(Path(last)).made, copy_in(Path(more)).made
    assert (made.decision, made.stressed) == (before.decision, before.stressed)
    assert made.explanation is not None
    written = openpyxl.load_workbook(last)
    titles = ["Futures", "Regret", "Distribution", "Checks", "Log"]
    assert written.sheetnames[-5:] == titles
    for title, command in (("Regret", "robust"), ("Distribution", "stress")):
        commands = [row[1].value for row in written[title].iter_rows() if row[0].value == "Command"]
        assert [str(each).split()[1] for each in commands] == [command]
    capsys.readouterr()
    for file, says in ((book, f"chipmix robust {book} decides"), (last, f"chipmix robust {last} decides")):
        assert run(["plan", file, "--json", "-"]) == 0
        lines = [line for line in capsys.readouterr().err.splitlines() if "not counted" in line]
        assert len(lines) == 1
        assert says in lines[0]


@pytest.mark.parametrize("width", [80, 120])
def test_ten_futures_read_well_on_any_screen(
    width: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    grown = [
        {"name": f"grows_{n}", "probability": "0.1", "demand": {"factor": f"1.{n}", "from": "2025q2"}}
        for n in range(10)
    ]
    monkeypatch.setenv("COLUMNS", str(width))
    assert run(["robust", asked(tmp_path, futures=grown)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line for line in out if len(line) > width] == []
    top = next(i for i, line in enumerate(out) if line.startswith("Every plan in every future"))
    end = next(i for i, line in enumerate(out) if line.startswith("This decision in each future"))
    words = " ".join(out[top:end]).split()
    assert [words.count(f"grows_{n}") for n in range(10)] >= [2] * 10  # as a column, and as the plan of a row
    assert all(word in words for word in ("expected", "worst", "largest"))


def test_a_workbook_decides_again_with_edited_probabilities(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "signed.xlsx"
    assert run(["robust", asked(tmp_path), "-o", str(book)]) == 0
    edited = openpyxl.load_workbook(book)
    cells = {row[0].value: row[2] for row in edited["Futures"].iter_rows(min_row=5, max_row=7)}
    assert {name: cell.value for name, cell in cells.items()} == {"as_planned": 0.5, "boom": 0.3, "dark": 0.2}
    cells["boom"].value, cells["dark"].value = 0.1, 0.4
    edited.save(tmp_path / "edited.xlsx")
    capsys.readouterr()
    again = ["robust", str(tmp_path / "edited.xlsx"), "--json", "-", "-o", str(tmp_path / "again.xlsx")]
    assert run(again) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["name"]: row["probability"] for row in found["futures"]} == {
        "as_planned": 0.5,
        "boom": 0.1,
        "dark": 0.4,
    }
    assert run(["plan", str(tmp_path / "edited.xlsx")]) == 0
    assert run(["robust", str(book), "-o", str(book)]) == 2
    assert "read by this command" in capsys.readouterr().err


BAD = [
    ({"futures": []}, [], "has no futures"),
    ({}, ["--weight", "0.5"], "--weight needs --cvar"),
    ({}, ["--regret", "--cvar", "0.5"], "give one"),
    ({}, ["--cvar", "1"], "less than 100%"),
    ({"futures": [{"name": "a", "probability": "0.4"}]}, [], "must sum to 1"),
]


@pytest.mark.parametrize(("parts", "words", "said"), BAD, ids=[said for _, _, said in BAD])
def test_what_contradicts_exits_2(
    parts: Tree, words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["robust", asked(tmp_path, **parts), *words]) == 2
    assert said in capsys.readouterr().err


def test_a_scenario_that_nothing_fits_exits_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    floor = [{"name": "many", "measure": "systems", "at_least": 5000, "within": "total"}]
    assert run(["robust", asked(tmp_path, limits=floor)]) == 3
    assert "many" in capsys.readouterr().err


def test_a_plan_without_anything_to_draw_from_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = str(tmp_path / "plan.json")
    assert run(["plan", asked(tmp_path, futures=[]), "--json", plan]) == 0
    assert run(["stress", plan]) == 2
    assert "neither uncertainty.draws nor futures" in capsys.readouterr().err


def test_check_applies_every_future(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    futures = [*FUTURES[:2], {"name": "idle", "probability": "0.2", "rent": {"factor": 2}}]
    assert run(["check", asked(tmp_path, futures=futures)]) == 2
    assert "changes nothing" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["robust", "stress"])
def test_without_time_there_is_no_answer_and_that_is_exit_4(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = asked(tmp_path)
    plan = str(tmp_path / "plan.json")
    assert run(["plan", path, "--json", plan]) == 0
    assert run([command, path if command == "robust" else plan, "--time-limit", "0.01"]) == 4
    assert "in the time given" in capsys.readouterr().err
