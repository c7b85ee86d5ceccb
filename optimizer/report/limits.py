"""Power of each site against its limit, and the limits that a little more of would save the most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import fsum

from optimizer.formulation.register import LIMIT
from optimizer.plan.format import LimitRow, SiteRow
from optimizer.report.charts import Chart, drawn
from optimizer.report.elements import Cell, Html, Number, element, joined, table
from optimizer.report.subject import Subject, figure, percent

MOST_LIMITS = 12
BINDING, UNUSED = 1e-6, 1e-9


def power(on: Subject) -> Html:
    """A drawing and a table for each site."""
    return joined(_site(on, number, site) for number, site in enumerate(sorted({row.site for row in on.plan.sites})))


def _site(on: Subject, number: int, site: str) -> Html:
    rows = {row.period: row for row in on.plan.sites if row.site == site}
    here = [rows[key] for key in on.periods if key in rows]
    title = f"{on.say('Power at the meter')}: {site}"
    chart = Chart(
        f"power-{number + 1}", title,
        on.say("Bars of the power used in each period, under a line of its limit; the table below has the figures."),
        "MW", [row.period for row in here], {on.say("Used"): [row.power_used_mw for row in here]},
        (on.say("Limit"), [row.power_limit_mw for row in here]),
    )  # fmt: skip
    columns = [on.say("Period"), f"{on.say('Used')}, MW", f"{on.say('Limit')}, MW", on.say("Share used")]
    return joined([drawn(chart), table(title, columns, map(_power, here))])


def _power(row: SiteRow) -> Sequence[Cell]:
    share = row.power_used_mw / row.power_limit_mw if row.power_limit_mw else 0.0
    return row.period, figure(row.power_used_mw, 3), figure(row.power_limit_mw, 3), percent(share)


def limits(on: Subject) -> Html:
    """Each limit in its tightest period, those first that are worth most by their price in the relaxation."""
    groups: defaultdict[tuple[str, str], list[LimitRow]] = defaultdict(list)
    for row in on.plan.limits:
        if row.used > UNUSED:
            groups[_limit_of(on, row)].append(row)
    if not groups:
        return element("p", on.say("No limit that the scenario states is touched."))
    tightest = [(key, max(rows, key=lambda row: (_use(row), _weight(row))), rows) for key, rows in groups.items()]
    ranked = sorted(tightest, key=lambda one: (-_weight(one[1]), -_use(one[1]), one[1].row))[:MOST_LIMITS]
    columns = on.all(["Limit", "Of", "Tightest in", "Used", "Limit of it", "Unit", "Share used", "1 % more saves"])
    note = on.say(
        "Each limit in its tightest period. What 1 % more of it would save is reckoned from its price in the "
        "relaxation: a screen, not a promise; chipmix explain solves for it."
    )
    rows = [_cells(on, *one) for one in ranked]
    return joined([element("p", note), table(on.say("Limits worth most"), columns, rows)])


def _limit_of(on: Subject, row: LimitRow) -> tuple[str, str]:
    """The constraint and what has it, without the period."""
    name, _, keys = row.row.partition("(")
    parts = [part for part in keys.removesuffix(")").split(",") if part not in on.periods]
    return name, ", ".join(parts)


def _cells(on: Subject, key: tuple[str, str], row: LimitRow, rows: Sequence[LimitRow]) -> Sequence[Cell]:
    name, of = key
    periods = [part for part in row.row.partition("(")[2].removesuffix(")").split(",") if part in on.periods]
    in_usd = row.unit == "USD"
    used, limit = (on.at_mean(x) if in_usd else x for x in (row.used, row.limit))
    saves = fsum(_weight(each) for each in rows) / 100
    worth = Number(f"{on.money(on.at_mean(saves))} {on.unit}") if saves > 1 else Number("–")
    return (
        on.say(LIMIT[name].on_sheet), of, ", ".join(periods), figure(used, 2), figure(limit, 2),
        on.unit if in_usd else on.say(row.unit), percent(_use(row)), worth,
    )  # fmt: skip


def _weight(row: LimitRow) -> float:
    return (row.price_usd or 0.0) * abs(row.limit)


def _use(row: LimitRow) -> float:
    used, limit = (row.limit, row.used) if row.at_least else (row.used, row.limit)
    return used / limit if limit else float(used > 0)
