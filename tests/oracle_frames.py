"""Frame agreements stated a second time: further orders at their price, what these spend, what is missing.

Decisions of their own are ("sign", frame) and ("missing", frame), the millions that are promised and not spent.
"""

from __future__ import annotations

import fnmatch
from dataclasses import replace
from fractions import Fraction
from typing import Any

from oracle import Number, Oracle, Slot, Tree

Key = tuple[Any, ...]
MILLION = Fraction(1_000_000)
LONG = 1200
"""Months: no window is longer."""


class Agreements(Oracle):
    """A request with frame agreements, in numbers."""

    @property
    def frames(self) -> dict[str, Tree]:
        return dict(sorted(self.asked.get("frames", {}).items()))

    def facts(self, system: str, offer: str | None = None, place: str | None = None) -> dict[str, tuple[str, ...]]:
        """What something is, by the keys of a selection."""
        accelerator = self.systems[system]["accelerator"]
        entry = self.accelerators[accelerator]
        buyers = {b for o in self.offers.values() if o["system"] == system for b in o.get("buyers", ())}
        found = {
            "vendor": (entry["vendor"],), "kind": (entry["kind"],), "stack": (entry["stack"],),
            "accelerator": (accelerator,), "system": (system,), "buyers": tuple(sorted(buyers)),
        }  # fmt: skip
        if offer is not None:
            own = tuple(sorted(self.offers[offer].get("buyers", ())))
            found |= {"offer": (offer,), "route": (self.offers[offer]["route"],), "buyers": own}
        if place is not None:
            found["site" if place in self.sites else "host"] = (place,)
        return found

    def selects(self, frame: str, offer: str, place: str) -> bool:
        return chosen(selection(self.frames[frame]), self.facts(self.offers[offer]["system"], offer, place))

    def possible(self) -> list[Slot]:
        """Orders at the list price, then those at the price of each frame."""
        listed = super().possible()
        return [
            *listed, *(self.at_price_of(name, slot) for slot in listed for name in self.frames if self.may(name, slot))
        ]  # fmt: skip

    def may(self, frame: str, slot: Slot) -> bool:
        dated = self.in_window(self.month(slot.ordered), self.frames[frame]["orders"])
        return dated and self.selects(frame, slot.offer, slot.place)

    def at_price_of(self, frame: str, slot: Slot) -> Slot:
        factor = self.factor(frame)
        price, rent = (None if usd is None else usd * factor for usd in (slot.price, slot.rent))
        return replace(slot, price=price, rent=rent, frame=frame)

    def factor(self, frame: str) -> Number:
        return Fraction(str(self.frames[frame]["factor"])) if frame else Fraction(1)

    def in_frames(self, slot: Slot) -> bool:
        """Whether its offer may be ordered at the price of some frame somewhere."""
        places = [slot.place] if slot.place not in self.sites else list(self.sites)
        return any(self.selects(frame, slot.offer, place) for frame in self.frames for place in places)

    def spending(self, frame: str) -> set[int]:
        """The periods in which what is paid counts."""
        return {t for t in self.periods if self.in_window(self.month(t), self.frames[frame]["within"])}

    def promised(self, frame: str) -> Number:
        """What is to be spent inside the horizon: by the months of the window that lie in it, counted one by one."""
        window, end = self.frames[frame]["within"], self.start + self.count * self.months
        months = [m for m in range(self.start - LONG, end + LONG) if window != "total" and self.in_window(m, window)]
        inside = [m for m in months if self.start <= m < end]
        share = Fraction(len(inside), len(months)) if months else Fraction(1)
        return Fraction(str(self.frames[frame]["spend_usd"])) * share

    def of_frame(self, slot: Slot) -> int:
        """Systems that alone spend what is promised at the price of a frame, at the best step of it."""
        if not slot.frame:
            return 0
        factors = [Fraction(str(s["factor"])) for s in self.offers[slot.offer].get("price_breaks", {}).get("steps", ())]
        each = sum(self.spent_by(slot).values(), Fraction(0)) * min([Fraction(1), *factors])
        return -int(-self.promised(slot.frame) // each) if each else 0

    def spent_by(self, slot: Slot) -> dict[int, Number]:
        """Price and rent of one system by period, as far as they count for its frame."""
        inside = self.spending(slot.frame)
        paid = {(line, t): usd for (line, t), usd in self.cash(slot).items() if line in ("hardware", "rent")}
        return {t: usd for (_, t), usd in paid.items() if t in inside and usd}

    def label(self, slot: Slot) -> str:
        return f"{slot.offer}.{slot.frame}" if slot.frame else slot.offer

    def spent(self, frame: str) -> dict[Key, Number]:
        """USD spent under a frame, per unit of a decision."""
        found: dict[Key, Number] = {}
        for slot in self.slots:
            if slot.frame == frame and (usd := sum(self.spent_by(slot).values(), Fraction(0))):
                key: Key = ("order", slot) if slot.price is None else ("paid", self.label(slot), slot.t)
                found[key] = usd
        return found

    def signed_already(self, frame: str) -> bool:
        return bool(self.frames[frame].get("signed") == "true")

    def paid_each(self, offer: str, counts: dict[str, int]) -> dict[str, Number]:
        """What so many systems at the price of each frame cost, in systems at that price: laid side by side.

        The lowest factor comes first and what has no frame, named by nothing, last.
        """
        turn = sorted(counts, key=lambda frame: (not frame, self.factor(frame), frame))
        row = [frame for frame in turn for _ in range(counts[frame])]
        paid = dict.fromkeys(counts, Fraction(0))
        for number, frame in enumerate(row, start=1):
            paid[frame] += self.factor_of(offer, number, len(row))
        return paid

    def factor_of(self, offer: str, number: int, of: int) -> Number:
        """What the price of one system in a row of some is times."""
        breaks = self.offers[offer].get("price_breaks", {"kind": "all_units", "steps": []})
        counted = of if breaks["kind"] == "all_units" else number
        factors = [Fraction(str(s["factor"])) for s in breaks["steps"] if s["from_systems"] <= counted]
        return factors[-1] if factors else Fraction(1)


def selection(limit: Tree) -> dict[str, list[str]]:
    return {key: [v] if isinstance(v, str) else list(v) for key, v in limit.get("of", {}).items()}


def chosen(patterns: dict[str, list[str]], facts: dict[str, tuple[str, ...]]) -> bool:
    return all(
        any(fnmatch.fnmatchcase(fact, pattern) for fact in facts.get(key, ()) for pattern in wanted)
        for key, wanted in patterns.items()
    )
