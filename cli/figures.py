"""Figures in words: changes with what the gap leaves open, money in the scenario's currency."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from cli.money import Money
from cli.tables import amount
from optimizer.explain.explanation import Between, Changed, Explanation
from optimizer.plan.format import Plan

MILLION = 1e6
EXACT = 5e-4
"""Where a figure is known to this part of itself, its middle alone is shown."""
PERIODS = {1: "month", 3: "quarter", 12: "year"}
MOST_CHANGES = 5
MOST_NAMES = 8


class Words:
    """The words for figures of one plan. Where value is maximised, a change of cost is shown as one of value."""

    def __init__(self, plan: Plan, explanation: Explanation) -> None:
        self.money = Money(plan)
        self.code, self.per_usd = self.money.code, self.money.per_usd
        self.is_value = explanation.objective == "maximize_value"
        self.gap_usd = explanation.gap_usd
        by_period = {name for name, offer in plan.catalog["offers"].items() if offer["route"] == "on_demand"}
        self._units = dict.fromkeys(by_period, f"system-{PERIODS[plan.periods[0].months]}s")

    def exactly(self, usd: Between) -> str:
        """A change that is told, in whole units of the currency; of less than a hundred, with its hundredths."""
        assert usd.middle is not None, "it is told"
        middle = usd.middle * self.per_usd * (-1 if self.is_value else 1)
        if usd.is_nothing or usd.width / 2 > EXACT * abs(usd.middle):
            return self.change(usd, 1.0)
        return f"{middle:+,.{0 if abs(middle) >= 100 else 2}f}"

    def change(self, usd: Between, scale: float = MILLION) -> str:
        """A change, as its middle and by how much it may be off either way."""
        if usd.middle is None:
            return "unknown"
        if usd.is_nothing:
            return "0"
        factor = self.per_usd / scale * (-1 if self.is_value else 1)
        middle, off = usd.middle * factor, usd.width / 2 * abs(factor)
        shown = f"+{rounded(middle)}" if middle > 0 else rounded(middle)
        return shown if off <= EXACT * abs(middle) else f"{shown} ±{rounded(off, 1)}"

    def amount(self, usd: float) -> str:
        """An amount of money: `2.85 M USD`, `350 USD`."""
        value = usd * self.per_usd
        large = abs(value) >= MILLION / 10
        return f"{rounded(value / MILLION)} M {self.code}" if large else f"{rounded(value)} {self.code}"

    def millions(self, usd: float) -> str:
        """An amount of money in millions, without the unit."""
        return rounded(usd * self.per_usd / MILLION)

    def unit_of(self, offer: str) -> str:
        """What the orders of an offer are counted in: what is rented period by period is ordered for each again."""
        return self._units.get(offer, "systems")

    def price(self, usd: float) -> str:
        """A price to four digits, in the currency's units."""
        return rounded(usd * self.per_usd, 4)


def rounded(value: float, digits: int = 3) -> str:
    """A figure to so many digits, thousands separated."""
    if not value:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, places):,.{max(0, places)}f}"


def changed_words(changes: Iterable[Changed], words: Words, besides: str = "") -> str:
    """The largest differences between two plans: `gb200_nvl72.purchase 1,332 → 0 systems`."""
    rows = [row for row in changes if row.offer != besides]
    shown = [
        f"{row.offer} {amount(row.before)} → {amount(row.after)} {words.unit_of(row.offer)}"
        for row in rows[:MOST_CHANGES]
    ]
    more = f", and {len(rows) - MOST_CHANGES} more" if len(rows) > MOST_CHANGES else ""
    return ", ".join(shown) + more if shown else "nothing else"


def some(names: Sequence[str]) -> str:
    """The first few of some names, and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f", and {more} more" if more > 0 else "")
