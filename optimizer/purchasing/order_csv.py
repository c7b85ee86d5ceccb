"""The orders of a plan as CSV (RFC 4180): UTF-8, one line an order, exact decimals, no text that is a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from catalogs.printable import one_line
from optimizer.plan.currency import periods_served, plan_rates
from optimizer.plan.format import Plan
from optimizer.purchasing.order_lines import OrderLine, order_lines
from optimizer.request.currency import USD, Rates

DIGITS = 9
"""Places after the point that an amount may take: what is known exactly needs fewer, a third of a cent is rounded."""
Value = str | Fraction
COLUMNS: Mapping[str, Callable[[OrderLine], Value]] = {
    "order_date": lambda line: line.ordered_on.isoformat(),
    "order_period": lambda line: line.row.ordered,
    "service_date": lambda line: line.in_service_on.isoformat(),
    "service_period": lambda line: line.row.enters_service,
    "end_date": lambda line: line.ends_on.isoformat(),
    "status": lambda line: "committed" if line.row.commitment else "new",
    "vendor": lambda line: line.row.vendor,
    "accelerator": lambda line: line.row.accelerator,
    "system": lambda line: line.row.system,
    "offer": lambda line: line.row.offer,
    "frame": lambda line: line.row.frame or "",
    "route": lambda line: line.row.route,
    "place": lambda line: line.row.place,
    "systems": lambda line: line.systems,
    "accelerators": lambda line: line.accelerators,
    "currency": lambda _line: "USD",
    "unit_price": lambda line: line.unit_price,
    "price_per": lambda line: "system" if line.row.route == "purchase" else "accelerator-hour",
    "network": lambda line: line.network,
    "contract_value": lambda line: line.contract_value,
    "after_horizon": lambda line: line.after,
    "deposit_due": lambda line: line.deposit,
    "balance_due": lambda line: line.balance,
    "cost_centre": lambda line: line.account.cost_centre,
    "gl_account": lambda line: line.account.gl_account,
}
"""What stands in each column, in their order; `docs/handover.md` says what each means."""
_FORMULA = re.compile(r"(^|[,;|])(\s*)(?=[=+\-@＝＋－＠])")


def orders_csv(plan: Plan) -> str:
    """All orders of a plan under a header, lines ended by CR LF; where it has another currency, amounts in that too."""
    text = io.StringIO()
    columns = {**COLUMNS, **_translated(plan, plan_rates(plan))}
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for line in order_lines(plan):
        writer.writerow([_written(value(line)) for value in columns.values()])
    return text.getvalue()


def _translated(plan: Plan, rates: Rates) -> Mapping[str, Callable[[OrderLine], Value]]:
    """Amounts in the currency of the reports, at the rates of the periods in which they are due; none for plans in USD.

    The unit price is shown at the rate of the order, rent after the horizon at that of its last period.
    """
    if rates.code == USD:
        return {}

    def at_order(line: OrderLine) -> Fraction:
        return Fraction(rates.at(line.row.ordered))

    def at_service(line: OrderLine) -> Fraction:
        return Fraction(rates.at(line.row.enters_service))

    def after(line: OrderLine) -> Fraction:
        return line.after * Fraction(rates.at(plan.periods[-1].period))

    def rent(line: OrderLine) -> Fraction:
        each = [Fraction(rates.at(period)) for period in periods_served(plan, line.row)]
        return (line.rent - line.after) * sum(each, Fraction(0)) / max(1, len(each)) + after(line)

    return {
        "reporting_currency": lambda _line: rates.code,
        "rate_at_order": at_order,
        "unit_price_reporting": lambda line: line.unit_price * at_order(line),
        "deposit_due_reporting": lambda line: line.deposit * at_order(line),
        "rate_at_service": at_service,
        "balance_due_reporting": lambda line: line.balance * at_service(line),
        "contract_value_reporting": lambda line: (
            line.deposit * at_order(line) + line.balance * at_service(line) + rent(line)
        ),
        "after_horizon_reporting": after,
    }


def _written(value: Value) -> str:
    return exact(value) if isinstance(value, Fraction) else harmless(value)


def exact(value: Fraction) -> str:
    """A number as a plain decimal without exponent; more than nine places are rounded half to even."""
    whole, rest = divmod(abs(round(value * 10**DIGITS)), 10**DIGITS)
    sign = "-" if value < 0 and (whole or rest) else ""
    return f"{sign}{whole}.{rest:0{DIGITS}d}".rstrip("0").rstrip(".")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe stands before what would begin one.

    Also after signs that separate fields for readers of other languages, to which a quoted field is no single one.
    """
    return _FORMULA.sub(r"\1\2'", one_line(text))
