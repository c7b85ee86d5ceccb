"""`chipmix init`: a small scenario and a quote overlay, or a copy of a bundled scenario, to start from."""

from __future__ import annotations

from pathlib import Path

import click

from cli.options import BUNDLED
from cli.screen import say

NAME = "scenario.yaml"


@click.command(short_help="Write a small scenario, or a copy of a bundled one, ready to run.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--example", type=BUNDLED, metavar="NAME", help="Start from a bundled scenario; chipmix scenarios lists them."
)
@click.option("--futures", is_flag=True, help="Add futures to decide under, with published ranges; for robust.")
def init(folder: Path, example: str | None, futures: bool) -> int:
    """Write a small commented scenario and an example quote into FOLDER, ready to run.

    Fleet, limits, price breaks and whatever else a scenario can hold stand in them as comments to be switched on. A
    copy of a bundled scenario needs no other file: catalogues and scenarios that ship are found by name. Files that are
    there already are left as they are. Editors that read JSON Schema know both kinds of file by their first line.

    \b
    Examples:
      chipmix init my_plan
      chipmix plan my_plan/scenario.yaml
      chipmix init my_plan --example meta_2025
      chipmix init my_risks --futures
    """
    from catalogs.problems import InputError, Location, Problem
    from cli.schemas import write_schemas
    from optimizer.files import make_folder, write_text

    if futures and example is not None:
        raise click.UsageError("--futures are of the small scenario; a bundled one has halls and demands of its own")
    files = _files(folder, example, futures)
    there = [
        Problem(Location(str(path), 1, 1), "exists already and is left as it is") for path in files if path.exists()
    ]
    if there:
        raise InputError(there)
    for path, text in files.items():
        make_folder(path.parent)
        write_text(path, text)
        say(f"wrote {path}")
    for path in write_schemas(folder, *(("scenario",) if example else ("scenario", "catalog"))):
        say(f"wrote {path}, for editors")
    say(f"next: chipmix {'robust' if futures else 'plan'} {folder / NAME}")
    return 0


def _files(folder: Path, example: str | None, futures: bool) -> dict[Path, str]:
    """The files to write, with what stands in them."""
    from cli.schemas import line_of
    from cli.templates import FUTURES, QUOTES, SCENARIO

    if example is None:
        text = line_of("scenario") + SCENARIO + FUTURES * futures
        return {folder / NAME: text, folder / "our_quotes" / "h100.yaml": line_of("catalog", up=1) + QUOTES}
    from optimizer.request.load import bundled_scenarios

    return {folder / NAME: line_of("scenario") + bundled_scenarios()[example].read_text(encoding="utf-8")}
