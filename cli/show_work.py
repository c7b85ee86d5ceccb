"""The offers that do a kind of work in a period, with what a unit of it costs: the table, and the same as JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.outputs import check_targets, delivering, is_printed, write_json
from cli.tables import amount, figure, heading, show_table, tell

if TYPE_CHECKING:
    from catalogs.schema import Catalog
    from optimizer.request.work_costs import Unusable, WorkCost, WorkUnit

SORT_KEYS = (
    "usd_per_unit", "rate", "usd_per_accelerator_hour", "price_usd_per_accelerator", "memory_gb", "lead_time_months",
    "accelerator", "offer",
)  # fmt: skip
HIGHEST_FIRST = frozenset({"rate", "memory_gb"})
SERVICE_LIFE_YEARS = 5.0
"""As for scenarios that say nothing."""
MOST_NAMES = 6
SPARE = ("systems a month", "basis", "in service", "precision", "open to")
"""Columns that a narrow screen can do without, the first ones first."""


def show_work(
    known: Catalog, workload: str, vendor: str | None, sort: str | None, period: str | None, life: float | None,
    json_file: Path | None,
) -> int:  # fmt: skip
    """Prints what does a kind of work in a period, or writes it as JSON."""
    from optimizer.request.work_costs import Unusable, WorkCost, work_costs, work_unit

    _refuse(known, workload, period)
    check_targets([], {"--json": json_file})
    when, years = period or _this_quarter(), Decimal(str(life or SERVICE_LIFE_YEARS))
    found = list(work_costs(known, workload, when, years))
    rows = [one for one in found if isinstance(one, WorkCost) and vendor in (None, one.vendor)]
    key = sort or SORT_KEYS[0]
    rows.sort(key=lambda row: _place(row, key))
    unusable = [one for one in found if isinstance(one, Unusable) and vendor in (None, one.vendor)]
    unit = work_unit(known.workloads[workload].unit)
    with delivering() as delivery:
        told = {"workload": workload, "period": when, "service_life_years": years, "unit_of_work": unit.name}
        write_json(delivery, _as_json({**told, "offers": rows, "left_out": unusable}), json_file)
        if not is_printed(json_file):
            _show(known, workload, when, years, unit, rows, key)
            _tell_left_out(unusable, when)
    return 0


def _refuse(known: Catalog, workload: str, period: str | None) -> None:
    from catalogs.periods import NotAPeriod, first_month
    from catalogs.problems import suggestion

    if workload not in known.workloads:
        raise click.BadParameter(f"there is no workload '{workload}'{suggestion(workload, known.workloads)}")
    try:
        first_month(period or "2026")
    except NotAPeriod as error:
        raise click.BadParameter(f"--in: {error}") from error


def _this_quarter() -> str:
    from datetime import date

    today = date.today()
    return f"{today.year}q{(today.month + 2) // 3}"


def _place(row: WorkCost, key: str) -> tuple[bool, Any, str]:
    """By a field, what has none last; equal ones by offer."""
    value = getattr(row, key)
    return value is None, value if value is None or key not in HIGHEST_FIRST else -value, row.offer


def _as_json(result: dict[str, Any]) -> str:
    def plain(value: Any) -> Any:
        return float(value) if isinstance(value, Decimal) else asdict(value)

    return json.dumps(result, default=plain, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def _show(
    known: Catalog, workload: str, period: str, years: Decimal, unit: WorkUnit, rows: Sequence[WorkCost], key: str
) -> None:
    rated = known.workloads[workload]
    heading(f"{workload} by offers that can be ordered in {period}, by {key}")
    tell(rated.describes)
    columns = (
        "offer", "accelerator", rated.unit, "precision", "basis", "rent, USD/h", "price, USD", f"USD per {unit.name}",
        "open to", "in service", "systems a month",
    )  # fmt: skip
    if rows:
        show_table(columns, [_cells(row) for row in rows], (2, 5, 6, 7, 10), [columns.index(name) for name in SPARE])
    else:
        tell("none")
    tell(
        f"USD per {unit.name}: the rent, or the price over {amount(float(years))} years of service, of one accelerator "
        "that works at its full rate in every hour. Not in it: availability, power, site, network, software, "
        "discounting and residual values; what is let at its host brings its own power. Rate, rent and price are per "
        f"accelerator, as of {period}."
    )


def _cells(row: WorkCost) -> tuple[str, ...]:
    def told(value: Decimal | None, digits: int) -> str:
        return "" if value is None else figure(float(value), digits)

    return (
        row.offer, row.accelerator, f"{float(row.rate):,.4g}" if row.rate < 1000 else f"{float(row.rate):,.0f}",
        row.precision or "", row.rate_basis, told(row.usd_per_accelerator_hour, 2),
        told(row.price_usd_per_accelerator, 0), _cost(row.usd_per_unit),
        ", ".join(row.buyers or ("anyone",)), row.in_service,
        "" if row.supply_systems_per_month is None else amount(float(row.supply_systems_per_month)),
    )  # fmt: skip


def _cost(usd: Decimal | None) -> str:
    """Three digits that count: costs of work span many powers of ten."""
    if usd is None:
        return ""
    return f"{float(usd):,.0f}" if usd >= 100 else f"{Decimal(f'{usd:.3g}'):f}"


def _tell_left_out(unusable: Iterable[Unusable], period: str) -> None:
    """The offers that do none of the work then, by reason, those that have most offers first."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in unusable:
        by_reason[one.why].append(one.offer)
    for why, offers in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        more = f" and {len(offers) - MOST_NAMES} more" if len(offers) > MOST_NAMES else ""
        tell(f"not in {period}: {', '.join(offers[:MOST_NAMES])}{more}: {why}")
