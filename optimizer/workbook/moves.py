"""What moving a limit changes: the second solves of an explanation, below the table of Limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.explain.explanation import Between, Explanation, LimitWorth, Move
from optimizer.workbook.cells import Formula
from optimizer.workbook.layout import Page
from optimizer.workbook.styles import FORMATS, Role

HEADERS = (
    "Limit, in all its windows", "Answer", "Moved by", "Unit", "Cost changes by, USD, least",
    "Cost changes by, USD, most", "By one unit more, USD, least", "By one unit more, USD, most", "Known (0 or 1)",
    "", "Figures", "Tightest row in the model",
)  # fmt: skip
LIMIT, ANSWER, MOVED, UNIT, LEAST, MOST, UNIT_LEAST, UNIT_MOST, KNOWN, _, FIGURES, NAME = range(1, len(HEADERS) + 1)
NUMBERS = (MOVED, LEAST, MOST, UNIT_LEAST, UNIT_MOST, KNOWN)
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
    """What one unit more of a limit changes: by which unit, the row of the move that tells it, and how it looks."""

    unit: str
    row: int
    look: str

    @property
    def formula(self) -> Formula:
        """The middle of the two figures."""
        ends = f"G{self.row}:H{self.row}"
        return Formula(f"=SUM({ends})/COUNT({ends})")


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
            if move is limit.one_more:
                found[limit.constraint, limit.name] = Worth(limit.unit, row, _look(move.usd_per_unit))
            row += 1
    return found


def _write(page: Page, row: int, limit: LimitWorth, move: Move) -> None:
    known = move.change_usd is not None and move.change_usd.is_resolved
    page.text(row, LIMIT, limit.limit)
    page.text(row, ANSWER, ANSWERS[move.answer])
    page.number(row, MOVED, move.percent / 100, Role.SOLVER, "share")
    page.text(row, UNIT, limit.unit)
    _between(page, row, LEAST, move.change_usd, "USD")
    _between(page, row, UNIT_LEAST, move.usd_per_unit, _look(move.usd_per_unit))
    page.number(row, KNOWN, float(known), Role.SOLVER, "switch")
    page.text(row, FIGURES, "optimiser's, static")
    page.text(row, NAME, limit.row)


def _between(page: Page, row: int, column: int, usd: Between | None, look: str) -> None:
    """The two figures; a side without a bound stays blank."""
    for i, value in enumerate((usd.least, usd.most) if usd is not None else ()):
        if value is not None:
            page.number(row, column + i, value + 0.0, Role.SOLVER, look)


def _look(usd: Between | None) -> str:
    """Cents, or more decimals where the unit is worth less than a dollar."""
    small = usd is not None and usd.middle is not None and abs(usd.middle) < 1
    return "USD/unit-hour" if small else "kW"


def worth_cell(page: Page, row: int, column: int, worth: Worth) -> None:
    """What one unit more changes, in a cell of the same sheet."""
    page.formula(row, column, worth.formula, None, FORMATS[worth.look])
