"""`chipmix catalog list`: every offer in one table, or what a unit of a workload costs on each."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.catalog_folders import catalog_with, folder_option
from cli.catalog_work import SORTS, costs_as_json, show_costs
from cli.outputs import delivering, is_printed, json_option, write_json
from cli.tables import amount, number, show_table

if TYPE_CHECKING:
    from catalogs.schema import Catalog, Offer

SPARE = (
    "stack", "kW average", "cooling", "orders open", "memory, GB", "open to", "vendor", "lead, months", "accelerator",
    "host", "kW reserved",
)  # fmt: skip
"""Columns of `list` that a narrow screen can do without, the first ones first."""


@click.command("list")
@click.option("--vendor", help="Only this vendor.")
@click.option("--workload", metavar="ID", help="What a unit of this work costs on each offer that does it.")
@click.option("--sort", type=click.Choice([*SORTS]), default="usd_per_unit", show_default=True,
              help="With --workload: by what.")  # fmt: skip
@click.option("--in", "period", metavar="PERIOD", help="With --workload: as of its first month, such as 2026q3.")
@click.option("--years", type=click.FloatRange(min=0, min_open=True), default=5, show_default=True,
              help="With --workload: over how many years a price is spread.")  # fmt: skip
@json_option("With --workload: write it as JSON; '-' prints it, and nothing else.")
@folder_option
def list_(vendor: str | None, folders: tuple[Path, ...], json_file: Path | None, **asked: Any) -> int:
    """List every offer with its system and accelerator in one table.

    Prices are the latest listed, per system; rents per accelerator and hour. Training is in effective
    TFLOP/s per accelerator, 70B serving in output tokens a second.

    \b
    Examples:
      chipmix catalog list --vendor google
      chipmix catalog list --workload llm_training --sort usd_per_unit --in 2026q3
    """
    known = catalog_with(folders)
    vendors = {a.vendor for a in known.accelerators.values()}
    if vendor is not None and vendor not in vendors:
        raise click.BadParameter(f"there is no vendor '{vendor}'; there are {', '.join(sorted(vendors))}")
    if asked["workload"] is not None:
        return _list_for_work(known, vendor, json_file, **asked)
    if json_file is not None:
        raise click.BadParameter("--json goes with --workload")
    columns = (
        "vendor", "accelerator", "stack", "memory, GB", "offer", "n", "kW reserved", "kW average", "cooling", "open to",
        "host", "price, USD", "USD/h", "lead, months", "orders open", "training, TFLOP/s", "70B, token/s", "basis",
    )  # fmt: skip
    order = sorted(
        known.offers, key=lambda key: (_vendor(known, key), known.systems[known.offers[key].system].accelerator, key)
    )
    rows = [_offer_cells(known, key) for key in order if vendor in (None, _vendor(known, key))]
    show_table(columns, rows, (3, 5, 6, 7, 11, 12, 13, 15, 16), spare=tuple(map(columns.index, SPARE)))
    return 0


def _list_for_work(
    known: Catalog,
    vendor: str | None,
    json_file: Path | None,
    workload: str,
    sort: str,
    period: str | None,
    years: float,
) -> int:
    from catalogs.cost_of_work import costs_of_work
    from catalogs.periods import NotAPeriod
    from catalogs.problems import suggestion

    if workload not in known.workloads:
        raise click.BadParameter(f"there is no workload '{workload}'{suggestion(workload, known.workloads)}")
    spread = Decimal(str(years))
    try:
        found = costs_of_work(known, workload, period, spread)
        costs = sorted((cost for cost in found if vendor in (None, _vendor(known, cost.offer))), key=SORTS[sort])
    except NotAPeriod as error:
        raise click.BadParameter(f"--in: {error}") from error
    if not is_printed(json_file):
        show_costs(known, workload, costs, period, spread)
    with delivering() as delivery:
        write_json(delivery, costs_as_json(known, workload, costs), json_file)
    return 0


def _vendor(known: Catalog, offer: str) -> str:
    return known.accelerators[known.systems[known.offers[offer].system].accelerator].vendor


def _offer_cells(known: Catalog, key: str) -> tuple[str, ...]:
    offer = known.offers[key]
    system = known.systems[offer.system]
    chip = known.accelerators[system.accelerator]
    dates = f"{offer.available.from_ or ''}…{offer.available.until or ''}"
    priced = "price_usd" if offer.route == "purchase" else "usd_per_accelerator_hour"
    return (
        chip.vendor,
        chip.id,
        chip.stack,
        amount(float(chip.memory_gb)) if chip.memory_gb else "",
        key,
        str(system.accelerators),
        number(float(system.provisioned_kw), 1),
        number(float(system.average_kw), 1),
        system.cooling,
        ", ".join(offer.buyers or ("anyone",)),
        offer.host or "",
        _latest(offer, "price_usd", 0),
        _latest(offer, "usd_per_accelerator_hour", 2),
        str(offer.lead_time_months),
        "" if dates == "…" else dates,
        _rate(known, offer.system, "llm_training"),
        _rate(known, offer.system, "llm_serving_70b"),
        known.basis(key, priced),
    )


def _last(schedule: Any) -> Any:
    from catalogs.periods import steps

    return list(steps(schedule).values())[-1] if isinstance(schedule, dict) else schedule


def _latest(offer: Offer, field: str, digits: int) -> str:
    value = _last(getattr(offer, field))
    return "" if value is None else number(float(value), digits)


def _rate(known: Catalog, system: str, workload: str) -> str:
    """The best of what a system reaches, as of the last period listed."""
    from catalogs.reach import reached

    latest = [float(_last(point.rate)) for point in reached(known, system, workload)[0]]
    return f"{max(latest):,.4g}" if latest else ""
