"""An answer as `plan.json`, and the files it can be written to and read from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

import optimizer.plan_format as fmt
from catalogs.problems import InputError, Location, Problem
from optimizer.answer import Answer
from optimizer.formulation.model import USD_PER_MODEL_UNIT
from optimizer.matrix import Matrix
from optimizer.plan_parts import decisions, operations
from optimizer.plan_parts.basis import basis
from optimizer.plan_parts.limits import budget, limits, supply
from optimizer.solve import Options, relative_gap


def as_text(part: BaseModel) -> dict[str, Any]:
    """A scenario or catalogue with every number as its source text, absent fields left out."""
    dumped: dict[str, Any] = part.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


def _sha256(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read_answer(
    answer: Answer, matrix: Matrix, options: Options, certified_usd: float, warnings: Iterable[str], version: str
) -> dict[str, Any]:
    """All of a plan but its audit, which is made from this."""
    solution, tables = answer.solution, answer.tables
    scenario, catalog = as_text(tables.scenario), as_text(tables.request.catalog)
    objective, bound = answer.objective_usd, solution.bound * USD_PER_MODEL_UNIT
    rows, work = limits(answer), operations.work(answer)
    parts: dict[str, Any] = {
        "chipmix": fmt.Format(format=fmt.FORMAT, version=version),
        "status": solution.status,
        "objective_usd": objective,
        "bound_usd": min(bound, objective),
        "gap": solution.gap,
        "certified": fmt.Certified(bound_usd=certified_usd, gap=relative_gap(objective, certified_usd)),
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
        "warnings": sorted(warnings),
        "run": fmt.Run(
            version=version,
            scenario_sha256=_sha256(scenario),
            catalog_sha256=_sha256(catalog),
            solver=solution.solver,
            options=options.manifest(),
            variables=len(matrix.columns),
            integers=int(matrix.integer.sum()),
            rows=len(matrix.rows),
            nonzeros=len(matrix.value),
        ),
        "scenario": scenario,
        "catalog": catalog,
    }
    return {name: _plain(part) for name, part in parts.items()}


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
    """A plan from its file: `plan.json`, or a workbook, whose edits do not count. Raises InputError."""
    if path.suffix == ".xlsx":
        from optimizer.workbook_back.copy import copy_in

        return copy_in(path).made.plan
    start = Location(str(path), 1, 1)
    try:
        return fmt.Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError([Problem(start, f"cannot be read: {error.strerror}")]) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError([Problem(start, f"is not a chipmix plan: {where} {first['msg'].lower()}")]) from error
