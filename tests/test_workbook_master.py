"""The master check is 0 on every workbook that leaves, and cost lines belong to capex or opex by their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import workbook_plans as plans
from commands import mostly_slow, small
from workbook_pricing import Case

import optimizer.audit.costs as audited
import optimizer.workbook.sheets.cash as cash
from cli.main import run
from optimizer.formulation import COSTS
from optimizer.formulation.register import lines_of
from optimizer.workbook import WorkbookError, write_workbook
from optimizer.workbook.facts import Facts
from optimizer.workbook.writing.lines import Check


def master(path: Path) -> Any:
    book = openpyxl.load_workbook(path, data_only=True)
    sheet, _, cell = book.defined_names["master_check"].attr_text.replace("$", "").partition("!")
    return book[sheet][cell].value


def test_every_cost_line_belongs_to_capex_to_opex_or_to_neither() -> None:
    """By name, whatever the order of the lines: model, budget, audit and sheet agree."""
    assert set(cash.COSTS) == {cost.__name__ for cost in COSTS}
    assert set(cash.CAPEX) == set(lines_of("capex_usd")) == {cost.__name__ for cost in audited.CAPEX}
    assert set(cash.OPEX) == set(lines_of("opex_usd")) == {cost.__name__ for cost in audited.OPEX}
    assert sorted([*cash.CAPEX, *cash.OPEX, cash.OWED, *cash.TAX, *cash.OTHER]) == sorted(cash.COSTS)


@pytest.mark.parametrize(("kind", "line", "case"), [
    ("CAPEX", "hardware_usd", plans.worked_example),
    ("OPEX", "energy_usd", plans.worked_example),
    pytest.param("OPEX", "rent_usd", plans.rich, marks=pytest.mark.slow),
])  # fmt: skip
def test_a_line_lost_from_a_sum_on_cash_is_found_without_any_budget(
    kind: str, line: str, case: Callable[[], Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plans.plan_of(case().edited({"scenario/budget": {}}))
    assert plan.budget == ()
    assert any(plan.costs[line].values())
    monkeypatch.setattr(cash, kind, tuple(name for name in getattr(cash, kind) if name != line))
    with pytest.raises(WorkbookError, match=f"{kind.lower()} in"):
        write_workbook(plan, tmp_path / "lost.xlsx")
    assert list(tmp_path.iterdir()) == []


# What the audit lets pass is no failing check; what it does not is


HARDLY, TOO_MUCH = 1 - 5e-10, 1 - 3e-9
"""Parts of what is used that a limit may be: a billionth is allowed where fractions count, and cells cannot tell."""


@pytest.mark.parametrize("limit", mostly_slow(["power_mw", "budget", "air_mw", "racks", "supply_per_month"], fast=2))
def test_a_limit_met_to_a_billionth_is_met_and_no_more(limit: str, tmp_path: Path) -> None:
    for part, passes in ((HARDLY, True), (TOO_MUCH, False)):
        path = tmp_path / f"{passes}.xlsx"
        plan = plans.plan_of(large(limit, part))
        if passes:
            write_workbook(plan, path)
            assert master(path) == 0
        else:
            with pytest.raises(WorkbookError, match="checks that fail"):
                write_workbook(plan, path)
            assert not path.exists()


def large(limit: str, part: float) -> Case:
    """Ten thousand times the systems of the worked example at a hundred times their price: 6e11 USD of capex."""
    used: dict[str, Any] = {
        "power_mw": 2.4e3, "air_mw": 2.0e3, "racks": 5.0e4, "budget": 6e12, "supply_per_month": 8e5 / 3,
    }  # fmt: skip
    stated = repr(used[limit] * part)
    changes: dict[str, Any] = {
        "scenario/sites/north/power_mw": "1e6",
        "scenario/demand/training/per_second": {"2025q1": "3e8", "2025q2": "6e8"},
        "catalog/offers/dgx.purchase/price_usd": "30000000",
    }
    if limit == "budget":
        changes["scenario/budget"] = {"capex_usd": {"total": stated}, "opex_usd": {}}
    elif limit == "supply_per_month":
        changes["scenario/supply_per_month"] = {"h100": stated}
    else:
        changes[f"scenario/sites/north/{limit}"] = stated
    case = plans.worked_example().edited(changes)
    return replace(case, entries=tuple(replace(entry, systems=1e5) for entry in case.entries))


def test_a_workbook_that_fails_itself_is_our_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1, and nothing is written."""
    by_year = cash._by_year

    def with_a_wrong_one(facts: Facts) -> list[Check]:
        first, *others = by_year(facts)
        return [replace(first, value=f"{first.value}+1"), *others]

    monkeypatch.setattr(cash, "_by_year", with_a_wrong_one)
    path = tmp_path / "plan.xlsx"
    assert run(["plan", str(small(tmp_path / "mine")), "-o", str(path)]) == 1
    assert "checks that fail" in capsys.readouterr().err
    assert [found.name for found in tmp_path.iterdir()] == ["mine"]
