"""The way back: from a workbook that chipmix wrote and somebody edited to a plan, its edits and a new request."""

from optimizer.workbook.back.copy import copy_in
from optimizer.workbook.back.request import Reopened, reopened

__all__ = ["Reopened", "copy_in", "reopened"]
