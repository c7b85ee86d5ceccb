"""Why a request has no plan, and what would give it one: the whole flow is `repair`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from catalogs.problems import InputError
from optimizer.elastic import proved_infeasible, resolved_again
from optimizer.formulation import build_model
from optimizer.planning import stated
from optimizer.repair.conflict import Filter, Found
from optimizer.repair.contradictions import contradictions
from optimizer.repair.desk import Desk, OutOfTime
from optimizer.repair.menu import Menu, planned
from optimizer.repair.report import Conflict, Contradiction, Hopeless, Repair, Report
from optimizer.repair.sooner import Sooner
from optimizer.request import Request
from optimizer.solve import Options
from optimizer.tables import build_tables

__all__ = ["Report", "repair"]


def repair(request: Request, options: Options) -> Report:
    """Why a request has no plan and the least changes that would give it one, the cheapest plan first.

    `options.time_limit` is for the whole: what was found by then is reported, and `stopped` says so.
    Raises InputError for what no change of time could state, SolverError for our own faults.
    """
    name = request.scenario.name
    with Desk(options) as desk:
        try:
            _, matrix = stated(request)
        except InputError as error:
            return _too_late(desk, request, error)
        try:
            fits = desk.fits(matrix)
        except OutOfTime:
            fits = None
        if fits is False and not proved_infeasible(request, options):
            fits = bool(resolved_again(matrix, options).values.size) or None
        if fits is not False:
            return Report(scenario=name, status="feasible" if fits else "unknown", stopped=not fits)
        loose = build_model(build_tables(request, loose=True))
        return _infeasible(desk, request, contradictions(request, loose))


def _infeasible(desk: Desk, request: Request, sentences: Sequence[Contradiction]) -> Report:
    conflicts: list[Found] = []
    try:
        for conflict in Filter(desk, request).conflicts():
            conflicts.append(conflict)  # one by one: the time may run out between them
        answers = list(Menu(desk, request, conflicts).answers())
    except OutOfTime:
        answers, desk.cut_short = [], True
    return _report(request.scenario.name, sentences, conflicts, answers, desk.cut_short)


def _too_late(desk: Desk, request: Request, error: InputError) -> Report:
    """Nothing can ever serve a demand: raises the error again unless it would in less time."""
    sooner = Sooner(desk, request)
    fix = sooner.least()
    found = planned(desk, request, fix) if fix is not None else None
    if found is None:
        raise error
    times = sooner.names
    sentences = [
        Contradiction(at=str(p.at), about="lead times", sentence=p.message, limits=times) for p in error.problems
    ]
    return _report(request.scenario.name, sentences, [], [found], False)


def _report(
    name: str,
    sentences: Iterable[Contradiction],
    conflicts: Iterable[Found],
    answers: Sequence[Repair | Hopeless],
    stopped: bool,
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
        stopped=stopped,
    )
