"""What a tree of source text says at a path: its values, its keys, the ids that it knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from catalogs.periods import GROWTH, LARGEST
from catalogs.problems import Location, Problem, Problems, suggestion
from catalogs.validate import dotted
from catalogs.yaml_text import ANY, Map, Seq

Leaf = tuple[tuple[str, ...], Any, Location]
"""A path, what stands there, and where."""


def leaves(tree: Any, *path: str) -> list[Leaf]:
    """Everything at a path, where `*` stands for each key or item: (path, value, location of the value).

    Passes over whatever does not have the shape asked for.
    """
    return _walked(tree, path, lambda value, key_at: getattr(value, "at", key_at))


def amounts(tree: Any, *path: str) -> list[Leaf]:
    """The numbers of schedules at a path, constant or by period; how they grow is none of them."""
    return [*leaves(tree, *path), *(leaf for leaf in leaves(tree, *path, "*") if leaf[0][-1] not in GROWTH)]


def keys(tree: Any, *path: str) -> list[Leaf]:
    """Everything at a path as `leaves` gives it, with the location of its key instead."""
    return _walked(tree, path, lambda _, key_at: key_at)


def _walked(tree: Any, path: Sequence[str], place: Callable[[Any, Location], Location]) -> list[Leaf]:
    found: list[Leaf] = [((), tree, tree.at)] if tree is not None else []
    for part in path:
        below = [(above, leaf) for above, node, _ in found for leaf in _below(node, part)]
        found = [((*above, key), value, place(value, at)) for above, (key, value, at) in below]
    return found


def _below(node: Any, part: str) -> list[tuple[str, Any, Location]]:
    if isinstance(node, Map):
        return [(key, node[key], node.key_at[key]) for key in (node if part == "*" else [part] * (part in node))]
    if isinstance(node, Seq) and part == "*":
        return [(str(node.number(i)), item, node.item_at[i]) for i, item in enumerate(node)]
    return []


def entries(tree: Any, *path: str) -> list[tuple[tuple[str, ...], Map, Location]]:
    """The mappings at a path."""
    return [(where, value, at) for where, value, at in leaves(tree, *path) if isinstance(value, Map)]


def points_in(tree: Any) -> list[tuple[tuple[str, ...], Map, Location]]:
    """The points of every throughput, alone or in a list: (path, point, location of its key or item)."""
    found = []
    for where, entry, at in keys(tree, "throughput", "*", "*"):
        points = keys(entry, "*") if isinstance(entry, Seq) else [((), entry, at)]
        found += [((*where, *item), point, place) for item, point, place in points if isinstance(point, Map)]
    return found


def texts(tree: Any, *path: str) -> list[tuple[tuple[str, ...], str, Location]]:
    """The scalars at a path."""
    return [(where, value, at) for where, value, at in leaves(tree, *path) if isinstance(value, str)]


def number(value: Any) -> Decimal | None:
    """The number that a scalar writes, or None if it writes none that the schema would take."""
    try:
        result = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None
    sound = result is not None and result.is_finite() and abs(result.adjusted()) <= LARGEST.adjusted()
    return result if sound else None


def has(entry: Any, key: str) -> bool:
    """Whether an entry has a value for a key, or was given one that was refused."""
    return isinstance(entry, Map) and (entry.get(key) is not None or key in entry.refused)


def ids(tree: Map, *path: str) -> frozenset[str] | None:
    """The keys at a path, refused ones too; None where nobody can tell them all."""
    node: Any = tree
    for part in path:
        if {part, ANY} & node.refused:
            return None
        node = node.get(part)
        if not isinstance(node, Map):
            return frozenset()
    return None if ANY in node.refused else frozenset(node) | node.refused


def hides(tree: Map, section: str) -> bool:
    """Whether some of a section's entries were refused."""
    return any(_hides(node, part) for node, part in ((tree, section), (tree.get(section), "*")))


def values(tree: Map, *path: str) -> frozenset[str] | None:
    """All texts at a path; None where some were refused, so that nobody can tell them all."""
    if any(_hides(node, part) for i, part in enumerate(path) for _, node, _ in leaves(tree, *path[:i])):
        return None
    return frozenset(text for _, text, _ in texts(tree, *path))


def _hides(node: Any, part: str) -> bool:
    if isinstance(node, Map):
        return bool(node.refused) if part == "*" else bool({part, ANY} & node.refused)
    return isinstance(node, Seq) and node.refused


def check_references(found: Iterable[Leaf], known: frozenset[str] | None, kind: str, problems: Problems) -> None:
    """Appends a problem for each scalar that is not one of the known ids; none where nobody can tell these."""
    for where, value, at in found:
        if known is not None and isinstance(value, str) and value not in known:
            message = f"{dotted(where)}: there is no {kind} '{value}'{suggestion(value, known)}"
            problems.append(Problem(at, message))


def check_keys(found: Iterable[Leaf], known: frozenset[str] | None, kind: str, problems: Problems) -> None:
    """Appends a problem for each path whose last key is not one of the known ids; none where nobody can tell these."""
    check_references([(where, where[-1], at) for where, _, at in found], known, kind, problems)
