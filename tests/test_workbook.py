"""The workbook: its shape, its ties to the plan, and its agreement with LibreOffice and with plain re-costing."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import formualizer
import openpyxl
import pandas as pd
import pytest
import workbook_plans as plans
from openpyxl.cell.cell import Cell
from openpyxl.formula import Tokenizer
from openpyxl.formula.translate import Translator
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from workbook_plans import HOSTILE, Case, Entry, Pricing

from optimizer.workbook import WorkbookError, write_workbook
from optimizer.workbook.cells import Formula, put_formula, put_number, put_text
from optimizer.workbook.styles import FORMATS

SHEETS = ["Contents", "Summary", "Inputs", "Orders", "Sites", "Cash", "Checks", "Log"]
TIME_SHEETS = ["Inputs", "Orders", "Sites", "Cash"]
FIRST = 9
SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
PORTABLE = {
    "ABS", "COLUMNS", "COUNT", "EDATE", "IF", "IFERROR", "INDEX", "ISBLANK", "MATCH", "MAX", "MIN", "MOD", "ROUND",
    "ROUNDUP", "SUM", "SUMIFS", "SUMPRODUCT", "YEAR",
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
    sheet, cell = book.defined_names[name].attr_text.split("!")
    return book[sheet.strip("'")][cell.replace("$", "")].value


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
    from optimizer.workbook.cash import COSTS

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
    costs = {**plan.costs, "engineering_usd": {"2025q1": 5.0, "2025q2": 0.0}}
    with pytest.raises(WorkbookError, match="engineering_usd"):
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
    """Inputs, Orders, Sites, Cash only look left; Summary, Checks and Contents show what others hold."""
    for sheet, cell in formulas(book, *TIME_SHEETS):
        if cell.row > 2:
            seen = set(re.findall(r"([A-Z][a-z]+)!", str(cell.value)))
            assert all(SHEETS.index(name) < SHEETS.index(sheet.title) for name in seen), str(cell.value)


def test_no_link_to_a_link(book: Workbook) -> None:
    link = re.compile(r"=([A-Z][a-z]+)!\$?([A-Z]+)\$?(\d+)")
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
    for sheet, cell in cells(book):
        where = f"{sheet.title}!{cell.coordinate}: {cell.value!r} as {cell.style}"
        if cell.data_type == "f":
            assert cell.style not in ("Assumption", "Optimiser value"), where
        elif isinstance(cell.value, int | float | datetime | date):
            assert cell.style in ("Assumption", "Optimiser value"), where
            assert cell.style != "Assumption" or sheet.title in ("Inputs", "Orders"), where


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
    assert len(rows) == 12
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
    assert [re.match(r"#?'(\w+)'", str(link.location or link.target))[1] for link in links] == SHEETS[1:]  # type: ignore[index]
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
    assert len(charts) == 2
    assert len(re.findall(r'descr="[^"]{40,}"', drawing)) == 2
    for chart in charts:
        plain = chart.replace("c:", "")
        assert plain.count("<f>") == plain.count("Cache><") // 1 or plain.count("<ptCount") == plain.count("<f>")
        assert plain.count('<delete val="0"') == 2
        assert plain.count("<title>") == 3
        assert '<smooth val="1"' not in plain
        assert 'val="8"' in re.findall(r"<ptCount [^>]*>", plain)[-1]
    assert sum("<v>2025q1</v>" in chart for chart in charts) == 2


# LibreOffice, the independent judge


def stripped(path: Path, target: Path, edit: Callable[[Workbook], None] = lambda _: None) -> Path:
    """A copy without caches (openpyxl drops them), edited."""
    book = openpyxl.load_workbook(path)
    edit(book)
    book.save(target)
    return target


def recalculated(path: Path) -> Workbook:
    """The workbook as LibreOffice calculates it."""
    out = path.parent / f"libre_{path.stem}"
    profile = f"-env:UserInstallation=file://{path.parent}/profile"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return openpyxl.load_workbook(out / path.name, data_only=True)


@needs_libreoffice
@pytest.mark.parametrize("name", ["rich", "worked"])
def test_libreoffice_agrees_on_every_formula(name: str, request: pytest.FixtureRequest, folder: Path) -> None:
    path: Path = request.getfixturevalue(f"{name}_path")
    book, ours = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    libre = recalculated(stripped(path, folder / f"{name}_bare.xlsx"))
    wrong, count = [], 0
    for sheet, cell in formulas(book):
        mine, theirs = ours[sheet.title][cell.coordinate].value, libre[sheet.title][cell.coordinate].value
        count += 1
        if not _agree(mine, theirs):
            wrong.append((sheet.title, cell.coordinate, mine, theirs))
    assert not wrong
    assert count > 300


def _agree(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, datetime | str):
        return bool(mine == theirs)
    return abs(float(mine) - float(theirs)) <= max(1e-9 * abs(float(mine)), 1e-6)


def setter(title: str, label: str, value: float, item: str = "", place: str = "", periods: range | None = None) -> Any:
    """An edit: fill a line's constant, or the given periods (from 1)."""

    def edit(book: Workbook) -> None:
        sheet = book[title]
        row = find(sheet, label, item, place)
        for column in [5] if periods is None else [FIRST + t - 1 for t in periods]:
            sheet.cell(row, column).value = value

    return edit


def overridden(case: Case, entry: Entry) -> Case:
    """The case with one order's systems replaced, as an override does."""
    kept = [
        e for e in case.entries if (e.offer, e.place, e.t, e.commitment) != (entry.offer, entry.place, entry.t, False)
    ]
    return Case(case.scenario, case.catalog, (*kept, entry), case.unmet)


OFFERS, SITE = "catalog/offers", "scenario/sites/prineville"
EDITS: dict[str, tuple[Any, dict[str, Any]]] = {
    "price": (
        setter("Inputs", "Price", 2_000_000, "nvl72.purchase", periods=range(1, 9)),
        {f"{OFFERS}/nvl72.purchase/price_usd": {"2024q1": "3100000", "2025q1": "2000000"}},
    ),
    "rent": (
        setter("Inputs", "Rent", 3.3, "mi355x.lease", periods=range(1, 9)),
        {f"{OFFERS}/mi355x.lease/usd_per_accelerator_hour": "3.3"},
    ),
    "tariff": (
        setter("Inputs", "Electricity", 71.5, place="prineville", periods=range(1, 9)),
        {f"{SITE}/electricity_usd_per_mwh": "71.5"},
    ),
    "pue": (setter("Inputs", "PUE, yearly mean, for energy", 1.4, place="oslo"), {"scenario/sites/oslo/pue": "1.4"}),
    "discount_rate": (setter("Inputs", "Discount rate", 0.12), {"scenario/finance/discount_rate": "0.12"}),
    "maintenance": (
        setter("Inputs", "Maintenance, share of price paid", 0.05),
        {"scenario/finance/maintenance_share": "0.05"},
    ),
    "service_life": (
        setter("Inputs", "Service life of a purchase without a term", 0.7),
        {"scenario/finance/service_life_years": "0.7"},
    ),
    "residual_table": (
        setter("Inputs", "Table point 1: share left", 0.5),
        {"scenario/finance/residual": {**plans.TABLE, "1": "0.5"}},
    ),
    "residual_book": (
        setter("Inputs", "From the book life (0: from the table)", 1),
        {"scenario/finance/residual": "book"},
    ),
    "residual_none": (setter("Inputs", "Residual value counted", 0), {"scenario/finance/residual": "none"}),
    "deposit": (
        setter("Inputs", "Deposit at order, share of price", 0.6, "dgx_h100.purchase"),
        {f"{OFFERS}/dgx_h100.purchase/deposit_share": "0.6"},
    ),
    "lead_time": (
        setter("Inputs", "Lead time", 3, "dgx_h100.purchase"),
        {f"{OFFERS}/dgx_h100.purchase/lead_time_months": 3},
    ),
    "term": (setter("Inputs", "Term in service", 8, "mi355x.lease"), {f"{OFFERS}/mi355x.lease/term_months": 8}),
    "network": (
        setter("Inputs", "Network, on entering service", 9e4, "nvl72.purchase"),
        {f"{OFFERS}/nvl72.purchase/network_usd": "90000"},
    ),
    "software": (
        setter("Inputs", "Software, while in service", 500, "h100.on_demand"),
        {f"{OFFERS}/h100.on_demand/software_usd_per_year": "500"},
    ),
    "power_draw": (
        setter("Inputs", "Average IT power in service", 8.1, "dgx_h100"),
        {"catalog/systems/dgx_h100/average_kw": "8.1"},
    ),
    "hosting": (
        setter("Inputs", "Hosting, provisioned IT load", 20, place="prineville", periods=range(1, 9)),
        {f"{SITE}/hosting_usd_per_kw_month": "20"},
    ),
    "carbon_price": (
        setter("Inputs", "Carbon price", 200, periods=range(1, 9)),
        {"scenario/finance/carbon_usd_per_t": "200"},
    ),
    "hosted_carbon": (
        setter("Inputs", "Carbon of hosted hours", 0.5, "tpu.reserved"),
        {f"{OFFERS}/tpu.reserved/carbon_kg_per_accelerator_hour": "0.5"},
    ),
    "unmet_price": (
        setter("Inputs", "Unmet work", 0.01, "training", periods=range(1, 9)),
        {"scenario/demand/training/unmet_usd_per_unit_hour": "0.01"},
    ),
}


EVERYTHING = [name for name in EDITS if name not in ("residual_book", "residual_none")]
OVERRIDE = ("nvl72.purchase", "prineville")


def edited_book(path: Path, target: Path, names: list[str], systems: float | None) -> Path:
    """A copy without caches, edited as EDITS name, with an override of period 3 if systems are given."""

    def edit(book: Workbook) -> None:
        for name in names:
            EDITS[name][0](book)
        if systems is not None:
            setter("Orders", "Override", systems, *OVERRIDE, periods=range(3, 4))(book)

    return stripped(path, target, edit)


def edited_case(names: list[str], systems: float | None) -> Case:
    case = plans.rich().edited({path: value for name in names for path, value in EDITS[name][1].items()})
    return case if systems is None else overridden(case, Entry(*OVERRIDE, 3, systems))


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_input_recosts_the_plan(name: str, rich_path: Path, folder: Path) -> None:
    path = edited_book(rich_path, folder / f"edit_{name}.xlsx", [name], None)
    formualizer.recalculate_xlsx_file(str(path), str(path))
    book = openpyxl.load_workbook(path, data_only=True)
    _same_costs(book, Pricing(edited_case([name], None)))
    assert named(book, "inputs_edited") == 1
    assert str(book["Cash"]["C2"].value).startswith("edited")
    assert named(book, "master_check") == 0


COMBINED: dict[str, tuple[list[str], float | None]] = {
    "everything": (EVERYTHING, 55.0),
    "book_life": (["residual_book", "price", "discount_rate"], None),
    "override": ([], 0.0),
}


@pytest.fixture(scope="module")
def recosted(rich_path: Path, folder: Path) -> dict[str, Workbook]:
    """The rich workbook with edits combined, calculated by LibreOffice in one run."""
    files = [
        str(edited_book(rich_path, folder / f"{name}.xlsx", names, systems))
        for name, (names, systems) in COMBINED.items()
    ]
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [
        str(SOFFICE),
        profile,
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(folder / "recosted"),
        *files,
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return {name: openpyxl.load_workbook(folder / "recosted" / f"{name}.xlsx", data_only=True) for name in COMBINED}


@needs_libreoffice
@pytest.mark.parametrize("name", COMBINED)
def test_libreoffice_recosts_edits_as_the_reference_does(name: str, recosted: dict[str, Workbook]) -> None:
    names, systems = COMBINED[name]
    _same_costs(recosted[name], Pricing(edited_case(names, systems)))
    assert named(recosted[name], "inputs_edited") == bool(names)
    assert named(recosted[name], "overrides_used") == (systems is not None)
    assert named(recosted[name], "plan_edited") == 1


def _same_costs(book: Workbook, expected: Pricing) -> None:
    from optimizer.workbook.cash import COSTS

    cash = book["Cash"]
    assert abs(expected.npv - Pricing(plans.rich()).npv) > 1, "the edit changes the total"
    for name, label in COSTS.items():
        shown = [cash.cell(find(cash, label), FIRST + i).value for i in range(expected.T)]
        assert shown == pytest.approx(expected.costs[name], rel=1e-9, abs=1e-6), name
    assert abs(named(book, "total_npv_usd") - expected.npv) < 0.005


# Other plans


def test_a_plan_without_orders(folder: Path) -> None:
    case = plans.worked_example()
    path = folder / "empty.xlsx"
    write_workbook(plans.plan_of(Case(case.scenario, case.catalog, (), {})), path)
    assert named(openpyxl.load_workbook(path, data_only=True), "total_npv_usd") == 0


@pytest.mark.parametrize(("start", "periods"), [("2026", 3), ("2025-11", 5)])
def test_years_and_months(start: str, periods: int, folder: Path) -> None:
    case = plans.worked_example().edited({"scenario/horizon": {"start": start, "periods": periods}})
    path = folder / f"from_{start}.xlsx"
    write_workbook(plans.plan_of(case), path)
    values = openpyxl.load_workbook(path, data_only=True)
    assert abs(named(values, "total_npv_usd") - Pricing(case).npv) < 0.005
    assert named(values, "master_check") == 0


def test_overbooked_site_fails_the_master_check(folder: Path) -> None:
    case = plans.worked_example().edited({"scenario/sites/north/power_mw": "0.2"})
    path = folder / "overbooked.xlsx"
    write_workbook(plans.plan_of(case), path)
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
        write_workbook(plans.plan_of(plans.worked_example().edited(changes)), path)
        assert named(openpyxl.load_workbook(path, data_only=True), "master_check") == fails


def test_the_total_ties_to_the_cent_however_large(folder: Path) -> None:
    case = plans.large(offers=4, sites=2, periods=6, every=2)
    plan = plans.plan_of(case)
    assert plan.objective_usd > 2e7
    write_workbook(plan, folder / "large.xlsx")
    with pytest.raises(WorkbookError, match="net present value"):
        write_workbook(plan.model_copy(update={"objective_usd": plan.objective_usd + 0.02}), folder / "large.xlsx")


def test_thousands_of_orders_in_seconds(folder: Path) -> None:
    plan = plans.plan_of(plans.large(offers=24, sites=16, periods=20, every=6))
    assert len(plan.orders) > 1000
    began = time.monotonic()
    write_workbook(plan, folder / "thousands.xlsx")
    assert time.monotonic() - began < 60
    with zipfile.ZipFile(folder / "thousands.xlsx") as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert sum(sheet.count(b"<f>") for sheet in sheets) < 60_000
