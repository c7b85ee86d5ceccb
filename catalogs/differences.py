"""What differs between two catalogues: entries added, removed and changed, field by field, with both sources.

Compared is what the files say, so that folders which only lie on top of others can be compared too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from catalogs.leaves import number
from catalogs.load import layer_of
from catalogs.problems import InputError, Location, Problems
from catalogs.yaml_text import Map, Seq

CITED = ("accelerators", "systems", "offers", "workloads", "pools", "tariffs")
"""Sections whose entries have fields with cites of their own."""
POINT_NAME = {"precision": "in ", "accelerators": "on ", "from": "from "}
"""What tells the points of a workload apart."""
POINT_SOURCE = ("basis", "source")
"""What a cite, or a point of a throughput, says of what stands behind it."""


@dataclass(frozen=True)
class Side:
    """A figure in one of two catalogues: its value, basis and source as told there, and where it stands."""

    value: str
    source: str
    at: Location


@dataclass(frozen=True)
class Difference:
    """An entry that only one catalogue has (`field` is empty), or a field of which they say different things."""

    kind: Literal["added", "removed", "changed"]
    section: str
    entry: str
    field: str
    old: Side | None
    new: Side | None


def text_of(path: Path) -> Map:
    """What a catalogue folder, or one of its files, says. Raises InputError with every mistake in its form."""
    problems = Problems()
    text = layer_of(path, problems)
    if problems:
        raise InputError(problems)
    return text


def differences(old: Map, new: Map) -> Iterator[Difference]:
    """Every difference, section by section, entries and fields in the order of their names."""
    for section in (*CITED, "throughput", "sources"):
        sides = old[section], new[section]
        for entry in sorted(map(str, sides[0].keys() | sides[1].keys())):
            if not all(entry in side for side in sides):
                kind: Literal["added", "removed"] = "added" if entry in sides[1] else "removed"
                at = [Side("", "", side.key_at[entry]) if entry in side else None for side in sides]
                yield Difference(kind, section, entry, "", *at)
            else:
                yield from _of_fields(section, entry, *(_fields(text, section, entry) for text in (old, new)))


def _of_fields(section: str, entry: str, old: Mapping[str, Side], new: Mapping[str, Side]) -> Iterator[Difference]:
    for field in sorted(old.keys() | new.keys()):
        before, after = old.get(field), new.get(field)
        if before is None or after is None:
            yield Difference("added" if after else "removed", section, entry, field, before, after)
        elif (before.value, before.source) != (after.value, after.source):
            yield Difference("changed", section, entry, field, before, after)


def _fields(text: Map, section: str, entry: str) -> dict[str, Side]:
    """The fields of an entry; of a throughput, its points by workload, precision, date and accelerators."""
    found = text[section].get(entry)
    if not isinstance(found, Map):
        return {}
    if section == "throughput":
        return _told_apart(
            pair for workload, points in found.items() for pair in _points(text, workload, points, found)
        )
    return {
        str(field): Side(told(value), _cited(text, entry, field) if section in CITED else "", found.key_at[field])
        for field, value in found.items()
    }


def _told_apart(pairs: Iterable[tuple[str, Side]]) -> dict[str, Side]:
    """Sides by name; those of one name are numbered from the second on, in their order."""
    seen, found = Counter[str](), {}
    for name, side in pairs:
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name} ({seen[name]})"] = side
    return found


def _points(text: Map, workload: str, points: Any, found: Map) -> Iterator[tuple[str, Side]]:
    """Points are told apart by all but their rate and source, so that a new rate is a change of one."""
    listed: Sequence[Any] = points if isinstance(points, Seq) else [points]
    places = points.item_at if isinstance(points, Seq) else [found.key_at[workload]]
    for point, at in zip(listed, places, strict=True):
        if isinstance(point, Map):
            own = [f"{word}{point[key]}" for key, word in POINT_NAME.items() if point.get(key) is not None]
            basis, source = (str(point.get(key) or "") for key in POINT_SOURCE)
            yield " ".join([workload, *own]), Side(told(point.get("rate")), _source(text, basis, source), at)


def _cited(text: Map, entry: str, field: str) -> str:
    cite = text["cites"].get(f"{entry}.{field}") or text["cites"].get(entry)
    return _source(text, *(str(cite.get(key) or "") for key in POINT_SOURCE)) if isinstance(cite, Map) else ""


def _source(text: Map, basis: str, source: str) -> str:
    """Basis, id and, where it is told beside, date of a source."""
    about = text["sources"].get(source)
    date = about.get("date") if isinstance(about, Map) else None
    return " ".join(filter(None, (basis, source, date)))


def told(value: Any) -> str:
    """A value on one line; numbers that are the same are told alike, and keys in the order of their names."""
    if isinstance(value, Map):
        return ", ".join(f"{key}: {told(one)}" for key, one in sorted(value.items()))
    if isinstance(value, Seq):
        return ", ".join(map(told, value))
    found = number(value)
    return ("" if value is None else str(value)) if found is None else f"{found.normalize():f}"
