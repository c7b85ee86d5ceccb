"""Where something stops to pay: the figure at which the best plan with it costs as much as the best one without.

A plan found at some figure tells up to which one it costs less than any plan without; there the next solve is made
(Newton's method, after Dinkelbach, 1967). The steps only grow, and end after few. Where the figure decides what is
possible too, halving closes what a step overshoots.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

from optimizer.explain.inquiry import Inquiry
from optimizer.what_if import Bracket, Outcome

CLOSE = 1e-3
"""The part of a figure that halving leaves open."""
MOST_STEPS = 30


@dataclass(frozen=True)
class Tried(ABC):
    """The best plan found at some figure, and what it costs."""

    figure: float
    outcome: Outcome
    cost: Bracket

    @abstractmethod
    def pays_up_to(self, without_usd: float) -> float:
        """The figure up to which this plan costs less than a plan without."""


Trial = TypeVar("Trial", bound=Tried)


class Crossing(ABC, Generic[Trial]):
    """The search for where something stops to pay; `without` is what the best plan without it costs."""

    def __init__(self, inquiry: Inquiry, without: Bracket) -> None:
        self.inquiry, self.without = inquiry, without
        self.open_usd = max(without.width, inquiry.what_if.options.gap * abs(without.most))
        self.solves = 0

    @abstractmethod
    def at(self, figure: float) -> Trial:
        """The best plan at a figure."""

    def pays(self, tried: Trial) -> bool:
        """Whether a plan is cheaper than any without, by more than the gap leaves open."""
        return tried.cost.most < self.without.least - self._rounding

    @property
    def _rounding(self) -> float:
        return 1e-9 * abs(self.without.most)

    def steps(self, start: Trial) -> list[Trial]:
        """Newton's steps up from a plan that pays: all plans that do."""
        found = [start]
        while len(found) < MOST_STEPS:
            following = self.at(found[-1].pays_up_to(self.without.most))
            if following.figure - found[-1].figure <= 1e-9 * found[-1].figure or not self.pays(following):
                return found
            found.append(following)
        return found

    def halved(self, low: Trial, high: float) -> Trial:
        """The last plan that pays between one that does and a figure that does not, to a thousandth."""
        while high - low.figure > CLOSE * high:
            middle = self.at((low.figure + high) / 2)
            low, high = (middle, high) if self.pays(middle) else (low, middle.figure)
        return low
