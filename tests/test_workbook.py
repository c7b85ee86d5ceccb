"""The workbook: its shape, its ties to the plan, and its agreement with LibreOffice and with plain re-costing."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import workbook_plans as plans
from failing_workbooks import write_failing
from openpyxl.cell.cell import Cell
from openpyxl.formula import Tokenizer
from openpyxl.formula.translate import Translator
from openpyxl.workbook import Workbook
from workbook_cells import FIRST, cells, find, formulas, named, place_of
from workbook_edits import BROKEN, EDITS, OVERRIDES, Value, changed, edited_cells, recalculated
from workbook_plans import HOSTILE
from workbook_pricing import Case, Pricing

from optimizer.workbook import WorkbookError, write_workbook
from optimizer.workbook.sheets.cash import COSTS
from optimizer.workbook.writing.cells import Formula, put_formula, put_number, put_text
from optimizer.workbook.writing.styles import CURRENCY, FORMATS

SHEETS = [
    "Contents", "Summary", "Charts", "Inputs", "Orders", "Purchase orders", "Capacity", "Sites", "Supply", "Cash",
    "Cash by month", "Depreciation", "Reporting currency", "Unit costs", "Limits", "Why not", "Downside", "Actuals",
    "Checks", "Log",
]  # fmt: skip
LISTS = ["Purchase orders", "Cash by month", "Limits", "Why not", "Downside", "Actuals"]
EUR = 0.92
"""What the rich plan is reported in, per USD."""
TIME_SHEETS = [name for name in SHEETS[3:-2] if name not in LISTS]
SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
PORTABLE = {
    "ABS", "COLUMNS", "COUNT", "EDATE", "IF", "IFERROR", "INDEX", "INT", "IRR", "ISBLANK", "MATCH", "MAX", "MIN", "MOD",
    "MONTH", "ROUND", "ROUNDUP", "ROWS", "SMALL", "SUM", "SUMIFS", "SUMPRODUCT", "TEXT", "YEAR",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workbooks")


@pytest.fixture(scope="module")
def rich_path(folder: Path) -> Path:
    path = folder / "rich.xlsx"
    write_workbook(plans.plan_of(plans.rich()), path, "chipmix plan rich.yaml -o rich.xlsx")
    return path


@pytest.fixture(scope="module")
def worked_path(folder: Path) -> Path:
    path = folder / "worked.xlsx"
    write_workbook(plans.plan_of(plans.worked_example()), path)
    return path


@pytest.fixture(scope="module")
def book(rich_path: Path) -> Workbook:
    return openpyxl.load_workbook(rich_path)


@pytest.fixture(scope="module")
def values(rich_path: Path) -> Workbook:
    return openpyxl.load_workbook(rich_path, data_only=True)


# Totals


def test_worked_example_of_the_design_to_the_cent(worked_path: Path) -> None:
    values = openpyxl.load_workbook(worked_path, data_only=True)
    assert round(named(values, "total_npv_usd"), 2) == 660_432.79
    assert named(values, "master_check") == 0


def test_parts_of_the_worked_example(worked_path: Path) -> None:
    cash = openpyxl.load_workbook(worked_path, data_only=True)["Cash"]
    parts = {"PV of hardware": 5_885_934.26, "PV of energy": 26_982.61, "PV of maintenance": 88_005.91}
    for label, usd in {**parts, "PV of residual value": -5_340_489.99}.items():
        assert cash.cell(find(cash, label), 6).value == pytest.approx(usd, abs=0.005)


def test_total_equals_the_objective(values: Workbook) -> None:
    assert abs(named(values, "total_npv_usd") - Pricing(plans.rich()).npv) < 0.005
    assert named(values, "optimiser_objective_usd") == pytest.approx(Pricing(plans.rich()).npv, abs=0.005)
    assert named(values, "master_check") == 0
    assert named(values, "plan_edited") == 0


def test_costs_by_period_equal_the_reference(values: Workbook) -> None:
    pricing, cash = Pricing(plans.rich()), values["Cash"]
    for name, label in COSTS.items():
        row = find(cash, label)
        shown = [cash.cell(row, FIRST + i).value for i in range(pricing.T)]
        assert shown == pytest.approx(pricing.costs[name], rel=1e-9, abs=1e-6), name
        assert any(pricing.costs[name]), f"the rich plan exercises {name}"


def test_a_plan_that_does_not_price_as_it_says_is_refused(folder: Path) -> None:
    plan = plans.plan_of(plans.worked_example())
    wrong = plan.model_copy(update={"objective_usd": plan.objective_usd + 0.02})
    path = folder / "wrong.xlsx"
    with pytest.raises(WorkbookError, match="net present value"):
        write_workbook(wrong, path)
    assert not path.exists()


def test_a_refused_plan_leaves_the_old_file_whole(folder: Path) -> None:
    plan = plans.plan_of(plans.worked_example())
    path = folder / "kept.xlsx"
    write_workbook(plan, path)
    before = path.read_bytes()
    with pytest.raises(WorkbookError):
        write_workbook(plan.model_copy(update={"objective_usd": 1.0}), path)
    assert path.read_bytes() == before
    assert [p.name for p in folder.iterdir() if p.name.startswith(".kept")] == []


def test_costs_that_the_workbook_does_not_know_are_refused(folder: Path) -> None:
    plan = plans.plan_of(plans.worked_example())
    costs = {**plan.costs, "gift_usd": {"2025q1": 5.0, "2025q2": 0.0}}
    with pytest.raises(WorkbookError, match="gift_usd"):
        write_workbook(plan.model_copy(update={"costs": costs}), folder / "unknown.xlsx")


# Shape


def test_sheets_stand_in_order_and_none_is_hidden(book: Workbook) -> None:
    assert book.sheetnames == SHEETS
    assert all(sheet.sheet_state == "visible" for sheet in book.worksheets)
    for sheet in book.worksheets:
        assert not any(dimension.hidden for dimension in sheet.row_dimensions.values())
        assert not any(dimension.hidden for dimension in sheet.column_dimensions.values())
        assert not sheet.merged_cells.ranges


def test_every_sheet_freezes_the_master_check(book: Workbook) -> None:
    assert "master_check" in book.defined_names
    for sheet in book.worksheets:
        assert sheet.freeze_panes in ({"I8"} if sheet.title in TIME_SHEETS else {"A4", "A5", "B5"})
        assert sheet["B2"].value == '=IF(master_check=0,"OK","CHECK")'


def test_every_formula_has_a_cached_value_and_none_is_an_error(book: Workbook, values: Workbook) -> None:
    for sheet, cell in formulas(book):
        cached = values[sheet.title][cell.coordinate].value
        assert cached is not None, f"{sheet.title}!{cell.coordinate}"
        assert not str(cached).startswith("#"), f"{sheet.title}!{cell.coordinate}"


def test_pandas_reads_the_numbers(rich_path: Path) -> None:
    cash = pd.read_excel(rich_path, sheet_name="Cash", header=6)
    assert list(cash.columns[8:]) == [f"{year}q{q}" for year in (2025, 2026) for q in (1, 2, 3, 4)]
    npv = cash[cash["Line"] == "Net present value of cost"]["Total"].item()
    assert npv == pytest.approx(Pricing(plans.rich()).npv, abs=0.005)
    assert cash[cash["Unit"] == "USD"]["Total"].notna().sum() > 40


def test_one_formula_per_row(book: Workbook) -> None:
    for title in TIME_SHEETS:
        sheet = book[title]
        for row in range(3, sheet.max_row + 1):
            across = [sheet.cell(row, column) for column in range(FIRST, FIRST + 8)]
            if any(cell.data_type == "f" for cell in across):
                first = {Translator(str(c.value), c.coordinate).translate_formula(f"I{row}") for c in across}
                assert len(first) == 1, f"{title} row {row}: {first}"


def test_no_constants_no_nested_if_and_only_portable_functions(book: Workbook) -> None:
    for sheet, cell in formulas(book):
        text = str(cell.value)
        where = f"{sheet.title}!{cell.coordinate}: {text}"
        tokens = Tokenizer(text).items
        numbers = {t.value for t in tokens if t.type == "OPERAND" and t.subtype == "NUMBER"}
        assert numbers <= {"0", "1"}, where
        used = {t.value.rstrip("(") for t in tokens if t.type == "FUNC" and t.subtype == "OPEN"}
        assert used <= PORTABLE, where
        assert len(text) < 120, where
        assert text.count("IF(") - text.count("SUMIF(") - text.count("COUNTIF(") <= 1 or "IFERROR" in text, where
        assert "[" not in text, where
        assert "http" not in text, where


def test_references_run_left_to_right(book: Workbook) -> None:
    """All but Summary, Checks and Contents, which show what others hold, only look left."""
    for sheet, cell in formulas(book, *TIME_SHEETS, *LISTS):
        if cell.row > 2:
            seen = {quoted or plain for quoted, plain in re.findall(r"(?:'([^']+)'|([A-Z][a-z]+))!", str(cell.value))}
            assert all(SHEETS.index(name) < SHEETS.index(sheet.title) for name in seen), str(cell.value)


def test_no_link_to_a_link(book: Workbook) -> None:
    link = re.compile(r"='?([A-Z][a-z]+(?: [a-z]+)?)'?!\$?([A-Z]+)\$?(\d+)")
    for sheet, cell in formulas(book):
        first = link.fullmatch(str(cell.value))
        if first:
            target = str(book[first[1]][f"{first[2]}{first[3]}"].value)
            assert not link.fullmatch(target), f"{sheet.title}!{cell.coordinate} -> {cell.value} -> {target}"


def test_each_line_has_a_unit_and_a_label_of_its_own(book: Workbook) -> None:
    for title in TIME_SHEETS:
        sheet, seen = book[title], set()
        for row in range(8, sheet.max_row + 1):
            if any(sheet.cell(row, column).value is not None for column in (5, *range(FIRST, FIRST + 8))):
                key = tuple(sheet.cell(row, column).value for column in (1, 2, 3))
                unit = str(sheet.cell(row, 4).value)
                assert unit in FORMATS or CURRENCY.fullmatch(unit), f"{title} row {row}: {key}"
                assert key not in seen, f"{title} row {row}: {key}"
                seen.add(key)


def test_styles_match_roles(book: Workbook) -> None:
    """A number is an assumption or an optimiser's value; a formula is neither."""
    assumptions = ("Assumption", "Assumption, locked")
    for sheet, cell in cells(book):
        where = f"{sheet.title}!{cell.coordinate}: {cell.value!r} as {cell.style}"
        if cell.data_type == "f":
            assert cell.style not in (*assumptions, "Optimiser value"), where
        elif isinstance(cell.value, int | float | datetime | date):
            assert cell.style in (*assumptions, "Optimiser value"), where
            assert cell.style not in assumptions or sheet.title in ("Inputs", "Orders"), where


def test_every_input_has_a_source_and_a_rule(book: Workbook) -> None:
    sheet = book["Inputs"]
    rules = list(sheet.data_validations.dataValidation)
    assert all(rule.showErrorMessage and rule.error for rule in rules)
    for cell in (cell for _, cell in cells(book, "Inputs") if cell.style == "Assumption"):
        assert sheet.cell(cell.row, 8).value, f"row {cell.row} has no source"
        assert any(cell.coordinate in rule.sqref for rule in rules), f"{cell.coordinate} has no rule"


def test_names_are_scalars(book: Workbook) -> None:
    assert len(book.defined_names) > 20
    for name in book.defined_names.values():
        assert re.fullmatch(r"(Inputs|Orders|Cash|Downside|Checks)!\$[A-Z]+\$\d+", name.attr_text), name.attr_text


def test_checks_say_what_they_mean(values: Workbook) -> None:
    sheet = values["Checks"]
    top = next(row for row in range(5, 40) if sheet.cell(row, 1).value == "Checks")
    rows = [row for row in range(top + 1, sheet.max_row + 1) if sheet.cell(row, 4).value is not None]
    assert len(rows) > 20
    for row in rows:
        assert sheet.cell(row, 5).value == 0
        assert len(str(sheet.cell(row, 6).value)) > 20


def test_print_set_up_and_links(book: Workbook) -> None:
    for sheet in book.worksheets:
        assert sheet.page_setup.orientation == "landscape"
        folded = bool(sheet.col_breaks.brk)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage is not folded  # type: ignore[union-attr]
        assert folded == bool(sheet.print_title_cols and sheet.page_setup.fitToWidth != 1)
        assert sheet.print_title_rows
        assert sheet.oddFooter.right.text == "Page &P of &N"  # type: ignore[union-attr]
    links = [cell.hyperlink for _, cell in cells(book, "Contents") if cell.hyperlink]
    assert [re.match(r"#?'([\w ]+)'", str(link.location or link.target))[1] for link in links] == SHEETS[1:]  # type: ignore[index]
    assert all(book[title]["D1"].hyperlink for title in SHEETS[1:])


def test_recalculation_on_load_is_kept_and_nothing_foreign_is_inside(rich_path: Path) -> None:
    with zipfile.ZipFile(rich_path) as archive:
        names = archive.namelist()
        assert 'fullCalcOnLoad="1"' in archive.read("xl/workbook.xml").decode()
    assert not [name for name in names if re.search("external|vba|embed|connection|media", name)]
    assert names[0] == "[Content_Types].xml"


def test_two_builds_are_the_same_bytes(rich_path: Path, folder: Path) -> None:
    again = folder / "again.xlsx"
    write_workbook(plans.plan_of(plans.rich()), again, "chipmix plan rich.yaml -o rich.xlsx")
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(rich_path.read_bytes()).digest()


def test_hostile_text_stays_text(book: Workbook, rich_path: Path) -> None:
    hostile = [cell for _, cell in cells(book) if HOSTILE in str(cell.value)]
    assert len(hostile) >= 3
    assert all(cell.data_type == "s" for cell in hostile)
    assert all(cell.quotePrefix for _, cell in cells(book) if cell.data_type == "s" and not cell.hyperlink)
    texts = {cell.value for _, cell in cells(book, "Log") if cell.data_type == "s"}
    assert {"+1 8-GPU server price survey", "@x list prices of a cloud", HOSTILE} <= texts
    with zipfile.ZipFile(rich_path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/sheet"):
                assert "cmd|" not in "".join(re.findall(r"<f>(.*?)</f>", archive.read(name).decode()))


def test_numbers_and_texts_that_excel_cannot_hold_are_refused() -> None:
    cell = Workbook().create_sheet("x").cell(1, 1)
    assert isinstance(cell, Cell)
    for bad in (float("nan"), float("inf")):
        with pytest.raises(WorkbookError):
            put_number(cell, bad)
    with pytest.raises(WorkbookError):
        put_text(cell, "x" * 32_768)
    with pytest.raises(WorkbookError):
        put_formula(cell, Formula("cmd|x"))
    put_text(cell, "a\x00b\ud800c")
    assert cell.value == "a\ufffdb\ufffdc"


def test_charts_have_titles_axes_caches_and_alt_text(rich_path: Path) -> None:
    with zipfile.ZipFile(rich_path) as archive:
        charts = [archive.read(n).decode() for n in archive.namelist() if re.fullmatch(r"xl/charts/chart\d+\.xml", n)]
        parts = [name for name in archive.namelist() if re.fullmatch(r"xl/drawings/drawing\d+\.xml", name)]
        drawings = [archive.read(name).decode() for name in sorted(parts)]
    assert len(charts) == 5
    assert [len(re.findall(r'descr="[^"]{40,}"', drawing)) for drawing in drawings] == [4, 1]
    for chart in charts:
        plain = chart.replace("c:", "")
        assert plain.count("<f>") == plain.count("Cache><") // 1 or plain.count("<ptCount") == plain.count("<f>")
        assert plain.count('<delete val="0"') == 2
        assert plain.count("<title>") == 3
        assert '<smooth val="1"' not in plain
    over_time = [chart.replace("c:", "") for chart in charts if "<v>2025q1</v>" in chart]
    assert len(over_time) == 3
    assert all('val="8"' in re.findall(r"<ptCount [^>]*>", chart)[-1] for chart in over_time)
    assert sum("<v>Hardware</v>" in chart for chart in charts) == 1


# Edits: the workbook re-costs the plan as the reference does


@pytest.mark.parametrize("name", [*EDITS, *OVERRIDES])
def test_an_edit_recosts_the_plan(name: str, rich_path: Path, book: Workbook) -> None:
    value = recalculated(rich_path, edited_cells(book, [name]))
    _same_costs(book, value, Pricing(changed([name])))
    assert value(*place_of(book, "inputs_edited")) == (name in EDITS)
    assert value(*place_of(book, "overrides_used")) == (name in OVERRIDES)
    assert str(value("Cash", 2, 3)).startswith("edited")
    assert value(*place_of(book, "master_check")) == 0


def _same_costs(book: Workbook, value: Value, expected: Pricing) -> None:
    """Lines stand where they stand in `book`; `value` says what they show."""
    assert abs(expected.npv - Pricing(plans.rich()).npv) > 1, "the edit changes the total"
    for name, label in COSTS.items():
        row = find(book["Cash"], label)
        shown = [value("Cash", row, FIRST + i) or 0.0 for i in range(expected.T)]
        assert shown == pytest.approx(expected.costs[name], rel=1e-9, abs=1e-6), name
    assert abs(value(*place_of(book, "total_npv_usd")) - expected.npv) < 0.005


@pytest.mark.parametrize("name", BROKEN)
def test_an_override_that_cannot_be_carried_out_fails_its_check(name: str, rich_path: Path, book: Workbook) -> None:
    edit, check = BROKEN[name]
    value = recalculated(rich_path, edit(book))
    sheet = book["Checks"]
    row = next(row for row in range(5, sheet.max_row + 1) if sheet.cell(row, 1).value == check)
    assert value("Checks", row, 5) == 1
    assert value(*place_of(book, "master_check")) >= 1


def test_a_power_override_raises_the_limit(rich_path: Path, book: Workbook, values: Workbook) -> None:
    """Power added counts from its period on; the fleet in service is what is not retired."""
    limit = find(book["Sites"], "Power used at the meter: limit", place="prineville")
    shown = [values["Sites"].cell(limit, FIRST + i).value for i in range(8)]
    assert shown == pytest.approx([20, 20, 40, 47.25, 47.25, 47.25, 50.75, 50.75])
    value = recalculated(rich_path, edited_cells(book, ["power"]))
    assert value("Sites", limit, FIRST + 4) == pytest.approx(49.75)
    fleet = find(book["Sites"], "In service, fleet", "dgx_h100", "prineville")
    shown = [values["Sites"].cell(fleet, FIRST + i).value for i in range(8)]
    assert shown == [1100, 1040, 740, 690, 690, 125, 125, 125]


def test_prices_paid_are_list_prices_times_factors(book: Workbook, values: Workbook) -> None:
    """70 of a kind at 0.95 of its price; 36 with 10 at 1, 20 at 0.97 and 6 at 0.88.

    24 of the 36 are ordered at 0.9 of the price and take the first steps: 10 and 14; the others 6 and 6.
    """
    factor = find(book["Orders"], "Price paid over list price", "dgx_h100.purchase")
    assert [values["Orders"].cell(factor, FIRST + i).value for i in range(8)] == [1, 1, 0.95, 1, 1, 1, 1, 1]
    price = find(book["Cash"], "Price after breaks", "own_rack.purchase")
    shown = [values["Cash"].cell(price, FIRST + i).value for i in (4, 5)]
    assert shown == pytest.approx([410_000 * (6 * 0.97 + 6 * 0.88) / 12, 380_000])
    under = find(book["Cash"], "Price after breaks, under chip_deal", "own_rack.purchase")
    assert values["Cash"].cell(under, FIRST + 4).value == pytest.approx(0.9 * 410_000 * (10 + 14 * 0.97) / 24)


def test_the_summary_shows_value_and_net_value(values: Workbook) -> None:
    pricing, sheet = Pricing(plans.rich()), values["Summary"]
    shown = {sheet.cell(row, 1).value: sheet.cell(row, 2).value for row in range(4, 20)}
    assert shown["Net value: value of work less cost"] == pytest.approx(-pricing.npv * EUR / 1e6)
    worth = -sum(float(pricing.mid(t)) * pricing.costs["value_usd"][t - 1] for t in range(1, 9))
    assert shown["Value of work done"] == pytest.approx(worth * EUR / 1e6)
    assert shown["Cost before value"] == pytest.approx((worth + pricing.npv) * EUR / 1e6)
    assert shown["Gap to the bound"] == pytest.approx(5e-5)


def test_the_same_plan_where_cost_is_minimised(folder: Path) -> None:
    case = plans.rich().edited({"scenario/objective": "minimize_cost"})
    path = folder / "minimised.xlsx"
    write_workbook(plans.plan_of(case), path)
    values = openpyxl.load_workbook(path, data_only=True)
    assert abs(named(values, "total_npv_usd") - Pricing(case).npv) < 0.005
    assert named(values, "master_check") == 0
    assert not [cell for _, cell in cells(values, "Summary") if "Net value" in str(cell.value)]


# LibreOffice, the independent judge

ONE_OF_ITS_KIND = ("residual_book", "residual_none", "owed_ignored", "no_discount")
EVERYTHING = [name for name in EDITS if name not in ONE_OF_ITS_KIND]
COMBINED: dict[str, list[str]] = {
    "everything": [*EVERYTHING, "systems", "fleet", "power", "factor", "no_port"],
    "book_life": ["residual_book", "price", "discount_rate", "no_systems"],
    "no_discount": ["no_discount", "owed_in_full"],
}


def stripped(path: Path, target: Path, names: Iterable[str] = ()) -> Path:
    """A copy without caches (openpyxl drops them), edited."""
    book = openpyxl.load_workbook(path)
    for sheet, row, column, value in edited_cells(book, names):
        book[sheet].cell(row, column).value = value
    book.save(target)
    return target


LATE = [pytest.param(name, marks=[pytest.mark.slow] if name != "everything" else []) for name in COMBINED]
"""Each edit is calculated by itself in any run, by our calculator; by LibreOffice most of them together."""


@pytest.fixture(scope="module")
def libre(rich_path: Path, worked_path: Path, folder: Path, request: pytest.FixtureRequest) -> dict[str, Workbook]:
    """Both workbooks, and the rich one with the edits asked for, calculated by LibreOffice in one run."""
    asked = {test.callspec.params.get("name") for test in request.session.items if hasattr(test, "callspec")}
    files = [stripped(rich_path, folder / "bare_rich.xlsx"), stripped(worked_path, folder / "bare_worked.xlsx")]
    files += [stripped(rich_path, folder / f"{name}.xlsx", names) for name, names in COMBINED.items() if name in asked]
    profile, out = f"-env:UserInstallation=file://{folder}/profile", folder / "libre"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return {path.stem: openpyxl.load_workbook(out / path.name, data_only=True) for path in files}


@needs_libreoffice
@pytest.mark.parametrize("name", ["rich", "worked"])
def test_libreoffice_agrees_on_every_formula(
    name: str, request: pytest.FixtureRequest, libre: dict[str, Workbook]
) -> None:
    path: Path = request.getfixturevalue(f"{name}_path")
    book, ours = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    wrong, count = [], 0
    for sheet, cell in formulas(book):
        mine = ours[sheet.title][cell.coordinate].value
        theirs = libre[f"bare_{name}"][sheet.title][cell.coordinate].value
        count += 1
        if not _agree(mine, theirs):
            wrong.append((sheet.title, cell.coordinate, mine, theirs))
    assert not wrong
    assert count > 300


def _agree(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, datetime | str):
        return bool(mine == theirs)
    return abs(float(mine) - float(theirs)) <= max(1e-9 * abs(float(mine)), 1e-6)


@needs_libreoffice
@pytest.mark.parametrize("name", LATE)
def test_libreoffice_recosts_edits_as_the_reference_does(name: str, book: Workbook, libre: dict[str, Workbook]) -> None:
    names = COMBINED[name]
    _same_costs(book, lambda sheet, row, column: libre[name][sheet].cell(row, column).value, Pricing(changed(names)))
    assert named(libre[name], "inputs_edited") == any(name in EDITS for name in names)
    assert named(libre[name], "overrides_used") == sum(name in OVERRIDES for name in names)
    assert named(libre[name], "plan_edited") == 1


# Other plans


def test_a_plan_without_orders(folder: Path) -> None:
    case = plans.worked_example()
    path = folder / "empty.xlsx"
    write_failing(plans.plan_of(Case(case.scenario, case.catalog, (), {})), path)  # its demand is not met
    assert named(openpyxl.load_workbook(path, data_only=True), "total_npv_usd") == 0


@pytest.mark.parametrize(("start", "periods"), [("2026", 3), ("2025-11", 5)])
def test_years_and_months(start: str, periods: int, folder: Path) -> None:
    changes = {"scenario/horizon": {"start": start, "periods": periods}, "scenario/demand/training/per_second": "30000"}
    case = plans.worked_example().edited(changes)
    path = folder / f"from_{start}.xlsx"
    write_workbook(plans.plan_of(case), path)
    values = openpyxl.load_workbook(path, data_only=True)
    assert abs(named(values, "total_npv_usd") - Pricing(case).npv) < 0.005
    assert named(values, "master_check") == 0


def test_overbooked_site_fails_the_master_check(folder: Path) -> None:
    """Such a workbook is never written; when an edit makes one of it, it says so on every sheet."""
    case = plans.worked_example().edited({"scenario/sites/north/power_mw": "0.2"})
    path = folder / "overbooked.xlsx"
    with pytest.raises(WorkbookError, match="checks that fail"):
        write_workbook(plans.plan_of(case), path)
    assert not path.exists()
    write_failing(plans.plan_of(case), path)
    values = openpyxl.load_workbook(path, data_only=True)
    assert named(values, "master_check") == 1
    assert values["Contents"]["B2"].value == "CHECK"


def test_hosted_only_and_fleet_only(folder: Path) -> None:
    case = plans.rich()
    scenario = {**case.scenario, "sites": {}, "fleet": [], "commitments": []}
    hosted = tuple(entry for entry in case.entries if entry.place in ("gcp", "neocloud") and not entry.commitment)
    fleet = Case({**case.scenario, "commitments": []}, case.catalog, (), {})
    for name, each in {"hosted": Case(scenario, case.catalog, hosted, {}), "fleet": fleet}.items():
        path = folder / f"only_{name}.xlsx"
        write_workbook(plans.plan_of(each), path)
        values = openpyxl.load_workbook(path, data_only=True)
        assert abs(named(values, "total_npv_usd") - Pricing(each).npv) < 0.005
        assert named(values, "master_check") == 0


def test_a_free_offer_and_an_offer_without_a_price(folder: Path) -> None:
    """A price of zero passes only where it is meant."""
    for free, fails in (("true", 0), ("false", 1)):
        changes = {"catalog/offers/dgx.purchase/price_usd": "0", "catalog/offers/dgx.purchase/free": free}
        path = folder / f"free_{free}.xlsx"
        write_failing(plans.plan_of(plans.worked_example().edited(changes)), path)
        assert named(openpyxl.load_workbook(path, data_only=True), "master_check") == fails


def test_the_total_ties_to_the_cent_however_large(folder: Path) -> None:
    case = plans.large(offers=4, sites=2, periods=6, every=2)
    plan = plans.plan_of(case)
    assert plan.objective_usd > 2e7
    write_failing(plan, folder / "large.xlsx")  # more is ordered than the sites can power
    with pytest.raises(WorkbookError, match="net present value"):
        write_workbook(plan.model_copy(update={"objective_usd": plan.objective_usd + 0.02}), folder / "large.xlsx")


@pytest.mark.slow
def test_thousands_of_orders_in_seconds(folder: Path) -> None:
    plan = plans.plan_of(plans.large(offers=12, sites=6, periods=20, every=1))
    assert len(plan.orders) > 1000
    began = time.monotonic()
    write_failing(plan, folder / "thousands.xlsx")
    assert time.monotonic() - began < 60
    with zipfile.ZipFile(folder / "thousands.xlsx") as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert sum(sheet.count(b"<f>") for sheet in sheets) < 60_000
