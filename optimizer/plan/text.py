"""The bytes of `plan.json` and of other results, and the JSON Schema that is published of a plan."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

import optimizer.plan.format as fmt


def model_text(part: BaseModel) -> str:
    """The bytes of a result as JSON: sorted keys, one form for one result."""
    return json.dumps(part.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def plan_text(plan: fmt.Plan) -> str:
    """The bytes of `plan.json`."""
    return model_text(plan)


def plan_schema() -> dict[str, Any]:
    """The published JSON Schema of `plan.json`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **fmt.Plan.model_json_schema()}
