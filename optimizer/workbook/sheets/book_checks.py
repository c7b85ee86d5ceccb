"""What must hold in the book view."""

from __future__ import annotations

from optimizer.workbook.sheets.assets import POWER
from optimizer.workbook.sheets.cash_carriers import CashRows
from optimizer.workbook.sheets.corkscrew import BookRows
from optimizer.workbook.writing.book import Check
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.references import Row, down


def at_end(row: Row) -> str:
    """A line's value in the last period."""
    return f"INDEX({row.across},periods_in_horizon)"


def usd(label: str, value: str, meaning: str) -> Check:
    """A check in USD; `value` must be zero."""
    return Check(label, Formula(f"={value}"), "USD", "tolerance_usd", meaning)


def book_checks(rows: BookRows, cash: CashRows) -> list[Check]:
    """The book view holds all capex once, and agrees with itself when computed another way."""
    total = rows.total
    placed, charge, off = total.ins[0].total, total.outs[0].total, total.outs[1].total
    sunk = f"-{rows.prepaid.opening.opening}+{at_end(rows.prepaid.closing)}" if rows.prepaid else ""
    by_offer = f"SUM({down(list(rows.book_left.values()), '$F')})"
    lowest = ",".join(each.net.across for each in rows.classes.values())
    return [
        usd(
            "Capex is placed in service once", f"{placed}-{cash.capex.total}{sunk}",
            "Capex and deposits sunk before the horizon are placed in service, or still prepaid at the end.",
        ),
        usd("Nothing stays under construction", at_end(rows.building.closing), "All that is paid for is in service."),
        usd(
            "Cost is charged, retired or left", f"{placed}-{charge}-{off}-{at_end(total.closing)}",
            "What was placed in service is depreciated, retired at book value, or left as net book value.",
        ),
        usd(
            "Net book value, computed twice", f"{at_end(total.closing)}-{by_offer}",
            "The balances agree with cost times the share of its life left, by offer and period of entry.",
        ),
        usd("Nothing is depreciated below zero", f"MIN(0,{lowest})", "The lowest net book value, where negative."),
        *_power(rows),
    ]  # fmt: skip


def _power(rows: BookRows) -> list[Check]:
    """Added power is the one class whose residual in the plan is its book value by definition."""
    left = [row for asset, row in rows.residual_left.items() if asset.kind == POWER]
    book = [row for asset, row in rows.book_left.items() if asset.kind == POWER]
    if not left:
        return []
    value = f"SUM({down(left, '$F')})-SUM({down(book, '$F')})"
    return [
        usd("Added power is left at book value", value, "The plan's residual of added power is its net book value.")
    ]
