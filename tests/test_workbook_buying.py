"""Buying against renting the same hours on Unit costs: yearly cash worked by hand, its rate of return, its payback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
import workbook_plans as plans
from openpyxl.worksheet.worksheet import Worksheet
from workbook_cells import find
from workbook_pricing import Case, Entry

from optimizer.workbook import write_workbook

TOTAL = 6


def bought(rent: Any, **changes: Any) -> Case:
    """Ten systems of 8 accelerators in the first of three years, and somebody who rents them out."""
    case = plans.worked_example()
    rented = {**case.catalog["offers"]["dgx.purchase"], "route": "on_demand", "host": "cloud"}
    del rented["price_usd"]
    offers = {**case.catalog["offers"], "dgx.rented": {**rented, "usd_per_accelerator_hour": rent}}
    case = case.edited(
        {
            "catalog/offers": offers,
            "scenario/horizon": {"start": "2025", "periods": 3},
            "scenario/demand/training/per_second": "30000",
            **changes,
        }
    )
    return Case(case.scenario, case.catalog, (Entry("dgx.purchase", "north", 1, 10.0),), {})


def sheet_of(case: Case, tmp_path: Path) -> Worksheet:
    write_workbook(plans.plan_of(case), tmp_path / "plan.xlsx")
    return openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)["Unit costs"]


def total(sheet: Worksheet, label: str, item: str = "h100") -> Any:
    return sheet.cell(find(sheet, label, item), TOTAL).value


def test_yearly_cash_by_hand(tmp_path: Path) -> None:
    """80 accelerators at 3 USD an hour; 300,000 USD a system, 4 % maintenance, 7 kW at 1.2 and 50 USD/MWh; 2/5 left."""
    sheet = sheet_of(bought("3"), tmp_path)
    rent, running = 80 * 8760 * 3.0, 120_000 + 10 * 7 * 1.2 * 8760 * 0.05
    flows = [rent - running - 3_000_000, rent - running, rent - running + 1_200_000]
    assert [total(sheet, f"Saved by buying in fy{year}") for year in (2025, 2026, 2027)] == pytest.approx(flows)
    found = total(sheet, "Internal rate of return")
    assert sum(flow / (1 + found) ** n for n, flow in enumerate(flows)) == pytest.approx(0, abs=1e-3)
    assert found == pytest.approx(1.8814, abs=1e-3)
    assert total(sheet, "Payback") == 1.0, "short after the first year, ahead after the second"


def test_what_never_comes_back_has_no_return(tmp_path: Path) -> None:
    sheet = sheet_of(bought("0.2", **{"scenario/finance/residual": "none"}), tmp_path)
    assert total(sheet, "Payback") == "n/a"
    assert total(sheet, "Internal rate of return") == "n/a"


def test_a_year_without_a_rent_leaves_both_open(tmp_path: Path) -> None:
    sheet = sheet_of(bought({"2026": "3"}), tmp_path)
    assert total(sheet, "Periods without a rent") == 1
    assert (total(sheet, "Internal rate of return"), total(sheet, "Payback")) == ("n/a", "n/a")


def test_who_has_none_has_a_reason(tmp_path: Path) -> None:
    write_workbook(plans.plan_of(plans.rich()), tmp_path / "rich.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "rich.xlsx", data_only=True)["Unit costs"]
    texts = {cell.value for cell in sheet["A"]}
    assert {"own_chip: nobody rents it", "b200: nobody rents it"} <= texts
    kept = total(sheet, "Rent of the same hours") - total(sheet, "Cost of buying, less residual value")
    flows = [total(sheet, f"Saved by buying in fy{year}") for year in (2025, 2026, 2027)]
    assert sum(flows) == pytest.approx(kept)
    found = total(sheet, "Internal rate of return")
    assert sum(flow / (1 + found) ** n for n, flow in enumerate(flows)) == pytest.approx(0, abs=1.0)
    assert total(sheet, "Payback") == 7 / 4
