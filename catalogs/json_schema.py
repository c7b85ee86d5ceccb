"""JSON Schema of what users write, from the models that read it: what `check` takes, editors take as well.

A model says what a scalar is from its text; a schema sees what YAML 1.2 makes of it. So a number may be one or a text
that writes one, a period may be the number 2027, a title may be a number. What several fields say together, which ids
there are, and what an overlay changes, only `check` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from catalogs.hover import HOVER
from catalogs.periods import GROWTH, LARGEST, PERIOD_FORM
from catalogs.schema import CatalogFile
from catalogs.values import ID_PATTERN

DRAFT = "http://json-schema.org/draft-07/schema#"
Node = dict[str, Any]
PERIOD = "[12][0-9]{3}(q[1-4]|-(0[1-9]|1[0-2]))?"
FORMS: dict[str, Node] = {PERIOD_FORM: {"pattern": f"^{PERIOD}$", "minimum": 1000, "maximum": 2999}}
"""Texts of a form: the pattern, and the bounds of those that YAML reads as numbers."""
_DIGITS = r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"
ANY_NUMBER, NOT_NEGATIVE = f"^[-+]?{_DIGITS}$", rf"^\+?{_DIGITS}$"
BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
ITEM = "^[0-9]{1,6}$"


def catalog_schema() -> Node:
    """Of a catalogue file: an overlay may state any part of an entry, so nothing is needed but an accelerator's id."""
    schema = standard(CatalogFile, HOVER, partial=True, needed={"Accelerator": ["id"]})
    sections = schema["properties"]
    sections["cites"]["propertyNames"] = {"pattern": ID_PATTERN}
    for name, section in sections.items():
        text = {key: section.pop(key) for key in ("description",) if key in section}
        sections[name] = {**text, "anyOf": [section, {"type": "null"}]}
    sections["accelerator"] = {**sections["accelerator"], "anyOf": [{"$ref": "#/$defs/Accelerator"}]}
    return {"$schema": DRAFT, **schema}


def standard(
    model: type[BaseModel],
    hover: Mapping[str, str],
    partial: bool = False,
    needed: Mapping[str, list[str]] | None = None,
    forms: Mapping[str, Node] = FORMS,
) -> Node:
    """The schema of a model in the standard's words, with a text for each key; `partial` of what is laid on another.

    There nothing is missing but what is `needed`, an item of a list may go by its number, and a schedule may say how it
    grows alone.
    """
    raw = model.model_json_schema()
    shaped = _Rewriter(partial, forms).node(raw)
    for title, part in {**shaped.get("$defs", {}), model.__name__: shaped}.items():
        _describe(part, title, hover)
        if partial:
            part.pop("required", None)
            if any("required" in way for way in part.get("anyOf", ())):
                del part["anyOf"]  # nothing is missing where another file has it
        if partial and needed and title in needed:
            part["required"] = needed[title]
    return dict(shaped)


def _describe(part: Node, title: str, hover: Mapping[str, str]) -> None:
    """Gives each key of an object its text."""
    for key, value in part.get("properties", {}).items():
        alone = {"allOf": [{"$ref": value["$ref"]}]} if "$ref" in value else value
        text = {"description": hover[f"{title}.{key}"]} if f"{title}.{key}" in hover else {}
        part["properties"][key] = {**alone, **text}


class _Rewriter:
    """Says in the standard's words what the models' own schema leaves to their validators."""

    def __init__(self, partial: bool, forms: Mapping[str, Node]) -> None:
        self.partial, self.forms = partial, forms

    def node(self, raw: Any) -> Any:
        """A part of a schema, and all below it."""
        if isinstance(raw, list):
            return [self.node(each) for each in raw]
        if not isinstance(raw, dict):
            return raw
        for matches, written in self._kinds():
            if matches(raw):
                return written(raw)
        return self._below(raw)

    def _kinds(self) -> tuple[tuple[Callable[[Node], bool], Callable[[Node], Node]], ...]:
        return (
            (_is_decimal, _number),
            (lambda raw: raw.get("type") == "integer", _whole),
            (lambda raw: raw.get("format") in self.forms, self._form),
            (lambda raw: raw.get("type") == "string", _text),
            (lambda raw: raw.get("type") == "array", self._list),
            (lambda raw: raw.get("type") == "object" and "properties" not in raw, self._mapping),
            (lambda raw: raw.get("type") == "object" and GROWTH.keys() <= set(raw["properties"]), self._schedule),
        )

    def _below(self, raw: Node) -> Node:
        said = {key: value for key, value in raw.items() if key not in ("title", "default")}
        named = ("properties", "patternProperties", "$defs")
        return {
            key: {name: self.node(each) for name, each in value.items()} if key in named else self.node(value)
            for key, value in said.items()
        } | _default(raw)

    def _form(self, raw: Node) -> Node:
        return {"type": ["string", "integer"], **self.forms[raw["format"]], **_default(raw)}

    def _list(self, raw: Node) -> Node:
        whole = self._below(raw)
        if not self.partial:
            return whole
        items = {"type": "object", "patternProperties": {ITEM: whole["items"]}, "additionalProperties": False}
        return {"anyOf": [whole, {**items, "minProperties": 1}]}

    def _mapping(self, raw: Node) -> Node:
        """Of any keys of a form: a key of another is none."""
        keys = raw.get("propertyNames", {}).get("format")
        if keys in self.forms:
            pattern, values = self.forms[keys]["pattern"], raw["additionalProperties"]
            raw = {key: value for key, value in raw.items() if key not in ("propertyNames", "additionalProperties")}
            least = 0 if self.partial or keys != PERIOD_FORM else 1
            raw = {**raw, "patternProperties": {pattern: values}, "minProperties": least}
        found = self._below(raw)
        return {**found, "additionalProperties": False} if "patternProperties" in found else found

    def _schedule(self, raw: Node) -> Node:
        """Numbers by period, of which the last may grow in one way."""
        steps = self._mapping({key: value for key, value in raw.items() if key != "properties"})
        grows = {key: self.node(value) for key, value in raw["properties"].items()}
        only_growth = {"propertyNames": {"enum": list(GROWTH)}}
        refused = [{"required": list(GROWTH)}, *([] if self.partial else [only_growth])]
        return {**steps, "minProperties": 1, "properties": grows, "not": {"anyOf": refused}}


def _is_decimal(raw: Node) -> bool:
    kinds = [each.get("type") for each in raw.get("anyOf", ())]
    return kinds == ["number", "string"]


def _bounds(raw: Node) -> dict[str, float]:
    own = {BOUNDS[key]: raw[key] for key in BOUNDS if key in raw}
    return {**own, **{key: value for key, value in raw.items() if key in BOUNDS.values()}}


def _number(raw: Node) -> Node:
    """A number, or a text that writes one; no schema can bound the text, but its sign."""
    bounds = _bounds(raw) | _bounds(raw["anyOf"][0])
    signed = bounds.get("minimum", bounds.get("exclusiveMinimum", -1)) < 0
    limits = {"minimum": -float(LARGEST), "maximum": float(LARGEST)}
    if "exclusiveMinimum" in bounds:
        del limits["minimum"]
    text = {"type": "string", "pattern": ANY_NUMBER if signed else NOT_NEGATIVE}
    return {"anyOf": [{"type": "number", **limits, **bounds}, text], **_default(raw)}


def _whole(raw: Node) -> Node:
    text = {"type": "string", "pattern": NOT_NEGATIVE}
    return {"anyOf": [{"type": "integer", **_bounds(raw)}, text], **_default(raw)}


def _text(raw: Node) -> Node:
    """A text without a form may look like a number or a truth; words that are truths are those."""
    said = {key: value for key, value in raw.items() if key not in ("title", "default", "type")}
    if "enum" in raw:
        truths = [word == "true" for word in raw["enum"] if word in ("true", "false")]
        return {**said, "enum": [*raw["enum"], *truths], **_default(raw)}
    if "pattern" not in raw:
        return {"type": ["string", "number", "boolean"], **said, **_default(raw)}
    if raw["pattern"].startswith(r"^\d{4}"):
        return {"type": ["string", "integer"], **said, "minimum": 1000, "maximum": 9999, **_default(raw)}
    return {"type": "string", **said, **_default(raw)}


def _default(raw: Node) -> Node:
    """What holds where nothing is said, if that is one word or number."""
    default = raw.get("default")
    if not isinstance(default, (str, int)) or isinstance(default, bool):
        return {}
    numeric = isinstance(default, str) and default.replace(".", "", 1).isdigit()
    return {"default": float(default) if numeric else default}
