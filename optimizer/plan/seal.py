"""SHA-256 of what a plan was made from and of the plan itself: whatever is changed later is seen."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import optimizer.plan.format as fmt


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
