"""The part of Inputs about systems, offers and commitments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import HOSTED, RENTED
from optimizer.workbook.sheets.input_finance import PLACED, TERM, TIMING
from optimizer.workbook.writing.assumptions import assumed, scheduled
from optimizer.workbook.writing.lines import Line, Section, filled, line_of
from optimizer.workbook.writing.references import Row, at, key_of

SYSTEM = {
    "accelerators": ("Accelerators in a system", "accelerators/system", "positive"),
    "provisioned_kw": ("Provisioned IT power", "kW/system", "positive"),
    "average_kw": ("Average IT power in service", "kW/system", "positive"),
    "racks": ("Racks", "racks/system", "amount"),
}
TERMS = {
    "lead_time_months": ("Lead time", "months", "amount"),
    "bring_up_months": ("Bring-up", "months", "count"),
    "availability": ("Availability of its systems", "share", "share"),
    "term_months": ("Term in service", "months", "positive"),
    "deposit_share": ("Deposit at order, share of price", "share", "share"),
    "network_usd": ("Network, on entering service", "USD/system", "amount"),
    "software_usd_per_year": ("Software, while in service", "USD/system-year", "amount"),
    "carbon_kg_per_accelerator_hour": ("Carbon of hosted hours", "kg/accelerator-hour", "amount"),
}
"""Label, unit and rule of each field."""
AT_WORK = ("bring_up_months", "availability")
"""Terms that the scenario assumes where an offer does not state them."""
LOCKED = {"accelerators": "what the system is", "lead_time_months": TIMING, "term_months": TERM}
PRICES = {"price_usd": ("Price", "USD/system"), "usd_per_accelerator_hour": ("Rent", "USD/accelerator-hour")}
ONE_PERIOD = {"basis": "", "date": "", "source": "on demand: one period"}


def systems(facts: Facts) -> Section:
    """What each system is and draws."""
    return Section("Systems", lines=[
        assumed(facts, f"catalog/systems/{system}/{name}", *words, item=system, locked=LOCKED.get(name, ""),
                key=key_of("system", name, system))
        for name, words in SYSTEM.items()
        for system in facts.systems
    ])  # fmt: skip


def offers(facts: Facts) -> list[Section]:
    """Terms by offer, then prices by offer and period of order."""
    note = "Lead times and terms are locked: a plan with others is another plan; change the scenario and plan again."
    terms = [_term(facts, name, offer) for name in TERMS for offer in facts.offers if has_term(facts, offer, name)]
    ordered = sorted(facts.offers, key=lambda offer: facts.catalog["offers"][offer]["route"] in RENTED)
    prices = [_price(facts, offer) for offer in ordered]
    held = "A price holds for what is ordered in the period, whenever it enters service; price breaks on Orders."
    return [Section("Terms of offers", note, terms), Section("Prices by period of order", held, prices)]


OTHERS = Row("offers not in this plan")
"""The heading above the prices of what could have been ordered and was not."""


def others(facts: Facts) -> list[str]:
    """Offers that the plan could have ordered and did not, what is purchased first."""
    out = {row.offer for row in facts.plan.excluded}.union(facts.offers)
    left = [offer for offer in facts.catalog["offers"] if offer not in out]
    return sorted(left, key=lambda offer: (facts.catalog["offers"][offer]["route"] in RENTED, offer))


def listed(facts: Facts) -> list[str]:
    """Offers whose prices stand on Inputs as the scenario may order them."""
    return [*facts.offers, *others(facts)]


def other_offers(facts: Facts) -> Iterator[Section]:
    """Their prices, which no formula of a cost reads."""
    note = "They change no cost here; with other ones another plan may be best: see Checks, and plan again."
    if lines := [_price(facts, offer) for offer in others(facts)]:
        yield Section("Prices of offers not in this plan", note, lines, key=OTHERS.key)


def has_term(facts: Facts, offer: str, name: str) -> bool:
    """Whether a term means anything for the offer's route."""
    given = facts.catalog["offers"][offer]
    if name == "deposit_share":
        return bool(given["route"] == "purchase")
    if name == "carbon_kg_per_accelerator_hour":
        return bool(given["route"] in HOSTED)
    if name in AT_WORK:
        return name in given
    return bool(name != "term_months" or given["route"] != "purchase" or "term_months" in given)


def _term(facts: Facts, name: str, offer: str) -> Line:
    one_period = name == "term_months" and facts.catalog["offers"][offer]["route"] == "on_demand"
    other: dict[str, Any] = {"constant": float(facts.months), **ONE_PERIOD} if one_period else {}
    return assumed(facts, f"catalog/offers/{offer}/{name}", *TERMS[name], absent="0", item=offer,
                   locked=LOCKED.get(name, ""), key=key_of("offer", name, offer), **other)  # fmt: skip


def availability(facts: Facts, offer: str) -> str:
    """The share of an offer's systems that does work, as formulas refer to it."""
    return at("offer", "availability", offer).constant if has_term(facts, offer, "availability") else "availability"


def bring_up(facts: Facts, offer: str) -> Row | None:
    """The line of the months that bringing up an offer's systems takes; None where it takes no time."""
    route = facts.catalog["offers"][offer]["route"]
    if has_term(facts, offer, "bring_up_months"):
        return at("offer", "bring_up_months", offer)
    return at("bring-up", route) if route in routes_brought_up(facts) else None


def routes_brought_up(facts: Facts) -> list[str]:
    """The routes of ordered offers for which the scenario assumes that bring-up takes some time."""
    assumed_of = facts.scenario["assumptions"].get("bring_up_months", {})
    left = [offer for offer in facts.offers if not has_term(facts, offer, "bring_up_months")]
    return sorted({facts.catalog["offers"][offer]["route"] for offer in left} & set(assumed_of))


def _price(facts: Facts, offer: str) -> Line:
    rented = facts.catalog["offers"][offer]["route"] in RENTED
    name = "usd_per_accelerator_hour" if rented else "price_usd"
    placed = rented and any(group.offer == offer and group.committed for group in facts.groups)
    locked = "an order placed pays it" if placed else ""
    return scheduled(facts, f"catalog/offers/{offer}/{name}", *PRICES[name], item=offer, locked=locked,
                     key=key_of("offer", "price", offer))  # fmt: skip


def commitments(facts: Facts) -> Iterator[Section]:
    """Prices and systems of orders already placed."""
    note = "Orders already placed, by period of entering service; prices are those of the period of order."
    placed: dict[str, Any] = {"source": "scenario: commitments", "rule": "amount", "locked": PLACED}
    lines = []
    for group in (group for group in facts.groups if group.committed):
        price = PRICES["price_usd" if group.purchased else "usd_per_accelerator_hour"]
        if group.running:
            lines += [line_of(group, "In service before the horizon", "periods", what="commitment/age",
                              constant=float(group.age), **placed)]  # fmt: skip
        lines += [line_of(group, *price, what="commitment/price", periods=group.entry_prices, **placed)]
        lines += [line_of(line, "Systems", "systems", what="commitment/systems", periods=line.systems, **placed)
                  for line in group.lines]  # fmt: skip
    yield from filled("Commitments", note, lines)
