"""What binds and what it is worth: limits moved a little, by solves of the changed scenario.

Prices of the relaxation only choose which limits are looked at: with whole systems they are wrong by
factors, in both directions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from optimizer.explain.explanation import Between, LimitWorth, Move
from optimizer.explain.inquiry import Inquiry, between
from optimizer.explain.names import UnknownName
from optimizer.explain.row_use import Use, uses
from optimizer.formulation.business_limits import (
    PERCENT,
    BusinessLimit,
    business_limits,
    figure,
    moved,
    stated_unit,
    with_one_more,
)
from optimizer.formulation.model import model_name
from optimizer.request.load import Request
from optimizer.request.scenario import matches
from optimizer.request.schedules import reading_of
from optimizer.what_if import NEVER, Bracket

MOVES = tuple(map(Decimal, (-5, -1, 1, 5)))
MOST_LIMITS = 15
PRECISION = 0.1
"""The part of an effect to which it is worth knowing."""
COUNTED = frozenset({"systems", "accelerators"})
"""Measures of the user's limits that come in whole units, so that one of them more is worth asking for."""


def worth(inquiry: Inquiry, patterns: Sequence[str] = ()) -> tuple[LimitWorth, ...]:
    """What moving each limit changes, the most money first.

    Looks at the limits that a pattern names (by label, name, constraint or kind), or at the fifteen of the
    highest price in the relaxation; of the others it says what follows without a solve.
    Raises UnknownName for a pattern that names none.
    """
    limits = _named(business_limits(inquiry.model), patterns)
    used = uses(inquiry.plan, inquiry.model)
    prices = relaxed_prices(inquiry, limits, used)
    closely = frozenset(limits if patterns else dearest(limits, prices, used)[:MOST_LIMITS])
    tasks = [(limit, percent) for limit in limits for percent in (*MOVES, None)]

    def question(task: tuple[BusinessLimit, Decimal | None]) -> Move | None:
        limit, percent = task
        if percent is None:
            return one_more(inquiry, limit) if limit in closely else None
        return move(inquiry, limit, percent, used, limit in closely)

    answers = list(zip(tasks, inquiry.all("limits", tasks, question), strict=True))
    moves = {limit: [found for (of, _), found in answers if of is limit and found is not None] for limit in limits}
    rows = [_worth(inquiry, limit, used, prices[limit], moves[limit]) for limit in limits]
    return tuple(sorted(rows, key=lambda one: (-_money(one), -one.price_usd, one.limit)))


def dearest(
    limits: Iterable[BusinessLimit], prices: Mapping[BusinessLimit, float], used: Mapping[str, Use]
) -> list[BusinessLimit]:
    """The limits worth a closer look, those of the highest price first: all that have one, or hardly any room."""
    tight = [one for one in limits if prices[one] or not _leaves(one, used, max(MOVES))]
    return sorted(tight, key=lambda limit: (-prices[limit], limit.label))


def _leaves(limit: BusinessLimit, used: Mapping[str, Use], percent: Decimal) -> bool:
    """Whether the plan at hand still fits if a limit is tightened by so many percent or points."""
    return all(used[row].leaves(abs(percent) / PERCENT) for row in limit.rows)


def _named(limits: Sequence[BusinessLimit], patterns: Sequence[str]) -> tuple[BusinessLimit, ...]:
    known = {limit: (limit.label, limit.name, limit.constraint, limit.kind) for limit in limits}
    for pattern in patterns:
        if not any(matches(pattern, names) for names in known.values()):
            raise UnknownName(f"no limit is called '{pattern}'")
    return tuple(limit for limit in limits if not patterns or any(matches(p, known[limit]) for p in patterns))


def relaxed_prices(
    inquiry: Inquiry, limits: Iterable[BusinessLimit], used: Mapping[str, Use]
) -> Mapping[BusinessLimit, float]:
    """What each limit is worth as a whole by its rows' prices in the relaxation, in USD: to rank by, not to quote."""
    duals = dict(zip(inquiry.matrix.rows, abs(inquiry.root.duals).tolist(), strict=False))

    def price(name: str) -> float:
        row = inquiry.model.rows[name]
        per_unit = row.usd_per_unit(duals.get(model_name(name), 0.0))
        whole = abs(used[name].whole)
        return float(per_unit * whole) if math.isfinite(whole) else 0.0

    return {limit: math.fsum(map(price, limit.rows)) for limit in limits}


def move(
    inquiry: Inquiry, limit: BusinessLimit, percent: Decimal, used: Mapping[str, Use], closely: bool
) -> Move | None:
    """What moving a limit changes; None where it cannot move, or is not looked at and nothing follows by itself."""
    request = moved(inquiry.request, limit, percent)
    if _numbers(figure(request, limit)) == _numbers(figure(inquiry.request, limit)):
        return None
    tightens = _tightens(inquiry, limit, percent)
    amount = stated(inquiry, limit) * float(percent) / float(PERCENT)
    if tightens and _leaves(limit, used, percent):
        inquiry.count(solved=False)
        nothing = between(Bracket(0.0, inquiry.cost.width))
        return Move(percent=float(percent), amount=amount, by_unit=False, answer="fits", change_usd=nothing)
    if not closely:
        return None
    answer, change = _asked(inquiry, request, tightens)
    return Move(percent=float(percent), amount=amount, by_unit=False, answer=answer, change_usd=change)


def one_more(inquiry: Inquiry, limit: BusinessLimit) -> Move | None:
    """What one whole unit more changes; None where the limit is not counted in units, or holds none of them."""
    whole = stated(inquiry, limit)
    counted = limit.record.whole or limit.unit in COUNTED
    if limit.is_share or not counted or not whole:
        return None
    tightens = _tightens(inquiry, limit, Decimal(1))
    answer, change = _asked(inquiry, with_one_more(inquiry.request, limit), tightens)
    return Move(percent=float(PERCENT) / whole, amount=1.0, by_unit=True, answer=answer, change_usd=change)


Answered = Literal["solved", "bounded", "infeasible", "stopped"]


def _asked(inquiry: Inquiry, request: Request, tightens: bool | None) -> tuple[Answered, Between | None]:
    """How a changed request is answered, and what it changes in cost; None where it has no plan."""
    enough = inquiry.cost.most - inquiry.open_usd if tightens is False else None
    outcome = inquiry.ask(request, enough, PRECISION)
    if outcome.status == "infeasible":
        return "infeasible", None
    change = between(_change(outcome.cost, inquiry.cost, tightens))
    if outcome.status == "bounded":
        return "bounded", change
    return ("solved" if outcome.has_plan else "stopped"), change


def _numbers(value: Any) -> list[Decimal]:
    return [Decimal(str(number)) for number in (value.values() if isinstance(value, dict) else [value])]


def _tightens(inquiry: Inquiry, limit: BusinessLimit, percent: Decimal) -> bool | None:
    """Whether a move leaves fewer plans (None: neither fewer nor more, so that nothing follows of itself).

    Where there is less to do, every plan for more still serves, and costs no more; unless work has a value, or
    a limit of the user's asks for some of it.
    """
    if limit.kind == "demand":
        scenario = inquiry.request.scenario
        asked_for = any(rule.measure == "work" for rule in scenario.limits)
        if scenario.objective == "maximize_value" or asked_for:
            return None
    return (percent > 0) == limit.is_floor


def _change(after: Bracket, before: Bracket, tightens: bool | None) -> Bracket:
    """The change of cost. Fewer plans never cost less, more plans never more: the plan at hand is one of them."""
    if tightens:
        after = Bracket(max(after.least, before.least), after.most)
        return Bracket(max(0.0, after.least - before.most), max(0.0, after.most - before.least))
    if tightens is False:
        after = Bracket(after.least, min(after.most, before.most))
        return Bracket(min(0.0, after.least - before.most), min(0.0, after.most - before.least))
    return after.less(before)


def stated(inquiry: Inquiry, limit: BusinessLimit) -> float:
    """What the scenario states, on average over the periods of the horizon; of a share, 100 points."""
    if limit.is_share:
        return float(PERCENT)
    value, calendar = figure(inquiry.request, limit), inquiry.request.scenario.calendar
    if not isinstance(value, dict):
        return float(value)
    steps = {key: Decimal(str(amount)) for key, amount in value.items()}
    if limit.record.by_period_end:
        return float(max(steps.values()))
    read = reading_of(limit.key)
    return float(sum(read(steps, calendar.span(t)) or 0 for t in calendar.periods)) / calendar.count


def _unit(inquiry: Inquiry, limit: BusinessLimit) -> str:
    if limit.is_share:
        return "point"
    unit = stated_unit(inquiry.request, limit)
    return f"{unit} x hour" if limit.record.by_period_end else unit


def _worth(
    inquiry: Inquiry, limit: BusinessLimit, used: Mapping[str, Use], price_usd: float, moves: Sequence[Move]
) -> LimitWorth:
    tightest = min((used[row] for row in limit.rows), key=lambda use: (use.room, -abs(use.most), use.row))
    return LimitWorth(
        limit=limit.label,
        constraint=limit.constraint,
        name=limit.name,
        row=tightest.row,
        at_least=tightest.at_least,
        used=tightest.used,
        most=tightest.most,
        slack=tightest.slack,
        row_unit=limit.unit,
        unit=_unit(inquiry, limit),
        amount=stated(inquiry, limit),
        price_usd=price_usd,
        moves=tuple(moves),
    )


def _money(worth: LimitWorth) -> float:
    """The most that a move changes: to rank by."""
    return max((_size(move) for move in worth.moves), default=0.0)


def _size(move: Move) -> float:
    if move.answer == "infeasible":
        return NEVER
    change: Any = move.change_usd
    return abs(change.middle) if change is not None and change.is_resolved and move.answer == "solved" else 0.0
