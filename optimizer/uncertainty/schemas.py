"""The JSON Schemas that are published of what `robust` and `stress` give as JSON."""

from __future__ import annotations

from typing import Any

from optimizer.plan.format import Plan
from optimizer.uncertainty.distribution import StressResult
from optimizer.uncertainty.report import TABLES_LEFT_OUT
from optimizer.uncertainty.results import FutureRow, RobustResult

DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}


def robust_schema() -> dict[str, Any]:
    """Of a decision: the plan of each future has the tables of a plan, but for those that are the request's."""
    schema, of_plan = RobustResult.model_json_schema(), Plan.model_json_schema()
    tables = {name: table for name, table in of_plan["properties"].items() if name not in TABLES_LEFT_OUT}
    schema["$defs"] = {**of_plan["$defs"], **schema["$defs"]}
    schema["$defs"][FutureRow.__name__]["properties"]["plan"] = {
        "type": "object",
        "description": "The tables of the plan in this future, as in plan.json.",
        "properties": tables,
        "required": [name for name in of_plan["required"] if name in tables],
        "additionalProperties": False,
    }
    return {**DIALECT, **schema}


def stress_schema() -> dict[str, Any]:
    """Of what happens to a plan in futures that are drawn."""
    return {**DIALECT, **StressResult.model_json_schema()}
