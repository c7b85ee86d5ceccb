"""What a plan says of itself: its versions and the SHA-256 of its inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from optimizer.audit.checks import Allowed, Check
from optimizer.audit.decisions import PlanRow
from optimizer.audit.expected import Accounts


def sha256(content: Any) -> str:
    """Of content as JSON with sorted keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def hashes(plan: PlanRow, _: Accounts) -> Iterator[Check]:
    """The scenario and the catalogue have the SHA-256 that the run states, and one program wrote all of it."""
    run = plan.get("run") or {}
    for name in ("scenario", "catalog") if run else ():
        same = run[f"{name}_sha256"] == sha256(plan[name])
        yield Allowed("run", (f"{name}_sha256",), same, f"it is not the SHA-256 of the plan's {name}")
    if run and "chipmix" in plan:
        same = run["version"] == plan["chipmix"]["version"]
        yield Allowed("run", ("version",), same, "it is not the version that wrote the plan")
