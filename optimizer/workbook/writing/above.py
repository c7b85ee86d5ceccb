"""Results above the workings that they refer to: the reader sees first what is written last."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from optimizer.workbook.writing.cells import WorkbookError
from optimizer.workbook.writing.table import Table

Workings = TypeVar("Workings")
Results = TypeVar("Results")


def results_above(
    table: Table, height: int, workings: Callable[[], Workings], results: Callable[[Workings], Results]
) -> Results:
    """Leave `height` rows free, write the workings under them, then the results into them."""
    top = table.next
    table.next = top + height
    found = workings()
    bottom, table.next = table.next, top
    rows = results(found)
    if table.next != top + height:
        raise WorkbookError(f"{table.title}: the results take {table.next - top} rows, not {height}")
    table.next = bottom
    return rows
