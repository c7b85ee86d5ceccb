"""The part of Inputs about systems, offers and commitments."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.facts import Facts, number
from optimizer.workbook.groups import HOSTED, RENTED, Group
from optimizer.workbook.sheets.input_finance import PLACED, TERM, TIMING
from optimizer.workbook.writing.citations import Citation, cited
from optimizer.workbook.writing.lines import Line, Section
from optimizer.workbook.writing.references import key_of

SYSTEM = {
    "accelerators": ("Accelerators in a system", "accelerators/system", "positive"),
    "provisioned_kw": ("Provisioned IT power", "kW/system", "positive"),
    "average_kw": ("Average IT power in service", "kW/system", "positive"),
    "racks": ("Racks", "racks/system", "amount"),
}
TERMS = {
    "lead_time_months": ("Lead time", "months", "amount"),
    "term_months": ("Term in service", "months", "positive"),
    "deposit_share": ("Deposit at order, share of price", "share", "share"),
    "network_usd": ("Network, on entering service", "USD/system", "amount"),
    "software_usd_per_year": ("Software, while in service", "USD/system-year", "amount"),
    "carbon_kg_per_accelerator_hour": ("Carbon of hosted hours", "kg/accelerator-hour", "amount"),
}
"""Label, unit and rule of each field."""
LOCKED = {"accelerators": "what the system is", "lead_time_months": TIMING, "term_months": TERM}


def systems(facts: Facts) -> Section:
    """What each system is and draws."""
    return Section("Systems", lines=[_system(facts, name, system) for name in SYSTEM for system in facts.systems])


def _system(facts: Facts, name: str, system: str) -> Line:
    label, unit, rule = SYSTEM[name]
    locked = LOCKED.get(name, "")
    return Line(
        label, unit, system, constant=number(facts.catalog["systems"][system][name]), rule=rule, locked=locked,
        keys=() if locked else (f"catalog/systems/{system}/{name}",), key=key_of("system", name, system),
        **cited(facts, system, name),
    )  # fmt: skip


def offers(facts: Facts) -> list[Section]:
    """Terms by offer, then prices by offer and period of order."""
    note = "Lead times and terms are locked: a plan with others is another plan; change the scenario and plan again."
    terms = [_term(facts, name, offer) for name in TERMS for offer in facts.offers if has_term(facts, offer, name)]
    ordered = sorted(facts.offers, key=lambda offer: facts.catalog["offers"][offer]["route"] in RENTED)
    prices = [_price(facts, offer) for offer in ordered]
    held = "A price holds for what is ordered in the period, whenever it enters service; price breaks on Orders."
    return [Section("Terms of offers", note, terms), Section("Prices by period of order", held, prices)]


def has_term(facts: Facts, offer: str, name: str) -> bool:
    """Whether a term means anything for the offer's route."""
    given = facts.catalog["offers"][offer]
    if name == "deposit_share":
        return bool(given["route"] == "purchase")
    if name == "carbon_kg_per_accelerator_hour":
        return bool(given["route"] in HOSTED)
    return bool(name != "term_months" or given["route"] != "purchase" or "term_months" in given)


def _term(facts: Facts, name: str, offer: str) -> Line:
    label, unit, rule = TERMS[name]
    value, citation = number(facts.catalog["offers"][offer].get(name, 0)), cited(facts, offer, name)
    if name == "term_months" and facts.catalog["offers"][offer]["route"] == "on_demand":
        value, citation = float(facts.months), Citation(basis="", date="", source="on demand: one period")
    locked = LOCKED.get(name, "")
    return Line(
        label, unit, offer, constant=value, rule=rule, locked=locked, key=key_of("offer", name, offer),
        keys=() if locked else (f"catalog/offers/{offer}/{name}",), **citation,
    )  # fmt: skip


def _price(facts: Facts, offer: str) -> Line:
    given = facts.catalog["offers"][offer]
    rented = given["route"] in RENTED
    name = "usd_per_accelerator_hour" if rented else "price_usd"
    label, unit = _priced(rented)
    placed = rented and any(group.offer == offer and group.committed for group in facts.groups)
    return Line(
        label, unit, offer, periods=facts.over_periods(name, given.get(name)), rule="amount",
        locked="an order placed pays it" if placed else "", key=key_of("offer", "price", offer),
        keys=() if placed else (f"catalog/offers/{offer}/{name}",), **cited(facts, offer, name),
    )  # fmt: skip


def _priced(rented: bool) -> tuple[str, str]:
    return ("Rent", "USD/accelerator-hour") if rented else ("Price", "USD/system")


def commitments(facts: Facts) -> Iterator[Section]:
    """Prices and systems of orders already placed."""
    lines = [line for group in facts.groups if group.committed for line in _committed(group)]
    note = "Orders already placed, by period of entering service; prices are those of the period of order."
    if lines:
        yield Section("Commitments", note, lines)


def _committed(group: Group) -> Iterator[Line]:
    label, unit = _priced(not group.purchased)
    source = "scenario: commitments"
    yield Line(label + group.suffix, unit, group.offer, periods=group.entry_prices, source=source, rule="amount",
               locked=PLACED, key=key_of("commitment", "price", group))  # fmt: skip
    for line in group.lines:
        yield Line(
            f"Systems{group.suffix}", "systems", group.offer, line.place, periods=line.systems, whole=line.whole,
            source=source, rule="amount", locked=PLACED, key=key_of("commitment", "systems", group, line.place),
        )  # fmt: skip
