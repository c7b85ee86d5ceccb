"""From a request to a plan: the whole flow on one page."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version

from catalogs.problems import InputError
from optimizer.answer import Answer
from optimizer.audit import audit
from optimizer.certificate import certified_bound
from optimizer.elastic import Infeasible, resolved_again, what_is_short
from optimizer.formulation import build_model
from optimizer.formulation.model import USD_PER_MODEL_UNIT, Model
from optimizer.interruption import OutOfTime, held
from optimizer.matrix import Matrix, OutOfProportion, to_matrix, uncomfortable
from optimizer.other_solver import solve_with
from optimizer.plan import read_answer
from optimizer.plan_format import Plan
from optimizer.replan import Approved, fixed, kept, order_lines, refuse_placed, replanned
from optimizer.request import Request
from optimizer.solve import Options, Solution, Watch, solve
from optimizer.suspicions import warnings
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
    """A request with its model and what the solver found: not yet read out, not yet audited."""

    request: Request
    model: Model
    matrix: Matrix
    solution: Solution
    options: Options


def make_plan(
    request: Request,
    options: Options,
    watch: Watch | None = None,
    see_model: Callable[[Model], None] | None = None,
    approved: Approved | None = None,
) -> Planned:
    """The best plan of a request, audited and certified; with an approved plan, one that stays close to it.

    `see_model` is shown the model before it is solved. A Ctrl-C ends the search with the best plan so far, which is
    then read out and audited in peace.
    Raises InputError for what the model cannot state, Infeasible with what is short, NoPlan at the
    time limit, UnknownSolver, AuditFailed and SolverError for our own faults.
    """
    model, matrix = stated(request, order_lines(approved))
    matrix = fixed(matrix, kept(request, model, approved))
    if see_model is not None:
        see_model(model)
    began = time.monotonic()
    with held() as hold:
        best = Solved(request, model, matrix, _solution(request, model, matrix, options, watch, approved), options)
        solved, remarks = _kept_close(best, approved, watch)
        seconds = time.monotonic() - began
        return Planned(plan_of(solved, remarks), solved, solved.solution.interrupted or hold.asked, seconds)


def _kept_close(best: Solved, approved: Approved | None, watch: Watch | None) -> tuple[Solved, list[str]]:
    """The best plan, or one close to an approved plan with a sentence about it."""
    if approved is None or best.solution.interrupted:
        return best, []
    close = replanned(best.matrix, best.solution, approved, best.options, watch)
    options = replace(best.options, close_to=approved.described)
    return replace(best, solution=close.solution, options=options), [str(close)]


def stated(request: Request, lines: Mapping[OrderLine, float] | None = None) -> tuple[Model, Matrix]:
    """The model of a request, and its frozen form; `lines` are orders that stay possible.

    Raises InputError for what the model cannot state.
    """
    model = build_model(build_tables(request, approved=lines))
    try:
        return model, to_matrix(model.problem)
    except OutOfProportion as error:
        raise InputError([request.problem((), str(error))]) from error


def plan_of(solved: Solved, remarks: Sequence[str] = ()) -> Plan:
    """What was found as a plan, audited and certified; `remarks` stand with its warnings.

    Raises AuditFailed for a plan that breaks a rule.
    """
    answer = Answer(solved.model, solved.matrix, solved.solution)
    certified = float(certified_bound(solved.matrix, solved.solution.duals)) * USD_PER_MODEL_UNIT
    suspicious = [*remarks, *warnings(answer), *filter(None, [uncomfortable(solved.matrix)])]
    parts = read_answer(answer, solved.matrix, solved.options, certified, suspicious, program_version())
    verdict = audit(parts)
    if not verdict.ok:
        raise AuditFailed("the plan fails its audit:\n" + "\n".join(verdict.findings))
    return Plan.model_validate({**parts, "audit": verdict.model_dump(mode="json")})


def _solution(
    request: Request, model: Model, matrix: Matrix, options: Options, watch: Watch | None, approved: Approved | None
) -> Solution:
    solution = None
    try:
        if options.solver is not None:
            solution = solve_with(options.solver, model.problem, matrix, options)
        else:
            solution = solve(matrix, options, watch)
        if solution.status == "infeasible":
            solution = _doubted(request, matrix, options, approved)
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
