"""The verdict of the audit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """What the audit found, field by field as a plan holds it.

    `largest_violation` is relative to the scale of its limit; what is no number at all is infinitely wrong.
    """

    ok: bool
    checks: int
    largest_violation: float
    cost_difference_usd: float
    findings: tuple[str, ...]
