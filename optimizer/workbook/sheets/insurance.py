"""What a decision is insured against: what it does otherwise than the likeliest future's plan, costs and saves."""

from __future__ import annotations

from optimizer.uncertainty.results import Difference, RobustResult
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.futures import KINDS
from optimizer.workbook.sheets.stamps import beside, counted, header_beside, room
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Block, Cell, Column, Entry
from optimizer.workbook.writing.references import Row

UNITS = {"order": "systems", "retire": "systems", "expand": "MW"}


def insurance_block(decision: RobustResult, own: Row, other: Row) -> Block:
    """Premium and saving, live from the costs of both plans, then each difference; `own` and `other` are their rows."""
    found = decision.insurance
    assert found is not None
    columns = {row.name: f"f{k}" for k, row in enumerate(decision.futures)}
    likeliest, worst, within = columns[found.against], columns[found.worst], room(decision)
    premium, saving = f"={own.cell(likeliest)}-{other.cell(likeliest)}", f"={other.cell(worst)}-{own.cell(worst)}"
    entries = [
        _figure("Premium", premium, f"more than that plan costs in {found.against}", found.premium_usd, within),
        _figure("Saving", saving, f"less than that plan costs in {found.worst}", found.saves_at_worst_usd, within),
        *map(_difference, found.differences),
    ]
    headers = {
        "what": Column(f"Against the plan of {found.against}"),
        "amount": Column("More", "any"),
        "unit": header_beside("Unit"),
        "period": Column("When"),
        "of": Column("Of"),
    }
    return Block(entries, headers)


def _figure(what: str, formula: str, words: str, shown: float, within: float) -> Entry:
    cells = (what, Cell(Formula(formula), "USD"), beside("USD"), None, words)
    return Entry(cells, "", {"amount": shown}, what.lower(), within)


def _difference(row: Difference) -> Entry:
    """What the decision has more of than the other plan, negative where it has less."""
    unit = UNITS.get(row.kind, "switch")
    more = counted(row.more) if unit == "systems" else Cell(row.more, unit)
    period = Given(row.period) if row.period else None
    return Entry((KINDS[row.kind], more, beside(unit), period, Given(", ".join(row.what))))
