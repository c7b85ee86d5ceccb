"""Catalogue entries joined once: each offer with its system, each system with its accelerator, units of the model.

The catalogue was checked: an entry that another one names is there and keys are unique, so none is lost or doubled.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property

from catalogs.schema import Catalog, Offer, System
from optimizer.request.calendar import MONTHS_PER_YEAR
from optimizer.request.load import Request
from optimizer.request.scenario import Scenario
from optimizer.tables.frames import Framed, frame_terms, framed
from optimizer.tables.rows import FrameTerms, OfferFacts, SystemFacts


class Joined:
    """A request with its calendar and the facts of its systems and offers; `sooner` as in `build_tables`."""

    def __init__(self, request: Request, sooner: int = 0) -> None:
        self.request, self.sooner = request, sooner
        self.scenario, self.catalog = request.scenario, request.catalog
        self.calendar = request.scenario.calendar
        self.demands = sorted(request.scenario.demand.items())
        self.months = {t: self.calendar.span(t) for t in self.calendar.periods}
        self.systems, self.offers = _joined(self.catalog, self.scenario, sooner)

    def places(self, offer: OfferFacts) -> list[str]:
        """Where an offer's systems may stand: at its host, or at any of our sites."""
        return [str(offer.host)] if offer.hosted else sorted(self.scenario.sites)

    def best_step(self, offer: str) -> float:
        """The lowest factor on an offer's price, by its price breaks."""
        breaks = self.catalog.offers[offer].price_breaks
        return min([1.0, *(float(step.factor) for step in breaks.steps)]) if breaks is not None else 1.0

    @cached_property
    def frames(self) -> dict[str, FrameTerms]:
        """The frame agreements by name."""
        return frame_terms(self.scenario)

    @cached_property
    def framed(self) -> Framed:
        """The frames at whose price an offer may be ordered to a place."""
        offers = ((offer, place) for offer in self.offers.values() for place in self.places(offer))
        return framed(self.scenario, self.catalog, offers, self.systems)

    def frames_of(self, offer: OfferFacts) -> list[FrameTerms]:
        """The frames at whose price an offer may be ordered to some place."""
        return [frame for place in self.places(offer) for frame in self.framed.get((offer.offer, place), ())]


def _joined(catalog: Catalog, scenario: Scenario, sooner: int) -> tuple[dict[str, SystemFacts], dict[str, OfferFacts]]:
    """All systems and offers in the order of their keys; `sooner` shortens what takes time by so many periods."""
    systems = {key: _system_facts(key, entry, catalog) for key, entry in sorted(catalog.systems.items())}
    offers = {
        key: _offer_facts(key, offer, systems[offer.system], catalog, scenario, sooner)
        for key, offer in sorted(catalog.offers.items())
    }
    return systems, offers


def _system_facts(key: str, system: System, catalog: Catalog) -> SystemFacts:
    accelerator = catalog.accelerators[system.accelerator]
    return SystemFacts(
        system=key,
        accelerator=system.accelerator,
        vendor=accelerator.vendor,
        stack=accelerator.stack,
        accelerators=system.accelerators,
        provisioned_kw=float(system.provisioned_kw),
        average_kw=float(system.average_kw),
        cooling=system.cooling,
        racks=float(system.racks),
    )


def _offer_facts(
    key: str, offer: Offer, system: SystemFacts, catalog: Catalog, scenario: Scenario, sooner: int
) -> OfferFacts:
    return OfferFacts(
        offer=key,
        system=offer.system,
        accelerator=system.accelerator,
        vendor=system.vendor,
        accelerators=system.accelerators,
        route=offer.route,
        hosted=offer.hosted,
        host=offer.host,
        lead_periods=max(0, scenario.calendar.whole_periods(offer.lead_time_months) - sooner),
        periods=_periods_in_service(offer, scenario),
        divisible=offer.divisible == "true",
        deposit_share=float(offer.deposit_share),
        network_usd=float(offer.network_usd),
        software_usd_per_year=float(offer.software_usd_per_year),
        carbon_kg_per_hour=float(_carbon_kg(offer, catalog.systems[offer.system])),
        minimum_order=offer.minimum_order_systems,
        availability=float(offer.availability or scenario.assumptions.availability),
        ramp=_ramp(bring_up_months(offer, scenario), scenario.calendar.months)[sooner:],
    )


def bring_up_months(offer: Offer, scenario: Scenario) -> int:
    """Months from entering service in which an offer's systems do no work: its own, else those of its route."""
    if offer.bring_up_months is not None:
        return offer.bring_up_months
    return (scenario.assumptions.bring_up_months or {}).get(offer.route, 0)


def _ramp(bring_up: int, months: int) -> tuple[float, ...]:
    """up(o,k) = 1 − min(1, max(0, bring_up_months / months per period − k)), by k while it is below 1."""
    begun = range(-(-bring_up // months))
    return tuple(float(1 - min(Decimal(1), Decimal(bring_up) / months - k)) for k in begun)


def _carbon_kg(offer: Offer, system: System) -> Decimal:
    schedule = offer.carbon_kg_per_accelerator_hour
    return (schedule if schedule is not None else Decimal(0)) * system.accelerators


def _periods_in_service(offer: Offer, scenario: Scenario) -> int:
    """K_o: one period on demand, else the term, which for a purchase is the service life."""
    if offer.route == "on_demand":
        return 1
    life = scenario.finance.service_life_years * MONTHS_PER_YEAR
    return scenario.calendar.periods_in_term(offer.term_months if offer.term_months is not None else life)
