"""A CSV file of any length: its header, its rows in chunks with the line of each, and where a field stands.

Files are read as the csv module reads them, strictly, in blocks, so that memory does not grow with the file.
"""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from typing import TextIO

from catalogs.problems import InputError, Location, Problem, suggestion
from catalogs.wording import shown_value

DELIMITERS = (",", ";", "\t")
BLOCK_CHARACTERS = 2**22
ROWS_AT_ONCE, BLOCKS_AT_ONCE = 200_000, 4
"""A chunk ends with either, so that long rows take no more memory than many."""
FEW_ROWS = 100
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Wrong:
    """A mistake in a row: the line that the row begins on, the number of its field, what is to be said."""

    line: int
    field: int
    message: str


@dataclass(frozen=True)
class Chunk:
    """Some rows one after another, all as long as the header, and the line that each begins on."""

    rows: list[list[str]]
    lines: list[int]
    wrong: tuple[Wrong, ...]


class CsvFile:
    """A CSV file whose header names some columns; each of them once. Raises InputError for any other."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path, self._start = path, Location(str(path), 1, 1)
        self._refuse_what_is_no_file()
        self.delimiter, self.header = self._header(columns)

    def number_of(self, column: str) -> int:
        """The number of a column of the header, from 0. Raises InputError."""
        if self.header.count(column) == 1:
            return self.header.index(column)
        if column in self.header:
            raise self._error(f"the header names column '{shown_value(column)}' more than once; rename one")
        known = suggestion(column, {shown_value(name) for name in self.header})
        raise self._error(f"the header names no column '{shown_value(column)}'{known}")

    def chunks(self) -> Iterator[Chunk]:
        """The rows under the header. Blank lines are none. Raises InputError for what is no CSV."""
        with self._opened() as file:
            lines = _Lines(file, self._start)
            reader = csv.reader(lines, strict=True, delimiter=self.delimiter)
            try:
                next(reader)
                line = reader.line_num + 1
                while rows := lines.rows_of(reader):
                    yield self._chunk(rows, line, reader.line_num)
                    line = reader.line_num + 1
            except csv.Error as error:
                at = Location(str(self.path), max(reader.line_num, 1), 1)
                raise InputError(
                    [Problem(at, f'is no CSV: {error}; quote fields as "…", quotes in them twice')]
                ) from error

    def problems(self, wrong: Sequence[Wrong]) -> list[Problem]:
        """Mistakes with their places: the file is read once more, up to the last of them."""
        at = {one.line for one in wrong}
        last = max(at, default=0)
        with self._opened() as file:
            lines = enumerate(islice(_Lines(file, self._start), last), 1)
            texts = {number: text for number, text in lines if number in at}
        found = []
        for one in wrong:
            column = _column_of(texts[one.line], one.field, self.delimiter)
            found.append(Problem(Location(str(self.path), one.line, column), one.message))
        return found

    def _chunk(self, rows: list[list[str]], first: int, last: int) -> Chunk:
        lines = list(range(first, first + len(rows)))
        if last - first + 1 != len(rows):  # some fields have several lines
            spans = (1 + sum(field.count("\n") for field in row) for row in rows)
            lines = list(accumulate(spans, initial=first))[:-1]
        width = len(self.header)
        if set(map(len, rows)) == {width}:
            return Chunk(rows, lines, ())
        sound = [i for i, row in enumerate(rows) if len(row) == width]
        wrong = (
            Wrong(line, min(width, len(row)) - 1, self._wrong_length(len(row)))
            for row, line in zip(rows, lines, strict=True)
            if row and len(row) != width
        )
        return Chunk([rows[i] for i in sound], [lines[i] for i in sound], tuple(wrong))

    def _wrong_length(self, length: int) -> str:
        remedy = "fill the row up" if length < len(self.header) else f"quote fields that contain '{self.delimiter}'"
        return f"the row has {_fields(length)} where the header has {len(self.header)}; {remedy}"

    def _header(self, columns: Sequence[str]) -> tuple[str, list[str]]:
        """The delimiter with which the header names the columns, or else most fields, and the fields."""
        with self._opened() as file:
            line = next(iter(_Lines(file, self._start)), "")
        if not line.strip():
            raise self._error("begins with no header; its first line must name the columns")
        try:
            headers = {sign: next(csv.reader([line], delimiter=sign)) for sign in DELIMITERS}
        except csv.Error as error:
            raise self._error(f"the header is no CSV: {error}") from error
        return max(headers.items(), key=lambda one: (set(columns) <= set(one[1]), len(one[1])))

    def _refuse_what_is_no_file(self) -> None:
        """Only files proper are opened: a pipe or a device may never end."""
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise self._error("is not a file that can be read twice")
            with self.path.open("rb") as file:
                if file.read(2) in UTF_16:
                    raise self._error("is not UTF-8 text; save it as UTF-8")
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror}") from error

    def _opened(self) -> TextIO:
        """Bytes that are no text are kept: in a field that is read they are refused, elsewhere they do no harm."""
        return self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")

    def _error(self, message: str) -> InputError:
        return InputError([Problem(self._start, message)])


def _fields(count: int) -> str:
    return f"{count} field{'' if count == 1 else 's'}"


class _Lines:
    """The lines of a file with their ends, read in blocks: one longer than a block is refused, not collected."""

    def __init__(self, file: TextIO, start: Location) -> None:
        self._file, self._start = file, start
        self._blocks = 0

    def __iter__(self) -> Iterator[str]:
        rest = ""
        while block := self._file.read(BLOCK_CHARACTERS):
            self._blocks += 1
            text = rest + block
            cut = text.rfind("\n") + 1
            rest = text[cut:]
            if len(rest) > BLOCK_CHARACTERS:
                said = f"has a line of more than {BLOCK_CHARACTERS} characters; is it CSV?"
                raise InputError([Problem(self._start, said)])
            yield from io.StringIO(text[:cut], newline="\n")
        if rest:
            yield rest

    def rows_of(self, reader: Iterator[list[str]]) -> list[list[str]]:
        """The next rows of a reader of these lines, as many as make a chunk."""
        rows: list[list[str]] = []
        last = self._blocks + BLOCKS_AT_ONCE
        while len(rows) < ROWS_AT_ONCE and self._blocks < last:
            few = list(islice(reader, FEW_ROWS))
            if not few:
                break
            rows += few
        return rows


def _column_of(text: str, field: int, delimiter: str) -> int:
    """The character at which a field of a row begins, from 1; a field on a later line counts as at the end of this."""
    quoted, before = False, 0
    for column, sign in enumerate(text, 1):
        if before == field:
            return column
        quoted ^= sign == '"'
        before += sign == delimiter and not quoted
    return max(len(text.rstrip("\r\n")), 1)
