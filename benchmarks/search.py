"""How long the search takes beside what a user would otherwise pick, on the same tables, to the same gap, in one run.

chipmix solves its own model. The peers solve the model that a user would write first (work by site, what is in service
as a sum of all orders, as `aggregation` states it): CBC, which comes with PuLP, and HiGHS; HiGHS also solves our model,
by itself. All on one thread. Seconds are those of the processor, from the frozen model to its values.

    python -m benchmarks.search [SITESxQUARTERSxDEMANDS …] [--terms] [--gap 0.001] [--most 120]
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import highspy
import numpy as np
import pulp

from benchmarks.aggregation import by_site, summed
from benchmarks.instances import Size, instance
from optimizer.proven import stated
from optimizer.solving.highs_solve import highs_model
from optimizer.solving.matrix import Matrix
from optimizer.solving.solution import Options
from optimizer.solving.solve import solve

SIZES = ("2x8x5", "4x8x8", "6x12x8", "8x12x10", "12x16x12")


class Solved(NamedTuple):
    """What a peer reached: millions of USD, and seconds of the processor; no cost where it found no plan in time."""

    cost: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:8.2f} s {self.cost:12.2f}"


Peer = Callable[[Matrix, float, float], float]


def ours(matrix: Matrix, gap: float, most: float) -> float:
    return solve(matrix, Options(gap=gap, time_limit=most)).objective


def highs(matrix: Matrix, gap: float, most: float) -> float:
    solver = highspy.Highs()
    options = {"output_flag": False, "threads": 1, "mip_rel_gap": gap, "time_limit": most}
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.passModel(highs_model(matrix.arrays()))
    solver.run()
    return float(solver.getInfo().objective_function_value)


def cbc(matrix: Matrix, gap: float, most: float) -> float:
    problem = as_pulp(matrix)
    problem.solve(pulp.PULP_CBC_CMD(msg=False, threads=1, gapRel=gap, timeLimit=most))
    return float(pulp.value(problem.objective) or np.inf)


def as_pulp(matrix: Matrix) -> pulp.LpProblem:
    """A frozen model as a PuLP problem."""
    problem = pulp.LpProblem("plain", pulp.LpMinimize)
    kinds = ("Continuous", "Integer")
    x = [
        problem.add_variable(f"x{j}", float(low), float(high), kinds[int(whole)])
        for j, (low, high, whole) in enumerate(zip(matrix.lower, matrix.upper, matrix.integer, strict=True))
    ]
    problem += pulp.lpSum(float(matrix.cost[j]) * x[j] for j in np.flatnonzero(matrix.cost))
    for i in range(len(matrix.rows)):
        span = slice(matrix.start[i], matrix.start[i + 1])
        left = pulp.lpSum(float(a) * x[j] for j, a in zip(matrix.index[span], matrix.value[span], strict=True))
        low, high = float(matrix.row_lower[i]), float(matrix.row_upper[i])
        if low == high:
            problem += left == low
            continue
        if np.isfinite(low):
            problem += left >= low
        if np.isfinite(high):
            problem += left <= high
    return problem


PEERS: dict[str, tuple[bool, Peer]] = {
    "chipmix": (False, ours),
    "HiGHS, our model": (False, highs),
    "HiGHS, plain model": (True, highs),
    "CBC, plain model": (True, cbc),
}
"""Each peer, and whether it is given the plain model."""


def measured(peer: Peer, matrix: Matrix, gap: float, most: float) -> Solved:
    """What a peer reaches in a process of its own, so that its processor time is known."""
    with get_context("fork").Pool(1) as pool:
        cost, seconds = pool.apply(_alone, (peer, matrix, gap, most))
    return Solved(cost, seconds)


def _alone(peer: Peer, matrix: Matrix, gap: float, most: float) -> tuple[float, float]:
    before = _processor_seconds()
    return peer(matrix, gap, most), _processor_seconds() - before


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main(sizes: list[str], terms: bool, gap: float, most: float) -> None:
    for text in sizes:
        size = Size(*map(int, text.split("x")), terms=terms)
        with TemporaryDirectory() as folder:
            request = instance(size, Path(folder))
            reduced, plain = stated(request)[1], summed(by_site(request))
        print(f"{size}: {len(reduced.cost):,} columns, {len(plain.cost):,} in the plain model")
        best = None
        for name, (wants_plain, peer) in PEERS.items():
            found = measured(peer, plain if wants_plain else reduced, gap, most)
            best = best or found
            print(f"  {name:20} {found}  {found.seconds / best.seconds:6.1f} times chipmix", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", default=SIZES)
    parser.add_argument("--terms", action="store_true")
    parser.add_argument("--gap", type=float, default=1e-3)
    parser.add_argument("--most", type=float, default=120.0)
    given = parser.parse_args()
    sys.exit(main(given.sizes, given.terms, given.gap, given.most))
