"""What is of one generation: accelerators announced at about the same time, and the offers that sell them."""

from __future__ import annotations

from collections.abc import Iterator

from catalogs.periods import first_month
from catalogs.schema import Catalog

GENERATION_MONTHS = 18
"""Accelerators announced within so many months of each other are of one generation."""
FEWEST_PEERS = 3
"""So many others tell what is usual; fewer do not."""


def of_its_generation(catalog: Catalog, key: str) -> Iterator[str]:
    """The other accelerators of an accelerator's generation; none where nobody says when it was announced."""
    own = catalog.accelerators[key].announced
    for other, chip in catalog.accelerators.items() if own is not None else ():
        near = GENERATION_MONTHS if chip.announced is not None and other != key else -1
        if abs(first_month(chip.announced or str(own)) - first_month(str(own))) <= near:
            yield other


def sold_likewise(catalog: Catalog, key: str) -> Iterator[str]:
    """The purchase offers of an offer's generation that are open to anyone, or to some, as it is itself."""
    own = catalog.offers[key]
    near = set(of_its_generation(catalog, catalog.systems[own.system].accelerator))
    for other, offer in catalog.offers.items():
        alike = offer.route == "purchase" and (offer.buyers is None) == (own.buyers is None)
        if alike and catalog.systems[offer.system].accelerator in near:
            yield other
