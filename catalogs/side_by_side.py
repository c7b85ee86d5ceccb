"""All figures of some entries of a catalogue beside one another, each with what stands behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from catalogs.schema import Catalog, Cite

SECTIONS = ("accelerators", "systems", "offers", "workloads", "pools", "tariffs")
"""Where an id may stand."""
RATES = "throughput"
Row = tuple[str, str, str, int]
"""What a figure is of: its section, a field or workload, a precision, and which of several points with that."""


@dataclass(frozen=True)
class Figure:
    """A field of an entry, or a workload that it does: its value as it is told, and its cite, if it has one."""

    field: str
    value: str
    cite: Cite | None


def ids(catalog: Catalog) -> list[str]:
    """Every id that can be looked at."""
    return [key for section in SECTIONS for key in _section(catalog, section)]


def kinds(catalog: Catalog, entry: str) -> list[str]:
    """The sections that an id stands in; none where there is no such."""
    return [section for section in SECTIONS if entry in _section(catalog, section)]


def _section(catalog: Catalog, name: str) -> Mapping[str, BaseModel]:
    """The entries of a section; a catalogue without any region has no section of them."""
    return getattr(catalog, name) or {}


def fields_of(catalog: Catalog, entry: str) -> dict[Row, Figure]:
    """The fields that an entry states, in their order; what is not stated has no source."""
    found: dict[Row, Figure] = {}
    for section in kinds(catalog, entry):
        fields = _section(catalog, section)[entry].model_dump(by_alias=True, exclude_unset=True)
        for field, value in fields.items():
            found[section, field, "", 0] = Figure(field, told(value), catalog.cite(entry, field))
    return found


def rates_of(catalog: Catalog, entry: str) -> dict[Row, Figure]:
    """The points of an accelerator's throughput, by workload and precision."""
    found: dict[Row, Figure] = {}
    for workload, points in sorted(catalog.throughput.get(entry, {}).items()):
        alike = Counter[str]()
        for point in points:
            precision = point.precision or ""
            value = (
                f"{told(point.rate)} {catalog.workloads[workload].unit}"
                + (f" in {precision}" if precision else "")
                + (f" on {point.accelerators}" if point.accelerators else "")
                + (f" from {point.from_}" if point.from_ else "")
            )
            cite = Cite(source=point.source, basis=point.basis)
            found[RATES, workload, precision, alike[precision]] = Figure(workload, value, cite)
            alike[precision] += 1
    return found


def beside(catalog: Catalog, entries: Sequence[str]) -> Iterator[list[Figure | None]]:
    """Rows of what entries have: the figure of each, None where it has none.

    Fields go in the order of the first entry that has them, then rates by workload and precision.
    """
    fields = [fields_of(catalog, entry) for entry in entries]
    rates = [rates_of(catalog, entry) for entry in entries]
    for row in dict.fromkeys(row for column in fields for row in column):
        yield [column.get(row) for column in fields]
    for row in sorted({row for column in rates for row in column}):
        yield [column.get(row) for column in rates]


def told(value: Any) -> str:
    """A value as a reader writes it: mappings and lists without their brackets, numbers without an exponent."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {told(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(told, value))
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
