"""Tax in the workbook: by every rule it prices as the reference does, follows edits, and ties books to objective."""

from __future__ import annotations

import math
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import openpyxl
import pytest
import workbook_plans as plans
from builders import EXACT, load
from commands import mostly_slow
from openpyxl.workbook import Workbook
from test_tax import leased_and_bought
from workbook_cells import FIRST, cells, find, named, place_of
from workbook_edits import EDITS, OVERRIDES, Cells, Value, inputs, recalculated, setter
from workbook_pricing import AT_END, Case, Entry, Pricing

from catalogs.problems import InputError
from cli.main import run
from optimizer.plan_files import read_plan
from optimizer.planning import make_plan
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.check import check_workbook
from optimizer.workbook.sheets.cash import COSTS
from optimizer.workbook.sheets.contents import SIGNS

pytestmark = pytest.mark.usefixtures("in_process")
RULES = ("straight_line", "macrs_5", "bonus")
SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
TOGETHER = (
    ("tax_rate", "service_life", "network", "power_life", "systems", "fleet", "power"),
    ("book_life", "term", "no_systems", "lead_time", "deposit", "owed_ignored"),
)
"""Edits that go together: what tax depends on, and what moves things in time."""


def yearly() -> Case:
    """Nine years, longer than any recovery: bought in the first and the third, running since two and eight years."""
    example = plans.worked_example()
    entries = tuple(Entry("dgx.purchase", "north", t, n, t < 1, "250000" if t < 1 else None)
                    for t, n in ((-7, 3.0), (-1, 4.0), (1, 10.0), (3, 5.0)))  # fmt: skip
    offer = {**example.catalog["offers"]["dgx.purchase"], "term_months": 200, "network_usd": "9000"}
    case = example.edited({
        "scenario/horizon": {"start": "2025", "periods": 9}, "catalog/offers/dgx.purchase": offer,
        "scenario/demand/training/per_second": "30000",
    })  # fmt: skip
    return replace(case, entries=entries)


def monthly() -> Case:
    """Fourteen months of a fiscal year from April, of terms that end inside."""
    example = plans.worked_example()
    offer = {**example.catalog["offers"]["dgx.purchase"], "term_months": 5}
    case = example.edited({
        "scenario/horizon": {"start": "2025-02", "periods": 14}, "catalog/offers/dgx.purchase": offer,
        "scenario/finance/fiscal_year_starts": 4, "scenario/demand/training/per_second": "0",
    })  # fmt: skip
    return replace(case, entries=tuple(Entry("dgx.purchase", "north", t, 1.0 + t) for t in (1, 2, 3, 9, 12)))


MADE = {"rich": plans.rich, "yearly": yearly, "monthly": monthly}
CASES = [(name, rule) for name in MADE for rule in RULES]


def case_of(name: str, rule: str) -> Case:
    return plans.taxed(rule, MADE[name]())


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("taxed")
    paths = {(name, rule): folder / f"{name}_{rule}.xlsx" for name, rule in CASES}
    for (name, rule), path in paths.items():
        write_workbook(plans.plan_of(case_of(name, rule)), path)
    return paths


@cache
def values_of(path: Path) -> Workbook:
    """What the cells of a workbook show; tests only look."""
    return openpyxl.load_workbook(path, data_only=True)


def shown(book: Workbook, sheet: str, label: str) -> list[float]:
    row = find(book[sheet], label)
    return [book[sheet].cell(row, column).value for column in range(FIRST, book[sheet].max_column + 1)]


def total(book: Workbook, sheet: str, label: str) -> float:
    return float(book[sheet].cell(find(book[sheet], label), 6).value)


@pytest.mark.parametrize(("name", "rule"), CASES)
def test_costs_by_period_equal_the_reference(written: dict[tuple[str, str], Path], name: str, rule: str) -> None:
    values, pricing = values_of(written[name, rule]), Pricing(case_of(name, rule))
    for line, usd in pricing.costs.items():
        assert shown(values, "Cash", COSTS[line]) == pytest.approx(usd, rel=1e-9, abs=1e-6), line
    assert named(values, "total_npv_usd") == pytest.approx(pricing.npv, abs=0.005)
    assert named(values, "master_check") == 0


@pytest.mark.parametrize(("name", "rule"), CASES)
def test_books_tax_cash_and_objective_tie(written: dict[tuple[str, str], Path], name: str, rule: str) -> None:
    """The four views of one plan: from book profit, tax and cash follow, and from these the objective."""
    values, pricing = values_of(written[name, rule]), Pricing(case_of(name, rule))
    costs = {line: math.fsum(usd) for line, usd in pricing.costs.items()}
    tax = costs["tax_usd"] + costs["tax_on_residual_usd"]
    assert 0.3 * total(values, "Depreciation", "Taxable profit and gain") == pytest.approx(tax, abs=0.01)
    assert total(values, "Depreciation", "Tax at the rate less tax in cash") == pytest.approx(0, abs=1e-4)
    whole = total(values, "Depreciation", "Cost, undiscounted, from the books")
    assert whole == pytest.approx(math.fsum(costs.values()), abs=0.01)
    profit = total(values, "Depreciation", "Book profit before tax")
    capex = total(values, "Depreciation", "Capex less what the books charge or leave")
    assert whole == pytest.approx(costs["unmet_usd"] + capex - (profit - tax), abs=0.01)
    assert total(values, "Depreciation", "Net present value of cost after tax") == pytest.approx(pricing.npv, abs=0.01)
    taxes = ("tax_usd", "tax_on_residual_usd")
    present = math.fsum(
        float(pricing.end(t) if line in AT_END else pricing.mid(t)) * pricing.costs[line][t - 1]
        for line in taxes for t in range(1, pricing.T + 1)
    )  # fmt: skip
    assert total(values, "Depreciation", "Of it tax") == pytest.approx(present, abs=0.01)
    assert shown(values, "Depreciation", "Value for tax, closing")[-1] == pytest.approx(0, abs=0.01)


def test_the_books_of_a_plan_of_straight_lines_are_those_of_tax(tmp_path: Path) -> None:
    """Where network, too, has the book life, depreciation for tax is that of the books, and so is the profit."""
    case = replace(plans.taxed("straight_line"), entries=tuple(e for e in plans.rich().entries if e.t >= 1))
    write_workbook(plans.plan_of(case), tmp_path / "plan.xlsx")
    values = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)
    books, tax = (
        shown(values, "Depreciation", "less depreciation, books"),
        shown(values, "Cash", "Depreciation for tax, all"),
    )
    assert books == pytest.approx(tax, abs=1e-4)
    assert shown(values, "Depreciation", "Book value of what leaves or is left") == pytest.approx(
        shown(values, "Cash", "Left for tax, all"), abs=1e-4
    )
    assert total(values, "Depreciation", "Book profit before tax") == pytest.approx(
        total(values, "Depreciation", "Taxable profit and gain"), abs=0.01
    )


KNOWN = {
    **EDITS, **OVERRIDES,
    "book_life": (setter("Inputs", "Book life", 1.3), inputs("scenario/finance/book_life_years", "1.3")),
}  # fmt: skip


def edits_of(book: Workbook, names: tuple[str, ...]) -> Cells:
    return [cell for name in names for cell in KNOWN[name][0](book)]


def changed(rule: str, names: tuple[str, ...]) -> Case:
    case = plans.taxed(rule)
    for name in names:
        case = KNOWN[name][1](case)
    return case


def same(book: Workbook, value: Value, expected: Pricing) -> None:
    for line, usd in expected.costs.items():
        row = find(book["Cash"], COSTS[line])
        now = [value("Cash", row, FIRST + i) or 0.0 for i in range(expected.T)]
        assert now == pytest.approx(usd, rel=1e-9, abs=1e-6), line
    assert abs(value(*place_of(book, "total_npv_usd")) - expected.npv) < 0.005
    assert value(*place_of(book, "master_check")) == 0


@pytest.mark.parametrize("names", TOGETHER, ids=["what tax rests on", "what moves in time"])
@pytest.mark.parametrize("rule", RULES)
def test_an_edit_recosts_the_plan(written: dict[tuple[str, str], Path], rule: str, names: tuple[str, ...]) -> None:
    path = written["rich", rule]
    book = openpyxl.load_workbook(path)
    same(book, recalculated(path, edits_of(book, names)), Pricing(changed(rule, names)))


FEW = [("yearly", "macrs_5", ()), ("monthly", "macrs_5", ())]
EVERY = [(name, rule, names) for name, rule in CASES for names in [(), *(TOGETHER if name == "rich" else ())]]


@pytest.mark.slow
@needs_libreoffice
@pytest.mark.parametrize("several", [FEW, pytest.param(EVERY, marks=pytest.mark.slow)], ids=["few", "all"])
def test_libreoffice_agrees(
    written: dict[tuple[str, str], Path], tmp_path: Path, several: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    """Without caches, as written and with edits."""
    bare, wanted = [], {}
    for i, (name, rule, names) in enumerate(several):
        book = openpyxl.load_workbook(written[name, rule])
        for sheet, row, column, value in edits_of(book, names):
            book[sheet].cell(row, column).value = value
        bare.append(tmp_path / f"{name}_{rule}_{i}.xlsx")
        book.save(bare[-1])
        wanted[bare[-1].name] = Pricing(changed(rule, names) if name == "rich" else case_of(name, rule))
    command = [str(SOFFICE), f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", str(tmp_path / "libre"), *map(str, bare)], check=True, capture_output=True,
                   timeout=500)  # fmt: skip
    for path in bare:
        libre = openpyxl.load_workbook(tmp_path / "libre" / path.name, data_only=True)
        same(libre, lambda sheet, row, column, libre=libre: libre[sheet].cell(row, column).value, wanted[path.name])


@pytest.mark.parametrize("rule", mostly_slow(RULES[::-1], fast=1))
def test_the_linter_finds_nothing(tmp_path: Path, rule: str) -> None:
    write_workbook(make_plan(load(tmp_path, *leased_and_bought(rule)), EXACT).plan, tmp_path / "plan.xlsx")
    assert list(check_workbook(tmp_path / "plan.xlsx")) == []


def test_a_plan_before_tax_does_not_speak_of_it(tmp_path: Path) -> None:
    write_workbook(plans.plan_of(plans.worked_example()), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    texts = {str(cell.value) for sheet, cell in cells(book) if sheet.title != "Log" and cell.data_type == "s"}
    assert {text for text in texts if "tax" in text.lower()} == {
        "Nominal, before tax. Costs are positive, receipts negative.", SIGNS,
    }  # fmt: skip


def test_an_edited_rate_is_planned_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the workbook to the same plan as a scenario with the rate gives; its rule is no cell and stays."""
    asked, known = leased_and_bought("macrs_5")
    write_workbook(make_plan(load(tmp_path / "asked", asked, known), EXACT).plan, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    book["Inputs"].cell(find(book["Inputs"], "Tax rate"), 5).value = 0.15
    book.save(tmp_path / "edited.xlsx")
    found = reopened(tmp_path / "edited.xlsx")
    assert [edit.of.keys for edit in found.edits] == [("finance/tax/rate",)]
    assert run(["plan", str(tmp_path / "edited.xlsx"), "--json", str(tmp_path / "again.json")]) == 0
    assert "finance/tax/rate" in capsys.readouterr().out
    asked["finance"]["tax"]["rate"] = "0.15"
    fresh = make_plan(load(tmp_path / "fresh", asked, known), EXACT).plan
    again = read_plan(tmp_path / "again.json")
    assert again.scenario["finance"]["tax"] == fresh.scenario["finance"]["tax"] == {
        "rate": "0.15", "depreciation": "macrs_5"}  # fmt: skip
    assert again.costs == fresh.costs


def test_a_share_of_the_law_is_locked(tmp_path: Path) -> None:
    write_workbook(make_plan(load(tmp_path, *leased_and_bought("macrs_5")), EXACT).plan, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    cell = book["Inputs"].cell(find(book["Inputs"], "Share of recovery year 2"), 5)
    assert cell.value == 0.32
    assert cell.protection.locked
    cell.value = 0.5
    book.save(tmp_path / "edited.xlsx")
    with pytest.raises(InputError, match=f"Inputs!{cell.coordinate}"):
        reopened(tmp_path / "edited.xlsx")
