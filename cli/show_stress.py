"""What happens to a plan in futures that are drawn, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.money import Money, tell_mean_rate
from cli.tables import figure, heading, number, percent, show_table, tell

if TYPE_CHECKING:
    from optimizer.plan.format import Plan
    from optimizer.uncertainty.distribution import Breaks, Spread, StressResult

MILLION = 1e6


def show_stress(result: StressResult, plan: Plan) -> None:
    """Prints all of it."""
    money = Money(plan)
    tell_mean_rate(money.rates)
    rate = money.per_usd / MILLION
    heading(f"{plan.scenario['name']} in {result.samples} futures")
    rows = [
        (f"cost, M {money.code}", *_cells(result.cost_usd, rate, 3), ""),
        ("work left undone, % of a demand", *_cells(result.unmet_share, 100, 2), _often(result.unmet_share)),
        (f"beyond budgets, M {money.code}", *_cells(result.over_budget_usd, rate, 3), _often(result.over_budget_usd)),
        ("unpowered, kW", *_cells(result.unpowered_kw, 1, 0), _often(result.unpowered_kw)),
        ("systems after the horizon", *_cells(result.late_systems, 1, 1), _often(result.late_systems)),
    ]
    show_table(("", "mean", "5 %", "50 %", "95 %", "worst tenth", "how often"), rows, range(1, 7))
    mean, tail = result.cost_usd.mean, result.cost_usd.cvar90
    tell(f"with 95 % confidence the mean cost is {figure(mean.least * rate, 3)} to {figure(mean.most * rate, 3)}, that "
         f"of the worst tenth {figure(tail.least * rate, 3)} to {figure(tail.most * rate, 3)} M {money.code}; as "
         f"planned it is {figure(result.plan_usd * rate, 3)}")  # fmt: skip
    _show_drivers(result, rate, money.code)
    if result.break_points:
        heading("How far each change alone may go")
        for point in result.break_points:
            tell(_said(point))


def _cells(spread: Spread, times: float, digits: int) -> tuple[str, ...]:
    estimates = (spread.mean, spread.p5, spread.p50, spread.p95, spread.cvar90)
    return tuple(number(each.estimate * times, digits) for each in estimates)


def _often(spread: Spread) -> str:
    return percent(spread.above_zero)


def _show_drivers(result: StressResult, rate: float, code: str) -> None:
    heading(f"What drives cost, in M {code}")
    rows = [
        (d.draw, f"{d.rank_correlation:+.2f}", figure(d.lowest_usd * rate, 3), figure(d.highest_usd * rate, 3))
        for d in result.drivers
    ]
    show_table(("draw", "rank correlation", "in its lowest fifth", "in its highest fifth"), rows, (1, 2, 3))


def _said(point: Breaks) -> str:
    """A break point in words; both of its figures are confirmed by a solve."""
    unit = "months" if point.change.endswith("delay") else "times"
    of = f"{point.draw} ({point.change})"
    if point.fails is None:
        return f"{of}: holds as far as was looked, {point.holds:g} {unit}"
    return f"{of}: holds at {point.holds:g} {unit}, fails at {point.fails:g}: {point.breaks}"
