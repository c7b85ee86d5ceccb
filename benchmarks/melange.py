"""Mélange's own formulation on its largest published cases, beside chipmix on the same cases, to the same gap.

Mélange picks the cheapest GPUs for requests by size: the requests of a size are cut into equal slices, and each slice
goes to one type of GPU whole. Its programme, solved by PuLP and CBC as Mélange does (arXiv 2404.14527):

    minimise  Σ_g cost(g) · count(g)
    Σ_g x(i,g) = 1                        x is 0 or 1: the type of GPU of slice i
    Σ_i rate(i) / most(i,g) · x(i,g) ≤ count(g), whole      most: requests a second of one GPU

For chipmix a slice is a demand whose cluster may not be split. The cases stay outside the repository, in
../shared/cases or the folder that CHIPMIX_CASES names.

    python -m benchmarks.melange [--gap 1e-6] [--most 120]
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pulp
import yaml

from benchmarks.peers.plain import NOTHING, Answer
from benchmarks.search import OURS, Measured, measured, ours
from optimizer.formulation import build_model
from optimizer.request.load import Request, load_request
from optimizer.solving.matrix import matrix_of
from optimizer.tables import Tables, build_tables

FOLDER = Path(os.environ.get("CHIPMIX_CASES") or Path(__file__).parents[2] / "shared" / "cases")
CASES = FOLDER / "melange_cases.json"
THEIRS = "PuLP and CBC"
GAP = 1e-6
"""Less than a cent an hour of any case."""
CANNOT = 1e-6
"""Requests a second that stand for a GPU that cannot serve a size in time."""
HOURS_A_MONTH = 730
SCALE = 10_000
"""Prices are so many times as high for chipmix, which stops at a difference of a cent."""
LARGEST = "aibrix_azconv_r64_s8"
"""The case with the most yes/no decisions, 528."""
SLOW = ("aic_llama31_8b_tpot40_azconv_all_r20", "aic_llama31_8b_tpot120_azcode_all_r20")
"""Those that took Mélange longest, but for the next."""
SLOWEST, CUT = "aic_llama31_8b_tpot40_azconv_all_r500", (4, 8, 16, 32)
"""The case that took Mélange longest, and the slices that it is cut into: 240 to 1,920 yes/no decisions."""

Tree = Mapping[str, Any]


class Case(NamedTuple):
    """A case: requests a second of each slice, and the least cost an hour that is known."""

    name: str
    usd: Mapping[str, float]
    most: Mapping[str, list[float]]
    """Requests a second that one GPU serves, by GPU, of each size."""
    rates: list[float]
    """Requests a second of each size."""
    slices: int
    known: float

    @property
    def decisions(self) -> int:
        return len(self.rates) * self.slices * len(self.usd)


def cases() -> list[Case]:
    """The largest published cases; none where they are not at hand."""
    if not CASES.exists():
        return []
    published = {case["id"]: case for case in json.loads(CASES.read_text("utf-8"))["cases"]}
    cut = [_case(published[SLOWEST], slices) for slices in CUT]
    return [*(_case(published[name]) for name in (LARGEST, *SLOW)), *cut]


def _case(published: Tree, slices: int | None = None) -> Case:
    """A published case; where it is cut otherwise, the least cost stays the same (`scaling` in the same file)."""
    asked = published["input"]
    shares = [
        (i, j) for i, row in enumerate(asked["workload_distribution"]) for j, share in enumerate(row) if share > 0
    ]
    slices = slices or asked["slice_factor"]
    return Case(
        name=f"Mélange {published['id'].removeprefix('aic_llama31_8b_')}, {slices} slices",
        usd={name: gpu["cost"] for name, gpu in asked["gpu_info"].items()},
        most={name: [gpu["tputs"][i][j] for i, j in shares] for name, gpu in asked["gpu_info"].items()},
        rates=[asked["workload_distribution"][i][j] * asked["total_request_rate"] for i, j in shares],
        slices=slices,
        known=published["highs_check"]["cost"],
    )


def theirs(case: Case, gap: float, seconds: float) -> Answer:
    """Mélange's programme, as a dense PuLP problem with CBC."""
    problem = pulp.LpProblem("GpuAllocation", pulp.LpMinimize)
    gpus = list(case.usd)
    loads = [
        [case.rates[b] / case.slices / max(case.most[gpu][b], CANNOT) for gpu in gpus]
        for b in range(len(case.rates))
        for _ in range(case.slices)
    ]
    x = [
        [problem.add_variable(f"x_{i}_{g}", 0, 1, pulp.LpInteger) for g in range(len(gpus))] for i in range(len(loads))
    ]
    count = [problem.add_variable(f"y_{g}", 0, None, pulp.LpInteger) for g in range(len(gpus))]
    problem += pulp.lpSum(case.usd[gpu] * count[g] for g, gpu in enumerate(gpus))
    for row in x:
        problem += pulp.lpSum(row) == 1
    for g in range(len(gpus)):
        problem += pulp.lpSum(load[g] * x[i][g] for i, load in enumerate(loads)) <= count[g]
    problem.solve(pulp.PULP_CBC_CMD(msg=False, threads=1, gapRel=gap, timeLimit=seconds))
    if problem.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        return NOTHING
    return Answer(float(pulp.value(problem.objective)), problem.sol_status == pulp.LpSolutionOptimal)


def request(case: Case, folder: Path) -> Request:
    """The case for chipmix: each GPU leased for a month on a site with room, each slice a demand of its own."""
    (folder / "gpus").mkdir()
    sizes = range(len(case.rates))
    (folder / "gpus" / "sizes.yaml").write_text(yaml.safe_dump(_sizes(sizes)), "utf-8")
    for gpu, usd in case.usd.items():
        key = gpu.lower().replace("-", "_")
        (folder / "gpus" / f"{key}.yaml").write_text(yaml.safe_dump(_gpu(key, usd, case.most[gpu])), "utf-8")
    demand = {
        f"size_{b}_{k}": {
            "workload": f"size_{b}",
            "per_second": case.rates[b] / case.slices,
            "cluster": {"accelerators": 0},
        }
        for b in sizes
        for k in range(case.slices)
    }
    asked = {
        "name": case.name,
        "buyer": "buyer",
        "catalogs": ["gpus"],
        "horizon": {"start": "2025-01", "periods": 1},
        "finance": {"discount_rate": 0, "residual": "none"},
        "assumptions": {"availability": 1},
        "sites": {"rented": {"power_mw": 1000, "pue": 1, "electricity_usd_per_mwh": 0}},
        "demand": demand,
    }
    file = folder / "scenario.yaml"
    file.write_text(yaml.safe_dump(asked, sort_keys=False), "utf-8")
    return load_request(file)


def _sizes(sizes: range) -> Tree:
    about = {"unit": "req/s", "phase": "serving", "describes": "requests of one size"}
    return {
        "workloads": {f"size_{b}": dict(about) for b in sizes},
        "pools": {},
        "sources": {"melange": {"title": "published case"}},
    }


def _gpu(key: str, usd: float, most: list[float]) -> Tree:
    lease = {"system": key, "route": "lease", "term_months": 1, "usd_per_accelerator_hour": usd * SCALE}
    box = {"name": key, "accelerators": 1, "provisioned_kw": 1, "average_kw": 1, "cooling": "air", "racks": 1}
    rates = {
        f"size_{b}": {"rate": rate, "basis": "measured", "source": "melange"}
        for b, rate in enumerate(most)
        if rate > CANNOT
    }
    chip = {"id": f"{key}_chip", "name": key, "vendor": "maker", "kind": "gpu", "stack": "cuda"}
    return {"accelerator": chip, "systems": {key: box}, "offers": {f"{key}.lease": lease}, "throughput": rates}


def priced(answer: Answer) -> Answer:
    """chipmix's answer in USD an hour."""
    return Answer(answer.cost * 1e6 / HOURS_A_MONTH / SCALE, answer.reached)


def _ours(tables: Tables, gap: float, most: float) -> Answer:
    return priced(ours(tables, gap, most))


def compared(case: Case, gap: float = GAP, most: float = 120.0) -> dict[str, Measured]:
    """What each of the two reaches for a case. Raises ArithmeticError where it is not the cost that is known."""
    with TemporaryDirectory() as folder:
        tables = build_tables(request(case, Path(folder)))
    matrix_of(build_model(tables))
    found = {OURS: measured(partial(_ours, tables), gap, most)}
    if hasattr(pulp, "PULP_CBC_CMD"):
        found[THEIRS] = measured(theirs, case, gap, most)
    for name, (answer, _) in found.items():
        if answer.reached and abs(answer.cost - case.known) > 1e-5 * case.known:
            raise ArithmeticError(f"{name} says {answer.cost} for {case.name}, of which {case.known} is known")
    return found


def rows(gap: float = GAP, most: float = 120.0, count: int | None = None) -> Iterator[tuple[str, dict[str, Measured]]]:
    """The name of each case, with its yes/no decisions, and what was reached."""
    for case in cases()[:count]:
        yield f"{case.name} ({case.decisions:,})", compared(case, gap, most)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--gap", type=float, default=GAP)
    parser.add_argument("--most", type=float, default=120.0)
    given = parser.parse_args()
    for name, found in rows(given.gap, given.most):
        print(name, *(f"{who} {one.seconds:.2f} s {one.answer}" for who, one in found.items()), sep="\n  ", flush=True)
