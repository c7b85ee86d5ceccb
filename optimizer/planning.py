"""From a request to a plan: the whole flow on one page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from optimizer.formulation.model import Model
from optimizer.infeasible.proof import resolved_again
from optimizer.infeasible.shortage import Infeasible, what_is_short
from optimizer.interruption import OutOfTime, held
from optimizer.plan.format import Plan
from optimizer.proven import Solved, plan_of, stated
from optimizer.replan.approved import Approved, kept, order_lines, refuse_placed, replanned
from optimizer.replan.earlier import Earlier
from optimizer.request.load import Request
from optimizer.solving.matrix import Matrix
from optimizer.solving.other_solver import solve_with
from optimizer.solving.solution import Options, Solution, Watch
from optimizer.solving.solve import Solver, solve

NOT_PROVED = "the solver calls the request infeasible, which is not proved yet"


class NoPlan(Exception):
    """The time limit or an interruption came before any plan was found; `solution` is what a solve knows, if any."""

    def __init__(self, solution: Solution | None = None, why: str = "") -> None:
        self.given = (solution, why)
        self.interrupted = solution is not None and solution.interrupted
        bound = float("inf") if solution is None else solution.bound_usd
        known = f"; no plan can cost less than {bound:,.2f} USD" if abs(bound) < float("inf") else ""
        when = "before the search was interrupted" if self.interrupted else "in the time given"
        super().__init__(f"no plan was found {when}{known}{why}")

    def __reduce__(self) -> tuple[type[NoPlan], tuple[Solution | None, str]]:
        """How it is made again in another process."""
        return NoPlan, self.given


@dataclass(frozen=True)
class Planned:
    """A plan, the solution that it was read out of, whether it was interrupted, and the seconds of the solver."""

    plan: Plan
    solved: Solved
    interrupted: bool
    solver_seconds: float


def make_plan(
    request: Request,
    options: Options,
    watch: Watch | None = None,
    see_model: Callable[[Model], None] | None = None,
    approved: Approved | None = None,
    before: Plan | None = None,
    solver: Solver | None = None,
) -> Planned:
    """The best plan of a request, audited and certified; with an approved plan, one that stays close to it.

    The search begins from the decisions of the plan `before`, which is the plan again where nothing is gained.
    `see_model` is shown the model before it is solved. A `solver` that is given stays open for more. A Ctrl-C ends the
    search with the best plan so far, which is then read out and audited in peace.
    Raises InputError for what the model cannot state, Infeasible with what is short, NoPlan at the
    time limit, UnknownSolver, AuditFailed and SolverError for our own faults.
    """
    before = before if approved is None else approved.plan
    lines = order_lines(before)
    model, matrix = stated(request, lines)
    placed = kept(request, model, approved)
    matrix = matrix.fixed(matrix.by_column(placed))
    if see_model is not None:
        see_model(model)
    began = time.monotonic()
    with held() as hold:
        earlier = None if before is None else Earlier(before, model, matrix, options)
        solution = _solution(request, model, matrix, options, watch, approved, earlier, solver)
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


def _solution(
    request: Request,
    model: Model,
    matrix: Matrix,
    options: Options,
    watch: Watch | None,
    approved: Approved | None,
    earlier: Earlier | None,
    solver: Solver | None,
) -> Solution:
    solution = None
    try:
        if options.solver is not None:
            solution = solve_with(options.solver, model.problem, matrix, options)
        elif earlier is not None:
            solution = earlier.search(watch)
        else:
            solution = (solve if solver is None else solver.solve)(matrix, options, watch)
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
