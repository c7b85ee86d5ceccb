"""The deterministic equivalent: one model of all futures, which share what is decided before it is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.solving.matrix import Matrix, row_numbers
from optimizer.uncertainty.blocks import Block, decided_by_all
from optimizer.uncertainty.first_stage import Decided, name_of


@dataclass(frozen=True)
class Equivalent:
    """One model, which minimises the expectation, with the column of each decision and of each column of a future."""

    blocks: Sequence[Block]
    matrix: Matrix
    shared: Mapping[Decided, int]
    columns: Sequence[NDArray[np.int64]]

    @property
    def possible(self) -> list[int]:
        """The futures that may come, by number."""
        return [number for number, block in enumerate(self.blocks) if block.probability > 0]


def equivalent(blocks: Sequence[Block], shared: frozenset[Decided] | None = None) -> Equivalent:
    """min Σ_f p_f · c_f · (x, y_f), where each future has its own rows on x and y_f, and x is one for all.

    One of probability 0 costs nothing, and x fits it all the same. Without `shared` x is all that can be decided in
    each of the futures.
    Columns of x have the names of decisions, those of y_f end with the name of the future; so do rows.
    """
    decided = sorted(decided_by_all(blocks) if shared is None else shared & decided_by_all(blocks))
    number = {key: j for j, key in enumerate(decided)}
    columns, count = [], len(number)
    for block in blocks:
        at = np.full(len(block.matrix.cost), -1, dtype=np.int64)
        for key, j in block.first.items():
            at[j] = number.get(key, -1)
        own = np.flatnonzero(at < 0)
        at[own] = np.arange(count, count + len(own))
        columns.append(at)
        count += len(own)
    return Equivalent(blocks, _stacked(blocks, decided, columns, count), number, columns)


def _stacked(
    blocks: Sequence[Block], decided: Sequence[Decided], columns: Sequence[NDArray[np.int64]], count: int
) -> Matrix:
    cost, integer = np.zeros(count), np.zeros(count, dtype=bool)
    lower, upper = np.full(count, -np.inf), np.full(count, np.inf)
    names = [name_of(key) for key in decided] + [""] * (count - len(decided))
    shared = frozenset(decided)
    for block, at in zip(blocks, columns, strict=True):
        matrix = block.whole(shared)
        np.add.at(cost, at, block.probability * matrix.cost)
        lower[at], upper[at] = np.maximum(lower[at], matrix.lower), np.minimum(upper[at], matrix.upper)
        integer[at] |= matrix.integer
        for j, name in zip(at.tolist(), matrix.columns, strict=True):
            names[j] = names[j] or _of_future(name, block.name)
    parts = [block.matrix for block in blocks]
    entries = [np.argsort(_order(part, at), kind="stable") for part, at in zip(parts, columns, strict=True)]
    ends = np.cumsum([0, *(len(part.value) for part in parts)])
    return Matrix(
        cost=cost,
        lower=lower,
        upper=upper,
        integer=integer,
        row_lower=np.concatenate([part.row_lower for part in parts]),
        row_upper=np.concatenate([part.row_upper for part in parts]),
        start=np.concatenate([[0], *(p.start[1:] + end for p, end in zip(parts, ends, strict=False))]).astype(np.int32),
        index=np.concatenate([at[p.index][e] for p, at, e in zip(parts, columns, entries, strict=True)]).astype(
            np.int32
        ),
        value=np.concatenate([p.value[e] for p, e in zip(parts, entries, strict=True)]),
        columns=tuple(names),
        rows=tuple(_of_future(name, block.name) for block in blocks for name in block.matrix.rows),
    )


def _order(part: Matrix, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """What sorts the entries of each row by the columns that they get."""
    return row_numbers(part) * (int(at.max()) + 1) + at[part.index]


def _of_future(name: str, future: str) -> str:
    """A row or column of a future: its name with the future at the end of its keys."""
    head, _, keys = name.partition("(")
    return f"{head}({keys.removesuffix(')')},{future})"
