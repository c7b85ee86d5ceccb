"""Scenarios and catalogues broken at random, from a seed: as trees, and as texts."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import yaml
from test_shapes import ASKED, CHIP, SHAPES

from catalogs.load import bundled_folder
from optimizer.request.load import bundled_scenarios

BUNDLED = 0.1
"""The part of all that is made from bundled files."""
NUMBERS = (
    "0", "-1", "1", "3", "0.5", "1e-12", "1e-9", "1e15", "1e16", "1e400", "-1e400", "1e99999999", "-0", ".nan",
    ".inf", "NaN", "1_000", "1,000", "0x10", "٣", "1e", "+5", "1.", "٫5", "9" * 5000, "0." + "0" * 400 + "1",
    "12:30:45", "1 MW", "8 %",
)  # fmt: skip
WORDS = (
    "zzz", "oslo", "cloud", "box", "chip", "box.buy", "train", "each", "total", "any", "null", "~", "''", "true",
    "no", "us-east-1", "2026", "2026q1", "2026q5", "2026-13", "2026-01", "fy2026", "2026q1..2026q2",
    "2026q2..2026q1", "..", "*", "[a-", "bundled", "漢字", "\u202e", "é", "\U0001f600", "a" * 300, "-", "purchase",
    "lease", "on_demand", "work", "carbon_t", "maximize_value",
)  # fmt: skip
LINES = (
    "<<: *a", "a: &a [*a]", "b: *nobody", "? [a, b]", "--- ", "...", "%YAML 1.2", "!!python/object:os.system x",
    "key: !include x", "\tkey: 1", "- item", "key: |\n  text", "key: >-\n  text", "&x x: *x", "'", '"', "{", "]",
    "#", "\x07", "\x00", "\x85", "\u2028", "\ufeff", ": ", "? ", "extends: quick_start", "extends: s.yaml",
    "futures: [{name: x}]", "horizon: {start: 2026q1, periods: 4}",
)  # fmt: skip


class Breaker:
    """One broken scenario with its catalogue, by its seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.bundled = self.random.random() < BUNDLED
        self.scenario, self.quote = self._bundled() if self.bundled else (copy.deepcopy(ASKED), copy.deepcopy(CHIP))

    def _bundled(self) -> tuple[Any, Any]:
        """A bundled scenario, and a bundled file of the catalogue as a quote on top of it."""
        return copy.deepcopy(self.random.choice(_scenarios())), copy.deepcopy(self.random.choice(_files()))

    def texts(self) -> tuple[bytes, bytes]:
        """The scenario and the quote, one or both of them broken."""
        which = self.random.choice((0, 0, 1, 1, 2))
        texts = [self.text(self.scenario, which != 1), self.text(self.quote, which != 0)]
        return texts[0], texts[1]

    def text(self, tree: Any, broken: bool) -> bytes:
        if not broken:
            return self.dumped(tree).encode()
        for _ in range(self.random.choice((0, 1, 1, 1, 1, 1, 3))):
            tree = self.random.choice(TREE_CHANGES)(self, tree)
        text = self.dumped(tree)
        for _ in range(self.random.choice((0, 0, 0, 0, 0, 1, 2))):
            text = self.random.choice(TEXT_CHANGES)(self, text)
        return self.bytes_of(text)

    def dumped(self, tree: Any) -> str:
        """In block or flow style; words stand as they are, so that they may turn out to be syntax."""
        if self.random.random() < 0.2:
            return _flow(tree) + "\n"
        lines = "\n".join(_block(tree))
        return lines + "\n"

    def bytes_of(self, text: str) -> bytes:
        raw = text.encode("utf-8", "surrogatepass")
        chance = self.random.random()
        if chance < 0.02:
            return text.encode("utf-16", "surrogatepass")
        if chance < 0.04:
            i = self.random.randrange(len(raw) + 1)
            return raw[:i] + self.random.randbytes(3) + raw[i:]
        return raw.replace(b"\n", b"\r\n") if chance < 0.08 else raw

    def path(self, tree: Any) -> list[Any]:
        """The keys that lead somewhere in a tree."""
        path: list[Any] = []
        while isinstance(tree, (dict, list)) and tree and (not path or self.random.random() < 0.75):
            key = self.random.choice(list(tree)) if isinstance(tree, dict) else self.random.randrange(len(tree))
            path.append(key)
            tree = tree[key]
        return path

    def strange(self) -> Any:
        kind = self.random.random()
        if kind < 0.4:
            return self.random.choice(NUMBERS)
        return self.random.choice(WORDS) if kind < 0.7 else copy.deepcopy(self.random.choice(list(SHAPES.values())))


@cache
def _scenarios() -> list[Any]:
    return [yaml.load(path.read_text("utf-8"), yaml.BaseLoader) for path in bundled_scenarios().values()]


@cache
def _files() -> list[Any]:
    paths = [path for path in sorted(bundled_folder().rglob("*.yaml")) if path.parent.name != "scenarios"]
    return [yaml.load(path.read_text("utf-8"), yaml.BaseLoader) for path in paths]


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)
    plain = not text or re.fullmatch(r"[\w.+~''\[\]*-][^\n]*", text) is None or ": " in text or " #" in text
    return json.dumps(text, ensure_ascii=False) if plain and text else text


def _flow(tree: Any) -> str:
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(value)}" for key, value in tree.items()) + "}"
    return "[" + ", ".join(map(_flow, tree)) + "]" if isinstance(tree, list) else _scalar(tree)


def _block(tree: Any, pad: str = "") -> Iterator[str]:
    if not isinstance(tree, (dict, list)):
        yield pad + _scalar(tree)
        return
    for key, value in tree.items() if isinstance(tree, dict) else (("-", item) for item in tree):
        head = f"{pad}{key}" if isinstance(tree, list) else f"{pad}{_scalar(key)}:"
        if isinstance(value, (dict, list)) and value:
            yield head
            yield from _block(value, pad + "  ")
        else:
            yield f"{head} {_flow(value)}".rstrip()


# changes of a tree


def _at(tree: Any, path: list[Any]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def _put(tree: Any, path: list[Any], value: Any) -> Any:
    if not path:
        return value
    _at(tree, path[:-1])[path[-1]] = value
    return tree


def _replace(breaker: Breaker, tree: Any) -> Any:
    return _put(tree, breaker.path(tree), breaker.strange())


def _delete(breaker: Breaker, tree: Any) -> Any:
    path = breaker.path(tree)
    if path:
        del _at(tree, path[:-1])[path[-1]]
    return tree


def _exchange(breaker: Breaker, tree: Any) -> Any:
    """Two parts of a tree change places; one may be inside of the other, and then is copied there."""
    one, other = breaker.path(tree), breaker.path(tree)
    if one and other and one[: len(other)] != other and other[: len(one)] != one:
        first, second = copy.deepcopy(_at(tree, one)), copy.deepcopy(_at(tree, other))
        tree = _put(_put(tree, one, second), other, first)
    return tree


def _copy(breaker: Breaker, tree: Any) -> Any:
    """A part of a tree stands in a second place too."""
    value = copy.deepcopy(_at(tree, breaker.path(tree)))
    return _put(tree, breaker.path(tree), value)


def _wrap(breaker: Breaker, tree: Any) -> Any:
    path = breaker.path(tree)
    value = _at(tree, path)
    depth = breaker.random.choice((1, 1, 1, 2, 50))
    for _ in range(depth):
        value = [value] if breaker.random.random() < 0.5 else {"zzz": value}
    return _put(tree, path, value)


def _unwrap(breaker: Breaker, tree: Any) -> Any:
    """A part of a tree stands where what held it stood."""
    path = breaker.path(tree)
    return _put(tree, path[:-1], copy.deepcopy(_at(tree, path))) if path else tree


def _rename(breaker: Breaker, tree: Any) -> Any:
    path = breaker.path(tree)
    holder = _at(tree, path[:-1]) if path else None
    if isinstance(holder, dict):
        key, value = str(path[-1]), holder.pop(path[-1])
        i = breaker.random.randrange(len(key) + 1)
        shorter = key[:i] + key[i + 1 :]
        renamed = breaker.random.choice(
            (shorter, key.upper(), key.replace("_", "-"), breaker.random.choice(WORDS), key + key)
        )
        holder[renamed] = value
    return tree


def _many(breaker: Breaker, tree: Any) -> Any:
    """A mapping or list with many more entries like one of its own."""
    path = breaker.path(tree)
    holder = _at(tree, path[:-1]) if path else None
    if isinstance(holder, dict):
        for i in range(breaker.random.choice((3, 30, 300))):
            holder[f"{path[-1]}_{i}"] = copy.deepcopy(holder[path[-1]])
    elif isinstance(holder, list):
        holder *= breaker.random.choice((2, 20, 200))
    return tree


def _scale(breaker: Breaker, tree: Any) -> Any:
    """A number many times as large or small."""
    path = breaker.path(tree)
    value = _at(tree, path)
    try:
        number = float(str(value))
    except ValueError:
        return tree
    return _put(tree, path, repr(number * 10.0 ** breaker.random.randint(-9, 9)))


TREE_CHANGES: tuple[Callable[[Breaker, Any], Any], ...] = (
    _replace, _replace, _replace, _delete, _exchange, _copy, _wrap, _unwrap, _rename, _many, _scale, _scale, _scale,
)  # fmt: skip


# changes of a text


def _insert_line(breaker: Breaker, text: str) -> str:
    lines = text.split("\n")
    i = breaker.random.randrange(len(lines) + 1)
    pad = re.match(" *", lines[min(i, len(lines) - 1)])
    lines.insert(i, (pad[0] if pad else "") + breaker.random.choice(LINES))
    return "\n".join(lines)


def _insert(breaker: Breaker, text: str) -> str:
    i = breaker.random.randrange(len(text) + 1)
    return text[:i] + breaker.random.choice((*LINES, *WORDS, *NUMBERS)) + text[i:]


def _cut(breaker: Breaker, text: str) -> str:
    i, n = breaker.random.randrange(len(text) + 1), breaker.random.choice((1, 3, 20, 10**6))
    return text[:i] + text[i + n :]


def _double(breaker: Breaker, text: str) -> str:
    lines = text.split("\n")
    i = breaker.random.randrange(len(lines))
    return "\n".join([*lines[: i + 1], *lines[i:]])


def _indent(breaker: Breaker, text: str) -> str:
    lines = text.split("\n")
    i = breaker.random.randrange(len(lines))
    lines[i] = breaker.random.choice(("  ", "\t", " ", "      ")) + lines[i]
    return "\n".join(lines)


def _anchor(breaker: Breaker, text: str) -> str:
    """A value gets an anchor, and another becomes an alias of it."""
    places = [match.end() for match in re.finditer(": ", text)]
    if len(places) < 2:
        return text
    one, other = sorted(breaker.random.sample(places, 2))
    end = re.compile(r"[,}\n\]]|$").search(text, other)
    assert end is not None
    return f"{text[:one]}&a {text[one:other]}*a {text[end.start() :]}"


TEXT_CHANGES: tuple[Callable[[Breaker, str], str], ...] = (_insert_line, _insert, _cut, _double, _indent, _anchor)
