"""Requests in boxes, for hand-worked plans: a demand of so many boxes, a chip with one box, prices and cash flows.

One box of 8 chips does 3,200 of work, so demands are given in boxes. Unless a case is about them, nothing is
discounted, electricity is free and nothing is left of a price. A box on demand at 1 USD an hour for each chip
costs 8 · 2,190 = 17,520 USD a quarter.
"""

from __future__ import annotations

from typing import Any

from builders import Tree, accelerator, rates, scenario, site, system

from optimizer.plan.format import Plan

BOX = 3200
HOURS = 2190
QUARTER_BOX = 17520
PLAIN: Tree = {"discount_rate": 0, "residual": "none"}
QUARTERS = ("2025q1", "2025q2", "2025q3", "2025q4", "2026q1", "2026q2")
ALL_UNITS = {"kind": "all_units", "steps": [{"from_systems": 10, "factor": "0.79"}]}


def quarters(count: int) -> Tree:
    return {"start": "2025q1", "periods": count}


def boxes(count: Any, **more: Any) -> Tree:
    """A demand of so many boxes: a number, or one for each quarter."""
    if isinstance(count, list):
        steps = {QUARTERS[i]: n * BOX for i, n in enumerate(count)}
        return {"workload": "training", "per_second": steps, **more}
    return {"workload": "training", "per_second": count * BOX, **more}


def asked(count: int = 1, **parts: Any) -> Tree:
    """A scenario of so many quarters in which only what a case is about costs anything."""
    base: Tree = {
        "horizon": quarters(count), "finance": PLAIN, "sites": {"oslo": site(electricity_usd_per_mwh=0)},
        "demand": {"train": boxes(1)},
    }  # fmt: skip
    return scenario(**{**base, **parts})


def chip(name: str, offers: Tree, rate: int = 400, **facts: Any) -> Tree:
    """An accelerator with one box; offers are named after it."""
    named = {f"{name}.{key}": {"system": f"{name}_box", **offer} for key, offer in offers.items()}
    return accelerator(name, {f"{name}_box": system()}, named, rates(training=rate), **facts)


def buy(price_usd: Any, **terms: Any) -> Tree:
    return {"route": "purchase", "price_usd": price_usd, **terms}


def rent(usd: Any, **terms: Any) -> Tree:
    return {"route": "on_demand", "host": "cloud", "usd_per_accelerator_hour": usd, **terms}


def bought(made: Plan) -> dict[tuple[str, str], float]:
    """Systems by offer and the period in which they enter service, commitments apart."""
    found: dict[tuple[str, str], float] = {}
    for order in made.orders:
        if not order.commitment:
            key = (order.offer, order.enters_service)
            found[key] = found.get(key, 0) + order.systems
    return found


def total(made: Plan, line: str) -> float:
    return sum(made.costs[line].values())


def flows(made: Plan, line: str) -> list[float]:
    return [made.costs[line][row.period] for row in made.periods]
