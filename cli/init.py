"""`chipmix init`: a small scenario and a quote overlay to start from."""

from __future__ import annotations

from pathlib import Path

import click

from cli.screen import say
from cli.templates import QUOTES, SCENARIO


@click.command(short_help="Write a small scenario and an example quote, ready to run.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> int:
    """Write a small commented scenario and an example quote into FOLDER, ready to run.

    \b
    Example:
      chipmix init my_plan
      chipmix plan my_plan/scenario.yaml
    """
    from catalogs.problems import InputError, Location, Problem
    from optimizer.files import make_folder, write_text

    files = {folder / "scenario.yaml": SCENARIO, folder / "our_quotes" / "h100.yaml": QUOTES}
    there = [
        Problem(Location(str(path), 1, 1), "exists already and is left as it is") for path in files if path.exists()
    ]
    if there:
        raise InputError(there)
    for path, text in files.items():
        make_folder(path.parent)
        write_text(path, text)
        say(f"wrote {path}")
    say(f"next: chipmix plan {folder / 'scenario.yaml'}")
    return 0
