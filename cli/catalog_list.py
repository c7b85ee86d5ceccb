"""`chipmix catalog list`: every offer, or those that do one kind of work, the cheapest first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.catalog_folders import folder_option, load
from cli.options import Number
from cli.outputs import json_option
from cli.show_work import SORT_KEYS, show_work
from cli.tables import amount, number, show_table

if TYPE_CHECKING:
    from catalogs.schema import Catalog, Offer

SPARE = (
    "stack", "kW average", "cooling", "orders open", "memory, GB", "open to", "vendor", "lead, months", "accelerator",
    "host", "kW reserved",
)  # fmt: skip
"""Columns of `list` that a narrow screen can do without, the first ones first."""


ONLY_WITH_WORKLOAD = {"--sort": "sort", "--in": "period", "--service-life-years": "life", "--json": "json_file"}


@click.command("list")
@click.option("--vendor", help="Only this vendor.")
@click.option("--workload", metavar="ID", help="Only what does this work: its rate, and what a unit of work costs.")
@click.option("--sort", type=click.Choice(SORT_KEYS), help="With --workload: by what; default: usd_per_unit.")
@click.option(
    "--in",
    "period",
    metavar="PERIOD",
    help="With --workload: ordered then, such as 2026q3; default: the quarter of today.",
)
@click.option("--service-life-years", "life", type=Number(0, 100, min_open=True), metavar="YEARS",
              help="With --workload: how long what is bought does work; default: 5.")  # fmt: skip
@json_option("With --workload: write the rows as JSON; '-' prints them, and nothing else, to standard output.")
@folder_option
def list_(vendor: str | None, workload: str | None, folders: tuple[Path, ...], **given: Any) -> int:
    """List every offer with its system and accelerator in one table.

    Prices are the latest listed, per system; rents per accelerator and hour. Training is in effective
    TFLOP/s per accelerator, 70B serving in output tokens a second.

    With --workload, what can be ordered in a period and does that work, with its cost per unit of work: the
    rent, or the price over the years of service, for what one accelerator does at its full rate. docs/catalog.md
    says what that leaves out.

    \b
    Examples:
      chipmix catalog list --vendor google
      chipmix catalog list --workload llm_serving_70b --sort usd_per_unit --in 2026q2
    """
    known = load(folders)
    vendors = {a.vendor for a in known.accelerators.values()}
    if vendor is not None and vendor not in vendors:
        raise click.BadParameter(f"there is no vendor '{vendor}'; there are {', '.join(sorted(vendors))}")
    if workload is not None:
        return show_work(known, workload, vendor, **given)
    if needless := [option for option, name in ONLY_WITH_WORKLOAD.items() if given[name] is not None]:
        raise click.UsageError(f"{needless[0]} needs --workload ID")
    _show_all(known, vendor)
    return 0


def _show_all(known: Catalog, vendor: str | None) -> None:
    columns = (
        "vendor", "accelerator", "stack", "memory, GB", "offer", "n", "kW reserved", "kW average", "cooling", "open to",
        "host", "price, USD", "USD/h", "lead, months", "orders open", "training, TFLOP/s", "70B, token/s", "basis",
    )  # fmt: skip
    order = sorted(
        known.offers, key=lambda key: (_vendor(known, key), known.systems[known.offers[key].system].accelerator, key)
    )
    rows = [_offer_cells(known, key) for key in order if vendor in (None, _vendor(known, key))]
    show_table(columns, rows, (3, 5, 6, 7, 11, 12, 13, 15, 16), spare=tuple(map(columns.index, SPARE)))


def _vendor(known: Catalog, offer: str) -> str:
    return known.accelerators[known.systems[known.offers[offer].system].accelerator].vendor


def _offer_cells(known: Catalog, key: str) -> tuple[str, ...]:
    offer = known.offers[key]
    system = known.systems[offer.system]
    chip = known.accelerators[system.accelerator]
    dates = f"{offer.available.from_ or ''}…{offer.available.until or ''}"
    priced = "price_usd" if offer.route == "purchase" else "usd_per_accelerator_hour"
    cite = known.cite(key, priced)
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
        cite.basis if cite else "",
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
