"""A scenario file with its catalogue: read, checked against each other, every mistake at once."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from catalogs.load import BUNDLED, bundled_folder, load_catalog, locate, shown_name
from catalogs.problems import InputError, Location, Problem, suggestion
from catalogs.schema import Catalog
from catalogs.validate import dotted, leaves, place_of, validated
from catalogs.yaml_text import Map, Text, read
from optimizer.scenario import Scenario
from optimizer.scenario_checks import check_scenario


@dataclass(frozen=True)
class Request:
    """A scenario with the catalogue it was checked against: all that a plan depends on."""

    scenario: Scenario
    catalog: Catalog
    source: Map | None = None

    def problem(self, path: tuple[str, ...], message: str) -> Problem:
        """A mistake found later than by the reader, at its place in the scenario's file."""
        at = place_of(self.source, path)[0] if self.source is not None else Location("scenario", 1, 1)
        return Problem(at, f"{dotted(path)}: {message}" if path else message)


def _catalog_folders(tree: Map, beside: Path, problems: list[Problem]) -> list[Path]:
    named = [name for _, name, _ in leaves(tree, "catalogs", "*")] or [Text(BUNDLED, tree.at)]
    folders = []
    for name in named:
        folder = locate(str(name), beside)
        if not folder.is_dir():
            at = name.at if isinstance(name, Text) else tree.at
            problems.append(Problem(at, f"catalogs: there is no folder '{name}' beside the scenario"))
        else:
            folders.append(folder)
    return folders


def load_request(path: Path) -> Request:
    """A scenario file with its catalogue. Raises InputError with every mistake of all the files."""
    shown = shown_name(path, bundled_folder()) if bundled_folder() in path.parents else str(path)
    tree = read(path, shown)
    problems: list[Problem] = []
    catalog, merged = load_catalog(_catalog_folders(tree, path.parent, problems), problems)
    scenario = validated(Scenario, tree, (), problems)
    check_scenario(tree, merged, problems)
    if problems or scenario is None:
        raise InputError(problems)
    return Request(scenario, catalog, tree)


def bundled_scenarios() -> dict[str, Path]:
    """The scenarios that ship with chipmix, by name."""
    folder = Path(str(files("catalogs"))) / "scenarios"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_scenario(name: str) -> Path:
    """The file of a scenario: a path, or the name of a bundled one. Raises InputError."""
    path = Path(name)
    if path.is_file():
        return path
    bundled = bundled_scenarios()
    if name in bundled:
        return bundled[name]
    hint = suggestion(name, bundled)
    raise InputError(
        [Problem(Location(name, 1, 1), f"there is no such file and no bundled scenario of that name{hint}")]
    )
