"""All that is known of catalogue entries, one or several side by side, with the sources: `chipmix catalog show`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.screen import say
from cli.tables import show_table, tell

if TYPE_CHECKING:
    from catalogs.schema import Catalog, Cite, Throughput

SECTIONS = ("accelerators", "systems", "offers", "workloads", "pools", "tariffs")


def show_entries(known: Catalog, entries: Sequence[str]) -> None:
    """One entry with the evidence of each field; several side by side. Then where the figures come from."""
    found = [_found(known, entry) for entry in entries]
    if len(entries) == 1:
        _show_one(known, entries[0], found[0])
        _show_sources(known, entries)
    else:
        _show_side_by_side(known, list(dict.fromkeys(entries)))


def _found(known: Catalog, entry: str) -> dict[str, dict[str, Any]]:
    """The fields of an entry, by its section."""
    from catalogs.problems import suggestion

    sections = {name: getattr(known, name) or {} for name in SECTIONS}
    found = {
        name: section[entry].model_dump(mode="json", by_alias=True, exclude_none=True)
        for name, section in sections.items()
        if entry in section
    }
    if not found:
        ids = [key for section in sections.values() for key in section]
        raise click.BadParameter(f"nothing is called '{entry}'{suggestion(entry, ids)}")
    return found


def _show_one(known: Catalog, entry: str, found: dict[str, dict[str, Any]]) -> None:
    for name, fields in found.items():
        click.echo(f"{name.removesuffix('s')} {entry}")
        _show_fields(known, entry, fields)
    _show_throughput(known, entry)
    for name in _parts_of(known, entry):
        click.echo(f"  see also: {name}")


def _show_side_by_side(known: Catalog, entries: Sequence[str]) -> None:
    """A line for each field or point: of each entry its value, and basis, range, date and number of its source."""
    from catalogs.side_by_side import beside

    sources: dict[str, int] = {}
    rows = []
    for figures in beside(known, entries):
        row = [next(one.field for one in figures if one)]
        for one in figures:
            row += [one.value, _behind(known, one.cite, sources)] if one else ["", ""]
        rows.append(row)
    show_table(["field", *(name for entry in entries for name in (entry, "basis, date, source"))], rows)
    if sources:
        say("sources")
    for source, number in sources.items():
        found = known.sources[source]
        tell(f"  [{number}] {found.title}{f', {found.date}' if found.date else ', without a date'}")
        if found.url:
            say(f"      {found.url}")  # whole, to be copied


def _behind(known: Catalog, cite: Cite | None, sources: dict[str, int]) -> str:
    """What stands behind a figure; sources are numbered as they are first named."""
    if cite is None:
        return ""
    if cite.source is None:
        return cite.basis
    number = sources.setdefault(cite.source, len(sources) + 1)
    return " ".join(filter(None, (cite.basis, _range(cite), known.sources[cite.source].date, f"[{number}]")))


def _show_sources(known: Catalog, entries: Sequence[str]) -> None:
    """Each source that a figure of the entries names, with its date and address, and which figures do."""
    used: dict[str | None, list[str]] = {}
    for entry in entries:
        for key, cite in sorted(known.cites.items()):
            if key == entry or (key.startswith(f"{entry}.") and _is_field(known, entry, key)):
                used.setdefault(cite.source, []).append(key)
        for workload, points in sorted(known.throughput.get(entry, {}).items()):
            for point in points:
                used.setdefault(point.source, []).append(f"{entry}.{workload}")
    named = [(known.sources[name], keys) for name, keys in used.items() if name]
    if named:
        click.echo("sources")
    for source, keys in named:
        tell(f"  {source.title}{f', {source.date}' if source.date else ', without a date'}")
        tell(f"    behind {', '.join(dict.fromkeys(keys))}")
        if source.url:
            say(f"    {source.url}")  # whole, to be copied


def _is_field(known: Catalog, entry: str, key: str) -> bool:
    """Whether a cite is of a field of the entry and not of an offer whose id begins like it."""
    others = (*known.systems, *known.offers)
    return not any(len(name) > len(entry) and (key == name or key.startswith(f"{name}.")) for name in others)


def _shown(value: Any) -> str:
    return ", ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else _words(value)


def _show_fields(known: Catalog, entry: str, fields: dict[str, Any]) -> None:
    rows = []
    for field, value in fields.items():
        cite = known.cite(entry, field)
        source = known.sources.get(cite.source or "") if cite else None
        rows.append((field, _shown(value), cite.basis if cite else "", _range(cite), source.title if source else ""))
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
    values = point.rate
    shown = ", ".join(f"{k}: {v:f}" for k, v in values.items()) if isinstance(values, dict) else f"{values:f}"
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
