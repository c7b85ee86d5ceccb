"""Leases: payments, and what they look like under IFRS 16 and ASC 842. A section of Depreciation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.book_checks import at_end
from optimizer.workbook.sheets.corkscrew import corkscrew
from optimizer.workbook.writing.lines import PERIOD, SUM, Check, Line, Section
from optimizer.workbook.writing.references import HERE, Row, at, down, key_of, sum_down
from optimizer.workbook.writing.styles import Role


@dataclass(frozen=True)
class Family:
    """Rent for a term on one route: its name and note."""

    route: str
    name: str
    note: str

    def groups(self, facts: Facts) -> list[Group]:
        return [group for group in facts.groups if group.route == self.route]


FAMILIES = (
    Family("lease", "Leases", "Systems on our sites, paid by the hour for a term."),
    Family(
        "reservation", "Reservations", "The provider's site, a committed term: it may or may not contain a lease."
    ),
)  # fmt: skip
"""What is shown; rent without a term is neither."""
NOTES = (
    "Shapes to discuss, not an accounting conclusion: whether a contract is or contains a lease is not decided here.",
    "Terms of 12 months or less are included; both standards let you leave them off the balance sheet.",
)


def _families(facts: Facts) -> list[Family]:
    """Those that the plan has."""
    return [family for family in FAMILIES if family.groups(facts)]


def leases(facts: Facts) -> list[Section]:
    """The rate, then for each family payments, liability and the shapes of the standards, and the terms behind them."""
    families = _families(facts)
    sections = [_rate()] if families else []
    for family in families:
        groups = family.groups(facts)
        sections += [*_shapes(family, groups), *terms(family.name, groups)]
    return sections


def _rate() -> Section:
    period, paid = at("lease growth", "period"), at("lease growth", "paid")
    source = "from the rate on Inputs"
    return Section("Leases: the rate", NOTES[0], more=NOTES[1:], lines=[
        Line("Growth of a lease liability in a period", "factor", source=source, key=period.key,
             constant="=(1+lease_rate)^(1/periods_per_year)"),
        Line("Growth from payment to end of period", "factor", source=source, key=paid.key,
             constant=f"={period.constant}^(1-cash_timing)"),
    ])  # fmt: skip


def _shapes(family: Family, groups: Sequence[Group]) -> Iterator[Section]:
    """Payments, the liability, and the asset and expense of each standard."""
    name = family.name

    def all_of(what: str, column: str = "@") -> str:
        return sum_down([at(what, group) for group in groups], column)

    yield Section(f"{name}: payments", family.note, [
        Line(f"{name}: payments", "USD", total=SUM, periods=all_of("rent"), key=key_of(name, "payments")),
        Line(f"{name}: payments after the horizon", "USD", source="undiscounted; owed, on Cash",
             total=all_of("payments due", "$F")),
    ])  # fmt: skip
    note = "Opening, new contracts at present value and interest, less payments."
    yield Section(f"{name}: liability", note, _liability(name, all_of("liability on entering")))
    new, interest = (at(f"{name}: liability", what).now for what in ("new contracts", "interest"))
    yield _ifrs(name, new, interest, all_of("charge of the asset"))
    yield _asc(name, new, interest, all_of("level cost"))


def _liability(name: str, new: str) -> list[Line]:
    """Interest runs on the balance for the period, less on payments from when they are made."""
    opening, entered, paid = (at(f"{name}: liability", what).now for what in ("opening", "new contracts", "payments"))
    rate, part = (at("lease growth", what).constant for what in ("period", "paid"))
    interest = f"=({opening}+{entered})*({rate}-1)-{paid}*({part}-1)"
    ins = {"new contracts": new, "interest": interest}
    return corkscrew(f"{name}: liability", ins, {"payments": f"={at(name, 'payments')}"})


def _ifrs(name: str, new: str, interest: str, charge: str) -> Section:
    asset = f"{name}: IFRS 16 asset"
    ahead = f"={at_end(f'{name}: liability', 'closing')}-{at_end(asset, 'closing')}"
    note = "Asset charged straight-line over the term; the expense is highest at the start."
    return Section(f"{name}: IFRS 16", note, [
        *corkscrew(asset, {"new": f"={new}"}, {"depreciation": charge}),
        Line(f"{name}: IFRS 16 expense", "USD", total=SUM, periods=f"={at(asset, 'depreciation')}+{interest}",
             role=Role.TOTAL, key=key_of(name, "IFRS 16 expense")),
        Line(f"{name}: liability less IFRS 16 asset, at the end", "USD", total=ahead, key=key_of(name, "ahead")),
    ])  # fmt: skip


def _asc(name: str, new: str, interest: str, level: str) -> Section:
    cost = at(name, "ASC 842 cost")
    note = "Level cost over the term; the asset falls by it less interest."
    return Section(f"{name}: ASC 842, operating", note, [
        Line(f"{name}: ASC 842 cost", "USD", total=SUM, periods=level, role=Role.TOTAL, key=cost.key),
        *corkscrew(f"{name}: ASC 842 asset", {"new": f"={new}"}, {"reduction": f"={cost}-{interest}"}),
    ])  # fmt: skip


def lease_checks(facts: Facts) -> list[Check]:
    """What must hold of each family."""
    return [check for family in _families(facts) for check in _checks(family.name, family.groups(facts))]


def _checks(name: str, groups: Sequence[Group]) -> list[Check]:
    owed = at_end(f"{name}: liability", "closing")
    left = f"SUM({down([at('value of payments due', group) for group in groups], '$F')})"
    expense, payments, ahead = (at(name, what).total for what in ("IFRS 16 expense", "payments", "ahead"))
    return [
        Check(
            f"{name}: liability, computed twice", f"={owed}-{left}", "USD",
            "The balance agrees with the value of the payments that are still due at the end.",
        ),
        Check(
            f"{name}: IFRS 16 expense", f"={expense}-{payments}-{ahead}", "USD",
            "Expense above payments so far is what the liability exceeds the asset by.",
        ),
        Check(
            f"{name}: ASC 842 asset", f"={at_end(f'{name}: ASC 842 asset', 'closing')}-{owed}", "USD",
            "Payments are level, so the asset of an operating lease equals its liability.",
        ),
    ]  # fmt: skip


def terms(family: str, groups: Sequence[Group]) -> Iterator[Section]:
    """The lines of each offer of a family, block by block."""
    note = "Rent of what enters, for all periods of its term (constant)."
    yield Section(f"{family}: payments over the term", note, [_due(family, group) for group in groups])
    note = "A payment times the value of one USD a period over the term (constant), at the rate on Inputs."
    yield Section(f"{family}: liability on entering", note, [_on_entering(family, group) for group in groups])
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
    payments = f"={at('hourly rent', group)}*hours_per_period*{HERE.constant}"
    return _line(family, group, "payments over the term", payments, f"={_term(group)}")


def _on_entering(family: str, group: Group) -> Line:
    """Present value on entering service; a payment is made when a flow of a period is."""
    value = f"={at('payments over the term', group)}/{_term(group)}*{HERE.constant}"
    line = _line(family, group, "liability on entering", value, f"={_value(_term(group))}")
    return replace(line, constant_unit="factor")


def _value(periods: str) -> str:
    """The value, at the start of the first, of one USD paid in each of so many periods."""
    rate, paid = (at("lease growth", what).constant for what in ("period", "paid"))
    return f"IF({rate}=1,{periods},(1-{rate}^-{periods})/({rate}-1)*{paid})"


def _spread(family: str, group: Group, what: str, row: Row) -> Line:
    """What entered within the term, spread over its periods."""
    return _line(family, group, what, f"={row.cohort}/{HERE.constant}", f"={_term(group)}")


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
