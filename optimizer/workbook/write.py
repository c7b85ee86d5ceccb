"""The order in which a workbook is made: sheets, save, calculate, compare, finish, rename."""

from __future__ import annotations

import tempfile
from pathlib import Path

from openpyxl import Workbook
from openpyxl.packaging.core import DocumentProperties

from optimizer.plan_format import Plan
from optimizer.workbook.cash import write_cash
from optimizer.workbook.checks import write_checks
from optimizer.workbook.contents import open_contents, write_contents
from optimizer.workbook.facts import Facts
from optimizer.workbook.finish import finish, recalculate
from optimizer.workbook.inputs import write_inputs
from optimizer.workbook.layout import Book
from optimizer.workbook.log import write_log
from optimizer.workbook.orders import write_orders
from optimizer.workbook.sites import write_sites
from optimizer.workbook.styles import Styles
from optimizer.workbook.summary import open_summary, write_summary


def write_workbook(plan: Plan, path: Path, command: str = "") -> None:
    """Write a plan as an Excel workbook; `command` is what the Log says it was made with.

    The file appears whole or not at all, and the same plan gives the same bytes. Raises WorkbookError,
    an internal error, if a formula's value differs from the plan's own number.
    """
    path = Path(path)
    book = build(plan, command)
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=f".{path.name}.") as folder:
        raw, ready = Path(folder) / "raw.xlsx", Path(folder) / "ready.xlsx"
        book.workbook.save(raw)
        recalculate(raw)
        finish(raw, ready, book.charts, book.ties)
        ready.replace(path)


def build(plan: Plan, command: str) -> Book:
    """The sheets in order. Each writer returns where its figures stand; later sheets refer to them."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    book = Book(Facts(plan), command, workbook, Styles(workbook))
    contents, summary = open_contents(book), open_summary(book)
    inputs = write_inputs(book)
    orders = write_orders(book, inputs)
    places = write_sites(book, inputs, orders)
    cash = write_cash(book, inputs, orders, places)
    write_checks(book, inputs, orders, cash, places)
    write_log(book)
    write_summary(summary, orders, places, cash)
    write_contents(contents)
    workbook.properties = DocumentProperties(
        creator="chipmix",
        title=f"Procurement plan: {book.facts.scenario.get('name', '')}",
        description=plan.run.scenario_sha256,
    )
    workbook.active = 0
    return book
