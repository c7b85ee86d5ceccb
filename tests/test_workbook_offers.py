"""Prices of offers not in a plan: inputs of its workbook that cost nothing there and count in the next plan."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from workbook_cells import FIRST, find, named, place_of
from workbook_edits import recalculated

from optimizer.plan.format import Plan
from optimizer.planning import make_plan
from optimizer.request.load import find_scenario, load_request
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.embedded import Made
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.input_offers import listed, others
from optimizer.workbook.sheets.inputs import AS_PLANNED, PLAN_AGAIN
from optimizer.workbook.write import build
from optimizer.workbook.writing.styles import Role

pytestmark = pytest.mark.usefixtures("in_process")
CHEAPER = "dgx_h100.purchase"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(load_request(find_scenario("quick_start")), Options()).plan


@pytest.fixture(scope="module")
def path(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("offers") / "plan.xlsx"
    write_workbook(plan, path)
    return path


def test_every_offer_that_could_be_ordered_has_a_price_that_may_be_edited(plan: Plan) -> None:
    facts = Facts(plan)
    out = {row.offer for row in plan.excluded}
    ordered = {row.offer for row in plan.orders}
    assert sorted(listed(facts)) == sorted(set(plan.catalog["offers"]) - (out - ordered))
    assert len(others(facts)) > 20
    book = build(Made(plan))
    sheet = book.workbook["Inputs"]
    keyed: dict[str, list[tuple[str, str]]] = {}
    for (title, cell), edit in book.inputs.items():
        keyed.setdefault(edit.keys[0], []).append((title, cell))
    for offer in listed(facts):
        field = "price_usd" if plan.catalog["offers"][offer]["route"] == "purchase" else "usd_per_accelerator_hour"
        cells = [cell for title, cell in keyed[f"catalog/offers/{offer}/{field}"] if title == "Inputs"]
        rows = {sheet[cell].row for cell in cells}
        assert len(rows) == 1, f"{offer} is edited on one line"
        row = rows.pop()
        assert sheet.cell(row, 4).value in ("USD/system", "USD/accelerator-hour")
        assert sheet.cell(row, 8).value, "a source"
        assert all(sheet[cell].style == Role.INPUT.value for cell in cells)
        validated = [area for rule in sheet.data_validations.dataValidation for area in rule.sqref.ranges]
        assert all(any(cell in area for area in validated) for cell in cells)


def test_an_edit_costs_nothing_here_and_asks_for_another_plan(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    row = find(book["Inputs"], "Price", CHEAPER)
    values = openpyxl.load_workbook(path, data_only=True)
    assert named(values, "other_prices_edited") == 0
    assert values["Inputs"]["D2"].value == values["Contents"]["D2"].value == AS_PLANNED
    live = recalculated(path, [("Inputs", row, FIRST + 3, 150_000.0)])
    assert live(*place_of(book, "total_npv_usd")) == named(values, "total_npv_usd")
    assert live(*place_of(book, "master_check")) == 0
    assert live(*place_of(book, "other_prices_edited")) == 1
    assert live("Inputs", 2, 4) == live("Contents", 2, 4) == PLAN_AGAIN
    tariff = find(book["Inputs"], "Electricity", place="colo_room")
    live = recalculated(path, [("Inputs", tariff, FIRST, 150.0)])
    assert live(*place_of(book, "other_prices_edited")) == 0
    assert live(*place_of(book, "plan_edited")) == 1


def test_the_next_plan_uses_it(plan: Plan, path: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(path)
    row = find(book["Inputs"], "Price", CHEAPER)
    columns = range(FIRST, FIRST + len(plan.periods))
    for column in columns:
        book["Inputs"].cell(row, column).value = 20_000
    book.save(tmp_path / "edited.xlsx")
    found = reopened(tmp_path / "edited.xlsx")
    assert len(found.edits) == len(columns)
    again = make_plan(found.request, Options()).plan
    assert CHEAPER not in {each.offer for each in plan.orders}
    assert {each.price_usd for each in again.orders if each.offer == CHEAPER} == {20_000}
