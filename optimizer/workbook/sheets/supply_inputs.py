"""The part of Inputs behind Supply and Limits: what can be had of accelerators, offers and pools in a month."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from optimizer.workbook.facts import Facts, number
from optimizer.workbook.writing.citations import of_catalog
from optimizer.workbook.writing.lines import Line
from optimizer.workbook.writing.references import Row
from optimizer.workbook.writing.table import Table

OURS = "chipmix: definition"
BINDING_FROM = 0.999
"""Whole systems rarely use the last unit of a limit: from this share of it on, it counts as binding."""


@dataclass(frozen=True)
class PoolInputs:
    """Of a pool: our share (constant), the amount a month by period, and draws by accelerator (constants)."""

    share: Row
    monthly: Row
    draws: dict[str, Row]


@dataclass(frozen=True)
class SupplyInputs:
    """Most in a month by period, of accelerators, of offers and of pools."""

    accelerators: dict[str, Row]
    offers: dict[str, Row]
    pools: dict[str, PoolInputs]


def write_supply_inputs(table: Table) -> SupplyInputs:
    """Supply of what the scenario limits and of offers that are ordered; from when on a limit counts as binding."""
    table.heading("Supply and limits", "Supply is the most that may enter service in a month of the period.")
    table.line(
        Line("Share of a limit from which it binds", "share", constant=BINDING_FROM, source=OURS, name="binding_from")
    )  # fmt: skip
    return SupplyInputs(_accelerators(table), _offers(table), _pools(table))


def _accelerators(table: Table) -> dict[str, Row]:
    facts = table.book.facts
    rows = {}
    for accelerator, schedule in sorted(facts.scenario.get("supply_per_month", {}).items()):
        line = Line(
            "Supply", "accelerators/month", accelerator, source="scenario: supply_per_month", rule="amount",
            keys=(f"supply_per_month/{accelerator}",),
        )  # fmt: skip
        supply = facts.over_periods("supply_per_month", schedule, 0.0)
        rows[accelerator] = table.line(replace(line, periods=supply))
    return rows


def _offers(table: Table) -> dict[str, Row]:
    facts = table.book.facts
    rows = {}
    for offer in dict.fromkeys(group.offer for group in facts.groups if not group.committed):
        schedule = facts.catalog["offers"][offer].get("supply_systems_per_month")
        if schedule is not None:
            key = f"catalog/offers/{offer}/supply_systems_per_month"
            line = Line("Supply of the offer", "systems/month", offer, rule="amount", keys=(key,))
            line = of_catalog(facts, offer, "supply_systems_per_month", line)
            supply = facts.over_periods("supply_systems_per_month", schedule, 0.0)
            rows[offer] = table.line(replace(line, periods=supply))
    return rows


def _pools(table: Table) -> dict[str, PoolInputs]:
    pools = sorted(table.book.facts.scenario.get("pools_per_month", {}).items())
    return {pool: _pool(table, pool, rule) for pool, rule in pools}


def _pool(table: Table, pool: str, rule: Any) -> PoolInputs:
    """A pool as our share of a forecast of the whole market, or all of an amount of our own."""
    facts = table.book.facts
    forecast = isinstance(rule, dict) and "forecast" in rule
    schedule = facts.catalog["pools"][pool]["forecasts"][rule["forecast"]] if forecast else rule
    share = Line(
        "Share of the pool", "share", pool, constant=number(rule["share"]) if forecast else 1.0, rule="share",
        source="scenario: pools_per_month share" if forecast else "all of the amount below is ours",
        keys=(f"pools_per_month/{pool}/share",) if forecast else (),
    )  # fmt: skip
    monthly = Line(
        "Supply of the pool", "pool units/month", pool, rule="amount",
        periods=facts.over_periods("pools_per_month", schedule, 0.0),
        source=f"forecast {rule['forecast']}, whole market" if forecast else "scenario: pools_per_month",
        keys=() if forecast else (f"pools_per_month/{pool}",),
    )  # fmt: skip
    return PoolInputs(table.line(share), table.line(monthly), _draws(table, facts, pool))


def _draws(table: Table, facts: Facts, pool: str) -> dict[str, Row]:
    """What an accelerator draws on the pool, of those that are delivered to us."""
    rows = {}
    for accelerator in sorted({group.accelerator for group in facts.delivered}):
        draw = facts.catalog["accelerators"][accelerator].get("draws", {}).get(pool)
        if draw is not None:
            key = f"catalog/accelerators/{accelerator}/draws/{pool}"
            line = Line(f"Draw on {pool}", "pool units/accelerator", accelerator, constant=number(draw), rule="amount")
            rows[accelerator] = table.line(of_catalog(facts, accelerator, "draws", replace(line, keys=(key,))))
    return rows
