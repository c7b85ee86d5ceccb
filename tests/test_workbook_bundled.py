"""The workbook of every bundled scenario: clean by the linter, and LibreOffice agrees on every formula of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from printed import points

from optimizer.planning import make_plan
from optimizer.request.load import bundled_scenarios, find_scenario, load_request
from optimizer.solving.solution import Options
from optimizer.workbook import write_workbook
from optimizer.workbook.check import check_workbook

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("in_process")]
SOFFICE = shutil.which("soffice")
ROUNDING = 2.0**-50
"""LibreOffice shows 0 where two sums differ by their rounding; we show the rounding, as part of the largest figure."""


@pytest.fixture(params=sorted(bundled_scenarios()))
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"{request.param}.xlsx"
    write_workbook(make_plan(load_request(find_scenario(request.param)), Options(time_limit=60)).plan, path)
    return path


def test_is_clean_and_recalculates(written: Path) -> None:
    assert [str(finding) for finding in check_workbook(written)] == []
    for sheet in openpyxl.load_workbook(written).worksheets:
        assert points(sheet) >= (8.0 if sheet.title == "Summary" else 7.0), sheet.title
    if SOFFICE is None:
        pytest.skip("LibreOffice is not installed")
    pairs = list(_pairs(written))
    largest = max(abs(mine) for _, mine, _ in pairs if isinstance(mine, int | float))
    wrong = [pair for pair in pairs if not _agree(*pair[1:], ROUNDING * largest)]
    assert wrong == []


def _pairs(path: Path) -> Iterator[tuple[str, Any, Any]]:
    """Each formula cell with our cached value and what LibreOffice makes of it without any cache."""
    bare = path.with_name("bare.xlsx")
    book, ours = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    book.save(bare)  # openpyxl drops the caches
    profile, out = f"-env:UserInstallation=file://{path.parent}/profile", path.parent / "libre"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(bare)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    theirs = openpyxl.load_workbook(out / bare.name, data_only=True)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    place = cell.coordinate
                    yield f"{sheet.title}!{place}", ours[sheet.title][place].value, theirs[sheet.title][place].value


def _agree(mine: Any, theirs: Any, off: float) -> bool:
    if isinstance(mine, datetime | str):
        return bool(mine == theirs)
    return theirs is not None and abs(mine - theirs) <= max(1e-9 * abs(mine), off)
