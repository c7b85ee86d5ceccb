"""One file's entries added to those of its folder, section by section, each with its owner."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from catalogs.leaves import entries
from catalogs.problems import Location, Problem, Problems, nearest, suggestion
from catalogs.values import ID_PATTERN
from catalogs.wording import remedy, shown_value
from catalogs.yaml_text import ANY, Map, Text

SECTIONS = ("accelerators", "systems", "offers", "throughput", "workloads", "pools", "tariffs", "sources", "cites")
FILE_KEYS = ("accelerator", "systems", "offers", "throughput", "workloads", "pools", "tariffs", "sources", "cites")


def empty(at: Location) -> Map:
    """The text of a catalogue without any entry."""
    tree = Map(at)
    for section in SECTIONS:
        tree.put(section, Map(at), at)
    return tree


def hide_all(text: Map) -> None:
    """Something cannot be read: nobody can tell which entries there are."""
    for section in SECTIONS:
        text[section].refused.add(ANY)


def _put_once(target: Map, key: str, value: Any, at: Location, what: str, problems: Problems) -> None:
    if key not in target:
        target.put(key, value, at)
    elif target[key] != value:
        first = target.key_at[key]
        problems.append(Problem(at, f"{what} '{key}' is defined twice (first at {first})"))


def _sections(tree: Map, text: Map, problems: Problems) -> dict[str, Map]:
    """The sections of a file that have their shape; of the others nobody can tell the entries."""
    found = {}
    for key, value in tree.items():
        at = tree.key_at[key]
        if key not in FILE_KEYS:
            problems.append(Problem(at, f"unknown key '{shown_value(key)}'{suggestion(key, FILE_KEYS)}"))
            _hide(text, nearest(key, FILE_KEYS))
        elif isinstance(value, Map):
            found[key] = value
        elif value is not None:
            problems.append(Problem(at, f"{key} must be a mapping of keys to values{remedy('dict_type', value)}"))
            _hide(text, key)
    return found


def _hide(text: Map, key: str | None) -> None:
    """Nobody can tell which entries a file's key adds to its section."""
    section = "accelerators" if key == "accelerator" else key
    if section is not None:
        text[section].refused.add(ANY)


def add_file(tree: Map, text: Map, problems: Problems) -> None:
    """Adds one file's entries to its folder's. Systems and throughputs learn their accelerator here."""
    sections = _sections(tree, text, problems)
    owner = sections.get("accelerator", Map(tree.at)).get("id")
    if isinstance(owner, Text):
        if not re.fullmatch(ID_PATTERN, owner):
            _hide(text, "accelerator")
        _put_once(text["accelerators"], owner, sections["accelerator"], owner.at, "accelerator", problems)
        if "throughput" in sections:
            _put_once(text["throughput"], owner, sections["throughput"], owner.at, "throughput of", problems)
    elif "accelerator" in tree or "throughput" in sections:
        _refuse_owner(tree, sections, problems)
        _hide(text, "accelerator")
    for _, system, _at in entries(sections.get("systems"), "*"):
        if "accelerator" not in system and isinstance(owner, Text):
            system.put("accelerator", owner, system.at)
        elif "accelerator" in tree:
            system.refused.add("accelerator")
    for section in ("systems", "offers", "workloads", "pools", "tariffs", "sources", "cites"):
        for key, value in sections.get(section, {}).items():
            at = sections[section].key_at[key]
            _put_once(text[section], key, value, at, section.removesuffix("s"), problems)


def _refuse_owner(tree: Map, sections: Mapping[str, Map], problems: Problems) -> None:
    """Says that nobody can tell whose systems and throughput a file has, unless its accelerator was refused already."""
    about = sections.get("accelerator")
    if about is not None and "id" in about:
        problems.append(Problem(about.key_at["id"], "accelerator.id must be a word, such as my_chip"))
    elif about is not None or tree.get("accelerator") is None:
        at = tree.key_at.get("accelerator", tree.at)
        problems.append(Problem(at, "accelerator.id is missing; it says whose systems and throughput these are"))
