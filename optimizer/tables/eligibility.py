"""Which offers can be ordered at all, and why the others cannot: said once, here."""

from __future__ import annotations

from catalogs.schema import Offer
from optimizer.request.scenario import ANY_BUYER, OfferRules, matches
from optimizer.request.schedules import mean
from optimizer.tables.beyond_demand import helps_a_share
from optimizer.tables.by_period import Circumstances
from optimizer.tables.rows import OfferFacts


def reason_against(here: Circumstances, offer: OfferFacts) -> str | None:
    """Why an offer cannot be ordered, in the order of `REASONS`; None if it can."""
    entry = here.catalog.offers[offer.offer]
    return next((reason for rule in REASONS if (reason := rule(here, offer, entry)) is not None), None)


def could_be_ordered(here: Circumstances, offer: OfferFacts) -> bool:
    """Whether an offer is open, allowed, and dated so that it arrives, whether or not it can do any of the work."""
    entry = here.catalog.offers[offer.offer]
    return all(rule(here, offer, entry) is None for rule in REASONS if rule is not idle)


def closed(here: Circumstances, _: OfferFacts, entry: Offer) -> str | None:
    """Open only to other buyers."""
    buyer = here.scenario.buyer
    if entry.buyers is None or buyer == ANY_BUYER or buyer in entry.buyers:
        return None
    return f"open only to {', '.join(sorted(entry.buyers))} (buyers)"


def ruled_out(here: Circumstances, offer: OfferFacts, entry: Offer) -> str | None:
    """Denied, not allowed, or priced on evidence that is not accepted."""
    rules = here.scenario.offers
    if (reason := denied(rules, offer)) is not None:
        return reason
    priced = "price_usd" if entry.route == "purchase" else "usd_per_accelerator_hour"
    basis = here.catalog.basis(offer.offer, priced)
    return None if basis in rules.basis else f"its {priced} is {basis}, which is not accepted (offers.basis)"


def denied(rules: OfferRules, offer: OfferFacts) -> str | None:
    """The scenario's word against an offer."""
    ids = (offer.accelerator, offer.system, offer.offer)
    by = [pattern for pattern in rules.deny if matches(pattern, ids)]
    if by:
        return f"denied by '{by[0]}' (offers.deny)"
    if rules.allow is not None and not any(matches(pattern, ids) for pattern in rules.allow):
        return "not on the list of allowed offers (offers.allow)"
    return None


def ruled_out_by_rule(here: Circumstances, offer: OfferFacts) -> bool:
    """Whether it is the buyer or the scenario that keeps an offer out, and not what it is."""
    entry = here.catalog.offers[offer.offer]
    return any(rule(here, offer, entry) is not None for rule in (closed, ruled_out))


def homeless(here: Circumstances, offer: OfferFacts, _: Offer) -> str | None:
    """It would stand on a site of ours, and there is none."""
    return None if here.places(offer) else "it needs a site of ours and the scenario has none (sites)"


def idle(here: Circumstances, offer: OfferFacts, _: Offer) -> str | None:
    """There is none of the work that it can do, and no limit or frame that may want it all the same.

    What a frame promises may be spent on systems that do no work: they can be sold.
    """
    wanted = here.floors.get(offer.offer) or any(helps_a_share(here, offer, place) for place in here.places(offer))
    wanted = wanted or any(frame.promised_usd for frame in here.frames_of(offer))
    if wanted or any(can_serve(here, offer, name) for name, _ in here.demands):
        return None
    misses = "; ".join(f"{name}: {near_miss(here, offer, name)}" for name, _ in here.demands)
    return f"it can do none of the work ({misses})"


def can_serve(here: Circumstances, offer: OfferFacts, name: str) -> bool:
    """Whether an offer's systems can do a demand's work in some period, somewhere that they may stand."""
    able = offer.works and (offer.system, name) in here.able_to_do
    return able and any(here.may_stand(name, place) for place in here.places(offer))


def near_miss(here: Circumstances, offer: OfferFacts, name: str) -> str:
    """Why an offer's systems cannot do a demand's work."""
    demand = here.scenario.demand[name]
    stack = here.systems[offer.system].stack
    if not here.catalog.points(offer.accelerator, demand.workload):
        return f"no throughput for {demand.workload}"
    if demand.stacks is not None and stack not in demand.stacks:
        return f"stack {stack} is not listed"
    points, why = here.reached(offer.system, demand)
    if not points:
        return why
    if (offer.system, name) not in here.able_to_do:
        return "its throughput begins after the horizon"
    if not offer.works:
        return "its systems are brought up for all of their term (bring_up_months)"
    return "it may not run where the offer's systems stand"


def undated(here: Circumstances, offer: OfferFacts, entry: Offer) -> str | None:
    """It cannot be ordered, with a price, early enough to arrive inside the horizon."""
    periods = [t for t in here.calendar.periods if t > offer.lead_periods]
    lead = f"lead time {entry.lead_time_months} months"
    if not periods:
        return f"nothing ordered in the horizon arrives in it: {lead} (lead_time_months)"
    dated = [t for t in periods if orders_open(here, offer, t)]
    if not dated:
        window = f"{entry.available.from_ or '…'} to {entry.available.until or '…'}"
        return f"it cannot be ordered in time: orders open {window}, {lead} (available)"
    if not any(has_price(here, offer, t) for t in dated):
        return "it has no price when it can be ordered (price schedule)"
    return None


REASONS = (closed, ruled_out, homeless, idle, undated)


def orders_open(here: Circumstances, offer: OfferFacts, t: int) -> bool:
    """Whether the order of what enters service in period t lies in the offer's dates."""
    dates = here.catalog.offers[offer.offer].available
    return here.calendar.within(t - offer.lead_periods, dates.from_, dates.until)


def has_price(here: Circumstances, offer: OfferFacts, t: int) -> bool:
    """Whether the offer has a price when what enters service in period t is ordered."""
    entry = here.catalog.offers[offer.offer]
    schedule = entry.price_usd if entry.route == "purchase" else entry.usd_per_accelerator_hour
    return mean(schedule, here.calendar.span(t - offer.lead_periods)) is not None
