"""What differs between two catalogues, entry by entry and field by field, with what stands behind each value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalogs.schema import Catalog, Throughput

ENTRIES = ("accelerators", "systems", "offers", "workloads", "pools", "tariffs")


@dataclass(frozen=True)
class Change:
    """An entry that came or went, or a field with the value that it had and has; empty where there is none."""

    section: str
    entry: str
    field: str
    was: str
    now: str
    was_by: str
    now_by: str


def changes(old: Catalog, new: Catalog) -> Iterator[Change]:
    """All that differs: a whole entry in one change, without its fields."""
    for section in ENTRIES:
        before, after = _section(old, section), _section(new, section)
        for entry in sorted({*before, *after}):
            if entry not in after or entry not in before:
                there = ("", "in the catalogue") if entry in after else ("in the catalogue", "")
                yield Change(section, entry, "", *there, "", "")
                continue
            was, now = before[entry], after[entry]
            for field in [name for name in {**was, **now} if was.get(name) != now.get(name)]:
                told = _words(was.get(field)), _words(now.get(field))
                yield Change(section, entry, field, *told, _evidence(old, entry, field), _evidence(new, entry, field))
    yield from _rates(old, new)


def _section(catalog: Catalog, section: str) -> dict[str, Mapping[str, Any]]:
    entries = getattr(catalog, section, None) or {}
    return {key: entry.model_dump(mode="json", by_alias=True, exclude_none=True) for key, entry in entries.items()}


def _rates(old: Catalog, new: Catalog) -> Iterator[Change]:
    for accelerator in sorted({*old.throughput, *new.throughput}):
        was, now = old.throughput.get(accelerator, {}), new.throughput.get(accelerator, {})
        for workload in sorted({*was, *now}):
            points = was.get(workload, ()), now.get(workload, ())
            if points[0] != points[1]:
                told = ["; ".join(map(_point, each)) for each in points]
                by = [", ".join(dict.fromkeys(_by(each.basis, each.source) for each in of)) for of in points]
                yield Change("throughput", accelerator, workload, *told, *by)


def _point(point: Throughput) -> str:
    rate = _words(point.model_dump(mode="json")["rate"])
    return " ".join(filter(None, (rate, point.precision, f"from {point.from_}" if point.from_ else "")))


def _evidence(catalog: Catalog, entry: str, field: str) -> str:
    cite = catalog.cite(entry, field)
    return _by(cite.basis, cite.source) if cite is not None else ""


def _by(basis: str, source: str | None) -> str:
    return f"{basis}, {source}" if source else basis


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {each}" for key, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
