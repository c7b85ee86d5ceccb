"""What limits may want beyond the work that is asked for: floors, and shares that idle systems or more work change.

A limit wants more of an order where one more system of it can help the limit's row: a floor that it counts for, the
whole of a ceiling's share that it is no part of, the part of a floor's share. All else only costs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from itertools import product

from catalogs.periods import steps, value_at
from optimizer.request.calendar import EACH_WINDOW
from optimizer.request.scenario import EACH, Limit, matches
from optimizer.tables.joins import Joined
from optimizer.tables.rows import OfferFacts
from optimizer.tables.selection import chosen, facts_of_offer, facts_of_place, selected

WORK = "work"
WantedAmount = Decimal | dict[str, Decimal] | None


def floors_by_offer(here: Joined) -> dict[str, float]:
    """Systems of an offer, at any place and in any period, that are enough for every floor it counts for, by offer.

    Proof: so many of one order alone measure the floor's amount in every window in which they count at all, and
    nothing else that counts is negative.
    """
    found: dict[str, float] = {}
    for limit in here.scenario.limits:
        if limit.at_least is None or limit.measure == WORK:
            continue
        patterns = {key: value for key, value in chosen(limit).items() if key not in ("site", "host")}
        wanted = {key: value for key, value in patterns.items() if value != (EACH,)}
        for name, offer in here.offers.items():
            if selected(wanted, facts_of_offer(here.catalog, offer, here.systems[offer.system])):
                found[name] = max(found.get(name, 0.0), float(limit.at_least) / _least_measured(here, limit, offer))
    return found


def _least_measured(here: Joined, limit: Limit, offer: OfferFacts) -> float:
    """What one system adds to a limit's measure at the least where it adds anything; infinite where it never does."""
    entry, hours = here.catalog.offers[offer.offer], offer.accelerators * here.calendar.hours
    agreed = min([1.0, *(float(frame.factor) for frame in here.frames_of(offer))])
    factor = here.best_step(offer.offer) * agreed
    capex = min((float(p) * factor for p in _amounts(here, entry.price_usd)), default=math.inf) + offer.network_usd
    rent = min((float(p) * hours * agreed for p in _amounts(here, entry.usd_per_accelerator_hour)), default=math.inf)
    per_system = {
        "systems": 1.0,
        "accelerators": float(offer.accelerators),
        "it_kw": here.systems[offer.system].provisioned_kw,
        "capex_usd": capex,
        "spend_usd": min(capex, rent),
    }
    return per_system[limit.measure] or math.inf


def _amounts(here: Joined, schedule: WantedAmount) -> list[Decimal]:
    """Every amount that a schedule lists, and the last to which it grows.

    Proof that no month of the horizon or before it has less than the least of them: growth goes one way.
    """
    if schedule is None:
        return []
    if not isinstance(schedule, dict):
        return [schedule]
    return [*steps(schedule).values(), value_at(schedule, here.calendar.last_month) or Decimal(0)]


def work_floors(here: Joined) -> dict[tuple[str, int], float]:
    """Work per second that a limit may want at the least of a demand in a period, by demand and period."""
    found: dict[tuple[str, int], float] = {}
    for limit in here.scenario.limits:
        if limit.measure == WORK and limit.at_least:
            inside = here.calendar.window("total" if limit.within in EACH_WINDOW else limit.within)
            for key in product(_demands(here, limit), inside):
                found[key] = max(found.get(key, 0.0), float(limit.at_least))
    return found


def shared_work(here: Joined) -> frozenset[str]:
    """Demands whose work counts in a share: more of it than is asked for may be done to change the share.

    In one period all work can be scaled down together; over a window of several, more in one makes up for another.
    """
    shares = [limit for limit in here.scenario.limits if limit.measure == WORK and _is_share(limit)]
    return frozenset(name for limit in shares for name in _demands(here, limit))


def _demands(here: Joined, limit: Limit) -> list[str]:
    patterns = limit.of.demand or ()
    return [n for n, _ in here.demands if patterns == (EACH,) or any(matches(pattern, [n]) for pattern in patterns)]


def _is_share(limit: Limit) -> bool:
    return limit.at_most_share is not None or limit.at_least_share is not None


def helps_a_share(here: Joined, offer: OfferFacts, place: str) -> bool:
    """Whether idle systems of an offer at a place may help some limit on a share of what is bought or stands there.

    A ceiling's share is helped by what counts in the whole and is not selected, a floor's by what is selected. With
    `each`, every value has a row of its own, and what is no part of one may be bought for it.
    """
    facts = {
        **facts_of_offer(here.catalog, offer, here.systems[offer.system]),
        **facts_of_place(place, here.scenario.sites),
    }
    return any(_helps(limit, facts) for limit in _shares_counting(here, offer))


def _helps(limit: Limit, facts: dict[str, tuple[str, ...]]) -> bool:
    patterns = chosen(limit)
    each = (EACH,) in patterns.values()
    part = selected({key: wanted for key, wanted in patterns.items() if wanted != (EACH,)}, facts)
    return part if limit.at_least_share is not None else each or not part


def _shares_counting(here: Joined, offer: OfferFacts) -> Iterator[Limit]:
    """The limits on a share of something that the systems of an offer may add to."""
    for limit in here.scenario.limits:
        bought = here.catalog.offers[offer.offer].route == "purchase"
        if _is_share(limit) and limit.measure != WORK and (bought or limit.measure != "capex_usd"):
            yield limit
