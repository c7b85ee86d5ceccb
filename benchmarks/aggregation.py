"""How much smaller and faster the aggregated model is than the one a user would write first.

Both are solved in one run on the same instance with the same solver: work indexed by site and what is in
service as a sum over all earlier orders, against work indexed by groups of places and a running balance.

    python -m benchmarks.aggregation [SITES] [QUARTERS]
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.instances import Size, instance
from optimizer.formulation import build_model
from optimizer.formulation.model import Model
from optimizer.request.load import Request
from optimizer.solving.matrix import Matrix, NewColumn, matrix_of
from optimizer.solving.solution import Options
from optimizer.solving.solve import solve
from optimizer.tables import build_tables
from optimizer.tables.by_period import Circumstances

DEMANDS = 12
MIP_SECONDS = 120.0


def by_site(request: Request) -> Model:
    """The same model with the work of every demand indexed by place."""
    grouped = Circumstances.__dict__["placed"]
    everything = property(lambda self: frozenset(name for name, _ in self.demands))
    setattr(Circumstances, "placed", everything)  # noqa: B010
    try:
        return build_model(build_tables(request))
    finally:
        setattr(Circumstances, "placed", grouped)  # noqa: B010


def summed(model: Model) -> Matrix:
    """The matrix with what is in service written out: what there was, and a sum over all earlier orders.

    Each balance gives what is in service from the period before; put into all other rows, it leaves the balances empty.
    """
    matrix = matrix_of(model)
    sums = _written_out(matrix)
    kept = [i for i, name in enumerate(matrix.rows) if not name.startswith(BALANCE)]
    cost, upper, always = matrix.cost.copy(), matrix.upper.copy(), 0.0
    for j, (constant, terms) in sums.items():
        always += constant * matrix.cost[j]
        for other, amount in terms.items():
            cost[other] += amount * matrix.cost[j]
        cost[j] = upper[j] = 0.0
    moved = np.zeros(len(matrix.rows))
    start, index, value = [0], [], []
    for i in kept:
        row: defaultdict[int, float] = defaultdict(float)
        for k in range(matrix.start[i], matrix.start[i + 1]):
            constant, terms = sums.get(int(matrix.index[k]), (0.0, {int(matrix.index[k]): 1.0}))
            moved[i] += matrix.value[k] * constant
            for j, amount in terms.items():
                row[j] += matrix.value[k] * amount
        index += sorted(row)
        value += [row[j] for j in sorted(row)]
        start.append(len(index))
    plain = replace(
        matrix,
        cost=cost,
        upper=upper,
        row_lower=(matrix.row_lower - moved)[kept],
        row_upper=(matrix.row_upper - moved)[kept],
        start=np.array(start, dtype=np.int32),
        index=np.array(index, dtype=np.int32),
        value=np.array(value),
        rows=tuple(matrix.rows[i] for i in kept),
    )
    return plain.with_columns([NewColumn("always", always, 1.0, {})]).fixed({len(matrix.cost): 1.0})


BALANCE = "carry_in_service("
Sum = tuple[float, Mapping[int, float]]
"""A number and how much of which columns."""


def _written_out(matrix: Matrix) -> dict[int, Sum]:
    """What is in service as a number (the fleet) and a sum of orders and retirements, by column."""
    number = {name: j for j, name in enumerate(matrix.columns)}
    balances = {
        number["in_service(" + name[len(BALANCE) :]]: i
        for i, name in enumerate(matrix.rows)
        if name.startswith(BALANCE)
    }
    sums: dict[int, Sum] = {}
    for j in sorted(balances, key=lambda j: matrix.columns[j]):  # by period within a system and place
        i = balances[j]
        constant, terms = float(matrix.row_lower[i]), defaultdict[int, float](float)
        for k in range(matrix.start[i], matrix.start[i + 1]):
            column, amount = int(matrix.index[k]), float(matrix.value[k])
            if column == j:
                continue
            before, parts = sums.get(column, (0.0, {column: 1.0}))
            constant -= amount * before
            for part, share in parts.items():
                terms[part] -= amount * share
        sums[j] = constant, {part: amount for part, amount in terms.items() if amount}
    return sums


def timed(matrix: Matrix, options: Options) -> tuple[float, float, float]:
    """Seconds of a whole solve, its cost in millions of USD and its gap."""
    began = time.monotonic()
    solution = solve(matrix, options)
    return time.monotonic() - began, solution.objective, solution.gap


def main(sites: int = 10, quarters: int = 10) -> None:
    with TemporaryDirectory() as name:
        request = instance(Size(sites, quarters, DEMANDS), Path(name))
    figures = []
    for label, matrix in (
        ("plain", summed(by_site(request))),
        ("aggregated", matrix_of(build_model(build_tables(request)))),
    ):
        seconds, cost, _ = timed(matrix.relaxed(), Options())
        whole, found, gap = timed(matrix, Options(gap=1e-3, time_limit=MIP_SECONDS))
        used = int((matrix.upper > 0).sum())
        figures.append((used, len(matrix.value), seconds, whole))
        print(f"{label:>10}: {used:,} columns, {len(matrix.value):,} nonzeros, LP {seconds:.2f} s ({cost:.4f})")
        print(f"{'':>10}  MIP to 0.1 %: {whole:.2f} s ({found:.4f}, gap {gap:.1e})")
    ratios = [a / b for a, b in zip(*figures, strict=True)]
    print("plain / aggregated: columns {:.1f}, nonzeros {:.1f}, LP time {:.1f}, MIP time {:.1f}".format(*ratios))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
