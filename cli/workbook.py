"""`chipmix workbook`: review a workbook by the list that a careful reviewer follows."""

from __future__ import annotations

from pathlib import Path

import click

from cli.screen import say

BAD_INPUT = 2
MOST_OF_ONE_RULE = 10


@click.group()
def workbook() -> None:
    """Review a workbook that chipmix wrote.

    \b
    Example:
      chipmix workbook check plan.xlsx
    """


@workbook.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> int:
    """Check FILE against the reviewer's list of thirty rules.

    Prints each finding with its rule, sheet and cell. Exit code 0: nothing was found; 2: something was.

    \b
    Example:
      chipmix workbook check plan.xlsx
    """
    from optimizer.workbook.check import RULES, check_workbook

    findings = check_workbook(file)
    for number in sorted({finding.rule for finding in findings}):
        found = [finding for finding in findings if finding.rule == number]
        click.echo(f"rule {number}: {(RULES[number - 1].__doc__ or '').strip()}")
        for finding in found[:MOST_OF_ONE_RULE]:
            say(f"  {finding.where}: {finding.message}")
        if len(found) > MOST_OF_ONE_RULE:
            click.echo(f"  and {len(found) - MOST_OF_ONE_RULE} more")
    words = f"{len(findings)} findings" if findings else f"nothing found by {len(RULES)} rules"
    say(f"{file}: {words}")
    return BAD_INPUT if findings else 0
