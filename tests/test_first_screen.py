"""What a reader must know first: warnings of substance before the decision, in the terminal and on Summary."""

from __future__ import annotations

import pytest
from builders import plan, scenario
from openpyxl.worksheet.worksheet import Worksheet

from cli.show_plan import MOST_WARNINGS, show_plan
from optimizer import suspicions
from optimizer.plan_format import Plan
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
        if getattr(each, "__annotations__", {}).get("return") == "Iterator[str]" and not name.startswith("_")
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
    assert "number 7" in texts(sheets["Summary"])
    assert "number 8" not in texts(sheets["Summary"])
    assert "… and 3 more on Log" in texts(sheets["Summary"])
    assert "number 10" in texts(sheets["Log"])
