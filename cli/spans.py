"""Rows of periods one after the other, told as one line."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

Row = TypeVar("Row")


def spans(
    rows: Iterable[Row], periods: Sequence[str], same: Callable[[Row], Hashable], ends: Callable[[Row], tuple[str, str]]
) -> list[list[Row]]:
    """Rows of the same in periods one after the other together, in the order of their first.

    `ends` gives the first and the last period of a row.
    """
    follows = dict(pairwise(periods))
    found: list[list[Row]] = []
    for row in rows:
        begins = ends(row)[0]
        before = (of for of in found if same(of[0]) == same(row) and follows.get(ends(of[-1])[1]) == begins)
        span = next(before, None)
        if span is None:
            found.append([row])
        else:
            span.append(row)
    return found
