"""What a schema finds wrong with a value, in the user's words, with what would do instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from catalogs.problems import nearest, suggestion
from catalogs.schema import Frozen
from catalogs.values import ID_PATTERN
from catalogs.yaml_text import Seq, Text, key_remedy

_WORDS = {
    "missing": "is missing",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "decimal_parsing": "must be a number",
    "decimal_type": "must be a number",
    "finite_number": "must be a finite number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large for a whole number",
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
_SHOWN_CHARACTERS = 60
_PERCENT = re.compile(r"([0-9.]+) ?%")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([, _'][0-9]{3})+(\.[0-9]+)?")
_WITH_UNIT = re.compile(r"[^0-9.+-]*([+-]?[0-9][0-9.e]*)[^0-9]*")


def message_of(error: ErrorDetails, value: Any, named: bool = False) -> str:
    """What is wrong with a value: the rule, what was found (unless it is named already), what would do."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        said = str(context["error"])
    elif kind == "string_pattern_mismatch" and context["pattern"] == ID_PATTERN:
        said = "does not have the form of an id (small letters, digits, _ and ., a letter first)"
    else:
        said = _WORDS[kind].format(**context) if kind in _WORDS else error["msg"].lower()
    found = error["input"]
    shown = "" if named or kind in _NO_VALUE or isinstance(found, (dict, list)) else f" (got {shown_value(found)})"
    return f"{said}{shown}{remedy(kind, value)}"


def shown_value(value: Any) -> str:
    """A value as it stands in the file, cut where it is long."""
    if value is None:
        return "nothing"
    text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "…"


def remedy(kind: str, value: Any) -> str:
    """A clause that says what to write instead, where that can be told."""
    if value is None and kind != "missing":
        return "; nothing stands here: give it a value, or remove the key"
    if kind in ("model_type", "model_attributes_type", "dict_type") and isinstance(value, Seq):
        return "; this is a list: write key: value, without '- ' and brackets"
    if kind in ("tuple_type", "list_type") and isinstance(value, Text):
        return f"; write [{shown_value(value)}]"
    if kind in ("tuple_type", "list_type"):
        return "; this is a mapping: write its entries with '- ', or in brackets"
    if kind in ("decimal_type", "decimal_parsing", "int_type", "int_parsing") and isinstance(value, Text):
        return _number_remedy(value)
    if kind == "string_pattern_mismatch" and isinstance(value, Text):
        return _id_remedy(value)
    return ""


def _number_remedy(text: str) -> str:
    """How to write the number that a text seems to mean."""
    percent, unit = _PERCENT.fullmatch(text), _WITH_UNIT.fullmatch(text)
    if _GROUPED.fullmatch(text):
        return f"; write {re.sub('[^0-9.+-]', '', text)}, its digits in one piece"
    if percent:
        return f"; a share is written as a part of 1, such as 0.08 for 8 % (here {percent[1]} / 100)"
    if re.fullmatch("[+-]?[0-9]+,[0-9]+", text):
        return f"; write {text.replace(',', '.')}, with a point"
    return f"; write {unit[1]} alone, in the unit that the key names" if unit and unit[1] != text else ""


def _id_remedy(text: str) -> str:
    """An id that is allowed, most like the one that is not."""
    written = re.sub("[^a-z0-9_.]+", "_", text[:80].lower()).strip("_")
    return f"; write {written}" if re.fullmatch(ID_PATTERN, written) else ""


def model_at(model: type[BaseModel], path: Sequence[str]) -> type[BaseModel] | None:
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


def unknown_key(model: type[BaseModel], path: Sequence[str], value: Any) -> str:
    """What is said of a key that a model does not have."""
    key, owner = path[-1], model_at(model, path[:-1])
    if owner is None:
        return f"unknown key '{shown_value(key)}'"
    if issubclass(owner, Frozen) and key in owner.LATER:
        return f"'{key}' is not supported yet by this version of chipmix; remove it"
    return f"unknown key '{shown_value(key)}'{key_remedy(key, value is None) or suggestion(key, keys_of(owner))}"


def meant_key(model: type[BaseModel], path: Sequence[str]) -> str | None:
    """The key that an unknown one at the end of a path seems to be misspelt from."""
    owner = model_at(model, path[:-1])
    return None if owner is None else nearest(path[-1], keys_of(owner))


def needed_by(model: type[BaseModel]) -> list[str]:
    """The keys that an entry of a model must have."""
    return [field.alias or name for name, field in model.model_fields.items() if field.is_required()]
