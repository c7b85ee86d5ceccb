"""Adjustments of elastic limits in the planner's words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from optimizer.infeasible.adjustments import DEADLINE, LASTING, Adjustment
from optimizer.infeasible.report import Change
from optimizer.request.edits import text_at
from optimizer.request.load import Request
from optimizer.tables.rows import MILLION

USD_SHOWN = 10_000
"""From here on, USD are shown in millions."""
WORDS = {
    "power_within_site": "+{amount} MW of power at {name}",
    "liquid_within_site": "+{amount} MW of liquid cooling at {name}",
    "air_within_site": "+{amount} MW of air cooling at {name}",
    "racks_within_site": "+{amount} racks at {name}",
    "expansion_within_site": "+{amount} MW of room to grow at {name}",
    "deliveries_within_supply": "+{amount} {name} a month",
    "orders_within_offer": "+{amount} systems a month of {name}",
    "draws_within_pool": "+{more} of pool {name}",
    "capex_within_budget": "+{more} of capex budget {name}",
    "opex_within_budget": "+{more} of opex budget {name}",
    "serve_demand": "{amount} % of {name} left undone",
    DEADLINE: "{amount} % of {name} left unfinished",
}


def sentence(request: Request, moves: Sequence[Adjustment]) -> str:
    """Moves in the planner's words; periods in a row with the same amount are said together."""
    alike = list[list[Adjustment]]()
    for move in sorted(moves, key=lambda move: (move.elastic.limit.label, move.first)):
        last = alike[-1][-1] if alike else None
        if last is not None and _continues(last, move):
            alike[-1].append(move)
        else:
            alike.append([move])
    return " and ".join(_words(request, run) for run in alike)


def _continues(last: Adjustment, move: Adjustment) -> bool:
    same = (last.elastic.limit.label, last.amount) == (move.elastic.limit.label, move.amount)
    return same and move.elastic.limit.constraint == "serve_demand" and move.first == last.last + 1


def _words(request: Request, run: Sequence[Adjustment]) -> str:
    amount, unit, limit = run[0].amount, run[0].elastic.unit, run[0].elastic.limit
    if limit.constraint == "limit":
        old = Decimal(text_at(request, limit.key))
        return f"{limit.label} at {_with_unit(run[0].moved(old), unit)} instead of {_with_unit(old, unit)}"
    text = WORDS[limit.constraint]
    return text.format(amount=_shown(amount), name=limit.name, more=_with_unit(amount, unit)) + _when(request, run)


def _with_unit(amount: Decimal, unit: str) -> str:
    if unit == "USD" and amount >= USD_SHOWN:
        amount, unit = amount / Decimal(int(MILLION)), "M USD"
    return f"{_shown(amount)} {unit}"


def _shown(amount: Decimal) -> str:
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _when(request: Request, run: Sequence[Adjustment]) -> str:
    calendar, constraint = request.scenario.calendar, run[0].elastic.limit.constraint
    first, last = calendar.key(run[0].first), calendar.key(run[-1].last)
    if not run[0].elastic.periods:
        return ""
    if constraint in LASTING:
        return f" from {first}"
    if constraint == DEADLINE:
        return f" at the end of {first}"
    return f" in {first}" if first == last else f" from {first} to {last}"


def change(request: Request, move: Adjustment) -> Change:
    """A move for the report."""
    calendar, limit = request.scenario.calendar, move.elastic.limit
    dated, lasts = bool(move.elastic.periods), limit.constraint in LASTING
    return Change(
        kind=move.elastic.kind,
        about=limit.label,
        amount=float(move.amount),
        unit=move.elastic.unit,
        first=calendar.key(move.first) if dated else None,
        last=calendar.key(move.last) if dated and not lasts else None,
        words=_words(request, [move]),
    )
