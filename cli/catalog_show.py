"""`chipmix catalog show`: all that is known of one entry, or of several beside each other, with the sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.catalog_folders import catalog_with, folder_option
from cli.tables import show_table, tell

if TYPE_CHECKING:
    from catalogs.schema import Catalog, Cite, Throughput

SECTIONS = ("accelerators", "systems", "offers", "workloads", "pools", "tariffs")


class Sources:
    """The sources that a table refers to, each by its number."""

    def __init__(self, known: Catalog) -> None:
        self.known = known
        self.numbers: dict[str, int] = {}

    def number(self, source: str | None) -> str:
        """The number of a source, in brackets; empty for none."""
        return f"[{self.numbers.setdefault(source, len(self.numbers) + 1)}]" if source else ""

    def tell(self) -> None:
        """Prints title, date and address of each."""
        for source, number in self.numbers.items():
            told = self.known.sources[source]
            tell(f"[{number}] {', '.join(str(part) for part in (told.title, told.date, told.url) if part)}")


@click.command(short_help="Show all that is known of an entry, or several side by side, with sources.")
@click.argument("entries", metavar="ID...", nargs=-1, required=True)
@folder_option
def show(entries: tuple[str, ...], folders: tuple[Path, ...]) -> int:
    """Show all that is known of an accelerator, system, offer, workload, pool or region, with its sources.

    Several are shown side by side.

    \b
    Examples:
      chipmix catalog show h100_sxm
      chipmix catalog show b200 mi355x
    """
    known = catalog_with(folders)
    found = [(entry, name, part) for entry in entries for name, part in _parts(known, entry).items()]
    sources = Sources(known)
    if len(entries) == 1:
        for entry, name, part in found:
            click.echo(f"{name.removesuffix('s')} {entry}")
            _show_fields(known, entry, _fields(part), sources)
        _show_throughput(known, entries[0], sources)
        for name in _parts_of(known, entries[0]):
            click.echo(f"  see also: {name}")
    else:
        _show_beside(known, entries, [_fields(part) for _, _, part in found], sources)
    sources.tell()
    return 0


def _parts(known: Catalog, entry: str) -> dict[str, Any]:
    """What is called so, by section. Raises BadParameter for nothing, with the nearest name."""
    from catalogs.problems import suggestion

    named = {name: getattr(known, name, None) or {} for name in SECTIONS}
    found = {name: section[entry] for name, section in named.items() if entry in section}
    if not found:
        ids = [key for section in named.values() for key in section]
        raise click.BadParameter(f"nothing is called '{entry}'{suggestion(entry, ids)}")
    return found


def _fields(part: Any) -> dict[str, Any]:
    fields: dict[str, Any] = part.model_dump(mode="json", by_alias=True, exclude_none=True)
    return fields


def _show_fields(known: Catalog, entry: str, fields: Mapping[str, Any], sources: Sources) -> None:
    rows = []
    for field, value in fields.items():
        cite = known.cite(entry, field)
        told = cite.basis if cite else ""
        rows.append((field, _words(value), told, _range(cite), sources.number(cite.source if cite else None)))
    _show_filled(("field", "value", "basis", "range", "source"), rows)


def _show_filled(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a table without the columns in which nothing stands."""
    told = [i for i in range(len(columns)) if any(row[i] for row in rows)]
    show_table([columns[i] for i in told], [[row[i] for i in told] for row in rows])


def _show_beside(known: Catalog, entries: Sequence[str], fields: Sequence[Mapping[str, Any]], sources: Sources) -> None:
    """Prints entries side by side: each figure with its basis and the number of its source, then rates by workload."""

    def cell(entry: str, of: Mapping[str, Any], field: str) -> str:
        cite = known.cite(entry, field)
        evidence = [cite.basis, sources.number(cite.source)] if cite else []
        return " ".join([_words(of[field]), *filter(None, evidence)]) if field in of else ""

    names = list(dict.fromkeys(name for of in fields for name in of))
    rows = [(name, *(cell(entry, of, name) for entry, of in zip(entries, fields, strict=False))) for name in names]
    for workload in sorted({name for entry in entries for name in known.throughput.get(entry, {})}):
        told = [_best_point(known, entry, workload, sources) for entry in entries]
        rows.append((f"{workload}, {known.workloads[workload].unit}", *told))
    show_table(("field", *entries), rows)


def _best_point(known: Catalog, entry: str, workload: str, sources: Sources) -> str:
    """The points of an entry's throughput, each with its precision, basis and source."""
    points = known.throughput.get(entry, {}).get(workload, ())
    told = []
    for point in points:
        since = f"from {point.from_}" if point.from_ else ""
        rate = _words(point.model_dump(mode="json")["rate"])
        said = (rate, point.precision or "", since, point.basis, sources.number(point.source))
        told.append(" ".join(filter(None, said)))
    return "; ".join(told)


def _range(cite: Cite | None) -> str:
    """The least and the most that a figure may come to, as shares of itself."""
    if cite is None or cite.uncertainty is None:
        return ""
    return f"{cite.uncertainty.low} to {cite.uncertainty.high}"


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {each}" for key, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _show_throughput(known: Catalog, entry: str, sources: Sources) -> None:
    from catalogs.reach import reached

    rates = sorted(known.throughput.get(entry, {}).items())
    rows = [_point_cells(known, workload, point, sources) for workload, points in rates for point in points]
    if rows:
        click.echo("throughput of one accelerator")
        _show_filled(("workload", "rate", "from", "precision", "accelerators", "basis", "source"), rows)
    for system in _systems_of(known, entry):
        for workload in sorted(known.throughput.get(known.systems[system].accelerator, {})):
            if why := reached(known, system, workload)[1]:
                tell(f"  {system} cannot do {workload}: {why}")


def _point_cells(known: Catalog, workload: str, point: Throughput, sources: Sources) -> tuple[str, ...]:
    rate = _words(point.model_dump(mode="json")["rate"])
    together = "" if point.accelerators is None else str(point.accelerators)
    return (
        workload, f"{rate} {known.workloads[workload].unit}", point.from_ or "", point.precision or "", together,
        point.basis, sources.number(point.source),
    )  # fmt: skip


def _systems_of(known: Catalog, entry: str) -> list[str]:
    """A system itself, or those of an accelerator."""
    return [key for key, system in sorted(known.systems.items()) if entry in (key, system.accelerator)]


def _parts_of(known: Catalog, entry: str) -> list[str]:
    systems = [key for key in _systems_of(known, entry) if key != entry]
    return systems + [key for key, offer in sorted(known.offers.items()) if offer.system in (entry, *systems)]
