"""Why each offer is in the plan or not, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import fsum

from cli.figures import Words, changed_words, some
from cli.tables import amount, heading, tell
from optimizer.explain.explanation import Entry, OfferReason, Placed, Without
from optimizer.tables.rows import grouped

MOST_PLACED = 4


def show_offers(offers: Sequence[OfferReason], words: Words, every_offer: bool) -> None:
    """Prints what is known of each offer: closely, or in groups with one reason."""
    closely = [one for one in offers if one.entry is not None or one.without is not None or one.verdict == "no_price"]
    inside = [one for one in closely if one.without is not None]
    outside = [one for one in closely if one.without is None]
    for title, these in (("Why these are in the plan", inside), ("Why these are not", outside)):
        if these:
            heading(title)
            for one in these:
                for line in _closely(one, words):
                    tell(line)
    _show_rest([one for one in offers if one not in closely], every_offer)


def _closely(one: OfferReason, words: Words) -> Iterator[str]:
    count = f": {amount(one.systems)} {words.unit_of(one.offer)}" if one.systems else ""
    yield f"{one.offer}{count}"
    if one.without is not None:
        yield from _without(one, one.without, words)
    elif one.verdict in ("dominated", "no_price"):
        yield f"  {one.reason}"
    if one.entry is not None:
        yield from _entry(one, one.entry, words)


def _without(one: OfferReason, without: Without, words: Words) -> Iterator[str]:
    if without.change_usd is None:
        yield "  without it: no plan (proved)" if without.answer == "infeasible" else "  without it: no answer in time"
        return
    resolved = without.change_usd.is_resolved
    change = f"{words.change(without.change_usd)} M {words.code}" if resolved else "not resolved at this gap"
    yield f"  without it: {change}; then {changed_words(without.changes, words, besides=one.offer)}"


def _entry(one: OfferReason, entry: Entry, words: Words) -> Iterator[str]:
    now, unit = entry.price_now, entry.price.unit.replace("USD", words.code)
    verb = "stays up to" if one.systems else "enters below"
    within = f", between {entry.factor_least:.4g} and {entry.factor_most:.4g}"
    interval = within if entry.factor_most > entry.factor_least * 1.01 else ""
    yield (
        f"  {verb} {words.price(entry.price.usd)} {unit} ordered in {now.period}, {entry.factor:.4g} times its "
        f"{words.price(now.usd)}{interval}"
    )
    middle = entry.saves_below_usd.middle
    saved = f", saves {words.amount(middle)}" if middle is not None and middle > 0 else ""
    yield f"  just below: {_placed(entry.orders)}{saved}; {changed_words(entry.changes, words, besides=one.offer)}"
    if interval:
        yield f"  above that it saves no more than {words.amount(entry.saves_above_usd)}"
    if entry.counts_in:
        yield f"  its price counts in {', '.join(entry.counts_in)} too: each price was tried with them"


def _placed(orders: Sequence[Placed]) -> str:
    shown = [f"{amount(row.systems)} at {row.place} in {row.enters_service}" for row in orders[:MOST_PLACED]]
    rest = fsum(row.systems for row in orders[MOST_PLACED:])
    return ", ".join([*shown, *([f"{amount(rest)} more later"] if rest else [])])


def _show_rest(offers: Sequence[OfferReason], every_offer: bool) -> None:
    for verdict, title in _TITLES.items():
        alike = [one for one in offers if one.verdict == verdict]
        if alike:
            heading(title)
        for reason, same in grouped(alike, _reason).items():
            names = [one.offer for one in same]
            shown = ", ".join(names) if every_offer else some(names)
            tell(f"{shown}: {reason}" if reason else shown)


_TITLES = {
    "ordered": "Also in the plan",
    "dominated": "Dominated: another offer is never worse",
    "not_ordered": "The plan is cheaper without these; --offer ID finds the price at which one enters",
    "committed": "Only by commitments",
    "ineligible": "Cannot be ordered",
}


def _reason(one: OfferReason) -> str:
    return "" if one.verdict in ("not_ordered", "ordered") else one.reason
