"""`chipmix compare`: plans side by side, what changed between them and why it costs more or less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.outputs import (
    check_targets,
    delivering,
    is_printed,
    json_option,
    language_option,
    workbook_file,
    write_json,
    write_runs,
)
from cli.progress import stage

if TYPE_CHECKING:
    from cli.money import Money
    from optimizer.plan.compare import Change, Comparison, OrderChange, Side
    from optimizer.workbook.language.wording import Language

PLAN_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(short_help="Set plans side by side: costs, orders, and why they differ.")
@click.argument("plans", nargs=-1, required=True, type=PLAN_FILE, metavar="PLAN PLAN…")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), callback=workbook_file,
              help="Write the last plan as an Excel workbook with the sheets Compare and Bridge.")  # fmt: skip
@language_option
@json_option("Write the comparison as JSON; '-' prints it, and nothing else.")
def compare(plans: tuple[Path, ...], output: Path | None, language: Language, json_file: Path | None) -> None:
    """Set plans side by side: costs and why they differ, orders added, moved and dropped, commitments kept.

    Each PLAN is a plan.json or a workbook written by chipmix; the first is what the others are
    compared with.

    \b
    Examples:
      chipmix compare approved.json new.json
      chipmix compare approved.json new.json -o compared.xlsx
    """
    from cli.money import Money
    from optimizer.explore.side_by_side import runs_compared
    from optimizer.plan.compare import compare as compared
    from optimizer.plan.text import model_text
    from optimizer.plan_files import read_plan

    if len(plans) < 2:
        raise click.UsageError("give at least two plans")
    check_targets(plans, {"-o": output, "--json": json_file})
    with stage("reading the plans…"):
        read = [read_plan(path) for path in plans]
        found = compared(read, _names(plans))
    with delivering() as delivery:
        write_json(delivery, model_text(found), json_file)
        runs, bridge = runs_compared(found, read), found.changes[-1].bridge
        delivery.write(output, lambda path: write_runs(read[-1], path, runs, language, bridge))
        if not is_printed(json_file):
            _show(found, Money(read[0]))


def _names(paths: Sequence[Path]) -> list[str]:
    """File names without their endings; those alike are numbered."""
    stems, seen = Counter(path.stem for path in paths), Counter[str]()
    names = []
    for path in paths:
        seen[path.stem] += 1
        names.append(path.stem if stems[path.stem] == 1 else f"{path.stem} ({seen[path.stem]})")
    return names


def _show(found: Comparison, money: Money) -> None:
    _show_sides(found.plans, money)
    for change in found.changes:
        _show_change(found.plans[0].name, change, money)


def _show_sides(sides: Sequence[Side], money: Money) -> None:
    from cli.money import tell_mean_rate
    from cli.tables import amount, figure, heading, percent, show_table

    heading(f"Side by side, in M {money.code} where no unit is shown")
    tell_mean_rate(money.rates)
    vendors = sorted({vendor for side in sides for vendor in side.accelerators})
    signed = [["frames signed", *(", ".join(side.frames) or "none" for side in sides)]]
    named = dict.fromkeys(line for side in sides for line in side.present_usd)
    lines = [line for line in named if any(side.present_usd.get(line) for side in sides)]
    rows = [
        ["present value", *(money.millions(side.objective_usd) for side in sides)],
        ["no plan can be below", *(money.millions(side.bound_usd) for side in sides)],
        ["gap", *(percent(side.gap) for side in sides)],
        ["capex, cash", *(money.millions(side.capex_usd) for side in sides)],
        ["opex, cash", *(money.millions(side.opex_usd) for side in sides)],
        ["rent due after the horizon, undiscounted", *(money.millions(side.rent_after_usd) for side in sides)],
        ["peak power, MW", *(figure(side.peak_mw, 2) for side in sides)],
        *(
            [f"{vendor} accelerators, most at once", *(amount(side.accelerators.get(vendor, 0.0)) for side in sides)]
            for vendor in vendors
        ),
        *(
            [
                f"{line.removesuffix('_usd')}, present value",
                *(money.millions(side.present_usd.get(line, 0.0)) for side in sides),
            ]
            for line in lines
        ),
        *(signed if any(side.frames for side in sides) else []),
    ]
    show_table(["", *(side.name for side in sides)], rows, range(1, len(sides) + 1), spare=range(2, len(sides)))


def _from_and_to(order: OrderChange) -> tuple[str, str, str, str]:
    here = (order.place, order.enters_service)
    if order.change == "dropped":
        return (*here, "", "")
    return (order.from_place or "", order.from_period or "", *here)


def _show_change(first: str, change: Change, money: Money) -> None:
    from cli.show_edits import show_bridge
    from cli.tables import amount, heading, show_table, tell

    heading(f"From {first} to {change.plan}: {amount(change.same_systems)} systems stay as they were")
    rows = [[order.change, amount(order.systems), order.offer, *_from_and_to(order)] for order in change.orders]
    if rows:
        show_table(["change", "systems", "offer", "from", "in", "to", "in"], rows, [1])
    else:
        click.echo("no order changed")
    click.echo(f"commitments kept: {change.commitments_kept}")
    for dropped in change.commitments_dropped:
        tell(f"commitment dropped: {dropped}")
    for name in change.frames_signed:
        tell(f"frame signed: {name}")
    for name in change.frames_dropped:
        tell(f"frame no longer signed: {name}")
    show_bridge(change.bridge, money, (first, change.plan))
