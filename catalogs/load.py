"""YAML files to one Catalog: folders merged in order, every mistake of every file at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from catalogs.checks import CHECKS, check_cites
from catalogs.evidence import cites_of, forget_sources
from catalogs.figures_of import every_figure, figures_not_of
from catalogs.foreign import read_named, real_path
from catalogs.overlay import SET, merged, refuse_change_of_nothing
from catalogs.problems import InputError, Location, Problem, Problems, suggestion
from catalogs.schema import Accelerator, Catalog, Offer, Pool, Region, System, Workload
from catalogs.sections import FILE_KEYS, SECTIONS, add_file, empty, hide_all
from catalogs.validate import Sound, accepted
from catalogs.yaml_text import Map, read

if TYPE_CHECKING:
    from catalogs.slips import Doubtful

BUNDLED = "bundled"
MOST_FILES = 10_000
SHIPPED = (f"{BUNDLED}/",)
"""How the names of files that ship begin."""


def bundled_folder() -> Path:
    """The folder of the catalogue that ships with chipmix."""
    return Path(str(files("catalogs")))


def is_bundled(folder: Path) -> bool:
    """Whether a path leads to the catalogue that ships with chipmix, by whatever name."""
    return real_path(folder) == real_path(bundled_folder())


def catalog_files(folder: Path) -> list[Path]:
    """The YAML files of a catalogue folder, in a fixed order; scenarios are not part of it."""
    found = yaml_files(folder) if folder.is_dir() else [folder]
    return [path for path in found if path == folder or "scenarios" not in path.relative_to(folder).parts]


def yaml_files(folder: Path) -> list[Path]:
    """The YAML files in a folder and its folders, in a fixed order. Raises InputError where one cannot be read."""
    return sorted(path for path in _files_below(folder) if path.suffix in (".yaml", ".yml"))


def _files_below(folder: Path) -> list[Path]:
    """Every file in a folder and its folders. Raises InputError where one cannot be read or there are too many."""

    def refuse(error: OSError) -> None:
        raise InputError([Problem(Location(str(error.filename), 1, 1), f"cannot be read: {error.strerror}")])

    found: list[Path] = []
    for inside, _, names in os.walk(folder, onerror=refuse):
        found += [Path(inside) / name for name in names]
        if len(found) > MOST_FILES:
            message = f"holds more than {MOST_FILES:,} files; name the folder of the catalogue alone"
            raise InputError([Problem(Location(str(folder), 1, 1), message)])
    return found


def shown_name(path: Path, folder: Path) -> str:
    """A file's name in messages: without the machine's own paths where the file ships with us."""
    if folder == bundled_folder():
        return f"{BUNDLED}/{path.relative_to(folder).as_posix()}"
    return str(path)


ENTRIES: tuple[tuple[str, type[BaseModel], frozenset[str]], ...] = (
    ("accelerators", Accelerator, frozenset({"vendor", "kind"})),
    ("systems", System, frozenset({"name"})),
    ("offers", Offer, frozenset({"system", "route"})),
    ("workloads", Workload, frozenset({"unit", "phase", "describes"})),
    ("pools", Pool, frozenset({"unit", "describes"})),
    ("tariffs", Region, frozenset({"describes"})),
)
"""The sections whose entries later layers change by name: the model of one, and the fields that say what it is."""


def _laid(text: Map, layer: Map, problems: Problems) -> Map:
    """A catalogue's text with a layer on top: a folder's, or settings'."""
    laid = Map(text.at)
    for section in SECTIONS:
        laid.put(section, merged(text[section], layer[section]), text.key_at[section])
    laid.put("cites", cites_of(text, layer), text.key_at["cites"])
    forget_sources(text["throughput"], layer["throughput"], laid["throughput"])
    for section, model, own in ENTRIES:
        new = set(layer[section]) - set(text[section])
        refuse_change_of_nothing(laid, section, model, own, new, problems)
    return laid


def merge_folders(folders: Iterable[Path], problems: Problems, around: Sequence[Path] | None = None) -> Map:
    """The source text of all folders, section by section, later folders on top of earlier ones.

    `around` are the folders within which files speak freely, as in `catalogs.foreign`; None is everywhere.
    """
    text = empty(Location("", 1, 1))
    for folder in folders:
        text = _laid(text, layer_of(folder, problems, around), problems)
    return text


def layer_of(folder: Path, problems: Problems, around: Sequence[Path] | None = None) -> Map:
    """The source text of one folder, or file, as it is, section by section. What ships is one tree for all: not to be
    changed."""
    if folder != bundled_folder():
        return _layer_of(folder, problems, around)
    layer, found = _shipped_layer(tuple(map(_stamp, catalog_files(folder))))
    problems.extend(found)
    return layer


def _stamp(path: Path) -> tuple[Path, int, int]:
    """A file, and what changes where somebody changes it."""
    status = path.lstat()
    return path, status.st_mtime_ns, status.st_size


@lru_cache(maxsize=1)
def _shipped_layer(_files: tuple[tuple[Path, int, int], ...]) -> tuple[Map, Problems]:
    """The text of what ships and what is wrong with it, read once a process while nobody changes these files."""
    problems = Problems()
    return _layer_of(bundled_folder(), problems, None), problems


def _layer_of(folder: Path, problems: Problems, around: Sequence[Path] | None) -> Map:
    layer = empty(Location(str(folder), 1, 1))
    for path in _files_of(folder, layer, problems):
        tree = _read(path, folder, layer, problems, around)
        if tree is not None:
            add_file(tree, layer, problems)
    return layer


def _files_of(folder: Path, layer: Map, problems: Problems) -> list[Path]:
    try:
        return catalog_files(folder)
    except InputError as error:
        _unread(layer, error, problems)
        return []


def _read(path: Path, folder: Path, layer: Map, problems: Problems, around: Sequence[Path] | None) -> Map | None:
    """One file of a folder; where it cannot be read, nobody can tell which entries there are."""
    shown = shown_name(path, folder)
    try:
        return read(path, shown) if around is None else read_named(path, shown, FILE_KEYS, "catalogue file", around)
    except InputError as error:
        _unread(layer, error, problems)
        return None


def _unread(layer: Map, error: InputError, problems: Problems) -> None:
    hide_all(layer)
    problems.extend(error.problems)


def _with_settings(text: Map, settings: Map, problems: Problems) -> Map:
    layer = empty(settings.at)
    for section, value in settings.items():
        at = settings.key_at[section]
        if section not in layer:
            problems.append(Problem(at, f"there is no catalogue section '{section}'{suggestion(section, layer)}"))
        elif isinstance(value, Map):
            layer.put(section, value, at)
        else:
            problems.append(Problem(at, f"catalog.{section} must be a mapping of keys to values"))
    return _laid(text, layer, problems)


@dataclass(frozen=True)
class Known:
    """A catalogue, none where there are mistakes, and the sound part of the text that it was made from."""

    catalog: Catalog | None
    text: Sound

    def doubtful(self) -> list[Doubtful]:
        """What looks like a slip in the user's own files; rules are read only where there are any."""
        own = figures_not_of(self.text, (*SHIPPED, SET)) if self.catalog is not None else frozenset()
        if self.catalog is None or not own:
            return []
        from catalogs.slips import doubtful_figures

        return doubtful_figures(self.catalog, self.text, own)

    @property
    def own_offers(self) -> dict[str, Location]:
        """The offers that something else than the bundled files has the last say in, and where."""
        places = self.text["offers"].key_at
        return {offer: at for offer, at in sorted(places.items()) if not at.file.startswith(SHIPPED)}


def load_catalog(
    folders: Sequence[Path],
    problems: Problems,
    settings: Map | None = None,
    whole: bool = True,
    around: Sequence[Path] | None = None,
) -> Known:
    """The catalogue of some folders, with every mistake appended to `problems`.

    `settings` holds fields to lay on top, by section and entry; `whole` is False where there should be more
    folders; `around` is as for `merge_folders`. The sound part of the text is there however broken the rest is, so
    that a caller can go on to check what refers to it. Use `catalog_of` where mistakes should raise.
    """
    text = merge_folders(folders, problems, around)
    if not whole:
        hide_all(text)
    if settings:
        text = _with_settings(text, settings, problems)
    known = checked_catalog(text, problems)
    if bundled_folder() in folders and len(folders) == 1:
        check_cites(known.text, problems)
    return known


def catalog_text(sections: Mapping[str, Map], settings: Iterable[Map], problems: Problems) -> Map:
    """The text of a catalogue that a plan holds, section by section, with settings laid on top."""
    text = empty(Location("", 1, 1))
    for section, value in sections.items():
        text.put(section, value, value.at)
    for layer in settings:
        text = _with_settings(text, layer, problems) if layer else text
    return text


def checked_catalog(text: Map, problems: Problems) -> Known:
    """The catalogue of its text, with every mistake appended to `problems`."""
    in_order = Map(text.at)
    for section in SECTIONS:
        in_order.put(section, _in_order(text[section]), text.at)
    catalog, sound = accepted(Catalog, in_order, (), problems)
    for check in CHECKS:
        check(sound, problems)
    return Known(catalog, sound)


def _in_order(section: Map) -> Map:
    """A section by its ids, so that the order of files and entries changes nothing."""
    found = Map(section.at)
    found.refused |= section.refused
    for key, value in sorted(section.items()):
        found.put(key, value, section.key_at[key])
    return found


def catalog_of(folders: Sequence[Path]) -> Catalog:
    """The catalogue of some folders. Raises InputError with every mistake of every file."""
    return sound_catalog(folders)[0]


def sound_catalog(folders: Sequence[Path]) -> tuple[Catalog, Sound]:
    """The catalogue of some folders and its text. Raises InputError with every mistake of every file."""
    problems = Problems()
    known = load_catalog(folders, problems)
    if problems or known.catalog is None:
        raise InputError(problems)
    return known.catalog, known.text


def doubtful(folders: Sequence[Path]) -> list[Problem]:
    """What is possible but looks wrong in some folders on top of the bundled one, or in that alone.

    Raises InputError with every mistake of every file.
    """
    from catalogs.slips import doubtful_figures

    catalog, text = sound_catalog(folders)
    own = figures_not_of(text, SHIPPED) if len(folders) > 1 else every_figure(text)
    return [Problem(one.at, one.text) for one in doubtful_figures(catalog, text, own)]


def locate(name: str, beside: Path) -> Path:
    """The folder that a scenario's `catalogs:` entry names: `bundled`, or a path beside the scenario."""
    folder = bundled_folder() if name == BUNDLED else beside / name
    return bundled_folder() if is_bundled(folder) else folder
