"""`chipmix alternatives`: plans of nearly the best cost, and how far everything may move among them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.explored import headline_cells, model_json, progress_bar, vendors_of, write_plans
from cli.options import SCENARIO, ends_after, gap_option, setting_option, time_limit_option, workers_option
from cli.outputs import (
    Outputs,
    delivering,
    is_printed,
    json_option,
    language_option,
    outputs_option,
    request_for,
    write_json,
    write_runs,
)
from cli.results import earned, tell_stop
from optimizer import interruption

if TYPE_CHECKING:
    from cli.money import Money
    from optimizer.explore.results import Alternative, Alternatives, Range
    from optimizer.plan.format import Plan
    from optimizer.workbook.language.wording import Language

NEEDS = {"must": "must-have", "optional": "optional", "never": "never", None: ""}
KINDS = {"accelerator": "chip"}
CLOSE = 0.001
"""Where an end is proved to this part of itself, its bound is not worth a column."""


def _share(_context: click.Context, _parameter: click.Parameter, text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", text.strip())
    if found is None or not 0 < float(found[1]) <= 100:
        raise click.BadParameter(f"must be a percentage such as 2% (got {text})")
    return float(found[1]) / 100


@click.command(short_help="Show what is open among plans of nearly the least cost.")
@click.argument("scenario", type=SCENARIO)
@click.option("--within", default="2%", show_default=True, metavar="PERCENT", callback=_share,
              help="How much more than the best plan a plan may cost.")  # fmt: skip
@click.option("--plans", type=click.IntRange(2, 6), default=4, show_default=True, metavar="N",
              help="How many plans to show, the best one included.")  # fmt: skip
@click.option("--least", multiple=True, metavar="VENDOR",
              help="Show instead the plan that spends the least on a vendor; may be given several times.")  # fmt: skip
@outputs_option("keep each plan there as a plan.json.",
                "the workbook of the best plan with the sheets Compare and Sensitivity.")  # fmt: skip
@language_option
@setting_option
@gap_option()
@time_limit_option()
@workers_option
@json_option()
def alternatives(
    scenario: str,
    within: float,
    plans: int,
    least: tuple[str, ...],
    outputs: Outputs,
    language: Language,
    settings: tuple[str, ...],
    gap: float,
    time_limit: float | None,
    workers: int | None,
    json_file: Path | None,
) -> int:
    """Show what is open among the plans of SCENARIO that cost nearly the least.

    First the least and the most of each vendor, chip and site, of power and of cash in the first year; then a
    few plans that spend the money most differently, each audited. Ctrl-C, or the end of --time-limit, ends it
    with what is found.

    \b
    Examples:
      chipmix alternatives quick_start --within 2%
      chipmix alternatives quick_start --within 1% --least nvidia --json -
      chipmix alternatives quick_start -o alternatives.xlsx
    """
    from optimizer.explore.alternatives import alternatives as search
    from optimizer.solving.solution import Options

    options = Options(gap=gap, time_limit=time_limit, ends=ends_after(time_limit))
    request = request_for(scenario, settings, {"-o": outputs.workbook, "--json": json_file}, outputs.folder)
    with interruption.held(), delivering() as delivery:
        with progress_bar("ranges") as watch:
            result = search(request, within, options, plans, least, workers, watch)
        write_json(delivery, model_json(result), json_file)
        write_plans(delivery, _by_file(result), outputs.folder)
        delivery.write(outputs.workbook, lambda file: _write(result, file, language))
        if not is_printed(json_file):
            _show(result)
    tell_stop(result.stopped, f"{len(result.ranges)} ranges and {len(result.plans)} plans were found")
    return earned(result.stopped, found=True)


def _by_file(result: Alternatives) -> dict[str, Plan]:
    """The plans by the names of their files."""
    return {f"{one.about.replace(' ', '_')}.json": one.plan for one in result.plans}


def _write(result: Alternatives, workbook: Path, language: Language) -> None:
    """Writes the workbook of the best plan, with the others beside it."""
    from optimizer.explore.side_by_side import runs_of_alternatives

    write_runs(result.plans[0].plan, workbook, runs_of_alternatives(result), language)


def _show(result: Alternatives) -> None:
    from cli.money import Money, tell_mean_rate
    from cli.tables import heading, percent, show_table, tell

    money = Money(result.plans[0].plan)
    tell_mean_rate(money.rates)
    heading(f"What plans within {percent(result.within)} of the best cost can have")
    columns = ("", "", "", "best plan", "least", "most", "")
    show_table(columns, [_range_cells(row, money) for row in result.ranges], numbers=(3, 4, 5))
    click.echo("")
    tell("in brackets: what no such plan can go beyond, where that is not known to be the end itself")
    heading(f"Plans of at most {money.exact(result.most_cost_usd)}: money in M {money.code}")
    vendors = vendors_of([one.headline for one in result.plans])
    columns_of_plans = ("plan", "differs", "cost", "gap", "capex", "peak MW", *vendors)
    rows = [_plan_cells(one, vendors, money.per_usd) for one in result.plans]
    spare = range(len(columns_of_plans) - 1, 3, -1)
    show_table(columns_of_plans, rows, range(1, len(columns_of_plans)), spare)
    tell("differs: the part of the money that no plan above it spends on the same chips by the same routes")
    for one in result.plans[1:]:
        _show_orders(one, result.plans[0], money)


def _range_cells(row: Range, money: Money) -> tuple[str, ...]:
    factor = money.per_usd if row.unit == "M USD" else 1.0
    unit = {"M USD": f"M {money.code}", "accelerators": ""}.get(row.unit, row.unit)
    return (
        KINDS.get(row.kind, row.kind),
        row.name,
        unit,
        _figure(row.here * factor),
        _end(row.least * factor, row.least_bound * factor),
        _end(row.most * factor, row.most_bound * factor),
        NEEDS[row.need],
    )


def _end(value: float, bound: float) -> str:
    if abs(value - bound) <= CLOSE * max(abs(value), CLOSE):
        return _figure(value)
    return f"{_figure(value)} ({_figure(bound)})"


def _figure(value: float) -> str:
    from cli.tables import figure

    if abs(value - round(value)) < 1e-6:
        return f"{round(value):,}"
    return figure(value, 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 3)


def _plan_cells(one: Alternative, vendors: list[str], per_usd: float) -> tuple[str, ...]:
    from cli.tables import percent

    cost, _bound, *others = headline_cells(one.headline, vendors, per_usd)
    return one.about, percent(one.apart) if one.apart else "", cost, *others


def _show_orders(one: Alternative, best: Alternative, money: Money) -> None:
    """What a plan has in service at once by chip and route, beside the best plan."""
    from cli.tables import amount, heading, show_table

    ours, theirs = _ordered(one), _ordered(best)
    more = money.millions(one.headline.cost_usd - best.headline.cost_usd)
    heading(f"{one.about}: {more} M {money.code} more than the best plan")
    rows = []
    for chip, route in sorted(ours.keys() | theirs.keys()):
        here, there = ours.get((chip, route), 0.0), theirs.get((chip, route), 0.0)
        if here != there:
            rows.append((chip, route, amount(there), amount(here)))
    if rows:
        show_table(("most at once of", "by", "best plan", "this plan"), rows, numbers=(2, 3))
    else:
        click.echo("as many accelerators at once by the same routes as in the best plan")


def _ordered(one: Alternative) -> dict[tuple[str, str], float]:
    """Accelerators by chip and route, the most that are in service at once."""
    from optimizer.plan.at_once import most_at_once

    return most_at_once(one.plan.orders, one.plan.periods, lambda order: (order.accelerator, order.route))
