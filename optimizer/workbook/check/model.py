"""Rules about the model: its checks, its balances, its tie to the optimiser, its sources and its manifest."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import formualizer
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from optimizer.workbook.back.sheets import Value
from optimizer.workbook.check.as_written import cells_and_names
from optimizer.workbook.check.subject import Finding, Subject
from optimizer.workbook.language.given import given_texts
from optimizer.workbook.language.wording import ENGLISH, Missing, Wording
from optimizer.workbook.sheets.contents import AFTER_TAX, SIGNS
from optimizer.workbook.writing.cells import cells_of
from optimizer.workbook.writing.lines import ITEM, LABEL, PLACE, SOURCE
from optimizer.workbook.writing.references import FIRST_PERIOD
from optimizer.workbook.writing.styles import Role

RELATIVE, ABSOLUTE, CENT = 1e-9, 1e-6, 0.01
MASTER = "master_check"
ERRORS = {"".join(filter(str.isalpha, error)): error for error in ERROR_CODES}
"""Errors as a workbook shows them, by the name that formualizer gives their kind."""


def values_are_right(subject: Subject) -> Iterator[Finding]:
    """Cached values equal those of a recalculation from the formulas alone.

    Only formulas that this program writes are calculated; rule 28 finds the others.
    """
    if not subject.formulas_are_ours:
        return
    try:
        calculated = formualizer.load_workbook(str(subject.path))
        calculated.set_temporal_egress("serial")
        calculated.evaluate_all()
    except (OSError, ValueError) as error:
        yield Finding(3, "workbook", f"cannot be calculated: {str(error).splitlines()[0]}")
        return
    for formula in subject.formulas:
        cached = subject.value(formula.sheet, formula.cell)
        again = calculated.get_value(formula.sheet, formula.row, formula.column)
        if isinstance(again, dict):
            again = ERRORS.get(again["kind"].upper(), again["kind"])
        if cached is not None and not _agree(cached, again):
            yield Finding(3, formula.where, f"shows {cached}, its formula gives {again}; recalculate and save")


def _agree(cached: Value, again: Value) -> bool:
    if isinstance(cached, str) or isinstance(again, str) or again is None:
        return cached == again
    return math.isclose(float(cached or 0.0), float(again), rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def checks_say_what_they_mean(subject: Subject) -> Iterator[Finding]:
    """Each check has a tolerance, a result of 0 or 1 wrapped in IFERROR(…,1), and a meaning; none fails."""
    sheet = _checks(subject)
    if sheet is None:
        yield Finding(21, "workbook", "there is no sheet of checks")
        return
    for row in _check_rows(subject):
        where = f"{sheet.title}!E{row}"
        result = str(sheet.cell(row, 5).value or "")
        if not (result.startswith("=IFERROR(") and result.endswith(",1)")):
            yield Finding(21, where, "the result is not wrapped in IFERROR(…,1)")
        if sheet.cell(row, 4).value is None:
            yield Finding(21, f"{sheet.title}!D{row}", "the check has no tolerance")
        if not sheet.cell(row, 6).value:
            yield Finding(21, f"{sheet.title}!F{row}", "the check does not say what it means")
        if subject.value(sheet.title, f"E{row}") != 0:
            yield Finding(21, where, f"the check '{sheet.cell(row, 1).value}' fails")


def _checks(subject: Subject) -> Worksheet | None:
    """The sheet on which the master check stands."""
    area = subject.names.get(MASTER)
    return None if area is None or area.sheet not in subject.book else subject.book[area.sheet]


def _check_rows(subject: Subject) -> range:
    """The rows that the master check adds up."""
    area = subject.names[MASTER]
    master = f"{area.sheet}!{area.first}{area.first_row}"
    summed = next((f.areas for f in subject.formulas if f.where == master and f.text.startswith("=SUM(")), ())
    return range(summed[0].first_row, summed[0].last_row + 1) if summed else range(0)


def master_check_everywhere(subject: Subject) -> Iterator[Finding]:
    """The frozen rows of every sheet show the named master check."""
    if MASTER not in subject.names:
        yield Finding(22, "workbook", f"there is no name {MASTER}")
    rows = {(formula.sheet, formula.row) for formula in subject.formulas if MASTER in formula.text}
    for sheet in subject.sheets:
        frozen = int("".join(filter(str.isdigit, str(sheet.freeze_panes or "A1")))) - 1
        if not any((sheet.title, row) in rows for row in range(1, max(frozen, 1) + 1)):
            yield Finding(22, sheet.title, "its frozen rows do not show the master check")


def balances_close(subject: Subject) -> Iterator[Finding]:
    """Every opening balance is the closing balance of the period before."""
    say = _say(subject)
    opening, closing = say("Opening"), say("Closing")
    for sheet in subject.time_sheets:
        for row in subject.lines(sheet):
            if str(sheet.cell(row, LABEL).value).startswith(opening):
                below = _below(sheet, row, closing)
                yield from (
                    _not_carried(subject, sheet, row, below)
                    if below
                    else [Finding(23, f"{sheet.title}!A{row}", "an opening balance without a closing one below it")]
                )


def _below(sheet: Worksheet, row: int, label: str) -> int | None:
    """The line with this label that stands under another and has its item and place."""
    key = [sheet.cell(row, column).value for column in (ITEM, PLACE)]
    for other in range(row + 1, min(sheet.max_row, row + 400) + 1):
        same = [sheet.cell(other, column).value for column in (ITEM, PLACE)] == key
        if same and str(sheet.cell(other, LABEL).value).startswith(label):
            return other
    return None


def _not_carried(subject: Subject, sheet: Worksheet, opening: int, closing: int) -> Iterator[Finding]:
    for column in range(FIRST_PERIOD + 1, sheet.max_column + 1):
        here, before = get_column_letter(column), get_column_letter(column - 1)
        now, was = subject.value(sheet.title, f"{here}{opening}"), subject.value(sheet.title, f"{before}{closing}")
        if not _agree(now or 0.0, was or 0.0):
            yield Finding(
                23, f"{sheet.title}!{here}{opening}", f"opens with {now}, the period before closed with {was}"
            )


def total_is_the_objective(subject: Subject) -> Iterator[Finding]:
    """The total equals the optimiser's objective to the cent, unless the plan is edited."""
    if subject.named("plan_edited") not in (0, None):
        return
    total, objective = subject.named("total_npv_usd"), subject.named("optimiser_objective_usd")
    if not (isinstance(total, float) and isinstance(objective, float)):
        yield Finding(24, "workbook", "the names total_npv_usd and optimiser_objective_usd do not both show a number")
    elif abs(total - objective) > _tolerance(subject):
        area = subject.names["total_npv_usd"]
        yield Finding(
            24, f"{area.sheet}!{area.first}{area.first_row}", f"shows {total}, the optimiser found {objective}"
        )


def _tolerance(subject: Subject) -> float:
    """A cent, or what rounding does to the flows of a very large plan."""
    return CENT if subject.written is None else subject.written.facts.money_tolerance


def sign_convention_stated(subject: Subject) -> Iterator[Finding]:
    """Contents says which sign costs and receipts have."""
    wanted = {_say(subject)(text) for text in (SIGNS, AFTER_TAX)}
    if not any(found.value in wanted for found in subject.found.get("Contents", {}).values()):
        yield Finding(25, "Contents", "does not say that costs are positive and receipts negative")


def inputs_have_sources_and_rules(subject: Subject) -> Iterator[Finding]:
    """Every cell that may be edited is validated with a message; every assumption has a source."""
    for sheet in subject.sheets:
        rules = [rule for rule in sheet.data_validations.dataValidation if rule.showErrorMessage and rule.error]
        validated = [area for rule in rules for area in rule.sqref.ranges]
        for cell in cells_of(sheet):
            style = subject.look(cell).style
            if style not in (Role.INPUT.value, Role.FIXED.value) or cell.data_type == "s":
                continue
            where = f"{sheet.title}!{cell.coordinate}"
            if style == Role.INPUT.value and not any(_holds(area, cell) for area in validated):
                yield Finding(26, where, "may be edited but has no rule with a message")
            sourced = sheet.title not in ("Inputs", "Futures") or sheet.cell(cell.row, SOURCE).value
            if cell.value is not None and not sourced:
                yield Finding(26, where, "the assumption has no source")


def _holds(area: Any, cell: Any) -> bool:
    """Whether a cell lies in an area of openpyxl's."""
    return bool(area.min_row <= cell.row <= area.max_row and area.min_col <= cell.column <= area.max_col)


def manifest_is_there(subject: Subject) -> Iterator[Finding]:
    """Log holds the copy of the plan, its hashes, solver and status; every cell and name is as that plan is written."""
    made = subject.made
    if made is None:
        yield Finding(28, "Log", f"there is no sound machine-readable copy of the plan: {subject.no_copy}")
        return
    yield from cells_and_names(subject)
    run = made.plan.run
    shown = {found.value for found in subject.found.get("Log", {}).values()}
    for what, value in (("scenario", run.scenario_sha256), ("catalogue", run.catalog_sha256), ("solver", run.solver)):
        if value not in shown:
            yield Finding(28, "Log", f"does not show the plan's {what}: {value}")


def _say(subject: Subject) -> Any:
    """How an English text stands in this workbook."""
    made = subject.made
    if made is None or made.language == ENGLISH:
        return str
    return partial(_said, Wording(made.language, given_texts(made)))


def _said(wording: Wording, text: str) -> str:
    try:
        return wording.say(text)
    except Missing:
        return text
