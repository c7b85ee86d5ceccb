"""How cells look: the names of their styles, their formats and colours."""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl.styles.styleable import StyleableObject

from optimizer.workbook.back.package import Package, local

STYLES = "xl/styles.xml"
BLACK, WHITE = "FF000000", "FFFFFFFF"


@dataclass(frozen=True)
class Look:
    """How a cell looks: the name of its style, its number format, its colours and whether anything fills it."""

    style: str
    number_format: str
    ink: object
    ground: object
    filled: bool


class Looks:
    """How the cells of a file look.

    openpyxl takes the place of a style's name in the list for its number, which other programs do not number through.
    """

    def __init__(self, package: Package) -> None:
        self._names: dict[int, str] = {}
        for event, element in package.elements(STYLES) if STYLES in package.parts else ():
            if event == "end" and local(element.tag) == "cellStyle":
                self._names.setdefault(int(element.get("xfId", 0)), element.get("name", ""))
        self._by_number: dict[int, Look] = {}
        self._by_cell: dict[StyleableObject, Look] = {}

    def of(self, cell: StyleableObject) -> Look:
        """The look of a cell, which it shares with all of its style's number."""
        if cell not in self._by_cell:
            number = cell.style_id
            if number not in self._by_number:
                self._by_number[number] = self._look(cell)
            self._by_cell[cell] = self._by_number[number]
        return self._by_cell[cell]

    def _look(self, cell: StyleableObject) -> Look:
        colour, fill = cell.font.color, cell.fill
        return Look(
            self._names.get(cell._style.xfId, ""),  # type: ignore[attr-defined]
            cell.number_format,
            BLACK if colour is None else colour.rgb,
            fill.fgColor.rgb if fill.fill_type == "solid" else WHITE,
            fill.fill_type is not None,
        )
