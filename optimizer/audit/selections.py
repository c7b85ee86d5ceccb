"""What a selection of the user's limits sees, and what its `each` goes through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from optimizer.audit.books import Books
from optimizer.audit.checks import Keys
from optimizer.audit.decisions import ZERO
from optimizer.audit.measures import MEASURES, NOTHING, Subject
from optimizer.audit.permissions import is_accepted, may_be_ordered
from optimizer.audit.records import Demand, Inputs, Offer, UserLimit

EACH = ("each",)
BY_PLACE = ("site", "host", "demand")


def attributes(subject: Subject, inputs: Inputs) -> dict[str, Keys]:
    """What each key of a selection sees of a subject; the fleet and work have the buyers of any offer of the system."""
    system, offer = inputs.systems[subject.system], inputs.offers.get(subject.offer)
    ours = subject.place in inputs.sites
    return {
        "vendor": (system.vendor,),
        "kind": (system.kind,),
        "accelerator": (system.accelerator,),
        "system": (system.id,),
        "stack": (system.stack,),
        "offer": (offer.id,) if offer else (),
        "route": (offer.route,) if offer else (),
        "site": (subject.place,) if ours else (),
        "host": () if ours else (subject.place,),
        "demand": (subject.demand,) if subject.demand else (),
        "buyers": (offer.buyers or ()) if offer else inputs.buyers.get(system.id, ()),
    }


def matches(values: Keys, patterns: Sequence[str]) -> bool:
    """Whether a value fits a pattern; `each` takes any."""
    return bool(values) if patterns == EACH else any(fnmatchcase(v, p) for v in values for p in patterns)


def possible(rule: UserLimit, books: Books) -> Iterator[Subject]:
    """What `each` goes through, whether or not the plan has any of it and whatever the limit measures.

    All that may be ordered at all, at every place where it may stand, commitments and the fleet; where work is
    measured, each of them with every demand.
    """
    inputs = books.inputs
    found = [(c.offer.id, c.offer.system.id, c.place) for c in books.cohorts]
    for offer in inputs.offers.values():
        if may_be_ordered(offer, inputs) and has_use(offer, inputs):
            found += [(offer.id, offer.system.id, place) for place in places_of(offer, inputs)]
    found += [(NOTHING, system, site) for system, site in books.fleet]
    if MEASURES[rule.measure].of == "work":
        systems = sorted({(system, place) for _, system, place in found})
        return (Subject(NOTHING, *at, demand) for at in systems for demand in inputs.demand)
    return (Subject(*key, NOTHING) for key in found)


def places_of(offer: Offer, inputs: Inputs) -> list[str]:
    """Where the systems of an offer may stand: at its host, or at any of our sites."""
    return [offer.host or NOTHING] if offer.hosted else list(inputs.sites)


def has_use(offer: Offer, inputs: Inputs) -> bool:
    """Whether there is work that an offer's systems can do, or a limit that asks for them all the same."""
    able = any(could_do(demand, offer, inputs) for demand in inputs.demand.values())
    return able or any(asks_for(rule, offer, inputs) for rule in inputs.limits)


def could_do(demand: Demand, offer: Offer, inputs: Inputs) -> bool:
    """Whether an offer's systems are able and allowed to do a demand's work in some period."""
    throughput = inputs.throughput.get((offer.system.accelerator, demand.workload))
    on_stack = demand.stacks is None or offer.system.stack in demand.stacks
    if throughput is None or not on_stack or not is_accepted(throughput.basis, inputs):
        return False
    if not throughput.fits(offer.system):
        return False
    able = any(throughput.rate.mean(inputs.horizon.span(t)) for t in range(inputs.horizon.periods))
    return able and any(demand.sites is None or place in demand.sites for place in places_of(offer, inputs))


def asks_for(rule: UserLimit, offer: Offer, inputs: Inputs) -> bool:
    """Whether a limit wants at least some systems, power or money of what an offer is, wherever it stands."""
    price, network = offer.price_schedule, offer.network_usd if offer.purchased else ZERO
    paid = price is not None and min(price.values) + network > 0
    counts = {
        "systems": True,
        "accelerators": True,
        "it_kw": True,
        "spend_usd": paid,
        "capex_usd": paid and offer.purchased,
    }
    seen = attributes(Subject(offer.id, offer.system.id, NOTHING, NOTHING), inputs)
    wanted = {key: patterns for key, patterns in rule.of.items() if key not in BY_PLACE and patterns != EACH}
    fits = all(matches(seen[key], patterns) for key, patterns in wanted.items())
    floor = rule.at_least and not rule.share and rule.bound > 0
    return floor and counts.get(rule.measure, False) and fits
