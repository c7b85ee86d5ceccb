"""What changes in whole steps and not as an amount of a row: sizes of clusters and minimum orders, and shares.

More steps ask for less, so the least number that leaves a plan is found by halving.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from optimizer.formulation.business_limits import PERCENT, BusinessLimit
from optimizer.infeasible.edits import plain
from optimizer.infeasible.feasibility import Feasibility
from optimizer.infeasible.fixed_terms import SIZE, terms
from optimizer.infeasible.report import Change
from optimizer.interruption import OutOfTime
from optimizer.request.edits import Key, changed, text_at
from optimizer.request.load import Request

POINT = Decimal("0.001")
"""A share moves by tenths of a point."""


@dataclass(frozen=True)
class Fix:
    """Figures of the scenario that may make a plan possible, and what they change in words."""

    kind: str
    values: Mapping[Key, Any]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Steps:
    """A number that may move from `old` by up to `most` steps, up or down as the sign of `step`."""

    kind: str
    label: str
    key: Key
    old: Decimal
    step: Decimal
    most: int
    unit: str

    def value(self, steps: int) -> Decimal:
        new = self.old + self.step * steps
        return min(max(new, Decimal(0)), Decimal(1)) if self.is_share else new

    @property
    def is_share(self) -> bool:
        return self.unit == "points"

    def values(self, steps: int) -> dict[Key, Any]:
        return {self.key: plain(self.value(steps))}

    def fix(self, steps: int) -> Fix:
        """The change of so many steps."""
        new, old = self.value(steps), self.old
        if self.is_share:
            text = f"{self.label} at {plain(new * PERCENT)} % instead of {plain(old * PERCENT)} %"
        else:
            text = f"{self.label}: {new:,f} {self.unit} instead of {old:,f}"
        amount = float(abs(new - old) * (PERCENT if self.is_share else 1))
        change = Change(
            kind=self.kind, about=self.label, amount=amount, unit=self.unit, first=None, last=None, words=text
        )
        return Fix(self.kind, self.values(steps), (change,))


def sizes(request: Request) -> Iterator[Steps]:
    """Clusters that may be smaller and minimum orders that may be lower."""
    for term in terms(request):
        if term.kind == SIZE:
            ((key, number),) = term.numbers.items()
            unit, least = ("accelerators", 0) if term.sort == "cluster" else ("systems", 1)
            if number > least:  # a cluster of 0 is only not split
                yield Steps(SIZE, term.label, key, Decimal(number), Decimal(-1), number - least, unit)


def shares(request: Request, limits: Iterable[BusinessLimit]) -> Iterator[Steps]:
    """Shares of the user's own limits."""
    for limit in limits:
        if limit.is_share and limit.kind == "limits":
            old = Decimal(str(text_at(request, limit.key)))
            room = old if limit.is_floor else 1 - old
            step = -POINT if limit.is_floor else POINT
            most = int((room / POINT).to_integral_value(ROUND_CEILING))
            yield Steps("limits", limit.label, limit.key, old, step, most, "points")


def least_steps(feasibility: Feasibility, request: Request, steps: Steps) -> Fix | None:
    """The fewest steps that leave a plan; None if all of them do not."""

    def enough(count: int) -> bool | None:
        return feasibility.has_plan(changed(request, steps.values(count)))

    at_most = enough(steps.most) if steps.most else False
    if at_most is None:
        raise OutOfTime
    if not at_most:
        return None
    low, high = 0, steps.most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return steps.fix(high)
