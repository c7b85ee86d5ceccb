"""The workbook being written: its facts, and what its last passes and its reader need to know."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName

from optimizer.workbook.embedded import Made
from optimizer.workbook.facts import Facts
from optimizer.workbook.writing.references import FIRST_PERIOD, Places
from optimizer.workbook.writing.styles import Styles


@dataclass(frozen=True)
class Tie:
    """A cell that must show the plan's own number, within 1e-9 of it or within what is said."""

    sheet: str
    cell: str
    expected: float
    meaning: str
    within: float | None = None


@dataclass(frozen=True)
class InputCell:
    """An unlocked cell: the keys that it edits, which part of their value (a period, a window, an age) and its rule."""

    keys: tuple[str, ...]
    part: str
    rule: str
    label: str


@dataclass
class Book:
    """The workbook being written and what its last passes need."""

    facts: Facts
    made: Made
    workbook: Workbook
    styles: Styles
    ties: list[Tie] = field(default_factory=list)
    places: Places = field(default_factory=Places)
    later: list[Callable[[], None]] = field(default_factory=list)
    """Formulas that are written when every line has its place."""
    charts: dict[str, list[str]] = field(default_factory=dict)
    inputs: dict[tuple[str, str], InputCell] = field(default_factory=dict)
    given: set[tuple[str, str]] = field(default_factory=set)
    """Cells that show a text of the user or the catalogue as it stands."""
    fixed: set[str] = field(default_factory=set)
    """Sheets whose columns and rows stay as they are in every language, because a page holds no more."""
    untranslated: set[str] = field(default_factory=set)
    """Words that stand in English for want of an entry in the table of the language."""

    @property
    def last_column(self) -> str:
        return get_column_letter(FIRST_PERIOD + self.facts.periods - 1)

    def name(self, name: str, sheet: str, cell: str) -> None:
        """Give a scalar a name, e.g. discount_rate."""
        column, row = re.fullmatch(r"\$?([A-Z]+)\$?(\d+)", cell).groups()  # type: ignore[union-attr]
        on = f"'{sheet}'" if " " in sheet else sheet
        self.workbook.defined_names[name] = DefinedName(name, attr_text=f"{on}!${column}${row}")

    def write_formulas(self) -> None:
        """Once every sheet is laid out."""
        for write in self.later:
            write()
        self.later.clear()
