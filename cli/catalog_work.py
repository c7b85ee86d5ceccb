"""`chipmix catalog list --workload`: what a unit of work costs on each offer, as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cli.tables import number, show_table, tell

if TYPE_CHECKING:
    from catalogs.cost_of_work import CostOfWork
    from catalogs.schema import Catalog

SORTS: Mapping[str, Callable[[CostOfWork], Any]] = {
    "usd_per_unit": lambda cost: cost.usd_per_unit,
    "rate": lambda cost: -cost.rate,
    "price_usd": lambda cost: (cost.price_usd is None, cost.price_usd),
    "usd_per_accelerator_hour": lambda cost: (cost.rent_usd is None, cost.rent_usd),
    "offer": lambda cost: cost.offer,
}
"""By what offers may be sorted; those of the same are in the order of their names."""
COLUMNS = ("accelerator", "offer", "rate", "precision", "basis", "price, USD", "USD/h", "{cost}", "orders")
SPARE = (4, 3, 8, 0)
"""Columns that a narrow screen can do without, the first ones first."""
PER_SECOND, SECONDS_PER_HOUR, MILLION = "/s", 3600, 1_000_000
HUNDRED = 100
TFLOPS, TFLOPS_PER_PFLOPS = "TFLOP/s", 1000


def show_costs(known: Catalog, workload: str, costs: Sequence[CostOfWork], period: str | None, years: Decimal) -> None:
    """Prints offers with what a unit of their work costs, and how that is reckoned."""
    unit = known.workloads[workload].unit
    label, factor = _per(unit)
    rows = [
        (
            cost.accelerator,
            cost.offer,
            f"{float(cost.rate):,.0f}" if cost.rate >= HUNDRED else f"{float(cost.rate):.3g}",
            cost.precision,
            cost.basis,
            "" if cost.price_usd is None else number(float(cost.price_usd)),
            "" if cost.rent_usd is None else number(float(cost.rent_usd), 2),
            f"{float(cost.usd_per_unit) * factor:,.3g}",
            *([] if cost.orderable is None else ["open" if cost.orderable else "closed"]),
        )
        for cost in costs
    ]
    columns = [name.format(cost=label) for name in (COLUMNS if period else COLUMNS[:-1])]
    when = f"in {period}" if period else "at the latest figures listed"
    tell(f"{workload} {when}: rates in {unit} of one accelerator, prices of one with its network")
    show_table(columns, rows, (2, 5, 6, 7), spare=[k for k in SPARE if k < len(columns)])
    tell(
        f"{label}: what is bought over {years:g} years of all hours, what is rented by its rent; without energy, "
        f"halls, upkeep, availability and what is left at the end, which a plan counts. A row says nothing of supply."
    )


def _per(unit: str) -> tuple[str, float]:
    """What a cost is per, in a table, and how many times that of a unit kept up for an hour it is."""
    if unit == TFLOPS:
        return "USD per PFLOP/s and h", TFLOPS_PER_PFLOPS
    if unit.endswith(PER_SECOND):
        return f"USD per M {unit.removesuffix(PER_SECOND)}s", MILLION / SECONDS_PER_HOUR
    return f"USD per {unit} and h", 1.0


def costs_as_json(known: Catalog, workload: str, costs: Sequence[CostOfWork]) -> str:
    """The same for programs: `usd_per_unit_hour` is USD for a unit of work kept up for an hour."""
    offers = [
        {
            "offer": cost.offer,
            "accelerator": cost.accelerator,
            "route": cost.route,
            "rate": float(cost.rate),
            "precision": cost.precision or None,
            "basis": cost.basis,
            "price_usd_per_accelerator": None if cost.price_usd is None else float(cost.price_usd),
            "usd_per_accelerator_hour": None if cost.rent_usd is None else float(cost.rent_usd),
            "usd_per_unit_hour": float(cost.usd_per_unit),
            "orderable": cost.orderable,
        }
        for cost in costs
    ]
    return json.dumps({"workload": workload, "unit": known.workloads[workload].unit, "offers": offers}, indent=1) + "\n"
