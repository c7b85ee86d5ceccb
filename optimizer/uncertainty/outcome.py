"""What a decision comes to in each future: a plan of it, what it breaks there, and the audit of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import fsum
from typing import Any

import numpy as np

from optimizer.audit.checks import Check
from optimizer.audit.futures import Stands, Told, audit_future, one_decision
from optimizer.formulation.model import model_name
from optimizer.plan.provenance import Certified
from optimizer.plan.read_out import plan_parts
from optimizer.plan.solved_model import SolvedModel
from optimizer.plan.warnings import said
from optimizer.proven import AuditFailed, program_version
from optimizer.request.edits import as_text
from optimizer.solving.certificate import certified_bound_usd
from optimizer.solving.matrix import Floats
from optimizer.solving.settle import TRACE
from optimizer.solving.solution import Options, Solution, relative_gap
from optimizer.uncertainty.blocks import Block
from optimizer.uncertainty.question import Question
from optimizer.uncertainty.robust import Robust

ROUNDING = 1e-9
"""The part of what stands at a place that is rounding where what is unpowered is taken from it."""


@dataclass(frozen=True)
class Over:
    """A limit that is passed in a future: by how much in its row's unit, and what that costs, as present value."""

    row: str
    unit: str
    amount: float
    usd: float


@dataclass(frozen=True)
class Outcome:
    """A decision in one future: all of its plan, what it breaks, and what both cost, as present value in USD."""

    future: str
    probability: float
    cost_usd: float
    plan: Mapping[str, Any]
    over: tuple[Over, ...]
    unpowered: tuple[Stands, ...]
    checks: int


class FuturePlan(SolvedModel):
    """A solution of a future: what stands unpowered is not able to work."""

    def __init__(self, block: Block, solution: Solution, unpowered: Sequence[Stands]) -> None:
        self._unpowered: dict[tuple[str, str, str], float] = {}
        for stands in unpowered:
            key = (stands.system, stands.site, stands.period)
            self._unpowered[key] = self._unpowered.get(key, 0.0) + stands.systems * stands.able
        super().__init__(block.model, block.plain, solution)

    def able(self, system: str, places: Iterable[str], t: int) -> float:
        """Systems at some places that are able to work in period t."""
        return fsum(self._powered(system, place, t) for place in places)

    def _powered(self, system: str, place: str, t: int) -> float:
        """What is left at a place beside what stands unpowered; that is a difference, and its rounding does no work."""
        able = super().able(system, (place,), t)
        left = able - self._unpowered.get((system, place, self.period(t)), 0.0)
        return left if left > ROUNDING * able else 0.0


def outcomes_of(found: Robust, options: Options) -> list[Outcome]:
    """What a decision comes to in every future, audited; and that it is one decision. Raises AuditFailed."""
    question = found.question
    pairs = zip(found.blocks, found.best.values, strict=True)
    outcomes = [outcome(question, block, values, options) for block, values in pairs]
    refuse_two_decisions(outcomes, question.decide_by_period)
    return outcomes


def outcome(question: Question, block: Block, values: Floats, options: Options) -> Outcome:
    """What some values of a future's model come to. Raises AuditFailed."""
    over, unpowered = _broken(block, values), _unpowered(block, values)
    plan = _plan(block, values, unpowered, options)
    verdict = audit_future(plan, _told(question, block.name, over, unpowered))
    if not verdict.ok:
        raise AuditFailed(f"the plan fails its audit in {block.name}:\n" + "\n".join(verdict.findings))
    cost = fsum([plan["objective_usd"], *(each.usd for each in over)])
    whole = {**plan, "audit": asdict(verdict)}
    return Outcome(block.name, block.probability, cost, whole, over, unpowered, verdict.checks)


def _told(question: Question, name: str, over: Sequence[Over], unpowered: Sequence[Stands]) -> Told:
    scenario = as_text(question.request.scenario)
    return Told(
        decide_by=question.decide_by_period,
        unpowered=unpowered,
        over={each.row: each.amount for each in over},
        scenario=scenario,
        catalog=as_text(question.request.catalog),
        future=next(future for future in scenario["futures"] if future["name"] == name),
        unmet={} if name == question.futures[0].name else question.unmet,
    )


def refuse_two_decisions(outcomes: Sequence[Outcome], decide_by: str) -> None:
    """Raises AuditFailed where what is decided is not the same in all futures."""
    checks: list[Check] = list(one_decision({each.future: each.plan for each in outcomes}, decide_by))
    findings = sorted(check.words() for check in checks if check.fails())
    if findings:
        raise AuditFailed("the plans of the futures do not begin alike:\n" + "\n".join(findings))


def _plan(block: Block, values: Floats, unpowered: Sequence[Stands], options: Options) -> dict[str, Any]:
    """All of the plan of a future; what nothing in it can go below is a bound that takes no solver."""
    own = values[: len(block.plain.cost)]
    least = certified_bound_usd(block.plain, np.zeros(len(block.plain.rows)))
    cost = block.plain.cost_of(own)
    solution = Solution("feasible", own, np.array([]), cost, min(cost, least / 1e6), False, "HiGHS")
    solved = FuturePlan(block, solution, unpowered)
    bound = min(least, solved.objective_usd)
    certified = Certified(
        bound_usd=bound, gap=relative_gap(solved.objective_usd, bound), duals={}, approved={}, placed={}
    )
    return plan_parts(solved, block.plain, options, certified, said(solved, [], []), program_version())


def _broken(block: Block, values: Floats) -> tuple[Over, ...]:
    """The limits that some values pass, without traces."""
    number = {name: j for j, name in enumerate(block.matrix.columns)}
    found = []
    for breach in block.breaches:
        j = number[f"over_{model_name(breach.row)}"]
        amount, row = float(values[j]), block.model.rows[breach.row]
        if amount > TRACE * min(1.0, float(block.matrix.upper[j])):
            found.append(Over(breach.row, row.unit, amount * row.scale, amount * breach.usd))
    return tuple(found)


def _unpowered(block: Block, values: Floats) -> tuple[Stands, ...]:
    """What stands unpowered, without traces."""
    first = len(block.matrix.cost) - len(block.unpowered)
    found = []
    for k, kind in enumerate(block.unpowered):
        systems = float(values[first + k])
        if systems > TRACE:
            period = block.model.tables.calendar.key(kind.t)
            found.append(Stands(kind.system, kind.site, period, kind.able, systems))
    return tuple(found)
