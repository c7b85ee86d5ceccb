"""Log: how the plan was made, what it rests on, what was said about it."""

from __future__ import annotations

from typing import Any

from optimizer.workbook.embedded import MARK, packed
from optimizer.workbook.language.given import Given
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.page import Page
from optimizer.workbook.writing.styles import Role

HEAD = 3
LONGEST_COMMAND = 2000
WIDTHS = (36, 74, 14, 80)


def write_log(book: Book) -> None:
    """Write the sheet: manifest, warnings, sources, offers left out."""
    page = Page(book, "Log", "Log: run, sources, warnings", "7F7F7F")
    page.widths(WIDTHS)
    row = _manifest(page, HEAD + 1)
    row = _texts(page, row + 1, "Warnings", book.facts.plan.warnings)
    row = _texts(page, row + 1, "Notes", book.facts.plan.notes)
    row = _texts(page, row + 1, "Findings of the audit", book.facts.plan.audit.findings)
    row = _sources(page, row + 1)
    row = _excluded(page, row + 1)
    _copy(page, row + 1)
    page.sheet.print_area = f"A1:D{row}"
    page.sheet.freeze_panes = f"A{HEAD + 1}"
    page.print_setup(HEAD)


def _header(page: Page, row: int, *headers: str) -> int:
    for i, header in enumerate((*headers, "", "", "", "")[:4]):
        page.text(row, i + 1, header, Role.HEADER)
    return row + 1


def _figures(book: Book) -> list[tuple[str, str | float, str]]:
    """(what, value, unit); figures are the optimiser's, as they were when the file was written."""
    plan, run = book.facts.plan, book.facts.plan.run
    return [
        ("Program", f"chipmix {run.version}", ""),
        ("Command", _fitting(book.made.command) or "not recorded", ""),
        ("Scenario", str(book.facts.scenario.get("name", "")), ""),
        ("Scenario SHA-256", run.scenario_sha256, ""),
        ("Catalogue SHA-256", run.catalog_sha256, ""),
        ("Solver", run.solver, ""),
        ("Status", plan.status, ""),
        ("Objective", plan.objective_usd, "USD"),
        ("Lower bound of the solver", plan.bound_usd, "USD"),
        ("Gap", plan.gap, "share"),
        ("Certified lower bound", plan.certified.bound_usd, "USD"),
        ("Certified gap", plan.certified.gap, "share"),
        ("Audit", "passed" if plan.audit.ok else "FAILED", ""),
        ("Checks of the audit", float(plan.audit.checks), "count"),
        ("Largest violation, relative", plan.audit.largest_violation, "number"),
        ("Difference in cost, audit", plan.audit.cost_difference_usd, "USD"),
        ("Variables", float(run.variables), "count"),
        ("of them integer", float(run.integers), "count"),
        ("Rows", float(run.rows), "count"),
        ("Nonzeros", float(run.nonzeros), "count"),
        *[(f"Option {key}", _option(value), "") for key, value in sorted(run.options.items())],
    ]


def _fitting(command: str) -> str:
    """A command as far as a cell holds it; the copy of the plan has all of it."""
    if len(command) <= LONGEST_COMMAND:
        return command
    return f"{command[:LONGEST_COMMAND]}… ({len(command):,} characters)"


def _look(value: float, unit: str) -> str:
    """The format of a figure: whole counts and large money as such, small numbers with their digits."""
    return "USD" if unit in ("USD", "count") and abs(value) >= 1 else unit if unit == "share" else "any"


def _option(value: Any) -> str | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return "none" if value is None else str(value)


def _manifest(page: Page, row: int) -> int:
    row = _header(page, row, "Run", "Value", "Unit")
    for label, value, unit in _figures(page.book):
        page.text(row, 1, label)
        if isinstance(value, str):
            page.paragraph(row, 2, value, WIDTHS[1])
        else:
            page.number(row, 2, value, Role.SOLVER, _look(value, unit))
        page.text(row, 3, unit)
        row += 1
    return row


def _texts(page: Page, row: int, title: str, texts: tuple[str, ...]) -> int:
    row = _header(page, row, title)
    for text in texts or ("none",):
        page.text(row, 1, text)
        row += 1
    return row


def _sources(page: Page, row: int) -> int:
    """The register of sources that Inputs refers to by id."""
    sources = page.book.facts.catalog.get("sources", {})
    row = _header(page, row, "Source", "Title", "Date", "Address or note")
    for key in sorted(sources):
        source = sources[key]
        page.text(row, 1, key, Role.WRAPPED)
        page.paragraph(row, 2, str(source.get("title", "")), WIDTHS[1])
        page.text(row, 3, str(source.get("date", "")), Role.WRAPPED)
        where = " ".join(str(source[part]) for part in ("url", "note") if source.get(part))
        page.paragraph(row, 4, where, WIDTHS[3])
        row += 1
    return row


def _excluded(page: Page, row: int) -> int:
    row = _header(page, row, "Offer that could not be chosen", "Why")
    for excluded in page.book.facts.plan.excluded:
        page.text(row, 1, excluded.offer)
        page.text(row, 2, excluded.reason)
        row += 1
    return row


def _copy(page: Page, row: int) -> None:
    """The plan as text, from which the workbook can be re-optimised; the last block of the sheet."""
    book = page.book
    sha256, parts = packed(book.made)
    _header(page, row, "Machine-readable copy of this plan", Given(MARK))
    page.text(row + 1, 1, "Needed to re-optimise: chipmix plan FILE.xlsx reads it. Do not edit.", Role.NOTE)
    page.text(row + 2, 1, "SHA-256")
    page.text(row + 2, 2, Given(sha256))
    for i, part in enumerate(parts):
        page.text(row + 3 + i, 1, f"Part {i + 1} of {len(parts)}")
        page.text(row + 3 + i, 2, Given(part))
        page.text(row + 3 + i, 3, "text")
