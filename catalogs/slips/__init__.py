"""Figures of a catalogue that look like slips: of a unit, a precision, a date or a name. None stops a plan.

A rule holds for everything that ships, so it is asked only of what somebody else has a say in; each figure is told
once, by the first rule that it breaks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from catalogs.figures_of import SECTIONS
from catalogs.problems import Location
from catalogs.reach import rates_of_no_use
from catalogs.schema import Catalog
from catalogs.slips import chips, prices, rates, systems, terms
from catalogs.slips.replaced import against_the_old
from catalogs.slips.slip import Path, Slip
from catalogs.validate import Sound, path_in, place_of


class Doubtful(NamedTuple):
    """A figure that looks wrong: the accelerator, system or offer that it is of, where it stands, what is said of it.

    It is of none where nothing can be done with it, so that no plan can.
    """

    about: str | None
    at: Location
    text: str


def doubtful_figures(catalog: Catalog, text: Sound, own: frozenset[Path]) -> list[Doubtful]:
    """What looks like a slip among the figures at some paths (section, entry, field)."""
    told: dict[Path, Doubtful] = {}
    for slip in _slips(catalog, text, own):
        figure = next((each for each in slip.figures if each.path[:3] in own), None)
        if figure is not None and figure.path[:3] not in told:
            at = place_of(text, path_in(text, figure.path))
            told[figure.path[:3]] = Doubtful(figure.path[1], at, slip.text(figure))
    useless = [Doubtful(None, one.at, one.message) for one in rates_of_no_use(catalog, text, _rated(catalog, own))]
    return sorted([*told.values(), *useless], key=lambda one: (one.at, one.text))


def _rated(catalog: Catalog, own: frozenset[Path]) -> set[tuple[str, str]]:
    """Accelerators and workloads between which something changes: a rate, what systems hold, what the work takes."""
    chips = {chip for chip in catalog.throughput if ("accelerators", chip, "memory_gb") in own}
    chips |= {one.accelerator for key, one in catalog.systems.items() if ("systems", key, "accelerators") in own}
    return {
        (chip, workload)
        for chip, rated in catalog.throughput.items()
        for workload in rated
        if chip in chips or {("throughput", chip, workload), ("workloads", workload, "memory_gb")} & own
    }


def _slips(catalog: Catalog, text: Sound, own: frozenset[Path]) -> Iterator[Slip]:
    for path in sorted(own):
        yield from against_the_old(text, path, _together(catalog, path))
    touched = {section: {path[1] for path in own if path[0] == section} for section in SECTIONS}
    for chip in sorted(touched["accelerators"] & set(catalog.accelerators)):
        for rule in chips.RULES:
            yield from rule.broken(catalog, chip)
        for check in (*chips.OTHERS, *terms.OF_CHIPS):
            yield from check(catalog, chip)
    for _, chip, workload in sorted(path for path in own if path[0] == "throughput"):
        yield from rates.rate_by_roofline(catalog, chip, workload)
    yield from _of_what_is_sold(catalog, touched)


def _of_what_is_sold(catalog: Catalog, touched: dict[str, set[str]]) -> Iterator[Slip]:
    """The systems of accelerators that are touched, and the offers of such systems, are looked at as well."""
    for key, system in catalog.systems.items():
        if key in touched["systems"] or system.accelerator in touched["accelerators"]:
            for rule in systems.RULES:
                yield from rule.broken(catalog, key)
    for key, offer in catalog.offers.items():
        chip = catalog.systems[offer.system].accelerator
        if key in touched["offers"] or offer.system in touched["systems"] or chip in touched["accelerators"]:
            for rule in prices.RULES:
                yield from rule.broken(catalog, key)
            for check in terms.OF_OFFERS:
                yield from check(catalog, key)


def _together(catalog: Catalog, path: Path) -> int:
    """The accelerators of the system that a figure is of, or of the smallest of its accelerator."""
    section, entry = path[:2]
    if section in ("systems", "offers"):
        system = catalog.offers[entry].system if section == "offers" else entry
        return catalog.systems[system].accelerators
    return min((system.accelerators for system in catalog.systems.values() if system.accelerator == entry), default=1)
