"""A plan from its file, whichever kind it is of."""

from __future__ import annotations

from pathlib import Path

from optimizer.plan.format import Plan
from optimizer.returned.verified import plan_from


def read_plan(path: Path) -> Plan:
    """A plan from its file: `plan.json`, or a workbook, whose edits do not count.

    Raises InputError for a file that cannot be read, and for a plan that is not as chipmix wrote it.
    """
    if path.suffix == ".xlsx":
        from optimizer.workbook.back.request import plan_in  # a plan in JSON needs no Excel

        return plan_in(path)
    return plan_from(path)
