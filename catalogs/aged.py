"""Figures whose source is older than a day, with their place in the files and the offers that they count for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catalogs.checks import FIGURES
from catalogs.problems import Location
from catalogs.schema import Catalog
from catalogs.yaml_text import Map

LAST_DAY = "-12-31"
"""Completes a date to the last day that it may mean."""
LENGTH = len("2025-01-31")


@dataclass(frozen=True)
class Aged:
    """A figure, where it stands, the source and date that stand behind it, and the offers that it counts for."""

    at: Location
    figure: str
    source: str
    date: str
    offers: tuple[str, ...]


def last_day(date: str) -> str:
    """The last day that a date such as 2025, 2025-06 or 2025-06-30 may mean; months are taken to have 31."""
    return date + LAST_DAY[len(LAST_DAY) - (LENGTH - len(date)) :] if len(date) < LENGTH else date


def aged(catalog: Catalog, text: Map, before: str) -> tuple[list[Aged], int]:
    """The figures that are older, the oldest first, and how many have a source without a date."""
    found, undated = [], 0
    for figure, at, source, offers in _cited(catalog, text):
        date = catalog.sources[source].date
        if date is None:
            undated += 1
        elif last_day(date) < before:
            found.append(Aged(at, figure, source, date, tuple(offers)))
    return sorted(found, key=lambda each: (each.date, each.at, each.figure)), undated


def _cited(catalog: Catalog, text: Map) -> Iterator[tuple[str, Location, str, Sequence[str]]]:
    """Each figure with a source: its name, its place, its source, and the offers that it counts for."""
    for section, names in FIGURES.items():
        for entry, fields in text[section].items():
            for field in (name for name in names if name in fields):
                cite = catalog.cite(entry, field)
                if cite is not None and cite.source:
                    yield f"{entry}.{field}", fields.key_at[field], cite.source, _offers(catalog, entry)
    for accelerator, workloads in catalog.throughput.items():
        for workload, points in workloads.items():
            at = text["throughput"][accelerator].key_at[workload]
            for source in dict.fromkeys(point.source for point in points if point.source):
                yield f"{accelerator}.throughput.{workload}", at, source, _offers(catalog, accelerator)


def _offers(catalog: Catalog, entry: str) -> list[str]:
    """The offers of an accelerator or a system, or an offer itself."""
    systems = {key for key, system in catalog.systems.items() if entry in (key, system.accelerator)}
    return [key for key, offer in sorted(catalog.offers.items()) if key == entry or offer.system in systems]
