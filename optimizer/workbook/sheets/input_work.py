"""The part of Inputs behind Capacity, Supply and Limits: what is asked for, what does it, what can be had of that."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.facts import Facts, number
from optimizer.workbook.points import Point, points_for
from optimizer.workbook.sheets.input_finance import OURS
from optimizer.workbook.sheets.input_offers import routes_brought_up
from optimizer.workbook.writing.assumptions import assumed, scheduled
from optimizer.workbook.writing.lines import Line, Section, filled
from optimizer.workbook.writing.references import key_of

BINDING_FROM = 0.999
"""Whole systems rarely use the last unit of a limit: from this share of it on, it counts as binding."""
VALUE, DEADLINES = "value_usd_per_unit_hour", "by_deadline_unit_hours"


def unit_of(facts: Facts, demand: str) -> str:
    """The unit in which a demand's workload is counted, e.g. token/s."""
    workload = facts.scenario["demand"][demand]["workload"]
    return str(facts.catalog["workloads"].get(workload, {}).get("unit", "unit/s"))


def work_inputs(facts: Facts) -> Section:
    """Availability and bring-up, demand and deadlines, then throughput of what does work in the plan."""
    note = "A unit is that of the workload, named in the source; throughput is that of one accelerator."
    return Section("Work", note, [
        assumed(facts, "assumptions/availability", "Availability of systems in service", "share", "share",
                name="availability"),
        *(assumed(facts, f"assumptions/bring_up_months/{route}", f"Bring-up, {route}", "months", "count",
                  key=key_of("bring-up", route))
          for route in routes_brought_up(facts)),
        *(_demand(facts, name, source=f"scenario: per_second, {unit_of(facts, name)}")
          for name in facts.asked_for if name not in facts.valued),
        *(_deadline(facts, name) for name in facts.with_deadlines),
        *(line for point in _points(facts) for line in _throughput(facts, point)),
    ])  # fmt: skip


def _points(facts: Facts) -> list[Point]:
    """The points that count for some work of the plan, an accelerator's together."""
    found = {
        point.id: point
        for demand, system in {(row.demand, row.system): None for row in facts.plan.work}
        for point in points_for(facts, demand, system)
    }
    return sorted(found.values(), key=lambda point: (point.accelerator, point.workload, point.number or 0))


def _throughput(facts: Facts, point: Point) -> Iterator[Line]:
    """A rate and, where it begins in the horizon, whether it holds in a period, as a factor."""
    yield scheduled(facts, f"{point.path}/rate", f"Throughput, {point.label}", "units/s/accelerator",
                    item=point.accelerator, key=key_of("throughput", point))  # fmt: skip
    if point.begins_in(facts):
        yield Line(
            f"Throughput in force, {point.label}", "switch", point.accelerator, source="catalogue: from", rule="switch",
            periods=[float(holds) for holds in point.holds(facts)], key=key_of("throughput in force", point),
        )  # fmt: skip


def value_inputs(facts: Facts) -> Iterator[Section]:
    """What is asked for and what it is worth, where value is maximised."""
    note = "Of what is served: the demand less what is left unmet."
    fits = "Of what is served: the demand less what is left unmet; without a demand, all work done."
    yield from filled("Value of work", fits if facts.as_much_as_fits else note, [
        line
        for name in facts.valued
        for line in (
            *([_demand(facts, name, source="scenario: per_second")] if name in facts.asked_for else []),
            scheduled(facts, f"demand/{name}/{VALUE}", "Value of work", "USD/unit-hour", item=name,
                      key=key_of("value", name)),
        )
    ])  # fmt: skip


def _demand(facts: Facts, name: str, source: str) -> Line:
    """Work asked for per second; where value is maximised it stands with its value."""
    return scheduled(facts, f"demand/{name}/per_second", "Demand", "units/s", before=0.0, item=name, source=source,
                     key=key_of("demand", name))  # fmt: skip


def _deadline(facts: Facts, name: str) -> Line:
    """Work to be done by the end of a period, from the start of the horizon."""
    due = {key: number(value) for key, value in facts.scenario["demand"][name][DEADLINES].items()}
    return Line(
        "Work due by the end of the period", "unit-hours", name, periods=facts.by_period(due),
        source=f"scenario: {DEADLINES}, {unit_of(facts, name)} × h", key=key_of("deadline", name),
    )  # fmt: skip


def supply_inputs(facts: Facts) -> Section:
    """Supply of what the scenario limits and of offers that are ordered; from when on a limit counts as binding."""
    note = "Supply is the most that may enter service in a month of the period."
    return Section("Supply and limits", note, [
        Line("Share of a limit from which it binds", "share", constant=BINDING_FROM, source=OURS, name="binding_from"),
        *(scheduled(facts, f"supply_per_month/{each}", "Supply", "accelerators/month", before=0.0, item=each,
                    key=key_of("supply per month", "accelerator", each))
          for each in limited_accelerators(facts)),
        *(scheduled(facts, f"catalog/offers/{each}/supply_systems_per_month", "Supply of the offer", "systems/month",
                    before=0.0, item=each, key=key_of("supply per month", "offer", each))
          for each in limited_offers(facts)),
        *(line for pool in limited_pools(facts) for line in _pool(facts, pool)),
    ])  # fmt: skip


def limited_accelerators(facts: Facts) -> list[str]:
    return sorted(facts.scenario.get("supply_per_month", {}))


def limited_offers(facts: Facts) -> list[str]:
    """Offers that are ordered and can supply only so many systems."""
    ordered = dict.fromkeys(group.offer for group in facts.groups if not group.committed)
    return [offer for offer in ordered if facts.catalog["offers"][offer].get("supply_systems_per_month") is not None]


def limited_pools(facts: Facts) -> list[str]:
    return sorted(facts.scenario.get("pools_per_month", {}))


def draws_on(facts: Facts, pool: str) -> list[str]:
    """The accelerators that draw on a pool, of those that are delivered to us."""
    delivered = sorted({group.accelerator for group in facts.delivered})
    return [each for each in delivered if facts.catalog["accelerators"][each].get("draws", {}).get(pool)]


def _pool(facts: Facts, pool: str) -> Iterator[Line]:
    """A pool as our share of a forecast of the whole market, or all of an amount of our own; then what draws on it."""
    rule = facts.scenario["pools_per_month"][pool]
    forecast = isinstance(rule, dict) and "forecast" in rule
    schedule = facts.catalog["pools"][pool]["forecasts"][rule["forecast"]] if forecast else rule
    yield Line(
        "Share of the pool", "share", pool, constant=number(rule["share"]) if forecast else 1.0, rule="share",
        source="scenario: pools_per_month share" if forecast else "all of the amount below is ours",
        keys=(f"pools_per_month/{pool}/share",) if forecast else (), key=key_of("share of the pool", pool),
    )  # fmt: skip
    yield Line(
        "Supply of the pool", "pool units/month", pool, rule="amount",
        periods=facts.over_periods("pools_per_month", schedule, 0.0),
        source=f"forecast {rule['forecast']}, whole market" if forecast else "scenario: pools_per_month",
        keys=() if forecast else (f"pools_per_month/{pool}",), key=key_of("supply per month", "pool", pool),
    )  # fmt: skip
    for each in draws_on(facts, pool):
        yield assumed(facts, f"catalog/accelerators/{each}/draws/{pool}", f"Draw on {pool}", "pool units/accelerator",
                      item=each, key=key_of("draw on a pool", pool, each))  # fmt: skip
