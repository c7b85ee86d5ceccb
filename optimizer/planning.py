"""From a request to a plan: the whole flow on one page."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from optimizer.answer import Answer
from optimizer.audit import audit
from optimizer.certificate import certified_bound
from optimizer.earlier import Earlier
from optimizer.elastic import Infeasible, resolved_again, what_is_short
from optimizer.formulation import build_model
from optimizer.formulation.model import USD_PER_MODEL_UNIT, Model, row_name
from optimizer.interruption import OutOfTime, held
from optimizer.matrix import Matrix, to_matrix, uncomfortable
from optimizer.other_solver import solve_with
from optimizer.plan import read_answer, sealed
from optimizer.plan_format import Certified, Plan
from optimizer.proportion import refuse_out_of_proportion
from optimizer.replan import Approved, fixed, kept, order_lines, refuse_placed, replanned
from optimizer.request import Request
from optimizer.solve import Options, Solution, Watch, relative_gap, solve
from optimizer.suspicions import said
from optimizer.tables import OrderLine, build_tables

NOT_PROVED = "the solver calls the request infeasible, which is not proved yet"


class NoPlan(Exception):
    """The time limit or an interruption came before any plan was found; `solution` is what a solve knows, if any."""

    def __init__(self, solution: Solution | None = None, why: str = "") -> None:
        self.interrupted = solution is not None and solution.interrupted
        bound = float("inf") if solution is None else solution.bound * USD_PER_MODEL_UNIT
        known = f"; no plan can cost less than {bound:,.2f} USD" if abs(bound) < float("inf") else ""
        when = "before the search was interrupted" if self.interrupted else "in the time given"
        super().__init__(f"no plan was found {when}{known}{why}")


class AuditFailed(Exception):
    """A plan that breaks its own rules: an internal error, never shown as a plan."""


def program_version() -> str:
    try:
        return version("chipmix")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"


@dataclass(frozen=True)
class Planned:
    """A plan, the solution that it was read out of, whether it was interrupted, and the seconds of the solver."""

    plan: Plan
    solved: Solved
    interrupted: bool
    solver_seconds: float


@dataclass(frozen=True)
class Solved:
    """A request with its model and what the solver found: not yet read out, not yet audited.

    `lines` are order lines that stay possible and `placed` the columns that are fixed, both for an approved plan.
    """

    request: Request
    model: Model
    matrix: Matrix
    solution: Solution
    options: Options
    lines: Mapping[OrderLine, float] = field(default_factory=dict)
    placed: Mapping[str, float] = field(default_factory=dict)


def make_plan(
    request: Request,
    options: Options,
    watch: Watch | None = None,
    see_model: Callable[[Model], None] | None = None,
    approved: Approved | None = None,
    before: Plan | None = None,
) -> Planned:
    """The best plan of a request, audited and certified; with an approved plan, one that stays close to it.

    The search begins from the decisions of the plan `before`, which is the plan again where nothing is gained.
    `see_model` is shown the model before it is solved. A Ctrl-C ends the search with the best plan so far, which is
    then read out and audited in peace.
    Raises InputError for what the model cannot state, Infeasible with what is short, NoPlan at the
    time limit, UnknownSolver, AuditFailed and SolverError for our own faults.
    """
    before = before if approved is None else approved.plan
    lines = order_lines(before)
    model, matrix = stated(request, lines)
    placed = kept(request, model, approved)
    matrix = fixed(matrix, placed)
    if see_model is not None:
        see_model(model)
    began = time.monotonic()
    with held() as hold:
        earlier = None if before is None else Earlier(before, model, matrix, options)
        solution = _solution(request, model, matrix, options, watch, approved, earlier)
        best = Solved(request, model, matrix, solution, options, lines, placed)
        settled = _settled(best, approved, earlier, watch)
        seconds = time.monotonic() - began
        plan = plan_of(settled.solved, settled.remarks, settled.notes)
        return Planned(plan, settled.solved, settled.solved.solution.interrupted or hold.asked, seconds)


class Settled(NamedTuple):
    """What is planned, with what is said of how it was settled on: of substance, and only worth knowing."""

    solved: Solved
    remarks: Sequence[str] = ()
    notes: Sequence[str] = ()


def _settled(best: Solved, approved: Approved | None, earlier: Earlier | None, watch: Watch | None) -> Settled:
    """The best plan, or one close to an approved plan, or to the plan that the search began from."""
    if approved is not None and not best.solution.interrupted:
        close = replanned(best.matrix, best.solution, approved, best.options, watch)
        options = replace(best.options, close_to=approved.described)
        return Settled(replace(best, solution=close.solution, options=options), remarks=[str(close)])
    if earlier is not None:
        again = earlier.again(best.solution, watch)
        options = replace(best.options, begun_from=earlier.described)
        return Settled(replace(best, solution=again.solution, options=options), notes=[again.note])
    return Settled(best)


def stated(request: Request, lines: Mapping[OrderLine, float] | None = None) -> tuple[Model, Matrix]:
    """The model of a request, and its frozen form; `lines` are orders that stay possible.

    Raises InputError for what the model cannot state.
    """
    model = build_model(build_tables(request, approved=lines))
    matrix = to_matrix(model.problem)
    refuse_out_of_proportion(request, model, matrix)
    return model, matrix


def plan_of(solved: Solved, remarks: Sequence[str] = (), notes: Sequence[str] = ()) -> Plan:
    """What was found as a plan, audited, certified and sealed.

    `remarks` stand before its warnings, `notes` before its notes.

    Raises AuditFailed for a plan that breaks a rule.
    """
    answer = Answer(solved.model, solved.matrix, solved.solution)
    certified = _certified(solved, answer.objective_usd)
    about = said(answer, remarks, [*notes, *filter(None, [uncomfortable(solved.matrix)])])
    parts = read_answer(answer, solved.matrix, solved.options, certified, about, program_version())
    verdict = audit(parts)
    if not verdict.ok:
        raise AuditFailed("the plan fails its audit:\n" + "\n".join(verdict.findings))
    return sealed(Plan.model_validate({**parts, "audit": verdict.model_dump(mode="json")}))


def _certified(solved: Solved, objective_usd: float) -> Certified:
    """The bound that the relaxation's duals prove, and all that it takes to prove it again."""
    duals, rows = solved.solution.duals, solved.matrix.rows
    bound_usd = float(certified_bound(solved.matrix, duals)) * USD_PER_MODEL_UNIT
    return Certified(
        bound_usd=bound_usd,
        gap=relative_gap(objective_usd, bound_usd),
        duals={row: dual for row, dual in zip(rows, duals.tolist(), strict=False) if dual},
        approved={row_name("order", line): systems for line, systems in sorted(solved.lines.items())},
        placed=dict(sorted(solved.placed.items())),
    )


def _solution(
    request: Request,
    model: Model,
    matrix: Matrix,
    options: Options,
    watch: Watch | None,
    approved: Approved | None,
    earlier: Earlier | None,
) -> Solution:
    solution = None
    try:
        if options.solver is not None:
            solution = solve_with(options.solver, model.problem, matrix, options)
        elif earlier is not None:
            solution = earlier.search(watch)
        else:
            solution = solve(matrix, options, watch)
        if solution.status == "infeasible":
            solution = _doubted(request, matrix, options, approved)
        if earlier is not None:
            solution = earlier.no_dearer(solution)
    except OutOfTime as error:
        raise NoPlan(why="" if solution is None else f"; {NOT_PROVED}") from error
    if not solution.values.size:
        raise NoPlan(solution)
    return solution


def _doubted(request: Request, matrix: Matrix, options: Options, approved: Approved | None) -> Solution:
    """A second solution where the first solve said `infeasible`. Raises Infeasible if that can be proved."""
    short: Infeasible | None = what_is_short(request, options)
    if short is not None:
        raise short
    if approved is not None and approved.placed_until is not None:
        refuse_placed(matrix, approved.placed_until, options)
    return resolved_again(matrix, options)
