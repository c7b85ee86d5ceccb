"""The part of Depreciation behind leases: by offer, payments over the term, their value, and what remains of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer.workbook.facts import Group
from optimizer.workbook.sheets.carriers import OrderRows
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import PERIOD, SUM, Constant, Line
from optimizer.workbook.writing.references import HERE, Row, cohort
from optimizer.workbook.writing.table import Table


@dataclass(frozen=True)
class LeaseTerms:
    """By group, in one order: rent by period; by period of entry liability; charges; and totals after the horizon.

    `charge` is the straight line over the asset, `level` over the payments; `later` are payments due after the
    horizon, undiscounted, and `left` their value at its end.
    """

    rent: list[Row]
    liability: list[Row]
    charge: list[Row]
    level: list[Row]
    later: list[Row]
    left: list[Row]


@dataclass(frozen=True)
class Growth:
    """How a liability grows in a period, and from a payment to the period's end; in the constant column."""

    period: Row
    paid: Row

    def value(self, periods: str) -> str:
        """The value, at the start of the first, of one USD paid in each of so many periods."""
        rate, paid = self.period.constant, self.paid.constant
        return f"IF({rate}=1,{periods},(1-{rate}^-{periods})/({rate}-1)*{paid})"


@dataclass(frozen=True)
class _Offers:
    """The groups of a family and the lines that name their periods in service."""

    table: Table
    family: str
    groups: Sequence[Group]
    service: dict[Group, Row]
    growth: Growth

    def line(self, group: Group, label: str, constant: Constant = None, unit: str = "periods") -> Line:
        label = f"{self.family}: {label}{group.suffix}"
        return Line(label, "USD", group.offer, constant=constant, constant_unit=unit)

    def periods(self, group: Group) -> Formula:
        return Formula(f"={self.service[group].constant}")


def write_terms(
    table: Table, family: str, groups: Sequence[Group], growth: Growth, orders: OrderRows, cash: CashRows
) -> LeaseTerms:
    """The lines of each offer, block by block."""
    offers = _Offers(table, family, groups, {group: orders.groups[group].service for group in groups}, growth)
    due = _due(offers, cash)
    liability = _liability(offers, due)
    table.heading(f"{family}: straight lines", "Liability on entering, and payments, over the periods of the term.")
    charge = [_spread(offers, group, "charge of the asset", row) for group, row in liability.items()]
    level = [_spread(offers, group, "level cost", row) for group, row in due.items()]
    later, left = _after(offers, due)
    return LeaseTerms(
        [cash.workings.rent[group] for group in groups], list(liability.values()), charge, level, later, left
    )


def _due(offers: _Offers, cash: CashRows) -> dict[Group, Row]:
    table = offers.table
    table.heading(
        f"{offers.family}: payments over the term", "Rent of what enters, for all periods of its term (constant)."
    )
    rows = {}
    for group in offers.groups:
        hourly = cash.workings.hourly_rent[group]
        formula = Formula(f"={hourly.now}*hours_per_period*{HERE.constant}")
        line = offers.line(group, "payments over the term", offers.periods(group))
        rows[group] = table.line(replace(line, total=SUM, periods=formula))
    return rows


def _liability(offers: _Offers, due: dict[Group, Row]) -> dict[Group, Row]:
    """Present value on entering service; a payment is made when a flow of a period is."""
    table, rows = offers.table, {}
    note = "A payment times the value of one USD a period over the term (constant), at the rate on Inputs."
    table.heading(f"{offers.family}: liability on entering", note)
    for group, row in due.items():
        periods = offers.service[group].constant
        line = offers.line(group, "liability on entering", Formula(f"={offers.growth.value(periods)}"), "factor")
        formula = Formula(f"={row.now}/{periods}*{HERE.constant}")
        rows[group] = table.line(replace(line, total=SUM, periods=formula))
    return rows


def _spread(offers: _Offers, group: Group, label: str, row: Row) -> Row:
    """What entered within the term, spread over its periods."""
    here = HERE.constant
    formula = Formula(f"{cohort(row, here)}/{here}")
    return offers.table.line(replace(offers.line(group, label, offers.periods(group)), total=SUM, periods=formula))


def _after(offers: _Offers, due: dict[Group, Row]) -> tuple[list[Row], list[Row]]:
    """Payments due after the horizon and their value at its end, from the periods of entry alone."""
    table, family = offers.table, offers.family
    table.heading(f"{family}: periods left at the end", "By period of entering service; constant: periods of the term.")
    counts, values = {}, {}
    for group in due:
        formula = Formula(f"=MAX(0,{HERE.constant}-periods_in_horizon+@${PERIOD}-1)")
        line = offers.line(group, "periods left", offers.periods(group))
        counts[group] = table.line(replace(line, unit="periods", periods=formula))
    for group, row in counts.items():
        line = offers.line(group, "value of one USD a period")
        values[group] = table.line(replace(line, unit="factor", periods=Formula(f"={offers.growth.value(row.now)}")))
    table.heading(
        f"{family}: after the horizon", "In Total: what is still due, undiscounted, and its value at the end."
    )
    later = [_total(offers, group, "payments due", due[group], row) for group, row in counts.items()]
    return later, [_total(offers, group, "value of payments due", due[group], row) for group, row in values.items()]


def _total(offers: _Offers, group: Group, label: str, due: Row, factor: Row) -> Row:
    formula = Formula(f"=SUMPRODUCT({due.across},{factor.across})/{offers.service[group].constant}")
    return offers.table.line(replace(offers.line(group, label), total=formula))
