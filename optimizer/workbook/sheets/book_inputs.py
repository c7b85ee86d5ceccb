"""The part of Inputs behind the book view, leases and unit costs. None of it changes what the plan costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from catalogs.periods import first_month, last_month
from optimizer.workbook.facts import TERMS, Facts
from optimizer.workbook.groups import HOSTED
from optimizer.workbook.sheets.input_finance import OURS
from optimizer.workbook.sheets.input_offers import listed
from optimizer.workbook.writing.assumptions import assumed, scheduled
from optimizer.workbook.writing.lines import VIEW, Line, Section, filled
from optimizer.workbook.writing.references import Row, at, key_of

UNITS = (
    ("Seconds in an hour", "s/hour", 3600.0, "seconds_per_hour"),
    ("TFLOP in a PFLOP", "TFLOP/PFLOP", 1000.0, "tflop_per_pflop"),
    ("Units in a million", "number", 1e6, "units_per_million"),
)
PRICE_RISE, LIMIT_MOVE = 0.1, 0.01
"""By how much Summary moves a price and a limit, unless the reader says otherwise."""
LIVES = (
    ("short", 3.0, "", "chipmix: a short life, for comparison"),
    ("Amazon, part of its servers", 5.0, "2025-01", "as the company reports"),
    ("Meta, servers", 5.5, "2025-01", "as the company reports"),
    ("Microsoft and Alphabet, servers", 6.0, "2023-01", "as the companies report"),
)


def book_inputs(facts: Facts) -> Iterator[Section]:
    """Units, lives to compare with, the rate of leases if there are any, and the market's rents."""
    yield Section("Units of unit costs", lines=[
        Line(label, unit, constant=value, source=OURS, name=name, locked="a definition")
        for label, unit, value, name in UNITS
    ])  # fmt: skip
    yield _lives(facts)
    if any(group.route in TERMS for group in facts.groups):
        rate = _view(facts, "Discount rate of leases", "share/year", "discount_rate", "share", "lease_rate")
        note = "Your incremental borrowing rate belongs here; the discount rate stands in for it."
        yield Section("Leases", note, [rate])
    yield _moved()
    note = "Offers of the catalogue that are the cheapest in some period, where they may be ordered."
    rents = [line for offers in market_of(facts).values() for line in _market_rents(facts, offers)]
    yield from filled("Market's rent, to compare unit costs with", note, rents)


def _lives(facts: Facts) -> Section:
    network = _view(facts, "Book life of network", "years", "book_life_years", "positive", "network_life_years")
    lives = [
        Line(f"Life to compare: {label}", "years", constant=years, source=source, date=day, rule="positive",
             keys=(f"{VIEW}life/{label}",), key=key_of("life", label))
        for label, years, day, source in LIVES
    ]  # fmt: skip
    note = "Book life of systems: under Finance; of added power: under Power that may be added. Changes no cash."
    return Section("Book view: lives by class", note, [network, *lives])


def _moved() -> Section:
    """By how much Summary moves a price and a limit."""
    moves = (("Rise of prices", PRICE_RISE, "price_rise"), ("Move of limits", LIMIT_MOVE, "limit_move"))
    return Section("Moves that Summary shows", "Changes no cost: prices and limits stay as they are.", [
        Line(label, "share", constant=share, source="chipmix: a share to look at", rule="share", name=name,
             keys=(f"{VIEW}{name}",))
        for label, share, name in moves
    ])  # fmt: skip


def _view(facts: Facts, label: str, unit: str, field: str, rule: str, name: str) -> Line:
    """An assumption of the workbook alone, that begins as one of the scenario."""
    source = f"scenario: {field}" + ", as for systems" * (field == "book_life_years")
    return assumed(facts, f"finance/{field}", label, unit, rule, source=source, name=name, keys=(f"{VIEW}{name}",))


def market_rent(facts: Facts, offer: str) -> Row:
    """The rent of an offer of the market: the price that the plan could order it at, or a line of its own."""
    return at("offer", "price", offer) if offer in listed(facts) else at("market's rent", offer)


def _market_rents(facts: Facts, offers: tuple[MarketOffer, ...]) -> Iterator[Line]:
    """A rent, or whether an offer whose price stands above may be ordered in a period, as a factor."""
    yield from (_rent(facts, each) for each in offers if each.offer not in listed(facts))
    for each in (each for each in offers if each.offer in listed(facts)):
        yield Line(
            "Market's rent: may be ordered", "switch", each.offer, source="catalogue: available", rule="switch",
            periods=[float(rent is not None) for rent in each.rents], key=key_of("market's rent open", each.offer),
        )  # fmt: skip


def _rent(facts: Facts, market: MarketOffer) -> Line:
    line = scheduled(facts, f"catalog/offers/{market.offer}/usd_per_accelerator_hour", "Market's rent",
                     "USD/accelerator-hour", item=market.offer, periods=market.rents,
                     key=key_of("market's rent", market.offer))  # fmt: skip
    return line if market.allowed else replace(line, source=f"{line.source}; not in this scenario")


@dataclass(frozen=True)
class MarketOffer:
    """A hosted offer that is the cheapest of its accelerator in some period; `rents` only where it may be ordered.

    `allowed` says whether the scenario could have chosen it.
    """

    offer: str
    rents: tuple[float | None, ...]
    allowed: bool


def market_of(facts: Facts) -> dict[str, tuple[MarketOffer, ...]]:
    """The cheapest offers by the hour of each accelerator of the plan, fleet included; none where there is no rent.

    Where an accelerator cannot be rented by the hour, the cheapest hosted ones of any term.

    An offer counts where the catalogue has a rent for the period, the period lies within the dates in which
    it may be ordered, and it is open to the buyer. Whether the scenario allows it does not matter: it is
    the market that is compared with.
    """
    excluded = {row.offer for row in facts.plan.excluded}
    systems = facts.catalog["systems"]
    found = {}
    for accelerator in dict.fromkeys(str(systems[system]["accelerator"]) for system in facts.systems):
        rents = {o: _rents(facts, offer) for o, offer in sorted(_hosted(facts, accelerator).items())}
        cheapest = {name for i in range(facts.periods) if (name := _cheapest(rents, i))}
        offers = tuple(MarketOffer(o, rents[o], o not in excluded) for o in sorted(cheapest))
        if offers:
            found[accelerator] = offers
    return found


def _hosted(facts: Facts, accelerator: str) -> dict[str, dict[str, Any]]:
    """Offers of an accelerator by the hour that are open to the buyer; without any, hosted ones of any term."""
    systems, buyer = facts.catalog["systems"], facts.scenario.get("buyer")
    found = {
        name: offer
        for name, offer in facts.catalog["offers"].items()
        if offer["route"] in HOSTED
        and systems[offer["system"]]["accelerator"] == accelerator
        and ("buyers" not in offer or buyer == "any" or buyer in offer["buyers"])
    }
    by_the_hour = {name: offer for name, offer in found.items() if offer["route"] == "on_demand"}
    return by_the_hour or found


def _rents(facts: Facts, offer: dict[str, Any]) -> tuple[float | None, ...]:
    """The rent in each period in which the offer may be ordered."""
    dates = offer.get("available") or {}
    since = first_month(dates["from"]) if dates.get("from") else None
    until = last_month(dates["until"]) if dates.get("until") else None
    months = [first_month(key) for key in facts.keys]
    open_in = [(since is None or since <= month) and (until is None or month <= until) for month in months]
    rents = facts.over_periods("usd_per_accelerator_hour", offer.get("usd_per_accelerator_hour"))
    return tuple(rent if rent and is_open else None for rent, is_open in zip(rents, open_in, strict=True))


def _cheapest(rents: dict[str, tuple[float | None, ...]], i: int) -> str:
    """The offer with the lowest rent in a period, the first by name of equal ones; '' without any."""
    priced = {name: rent for name, each in rents.items() if (rent := each[i]) is not None}
    return min(priced, key=lambda name: (priced[name], name), default="")
