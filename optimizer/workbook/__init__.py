"""Plan -> Excel: a model of live formulas that ties to the optimiser, one file per sheet family."""

from optimizer.workbook.write import write_made, write_workbook
from optimizer.workbook.writing.cells import WorkbookError

__all__ = ["WorkbookError", "write_made", "write_workbook"]
