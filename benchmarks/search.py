"""How long chipmix takes beside what a user would otherwise pick, on the same tables, to the same gap, in one run.

chipmix states and solves its own model; so does HiGHS by itself. The others solve the model that a user would write
first (work by site, what is in service as a sum of all orders): linopy, Pyomo and PyPSA state it themselves
(`benchmarks/peers`) and call HiGHS, PuLP states it from its matrix (`aggregation`) and calls CBC, and HiGHS is handed
that matrix as it is. Seconds are those of the processor, on one thread, from the tables or the matrix to the values;
libraries are imported before.

    python -m benchmarks.search [SIZE …] [--gap 0.001] [--most 120] [--peer NAME …]

A SIZE is SITESxQUARTERSxDEMANDS, with a `+` for all terms, which linopy, Pyomo and PyPSA are not asked to state, or
`hyperscale`, `hyperscale_without_terms` or `extreme`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import highspy
import numpy as np
import pulp

from benchmarks.aggregation import by_site, summed
from benchmarks.instances import Size, instance, size_of
from benchmarks.measuring import alone, spent
from benchmarks.peers.plain import NOTHING, Answer, plain
from optimizer.formulation import build_model
from optimizer.solving.highs_solve import highs_model
from optimizer.solving.matrix import Matrix, matrix_of
from optimizer.solving.solution import Options
from optimizer.solving.solve import solve
from optimizer.tables import Tables, build_tables

SIZES = ("2x8x5", "4x8x8", "6x12x8", "8x12x10", "10x12x12", "12x16x12", "hyperscale_without_terms", "hyperscale")
OURS = "chipmix"
LIBRARIES = {"linopy": "linopy", "Pyomo": "pyomo", "PyPSA": "pypsa"}
"""The modelling libraries among the peers, and what they are imported as."""
PEERS = (OURS, "HiGHS, our model", "HiGHS, plain", "PuLP and CBC", *LIBRARIES)


class Measured(NamedTuple):
    """What a peer reached, and the seconds of the processor that it took."""

    answer: Answer
    seconds: float


def ours(tables: Tables, gap: float, most: float) -> Answer:
    solution = solve(matrix_of(build_model(tables)), Options(gap=gap, time_limit=most))
    return Answer(solution.objective, solution.status == "optimal")


def highs_on_ours(tables: Tables, gap: float, most: float) -> Answer:
    return highs(matrix_of(build_model(tables)), gap, most)


def highs(matrix: Matrix, gap: float, most: float) -> Answer:
    solver = highspy.Highs()
    options = {"output_flag": False, "threads": 1, "parallel": "off", "mip_rel_gap": gap, "time_limit": most}
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.passModel(highs_model(matrix.arrays()))
    solver.run()
    return Answer(
        solver.getInfo().objective_function_value, solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    )


def cbc(matrix: Matrix, gap: float, most: float) -> Answer:
    problem = as_pulp(matrix)
    problem.solve(pulp.PULP_CBC_CMD(msg=False, threads=1, gapRel=gap, timeLimit=most))
    if problem.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        return NOTHING
    return Answer(float(pulp.value(problem.objective)), problem.sol_status == pulp.LpSolutionOptimal)


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


def installed(names: Sequence[str] = PEERS) -> list[str]:
    """The peers that can be asked here: their library is installed, and CBC comes with PuLP up to 3."""
    there = (name for name in names if name not in LIBRARIES or find_spec(LIBRARIES[name]) is not None)
    return [name for name in there if name != "PuLP and CBC" or hasattr(pulp, "PULP_CBC_CMD")]


def runs(size: Size, names: Sequence[str]) -> Iterator[tuple[str, Callable[[float, float], Answer]]]:
    """What is to be done by each of some peers for a size, by name; everything read and imported before."""
    with TemporaryDirectory() as folder:
        request = instance(size, Path(folder))
    tables = build_tables(request)
    matrix_of(build_model(tables))  # the tables are worked out where they are first read
    yield OURS, partial(ours, tables)
    yield "HiGHS, our model", partial(highs_on_ours, tables)
    if {"HiGHS, plain", "PuLP and CBC"} & set(names):
        matrix = summed(by_site(request))
        yield "HiGHS, plain", partial(highs, matrix)
        yield "PuLP and CBC", partial(cbc, matrix)
    asked = [] if size.terms else [name for name in LIBRARIES if name in names]
    figures = plain(request) if asked else None
    for name in asked:
        yield name, partial(import_module(f"benchmarks.peers.in_{name.lower()}").solved, figures)


def measured(work: Callable[..., Answer], *given: Any) -> Measured:
    """What some work reaches in a process of its own, so that its processor time is known."""
    return Measured(*alone("fork", _timed, work, given))


def _timed(work: Callable[..., Answer], given: tuple[Any, ...]) -> tuple[Answer, float]:
    before = spent().seconds
    answer = work(*given)
    return answer, spent().seconds - before


def compared(size: Size, gap: float, most: float, names: Sequence[str] = PEERS) -> dict[str, Measured]:
    """What each peer reaches for a size. Raises ArithmeticError where two cannot both be right."""
    names = installed(names)
    found = {name: measured(work, gap, most) for name, work in runs(size, names) if name in names}
    refuse_contradiction(found, gap)
    return found


def refuse_contradiction(found: dict[str, Measured], gap: float) -> None:
    """A peer that reached the gap has no plan that is dearer than another's by more than the gap."""
    best = min(one.answer.cost for one in found.values())
    for name, (answer, _) in found.items():
        if answer.reached and answer.cost * (1 - gap) > best * (1 + 1e-6):
            raise ArithmeticError(f"{name} calls {answer.cost} optimal to {gap}, but there is a plan for {best}")


def main(sizes: list[str], gap: float, most: float, names: Sequence[str]) -> None:
    for text in sizes:
        print(f"{text}, to a gap of {gap:g}")
        for name, (answer, seconds) in compared(size_of(text), gap, most, names).items():
            print(f"  {name:17} {seconds:8.2f} s {answer.cost:14.4f} {'' if answer.reached else 'gap not reached'}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", default=SIZES)
    parser.add_argument("--gap", type=float, default=1e-3)
    parser.add_argument("--most", type=float, default=120.0)
    parser.add_argument("--peer", action="append", choices=PEERS)
    given = parser.parse_args()
    main(given.sizes, given.gap, given.most, given.peer or PEERS)
