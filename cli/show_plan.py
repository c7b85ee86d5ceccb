"""A plan for the terminal: what to order when, what it costs, what limits it, how far to trust it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import fsum

import click

from cli.money import Money, tell_rates
from cli.results import is_optimal
from cli.show_limits import show_limits
from cli.show_orders import show_orders
from cli.spans import spans
from cli.tables import amount, heading, percent, show_table, tell
from optimizer.plan.compare import present
from optimizer.plan.currency import objective_flows, present_flows
from optimizer.plan.format import ExpansionRow, FrameRow, Plan

COST, VALUE = "all costs, less residual value", "the work, less all costs"
DUST = 1e-4
"""A smaller part of a demand is left out of the terminal's table; the plan's files have all of it."""
MOST_WARNINGS = 8
"""On the first screen, so that the orders are on it too."""


def show_plan(plan: Plan) -> None:
    """Prints a whole plan to standard output."""
    money = Money(plan)
    _show_headline(plan, money)
    _show_warnings(plan)
    _show_orders(plan, money)
    _show_frames(plan, money)
    _show_decisions(plan, money)
    _show_costs(plan, money)
    _show_after_horizon(plan, money)
    _show_work(plan)
    show_limits(plan, money)
    _show_trust(plan, money)


def _show_headline(plan: Plan, money: Money) -> None:
    scenario = plan.scenario
    horizon = f"{plan.periods[0].period} to {plan.periods[-1].period}"
    tell(" · ".join(filter(None, (scenario["name"], scenario.get("buyer"), horizon))))
    value = scenario["objective"] == "maximize_value"
    what = VALUE if value else COST
    usd = money.as_paid(plan.objective_usd, objective_flows(plan)) * (-1 if value else 1)
    tell(f"{_how_good(plan, money)}: {money.exact(usd)} present value of {what}, {tax_words(plan)}")
    owed = owed_words(plan, money)
    if owed is not None:
        tell(owed)
    saving = plan.objective_usd - plan.bound_usd
    tell(f"no plan can be better by more than {money.exact(saving)}{_gap(plan.gap)}")
    tell(basis_words(plan))
    tell_rates(money.rates)


def _how_good(plan: Plan, money: Money) -> str:
    """What is proved of a plan, and where that is less than what was asked for, why."""
    if is_optimal(plan.status, float(plan.run.options.get("gap") or 0.0)):
        return "optimal"
    if plan.status == "optimal":
        return f"{_within(plan, money)}, as the gap asked for allows"
    close = plan.run.options.get("close_to")
    why = f"kept close to {close}" if close else "stopped early, the best plan so far"
    return f"{_within(plan, money)}, {why}"


def _within(plan: Plan, money: Money) -> str:
    """How near to the best a plan is; a cost of hardly anything has no parts worth telling."""
    left = percent(plan.gap) if plan.gap < 1 else money.exact(plan.objective_usd - plan.bound_usd)
    return f"within {left} of the best"


def _gap(gap: float) -> str:
    return f" (gap {percent(gap)})" if gap < 1 else ""


def _show_warnings(plan: Plan) -> None:
    """What changes the meaning of the decision, before the decision."""
    if plan.warnings:
        heading("What to know first")
        for text in plan.warnings[:MOST_WARNINGS]:
            tell(f"warning: {text}")
        if len(plan.warnings) > MOST_WARNINGS:
            click.echo(f"… and {len(plan.warnings) - MOST_WARNINGS} more warnings at the end")


def tax_words(plan: Plan) -> str:
    """Whether money is before or after tax, and what stands behind the latter."""
    tax = plan.scenario["finance"].get("tax")
    if tax is None:
        return "before tax"
    return f"after tax at {percent(float(tax['rate']))} ({tax['depreciation']}; a loss is used as it arises)"


def owed_words(plan: Plan, money: Money) -> str | None:
    """What of the costs is owed after the horizon, and the rent that falls due then; None where none does."""
    if not plan.rent_after_usd:
        return None
    last = plan.periods[-1]
    owed = plan.costs["owed_usd"][last.period] * float(last.discount_mid)
    owed, after = (money.as_paid(usd, {last.period: usd}) for usd in (owed, plan.rent_after_usd))
    of_costs = "of the costs" if plan.scenario["objective"] == "maximize_value" else "of which"
    due = f"undiscounted rent due after it: {money.exact(after)}"
    return f"{of_costs} {money.exact(owed)} owed after the horizon; {due}"


def _show_orders(plan: Plan, money: Money) -> None:
    heading("What to order")
    if not plan.orders:
        click.echo(f"nothing: {_why_nothing(plan)}")
        return
    show_orders(plan, money)


def _why_nothing(plan: Plan) -> str:
    """What a plan without orders does with the work that is asked of it."""
    if plan.unmet:
        return "within the limits, leaving the work above undone is no dearer than doing it"
    return "what is in service is enough" if plan.work else "no work is asked for"


def _show_frames(plan: Plan, money: Money) -> None:
    """Which frame agreements are signed, and what is spent under them against what they promise."""
    if plan.frames:
        heading(f"Frame agreements, in M {money.code}")
        columns = ("frame", "", "promised", "spent", "missing", "paid in")
        show_table(columns, (_frame_cells(plan, row, money) for row in plan.frames), numbers=(2, 3, 4))


def _frame_cells(plan: Plan, row: FrameRow, money: Money) -> tuple[str, ...]:
    if not row.signed:
        return row.frame, "do not sign", money.millions(row.promised_usd), "", "", ""
    what = "signed already" if plan.scenario["frames"][row.frame]["signed"] == "true" else "sign"
    missing = money.as_paid(row.shortfall_usd, {row.due: row.shortfall_usd})
    amounts = map(money.millions, (row.promised_usd, row.spent_usd, missing))
    return row.frame, what, *amounts, row.due if row.shortfall_usd else ""


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
        cells = [
            (when, what, note, money.millions(money.as_paid(usd, {when: usd})))
            for when, what, note, usd in sorted(rows)
        ]
        show_table(("in", "what", "", f"cost, M {money.code}"), cells, numbers=(3,))
    if plan.clusters:
        heading("Where clusters run")
        columns = ("demand", "from", "until", "accelerator", "place", "accelerators at work")
        show_table(columns, _cluster_spans(plan), numbers=(5,))


def _cluster_spans(plan: Plan) -> Iterator[tuple[str, ...]]:
    """Where clusters run, periods one after the other as one line."""
    periods = [row.period for row in plan.periods]
    runs = spans(
        sorted(plan.clusters, key=lambda row: (row.demand, periods.index(row.period))), periods,
        same=lambda row: (row.demand, row.accelerator, row.place, row.accelerators),
        ends=lambda row: (row.period, row.period),
    )  # fmt: skip
    for first, *rest in runs:
        last = rest[-1] if rest else first
        yield (
            first.demand, first.period, last.period, first.accelerator, first.place, amount(first.accelerators),
        )  # fmt: skip


def _on_line(plan: Plan, added: ExpansionRow) -> str:
    """That power is on line, and as how many blocks where a site grows by whole ones."""
    block = plan.scenario["sites"][added.site]["expansion"].get("block_mw")
    if block is None:
        return "on line"
    blocks = round(added.mw / float(block))
    return f"on line, {blocks} block{'s' * (blocks != 1)} of {block} MW"


def _show_costs(plan: Plan, money: Money) -> None:
    heading(f"What it costs, in M {money.code}")
    rows, values = [], present(plan)
    for line, by_period in plan.costs.items():
        if any(by_period.values()):
            cash = money.as_paid(fsum(by_period.values()), by_period)
            value = money.as_paid(values[line], present_flows(plan, line))
            rows.append((line.removesuffix("_usd"), money.millions(cash), money.millions(value)))
    rows.append(("total", "", money.millions(money.as_paid(plan.objective_usd, objective_flows(plan)))))
    show_table(("line", "cash", "present value"), rows, numbers=(1, 2))


def _show_after_horizon(plan: Plan, money: Money) -> None:
    """Rent of terms that outlast the horizon, by the fiscal year in which it falls due."""
    if plan.after_horizon:
        heading(f"Rent due after the horizon, undiscounted, in M {money.code}")
        last = plan.periods[-1].period
        due = ((row.fiscal_year, money.as_paid(row.rent_usd, {last: row.rent_usd})) for row in plan.after_horizon)
        rows = [(year, money.millions(usd)) for year, usd in due]
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


def basis_words(plan: Plan) -> str:
    """How much rests on estimates, those counted that nobody cites, and how much on own quotes."""
    work, spend = plan.basis.work, plan.basis.spend
    kinds = {"unsourced": "of it unsourced", "quoted": "on own quotes"}
    more = [
        f"{words} {percent(getattr(work, kind))} and {percent(getattr(spend, kind))}"
        for kind, words in kinds.items()
        if getattr(work, kind) or getattr(spend, kind)
    ]
    first = f"rests on estimates: {percent(work.uncertain)} of the work, {percent(spend.uncertain)} of the spend"
    return "; ".join((first, *more))


def _show_trust(plan: Plan, money: Money) -> None:
    heading("How far to trust it")
    audit, certified = plan.audit, plan.certified
    tell(
        f"audit: {'passed' if audit.ok else 'FAILED'}, {audit.checks:,} checks in exact arithmetic, largest violation "
        f"{audit.largest_violation:.2g}, cost difference {audit.cost_difference_usd:.2g} USD"
    )
    value = plan.scenario["objective"] == "maximize_value"
    shift = money.as_paid(plan.objective_usd, objective_flows(plan)) - plan.objective_usd
    bound = certified.bound_usd + shift if shift else certified.bound_usd
    most, least = f"is worth more than {money.exact(-bound)}", f"costs less than {money.exact(bound)}"
    tell(f"certified without the solver: no plan {most if value else least}{_gap(certified.gap)}")
    tell(f"{plan.run.variables:,} variables, {plan.run.integers:,} whole; {plan.run.rows:,} rows; {plan.run.solver}")
    for text in plan.warnings[MOST_WARNINGS:]:
        tell(f"warning: {text}")
    for text in plan.notes:
        tell(f"note: {text}")
