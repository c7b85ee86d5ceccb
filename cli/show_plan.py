"""A plan for the terminal: what to order when, what it costs, what limits it, how far to trust it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from math import fsum

import click

from cli.screen import say
from cli.tables import SMALL, amount, heading, number, percent, show_table
from optimizer.plan.format import ExpansionRow, LimitRow, OrderRow, Plan

MILLION = 1e6
BINDING = 1e-6
UNUSED = 1e-9
DUST = 1e-4
"""A smaller part of a demand is left out of the terminal's table; the plan's files have all of it."""
MOST_LIMITS = 20
MOST_WARNINGS = 8
"""On the first screen, so that the orders are on it too."""


class Money:
    """USD in the scenario's currency."""

    def __init__(self, plan: Plan) -> None:
        currency = plan.scenario["currency"]
        self.code, self.per_usd = currency["code"], float(currency["per_usd"])

    def exact(self, usd: float) -> str:
        return f"{number(usd * self.per_usd, 2)} {self.code}"

    def millions(self, usd: float) -> str:
        value = usd * self.per_usd / MILLION
        return number(value, 1 if abs(value) >= 100 else 3)


def show_plan(plan: Plan) -> None:
    """Prints a whole plan to standard output."""
    money = Money(plan)
    _show_headline(plan, money)
    _show_warnings(plan)
    _show_orders(plan, money)
    _show_decisions(plan, money)
    _show_costs(plan, money)
    _show_after_horizon(plan, money)
    _show_work(plan)
    _show_limits(plan, money)
    _show_trust(plan, money)


def _show_headline(plan: Plan, money: Money) -> None:
    scenario = plan.scenario
    horizon = f"{plan.periods[0].period} to {plan.periods[-1].period}"
    say(" · ".join(filter(None, (scenario["name"], scenario.get("buyer"), horizon))))
    close = plan.run.options.get("close_to")
    early = f"kept close to {close}" if close else "stopped early, the best plan so far"
    words = "optimal" if plan.status == "optimal" else early
    if scenario["objective"] == "maximize_value":
        click.echo(f"{words}: {money.exact(-plan.objective_usd)} present value of the work, less all costs")
    else:
        click.echo(f"{words}: {money.exact(plan.objective_usd)} present value of all costs, less residual value")
    owed = owed_words(plan, money)
    if owed is not None:
        click.echo(owed)
    saving = plan.objective_usd - plan.bound_usd
    click.echo(f"no plan can be better by more than {money.exact(saving)} (gap {percent(plan.gap)})")


def _show_warnings(plan: Plan) -> None:
    """What changes the meaning of the decision, before the decision."""
    if plan.warnings:
        heading("What to know first")
        for text in plan.warnings[:MOST_WARNINGS]:
            say(f"warning: {text}")
        if len(plan.warnings) > MOST_WARNINGS:
            click.echo(f"… and {len(plan.warnings) - MOST_WARNINGS} more warnings at the end")


def owed_words(plan: Plan, money: Money) -> str | None:
    """What of the costs is owed after the horizon, and the rent that falls due then; None where none does."""
    if not plan.rent_after_usd:
        return None
    owed = plan.costs["owed_usd"][plan.periods[-1].period] * float(plan.periods[-1].discount_mid)
    of_costs = "of the costs" if plan.scenario["objective"] == "maximize_value" else "of which"
    due = f"undiscounted rent due after it: {money.exact(plan.rent_after_usd)}"
    return f"{of_costs} {money.exact(owed)} owed after the horizon; {due}"


def _show_orders(plan: Plan, money: Money) -> None:
    heading("What to order")
    if not plan.orders:
        click.echo(f"nothing: {_why_nothing(plan)}")
        return
    columns = (
        "order in", "in service", "offer", "place", "systems", "accelerators", f"capex, M {money.code}",
        f"rent, M {money.code}",
    )  # fmt: skip
    show_table(columns, [_order_cells(order, money) for order in _by_order_date(plan.orders)], numbers=(4, 5, 6, 7))


def _why_nothing(plan: Plan) -> str:
    """What a plan without orders does with the work that is asked of it."""
    if plan.unmet:
        return "within the limits, leaving the work above undone is no dearer than doing it"
    return "what is in service is enough" if plan.work else "no work is asked for"


def _by_order_date(orders: Iterable[OrderRow]) -> list[OrderRow]:
    return sorted(orders, key=lambda o: (o.ordered, o.enters_service, o.offer, o.place))


def _order_cells(order: OrderRow, money: Money) -> tuple[str, ...]:
    return (
        "committed" if order.commitment else order.ordered,
        order.enters_service,
        order.offer,
        order.place,
        amount(order.systems),
        amount(order.accelerators),
        money.millions(order.capex_usd) if order.capex_usd else "",
        money.millions(order.rent_usd) if order.rent_usd else "",
    )


def _show_decisions(plan: Plan, money: Money) -> None:
    """What else is decided: engineering, porting, power added, systems retired, clusters."""
    rows = [
        *((e.starts, f"start engineering {e.accelerator}", f"orders from {e.ready}", e.usd) for e in plan.engineering),
        *((p.starts, f"start porting {p.demand} to {p.stack}", f"runs from {p.ready}", p.usd) for p in plan.porting),
        *((x.period, f"add {amount(x.mw)} MW at {x.site}", _on_line(plan, x), x.usd) for x in plan.expanded),
        *(
            (r.period, f"retire {amount(r.systems)} {r.system} at {r.site}", "sold", -r.resale_usd)
            for r in plan.retired
        ),
    ]
    if rows:
        heading("What else to do")
        cells = [(when, what, note, money.millions(usd)) for when, what, note, usd in sorted(rows)]
        show_table(("in", "what", "", f"cost, M {money.code}"), cells, numbers=(3,))
    if plan.clusters:
        heading("Where clusters run")
        where = [(c.demand, c.period, c.accelerator, c.place, amount(c.accelerators)) for c in plan.clusters]
        show_table(("demand", "period", "accelerator", "place", "accelerators at work"), where, numbers=(4,))


def _on_line(plan: Plan, added: ExpansionRow) -> str:
    """That power is on line, and as how many blocks where a site grows by whole ones."""
    block = plan.scenario["sites"][added.site]["expansion"].get("block_mw")
    if block is None:
        return "on line"
    blocks = round(added.mw / float(block))
    return f"on line, {blocks} block{'s' * (blocks != 1)} of {block} MW"


def _show_costs(plan: Plan, money: Money) -> None:
    heading(f"What it costs, in M {money.code}")
    mid = {row.period: float(row.discount_mid) for row in plan.periods}
    end = {row.period: float(row.discount_end) for row in plan.periods}
    rows = []
    for line, by_period in plan.costs.items():
        factor = end if line == "residual_usd" else mid
        present = fsum(usd * factor[period] for period, usd in by_period.items())
        if any(by_period.values()):
            rows.append((line.removesuffix("_usd"), money.millions(fsum(by_period.values())), money.millions(present)))
    rows.append(("total", "", money.millions(plan.objective_usd)))
    show_table(("line", "cash", "present value"), rows, numbers=(1, 2))


def _show_after_horizon(plan: Plan, money: Money) -> None:
    """Rent of terms that outlast the horizon, by the fiscal year in which it falls due."""
    if plan.after_horizon:
        heading(f"Rent due after the horizon, undiscounted, in M {money.code}")
        rows = [(row.fiscal_year, money.millions(row.rent_usd)) for row in plan.after_horizon]
        show_table(("fiscal year", "rent"), rows, numbers=(1,))


def _show_work(plan: Plan) -> None:
    """Who does the work in the last period in which there is some."""
    heading("Who does the work, in its last period")
    last: dict[str, str] = {}
    for served in (plan.work, plan.unmet):
        for row in served:
            last[row.demand] = max(row.period, last.get(row.demand, row.period))
    done: defaultdict[tuple[str, str], float] = defaultdict(float)
    for work in plan.work:
        if work.period == last[work.demand]:
            done[work.demand, work.accelerator] += work.work_per_second
    for left in plan.unmet:
        if left.period == last[left.demand]:
            done[left.demand, "left undone"] += left.per_second
    show_table(
        ("demand", "period", "accelerator", "per second", "unit", "share"),
        _work_cells(plan, last, done),
        numbers=(3, 5),
    )


def _work_cells(
    plan: Plan, last: Mapping[str, str], done: Mapping[tuple[str, str], float]
) -> Iterator[tuple[str, ...]]:
    totals: defaultdict[str, float] = defaultdict(float)
    for (demand, _), amount_done in done.items():
        totals[demand] += amount_done
    for (demand, who), amount_done in sorted(done.items(), key=lambda item: (item[0][0], -item[1])):
        if amount_done < DUST * totals[demand]:
            continue
        unit = plan.catalog["workloads"][plan.scenario["demand"][demand]["workload"]]["unit"]
        per_second = f"{amount_done:,.0f}" if amount_done >= 100 else f"{amount_done:.4g}"
        yield demand, last[demand], who, per_second, unit, percent(amount_done / totals[demand])


def _show_limits(plan: Plan, money: Money) -> None:
    """The tightest period of each limit in use; first those that a little more of would save the most."""
    heading("What limits it, each in its tightest period")
    tightest: dict[str, LimitRow] = {}
    for row in plan.limits:
        group = row.row.partition(",")[0]
        key = (_use(row), _weight(row))
        if row.used > UNUSED and (group not in tightest or key > (_use(tightest[group]), _weight(tightest[group]))):
            tightest[group] = row
    if not tightest:
        click.echo("nothing: no limit that the scenario states is touched")
        return
    ranked = sorted(tightest.values(), key=lambda row: (-_weight(row), -_use(row), row.row))
    cells = [_limit_cells(row, money) for row in ranked[:MOST_LIMITS]]
    show_table(("limit", "used", "of", "unit", "use", ""), cells, numbers=(1, 2, 4))
    if len(ranked) > MOST_LIMITS:
        click.echo(f"… and {len(ranked) - MOST_LIMITS} more that leave more room; all are in the plan's files")


def _weight(row: LimitRow) -> float:
    """What a limit is worth as a whole by its price in the relaxation: enough to rank by, not to quote."""
    return (row.price_usd or 0.0) * abs(row.limit)


def _use(row: LimitRow) -> float:
    """How far a limit is used; for a floor, how near the plan is to it."""
    used, limit = (row.limit, row.used) if row.at_least else (row.used, row.limit)
    return used / limit if limit else float(used > 0)


def _limit_cells(row: LimitRow, money: Money) -> tuple[str, ...]:
    scale, unit = (MILLION / money.per_usd, f"M {money.code}") if row.unit == "USD" else (1.0, row.unit)
    digits = 0 if row.limit / scale >= 1000 else 2
    binds = "binds" if row.slack <= BINDING * max(abs(row.used), abs(row.limit)) else ""
    used, limit = (_figure(value / scale, digits) for value in (row.used, row.limit))
    return row.row, used, limit, unit, percent(_use(row)), binds


def _figure(value: float, digits: int) -> str:
    """A number; what is little is never shown as nothing."""
    return amount(value) if abs(value) < SMALL else number(value, digits)


def _show_trust(plan: Plan, money: Money) -> None:
    heading("How far to trust it")
    audit, certified = plan.audit, plan.certified
    click.echo(
        f"audit: {'passed' if audit.ok else 'FAILED'}, {audit.checks:,} checks in exact arithmetic, largest violation "
        f"{audit.largest_violation:.2g}, cost difference {audit.cost_difference_usd:.2g} USD"
    )
    click.echo(
        f"certified without the solver: no plan costs less than {money.exact(certified.bound_usd)} "
        f"(gap {percent(certified.gap)})"
    )
    work, spend = plan.basis.work, plan.basis.spend
    click.echo(f"rests on estimates: {percent(work.estimated)} of the work, {percent(spend.estimated)} of the spend")
    click.echo(
        f"{plan.run.variables:,} variables, {plan.run.integers:,} whole; {plan.run.rows:,} rows; {plan.run.solver}"
    )
    for text in plan.warnings[MOST_WARNINGS:]:
        say(f"warning: {text}")
    for text in plan.notes:
        say(f"note: {text}")
