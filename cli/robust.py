"""`chipmix robust`: one decision for all futures of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from cli.options import SCENARIO, SHARE, ends_after, gap_option, setting_option, time_limit_option, workers_option
from cli.outputs import (
    WORKBOOK,
    check_targets,
    command_typed,
    delivering,
    ending,
    is_printed,
    json_option,
    language_option,
    request_for,
    write_json,
)
from cli.progress import stage
from cli.screen import say
from optimizer import interruption

if TYPE_CHECKING:
    from optimizer.plan.format import Plan
    from optimizer.request.load import Request
    from optimizer.uncertainty.aims import Aim
    from optimizer.uncertainty.results import RobustResult
    from optimizer.workbook.language.wording import Language


class Given(TypedDict):
    """What was typed."""

    scenario: str
    level: float | None
    weight: float | None
    regret: bool
    output: Path | None
    plan_file: Path | None
    language: Language
    settings: tuple[str, ...]
    gap: float
    time_limit: float | None
    workers: int | None
    json_file: Path | None


@click.command(short_help="Decide before it is known which future comes.")
@click.argument("scenario", type=SCENARIO)
@click.option("--cvar", "level", type=SHARE, metavar="LEVEL",
              help="Count the mean of the worst 1 - LEVEL of the futures too, such as 0.9.")  # fmt: skip
@click.option("--weight", type=SHARE, metavar="SHARE",
              help="With --cvar: how much that counts beside the expected cost (default 50%).")  # fmt: skip
@click.option("--regret", is_flag=True, help="Make the largest regret least, instead of the expected cost.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), callback=ending(".xlsx"),
              help="Write the plan of the scenario with what is signed, and all futures, as a workbook.")  # fmt: skip
@click.option("--plan", "plan_file", type=click.Path(path_type=Path, dir_okay=False), callback=ending(".json"),
              help="Write that plan as a plan.json, for explain and compare.")  # fmt: skip
@language_option
@setting_option
@gap_option(1e-3, help_text="Stop when no decision can be better by more than this part of the cost.")
@time_limit_option()
@workers_option
@json_option()
def robust(**given: Unpack[Given]) -> int:
    """Decide for SCENARIO before it is known which of its futures comes.

    What is ordered, started and signed up to uncertainty.decide_by is one decision for all futures; what comes later
    adapts to the future. Prints what to sign now, what may change, what it is worth to look at more than the mean,
    and every plan in every future. SCENARIO may be a workbook that chipmix wrote, with its inputs and probabilities as
    they were edited.

    \b
    Examples:
      chipmix init my_risks --futures
      chipmix robust my_risks/scenario.yaml
      chipmix robust my_risks/scenario.yaml --cvar 0.9 --weight 0.5 --json -
      chipmix robust my_risks/scenario.yaml --regret -o signed.xlsx --plan signed.json
    """
    from optimizer.solving.solution import Options
    from optimizer.uncertainty.asking import decided

    printed, time_limit = is_printed(given["json_file"]), given["time_limit"]
    aim = _aim(given["level"], given["weight"], given["regret"])
    files = {"-o": given["output"], "--plan": given["plan_file"]}
    request = _asked(given["scenario"], given["settings"], {**files, "--json": given["json_file"]})
    options = Options(gap=given["gap"], time_limit=time_limit, ends=ends_after(time_limit))
    with interruption.held() as hold, delivering() as delivery:
        with stage("looking at every future…"):
            result, plan = decided(request, aim, options, given["workers"], any(files.values()))
        write_json(delivery, result.model_dump_json(indent=1) + "\n", given["json_file"])
        if plan is not None:
            delivery.write(given["output"], lambda path: _write(plan, path, given["language"], result))
            delivery.write(given["plan_file"], lambda path: _write_plan(plan, path))
        elif any(files.values()):
            say("no plan is written: with what is signed now, the scenario leaves no plan of whole systems", err=True)
        if not printed:
            from cli.show_robust import show_robust

            show_robust(result, request)
    return interruption.exit_code() if hold.asked else 0


def _asked(scenario: str, settings: tuple[str, ...], targets: Mapping[str, Path | None]) -> Request:
    """The request of a scenario, or of a workbook as it was edited."""
    path = Path(scenario)
    if path.suffix != WORKBOOK:
        return request_for(scenario, settings, targets)
    from optimizer.workbook.back import reopened

    check_targets([path], targets)
    return reopened(path, settings).request


def _aim(level: float | None, weight: float | None, regret: bool) -> Aim:
    from optimizer.uncertainty.aims import Aim

    if weight is not None and level is None:
        raise click.UsageError("--weight needs --cvar LEVEL")
    if regret and level is not None:
        raise click.UsageError("--regret and --cvar are two aims; give one")
    if level is not None and level >= 1:
        raise click.BadParameter("must be less than 100%: of a level of 100% nothing is left", param_hint="--cvar")
    return Aim(level or 0.0, 0.0 if level is None else 0.5 if weight is None else weight, regret)


def _write(plan: Plan, path: Path, language: Language, decision: RobustResult) -> None:
    from optimizer.workbook import write_workbook

    write_workbook(plan, path, command=command_typed(), language=language, decision=decision)


def _write_plan(plan: Plan, path: Path) -> None:
    from optimizer.files import write_text
    from optimizer.plan.text import plan_text

    write_text(path, plan_text(plan))
