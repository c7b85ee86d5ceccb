"""The sheets Compare, Bridge and Sensitivity: other runs beside the plan of a workbook, and the way back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commands import mostly_slow

from optimizer.explore.alternatives import alternatives
from optimizer.explore.frontier import frontier
from optimizer.explore.side_by_side import Runs, runs_compared, runs_of_alternatives, runs_of_frontier, runs_of_sweep
from optimizer.explore.sweep import Combinations, sweep
from optimizer.plan.compare import compare
from optimizer.plan.format import Plan
from optimizer.plan_files import read_plan
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.back.copy import copy_in
from optimizer.workbook.check import check_workbook
from optimizer.workbook.embedded import Made
from optimizer.workbook.write import build
from tests.builders import EXACT, Tree, accelerator, catalog, load, plan, rates, scenario, site, system, write

pytestmark = pytest.mark.usefixtures("in_process")
FIRST, TOP = 7, 6
"""The row of the first run on Compare, and that of the headers on Sensitivity."""


def chip(name: str, vendor: str, rate: int, price_usd: int, kw: Any) -> Tree:
    """A chip with one system of 4 and one offer to buy it."""
    box = system(4, provisioned_kw=kw, average_kw=kw)
    offer = {"system": f"{name}_box", "route": "purchase", "price_usd": price_usd}
    return accelerator(name, {f"{name}_box": box}, {f"{name}_box.purchase": offer}, rates(training=rate), vendor=vendor)


CHIPS = catalog(chip("fast", "acme", 500, 150_000, 5), chip("green", "other", 300, 100_000, 1.2))
SITES = {"oslo": site(0.05, carbon_kg_per_mwh=300)}


def asked(first: int = 9400) -> Tree:
    demand = {"train": {"workload": "training", "per_second": {"2025q1": first, "2025q2": 16400}}}
    return scenario(demand=demand, sites=SITES)


def swept(folder: Path) -> tuple[Plan, Runs]:
    """0.001 MW of power is too little for any system; less power otherwise costs more."""
    path = write(folder, asked(), CHIPS)
    vary = {"sites/oslo/power_mw": ("0.05", "0.001", "0.03"), "finance/discount_rate": ("0.08", "0.12")}
    found = sweep(Combinations(path, (), vary, EXACT), folder / "plans", workers=1)
    plans = {cell.plan: read_plan(folder / "plans" / cell.plan) for cell in found.cells if cell.plan}
    return plans[str(found.cells[0].plan)], runs_of_sweep(found, plans)


def traced(folder: Path) -> tuple[Plan, Runs]:
    runs = runs_of_frontier(found := frontier(load(folder, asked(), CHIPS), "carbon_t", 3, EXACT))
    return found.points[runs.this].plan, runs


def nearly_best(folder: Path) -> tuple[Plan, Runs]:
    found = alternatives(load(folder, asked(), CHIPS), 0.1, EXACT, 3, (), 1)
    return found.plans[0].plan, runs_of_alternatives(found)


def compared(folder: Path) -> tuple[Plan, Runs]:
    plans = [plan(folder / "old", asked(), CHIPS), plan(folder / "new", asked(first=12000), CHIPS)]
    return plans[1], runs_compared(compare(plans, ["approved", "new"]), plans)


KINDS = {"sweep": swept, "frontier": traced, "alternatives": nearly_best, "compare": compared}


class Written:
    """Plans, runs and workbooks of each kind, made when the first test asks for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._found: dict[str, tuple[Plan, Runs]] = {}
        self._books: dict[str, Any] = {}

    def found(self, kind: str) -> tuple[Plan, Runs]:
        if kind not in self._found:
            self._found[kind] = KINDS[kind](self.folder / kind)
        return self._found[kind]

    def book(self, kind: str) -> tuple[Any, Runs, Path]:
        """The values of the workbook, what it was given, and its file."""
        (of, runs), path = self.found(kind), self.folder / kind / "w.xlsx"
        if kind not in self._books:
            bridge = runs.changes[-1].bridge if runs.changes else None
            write_workbook(of, path, f"chipmix {kind}", bridge=bridge, runs=runs)
            self._books[kind] = openpyxl.load_workbook(path, data_only=True)
        return self._books[kind], runs, path


@pytest.fixture(scope="module")
def made(in_process: None, tmp_path_factory: pytest.TempPathFactory) -> Written:  # noqa: ARG001
    return Written(tmp_path_factory.mktemp("compare"))


@pytest.mark.parametrize("kind", mostly_slow(["compare", "sweep", "frontier", "alternatives"], fast=2))
def test_the_workbook_is_clean_and_reads_back(kind: str, made: Written) -> None:
    book, runs, path = made.book(kind)
    added = ["Compare", "Bridge"] if kind == "compare" else ["Compare", "Sensitivity"]
    assert book.sheetnames[-4:] == [*added, "Checks", "Log"]
    assert [str(finding) for finding in check_workbook(path)] == []
    assert copy_in(path).made.runs == runs
    assert reopened(path).edits == ()


@pytest.mark.parametrize("kind", KINDS)
def test_every_run_stands_on_compare_with_its_own_figures(kind: str, made: Written) -> None:
    book, runs, _ = made.book(kind)
    sheet = book["Compare"]
    for row, run in enumerate(runs.runs, start=FIRST):
        assert sheet.cell(row, 1).value == run.name
        shown = [sheet.cell(row, column).value for column in range(4, 10)]
        if run.headline is None:
            assert shown == ["no plan", None, None, None, None, None]
            assert sheet.cell(row, 2).value == "no plan meets every limit"
        else:
            found = run.headline
            figures = (found.cost_usd, found.bound_usd, found.gap, found.capex_usd, found.rent_after_usd, found.peak_mw)
            assert shown == pytest.approx(figures)
            vendors = [sheet.cell(row, column).value for column in (10, 11)]
            assert vendors == [found.accelerators.get(name, 0.0) for name in ("acme", "other")]
    marked = [sheet.cell(row, 3).value for row in range(FIRST, FIRST + len(runs.runs))]
    assert marked == ["this workbook" if i == runs.this else None for i in range(len(runs.runs))]
    stamps = {cell.value for row in sheet.iter_rows(min_row=FIRST + len(runs.runs)) for cell in row}
    assert {run.scenario_sha256[:16] for run in runs.runs if run.headline} <= stamps


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_it_is_said_in_japanese(kind: str, made: Written) -> None:
    of, runs = made.found(kind)
    bridge = runs.changes[-1].bridge if runs.changes else None
    assert sorted(build(Made(of, "x", bridge, language="ja", runs=runs)).untranslated) == []


def test_a_tornado_is_sorted_and_words_stand_for_what_has_no_plan(made: Written) -> None:
    book, runs, path = made.book("sweep")
    assert [run.headline is None for run in runs.runs] == [False, False, True, True, False, False]
    costs = [run.headline.cost_usd for run in runs.runs if run.headline]
    sheet = book["Sensitivity"]
    changes = [sheet.cell(row, 3).value for row in range(TOP + 2, TOP + 5)]
    assert changes == pytest.approx(sorted((cost - costs[0] for cost in costs[1:]), key=lambda usd: -abs(usd)))
    for row in range(TOP + 2, TOP + 5):
        least, most, change = (sheet.cell(row, column).value for column in (4, 5, 3))
        assert least <= change + 0.01
        assert change <= most + 0.01
        assert sheet.cell(row, 7).value + sheet.cell(row, 8).value == pytest.approx(change / 1e6)
    for row in (TOP + 5, TOP + 6):
        assert "power_mw=0.001" in sheet.cell(row, 1).value
        assert [sheet.cell(row, c).value for c in (2, 3)] == ["no plan meets every limit", None]
    (chart,) = openpyxl.load_workbook(path)["Sensitivity"]._charts
    assert [series.val.numRef.f for series in chart.series] == [
        f"'Sensitivity'!${column}${TOP + 2}:${column}${TOP + 4}" for column in "GH"
    ]


def test_a_frontier_is_a_scatter_with_the_cheapest_plan_marked(made: Written) -> None:
    book, runs, path = made.book("frontier")
    assert len(runs.runs) == 3
    assert runs.this == 2, "the last point is the cheapest plan"
    sheet = book["Sensitivity"]
    amounts = [sheet.cell(TOP + 1 + i, 2).value for i in range(3)]
    assert amounts == pytest.approx([run.amount for run in runs.runs])
    assert amounts == sorted(amounts)
    millions = [sheet.cell(TOP + 1 + i, 4).value for i in range(3)]
    assert millions == pytest.approx([run.headline.cost_usd / 1e6 for run in runs.runs if run.headline])
    (chart,) = openpyxl.load_workbook(path)["Sensitivity"]._charts
    assert [series.xVal.numRef.f for series in chart.series] == [
        f"'Sensitivity'!$B${TOP + 1}:$B${TOP + 3}",
        f"'Sensitivity'!$B${TOP + 3}",
    ]


def test_the_ranges_of_alternatives_are_those_found(made: Written) -> None:
    book, runs, _ = made.book("alternatives")
    sheet = book["Sensitivity"]
    for row, found in enumerate(runs.ranges, start=TOP + 1):
        shown = [sheet.cell(row, column).value for column in range(3, 8)]
        assert shown == pytest.approx([found.here, found.least, found.least_bound, found.most, found.most_bound])
    names = {found.name for found in runs.ranges}
    assert {"acme", "other", "fast", "green", "oslo"} <= names
    needs = {"must": "must-have", None: None}
    assert {sheet.cell(row, 9).value for row in range(TOP + 1, TOP + 1 + len(runs.ranges))} <= {
        *needs.values(), "optional", "never",
    }  # fmt: skip


def test_changed_orders_stand_on_compare_and_their_cost_on_bridge(made: Written) -> None:
    book, runs, _ = made.book("compare")
    sheet = book["Compare"]
    rows = [[cell.value for cell in row[:8]] for row in sheet.iter_rows(min_row=FIRST)]
    (change,) = runs.changes
    assert change.orders
    for order in change.orders:
        assert ["new", order.offer, order.change, order.systems] in [row[:4] for row in rows]
    assert book["Bridge"]["B5"].value == change.bridge.old.name
    old, new = (run.headline.cost_usd for run in runs.runs if run.headline)
    assert sum(step.usd for step in change.bridge.steps) == pytest.approx(new - old, abs=0.01)


def test_a_cell_of_compare_that_was_typed_over_is_refused(made: Written, tmp_path: Path) -> None:
    from catalogs.problems import InputError

    _, _, path = made.book("frontier")
    book = openpyxl.load_workbook(path)
    book["Compare"].cell(FIRST, 4).value = 1.0
    book.save(tmp_path / "typed.xlsx")
    with pytest.raises(InputError, match=rf"Compare!D{FIRST}: is locked and now holds 1"):
        reopened(tmp_path / "typed.xlsx")


def test_a_workbook_without_other_runs_has_neither_sheet(made: Written) -> None:
    of, runs = made.found("compare")
    with_runs = Made(of, runs=runs)
    assert "Compare" in build(with_runs).workbook.sheetnames
    assert {"Compare", "Sensitivity", "Bridge"}.isdisjoint(build(replace(with_runs, runs=None)).workbook.sheetnames)
