"""Workbooks of plans made by hand that break a rule: chipmix writes none of them, but they can be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

import optimizer.workbook.write
from optimizer.plan.format import Plan
from optimizer.workbook import write_workbook
from optimizer.workbook.writing.book import Tie
from optimizer.workbook.writing.finish import finish

MASTER = "checks that fail"


def write_failing(plan: Plan, path: Path) -> None:
    """Writes a workbook whatever its own checks say; all else must tie to the plan as ever."""

    def lenient(content: bytes, alt_texts: Mapping[str, list[str]], ties: Iterable[Tie]) -> bytes:
        return finish(content, alt_texts, [tie for tie in ties if tie.meaning != MASTER])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimizer.workbook.write, "finish", lenient)
        write_workbook(plan, path)
