"""`chipmix catalog`: look at, start and check catalogue entries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.screen import say, say_json
from cli.tables import amount, number, show_table, tell

if TYPE_CHECKING:
    from catalogs.schema import Catalog, Cite, Offer, Throughput

SPARE = (
    "stack", "kW average", "cooling", "orders open", "memory, GB", "open to", "vendor", "lead, months", "accelerator",
    "host", "kW reserved",
)  # fmt: skip
"""Columns of `list` that a narrow screen can do without, the first ones first."""

folder_option = click.option(
    "--catalog", "folders", multiple=True, type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder on top of the bundled catalogue; may be given several times.",
)  # fmt: skip


def _load(folders: tuple[Path, ...]) -> Catalog:
    from catalogs.load import bundled_folder, catalog_of

    return catalog_of([bundled_folder(), *folders])


@click.group()
def catalog() -> None:
    """Look at, start and check catalogue entries.

    \b
    Example:
      chipmix catalog list --vendor amd
    """


@catalog.command("list")
@click.option("--vendor", help="Only this vendor.")
@folder_option
def list_(vendor: str | None, folders: tuple[Path, ...]) -> int:
    """List every offer with its system and accelerator in one table.

    Prices are the latest listed, per system; rents per accelerator and hour. Training is in effective
    TFLOP/s per accelerator, 70B serving in output tokens a second.

    \b
    Example:
      chipmix catalog list --vendor google
    """
    known = _load(folders)
    vendors = {a.vendor for a in known.accelerators.values()}
    if vendor is not None and vendor not in vendors:
        raise click.BadParameter(f"there is no vendor '{vendor}'; there are {', '.join(sorted(vendors))}")
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


@catalog.command(short_help="Show all that is known of one entry, with its sources.")
@click.argument("entry", metavar="ID")
@folder_option
def show(entry: str, folders: tuple[Path, ...]) -> int:
    """Show all that is known of an accelerator, system, offer, workload or pool, with its sources.

    \b
    Example:
      chipmix catalog show h100_sxm
    """
    from catalogs.problems import suggestion

    known = _load(folders)
    sections = ("accelerators", "systems", "offers", "workloads", "pools")
    found = {name: getattr(known, name)[entry] for name in sections if entry in getattr(known, name)}
    if not found:
        ids = [key for name in sections for key in getattr(known, name)]
        raise click.BadParameter(f"nothing is called '{entry}'{suggestion(entry, ids)}")
    for name, part in found.items():
        click.echo(f"{name.removesuffix('s')} {entry}")
        _show_fields(known, entry, part.model_dump(mode="json", by_alias=True, exclude_none=True))
    _show_throughput(known, entry)
    for name in _parts_of(known, entry):
        click.echo(f"  see also: {name}")
    return 0


def _show_fields(known: Catalog, entry: str, fields: dict[str, Any]) -> None:
    rows = []
    for field, value in fields.items():
        cite = known.cite(entry, field)
        source = known.sources.get(cite.source or "") if cite else None
        shown = ", ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else _words(value)
        rows.append((field, shown, cite.basis if cite else "", _range(cite), source.title if source else ""))
    told = ("field", "value", "basis", "range", "source")
    shown_columns = [i for i, name in enumerate(told) if name != "range" or any(row[i] for row in rows)]
    show_table([told[i] for i in shown_columns], [[row[i] for i in shown_columns] for row in rows])


def _range(cite: Cite | None) -> str:
    """The least and the most that a figure may come to, as shares of itself."""
    if cite is None or cite.uncertainty is None:
        return ""
    return f"{cite.uncertainty.low} to {cite.uncertainty.high}"


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _show_throughput(known: Catalog, entry: str) -> None:
    from catalogs.reach import reached

    rates = sorted(known.throughput.get(entry, {}).items())
    rows = [_point_cells(known, workload, point) for workload, points in rates for point in points]
    columns = ("workload", "rate", "from", "precision", "accelerators", "basis", "source")
    told = [i for i, name in enumerate(columns) if name in ("workload", "precision") or any(row[i] for row in rows)]
    if rows:
        click.echo("throughput of one accelerator")
        show_table([columns[i] for i in told], [[row[i] for i in told] for row in rows])
    for system in _systems_of(known, entry):
        for workload in sorted(known.throughput.get(known.systems[system].accelerator, {})):
            if why := reached(known, system, workload)[1]:
                tell(f"  {system} cannot do {workload}: {why}")


def _point_cells(known: Catalog, workload: str, point: Throughput) -> tuple[str, ...]:
    values = point.model_dump(mode="json")["rate"]
    shown = ", ".join(f"{k}: {v}" for k, v in values.items()) if isinstance(values, dict) else values
    together = "" if point.accelerators is None else str(point.accelerators)
    return (
        workload, f"{shown} {known.workloads[workload].unit}", point.from_ or "", point.precision or "", together,
        point.basis, known.sources[point.source].title if point.source else "",
    )  # fmt: skip


def _systems_of(known: Catalog, entry: str) -> list[str]:
    """A system itself, or those of an accelerator."""
    return [key for key, system in sorted(known.systems.items()) if entry in (key, system.accelerator)]


def _parts_of(known: Catalog, entry: str) -> list[str]:
    systems = [key for key in _systems_of(known, entry) if key != entry]
    return systems + [key for key, offer in sorted(known.offers.items()) if offer.system in (entry, *systems)]


@catalog.command(short_help="Start the file of a new accelerator.")
@click.argument("entry", metavar="ID")
@click.option("--vendor", required=True, help="Who makes it.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("our_catalog"),
              show_default=True, help="The catalogue folder to write into.")  # fmt: skip
def add(entry: str, vendor: str, folder: Path) -> int:
    """Start the file of a new accelerator, with every field that it needs.

    \b
    Example:
      chipmix catalog add nova1 --vendor acme --folder our_catalog
    """
    import re
    from datetime import date

    from catalogs.load import bundled_folder, catalog_of
    from catalogs.problems import InputError, Location, Problem
    from cli.schemas import line_of, write_schemas
    from cli.templates import ACCELERATOR
    from optimizer.files import make_folder, write_text

    for word in (entry, vendor):
        if not re.fullmatch(r"[a-z][a-z0-9_.]*", word):
            raise click.BadParameter(f"'{word}' must be small letters, digits, _ and . and begin with a letter")
    if entry in catalog_of([bundled_folder()]).accelerators:
        raise click.BadParameter(f"'{entry}' is in the bundled catalogue; overlay its fields, or choose another id")
    path = folder / f"{entry}.yaml"
    if path.exists():
        raise InputError([Problem(Location(str(path), 1, 1), "exists already and is left as it is")])
    make_folder(path.parent)
    name = entry.replace("_", " ").title()
    text = ACCELERATOR.format(id=entry, name=name, vendor=vendor, year=date.today().year)
    write_text(path, line_of("catalog") + text)
    say(f"wrote {path}")
    for schema in write_schemas(folder, "catalog"):
        say(f"wrote {schema}, for editors")
    say(f"next: name {folder} under catalogs: in a scenario, and chipmix catalog check {folder}")
    return 0


@catalog.command(short_help="Print the JSON Schema of a kind of file.")
@click.option("--of", "what", type=click.Choice(["catalog", "scenario", "plan"]), default="catalog", show_default=True,
              help="Of which kind of file.")  # fmt: skip
def schema(what: str) -> int:
    """Print the JSON Schema of a catalogue file, a scenario or a plan, for editors and programs.

    \b
    Example:
      chipmix catalog schema --of scenario > scenario.schema.json
    """
    if what == "plan":
        from optimizer.plan.text import plan_schema

        say_json(json.dumps(plan_schema(), indent=1, sort_keys=True) + "\n")
        return 0
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

    known = _load(folders)
    rates = sum(map(len, known.throughput.values()))
    click.echo(
        f"in order: {len(known.accelerators)} accelerators, {len(known.systems)} systems, {len(known.offers)} offers, "
        f"{rates} throughputs, {len(known.sources)} sources"
    )
    for doubt in doubtful([bundled_folder(), *folders]):
        say(f"{doubt.at}: warning: {doubt.message}", err=True)
    return 0
