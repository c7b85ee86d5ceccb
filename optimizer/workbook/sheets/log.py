"""Log: how the plan was made, what it rests on, what was said about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optimizer.workbook.embedded import MARK, Made, packed
from optimizer.workbook.facts import Facts
from optimizer.workbook.language.given import Given
from optimizer.workbook.writing.lists import Block, Cell, Column, Columns, Entry, ListSheet, note, paragraph
from optimizer.workbook.writing.references import at
from optimizer.workbook.writing.styles import Role

LONGEST_COMMAND = 2000
COPY = at("copy")


def log(made: Made, facts: Facts) -> ListSheet:
    """Manifest, warnings, sources, offers left out, and the copy, which is not printed."""
    plan = facts.plan
    blocks = [
        Block([_figure(*each) for each in _figures(made, facts)], _columns("Run", "Value", "Unit")),
        _texts("Warnings", plan.warnings), _texts("Notes", plan.notes),
        _texts("Findings of the audit", plan.audit.findings), _sources(facts), _excluded(facts), _copy(made),
    ]  # fmt: skip
    return ListSheet(
        "Log", "Log: run, sources, warnings", "7F7F7F", blocks, widths=(36, 74, 14, 80), printed=("D", COPY, -1)
    )  # fmt: skip


def _columns(*headers: str) -> Columns:
    """Four of them, whatever they are called."""
    return {str(i): Column(header) for i, header in enumerate((*headers, "", "", "", "")[:4])}


def _figures(made: Made, facts: Facts) -> list[tuple[str, str | float, str]]:
    """(what, value, unit); figures are the optimiser's, as they were when the file was written."""
    plan, run = facts.plan, facts.plan.run
    return [
        ("Program", f"chipmix {run.version}", ""),
        ("Command", _fitting(made.command) or "not recorded", ""),
        ("Scenario", str(facts.scenario.get("name", "")), ""),
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


def _figure(label: str, value: str | float, unit: str) -> Entry:
    return Entry((label, paragraph(value) if isinstance(value, str) else Cell(value, _look(value, unit)), unit))


def _texts(title: str, texts: Sequence[str]) -> Block:
    return Block([Entry((text,)) for text in texts or ("none",)], _columns(title))


def _sources(facts: Facts) -> Block:
    """The register of sources that Inputs refers to by id."""
    entries = []
    for key, source in sorted(facts.catalog.get("sources", {}).items()):
        where = " ".join(str(source[part]) for part in ("url", "note") if source.get(part))
        title, day = str(source.get("title", "")), str(source.get("date", ""))
        wrapped = [Cell(text, role=Role.WRAPPED) for text in (key, day)]
        entries.append(Entry((wrapped[0], paragraph(title), wrapped[1], paragraph(where))))
    return Block(entries, _columns("Source", "Title", "Date", "Address or note"))


def _excluded(facts: Facts) -> Block:
    entries = [Entry((excluded.offer, excluded.reason)) for excluded in facts.plan.excluded]
    return Block(entries, _columns("Offer that could not be chosen", "Why"))


def _copy(made: Made) -> Block:
    """The plan as text, from which the workbook can be re-optimised; the last block of the sheet."""
    sha256, parts = packed(made)
    rows = [
        Entry((note("Needed to re-optimise: chipmix plan FILE.xlsx reads it. Do not edit."),)),
        Entry(("SHA-256", Given(sha256))),
        *(Entry((f"Part {i} of {len(parts)}", Given(part), "text")) for i, part in enumerate(parts, start=1)),
    ]
    return Block(rows, _columns("Machine-readable copy of this plan", Given(MARK)), key=COPY.key)
