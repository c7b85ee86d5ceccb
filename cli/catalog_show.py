"""`chipmix catalog show`: all that is known of one entry, or of several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.catalog_folders import folder_option, load
from cli.screen import say
from cli.tables import show_table, tell

if TYPE_CHECKING:
    from catalogs.schema import Catalog, Cite, Throughput


class Numbered:
    """The sources of what is shown, numbered in the order in which they are first cited."""

    def __init__(self, known: Catalog) -> None:
        self._known = known
        self._numbers: dict[str, int] = {}

    def cells(self, cite: Cite | Throughput | None) -> tuple[str, str, str]:
        """Basis of a figure, date and number of its source."""
        if cite is None:
            return "", "", ""
        number = self._numbers.setdefault(cite.source, len(self._numbers) + 1)
        return cite.basis, self._known.sources[cite.source].date or "", f"[{number}]"

    def show(self) -> None:
        """Prints each source with its title, date and URL."""
        if self._numbers:
            say("sources")
        for source, number in self._numbers.items():
            found = self._known.sources[source]
            tell(f"  [{number}] " + ", ".join(filter(None, (found.title, found.date, found.url))))


@click.command(short_help="Show all that is known of entries, side by side, with their sources.")
@click.argument("entries", metavar="ID...", nargs=-1, required=True)
@folder_option
def show(entries: tuple[str, ...], folders: tuple[Path, ...]) -> int:
    """Show all that is known of accelerators, systems, offers, workloads, pools or regions, with its sources.

    Several are shown side by side. Each figure has its basis and the date and number of its source, whose title
    and URL stand below.

    \b
    Examples:
      chipmix catalog show h100_sxm
      chipmix catalog show h200_sxm mi325x
    """
    from catalogs.problems import suggestion
    from catalogs.side_by_side import ids, kinds

    known = load(folders)
    for entry in entries:
        if not kinds(known, entry):
            raise click.BadParameter(f"nothing is called '{entry}'{suggestion(entry, ids(known))}")
    sources, several = Numbered(known), list(dict.fromkeys(entries))
    if len(several) == 1:
        _show_one(known, several[0], sources)
    else:
        _show_beside(known, several, sources)
    for entry in several:
        _tell_what_cannot_be_done(known, entry)
    sources.show()
    for entry in several:
        if parts := _parts_of(known, entry):
            tell(f"  see also: {', '.join(parts)}")
    return 0


def _show_beside(known: Catalog, entries: Sequence[str], sources: Numbered) -> None:
    """A row for each field or point; for each entry its value and what stands behind it."""
    from catalogs.side_by_side import beside

    rows = []
    for figures in beside(known, entries):
        row = [next(one.field for one in figures if one)]
        for one in figures:
            basis, *source = sources.cells(one.cite if one else None)
            behind = " ".join(filter(None, (basis, _range(one.cite if one else None), *source)))
            row += [one.value if one else "", behind]
        rows.append(row)
    show_table(["field", *(name for entry in entries for name in (entry, "basis, date, source"))], rows)


def _show_one(known: Catalog, entry: str, sources: Numbered) -> None:
    from catalogs.side_by_side import fields_of, kinds

    say(f"{', '.join(kind.removesuffix('s') for kind in kinds(known, entry))} {entry}")
    rows = [
        (one.field, one.value, _range(one.cite), *sources.cells(one.cite)) for one in fields_of(known, entry).values()
    ]
    _show_filled(("field", "value", "range", "basis", "date", "source"), rows, ("field", "value", "basis", "source"))
    rates = sorted(known.throughput.get(entry, {}).items())
    points = [_point_cells(known, workload, point, sources) for workload, points in rates for point in points]
    if points:
        say("throughput of one accelerator")
        columns = ("workload", "rate", "from", "precision", "accelerators", "basis", "date", "source")
        _show_filled(columns, points, ("workload", "rate", "precision", "basis", "source"))


def _show_filled(columns: Sequence[str], rows: Sequence[Sequence[str]], always: Sequence[str]) -> None:
    """A table without the columns that are empty, but those that are always there."""
    told = [i for i, name in enumerate(columns) if name in always or any(row[i] for row in rows)]
    show_table([columns[i] for i in told], [[row[i] for i in told] for row in rows])


def _range(cite: Cite | None) -> str:
    """The least and the most that a figure may come to, as shares of itself."""
    if cite is None or cite.uncertainty is None:
        return ""
    return f"{cite.uncertainty.low} to {cite.uncertainty.high}"


def _point_cells(known: Catalog, workload: str, point: Throughput, sources: Numbered) -> tuple[str, ...]:
    from catalogs.side_by_side import told

    rate = told(point.model_dump(mode="json")["rate"])
    together = "" if point.accelerators is None else str(point.accelerators)
    return (
        workload, f"{rate} {known.workloads[workload].unit}", point.from_ or "", point.precision or "", together,
        *sources.cells(point),
    )  # fmt: skip


def _tell_what_cannot_be_done(known: Catalog, entry: str) -> None:
    from catalogs.reach import reached

    for system in _systems_of(known, entry):
        for workload in sorted(known.throughput.get(known.systems[system].accelerator, {})):
            if why := reached(known, system, workload)[1]:
                tell(f"  {system} cannot do {workload}: {why}")


def _systems_of(known: Catalog, entry: str) -> list[str]:
    """A system itself, or those of an accelerator."""
    return [key for key, system in sorted(known.systems.items()) if entry in (key, system.accelerator)]


def _parts_of(known: Catalog, entry: str) -> list[str]:
    systems = [key for key in _systems_of(known, entry) if key != entry]
    return systems + [key for key, offer in sorted(known.offers.items()) if offer.system in (entry, *systems)]
