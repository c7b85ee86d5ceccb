"""Rents that nobody publishes, in USD per accelerator-hour, and the carbon of hosts, in kg."""

from __future__ import annotations

import math
from collections.abc import Callable

from catalogs.estimates.prices import bandwidth_and_peak_ratios, scaled_price
from catalogs.estimates.rounding import Value, each_step, from_first_order, rounded
from catalogs.schema import Catalog, Offer


def lease_rent(system_usd: float, accelerators: int, months: int) -> float:
    """USD per accelerator-hour that pays a system off: an annuity at 10 % a year, a quarter left at the end."""
    monthly, left = 0.10 / 12, 0.25
    paid_off = math.pow(1 + monthly, -months)
    payment = system_usd * (1 - left * paid_off) * monthly / (1 - paid_off)
    return payment / (accelerators * 730)


GRID_KG_PER_KWH = 0.37
"""Mean carbon intensity of the US grid, location-based."""


HOST_PUE = {"google_cloud": 1.10, "aws": 1.15, "oracle_cloud": 1.15, "azure": 1.18, "neocloud": 1.30}
"""Published fleet PUE; for neoclouds halfway between those and the industry's 1.55."""


def carbon_per_hour(average_kw: float, accelerators: int, pue: float) -> float:
    """kg CO2 per accelerator-hour at a host: its share of the average power, PUE, mean grid."""
    return average_kw / accelerators * pue * GRID_KG_PER_KWH


TWELVE_OVER_36 = 1.32
"""Rent of a 12-month over a 36-month term: H100 in 2026, 2.35 over 1.78."""


NO_TERM_OVER_36 = 1.46
"""Rent without a term over a 36-month term: H100 in 2026, 2.60 over 1.78."""


LIST_12, LIST_36 = 0.70, 0.44
"""Rent of a commitment over the list price without one: for 12 months 0.70 at AWS (H100) and Google Cloud (TPU), for 36
months 0.43 and 0.45."""


BLOCK_36 = 2.97 / 4.33
"""Rent of 36 months over that of a Capacity Block, H100 at AWS in May 2026."""


COMMITTED = 0.40
"""Least rent of a commitment over the list price: CoreWeave, up to 60 % less."""


LARGE_CLOUD = 1.2
"""Rent that a large buyer pays at a large cloud over a neocloud's, at the same term, where the cloud publishes none."""


def _terms(route: str, of: str, factor: float, systems: str) -> dict[str, tuple[str, float]]:
    return {f"{system}.{route}": (f"{system}.{of}", factor) for system in systems.split()}


RENT_LIKE: dict[str, tuple[str, float]] = {
    **_terms("reservation", "reservation_36", TWELVE_OVER_36, """
        dgx_h200 dgx_b200 dgx_b300 gb200_nvl72 gb300_nvl72 mi300x_server mi325x_server mi355x_server
    """),
    **_terms("on_demand", "reservation_36", NO_TERM_OVER_36, "mi325x_server mi355x_server"),
    **_terms("reservation", "on_demand", LIST_12, "trn1_server inf2_server trn3_ultraserver"),
    **_terms("reservation_36", "on_demand", LIST_36, "trn3_ultraserver"),
    **_terms("reservation_36", "on_demand", COMMITTED, "rtx_pro_6000_server"),
    "trn2_ultraserver.reservation_36": ("trn2_server.block", BLOCK_36),
    **_terms("aws_reservation", "reservation_36", LARGE_CLOUD, "dgx_b200 gb200_nvl72 gb300_nvl72"),
    **_terms("google_reservation", "reservation_36", LARGE_CLOUD, "dgx_b200"),
    **_terms("oracle_reservation", "reservation_36", LARGE_CLOUD, "dgx_h100 gb200_nvl72 gb300_nvl72 mi355x_server"),
    "dgx_h200.aws_reservation": ("dgx_h100.aws_reservation", 1.0),
    "dgx_h200.azure_reservation": ("dgx_h100.azure_reservation", 1.0),
    "gb300_nvl72.azure_reservation": ("gb200_nvl72.azure_reservation", 1.0),
    "dgx_a100.on_demand": ("dgx_h100.on_demand", 1.0),
    "gh200_server.on_demand": ("dgx_h100.on_demand", 1.0),
    "h100_pcie_server.on_demand": ("dgx_h100.on_demand", 1.0),
    "h200_nvl_server.on_demand": ("dgx_h200.on_demand", 1.0),
    "gaudi2_server.on_demand": ("dgx_h100.on_demand", 1.0),
    "gaudi3_server.on_demand": ("dgx_h100.on_demand", 1.0),
    "mi350x_server.reservation_36": ("mi355x_server.reservation_36", 1.0),
    "trn3_ultraserver.on_demand": ("dgx_b200.on_demand", 1.0),
}  # fmt: skip
"""Rents: another offer's rent, scaled by bandwidth and peak, times the factor."""


LEASE_OF = {
    "dgx_h100.lease": "dgx_h100.purchase",
    "dgx_b200.lease": "dgx_b200.purchase",
    "gb200_nvl72.lease": "gb200_nvl72.purchase",
    "mi355x_server.lease": "mi355x_server.purchase",
}


def rent_figures(catalog: Catalog) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, offer in catalog.offers.items():
        system = catalog.systems[offer.system]
        if name in RENT_LIKE:
            other, factor = RENT_LIKE[name]
            found[f"{name}.usd_per_accelerator_hour"] = _rent_like(offer, catalog.offers[other], factor, catalog)
        if name in LEASE_OF:
            sold = catalog.offers[LEASE_OF[name]]
            assert sold.price_usd is not None
            assert offer.term_months is not None
            rent = _lease(float(sold.network_usd), system.accelerators, offer.term_months)
            steps = each_step(sold.price_usd, rent)
            found[f"{name}.usd_per_accelerator_hour"] = (
                from_first_order(steps, offer) if isinstance(steps, dict) else steps
            )
        if offer.hosted and offer.host in HOST_PUE:
            kg = carbon_per_hour(float(system.average_kw), system.accelerators, HOST_PUE[offer.host])
            found[f"{name}.carbon_kg_per_accelerator_hour"] = rounded(kg)
    return found


def _lease(network_usd: float, accelerators: int, months: int) -> Callable[[float], float]:
    return lambda usd: lease_rent(usd + network_usd, accelerators, months)


def _rent_like(offer: Offer, other: Offer, factor: float, catalog: Catalog) -> Value:
    chips = [catalog.accelerators[catalog.systems[o.system].accelerator] for o in (offer, other)]
    ratios = bandwidth_and_peak_ratios(chips[0], chips[1])
    assert other.usd_per_accelerator_hour is not None
    rents = each_step(other.usd_per_accelerator_hour, lambda usd: scaled_price(usd, *ratios) * factor)
    return from_first_order(rents, offer) if isinstance(rents, dict) else rents
