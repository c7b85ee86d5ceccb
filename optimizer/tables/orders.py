"""What may be ordered, when and where, and at what price."""

from __future__ import annotations

from decimal import Context, Decimal

from catalogs.problems import InputError
from optimizer.request.scenario import Commitment
from optimizer.request.schedules import mean
from optimizer.tables.bounds import most_systems
from optimizer.tables.by_period import Circumstances
from optimizer.tables.eligibility import has_price, orders_open, reason_against
from optimizer.tables.rows import Cohort, FrameTerms, OfferFacts

NO_ROOM = "no site, supply or work leaves room for one system"
LISTED, EXACT = Decimal(1), Context(prec=100)
"""The factor of a price without a frame, and digits enough for a price times one."""


def possible_orders(here: Circumstances) -> tuple[list[Cohort], dict[str, str]]:
    """Every order that may be placed, and the reason for each offer that cannot be ordered."""
    found: list[Cohort] = []
    excluded: dict[str, str] = {}
    for name, offer in here.offers.items():
        reason = reason_against(here, offer)
        if reason is None:
            orders = _orders(here, offer)
            found += orders
            reason = None if orders else NO_ROOM
        if reason is not None:
            excluded[name] = reason
    return found, excluded


def _orders(here: Circumstances, offer: OfferFacts) -> list[Cohort]:
    periods = [t for t in here.calendar.periods if t > offer.lead_periods]
    dated = [t for t in periods if orders_open(here, offer, t) and has_price(here, offer, t)]
    orders = [
        _order(here, offer, place, t, frame)
        for place in here.places(offer)
        for t in dated
        for frame in (None, *_frames_in(here, offer, place, t - offer.lead_periods))
    ]
    return [order for order in orders if order.systems > 0]


def _frames_in(here: Circumstances, offer: OfferFacts, place: str, ordered: int) -> list[FrameTerms]:
    """The frames at whose price an offer may be ordered to a place in a period."""
    return [frame for frame in here.framed.get((offer.offer, place), ()) if ordered in frame.orders]


def _order(here: Circumstances, offer: OfferFacts, place: str, t: int, frame: FrameTerms | None) -> Cohort:
    price, rent = _prices(here, offer, t - offer.lead_periods, LISTED if frame is None else frame.factor)
    ends = t + offer.periods - 1
    last = min(here.calendar.count, ends)
    order = Cohort(offer.offer, place, t, t - offer.lead_periods, last, ends, False, price, rent, 0.0)
    if frame is not None:
        order = order._replace(frame=frame.frame)
    approved = here.approved.get((order.label, place, here.calendar.key(t)), 0.0)
    return order._replace(systems=max(most_systems(here, offer, order), approved))


def _prices(
    here: Circumstances, offer: OfferFacts, ordered: int, factor: Decimal = LISTED
) -> tuple[float | None, float | None]:
    """Price and hourly rent of one system at the period of order, times a factor; the same at all places."""
    key = (offer.offer, ordered, factor)
    if key not in here.prices_at:
        here.prices_at[key] = _prices_then(here, offer, ordered, factor)
    return here.prices_at[key]


def _prices_then(
    here: Circumstances, offer: OfferFacts, ordered: int, factor: Decimal
) -> tuple[float | None, float | None]:
    entry, months = here.catalog.offers[offer.offer], here.calendar.span(ordered)
    price, hourly = mean(entry.price_usd, months), mean(entry.usd_per_accelerator_hour, months)
    return (
        None if price is None else float(EXACT.multiply(price, factor)),
        None if hourly is None else float(EXACT.multiply(hourly * offer.accelerators, factor)),
    )


def commitments(here: Circumstances) -> list[Cohort]:
    """Orders already placed whose term has not ended yet. Raises InputError for those without any price."""
    problems, found = [], []
    for number, item in enumerate(here.scenario.commitments):
        cohort = _committed(here, item)
        if not cohort.served:
            continue
        if cohort.price_usd is None and cohort.rent_usd is None:
            bought = here.catalog.offers[item.offer].route == "purchase"
            remedy = "give price_usd" if bought else "give usd_per_accelerator_hour"
            message = f"{item.offer} has no price at its order in {here.calendar.key(cohort.ordered)}; {remedy}"
            problems.append(here.request.problem(("commitments", str(number)), message))
        found.append(cohort)
    if problems:
        raise InputError(problems)
    return sorted(found)


def _committed(here: Circumstances, item: Commitment) -> Cohort:
    offer, t = here.offers[item.offer], here.calendar.number(item.period)
    assert t is not None, "the scenario was checked"
    ordered, ends = t - offer.lead_periods, t + offer.periods - 1
    last = min(here.calendar.count, ends)
    price, rent = _prices(here, offer, ordered)
    if item.price_usd is not None:
        price = float(item.price_usd)
    if item.usd_per_accelerator_hour is not None:
        rent = float(item.usd_per_accelerator_hour * offer.accelerators)
    own = item.price_usd is not None or item.usd_per_accelerator_hour is not None
    return Cohort(item.offer, item.site, t, ordered, last, ends, True, price, rent, float(item.systems), None, own)
