"""`chipmix catalog`: look at, start and check catalogue entries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.catalog_add import add
from cli.catalog_diff import diff
from cli.catalog_folders import catalog_with, folder_option
from cli.catalog_list import SORTS, as_json, four_digits, show_unit_costs, sorted_unit_costs, this_quarter
from cli.catalog_show import show_entries
from cli.catalog_stale import stale
from cli.options import Number
from cli.outputs import check_targets, delivering, is_printed, json_option, write_json
from cli.price_list import import_
from cli.schemas import KINDS
from cli.screen import say, say_json
from cli.tables import amount, number, show_table

if TYPE_CHECKING:
    from catalogs.schema import Catalog, Offer

SPARE = (
    "stack", "kW average", "cooling", "orders open", "memory, GB", "open to", "vendor", "lead, months", "accelerator",
    "host", "kW reserved",
)  # fmt: skip
"""Columns of `list` that a narrow screen can do without, the first ones first."""

ONLY_OF_A_WORKLOAD = {
    "sort": "--sort", "period": "--in", "electricity": "--electricity", "pue": "--pue", "json_file": "--json",
}  # fmt: skip


@click.group()
def catalog() -> None:
    """Look at, start and check catalogue entries.

    \b
    Example:
      chipmix catalog list --vendor amd
    """


@catalog.command("list")
@click.option("--vendor", help="Only this vendor.")
@click.option("--workload", metavar="ID", help="Only what does this work, with the cost of a unit of it.")
@click.option("--sort", type=click.Choice(tuple(SORTS)), help="By what to sort offers of a workload.  "
              "[default: usd_per_unit]")  # fmt: skip
@click.option("--in", "period", metavar="PERIOD", help="When it is ordered and run.  [default: this quarter]")
@click.option("--electricity", type=Number(min=0), help="An owner's, USD/MWh.  [default: 70]")
@click.option("--pue", type=Number(min=1), help="An owner's PUE.  [default: 1.2]")
@json_option("Write the offers of a workload as JSON; '-' prints it, and nothing else.")
@folder_option
def list_(vendor: str | None, workload: str | None, folders: tuple[Path, ...], **given: Any) -> int:
    """List every offer with its system and accelerator in one table.

    Prices are the latest listed, per system; rents per accelerator and hour. Training is in effective
    TFLOP/s per accelerator, 70B serving in output tokens a second.

    With a workload: what does it, and what a unit of its work costs by each offer that can be ordered in a period.
    An owner's cost is spread over the service life; what it assumes is said below the table.

    \b
    Examples:
      chipmix catalog list --vendor google
      chipmix catalog list --workload llm_training --in 2026q1
      chipmix catalog list --workload llm_training --sort rate --electricity 45
    """
    known = catalog_with(folders)
    vendors = {a.vendor for a in known.accelerators.values()}
    if vendor is not None and vendor not in vendors:
        raise click.BadParameter(f"there is no vendor '{vendor}'; there are {', '.join(sorted(vendors))}")
    if workload is not None:
        _list_workload(known, workload, vendor, given)
        return 0
    if alone := sorted(ONLY_OF_A_WORKLOAD[name] for name, value in given.items() if value is not None):
        raise click.UsageError(f"{', '.join(alone)} must go with --workload")
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


def _list_workload(known: Catalog, workload: str, vendor: str | None, given: dict[str, Any]) -> None:
    from catalogs.periods import NotAPeriod, first_month
    from catalogs.problems import suggestion
    from optimizer.tables.unit_cost import TERMS

    if workload not in known.workloads:
        raise click.BadParameter(f"there is no workload '{workload}'{suggestion(workload, known.workloads)}")
    period = given["period"] or this_quarter()
    try:
        first_month(period)
    except NotAPeriod as error:
        raise click.BadParameter(str(error)) from error
    owner = {"electricity_usd_per_mwh": given["electricity"], "pue": given["pue"]}
    terms = TERMS._replace(**{name: float(value) for name, value in owner.items() if value is not None})
    rows = sorted_unit_costs(known, workload, period, given["sort"] or "usd_per_unit", terms, vendor)
    check_targets([], {"--json": given["json_file"]})
    with delivering() as delivery:
        write_json(delivery, as_json(known, workload, period, terms, rows), given["json_file"])
        if not is_printed(given["json_file"]):
            show_unit_costs(known, workload, period, terms, rows)


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
    return four_digits(max(latest)) if latest else ""


@catalog.command(short_help="Show all that is known of one entry, with its sources.")
@click.argument("entries", metavar="ID...", nargs=-1, required=True)
@folder_option
def show(entries: tuple[str, ...], folders: tuple[Path, ...]) -> int:
    """Show all that is known of an accelerator, system, offer, workload, pool or region, with its sources.

    Several stand side by side.

    \b
    Examples:
      chipmix catalog show h100_sxm
      chipmix catalog show b200 mi355x
    """
    known = catalog_with(folders)
    show_entries(known, entries)
    return 0


@catalog.command(short_help="Print the JSON Schema of a kind of file.")
@click.option("--of", "what", type=click.Choice(KINDS), default="catalog", show_default=True,
              help="Of which kind of file; robust and stress are what these print as JSON.")  # fmt: skip
def schema(what: str) -> int:
    """Print the JSON Schema of a catalogue file, a scenario, a plan or a result, for editors and programs.

    \b
    Examples:
      chipmix catalog schema --of scenario > scenario.schema.json
      chipmix catalog schema --of robust
    """
    from cli.schemas import schema_text

    say_json(schema_text(what))
    return 0


@catalog.command("check", short_help="Check the bundled catalogue, or folders on top of it.")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[FOLDER]...")
def check_(folders: tuple[Path, ...]) -> int:
    """Check the bundled catalogue, or folders on top of it; every problem at once.

    \b
    Example:
      chipmix catalog check
    """
    from catalogs.load import bundled_folder, doubtful

    known = catalog_with(folders)
    rates = sum(map(len, known.throughput.values()))
    click.echo(
        f"in order: {len(known.accelerators)} accelerators, {len(known.systems)} systems, {len(known.offers)} offers, "
        f"{rates} throughputs, {len(known.sources)} sources"
    )
    for doubt in doubtful([bundled_folder(), *folders]):
        say(f"{doubt.at}: warning: {doubt.message}", err=True)
    return 0


for command in (add, import_, stale, diff):
    catalog.add_command(command)
