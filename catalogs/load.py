"""YAML files to one Catalog: folders merged in order, every mistake of every file at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from catalogs.checks import CHECKS, check_cites
from catalogs.foreign import read_named
from catalogs.problems import InputError, Location, Problem, suggestion
from catalogs.schema import Accelerator, Catalog, Cite, Offer, Pool, Source, System, Throughput, Workload
from catalogs.validate import leaves, validated
from catalogs.yaml_text import Map, Seq, Text, read

BUNDLED = "bundled"
OWN_QUOTE = "own_quote"
"""The source of a figure that an overlay gives without citing one."""

SECTIONS: dict[str, type[BaseModel]] = {
    "accelerators": Accelerator,
    "systems": System,
    "offers": Offer,
    "workloads": Workload,
    "pools": Pool,
    "sources": Source,
    "cites": Cite,
}
FILE_KEYS = ("accelerator", "systems", "offers", "throughput", "workloads", "pools", "sources", "cites")


def bundled_folder() -> Path:
    """The folder of the catalogue that ships with chipmix."""
    return Path(str(files("catalogs")))


def catalog_files(folder: Path) -> list[Path]:
    """The YAML files of a catalogue folder, in a fixed order; scenarios are not part of it."""
    if folder.is_file():
        return [folder]
    found = sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")])
    return [path for path in found if "scenarios" not in path.relative_to(folder).parts]


def shown_name(path: Path, folder: Path) -> str:
    """A file's name in messages: without the machine's own paths where the file ships with us."""
    if folder == bundled_folder():
        return f"{BUNDLED}/{path.relative_to(folder).as_posix()}"
    return str(path)


def _empty(at: Location) -> dict[str, Map]:
    return {section: Map(at) for section in (*SECTIONS, "throughput")}


def _put_once(target: Map, key: str, value: Any, at: Location, what: str, problems: list[Problem]) -> None:
    if key not in target:
        target.put(key, value, at)
    elif target[key] != value:
        first = target.key_at[key]
        problems.append(Problem(at, f"{what} '{key}' is defined twice (first at {first})"))


def _read_file(tree: Map, merged: dict[str, Map], problems: list[Problem]) -> None:
    """Adds one file's entries to its folder's. Systems and throughputs learn their accelerator here."""
    for key, at in tree.key_at.items():
        if key not in FILE_KEYS:
            problems.append(Problem(at, f"unknown key '{key}'{suggestion(key, FILE_KEYS)}"))
        elif not isinstance(tree[key], Map) and tree[key] is not None:
            problems.append(Problem(at, f"{key} must be a mapping of keys to values"))
    sections = {key: value for key, value in tree.items() if isinstance(value, Map)}
    owner = sections.get("accelerator", Map(tree.at)).get("id")
    if isinstance(owner, Text):
        entry = sections["accelerator"]
        _put_once(merged["accelerators"], owner, entry, owner.at, "accelerator", problems)
        for _, system, at in leaves(sections.get("systems"), "*"):
            if isinstance(system, Map) and "accelerator" not in system:
                system.put("accelerator", owner, at)
        if "throughput" in sections:
            _put_once(merged["throughput"], owner, sections["throughput"], owner.at, "throughput of", problems)
    elif "accelerator" in sections or "throughput" in sections:
        at = tree.key_at.get("accelerator", tree.at)
        problems.append(Problem(at, "accelerator.id is missing; it says whose systems and throughput these are"))
    for section in ("systems", "offers", "workloads", "pools", "sources", "cites"):
        for key, value in sections.get(section, {}).items():
            at = sections[section].key_at[key]
            _put_once(merged[section], key, value, at, section.removesuffix("s"), problems)


BUDGETS = frozenset({"capex_usd", "opex_usd"})
"""Their keys look like those of a schedule, but are windows: each is a limit of its own."""


def overlaid(base: Any, over: Any, field: str = "") -> Any:
    """`over` on top of `base`: mappings merge field by field, schedules and lists are replaced whole.

    A mapping of item numbers laid on a list replaces those items. `field` is what the two are the value of.
    """
    if isinstance(base, Seq) and isinstance(over, Map) and all(key.isdigit() for key in over):
        return _items_replaced(base, over)
    if not (isinstance(base, Map) and isinstance(over, Map)):
        return over
    if field not in BUDGETS and (_is_schedule(over) or _is_schedule(base)):
        return over
    return _merged(base, over)


def _merged(base: Map, over: Map) -> Map:
    """Two mappings whose keys are names, whatever they look like: what both have is merged, the rest kept."""
    merged = Map(base.at)
    for key, value in base.items():
        merged.put(key, value, base.key_at[key])
    for key, value in over.items():
        merged.put(key, overlaid(base.get(key), value, key), over.key_at[key])
    return merged


def _items_replaced(base: Seq, over: Map) -> Seq:
    merged = Seq(base.at)
    for i, item in enumerate(base):
        merged.append(overlaid(item, over[str(i)]) if str(i) in over else item)
        merged.item_at.append(base.item_at[i])
    for key, value in sorted(over.items(), key=lambda item: int(item[0])):
        if int(key) == len(merged):
            merged.append(value)
            merged.item_at.append(over.key_at[key])
        elif int(key) > len(merged):
            message = f"there is no item {key}; the list has {len(merged)}, counted from 0"
            raise InputError([Problem(over.key_at[key], message)])
    return merged


def _is_schedule(tree: Map) -> bool:
    return bool(tree) and all(key[:1].isdigit() for key in tree)


def _cite_own_quotes(base: dict[str, Map], over: dict[str, Map]) -> None:
    """A figure replaced without a cite no longer has the old one's source: it is the user's own quote."""
    for section in ("accelerators", "systems", "offers"):
        for entry, fields in over[section].items():
            for field in fields if isinstance(fields, Map) and entry in base[section] else ():
                if f"{entry}.{field}" not in over["cites"] and entry not in over["cites"]:
                    at = fields.key_at[field]
                    cite = Map(at)
                    cite.put("source", Text(OWN_QUOTE, at), at)
                    cite.put("basis", Text("vendor", at), at)
                    over["cites"].put(f"{entry}.{field}", cite, at)
                    _own_quote_source(over["sources"], at)


def _own_quote_source(sources: Map, at: Location) -> None:
    if OWN_QUOTE not in sources:
        source = Map(at)
        source.put("title", Text("own quote, given without a source", at), at)
        sources.put(OWN_QUOTE, source, at)


def merge_folders(
    folders: Iterable[Path], problems: list[Problem], around: Sequence[Path] | None = None
) -> dict[str, Map]:
    """The source text of all folders, section by section, later folders on top of earlier ones.

    `around` are the folders within which files speak freely, as in `catalogs.foreign`; None is everywhere.
    """
    merged = _empty(Location("", 1, 1))
    for folder in folders:
        layer = _empty(Location(str(folder), 1, 1))
        for path in catalog_files(folder):
            try:
                _read_file(_tree(path, shown_name(path, folder), around), layer, problems)
            except InputError as error:
                problems.extend(error.problems)
        _cite_own_quotes(merged, layer)
        merged = {section: _merged(merged[section], layer[section]) for section in merged}
    return merged


def _tree(path: Path, shown: str, around: Sequence[Path] | None) -> Map:
    return read(path, shown) if around is None else read_named(path, shown, FILE_KEYS, "catalogue file", around)


def _with_settings(merged: dict[str, Map], settings: Map, problems: list[Problem]) -> dict[str, Map]:
    layer = _empty(settings.at)
    for section, entries in settings.items():
        if section not in layer:
            at = settings.key_at[section]
            problems.append(Problem(at, f"there is no catalogue section '{section}'{suggestion(section, layer)}"))
        elif isinstance(entries, Map) and all(isinstance(entry, Map) for entry in entries.values()):
            layer[section] = entries
        else:
            example = f"catalog/{section}/ID/FIELD=VALUE"
            problems.append(Problem(settings.key_at[section], f"{section} are set field by field, as {example}"))
    _cite_own_quotes(merged, layer)
    return {section: _merged(merged[section], layer[section]) for section in merged}


def _validated_section(name: str, model: type[BaseModel], tree: Map, problems: list[Problem]) -> dict[str, BaseModel]:
    valid = {}
    for key, value in sorted(tree.items()):
        if not isinstance(value, Map):
            problems.append(Problem(tree.key_at[key], f"{name}.{key} must be a mapping of keys to values"))
            continue
        result = validated(model, value, (name, key), problems)
        if result is not None:
            valid[key] = result
    return valid


def _catalog(merged: dict[str, Map], problems: list[Problem]) -> Catalog:
    sections: dict[str, Any] = {
        name: _validated_section(name, model, merged[name], problems) for name, model in SECTIONS.items()
    }
    rates: dict[str, Any] = {}
    for owner, tree in sorted(merged["throughput"].items()):
        rates[owner] = _validated_section(f"throughput.{owner}", Throughput, tree, problems)
    return Catalog.model_construct(**sections, throughput=rates)


def load_catalog(
    folders: Sequence[Path],
    problems: list[Problem],
    settings: Map | None = None,
    around: Sequence[Path] | None = None,
) -> tuple[Catalog, dict[str, Map]]:
    """The catalogue of some folders and its source text, with every mistake appended to `problems`.

    `settings` holds fields to lay on top, by section and entry; `around` is as for `merge_folders`.

    Entries with mistakes are left out of the catalogue but stay in the text, so that a caller can go
    on to check what refers to them. Use `catalog_of` where mistakes should raise.
    """
    merged = merge_folders(folders, problems, around)
    if settings:
        merged = _with_settings(merged, settings, problems)
    catalog = checked_catalog(merged, problems)
    if bundled_folder() in folders and len(folders) == 1:
        check_cites(merged, problems)
    return catalog, merged


def catalog_text(sections: Mapping[str, Map], settings: Iterable[Map], problems: list[Problem]) -> dict[str, Map]:
    """The text of a catalogue that a plan holds, section by section, with settings laid on top."""
    merged = {**_empty(Location("", 1, 1)), **sections}
    for layer in settings:
        merged = _with_settings(merged, layer, problems) if layer else merged
    return merged


def checked_catalog(merged: dict[str, Map], problems: list[Problem]) -> Catalog:
    """The catalogue of its text, with every mistake appended to `problems`."""
    for check in CHECKS:
        check(merged, problems)
    return _catalog(merged, problems)


def catalog_of(folders: Sequence[Path]) -> Catalog:
    """The catalogue of some folders. Raises InputError with every mistake of every file."""
    problems: list[Problem] = []
    catalog, _ = load_catalog(folders, problems)
    if problems:
        raise InputError(problems)
    return catalog


def locate(name: str, beside: Path) -> Path:
    """The folder that a scenario's `catalogs:` entry names: `bundled`, or a path beside the scenario."""
    return bundled_folder() if name == BUNDLED else (beside / name).resolve()


def entry_ids(merged: dict[str, Map]) -> Iterator[str]:
    """Every id that an offers rule may name: accelerators, systems and offers."""
    for section in ("accelerators", "systems", "offers"):
        yield from merged[section]
