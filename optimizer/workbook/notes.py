"""Notes that a reader typed into empty cells of a workbook, carried over into the one that takes its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from openpyxl.cell.cell import Cell
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

from optimizer.workbook.writing.areas import Area, areas_in
from optimizer.workbook.writing.book import Book
from optimizer.workbook.writing.cells import LONGEST_TEXT, cells_of, put_text
from optimizer.workbook.writing.styles import Role


@dataclass(frozen=True)
class Note:
    """A text in a cell that this program left empty."""

    sheet: str
    cell: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.sheet}!{self.cell}"


def keep_notes(book: Book, notes: Iterable[Note]) -> tuple[Note, ...]:
    """Write each note where its cell is empty and no formula reads it; returns those that have no place."""
    notes = tuple(notes)
    read = set(_read(book)) if notes else set()
    left_out = []
    for note in notes:
        cell = _free(book, note, read)
        if cell is None:
            left_out.append(note)
        else:
            book.styles.apply(cell, Role.NOTE, "General")
            put_text(cell, note.text)
    return tuple(left_out)


def _free(book: Book, note: Note, read: Iterable[Area]) -> Cell | None:
    """The cell of a note, if nothing stands there and nothing reads it."""
    if note.sheet not in book.workbook.sheetnames or len(note.text) > LONGEST_TEXT:
        return None
    letters, row = coordinate_from_string(note.cell)
    column = column_index_from_string(letters)
    cell = book.workbook[note.sheet].cell(row, column)
    taken = cell.value is not None or (note.sheet, note.cell) in book.inputs
    if taken or any(area.holds(note.sheet, column, row) for area in read):
        return None
    assert isinstance(cell, Cell)
    return cell


def _read(book: Book) -> Iterator[Area]:
    """Every area that a formula refers to. A text there could break it."""
    for sheet in book.workbook.worksheets:
        for cell in cells_of(sheet):
            if cell.data_type == "f":
                yield from areas_in(str(cell.value), sheet.title)
