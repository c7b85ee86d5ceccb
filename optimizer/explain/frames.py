"""Up to which promise it pays to sign a frame agreement.

With z(S) the cost of the best plan with a frame signed and S promised inside the horizon, it pays up to

    S* = sup { S : z(S) < z_without }

A plan found at some S spends so much under the frame and costs a beside what is missing of S, which is paid in a period
with the discount factor d, less tax on it; so it beats z_without up to spent + (z_without − a) / d, where the next
solve is made (`crossing`). Where a budget counts what is missing, what is possible changes with S.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalogs.problems import suggestion
from optimizer.explain.crossing import CLOSE, Crossing, Tried
from optimizer.explain.explanation import Between, FrameWorth
from optimizer.explain.inquiry import Inquiry, between, changes
from optimizer.explain.names import UnknownName
from optimizer.plan.format import FrameRow, Plan
from optimizer.request.edits import Key, changed
from optimizer.request.load import Request
from optimizer.request.scenario import matches
from optimizer.tables.frames import share_inside
from optimizer.what_if import Bracket, Outcome


@dataclass(frozen=True)
class Promised(Tried):
    """The best plan found with so much promised, what it spends of it, and the discount factor of what is missing."""

    spent_usd: float
    missing_usd: float
    discount: float

    def pays_up_to(self, without_usd: float) -> float:
        beside = self.cost.most - self.discount * self.missing_usd
        return self.spent_usd + (without_usd - beside) / self.discount


class Search(Crossing[Promised]):
    """The search for the promise, counted inside the horizon, up to which a frame pays."""

    def __init__(self, inquiry: Inquiry, frame: str, without: Bracket) -> None:
        super().__init__(inquiry, without)
        tables = inquiry.model.tables
        self.frame, self._terms = frame, tables.frames[frame]
        tax = tables.scenario.finance.tax
        kept = 1 if tax is None else 1 - tax.rate
        self.discount = float(tables.mid[self._terms.within[-1]] * kept)
        self.share = float(share_inside(tables.calendar, (tables.scenario.frames or {})[frame].within))

    def at(self, figure: float) -> Promised:
        """The best plan with the frame signed and so much promised."""
        self.solves += 1
        return self.of(figure, self.inquiry.ask(_signed(self.inquiry.request, self.frame, figure / self.share)))

    def of(self, figure: float, outcome: Outcome) -> Promised:
        """A plan with the frame signed as it was found."""
        row = _row(outcome.plan(), self.frame) if outcome.has_plan else None
        spent, missing = (row.spent_usd, row.shortfall_usd) if row is not None else (0.0, 0.0)
        return Promised(figure, outcome, outcome.cost, spent, missing, self.discount)


def frames_worth(inquiry: Inquiry, patterns: Sequence[str] = ()) -> tuple[FrameWorth, ...]:
    """What each frame is worth, or those that a name or pattern is of. Raises UnknownName for one of none."""
    names = [row.frame for row in inquiry.plan.frames]
    for pattern in patterns:
        if not any(matches(pattern, [name]) for name in names):
            raise UnknownName(f"no frame is called '{pattern}'{suggestion(pattern, names)}")
    asked = [name for name in names if not patterns or any(matches(pattern, [name]) for pattern in patterns)]
    found = inquiry.all("frames", asked, lambda name: _worth(inquiry, name))
    return tuple(one or _stated(inquiry, name) for name, one in zip(asked, found, strict=True))


def _worth(inquiry: Inquiry, frame: str) -> FrameWorth:
    """What a frame saves and up to which promise it pays: two plans compared, then a search."""
    signed = _row(inquiry.plan, frame).signed
    other = inquiry.ask(_without(inquiry.request, frame) if signed else _signed(inquiry.request, frame))
    with_it, without = (inquiry.cost, other.cost) if signed else (other.cost, inquiry.cost)
    stated = _stated(inquiry, frame)
    if not other.has_plan:
        answer = "infeasible" if other.status == "infeasible" else "stopped"
        return stated.model_copy(update={"answer": answer})
    search = Search(inquiry, frame, without)
    pays = _pays_up_to(search)
    return stated.model_copy(
        update={
            "answer": "solved",
            "saves_usd": between(without.less(with_it)),
            "pays_up_to_usd": pays,
            "changes": changes(inquiry.plan, other.plan()),
            "solves": 1 + search.solves,
        }
    )


def _pays_up_to(search: Search) -> Between | None:
    """The promises, for the whole window, at which it is proved to pay and to pay no more."""
    first = search.at(0.0)
    if not search.discount or not search.pays(first):
        return None
    last = search.steps(first)[-1]
    most = last.pays_up_to(search.without.most)
    beside = max(CLOSE, 2 * search.open_usd / (search.discount * most))
    if beside < 1 and not search.pays(search.at(most * (1 - beside))):
        last = search.halved(last, most)
        most = last.figure * (1 + CLOSE)
    least = max(last.figure, min(last.pays_up_to(search.without.least), most))
    return Between(least=least / search.share, most=most / search.share)


def _stated(inquiry: Inquiry, frame: str) -> FrameWorth:
    """A frame of which nothing is known but what the scenario and the plan say."""
    asked = (inquiry.request.scenario.frames or {})[frame]
    return FrameWorth(
        frame=frame,
        signed=_row(inquiry.plan, frame).signed,
        already=asked.signed == "true",
        spend_usd=float(asked.spend_usd),
        factor=float(asked.factor),
        answer="stopped",
    )


def _row(plan: Plan, frame: str) -> FrameRow:
    return next(row for row in plan.frames if row.frame == frame)


def _without(request: Request, frame: str) -> Request:
    return changed(request, {("frames", frame): None})


def _signed(request: Request, frame: str, spend_usd: float | None = None) -> Request:
    """The request with a frame signed already, and another promise if one is given."""
    changes: dict[Key, Any] = {("frames", frame, "signed"): "true"}
    if spend_usd is not None:
        changes["frames", frame, "spend_usd"] = f"{spend_usd:.6f}"
    return changed(request, changes)
