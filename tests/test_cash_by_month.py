"""Cash by month: every cost line on the months that the rules say, sums that are the periods', edits followed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import formualizer
import openpyxl
import pytest
import workbook_plans as plans
from workbook_pricing import Case

from optimizer.formulation.register import COST_LINES
from optimizer.plan.format import Plan
from optimizer.workbook import write_workbook
from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.cash_by_month import paid_lines

LABELS = {record.label: record for record in COST_LINES}
Months = list[dict[str, Any]]


def months_of(path: Path) -> tuple[Months, dict[str, Any]]:
    """The rows of the sheet, and the sums below them."""
    rows = list(openpyxl.load_workbook(path, data_only=True)["Cash by month"].iter_rows(4, values_only=True))
    table = [dict(zip(map(str, rows[0]), row, strict=True)) for row in rows[1:]]
    return [row for row in table if isinstance(row["Month"], datetime)], table[-1]


def expected(plan: Plan, months: int) -> Months:
    """By hand: what is due once in the first month, the frame's shortfall in the last, all else evenly."""
    found: Months = []
    for row in plan.periods:
        for k in range(months):
            of = {label: plan.costs[r.name][row.period] for label, r in LABELS.items() if r.name in plan.costs}
            once = {"Hardware", "Network", "Facility", "Engineering", "Porting", "Resale"}
            shares = {label: float(k == 0) if label in once else 1 / months for label in of}
            shares["Frame shortfall"] = float(k == months - 1)
            for label in ("Owed after the horizon", "Unmet work", "Value of work", "Residual value",
                          "Tax on residual value"):  # fmt: skip
                of.pop(label, None)
            found.append({label: usd * shares[label] for label, usd in of.items()})
    return found


@pytest.fixture(scope="module")
def rich_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("months") / "rich.xlsx"
    write_workbook(plans.plan_of(plans.rich()), path)
    return path


def test_each_line_falls_on_its_months(rich_path: Path) -> None:
    plan = plans.plan_of(plans.rich())
    rows, sums = months_of(rich_path)
    assert [row["Month"] for row in rows] == [datetime(2025 + i // 12, i % 12 + 1, 1) for i in range(24)]
    by_hand = expected(plan, 3)
    assert set(by_hand[0]) == {LABELS[label].label for label in rows[0] if label in LABELS}
    for row, of in zip(rows, by_hand, strict=True):
        assert {label: row[label] for label in of} == pytest.approx(of), row["Month"]
        assert row["Cash paid"] == pytest.approx(sum(of.values()))
    assert sums["Cash paid"] == pytest.approx(rows[-1]["Cash paid so far"])


def test_the_months_of_a_period_are_the_period_on_cash(rich_path: Path) -> None:
    rows, _ = months_of(rich_path)
    cash = openpyxl.load_workbook(rich_path, data_only=True)["Cash"]
    paid = next(row for row in cash.iter_rows(8, values_only=True) if row[0] == "Cash paid")[8:16]
    for period, usd in enumerate(paid, start=1):
        assert sum(row["Cash paid"] for row in rows if row["Period number"] == period) == pytest.approx(usd)
    assert all(abs(row["Months less their period"]) < 1e-6 for row in rows)


def test_fiscal_years_are_those_of_the_months(rich_path: Path) -> None:
    """Of a fiscal year that starts in July."""
    rows, _ = months_of(rich_path)
    assert [row["Fiscal year"] for row in rows] == [2025] * 6 + [2026] * 12 + [2027] * 6


def test_an_edit_is_followed(rich_path: Path) -> None:
    """A tariff of twice as much: three months of the first quarter have it each, and the check still holds."""
    book, live = openpyxl.load_workbook(rich_path), formualizer.Workbook.load_path(str(rich_path))
    inputs, months = book["Inputs"], book["Cash by month"]
    row = next(r for r in range(8, inputs.max_row) if inputs.cell(r, 1).value == "Electricity"
               and inputs.cell(r, 3).value == "oslo")  # fmt: skip
    column = next(c for c in range(1, 30) if months.cell(4, c).value == "Energy")
    live.evaluate_all()
    before = [live.get_value("Cash by month", r, column) for r in range(5, 9)]
    live.set_value("Inputs", row, 9, 122.0)
    live.evaluate_all()
    after = [live.get_value("Cash by month", r, column) for r in range(5, 9)]
    assert after[0] == after[1] == after[2] > before[0]
    assert after[3] == before[3]
    checks = book["Checks"]
    check = next(r for r in range(1, checks.max_row) if checks.cell(r, 1).value == "Months sum to their periods")
    assert live.get_value("Checks", check, 5) == 0


def of_periods(start: str, periods: int) -> Case:
    horizon = {"start": start, "periods": periods}
    return plans.worked_example().edited({"scenario/horizon": horizon, "scenario/demand/training/per_second": "30000"})


def test_years_have_twelve_months_and_months_no_sheet(tmp_path: Path) -> None:
    plan = plans.plan_of(of_periods("2025", 2))
    write_workbook(plan, tmp_path / "years.xlsx")
    rows, _ = months_of(tmp_path / "years.xlsx")
    for row, of in zip(rows, expected(plan, 12), strict=True):
        assert {label: row[label] for label in of} == pytest.approx(of)
    write_workbook(plans.plan_of(of_periods("2025-01", 2)), tmp_path / "months.xlsx")
    assert "Cash by month" not in openpyxl.load_workbook(tmp_path / "months.xlsx").sheetnames


def test_every_cost_line_says_whether_it_is_cash_and_of_which_months() -> None:
    no_cash = {"owed_usd", "unmet_usd", "value_usd", "residual_usd", "tax_on_residual_usd"}
    assert {record.name for record in COST_LINES if record.in_months is None} == no_cash
    assert not no_cash & set(paid_lines(Facts(plans.plan_of(plans.rich()))))
