"""What a limit or a frame of the user's is about: entries by vendor, kind, place and so on, ids or patterns."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Protocol

from catalogs.schema import Catalog
from optimizer.request.scenario import EACH, Limit
from optimizer.request.selection import Selection
from optimizer.tables.rows import OfferFacts, SystemFacts

EntryFacts = Mapping[str, tuple[str, ...]]
"""What an entry is, by the keys of a selection; a key that is absent never matches."""


class Selecting(Protocol):
    """A rule that is about what its selection takes."""

    @property
    def of(self) -> Selection: ...


def chosen(rule: Selecting) -> dict[str, tuple[str, ...]]:
    """The keys that a rule selects by, with their patterns."""
    return {key: value for key, value in rule.of.model_dump().items() if value is not None}


def selected(patterns: Mapping[str, tuple[str, ...]], facts: EntryFacts) -> bool:
    """Whether an entry is what a selection is about: every key has a pattern that fits."""
    return all(
        any(fnmatch.fnmatchcase(value, pattern) for value in facts.get(key, ()) for pattern in wanted)
        for key, wanted in patterns.items()
    )


def apart(
    limit: Limit, there: Iterable[EntryFacts], demands: Iterable[str]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]]]:
    """A limit's selections with `each` taken apart: (the values that `each` took, the selection).

    `there` is all that could be ordered, is committed or stands there, whatever the limit measures: values count
    where something of it that the rest of the selection takes has all of them at once. Any of it may do any demand.
    """
    patterns, every = chosen(limit), tuple(demands)
    each = [key for key, wanted in patterns.items() if wanted == (EACH,)]
    rest = {key: wanted for key, wanted in patterns.items() if key not in each}
    taken = [facts for entry in there if selected(rest, facts := {**entry, "demand": every})]
    combinations = {values for facts in taken for values in product(*(facts.get(key, ()) for key in each))}
    for combination in sorted(combinations):
        yield combination, {**patterns, **{key: (value,) for key, value in zip(each, combination, strict=True)}}


def facts_of_system(catalog: Catalog, system: SystemFacts) -> dict[str, tuple[str, ...]]:
    """What a system is; its buyers are those of any of its offers."""
    buyers = {b for o in catalog.offers.values() if o.system == system.system for b in o.buyers or ()}
    return {
        "vendor": (system.vendor,),
        "kind": (catalog.accelerators[system.accelerator].kind,),
        "accelerator": (system.accelerator,),
        "system": (system.system,),
        "stack": (system.stack,),
        "buyers": tuple(sorted(buyers)),
    }


def facts_of_offer(catalog: Catalog, offer: OfferFacts, system: SystemFacts) -> dict[str, tuple[str, ...]]:
    """What an offer is; its buyers are its own."""
    return {
        **facts_of_system(catalog, system),
        "offer": (offer.offer,),
        "route": (offer.route,),
        "buyers": tuple(sorted(catalog.offers[offer.offer].buyers or ())),
    }


def facts_of_place(place: str, sites: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """What a place is: a site of ours or a provider's host."""
    return {"site" if place in sites else "host": (place,)}
