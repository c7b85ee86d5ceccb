"""A tree of source text against a model: every mistake at its character, and the part that is sound."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, NewType, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from catalogs.problems import MOST_PROBLEMS, Location, Problem, Problems
from catalogs.wording import meant_key, message_of, unknown_key
from catalogs.yaml_text import ANY, Map, Seq, Text, key_remedy

Model = TypeVar("Model", bound=BaseModel)
Sound = NewType("Sound", Map)
"""A tree whose every value was accepted by its field. Keys may be missing; what was refused is remembered.

Checks of several fields together take these and no raw tree, so that none of them meets a wrong shape.
"""
Path = tuple[str | int, ...]
BAD_KEY = "[key]"
MOST_DETAILS = 10 * MOST_PROBLEMS
"""So many errors are looked at together; those are more than are told, though some only follow from others."""


def path_in(tree: Any, path: Iterable[str | int]) -> Path:
    """The part of a path that is in the document, whose items go by number.

    Parts that are not in the document (forms of a value, a missing key) are passed over, so the path leads to
    the nearest thing that the user wrote.
    """
    seen: list[str | int] = []
    for part in path:
        number = int(part) if isinstance(tree, Seq) and str(part).isdecimal() else -1
        if isinstance(tree, Map) and part in tree:
            tree = tree[str(part)]
            seen.append(str(part))
        elif isinstance(tree, Seq) and 0 <= number < len(tree):
            tree = tree[number]
            seen.append(number)
    return tuple(seen)


def place_of(tree: Any, path: Path, key: bool = False) -> Location:
    """Where the value at a path that is in the document stands, or its key."""
    at: Location = tree.at
    for part in path:
        at = tree.item_at[int(part)] if isinstance(tree, Seq) else tree.key_at[str(part)]
        tree = tree[part]
    return tree.at if isinstance(tree, Text) and not key else at


def dotted(path: Iterable[str | int]) -> str:
    return ".".join(str(part) for part in path)


def _value_at(tree: Any, path: Path) -> Any:
    for part in path:
        tree = tree[part]
    return tree


def _asked(model: type[Model], tree: Map) -> tuple[Model | None, list[ErrorDetails]]:
    """The model of a tree, or None and what the model has against it."""
    try:
        return model.model_validate(tree), []
    except ValidationError as error:
        details = error.errors(include_url=False)[:MOST_DETAILS]
    bad = {path_in(tree, detail["loc"]) for detail in details if _is_bad_key(detail)}
    return None, [detail for detail in details if not _follows(tree, detail, bad)]


def _follows(tree: Map, error: ErrorDetails, bad: Container[Path]) -> bool:
    """Whether an error only follows from another: in the value of a bad key, or as a list whose items are all wrong."""
    if error["type"] == "too_short":
        return bool(_value_at(tree, path_in(tree, error["loc"])))
    return error["type"] != "missing" and not _is_bad_key(error) and path_in(tree, error["loc"]) in bad


def _is_bad_key(error: ErrorDetails) -> bool:
    return error["loc"][-1:] == (BAD_KEY,)


def _problem(model: type[BaseModel], tree: Map, prefix: Sequence[str], error: ErrorDetails) -> Problem:
    path, kind = path_in(tree, error["loc"]), error["type"]
    bad_key = _is_bad_key(error)
    at, where = place_of(tree, path, key=kind == "extra_forbidden" or bad_key), dotted((*prefix, *path))
    if kind == "extra_forbidden":
        return Problem(at, f"{where}: {unknown_key(model, tuple(map(str, path)), _value_at(tree, path))}")
    if kind == "missing":
        return Problem(at, f"{dotted((*prefix, *path, error['loc'][-1]))} is missing")
    value = _value_at(tree, path)
    message = message_of(error, Text(str(path[-1]), at) if bad_key else value, named=bad_key)
    return Problem(at, f"{where} {message}{key_remedy(str(path[-1]), value is None) if bad_key else ''}")


def accepted(model: type[Model], tree: Map, prefix: Sequence[str], problems: Problems) -> tuple[Model | None, Sound]:
    """The model of a tree, or None with every mistake appended to `problems`; and the part that is sound.

    `prefix` is the path of the tree in the words of the file, for the messages. What a reader refused before
    is not missed here again, nor what an unknown key seems to be misspelt from.
    """
    found, details = _asked(model, tree)
    if found is not None:
        return found, Sound(tree)
    meant = _meant(model, tree, details)
    known = {(*path[:-1], key) for path, key in meant.items()}
    problems.extend(_problem(model, tree, prefix, error) for error in details if not _is_known(tree, error, known))
    return None, _sound(model, tree, details, meant)


def _meant(model: type[BaseModel], tree: Map, details: Iterable[ErrorDetails]) -> dict[Path, str]:
    """The keys that unknown ones seem to be misspelt from, by the path of the unknown one."""
    unknown = [path_in(tree, error["loc"]) for error in details if error["type"] == "extra_forbidden"]
    found = {path: meant_key(model, tuple(map(str, path))) for path in unknown[:MOST_PROBLEMS]}
    return {path: key for path, key in found.items() if key is not None}


def _is_known(tree: Map, error: ErrorDetails, known: Container[Path]) -> bool:
    """Whether a key that is missing was refused by a reader, or is known to be written as another."""
    if error["type"] != "missing":
        return False
    path, key = path_in(tree, error["loc"]), str(error["loc"][-1])
    parent = _value_at(tree, path)
    return (isinstance(parent, Map) and bool({key, ANY} & parent.refused)) or (*path, key) in known


def _sound(model: type[BaseModel], tree: Map, details: Sequence[ErrorDetails], meant: Mapping[Path, str]) -> Sound:
    """What is left of a tree without all that its model does not accept; what is missing counts as refused.

    Taking something away can make what held it wrong (a schedule without a period), so it is asked again until
    nothing is wrong. Every round takes something away, so it ends.
    """
    kept: Map = _without(tree, {})
    while wrong := [error for error in details if error["type"] != "missing"]:
        paths = [path_in(kept, error["loc"]) for error in wrong]
        kept = _without(kept, {path: meant.get(path) or str(path[-1] if path else ANY) for path in paths})
        details, meant = _asked(model, kept)[1], {}
    for error in details:
        _value_at(kept, path_in(kept, error["loc"])).refused.add(str(error["loc"][-1]))
    return Sound(kept)


def _without(tree: Any, removed: Mapping[Path, str], at: Path = ()) -> Any:
    """A copy of a tree without what stands at some paths; what held it remembers the key that was refused there."""
    if isinstance(tree, Seq):
        return _list_without(tree, removed, at)
    if not isinstance(tree, Map):
        return tree
    kept = Map(tree.at)
    kept.refused |= tree.refused
    if at in removed:
        kept.refused.add(removed[at])
        return kept
    for key, value in tree.items():
        where = (*at, key)
        if where in removed:
            kept.refused.add(removed[where])
        else:
            kept.put(key, _without(value, removed, where), tree.key_at[key])
    return kept


def _list_without(tree: Seq, removed: Mapping[Path, str], at: Path) -> Seq:
    kept, stay = Seq(tree.at), [i for i in range(len(tree)) if (*at, i) not in removed]
    kept.refused = tree.refused or len(stay) < len(tree)
    kept.extend(_without(tree[i], removed, (*at, i)) for i in stay)
    kept.item_at = [tree.item_at[i] for i in stay]
    kept.numbers = [tree.number(i) for i in stay]
    return kept
