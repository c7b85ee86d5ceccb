"""`chipmix catalog show`: all that is known of entries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.catalog_folders import folder_option, load
from cli.tables import show_table, tell

if TYPE_CHECKING:
    from catalogs.schema import Catalog, Cite, Throughput


@click.command(short_help="Show all that is known of one entry, with its sources.")
@click.argument("entry", metavar="ID")
@folder_option
def show(entry: str, folders: tuple[Path, ...]) -> int:
    """Show all that is known of an accelerator, system, offer, workload or pool, with its sources.

    \b
    Example:
      chipmix catalog show h100_sxm
    """
    from catalogs.problems import suggestion

    known = load(folders)
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
        source = known.sources.get(cite.source) if cite else None
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
        point.basis, known.sources[point.source].title,
    )  # fmt: skip


def _systems_of(known: Catalog, entry: str) -> list[str]:
    """A system itself, or those of an accelerator."""
    return [key for key, system in sorted(known.systems.items()) if entry in (key, system.accelerator)]


def _parts_of(known: Catalog, entry: str) -> list[str]:
    systems = [key for key in _systems_of(known, entry) if key != entry]
    return systems + [key for key, offer in sorted(known.offers.items()) if offer.system in (entry, *systems)]
