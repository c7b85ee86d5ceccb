"""Which whole numbers of a model are decisions that cost much by themselves, and which the terms of an order tie."""

from __future__ import annotations

import numpy as np

from optimizer.solving.matrix import Matrix, row_numbers

FIRST, THEN = ("engineer", "port"), ("host_cluster",)
"""Yes/no variables that decide which work can run on what at all, and where a cluster runs."""
TERMS = ("orders_any", "band", "band_used")
"""Variables of minimum orders and price breaks."""
MOST_HOSTS = 1_000
"""With more possible hosts of clusters, a model in which they are whole is no smaller than the model itself."""


def decisions(matrix: Matrix) -> list[int]:
    """The numbers of the columns that decide much; hosts of clusters only where there are not thousands."""
    hosts = _of(matrix, THEN)
    return _of(matrix, FIRST) + (hosts if len(hosts) <= MOST_HOSTS else [])


def projects(matrix: Matrix) -> list[list[int]]:
    """The columns of each project in the order of time: whether its engineering or porting starts in a period."""
    found: dict[str, list[int]] = {}
    for j in _of(matrix, FIRST):
        found.setdefault(matrix.columns[j].rpartition(",")[0], []).append(j)
    return [sorted(columns, key=lambda j: matrix.columns[j]) for columns in found.values()]


def tied_by_terms(matrix: Matrix) -> list[int]:
    """The numbers of whole columns that minimum orders and price breaks tie to each other: terms and their orders."""
    terms = np.zeros(len(matrix.cost), dtype=bool)
    terms[_of(matrix, TERMS)] = True
    rows = np.zeros(len(matrix.rows), dtype=bool)
    row_of = row_numbers(matrix)
    rows[row_of[terms[matrix.index]]] = True
    tied = terms.copy()
    tied[matrix.index[rows[row_of]]] = True
    numbers: list[int] = np.flatnonzero(tied & matrix.integer).tolist()
    return numbers


def _of(matrix: Matrix, variables: tuple[str, ...]) -> list[int]:
    return [j for variable in variables for j in matrix.column_numbers(variable)]
