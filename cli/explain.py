"""`chipmix explain`: what binds and what it is worth, why this offer and not that one, when an own chip pays."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from cli.explored import progress_bar
from cli.options import ends_after, time_limit_option
from cli.outputs import (
    check_targets,
    command_typed,
    delivering,
    is_printed,
    json_option,
    workbook_file,
    write_json,
)
from cli.progress import stage
from cli.results import earned, tell_stop
from cli.screen import say
from optimizer import interruption

if TYPE_CHECKING:
    from optimizer.explain import Explanation
    from optimizer.plan.format import Plan
    from optimizer.workbook.language.wording import Language

SECONDS_BETWEEN_LINES = 10.0


class Named(NamedTuple):
    """What is asked about; nothing asks about all."""

    offers: tuple[str, ...]
    limits: tuple[str, ...]
    frames: tuple[str, ...]
    volume: str | None


Time = tuple[float | None, float | None]
"""Seconds of each solve, and when all must be done."""


@click.command(short_help="Say why a plan is as it is, and what each limit is worth.")
@click.argument("plan", type=click.Path(path_type=Path, dir_okay=False))
@click.option("-o", "--output", metavar="FILE.xlsx", callback=workbook_file,
              type=click.Path(path_type=Path, dir_okay=False),
              help="Write the plan as an Excel workbook, with what was found on Why not and Limits.")  # fmt: skip
@click.option("--language", type=click.Choice(("en", "ja")),
              help="Language of the workbook, English by default; that of PLAN if it is a workbook.")  # fmt: skip
@click.option("--offer", "offers", multiple=True, metavar="ID",
              help="Only this offer, or all of a system or accelerator: the price at which it enters, or what the plan "
                   "costs without it. May be given several times; patterns such as 'dgx_*' too.")  # fmt: skip
@click.option("--limit", "limits", multiple=True, metavar="NAME",
              help="Only this limit, such as 'power at oslo', oslo, or the pattern 'allocation of *'.")  # fmt: skip
@click.option("--frame", "frames", multiple=True, metavar="NAME",
              help="Only this frame agreement: what it saves, and up to which promise it pays.")  # fmt: skip
@click.option("--volume", metavar="ID", help="Only from which volume this accelerator pays.")
@time_limit_option()
@json_option()
def explain(
    plan: Path,
    output: Path | None,
    language: Language | None,
    offers: tuple[str, ...],
    limits: tuple[str, ...],
    frames: tuple[str, ...],
    volume: str | None,
    time_limit: float | None,
    json_file: Path | None,
) -> int:
    """Say why PLAN, a plan.json or a workbook as it was written, is as it is.

    Prints what each limit is worth, why each offer is in the plan or not, up to which promise a frame pays, and
    with --volume from which volume an own chip does. Every figure is found by solving the changed scenario again,
    shown with what the gap leaves open. Ctrl-C, or the end of --time-limit, ends it with what is answered.

    \b
    Examples:
      chipmix explain plan.json -o explained.xlsx
      chipmix explain plan.json --offer mi355x --offer dgx_h200.purchase
      chipmix explain plan.json --limit 'power at *' --json -
      chipmix explain plan.json --volume jalapeno
    """
    from cli.show_explanation import show_explanation
    from optimizer.explain import explanation_text

    began, ends = time.monotonic(), ends_after(time_limit)
    known = _read(plan)
    check_targets([plan], {"-o": output, "--json": json_file})
    with interruption.held(), delivering() as delivery:
        found = _explained(known, Named(offers, limits, frames, volume), (time_limit, ends))
        if not is_printed(json_file):
            show_explanation(found, known, every_offer=bool(offers))
        write_json(delivery, explanation_text(found), json_file)
        delivery.write(output, lambda path: _write(plan, known, found, path, language))
    seconds, answered = time.monotonic() - began, found.answered_by_bounds
    tell_stop(found.stopped, "what is not shown was not answered")
    say(f"{seconds:.1f} s; {found.solves} solves, {answered} questions answered without", err=True)
    return earned(found.stopped, bool(found.solves or found.answered_by_bounds or found.offers))


def _read(plan: Path) -> Plan:
    from optimizer.plan_files import read_plan

    with stage("reading the plan…"):
        return read_plan(plan)


def _explained(plan: Plan, named: Named, time: Time) -> Explanation:
    from optimizer.explain import UnknownName
    from optimizer.explain import explain as answer
    from optimizer.solving.solution import Options

    time_limit, ends = time
    options = Options(gap=plan.run.options["gap"], time_limit=time_limit, ends=ends)
    try:
        with _progress() as watch:
            return answer(plan, named.offers, named.limits, named.volume, options, watch=watch, frames=named.frames)
    except UnknownName as error:
        raise click.UsageError(str(error)) from error


def _write(source: Path, plan: Plan, found: Explanation, output: Path, language: Language | None) -> None:
    """Writes the workbook; one that is explained keeps all that it was made from."""
    from optimizer.workbook import write_made
    from optimizer.workbook.back import copy_in
    from optimizer.workbook.embedded import Made

    made = copy_in(source).made if source.suffix == ".xlsx" else Made(plan)
    write_made(made.again(command_typed(), explanation=found, language=language or made.language), output)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """How many questions are answered: a bar on a terminal, else a line every ten seconds, on stderr."""
    if sys.stderr.isatty():
        with progress_bar("asking") as tell:
            yield lambda _what, done, total: tell(done, total)
    else:
        yield _lines()


def _lines() -> Callable[[str, int, int], None]:
    last = [time.monotonic()]

    def show(what: str, done: int, total: int) -> None:
        if time.monotonic() - last[0] >= SECONDS_BETWEEN_LINES:
            last[0] = time.monotonic()
            say(f"asking about {what}: {done} of {total}", err=True)

    return show
