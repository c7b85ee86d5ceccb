"""`chipmix`: the commands, and the exit code of everything that can go wrong."""

from __future__ import annotations

import os
import sys
import traceback

import click

from cli.alternatives import alternatives
from cli.catalog import catalog
from cli.check import check
from cli.compare import compare
from cli.explain import explain
from cli.frontier import frontier
from cli.init import init
from cli.plan import plan
from cli.repair import repair
from cli.scenarios import scenarios
from cli.sweep import sweep
from cli.workbook import workbook

OWN_FAULT, BAD_INPUT, INFEASIBLE, NO_PLAN, INTERRUPTED = 1, 2, 3, 4, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="chipmix")
def chipmix() -> None:
    """Decide which AI accelerators to buy, lease and rent: how many, when and where.

    \b
    Start with a bundled scenario:
      chipmix plan quick_start -o plan.xlsx

    \b
    Exit codes: 0 a plan, 1 our own fault, 2 the input, 3 no plan can meet every limit,
    4 no plan found in the time given, 130 interrupted.
    """


COMMANDS = (
    plan, explain, repair, compare, sweep, frontier, alternatives, check, init, scenarios, catalog, workbook,
)  # fmt: skip
for command in COMMANDS:
    chipmix.add_command(command)


def main() -> None:
    """Runs the command line and leaves with the exit code that it earned."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs a command line and returns its exit code. Never raises."""
    try:
        result = chipmix.main(args=arguments, prog_name="chipmix", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _explain(error)


def _explain(error: Exception) -> int:
    """Prints what went wrong in the user's words and gives the exit code for it."""
    from catalogs.problems import InputError

    if isinstance(error, InputError):
        for problem in error.problems:
            click.echo(str(problem), err=True)
        count = len(error.problems)
        click.echo(f"{count} problem{'s' if count > 1 else ''}; nothing was written", err=True)
        return BAD_INPUT
    if isinstance(error, OSError) and error.filename is not None:
        click.echo(f"{error.filename}: {error.strerror}", err=True)
        return BAD_INPUT
    return _explain_planning(error)


def _explain_planning(error: Exception) -> int:
    from optimizer.elastic import Infeasible
    from optimizer.planning import NoPlan

    if isinstance(error, Infeasible):
        click.echo(str(error), err=True)
        click.echo("chipmix repair says what contradicts what, and gives repairs checked by planning", err=True)
        return INFEASIBLE
    if isinstance(error, NoPlan):
        click.echo(str(error), err=True)
        return INTERRUPTED if error.interrupted else NO_PLAN
    traceback.print_exception(error)
    click.echo("chipmix failed; this is our fault, not the input's. Nothing was written.", err=True)
    return OWN_FAULT
