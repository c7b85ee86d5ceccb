"""How cells look: a style for each role, a number format for each unit, colours with enough contrast."""

from __future__ import annotations

import re
from copy import copy
from enum import StrEnum

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Color, Font, NamedStyle, PatternFill, Protection, Side

from optimizer.request.charges import TARIFFS

FONT = "Calibri"
NAVY, BLUE, GREEN, VIOLET, GREY, RED = "1F3864", "0000FF", "006100", "5B2C83", "595959", "A33C00"
PALE_YELLOW, PALE_VIOLET, PALE_BLUE = "FFFBE0", "F1E9F8", "DCE6F1"
PALE_GREY, PALE_GREEN, PALE_RED = "F2F2F2", "E2F0D9", "FBE3D6"
CHART_COLOURS = ("111122", "CCBB55", "5500EE", "EE9999", "335544", "AAAAEE", "995511", "77FFEE", "662299", "DDFF44")
"""Fills, dark and pale in turn so that neighbours differ in grey as well, all of them told apart by the colour-blind of
each kind; pale ones need an outline to stand out."""


class Role(StrEnum):
    """What a cell is; each role has one look, listed in the key on Contents."""

    TITLE = "Title of sheet"
    NOTE = "Note"
    HEADER = "Column header"
    NUMBERS = "Column header, numbers"
    HEADING = "Heading"
    LABEL = "Line label"
    WRAPPED = "Wrapped text"
    INPUT = "Assumption"
    FIXED = "Assumption, locked"
    SOLVER = "Optimiser value"
    FORMULA = "Calculation"
    LINK = "Link"
    TOTAL = "Sum"
    STATUS = "Status"


def _signed(digits: str) -> str:
    """Thousands, parentheses for receipts, a dash for zero; figures line up whatever their sign."""
    return f'{digits}_);({digits});"-"_)'


_WHOLE, _ONE, _TWO, _THREE, _MONEY = (
    _signed(digits) for digits in ("#,##0", "#,##0.0", "#,##0.00", "#,##0.000", "#,##0.00##")
)
_WORK = '[=0]"-"_);[>=1000]#,##0_);#,##0.00_)'
_SMALL_MONEY = '[=0]"-"_);[<0.01]0.000000_);#,##0.0000_)'
_PLAIN, _ANY = "0_)", "#,##0.########_)"
FORMATS: dict[str, str] = {
    **dict.fromkeys(
        ("USD", "USD/system", "USD/system-year", "USD/MW", "systems", "accelerators", "accelerators/system"), _WHOLE
    ),
    **dict.fromkeys(("USD/accelerator-hour", "USD/t", "kg/accelerator-hour"), _MONEY),
    **{tariff.unit: _signed(tariff.digits) for tariff in TARIFFS},
    **dict.fromkeys(("USD m", "racks", "MWh"), _ONE),
    **dict.fromkeys(("kW", "t", "USD/hour", "kW/system", "racks/system"), _TWO),
    **dict.fromkeys(("units/s", "units/s/accelerator", "unit-hours", "pool units"), _WORK),
    **dict.fromkeys(("accelerators/month", "systems/month", "pool units/month"), _WHOLE),
    "pool units/accelerator": _ANY,
    **dict.fromkeys(("periods", "months", "month", "year", "number", "switch"), _PLAIN),
    **dict.fromkeys(("kW/MW", "kg/t", "USD/USD m", "hours", "starts"), _WHOLE),
    **dict.fromkeys(("share", "share/year", "share/month"), "0.0##%_);(0.0##%)"),
    **dict.fromkeys(("s/hour", "TFLOP/PFLOP", "accelerator-hours", "USD/kW-year", "USD/MW-year"), _WHOLE),
    "USD/kW": _MONEY,
    **dict.fromkeys(("USD/PFLOP-hour", "USD/million"), _SMALL_MONEY),
    **dict.fromkeys(("kW-years", "MW-years"), _ONE),
    **dict.fromkeys(("MW", "blocks"), _THREE),
    "count": "#,##0_)",
    "USD/unit-hour": _signed("#,##0.00####"),
    "currency": _WHOLE,
    "currency/USD": "#,##0.00####_)",
    "years": "0.0##_)",
    "ratio": "0.00##_)",
    "factor": "0.000000_)",
    "date": "yyyy-mm-dd",
    "any": "0.##########_)",
}
"""Every unit a line may have and how its numbers look; a unit that is not here is refused."""
CURRENCY = re.compile("^[A-Z]{3}(?=$|/)")
SPLIT_SYSTEMS = _TWO


def in_usd(unit: str) -> str:
    """The unit with USD for whatever currency it is in: numbers of both look alike."""
    return CURRENCY.sub("USD", unit)


def look_of(unit: str) -> str:
    """How numbers of a unit look."""
    return FORMATS[in_usd(unit)]


def _box(colour: str) -> Border:
    side = Side("hair", color=colour)
    return Border(left=side, right=side, top=side, bottom=side)


def _style(
    role: Role, colour: str = "000000", fill: str | None = None, border: Border | None = None,
    alignment: Alignment | None = None, **more: bool | int,
) -> NamedStyle:  # fmt: skip
    style = NamedStyle(role.value)
    style.font = Font(FONT, sz=more.get("size", 10), b=bool(more.get("bold")), i=bool(more.get("italic")), color=colour)
    if fill:
        style.fill = PatternFill("solid", fgColor=Color("FF" + fill), bgColor=Color("FF" + fill))
    if border:
        style.border = border
    wrapped = bool(more.get("wrap"))
    style.alignment = alignment or Alignment(vertical="top" if wrapped else "center", wrap_text=wrapped)
    style.protection = Protection(locked=role is not Role.INPUT)
    return style


def _looks() -> list[NamedStyle]:
    right = Alignment(horizontal="right", vertical="center", indent=1)
    return [
        _style(Role.TITLE, NAVY, bold=True, size=16),
        _style(Role.NOTE, GREY, italic=True),
        _style(Role.HEADER, "FFFFFF", NAVY, bold=True, wrap=True),
        _style(Role.NUMBERS, "FFFFFF", NAVY, alignment=right, bold=True),
        _style(Role.HEADING, NAVY, PALE_BLUE, bold=True),
        _style(Role.LABEL),
        _style(Role.WRAPPED, wrap=True),
        _style(Role.INPUT, BLUE, PALE_YELLOW, _box("BFB88A")),
        _style(Role.FIXED, BLUE, PALE_GREY, _box("BFBFBF")),
        _style(Role.SOLVER, VIOLET, PALE_VIOLET, _box("B9A6CC")),
        _style(Role.FORMULA),
        _style(Role.LINK, GREEN),
        _style(Role.TOTAL, border=Border(top=Side("thin", color=NAVY)), bold=True),
        _style(Role.STATUS, bold=True),
    ]


class Styles:
    """Applies a role and a number format to a cell; each pair is built once and then copied."""

    def __init__(self, workbook: Workbook, font: str = FONT) -> None:
        for look in _looks():
            look.font = copy(look.font)
            look.font.name = font
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
