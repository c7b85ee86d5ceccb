"""An answer as `plan.json`, and the files it can be written to and read from."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

import optimizer.plan_format as fmt
from optimizer.answer import Answer
from optimizer.formulation.model import USD_PER_MODEL_UNIT
from optimizer.matrix import Matrix
from optimizer.plan_parts import decisions, operations
from optimizer.plan_parts.basis import basis
from optimizer.plan_parts.limits import budget, limits, supply
from optimizer.solve import Options, relative_gap
from optimizer.suspicions import Said
from optimizer.whole_rows import ROUNDING

NOTHING_USD = 1e-6
"""Less is no money: what is left of large sums that cancel out."""


def as_text(part: BaseModel) -> dict[str, Any]:
    """A scenario or catalogue with every number as its source text, absent fields left out."""
    dumped: dict[str, Any] = part.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


def sha256_of(content: Any) -> str:
    """The SHA-256 of content as JSON with sorted keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def seal_of(plan: fmt.Plan) -> str:
    """The SHA-256 of all of a plan but its seal."""
    content = plan.model_dump(mode="json")
    del content["run"]["plan_sha256"]
    return sha256_of(content)


def sealed(plan: fmt.Plan) -> fmt.Plan:
    """A plan with its seal."""
    return plan.model_copy(update={"run": plan.run.model_copy(update={"plan_sha256": seal_of(plan)})})


def _bound_usd(answer: Answer) -> float:
    """What no plan can cost less than, by the solver: the objective where the last digits of a sum alone differ."""
    bound, objective = answer.solution.bound * USD_PER_MODEL_UNIT, answer.objective_usd
    same = math.isclose(bound, objective, rel_tol=ROUNDING, abs_tol=NOTHING_USD)
    return objective if same else min(bound, objective)


def read_answer(
    answer: Answer, matrix: Matrix, options: Options, certified: fmt.Certified, said: Said, version: str
) -> dict[str, Any]:
    """All of a plan but its audit and its seal, which are made from this."""
    solution, tables = answer.solution, answer.tables
    scenario, catalog = as_text(tables.scenario), as_text(tables.request.catalog)
    objective, bound = answer.objective_usd, _bound_usd(answer)
    rows, work = limits(answer), operations.work(answer)
    parts: dict[str, Any] = {
        "chipmix": fmt.Format(format=fmt.FORMAT, version=version),
        "status": solution.status,
        "objective_usd": objective,
        "bound_usd": bound,
        "gap": relative_gap(objective, bound),
        "certified": certified,
        "periods": operations.periods(tables),
        "costs": {line: {answer.period(t): usd for t, usd in by_t.items()} for line, by_t in answer.costs.items()},
        "orders": operations.orders(answer),
        "after_horizon": operations.after_horizon(answer),
        "in_service": operations.in_service(answer),
        "work": work,
        "unmet": operations.unmet(answer),
        "retired": decisions.retired(answer),
        "expanded": decisions.expanded(answer),
        "engineering": decisions.engineering(answer),
        "porting": decisions.porting(answer),
        "clusters": decisions.clusters(answer, work),
        "sites": operations.sites(answer),
        "budget": budget(answer, rows),
        "supply": supply(answer, rows),
        "limits": rows,
        "basis": basis(answer),
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
) -> fmt.Run:
    """How a plan was made: from what, by what, and the size of the model. The seal comes last."""
    return fmt.Run(
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


def model_text(part: BaseModel) -> str:
    """The bytes of a result as JSON: sorted keys, one form for one result."""
    return json.dumps(part.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def plan_text(plan: fmt.Plan) -> str:
    """The bytes of `plan.json`."""
    return model_text(plan)


def plan_schema() -> dict[str, Any]:
    """The published JSON Schema of `plan.json`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **fmt.Plan.model_json_schema()}


def read_plan(path: Path) -> fmt.Plan:
    """A plan from its file: `plan.json`, or a workbook, whose edits do not count.

    Raises InputError for a file that cannot be read, and for a plan that is not as chipmix wrote it.
    """
    if path.suffix == ".xlsx":
        from optimizer.workbook_back.request import plan_in

        return plan_in(path)
    from optimizer.returned import plan_from

    return plan_from(path)
