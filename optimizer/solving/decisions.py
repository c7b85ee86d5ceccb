"""Which whole numbers of a model are decisions that cost much by themselves, and which the terms of an order tie."""

from __future__ import annotations

from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from optimizer.solving.matrix import Matrix, row_numbers
from optimizer.tables import grouped

SIGN = "sign"
"""Yes/no variables of frame agreements: what prices everything else is decided by, so they come first."""
PROJECTS, HOST = ("engineer", "port"), "host_cluster"
"""Yes/no variables that decide which work can run on what at all, and where a cluster runs."""
BLOCKS = ("blocks",)
"""How many blocks of power come on line: each costs as much as hundreds of systems."""
AGREED = ("orders_any", "band_used")
"""Yes/no variables of minimum orders and price breaks: whether there is an order at all, and which steps it reaches."""
STEPS = ("band",)
"""How many systems are paid at each step of price breaks."""
TYING = ("order_at_least_minimum(", "buy_in_one_band(")
"""How the names of the rows of minimum orders and price breaks begin."""


def decided_first(matrix: Matrix) -> dict[str, Any]:
    """What the solver's process has to know of a model to search its decisions first: numbers of columns."""
    frames, hosts, agreed = _of(matrix, (SIGN,)), clusters(matrix), _of(matrix, AGREED)
    starts, blocks = in_time_order(matrix, PROJECTS), in_time_order(matrix, BLOCKS)
    decisions = [*frames, *chain(*starts), *chain(*blocks), *chain(*chain(*hosts)), *agreed]
    return {
        "frames": frames, "projects": starts, "blocks": blocks, "clusters": hosts,
        "places": places(matrix), "terms": agreed, "decisions": decisions, "tied": tied_by_terms(matrix),
        "steps": _of(matrix, STEPS),
    }  # fmt: skip


def in_time_order(matrix: Matrix, variables: tuple[str, ...]) -> list[list[int]]:
    """The columns of each project, such as a porting, or of each site that grows, one a period in the order of time."""
    columns = sorted(_of(matrix, variables), key=lambda j: matrix.columns[j])
    return list(grouped(columns, lambda j: matrix.columns[j].rpartition(",")[0]).values())


def clusters(matrix: Matrix) -> list[list[list[int]]]:
    """The hosts of each cluster in each period, in the order of time, one list for each accelerator."""
    hosts = _hosts(matrix)
    where = grouped(hosts, lambda j: (hosts[j].period, hosts[j].demand))
    return [list(grouped(where[at], lambda j: hosts[j].accelerator).values()) for at in sorted(where)]


def places(matrix: Matrix) -> list[list[list[int]]]:
    """The hosts of each cluster, whatever the period, one list for each place."""
    hosts = _hosts(matrix)
    where = grouped(hosts, lambda j: hosts[j].demand)
    return [list(grouped(where[demand], lambda j: hosts[j].place).values()) for demand in sorted(where)]


class _Host(NamedTuple):
    """What a host's column says of it."""

    accelerator: str
    place: str
    demand: str
    period: str


def _hosts(matrix: Matrix) -> dict[int, _Host]:
    """The hosts of clusters by column."""
    names = {j: matrix.columns[j] for j in matrix.column_numbers(HOST)}
    return {j: _Host(*name.removesuffix(")").split("(")[1].split(",")) for j, name in names.items()}


def tied_by_terms(matrix: Matrix) -> list[int]:
    """The numbers of whole columns that minimum orders and price breaks tie to each other: terms and their orders.

    What they share a budget or a limit with is not tied: that is so of nearly everything.
    """
    rows = np.array([row.startswith(TYING) for row in matrix.rows], dtype=bool)
    tied = np.zeros(len(matrix.cost), dtype=bool)
    tied[matrix.index[rows[row_numbers(matrix)]]] = True
    numbers: list[int] = np.flatnonzero(tied & matrix.integer).tolist()
    return numbers


def _of(matrix: Matrix, variables: tuple[str, ...]) -> list[int]:
    return [j for variable in variables for j in matrix.column_numbers(variable)]
