"""`chipmix catalog diff`: two catalogue folders or files, entry by entry and field by field."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.outputs import check_targets, delivering, is_printed, json_option, write_json
from cli.screen import say
from cli.tables import show_table, tell

if TYPE_CHECKING:
    from catalogs.differences import Difference, Side

SPARE = (4,)
"""The place, which a narrow screen can do without."""
WORDS = {"entry": ("entry", "entries"), "field": ("field", "fields")}


@click.command(short_help="What differs between two catalogue folders or files.")
@click.argument("old", metavar="OLD", type=click.Path(path_type=Path))
@click.argument("new", metavar="NEW", type=click.Path(path_type=Path))
@json_option()
def diff(old: Path, new: Path, json_file: Path | None) -> int:
    """Show what differs between two catalogue folders or files: entries added, removed and changed.

    Each field that differs has both values, with basis, source and its date. OLD and NEW are compared as they are,
    without the bundled catalogue below them; the word bundled names that one.

    \b
    Example:
      chipmix catalog diff quotes_2025 our_quotes
    """
    from catalogs.differences import differences, text_of
    from catalogs.load import BUNDLED, bundled_folder

    check_targets([], {"--json": json_file})
    paths = [bundled_folder() if str(path) == BUNDLED and not path.exists() else path for path in (old, new)]
    if missing := [path for path in paths if not path.exists()]:
        raise click.BadParameter(f"there is no folder or file {missing[0]}")
    found = list(differences(*map(text_of, paths)))
    with delivering() as delivery:
        write_json(delivery, _as_json(found), json_file)
        if not is_printed(json_file):
            _show(found)
    return 0


def _as_json(found: Sequence[Difference]) -> str:
    def plain(side: Side | None) -> dict[str, str] | None:
        return None if side is None else {"value": side.value, "source": side.source, "at": str(side.at)}

    rows = [{**vars(one), "old": plain(one.old), "new": plain(one.new)} for one in found]
    return json.dumps({"differences": rows}, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def _show(found: Sequence[Difference]) -> None:
    """First the entries that only one side has, then each field with two rows: the old one and the new one."""
    if not found:
        tell("nothing differs")
        return
    if whole := [one for one in found if not one.field]:
        show_table(("", "of", "entry", "file:line"), [(one.kind, one.section, one.entry, _place(one)) for one in whole])
        say()
    if fields := [one for one in found if one.field]:
        show_table(("field", "", "value", "basis, source, date", "file:line"), [*_rows(fields)], spare=SPARE)
        say()
    kinds = Counter(("field" if one.field else "entry", one.kind) for one in found)
    tell("; ".join(f"{count:,} {WORDS[what][count > 1]} {kind}" for (what, kind), count in sorted(kinds.items())))


def _rows(fields: Sequence[Difference]) -> Iterator[tuple[str, ...]]:
    for one in fields:
        name = f"{one.entry} {one.field}" if one.section == "throughput" else f"{one.entry}.{one.field}"
        for side, word in ((one.old, "old"), (one.new, "new")):
            if side is not None:
                yield name, word, side.value, side.source, f"{side.at.file}:{side.at.line}"
                name = ""


def _place(one: Difference) -> str:
    """Where an entry stands in the new catalogue, or stood in the old."""
    side = one.new or one.old
    return f"{side.at.file}:{side.at.line}" if side else ""
