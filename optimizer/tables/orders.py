"""What may be ordered, when and where, at what price, and how much of it can be worth having."""

from __future__ import annotations

import math

from catalogs.problems import InputError
from optimizer.scenario import Commitment
from optimizer.schedules import mean
from optimizer.tables.circumstances import Circumstances, price_in
from optimizer.tables.eligibility import has_price, orders_open, reason_against
from optimizer.tables.rows import KW_PER_MW, Cohort, OfferFacts, SitePeriod

ROUNDING = 1e-9
NO_ROOM = "no site, supply or work leaves room for one system"


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
    orders = [_order(here, offer, place, t) for place in here.places(offer) for t in dated]
    return [order for order in orders if order.systems > 0]


def _order(here: Circumstances, offer: OfferFacts, place: str, t: int) -> Cohort:
    price, rent = _prices(here, offer, t - offer.lead_periods)
    last = min(here.calendar.count, t + offer.periods - 1)
    most = max(_most(here, offer, place, t, last), here.approved.get((offer.offer, place, here.calendar.key(t)), 0.0))
    return Cohort(offer.offer, place, t, t - offer.lead_periods, last, False, price, rent, most)


def _prices(here: Circumstances, offer: OfferFacts, ordered: int) -> tuple[float | None, float | None]:
    """Price and hourly rent of one system at the period of order."""
    entry, months = here.catalog.offers[offer.offer], here.calendar.span(ordered)
    hourly = mean(entry.usd_per_accelerator_hour, months)
    rent = None if hourly is None else float(hourly * offer.accelerators)
    return price_in(entry.price_usd, months), rent


def _most(here: Circumstances, offer: OfferFacts, place: str, t: int, last: int) -> float:
    """The most systems of an order that can be worth having: the tightest of work, supply and site.

    More than all the work that they may do at any time in service is never worth its cost, since no
    cost is negative and what is left of a price is never more than the price. Terms may ask for more: a
    minimum order, the step of a price break, or what a limit wants at the least. Systems that would
    stand idle only to change a share are not counted as worth having.
    """
    useful = max(_useful(here, offer, place, tau) for tau in range(t, last + 1))
    useful = max(useful, here.floors.get(offer.offer, 0.0))
    if useful or _useful_somewhere(here, offer, t, last):
        useful = max(useful, _by_terms(here, offer))
    bounds = []
    if not here.loose:
        bounds += _supply_bounds(here, offer, t)
    if not here.loose and not offer.hosted:
        bounds += [_room(here, offer, here.site_at[place, tau]) for tau in range(t, last + 1)]
    if offer.divisible:
        return min([useful, *bounds])
    whole = [math.ceil(useful * (1 - ROUNDING)), *(math.floor(bound + ROUNDING) for bound in bounds)]
    return float(min(whole))


def _useful(here: Circumstances, offer: OfferFacts, place: str, t: int) -> float:
    """Systems that would do all the work that they may do at a place in period t."""
    total = 0.0
    for ask in here.asks_at[t]:
        rate = here.rate.get((offer.system, ask.demand, t))
        if rate is not None and here.may_stand(ask.demand, place):
            total += max(ask.per_second / rate, ask.accelerators) / (offer.accelerators * here.availability)
    return total


def _useful_somewhere(here: Circumstances, offer: OfferFacts, t: int, last: int) -> bool:
    """Whether an order has terms that another place, where it is useful, may fill up here."""
    if not _by_terms(here, offer):
        return False
    return any(_useful(here, offer, place, tau) for place in here.places(offer) for tau in range(t, last + 1))


def _by_terms(here: Circumstances, offer: OfferFacts) -> float:
    """Systems that the offer's own terms may make one take."""
    breaks = here.catalog.offers[offer.offer].price_breaks
    steps = [step.from_systems for step in breaks.steps] if breaks is not None and breaks.kind == "all_units" else []
    return float(max([offer.minimum_order or 0, *steps]))


def _supply_bounds(here: Circumstances, offer: OfferFacts, t: int) -> list[float]:
    """Systems that each limit of supply would leave to this order alone."""
    uses = [("offer", offer.offer, 1.0)]
    if not offer.hosted:
        uses.append(("accelerator", offer.accelerator, float(offer.accelerators)))
        draws = here.catalog.accelerators[offer.accelerator].draws
        uses += [("pool", pool, float(draw) * offer.accelerators) for pool, draw in draws.items()]
    limits = ((here.supply_at.get((kind, key, t)), use) for kind, key, use in uses)
    return [most / use for most, use in limits if most is not None]


def _room(here: Circumstances, offer: OfferFacts, site: SitePeriod) -> float:
    """Systems that fit a site on its own limits alone, grown as far as it can be by then."""
    system, expansion = here.systems[offer.system], here.scenario.sites[site.site].expansion
    grown = expansion is not None and site.t > here.calendar.whole_periods(expansion.lead_time_months)
    power_mw = site.power_mw + (float(expansion.max_mw) if grown and expansion is not None else 0.0)
    rooms = [KW_PER_MW * power_mw / (site.peak_pue * system.provisioned_kw)]
    cooled = site.liquid_mw if system.cooling == "liquid" else site.air_mw
    if cooled is not None:
        rooms.append(KW_PER_MW * cooled / system.provisioned_kw)
    if site.racks is not None and system.racks:
        rooms.append(site.racks / system.racks)
    return min(rooms)


def commitments(here: Circumstances) -> list[Cohort]:
    """Orders already placed. Raises InputError for those without any price."""
    problems, found = [], []
    for number, item in enumerate(here.scenario.commitments):
        cohort = _committed(here, item)
        if cohort.price_usd is None and cohort.rent_usd is None:
            bought = here.catalog.offers[item.offer].route == "purchase"
            remedy = "give price_usd" if bought else "begin its usd_per_accelerator_hour by then"
            message = f"{item.offer} has no price at its order in {here.calendar.key(cohort.ordered)}; {remedy}"
            problems.append(here.request.problem(("commitments", str(number)), message))
        found.append(cohort)
    if problems:
        raise InputError(problems)
    return sorted(found)


def _committed(here: Circumstances, item: Commitment) -> Cohort:
    offer, t = here.offers[item.offer], here.calendar.index(item.period)
    assert t is not None, "the scenario was checked"
    ordered, last = t - offer.lead_periods, min(here.calendar.count, t + offer.periods - 1)
    price, rent = _prices(here, offer, ordered)
    if item.price_usd is not None:
        price = float(item.price_usd)
    return Cohort(item.offer, item.site, t, ordered, last, True, price, rent, float(item.systems))
