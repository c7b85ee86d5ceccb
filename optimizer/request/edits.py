"""Requests with some of their keys changed: exact text in, exact text out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from catalogs.periods import DIGITS, GROWTH
from catalogs.problems import InputError, Location, Problem
from catalogs.schema import Catalog
from optimizer.request.load import Request
from optimizer.request.scenario import Scenario
from optimizer.request.schedules import reading_of, spelled_out
from optimizer.request.settings import CATALOG_PATH

Key = tuple[str, ...]
"""The keys that lead to a figure; the catalogue's begin with `catalog`, a list's items go by number from 0."""


def request_of(scenario: Mapping[str, Any], catalog: Mapping[str, Any]) -> Request:
    """The request of a scenario and a catalogue as texts, such as those that a plan holds, without files.

    Raises InputError if they are none.
    """
    problems = []
    try:
        return Request(Scenario.model_validate(scenario), Catalog.model_validate(catalog))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            where = ".".join(map(str, detail["loc"]))
            problems.append(Problem(Location("plan", 1, 1), f"{where}: {detail['msg']}"))
    raise InputError(problems)


def changed(request: Request, changes: Mapping[Key, Any]) -> Request:
    """A request with other values at some paths, checked again; None takes a key away.

    Raises InputError for a path that leads nowhere and a value that may not be.
    """
    texts = {"scenario": as_text(request.scenario), CATALOG_PATH: as_text(request.catalog)}
    for path, value in changes.items():
        whole = path if path[0] == CATALOG_PATH else ("scenario", *path)
        _put(texts, whole, copy.deepcopy(value))
    return request_of(texts["scenario"], texts[CATALOG_PATH])


def as_text(part: BaseModel) -> dict[str, Any]:
    """A scenario or catalogue with every number as its source text, absent fields left out."""
    dumped: dict[str, Any] = part.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


def text_at(request: Request, path: Key) -> Any:
    """What stands at a path, as text; None where nothing does."""
    tree: Any = as_text(request.catalog) if path[0] == CATALOG_PATH else as_text(request.scenario)
    for key in path[path[0] == CATALOG_PATH :]:
        tree = tree[int(key)] if isinstance(tree, list) else (tree or {}).get(key)
    return tree


def listed_at(request: Request, path: Key, digits: int = DIGITS) -> Any:
    """What stands at a path, as text; a schedule that grows as steps that do not, rounded to so many digits."""
    value = text_at(request, path)
    if not isinstance(value, dict) or not GROWTH.keys() & value.keys():
        return value
    schedule = {key: Decimal(number) for key, number in value.items()}
    spelled = spelled_out(schedule, reading_of(path[path[0] == CATALOG_PATH :]), request.scenario.calendar)
    return {key: f"{Context(prec=digits).plus(number):f}" for key, number in spelled.items()}


def each_number(value: Any, change: Callable[[Decimal], Decimal]) -> Any:
    """A number, or every number of a schedule, changed exactly; what grows goes on growing as it did."""
    if isinstance(value, dict):
        return {key: one if key in GROWTH else each_number(one, change) for key, one in value.items()}
    return f"{change(Decimal(str(value))):f}"


def scaled(value: Any, factor: Decimal) -> Any:
    """A number or schedule times a factor."""
    return each_number(value, lambda number: number * factor)


def _put(tree: Any, path: Key, value: Any) -> None:
    for key in path[:-1]:
        tree = tree[int(key)] if isinstance(tree, list) else tree.setdefault(key, {})
    if isinstance(tree, list):
        tree[int(path[-1])] = value
    elif value is None:
        tree.pop(path[-1], None)
    else:
        tree[path[-1]] = value
