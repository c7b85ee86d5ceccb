"""Leases: payments, and what they look like under IFRS 16 and ASC 842. A section of Depreciation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from optimizer.workbook.sheets.book_checks import at_end, usd
from optimizer.workbook.sheets.carriers import OrderRows
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.sheets.corkscrew import Corkscrew, corkscrew
from optimizer.workbook.sheets.lease_terms import Growth, LeaseTerms, write_terms
from optimizer.workbook.writing.above import results_above
from optimizer.workbook.writing.book import Check
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lines import LABEL, SUM, Line
from optimizer.workbook.writing.references import Row, down, sum_down
from optimizer.workbook.writing.styles import Role
from optimizer.workbook.writing.table import Table

FAMILIES = (
    ("lease", "Leases", "Systems on our sites, paid by the hour for a term."),
    ("reservation", "Reservations", "The provider's site, a committed term: it may or may not contain a lease."),
)
"""Route, name and note of what is shown; rent without a term is neither."""
NOTES = (
    "Shapes to discuss, not an accounting conclusion: whether a contract is or contains a lease is not decided here.",
    "Terms of 12 months or less are included; both standards let you leave them off the balance sheet.",
)


@dataclass(frozen=True)
class LeaseRows:
    """Of one family: payments, liability, right-of-use asset and expense of each shape; totals after the horizon."""

    payments: Row
    liability: Corkscrew
    ifrs_asset: Corkscrew
    ifrs_expense: Row
    ifrs_ahead: Row
    operating_asset: Corkscrew
    operating_cost: Row
    terms: LeaseTerms


def write_leases(table: Table, orders: OrderRows, cash: CashRows) -> dict[str, LeaseRows]:
    """A section for each family that the plan has; needs Cash."""
    routes = {group.route for group in cash.workings.rent}
    families = [family for family in FAMILIES if family[0] in routes]
    growth = _growth(table) if families else None
    return {family[1]: _family(table, family, growth, orders, cash) for family in families if growth}


def _growth(table: Table) -> Growth:
    table.heading("Leases: the rate", NOTES[0])
    table.text(table.next, LABEL, NOTES[1], Role.NOTE)
    table.skip()
    rate = Formula("=(1+lease_rate)^(1/periods_per_year)")
    line = Line("Growth of a lease liability in a period", "factor", source="from the rate on Inputs")
    period = table.line(replace(line, constant=rate))
    part = Formula(f"={period.constant}^(1-cash_timing)")
    return Growth(period, table.line(replace(line, label="Growth from payment to end of period", constant=part)))


def _family(table: Table, family: tuple[str, str, str], growth: Growth, orders: OrderRows, cash: CashRows) -> LeaseRows:
    route, name, note = family
    groups = [group for group in cash.workings.rent if group.route == route]
    rows = results_above(
        table,
        4 * 3 + 2 + 5 + 6 + 5,
        lambda: write_terms(table, name, groups, growth, orders, cash),
        lambda terms: _shapes(table, name, note, growth, terms),
    )
    table.book.checks += _checks(name, rows)
    return rows


def _shapes(table: Table, name: str, note: str, growth: Growth, terms: LeaseTerms) -> LeaseRows:
    """Payments, the liability, and the asset and expense of each standard."""
    table.heading(f"{name}: payments", note)
    payments = table.line(Line(f"{name}: payments", "USD", total=SUM, periods=sum_down(terms.rent)))
    line = Line(f"{name}: payments after the horizon", "USD", source="undiscounted; owed, on Cash")
    table.line(replace(line, total=sum_down(terms.later, "$F")))
    table.heading(f"{name}: liability", "Opening, new contracts at present value and interest, less payments.")
    liability = _liability(table, name, growth, payments, terms)
    new, interest = liability.ins
    table.heading(f"{name}: IFRS 16", "Asset charged straight-line over the term; the expense is highest at the start.")
    charge = sum_down(terms.charge)
    asset = corkscrew(table, f"{name}: IFRS 16 asset", {"new": Formula(f"={new.now}")}, {"depreciation": charge})
    formula = Formula(f"={asset.outs[0].now}+{interest.now}")
    expense = table.line(Line(f"{name}: IFRS 16 expense", "USD", total=SUM, periods=formula, role=Role.TOTAL))
    formula = Formula(f"={at_end(liability.closing)}-{at_end(asset.closing)}")
    ahead = table.line(Line(f"{name}: liability less IFRS 16 asset, at the end", "USD", total=formula))
    table.heading(f"{name}: ASC 842, operating", "Level cost over the term; the asset falls by it less interest.")
    level = Line(f"{name}: ASC 842 cost", "USD", total=SUM, periods=sum_down(terms.level), role=Role.TOTAL)
    cost = table.line(level)
    fall = {"reduction": Formula(f"={cost.now}-{interest.now}")}
    operating = corkscrew(table, f"{name}: ASC 842 asset", {"new": Formula(f"={new.now}")}, fall)
    return LeaseRows(payments, liability, asset, expense, ahead, operating, cost, terms)


def _liability(table: Table, name: str, growth: Growth, payments: Row, terms: LeaseTerms) -> Corkscrew:
    """Interest runs on the balance for the period, less on payments from when they are made."""
    opening, new, paid = table.next, table.next + 1, table.next + 3
    rate, part = growth.period.constant, growth.paid.constant
    interest = f"=(@{opening}+@{new})*({rate}-1)-@{paid}*({part}-1)"
    ins = {"new contracts": sum_down(terms.liability), "interest": interest}
    return corkscrew(table, f"{name}: liability", ins, {"payments": f"={payments.now}"})


def _checks(name: str, rows: LeaseRows) -> list[Check]:
    owed = at_end(rows.liability.closing)
    left = f"SUM({down(rows.terms.left, '$F')})"
    return [
        usd(
            f"{name}: liability, computed twice", f"{owed}-{left}",
            "The balance agrees with the value of the payments that are still due at the end.",
        ),
        usd(
            f"{name}: IFRS 16 expense", f"{rows.ifrs_expense.total}-{rows.payments.total}-{rows.ifrs_ahead.total}",
            "Expense above payments so far is what the liability exceeds the asset by.",
        ),
        usd(
            f"{name}: ASC 842 asset", f"{at_end(rows.operating_asset.closing)}-{owed}",
            "Payments are level, so the asset of an operating lease equals its liability.",
        ),
    ]  # fmt: skip
