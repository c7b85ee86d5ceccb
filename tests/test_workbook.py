"""The workbook: its shape, its ties to the plan, and its agreement with LibreOffice and with plain re-costing."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import formualizer
import openpyxl
import pandas as pd
import pytest
import workbook_plans as plans
from failing_workbooks import write_failing
from openpyxl.cell.cell import Cell
from openpyxl.formula import Tokenizer
from openpyxl.formula.translate import Translator
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from workbook_plans import HOSTILE
from workbook_pricing import Case, Entry, Pricing, Retired

from optimizer.workbook import WorkbookError, write_workbook
from optimizer.workbook.cash import COSTS
from optimizer.workbook.cells import Formula, put_formula, put_number, put_text
from optimizer.workbook.styles import FORMATS

SHEETS = [
    "Contents", "Summary", "Inputs", "Orders", "Purchase orders", "Capacity", "Sites", "Supply", "Cash", "Depreciation",
    "Unit costs", "Limits", "Why not", "Checks", "Log",
]  # fmt: skip
LISTS = ["Purchase orders", "Limits", "Why not"]
TIME_SHEETS = [name for name in SHEETS[2:-2] if name not in LISTS]
FIRST = 9
SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
PORTABLE = {
    "ABS", "COLUMNS", "COUNT", "EDATE", "IF", "IFERROR", "INDEX", "INT", "ISBLANK", "MATCH", "MAX", "MIN", "MOD",
    "MONTH", "ROUND", "ROUNDUP", "SMALL", "SUM", "SUMIFS", "SUMPRODUCT", "YEAR",
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


def cells(book: Workbook, *titles: str) -> Iterator[tuple[Worksheet, Cell]]:
    for title in titles or book.sheetnames:
        sheet: Worksheet = book[title]
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell, Cell) and cell.value is not None:
                    yield sheet, cell


def formulas(book: Workbook, *titles: str) -> Iterator[tuple[Worksheet, Cell]]:
    return ((sheet, cell) for sheet, cell in cells(book, *titles) if cell.data_type == "f")


def named(book: Workbook, name: str) -> Any:
    """The value of a named cell."""
    sheet, row, column = place_of(book, name)
    return book[sheet].cell(row, column).value


def place_of(book: Workbook, name: str) -> tuple[str, int, int]:
    """Sheet, row and column of a named cell."""
    sheet, cell = book.defined_names[name].attr_text.split("!")
    row, column = coordinate_to_tuple(cell.replace("$", ""))
    return sheet.strip("'"), row, column


def find(sheet: Worksheet, label: str, item: str = "", place: str = "") -> int:
    """The row of a line by label, item and place."""
    wanted = (label, item, place)
    lines = [row for row in range(8, sheet.max_row + 1) if sheet.cell(row, 4).value]
    found = [row for row in lines if tuple(sheet.cell(row, column).value or "" for column in (1, 2, 3)) == wanted]
    assert len(found) == 1, (label, item, place, found)
    return found[0]


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
    costs = {**plan.costs, "tax_usd": {"2025q1": 5.0, "2025q2": 0.0}}
    with pytest.raises(WorkbookError, match="tax_usd"):
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
        assert sheet.freeze_panes in ({"I8"} if sheet.title in TIME_SHEETS else {"A4", "A5"})
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
                assert sheet.cell(row, 4).value in FORMATS, f"{title} row {row}: {key}"
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
        assert re.fullmatch(r"(Inputs|Orders|Cash|Checks)!\$[A-Z]+\$\d+", name.attr_text), name.attr_text


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
        assert sheet.sheet_properties.pageSetUpPr.fitToPage  # type: ignore[union-attr]
        assert sheet.page_setup.fitToWidth == 1
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
        drawing = archive.read("xl/drawings/drawing1.xml").decode()
    assert len(charts) == 4
    assert len(re.findall(r'descr="[^"]{40,}"', drawing)) == 4
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

Cells = list[tuple[str, int, int, float]]
"""Edited cells: sheet, row, column, value."""
Value = Callable[[str, int, int], Any]
"""What a cell shows, by sheet, row and column."""
Edit = Callable[[Workbook], Cells]
Change = Callable[[Case], Case]


def setter(title: str, label: str, value: float, item: str = "", place: str = "", periods: range | None = None) -> Edit:
    """An edit: fill a line's constant, or the given periods (from 1)."""

    def cells_of(book: Workbook) -> Cells:
        row = find(book[title], label, item, place)
        columns = [5] if periods is None else [FIRST + t - 1 for t in periods]
        return [(title, row, column, value) for column in columns]

    return cells_of


def inputs(path: str, value: Any) -> Change:
    """The same edit in the reference: a value at a slash-separated path."""
    return lambda case: case.edited({path: value})


def decided(**changes: Any) -> Change:
    return lambda case: replace(case, decided=replace(case.decided, **changes))


def ordered(entry: Entry) -> Change:
    """One order's systems replaced, as an override does."""

    def changed(case: Case) -> Case:
        key = (entry.offer, entry.place, entry.t, False)
        kept = [e for e in case.entries if (e.offer, e.place, e.t, e.commitment) != key]
        return replace(case, entries=(*kept, entry))

    return changed


OFFERS, SITE = "catalog/offers", "scenario/sites/prineville"
ALL = range(1, 9)
EDITS: dict[str, tuple[Edit, Change]] = {
    "price": (
        setter("Inputs", "Price", 2_000_000, "nvl72.purchase", periods=ALL),
        inputs(f"{OFFERS}/nvl72.purchase/price_usd", {"2024q1": "3100000", "2025q1": "2000000"}),
    ),
    "list_price_all_units": (
        setter("Inputs", "Price", 200_000, "dgx_h100.purchase", periods=ALL),
        inputs(f"{OFFERS}/dgx_h100.purchase/price_usd", "200000"),
    ),
    "list_price_incremental": (
        setter("Inputs", "Price", 333_333, "own_rack.purchase", periods=ALL),
        inputs(f"{OFFERS}/own_rack.purchase/price_usd", "333333"),
    ),
    "rent": (
        setter("Inputs", "Rent", 3.3, "mi355x.lease", periods=ALL),
        inputs(f"{OFFERS}/mi355x.lease/usd_per_accelerator_hour", "3.3"),
    ),
    "tariff": (
        setter("Inputs", "Electricity", 71.5, place="prineville", periods=ALL),
        inputs(f"{SITE}/electricity_usd_per_mwh", "71.5"),
    ),
    "pue": (
        setter("Inputs", "PUE, yearly mean, for energy", 1.4, place="oslo"),
        inputs("scenario/sites/oslo/pue", "1.4"),
    ),
    "discount_rate": (setter("Inputs", "Discount rate", 0.12), inputs("scenario/finance/discount_rate", "0.12")),
    "maintenance": (
        setter("Inputs", "Maintenance, share of price paid", 0.05),
        inputs("scenario/finance/maintenance_share", "0.05"),
    ),
    "service_life": (
        setter("Inputs", "Service life of a purchase without a term", 0.7),
        inputs("scenario/finance/service_life_years", "0.7"),
    ),
    "residual_table": (
        setter("Inputs", "Table point 1: share left", 0.5),
        inputs("scenario/finance/residual", {**plans.TABLE, "1": "0.5"}),
    ),
    "residual_book": (
        setter("Inputs", "From the book life (0: from the table)", 1),
        inputs("scenario/finance/residual", "book"),
    ),
    "residual_none": (setter("Inputs", "Residual value counted", 0), inputs("scenario/finance/residual", "none")),
    "owed_in_full": (
        setter("Inputs", "Less what the rest of a term would fetch (0: in full)", 0),
        inputs("scenario/finance/owed_after_horizon", "in_full"),
    ),
    "owed_ignored": (
        setter("Inputs", "Rent after the horizon counted", 0),
        inputs("scenario/finance/owed_after_horizon", "ignored"),
    ),
    "no_discount": (setter("Inputs", "Discount rate", 0), inputs("scenario/finance/discount_rate", "0")),
    "deposit": (
        setter("Inputs", "Deposit at order, share of price", 0.6, "dgx_h100.purchase"),
        inputs(f"{OFFERS}/dgx_h100.purchase/deposit_share", "0.6"),
    ),
    "lead_time": (
        setter("Inputs", "Lead time", 3, "dgx_h100.purchase"),
        inputs(f"{OFFERS}/dgx_h100.purchase/lead_time_months", 3),
    ),
    "term": (
        setter("Inputs", "Term in service", 8, "mi355x.lease"),
        inputs(f"{OFFERS}/mi355x.lease/term_months", 8),
    ),
    "network": (
        setter("Inputs", "Network, on entering service", 9e4, "nvl72.purchase"),
        inputs(f"{OFFERS}/nvl72.purchase/network_usd", "90000"),
    ),
    "software": (
        setter("Inputs", "Software, while in service", 500, "h100.on_demand"),
        inputs(f"{OFFERS}/h100.on_demand/software_usd_per_year", "500"),
    ),
    "power_draw": (
        setter("Inputs", "Average IT power in service", 8.1, "dgx_h100"),
        inputs("catalog/systems/dgx_h100/average_kw", "8.1"),
    ),
    "hosting": (
        setter("Inputs", "Hosting, provisioned IT load", 20, place="prineville", periods=ALL),
        inputs(f"{SITE}/hosting_usd_per_kw_month", "20"),
    ),
    "carbon_price": (
        setter("Inputs", "Carbon price", 200, periods=ALL),
        inputs("scenario/finance/carbon_usd_per_t", "200"),
    ),
    "hosted_carbon": (
        setter("Inputs", "Carbon of hosted hours", 0.5, "tpu.reserved"),
        inputs(f"{OFFERS}/tpu.reserved/carbon_kg_per_accelerator_hour", "0.5"),
    ),
    "unmet_price": (
        setter("Inputs", "Unmet work", 0.01, "training", periods=ALL),
        inputs("scenario/demand/training/unmet_usd_per_unit_hour", "0.01"),
    ),
    "value": (
        setter("Inputs", "Value of work", 0.05, "training", periods=ALL),
        inputs("scenario/demand/training/value_usd_per_unit_hour", "0.05"),
    ),
    "valued_demand": (
        setter("Inputs", "Demand", 123_456, "serving", periods=ALL),
        inputs("scenario/demand/serving/per_second", "123456"),
    ),
    "resale": (
        setter("Inputs", "Resale of fleet, until 2026q1", 50_000, "dgx_h100", "prineville"),
        inputs("scenario/fleet", [{**plans.rich().scenario["fleet"][0], "resale_usd": "50000"},
                                  *plans.rich().scenario["fleet"][1:]]),
    ),
    "power_price": (
        setter("Inputs", "Price of power added", 8e6, place="prineville"),
        inputs(f"{SITE}/expansion/usd_per_mw", "8e6"),
    ),
    "power_life": (
        setter("Inputs", "Life of added power", 1.1, place="prineville"),
        inputs(f"{SITE}/expansion/life_years", "1.1"),
    ),
    "one_off": (
        setter("Inputs", "One-off engineering", 44e6, "own_chip"),
        inputs("catalog/accelerators/own_chip/one_off/usd", "44e6"),
    ),
    "porting": (
        setter("Inputs", "Porting to own", 5e6, "serving"),
        inputs("scenario/demand/serving/stacks/own/usd", "5e6"),
    ),
}  # fmt: skip
RETIRED, EXPANDED = plans.rich().decided.retired, plans.rich().decided.expanded
FLEET = ("Orders", "Fleet retired, until 2026q1, override")
OVERRIDES: dict[str, tuple[Edit, Change]] = {
    "systems": (
        setter("Orders", "Override", 55.0, "nvl72.purchase", "prineville", range(3, 4)),
        ordered(Entry("nvl72.purchase", "prineville", 3, 55.0)),
    ),
    "no_systems": (
        setter("Orders", "Override", 0.0, "nvl72.purchase", "prineville", range(3, 4)),
        ordered(Entry("nvl72.purchase", "prineville", 3, 0.0)),
    ),
    "fleet": (
        setter(*FLEET, 100.0, "dgx_h100", "prineville", range(3, 4)),
        decided(retired=(Retired(0, 3, 100.0), *RETIRED[1:])),
    ),
    "power": (
        setter("Orders", "Power added, override", 2.5, place="prineville", periods=range(5, 6)),
        decided(expanded=(*EXPANDED, ("prineville", 5, 2.5))),
    ),
    "factor": (
        setter("Orders", "Price paid over list price, override", 0.8, "dgx_h100.purchase", periods=range(3, 4)),
        lambda case: replace(case, factors=(("dgx_h100.purchase", 3, 0.8),)),
    ),
    "no_port": (
        setter("Orders", "Porting started to own, override", 0.0, "serving", periods=range(3, 4)),
        decided(porting=()),
    ),
}


def changed(names: Iterable[str]) -> Case:
    case = plans.rich()
    for name in names:
        case = {**EDITS, **OVERRIDES}[name][1](case)
    return case


def edited_cells(book: Workbook, names: Iterable[str]) -> Cells:
    return [cell for name in names for cell in {**EDITS, **OVERRIDES}[name][0](book)]


def recalculated(path: Path, edits: Cells) -> Value:
    """The workbook after an edit, as formualizer calculates it."""
    live = formualizer.Workbook.load_path(str(path))
    for sheet, row, column, value in edits:
        live.set_value(sheet, row, column, value)
    live.evaluate_all()
    return live.get_value


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


BROKEN: dict[str, tuple[Edit, str]] = {
    "more fleet off than there is": (
        setter(*FLEET, 2000.0, "dgx_h100", "prineville", range(3, 4)), "Only fleet that is there is retired",
    ),
    "fleet off after its end": (
        setter(*FLEET, 1.0, "dgx_h100", "prineville", range(7, 8)), "Only fleet that is there is retired",
    ),
    "more power than a site can have": (
        setter("Orders", "Power added, override", 30.0, place="prineville", periods=range(5, 6)),
        "Power is added within what a site can have",
    ),
    "power before its time": (
        setter("Orders", "Power added, override", 1.0, place="prineville", periods=range(3, 4)),
        "Power is added within what a site can have",
    ),
    "purchases without engineering": (
        setter("Orders", "Engineering started, override", 0.0, "own_chip", periods=range(2, 3)),
        "Engineering is ready before purchases",
    ),
    "a lead time that is not kept": (
        setter("Inputs", "Lead time", 12, "own_rack.purchase"), "Engineering is ready before purchases",
    ),
}  # fmt: skip


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
    """70 of a kind at 0.95 of its price; 36 with 10 at 1, 20 at 0.97 and 6 at 0.88."""
    factor = find(book["Orders"], "Price paid over list price", "dgx_h100.purchase")
    assert [values["Orders"].cell(factor, FIRST + i).value for i in range(8)] == [1, 1, 0.95, 1, 1, 1, 1, 1]
    price = find(book["Cash"], "Price after breaks", "own_rack.purchase")
    shown = [values["Cash"].cell(price, FIRST + i).value for i in (4, 5)]
    assert shown == pytest.approx([410_000 * (10 + 20 * 0.97 + 6 * 0.88) / 36, 380_000])


def test_the_summary_shows_value_and_net_value(values: Workbook) -> None:
    pricing, sheet = Pricing(plans.rich()), values["Summary"]
    shown = {sheet.cell(row, 1).value: sheet.cell(row, 2).value for row in range(4, 20)}
    assert shown["Net value: value of work less cost"] == pytest.approx(-pricing.npv / 1e6)
    worth = -sum(float(pricing.mid(t)) * pricing.costs["value_usd"][t - 1] for t in range(1, 9))
    assert shown["Value of work done"] == pytest.approx(worth / 1e6)
    assert shown["Cost before value"] == pytest.approx((worth + pricing.npv) / 1e6)
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


@pytest.fixture(scope="module")
def libre(rich_path: Path, worked_path: Path, folder: Path) -> dict[str, Workbook]:
    """Both workbooks, and the rich one with edits combined, calculated by LibreOffice in one run."""
    files = [stripped(rich_path, folder / "bare_rich.xlsx"), stripped(worked_path, folder / "bare_worked.xlsx")]
    files += [stripped(rich_path, folder / f"{name}.xlsx", names) for name, names in COMBINED.items()]
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
@pytest.mark.parametrize("name", COMBINED)
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
