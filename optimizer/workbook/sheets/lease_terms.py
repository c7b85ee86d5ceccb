"""The part of Depreciation behind leases: by offer, payments over the term, their value, and what remains of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from optimizer.workbook.groups import Group
from optimizer.workbook.writing.lines import PERIOD, SUM, Line, Section
from optimizer.workbook.writing.references import HERE, Row, at, cohort, key_of


def terms(family: str, groups: Sequence[Group]) -> Iterator[Section]:
    """The lines of each offer of a family, block by block."""
    note = "Rent of what enters, for all periods of its term (constant)."
    yield Section(f"{family}: payments over the term", note, [_due(family, group) for group in groups])
    note = "A payment times the value of one USD a period over the term (constant), at the rate on Inputs."
    yield Section(f"{family}: liability on entering", note, [_liability(family, group) for group in groups])
    yield Section(f"{family}: straight lines", "Liability on entering, and payments, over the periods of the term.", [
        *(_spread(family, group, "charge of the asset", at("liability on entering", group)) for group in groups),
        *(_spread(family, group, "level cost", at("payments over the term", group)) for group in groups),
    ])  # fmt: skip
    note = "By period of entering service; constant: periods of the term."
    yield Section(f"{family}: periods left at the end", note, [
        *(_left(family, group) for group in groups),
        *(_value_left(family, group) for group in groups),
    ])  # fmt: skip
    note = "In Total: what is still due, undiscounted, and its value at the end."
    yield Section(f"{family}: after the horizon", note, [
        *(_after(family, group, "payments due", "periods left") for group in groups),
        *(_after(family, group, "value of payments due", "value of one USD a period") for group in groups),
    ])  # fmt: skip


def _line(family: str, group: Group, what: str, periods: str | None = None, constant: str | None = None) -> Line:
    """A line of an offer, called alike in its label and its key."""
    return Line(f"{family}: {what}{group.suffix}", "USD", group.offer, constant=constant, constant_unit="periods",
                total=SUM, periods=periods, key=key_of(what, group))  # fmt: skip


def _term(group: Group) -> str:
    return at("service", group).constant


def _due(family: str, group: Group) -> Line:
    payments = f"={at('hourly rent', group).now}*hours_per_period*{HERE.constant}"
    return _line(family, group, "payments over the term", payments, f"={_term(group)}")


def _liability(family: str, group: Group) -> Line:
    """Present value on entering service; a payment is made when a flow of a period is."""
    value = f"={at('payments over the term', group).now}/{_term(group)}*{HERE.constant}"
    line = _line(family, group, "liability on entering", value, f"={_value(_term(group))}")
    return replace(line, constant_unit="factor")


def _value(periods: str) -> str:
    """The value, at the start of the first, of one USD paid in each of so many periods."""
    rate, paid = (at("lease growth", what).constant for what in ("period", "paid"))
    return f"IF({rate}=1,{periods},(1-{rate}^-{periods})/({rate}-1)*{paid})"


def _spread(family: str, group: Group, what: str, row: Row) -> Line:
    """What entered within the term, spread over its periods."""
    return _line(family, group, what, f"{cohort(row, HERE.constant)}/{HERE.constant}", f"={_term(group)}")


def _left(family: str, group: Group) -> Line:
    left = f"=MAX(0,{HERE.constant}-periods_in_horizon+@${PERIOD}-1)"
    return replace(_line(family, group, "periods left", left, f"={_term(group)}"), unit="periods", total=None)


def _value_left(family: str, group: Group) -> Line:
    value = f"={_value(at('periods left', group).now)}"
    return replace(_line(family, group, "value of one USD a period", value), unit="factor", total=None)


def _after(family: str, group: Group, what: str, factor: str) -> Line:
    """What is due after the horizon, from the periods of entry alone."""
    due = f"SUMPRODUCT({at('payments over the term', group).across},{at(factor, group).across})"
    return replace(_line(family, group, what), total=f"={due}/{_term(group)}")
