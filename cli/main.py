"""`chipmix`: the commands, and the exit code of everything that can go wrong."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import click

from cli import screen
from cli.alternatives import alternatives
from cli.catalog import catalog
from cli.check import check
from cli.compare import compare
from cli.demand import demand
from cli.explain import explain
from cli.frontier import frontier
from cli.init import init
from cli.orders import orders
from cli.outputs import Undelivered
from cli.plan import plan
from cli.repair import repair
from cli.report import report
from cli.robust import robust
from cli.scenarios import scenarios
from cli.screen import say
from cli.stress import stress
from cli.sweep import sweep
from cli.workbook import workbook
from cli.workload import workload
from optimizer import cycles, files, interruption

OWN_FAULT, BAD_INPUT, INFEASIBLE, NO_PLAN = 1, 2, 3, 4
PACKAGES = ("catalogs", "optimizer", "cli")
MOST_NAMES = 5


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="chipmix")
def chipmix() -> None:
    """Decide which AI accelerators to buy, lease and rent: how many, when and where.

    \b
    Start with a bundled scenario:
      chipmix plan quick_start -o plan.xlsx

    \b
    Exit codes:
      0 done: a plan, or what was asked for
      1 our own fault
      2 the input, or an output that cannot be written
      3 no plan can meet every limit
      4 nothing found in the time given
      130 interrupted, 143 terminated: what was found is written first
    """


COMMANDS = (
    plan, explain, repair, compare, sweep, frontier, alternatives, robust, stress, orders, report, check, init, demand,
    scenarios, catalog, workload, workbook,
)  # fmt: skip
for command in COMMANDS:
    chipmix.add_command(command)


COMPLETION = "_CHIPMIX_COMPLETE"
"""The variable by which a shell asks for completions: it reads what click prints, to the byte."""


def main() -> None:
    """Runs the command line and leaves with the exit code that it earned."""
    if COMPLETION in os.environ:
        chipmix(prog_name="chipmix")
    cycles.look_rarely()
    screen.install()
    interruption.install()
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # once more, while the end was being told
        code = interruption.exit_code()
    interruption.ignore()
    sys.exit(screen.settled(code))


def run(arguments: list[str]) -> int:
    """Runs a command line and returns its exit code. Raises nothing but KeyboardInterrupt, at a further signal."""
    try:
        result = chipmix.main(args=arguments, prog_name="chipmix", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        return _misused(error)
    except (click.Abort, KeyboardInterrupt):
        say(f"interrupted; {_kept()}", err=True)
        return interruption.exit_code()
    except Exception as error:
        return _explain(error)


def _misused(error: click.ClickException) -> int:
    """Says how the command is used, where that is known, and what was wrong."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        click.echo(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n", err=True)
    say(f"Error: {error.format_message()}", err=True)
    return BAD_INPUT


def _kept() -> str:
    """What there is of a command that did not come to its end."""
    names = files.written()
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"written before: {', '.join(names[:MOST_NAMES])}{more}" if names else "nothing was written"


def _explain(error: Exception) -> int:
    """Prints what went wrong in the user's words and gives the exit code for it."""
    from catalogs.problems import InputError

    if isinstance(error, InputError):
        for problem in error.problems:
            say(str(problem), err=True)
        count = len(error.problems)
        say(f"{count} problem{'s' if count > 1 else ''}; {_kept()}", err=True)
        return BAD_INPUT
    if isinstance(error, files.Unwritable):
        say(f"{error}; {_kept()}", err=True)
        return BAD_INPUT
    if isinstance(error, Undelivered):
        return interruption.exit_code() if interruption.was_asked() else BAD_INPUT
    if isinstance(error, OSError) and _is_about_the_users_file(error):
        say(f"{error.filename}: {files.reason_of(error)}; {_kept()}", err=True)
        return BAD_INPUT
    if isinstance(error, FileNotFoundError) and _is_lost():
        say(f"the working directory is gone; {_kept()}", err=True)
        return BAD_INPUT
    return _explain_planning(error)


def _is_lost() -> bool:
    """Whether the folder that we are in was deleted."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _is_about_the_users_file(error: OSError) -> bool:
    """Whether an error of the operating system is about a file, and none of our own packages."""
    if not isinstance(error.filename, (str, bytes)):
        return False
    file, here = Path(os.fsdecode(error.filename)), Path(__file__).parent.parent
    return not any(file.is_relative_to(here / package) for package in PACKAGES)


def _explain_planning(error: Exception) -> int:
    from optimizer.infeasible.shortage import Infeasible
    from optimizer.planning import NoPlan

    if isinstance(error, Infeasible):
        for line in str(error).split("\n"):
            say(line, err=True)
        say("chipmix repair says what contradicts what, and gives repairs checked by planning", err=True)
        return INFEASIBLE
    if isinstance(error, NoPlan):
        say(str(error), err=True)
        return interruption.exit_code() if error.interrupted else NO_PLAN
    traceback.print_exception(error)
    say(f"chipmix failed; this is our fault, not the input's; {_kept()}.", err=True)
    return OWN_FAULT
