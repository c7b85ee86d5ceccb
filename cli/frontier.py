"""`chipmix frontier`: cost against carbon, power, unmet work or a vendor's share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.explored import (
    HEADLINE,
    headline_cells,
    model_json,
    progress_bar,
    spare_columns,
    vendors_of,
    write_plans,
)
from cli.options import SCENARIO, ends_after, gap_option, setting_option, time_limit_option
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
    from optimizer.explore.results import Frontier, Point
    from optimizer.workbook.language.wording import Language


@click.command(short_help="Show what less carbon, power, unmet work or a vendor costs.")
@click.argument("scenario", type=SCENARIO)
@click.option("--trade", required=True, metavar="KEY",
              help="carbon_t, it_kw (highest IT load at our sites), unmet or unmet/DEMAND (work left undone), "
                   "vendor/NAME (share of all spending).")  # fmt: skip
@click.option("--points", type=click.IntRange(2, 100), default=5, show_default=True, metavar="N",
              help="How many plans, at equal distances between the least and what the cheapest plan has.")  # fmt: skip
@outputs_option("keep each plan there as a plan.json.",
                "the workbook of the cheapest plan with the sheets Compare and Sensitivity.")  # fmt: skip
@language_option
@setting_option
@gap_option(1e-3)
@time_limit_option()
@json_option()
def frontier(
    scenario: str,
    trade: str,
    points: int,
    outputs: Outputs,
    language: Language,
    settings: tuple[str, ...],
    gap: float,
    time_limit: float | None,
    json_file: Path | None,
) -> int:
    """Show what less of something costs: plans of SCENARIO of which none is both cheaper and lower.

    Each line is a whole, audited plan, with the bound that no plan within its limit can be below. The first
    has the least there can be, the last is the cheapest plan of all. Ctrl-C, or the end of --time-limit, ends
    it with the points that are found.

    \b
    Examples:
      chipmix frontier quick_start --trade it_kw --points 3
      chipmix frontier quick_start --trade it_kw --points 2 --json -
      chipmix frontier quick_start --trade it_kw --points 3 -o frontier.xlsx
    """
    from optimizer.explore.frontier import frontier as trace
    from optimizer.solving.solution import Options

    options = Options(gap=gap, time_limit=time_limit, ends=ends_after(time_limit))
    request = request_for(scenario, settings, {"-o": outputs.workbook, "--json": json_file}, outputs.folder)
    with interruption.held(), delivering() as delivery:
        with progress_bar("points") as watch:
            result = trace(request, trade, points, options, watch)
        write_json(delivery, model_json(result), json_file)
        plans = {f"point_{k}.json": point.plan for k, point in enumerate(result.points, 1)}
        write_plans(delivery, plans, outputs.folder)
        delivery.write(outputs.workbook, lambda file: _write(result, file, language))
        if not is_printed(json_file):
            _show(result)
    tell_stop(result.stopped, f"{len(result.points)} of {result.asked} points")
    return earned(result.stopped, found=True)


def _write(result: Frontier, workbook: Path, language: Language) -> None:
    """Writes the workbook of the plan that the frontier is drawn around, with the others beside it."""
    from optimizer.explore.side_by_side import runs_of_frontier

    runs = runs_of_frontier(result)
    write_runs(result.points[runs.this].plan, workbook, runs, language)


def _show(result: Frontier) -> None:
    from cli.money import Money, tell_mean_rate
    from cli.tables import heading, show_table

    money = Money(result.points[0].plan)
    vendors = vendors_of([point.headline for point in result.points])
    heading(f"Cost against {result.label}: money in M {money.code}")
    tell_mean_rate(money.rates)
    columns = (result.trade, *HEADLINE, *vendors, "one less costs")
    rows = [_cells(result, k, vendors, money.per_usd) for k in range(len(result.points))]
    show_table(columns, rows, range(len(columns)), spare_columns(1, vendors))
    _show_trust(result, money.exact(result.resolution_usd))


def _cells(result: Frontier, k: int, vendors: list[str], per_usd: float) -> tuple[str, ...]:
    point = result.points[k]
    shown = headline_cells(point.headline, vendors, per_usd)
    return _amount(result, point.amount), *shown, _step(result, point, result.points[k + 1 :], per_usd)


def _amount(result: Frontier, amount: float) -> str:
    from cli.tables import figure

    if not result.unit:
        return f"{figure(100 * amount, 2)} %"
    return f"{figure(amount, 0 if abs(amount) >= 1000 else 3)} {result.unit}"


def _step(result: Frontier, point: Point, following: tuple[Point, ...], per_usd: float) -> str:
    """What one unit less costs between a point and the next cheaper one."""
    from cli.tables import figure

    if not following:
        return ""
    less = (following[0].amount - point.amount) * (1 if result.unit else 100)
    usd = (point.headline.cost_usd - following[0].headline.cost_usd) * per_usd / less
    each = f"{usd / 1e6:,.0f} M" if abs(usd) >= 1e7 else figure(usd, 0 if abs(usd) >= 100 else 2)
    return f"{each} a {result.unit or 'point'}"


def _show_trust(result: Frontier, resolution: str) -> None:
    from cli.tables import tell

    click.echo()
    if result.least_bound > 0 or result.stopped is None:
        tell(f"no plan, whatever it costs, has less than {_amount(result, result.least_bound)}")
    tell(f"no line is dominated by another; costs nearer than {resolution} are not told apart")
    left = result.asked - len(result.points)
    if left and result.stopped is None:
        tell(f"{left} of {result.asked} points coincide with another one or are dominated, and are left out")
