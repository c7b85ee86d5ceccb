"""How much smaller and faster the aggregated model is than the one a user would write first.

Both are solved in one run on the same instance with the same solver: work indexed by site and what is in
service as a sum over all earlier orders, against work indexed by groups of places and a running balance.

    python benchmarks/aggregation.py [SITES] [QUARTERS]
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from optimizer.formulation import build_model
from optimizer.formulation.model import Model
from optimizer.request.load import Request, load_request
from optimizer.solving.matrix import Matrix, to_matrix
from optimizer.solving.solution import Options
from optimizer.solving.solve import solve
from optimizer.tables import build_tables
from optimizer.tables.by_period import Circumstances

WORKLOADS = {
    "llm_training": 4e6,
    "llm_serving_70b": 4e7,
    "llm_serving_405b": 2e6,
    "llm_serving_moe": 8e6,
    "recommendation_training": 4e9,
    "recommendation_inference": 2e8,
}
UNMET_USD = {"llm_training": 0.01, "recommendation_training": 1e-5, "recommendation_inference": 1e-5}
MIP_SECONDS = 120.0


def instance(folder: Path, sites: int, quarters: int) -> Request:
    """A buyer with many sites and twelve demands, on the bundled catalogue's purchases."""
    lines = ["name: benchmark", "buyer: meta", f"horizon: {{start: 2025q1, periods: {quarters}}}", "sites:"]
    for i in range(sites):
        limits = f"power_mw: {80 + 7 * i}, pue: 1.{10 + i % 10}, electricity_usd_per_mwh: {50 + 3 * i}"
        lines.append(f"  s{i}: {{{limits}}}")
    lines.append("demand:")
    for name, rate in WORKLOADS.items():
        for half in (1, 2):
            steps = (f"{2025 + t // 4}q{t % 4 + 1}: {rate * half * (1 + t) / 8:.0f}" for t in range(2, quarters))
            asked = f"workload: {name}, per_second: {{{', '.join(steps)}}}"
            lines.append(f"  {name}_{half}: {{{asked}, unmet_usd_per_unit_hour: {UNMET_USD.get(name, 1e-3)}}}")
    lines.append('offers: {allow: ["*.purchase"]}')
    (folder / "scenario.yaml").write_text("\n".join(lines) + "\n")
    return load_request(folder / "scenario.yaml")


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
    """The matrix with what is in service written out as a sum over all earlier orders."""
    matrix, tables = to_matrix(model.problem), model.tables
    column = {name: j for j, name in enumerate(matrix.columns)}
    parts: defaultdict[int, list[int]] = defaultdict(list)
    for cohort, variable in model.cohort.items():
        system = tables.offers[cohort.offer].system
        for t in range(cohort.t, cohort.last + 1):
            parts[column[model.in_service[system, cohort.place, t].name]].append(column[variable.name])
    cost, upper = matrix.cost.copy(), matrix.upper.copy()
    for j, orders in parts.items():
        cost[orders] += matrix.cost[j]
        cost[j] = upper[j] = 0.0
    kept = [i for i, name in enumerate(matrix.rows) if not name.startswith("carry_in_service(")]
    start, index, value = [0], [], []
    for i in kept:
        row: defaultdict[int, float] = defaultdict(float)
        for k in range(matrix.start[i], matrix.start[i + 1]):
            for j in parts.get(int(matrix.index[k]), [int(matrix.index[k])]):
                row[j] += matrix.value[k]
        index += sorted(row)
        value += [row[j] for j in sorted(row)]
        start.append(len(index))
    return replace(
        matrix,
        cost=cost,
        upper=upper,
        row_lower=matrix.row_lower[kept],
        row_upper=matrix.row_upper[kept],
        start=np.array(start, dtype=np.int32),
        index=np.array(index, dtype=np.int32),
        value=np.array(value),
        rows=tuple(matrix.rows[i] for i in kept),
    )


def timed(matrix: Matrix, options: Options) -> tuple[float, float, float]:
    """Seconds of a whole solve, its cost in millions of USD and its gap."""
    began = time.monotonic()
    solution = solve(matrix, options)
    return time.monotonic() - began, solution.objective, solution.gap


def main(sites: int = 10, quarters: int = 10) -> None:
    with TemporaryDirectory() as name:
        request = instance(Path(name), sites, quarters)
    figures = []
    for label, matrix in (
        ("plain", summed(by_site(request))),
        ("aggregated", to_matrix(build_model(build_tables(request)).problem)),
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
