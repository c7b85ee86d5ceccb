"""Catalogue entries joined once, loudly: none lost, none doubled, units of the model."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import pandas as pd

from catalogs.schema import Catalog, Offer, System
from optimizer.calendar import MONTHS_PER_YEAR
from optimizer.scenario import Scenario
from optimizer.tables.rows import OfferFacts, SystemFacts

Fact = TypeVar("Fact", SystemFacts, OfferFacts)


def _system_facts(catalog: Catalog) -> pd.DataFrame:
    """Every system, joined with its accelerator: one row a system, none lost, none doubled."""
    systems = pd.DataFrame(
        [
            (
                key,
                s.accelerator,
                s.accelerators,
                float(s.provisioned_kw),
                float(s.average_kw),
                s.cooling,
                float(s.racks),
            )
            for key, s in sorted(catalog.systems.items())
        ],
        columns=["system", "accelerator", "accelerators", "provisioned_kw", "average_kw", "cooling", "racks"],
    )
    accelerators = pd.DataFrame(
        [(key, a.vendor, a.stack) for key, a in sorted(catalog.accelerators.items())],
        columns=["accelerator", "vendor", "stack"],
    )
    return systems.merge(accelerators, on="accelerator", how="left", validate="m:1")


def _offer_facts(catalog: Catalog, scenario: Scenario, systems: pd.DataFrame) -> pd.DataFrame:
    """Every offer, joined with its system: one row an offer, none lost, none doubled."""
    calendar = scenario.calendar
    offers = pd.DataFrame(
        [
            (
                key, o.system, o.route, o.hosted, o.host,
                calendar.whole_periods(o.lead_time_months), _periods_in_service(o, scenario),
                o.divisible == "true", float(o.deposit_share), float(o.network_usd),
                float(o.software_usd_per_year), float(_carbon_kg(o, catalog.systems[o.system])),
                o.minimum_order_systems,
            )
            for key, o in sorted(catalog.offers.items())
        ],
        columns=[
            "offer", "system", "route", "hosted", "host", "lead_periods", "periods", "divisible",
            "deposit_share", "network_usd", "software_usd_per_year", "carbon_kg_per_hour",
            "minimum_order",
        ],
    )  # fmt: skip
    joined = offers.merge(systems, on="system", how="left", validate="m:1")
    if len(joined) != len(offers) or joined["accelerators"].isna().any():
        raise AssertionError("an offer lost its system in the join")
    return joined


def _carbon_kg(offer: Offer, system: System) -> Decimal:
    schedule = offer.carbon_kg_per_accelerator_hour
    return (schedule if schedule is not None else Decimal(0)) * system.accelerators


def _periods_in_service(offer: Offer, scenario: Scenario) -> int:
    """K_o: one period on demand, else the term, which for a purchase is the service life."""
    if offer.route == "on_demand":
        return 1
    life = scenario.finance.service_life_years * MONTHS_PER_YEAR
    return scenario.calendar.periods_in_term(offer.term_months if offer.term_months is not None else life)


def _facts(frame: pd.DataFrame, kind: type[Fact]) -> dict[str, Fact]:
    """Rows by their first column; what a row lacks is None."""
    columns: list[str] = list(kind._fields)
    rows = frame[columns].astype(object).where(frame[columns].notna(), None)
    return {row[0]: kind(*row) for row in rows.itertuples(index=False, name=None)}


def joined(catalog: Catalog, scenario: Scenario, sooner: int) -> tuple[dict[str, SystemFacts], dict[str, OfferFacts]]:
    """All systems and offers; `sooner` shortens every lead time by so many periods."""
    systems = _system_facts(catalog)
    offers = _offer_facts(catalog, scenario, systems)
    offers["lead_periods"] = (offers["lead_periods"] - sooner).clip(lower=0)
    return _facts(systems, SystemFacts), _facts(offers, OfferFacts)
