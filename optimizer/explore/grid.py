"""The combinations of a sweep: `KEY=A,B,C` several times, and the product of their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from catalogs.problems import InputError, Location, Problem

OPENING, CLOSING = "{[", "}]"
Grid = Mapping[str, Sequence[str]]
"""The values of each key that varies."""


def grid(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The values of each key of some `KEY=A,B,C`. Raises InputError with every one that cannot be read.

    Commas inside brackets and quotes part nothing: `budget/capex_usd={2026: 1e9},{2026: 2e9}` has two values.
    """
    found: dict[str, tuple[str, ...]] = {}
    problems = []
    for text in texts:
        key, equals, listed = (part.strip() for part in text.partition("="))
        values = tuple(_parted(listed))
        wrong = _wrong(key, equals, values, found)
        if wrong:
            problems.append(Problem(Location(f"--vary {text}", 1, 1), wrong))
        found[key] = values
    if problems:
        raise InputError(problems)
    return found


def _wrong(key: str, equals: str, values: Sequence[str], known: Mapping[str, Any]) -> str | None:
    if not key or not equals or not all(values):
        return "must be KEY=A,B,C, such as finance/discount_rate=0.08,0.1"
    if key in known:
        return f"{key} is varied twice; list all its values in one --vary"
    twice = next((value for value in values if values.count(value) > 1), None)
    return f"the value {twice} is listed twice" if twice else None


def _parted(text: str) -> Iterator[str]:
    """The parts of a list, parted by the commas that stand in no bracket and no quotes."""
    depth, quote, start = 0, "", 0
    for i, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in OPENING + CLOSING:
            depth += 1 if letter in OPENING else -1
        elif letter == "," and not depth:
            yield text[start:i].strip()
            start = i + 1
    yield text[start:].strip()


def combinations(vary: Grid) -> Iterator[dict[str, str]]:
    """Every combination of a grid, the last key varying fastest."""
    for values in product(*vary.values()):
        yield dict(zip(vary, values, strict=True))
