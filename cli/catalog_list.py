"""What does a workload, and what a unit of its work costs by each offer: `chipmix catalog list --workload`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from cli.tables import amount, number, show_table, tell

if TYPE_CHECKING:
    from catalogs.schema import Catalog
    from optimizer.tables.unit_cost import Terms, UnitCost

SORTS: dict[str, Callable[[UnitCost], float]] = {
    "usd_per_unit": lambda row: _or_last(row.usd_per_million_units),
    "usd_per_hour": lambda row: _or_last(row.usd_per_accelerator_hour),
    "rate": lambda row: -row.rate,
    "offer": lambda _: 0.0,
}
"""By what offers of a workload are sorted; of equal ones their ids decide."""


def four_digits(value: float) -> str:
    """A number with four digits that count, large ones with all of theirs: 0.02191, 31.2, 12,345."""
    return number(value) if abs(value) >= 1000 else f"{value:.4g}"


def _or_last(figure: float | None) -> float:
    """A figure to sort by; what has none comes last."""
    return math.inf if figure is None else figure


def this_quarter() -> str:
    today = date.today()
    return f"{today.year}q{(today.month + 2) // 3}"


def sorted_unit_costs(
    known: Catalog, workload: str, period: str, sort: str, terms: Terms, vendor: str | None
) -> list[UnitCost]:
    """Those that can be ordered in the period come first."""
    from optimizer.tables.unit_cost import unit_costs

    def made_by(offer: str) -> str:
        return known.accelerators[known.systems[known.offers[offer].system].accelerator].vendor

    rows = [row for row in unit_costs(known, workload, period, terms) if vendor in (None, made_by(row.offer))]
    return sorted(rows, key=lambda row: (bool(row.closed), SORTS[sort](row), row.offer))


def as_json(known: Catalog, workload: str, period: str, terms: Terms, rows: list[UnitCost]) -> str:
    """The rows with what they assume; `null` where an offer has no such figure."""
    unit = known.workloads[workload].unit
    offers = [
        {**row._asdict(), "point": row.point.model_dump(mode="json", by_alias=True, exclude_none=True),
         "buyers": known.offers[row.offer].buyers}
        for row in rows
    ]  # fmt: skip
    told = {"workload": workload, "unit": unit, "period": period, **terms._asdict(), "offers": offers}
    return json.dumps(told, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def show_unit_costs(known: Catalog, workload: str, period: str, terms: Terms, rows: list[UnitCost]) -> None:
    """One line an offer, and what the figures assume."""
    from optimizer.request.scenario import Assumptions, Finance

    unit = known.workloads[workload].unit
    work = unit.removesuffix("/s")
    columns = (
        "offer",
        "precision",
        f"rate, {unit}",
        "price, k USD",
        "USD/h",
        f"USD per M {work}",
        f"in {period}",
        "basis",
    )
    show_table(columns, [_cells(known, row) for row in rows], (2, 3, 4, 5), spare=(7, 1, 3))
    finance, able = Finance(), float(Assumptions().availability)
    tell(
        f"{workload} ordered and run in {period}; N/month: systems supplied. Rate: of one accelerator; basis: of the "
        f"rate. Price: of a system. USD/h: of one accelerator; rent, or an owner's price and network less what is "
        f"left, over the term or {finance.service_life_years} years, discounted at "
        f"{100 * float(finance.discount_rate):g} % a year, with software and energy at "
        f"{terms.electricity_usd_per_mwh:g} USD/MWh and a PUE of {terms.pue:g}; without hall, maintenance and tax. "
        f"USD per M {work}: that over the rate, in use all hours of the offer's availability, else of {100 * able:g} %."
    )


def _cells(known: Catalog, row: UnitCost) -> tuple[str, ...]:
    bought, buyers = known.offers[row.offer].route == "purchase", known.offers[row.offer].buyers
    only = f"{' and '.join(buyers)} only" if buyers else ""
    most = "" if row.supply_systems_per_month is None else f"{amount(row.supply_systems_per_month)}/month"
    return (
        row.offer,
        row.point.precision or "",
        four_digits(row.rate),
        amount(row.price / 1000) if bought and row.price is not None else "",
        "" if row.usd_per_accelerator_hour is None else number(row.usd_per_accelerator_hour, 2),
        "" if row.usd_per_million_units is None else four_digits(row.usd_per_million_units),
        row.closed or ", ".join(filter(None, (most, only))) or "yes",
        row.point.basis,
    )
