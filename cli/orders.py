"""`chipmix orders`: the orders of a plan as CSV, for whoever places and books them."""

from __future__ import annotations

from pathlib import Path

import click

from cli.outputs import check_targets, delivering, ending, is_printed
from cli.progress import stage
from optimizer import files

CSV_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


def _csv_or_printed(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    return path if is_printed(path) else ending(".csv")(context, parameter, path)


@click.command(short_help="Write the orders of a plan as CSV, one a line, for purchasing.")
@click.argument("plan", type=click.Path(path_type=Path, dir_okay=False))
@click.option("-o", "--output", required=True, metavar="FILE.csv", type=CSV_FILE, callback=_csv_or_printed,
              help="Where to; '-' prints the lines, and nothing else, to standard output.")  # fmt: skip
def orders(plan: Path, output: Path) -> None:
    """Write the orders and commitments of PLAN, a plan.json or a workbook as it was written, for purchasing.

    One line an order: dates, vendor, offer, place, quantity, unit price, contract value, what is due when, and the
    cost centre and account that the scenario's `accounts` give it. Amounts are exact decimals in USD.

    \b
    Examples:
      chipmix orders plan.json -o orders.csv
      chipmix orders plan.json -o -
    """
    from cli.screen import say_csv
    from optimizer.plan_files import read_plan
    from optimizer.purchasing.order_csv import orders_csv

    check_targets([plan], {"-o": output})
    with stage("reading the plan…"):
        text = orders_csv(read_plan(plan))
    if is_printed(output):
        say_csv(text)
        return
    with delivering() as delivery:
        delivery.write(output, lambda path: files.write_text(path, text))
