"""Actuals: budget, prior plan and what was paid beside the plan, what people typed, and the approval."""

from __future__ import annotations

from datetime import date
from functools import cache
from math import fsum
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import workbook_plans as plans
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from workbook_cells import named

from catalogs.problems import InputError
from cli.main import run
from optimizer.plan.format import Plan
from optimizer.plan.prior import prior_of
from optimizer.planning import make_plan
from optimizer.request.load import find_scenario, load_request
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.back import copy_in, reopened
from optimizer.workbook.check import check_workbook
from optimizer.workbook.sheets.actuals import APPROVAL

pytestmark = pytest.mark.usefixtures("in_process")


@cache
def planned(*settings: str) -> Plan:
    return make_plan(load_request(find_scenario("quick_start"), settings), Options()).plan


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("actuals") / "plan.xlsx"
    write_workbook(planned(), path, prior=prior_of(planned("finance/maintenance_share=0.08")))
    return path


def cell(sheet: Worksheet, block: str, line: str, column: str) -> tuple[int, int]:
    """Where a line of a block shows a column."""
    top = next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value == block)
    head = next(row for row in range(top, sheet.max_row + 1) if sheet.cell(row, 1).value == "Line")
    at = next(i for i in range(1, sheet.max_column + 1) if sheet.cell(head, i).value == column)
    return next(row for row in range(head, sheet.max_row + 1) if sheet.cell(row, 1).value == line), at


def value(book: Workbook, block: str, line: str, column: str) -> Any:
    return book["Actuals"].cell(*cell(book["Actuals"], block, line, column)).value


def approval(sheet: Worksheet, label: str) -> Any:
    return next(sheet.cell(row, 2) for row in range(4, 20) if sheet.cell(row, 1).value == label)


def calculated(path: Path, typed: dict[tuple[str, str, str], float], to: Path) -> Workbook:
    """The workbook as it is typed into and saved, with what its formulas then show."""
    from optimizer.workbook.writing.finish import recalculated

    book = openpyxl.load_workbook(path)
    for where, usd in typed.items():
        book["Actuals"].cell(*cell(book["Actuals"], *where)).value = usd
    book.save(to)
    to.write_bytes(recalculated(to.read_bytes()))
    return openpyxl.load_workbook(to, data_only=True)


def test_this_plan_and_the_prior_one_by_fiscal_year(path: Path) -> None:
    shown = openpyxl.load_workbook(path, data_only=True)
    for plan, block in ((planned(), "This plan"), (planned("finance/maintenance_share=0.08"), "Prior plan")):
        for year in sorted({row.fiscal_year for row in plan.periods}):
            periods = [row.period for row in plan.periods if row.fiscal_year == year]
            for name, line in (("energy_usd", "Energy"), ("maintenance_usd", "Maintenance"), ("rent_usd", "Rent")):
                usd = fsum(plan.costs[name][period] for period in periods)
                assert value(shown, block, line, year) == pytest.approx(usd), (block, line, year)
    now, before = (fsum(plan.costs["maintenance_usd"].values()) for plan in (planned(), planned(
        "finance/maintenance_share=0.08")))  # fmt: skip
    assert value(shown, "This plan less prior plan", "Maintenance", "Total") == pytest.approx(now - before)
    assert named(shown, "master_check") == 0
    assert check_workbook(path) == ()


def test_nothing_is_known_of_what_nobody_typed(path: Path) -> None:
    shown = openpyxl.load_workbook(path, data_only=True)
    for block in ("Actual", "Budget"):
        assert value(shown, block, "Energy", "fy2027") is None, "a blank, not a zero"
        assert value(shown, block, "Cash paid", "Total") == "n/a"
    for block in ("Actual less this plan", "Actual less budget", "This plan less budget"):
        assert value(shown, block, "Energy", "fy2027") == value(shown, block, "Cash paid", "Total") == "n/a"


def test_a_variance_is_of_what_both_say(path: Path, tmp_path: Path) -> None:
    typed = {
        ("Actual", "Energy", "fy2027"): 80_000.0, ("Actual", "Hosting", "fy2027"): 0.0,
        ("Budget", "Energy", "fy2027"): 75_000.0,
    }  # fmt: skip
    shown = calculated(path, typed, tmp_path / "typed.xlsx")
    planned_usd = {line: value(shown, "This plan", line, "fy2027") for line in ("Energy", "Hosting")}
    assert value(shown, "Actual less budget", "Energy", "fy2027") == 5_000
    assert value(shown, "Actual less budget", "Hosting", "fy2027") == "n/a"
    assert value(shown, "Actual less this plan", "Hosting", "fy2027") == pytest.approx(-planned_usd["Hosting"])
    both = 80_000 - planned_usd["Energy"] - planned_usd["Hosting"]
    assert value(shown, "Actual less this plan", "Opex", "fy2027") == pytest.approx(both)
    assert value(shown, "Actual less this plan", "Capex", "fy2027") == "n/a"
    assert named(shown, "plan_edited") == named(shown, "master_check") == 0


def test_a_budget_of_a_fiscal_year_is_that_of_the_scenario(tmp_path: Path) -> None:
    """The rich plan has 400 million of capex for the year to June 2025; a calendar year is no fiscal year of it."""
    write_workbook(plans.plan_of(plans.rich()), tmp_path / "rich.xlsx")
    shown = openpyxl.load_workbook(tmp_path / "rich.xlsx", data_only=True)
    assert [value(shown, "Budget", "Capex", year) for year in ("fy2025", "fy2026")] == [400e6, "n/a"]
    assert value(shown, "Budget", "Opex", "fy2025") == "n/a"
    capex = value(shown, "This plan", "Capex", "fy2025")
    assert value(shown, "This plan less budget", "Hardware", "fy2025") == "n/a"
    assert capex is not None


def test_what_was_typed_is_kept_when_the_plan_is_made_again(path: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book["Actuals"]
    sheet.cell(*cell(sheet, "Actual", "Energy", "fy2027")).value = 80_000
    approval(sheet, "Version").value = 3
    approval(sheet, "Prepared by").value = "=the finance team"
    approval(sheet, "Prepared by").data_type = "s"
    approval(sheet, "Approved on").value = date(2026, 3, 31)
    book.save(tmp_path / "typed.xlsx")
    found = reopened(tmp_path / "typed.xlsx")
    assert found.edits == ()
    kept = {
        "typed/actual/energy_usd/fy2027": 80_000.0, "typed/approval/Version": 3.0,
        "typed/approval/Prepared by": "=the finance team", "typed/approval/Approved on": 46112.0,
    }  # fmt: skip
    assert found.typed == kept
    write_workbook(planned(), tmp_path / "again.xlsx", typed=found.typed)
    assert check_workbook(tmp_path / "again.xlsx") == ()
    again = openpyxl.load_workbook(tmp_path / "again.xlsx")["Actuals"]
    assert approval(again, "Prepared by").value == "=the finance team"
    assert approval(again, "Prepared by").data_type == "s", "a text, whatever it begins with"
    assert approval(again, "Approved on").value.date() == date(2026, 3, 31)
    assert approval(again, "SHA-256 of this plan").value == planned().run.plan_sha256
    assert dict(copy_in(tmp_path / "again.xlsx").made.typed) == kept
    book = openpyxl.load_workbook(tmp_path / "again.xlsx")
    approval(book["Actuals"], "Version").value = None
    book.save(tmp_path / "cleared.xlsx")
    assert "typed/approval/Version" not in reopened(tmp_path / "cleared.xlsx").typed


@pytest.mark.parametrize(("what", "typed", "says"), [
    ("Approved on", "tomorrow", "must be a date"), ("Prepared by", "x" * 201, "at most 200 characters"),
    ("Version", "=1+1", "type the number"),
])  # fmt: skip
def test_what_does_not_belong_in_a_cell_is_named(what: str, typed: str, says: str, path: Path, tmp_path: Path) -> None:
    assert what in APPROVAL
    book = openpyxl.load_workbook(path)
    approval(book["Actuals"], what).value = typed
    book.save(tmp_path / "wrong.xlsx")
    with pytest.raises(InputError, match=says):
        reopened(tmp_path / "wrong.xlsx")


@pytest.mark.slow
def test_the_command_holds_a_plan_against_a_prior_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prior, new = tmp_path / "prior.json", tmp_path / "new.xlsx"
    assert run(["plan", "quick_start", "--json", str(prior), "--gap", "0.05"]) == 0
    dearer = ["--set", "sites/colo_room/electricity_usd_per_mwh=200"]
    assert run(["plan", "quick_start", "--prior", str(prior), *dearer, "--gap", "0.05", "-o", str(new)]) == 0
    assert "the prior plan" in capsys.readouterr().out
    shown = openpyxl.load_workbook(new, data_only=True)
    assert "Bridge" in shown.sheetnames
    assert value(shown, "This plan less prior plan", "Energy", "Total") > 0
    assert reopened(new).edits == ()
