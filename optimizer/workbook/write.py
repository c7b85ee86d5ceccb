"""The order in which a workbook is made: sheets, save, calculate, compare, finish, rename."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from openpyxl import Workbook
from openpyxl.packaging.core import DocumentProperties

from optimizer.explain.explanation import Explanation
from optimizer.explore.side_by_side import Runs
from optimizer.files import write_bytes
from optimizer.plan.bridge import Bridge
from optimizer.plan.format import Plan
from optimizer.plan.prior import Prior
from optimizer.uncertainty.distribution import StressResult
from optimizer.uncertainty.results import RobustResult
from optimizer.workbook.embedded import Made
from optimizer.workbook.facts import Facts
from optimizer.workbook.language.given import marked
from optimizer.workbook.language.translate import translate
from optimizer.workbook.language.wording import ENGLISH, Language, font_of
from optimizer.workbook.notes import Note, keep_notes
from optimizer.workbook.sheets.actuals import actuals
from optimizer.workbook.sheets.bridge import bridge
from optimizer.workbook.sheets.capacity import capacity
from optimizer.workbook.sheets.cash import cash
from optimizer.workbook.sheets.cash_by_month import cash_by_month
from optimizer.workbook.sheets.charts import charts
from optimizer.workbook.sheets.checks import checks
from optimizer.workbook.sheets.compare import compare
from optimizer.workbook.sheets.contents import contents
from optimizer.workbook.sheets.depreciation import depreciation
from optimizer.workbook.sheets.distribution import distribution
from optimizer.workbook.sheets.downside import downside
from optimizer.workbook.sheets.futures import futures
from optimizer.workbook.sheets.inputs import inputs, last_input
from optimizer.workbook.sheets.limits import limits
from optimizer.workbook.sheets.log import log
from optimizer.workbook.sheets.orders import orders
from optimizer.workbook.sheets.purchase_orders import purchase_orders
from optimizer.workbook.sheets.regret import regret
from optimizer.workbook.sheets.reporting_currency import reporting_currency
from optimizer.workbook.sheets.sensitivity import sensitivity
from optimizer.workbook.sheets.sites import sites
from optimizer.workbook.sheets.summary import summary
from optimizer.workbook.sheets.supply import supply
from optimizer.workbook.sheets.unit_costs import unit_costs
from optimizer.workbook.sheets.why_not import why_not
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.draw import draw
from optimizer.workbook.writing.finish import finish, recalculated
from optimizer.workbook.writing.in_memory import saved
from optimizer.workbook.writing.lists import ListSheet
from optimizer.workbook.writing.paper import set_up_pages
from optimizer.workbook.writing.styles import Styles
from optimizer.workbook.writing.time_sheet import TimeSheet, as_list

Sheet = TimeSheet | ListSheet


def write_workbook(
    plan: Plan,
    path: Path,
    command: str = "",
    bridge: Bridge | None = None,
    views: Mapping[str, float] | None = None,
    language: Language = ENGLISH,
    runs: Runs | None = None,
    explanation: Explanation | None = None,
    notes: Iterable[Note] = (),
    prior: Prior | None = None,
    typed: Mapping[str, float | str] | None = None,
    decision: RobustResult | None = None,
    stressed: StressResult | None = None,
    decided_by: str = "",
) -> tuple[Note, ...]:
    """Write a plan as an Excel workbook; `command` is what the Log says it was made with.

    A `bridge` from an earlier plan gets a sheet; `views` are assumptions of the workbook alone, by key;
    `language` is that of labels, notes and number formats; `runs` are other plans to set beside this one;
    `explanation` is why the plan is as it is; `notes` are those of a reader of an earlier one, `typed` what that reader
    typed into cells of their own; `prior` is an earlier plan that this one is held against. `decision` is the one
    for all futures that the plan is of, by the command `decided_by` if that is another, `stressed` what happens to it
    in futures that were drawn. Returns the notes that have no place any more, because something else stands there or a
    formula reads it.
    The file appears whole or not at all, and the same plan gives the same bytes. Raises WorkbookError,
    an internal error, if a formula's value differs from the plan's own number.
    """
    made = Made(
        plan, command, bridge, views or {}, language, runs, explanation, decided_by=decided_by,
        decision=decision and decision.without_plans, stressed=stressed and stressed.without_samples,
        prior=prior, typed=typed or {},
    )  # fmt: skip
    return write_made(made, path, notes)


def write_made(made: Made, path: Path, notes: Iterable[Note] = ()) -> tuple[Note, ...]:
    """The same of all that a workbook is made from."""
    book = build(made)
    left_out = keep_notes(book, notes)
    write_bytes(path, finish(recalculated(saved(book.workbook)), book.charts, book.ties))
    return left_out


def build(made: Made) -> Book:
    """The sheets in order; formulas and charts refer to lines by key and are written when all have their places."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    made = made if made.language == ENGLISH else marked(made)
    book = Book(Facts(made.plan, made.language == "ja"), made, workbook, Styles(workbook, font_of(made.language)))
    for sheet in _sheets(book.facts, made):
        draw(book, as_list(book.facts, made.views, sheet) if isinstance(sheet, TimeSheet) else sheet)
    book.write_formulas()
    workbook.properties = DocumentProperties(
        creator="chipmix",
        title=f"Procurement plan: {book.facts.scenario.get('name', '')}",
        description=made.plan.run.scenario_sha256,
    )
    workbook.active = 0
    translate(book)
    set_up_pages(book)
    return book


def _sheets(facts: Facts, made: Made) -> list[Sheet]:
    assumed = inputs(facts)
    sheets: list[Sheet] = [
        assumed, orders(facts), purchase_orders(facts), capacity(facts), sites(facts), supply(facts), cash(facts),
        *cash_by_month(facts), depreciation(facts), *reporting_currency(facts), unit_costs(facts),
        limits(facts, made.explanation), why_not(facts, made.explanation), downside(facts, made.explanation),
        actuals(facts, made.typed, made.prior, made.bridge is not None), *_beside(made), *_uncertain(made, facts),
    ]  # fmt: skip
    found = [check for sheet in sheets for check in sheet.checks]
    first = [summary(facts, made.explanation), charts(facts)]
    sheets = [*first, *sheets, checks(facts, found, last_input(assumed)), log(made, facts)]
    return [contents(facts, [sheet.title for sheet in sheets]), *sheets]


def _beside(made: Made) -> Iterator[ListSheet]:
    """What other plans say, where the workbook is made with any."""
    if made.runs is not None:
        yield compare(made.runs)
    if made.bridge is not None:
        yield bridge(made.bridge)
    if made.runs is not None and made.runs.kind != "compare":
        yield sensitivity(made.runs)


def _uncertain(made: Made, facts: Facts) -> Iterator[ListSheet]:
    """What futures say, where the workbook is made with any."""
    if made.decision is not None or made.stressed is not None:
        yield futures(facts, made.decision, made.stressed is not None)
    if made.decision is not None:
        yield regret(made.decision, made.decided_by or made.command)
    if made.stressed is not None:
        yield distribution(made.stressed, made.stressed_by or made.command)
