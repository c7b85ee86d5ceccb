"""What stands behind a figure that a later folder changes: what it cites for it, and never the cite of the old one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalogs.leaves import entries
from catalogs.overlay import merged, overlaid
from catalogs.problems import Location
from catalogs.schema import UNSOURCED
from catalogs.yaml_text import Map, Seq, Text

CITED = ("accelerators", "systems", "offers", "workloads", "tariffs")
"""The sections whose figures are cited by the names of their entries and fields."""
EVIDENCE = ("basis", "source")


def cites_of(base: Map, over: Map) -> Map:
    """The cites of a catalogue with a layer on top.

    A figure that the layer changes has the layer's cite of it, else that of its entry, else none: it is unsourced.
    Every other figure keeps its own. A cite of what is not changed may change a part of the old cite alone.
    """
    old, new = base["cites"], over["cites"]
    changed = dict(_changed(base, over))
    spread = {name.rpartition(".")[0] for name in changed} - changed.keys()
    cites = merged(old, _only(new, {key for key in new if key not in changed and key not in spread}))
    cites.refused |= new.refused
    for name, at in changed.items():
        key = next((key for key in (name, name.rpartition(".")[0]) if key in new), None)
        cites.put(name, new[key] if key else _unsourced(at), new.key_at[key] if key else at)
    return cites


def _changed(base: Map, over: Map) -> Iterator[tuple[str, Location]]:
    """The figures of known entries that a layer gives another value, and where."""
    for section in CITED:
        for (entry,), fields, _ in entries(over[section], "*"):
            known = base[section].get(entry)
            for field, value in fields.items() if isinstance(known, Map) else ():
                if overlaid(known.get(field), value, field) != known.get(field):
                    yield f"{entry}.{field}", fields.key_at[field]


def _only(tree: Map, keys: set[str]) -> Map:
    """Some entries of a mapping, in their order."""
    part = Map(tree.at)
    for key in (key for key in tree if key in keys):
        part.put(key, tree[key], tree.key_at[key])
    return part


def _unsourced(at: Location) -> Map:
    cite = Map(at)
    cite.put("basis", Text(UNSOURCED, at), at)
    return cite


def forget_sources(base: Map, over: Map, laid: Map) -> None:
    """Takes from points of throughput that a layer changes in part the evidence of what they were."""
    for (chip, workload), change, _ in entries(over, "*", "*"):
        old, new = (tree[chip].get(workload) if isinstance(tree.get(chip), Map) else None for tree in (base, laid))
        for was, given, point in _points(old, change, new):
            if any(was.get(key) != value for key, value in given.items() if key not in EVIDENCE):
                for key in EVIDENCE:
                    if key in point and key not in given:
                        del point[key]
                        del point.key_at[key]


def _points(old: Any, change: Map, new: Any) -> Iterator[tuple[Map, Map, Map]]:
    """The points that are changed in part: as they were, what is given of them, and as they are."""
    if isinstance(old, Map) and isinstance(new, Map):
        yield old, change, new
    elif isinstance(old, Seq) and isinstance(new, Seq):
        parts = ((int(key), value) for key, value in change.items() if key.isdecimal() and int(key) < len(old))
        for i, given in parts:
            if isinstance(old[i], Map) and isinstance(given, Map):
                yield old[i], given, new[i]
