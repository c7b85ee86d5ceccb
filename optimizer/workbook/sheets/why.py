"""Why not: each offer that is not ordered, why, and the price at which it would enter; offers asked about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import fsum

from optimizer.explain.explanation import Between, Changed, Entry, Explanation, OfferReason, Placed, Without
from optimizer.workbook.facts import Facts
from optimizer.workbook.language.given import Given
from optimizer.workbook.writing.book import Book, Tie
from optimizer.workbook.writing.cells import Formula
from optimizer.workbook.writing.page import Page
from optimizer.workbook.writing.styles import FORMATS, Role

SHEET = "Why not"
HEAD = 4
HEADERS = (
    "Offer", "Accelerator", "Standing", "Why", "Systems ordered", "First ordered in", "Price then, USD", "Price per",
    "Enters or leaves at, times the price", "In every best plan below, times", "Saves no more above, times",
    "Enters or leaves at, USD", "In every best plan below, USD", "Saves no more above, USD",
    "Cost of the other plan, more by USD, least", "Cost of the other plan, more by USD, most", "The other plan",
    "Its price counts in",
)  # fmt: skip
(OFFER, ACCELERATOR, STANDING, WHY, SYSTEMS, PERIOD, PRICE, UNIT, FACTOR, _, _, USD, _, _, LEAST, MOST, OTHER,
 COUNTS_IN) = range(1, len(HEADERS) + 1)  # fmt: skip
WIDTHS = (28, 16, 20, 60, 10, 11, 14, 21, 13, 13, 13, 14, 14, 14, 18, 18, 70, 26)
NUMBERS = (SYSTEMS, PRICE, *range(FACTOR, MOST + 1))
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


def write_why(book: Book) -> None:
    """Write the sheet from the explanation; without one from the offers that the model could not choose."""
    page = Page(book, SHEET, "Why not: offers that are not ordered", "806000")
    page.widths(WIDTHS)
    page.text(HEAD - 1, 1, NOTE, Role.NOTE)
    page.text(HEAD - 2, WHY, _stamp(book.made.explanation), Role.NOTE)
    page.headers(HEAD, [(header, i in NUMBERS) for i, header in enumerate(HEADERS, start=1)], 56)
    reasons = sorted(_reasons(book.facts, book.made.explanation), key=_rank)
    for row, reason in enumerate(reasons, start=HEAD + 1):
        _write(page, row, reason)
    page.sheet.auto_filter.ref = f"A{HEAD}:R{HEAD + max(1, len(reasons))}"
    page.sheet.freeze_panes = f"A{HEAD + 1}"
    page.print_setup(HEAD)


def _stamp(explanation: Explanation | None) -> str:
    if explanation is None:
        return NOT_ASKED
    return (
        f"Static: from {explanation.solves:,} second solves, they follow no edit. The plan's gap leaves "
        f"{explanation.gap_usd:,.0f} USD open."
    )


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


def _write(page: Page, row: int, one: OfferReason) -> None:
    page.text(row, OFFER, Given(one.offer))
    page.text(row, ACCELERATOR, Given(one.accelerator))
    page.text(row, STANDING, STANDINGS[one.verdict])
    page.paragraph(row, WHY, one.reason, WIDTHS[WHY - 1])
    if one.systems:
        page.number(row, SYSTEMS, one.systems, Role.SOLVER, "systems" if one.systems.is_integer() else "kW")
    if one.entry is not None:
        _prices(page, row, one.entry)
    if one.without is not None:
        _other(page, row, one.without.change_usd, _without(one.without, one.offer))
    elif one.entry is not None:
        saves = one.entry.saves_below_usd
        least, most = (None if usd is None else -usd for usd in (saves.most, saves.least))
        _other(page, row, Between(least=least, most=most), _below(one.entry, one.offer))


def _prices(page: Page, row: int, entry: Entry) -> None:
    """The price now, and the factors and prices at which the offer enters or leaves."""
    unit = PRICE_UNITS[entry.price_now.unit]
    page.text(row, PERIOD, Given(entry.price_now.period))
    page.number(row, PRICE, entry.price_now.usd, Role.SOLVER, unit)
    page.text(row, UNIT, unit)
    for i, factor in enumerate((entry.factor, entry.factor_least, entry.factor_most)):
        page.number(row, FACTOR + i, factor, Role.SOLVER, "factor")
        text = f"=$G{row}*{'IJK'[i]}{row}"
        page.formula(row, USD + i, Formula(text), None, FORMATS[unit])
    page.book.ties.append(Tie(SHEET, f"L{row}", entry.price.usd, f"price at which row {row} enters or leaves"))
    if entry.counts_in:
        page.paragraph(row, COUNTS_IN, "; ".join(entry.counts_in), WIDTHS[COUNTS_IN - 1])


def _other(page: Page, row: int, change: Between | None, words: str) -> None:
    """What another plan costs more, between two figures, and what it is in words."""
    if change is not None:
        for column, usd in ((LEAST, change.least), (MOST, change.most)):
            if usd is not None:
                page.number(row, column, usd, Role.SOLVER, "USD")
    page.paragraph(row, OTHER, words, WIDTHS[OTHER - 1])


def _below(entry: Entry, offer: str) -> str:
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
