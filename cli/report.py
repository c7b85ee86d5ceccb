"""`chipmix report`: a plan as one page of HTML, for people who get no Excel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.outputs import check_targets, delivering, ending
from cli.progress import stage
from optimizer import files

if TYPE_CHECKING:
    from optimizer.workbook.language.wording import Language


@click.command(short_help="Write a plan as one page of HTML.")
@click.argument("plan", type=click.Path(path_type=Path, dir_okay=False))
@click.option("-o", "--output", required=True, metavar="FILE.html", callback=ending(".html", ".htm"),
              type=click.Path(path_type=Path, dir_okay=False), help="Where to.")  # fmt: skip
@click.option("--language", type=click.Choice(("en", "ja")), default="en", show_default=True,
              help="Language of the page.")  # fmt: skip
def report(plan: Path, output: Path, language: Language) -> None:
    """Write PLAN, a plan.json or a workbook as it was written, as one page that needs nothing else.

    What to buy, lease and rent, cash by period and fiscal year, obligations, power against limits, the limits worth
    most, unit costs, and how far to trust it: tables and drawings without a script, ready to print or to mail.

    \b
    Examples:
      chipmix report plan.json -o plan.html
      chipmix report plan.json -o plan_ja.html --language ja
    """
    from optimizer.plan_files import read_plan
    from optimizer.report.page import report as page

    check_targets([plan], {"-o": output})
    with stage("writing the page…"):
        text = page(read_plan(plan), language)
    with delivering() as delivery:
        delivery.write(output, lambda path: files.write_text(path, text))
