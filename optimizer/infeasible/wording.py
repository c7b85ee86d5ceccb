"""Adjustments of elastic limits in the planner's words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from optimizer.infeasible.adjustments import Adjustment
from optimizer.infeasible.report import Change
from optimizer.request.edits import text_at
from optimizer.request.load import Request
from optimizer.tables.rows import MILLION

USD_SHOWN = 10_000
"""From here on, USD are shown in millions."""


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
    record = move.elastic.limit.record
    return same and record.kind == "demand" and not record.by_period_end and move.first == last.last + 1


def _words(request: Request, run: Sequence[Adjustment]) -> str:
    amount, unit, limit = run[0].amount, run[0].elastic.unit, run[0].elastic.limit
    if limit.kind == "limits":
        old = Decimal(text_at(request, limit.key))
        after, before = _with_unit(run[0].moved(old), unit), _with_unit(old, unit)
        return limit.record.repair.format(name=limit.name, after=after, before=before)
    more = limit.record.repair.format(amount=_shown(amount), name=limit.name, more=_with_unit(amount, unit))
    return more + _when(request, run)


def _with_unit(amount: Decimal, unit: str) -> str:
    if unit == "USD" and amount >= USD_SHOWN:
        amount, unit = amount / Decimal(int(MILLION)), "M USD"
    return f"{_shown(amount)} {unit}"


def _shown(amount: Decimal) -> str:
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _when(request: Request, run: Sequence[Adjustment]) -> str:
    calendar, record = request.scenario.calendar, run[0].elastic.limit.record
    first, last = calendar.key(run[0].first), calendar.key(run[-1].last)
    if not run[0].elastic.periods:
        return ""
    if record.lasting:
        return f" from {first}"
    if record.by_period_end:
        return f" at the end of {first}"
    return f" in {first}" if first == last else f" from {first} to {last}"


def change(request: Request, move: Adjustment) -> Change:
    """A move for the report."""
    calendar, limit = request.scenario.calendar, move.elastic.limit
    dated, lasts = bool(move.elastic.periods), limit.record.lasting
    return Change(
        kind=move.elastic.kind,
        about=limit.label,
        amount=float(move.amount),
        unit=move.elastic.unit,
        first=calendar.key(move.first) if dated else None,
        last=calendar.key(move.last) if dated and not lasts else None,
        words=_words(request, [move]),
    )
