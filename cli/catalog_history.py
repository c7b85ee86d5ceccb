"""`chipmix catalog stale` and `diff`: which figures are old, and what differs between two catalogues."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.catalog_folders import folder_option
from cli.tables import show_table, tell

if TYPE_CHECKING:
    from catalogs.changed import Change
    from catalogs.schema import Catalog

BUNDLED = "bundled"
OFFERS_SHOWN = 2
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
folder_type = click.Path(path_type=Path)


@click.command(short_help="List figures whose source is older than a day.")
@click.option("--before", metavar="DATE", required=True, help="The day, such as 2025-06-30.")
@folder_option
def stale(before: str, folders: tuple[Path, ...]) -> int:
    """List figures whose source is older than a day, with file and line, and the offers that they count for.

    With --catalog, only figures of these folders are listed.

    \b
    Example:
      chipmix catalog stale --before 2024-01-01
    """
    from catalogs.aged import aged
    from catalogs.load import bundled_folder, sound_catalog

    if not DATE.fullmatch(before):
        raise click.BadParameter(f"'{before}' is not a day; write it as 2025-06-30", param_hint="--before")
    found, undated = aged(*sound_catalog([bundled_folder(), *folders]), before)
    shown = [each for each in found if not folders or not each.at.file.startswith(f"{BUNDLED}/")]
    rows = []
    for each in shown:
        more = f" and {len(each.offers) - OFFERS_SHOWN} more" if len(each.offers) > OFFERS_SHOWN else ""
        at = f"{each.at.file}:{each.at.line}"
        rows.append((each.date, each.figure, at, each.source, ", ".join(each.offers[:OFFERS_SHOWN]) + more))
    if rows:
        show_table(("date", "figure", "at", "source", "offers"), rows, spare=(3,))
    tell(f"{len(shown)} figures have a source from before {before}; {undated} have one without a date")
    return 0


@click.command(short_help="What differs between two catalogues.")
@click.argument("old", type=folder_type)
@click.argument("new", type=folder_type)
def diff(old: Path, new: Path) -> int:
    """What differs between two catalogues, field by field, with both values and their sources.

    OLD and NEW are `bundled`, or folders that are laid on top of the bundled catalogue.

    \b
    Example:
      chipmix catalog diff bundled our_quotes
    """
    from catalogs.changed import changes

    found = list(changes(_known(old), _known(new)))
    for name, text in (("added", "new"), ("removed", "gone")):
        rows = [(each.section.removesuffix("s"), each.entry) for each in found if _is(each, name)]
        if rows:
            tell(f"{text}:")
            show_table(("kind", "entry"), rows)
    changed = [each for each in found if each.field]
    if changed:
        tell("changed:")
        rows_ = [(f"{each.entry}.{each.field}", each.was, each.was_by, each.now, each.now_by) for each in changed]
        show_table(("figure", "was", "by then", "is", "by now"), rows_, spare=(2, 4))
    tell(f"{len(found) - len(changed)} entries came or went, {len(changed)} figures differ")
    return 0


def _is(change: Change, what: str) -> bool:
    return not change.field and bool(change.now) == (what == "added")


def _known(folder: Path) -> Catalog:
    from catalogs.load import bundled_folder, catalog_of
    from catalogs.problems import InputError, Location, Problem

    if str(folder) == BUNDLED:
        return catalog_of([bundled_folder()])
    if not folder.is_dir():
        raise InputError([Problem(Location(str(folder), 1, 1), "is no catalogue folder; name one, or 'bundled'")])
    return catalog_of([bundled_folder(), folder])
