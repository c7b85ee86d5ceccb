"""YAML read as source text: every scalar stays as typed and knows its line and column.

PyYAML's own constructors turn `no` into False, `1.10` into 1.1 and `12:30:45` into 45045, and keep
the last of two equal keys. Here the schema decides what a scalar is, so decimals stay exact.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from catalogs.problems import InputError, Location, Problem

LARGEST_FILE_BYTES = 10 * 1024 * 1024
LARGEST_TREE_NODES = 200_000
DEEPEST_NESTING = 40
SURELY_SHALLOW = 1000
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff\ud800-\udfff]")


class Text(str):
    """A scalar as it stands in the file."""

    __slots__ = ("at",)
    at: Location

    def __new__(cls, text: str, at: Location) -> Text:
        self = super().__new__(cls, text)
        self.at = at
        return self


class Map(dict[str, Any]):
    """A mapping that remembers where it and each of its keys stand."""

    def __init__(self, at: Location) -> None:
        super().__init__()
        self.at = at
        self.key_at: dict[str, Location] = {}

    def put(self, key: str, value: Any, at: Location) -> None:
        self[key] = value
        self.key_at[key] = at


class Seq(list[Any]):
    """A list that remembers where it and each of its items stand."""

    def __init__(self, at: Location) -> None:
        super().__init__()
        self.at = at
        self.item_at: list[Location] = []


class _Reader:
    """Walks the composed nodes of one document and collects what is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.nodes = 0
        self.open: set[int] = set()

    def location(self, node: yaml.Node) -> Location:
        return Location(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def complain(self, node: yaml.Node, message: str) -> None:
        self.problems.append(Problem(self.location(node), message))

    def read(self, node: yaml.Node) -> Any:
        self.nodes += 1
        if self.nodes > LARGEST_TREE_NODES:
            raise InputError([Problem(self.location(node), "aliases expand without bound; write the values out")])
        if id(node) in self.open:
            self.complain(node, "an alias contains itself; write the value out")
            return None
        if len(self.open) > DEEPEST_NESTING:
            self.complain(node, f"nested deeper than {DEEPEST_NESTING} levels")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        self.open.add(id(node))
        try:
            return self.mapping(node) if isinstance(node, yaml.MappingNode) else self.sequence(node)
        finally:
            self.open.discard(id(node))

    def scalar(self, node: yaml.ScalarNode) -> Text | None:
        if not node.style and node.value in NULLS:
            return None
        if CONTROL_CHARACTERS.search(node.value):
            self.complain(node, "contains a control character; remove it")
        return Text(node.value, self.location(node))

    def mapping(self, node: yaml.MappingNode) -> Map:
        result = Map(self.location(node))
        for key_node, value_node in node.value:
            at = self.location(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.complain(key_node, "a key must be a plain word")
                continue
            key = key_node.value
            if key == "<<":
                self.complain(key_node, "merge keys ('<<') are not read; write the keys out")
                continue
            if CONTROL_CHARACTERS.search(key):
                self.complain(key_node, "a key contains a control character; remove it")
            if key in result:
                self.complain(key_node, f"duplicate key '{key}' (first at line {result.key_at[key].line})")
                continue
            result.put(key, self.read(value_node), at)
        return result

    def sequence(self, node: yaml.Node) -> Seq:
        result = Seq(self.location(node))
        for item in node.value:
            result.append(self.read(item))
            result.item_at.append(self.location(item))
        return result


def _decode(path: Path, file: str) -> str:
    start = Location(file, 1, 1)
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise InputError([Problem(start, f"larger than {LARGEST_FILE_BYTES // 2**20} MiB")])
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError([Problem(start, f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise InputError([Problem(start, f"is not UTF-8 text (byte {error.start})")]) from error


def _refuse_deep(text: str, file: str, loader: Any) -> None:
    """Refuses nesting that would overflow the composer's stack, which is C and cannot be caught.

    Nesting takes a bracket or a column each, so most texts are cleared without reading their events.
    """
    if text.count("[") + text.count("{") + max(map(len, text.splitlines()), default=0) <= SURELY_SHALLOW:
        return
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST_NESTING:
            mark = event.start_mark
            at = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file, 1, 1)
            raise InputError([Problem(at, f"nested deeper than {DEEPEST_NESTING} levels")])


def parse(text: str, file: str) -> Map:
    """One YAML document whose top level is a mapping. Raises InputError with every problem found."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    start = Location(file, 1, 1)
    try:
        _refuse_deep(text, file, loader)
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Location(file, mark.line + 1, mark.column + 1) if mark else start
        raise InputError([Problem(at, f"is not valid YAML: {error.problem or error.context}")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError([Problem(start, f"is not valid YAML: {error}".split("\n")[0])]) from error
    if node is None:
        return Map(start)
    if not isinstance(node, yaml.MappingNode):
        raise InputError([Problem(start, "must be a mapping of keys to values")])
    reader = _Reader(file)
    tree = reader.read(node)
    if reader.problems:
        raise InputError(reader.problems)
    assert isinstance(tree, Map)
    return tree


def read(path: Path, shown_as: str | None = None) -> Map:
    """The document in a file; `shown_as` is the name that messages give it."""
    file = shown_as or str(path)
    return parse(_decode(path, file), file)


def tree_of(content: Any, at: Location) -> Any:
    """JSON of an input as the text that a reader of files gives, all of it at one place."""
    if isinstance(content, dict):
        tree = Map(at)
        for key, value in content.items():
            tree.put(key, tree_of(value, at), at)
        return tree
    if isinstance(content, list):
        items = Seq(at)
        items.extend(tree_of(item, at) for item in content)
        items.item_at.extend(at for _ in content)
        return items
    return None if content is None else Text(str(content), at)
