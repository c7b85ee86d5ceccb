"""Marks the texts of a plan that come from the user or the catalogue, so that no language changes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from optimizer.workbook.embedded import Made

WORDS = frozenset(
    {"status", "route", "unit", "reason", "warnings", "notes", "name", "meaning", "kind", "budget",
     "change", "need", "label", "breaks"}
)  # fmt: skip
"""Fields of a plan, of a bridge and of other runs that hold this program's own words; a scenario's
are all its author's."""
CODES = frozenset({"route", "basis"})
"""Keys of a scenario or catalogue whose values are words of its format."""
MARKED = ("bridge", "runs", "decision", "stressed", "prior")
"""What a workbook is made from besides the plan and holds texts that are marked."""
PER_SECOND = "/s"


class Given(str):
    """A text of the user or the catalogue. It stays marked where it is shown as it stands, alone in its cell."""

    __slots__ = ()

    def __str__(self) -> str:
        return self

    def __format__(self, spec: str) -> str:
        return super().__format__(spec) if spec else self


def marked(made: Made) -> Made:
    """The same with every text that is not this program's marked."""
    parts = {name: getattr(made, name) for name in MARKED}
    found = {name: _part(part) for name, part in parts.items() if part is not None}
    return replace(made, plan=_part(made.plan), command=Given(made.command), **found)


def given_texts(made: Made) -> frozenset[str]:
    """All texts that are marked, and the units of those that are a unit per second."""
    parts = (made.plan, *(getattr(made, name) for name in MARKED))
    texts = {made.command, *(text for part in parts for key, text in _texts(part) if not key)}
    return frozenset(texts | {text.removesuffix(PER_SECOND) for text in texts})


def given_keys(made: Made) -> frozenset[str]:
    """Keys of the scenario and the catalogue, such as price_usd; some are also words of this program."""
    return frozenset(text for key, text in _texts(made.plan) if key)


def _part(part: Any) -> Any:
    """A part of a plan or of a bridge; stamps of runs hold nothing but what is given."""
    own = {"status"} if type(part).model_fields.keys() >= {"scenario_sha256", "solver"} else WORDS
    update = {name: _field(getattr(part, name), name in own) for name in type(part).model_fields}
    return part.model_copy(update=update)


def _field(value: Any, own: bool) -> Any:
    if isinstance(value, BaseModel):
        return _part(value)
    if isinstance(value, tuple):
        return tuple(_field(each, own) for each in value)
    return value if own else _raw(value)


def _raw(value: Any) -> Any:
    """Text, list or mapping of a scenario or catalogue."""
    if isinstance(value, str):
        return Given(value)
    if isinstance(value, Mapping):
        return {Given(key): each if key in CODES else _raw(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_raw, value))
    return value


def _texts(value: Any) -> Iterator[tuple[bool, str]]:
    """Every text that is marked, and whether it is a key."""
    if isinstance(value, Given):
        yield False, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield True, key
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
