"""The rows of a price list as they stand in its file, every mistake of every row at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from catalogs.periods import LARGEST, SMALLEST
from catalogs.problems import MOST_PROBLEMS, InputError
from catalogs.wording import shown_value
from optimizer.price_lists.shape import Columns, Shape, columns_of
from optimizer.usage.csv_rows import CsvFile, Wrong

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_NO_TEXT = re.compile("[\ud800-\udfff]")
_TRUTH = {"true": True, "1": True, "false": False, "0": False, "": False}


@dataclass(frozen=True)
class Row:
    """An instance with accelerators as it is listed: prices in USD an hour, None where there is none."""

    line: int
    instance: str
    accelerator: str
    count: Decimal
    price: Decimal | None
    spot_price: Decimal | None
    region: str
    provider: str
    memory_gb: float | None


@dataclass(frozen=True)
class PriceList:
    """The rows with accelerators, how many have none, and whether a column names the provider."""

    rows: tuple[Row, ...]
    without: int
    has_provider: bool


class _Reader:
    """Fields of one row at a time; what is wrong with them is kept."""

    def __init__(self, file: CsvFile, columns: Columns) -> None:
        optional = (name for name in columns.all if name in file.header or name in columns.needed)
        self.at = {name: file.number_of(name) for name in optional}
        self.columns, self.wrong = columns, list[Wrong]()
        self.row: list[str] = []
        self.line = 0

    def text(self, name: str | None) -> str:
        """A field without blanks around it; empty where the list has no such column."""
        if name is None or name not in self.at:
            return ""
        field = self.row[self.at[name]].strip()
        if _NO_TEXT.search(field):
            self.refuse(name, f"{shown_value(name)} is not UTF-8 text; save the file as UTF-8")
        return field

    def number(self, name: str | None) -> Decimal | None:
        """A number of at least 0; None where nothing stands, and where it is wrong."""
        text = self.text(name)
        if not text or name is None:
            return None
        value = Decimal(text) if _NUMBER.fullmatch(text) else None
        if value is not None and (value == 0 or SMALLEST <= value <= LARGEST):
            return value
        self.refuse(name, f"{shown_value(name)} must be a number, at least 0 (got {shown_value(text)})")
        return None

    def is_spot(self) -> bool:
        text = self.text(self.columns.spot)
        if text.lower() not in _TRUTH:
            name = self.columns.spot or ""
            self.refuse(name, f"{shown_value(name)} must be true or false (got {shown_value(text)})")
        return _TRUTH.get(text.lower(), False)

    def refuse(self, name: str, message: str) -> None:
        self.wrong.append(Wrong(self.line, self.at[name], message))

    def read(self, row: list[str], line: int) -> Row | None:
        """A row with accelerators; None for one without."""
        self.row, self.line, names = row, line, self.columns
        accelerator, count = self.text(names.accelerator), self.number(names.count)
        price, spot_price = self.number(names.usd_per_hour), self.number(names.spot_usd_per_hour)
        if not accelerator:
            return None
        if count is None and not self.text(names.count):
            self.refuse(names.count, f"{shown_value(names.count)} is empty; how many accelerators has the instance?")
        if self.is_spot():
            price, spot_price = None, price
        memory = self.number(names.memory_gb)
        return Row(
            line, self.text(names.instance), accelerator, count or Decimal(0), price, spot_price,
            self.text(names.region), self.text(names.provider), None if memory is None else float(memory),
        )  # fmt: skip


def price_list(path: Path, own: Shape) -> PriceList:
    """The rows of a list. Raises InputError with every mistake, at its line and column."""
    file = CsvFile(path, own.columns.needed if own.columns else ())
    columns = columns_of(path, file.header, own)
    reader = _Reader(file, columns)
    found = list(_rows(file, reader))
    if reader.wrong:
        raise InputError(file.problems(reader.wrong[:MOST_PROBLEMS]))
    rows = tuple(row for row in found if row is not None)
    return PriceList(rows, len(found) - len(rows), columns.provider in file.header)


def _rows(file: CsvFile, reader: _Reader) -> Iterator[Row | None]:
    for chunk in file.chunks():
        reader.wrong += chunk.wrong
        for row, line in zip(chunk.rows, chunk.lines, strict=True):
            if len(reader.wrong) >= MOST_PROBLEMS:
                return
            yield reader.read(row, line)
