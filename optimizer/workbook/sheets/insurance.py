"""What a decision is insured against: what it does otherwise than the likeliest future's plan, costs and saves."""

from __future__ import annotations

from optimizer.uncertainty.results import Insurance, RobustResult
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.futures import KINDS
from optimizer.workbook.sheets.stamps import counted, room
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Block, Cell, Column, Entry
from optimizer.workbook.writing.references import Row

COLUMNS = {
    "what": Column("What is insured against"),
    "amount": Column("Amount", "any"),
    "unit": Column("Unit"),
    "period": Column("When"),
    "of": Column("Of"),
}
UNITS = {"order": "systems", "retire": "systems", "expand": "MW"}


def insurance_block(decision: RobustResult, own: Row, other: Row) -> Block:
    """Premium and saving, live from the costs of both plans, then each difference; `own` and `other` are their rows."""
    found = decision.insurance
    assert found is not None
    columns = {row.name: f"f{k}" for k, row in enumerate(decision.futures)}
    likeliest, worst = columns[found.against], columns[found.worst]
    entries = [
        _figure(f"Premium: more than the plan of {found.against} in {found.against}",
                f"={own.cell(likeliest)}-{other.cell(likeliest)}", found.premium_usd, room(decision)),
        _figure(f"Saving: less than the plan of {found.against} in {found.worst}",
                f"={other.cell(worst)}-{own.cell(worst)}", found.saves_at_worst_usd, room(decision)),
        *_differences(found),
    ]  # fmt: skip
    return Block(entries, COLUMNS)


def _figure(words: str, formula: str, shown: float, within: float) -> Entry:
    return Entry((words, Cell(Formula(formula), "USD"), "USD"), "", {"amount": shown}, words, within)


def _differences(found: Insurance) -> list[Entry]:
    """What the decision has more of than the other plan, negative where it has less."""
    return [
        Entry(
            (
                *(f"more than the plan of {found.against}: {KINDS[row.kind]}", counted(row.more)),
                *(UNITS.get(row.kind, "switch"), Given(row.period) if row.period else None, Given(", ".join(row.what))),
            )
        )
        for row in found.differences
    ]
