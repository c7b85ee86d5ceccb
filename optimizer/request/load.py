"""A scenario file with its catalogue: read, checked against each other, every mistake at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from catalogs.foreign import near, read_named
from catalogs.leaves import leaves
from catalogs.load import (
    BUNDLED,
    Known,
    bundled_folder,
    catalog_files,
    catalog_text,
    checked_catalog,
    load_catalog,
    locate,
    shown_name,
)
from catalogs.overlay import overlaid, refuse_change_of_nothing
from catalogs.problems import InputError, Location, Problem, Problems, suggestion
from catalogs.schema import Catalog
from catalogs.validate import accepted, dotted, path_in, place_of
from catalogs.yaml_text import ANY, Map, Text, read
from optimizer.request.checks import check_scenario
from optimizer.request.frame import Frame
from optimizer.request.kind_of_file import SCENARIO_KEYS, kind_of
from optimizer.request.regions import fill_from_regions, with_regions_of
from optimizer.request.scenario import Demand, Scenario
from optimizer.request.settings import settings_of
from optimizer.request.site import Site

if TYPE_CHECKING:
    from catalogs.slips import Doubtful


@dataclass(frozen=True)
class Request:
    """A scenario with the catalogue it was checked against: all that a plan depends on.

    `own_offers` are those that a folder of the user's own, or a setting, has a say in, and where it does; `doubtful` is
    what looks like a slip in such folders.
    """

    scenario: Scenario
    catalog: Catalog
    source: Map | None = None
    own_offers: Mapping[str, Location] = field(default_factory=dict)
    doubtful: tuple[Doubtful, ...] = ()

    def problem(self, path: tuple[str, ...], message: str) -> Problem:
        """A mistake found later than by the reader, at its place in the scenario's file."""
        return Problem(self.place(path), f"{dotted(self.in_file(path))}: {message}" if path else message)

    def place(self, path: tuple[str, ...]) -> Location:
        """Where the scenario's file says what stands at a path, or the nearest thing to it."""
        if self.source is None:
            return Location("scenario", 1, 1)
        return place_of(self.source, path_in(self.source, self.in_file(path)))

    def in_file(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """A path of the scenario as its file has it: there, a list's items have the numbers of their own order."""
        if len(path) < 2 or self.source is None:
            return path
        items, written = getattr(self.scenario, path[0], None), self.source.get(path[0])
        if not (isinstance(items, tuple) and isinstance(written, list)):
            return path
        item = items[int(path[1])]
        numbers = (i for i, entry in enumerate(written) if type(item).model_validate(entry) == item)
        return (path[0], str(next(numbers, path[1])), *path[2:])


@dataclass(frozen=True)
class _Asked:
    """The text of a scenario after `extends`, and the files that it is made from, by their names in messages."""

    tree: Map
    files: Mapping[str, Path]


def _shown(path: Path) -> str:
    return shown_name(path, bundled_folder()) if bundled_folder() in path.parents else str(path)


def _chain(path: Path, problems: Problems) -> list[tuple[Map, Path]]:
    """A scenario's text and that of what it extends, the base first, each with its file.

    Where a base is not there, nobody can tell what the scenario has.
    """
    chain: list[tuple[Map, Path]] = []
    seen: list[str] = []
    around = _around(path)
    tree = _scenario_text(read(path, _shown(path)))
    while True:
        chain.insert(0, (tree, path))
        seen.append(os.path.realpath(path))
        at = _place_of_extends(tree)
        base = tree.pop("extends", None)
        if base is None:
            return chain
        following = _base(base, path.parent) if isinstance(base, Text) else None
        if following is not None and os.path.realpath(following) not in seen:
            path = following
            tree = _scenario_text(read_named(path, _shown(path), SCENARIO_KEYS, "scenario", around))
            continue
        problems.append(Problem(at, f"extends: {_no_base(base, following)}"))
        tree.refused.add(ANY)
        return chain


def _place_of_extends(tree: Map) -> Location:
    return place_of(tree, path_in(tree, ("extends",)))


def _no_base(base: object, found: Path | None) -> str:
    """Why a scenario cannot be extended."""
    if not isinstance(base, Text):
        return "must be the name of one file or of a bundled scenario"
    if found is not None:
        return f"'{base}' leads back to a file that is already part of this scenario"
    return f"there is no file '{base}' beside this one and no bundled scenario{suggestion(base, bundled_scenarios())}"


def _base(name: str, beside: Path) -> Path | None:
    """The file that `extends` names: beside the scenario, or a bundled one."""
    beside_it = beside / name
    return beside_it if _is(beside_it, Path.is_file) else bundled_scenarios().get(name)


def _is(path: Path, what: Callable[[Path], bool]) -> bool:
    try:
        return what(path)
    except OSError:  # such as a name too long for the file system
        return False


def _around(path: Path) -> tuple[Path, ...]:
    """The folders within which what a scenario names speaks freely."""
    return near(path.parent, bundled_folder())


def _scenario_text(tree: Map) -> Map:
    """The text of a scenario's file. Raises InputError for one that is none, at a glance."""
    kind = kind_of(tree)
    if kind == "empty":
        raise InputError(
            [Problem(tree.at, "the file is empty; what a scenario needs is missing: name, horizon, demand")]
        )
    if kind == "catalogue" and not set(tree) & SCENARIO_KEYS:
        message = "is a file of a catalogue, not a scenario; name its folder under catalogs: in a scenario"
        raise InputError([Problem(tree.at, message)])
    return tree


def _asked(path: Path, over: Map, problems: Problems) -> _Asked:
    chain = _chain(path, problems)
    tree = chain[0][0]
    for layer, _ in chain[1:]:
        tree = _laid(tree, layer, problems)
        tree.at = layer.at
    return _Asked(_with_settings(tree, over, problems), {layer.at.file: file for layer, file in chain})


def _with_settings(tree: Map, over: Map, problems: Problems) -> Map:
    """A scenario's text with settings on top; one that changes a site, demand or frame that is not there is refused."""
    laid = _laid(tree, over, problems)
    for section, model in (("sites", Site), ("demand", Demand), ("frames", Frame)):
        new = _keys(laid.get(section)) & _keys(over.get(section)) - _keys(tree.get(section))
        refuse_change_of_nothing(laid, section, model, frozenset(), new, problems)
    return laid


def _keys(tree: object) -> set[str]:
    return set(tree) if isinstance(tree, Map) else set()


def _laid(tree: Map, over: Map, problems: Problems) -> Map:
    """A scenario's text with another on top."""
    try:
        laid = overlaid(tree, over)
    except InputError as error:
        problems.extend(error.problems)
        laid = tree
    assert isinstance(laid, Map)
    return laid


def _catalog_folders(asked: _Asked, beside: Path, problems: Problems) -> tuple[list[Path], bool]:
    """The folders that a scenario's catalogue is made from, and whether that is all of them.

    Each is found beside the file that names it; what a setting names, beside the scenario.
    """
    named = asked.tree.get("catalogs", [Text(BUNDLED, asked.tree.at)])
    listed = named if isinstance(named, list) else []
    folders = []
    for name in listed:
        file = asked.files.get(name.at.file) if isinstance(name, Text) else None
        folder = locate(name, file.parent if file is not None else beside) if isinstance(name, Text) else None
        if folder is not None and _is(folder, Path.is_dir):
            folders.append(folder)
        elif folder is not None:
            problems.append(Problem(name.at, f"catalogs: there is no folder '{name}' beside the scenario"))
    return folders, 0 < len(listed) == len(folders) and ANY not in asked.tree.refused


def load_request(path: Path, settings: Sequence[str] = ()) -> Request:
    """A scenario file with its catalogue. Raises InputError with every mistake of all the files.

    `settings` are `KEY=VALUE` with slashes in the key, such as `finance/discount_rate=0.1` or
    `catalog/offers/dgx_h100.purchase/price_usd=275e3`; a list's items go by their number from 0.
    """
    problems = Problems()
    over_scenario, over_catalog = settings_of(settings, problems)
    asked = _asked(path, over_scenario, problems)
    folders, whole = _catalog_folders(asked, path.parent, problems)
    known = load_catalog(folders, problems, over_catalog, whole, _around(path))
    fill_from_regions(asked.tree, known.text, problems)
    request = _checked(asked.tree, known, problems)
    return replace(request, own_offers=known.own_offers, doubtful=tuple(known.doubtful()))


def input_files(path: Path, settings: Sequence[str] = ()) -> tuple[Path, ...]:
    """Every file that a scenario is read from: its own, those it extends, its catalogues. Raises InputError."""
    problems = Problems()
    asked = _asked(path, settings_of(settings, problems)[0], problems)
    folders, _ = _catalog_folders(asked, path.parent, problems)
    return (*asked.files.values(), *(file for folder in folders for file in catalog_files(folder)))


def request_from_text(
    scenario: Map, catalog: dict[str, Map], scenario_changes: Map, catalog_changes: Map, settings: Sequence[str] = ()
) -> Request:
    """A request made from the text that a plan holds, with changes and then settings laid on top.

    Raises InputError with every mistake, each where the changed value stands.
    """
    problems = Problems()
    over_scenario, over_catalog = settings_of(settings, problems)
    if "catalogs" in over_scenario:
        at = over_scenario.key_at["catalogs"]
        problems.append(Problem(at, "catalogs cannot be set here: the plan holds the catalogue it was made with"))
    _refuse_other_regions([scenario_changes, over_scenario], problems)
    tree = _with_settings(_laid(scenario, scenario_changes, problems), over_scenario, problems)
    text = catalog_text(catalog, [catalog_changes, over_catalog], problems)
    return _checked(tree, checked_catalog(text, problems), problems)


def _refuse_other_regions(changes: Sequence[Map], problems: Problems) -> None:
    """A plan holds the figures of its sites' regions and no others: another region would change nothing."""
    for layer in changes:
        for (_, site, _), _value, at in leaves(layer, "sites", "*", "region"):
            message = f"sites.{site}.region cannot be set here: the plan holds its region's figures; set these instead"
            problems.append(Problem(at, message))


def _checked(tree: Map, known: Known, problems: Problems) -> Request:
    """The request of a scenario's text and its catalogue. Raises InputError if there are problems."""
    scenario, sound = accepted(Scenario, tree, (), problems)
    check_scenario(sound, known.text, problems)
    if problems or scenario is None or known.catalog is None:
        raise InputError(problems)
    return Request(scenario, with_regions_of(known.catalog, scenario), tree)


def bundled_scenarios() -> dict[str, Path]:
    """The scenarios that ship with chipmix, by name."""
    folder = Path(str(files("catalogs"))) / "scenarios"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_scenario(name: str) -> Path:
    """The file of a scenario: a path, or the name of a bundled one. Raises InputError."""
    path = Path(name)
    if _is(path, Path.is_file):
        return path
    bundled = bundled_scenarios()
    if name in bundled:
        return bundled[name]
    raise InputError([Problem(Location(name, 1, 1), _no_scenario(path, bundled))])


def _no_scenario(path: Path, bundled: Mapping[str, Path]) -> str:
    """Why a name is no scenario's."""
    if _is(path, Path.is_dir):
        inside = sorted(path.glob("*.yaml"))
        return f"is a folder; name a scenario in it, such as {inside[0] if inside else path / 'scenario.yaml'}"
    if _is(path, Path.exists):
        return "is not a file that can be read whole"
    return f"there is no such file and no bundled scenario of that name{suggestion(str(path), bundled)}"
