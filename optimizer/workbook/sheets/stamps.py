"""What the sheets of futures have in common: the stamp of a run, and texts to the right of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.styles import Alignment

from optimizer.uncertainty.results import RobustResult
from optimizer.workbook.facts import CENT
from optimizer.workbook.language.given import Given
from optimizer.workbook.writing.lists import Block, Cell, Column, Entry
from optimizer.workbook.writing.styles import Role

STAMP = {"what": Column("The run"), "value": Column("Value")}
LONGEST_COMMAND, ROW_CM, RELATIVE = 200, 0.53, 1e-9
APART = Alignment(horizontal="left", vertical="top", indent=1)
"""Of texts to the right of numbers, which would touch them."""


def stamped(figures: Sequence[tuple[str, str | float, str]]) -> Block:
    """What each figure is, the figure, and the look of a number."""
    return Block([Entry((what, _shown(value, look))) for what, value, look in figures], STAMP)


def _shown(value: str | float, look: str) -> str | Cell:
    return value if isinstance(value, str) else Cell(value, look)


def command_of(command: str) -> str:
    """A command as far as it fits; Log has all of it."""
    cut = command if len(command) <= LONGEST_COMMAND else f"{command[:LONGEST_COMMAND]}…"
    return Given(cut) if cut else "not recorded"


def digits(sha256: str) -> str:
    """The first digits of a hash."""
    return Given(sha256[:16])


def room(decision: RobustResult) -> float:
    """What rounding may do to sums and differences of costs: a cent, and of very large ones a part of them."""
    return CENT + RELATIVE * max(abs(usd) for row in decision.regret for usd in row.costs_usd.values())


def rows_of(height_cm: float) -> int:
    """How many rows a chart covers, and one on each side of it."""
    return int(height_cm / ROW_CM) + 3


def beside(text: str) -> Cell:
    """A text to the right of a number."""
    return Cell(text, alignment=APART)


def header_beside(text: str) -> Column:
    """The column of such texts."""
    return Column(Cell(text, role=Role.HEADER, alignment=APART))


def counted(amount: float) -> Cell:
    """Whole systems as such, others to the hundredth."""
    return Cell(amount, "count" if amount.is_integer() else "kW")
