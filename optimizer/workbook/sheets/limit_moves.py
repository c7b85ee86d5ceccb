"""The part of Limits about what moving a limit changes: the second solves of an explanation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.explain.explanation import Explanation, LimitWorth, Move
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Block, Column, Content, Entry
from optimizer.workbook.writing.references import Row, at, key_of

COLUMNS = {
    "limit": Column("Limit, in all its windows"),
    "answer": Column("Answer"),
    "moved": Column("Moved by", "share"),
    "unit": Column("Unit"),
    "amount": Column("Moved by, in the unit", "any"),
    "least": Column("Cost changes by, USD, least", "USD"),
    "most": Column("Cost changes by, USD, most", "USD"),
    "known": Column("Known (0 or 1)", "switch"),
    "": Column(),
    " ": Column(),
    "figures": Column("Figures"),
    "name": Column("Tightest row in the model"),
}
POINTS_MOVE = "A share moves by points. A figure is known where both ends say the same and differ by less than itself."
ANSWERS = {
    "solved": "solved again",
    "fits": "this plan still fits",
    "bounded": "less than the gap, proved",
    "infeasible": "no plan, proved",
    "stopped": "no answer in time",
}


@dataclass(frozen=True)
class Worth:
    """The move that tells what a limit is worth: its row, and the unit of its amount."""

    unit: str
    row: Row

    def cells(self) -> dict[str, Content]:
        """The middle of the two figures between which the change lies, and the move that changes so much."""
        ends = self.row.part("<least>#n:<most>#n")
        moved, amount = (Formula(f"={self.row.cell(what)}") for what in ("moved", "amount"))
        change = Formula(f"=SUM({ends})/COUNT({ends})")
        return {"price": change, "moved": moved, "amount": amount, "unit of the move": self.unit}


def stamp(explanation: Explanation) -> str:
    """What figures of second solves are."""
    return (
        f"Static: from {explanation.solves:,} second solves, they follow no edit. The plan's gap leaves "
        f"{explanation.gap_usd:,.0f} USD open."
    )


def moves(explanation: Explanation) -> Block:
    """Each move that was solved, limit by limit."""
    rows = [_entry(limit, i, move) for limit in explanation.limits for i, move in enumerate(limit.moves)]
    notes = [stamp(explanation), POINTS_MOVE]
    return Block(rows, COLUMNS, "What moving a limit changes", notes, height=42, gap=2)


def worths(explanation: Explanation | None) -> Mapping[tuple[str, str], Worth]:
    """What is known of limits, by the model's name and what it is of."""
    return {
        (limit.constraint, limit.name): Worth(limit.unit, at("move", limit.constraint, limit.name, i))
        for limit in (explanation.limits if explanation else ())
        for i, move in enumerate(limit.moves)
        if move is (limit.one_more or limit.telling)
    }


def _entry(limit: LimitWorth, i: int, move: Move) -> Entry:
    """A move; a side of the change without a bound stays blank."""
    change = move.change_usd
    least, most = (change.least, change.most) if change else (None, None)
    cells: dict[str, Content] = {
        "limit": limit.limit,
        "answer": ANSWERS[move.answer],
        "moved": move.percent / 100,
        "unit": limit.unit,
        "amount": move.amount,
        "least": None if least is None else least + 0.0,
        "most": None if most is None else most + 0.0,
        "known": float(change is not None and change.is_resolved),
        "figures": "optimiser's, static",
        "name": limit.row,
    }
    return Entry(cells, key_of("move", limit.constraint, limit.name, i))
