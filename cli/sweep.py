"""`chipmix sweep`: one plan for each combination of some settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.explored import HEADLINE, headline_cells, progress_bar, spare_columns, vendors_of
from cli.options import (
    SCENARIO,
    Working,
    ends_after,
    gap_option,
    setting_option,
    time_limit_option,
    workers_option,
)
from cli.outputs import (
    Outputs,
    check_targets,
    delivering,
    is_printed,
    json_option,
    language_option,
    outputs_option,
    write_json,
    write_runs,
)
from cli.results import NO_PLAN, earned, is_optimal, tell_stop
from cli.screen import say
from optimizer import interruption

if TYPE_CHECKING:
    from optimizer.explore.results import Cell, Sweep
    from optimizer.explore.sweep import Combinations
    from optimizer.workbook.language.wording import Language

INFEASIBLE, BAD_INPUT = 3, 2
WORDS = {
    "infeasible": "no plan meets every limit",
    "no_plan": "none found in the time given",
    "invalid": "not possible as asked",
    "not_run": "not run",
}


@click.command(short_help="Make one plan for each combination of some settings.")
@click.argument("scenario", type=SCENARIO)
@click.option("--vary", multiple=True, metavar="KEY=A,B,C",
              help="The values of a key of the scenario or catalogue; several times: every combination.")  # fmt: skip
@outputs_option("for the plans; default: SCENARIO_sweep.",
                "the workbook of the first plan with the sheets Compare and Sensitivity.")  # fmt: skip
@click.option("--resume", type=click.Path(path_type=Path, file_okay=False),
              help="Go on with the sweep in this folder; what is not given again stays as it was.")  # fmt: skip
@language_option
@setting_option
@gap_option(default=None)
@time_limit_option()
@workers_option
@json_option()
def sweep(
    scenario: str,
    vary: tuple[str, ...],
    outputs: Outputs,
    resume: Path | None,
    language: Language,
    settings: tuple[str, ...],
    gap: float | None,
    time_limit: float | None,
    workers: Working,
    json_file: Path | None,
) -> int:
    """Make one plan of SCENARIO for each combination of some settings.

    Each plan is kept as a plan.json in a folder, with an index.json; a sweep that was interrupted, or ran out
    of its --time-limit, goes on with --resume and repeats nothing. The gap is 0.0001 unless given.

    \b
    Examples:
      chipmix sweep quick_start --vary finance/discount_rate=0.08,0.10 -o rates
      chipmix sweep quick_start --vary finance/discount_rate=0.1 --vary sites/colo_room/racks=6,8 --json -
      chipmix sweep quick_start --vary finance/discount_rate=0.08,0.10 -o rates -o rates.xlsx
    """
    from optimizer.explore.sweep import index_text
    from optimizer.explore.sweep import sweep as run_sweep
    from optimizer.request.load import input_files

    question = _question(scenario, settings, vary, gap, time_limit, resume)
    folder = _folder(question, resume, outputs)
    check_targets(input_files(question.path, question.settings), {"-o": outputs.workbook, "--json": json_file}, folder)
    with workers as hands, progress_bar("plans") as watch:
        result = run_sweep(question, folder, hands, watch)
    with interruption.held(), delivering() as delivery:
        write_json(delivery, index_text(result), json_file)
        if not is_printed(json_file):
            _show(result)
        if outputs.workbook is not None and _is_worth_a_workbook(result, outputs.workbook):
            delivery.write(outputs.workbook, lambda path: _write(result, folder, path, language))
    _tell_end(result, folder)
    return _exit_code(result)


def _question(
    scenario: str,
    settings: tuple[str, ...],
    vary: tuple[str, ...],
    gap: float | None,
    time_limit: float | None,
    resume: Path | None,
) -> Combinations:
    """What is asked; what is not given again is as it was in the sweep that goes on."""
    from optimizer.explore.grid import grid
    from optimizer.explore.sweep import Combinations, read_index
    from optimizer.request.load import find_scenario
    from optimizer.solving.solution import Options

    before = read_index(resume) if resume is not None else None
    varied = grid(vary) if vary or before is None else before.vary
    if not varied:
        raise click.UsageError("say what varies, such as --vary finance/discount_rate=0.08,0.1")
    seconds = time_limit or (before.time_limit_s if before else None)
    least_gap = gap if gap is not None else before.gap if before else Options().gap
    options = Options(gap=least_gap, time_limit=seconds, ends=ends_after(seconds))
    return Combinations(find_scenario(scenario), settings or (before.settings if before else ()), varied, options)


def _tell_end(result: Sweep, folder: Path) -> None:
    for cell in result.cells:
        _tell(cell)
    tell_stop(result.stopped, f"{result.left} combinations left; go on with --resume {folder}")
    say(f"wrote {sum(cell.plan is not None for cell in result.cells)} plans and index.json to {folder}", err=True)


def _is_worth_a_workbook(result: Sweep, workbook: Path) -> bool:
    """Whether a workbook is written: not after a Ctrl-C, which is to end the sweep soon."""
    if result.stopped == "interrupted":
        say(f"did not write {workbook}: --resume goes on and writes it", err=True)
    elif not any(cell.plan is not None for cell in result.cells):
        say(f"did not write {workbook}: no combination has a plan", err=True)
    else:
        return True
    return False


def _write(result: Sweep, folder: Path, workbook: Path, language: Language) -> None:
    """Writes the workbook of the first combination that has a plan."""
    from optimizer.explore.side_by_side import runs_of_sweep
    from optimizer.plan_files import read_plan

    plans = {cell.plan: read_plan(folder / cell.plan) for cell in result.cells if cell.plan is not None}
    runs = runs_of_sweep(result, plans)
    write_runs(plans[str(result.cells[runs.this].plan)], workbook, runs, language)


def _folder(question: Combinations, resume: Path | None, outputs: Outputs) -> Path:
    if resume is not None and outputs.folder is not None:
        raise click.UsageError("--resume names the folder already; leave -o FOLDER out")
    return resume or outputs.folder or _default_folder(question)


def _default_folder(question: Combinations) -> Path:
    folder = Path(f"{question.path.stem}_sweep")
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(
            f"the folder {folder} is not empty: name another with -o, or go on with --resume {folder}"
        )
    return folder


def _show(result: Sweep) -> None:
    from cli.money import tell_mean
    from cli.tables import heading, show_table

    headlines = [cell.headline for cell in result.cells if cell.headline is not None]
    vendors = vendors_of(headlines)
    heading(f"{len(result.cells)} plans of {result.scenario}: money in M {result.currency.code}")
    if result.currency.mean:
        tell_mean(result.currency.code, result.currency.per_usd)
    names = _short_names(list(result.vary))
    columns = (*names, *HEADLINE, *vendors, "status")
    numbers = range(len(names), len(names) + len(HEADLINE) + len(vendors))
    rows = [_cells(cell, vendors, result.currency.per_usd, result.gap) for cell in result.cells]
    show_table(columns, rows, numbers, spare_columns(len(names), vendors))


def _tell(cell: Cell) -> None:
    """Prints why a combination has no plan."""
    if cell.why is not None:
        shown = ", ".join(f"{key}={value}" for key, value in cell.settings.items())
        for line in f"{shown}: {cell.why}".split("\n"):
            say(line, err=True)


def _short_names(keys: list[str]) -> list[str]:
    """The last part of each key, or the whole key where that is not enough to tell them apart."""
    last = [key.rpartition("/")[2] for key in keys]
    return [short if last.count(short) == 1 else key for key, short in zip(keys, last, strict=True)]


def _cells(cell: Cell, vendors: list[str], per_usd: float, gap: float) -> tuple[str, ...]:
    from cli.tables import percent

    if cell.headline is None:
        return (*cell.settings.values(), *[""] * (len(HEADLINE) + len(vendors)), WORDS[cell.status])
    status = "optimal" if is_optimal(cell.status, gap) else f"within {percent(cell.headline.gap)}"
    return (*cell.settings.values(), *headline_cells(cell.headline, vendors, per_usd), status)


def _exit_code(result: Sweep) -> int:
    """A plan for at least one combination is success; else why there is none."""
    found = {cell.status for cell in result.cells}
    has_plan = bool(found & {"optimal", "feasible"})
    if result.stopped is not None or interruption.was_asked() or has_plan:
        return earned(result.stopped, has_plan)
    return NO_PLAN if "no_plan" in found else INFEASIBLE if "infeasible" in found else BAD_INPUT
