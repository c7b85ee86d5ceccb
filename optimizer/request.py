"""A scenario file with its catalogue: read, checked against each other, every mistake at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from catalogs.foreign import near, read_named
from catalogs.load import (
    BUNDLED,
    bundled_folder,
    catalog_files,
    catalog_text,
    checked_catalog,
    load_catalog,
    locate,
    overlaid,
    shown_name,
)
from catalogs.problems import InputError, Location, Problem, suggestion
from catalogs.schema import Catalog
from catalogs.validate import dotted, leaves, place_of, validated
from catalogs.yaml_text import Map, Text, parse, read
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


SCENARIO_KEYS = frozenset({*Scenario.model_fields, "extends"})


@dataclass(frozen=True)
class _Asked:
    """The text of a scenario after `extends` and settings, its files, its catalogue folders and what is set in them."""

    tree: Any
    files: tuple[Path, ...]
    folders: list[Path]
    catalog_settings: Map


def _shown(path: Path) -> str:
    return shown_name(path, bundled_folder()) if bundled_folder() in path.parents else str(path)


def _chain(path: Path, problems: list[Problem]) -> list[tuple[Map, Path]]:
    """A scenario's text and that of what it extends, the base first, each with its file."""
    chain: list[tuple[Map, Path]] = []
    seen: list[Path] = []
    around = _around(path)
    tree = read(path, _shown(path))
    while True:
        chain.insert(0, (tree, path))
        seen.append(path.resolve())
        base = tree.pop("extends", None)
        if base is None:
            return chain
        at = base.at if isinstance(base, Text) else tree.at
        following = _base(str(base), path.parent)
        if following is None:
            hint = suggestion(str(base), bundled_scenarios())
            problems.append(
                Problem(at, f"extends: there is no file '{base}' beside this one and no bundled scenario{hint}")
            )
            return chain
        if following.resolve() in seen:
            problems.append(
                Problem(at, f"extends: '{base}' leads back to a file that is already part of this scenario")
            )
            return chain
        path = following
        tree = read_named(path, _shown(path), SCENARIO_KEYS, "scenario", around)


def _around(path: Path) -> tuple[Path, ...]:
    """The folders within which what a scenario names speaks freely."""
    return near(path.parent, bundled_folder())


def _base(name: str, beside: Path) -> Path | None:
    """The file that `extends` names: beside the scenario, or a bundled one."""
    beside_it = beside / name
    return beside_it if beside_it.is_file() else bundled_scenarios().get(name)


def _asked(path: Path, settings: Sequence[str], problems: list[Problem]) -> _Asked:
    over_scenario, over_catalog = _settings(settings, problems)
    chain = _chain(path, problems)
    tree, beside = chain[0][0], chain[0][1].parent
    for over, file in chain[1:]:
        if "catalogs" in over:
            beside = file.parent
        merged = overlaid(tree, over)
        assert isinstance(merged, Map)
        merged.at, tree = over.at, merged
    beside = path.parent if "catalogs" in over_scenario else beside
    whole = overlaid(tree, over_scenario)
    folders = _catalog_folders(whole, beside, problems)
    return _Asked(whole, tuple(file for _, file in chain), folders, over_catalog)


def input_files(path: Path, settings: Sequence[str] = ()) -> tuple[Path, ...]:
    """Every file that a scenario is read from: its own, those it extends, its catalogues. Raises InputError."""
    asked = _asked(path, settings, [])
    return (*asked.files, *(file for folder in asked.folders for file in catalog_files(folder)))


def _catalog_folders(tree: Map, beside: Path, problems: list[Problem]) -> list[Path]:
    named = [name for _, name, _ in leaves(tree, "catalogs", "*")] or [Text(BUNDLED, tree.at)]
    folders = []
    for name in named:
        folder = locate(str(name), beside)
        if not _is_folder(folder):
            at = name.at if isinstance(name, Text) else tree.at
            problems.append(Problem(at, f"catalogs: there is no folder '{name}' beside the scenario"))
        else:
            folders.append(folder)
    return folders


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # such as a name too long for the file system
        return False


CATALOG_PATH = "catalog"


def _settings(settings: Sequence[str], problems: list[Problem]) -> tuple[Map, Map]:
    """What `--set KEY=VALUE` says of the scenario and of the catalogue, each as text to lay on top."""
    start = Location("--set", 1, 1)
    scenario, catalog = Map(start), Map(start)
    for setting in settings:
        key, equals, value = setting.partition("=")
        shown = f"--set {setting}"
        at = Location(shown, 1, 1)
        path = key.strip().split("/")
        if not equals or not all(path):
            problems.append(Problem(at, "must be KEY=VALUE, such as finance/discount_rate=0.1"))
            continue
        if path[0].partition(".")[0] in Scenario.model_fields and "." in path[0]:
            problems.append(Problem(at, f"keys are parted by slashes: {key.strip().replace('.', '/')}"))
            continue
        try:
            parsed = parse(f"value: {value}", shown)["value"]
        except InputError as error:
            problems.extend(error.problems)
            continue
        in_catalog = path[0] == CATALOG_PATH and len(path) > 1
        _set(catalog if in_catalog else scenario, path[1:] if in_catalog else path, parsed, at)
    return scenario, catalog


def _set(tree: Map, path: Sequence[str], value: object, at: Location) -> None:
    for part in path[:-1]:
        if not isinstance(tree.get(part), Map):
            tree.put(part, Map(at), at)
        tree = tree[part]
    tree.put(path[-1], value, at)


def load_request(path: Path, settings: Sequence[str] = ()) -> Request:
    """A scenario file with its catalogue. Raises InputError with every mistake of all the files.

    `settings` are `KEY=VALUE` with slashes in the key, such as `finance/discount_rate=0.1` or
    `catalog/offers/dgx_h100.purchase/price_usd=275e3`; a list's items go by their number from 0.
    """
    problems: list[Problem] = []
    asked = _asked(path, settings, problems)
    catalog, merged = load_catalog(asked.folders, problems, asked.catalog_settings, _around(path))
    return _checked(asked.tree, catalog, merged, problems)


def changed_request(
    scenario: Map, catalog: dict[str, Map], scenario_changes: Map, catalog_changes: Map, settings: Sequence[str] = ()
) -> Request:
    """A request made from the text that a plan holds, with changes and then settings laid on top.

    Raises InputError with every mistake, each where the changed value stands.
    """
    problems: list[Problem] = []
    over_scenario, over_catalog = _settings(settings, problems)
    if "catalogs" in over_scenario:
        at = over_scenario.key_at["catalogs"]
        problems.append(Problem(at, "catalogs: a workbook holds its own catalogue; plan the scenario's file instead"))
    tree = overlaid(overlaid(scenario, scenario_changes), over_scenario)
    merged = catalog_text(catalog, [catalog_changes, over_catalog], problems)
    return _checked(tree, checked_catalog(merged, problems), merged, problems)


def _checked(tree: Any, catalog: Catalog, merged: dict[str, Map], problems: list[Problem]) -> Request:
    """The request of a scenario's text and its catalogue. Raises InputError if there are problems."""
    assert isinstance(tree, Map)
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
