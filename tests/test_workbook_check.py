"""The reviewer's list: clean on our own workbooks, and each rule finds the defect that it is for."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from cli.main import run
from optimizer.planning import make_plan
from optimizer.request.load import bundled_scenarios, find_scenario, load_request
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.check import RULES, check_workbook
from optimizer.workbook.check.parts import contrast
from optimizer.workbook.embedded import MARK

pytestmark = pytest.mark.usefixtures("in_process")
SMALL = ("openai_aws",)
OTHERS = sorted(set(bundled_scenarios()) - set(SMALL))


def written(name: str, path: Path) -> Path:
    write_workbook(make_plan(load_request(find_scenario(name)), Options(time_limit=60)).plan, path)
    return path


@pytest.fixture(scope="module")
def original(in_process: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    return written("quick_start", tmp_path_factory.mktemp("check") / "plan.xlsx")


@pytest.mark.parametrize("name", [*SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def test_our_workbooks_are_clean(name: str, tmp_path: Path) -> None:
    assert [str(finding) for finding in check_workbook(written(name, tmp_path / "plan.xlsx"))] == []


def test_the_smallest_is_clean(original: Path) -> None:
    assert [str(finding) for finding in check_workbook(original)] == []


def test_there_are_thirty_rules_and_each_says_what_it_asks() -> None:
    assert len(RULES) == 30
    assert all(rule.__doc__ for rule in RULES)


# Defects, one or more for each rule: a change made with openpyxl, and where it must be found


def find(book: Workbook, title: str, label: str) -> int:
    """The first row with a label."""
    sheet = book[title]
    return next(row for row in range(8, sheet.max_row + 1) if sheet.cell(row, 1).value == label)


Seed = Callable[[Workbook], str]
"""Makes a defect and says where it is."""


def put(title: str, label: str, column: str, value: Any) -> Seed:
    def seed(book: Workbook) -> str:
        cell = f"{column}{find(book, title, label)}"
        book[title][cell] = value
        return f"{title}!{cell}"

    return seed


def at(title: str, cell: str, value: Any, where: str = "") -> Seed:
    def seed(book: Workbook) -> str:
        book[title][cell] = value
        return where or f"{title}!{cell}"

    return seed


def styled(title: str, label: str, column: str, style: str) -> Seed:
    def seed(book: Workbook) -> str:
        cell = f"{column}{find(book, title, label)}"
        book[title][cell].style = style
        return f"{title}!{cell}"

    return seed


def done(where: str, change: Callable[[Workbook], Any] | None = None) -> Seed:
    """A change and where it shows; none is needed for what openpyxl drops."""

    def seed(book: Workbook) -> str:
        if change is not None:
            change(book)
        return where

    return seed


def one_of_a_row(label: str, value: Any) -> Seed:
    """Something else in one period of a line; the line is named by its first period."""

    def seed(book: Workbook) -> str:
        row = find(book, "Cash", label)
        book["Cash"].cell(row, 11).value = value
        return f"Cash!I{row}"

    return seed


def _loop(book: Workbook) -> str:
    book["Cash"]["AZ9"], book["Cash"]["BA9"] = "=BA9", "=AZ9"
    return "Cash!AZ9"


def _assumption_on_cash(book: Workbook) -> str:
    cell = book["Cash"].cell(find(book, "Cash", "Total cost"), 30)
    cell.value, cell.style = 5, "Assumption"
    return f"Cash!{cell.coordinate}"


def _link_to_a_link(book: Workbook) -> str:
    orders = book["Orders"]
    orders["AZ20"] = "=Inputs!I20"
    book["Cash"]["AZ21"] = "=Orders!AZ20"
    return "Cash!AZ21"


def _no_rules(book: Workbook) -> str:
    book["Inputs"].data_validations.dataValidation = []
    return f"Inputs!E{find(book, 'Inputs', 'Discount rate')}"


def _no_sources(book: Workbook) -> str:
    row = find(book, "Inputs", "Discount rate")
    book["Inputs"].cell(row, 8).value = None
    return f"Inputs!E{row}"


def _another_hash(book: Workbook) -> str:
    sheet = book["Log"]
    row = next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value == "Scenario SHA-256")
    sheet.cell(row, 2).value = "0" * 64
    return "Log"


def _no_copy(book: Workbook) -> str:
    sheet = book["Log"]
    row = next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 2).value == MARK)
    sheet.cell(row, 2).value = "gone"
    return "Log"


def _no_sign(book: Workbook) -> str:
    sheet = book["Contents"]
    for row in sheet.iter_rows():
        for cell in row:
            if "receipts" in str(cell.value):
                cell.value = None
    return "Contents"


def _no_meaning(book: Workbook) -> str:
    row = find(book, "Checks", "Balance of systems closes")
    book["Checks"].cell(row, 6).value = None
    return f"Checks!F{row}"


def _too_wide(book: Workbook) -> None:
    book["Limits"].sheet_properties.pageSetUpPr.fitToPage = False


def _unquoted(book: Workbook) -> str:
    cell = book["Log"]["A4"]
    cell.quotePrefix = False
    return "Log!A4"


def _pale(book: Workbook) -> str:
    from openpyxl.styles import Font

    book["Log"]["A6"].font = Font(color="FFCCCCCC")
    return "Log!A6"


SEEDS: dict[str, tuple[int, Seed]] = {
    "a number typed over a formula": (1, put("Cash", "Total cost", "F", 5)),
    "no cached values": (2, done("Cash!I3")),
    "another formula in one period": (5, one_of_a_row("Opex, cash", "=I9")),
    "a number in one period": (5, one_of_a_row("Total cost", 7)),
    "a constant": (6, at("Cash", "AY9", "=SUM(I9:T9)*1.02")),
    "another axis": (7, at("Cash", "K6", 99, "Cash!I3")),
    "no unit": (8, put("Cash", "Capex, cash", "D", None)),
    "a label twice": (9, put("Orders", "Closing", "A", "Entering")),
    "an assumption on Cash": (10, _assumption_on_cash),
    "a formula that looks like an assumption": (11, styled("Cash", "Capex, cash", "F", "Assumption")),
    "a reference to the right": (12, put("Orders", "All places", "F", "=Cash!F20")),
    "a formula that depends on itself": (13, at("Cash", "AZ8", "=BA8+AZ8")),
    "two formulas that depend on each other": (13, _loop),
    "a volatile function": (14, at("Cash", "AZ10", "=OFFSET(A1,0,0)")),
    "a function of later versions": (15, at("Cash", "AZ11", "=XLOOKUP(A1,A2:A3,B2:B3)")),
    "a nested IF": (16, at("Cash", "AZ12", "=IF(A1=0,IF(A2=0,0,1),1)")),
    "a long formula": (16, at("Cash", "AZ13", "=" + "+".join(f"A{i}" for i in range(100, 140)))),
    "a link to a link": (17, _link_to_a_link),
    "a link outside": (18, at("Cash", "AZ14", "=[1]Sheet1!A1")),
    "a hidden sheet": (19, done("Sites", lambda book: setattr(book["Sites"], "sheet_state", "hidden"))),
    "a hidden row": (19, done("Cash!A9", lambda book: setattr(book["Cash"].row_dimensions[9], "hidden", True))),
    "a hidden column": (19, done("Cash!J1", lambda book: setattr(book["Cash"].column_dimensions["J"], "hidden", True))),
    "a hidden value": (19, done("Log!A5", lambda book: setattr(book["Log"]["A5"], "number_format", ";;;"))),
    "merged cells": (20, done("Log!A1", lambda book: book["Log"].merge_cells("A1:B1"))),
    "a check without a meaning": (21, _no_meaning),
    "a result without IFERROR": (21, put("Checks", "Balance of systems closes", "E", "=0")),
    "no master check": (22, at("Cash", "B2", None, "Cash")),
    "no sign convention": (25, _no_sign),
    "an input without a rule": (26, _no_rules),
    "an input without a source": (26, _no_sources),
    "a sheet too wide for a page": (27, done("Limits", _too_wide)),
    "nothing frozen": (27, done("Log", lambda book: setattr(book["Log"], "freeze_panes", None))),
    "another run": (28, _another_hash),
    "a text that may become a formula": (29, _unquoted),
    "a number as text": (29, put("Inputs", "Book life", "E", "5")),
    "charts without a sentence": (30, done("drawing1.xml")),
    "too little contrast": (30, _pale),
}


@pytest.fixture(scope="module")
def found(original: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    """Whether each defect was found where it is; all are made in one workbook, in cells of their own."""
    book = openpyxl.load_workbook(original)
    wheres = {name: (rule, seed(book)) for name, (rule, seed) in SEEDS.items()}
    path = tmp_path_factory.mktemp("seeded") / "seeded.xlsx"
    book.save(path)
    findings = {(finding.rule, finding.where) for finding in check_workbook(path)}
    return {name: where in findings for name, where in wheres.items()}


@pytest.mark.parametrize("name", SEEDS)
def test_each_defect_is_found(name: str, found: dict[str, bool]) -> None:
    assert found[name]


def test_a_workbook_without_the_copy_of_its_plan(original: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(original)
    where = _no_copy(book)
    book.save(tmp_path / "seeded.xlsx")
    assert where in {finding.where for finding in RULES[27](_subject(tmp_path / "seeded.xlsx"))}


def _subject(path: Path) -> Any:
    from optimizer.workbook.check import Subject

    return Subject(path)


# Defects in what the file caches, made in its XML


def rewritten(original: Path, target: Path, part: str, change: Callable[[str], str]) -> Path:
    """A copy in which one part is another."""
    with zipfile.ZipFile(original) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            content = source.read(name)
            copy.writestr(name, change(content.decode()).encode() if name == part else content)
    return target


def _numbered_from(first: int) -> Callable[[str], str]:
    """Styles that carry other numbers, as LibreOffice writes them: the first of them have no name and no cell."""

    def change(styles: str) -> str:
        shifted = re.sub(r'xfId="(\d+)"', lambda found: f'xfId="{int(found[1]) + first}"', styles)
        unused = '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" />' * first
        return re.sub(r"<cellStyleXfs[^>]*>", lambda _: f"<cellStyleXfs>{unused}", shifted)

    return change


@pytest.mark.parametrize("first", [2, *(pytest.param(first, marks=pytest.mark.slow) for first in (1, 15, 60))])
def test_styles_are_known_by_their_numbers_whatever_these_are(original: Path, tmp_path: Path, first: int) -> None:
    path = rewritten(original, tmp_path / "plan.xlsx", "xl/styles.xml", _numbered_from(first))
    assert check_workbook(path) == ()


CALCULATION = re.compile(r"<calcPr[^>]*>")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ('iterate="false" fullCalcOnLoad="1"', []),
        ('iterate="0" iterateCount="100" fullCalcOnLoad="true"', []),
        pytest.param('iterate="true" fullCalcOnLoad="1"', [13], marks=pytest.mark.slow),
        pytest.param('iterate="1" fullCalcOnLoad="1"', [13], marks=pytest.mark.slow),
        pytest.param('fullCalcOnLoad="false"', [18], marks=pytest.mark.slow),
        ('iterate="1"', [13, 18]),
    ],
)
def test_how_it_is_calculated_is_read_whoever_wrote_it(
    original: Path, tmp_path: Path, said: str, found: list[int]
) -> None:
    change = lambda text: CALCULATION.sub(f"<calcPr {said}/>", text)  # noqa: E731
    path = rewritten(original, tmp_path / "plan.xlsx", "xl/workbook.xml", change)
    assert [finding.rule for finding in check_workbook(path)] == found


def patched(original: Path, target: Path, sheet: str, cell: str, change: Callable[[str], str]) -> Path:
    """A copy in which the XML of one cell is another."""
    index = openpyxl.load_workbook(original).sheetnames.index(sheet) + 1
    with zipfile.ZipFile(original) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            content = source.read(name)
            if name == f"xl/worksheets/sheet{index}.xml":
                text = content.decode()
                before = re.search(rf'<c r="{cell}".*?</c>', text, re.DOTALL)
                assert before is not None
                content = text.replace(before[0], change(before[0])).encode()
            copy.writestr(name, content)
    return target


def _value(shown: str) -> Callable[[str], str]:
    return lambda xml: re.sub(r"<v\s*>[^<]*</v>", f"<v>{shown}</v>", xml)


def _error(xml: str) -> str:
    return _value("#REF!")(re.sub(r"<c ", '<c t="e" ', xml, count=1))


def name_of(original: Path, name: str) -> tuple[str, str]:
    sheet, cell = openpyxl.load_workbook(original).defined_names[name].attr_text.replace("$", "").split("!")
    return sheet, cell


@pytest.mark.parametrize(
    ("rules", "name", "change"), [((3, 24), "total_npv_usd", _value("5")), ((4,), "total_npv_usd", _error)]
)
def test_wrong_values_are_found(
    rules: tuple[int, ...], name: str, change: Callable[[str], str], original: Path, tmp_path: Path
) -> None:
    sheet, cell = name_of(original, name)
    subject = _subject(patched(original, tmp_path / "patched.xlsx", sheet, cell, change))
    for rule in rules:
        assert f"{sheet}!{cell}" in {finding.where for finding in RULES[rule - 1](subject)}, rule


def test_a_balance_that_does_not_carry_over_is_found(original: Path, tmp_path: Path) -> None:
    row = find(openpyxl.load_workbook(original), "Orders", "Opening")
    path = patched(original, tmp_path / "patched.xlsx", "Orders", f"L{row}", _value("77"))
    assert f"Orders!L{row}" in {finding.where for finding in RULES[22](_subject(path))}


def test_a_failing_check_is_found(original: Path, tmp_path: Path) -> None:
    row = find(openpyxl.load_workbook(original), "Checks", "Balance of systems closes")
    path = patched(original, tmp_path / "patched.xlsx", "Checks", f"E{row}", _value("1"))
    assert f"Checks!E{row}" in {finding.where for finding in RULES[20](_subject(path))}


def test_every_rule_has_a_defect() -> None:
    assert {rule for rule, _ in SEEDS.values()} | {3, 4, 23, 24} == set(range(1, 31))


def test_the_command_says_what_it_found(original: Path, tmp_path: Path, capsys: Any) -> None:
    assert run(["workbook", "check", str(original)]) == 0
    assert "nothing found by 30 rules" in capsys.readouterr().out
    book = openpyxl.load_workbook(original)
    for sheet, count in (("Sites", 6), ("Log", 9)):
        for row in range(1, count + 1):
            book[sheet].merge_cells(f"AA{row}:AB{row}")
    book.save(tmp_path / "merged.xlsx")
    assert run(["workbook", "check", str(tmp_path / "merged.xlsx")]) == 2
    printed = capsys.readouterr().out
    sites = "".join(f"  Sites!AA{row}: AA{row}:AB{row} are merged\n" for row in range(1, 7))
    log = "".join(f"  Log!AA{row}: AA{row}:AB{row} are merged\n" for row in range(1, 6))
    assert f"rule 20: No merged cells.\n{sites}{log}  and 4 more on Log\n" in printed
    (tmp_path / "text.xlsx").write_text("text")
    assert run(["workbook", "check", str(tmp_path / "text.xlsx")]) == 2


def test_contrast_is_that_of_wcag() -> None:
    """Black on white is 21:1; the grey 767676 on white is the palest that passes 4.5:1."""
    assert contrast("000000", "FFFFFF") == pytest.approx(21)
    assert contrast("767676", "FFFFFF") == pytest.approx(4.54, abs=0.01)
