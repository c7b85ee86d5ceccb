"""The part of Inputs behind the book view, leases and unit costs. None of it changes what the plan costs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from optimizer.workbook.facts import Facts, number
from optimizer.workbook.sheets.input_finance import OURS
from optimizer.workbook.sheets.market import MarketOffer, market_of
from optimizer.workbook.writing.citations import of_catalog
from optimizer.workbook.writing.lines import VIEW, Line
from optimizer.workbook.writing.references import Row, key_of
from optimizer.workbook.writing.table import Table

TERM_ROUTES = ("lease", "reservation")
LIVES = (
    ("short", 3.0, "", "chipmix: a short life, for comparison"),
    ("Amazon, part of its servers", 5.0, "2025-01", "as the company reports"),
    ("Meta, servers", 5.5, "2025-01", "as the company reports"),
    ("Microsoft and Alphabet, servers", 6.0, "2023-01", "as the companies report"),
)


@dataclass(frozen=True)
class BookInputs:
    """Lives to compare with, and the market's rents by accelerator and offer.

    A rent is a line of its own or, for an offer of the plan, the line of its rent; then `open` holds 1 for
    periods in which it may be ordered. Both None: the plan has no such line.
    """

    lives: dict[str, Row]
    rents: dict[str, dict[MarketOffer, Row]]
    open: dict[str, Row]


def write_book_inputs(table: Table, prices: dict[str, Row]) -> BookInputs:
    """Write the lines; `prices` are the lines of offers of the plan."""
    _units(table)
    lives = _lives(table)
    if any(group.route in TERM_ROUTES for group in table.book.facts.groups):
        _lease_rate(table)
    return BookInputs(lives, *_market(table, prices))


def _units(table: Table) -> None:
    table.heading("Units of unit costs")
    for label, unit, value, name in (
        ("Seconds in an hour", "s/hour", 3600.0, "seconds_per_hour"),
        ("TFLOP in a PFLOP", "TFLOP/PFLOP", 1000.0, "tflop_per_pflop"),
        ("Units in a million", "number", 1e6, "units_per_million"),
    ):
        table.line(Line(label, unit, constant=value, source=OURS, name=name, locked="a definition"))


def _lives(table: Table) -> dict[str, Row]:
    note = "Book life of systems: under Finance; of added power: under Power that may be added. Changes no cash."
    table.heading("Book view: lives by class", note)
    value = number(table.book.facts.scenario["finance"]["book_life_years"])
    source = "scenario: book_life_years, as for systems"
    network = Line("Book life of network", "years", constant=value, source=source, rule="positive")
    table.line(replace(network, name="network_life_years", keys=(f"{VIEW}network_life_years",)))
    rows = {}
    for label, years, day, source in LIVES:
        line = Line(f"Life to compare: {label}", "years", constant=years, source=source, date=day, rule="positive")
        rows[label] = table.line(replace(line, keys=(f"{VIEW}life/{label}",), key=key_of("life", label)))
    return rows


def _lease_rate(table: Table) -> None:
    table.heading("Leases", "Your incremental borrowing rate belongs here; the discount rate stands in for it.")
    value = number(table.book.facts.scenario["finance"]["discount_rate"])
    line = Line("Discount rate of leases", "share/year", constant=value, source="scenario: discount_rate", rule="share")
    table.line(replace(line, name="lease_rate", keys=(f"{VIEW}lease_rate",)))


def _market(table: Table, prices: dict[str, Row]) -> tuple[dict[str, dict[MarketOffer, Row]], dict[str, Row]]:
    facts = table.book.facts
    market = market_of(facts)
    if market:
        note = "Offers of the catalogue that are the cheapest in some period, where they may be ordered."
        table.heading("Market's rent, to compare unit costs with", note)
    rents: dict[str, dict[MarketOffer, Row]] = {}
    opened = {}
    for accelerator, offers in market.items():
        rents[accelerator] = {each: prices.get(each.offer) or table.line(_rent(facts, each)) for each in offers}
        for each in (each for each in offers if each.offer in prices):
            opened[each.offer] = table.line(_open(each))
    return rents, opened


def _rent(facts: Facts, market: MarketOffer) -> Line:
    line = Line(
        "Market's rent",
        "USD/accelerator-hour",
        market.offer,
        periods=market.rents,
        rule="amount",
        key=key_of("market's rent", market.offer),
    )
    line = of_catalog(facts, market.offer, "usd_per_accelerator_hour", line)
    if not market.allowed:
        line = replace(line, source=f"{line.source}; not in this scenario")
    return replace(line, keys=(f"catalog/offers/{market.offer}/usd_per_accelerator_hour",))


def _open(market: MarketOffer) -> Line:
    """Whether an offer may be ordered in a period, as a factor."""
    values = [float(rent is not None) for rent in market.rents]
    source = "catalogue: available"
    return Line(
        "Market's rent: may be ordered",
        "switch",
        market.offer,
        periods=values,
        source=source,
        rule="switch",
        key=key_of("market's rent open", market.offer),
    )
