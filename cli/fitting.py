"""What fits a screen: prose folded by words, tables whose headings and words fold and that leave columns out last."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

GAP = 2
"""Blanks between two columns."""
BREAKS = " ,(./_"
"""Signs after which a name may go on in the next line."""
UNIT_FOLLOWS = re.compile(r"(?:\d|(?:^|[ ,])M)$")
"""How a text ends that goes on with a unit: `12 kW`, `M USD`."""
POINT_OF_NUMBER = re.compile(r"\d\.\d")
UNLIMITED = 10**9
FOLDED = (UNLIMITED, 24, 16, 6)
"""To how few signs cells of text are folded: one after the other, each without and with columns left out."""
NARROWEST = 20


def screen_width() -> int:
    """Columns of the terminal; where output goes elsewhere, those of COLUMNS, and without it as many as it takes."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal():
        return max(NARROWEST, shutil.get_terminal_size((80, 24)).columns)
    return UNLIMITED


def folded(text: str, width: int, breaks: str = BREAKS) -> list[str]:
    """A text in lines of at most so many columns, broken at a blank, else after a sign of `breaks`, else anywhere."""
    lines = []
    while len(text) > 1 and _breadth(text) > width:
        cut = _cut(text, width, breaks)
        lines.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*lines, text]


def _cut(text: str, width: int, breaks: str) -> int:
    """After how many signs a line of some width ends: no number loses its unit, if there is another place."""
    end = max((k for k in range(1, min(len(text), width + 1)) if _breadth(text[:k]) <= width), default=1)
    blanks = [k for k in range(end, 0, -1) if text[k] == " "]
    places = (
        *(k for k in blanks if k > end / 2 and not UNIT_FOLLOWS.search(text, 0, k)),
        *(k for k in blanks if k > end / 2),
        *(k for k in range(end, 1, -1) if text[k - 1] in breaks and not POINT_OF_NUMBER.match(text, k - 2)),
    )
    return next(iter(places), end)


@dataclass(frozen=True)
class Grid:
    """Headings and cells; `numbers` are the columns that are aligned to the right and whose cells are never folded."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int]

    def only(self, kept: Sequence[int]) -> Grid:
        """Some of its columns."""
        return Grid(
            [self.columns[k] for k in kept],
            [[row[k] for k in kept] for row in self.rows],
            frozenset(place for place, k in enumerate(kept) if k in self.numbers),
        )

    def folded(self, width: int, least: int) -> Grid:
        """The same in a width, if cells of text that are no narrower than `least` allow it: headings fold first."""
        cells = [max((_breadth(row[k]) for row in self.rows), default=0) for k in range(len(self.columns))]
        heads = [max(map(_breadth, _words(name)), default=0) for name in self.columns]
        texts = [cell if k in self.numbers else min(cell, least) for k, cell in enumerate(cells)]
        widths = [max(cell, _breadth(name)) for cell, name in zip(cells, self.columns, strict=True)]
        for floors in (cells, texts):
            _narrow(widths, [max(pair) for pair in zip(floors, heads, strict=True)], width)
        return Grid(_lines(self.columns, widths), [_lines(row, widths) for row in self.rows], self.numbers)

    @cached_property
    def widths(self) -> list[int]:
        """Columns of a screen that each column takes."""
        columns = zip(self.columns, *self.rows, strict=True)
        return [max(_breadth(line) for cell in column for line in cell.split("\n")) for column in columns]

    @property
    def width(self) -> int:
        return sum(self.widths) + GAP * (len(self.columns) - 1)

    def drawn(self, row: Sequence[str]) -> Iterator[str]:
        """A row, or the headings, as lines of a screen."""
        cells = [cell.split("\n") for cell in row]
        for k in range(max(map(len, cells))):
            shown = [cell[k] if k < len(cell) else "" for cell in cells]
            aligned = [
                f"{' ' * (width - _breadth(text))}{text}" if column in self.numbers else
                f"{text}{' ' * (width - _breadth(text))}"
                for column, (text, width) in enumerate(zip(shown, self.widths, strict=True))
            ]  # fmt: skip
            yield (" " * GAP).join(aligned).rstrip()


def fitted(whole: Grid, spare: Sequence[int], width: int) -> tuple[Grid, list[str]]:
    """A table in a width, and the headings of the columns of `spare` that are left out for it, the first ones first.

    Columns are left out before cells are folded, if that is enough, and where folding is not.
    """
    for least, count in product(FOLDED, range(len(spare) + 1)):
        kept = [k for k in range(len(whole.columns)) if k not in spare[:count]]
        shown = whole.only(kept).folded(width, least)
        if shown.width <= width:
            break
    return shown, [whole.columns[k] for k in range(len(whole.columns)) if k not in kept]


def in_parts(whole: Grid, width: int) -> list[Grid]:
    """A table of many figures in parts under one another, each with the first column and as many others as fit."""
    narrowest = [whole.only([k]).folded(1, UNLIMITED).width for k in range(len(whole.columns))]
    parts: list[list[int]] = [[0]]
    for k in range(1, len(whole.columns)):
        room = width - GAP * len(parts[-1]) - sum(narrowest[each] for each in parts[-1])
        if len(parts[-1]) > 1 and narrowest[k] > room:
            parts.append([0])
        parts[-1].append(k)
    return [whole.only(kept) for kept in parts]


def _words(name: str) -> list[str]:
    """The parts of a heading that stay whole: its words, a unit with what it is one of."""
    return re.sub(r"\bM (?=\w)", "M\0", name).split(" ")


def _narrow(widths: list[int], floors: Sequence[int], most: int) -> None:
    """Takes from the widest column that has some to give until all fit, or none has."""
    room = most - GAP * (len(widths) - 1)
    while sum(widths) > room and (giving := [k for k in range(len(widths)) if widths[k] > floors[k]]):
        widths[max(giving, key=lambda k: widths[k])] -= 1


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return ["\n".join(folded(cell, width)) for cell, width in zip(row, widths, strict=True)]


def _breadth(text: str) -> int:
    """Columns of a screen that a text takes: some signs take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def paragraph(text: str, width: int) -> Iterator[str]:
    """A line of prose in lines of a width; what goes on is set in by two more than it begins."""
    indent = " " * (len(text) - len(text.lstrip()))
    first, *rest = folded(text, width, " ")
    yield first
    if rest:
        yield from (
            f"{indent}  {line}" for line in folded(" ".join(rest), max(NARROWEST, width - len(indent) - 2), " ")
        )
