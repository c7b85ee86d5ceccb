"""The orders of a plan as lines for purchasing, with dates and amounts in exact fractions.

Prices are the audit's, made from the source text of the inputs, so that no amount has the rounding of a float.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from catalogs.periods import first_month, last_month
from optimizer.audit.decisions import Cohort
from optimizer.audit.obligations import rent_after
from optimizer.audit.reported import cohorts_of_rows
from optimizer.audit.roll_forward import Books, keep_books
from optimizer.plan.format import OrderRow, Plan
from optimizer.purchasing.booking import Booked, booked


@dataclass(frozen=True)
class OrderLine:
    """An order or a commitment of a plan, amounts in USD.

    `unit_price` is USD per system of a purchase, price breaks and frame included, and USD per accelerator and hour of
    what is rented. `deposit` is due on the day of order, `balance` (the rest of the price, and the network of any
    route) on the first day of service, `rent` over the whole term, `after` of it after the horizon.
    """

    row: OrderRow
    systems: Fraction
    accelerators: Fraction
    unit_price: Fraction
    network: Fraction
    deposit: Fraction
    balance: Fraction
    rent: Fraction
    after: Fraction
    account: Booked

    @property
    def contract_value(self) -> Fraction:
        """All that the order will cost: its price with network, or its rent over the term with network."""
        return self.deposit + self.balance + self.rent

    @property
    def ordered_on(self) -> date:
        """The first day of the period of order, which may lie before the horizon."""
        return first_day(first_month(self.row.ordered))

    @property
    def in_service_on(self) -> date:
        """The first day of the period of entering service."""
        return first_day(first_month(self.row.enters_service))

    @property
    def ends_on(self) -> date:
        """The last day of its term, which may lie after the horizon."""
        return first_day(last_month(self.row.term_until) + 1) - timedelta(days=1)


def first_day(month: int) -> date:
    """The first day of a month counted as `12 * year + month - 1`."""
    return date(month // 12, month % 12 + 1, 1)


def order_lines(plan: Plan) -> list[OrderLine]:
    """The orders and commitments of a plan by date of order; what is running since before the horizon is none of them.

    Its price is sunk and its order long placed; the plan's rent holds what it still costs.
    """
    books = keep_books(plan.model_dump(mode="json"))
    rows = [row.model_dump(mode="json") for row in plan.orders]
    paired = zip(plan.orders, cohorts_of_rows(rows, books), strict=True)
    lines = [_line(row, cohort, books, plan) for row, (_, cohort) in paired if not cohort.running]
    return sorted(lines, key=lambda line: (line.ordered_on, line.in_service_on, *_named(line.row)))


def _named(row: OrderRow) -> tuple[str, str, str, bool]:
    return row.vendor, row.label, row.place, row.commitment


def _line(row: OrderRow, cohort: Cohort, books: Books, plan: Plan) -> OrderLine:
    deposit = cohort.hardware_usd * cohort.offer.deposit_share
    term = 0 if cohort.offer.purchased else cohort.offer.service
    return OrderLine(
        row=row,
        systems=cohort.systems,
        accelerators=cohort.accelerators,
        unit_price=cohort.price or Fraction(0),
        network=cohort.network_usd,
        deposit=deposit,
        balance=cohort.hardware_usd - deposit + cohort.network_usd,
        rent=cohort.rent_usd_per_hour * books.inputs.horizon.hours * term,
        after=rent_after(cohort, books),
        account=booked(row, plan),
    )
