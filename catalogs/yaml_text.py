"""YAML read as source text: every scalar stays as typed and knows its line and column.

PyYAML's own constructors turn `no` into False, `1.10` into 1.1 and `12:30:45` into 45045, and keep
the last of two equal keys. Here the schema decides what a scalar is, so decimals stay exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from catalogs.file_text import text_in
from catalogs.problems import InputError, Location, Problem

LONGEST_LINE = 1_000_000
"""The scanner keeps all tokens of a line of flow style at once, 90 bytes for each of its characters."""
LARGEST_TREE_NODES = 100_000
DEEPEST_NESTING = 40
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

    def __getnewargs__(self) -> tuple[str, Location]:  # type: ignore[override]
        """How it is made again in another process."""
        return str(self), self.at


class Map(dict[str, Any]):
    """A mapping that remembers where it and each of its keys stand.

    `refused` are keys that it should have, but not with what was written: known to exist, and nothing else
    known of them. ANY among them says that nobody can tell which keys it has. `was` holds, of keys whose value an
    overlay replaced, the first one.
    """

    def __init__(self, at: Location) -> None:
        super().__init__()
        self.at = at
        self.key_at: dict[str, Location] = {}
        self.refused: set[str] = set()
        self.was: dict[str, Any] = {}

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


Event = Any
"""One of PyYAML's, whose types do not say what each has."""


class _Reader:
    """Makes the tree of one document from its events, in one pass, and collects what is wrong with it.

    No more is kept than the tree, and nothing recurses deeper than a document may nest.
    """

    def __init__(self, events: Iterator[Event], file: str) -> None:
        self.events, self.file = events, file
        self.problems: list[Problem] = []
        self.nodes = 0
        self.anchors: dict[str, Any] = {}  # their values; while one is being read, the event that begins it

    def document(self) -> Any:
        """What the text says; an empty mapping if nothing. Raises InputError for more than one document."""
        tree: Any = None
        for count, event in enumerate(e for e in self.events if isinstance(e, yaml.DocumentStartEvent)):
            if count:
                raise self.refused(event, "is not valid YAML: holds more than one document")
            tree = self.node(next(self.events), 0)
        return Map(Location(self.file, 1, 1)) if tree is None else tree

    def location(self, event: Event) -> Location:
        return _marked(event.start_mark, self.file)

    def refused(self, event: Event, message: str) -> InputError:
        return InputError([*self.problems, Problem(self.location(event), message)])

    def complain(self, event: Event, message: str) -> None:
        self.problems.append(Problem(self.location(event), message))

    def count(self, event: Event, message: str) -> None:
        self.nodes += 1
        if self.nodes > LARGEST_TREE_NODES:
            raise self.refused(event, message)

    def node(self, event: Event, depth: int) -> Any:
        """The value that an event begins."""
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, depth)
        self.count(event, f"holds more than {LARGEST_TREE_NODES:,} entries")
        if depth > DEEPEST_NESTING:
            raise self.refused(event, f"nested deeper than {DEEPEST_NESTING} levels")
        if event.tag is not None and event.tag not in PLAIN_TAGS:
            self.complain(event, f"tags such as '{_tag(event.tag)}' are not read; remove it")
        if event.anchor in self.anchors:
            self.complain(event, f"the anchor '{event.anchor}' is given twice")
        if event.anchor is not None:
            self.anchors[event.anchor] = event
        value = self.value(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = value
        return value

    def value(self, event: Event, depth: int) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        return self.mapping(event, depth) if isinstance(event, yaml.MappingStartEvent) else self.sequence(event, depth)

    def alias(self, event: Event, depth: int) -> Any:
        """A copy of what an alias stands for, which is counted like everything else."""
        if event.anchor not in self.anchors:
            self.complain(event, f"is not valid YAML: there is no anchor '{event.anchor}' before this alias")
            return None
        value = self.anchors[event.anchor]
        if isinstance(value, yaml.Event):
            self.complain(value, "an alias contains itself; write the value out")
            return None
        return self.copied(value, event, depth)

    def copied(self, tree: Any, event: Event, depth: int) -> Any:
        self.count(event, "aliases expand without bound; write the values out")
        if depth > DEEPEST_NESTING:
            raise self.refused(event, f"nested deeper than {DEEPEST_NESTING} levels")
        if isinstance(tree, Map):
            copy = Map(tree.at)
            for key, value in tree.items():
                copy.put(key, self.copied(value, event, depth + 1), tree.key_at[key])
            return copy
        if isinstance(tree, Seq):
            items = Seq(tree.at)
            items.extend(self.copied(value, event, depth + 1) for value in tree)
            items.item_at = list(tree.item_at)
            return items
        return tree

    def scalar(self, event: Event) -> Text | None:
        if not event.style and event.value in NULLS:
            return None
        if CONTROL_CHARACTERS.search(event.value):
            self.complain(event, "contains a control character; remove it")
        return Text(event.value, self.location(event))

    def mapping(self, event: Event, depth: int) -> Map:
        result = Map(self.location(event))
        while not isinstance(key_event := next(self.events), yaml.MappingEndEvent):
            key = self.key(key_event, depth)
            begins = next(self.events)
            value = self.node(begins, depth + 1)
            if key is not None and key in result:
                first = f"first at line {result.key_at[key].line}"
                self.complain(key_event, f"duplicate key '{key[:60]}' ({first}){key_remedy(key, value is None)}")
            elif key is not None:
                result.put(key, value, self.location(key_event))
        return result

    def key(self, event: Event, depth: int) -> str | None:
        """The key that an event is; None, with a problem, if it is none."""
        text = self.node(event, depth + 1)
        written = event.value if isinstance(event, yaml.ScalarEvent) else text
        if not isinstance(written, str):
            self.complain(event, "a key must be a plain word")
            return None
        if written == "<<":
            self.complain(event, "merge keys ('<<') are not read; write the keys out")
            return None
        return str(written)

    def sequence(self, event: Event, depth: int) -> Seq:
        result = Seq(self.location(event))
        while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
            result.append(self.node(item, depth + 1))
            result.item_at.append(self.location(item))
        return result


def _tag(tag: str) -> str:
    """A tag as it is written."""
    return tag.replace(TAG, "!!")[:40]


def _refuse_long_lines(text: str, file: str) -> None:
    """Refuses what would fill the scanner's memory."""
    for number, line in enumerate(StringIO(text), start=1):
        if len(line) > LONGEST_LINE:
            message = f"a line of more than {LONGEST_LINE:,} characters; break it"
            raise InputError([Problem(Location(file, number, 1), message)])


def _marked(mark: Any, file: str) -> Location:
    """A place that PyYAML marks, counted from 1."""
    return Location(file, mark.line + 1, mark.column + 1) if mark else Location(file, 1, 1)


def _not_yaml(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """Why a text is not YAML, at the character that says so."""
    at = _marked(error.problem_mark or error.context_mark, file)
    line = next(islice(StringIO(text), at.line - 1, None), "")
    if error.problem_mark and line[at.column - 1 : at.column] == "\t":
        return Problem(at, "is not valid YAML: a tab cannot indent; use spaces")
    return Problem(at, f"is not valid YAML: {error.problem or error.context}")


def parse(text: str, file: str) -> Map:
    """One YAML document whose top level is a mapping. Raises InputError with every problem found."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    _refuse_long_lines(text, file)
    try:
        reader = _Reader(yaml.parse(text, Loader=loader), file)
        tree = reader.document()
    except yaml.MarkedYAMLError as error:
        raise InputError([_not_yaml(error, text, file)]) from error
    except yaml.YAMLError as error:
        raise InputError([Problem(Location(file, 1, 1), f"is not valid YAML: {error}".split("\n")[0])]) from error
    if reader.problems:
        raise InputError(reader.problems)
    if not isinstance(tree, Map):
        raise InputError([Problem(Location(file, 1, 1), "must be a mapping of keys to values")])
    return tree


def read(path: Path, shown_as: str | None = None) -> Map:
    """The document in a file; `shown_as` is the name that messages give it."""
    file = shown_as or str(path)
    return parse(text_in(path, file), file)


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
