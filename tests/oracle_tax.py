"""Tax in the second statement of the whole problem: what is earned less what is spent and what is written off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from oracle import OPEX, Number, Slot

DEDUCTED = (*OPEX, "idle", "engineering", "porting", "frame", "owed", "resale")
AT_THE_END = ("residual", "tax at the end")
RECOVERED = tuple(Fraction(part) for part in ("0.2", "0.32", "0.192", "0.1152", "0.1152", "0.0576"))
Flow = tuple[str, int, Any, Number]
"""A line, a period, the decision (None: a constant) and the amount for a unit of it."""


def taxes(whole: Any, money: Iterable[Any]) -> Iterator[Flow]:
    """The tax on every cost of a request but that on the value of work; the price of undone work is not spent."""
    if not whole.tax_rate:
        return
    for line, t, key, usd in ((term.line, term.t, term.key, -whole.tax_rate * term.amount) for term in money):
        if line in DEDUCTED:
            yield "tax", t, key, usd
        elif line == "residual":
            yield "tax at the end", t, key, usd
    for key, usd, entered, last, years in bought(whole):
        left = Fraction(1)
        for t in range(entered, last + 1):
            share = written_off(whole, entered, t, years)
            left -= share
            if t >= 1:
                yield "tax", t, key, -whole.tax_rate * usd * share
        yield "tax at the end", last, key, -whole.tax_rate * usd * left


def bought(whole: Any) -> Iterator[tuple[Any, Number, int, int, Number | None]]:
    """What is written off: (decision, USD per unit, first and last period of service, life if it has its own)."""

    def network(slot: Slot) -> Number:
        return Fraction(str(whole.offers[slot.offer].get("network_usd", 0)))

    for slot in whole.slots:
        yield ("order", slot), network(slot), slot.t, slot.last, None
    for (offer, t), slots in whole.purchases().items():
        yield ("paid", offer, t), slots[0].price or Fraction(0), t, slots[0].last, None
    for slot in whole.commitments:
        yield None, Fraction(slot.committed * ((slot.price or 0) + network(slot))), slot.t, slot.last, None
    for site in whole.sites:
        for t, usd in whole.grows(site).items():
            life = Fraction(str(whole.sites[site]["expansion"]["life_years"]))
            yield ("expand", site, t), usd, t, whole.count, life


def written_off(whole: Any, entered: int, t: int, years: Number | None) -> Number:
    """The share of a price that is written off in a period."""
    rule = whole.finance["tax"]["depreciation"]
    if years is None and rule == "bonus":
        return Fraction(t == entered)
    if years is None and rule == "macrs_5":
        year = int(whole.fiscal_year(t)[2:]) - int(whole.fiscal_year(entered)[2:])
        alike = [s for s in range(entered, t + 12) if whole.fiscal_year(s) == whole.fiscal_year(t)]
        return RECOVERED[year] / len(alike) if year < len(RECOVERED) else Fraction(0)
    life = whole.a_year * (years or Fraction(str(whole.finance.get("book_life_years", 5))))
    return max(Fraction(0), min(Fraction(1), life - (t - entered)) / life)
