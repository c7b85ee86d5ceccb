"""One plan for each combination of some settings, kept in a folder so that an interrupted sweep can go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from catalogs.problems import InputError, Problem
from optimizer.explore.grid import Grid, combinations
from optimizer.explore.results import Cell, Shown, Sweep, headline
from optimizer.files import make_folder, write_text
from optimizer.infeasible.shortage import Infeasible
from optimizer.interruption import OutOfTime, held
from optimizer.plan.format import Plan
from optimizer.plan.seal import sha256_of
from optimizer.plan.text import plan_text
from optimizer.planning import NoPlan, make_plan
from optimizer.proven import program_version
from optimizer.reading import read_json, refused
from optimizer.request.currency import rates_of
from optimizer.request.edits import as_text
from optimizer.request.load import Request, load_request
from optimizer.returned.verified import plan_from
from optimizer.solving.solution import Options
from optimizer.solving.solve import own_solver
from optimizer.workers import Workers, answers

INDEX = "index.json"
WatchCount = Callable[[int, int], None]
"""Told how many are done, and of how many."""


@dataclass(frozen=True)
class Combinations:
    """What a sweep asks: a scenario's file, settings as for `--set`, the grid, how hard to try."""

    path: Path
    settings: Sequence[str]
    vary: Grid
    options: Options


@dataclass(frozen=True)
class CellResult:
    """What came of a combination: a plan, or the status of a cell without one and why."""

    status: Literal["optimal", "feasible", "infeasible", "no_plan", "invalid"]
    plan: Plan | None = None
    why: str | None = None


def sweep(question: Combinations, folder: Path, workers: Workers = None, watch: WatchCount | None = None) -> Sweep:
    """Plans every combination that the folder has no answer to yet, and keeps each answer there.

    Ctrl-C, or the end of the time in `options.ends`, ends it with what is finished; the rest is `not_run`. No answer
    depends on how many `workers` solve, nor on which of them is done first.
    Raises InputError for combinations that cannot be read, before anything is solved.
    """
    whole = _with_known(_unanswered(question), folder)
    make_folder(folder)
    left = [i for i, cell in enumerate(whole.cells) if cell.status == "not_run"]
    requests = _requests(question, [whole.cells[i] for i in left])
    with held():
        try:
            for k, answer in answers(requests, answered, question.options, workers):
                if answer is None:
                    continue
                whole = _with_answer(whole, left[k], answer, folder)
                write_text(folder / INDEX, index_text(whole))
                if watch is not None:
                    watch(len(whole.cells) - whole.left, len(whole.cells))
        except KeyboardInterrupt:
            whole = whole.model_copy(update={"stopped": "interrupted"})
        if whole.left and whole.stopped is None:
            whole = whole.model_copy(update={"stopped": "out_of_time"})
        write_text(folder / INDEX, index_text(whole))
    return whole


def _requests(question: Combinations, cells: Iterable[Cell]) -> Iterator[Request]:
    """The requests of some combinations, each read when it is its turn, until time runs out."""
    for cell in cells:
        try:
            question.options.seconds_left()
        except OutOfTime:
            return
        one = _of_one(question, cell)
        yield load_request(one.path, one.settings)


def index_text(result: Sweep) -> str:
    """The bytes of `index.json`."""
    sealed = result.model_copy(update={"sha256": _seal_of(result)})
    return json.dumps(sealed.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def _seal_of(result: Sweep) -> str:
    return sha256_of(result.model_dump(mode="json", exclude={"sha256"}))


def read_index(folder: Path) -> Sweep:
    """The sweep that a folder holds. Raises InputError if it holds none, or one that was changed."""
    path = folder / INDEX
    if not path.exists():
        raise refused(path, "cannot be read; --resume takes the folder of a sweep that was interrupted")
    text, _ = read_json(path, "an index of a sweep")
    try:
        found = Sweep.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise refused(path, "is not the index of a sweep") from error
    if found.sha256 != _seal_of(found):
        raise refused(path, "was changed after chipmix wrote it; begin the sweep again in another folder")
    return found


def _unanswered(question: Combinations) -> Sweep:
    """Every combination, read and checked, none of them run."""
    cells, problems, shown = [], [], Shown(code="USD", per_usd=1.0)
    for chosen in combinations(question.vary):
        cell = Cell(id="", settings=chosen, status="not_run")
        one = _of_one(question, cell)
        try:
            request = load_request(one.path, one.settings)
        except InputError as error:
            varied = set(one.settings[len(question.settings) :])
            problems += [_of_vary(problem, varied) for problem in error.problems]
            continue
        rates = rates_of(request.scenario.currency, request.scenario.calendar)
        shown = Shown(code=rates.code, per_usd=rates.mean, mean=rates.varies)
        cells.append(cell.model_copy(update={"id": _id(request, question.options)}))
    if problems:
        raise InputError(problems)
    return Sweep(
        scenario=question.path.stem,
        settings=tuple(question.settings),
        vary={key: tuple(values) for key, values in question.vary.items()},
        currency=shown,
        gap=question.options.gap,
        time_limit_s=question.options.time_limit,
        cells=tuple(cells),
    )


def _of_one(question: Combinations, cell: Cell) -> Combinations:
    """The question of one cell: its own settings after those of all cells, nothing that varies."""
    own = [f"{key}={value}" for key, value in cell.settings.items()]
    return replace(question, settings=(*question.settings, *own), vary={})


def _id(request: Request, options: Options) -> str:
    """A hash of what the answer to a cell depends on: scenario, catalogue, options and program.

    Not on the time given: what is not answered in it is not answered at all.
    """
    timeless = asdict(replace(options, time_limit=None, ends=None))
    content = [as_text(request.scenario), as_text(request.catalog), timeless, program_version()]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _of_vary(problem: Problem, varied: Iterable[str]) -> Problem:
    """A problem of a setting that came from `--vary`, said of that."""
    setting = problem.at.file.removeprefix("--set ")
    at = replace(problem.at, file=f"--vary {setting}") if setting in varied else problem.at
    return Problem(at, problem.message)


def _with_known(whole: Sweep, folder: Path) -> Sweep:
    """The sweep with the answers that a folder has already."""
    if not (folder / INDEX).exists():
        return whole
    known = {cell.id: cell for cell in read_index(folder).cells if _is_kept(cell, folder)}
    for cell in known.values():
        _check_plan(cell, folder)
    cells = (known.get(cell.id, cell).model_copy(update={"settings": cell.settings}) for cell in whole.cells)
    return whole.model_copy(update={"cells": tuple(cells)})


def _is_kept(cell: Cell, folder: Path) -> bool:
    """Whether a cell has its answer; that of a plan is in a file of the cell's own name."""
    if cell.plan is None:
        return cell.status not in ("not_run", "no_plan")
    return cell.plan == _file_of(cell) and (folder / cell.plan).is_file()


def _file_of(cell: Cell) -> str:
    return f"{cell.id}.json"


def _check_plan(cell: Cell, folder: Path) -> None:
    """Raises InputError for a plan that is not as it was written, or that the index says something else of."""
    if cell.plan is not None:
        plan = plan_from(folder / cell.plan)
        if (plan.status, headline(plan)) != (cell.status, cell.headline):
            raise refused(folder / cell.plan, f"is not the plan that {INDEX} lists")


def _with_answer(whole: Sweep, i: int, answer: CellResult, folder: Path) -> Sweep:
    """The sweep with one cell answered, its plan written to the folder."""
    cell = whole.cells[i].model_copy(update={"status": answer.status, "why": answer.why})
    if answer.plan is not None:
        name = _file_of(cell)
        write_text(folder / name, plan_text(answer.plan))
        cell = cell.model_copy(update={"plan": name, "headline": headline(answer.plan)})
    return whole.model_copy(update={"cells": (*whole.cells[:i], cell, *whole.cells[i + 1 :])})


def answered(options: Options, request: Request) -> CellResult | None:
    """The answer to one combination; None if there was no time to find one.

    Raises KeyboardInterrupt rather than give half of one.
    """
    try:
        options.seconds_left()
        planned = make_plan(request, options, solver=own_solver())
    except OutOfTime:
        return None
    except Infeasible as error:
        return CellResult("infeasible", why=str(error))
    except InputError as error:
        return CellResult("invalid", why="\n".join(problem.message for problem in error.problems))
    except NoPlan as error:
        if error.interrupted:
            raise KeyboardInterrupt from error
        return None if options.ends is not None else CellResult("no_plan", why=str(error))
    if planned.interrupted:
        raise KeyboardInterrupt
    return CellResult(planned.plan.status, planned.plan)
