"""What limits a plan, for the terminal: each limit in its tightest period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import click

from cli.money import MILLION, Money
from cli.tables import SMALL, amount, figure, heading, percent, show_table, tell
from optimizer.plan.format import LimitRow, Plan

BINDING = 1e-6
UNUSED = 1e-9
MOST_LIMITS = 20


def show_limits(plan: Plan, money: Money) -> None:
    """The tightest period of each limit in use; first those that a little more of would save the most."""
    heading("What limits it, each in its tightest period")
    periods = {row.period for row in plan.periods}
    limits: defaultdict[str, list[LimitRow]] = defaultdict(list)
    for row in plan.limits:
        if row.used > UNUSED:
            limits[_group(row, periods)].append(row)
    if not limits:
        click.echo("nothing: no limit that the scenario states is touched")
        return
    tightest = [(max(rows, key=lambda row: (_use(row), _weight(row))), rows) for rows in limits.values()]
    ranked = sorted(tightest, key=lambda one: (-_weight(one[0]), -_use(one[0]), one[0].row))
    cells = [_cells(row, rows, money) for row, rows in ranked[:MOST_LIMITS]]
    show_table(("limit", "used", "of", "unit", "use", "binds in"), cells, numbers=(1, 2, 4, 5))
    if len(ranked) > MOST_LIMITS:
        tell(f"… and {len(ranked) - MOST_LIMITS} more that leave more room; all are in the plan's files")


def _group(row: LimitRow, periods: set[str]) -> str:
    """The limit that a row is of: all its periods, as those of a budget for each month, are one limit."""
    name, _, keys = row.row.partition("(")
    return name if keys.removesuffix(")") in periods else row.row.partition(",")[0]


def _weight(row: LimitRow) -> float:
    """What a limit is worth as a whole by its price in the relaxation: enough to rank by, not to quote."""
    return (row.price_usd or 0.0) * abs(row.limit)


def _use(row: LimitRow) -> float:
    """How far a limit is used; for a floor, how near the plan is to it."""
    used, limit = (row.limit, row.used) if row.at_least else (row.used, row.limit)
    return used / limit if limit else float(used > 0)


def _binds(row: LimitRow) -> bool:
    return row.slack <= BINDING * max(abs(row.used), abs(row.limit))


def _cells(row: LimitRow, rows: Sequence[LimitRow], money: Money) -> tuple[str, ...]:
    scale, unit = (MILLION / money.per_usd, f"M {money.code}") if row.unit == "USD" else (1.0, row.unit)
    digits = 0 if row.limit / scale >= 1000 else 2
    used, limit = (_figure(value / scale, digits) for value in (row.used, row.limit))
    return row.row, used, limit, unit, percent(_use(row)), f"{sum(map(_binds, rows))} of {len(rows)}"


def _figure(value: float, digits: int) -> str:
    """A number; what is little is never shown as nothing."""
    return amount(value) if abs(value) < SMALL else figure(value, digits)
