"""From an edited workbook to a request: what it was made from, with its edits, ready to be planned again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalogs.problems import InputError, Location, Problem
from catalogs.schema import Catalog
from optimizer.plan.format import Plan
from optimizer.proven import program_version
from optimizer.request.load import Request, request_from_text
from optimizer.request.scenario import Scenario
from optimizer.returned.verified import as_typed
from optimizer.workbook.back.compare import Compared, Edit, compared
from optimizer.workbook.back.copy import Opened, copy_in
from optimizer.workbook.back.edits import Changer
from optimizer.workbook.back.overrides import hold_systems
from optimizer.workbook.language.wording import Language
from optimizer.workbook.notes import Note
from optimizer.workbook.write import build
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.lines import OVERRIDE, VIEW


@dataclass(frozen=True)
class Reopened:
    """An edited workbook: the plan it was made from, what was edited, and the request that the edits make.

    `notes` were typed into empty cells. `views` are the assumptions of the workbook alone that differ from those it
    is first written with. `typed` is what stands in cells of the reader's own. `found_by` is the command to find again
    what futures say of it, if it holds that: of a request that is planned anew it would be stale.
    """

    plan: Plan
    edits: tuple[Edit, ...]
    notes: tuple[Note, ...]
    request: Request
    views: Mapping[str, float]
    language: Language
    typed: Mapping[str, float | str]
    found_by: str = ""


def plan_in(path: Path) -> Plan:
    """The plan that a workbook was made from; edits of its inputs within their rules do not count.

    Raises InputError as `reopened` does. The sheets of another version may differ, and are not held against ours.
    """
    opened = copy_in(path)
    if opened.made.plan.run.version == program_version():
        _held(opened)
    return opened.made.plan


def _held(opened: Opened) -> tuple[Book, Compared]:
    """A workbook as it would be written now, and what differs from it. Raises InputError for what may not."""
    book = build(opened.made)
    found = compared(opened, book)
    if found.problems:
        raise InputError(_with_version(found.problems, opened.path, opened.made.plan))
    return book, found


def reopened(path: Path, settings: Sequence[str] = (), release: bool = False) -> Reopened:
    """The request that an edited workbook makes; `settings` are laid on top, as on a scenario's file.

    Systems held by overrides of earlier rounds stay held unless overridden again, or with `release`.
    Raises InputError with everything that is wrong, by sheet and cell: edits out of range, formulas or
    locked cells that were changed, rows deleted, sheets renamed or gone, files not written by chipmix.
    """
    opened = copy_in(path)
    at = Location(str(path), 0, 0)
    book, found = _held(opened)
    facts = book.facts
    changer = Changer(path, facts)
    changer.change(edit for edit in found.edits if not edit.of.keys[0].startswith((OVERRIDE, VIEW)))
    overrides = [edit for edit in found.edits if edit.of.keys[0].startswith(OVERRIDE)]
    hold_systems(changer, overrides, facts.plan, release)
    views = {edit.of.keys[0]: edit.new or 0.0 for edit in found.edits if edit.of.keys[0].startswith(VIEW)}
    request = request_from_text(
        as_typed(Scenario, facts.scenario, at),
        as_typed(Catalog, facts.catalog, at),
        changer.scenario,
        changer.catalog,
        settings,
    )
    made = opened.made
    typed = {**made.typed, **{each.key: each.value for each in found.typed}}
    return Reopened(
        made.plan, found.edits, found.notes, request, {**made.views, **views}, made.language,
        {key: value for key, value in typed.items() if value is not None},
        "robust" if made.decision is not None else "stress" if made.stressed is not None else "",
    )  # fmt: skip


def _with_version(problems: tuple[Problem, ...], path: Path, plan: Plan) -> tuple[Problem, ...]:
    """The problems, and that another version wrote the file where one did."""
    if plan.run.version == program_version():
        return problems
    message = f"was written by chipmix {plan.run.version}, this is {program_version()}; the sheets may differ for that"
    return (*problems, Problem(Location(str(path), 0, 0), message))
