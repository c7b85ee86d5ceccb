"""What a selection of the user's limits sees, and what its `each` goes through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from optimizer.audit.checks import Keys
from optimizer.audit.measures import MEASURES, NOTHING, Counted
from optimizer.audit.order_permissions import may_be_ordered
from optimizer.audit.records import Inputs, Offer, UserLimit
from optimizer.audit.roll_forward import Books

EACH = ("each",)


def attributes(subject: Counted, inputs: Inputs) -> dict[str, Keys]:
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


def possible(rule: UserLimit, books: Books) -> Iterator[Counted]:
    """What `each` goes through, whether or not the plan has any of it and whatever the limit measures.

    All that may be ordered at all, able to work or not, at every place where it may stand, commitments and the fleet;
    where work is measured, each of them with every demand.
    """
    inputs = books.inputs
    found = [(c.offer.id, c.offer.system.id, c.place) for c in books.cohorts]
    for offer in inputs.offers.values():
        if may_be_ordered(offer, inputs):
            found += [(offer.id, offer.system.id, place) for place in places_of(offer, inputs)]
    found += [(NOTHING, system, site) for system, site in books.fleet]
    if MEASURES[rule.measure].of == "work":
        systems = sorted({(system, place) for _, system, place in found})
        return (Counted(NOTHING, *at, demand) for at in systems for demand in inputs.demand)
    return (Counted(*key, NOTHING) for key in found)


def places_of(offer: Offer, inputs: Inputs) -> list[str]:
    """Where the systems of an offer may stand: at its host, or at any of our sites."""
    return [offer.host or NOTHING] if offer.hosted else list(inputs.sites)
