"""`chipmix stress`: a plan against futures that are drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.explored import progress_bar
from cli.options import Working, ends_after, resume_option, time_limit_option, workers_option
from cli.outputs import check_targets, delivering, is_printed, json_option, write_json
from cli.results import NO_PLAN, earned, tell_stop
from cli.screen import say
from optimizer import interruption

if TYPE_CHECKING:
    from optimizer.plan.format import Plan
    from optimizer.solving.solution import Options
    from optimizer.uncertainty.stress import StressResult
    from optimizer.workers.kept import Kept

MOST_SAMPLES = 1_000_000


@click.command(short_help="See what happens to a plan in futures that are drawn.")
@click.argument("plan", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--samples", type=click.IntRange(1, MOST_SAMPLES), default=200, show_default=True, metavar="N",
              help="How many futures to draw.")  # fmt: skip
@time_limit_option()
@workers_option
@resume_option
@json_option()
def stress(
    plan: Path,
    samples: int,
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
      chipmix stress risks.json --samples 16
      chipmix stress risks.json --samples 16 --resume risks_run
      chipmix stress risks.json --samples 16 --json -
    """
    from optimizer.plan_files import read_plan
    from optimizer.solving.solution import Options
    from optimizer.uncertainty.stress import stress as run_stress

    check_targets([plan], {"--json": json_file}, resume)
    options = Options(ends=ends_after(time_limit), tidy=False, at_once=True)
    known = read_plan(plan)
    kept = _kept(resume, known, options)
    with interruption.held(), delivering() as delivery:
        with workers as hands, progress_bar("samples") as watch:
            result = run_stress(known, samples, options, hands, watch, kept)
        if result is None:
            say("no future was looked at in the time given", err=True)
            return NO_PLAN
        write_json(delivery, result.model_dump_json(indent=1) + "\n", json_file)
        _show(result, known, json_file)
    tell_stop(result.stopped, f"{result.samples} of {result.asked} samples; {_rest(resume)}")
    return earned(result.stopped, found=True)


def _show(result: StressResult, plan: Plan, json_file: Path | None) -> None:
    from cli.show_stress import show_stress

    if not is_printed(json_file):
        show_stress(result, plan)


def _kept(folder: Path | None, plan: Plan, options: Options) -> Kept | None:
    """The folder that samples are kept in."""
    from optimizer.uncertainty.samples import asked_of
    from optimizer.workers.kept import Kept

    return None if folder is None else Kept(folder, asked_of(plan, options))


def _rest(folder: Path | None) -> str:
    """How the rest of what was interrupted is solved."""
    return "with --resume FOLDER a run can go on" if folder is None else f"go on with --resume {folder}"
