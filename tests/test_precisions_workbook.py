"""The workbook of a plan whose throughput is a list of points: what it shows, after an edit too, and its way back."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from builders import plan
from test_precisions import BF16, FP4, asked, known, planned, point
from test_workbook_back import Edit, edited
from test_workbook_sheets import FIRST, Live
from workbook_cells import find, named

from optimizer.plan.format import Plan
from optimizer.request.edits import as_text
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.check import check_workbook
from optimizer.workbook.embedded import Made
from optimizer.workbook.write import build

pytestmark = pytest.mark.usefixtures("in_process")
RATE, IN_FORCE = "Throughput, training, {}", "Throughput in force, training, {}"
FP8_LATER = "fp8, ×8, 2025q2"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, in_process: None) -> Plan:  # noqa: ARG001
    return planned(tmp_path_factory.mktemp("points"))


@pytest.fixture(scope="module")
def original(made: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "plan.xlsx"
    write_workbook(made, path)
    return path


def test_every_point_that_counts_is_a_line(original: Path) -> None:
    """Bf16 and fp8, which a box of 8 reaches; fp4 took 16 chips and is of no use to this plan."""
    book = openpyxl.load_workbook(original, data_only=True)
    assert named(book, "master_check") == 0
    assert not check_workbook(original)
    sheet = book["Inputs"]

    def shown(label: str, columns: range) -> list[object]:
        row = find(book["Inputs"], label, "chip")
        return [sheet.cell(row, column).value for column in columns]

    assert shown(RATE.format("bf16"), range(FIRST, FIRST + 2)) == [100, 100]
    assert shown(RATE.format(FP8_LATER), range(FIRST, FIRST + 2)) == [180, 180]
    assert shown(IN_FORCE.format(FP8_LATER), range(FIRST, FIRST + 2)) == [0, 1]
    assert shown(RATE.format("bf16"), range(6, 9)) == ["measured", None, "hand (see Log)"]
    assert shown(RATE.format(FP8_LATER), range(6, 7)) == ["vendor"]
    labels = {sheet.cell(row, 1).value for row in range(1, sheet.max_row + 1)}
    assert not {RATE.format("fp4, ×16"), IN_FORCE.format("bf16")} & labels


def test_work_follows_the_best_point_in_force(original: Path) -> None:
    """10 chips at fp8 in 2025q2: at 90 instead of 180 bf16 does more, 10 · 100; in 2025q1 fp8 changes nothing."""
    book = openpyxl.load_workbook(original)
    row = find(book["Inputs"], RATE.format(FP8_LATER), "chip")
    live = Live(original, {("Inputs", row, FIRST): 999.0, ("Inputs", row, FIRST + 1): 90.0})
    assert live.across("Capacity", "Work done", "rough") == pytest.approx([900, 1000])
    assert live.across("Capacity", "Work done", "fine") == pytest.approx([700, 700])
    better = Live(original, {("Inputs", row, FIRST + 1): 200.0})
    assert better.across("Capacity", "Work done", "rough") == pytest.approx([900, 2000])


def test_unit_costs_name_every_point_used(original: Path) -> None:
    book = openpyxl.load_workbook(original, data_only=True)
    sheet = book["Unit costs"]
    for demand, points in {"rough": "bf16, measured; fp8, vendor", "fine": "bf16, measured"}.items():
        row = find(book["Unit costs"], f"Per million unit, {demand}", "chip")
        assert sheet.cell(row, 8).value == points


def test_an_edit_comes_back_to_its_point(original: Path, tmp_path: Path, made: Plan) -> None:
    edit: Edit = ("Inputs", RATE.format(FP8_LATER), "chip", "", 2, 200)
    request = reopened(edited(original, tmp_path, edit)).request
    before, after = (tree["throughput"]["chip"]["training"] for tree in (made.catalog, as_text(request.catalog)))
    assert [each["precision"] for each in after] == [each["precision"] for each in before]
    changes = {each["precision"]: each["rate"] for each, was in zip(after, before, strict=True) if each != was}
    assert changes == {"fp8": {"2025q1": "180", "2025q2": "200"}}


@pytest.mark.parametrize("precision", ["bf16", "fp8", "fp4", "int8"])
@pytest.mark.parametrize("basis", ["measured", "vendor"])
def test_japanese_has_every_word(made: Plan, tmp_path: Path, precision: str, basis: str) -> None:
    """Among them every reason that a point may give: precision, evidence, size and memory."""
    points = [point(100), BF16, FP4, point(9, "int8", accelerators=4)]
    tree = asked(precisions=[precision], unmet_usd_per_unit_hour=1)
    tree["offers"] = {"basis": [basis, "estimated"], "deny": ["shelf.rent"]}
    done = plan(tmp_path, tree, known(*points, takes={"bf16": 800, "fp4": 400}, memory_gb=60))
    for each in (made, done):
        assert build(Made(each, "chipmix plan it", language="ja")).untranslated == set()
