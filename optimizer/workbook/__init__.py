"""Plan -> Excel: a model of live formulas that ties to the optimiser, one file per sheet family."""

from optimizer.workbook.cells import WorkbookError
from optimizer.workbook.write import write_workbook

__all__ = ["WorkbookError", "write_workbook"]
