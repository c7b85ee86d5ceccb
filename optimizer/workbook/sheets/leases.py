"""Leases: payments, and what they look like under IFRS 16 and ASC 842. A section of Depreciation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.sheets.balances import at_end, corkscrew
from optimizer.workbook.writing.lines import PERIOD, SUM, Check, Line, Section, lines_of
from optimizer.workbook.writing.references import at, down, key_of, of_each, sum_down
from optimizer.workbook.writing.styles import Role

FAMILIES = {
    "Leases": ("lease", "Systems on our sites, paid by the hour for a term."),
    "Reservations": (
        "reservation", "The provider's site, a committed term: it may or may not contain a lease.",
    ),
}  # fmt: skip
"""Rent for a term, by route, with a note; rent without a term is neither."""
NOTES = (
    "Shapes to discuss, not an accounting conclusion: whether a contract is or contains a lease is not decided here.",
    "Terms of 12 months or less are included; both standards let you leave them off the balance sheet.",
)


def _families(facts: Facts) -> dict[str, list[Group]]:
    """Those that the plan has, with their groups."""
    found = {name: [group for group in facts.groups if group.route == route] for name, (route, _) in FAMILIES.items()}
    return {name: groups for name, groups in found.items() if groups}


def leases(facts: Facts) -> list[Section]:
    """The rate, then for each family payments, liability and the shapes of the standards, and the terms behind them."""
    families = _families(facts)
    shown = [section for name, groups in families.items() for section in (*_shapes(name, groups), *terms(name, groups))]
    return [_rate(), *shown] if families else []


def _rate() -> Section:
    period, paid = at("lease growth", "period"), at("lease growth", "paid")
    source = "from the rate on Inputs"
    return Section("Leases: the rate", NOTES[0], more=NOTES[1:], lines=[
        Line("Growth of a lease liability in a period", "factor", source=source, key=period.key,
             constant="=(1+lease_rate)^(1/periods_per_year)"),
        Line("Growth from payment to end of period", "factor", source=source, key=paid.key,
             constant=f"={period.constant}^(1-cash_timing)"),
    ])  # fmt: skip


def _shapes(name: str, groups: Sequence[Group]) -> Iterator[Section]:
    """Payments, the liability, and the asset and expense of each standard."""

    def all_of(what: str, column: str = "@") -> str:
        return sum_down(of_each(what, groups), column)

    yield Section(f"{name}: payments", FAMILIES[name][1], [
        Line(f"{name}: payments", "USD", total=SUM, periods=all_of("rent"), key=key_of(name, "payments")),
        Line(f"{name}: payments after the horizon", "USD", source="undiscounted; owed, on Cash",
             total=all_of("payments due", "$F")),
    ])  # fmt: skip
    note = "Opening, new contracts at present value and interest, less payments."
    yield Section(f"{name}: liability", note, _liability(name, all_of("liability on entering")))
    new, interest = (at(f"{name}: liability", what) for what in ("new contracts", "interest"))
    asset, expense, cost = f"{name}: IFRS 16 asset", at(name, "IFRS 16 expense"), at(name, "ASC 842 cost")
    ahead = f"={at_end(f'{name}: liability', 'closing')}-{at_end(asset, 'closing')}"
    note = "Asset charged straight-line over the term; the expense is highest at the start."
    yield Section(f"{name}: IFRS 16", note, [
        *corkscrew(asset, {"new": f"={new}"}, {"depreciation": all_of("charge of the asset")}),
        Line(f"{name}: IFRS 16 expense", "USD", total=SUM, periods=f"={at(asset, 'depreciation')}+{interest}",
             role=Role.TOTAL, key=expense.key),
        Line(f"{name}: liability less IFRS 16 asset, at the end", "USD", total=ahead, key=key_of(name, "ahead")),
    ])  # fmt: skip
    yield Section(f"{name}: ASC 842, operating", "Level cost over the term; the asset falls by it less interest.", [
        Line(f"{name}: ASC 842 cost", "USD", total=SUM, periods=all_of("level cost"), role=Role.TOTAL, key=cost.key),
        *corkscrew(f"{name}: ASC 842 asset", {"new": f"={new}"}, {"reduction": f"={cost}-{interest}"}),
    ])  # fmt: skip


def _liability(name: str, new: str) -> list[Line]:
    """Interest runs on the balance for the period, less on payments from when they are made."""
    opening, entered, paid = (at(f"{name}: liability", what) for what in ("opening", "new contracts", "payments"))
    rate, part = (at("lease growth", what).constant for what in ("period", "paid"))
    interest = f"=({opening}+{entered})*({rate}-1)-{paid}*({part}-1)"
    ins = {"new contracts": new, "interest": interest}
    return corkscrew(f"{name}: liability", ins, {"payments": f"={at(name, 'payments')}"})


def lease_checks(facts: Facts) -> list[Check]:
    """What must hold of each family."""
    return [check for name, groups in _families(facts).items() for check in _checks(name, groups)]


def _checks(name: str, groups: Sequence[Group]) -> list[Check]:
    owed = at_end(f"{name}: liability", "closing")
    left = f"SUM({down(of_each('value of payments due', groups), '$F')})"
    expense, payments, ahead = (at(name, what).total for what in ("IFRS 16 expense", "payments", "ahead"))
    return [
        Check(f"{name}: liability, computed twice", f"={owed}-{left}", "USD",
              "The balance agrees with the value of the payments that are still due at the end."),
        Check(f"{name}: IFRS 16 expense", f"={expense}-{payments}-{ahead}", "USD",
              "Expense above payments so far is what the liability exceeds the asset by."),
        Check(f"{name}: ASC 842 asset", f"={at_end(f'{name}: ASC 842 asset', 'closing')}-{owed}", "USD",
              "Payments are level, so the asset of an operating lease equals its liability."),
    ]  # fmt: skip


def terms(name: str, groups: Sequence[Group]) -> Iterator[Section]:
    """The lines of each offer of a family, block by block.

    The liability on entering is a present value; a payment is made when a flow of a period is.
    """

    def lines(what: str, unit: str = "USD", constant_unit: str = "periods", **more: str) -> list[Line]:
        """A line of each offer, called alike in its label and its key."""
        total = {"total": SUM} if unit == "USD" else {}
        return lines_of(groups, f"{name}: {what}", unit, what=what, constant_unit=constant_unit, **{**total, **more})

    term, entered = "={service.constant}", "{payments over the term}"
    note = "Rent of what enters, for all periods of its term (constant)."
    yield Section(f"{name}: payments over the term", note, lines(
        "payments over the term", constant=term, periods="={hourly rent}*hours_per_period*{here.constant}",
    ))  # fmt: skip
    note = "A payment times the value of one USD a period over the term (constant), at the rate on Inputs."
    yield Section(f"{name}: liability on entering", note, lines(
        "liability on entering", constant_unit="factor", constant=f"={_value('{service.constant}')}",
        periods=f"={entered}/{{service.constant}}*{{here.constant}}",
    ))  # fmt: skip
    note = "Liability on entering, and payments, over the periods of the term."
    yield Section(f"{name}: straight lines", note, [
        *lines("charge of the asset", constant=term, periods="={liability on entering.cohort}/{here.constant}"),
        *lines("level cost", constant=term, periods="={payments over the term.cohort}/{here.constant}"),
    ])  # fmt: skip
    left = f"=MAX(0,{{here.constant}}-periods_in_horizon+@${PERIOD}-1)"
    yield Section(f"{name}: periods left at the end", "By period of entering service; constant: periods of the term.", [
        *lines("periods left", "periods", constant=term, periods=left),
        *lines("value of one USD a period", "factor", periods=f"={_value('{periods left}')}"),
    ])  # fmt: skip
    due = "=SUMPRODUCT({payments over the term.across},{%s.across})/{service.constant}"
    note = "In Total: what is still due, undiscounted, and its value at the end."
    yield Section(f"{name}: after the horizon", note, [
        *lines("payments due", total=due % "periods left"),
        *lines("value of payments due", total=due % "value of one USD a period"),
    ])  # fmt: skip


def _value(periods: str) -> str:
    """The value, at the start of the first, of one USD paid in each of so many periods."""
    rate, paid = (at("lease growth", what).constant for what in ("period", "paid"))
    return f"IF({rate}=1,{periods},(1-{rate}^-{periods})/({rate}-1)*{paid})"
