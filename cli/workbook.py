"""`chipmix workbook`: review a workbook by the list that a careful reviewer follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.screen import say

if TYPE_CHECKING:
    from optimizer.workbook.check import Finding

BAD_INPUT = 2


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

    Prints the first findings of each rule on each sheet, and how many more there are. Exit code 0: nothing was
    found; 2: something was.

    \b
    Example:
      chipmix workbook check plan.xlsx
    """
    from optimizer.workbook.check import RULES, check_workbook

    findings = check_workbook(file)
    for number in sorted({finding.rule for finding in findings}):
        found = [finding for finding in findings if finding.rule == number]
        click.echo(f"rule {number}: {(RULES[number - 1].__doc__ or '').strip()}")
        for line in _by_sheet(found):
            say(f"  {line}")
    words = f"{len(findings)} findings" if findings else f"nothing found by {len(RULES)} rules"
    say(f"{file}: {words}")
    return BAD_INPUT if findings else 0


def _by_sheet(findings: Iterable[Finding]) -> Iterator[str]:
    """The first findings of each sheet; a single one more is shown as well."""
    from optimizer.tables import grouped
    from optimizer.workbook.back.compare import MOST_SHOWN

    for sheet, found in grouped(findings, lambda finding: finding.where.partition("!")[0]).items():
        shown = found if len(found) <= MOST_SHOWN + 1 else found[:MOST_SHOWN]
        yield from (f"{finding.where}: {finding.message}" for finding in shown)
        if len(found) > len(shown):
            yield f"and {len(found) - len(shown)} more on {sheet}"
