"""The unit costs of a plan as its workbook calculates them, for whoever shows them without Excel."""

from __future__ import annotations

from io import BytesIO
from typing import NamedTuple

import openpyxl

from optimizer.plan.format import Plan
from optimizer.workbook.back.sheets import unescaped
from optimizer.workbook.embedded import Made
from optimizer.workbook.write import build
from optimizer.workbook.writing.finish import recalculated
from optimizer.workbook.writing.in_memory import saved
from optimizer.workbook.writing.lines import HEADER

SHOWN = ("Cost per accelerator-hour", "Market's rent", "Per ")
"""How the labels begin of the lines that are shown."""


class UnitFigure(NamedTuple):
    """A levelised cost of a unit: its label, what and where, its unit and USD."""

    label: str
    item: str
    place: str
    unit: str
    usd: float


def unit_figures(plan: Plan) -> list[UnitFigure]:
    """The figures at the top of Unit costs, in their order: the same cells, calculated by the formulas that ship."""
    content = recalculated(saved(build(Made(plan)).workbook))
    book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True)
    found: dict[tuple[str, str, str], UnitFigure] = {}
    for *texts, _constant, total in book["Unit costs"].iter_rows(HEADER + 1, max_col=6, values_only=True):
        label, item, place, unit = (unescaped(str(text or "")) for text in texts)
        if label.startswith(SHOWN) and isinstance(total, int | float):
            found.setdefault((label, item, place), UnitFigure(label, item, place, unit, float(total)))
    return list(found.values())
