"""The farmer's problem (Birge and Louveaux, 1997) as accelerators: fields are bought, what is missing is rented.

500 acres of land are racks; an acre of wheat, corn or beets costs 150, 230 or 260 and yields 2.5, 3 or 20 t. 200 t of
wheat and 240 t of corn are needed, which cost 238 and 210 to buy; wheat and corn sell at 170 and 150, beets at 36 up to
6,000 t and at 10 beyond. Yields are 0.8, 1 or 1.2 times that, each as likely.

What is sold is what a large market need not buy elsewhere at the price of selling, so profit is what the market pays
if it buys all of it elsewhere, less the cost of the plan. A yield y times as large is a demand 1/y times as large at y
times the rent: y · 2.5 · x + bought ≥ 200 is 2.5 · x + bought / y ≥ 200 / y. Money is in thousands.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from builders import Tree, accelerator, catalog, rates, scenario, site, system

HOURS = 8760
USD = 1000
MARKET_T = 100_000
PLANTED = {"wheat": (150, "2.5"), "corn": (230, 3), "beets": (260, 20)}
BOUGHT = {
    "wheat_feed": ("wheat", 200, 238),
    "wheat_market": ("wheat", MARKET_T, 170),
    "corn_feed": ("corn", 240, 210),
    "corn_market": ("corn", MARKET_T, 150),
    "beets_quota": ("beets", 6000, 36),
    "beets_market": ("beets", MARKET_T, 10),
}
"""What is needed or sold: the crop, tonnes, and what a tonne costs elsewhere."""
MARKET_USD = USD * sum(t * usd for name, (_, t, usd) in BOUGHT.items() if not name.endswith("feed"))
YIELDS = {"bad": Fraction(4, 5), "average": Fraction(1), "good": Fraction(6, 5)}


def _field(crop: str) -> Tree:
    usd, t = PLANTED[crop]
    work = {name: t for name, (of, _, _) in BOUGHT.items() if of == crop}
    offers = {f"{crop}.buy": {"system": crop, "route": "purchase", "price_usd": usd * USD, "lead_time_months": 12,
                              "divisible": "true"}}  # fmt: skip
    facts = {crop: system(accelerators=1, provisioned_kw=1, average_kw=1)}
    return accelerator(f"{crop}_field", facts, offers, rates(**work))


def _elsewhere(name: str) -> Tree:
    """A system that gives 8,760 t a year, at the price of a tonne an hour."""
    _, _, usd = BOUGHT[name]
    offer = {"system": name, "route": "on_demand", "host": "elsewhere", "usd_per_accelerator_hour": usd * USD,
             "divisible": "true"}  # fmt: skip
    facts = {name: system(accelerators=1, provisioned_kw=1, average_kw=1)}
    return accelerator(f"{name}_trader", facts, {f"{name}.rent": offer}, rates(**{name: HOURS}))


def _decimal(value: Fraction) -> str:
    return f"{float(value):.17g}" if value.denominator & (value.denominator - 1) else str(float(value))


def farm() -> tuple[Tree, dict[str, Tree]]:
    """The scenario and the catalogue; fields are bought in 2025, and harvested in 2026."""
    workloads = {name: {"unit": "t", "phase": "training", "describes": name} for name in BOUGHT}
    known = catalog(*map(_field, PLANTED), *map(_elsewhere, BOUGHT), workloads=workloads)
    futures: list[dict[str, Any]] = [{"name": "average", "probability": "0.3333333"}]
    for name in ("bad", "good"):
        y = YIELDS[name]
        futures.append({"name": name, "probability": "0.3333333", "demand": {"factor": _decimal(1 / y)},
                        "rent": {"factor": _decimal(y)}})  # fmt: skip
    asked = scenario(
        horizon={"start": 2025, "periods": 2},
        finance={"discount_rate": 0, "residual": "none"},
        sites={"farm": site(power_mw=1000, racks=500, pue=1, electricity_usd_per_mwh=0)},
        demand={name: {"workload": name, "per_second": {2026: t}} for name, (_, t, _) in BOUGHT.items()},
        futures=futures,
        uncertainty={"decide_by": 2025},
    )
    return asked, known
