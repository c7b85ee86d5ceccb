"""What is left to say where nothing is uncertain, and the plan of the scenario as it stands under a decision."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum

from optimizer.formulation import build_model
from optimizer.plan.format import Plan
from optimizer.plan.seal import sha256_of
from optimizer.planning import make_plan
from optimizer.proven import Solved, plan_of, program_version, stated
from optimizer.request.edits import as_text
from optimizer.solving.solution import Options
from optimizer.solving.solve import solve
from optimizer.tables import OrderLine, build_tables
from optimizer.uncertainty.courses import course_of
from optimizer.uncertainty.first_stage import Decided, first_stage
from optimizer.uncertainty.question import Question
from optimizer.uncertainty.report import TABLES_LEFT_OUT
from optimizer.uncertainty.results import (
    FORMAT,
    Between,
    FutureRow,
    MayChange,
    Measured,
    PlanRow,
    ResultFormat,
    RobustResult,
    SignNow,
)

CERTAIN = "the only future there is: nothing is uncertain, and the plan is that of the scenario as this future has it"


def only_plan(question: Question, options: Options) -> Plan:
    """The plan of the only future that there is. Raises what `make_plan` does."""
    assert question.certain is not None
    return make_plan(course_of(question.request, question.said(question.certain.name)), options).plan


def result_of_one(question: Question, plan: Plan) -> RobustResult:
    """What is said where there is one future alone: its plan, which nothing can be worth more than to know."""
    assert question.certain is not None
    name, nothing = question.certain.name, Between(least_usd=0.0, most_usd=0.0)
    alone = Between(least_usd=plan.bound_usd, most_usd=plan.objective_usd)
    request, cost = question.request, plan.objective_usd
    tables = {key: table for key, table in plan.model_dump(mode="json").items() if key not in TABLES_LEFT_OUT}
    now, later = _orders(plan, question.decide_by_period)
    return RobustResult(
        chipmix=ResultFormat(format=FORMAT, version=program_version()),
        scenario=request.scenario.name,
        scenario_sha256=sha256_of(as_text(request.scenario)),
        catalog_sha256=sha256_of(as_text(request.catalog)),
        status=plan.status,
        measured=Measured(by="expected", level=0.0, weight=0.0),
        decide_by=question.decide_by_period,
        objective_usd=cost,
        bound_usd=plan.bound_usd,
        certified_bound_usd=plan.certified.bound_usd,
        gap=plan.gap,
        expected_usd=alone,
        value_of_stochastic_solution=nothing,
        value_of_perfect_information=nothing,
        sign_now=now,
        may_change=later,
        kept_open=(),
        futures=(_only(question, plan, alone, tables),),
        regret=(
            PlanRow(plan=name, costs_usd={name: cost}, expected_usd=cost, worst_usd=cost, cvar_usd=cost,
                    largest_regret_usd=0.0),
        ),
        insurance=None,
        unmet_usd_per_unit_hour={},
        notes=(f"{name} is {CERTAIN}",),
    )  # fmt: skip


def _only(question: Question, plan: Plan, alone: Between, tables: dict[str, object]) -> FutureRow:
    assert question.certain is not None
    name = question.certain.name
    return FutureRow(
        name=name,
        probability=1.0,
        alike=question.alike.get(name, ()),
        cost_usd=plan.objective_usd,
        known_usd=alone,
        regret_usd=0.0,
        unmet_usd=fsum(row.usd for row in plan.unmet),
        over=(),
        unpowered=(),
        plan=tables,
    )


def _orders(plan: Plan, decide_by: str) -> tuple[tuple[SignNow, ...], tuple[MayChange, ...]]:
    """The orders of a plan that are placed up to a period, and those that are placed later."""
    orders = [order for order in plan.orders if not order.commitment]
    now = tuple(
        SignNow(kind="order", what=(o.label, o.place), period=o.ordered, amount=o.systems, unit="systems")
        for o in orders
        if o.ordered <= decide_by
    )
    later = tuple(
        MayChange(offer=o.label, place=o.place, ordered=o.ordered, least=o.systems, most=o.systems, expected=o.systems)
        for o in orders
        if o.ordered > decide_by
    )
    return now, later


def signed_plan(question: Question, decision: Mapping[Decided, float], options: Options) -> Plan | None:
    """The plan of the scenario as it stands in which a decision has been taken; None where whole systems do not fit.

    Later orders are whole again: it is a plan like all others, to be written, explained and compared.
    """
    request = question.request
    model = build_model(build_tables(request))
    lines: dict[OrderLine, float] = {}
    placed = first_stage(model, question.decide_by)
    cohorts = {variable.name: cohort for cohort, variable in model.cohort.items()}
    for key, variable in placed.items():
        if decision.get(key, 0.0) and variable.name in cohorts:
            cohort = cohorts[variable.name]
            lines[cohort.label, cohort.place, model.period(cohort.t)] = decision[key]
    model, matrix = stated(request, lines)
    held = {v.name: decision.get(key, 0.0) for key, v in first_stage(model, question.decide_by).items()}
    matrix = matrix.fixed(matrix.by_column(held))
    solution = solve(matrix, options)
    if not solution.values.size:
        return None
    return plan_of(Solved(request, model, matrix, solution, options, lines, held))
