"""The independent audit: a second statement of the model, which shares no code with the first.

It reads a finished plan, believes only its decisions (orders, work, unmet demand, what is retired,
expanded, engineered and ported), and recomputes all else in plain loops over fractions made from the
source text of the inputs that the plan holds. It imports the standard library and the plan's format,
nothing of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from optimizer.audit.checks import FRACTIONS, WHOLE, Check, Reported
from optimizer.audit.decisions import ZERO
from optimizer.audit.expected import Accounts, keep_accounts
from optimizer.audit.permissions import PERMISSIONS
from optimizer.audit.reported import STATEMENTS
from optimizer.audit.scope import inputs_are_understood
from optimizer.audit.verdict import Verdict

__all__ = ["FRACTIONS", "WHOLE", "Accounts", "audit", "keep_accounts"]

MOST_FINDINGS = 50
MONEY_TABLES = ("costs", "objective_usd")
UNREADABLE = (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What reading a plan raises that is not one: a missing key, a NaN, a date that is none."""


def audit(plan: Mapping[str, Any]) -> Verdict:
    """Check a plan, the JSON of a Plan, against its own inputs; its `audit` is ignored.

    `largest_violation` is relative to the larger of use and limit, and 1 where something is not allowed at all;
    `cost_difference_usd` is the largest difference of a cost line or the objective. A plan that cannot
    be read fails with one finding.
    """
    try:
        return judged(all_checks(plan))
    except UNREADABLE as error:
        finding = f"plan: cannot be read: {type(error).__name__}: {error}"
        return Verdict(ok=False, checks=0, largest_violation=0.0, cost_difference_usd=0.0, findings=(finding,))


def judged(checks: Iterable[Check]) -> Verdict:
    """The verdict on all comparisons."""
    count, findings, violations, differences = 0, set(), [ZERO], [0.0]
    for check in checks:
        count += 1
        if violation := check.violation():
            violations.append(violation)
        if isinstance(check, Reported) and check.name in MONEY_TABLES:
            differences.append(check.difference())
        if check.fails():
            findings.add(check.words())
    return Verdict(
        ok=not findings,
        checks=count,
        largest_violation=float(max(violations)),
        cost_difference_usd=max(differences),
        findings=tuple(sorted(findings)[:MOST_FINDINGS]),
    )


def all_checks(plan: Mapping[str, Any]) -> Iterator[Check]:
    """Every comparison of the audit."""
    yield from inputs_are_understood(plan)
    accounts = keep_accounts(plan)
    yield from accounts.constraints
    for rule in PERMISSIONS:
        yield from rule(accounts.books)
    for statement in STATEMENTS:
        yield from statement(plan, accounts)
