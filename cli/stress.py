"""`chipmix stress`: a plan against futures that are drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.explored import progress_bar
from cli.options import Working, ends_after, resume_option, time_limit_option, workers_option
from cli.outputs import (
    WORKBOOK,
    check_targets,
    command_typed,
    delivering,
    is_printed,
    json_option,
    workbook_file,
    write_json,
)
from cli.results import NO_PLAN, earned, tell_stop
from cli.screen import say
from optimizer import interruption

if TYPE_CHECKING:
    from optimizer.plan.format import Plan
    from optimizer.uncertainty.distribution import StressResult
    from optimizer.workbook.embedded import Made
    from optimizer.workbook.language.wording import Language

MOST_SAMPLES = 1_000_000


@click.command(short_help="See what happens to a plan in futures that are drawn.")
@click.argument("plan", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--samples", type=click.IntRange(1, MOST_SAMPLES), default=200, show_default=True, metavar="N",
              help="How many futures to draw.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), callback=workbook_file,
              help="Write the plan with the sheets Futures and Distribution, as a workbook.")  # fmt: skip
@click.option("--language", type=click.Choice(("en", "ja")),
              help="Language of the workbook, English by default; a workbook keeps its own.")  # fmt: skip
@time_limit_option()
@workers_option
@resume_option
@json_option()
def stress(
    plan: Path,
    samples: int,
    output: Path | None,
    language: Language | None,
    time_limit: float | None,
    workers: Working,
    resume: Path | None,
    json_file: Path | None,
) -> int:
    """See what happens to PLAN, a plan.json or a workbook, in futures that are drawn.

    They are drawn from uncertainty.draws of its scenario, else from its futures by their probability. Its orders stay;
    what runs, what is rented on demand and what is left undone adapts. Prints how cost, work left undone, budgets
    passed and unpowered systems are spread, what drives cost, and how far each change alone may go.

    \b
    Examples:
      chipmix init my_risks --futures
      chipmix plan my_risks/scenario.yaml --json risks.json
      chipmix stress risks.json --samples 16 --resume risks_run
      chipmix stress risks.json --samples 16 -o risks.xlsx
      chipmix stress risks.json --samples 16 --json -
    """
    from optimizer.plan_files import read_plan

    check_targets([plan], {"-o": output, "--json": json_file}, resume)
    ends = ends_after(time_limit)
    known = read_plan(plan)
    with interruption.held(), delivering() as delivery:
        result = _stressed(known, samples, ends, workers, resume)
        if result is None:
            say("no future was looked at in the time given", err=True)
            return NO_PLAN
        write_json(delivery, result.model_dump_json(indent=1) + "\n", json_file)
        delivery.write(output, lambda path: _write(_made(plan, known), path, language, result))
        _show(known, result, json_file)
    tell_stop(result.stopped, f"{result.samples} of {result.asked} samples; {_rest(resume)}")
    return earned(result.stopped, found=True)


def _stressed(
    plan: Plan, samples: int, ends: float | None, workers: Working, folder: Path | None
) -> StressResult | None:
    """What is found, with all samples kept in a folder, if there is one."""
    from optimizer.solving.solution import Options
    from optimizer.uncertainty.samples import asked_of
    from optimizer.uncertainty.stress import stress as run_stress
    from optimizer.workers.kept import Kept

    options = Options(ends=ends, tidy=False, at_once=True)
    kept = None if folder is None else Kept(folder, asked_of(plan, options))
    with workers as hands, progress_bar("samples") as watch:
        return run_stress(plan, samples, options, hands, watch, kept)


def _show(plan: Plan, stressed: StressResult, json_file: Path | None) -> None:
    from cli.show_stress import show_stress

    if not is_printed(json_file):
        show_stress(stressed, plan)


def _made(path: Path, plan: Plan) -> Made:
    """What a workbook was made with beside its plan, which stays; of a plan.json there is nothing."""
    from optimizer.workbook.back.copy import copy_in
    from optimizer.workbook.embedded import Made

    return copy_in(path).made if path.suffix == WORKBOOK else Made(plan)


def _write(made: Made, path: Path, language: Language | None, stressed: StressResult) -> None:
    from optimizer.workbook import write_made

    found = {"stressed": stressed.without_samples, "stressed_by": "", "language": language or made.language}
    write_made(made.again(command_typed(), **found), path)


def _rest(folder: Path | None) -> str:
    """How the rest of what was interrupted is solved."""
    return "with --resume FOLDER a run can go on" if folder is None else f"go on with --resume {folder}"
