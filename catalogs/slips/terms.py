"""Slips in how an offer's terms go together: dates, longer terms against shorter ones, price breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from catalogs.periods import first_month, last_month, steps, value_at
from catalogs.schema import Catalog
from catalogs.slips.slip import WHOLE, Figure, Slip

FIRST_YEAR, LAST_YEAR = 2010, 2045
SHORTEST_TERM = 6
"""Shorter terms than half a year are seldom sold, and never for less than longer ones."""
DEAREST = 7.0
"""The list price of a day is up to 5.2 times the rent of three years at the same cloud."""
SHORT_BARGAIN, LONG_BARGAIN = 0.5, 0.95
"""A term is not let for less than this part of what a longer one costs: any, and one shorter than half a year."""
SCHEDULES = ("price_usd", "usd_per_accelerator_hour", "supply_systems_per_month")


def _at(key: str, field: str) -> tuple[Figure, ...]:
    return (Figure(("offers", key, field), 0.0),)


def dates_in_order(catalog: Catalog, key: str) -> Iterator[Slip]:
    """Nothing can be ordered `from` a period after `until`."""
    dates = catalog.offers[key].available
    if dates.from_ and dates.until and first_month(dates.from_) > last_month(dates.until):
        said = f"from {dates.from_} is after until {dates.until}, so that it can never be ordered: the other way round?"
        yield Slip(_at(key, "available"), 1.0, "", said=said)


def years_of_our_time(catalog: Catalog, key: str) -> Iterator[Slip]:
    """A period long before or after the age of these machines is a slip of the year."""
    offer = catalog.offers[key]
    dates = [("available", date) for date in (offer.available.from_, offer.available.until) if date]
    for field in SCHEDULES:
        schedule = getattr(offer, field)
        dates += [(field, date) for date in (steps(schedule) if isinstance(schedule, Mapping) else ())]
    for field, date in dates:
        if not FIRST_YEAR <= first_month(date) // 12 <= LAST_YEAR:
            yield Slip(_at(key, field), 1.0, "", said=f"{date} is no year of these machines: a digit too many or few?")


def announced_in_our_time(catalog: Catalog, key: str) -> Iterator[Slip]:
    """As `years_of_our_time`, of an accelerator."""
    date = catalog.accelerators[key].announced
    if date and not FIRST_YEAR <= first_month(date) // 12 <= LAST_YEAR:
        figures = (Figure(("accelerators", key, "announced"), 0.0),)
        yield Slip(figures, 1.0, "", said=f"{date} is no year of these machines: a digit too many or few?")


def longer_terms_are_cheaper(catalog: Catalog, key: str) -> Iterator[Slip]:
    """Who signs for longer pays less by the hour, and not many times less: held against the same host's other terms."""
    offer = catalog.offers[key]
    rent, term, here = offer.usd_per_accelerator_hour, offer.term_months or 0, (offer.system, offer.host)
    chip = catalog.accelerators[catalog.systems[offer.system].accelerator]
    if offer.host is None or rent is None or not chip.peak_tflops:
        return
    for name, other in sorted(catalog.offers.items()):
        if name != key and (other.system, other.host) == here and (other.term_months or 0) != term:
            yield from _against(catalog, key, name, (other.term_months or 0) > term)


def _against(catalog: Catalog, key: str, name: str, other_is_longer: bool) -> Iterator[Slip]:
    shorter, longer = (key, name) if other_is_longer else (name, key)
    quotients = list(_quotients(catalog, shorter, longer))
    least, most = min(quotients, default=1.0), max(quotients, default=1.0)
    short = 0 < (catalog.offers[shorter].term_months or 0) < SHORTEST_TERM
    if least < (LONG_BARGAIN if short else SHORT_BARGAIN):
        guess = "a term in years instead of months" if short else "a rent of another unit"
        said = f"{shorter} costs {least:.2g} times the rent of {longer}, whose term is longer: {guess}?"
        yield _said(catalog, key, said)
    elif most > DEAREST:
        said = f"{shorter} costs {most:.2g} times the rent of {longer}: {WHOLE}?"
        yield _said(catalog, key, said)


def _said(catalog: Catalog, key: str, said: str) -> Slip:
    fields = ("usd_per_accelerator_hour", "term_months")
    figures = tuple(Figure(("offers", key, field), 0.0) for field in fields if getattr(catalog.offers[key], field))
    return Slip(figures, 1.0, "", said=said)


def _quotients(catalog: Catalog, shorter: str, longer: str) -> Iterator[float]:
    """The rent of a shorter term by that of a longer one, wherever one of them changes and both are there."""
    rents: list[Decimal | dict[str, Decimal] | None] = [
        catalog.offers[each].usd_per_accelerator_hour for each in (shorter, longer)
    ]
    months = {first_month(date) for rent in rents if isinstance(rent, dict) for date in steps(rent)}
    for month in sorted(months) or [0]:
        short, long = (value_at(rent, month) for rent in rents)
        if short and long:
            yield float(short / long)


def breaks_are_cheaper(catalog: Catalog, key: str) -> Iterator[Slip]:
    """Who buys more pays less for each, and not next to nothing."""
    breaks = catalog.offers[key].price_breaks
    for step in breaks.steps if breaks else ():
        if not Decimal("0.3") <= step.factor <= 1:
            said = f"from {step.from_systems} systems on each costs {step.factor} times the price"
            said = f"{said}: the discount instead of what is left?"
            yield Slip(_at(key, "price_breaks"), 1.0, "", said=said)


OF_OFFERS = (dates_in_order, years_of_our_time, longer_terms_are_cheaper, breaks_are_cheaper)
OF_CHIPS = (announced_in_our_time,)
