"""Why a request has no plan, and what would give it one: the whole flow is `repair`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from catalogs.problems import InputError
from optimizer.formulation import build_model
from optimizer.infeasible.conflict import ConflictingLimits, DeletionFilter
from optimizer.infeasible.contradictions import contradictions
from optimizer.infeasible.feasibility import Feasibility
from optimizer.infeasible.lead_times import Sooner
from optimizer.infeasible.menu import Menu, planned
from optimizer.infeasible.proof import resolved_again
from optimizer.infeasible.report import Conflict, Contradiction, Hopeless, Repair, Report
from optimizer.infeasible.shortage import proved_infeasible
from optimizer.interruption import held
from optimizer.proven import stated
from optimizer.request.load import Request
from optimizer.solving.matrix import Matrix
from optimizer.solving.solution import Options
from optimizer.tables import build_tables

__all__ = ["Report", "repair"]


def repair(request: Request, options: Options) -> Report:
    """Why a request has no plan and the least changes that would give it one, the cheapest plan first.

    `options.time_limit` is for the whole: what was found by then is reported, and `stopped` says so.
    Raises InputError for what no change of time could state, SolverError for our own faults.
    """
    with held(), Feasibility(options) as feasibility:
        try:
            _, matrix = stated(request)
        except InputError as error:
            return _too_late(feasibility, request, error)
        fits = None
        with feasibility.until_stopped():
            fits = _fits(feasibility, request, matrix)
        if fits is False:
            loose = build_model(build_tables(request, loose=True))
            return _infeasible(feasibility, request, contradictions(request, loose))
        name, interrupted = request.scenario.name, feasibility.stopped == "interrupted"
        status: Literal["feasible", "unknown"] = "feasible" if fits else "unknown"
        return Report(scenario=name, status=status, stopped=not fits, interrupted=interrupted)


def _fits(feasibility: Feasibility, request: Request, matrix: Matrix) -> bool | None:
    """Whether a request has a plan; None if that was not found out. No is never said on one solve's word."""
    fits = feasibility.fits(matrix)
    if fits is False and not proved_infeasible(request, feasibility.options, feasibility.solve):
        return bool(resolved_again(matrix, feasibility.options, feasibility.solve).values.size) or None
    return fits


def _infeasible(feasibility: Feasibility, request: Request, sentences: Sequence[Contradiction]) -> Report:
    conflicts: list[ConflictingLimits] = []
    answers: list[Repair | Hopeless] = []
    with feasibility.until_stopped():
        for conflict in DeletionFilter(feasibility, request).conflicts():
            conflicts.append(conflict)  # one by one: the time may run out between them
        answers += Menu(feasibility, request, conflicts).answers()
    return _report(request.scenario.name, sentences, conflicts, answers, feasibility)


def _too_late(feasibility: Feasibility, request: Request, error: InputError) -> Report:
    """Nothing can ever serve a demand: raises the error again unless it would in less time."""
    found = None
    sooner = Sooner(feasibility, request)
    with feasibility.until_stopped():
        fix = sooner.least()
        found = planned(feasibility, request, fix) if fix is not None else None
    if feasibility.stopped == "interrupted":
        raise KeyboardInterrupt
    if found is None:
        raise error
    times = sooner.names
    sentences = [
        Contradiction(at=str(p.at), about="lead times", sentence=p.message, limits=times) for p in error.problems
    ]
    return _report(request.scenario.name, sentences, [], [found], feasibility)


def _report(
    name: str,
    sentences: Iterable[Contradiction],
    conflicts: Iterable[ConflictingLimits],
    answers: Sequence[Repair | Hopeless],
    feasibility: Feasibility,
) -> Report:
    different = {answer.settings: answer for answer in answers if isinstance(answer, Repair)}
    repairs = sorted(different.values(), key=lambda repair: repair.cost_usd)
    cheapest = min((repair.cost_usd for repair in repairs), default=0.0)
    return Report(
        scenario=name,
        status="infeasible",
        contradictions=tuple(sentences),
        conflicts=tuple(Conflict(limits=found.labels, minimal=found.minimal) for found in conflicts),
        repairs=tuple(r.model_copy(update={"extra_usd": r.cost_usd - cheapest}) for r in repairs),
        not_alone=tuple(a for a in answers if isinstance(a, Hopeless)),
        stopped=feasibility.cut_short or feasibility.stopped is not None,
        interrupted=feasibility.stopped == "interrupted",
    )
