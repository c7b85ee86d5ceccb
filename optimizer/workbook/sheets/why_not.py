"""Why not: each offer that is not ordered, why, and the price at which it would enter; offers asked about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import fsum

from optimizer.explain.explanation import Between, Changed, Explanation, OfferReason, Placed, Without
from optimizer.explain.explanation import Entry as Entering
from optimizer.workbook.facts import Facts
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.limit_moves import stamp
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.lists import Block, Cell, Column, Content, Entry, ListSheet, paragraph

COLUMNS = {
    "offer": Column("Offer", width=28),
    "accelerator": Column("Accelerator", width=16),
    "standing": Column("Standing", width=20),
    "why": Column("Why", width=60),
    "systems": Column("Systems ordered", "systems", 10),
    "period": Column("First ordered in", width=11),
    "price": Column("Price then, USD", "USD", 14),
    "unit": Column("Price per", width=21),
    "factor": Column("Enters or leaves at, times the price", "factor", 13),
    "least factor": Column("In every best plan below, times", "factor", 13),
    "most factor": Column("Saves no more above, times", "factor", 13),
    "usd": Column("Enters or leaves at, USD", "USD", 14),
    "least usd": Column("In every best plan below, USD", "USD", 14),
    "most usd": Column("Saves no more above, USD", "USD", 14),
    "least": Column("Cost of the other plan, more by USD, least", "USD", 18),
    "most": Column("Cost of the other plan, more by USD, most", "USD", 18),
    "other": Column("The other plan", width=70),
    "counts in": Column("Its price counts in", width=26),
}
NOTE = (
    "An offer out of the plan enters below a price, one in it leaves above a price; all other prices as they are. "
    "The other plan is the best one just below that price, or without the offer. Below zero saves."
)
NOT_ASKED = "Nobody has asked yet: chipmix explain PLAN -o FILE.xlsx finds the price at which an offer would enter."
NOT_CHOSEN = "not chosen; run chipmix explain for the price at which it would enter"
STANDINGS = {
    "priced_out": "enters below a price",
    "no_price": "enters at no price",
    "ordered": "in the plan",
    "not_ordered": "not chosen",
    "dominated": "dominated",
    "committed": "by commitments alone",
    "ineligible": "cannot be ordered",
}
"""The words for each verdict, in the order of the sheet."""
PRICE_UNITS = {"USD per system": "USD/system", "USD per accelerator and hour": "USD/accelerator-hour"}
MOST_SHOWN = 6
"""Orders and changes of another plan that are told one by one."""


def why_not(facts: Facts, explanation: Explanation | None) -> ListSheet:
    """Reasons from the explanation; without one, of the offers that the model could not choose or did not."""
    rows = [_entry(reason) for reason in sorted(_reasons(facts, explanation), key=_rank)]
    return ListSheet(
        "Why not", "Why not: offers that are not ordered", "806000",
        [Block(rows, COLUMNS, notes=[NOTE], height=56, gap=0, filtered=True)], head=4,
        stamp=NOT_ASKED if explanation is None else stamp(explanation),
    )  # fmt: skip


def _reasons(facts: Facts, explanation: Explanation | None) -> Iterator[OfferReason]:
    """A reason for each offer that is not ordered, and for those in the plan that were asked about."""
    known = {} if explanation is None else {one.offer: one for one in explanation.offers}
    excluded = {row.offer: row.reason for row in facts.plan.excluded}
    ordered = {row.offer for row in facts.plan.orders if not row.commitment}
    for offer, entry in facts.catalog["offers"].items():
        if offer in known:
            if known[offer].verdict != "ordered" or known[offer].without is not None:
                yield known[offer]
        elif offer not in ordered:
            yield OfferReason(
                offer=offer,
                accelerator=facts.catalog["systems"][entry["system"]]["accelerator"],
                verdict="ineligible" if offer in excluded else "not_ordered",
                systems=0.0,
                reason=excluded.get(offer, NOT_CHOSEN),
            )


def _rank(one: OfferReason) -> tuple[bool, int, float, str]:
    """What was looked at closely first, nearest to the plan first."""
    closely = one.entry is not None or one.without is not None
    return not closely, list(STANDINGS).index(one.verdict), -one.entry.factor if one.entry else 0.0, one.offer


def _entry(one: OfferReason) -> Entry:
    cells: dict[str, Content] = {
        "offer": Given(one.offer),
        "accelerator": Given(one.accelerator),
        "standing": STANDINGS[one.verdict],
        "why": paragraph(one.reason),
    }
    if one.systems:
        cells["systems"] = Cell(one.systems, "systems" if one.systems.is_integer() else "kW")
    if one.entry is not None:
        cells |= _prices(one.entry)
    if one.without is not None:
        cells |= _other(one.without.change_usd, _without(one.without, one.offer))
    elif one.entry is not None:
        saves = one.entry.saves_below_usd
        least, most = (None if usd is None else -usd for usd in (saves.most, saves.least))
        cells |= _other(Between(least=least, most=most), _below(one.entry, one.offer))
    return Entry(
        cells,
        shows={"usd": one.entry.price.usd} if one.entry else {},
        meaning=f"price at which {one.offer} enters or leaves",
    )


def _prices(entry: Entering) -> dict[str, Content]:
    """The price now, and the factors and prices at which the offer enters or leaves."""
    unit = PRICE_UNITS[entry.price_now.unit]
    return {
        "period": Given(entry.price_now.period),
        "price": Cell(entry.price_now.usd, unit),
        "unit": unit,
        "factor": entry.factor,
        "least factor": entry.factor_least,
        "most factor": entry.factor_most,
        **{f"{each}usd": Cell(Formula(f"=${{price}}*{{{each}factor}}"), unit) for each in ("", "least ", "most ")},
        "counts in": paragraph("; ".join(entry.counts_in)) if entry.counts_in else None,
    }


def _other(change: Between | None, words: str) -> dict[str, Content]:
    """What another plan costs more, between two figures, and what it is in words."""
    least, most = (change.least, change.most) if change else (None, None)
    return {"least": least, "most": most, "other": paragraph(words)}


def _below(entry: Entering, offer: str) -> str:
    own = [one for one in entry.changes if one.offer == offer]
    before = own[0].before if own else fsum(one.systems for one in entry.orders)
    return f"just below: {'; '.join([_entering(entry.orders, offer, before), *_changes(entry.changes, offer)])}"


def _without(without: Without, offer: str) -> str:
    if without.answer != "solved":
        return "without it: no plan (proved)" if without.answer == "infeasible" else "without it: no answer in time"
    return f"without it: {'; '.join(_changes(without.changes, offer)) or 'nothing else changes'}"


def _entering(orders: Sequence[Placed], offer: str, before: float) -> str:
    """Systems of the offer in this plan and in the other, and where and when those enter service."""
    shown = [f"{one.place} {one.enters_service}: {_count(one.systems)}" for one in orders[:MOST_SHOWN]]
    more = ["…"] if len(orders) > MOST_SHOWN else []
    return f"{offer} {_count(before)} → {_count(fsum(one.systems for one in orders))} ({', '.join([*shown, *more])})"


def _changes(changes: Sequence[Changed], offer: str) -> list[str]:
    """Systems of other offers: in this plan and in the other."""
    others = [one for one in changes if one.offer != offer]
    shown = [f"{one.offer} {_count(one.before)} → {_count(one.after)}" for one in others[:MOST_SHOWN]]
    return [*shown, "…"] if len(others) > MOST_SHOWN else shown


def _count(systems: float) -> str:
    return f"{systems:,.0f}" if systems.is_integer() else f"{systems:,.2f}"
