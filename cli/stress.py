"""`chipmix stress`: a plan against futures that are drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.explored import progress_bar
from cli.options import ends_after, time_limit_option, workers_option
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
@json_option()
def stress(
    plan: Path,
    samples: int,
    output: Path | None,
    language: Language | None,
    time_limit: float | None,
    workers: int | None,
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
      chipmix stress risks.json --samples 16 -o risks.xlsx
      chipmix stress risks.json --samples 16 --json -
    """
    from optimizer.plan_files import read_plan

    check_targets([plan], {"-o": output, "--json": json_file})
    ends = ends_after(time_limit)
    known = read_plan(plan)
    with interruption.held(), delivering() as delivery:
        result = _stressed(known, samples, ends, workers)
        if result is None:
            say("no future was looked at in the time given", err=True)
            return NO_PLAN
        write_json(delivery, result.model_dump_json(indent=1) + "\n", json_file)
        delivery.write(output, lambda path: _write(_made(plan, known), path, language, result))
        if not is_printed(json_file):
            _show(known, result)
    tell_stop(result.stopped, f"{result.samples} of {result.asked} samples")
    return earned(result.stopped, found=True)


def _stressed(plan: Plan, samples: int, ends: float | None, workers: int | None) -> StressResult | None:
    from optimizer.solving.solution import Options
    from optimizer.uncertainty.stress import stress as run_stress

    with progress_bar("samples") as watch:
        return run_stress(plan, samples, Options(ends=ends, tidy=False, at_once=True), workers, watch)


def _show(plan: Plan, stressed: StressResult) -> None:
    from cli.show_stress import show_stress

    show_stress(stressed, plan)


def _made(path: Path, plan: Plan) -> Made:
    """What a workbook was made with beside its plan, which stays; of a plan.json there is nothing."""
    from optimizer.workbook.back.copy import copy_in
    from optimizer.workbook.embedded import Made

    return copy_in(path).made if path.suffix == WORKBOOK else Made(plan)


def _write(made: Made, path: Path, language: Language | None, stressed: StressResult) -> None:
    from optimizer.workbook import write_workbook

    write_workbook(
        made.plan,
        path,
        command=command_typed(),
        bridge=made.bridge,
        views=made.views,
        language=language or made.language,
        prior=made.prior,
        typed=made.typed,
        runs=made.runs,
        explanation=made.explanation,
        decision=made.decision,
        stressed=stressed,
        decided_by=made.decided_by or made.command,
    )
