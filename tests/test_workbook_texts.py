"""Texts of users in a workbook: they stay texts whatever they begin with, every program shows them as they stand."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections import Counter
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from builders import accelerator, catalog, load, rates, scenario, site, system

from catalogs.problems import InputError
from optimizer.plan.format import Plan
from optimizer.planning import make_plan
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.back import reopened
from optimizer.workbook.back.sheets import unescaped
from optimizer.workbook.writing.cells import STAND_IN
from optimizer.workbook.writing.finish import recalculated
from optimizer.workbook.writing.in_memory import saved

SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")


def saved_by_libreoffice(path: Path, folder: Path, kind: str = "xlsx") -> Path:
    out = folder / "libre"
    command = [str(SOFFICE), f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", kind]
    subprocess.run([*command, "--outdir", str(out), str(path)], check=True, capture_output=True, timeout=300)
    return out / path.with_suffix(f".{kind}").name


ESCAPES = "_x0041_ and _x000D_, _x005F_, _x4_, rtx_x4090_, _xBEEF"
"""What files mean by `_x0041_` is an A, and LibreOffice reads fewer digits too; each shall be shown as it stands."""
HOSTILE = (
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.com","x")',
    "+1+1",
    "-2+3",
    "@x",
    "\tafter a tab",
    ESCAPES,
    "\u202eright to left\u200f",
    "🧮 emoji 会社",
    "'quoted' & <tagged> \"text\"",
    "1e5",
    "#REF!",
)


def hostile(tmp_path: Path, *names: str) -> Plan:
    """A plan whose scenario, accelerators, systems and sources have names that a spreadsheet might run."""
    offer = {"route": "purchase", "price_usd": 300000}
    files = []
    for i, name in enumerate(names):
        box = f"box{i}"
        file = accelerator(f"chip{i}", {box: system(name=name)}, {f"{box}.purchase": {"system": box, **offer}},
                           rates(training=400))  # fmt: skip
        cites = {f"{box}.purchase.price_usd": {"source": f"quote{i}", "basis": "vendor"}}
        files.append({**file, "accelerator": {**file["accelerator"], "name": name}, "cites": cites})
    tree = scenario(name=names[0], sites={"hall": site()},
                    demand={"work": {"workload": "training", "per_second": 30000}})  # fmt: skip
    known = catalog(*files)
    quotes = {f"quote{i}": {"title": name, "note": name} for i, name in enumerate(names)}
    known["shared.yaml"]["sources"] = {**quotes, "hand": {"title": names[0]}}
    return make_plan(load(tmp_path, tree, known), Options()).plan


@pytest.mark.parametrize(
    "names",
    [HOSTILE[:4], HOSTILE[4:8], HOSTILE[8:], *(pytest.param((name,), marks=pytest.mark.slow) for name in HOSTILE)],
    ids=" and ".join,
)
def test_hostile_names_are_text_everywhere_and_come_back(names: tuple[str, ...], tmp_path: Path) -> None:
    path, plan, command = tmp_path / "plan.xlsx", hostile(tmp_path, *names), f"chipmix plan {' '.join(names)}"
    write_workbook(plan.model_copy(update={"warnings": names}), path, command)
    shown = Counter[str]()
    for sheet in openpyxl.load_workbook(path).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                found = [name for name in names if name.strip() in unescaped(str(cell.value))]
                shown.update(found)
                if found:
                    assert cell.data_type == "s", f"{sheet.title}!{cell.coordinate}"
                    assert cell.quotePrefix, f"{sheet.title}!{cell.coordinate}"
    assert shown[names[0]] >= 5, "title, accelerator, source, warning, command"
    assert all(shown[name] >= 4 for name in names), "accelerator, source, warning, command"
    with pytest.raises(InputError, match="was changed after chipmix wrote it"):  # a plan with a warning of ours
        reopened(path)
    write_workbook(plan, path, command)
    assert reopened(path).edits == ()


def test_texts_that_a_file_would_read_otherwise_are_escaped_where_formulas_show_them_too(tmp_path: Path) -> None:
    """The names of accelerators, which Downside looks up by a formula, and a name without anything to escape."""
    path = tmp_path / "plan.xlsx"
    plan = hostile(tmp_path, ESCAPES)
    write_workbook(plan, path)
    raw = [cell.value for row in openpyxl.load_workbook(path)["Summary"].iter_rows(3, 3) for cell in row]
    assert raw[0] == "_x005F_x0041_ and _x005F_x000D_, _x005F_x005F_, _x005F_x4_, rtx_x005F_x4090_, _xBEEF"
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if STAND_IN.encode() in archive.read(name)]
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"], book.worksheets[0]["A2"] = "gpu_x1000_x2000_", "=A1"
    content = recalculated(saved(book))
    sheet = openpyxl.load_workbook(BytesIO(content), data_only=True).worksheets[0]
    assert [sheet["A1"].value, sheet["A2"].value] == ["gpu_x005F_x1000_x005F_x2000_"] * 2


@needs_libreoffice
def test_libreoffice_shows_escapes_as_they_stand(tmp_path: Path) -> None:
    """The title of Contents, the first sheet, as text; and the file that it saves reads back without an edit."""
    path = tmp_path / "plan.xlsx"
    write_workbook(hostile(tmp_path, ESCAPES), path)
    assert f"Procurement plan: {ESCAPES}" in saved_by_libreoffice(path, tmp_path, "csv").read_text()
    assert reopened(saved_by_libreoffice(path, tmp_path)).edits == ()


@needs_libreoffice
@pytest.mark.slow
def test_hostile_names_survive_another_program(tmp_path: Path) -> None:
    for i, name in enumerate((HOSTILE[0], HOSTILE[5], HOSTILE[6], HOSTILE[8], HOSTILE[9])):
        path = tmp_path / f"plan{i}.xlsx"
        write_workbook(hostile(tmp_path, name), path)
        assert reopened(saved_by_libreoffice(path, tmp_path)).edits == ()


@pytest.mark.parametrize("name", ["x" * 40_000, "a\x00b", "bell\x07", "a\x7fb", ""])
def test_names_that_no_cell_can_hold_are_refused_with_file_and_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        hostile(tmp_path, name)
    assert all(re.search(r"\.yaml:\d+:\d+: ", str(problem)) for problem in caught.value.problems)
