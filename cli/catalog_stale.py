"""`chipmix catalog stale`: figures with an old source."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.catalog_folders import folder_option
from cli.options import DAY
from cli.outputs import check_targets, delivering, is_printed, json_option, write_json
from cli.tables import heading, show_table, tell

if TYPE_CHECKING:
    from catalogs.schema import Catalog
    from catalogs.stale import CitedFigure

SPARE = (2,)
"""The basis, which a narrow screen can do without."""


@click.command(short_help="List the figures whose source is older than a date.")
@click.option("--before", required=True, type=DAY, metavar="DATE", help="Such as 2025, 2025-06 or 2025-06-30.")
@json_option()
@folder_option
def stale(before: str, json_file: Path | None, folders: tuple[Path, ...]) -> int:
    """List the figures whose source is surely older than a date, where each stands, and which offers use it.

    A source of 2024 may be of the last of December. Figures whose source has no date are counted at the end. With
    --catalog, only figures of these folders are listed.

    \b
    Example:
      chipmix catalog stale --before 2024-01
    """
    from catalogs.load import BUNDLED, bundled_folder, sound_catalog
    from catalogs.stale import cited_figures, is_older

    check_targets([], {"--json": json_file})
    known, text = sound_catalog([bundled_folder(), *folders])
    figures = [one for one in cited_figures(known, text) if not folders or not one.at.file.startswith(f"{BUNDLED}/")]
    old = sorted(
        (one for one in figures if one.date and is_older(one.date, before)), key=lambda one: (one.date or "", one)
    )
    undated = [one for one in figures if one.date is None]
    with delivering() as delivery:
        write_json(delivery, _as_json(before, known, old, undated), json_file)
        if not is_printed(json_file):
            _show(before, known, old)
            if undated:
                sources = len({one.source for one in undated})
                tell(f"{len(undated):,} figures rest on {sources} sources without a date, such as rules of estimates")
    return 0


def _as_json(before: str, known: Catalog, old: Iterable[CitedFigure], undated: Sequence[CitedFigure]) -> str:
    figures = [
        {
            **asdict(one),
            "at": str(one.at),
            "title": known.sources[one.source].title,
            "url": known.sources[one.source].url,
        }
        for one in old
    ]
    result = {"before": before, "figures": figures, "figures_without_date": len(undated)}
    return json.dumps(result, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def _show(before: str, known: Catalog, old: Sequence[CitedFigure]) -> None:
    """A table for each source, the oldest first: where its figures stand, and the offers that they count in."""
    for source in dict.fromkeys(one.source for one in old):
        found = known.sources[source]
        heading(", ".join(filter(None, (found.date, found.title))))
        tell(f"{source}{f': {found.url}' if found.url else ''}")
        rows = [
            (f"{one.at.file}:{one.at.line}", one.figure, one.basis, _offers(known, one.offers) or _region(known, one))
            for one in old
            if one.source == source
        ]
        show_table(("file:line", "figure", "basis", "used by"), rows, spare=SPARE)
    if old:
        heading(f"{len(old):,} figures with a source before {before}")
    else:
        tell(f"no figure has a source before {before}")


def _region(known: Catalog, one: CitedFigure) -> str:
    """Sites name a region; no offer uses its figures."""
    name = one.figure.rpartition(".")[0]
    return f"region: {name}" if name in (known.tariffs or {}) else ""


def _offers(known: Catalog, offers: Sequence[str]) -> str:
    """Offers by id; all of a system as `system.*`, which is how scenarios name them."""
    told = []
    for system in dict.fromkeys(known.offers[key].system for key in offers):
        ours = [key for key in offers if known.offers[key].system == system]
        every = [key for key, offer in known.offers.items() if offer.system == system]
        whole = len(every) > 1 and len(ours) == len(every) and all(key.startswith(f"{system}.") for key in every)
        told += [f"{system}.*"] if whole else ours
    return ", ".join(told)
