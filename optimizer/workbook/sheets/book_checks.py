"""What must hold in the book view."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.workbook.facts import Facts
from optimizer.workbook.sheets.assets import POWER, Asset
from optimizer.workbook.sheets.purchases import purchased
from optimizer.workbook.writing.lines import Check
from optimizer.workbook.writing.references import at, down


def at_end(*key: object) -> str:
    """A line's value in the last period."""
    return f"INDEX({at(*key).across},periods_in_horizon)"


def book_checks(facts: Facts, assets: Sequence[Asset]) -> list[Check]:
    """The book view holds all capex once, and agrees with itself when computed another way."""
    if not assets:
        return []
    placed, charge, off = (
        at("Net book value", flow).total
        for flow in ("placed in service", "depreciation", "book value of what is retired")
    )
    left = at_end("Net book value", "closing")
    sunk = f"-{at('Prepayments', 'opening').opening}+{at_end('Prepayments', 'closing')}" if purchased(facts) else ""
    kinds = dict.fromkeys(asset.kind for asset in assets)
    lowest = ",".join(at("net book value", kind).across for kind in kinds)
    return [
        Check(
            "Capex is placed in service once", f"={placed}-{at('cost', 'capex').total}{sunk}", "USD",
            "Capex and deposits sunk before the horizon are placed in service, or still prepaid at the end.",
        ),
        Check(
            "Nothing stays under construction", f"={at_end('Construction', 'closing')}", "USD",
            "All that is paid for is in service.",
        ),
        Check(
            "Cost is charged, retired or left", f"={placed}-{charge}-{off}-{left}", "USD",
            "What was placed in service is depreciated, retired at book value, or left as net book value.",
        ),
        Check(
            "Net book value, computed twice", f"={left}-{_all_of('book value', assets)}", "USD",
            "The balances agree with cost times the share of its life left, by offer and period of entry.",
        ),
        Check(
            "Nothing is depreciated below zero", f"=MIN(0,{lowest})", "USD",
            "The lowest net book value, where negative.",
        ),
        *_power([asset for asset in assets if asset.kind == POWER]),
    ]  # fmt: skip


def _all_of(what: str, assets: Sequence[Asset]) -> str:
    return f"SUM({down([at(what, asset) for asset in assets], '$F')})"


def _power(assets: Sequence[Asset]) -> list[Check]:
    """Added power is the one class whose residual in the plan is its book value by definition."""
    if not assets:
        return []
    value = f"={_all_of('residual value', assets)}-{_all_of('book value', assets)}"
    meaning = "The plan's residual of added power is its net book value."
    return [Check("Added power is left at book value", value, "USD", meaning)]
