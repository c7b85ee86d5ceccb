"""`chipmix check`: every problem of catalogues and scenarios at once, and what is possible but looks wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.screen import say

if TYPE_CHECKING:
    from catalogs.problems import Problem
    from optimizer.request.load import Request
    from optimizer.tables.warning import Doubt


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
def check(paths: tuple[str, ...]) -> int:
    """Check scenarios, catalogue folders and catalogue files.

    A PATH is a file, a folder or the name of a bundled scenario. A catalogue is checked on top of
    the bundled one; a scenario as far as it can be without solving it, so that what is in order here can be
    planned or is infeasible. Prints every problem as file:line:column: message, and then exits with 2; warnings
    likewise, with 0.

    \b
    Example:
      chipmix check my_scenario.yaml our_quotes
    """
    from catalogs.problems import InputError, Problems

    problems = Problems()
    for path in paths:
        problems.extend(_problems_of(lambda path=path: _check(path)))  # type: ignore[misc]
    if problems:
        raise InputError(problems)
    return 0


def _problems_of(check_one: Callable[[], None]) -> tuple[Problem, ...]:
    """What is wrong with one of several things to check."""
    from catalogs.problems import InputError

    try:
        check_one()
    except InputError as error:
        return error.problems
    return ()


def _check(name: str) -> None:
    """Says what a path holds. Raises InputError."""
    from optimizer.request.load import find_scenario

    path = Path(name)
    if path.is_dir():
        _check_folder(path)
    elif path.is_file():
        _check_file(path)
    else:
        _check_scenario(name, find_scenario(name))


def _check_file(path: Path) -> None:
    from catalogs.yaml_text import read
    from optimizer.request.kind_of_file import kind_of

    if kind_of(read(path)) == "catalogue":
        _check_catalog(path, [path])
    else:
        _check_scenario(str(path), path)


def _check_folder(folder: Path) -> None:
    """Each scenario in a folder, and as one catalogue all files that are none. Raises InputError with all problems."""
    from catalogs.load import catalog_files, yaml_files
    from catalogs.problems import InputError, Problems

    scenarios = [path for path in yaml_files(folder) if _holds_scenario(path)]
    problems = Problems()
    for path in scenarios:
        problems.extend(_problems_of(lambda path=path: _check_scenario(str(path), path)))  # type: ignore[misc]
    rest = [path for path in catalog_files(folder) if path not in scenarios]
    if rest or not scenarios:
        parts = rest if scenarios else [folder]
        problems.extend(_problems_of(lambda: _check_catalog(folder, parts)))
    if problems:
        raise InputError(problems)


def _holds_scenario(path: Path) -> bool:
    """Whether a file is a scenario; one that cannot be read is left to the catalogue's reader to report."""
    from catalogs.problems import InputError
    from catalogs.yaml_text import read
    from optimizer.request.kind_of_file import kind_of

    try:
        return kind_of(read(path)) == "scenario"
    except InputError:
        return False


def _check_catalog(name: Path, parts: Iterable[Path]) -> None:
    """Says that a catalogue is in order, on top of the bundled one. Raises InputError."""
    from catalogs.load import bundled_folder, catalog_of, doubtful, is_bundled

    folders = [bundled_folder(), *(part for part in parts if not is_bundled(part))]
    count = len(catalog_of(folders).accelerators)
    say(f"{name}: a catalogue in order; with the bundled one {count} accelerators")
    for doubt in doubtful(folders):
        say(f"{doubt.at}: warning: {doubt.message}", err=True)


def _check_scenario(name: str, path: Path) -> None:
    """Says that a scenario is in order, and what looks wrong about it. Raises InputError for what `plan` refuses."""
    from optimizer.proven import stated
    from optimizer.request.load import load_request
    from optimizer.request.regions import OfRegion, of_regions
    from optimizer.request.schedule_notes import Read, readings
    from optimizer.tables.warnings import doubts

    request = load_request(path)
    tables = stated(request)[0].tables
    if request.scenario.futures is not None:
        from optimizer.uncertainty.question import asked

        asked(request)
    able = len(tables.offers) - len(tables.excluded)
    found = doubts(tables)
    warned = f", with {len(found)} warning{'s' if len(found) > 1 else ''}" if found else ""
    say(f"{name}: a scenario in order{warned}; {able} of {len(tables.offers)} offers can be ordered")
    for doubt in found:
        say(_warning(request, doubt), err=True)
    said: list[Read | OfRegion] = [*readings(request.scenario), *of_regions(request.scenario, request.catalog)]
    for read in said:
        say(f"{request.place(read.path)}: note: {read}", err=True)


def _warning(request: Request, doubt: Doubt) -> str:
    """A doubt at its place in the scenario, or in the catalogue of the user's own."""
    about = doubt.about
    at = request.own_offers.get(about) if isinstance(about, str) else about
    at = request.place(at) if isinstance(at, tuple) else at
    return f"{at}: warning: {doubt.text}" if at is not None else f"warning: {doubt.text}"
