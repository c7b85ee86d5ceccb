"""A time sheet: the same columns as every other, written line by line."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import MultiCellRange

from optimizer.workbook.decisions import decisions_of
from optimizer.workbook.writing.book import Book, InputCell, Tie
from optimizer.workbook.writing.cells import Formula, put_number
from optimizer.workbook.writing.lines import (
    CONSTANT,
    END,
    FISCAL_YEAR,
    HEADER,
    HEADERS,
    ITEM,
    LABEL,
    OPENING,
    OVERRIDE,
    PERIOD,
    PLACE,
    SOURCE,
    START,
    SUM,
    TOTAL,
    UNIT,
    VIEW,
    Constant,
    Line,
    Section,
)
from optimizer.workbook.writing.page import Page
from optimizer.workbook.writing.references import FIRST_PERIOD, Place
from optimizer.workbook.writing.rules import rectangles, validation_of
from optimizer.workbook.writing.styles import FORMATS, SPLIT_SYSTEMS, Role

NUMBERS = frozenset({"Constant", "Total", "Opening"})
WIDTHS = (34, 23, 13, 20, 13, 15, 13, 33)


class Table(Page):
    """A time sheet, written from top to bottom."""

    columns = HEADERS

    def __init__(self, book: Book, title: str, heading: str, colour: str) -> None:
        super().__init__(book, title, heading, colour)
        self.next = HEADER + 1
        self._validated: dict[str, list[tuple[int, int]]] = {}
        self._axis()
        self.sheet.freeze_panes = self.sheet.cell(HEADER + 1, FIRST_PERIOD)  # type: ignore[assignment]
        wide = self._period_width()
        self.widths([*WIDTHS, *[wide] * book.facts.periods])
        self._fit(ITEM, [*book.facts.offers, *book.facts.systems])
        self._fit(PLACE, book.facts.places)
        self._fit(LABEL, [f"{each.kind.label}{each.suffix}, optimiser" for each in decisions_of(book.facts)])
        self.print_setup(HEADER, paper=8)
        self.sheet.print_title_cols = "A:D"

    def _fit(self, column: int, ids: Sequence[str]) -> None:
        """Widen a column so that ids are not cut."""
        longest = max((len(each) for each in ids), default=0)
        width = min(40.0, max(WIDTHS[column - 1], longest + 1.0))
        self.sheet.column_dimensions[get_column_letter(column)].width = width

    def _period_width(self) -> float:
        """Wide enough for the largest cost and the most work asked for."""
        facts = self.book.facts
        flows = [abs(value) for periods in facts.plan.costs.values() for value in periods.values()]
        work = [value or 0.0 for name in facts.asked_for for value in facts.asked(name)]
        work += [value for values in facts.unmet.values() for value in values]
        longest = [f"{max(flows, default=0.0):,.0f}", f"{max(work, default=0.0):,.2f}"]
        return max(11.0, max(map(len, longest)) + 3.0)

    def _axis(self) -> None:
        for row, label, unit in (
            (START, "Period starts", "date"),
            (END, "Period ends", "date"),
            (FISCAL_YEAR, "Fiscal year", "year"),
            (PERIOD, "Period number", "number"),
        ):
            self.text(row, LABEL, label)
            self.text(row, UNIT, unit)
            for i in range(self.book.facts.periods):
                self.formula(row, FIRST_PERIOD + i, self.axis_formula(row), None, FORMATS[unit])
        for i, header in enumerate(self.columns):
            self.text(HEADER, i + 1, header, Role.NUMBERS if header in NUMBERS else Role.HEADER)
        for i in range(self.book.facts.periods):
            self.period_header(FIRST_PERIOD + i)

    def axis_formula(self, row: int) -> Formula:
        return Formula(f"=Inputs!@${row}")

    def period_header(self, column: int) -> None:
        self.formula(HEADER, column, Formula(f"=Inputs!@${HEADER}"), Role.NUMBERS)

    def section(self, section: Section) -> None:
        """Write a blank line and the heading across the sheet, if there is one, the sentences and the lines."""
        if section.heading:
            self.next += 1
            for column in range(1, FIRST_PERIOD + self.book.facts.periods):
                self.cell(self.next, column, Role.HEADING)
            self.text(self.next, LABEL, section.heading, Role.HEADING)
            self._put(section.key)
            self.next += 1
        for note in filter(None, (section.note, *section.more)):
            self.text(self.next, LABEL, note, Role.NOTE)
            self.next += 1
        for line in section.lines:
            self._line(self.next, line)
            self.next += 1

    def _put(self, key: str) -> None:
        """Give a key its place, the row that is written."""
        if key:
            self.book.places.put(key, Place(self.title, self.next, self.book.last_column))

    def _line(self, row: int, line: Line) -> None:
        self._put(line.key or line.name)
        for column, text in ((LABEL, line.label), (ITEM, line.item), (PLACE, line.place), (UNIT, line.unit)):
            if text:
                self.text(row, column, text)
        self._side_text(row, line)
        self._scalars(row, line, self.book.last_column)
        self._periods(row, line)
        if line.name:
            self.book.name(line.name, self.title, f"${'F' if line.constant is None else 'E'}${row}")
        self.book.tie(self.title, row, line.shows, line.meaning)
        if line.shows_in_total is not None:
            self.book.ties.append(Tie(self.title, f"F{row}", line.shows_in_total, line.meaning, line.within))

    def _side_text(self, row: int, line: Line) -> None:
        source = "; ".join(filter(None, (line.source, line.locked and f"locked: {line.locked}")))
        for column, text in ((TOTAL, line.basis), (OPENING, line.date), (SOURCE, source)):
            if text:
                self.text(row, column, text, Role.NOTE if column == SOURCE else Role.LABEL)

    def _scalars(self, row: int, line: Line, last: str) -> None:
        total = f"=SUM(I{row}:{last}{row})" if line.total == SUM else line.total
        for column, value in ((CONSTANT, line.constant), (TOTAL, total), (OPENING, line.opening)):
            if value is not None:
                self._value(row, column, value, line)

    def _periods(self, row: int, line: Line) -> None:
        if line.periods is None:
            return
        count = self.book.facts.periods
        values = [line.periods] * count if isinstance(line.periods, str) else list(line.periods)
        for i, value in enumerate(values):
            self._value(row, FIRST_PERIOD + i, value, line)

    def _value(self, row: int, column: int, value: Constant, line: Line) -> None:
        unit = line.constant_unit if column == CONSTANT and line.constant_unit else line.unit
        number_format = FORMATS[unit] if line.whole or unit != "systems" else SPLIT_SYSTEMS
        if line.keys and line.keys[0].startswith(VIEW):
            value = self.book.made.views.get(line.keys[0], value)
        if isinstance(value, str):
            self.formula(row, column, Formula(value), Role.TOTAL if line.role is Role.TOTAL else None, number_format)
            return
        editable = line.role is None and _editable(line, value)
        role = line.role or (Role.INPUT if editable else Role.FIXED)
        shown = number_format if line.role else number_format.replace('"-"', "0")
        cell = self.cell(row, column, role, shown)
        if value is not None:
            put_number(cell, value)
        if line.rule:
            self._validated.setdefault(line.rule, []).append((column, row))
        if editable:
            part = line.part if column < FIRST_PERIOD else self.book.facts.keys[column - FIRST_PERIOD]
            self.book.inputs[self.title, cell.coordinate] = InputCell(line.keys, part, line.rule, _named(line))

    def finish(self) -> None:
        """Attach the rules of the input cells, few and in rectangles."""
        for rule, cells in sorted(self._validated.items()):
            validation = validation_of(rule)
            validation.sqref = MultiCellRange(rectangles(cells))
            self.sheet.add_data_validation(validation)


def _editable(line: Line, value: Constant) -> bool:
    """Whether a cell may be edited: it has a key, and a number unless blank is what an override is."""
    return bool(line.keys) and (value is not None or line.keys[0].startswith(OVERRIDE))


def _named(line: Line) -> str:
    """A line in words, for messages."""
    return " ".join(filter(None, (line.label, line.item, line.place)))
