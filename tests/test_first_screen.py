"""What a reader must know first: warnings of substance before the decision, in the terminal and on Summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import plan, scenario, site
from openpyxl.worksheet.worksheet import Worksheet

from cli.main import run
from cli.show_plan import MOST_WARNINGS, show_plan
from optimizer.plan import warnings as suspicions
from optimizer.plan.format import Plan
from optimizer.workbook.embedded import Made
from optimizer.workbook.write import build

pytestmark = pytest.mark.usefixtures("in_process")


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """One box for two quarters, bought and sold back at none of its price."""
    return plan(tmp_path_factory.mktemp("boxes"), scenario())


def first_screen(shown: Plan, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    """The lines of a plan before its orders, and those from them on."""
    show_plan(shown)
    lines = capsys.readouterr().out.splitlines()
    return lines[: lines.index("What to order")], lines[lines.index("What to order") :]


def ask(**demand: Any) -> dict[str, Any]:
    """3,200 of work a second, which one box does, unless said otherwise."""
    return {"workload": "training", "per_second": 3200, **demand}


def told(folder: Path, capsys: pytest.CaptureFixture[str], **parts: Any) -> tuple[list[str], str]:
    """The warnings on the first screen of a plan, and what it says to order."""
    before, after = first_screen(plan(folder, scenario(**parts)), capsys)
    return [line.removeprefix("warning: ") for line in before if line.startswith("warning: ")], after[1]


def texts(sheet: Worksheet) -> list[str]:
    return [str(row[0].value) for row in sheet.iter_rows() if row[0].value is not None]


def saying(said: Plan, **remarks: tuple[str, ...]) -> Plan:
    return said.model_copy(update=remarks)


def test_every_suspicion_is_of_one_kind() -> None:
    """A function that yields texts about an answer is told as a warning or as a note, and only once."""
    told = [*suspicions.OF_SUBSTANCE, *suspicions.WORTH_KNOWING]
    written = {
        each
        for name, each in vars(suspicions).items()
        if getattr(each, "__annotations__", {}).get("return") == "Iterator[str]"
        if each.__module__ == suspicions.__name__ and not name.startswith("_")
    }
    assert len(told) == len(set(told))
    assert set(told) == written


def test_warnings_come_before_the_orders_and_notes_at_the_end(boxes: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = first_screen(saying(boxes, warnings=("it is not so",), notes=("by the way",)), capsys)
    assert "warning: it is not so" in before
    assert after[-1] == "note: by the way"


def test_nothing_to_say_takes_no_room(boxes: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    before, _ = first_screen(saying(boxes, warnings=(), notes=()), capsys)
    assert "What to know first" not in before


def test_many_warnings_leave_room_for_the_orders(boxes: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    many = tuple(f"number {i}" for i in range(MOST_WARNINGS + 3))
    before, after = first_screen(saying(boxes, warnings=many), capsys)
    shown = [line.removeprefix("warning: ") for line in before + after if line.startswith("warning: ")]
    assert shown == list(many)
    assert before[-2] == "… and 3 more warnings at the end"


def test_warnings_stand_on_summary_and_notes_only_on_log(boxes: Plan) -> None:
    said = saying(boxes, warnings=("it is not so",), notes=("by the way",))
    sheets = build(Made(said, "chipmix plan it")).workbook
    assert "it is not so" in texts(sheets["Summary"])
    assert "by the way" not in texts(sheets["Summary"])
    assert {"it is not so", "by the way"} <= set(texts(sheets["Log"]))


def test_summary_says_how_many_warnings_are_only_on_log(boxes: Plan) -> None:
    sheets = build(Made(saying(boxes, warnings=tuple(f"number {i}" for i in range(11))), "chipmix plan it")).workbook
    assert "number 3" in texts(sheets["Summary"])
    assert "number 4" not in texts(sheets["Summary"])
    assert "… and 7 more on Log" in texts(sheets["Summary"])
    assert "number 10" in texts(sheets["Log"])


# Work left undone. One box costs 300,000 USD, does 3,200 a second and draws 8.4 kW on average; a quarter has 2,190
# hours, so all the work of both quarters at 0.01 USD a unit and hour is 2 × 3,200 × 2,190 × 0.01 = 140,160 USD.

LEFT = "within the limits, leaving the work above undone is no dearer than doing it"


def test_all_work_left_undone_is_said_with_what_it_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warnings, order = told(tmp_path, capsys, demand={"train": ask(unmet_usd_per_unit_hour="0.01")})
    assert warnings == [
        "all of the work of train is left undone, in 2 periods from 2025q1 to 2025q2; that costs 0.140 million USD"
    ]
    assert order == f"nothing: {LEFT}"


def test_part_of_the_work_left_undone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Power for one box, work for two in the second quarter: a third of 3 × 3,200 at 2,190 × 3,200 × 1 USD."""
    demand = {"train": ask(per_second={"2025q1": 3200, "2025q2": 6400}, unmet_usd_per_unit_hour=1)}
    warnings, order = told(tmp_path, capsys, demand=demand, sites={"oslo": site(power_mw="0.012")})
    assert warnings == ["33.3 % of the work of train is left undone, in 2025q2; that costs 7.008 million USD"]
    assert not order.startswith("nothing")


def test_work_left_undone_for_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warnings, order = told(tmp_path, capsys, demand={"train": ask(unmet_usd_per_unit_hour=0)})
    assert warnings == [
        "all of the work of train is left undone, in 2 periods from 2025q1 to 2025q2; that costs nothing"
    ]
    assert order == f"nothing: {LEFT}"


def test_one_demand_of_two_is_left_undone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A box is bought for what must be done; a second one for tuning costs more than leaving that."""
    demand = {"train": ask(), "tune": ask(per_second=3201, unmet_usd_per_unit_hour="0.01")}
    warnings, order = told(tmp_path, capsys, demand=demand)
    assert len(warnings) == 1
    assert warnings[0].startswith("all of the work of tune is left undone")
    assert not order.startswith("nothing")


def test_work_that_is_worth_less_than_it_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Worth 0.01 USD a unit and hour: 140,160 USD in all, less than a box."""
    parts = {"objective": "maximize_value", "demand": {"train": ask(value_usd_per_unit_hour="0.01")}}
    warnings, order = told(tmp_path, capsys, **parts)
    assert warnings == [
        "all of the work of train is left undone, in 2 periods from 2025q1 to 2025q2; "
        "that costs nothing and forgoes a value of 0.140 million USD"
    ]
    assert order == f"nothing: {LEFT}"


def test_work_undone_beside_a_fleet_that_does_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One unit of 3,201 is more than the box that stands there does: 1 / 3,201, at 2 × 2,190 × 0.01 = 43.80 USD."""
    fleet = [{"system": "box", "site": "oslo", "count": 1}]
    demand = {"train": ask(per_second=3201, unmet_usd_per_unit_hour="0.01")}
    warnings, order = told(tmp_path, capsys, demand=demand, fleet=fleet)
    assert warnings == [
        "0.031 % of the work of train is left undone, in 2 periods from 2025q1 to 2025q2; that costs 43.80 USD"
    ]
    assert order == f"nothing: {LEFT}"


def test_work_of_which_none_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warnings, order = told(tmp_path, capsys, demand={"train": ask(per_second={"2026q1": 3200})})
    assert warnings[0] == "train asks for no work in the horizon"
    assert run(["check", str(tmp_path / "scenario.yaml")]) == 0
    assert "warning: train asks for no work in the horizon" in capsys.readouterr().err
    assert order == "nothing: no work is asked for"


def test_a_fleet_that_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fleet = [{"system": "box", "site": "oslo", "count": 1}]
    assert told(tmp_path, capsys, demand={"train": ask()}, fleet=fleet) == ([], "nothing: what is in service is enough")


def test_what_summary_says_of_work_left_undone_is_said_in_japanese(tmp_path: Path) -> None:
    undone = plan(tmp_path, scenario(demand={"train": ask(unmet_usd_per_unit_hour="0.01")}))
    book = build(Made(undone, "chipmix plan it", language="ja"))
    said = "trainの処理のすべてを行わない（2025q1～2025q2のうち2期間）：費用は0.140百万米ドル"
    assert said in texts(book.workbook["Summary"])
    assert book.untranslated == set()
