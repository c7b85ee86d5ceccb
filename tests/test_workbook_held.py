"""A workbook held against the plan inside it: what nobody may change is found, what anybody may add is kept."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from builders import plan, scenario
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string
from openpyxl.workbook import Workbook
from openpyxl.workbook.defined_name import DefinedName

from catalogs.problems import InputError
from cli.main import run
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.check import RULES, Subject, check_workbook
from optimizer.workbook.notes import Note

pytestmark = pytest.mark.usefixtures("in_process")
SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
MANIFEST, CHARTS = 28, 30


@pytest.fixture(scope="module")
def original(in_process: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("held")
    write_workbook(plan(folder, scenario()), folder / "plan.xlsx")
    return folder / "plan.xlsx"


def row_of(book: Workbook, title: str, label: str) -> int:
    sheet = book[title]
    return next(row for row in range(3, sheet.max_row + 1) if str(sheet.cell(row, 1).value).startswith(label))


def at(title: str, label: str, column: str, value: Any) -> Callable[[Workbook], str]:
    """Something else in a cell, which is where it must be found."""

    def change(book: Workbook) -> str:
        cell = f"{column}{row_of(book, title, label)}"
        assert book[title][cell].value not in (None, value)
        book[title][cell] = value
        return f"{title}!{cell}"

    return change


MASTER = "Master check: number of checks that fail"


def fewer_checks(book: Workbook) -> str:
    sheet, row = book["Checks"], row_of(book, "Checks", MASTER)
    first, last = re.findall(r"E(\d+)", str(sheet[f"E{row}"].value))
    sheet[f"E{row}"] = f"=SUM(E{first}:E{int(last) - 3})"
    return f"Checks!E{row}"


def another_total(book: Workbook) -> str:
    sheet = book["Summary"]
    cells = [cell for row in sheet.iter_rows() for cell in row if "total_npv_usd" in str(cell.value)]
    cells[0].value = str(cells[0].value).replace("total_npv_usd", "optimiser_bound_usd")
    return f"Summary!{cells[0].coordinate}"


def one_row_up(book: Workbook) -> str:
    """The first formula of Summary that refers to Cash, moved to the line above."""
    for row in book["Summary"].iter_rows():
        for cell in row:
            found = re.fullmatch(r"=Cash!(\$?[A-Z]+\$?)(\d+)", str(cell.value))
            if found:
                cell.value = f"=Cash!{found[1]}{int(found[2]) - 1}"
                return f"Summary!{cell.coordinate}"
    raise AssertionError("no link to Cash")


def renamed(name: str, refers: str, sheet: str = "") -> Callable[[Workbook], str]:
    def change(book: Workbook) -> str:
        names = book[sheet].defined_names if sheet else book.defined_names
        names[name] = DefinedName(name, attr_text=refers)
        return f"name {name}"

    return change


def unnamed(book: Workbook) -> str:
    del book.defined_names["total_npv_usd"]
    return "name total_npv_usd"


CHANGES: dict[str, Callable[[Workbook], str]] = {
    "the master check is nought": at("Checks", MASTER, "E", "=0"),
    "the master check is a number": at("Checks", MASTER, "E", 0),
    "the master check adds fewer checks": fewer_checks,
    "a check cannot fail": at("Checks", "Total equals the optimiser's objective", "E", "=IFERROR(0,1)"),
    "a check has a large tolerance": at("Checks", "Total equals the optimiser's objective", "D", "=1E+300"),
    "a check looks at something else": at("Checks", "Balance of systems closes", "B", "=0"),
    "the tolerance is large": at("Inputs", "Tolerance for money", "E", 1e12),
    "the objective is another": at("Checks", "Net present value of cost, optimiser", "B", 1.0),
    "Summary shows another total": another_total,
    "Summary shows the line above": one_row_up,
    "a name points elsewhere": renamed("total_npv_usd", "Cash!$F$20"),
    "the master check's name points to an empty cell": renamed("master_check", "Checks!$Z$1"),
    "a name means something else on one sheet": renamed("total_npv_usd", "Cash!$F$20", "Summary"),
    "a name is gone": unnamed,
    "a label says something else": at("Cash", "Opex, cash", "A", "Capex, cash"),
    "a label of Summary says something else": at("Summary", "Net present value of cost", "A", "Gross cost"),
    "a unit is another": at("Cash", "Total cost", "D", "USD m"),
    "a unit of an input is another": at("Inputs", "Discount rate", "D", "percent"),
    "a source is another": at("Inputs", "Discount rate", "H", "finance team"),
    "a header is another": at("Limits", "Kind", "F", "Used"),
    "the objective in Log is another": at("Log", "Scenario SHA-256", "B", "0" * 64),
}


BOOKS = 3
"""So many workbooks share the changes: of one sheet no more than five differences are named."""
Told = tuple[str, list[str], list[str]]


@pytest.fixture(scope="module")
def found(original: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """Where each change is, where the rule finds something, and what re-planning says of the file."""
    folder, told = tmp_path_factory.mktemp("changed"), dict[str, Told]()
    for i in range(BOOKS):
        names, path = list(CHANGES)[i::BOOKS], folder / f"{i}.xlsx"
        book = openpyxl.load_workbook(original)
        where = {name: CHANGES[name](book) for name in names}
        book.save(path)
        findings = [finding.where for finding in RULES[MANIFEST - 1](Subject(path))]
        with pytest.raises(InputError) as caught:
            reopened(path)
        problems = [str(problem) for problem in caught.value.problems]
        told |= {name: (where[name], findings, problems) for name in names}
    return told


@pytest.mark.parametrize("name", CHANGES)
def test_what_nobody_may_change_is_found_where_it_is(name: str, found: dict[str, Told]) -> None:
    where, findings, problems = found[name]
    assert where in findings
    assert any(f", {where}: " in problem for problem in problems)


def test_the_command_fails_for_any_of_it(original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = openpyxl.load_workbook(original)
    where = CHANGES["the master check is nought"](book)
    book.save(tmp_path / "changed.xlsx")
    assert run(["workbook", "check", str(tmp_path / "changed.xlsx")]) == 2
    said = f"{where}: the formula was replaced by a formula, =0"
    assert said in capsys.readouterr().out
    for command in (["compare", str(original)], ["explain"], ["plan", "quick_start", "--stay-close"], ["plan"]):
        assert run([*command, str(tmp_path / "changed.xlsx")]) == 2
        assert said in capsys.readouterr().err


def test_edits_of_inputs_do_not_count_where_a_plan_is_asked_for(original: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(original)
    book["Inputs"][f"E{row_of(book, 'Inputs', 'Discount rate')}"] = 0.2
    book.save(tmp_path / "edited.xlsx")
    assert run(["compare", str(original), str(tmp_path / "edited.xlsx")]) == 0


# Charts


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(parts: dict[str, bytes], target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target


def test_a_shifted_range_of_any_chart_is_found(original: Path, tmp_path: Path) -> None:
    """One area of one chart, a row or some rows away; its cache may say what it wants."""
    parts = parts_of(original)
    charts = sorted(name for name in parts if re.fullmatch(r"xl/charts/chart\d+\.xml", name))
    for chart, shift in zip(charts, cycle((1, -1, 7)), strict=False):
        text = parts[chart].decode()
        area = re.findall(r"<(?:c:)?f>([^<]*\$\d+:[^<]*)<", text)[-1]
        moved = re.sub(r"\$(\d+)", lambda row, by=shift: f"${int(row[1]) + by}", area)
        path = written({**parts, chart: text.replace(area, moved).encode()}, tmp_path / "moved.xlsx")
        messages = [finding.message for finding in RULES[CHARTS - 1](Subject(path))]
        assert any("was its range moved?" in message for message in messages), chart


@needs_libreoffice
def test_another_program_may_save_it(original: Path, tmp_path: Path) -> None:
    """Cells, names and areas of charts are as written, however the program spells them."""
    folder = tmp_path / "saved"
    command = ["soffice", "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--convert-to",
               "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder), str(original)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    subject = Subject(folder / original.name)
    assert [str(finding) for finding in RULES[MANIFEST - 1](subject)] == []
    assert [f for f in RULES[CHARTS - 1](subject) if "was its range moved?" in f.message] == []


# Notes


def with_texts(original: Path, target: Path, texts: dict[tuple[str, str], str]) -> Path:
    """A copy with texts typed into cells, and all caches and charts as they were."""
    titles, parts = openpyxl.load_workbook(original).sheetnames, parts_of(original)
    ElementTree.register_namespace("", MAIN.strip("{}"))
    for (title, cell), text in texts.items():
        name = f"xl/worksheets/sheet{titles.index(title) + 1}.xml"
        root = ElementTree.fromstring(parts[name])
        _type_in(root, cell, text)
        parts[name] = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written(parts, target)


def _type_in(root: ElementTree.Element, cell: str, text: str) -> None:
    letters, number = coordinate_from_string(cell)
    rows = root.find(f"{MAIN}sheetData")
    assert rows is not None
    row = next((row for row in rows if row.get("r") == str(number)), None)
    if row is None:
        row = ElementTree.Element(f"{MAIN}row", {"r": str(number)})
        rows.insert(sum(int(str(other.get("r"))) < number for other in rows), row)
    dimension = root.find(f"{MAIN}dimension")
    assert dimension is not None
    dimension.set("ref", "A1:AZ2000")
    for other in [other for other in row if other.get("r") == cell]:
        assert not list(other), "the cell must be empty"
        row.remove(other)
    column = column_index_from_string(letters)
    before = [column_index_from_string(coordinate_from_string(str(other.get("r")))[0]) < column for other in row]
    typed = ElementTree.Element(f"{MAIN}c", {"r": cell, "t": "inlineStr"})
    ElementTree.SubElement(ElementTree.SubElement(typed, f"{MAIN}is"), f"{MAIN}t").text = text
    row.insert(sum(before), typed)


def empty_row(title: str, original: Path) -> int:
    """A row below the last one of a sheet."""
    return int(openpyxl.load_workbook(original)[title].max_row) + 2


def test_notes_are_no_findings_and_no_edits(original: Path, tmp_path: Path) -> None:
    texts = {
        ("Summary", "K3"): "seen by the board",
        ("Cash", "AA12"): "ask the bank",
        ("Inputs", f"A{empty_row('Inputs', original)}"): "rates of June",
        ("Limits", "N5"): "=1+1 is no formula here",
        ("Log", "F3"): "注記",
        ("Checks", "H20"): "  spaces  and <signs> & more ",
        ("Contents", "J2"): "x" * 500,
    }
    path = with_texts(original, tmp_path / "noted.xlsx", texts)
    assert [str(finding) for finding in check_workbook(path)] == []
    opened = reopened(path)
    assert opened.edits == ()
    assert {(note.sheet, note.cell): note.text for note in opened.notes} == texts


def test_notes_are_kept_where_their_cell_is_free_and_told_where_not(
    original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = openpyxl.load_workbook(original)
    read = f"J{row_of(book, 'Inputs', 'Discount rate')}"
    below = f"A{empty_row('Log', original) + 2}"
    texts = {
        ("Summary", "K3"): "=cmd|' /C calc'!A0",
        ("Cash", "AA12"): "ask the bank",
        ("Inputs", read): "a text that the trace of the inputs would stumble over",
    }
    path = with_texts(original, tmp_path / "noted.xlsx", {**texts, ("Log", below): "below the copy"})
    new = tmp_path / "new.xlsx"
    assert run(["plan", str(path), "-o", str(new)]) == 0
    said = capsys.readouterr().err
    assert "kept 3 notes that stood in empty cells" in said
    assert f"Inputs!{read}: the note 'a text that the trace of the inputs would stumble over' is not kept" in said
    again = openpyxl.load_workbook(new)
    assert again["Summary"]["K3"].value == "=cmd|' /C calc'!A0"
    assert again["Summary"]["K3"].data_type == "s"
    assert again["Cash"]["AA12"].value == "ask the bank"
    assert again["Inputs"][read].value is None
    assert [str(finding) for finding in check_workbook(new)] == []
    assert Note("Cash", "AA12", "ask the bank") in reopened(new).notes


@pytest.mark.parametrize("value", [1, 2.5, "=1+1", True])
def test_what_is_no_text_is_no_note(value: Any, original: Path, tmp_path: Path) -> None:
    """A number or formula may count in a sum; a text never does."""
    book = openpyxl.load_workbook(original)
    book["Cash"]["AA12"] = value
    book.save(tmp_path / "typed.xlsx")
    with pytest.raises(InputError, match=r"Cash!AA12: holds .* where nothing belongs; clear the cell"):
        reopened(tmp_path / "typed.xlsx")
