"""Slips in what an offer costs: its price by peak and by power, its rent by price, what goes with them."""

from __future__ import annotations

from collections.abc import Iterator

from catalogs.generation import sold_likewise
from catalogs.schema import Accelerator, Catalog, Offer, System
from catalogs.slips.quotients import Quotient, Rule, dense_tflops
from catalogs.slips.slip import Figure, middle, values_of

HOURS_A_YEAR = 8760
HOURS_A_MONTH = HOURS_A_YEAR / 12


def _parts(catalog: Catalog, key: str) -> tuple[Offer, System, Accelerator]:
    offer = catalog.offers[key]
    system = catalog.systems[offer.system]
    return offer, system, catalog.accelerators[system.accelerator]


def _figure(key: str, field: str, value: float, side: int = 1) -> Figure:
    return Figure(("offers", key, field), value, side)


def _count(catalog: Catalog, key: str) -> Figure:
    system = catalog.offers[key].system
    return Figure(("systems", system, "accelerators"), catalog.systems[system].accelerators, -1)


def price_by_peak(catalog: Catalog, key: str) -> Iterator[Quotient]:
    offer, system, chip = _parts(catalog, key)
    dense = dense_tflops(chip)
    for usd in values_of(offer.price_usd) if dense else ():
        figures = (
            _figure(key, "price_usd", usd), _count(catalog, key),
            Figure(("accelerators", chip.id, "peak_tflops"), dense or 0.0, -1),
        )  # fmt: skip
        yield Quotient(usd / system.accelerators / (dense or 1.0), figures, system.accelerators)


def price_by_power(catalog: Catalog, key: str) -> Iterator[Quotient]:
    offer, system, chip = _parts(catalog, key)
    for usd in values_of(offer.price_usd) if chip.tdp_w and chip.peak_tflops else ():
        yield Quotient(
            usd / system.accelerators / float(chip.tdp_w or 1),
            (_figure(key, "price_usd", usd), _count(catalog, key)), system.accelerators,
        )  # fmt: skip


def _by_price(catalog: Catalog, key: str, field: str) -> Iterator[Quotient]:
    offer, system, chip = _parts(catalog, key)
    usd, prices = float(getattr(offer, field)), list(values_of(offer.price_usd))
    if usd and prices and chip.peak_tflops:
        figures = (_figure(key, field, usd), _figure(key, "price_usd", middle(prices), -1))
        yield Quotient(usd / middle(prices), figures, system.accelerators)


def network_by_price(catalog: Catalog, key: str) -> Iterator[Quotient]:
    return _by_price(catalog, key, "network_usd")


def software_by_price(catalog: Catalog, key: str) -> Iterator[Quotient]:
    return _by_price(catalog, key, "software_usd_per_year")


def _price_of_one(catalog: Catalog, system: str) -> float | None:
    """What one accelerator of a system costs where it is sold, the network left aside."""
    sold = [usd for offer in catalog.offers.values() if offer.system == system for usd in values_of(offer.price_usd)]
    return middle(sold) / catalog.systems[system].accelerators if sold else None


def rent_by_price(catalog: Catalog, key: str) -> Iterator[Quotient]:
    offer, system, chip = _parts(catalog, key)
    price = _price_of_one(catalog, offer.system)
    for usd in values_of(offer.usd_per_accelerator_hour) if price and chip.peak_tflops else ():
        rent = _figure(key, "usd_per_accelerator_hour", usd)
        yield Quotient(usd * HOURS_A_YEAR / (price or 1.0), (rent,), system.accelerators)


def rent_of_a_term(catalog: Catalog, key: str) -> Iterator[Quotient]:
    offer, system, _ = _parts(catalog, key)
    for quotient in rent_by_price(catalog, key) if offer.term_months else ():
        years = (offer.term_months or 0) / 12
        figures = (*quotient.figures, _figure(key, "term_months", offer.term_months or 0))
        yield Quotient(quotient.value * years, figures, system.accelerators)


def rent_by_power(catalog: Catalog, key: str) -> Iterator[Quotient]:
    offer, system, chip = _parts(catalog, key)
    kw = float(system.provisioned_kw) / system.accelerators
    for usd in values_of(offer.usd_per_accelerator_hour) if chip.peak_tflops else ():
        yield Quotient(usd / kw, (_figure(key, "usd_per_accelerator_hour", usd),), system.accelerators)


def carbon_by_power(catalog: Catalog, key: str) -> Iterator[Quotient]:
    offer, system, chip = _parts(catalog, key)
    kg, kw = offer.carbon_kg_per_accelerator_hour, float(system.average_kw) / system.accelerators
    if kg and chip.peak_tflops:
        figures = (_figure(key, "carbon_kg_per_accelerator_hour", float(kg)),)
        yield Quotient(float(kg) / kw, figures, system.accelerators)


def lead_time(catalog: Catalog, key: str) -> Iterator[Quotient]:
    months = catalog.offers[key].lead_time_months
    if months:
        yield Quotient(months, (_figure(key, "lead_time_months", months),))


def bring_up(catalog: Catalog, key: str) -> Iterator[Quotient]:
    months = catalog.offers[key].bring_up_months
    if months:
        yield Quotient(months, (_figure(key, "bring_up_months", months),))


def term(catalog: Catalog, key: str) -> Iterator[Quotient]:
    months = catalog.offers[key].term_months
    if months:
        yield Quotient(months, (_figure(key, "term_months", months),))


RULES = (
    Rule(
        "what others of its time cost by peak, USD per TFLOP/s in BF16",
        "79 in 2021, 36 to 50 in 2023, 16 to 27 in 2026; own chips about half; 160 where a peak was cut for export",
        30.0, 1.0, 400.0, price_by_peak, sold_likewise, 12.0,
    ),
    Rule(
        "what accelerators cost by their power, USD per W",
        "15 to 100, whatever the year: dearer chips take more power",
        40.0, 10.0, 250.0, price_by_power,
    ),
    Rule(
        "what the network of a system costs by its price",
        "0.13 to 0.7: the least for racks that bring their own, the most for cheap cards",
        0.2, 0.04, 1.5, network_by_price,
    ),
    Rule(
        "what the software of a system costs a year by its price",
        "licences are 0.01 to 0.15 of the price",
        0.05, 0.001, 1.0, software_by_price,
    ),
    Rule(
        "the rent of a year by the price of one accelerator",
        "0.3 (three years, or a lease) to 5 (the list price of a day): owners want it back, renters could buy",
        0.7, 0.15, 6.5, rent_by_price,
    ),
    Rule(
        "the rent of a whole term by the price of one accelerator",
        "1 to 4 over three years; 7 where the owner makes its chips itself",
        1.5, 0.15, 8.0, rent_of_a_term,
    ),
    Rule(
        "the rent by power, USD per hour and kW provisioned",
        "1 to 14: 0.1 is the electricity alone",
        2.5, 0.3, 25.0, rent_by_power,
    ),
    Rule(
        "the carbon of its energy, kg per kWh",
        "0.01 (water) to 1.1 (coal) of the grid, with the overhead of its building",
        0.4, 0.003, 2.0, carbon_by_power,
    ),
    Rule(
        "the months that an order takes",
        "none to 12; a year and a half when a generation was new and short",
        6.0, 0.0, 18.0, lead_time,
    ),
    Rule(
        "the months that a system takes to set up",
        "a month or two, half a year for a first cluster of a kind",
        1.0, 0.0, 12.0, bring_up,
    ),
    Rule(
        "the months of a term",
        "6 to 60, ten years at most: hardware does not live longer",
        36.0, 1.0, 120.0, term,
    ),
)  # fmt: skip
