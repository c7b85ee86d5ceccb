"""How cells look: a style for each role, a number format for each unit, colours with enough contrast."""

from __future__ import annotations

from copy import copy
from enum import Enum

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Color, Font, NamedStyle, PatternFill, Protection, Side

FONT = "Calibri"
NAVY, BLUE, GREEN, VIOLET, GREY, RED = "1F3864", "0000FF", "006100", "5B2C83", "595959", "A33C00"
PALE_YELLOW, PALE_VIOLET, PALE_BLUE, PALE_GREY, PALE_GREEN, PALE_RED = (
    "FFFBE0",
    "F1E9F8",
    "DCE6F1",
    "F2F2F2",
    "E2F0D9",
    "FBE3D6",
)
CHART_COLOURS = ("0072B2", "C05000", "117A5B", "8E4A8A", "7A6A00", "3B3F8C", "B3275E", "5F6B73", "0B8A9E", "7B4B26")
"""Marks with at least 3:1 on white, told apart by lightness as well as hue."""


class Role(str, Enum):
    """What a cell is; each role has one look, listed in the key on Contents."""

    TITLE = "Title of sheet"
    NOTE = "Note"
    HEADER = "Column header"
    HEADING = "Heading"
    LABEL = "Line label"
    WRAPPED = "Wrapped text"
    INPUT = "Assumption"
    SOLVER = "Optimiser value"
    FORMULA = "Calculation"
    LINK = "Link"
    TOTAL = "Sum"
    STATUS = "Status"


_USD = '#,##0;(#,##0);"-"'
_COUNT = '#,##0;(#,##0);"-"'
_FINE = '#,##0.00;(#,##0.00);"-"'
FORMATS: dict[str, str] = {
    "USD": _USD,
    "USD/system": _USD,
    "USD/year": _USD,
    "USD/system-year": _USD,
    "USD m": '#,##0.0;(#,##0.0);"-"',
    "USD/accelerator-hour": "#,##0.00##",
    "USD/hour": _FINE,
    "USD/MWh": "#,##0.00##",
    "USD/kW-month": "#,##0.00##",
    "USD/t": "#,##0.00##",
    "USD/unit-hour": "#,##0.00####",
    "USD/MW": _USD,
    "systems": _COUNT,
    "accelerators": _COUNT,
    "accelerators/system": "#,##0",
    "racks": '#,##0.0;(#,##0.0);"-"',
    "kW": _FINE,
    "kW/system": "#,##0.00##",
    "racks/system": "#,##0.00##",
    "MW": '#,##0.000;(#,##0.000);"-"',
    "MWh": '#,##0.0;(#,##0.0);"-"',
    "kg/MWh": "#,##0.0##",
    "kg/accelerator-hour": "#,##0.00##",
    "t": _FINE,
    "kg/t": "#,##0",
    "kW/MW": "#,##0",
    "USD/USD m": "#,##0",
    "months": "0",
    "periods": "0",
    "years": "0.0##",
    "hours": "#,##0.##",
    "share": "0.0##%",
    "share/year": "0.0##%",
    "ratio": "0.00##",
    "factor": "0.000000",
    "switch": "0",
    "date": "yyyy-mm-dd",
    "year": "0",
    "number": "General",
    "count": "0",
    "month": "0",
    "units/s": "#,##0.##",
    "USD tolerance": "0.00#######",
    "currency/USD": "#,##0.00####",
}
"""Every unit a line may have and how its numbers look; a unit that is not here is refused."""
WHOLE_SYSTEMS, SPLIT_SYSTEMS = _COUNT, '#,##0.00;(#,##0.00);"-"'


def _side(colour: str) -> Border:
    return Border(bottom=Side("hair", color=colour))


def _style(role: Role, colour: str = "000000", fill: str | None = None, **more: bool | int) -> NamedStyle:
    style = NamedStyle(role.value)
    style.font = Font(FONT, sz=more.get("size", 10), b=bool(more.get("bold")), i=bool(more.get("italic")), color=colour)
    if fill:
        style.fill = PatternFill("solid", fgColor=Color("FF" + fill), bgColor=Color("FF" + fill))
    style.alignment = Alignment(vertical="top" if more.get("wrap") else "center", wrap_text=bool(more.get("wrap")))
    style.protection = Protection(locked=role is not Role.INPUT)
    return style


def _looks() -> list[NamedStyle]:
    header = _style(Role.HEADER, "FFFFFF", NAVY, bold=True, wrap=True)
    heading = _style(Role.HEADING, NAVY, PALE_BLUE, bold=True)
    total = _style(Role.TOTAL, bold=True)
    total.border = Border(top=Side("thin", color=NAVY))
    inputs = _style(Role.INPUT, BLUE, PALE_YELLOW)
    inputs.border = _side("BFB88A")
    solver = _style(Role.SOLVER, VIOLET, PALE_VIOLET)
    solver.border = _side("B9A6CC")
    return [
        _style(Role.TITLE, NAVY, bold=True, size=16),
        _style(Role.NOTE, GREY, italic=True),
        header,
        heading,
        _style(Role.LABEL),
        _style(Role.WRAPPED, wrap=True),
        inputs,
        solver,
        _style(Role.FORMULA),
        _style(Role.LINK, GREEN),
        total,
        _style(Role.STATUS, bold=True),
    ]


class Styles:
    """Applies a role and a number format to a cell; each pair is built once and then copied."""

    def __init__(self, workbook: Workbook) -> None:
        for look in _looks():
            workbook.add_named_style(look)
        self._made: dict[tuple[Role, str], object] = {}

    def apply(self, cell: Cell, role: Role, number_format: str = "General") -> None:
        """Style a cell; do this before writing its value."""
        made = self._made.get((role, number_format))
        if made is None:
            cell.style = role.value
            cell.number_format = number_format
            self._made[role, number_format] = copy(cell._style)  # type: ignore[attr-defined]
        else:
            cell._style = copy(made)  # type: ignore[attr-defined]


def format_of(unit: str) -> str:
    """The number format of a unit."""
    return FORMATS[unit]
