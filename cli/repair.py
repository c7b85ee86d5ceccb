"""`chipmix repair`: why a scenario has no plan, and the least changes that would give it one."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import SCENARIO, ends_after, gap_option, setting_option, time_limit_option
from cli.outputs import delivering, is_printed, json_option, request_for, write_json
from cli.progress import stage
from cli.screen import say
from optimizer import interruption

if TYPE_CHECKING:
    from optimizer.infeasible.repair import Report
    from optimizer.infeasible.report import Repair

INFEASIBLE, NO_PLAN = 3, 4
MILLION = 1e6
LEAD_TIME, MOST_LEADS = "lead time of ", 3


@click.command()
@click.argument("scenario", type=SCENARIO)
@setting_option
@json_option("Write the answer as JSON; '-' prints it, and nothing else, to standard output.")
@gap_option(help_text="How far from the cheapest the plans may be that check the repairs.")
@time_limit_option("Stop after so long, in all, with the repairs found so far.")
def repair(
    scenario: str, settings: tuple[str, ...], json_file: Path | None, gap: float, time_limit: float | None
) -> int:
    """Say why SCENARIO has no plan and what would give it one.

    Prints what contradicts itself, which limits cannot all hold, and the least change of each kind (power, budget,
    the promise of a frame, supply, time, a limit of yours, work left undone, or a mix) that makes a plan possible.
    Each was checked by planning with it; its --set line works with chipmix plan.

    \b
    Examples:
      chipmix repair quick_start --set demand/training_70b/sites=[colo_room]
      chipmix repair my_scenario.yaml --json -
    """
    from optimizer.infeasible.repair import repair as repaired
    from optimizer.solving.solution import Options

    began = time.monotonic()
    options = Options(gap=gap, time_limit=time_limit, ends=ends_after(time_limit))
    request = request_for(scenario, settings, {"--json": json_file})
    with interruption.held(), delivering() as delivery:
        with stage("looking for what conflicts, and for repairs…"):
            report = repaired(request, options)
        write_json(delivery, report.model_dump_json(indent=1) + "\n", json_file)
        if not is_printed(json_file):
            from cli.money import tell_mean_rate
            from optimizer.request.currency import rates_of

            rates = rates_of(request.scenario.currency, request.scenario.calendar)
            _show(report, rates.code, rates.mean)
            tell_mean_rate(rates)
    say(f"{time.monotonic() - began:.1f} s", err=True)
    return _exit_code(report)


def _exit_code(report: Report) -> int:
    if report.interrupted or interruption.was_asked():
        return interruption.exit_code()
    if report.status == "infeasible":
        return 0 if report.repairs else NO_PLAN if report.stopped else INFEASIBLE
    return 0 if report.status == "feasible" else NO_PLAN


def _show(report: Report, code: str, per_usd: float) -> None:
    from cli.tables import heading, tell

    tell(report.scenario)
    if report.status != "infeasible":
        unknown = "not known: interrupted" if report.interrupted else "not known in the time given"
        known = "nothing to repair: there is a plan" if report.status == "feasible" else unknown
        click.echo(known)
        return
    click.echo("no plan meets every limit")
    heading("Why")
    for contradiction in report.contradictions:
        tell(f"  {contradiction.at}: {contradiction.sentence}")
        tell(f"    holds unless one of these gives way: {_named(contradiction.limits)}")
    for conflict in report.conflicts:
        one = len(conflict.limits) == 1
        words = "this cannot hold, whatever else is given up" if one else "these cannot all hold"
        tell(f"  {words}: {', '.join(conflict.limits)}")
    heading("Repairs, the one with the cheapest plan first")
    for number, option in enumerate(report.repairs, start=1):
        _show_repair(number, option, code, per_usd)
    if not report.repairs:
        click.echo("  none was found")
    _show_rest(report)


def _named(limits: Sequence[str]) -> str:
    """The limits of a cause; many lead times are said together."""
    leads = [limit for limit in limits if limit.startswith(LEAD_TIME)]
    if len(leads) <= MOST_LEADS:
        return ", ".join(limits)
    return ", ".join([*(limit for limit in limits if limit not in leads), f"{len(leads)} lead times"])


def _show_repair(number: int, option: Repair, code: str, per_usd: float) -> None:
    from cli.tables import figure, tell

    cost = f"{figure(option.cost_usd * per_usd / MILLION, 3)} M {code}"
    extra = option.extra_usd * per_usd / MILLION
    more = f", {extra:,.3f} more than the first" if extra >= 0.0005 else ""
    tell(f"  {number}  {option.words}")
    tell(f"     the plan then costs {cost}{more}")
    for setting in option.settings:
        click.echo(f"     --set {shlex.quote(setting)}")


def _show_rest(report: Report) -> None:
    from cli.tables import heading, tell

    if report.not_alone:
        heading("Not enough alone")
        for hopeless in report.not_alone:
            tell(f"  {hopeless.kind}: {hopeless.why}")
    click.echo()
    if report.repairs:
        tell(
            "Each repair is the least of its kind and was checked by planning with it; what the change itself "
            "costs (more power, a larger allocation) is not in the cost of its plan."
        )
    if report.stopped:
        why = "Interrupted" if report.interrupted else "The time ran out"
        tell(f"{why}: there may be more repairs, or smaller ones.")
