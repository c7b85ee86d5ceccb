"""The workbook in Japanese: nothing of ours left in English, nothing of the user's translated, the same numbers."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import workbook_plans as plans
import yaml
from click.testing import CliRunner
from commands import small
from openpyxl.cell.cell import Cell
from solved_plans import solved_plan
from workbook_pricing import Case

from cli.plan import plan as plan_command
from optimizer.plan.bridge import bridged
from optimizer.plan.format import Plan
from optimizer.planning import make_plan
from optimizer.request.load import find_scenario, load_request
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.check import check_workbook
from optimizer.workbook.embedded import Made, packed, unpacked
from optimizer.workbook.language.given import given_texts, marked
from optimizer.workbook.language.translate import breadth
from optimizer.workbook.language.wording import HOLE, LANGUAGES, Missing, Wording, table
from optimizer.workbook.write import build
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.styles import FORMATS

WRITERS = Path(__file__).parent.parent / "optimizer" / "workbook"
TEXTS: dict[str, str] = table("ja")["texts"]
SOLVED = ("quick_start", "japan_2025", "meta_2025")
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("openai_asic", "oracle_2025")]


def _named_by_end() -> Case:
    """The rich plan, with fiscal years named alike in both languages."""
    rich = plans.rich()
    return rich.edited({"scenario/finance": {**rich.scenario["finance"], "fiscal_year_named_by": "end"}})


BUILT = {
    "rich": lambda: plans.plan_of(_named_by_end()),
    "worked": lambda: plans.plan_of(plans.worked_example()),
    "straight": lambda: plans.plan_of(plans.taxed("straight_line")),
    "bonus": lambda: plans.plan_of(plans.taxed("bonus")),
    "large": lambda: plans.plan_of(plans.large(4, 2, 3, 1)),
}
SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
LABELS = {
    "oslo": "rent", "prineville": "energy", "h100": "hosted", "dgx_h100": "software", "serving": "none",
    "training": "share", "nvidia": "vendor", "gcp": "carbon", "neocloud": "number", "mi355x_8": "years",
    "tpu_v6e": "fleet", "nvl72": "systems", "recommending": "hosting", "own_rack": "text",
}  # fmt: skip
"""Ids of the rich plan, and labels of ours that may as well be somebody's ids; those of demands sort as they do."""


@cache
def plan_named(name: str) -> Plan:
    if name in BUILT:
        return BUILT[name]()
    return solved_plan(name)


@cache
def in_japanese(name: str) -> Book:
    return build(Made(plan_named(name), "chipmix plan it", language="ja"))


def cells(book: Book) -> Iterator[tuple[str, Cell]]:
    for sheet in book.workbook.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell, Cell) and cell.value is not None:
                    yield sheet.title, cell


def texts_of(book: Book) -> Counter[str]:
    return Counter(str(cell.value) for _, cell in cells(book) if cell.data_type == "s")


# The table


def test_the_table_has_no_text_twice() -> None:
    nodes = yaml.compose((WRITERS / "language" / "ja.yaml").read_text("utf-8"), yaml.SafeLoader)
    keys = [key.value for key, _ in {section.value: texts for section, texts in nodes.value}["texts"].value]
    assert [key for key, count in Counter(keys).items() if count > 1] == []


@pytest.mark.parametrize("text", [text for text in TEXTS if HOLE.search(text + TEXTS[text])])
def test_a_template_fills_the_holes_that_it_has(text: str) -> None:
    names, used = HOLE.findall(text), HOLE.findall(TEXTS[text])
    numbers = [name for name in used if name.isdigit()]
    assert sorted(n for n in names if n) == sorted(n for n in used if n and not n.isdigit())
    unnamed = names.count("")
    assert used.count("") == unnamed if not numbers else {int(n) for n in numbers} == set(range(unnamed))


def test_every_unit_has_an_entry() -> None:
    assert sorted(unit for unit in FORMATS if unit not in TEXTS) == []


NO_WORDS = ("name", "rule", "part", "key", "what", "meaning", "constant")
"""What a line is given that stands in no cell: its name, rule and key, the line that its constant links to, and what an
error says of its figures."""


WRITE = {
    "Line", "line_of", "Check", "Step", "Column", "Cell", "Block", "heading", "note", "text", "paragraph", "link",
    "NotPriced",
}  # fmt: skip
"""What writers call with texts for cells."""


def _written(path: Path) -> Iterator[str]:
    """Texts that a writer puts into cells as they stand in its source."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in WRITE:
            shown = [*node.args, *(each.value for each in node.keywords if each.arg not in NO_WORDS)]
            texts = (each.value for each in shown if isinstance(each, ast.Constant))
            found = [text for text in texts if isinstance(text, str) and not text.startswith("=")]
            # a label that ends so is followed by the demand of its subject
            suffixed = called == "line_of" and found[:1] and found[0].endswith(" on")
            yield from [f"{found[0]} h100", *found[1:]] if suffixed else found


@pytest.mark.parametrize("path", sorted(WRITERS.rglob("*.py")), ids=lambda path: path.stem)
def test_what_a_writer_puts_into_cells_has_an_entry(path: Path) -> None:
    missing = []
    for text in _written(path):
        # "scenario: pue" names a key of a file; formulas, rules and codes of one letter are no words.
        keys = re.findall(r"\w+", text) if text.startswith(("scenario: ", "catalogue: ")) else ()
        if re.search("[A-Za-z]{2}", text) and text not in {"sum", "tolerance_usd", "tolerance_quantity"}:
            try:
                Wording("ja", (), keys).say(text)
            except Missing:
                missing.append(text)
    assert missing == []


def test_steps_of_a_bridge_have_entries() -> None:
    source = WRITERS.parent / "plan" / "bridge.py"
    steps = [node.value for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Yield)]
    shown = [
        part.value
        for step in steps
        if isinstance(step, ast.Tuple)
        for part in step.elts
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    assert len(shown) >= 15
    assert [text for text in shown if text not in TEXTS] == []
    first = [step.elts[0] for step in steps if isinstance(step, ast.Tuple)]
    names = [str(part.value) for part in first if isinstance(part, ast.Constant)]
    assert [name for name in names if name.lower() not in TEXTS] == [], "in the sentence for the chart"


FILLINGS = ("7", "7 million USD", "at all", "", "carbon has a price")
"""What the holes of a warning may hold: figures and names, amounts, words of its own."""


def _sentences(node: ast.expr) -> Iterator[str]:
    """A text as its source has it, with one thing or another in each of its holes."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    said = [[str(part.value)] if isinstance(part, ast.Constant) else FILLINGS for part in parts]
    return map("".join, product(*said))


def _has_entry(text: str) -> bool:
    try:
        return bool(Wording("ja", ["at all"]).say(text))
    except Missing:
        return False


def test_warnings_and_notes_have_entries() -> None:
    sources = [WRITERS.parent / place / "warnings.py" for place in ("plan", "tables")]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source.read_text()))]
    texts = (ast.JoinedStr, ast.Constant)
    told = [node.value for node in nodes if isinstance(node, ast.Yield) and isinstance(node.value, texts)]
    told += [node.args[1] for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Doubt"]
    assert len(told) >= 10
    assert [ast.unparse(node) for node in told if not any(map(_has_entry, _sentences(node)))] == []


# What is said and what is left


@pytest.mark.parametrize("name", [*BUILT, *SOLVED, *SLOW])
def test_every_text_has_an_entry(name: str) -> None:
    assert sorted(in_japanese(name).untranslated) == []


@pytest.mark.parametrize("name", ["rich", "japan_2025"])
def test_no_label_is_left_in_english(name: str) -> None:
    book = in_japanese(name)
    same = {text for text, japanese in TEXTS.items() if text == japanese}
    left = {
        f"{title}!{cell.coordinate}: {cell.value}"
        for title, cell in cells(book)
        if cell.data_type == "s" and cell.value in TEXTS and cell.value not in same
        if (title, cell.coordinate) not in book.given
    }
    assert left == set()
    for _, cell in cells(book):
        if cell.data_type == "f":
            literals = re.findall(r'"([^"]*)"', str(cell.value))
            assert not [text for text in literals if re.search("[a-z]{2}", text)], cell.value


def test_words_of_the_user_that_are_labels_are_left() -> None:
    plan = plan_named("rich")
    pattern = re.compile(r"(?<![\w.])(" + "|".join(LABELS) + r")(?!\w)")
    renamed = Plan.model_validate_json(pattern.sub(lambda match: LABELS[match[1]], plan.model_dump_json()))
    scenario = {**renamed.scenario, "name": "Total"}
    book = build(Made(renamed.model_copy(update={"scenario": scenario}), language="ja"))
    before, after = texts_of(build(Made(plan))), texts_of(book)
    for name, label in LABELS.items():
        assert before[name] > 0, f"the rich plan shows {name}"
        assert after[label] == before[name], (name, label)
    assert book.workbook["Contents"]["A1"].value == "調達計画：Total"
    assert after["Total"] >= 1
    assert after["合計"] > 1, "the label of the same letters is translated"


def test_sources_and_hostile_names_stand_as_given() -> None:
    plan, book = plan_named("rich"), in_japanese("rich")
    shown = texts_of(book)
    name = str(plan.scenario["name"])
    assert name.startswith("="), "the rich plan has a name that looks like a formula"
    assert shown[f"調達計画：{name}"] == 1
    for source in plan.catalog["sources"].values():
        assert shown[str(source["title"])], source


def test_words_inside_of_templates() -> None:
    wording = Wording("ja", ["Total", "training", "n1"])
    assert wording.say("Total") == "合計"
    assert wording.say("Summary: Total") == "要約：Total"
    assert wording.say("Cost of training, our sites") == "trainingの費用（自社拠点）"
    assert wording.say("Price, committed (2)") == "価格（既発注2）"
    for unknown in ("Cost of something, our sites", "Price, unheard of", "n1 and more"):
        with pytest.raises(Missing):
            wording.say(unknown)


# The same workbook


@pytest.mark.parametrize("name", ["rich", "quick_start"])
def test_formulas_differ_in_words_alone(name: str) -> None:
    english, japanese = build(Made(plan_named(name), "chipmix plan it")), in_japanese(name)
    assert english.workbook.sheetnames == japanese.workbook.sheetnames
    copy = english.workbook["Log"].max_row
    for sheet in english.workbook.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if sheet.title == "Log" and cell.row >= copy - 50 and cell.column == 2:
                    continue  # the copy of the plan names its language
                other = japanese.workbook[sheet.title][cell.coordinate]
                assert other.data_type == cell.data_type
                if cell.data_type == "f":
                    assert _without_words(other.value) == _without_words(cell.value)
                elif cell.data_type != "s":
                    assert other.value == cell.value
    assert english.ties == japanese.ties
    assert english.inputs.keys() == japanese.inputs.keys()


def _without_words(formula: Any) -> str:
    return re.sub(r'"[^"]*\w{2}[^"]*"', '""', str(formula))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("language") / "計画.xlsx"
    write_workbook(plan_named("rich"), path, "chipmix plan it", language="ja")
    return path


def test_caches_are_filled_and_checks_hold(path: Path) -> None:
    values = openpyxl.load_workbook(path, data_only=True)
    for title, cell in cells(in_japanese("rich")):
        if cell.data_type == "f":
            assert values[title][cell.coordinate].value is not None, (title, cell.coordinate)
    assert values["Summary"]["B2"].value == "OK"
    assert values["Summary"]["C2"].value == "最適化のまま"


def test_conditional_formats_compare_with_what_the_formulas_say(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["Cash"]
    compared = {text for rules in sheet.conditional_formatting for rule in rules.rules for text in rule.formula}
    assert {'"OK"', '"最適化のまま"'} <= compared
    assert '"最適化のまま"' in sheet["C2"].value


def test_looks_are_japanese(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    assert book["Cash"]["A1"].font.name == table("ja")["font"] == "Yu Gothic"
    assert book["Inputs"]["I3"].number_format == 'yyyy"年"m"月"d"日"'
    assert book["Inputs"].column_dimensions["I"].width >= breadth("2025年12月31日")
    codes = {cell.number_format for sheet in book for row in sheet.iter_rows() for cell in row}
    assert any(code.startswith('#,##0_ ;"△"#,##0_ ;') for code in codes)
    assert not [code for code in codes if ")" in code or "FY" in code]


def test_charts_messages_and_properties_are_japanese(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    titles = ["".join(run.t for p in chart.title.tx.rich.p for run in p.r) for chart in book["Charts"]._charts]
    assert "費用別の現在価値" in titles
    assert all(re.search("[ぁ-んァ-ヶ一-龠]", title) for title in titles)
    messages = {rule.error for rule in book["Inputs"].data_validations.dataValidation}
    assert "0以上の数値を入力してください。" in messages
    assert book["Cash"].oddFooter.right.text == "&P / &N ページ"
    assert str(book.properties.title).startswith("調達計画：")
    for texts in in_japanese("rich").charts.values():
        assert all(re.search("[ぁ-んァ-ヶ一-龠]", text) for text in texts)


@pytest.mark.parametrize("name", ["rich", "japan_2025"])
def test_labels_are_not_cut(name: str) -> None:
    """A label beside a filled cell fits its column, up to the widest that a column gets."""
    book = in_japanese(name)
    for title, cell in cells(book):
        sheet = book.workbook[title]
        if cell.data_type != "s" or cell.column != 1 or cell.alignment.wrap_text or cell.row == 1:
            continue
        if sheet.cell(cell.row, 2).value is not None and re.search("[ぁ-んァ-ヶ一-龠]", str(cell.value)):
            assert breadth(str(cell.value)) <= max(60, sheet.column_dimensions["A"].width), (title, cell.coordinate)
            assert breadth(str(cell.value)) <= sheet.column_dimensions["A"].width, (title, cell.coordinate, cell.value)


@pytest.mark.slow
@needs_libreoffice
def test_libreoffice_opens_it_and_agrees(path: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    copy = source / "ja.xlsx"
    openpyxl.load_workbook(path).save(copy)  # openpyxl writes no caches, so LibreOffice must calculate
    home = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [str(SOFFICE), home, "--headless", "--convert-to", "xlsx", "--outdir", str(target), str(copy)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    mine = openpyxl.load_workbook(path, data_only=True)
    theirs = openpyxl.load_workbook(target / "ja.xlsx", data_only=True)
    for title, cell in cells(in_japanese("rich")):
        if cell.data_type == "f":
            ours, other = mine[title][cell.coordinate].value, theirs[title][cell.coordinate].value
            if isinstance(ours, int | float) and not isinstance(ours, bool):
                assert other == pytest.approx(ours, rel=1e-9, abs=1e-6), (title, cell.coordinate)
            else:
                assert other == ours, (title, cell.coordinate)


# The way back


def test_the_language_is_in_the_copy() -> None:
    made = Made(plan_named("worked"), "x", language="ja")
    assert unpacked(*packed(made)) == made
    assert unpacked(*packed(Made(plan_named("worked"), "x"))).language == "en"
    assert packed(marked(made)) == packed(made), "marks are in no file"
    assert set(LANGUAGES) == {"en", "ja"}


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("language") / "solved.xlsx"
    write_workbook(plan_named("quick_start"), path, "chipmix plan it", language="ja")
    return path


def test_the_linter_finds_nothing(solved: Path, tmp_path: Path) -> None:
    write_workbook(plan_named("quick_start"), tmp_path / "en.xlsx", "chipmix plan it")
    english = {(each.rule, each.where) for each in check_workbook(tmp_path / "en.xlsx")}
    assert [each for each in check_workbook(solved) if (each.rule, each.where) not in english] == []


def test_a_japanese_workbook_comes_back_with_its_edit(solved: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(solved)
    row = next(row for row in range(8, 400) if book["Inputs"].cell(row, 1).value == TEXTS["Rent"])
    assert book["Inputs"].cell(row, 9).protection.locked is False
    book["Inputs"].cell(row, 9).value = 3.5
    book.save(tmp_path / "edited.xlsx")
    found = reopened(tmp_path / "edited.xlsx")
    assert found.language == "ja"
    assert [(edit.where, edit.new) for edit in found.edits] == [(f"Inputs!I{row}", 3.5)]
    assert reopened(solved).edits == ()


def test_the_command_writes_and_keeps_the_language(tmp_path: Path) -> None:
    first, second, third = (str(tmp_path / f"{name}.xlsx") for name in ("first", "second", "third"))
    runs = ([str(small(tmp_path)), "-o", first, "--language", "ja"], [first, "-o", second],
            [first, "-o", third, "--language", "en"])  # fmt: skip
    for arguments in runs:
        done = CliRunner().invoke(plan_command, arguments)
        assert done.exit_code == 0, done.output
    titles = [str(openpyxl.load_workbook(path)["Inputs"]["A1"].value)[:2] for path in (first, second, third)]
    assert titles == ["前提", "前提", "In"]
    option = next(each for each in plan_command.params if each.name == "language")
    assert tuple(option.type.choices) == LANGUAGES  # type: ignore[attr-defined]


@pytest.mark.slow
def test_both_languages_make_the_same_request(solved: Path, tmp_path: Path) -> None:
    write_workbook(plan_named("quick_start"), tmp_path / "en.xlsx", "chipmix plan it")
    english, japanese = reopened(tmp_path / "en.xlsx").request, reopened(solved).request
    assert english.scenario == japanese.scenario
    assert english.catalog == japanese.catalog


@pytest.mark.parametrize("settings", [("finance/discount_rate=0.12",), ("horizon/periods=8",)])
def test_a_bridge_in_japanese(settings: tuple[str, ...]) -> None:
    """The second plan has other periods, so that its bridge is one step and says why."""
    request = load_request(find_scenario("quick_start"), settings)
    old, new = plan_named("quick_start"), make_plan(request, Options(gap=0.05)).plan
    book = build(Made(new, "x", bridged(old, new), language="ja"))
    assert sorted(book.untranslated) == []
    assert book.workbook["Bridge"]["A1"].value == "差異分析：前回計画から今回計画へ"


def test_given_texts_are_those_of_the_user_and_the_catalogue() -> None:
    given = given_texts(marked(Made(plan_named("rich"), "chipmix plan it")))
    assert {"oslo", "chipmix plan it", "dgx_h100.purchase"} <= given
    assert not {"optimal", "purchase"} & given, "words of the format are ours"


# Japanese habits


def test_fiscal_years_are_named_by_their_start(tmp_path: Path) -> None:
    """April 2025 to March 2026 is 2025; what the file says stands above the habit, and files keep their keys."""
    write_workbook(plan_named("japan_2025"), tmp_path / "ja.xlsx", language="ja")
    values = openpyxl.load_workbook(tmp_path / "ja.xlsx", data_only=True)
    axis = {values["Cash"].cell(7, i).value: values["Cash"].cell(5, i).value for i in range(9, 21)}
    assert (axis["2025q1"], axis["2025q2"], axis["2026q1"], axis["2026q2"]) == (2024, 2025, 2025, 2026)
    years = [cell for cell in values["Summary"]["A"] if cell.number_format == '0"年度"']
    assert [cell.value for cell in years] == [2024, 2025, 2026, 2027]
    assert values["Summary"]["B2"].value == "OK"
    assert reopened(tmp_path / "ja.xlsx").edits == ()
    said = build(Made(plan_named("rich"), language="ja")).facts
    assert said.years[0] == "fy2025", "the scenario names them by their end"


def test_english_names_them_by_their_end_with_their_months() -> None:
    book = build(Made(plan_named("japan_2025")))
    assert book.facts.years == ["fy2025", "fy2026", "fy2027", "fy2028"]
    looks = [cell.number_format for cell in book.workbook["Summary"]["A"]]
    assert '"FY"0" (2025-04..2026-03)"' in looks
    assert "2025-04..2026-03" in [cell.value for cell in book.workbook["Cash"]["H"]]


def test_negatives_have_a_triangle_in_percentages_too() -> None:
    codes = {cell.number_format for _, cell in cells(in_japanese("japan_2025"))}
    shares = [code for code in codes if "%" in code and "#" not in code.replace("0.0##", "")]
    assert shares
    assert all("△" in code for code in shares if code.startswith("0.0%") or code.startswith("0.0##%"))


def test_words_of_japanese_finance() -> None:
    wording = Wording("ja", ())
    assert wording.say("JPY m") == "百万円"
    assert wording.say("Charged in full") == "償却対象額"
    links = [cell for title, cell in cells(in_japanese("japan_2025")) if title == "Contents" and cell.hyperlink]
    assert len(links) == len(in_japanese("japan_2025").workbook.sheetnames) - 1
