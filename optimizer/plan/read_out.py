"""A solved model read out as a plan: all its tables, before it is audited and sealed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pydantic import BaseModel

import optimizer.plan.format as fmt
from optimizer.plan import operations, other_decisions
from optimizer.plan.basis import basis
from optimizer.plan.limit_rows import budget, limits, supply
from optimizer.plan.provenance import FORMAT, Certified, Format, Run
from optimizer.plan.seal import sha256_of
from optimizer.plan.solved_model import SolvedModel
from optimizer.plan.warnings import Said
from optimizer.request.edits import as_text
from optimizer.solving.matrix import Matrix
from optimizer.solving.solution import Options, relative_gap
from optimizer.solving.whole_rows import ROUNDING

NOTHING_USD = 1e-6
"""Less is no money: what is left of large sums that cancel out."""


def _bound_usd(solved: SolvedModel) -> float:
    """What no plan can cost less than, by the solver: the objective where the last digits of a sum alone differ."""
    bound, objective = solved.solution.bound_usd, solved.objective_usd
    same = math.isclose(bound, objective, rel_tol=ROUNDING, abs_tol=NOTHING_USD)
    return objective if same else min(bound, objective)


def plan_parts(
    solved: SolvedModel, matrix: Matrix, options: Options, certified: Certified, said: Said, version: str
) -> dict[str, Any]:
    """All of a plan but its audit and its seal, which are made from this."""
    solution, tables = solved.solution, solved.tables
    scenario, catalog = as_text(tables.scenario), as_text(tables.request.catalog)
    objective, bound = solved.objective_usd, _bound_usd(solved)
    rows, work = limits(solved), operations.work(solved)
    parts: dict[str, Any] = {
        "chipmix": Format(format=FORMAT, version=version),
        "status": solution.status,
        "objective_usd": objective,
        "bound_usd": bound,
        "gap": relative_gap(objective, bound),
        "certified": certified,
        "periods": operations.periods(tables),
        "costs": {line: {solved.period(t): usd for t, usd in by_t.items()} for line, by_t in solved.costs.items()},
        "orders": operations.orders(solved),
        "after_horizon": operations.after_horizon(solved),
        "in_service": operations.in_service(solved),
        "work": work,
        "unmet": operations.unmet(solved),
        **{decided.__name__: decided(solved) for decided in other_decisions.DECIDED},
        "clusters": other_decisions.clusters(solved, work),
        "sites": operations.sites(solved),
        "budget": budget(solved, rows),
        "supply": supply(solved, rows),
        "limits": rows,
        "basis": basis(solved),
        "excluded": [fmt.Excluded(offer=o, reason=r) for o, r in sorted(tables.excluded.items())],
        "warnings": list(said.warnings),
        "notes": list(said.notes),
        "run": _run(scenario, catalog, matrix, options, solution.solver, version),
        "scenario": scenario,
        "catalog": catalog,
    }
    return {name: _plain(part) for name, part in parts.items()}


def _run(
    scenario: dict[str, Any], catalog: dict[str, Any], matrix: Matrix, options: Options, solver: str, version: str
) -> Run:
    """How a plan was made: from what, by what, and the size of the model. The seal comes last."""
    return Run(
        version=version,
        scenario_sha256=sha256_of(scenario),
        catalog_sha256=sha256_of(catalog),
        plan_sha256="",
        solver=solver,
        options=options.manifest(),
        variables=len(matrix.columns),
        integers=int(np.count_nonzero(matrix.integer)),
        rows=len(matrix.rows),
        nonzeros=len(matrix.value),
    )


def _plain(part: Any) -> Any:
    if isinstance(part, BaseModel):
        return part.model_dump(mode="json")
    return [_plain(item) for item in part] if isinstance(part, list) else part
