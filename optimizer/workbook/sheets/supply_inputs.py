"""The part of Inputs behind Supply and Limits: what can be had of accelerators, offers and pools in a month."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.facts import Facts, number
from optimizer.workbook.writing.citations import cited
from optimizer.workbook.writing.lines import Line, Section
from optimizer.workbook.writing.references import key_of

OURS = "chipmix: definition"
BINDING_FROM = 0.999
"""Whole systems rarely use the last unit of a limit: from this share of it on, it counts as binding."""


def supply_inputs(facts: Facts) -> Section:
    """Supply of what the scenario limits and of offers that are ordered; from when on a limit counts as binding."""
    binds = Line("Share of a limit from which it binds", "share", constant=BINDING_FROM, source=OURS,
                 name="binding_from")  # fmt: skip
    lines = [
        binds,
        *(_accelerator(facts, each) for each in limited_accelerators(facts)),
        *(_offer(facts, each) for each in limited_offers(facts)),
        *(line for pool in limited_pools(facts) for line in _pool(facts, pool)),
    ]
    return Section("Supply and limits", "Supply is the most that may enter service in a month of the period.", lines)


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
    return [each for each in delivered if _draw(facts, pool, each) is not None]


def _draw(facts: Facts, pool: str, accelerator: str) -> str | None:
    draw: str | None = facts.catalog["accelerators"][accelerator].get("draws", {}).get(pool)
    return draw


def _accelerator(facts: Facts, accelerator: str) -> Line:
    schedule = facts.scenario["supply_per_month"][accelerator]
    return Line(
        "Supply", "accelerators/month", accelerator, source="scenario: supply_per_month", rule="amount",
        keys=(f"supply_per_month/{accelerator}",), key=key_of("supply per month", "accelerator", accelerator),
        periods=facts.over_periods("supply_per_month", schedule, 0.0),
    )  # fmt: skip


def _offer(facts: Facts, offer: str) -> Line:
    name = "supply_systems_per_month"
    return Line(
        "Supply of the offer", "systems/month", offer, rule="amount", keys=(f"catalog/offers/{offer}/{name}",),
        key=key_of("supply per month", "offer", offer),
        periods=facts.over_periods(name, facts.catalog["offers"][offer][name], 0.0), **cited(facts, offer, name),
    )  # fmt: skip


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
    for accelerator in draws_on(facts, pool):
        yield Line(
            f"Draw on {pool}", "pool units/accelerator", accelerator, rule="amount",
            constant=number(_draw(facts, pool, accelerator)), key=key_of("draw on a pool", pool, accelerator),
            keys=(f"catalog/accelerators/{accelerator}/draws/{pool}",), **cited(facts, accelerator, "draws"),
        )  # fmt: skip
