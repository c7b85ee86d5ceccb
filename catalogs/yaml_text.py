"""YAML read as source text: every scalar stays as typed and knows its line and column.

PyYAML's own constructors turn `no` into False, `1.10` into 1.1 and `12:30:45` into 45045, and keep
the last of two equal keys. Here the schema decides what a scalar is, so decimals stay exact.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import yaml

from catalogs.problems import InputError, Location, Problem

LARGEST_FILE_BYTES = 10 * 1024 * 1024
LONGEST_LINE = 1_000_000
"""The scanner keeps all tokens of a line of flow style at once, 90 bytes for each of its characters."""
LARGEST_TREE_NODES = 100_000
DEEPEST_NESTING = 40
SURELY_SHALLOW = 1000
SEPARATORS = ",:-?[{"
TAG = "tag:yaml.org,2002:"
PLAIN = ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
PLAIN_TAGS = frozenset({"!", *(f"{TAG}{kind}" for kind in PLAIN)})
"""The tags that a text without tags gets, and the ones that change nothing about it."""
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_MORE_DIGITS = re.compile(r"[0-9]{3}(\.[0-9]+)?")
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
    """A mapping that remembers where it and each of its keys stand.

    `refused` are keys that it should have, but not with what was written: known to exist, and nothing else
    known of them. ANY among them says that nobody can tell which keys it has.
    """

    def __init__(self, at: Location) -> None:
        super().__init__()
        self.at = at
        self.key_at: dict[str, Location] = {}
        self.refused: set[str] = set()

    def put(self, key: str, value: Any, at: Location) -> None:
        self[key] = value
        self.key_at[key] = at


ANY = "*"


class Seq(list[Any]):
    """A list that remembers where it and each of its items stand.

    `refused` says that some of its items are left out here; `numbers` are then those of the others in the file.
    """

    def __init__(self, at: Location) -> None:
        super().__init__()
        self.at = at
        self.item_at: list[Location] = []
        self.refused = False
        self.numbers: list[int] | None = None

    def number(self, i: int) -> int:
        """The number in the file, from 0, of the item at position i."""
        return i if self.numbers is None else self.numbers[i]


def key_remedy(key: str, alone: bool) -> str:
    """A clause for a key that is none: after a comma inside a number, the rest of its digits stand alone as one."""
    if alone and _MORE_DIGITS.fullmatch(key):
        return "; a comma parts entries here: write a number's digits in one piece, such as 1000 for 1,000"
    return ""


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
        if node.tag not in PLAIN_TAGS:
            self.complain(node, f"tags such as '{_tag(node.tag)}' are not read; remove it")
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
                remedy = key_remedy(key, value_node.value == "")
                self.complain(key_node, f"duplicate key '{key}' (first at line {result.key_at[key].line}){remedy}")
                continue
            result.put(key, self.read(value_node), at)
        return result

    def sequence(self, node: yaml.Node) -> Seq:
        result = Seq(self.location(node))
        for item in node.value:
            result.append(self.read(item))
            result.item_at.append(self.location(item))
        return result


def _tag(tag: str) -> str:
    """A tag as it is written."""
    return tag.replace(TAG, "!!")[:40]


def _bytes(path: Path, start: Location) -> bytes:
    """What a file holds. Only files proper are opened: a pipe or a device may never end."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            what = "a folder, not a file" if path.is_dir() else "not a file that can be read whole"
            raise InputError([Problem(start, f"is {what}")])
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise InputError([Problem(start, f"cannot be read: {error.strerror}")]) from error
    if len(content) > LARGEST_FILE_BYTES:
        raise InputError([Problem(start, f"larger than {LARGEST_FILE_BYTES // 2**20} MiB")])
    return content


def _decode(path: Path, file: str) -> str:
    start = Location(file, 1, 1)
    try:
        return _bytes(path, start).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise InputError([Problem(start, message)]) from error


def _refuse_large(text: str, file: str, loader: Any) -> None:
    """Refuses what would overflow the composer's stack, which is C and cannot be caught, or fill the memory.

    Nesting takes a bracket or a column each, and two entries a separator, so most texts are
    cleared without reading their events.
    """
    lines = text.splitlines()
    longest = max(map(len, lines), default=0)
    if longest > LONGEST_LINE:
        at = Location(file, 1 + next(i for i, line in enumerate(lines) if len(line) == longest), 1)
        raise InputError([Problem(at, f"a line of more than {LONGEST_LINE:,} characters; break it")])
    shallow = text.count("[") + text.count("{") + longest <= SURELY_SHALLOW
    few = 2 * (sum(map(text.count, SEPARATORS)) + 1) <= LARGEST_TREE_NODES
    if not (shallow and few):
        _count_events(text, file, loader)


def _count_events(text: str, file: str, loader: Any) -> None:
    depth = entries = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        entries += isinstance(event, yaml.NodeEvent)
        if depth > DEEPEST_NESTING or entries > LARGEST_TREE_NODES:
            deep = f"nested deeper than {DEEPEST_NESTING} levels"
            message = deep if depth > DEEPEST_NESTING else f"holds more than {LARGEST_TREE_NODES:,} entries"
            raise InputError([Problem(_marked(event.start_mark, file), message)])


def _marked(mark: Any, file: str) -> Location:
    """A place that PyYAML marks, counted from 1."""
    return Location(file, mark.line + 1, mark.column + 1) if mark else Location(file, 1, 1)


def _not_yaml(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """Why a text is not YAML, at the character that says so."""
    at = _marked(error.problem_mark or error.context_mark, file)
    line = text.splitlines()[at.line - 1 : at.line]
    if error.problem_mark and line and line[0][at.column - 1 : at.column] == "\t":
        return Problem(at, "is not valid YAML: a tab cannot indent; use spaces")
    return Problem(at, f"is not valid YAML: {error.problem or error.context}")


def parse(text: str, file: str) -> Map:
    """One YAML document whose top level is a mapping. Raises InputError with every problem found."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    start = Location(file, 1, 1)
    try:
        _refuse_large(text, file, loader)
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        raise InputError([_not_yaml(error, text, file)]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError([Problem(start, f"is not valid YAML: {error}".split("\n")[0])]) from error
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.style and node.value in NULLS):
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
