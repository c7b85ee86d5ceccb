"""`chipmix check`: every problem of catalogues and scenarios at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.screen import say

if TYPE_CHECKING:
    from catalogs.problems import Problem


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
def check(paths: tuple[str, ...]) -> int:
    """Check scenarios, catalogue folders and catalogue files.

    A PATH is a file, a folder or the name of a bundled scenario. A catalogue is checked on top of
    the bundled one. Prints every problem as file:line:column: message.

    \b
    Example:
      chipmix check my_scenario.yaml our_quotes
    """
    from catalogs.problems import InputError

    problems: list[Problem] = []
    for path in paths:
        try:
            say(f"{path}: {_check(path)}")
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return 0


def _check(name: str) -> str:
    """What a path holds, in words. Raises InputError."""
    from catalogs.load import bundled_folder, catalog_files, catalog_of
    from catalogs.yaml_text import read
    from optimizer.request import find_scenario, load_request
    from optimizer.tables import build_tables

    path = Path(name)
    scenarios = [file for file in catalog_files(path) if _holds_scenario(file)] if path.is_dir() else []
    if scenarios:
        return "; ".join(f"{file.name} {_check(str(file))}" for file in scenarios)
    if path.is_dir() or (path.is_file() and not _is_scenario(read(path))):
        folders = [bundled_folder()] if path.resolve() == bundled_folder() else [bundled_folder(), path]
        catalog = catalog_of(folders)
        return f"a catalogue in order; with the bundled one {len(catalog.accelerators)} accelerators"
    tables = build_tables(load_request(find_scenario(name)))
    able = len(tables.offers) - len(tables.excluded)
    return f"a scenario in order; {able} of {len(tables.offers)} offers can be ordered"


def _holds_scenario(path: Path) -> bool:
    """Whether a file is a scenario; one that cannot be read is left to the catalogue's reader to report."""
    from catalogs.problems import InputError
    from catalogs.yaml_text import read

    try:
        return _is_scenario(read(path))
    except InputError:
        return False


def _is_scenario(tree: dict[str, object]) -> bool:
    return any(key in tree for key in ("horizon", "demand", "buyer", "sites"))
