"""`chipmix catalog import`: a price list of a cloud as a catalogue folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from cli.catalog_folders import catalog_with, folder_option
from cli.demand import Id
from cli.options import DAY, SHARE
from cli.screen import say

if TYPE_CHECKING:
    from catalogs.schema import Catalog
    from optimizer.price_lists.offers import Imported
    from optimizer.price_lists.rows import PriceList

MOST_INSTANCES = 3
LONGEST_URL = 2000


class Given(TypedDict):
    """What was typed."""

    file: Path
    output: Path | None
    map_file: Path | None
    host: str | None
    regions: tuple[str, ...]
    title: str | None
    url: str | None
    day: str | None
    spot_availability: float
    folders: tuple[Path, ...]


@click.command("import", short_help="Turn a price list of a cloud into a quote folder.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE.csv")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Folder to write; default: the file's name without its ending.")  # fmt: skip
@click.option("--map", "map_file", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE.yaml",
              help="Which column holds what, which accelerator is in which system (docs/prices.md).")  # fmt: skip
@click.option("--host", type=Id(), metavar="ID", help="Whose prices these are, where no column says it.")
@click.option("--region", "regions", multiple=True, metavar="NAME", help="Only this region; may be repeated.")
@click.option("--title", metavar="TEXT", help="What the source is called; default: the file's name.")
@click.option("--url", metavar="URL", help="Where the list was read.")
@click.option("--date", "day", type=DAY, metavar="DATE", help="When, such as 2026-01-31.")
@click.option("--spot-availability", type=SHARE, default="80%", show_default=True, metavar="SHARE",
              help="Share of its time that a spot system works; an assumption.")  # fmt: skip
@folder_option
def import_(**given: Unpack[Given]) -> int:
    """Turn a price list of a cloud into a quote folder, on top of the bundled catalogue.

    Files in the shape of SkyPilot's and gpuhunt's catalogues are read as they are. Prices of instances are divided by
    their accelerators; of several regions the cheapest counts. What the catalogue does not know is listed, here and in
    the file.

    \b
    Example:
      chipmix catalog import vms.csv -o nebius --host nebius --date 2026-01
    """
    from optimizer.files import make_folder, write_text
    from optimizer.price_lists import text

    file, folder = given["file"], given["output"] or Path(given["file"].stem)
    _refuse_folder(folder)
    if given["url"] is not None and len(given["url"]) > LONGEST_URL:
        raise click.BadParameter(f"is longer than {LONGEST_URL} characters", param_hint="'--url'")
    known = catalog_with(given["folders"])
    found = _read(given, known)
    title = given["title"] or f"price list {file.name}"
    source = text.Given(text.source_id(folder.name), title, given["url"], given["day"], given["spot_availability"])
    written = text.quote_file(known, found, source)
    _say_replaced(found, known)
    make_folder(folder)
    write_text(folder / "prices.yaml", written)
    say(f"wrote {folder / 'prices.yaml'}")
    say(f"next: chipmix check {folder}; then in a scenario: catalogs: [bundled, ./{folder}]")
    return 0


def _refuse_folder(folder: Path) -> None:
    from catalogs.problems import InputError, Location, Problem

    if folder.exists() or folder.is_symlink():
        message = "exists already and is left as it is; name another folder with -o"
        raise InputError([Problem(Location(str(folder), 1, 1), message)])


def _read(given: Given, known: Catalog) -> Imported:
    """The offers of the list, shown with what is none. Raises InputError where there are no offers."""
    from catalogs.problems import InputError, Location, Problem, suggestion
    from optimizer.price_lists.offers import hosts_of, imported
    from optimizer.price_lists.rows import price_list
    from optimizer.price_lists.shape import Shape, own_shape

    own = own_shape(given["map_file"], known) if given["map_file"] else Shape()
    listed, place = price_list(given["file"], own), Location(str(given["file"]), 1, 1)
    regions = {row.region for row in listed.rows}
    if lost := [name for name in given["regions"] if name not in regions]:
        raise InputError([Problem(place, f"no row is of region '{name}'{suggestion(name, regions)}") for name in lost])
    found = imported(known, listed, own, hosts_of(place, listed, given["host"]), given["regions"])
    _show(found, listed)
    if not found.offers:
        raise InputError([Problem(place, "holds no price of a system in the catalogue; --map says what is which")])
    return found


def _say_replaced(found: Imported, known: Catalog) -> None:
    there = [key.offer_id for key in sorted(found.offers) if key.offer_id in known.offers]
    if there:
        say(f"in the catalogue already, whose rents these replace: {', '.join(there)}")


def _show(found: Imported, listed: PriceList) -> None:
    from cli.tables import heading, show_table

    heading("USD an hour of one accelerator")
    rows = [
        [key.offer_id, f"{one.usd_per_accelerator_hour:.2f}", f"{one.highest:.2f}", str(one.rows), one.row.instance]
        for key, one in sorted(found.offers.items())
    ]
    show_table(["offer", "cheapest", "dearest", "rows", "cheapest instance"], rows, [1, 2, 3])
    if found.unknown:
        heading("Not taken over; --map can say which system an accelerator is in")
        show_table(["accelerator", "rows", "why", "instances"], _unknown(found), [1])
    if listed.without:
        say(f"rows without an accelerator, which are passed over: {listed.without:,}")
    if found.elsewhere:
        say(f"rows of other regions: {found.elsewhere:,}")


def _unknown(found: Imported) -> list[list[str]]:
    rows = []
    for unknown, instances in found.unknown.items():
        names = sorted({row.instance for row in instances if row.instance})
        more = f" and {len(names) - MOST_INSTANCES} more" if len(names) > MOST_INSTANCES else ""
        shown = ", ".join(names[:MOST_INSTANCES]) + more
        rows.append([unknown.accelerator, str(len(instances)), unknown.why, shown])
    return rows
