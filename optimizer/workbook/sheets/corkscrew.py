"""Balances: opening, what comes in, what goes out, closing; and those of the book view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.workbook.sheets.assets import Asset
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import SUM, Line
from optimizer.workbook.writing.references import Row
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.table import Table


@dataclass(frozen=True)
class Corkscrew:
    """A balance by period; the opening balance of the horizon stands in the opening column of `opening`."""

    opening: Row
    ins: list[Row]
    outs: list[Row]
    closing: Row

    @property
    def rows(self) -> list[Row]:
        return [self.opening, *self.ins, *self.outs, self.closing]


@dataclass(frozen=True)
class ClassRows:
    """A class of assets: cost and accumulated depreciation as balances, and the net book value by period."""

    cost: Corkscrew
    depreciation: Corkscrew
    net: Row


@dataclass(frozen=True)
class BookRows:
    """The book view: balances, and at the end of the horizon (totals) book value, residual and their difference.

    `prepaid` is None where nothing is purchased; `received` and `gain` are about what is retired, by period;
    `book_left` and `residual_left` are totals by asset.
    """

    classes: dict[str, ClassRows]
    prepaid: Corkscrew | None
    building: Corkscrew
    total: Corkscrew
    received: Row
    gain: Row
    book_at_end: Row
    residual_at_end: Row
    difference: Row
    book_left: Mapping[Asset, Row]
    residual_left: Mapping[Asset, Row]


def corkscrew(
    table: Table,
    name: str,
    ins: Mapping[str, Formula | str],
    outs: Mapping[str, Formula | str],
    opening: Formula | str | None = None,
    unit: str = "USD",
) -> Corkscrew:
    """Write a balance that starts at `opening`, or at zero; all amounts are positive, outs are deducted."""
    top, first_out = table.next, table.next + 1 + len(ins)
    last = first_out + len(outs) - 1
    before = f"SUM($H{top + 1}:~{first_out - 1})-SUM($H{first_out}:~{last})"
    start = opening or Formula("=0")
    line = Line(f"{name}, opening", unit, opening=start, periods=Formula(f"=$G{top}+{before}"))
    opened = table.line(line)
    came = [_flow(table, f"{name}: {label}", unit, formula) for label, formula in ins.items()]
    went = [_flow(table, f"{name}: less {label}", unit, formula) for label, formula in outs.items()]
    now = Formula(f"=@{top}+SUM(@{top + 1}:@{first_out - 1})-SUM(@{first_out}:@{last})")
    closed = table.line(Line(f"{name}, closing", unit, periods=now, role=Role.TOTAL))
    return Corkscrew(opened, came, went, closed)


def _flow(table: Table, label: str, unit: str, formula: Formula | str) -> Row:
    return table.line(Line(label, unit, total=SUM, periods=formula))
