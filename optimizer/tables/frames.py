"""Frame agreements: when orders may have their price, of which offers, and how much these have to spend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from catalogs.schema import Catalog
from optimizer.request.calendar import Calendar
from optimizer.request.frame import Frame
from optimizer.request.scenario import Scenario
from optimizer.tables.rows import FrameTerms, OfferFacts, SystemFacts
from optimizer.tables.selection import chosen, facts_of_offer, facts_of_place, selected

Framed = Mapping[tuple[str, str], tuple[FrameTerms, ...]]
"""The frames at whose price an offer may be ordered to a place, by offer and place."""


def frame_terms(scenario: Scenario) -> dict[str, FrameTerms]:
    """The frames of a scenario, in the order of their names."""
    return {name: _terms(name, frame, scenario.calendar) for name, frame in sorted((scenario.frames or {}).items())}


def _terms(name: str, frame: Frame, calendar: Calendar) -> FrameTerms:
    return FrameTerms(
        frame=name,
        orders=frozenset(calendar.window(frame.orders)),
        within=calendar.window(frame.within),
        promised_usd=float(Fraction(frame.spend_usd) * share_inside(calendar, frame.within)),
        factor=frame.factor,
        signed=frame.signed == "true",
    )


def share_inside(calendar: Calendar, window: str) -> Fraction:
    """The part of a window's months that lies inside the horizon."""
    return Fraction(*calendar.months_inside(window))


def framed(
    scenario: Scenario, catalog: Catalog, offers: Iterable[tuple[OfferFacts, str]], systems: Mapping[str, SystemFacts]
) -> Framed:
    """Which frames select which offers at which of their places."""
    terms = frame_terms(scenario)
    wanted = [(terms[name], chosen(frame)) for name, frame in sorted((scenario.frames or {}).items())]
    found = {}
    for offer, place in offers if wanted else ():
        facts = facts_of_offer(catalog, offer, systems[offer.system])
        at = {**facts, **facts_of_place(place, scenario.sites)}
        found[offer.offer, place] = tuple(frame for frame, patterns in wanted if selected(patterns, at))
    return {key: frames for key, frames in found.items() if frames}
