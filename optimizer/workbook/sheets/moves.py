"""What moving a limit changes: the second solves of an explanation, below the table of Limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.explain.explanation import Between, Explanation, LimitWorth, Move
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.page import Page
from optimizer.workbook.writing.styles import FORMATS, Role

HEADERS = (
    "Limit, in all its windows", "Answer", "Moved by", "Unit", "Moved by, in the unit", "Cost changes by, USD, least",
    "Cost changes by, USD, most", "Known (0 or 1)", "", "", "Figures", "Tightest row in the model",
)  # fmt: skip
LIMIT, ANSWER, MOVED, UNIT, AMOUNT, LEAST, MOST, KNOWN, *_, FIGURES, NAME = range(1, len(HEADERS) + 1)
NUMBERS = (MOVED, AMOUNT, LEAST, MOST, KNOWN)
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
    row: int

    @property
    def change(self) -> Formula:
        """The middle of the two figures between which the change lies."""
        ends = f"F{self.row}:G{self.row}"
        return Formula(f"=SUM({ends})/COUNT({ends})")

    @property
    def moved(self) -> Formula:
        return Formula(f"=C{self.row}")

    @property
    def amount(self) -> Formula:
        return Formula(f"=E{self.row}")


def write_moves(page: Page, explanation: Explanation, row: int) -> Mapping[tuple[str, str], Worth]:
    """Write the block from a row on; returns what is known of limits, by the model's name and what it is of."""
    for column in range(1, len(HEADERS) + 1):
        page.cell(row, column, Role.HEADING)
    page.text(row, 1, "What moving a limit changes", Role.HEADING)
    stamp = f"Static: from {explanation.solves:,} second solves, they follow no edit. The plan's gap leaves "
    page.text(row + 1, 1, f"{stamp}{explanation.gap_usd:,.0f} USD open.", Role.NOTE)
    page.text(row + 2, 1, POINTS_MOVE, Role.NOTE)
    page.headers(row + 3, [(header, i in NUMBERS) for i, header in enumerate(HEADERS, start=1)], 42)
    found: dict[tuple[str, str], Worth] = {}
    row += 4
    for limit in explanation.limits:
        for move in limit.moves:
            _write(page, row, limit, move)
            if move is (limit.one_more or limit.telling):
                found[limit.constraint, limit.name] = Worth(limit.unit, row)
            row += 1
    return found


def _write(page: Page, row: int, limit: LimitWorth, move: Move) -> None:
    known = move.change_usd is not None and move.change_usd.is_resolved
    page.text(row, LIMIT, limit.limit)
    page.text(row, ANSWER, ANSWERS[move.answer])
    page.number(row, MOVED, move.percent / 100, Role.SOLVER, "share")
    page.text(row, UNIT, limit.unit)
    page.number(row, AMOUNT, move.amount, Role.SOLVER, "any")
    _between(page, row, move.change_usd)
    page.number(row, KNOWN, float(known), Role.SOLVER, "switch")
    page.text(row, FIGURES, "optimiser's, static")
    page.text(row, NAME, limit.row)


def _between(page: Page, row: int, usd: Between | None) -> None:
    """The two figures; a side without a bound stays blank."""
    for column, value in zip((LEAST, MOST), (usd.least, usd.most) if usd is not None else (), strict=False):
        if value is not None:
            page.number(row, column, value + 0.0, Role.SOLVER, "USD")


def worth_cells(page: Page, row: int, change: int, move: int, worth: Worth) -> None:
    """What a move changes, in one column of the same sheet, and the move, in three others from `move` on."""
    page.formula(row, change, worth.change, None, FORMATS["USD"])
    page.formula(row, move, worth.moved, None, FORMATS["share"])
    page.formula(row, move + 1, worth.amount, None, FORMATS["any"])
    page.text(row, move + 2, worth.unit)
