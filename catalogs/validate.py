"""A tree of source text against a model: every mistake, in the user's words, at its character."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from catalogs.periods import LARGEST
from catalogs.problems import Location, Problem, suggestion
from catalogs.schema import Frozen
from catalogs.yaml_text import Map, Seq, Text

Model = TypeVar("Model", bound=BaseModel)


def place_of(tree: Any, path: Iterable[str | int], key: bool = False) -> tuple[Location, tuple[str, ...]]:
    """Where the value at a path stands, or its key, and the part of the path that is in the document.

    Parts that are not in the document (tags of a union, a missing key) are passed over, so the
    location is that of the nearest thing the user wrote.
    """
    at, seen, node = tree.at, [], tree
    for part in path:
        if isinstance(node, Map) and part in node:
            at, node = node.key_at[str(part)], node[str(part)]
        elif isinstance(node, Seq) and isinstance(part, int) and part < len(node):
            at, node = node.item_at[part], node[part]
        else:
            continue
        seen.append(str(part))
    if isinstance(node, Text) and not key:
        at = node.at
    return at, tuple(seen)


def dotted(path: Iterable[str | int]) -> str:
    return ".".join(str(part) for part in path)


def _model_at(model: type[BaseModel], path: Sequence[str]) -> type[BaseModel] | None:
    """The model that governs the keys at a path inside another."""
    current: type[BaseModel] | None = model
    for part in path:
        if current is None:
            return None
        field = next((f for n, f in current.model_fields.items() if part in (n, f.alias)), None)
        if field is None:
            continue  # a key of a mapping whose values are the current model
        current = _model_inside(field.annotation)
    return current


def _model_inside(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for m in map(_model_inside, get_args(annotation)) if m is not None), None)


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys a mapping of this model may hold."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _unknown_key(model: type[BaseModel], path: Sequence[str]) -> str:
    key, owner = path[-1], _model_at(model, path[:-1])
    if owner is None:
        return f"unknown key '{key}'"
    if issubclass(owner, Frozen) and key in owner.LATER:
        return f"'{key}' is not supported yet by this version of chipmix; remove it"
    return f"unknown key '{key}'{suggestion(key, keys_of(owner))}"


_WORDS = {
    "missing": "is missing",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "decimal_parsing": "must be a number",
    "decimal_type": "must be a number",
    "finite_number": "must be a finite number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "string_type": "must be a word or text",
    "literal_error": "must be {expected}",
    "string_pattern_mismatch": "does not have the form {pattern}",
    "string_too_long": "is longer than {max_length} characters",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}
_NO_VALUE = frozenset({"missing", "model_type", "model_attributes_type", "dict_type", "tuple_type", "list_type"})


def _message(error: ErrorDetails, context: dict[str, Any]) -> str:
    if error["type"] == "value_error":
        return str(context["error"])
    words = _WORDS.get(error["type"])
    return words.format(**context) if words else error["msg"].lower()


def _problem(model: type[BaseModel], tree: Any, prefix: Sequence[str], error: ErrorDetails) -> Problem:
    path = [str(part) if not isinstance(part, int) else part for part in error["loc"]]
    at, seen = place_of(tree, path, key=error["type"] == "extra_forbidden" or path[-1:] == ["[key]"])
    where = dotted((*prefix, *seen))
    if error["type"] == "extra_forbidden":
        return Problem(at, f"{where}: {_unknown_key(model, seen)}")
    if error["type"] == "missing":
        return Problem(at, f"{dotted((*prefix, *seen, str(path[-1])))} is missing")
    found = error["input"]
    shown = "" if error["type"] in _NO_VALUE or isinstance(found, (dict, list)) else f" (got {_shown(found)})"
    return Problem(at, f"{where} {_message(error, error.get('ctx', {}))}{shown}")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def validated(model: type[Model], tree: Any, prefix: Sequence[str], problems: list[Problem]) -> Model | None:
    """The model of a tree, or None with every mistake appended to `problems`.

    `prefix` is the path of the tree in the words of the file, for the messages.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems.extend(_problem(model, tree, prefix, detail) for detail in details)
        return None


def leaves(tree: Any, *path: str) -> list[tuple[tuple[str, ...], Any, Location]]:
    """Everything at a path, where `*` stands for each key or item: (path, value, location).

    Passes over whatever does not have the shape asked for, so that checks run on broken input too.
    """
    found: list[tuple[tuple[str, ...], Any, Location]] = [((), tree, tree.at)] if tree is not None else []
    for part in path:
        found = [leaf for above in found for leaf in _below(above, part)]
    return found


def _below(above: tuple[tuple[str, ...], Any, Location], part: str) -> list[tuple[tuple[str, ...], Any, Location]]:
    path, node, _ = above
    if isinstance(node, Map):
        keys = list(node) if part == "*" else [part] * (part in node)
        return [((*path, key), node[key], getattr(node[key], "at", node.key_at[key])) for key in keys]
    if isinstance(node, Seq) and part == "*":
        return [((*path, str(i)), item, node.item_at[i]) for i, item in enumerate(node)]
    return []


def key_location(tree: Any, path: Sequence[str]) -> Location:
    """Where the last key of a path that `leaves` found stands."""
    for part in path[:-1]:
        tree = tree[int(part)] if isinstance(tree, Seq) else tree[part]
    found: Location = tree.item_at[int(path[-1])] if isinstance(tree, Seq) else tree.key_at[path[-1]]
    return found


def number(value: Any) -> Decimal | None:
    """The number that a scalar writes, or None if it writes none that the schema would take."""
    try:
        result = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None
    sound = result is not None and result.is_finite() and abs(result.adjusted()) <= LARGEST.adjusted()
    return result if sound else None


def check_references(
    tree: Any, path: Sequence[str], known: Iterable[str], kind: str, prefix: Sequence[str], problems: list[Problem]
) -> None:
    """Appends a problem for each scalar at `path` that is not one of the known ids."""
    ids = set(known)
    for where, value, at in leaves(tree, *path):
        if isinstance(value, str) and value not in ids:
            message = f"{dotted((*prefix, *where))}: there is no {kind} '{value}'{suggestion(value, ids)}"
            problems.append(Problem(at, message))
