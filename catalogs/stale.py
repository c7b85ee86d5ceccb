"""Figures whose source is older than a date: where each stands, and which offers it is used by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalogs.checks import FIGURES
from catalogs.leaves import entries, points_in
from catalogs.problems import Location
from catalogs.schema import UNSOURCED, Catalog
from catalogs.validate import Sound, dotted

YEAR, FIRST_DAY, LAST_DAY = 4, "-01-01", "-12-31"
"""How many signs a year has, and what completes a date."""


@dataclass(frozen=True, order=True)
class CitedFigure:
    """A figure, its place in a file, and what stands behind it; `date` is that of the source, if it has one."""

    at: Location
    figure: str
    basis: str
    source: str
    date: str | None
    offers: tuple[str, ...]


def is_older(date: str, than: str) -> bool:
    """Whether a date is surely before another: `2024` may be the last of December, `2024-06` the last of June."""
    return date + LAST_DAY[len(date) - YEAR :] < than + FIRST_DAY[len(than) - YEAR :]


def cited_figures(catalog: Catalog, text: Sound) -> Iterator[CitedFigure]:
    """Every figure of a catalogue that has a source, in the order of its sections."""
    for section, names in FIGURES.items():
        for (entry,), fields, _ in entries(text.get(section), "*"):
            for field in (name for name in names if name in fields):
                cite = catalog.cite(entry, field)
                if cite is not None and cite.source is not None:
                    date = catalog.sources[cite.source].date
                    at, name = fields.key_at[field], f"{entry}.{field}"
                    yield CitedFigure(at, name, cite.basis, cite.source, date, _users(catalog, section, entry))
    for (_, accelerator, workload, *_rest), point, at in points_in(text):
        if point.get("source") is not None:
            source, users = str(point["source"]), _users(catalog, "accelerators", accelerator)
            name = dotted((accelerator, workload, *_rest))
            yield CitedFigure(at, name, str(point.get("basis", UNSOURCED)), source, catalog.sources[source].date, users)


def _users(catalog: Catalog, section: str, entry: str) -> tuple[str, ...]:
    """The offers of an accelerator, of a system, or an offer itself; what no offer names has none."""
    if section == "offers":
        return (entry,)
    owners = {"accelerators": _systems_of(catalog, entry), "systems": {entry}}.get(section, set())
    return tuple(key for key, offer in sorted(catalog.offers.items()) if offer.system in owners)


def _systems_of(catalog: Catalog, accelerator: str) -> set[str]:
    return {key for key, system in catalog.systems.items() if system.accelerator == accelerator}
