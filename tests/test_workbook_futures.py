"""The sheets Futures, Regret and Distribution: what `robust` and `stress` found, live where it follows, and back."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import nullcontext
from dataclasses import replace
from math import fsum
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest
from builders import EXACT, Tree, load, one_offer, scenario, site
from openpyxl.worksheet.worksheet import Worksheet
from workbook_cells import formulas
from workbook_edits import recalculated

from catalogs.problems import InputError
from optimizer.plan.format import Plan
from optimizer.uncertainty import certain
from optimizer.uncertainty.aims import Aim, cvar
from optimizer.uncertainty.distribution import StressResult
from optimizer.uncertainty.outcome import outcomes_of
from optimizer.uncertainty.question import asked
from optimizer.uncertainty.report import result_of
from optimizer.uncertainty.results import RobustResult
from optimizer.uncertainty.robust import robust
from optimizer.uncertainty.stress import stress
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.back.copy import copy_in
from optimizer.workbook.check import check_workbook
from optimizer.workbook.embedded import Made
from optimizer.workbook.language.wording import ENGLISH, LANGUAGES, table
from optimizer.workbook.sheets.distribution import QUANTITIES, STATISTICS, STOPPED
from optimizer.workbook.sheets.future_inputs import CHANGES, TOGETHER
from optimizer.workbook.sheets.futures import KINDS
from optimizer.workbook.sheets.insurance import UNITS
from optimizer.workbook.sheets.regret import AIMS
from optimizer.workbook.write import build
from optimizer.workbook.writing.cells import WorkbookError

pytestmark = pytest.mark.usefixtures("in_process")
SHEETS = ["Futures", "Regret", "Distribution"]
FUTURES: list[Tree] = [
    {"name": "as_planned", "probability": "0.4"},
    {"name": "same", "probability": "0.1"},
    {"name": "boom", "probability": "0.3", "demand": {"factor": {"2025q2": "1.5", "2025q4": 2}},
     "delivery_delay": {"of": {"vendor": "acme"}, "months": 3}},
    {"name": "dark", "probability": "0.2", "power": {"factor": "0.1", "from": "2025q2"}},
]  # fmt: skip
DRAWS = {
    "growth": {"change": "demand", "of": {"demand": "train"}, "lognormal_per_year": "0.3"},
    "fall": {"change": "price", "decline_per_year": {"low": 0, "mode": "0.2", "high": "0.5"}},
    "slip": {"change": "delivery_delay", "of": {"vendor": "acme"}, "months": {"0": "0.5", "3": "0.5"}},
    "power": {"change": "power", "between": {"low": "0.5", "high": 1}, "from": "2025q2"},
}
COMMAND, STRESS = "chipmix robust scenario.yaml --cvar 0.6 -o w.xlsx", "chipmix stress w.xlsx -o both.xlsx"


class Found(NamedTuple):
    """A plan that is signed, the decision that it is of, what happens to it, and the workbook of all of it."""

    plan: Plan
    decision: RobustResult
    stressed: StressResult
    path: Path


def decided(folder: Path, futures: list[Tree]) -> tuple[Plan, RobustResult]:
    tree = scenario(
        horizon={"start": "2025q1", "periods": 4},
        sites={"oslo": site(1)},
        demand={"train": {"workload": "training", "per_second": {"2025q2": 30000}}},
        futures=futures,
        uncertainty={"seed": 5, "draws": DRAWS, "unmet_usd_per_unit_hour": {"train": 1}},
    )
    question = asked(load(folder, tree, one_offer(lead_time_months=3)))
    if question.certain is not None:
        plan = certain.only_plan(question, EXACT)
        return plan, certain.result_of_one(question, plan)
    found = robust(question, Aim(level=0.6, weight=0.5), EXACT, workers=1)
    signed = certain.signed_plan(question, found.best.decision, EXACT)
    assert signed is not None
    return signed, result_of(found, outcomes_of(found, EXACT), EXACT)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("futures")
    plan, decision = decided(folder, FUTURES)
    stressed = stress(plan, 24, replace(EXACT, tidy=False), workers=1)
    assert stressed is not None
    write_workbook(plan, folder / "w.xlsx", STRESS, decision=decision, stressed=stressed, decided_by=COMMAND)
    return Found(plan, decision, stressed, folder / "w.xlsx")


@pytest.fixture(scope="module")
def values(found: Found) -> Any:
    return openpyxl.load_workbook(found.path, data_only=True)


def row_of(sheet: Worksheet, *texts: Any, after: str = "") -> int:
    """The first row that begins with some texts, below the one that begins with another."""
    rows = [[cell.value for cell in row[: len(texts)]] for row in sheet.iter_rows()]
    first = next((i for i, row in enumerate(sheet.iter_rows()) if row[0].value == after), 0) if after else 0
    return next(i for i, row in enumerate(rows[first:], start=first + 1) if row == list(texts))


def shown(sheet: Worksheet, row: int, first: int, count: int) -> list[Any]:
    return [sheet.cell(row, column).value for column in range(first, first + count)]


# The file


def test_the_workbook_is_clean_and_reads_back(found: Found, values: Any) -> None:
    assert values.sheetnames[-5:] == [*SHEETS, "Checks", "Log"]
    assert [str(finding) for finding in check_workbook(found.path)] == []
    made = copy_in(found.path).made
    assert made.decision == found.decision.without_plans
    assert made.stressed == found.stressed.without_samples
    assert reopened(found.path).edits == ()


def test_each_of_them_alone_has_its_sheets(found: Found) -> None:
    parts: dict[str, Any] = {"decision": found.decision.without_plans, "stressed": found.stressed.without_samples}
    for name, sheets in (("decision", ["Futures", "Regret"]), ("stressed", ["Futures", "Distribution"])):
        assert build(Made(found.plan, **{name: parts[name]})).workbook.sheetnames[-4:-2] == sheets
    assert set(SHEETS).isdisjoint(build(Made(found.plan)).workbook.sheetnames)


def test_the_only_future_there_is_has_its_sheets(tmp_path: Path) -> None:
    plan, decision = decided(tmp_path, [{"name": "boom", "probability": 1, "demand": {"factor": "1.5"}}])
    write_workbook(plan, tmp_path / "w.xlsx", COMMAND, decision=decision)
    assert [str(finding) for finding in check_workbook(tmp_path / "w.xlsx")] == []
    sheet = openpyxl.load_workbook(tmp_path / "w.xlsx", data_only=True)["Regret"]
    assert sheet.cell(row_of(sheet, "Plan of boom"), 2).value == pytest.approx(decision.futures[0].cost_usd)


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != ENGLISH])
def test_all_of_it_is_said_in_every_language(language: Any, found: Found, tmp_path: Path) -> None:
    parts: list[Any] = [found.decision.without_plans, None, found.stressed.without_samples]
    for decision, stressed in (parts[::2], parts[1:]):
        made = Made(found.plan, COMMAND, language=language, decision=decision, stressed=stressed)
        assert sorted(build(made).untranslated) == []
    only = decided(tmp_path, [{"name": "boom", "probability": 1, "demand": {"factor": "1.5"}}])
    assert sorted(build(Made(only[0], COMMAND, language=language, decision=only[1])).untranslated) == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_agrees_on_every_formula(found: Found, values: Any, tmp_path: Path) -> None:
    """Without caches, which it would believe."""
    book = openpyxl.load_workbook(found.path)
    book.save(tmp_path / "bare.xlsx")
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx",
               "--outdir", str(tmp_path / "libre"), str(tmp_path / "bare.xlsx")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    theirs = openpyxl.load_workbook(tmp_path / "libre" / "bare.xlsx", data_only=True)
    count = 0
    for sheet, cell in formulas(book, *SHEETS):
        mine, other = (of[sheet.title][cell.coordinate].value for of in (values, theirs))
        same = mine == other if isinstance(mine, str) else abs(mine - other) <= max(1e-9 * abs(mine), 1e-6)
        assert same, (sheet.title, cell.coordinate, mine, other)
        count += 1
    assert count > 80


def test_a_figure_that_does_not_follow_from_the_costs_is_never_written(found: Found, tmp_path: Path) -> None:
    """Rounding of sums and differences of millions is no difference; a dollar is."""
    known = found.decision.value_of_perfect_information
    for more, written in ((0.004, True), (1.0, False)):
        other = known.model_copy(update={"most_usd": known.most_usd + more})
        decision = found.decision.model_copy(update={"value_of_perfect_information": other})
        with nullcontext() if written else pytest.raises(WorkbookError, match="value of perfect information"):
            write_workbook(found.plan, tmp_path / f"{written}.xlsx", COMMAND, decision=decision)
        assert (tmp_path / f"{written}.xlsx").exists() is written


def test_one_future_drawn_has_no_drivers_and_one_column(found: Found, tmp_path: Path) -> None:
    stressed = stress(found.plan, 1, replace(EXACT, tidy=False), workers=1)
    assert stressed is not None
    write_workbook(found.plan, tmp_path / "w.xlsx", COMMAND, stressed=stressed)
    sheet = openpyxl.load_workbook(tmp_path / "w.xlsx")["Distribution"]
    assert [sheet.cell(row_of(sheet, "Draw") + 1, 1).value, len(sheet._charts)] == ["none", 1]
    assert [str(finding) for finding in check_workbook(tmp_path / "w.xlsx")] == []


TEXTS = [*CHANGES.values(), *TOGETHER.values(), *KINDS.values(), *AIMS.values(), *map(str, STOPPED.values()),
         *STATISTICS.values(), *UNITS.values(), *(words for _, words, _ in QUANTITIES)]  # fmt: skip


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != ENGLISH])
@pytest.mark.parametrize("text", sorted(set(TEXTS)))
def test_every_word_of_a_kind_is_said(text: str, language: Any) -> None:
    """Also where no plan here has one of the kind."""
    assert text in table(language)["texts"]


# Futures


def test_each_future_stands_there_with_its_changes_and_what_it_comes_to(found: Found, values: Any) -> None:
    sheet = values["Futures"]
    assert [row.name for row in found.decision.futures] == ["as_planned", "boom", "dark"]
    for future in found.decision.futures:
        _, probability, *figures = shown(sheet, row_of(sheet, future.name), 2, 5)
        own = {"as_planned": 0.4, "boom": 0.3, "dark": 0.2}[future.name]
        assert [probability, *figures] == pytest.approx(
            [own, future.cost_usd, future.unmet_usd, fsum(each.usd for each in future.over)]
        )
    assert shown(sheet, row_of(sheet, "same"), 2, 2) == ["as_planned", 0.1]
    expected = shown(sheet, row_of(sheet, "Expected"), 3, 2)
    assert expected == pytest.approx([1.0, found.decision.expected_usd.most_usd])
    lines = [shown(sheet, row, 1, 6) for row in range(1, sheet.max_row + 1)]
    for line in (
        ["boom", "Demand", "all that there is", "2025q4", 2, "factor"],
        ["boom", "Deliveries come later", "vendor: acme", None, 3, "months"],
        ["dark", "Power of sites", "all that there is", "2025q2", 0.1, "factor"],
        ["same", "nothing: the scenario as it stands", None, None, None, None],
    ):
        assert line in lines
    (dark,) = (future for future in found.decision.futures if future.name == "dark")
    assert dark.unpowered
    for stands in dark.unpowered:
        assert ["dark", stands.system, stands.site, stands.period, stands.systems] in [line[:5] for line in lines]


def test_what_is_drawn_from_stands_there_figure_by_figure(found: Found, tmp_path: Path) -> None:
    write_workbook(found.plan, tmp_path / "w.xlsx", COMMAND, stressed=found.stressed)
    assert [str(finding) for finding in check_workbook(tmp_path / "w.xlsx")] == []
    sheet = openpyxl.load_workbook(tmp_path / "w.xlsx", data_only=True)["Futures"]
    lines = [shown(sheet, row, 1, 6) for row in range(1, sheet.max_row + 1)]
    for line in (
        ["fall", "Price of purchases", "all that there is", "decline a year, likeliest", 0.2, "share"],
        ["growth", "Demand", "demand: train", "a year's growth, spread of its log", 0.3, "number"],
        ["power", "Power of sites", "all that there is", "factor from 2025q2, lowest", 0.5, "factor"],
        ["slip", "Deliveries come later", "vendor: acme", "probability of 3 months", 0.5, "share"],
    ):
        assert line in lines


def probability_cells(sheet: Worksheet) -> dict[str, tuple[int, int]]:
    return {name: (row_of(sheet, name), 3) for name in ("as_planned", "same", "boom", "dark")}


def test_expectations_follow_edited_probabilities(found: Found, values: Any) -> None:
    """Those of every plan, its mean of the worst, and its expected regret; costs do not."""
    changed = {"as_planned": 0.05, "same": 0.05, "boom": 0.6, "dark": 0.3}
    cells = probability_cells(values["Futures"])
    value = recalculated(found.path, [("Futures", *cells[name], p) for name, p in changed.items()])
    weights = [0.1, 0.6, 0.3]
    sheet = values["Regret"]
    for row in found.decision.regret:
        name = {"ROBUST": "This decision", "MEAN": "Plan of the mean"}.get(row.plan, f"Plan of {row.plan}")
        costs = [row.costs_usd[each.name] for each in found.decision.futures]
        at = row_of(sheet, name)
        assert value("Regret", at, 5) == pytest.approx(fsum(p * c for p, c in zip(weights, costs, strict=True)))
        assert value("Regret", at, 6) == pytest.approx(cvar(costs, weights, 0.6))
        assert value("Regret", at, 7) == pytest.approx(max(costs))
    assert value("Checks", row_of(values["Checks"], "Futures are all there are"), 5) == 0
    assert value("Regret", row_of(sheet, "Probabilities edited (0 or 1)"), 2) == 1
    assert value("Regret", row_of(sheet, "Value of perfect information"), 3) == "decide again", "no bound of theirs"


def test_edited_probabilities_are_taken_back_and_must_sum_to_1(found: Found, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(found.path)
    cells = probability_cells(book["Futures"])
    book["Futures"].cell(*cells["boom"]).value = 0.4
    book["Futures"].cell(*cells["dark"]).value = 0.1
    book.save(tmp_path / "edited.xlsx")
    again = reopened(tmp_path / "edited.xlsx")
    assert {future.name: float(future.probability) for future in again.request.scenario.futures or ()} == {
        "as_planned": 0.4, "same": 0.1, "boom": 0.4, "dark": 0.1,
    }  # fmt: skip
    book["Futures"].cell(*cells["dark"]).value = 0.3
    book.save(tmp_path / "edited.xlsx")
    with pytest.raises(InputError, match="must sum to 1"):
        reopened(tmp_path / "edited.xlsx")


# Regret


def test_regret_is_what_a_plan_costs_more_than_the_least_of_its_column(found: Found, values: Any) -> None:
    sheet, names = values["Regret"], [future.name for future in found.decision.futures]
    least = {name: min(row.costs_usd[name] for row in found.decision.regret) for name in names}
    top = "Regret of every plan in every future"
    for row in found.decision.regret:
        name = {"ROBUST": "This decision", "MEAN": "Plan of the mean"}.get(row.plan, f"Plan of {row.plan}")
        regrets = [row.costs_usd[each] - least[each] for each in names]
        weights = [future.probability for future in found.decision.futures]
        expected = fsum(p * regret for p, regret in zip(weights, regrets, strict=True))
        at = row_of(sheet, name, after=top)
        assert shown(sheet, at, 2, 5) == pytest.approx([*regrets, expected, max(regrets)])
        assert shown(sheet, at, 7, 2) == pytest.approx([expected / 1e6, max(regrets) / 1e6])


def test_what_uncertainty_costs_is_between_brackets(found: Found, values: Any) -> None:
    sheet, decision = values["Regret"], found.decision
    for words, between in (
        ("Expected cost of this decision", decision.expected_usd),
        ("Value of the stochastic solution", decision.value_of_stochastic_solution),
        ("Value of perfect information", decision.value_of_perfect_information),
    ):
        ends = shown(sheet, row_of(sheet, words), 2, 2)
        assert ends == pytest.approx([between.least_usd, between.most_usd], abs=0.02)


def test_premium_and_saving_follow_from_the_costs_and_differences_are_listed(found: Found, values: Any) -> None:
    sheet, insured = values["Regret"], found.decision.insurance
    assert insured is not None
    premium = row_of(sheet, "Premium")
    rows = [shown(sheet, premium + k, 1, 5) for k in range(2 + len(insured.differences))]
    assert rows[0][1:] == [pytest.approx(insured.premium_usd), "USD", None,
                           f"more than that plan costs in {insured.against}"]  # fmt: skip
    assert rows[1][1:] == [pytest.approx(insured.saves_at_worst_usd), "USD", None,
                           f"less than that plan costs in {insured.worst}"]  # fmt: skip
    for listed, row in zip(rows[2:], insured.differences, strict=True):
        assert listed[1:] == [row.more, "systems" if row.kind == "order" else "MW", row.period, ", ".join(row.what)]
    noted = {row[0].value for row in sheet.iter_rows()}
    assert found.decision.notes
    assert set(found.decision.notes) <= noted


def test_figures_are_stamped_with_the_run(found: Found, values: Any) -> None:
    regret = {row[0].value: row[1].value for row in values["Regret"].iter_rows()}
    assert regret["Command"] == COMMAND
    assert regret["Program"] == f"chipmix {found.decision.chipmix.version}"
    assert regret["Scenario SHA-256, first digits"] == found.decision.scenario_sha256[:16]
    assert regret["Decided by"] == "least expected cost and mean of the worst"
    stressed = {row[0].value: row[1].value for row in values["Distribution"].iter_rows()}
    assert stressed["Plan SHA-256, first digits"] == found.plan.run.plan_sha256[:16]
    assert stressed["Command"] == STRESS
    assert (stressed["Seed of the futures"], stressed["Futures looked at"]) == (5, 24)


def test_a_cost_that_was_typed_over_is_refused(found: Found, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(found.path)
    book["Regret"].cell(row_of(book["Regret"], "Plan of boom"), 2).value = 1.0
    book.save(tmp_path / "edited.xlsx")
    with pytest.raises(InputError, match=r"Regret!B\d+: is locked and now holds 1"):
        reopened(tmp_path / "edited.xlsx")


# Distribution


def test_spreads_stand_there_with_their_intervals(found: Found, values: Any) -> None:
    sheet, cost = values["Distribution"], found.stressed.cost_usd
    for words, interval in (("Mean", cost.mean), ("Median", cost.p50), ("Quantile of 95 %", cost.p95),
                            ("Mean of the worst tenth", cost.cvar90)):  # fmt: skip
        row = row_of(sheet, "Cost, present value", words)
        assert shown(sheet, row, 3, 3) == pytest.approx([interval.estimate, interval.least, interval.most])
        assert sheet.cell(row, 7).value == pytest.approx(interval.estimate - found.stressed.plan_usd)


def test_the_histogram_holds_every_future_and_its_shares_sum_to_1(found: Found, values: Any) -> None:
    sheet, bins = values["Distribution"], found.stressed.histogram
    first = row_of(sheet, "Cost, USD m") + 1
    rows = [shown(sheet, first + k, 2, 7) for k in range(len(bins))]
    for (least, most, other, worst, every, share, _), one in zip(rows, bins, strict=True):
        assert (least, most, every, worst) == (one.least_usd, one.most_usd, one.samples, one.worst)
        assert other + worst == every
        assert share == pytest.approx(every / 24)
    assert rows[-1][-1] == pytest.approx(1.0)
    assert sum(row[2] + row[3] for row in rows) == 24


def test_the_tornado_is_sorted_and_charts_draw_the_tables(found: Found, values: Any) -> None:
    sheet = values["Distribution"]
    first, count = row_of(sheet, "Draw") + 1, len(found.stressed.drivers)
    swings = [sheet.cell(first + k, 5).value for k in range(count)]
    assert swings == sorted(swings, reverse=True)
    mean = found.stressed.cost_usd.mean.estimate
    known = {driver.draw: driver for driver in found.stressed.drivers}
    for k in range(count):
        draw, _, *ends = shown(sheet, first + k, 1, 4)
        bars = [(usd - mean) / 1e6 for usd in (known[draw].lowest_usd, known[draw].highest_usd)]
        assert ends == pytest.approx([known[draw].lowest_usd, known[draw].highest_usd])
        assert shown(sheet, first + k, 6, 2) == pytest.approx(bars)
    histogram, tornado = openpyxl.load_workbook(found.path)["Distribution"]._charts
    top = row_of(sheet, "Cost, USD m") + 1
    assert [series.val.numRef.f for series in histogram.series] == [
        f"'Distribution'!${column}${top}:${column}${top + len(found.stressed.histogram) - 1}" for column in "DE"
    ]
    assert [series.val.numRef.f for series in tornado.series] == [
        f"'Distribution'!${column}${first}:${column}${first + count - 1}" for column in "FG"
    ]


def test_break_points_stand_there_with_both_figures(found: Found, values: Any) -> None:
    sheet = values["Distribution"]
    for point in found.stressed.break_points:
        row = row_of(sheet, point.draw, after="How far each change alone may go")
        assert shown(sheet, row, 3, 2) == [point.holds, point.fails]
        assert sheet.cell(row, 6).value == (point.breaks.replace(", ", "; ") or None)
