"""Pieces of HTML: whatever is not a piece already is escaped, so that no text of a user becomes markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from catalogs.printable import one_line


class Html(str):
    """Markup of our own; any other text is only ever shown."""

    __slots__ = ()


def shown(content: str) -> Html:
    """Text as HTML shows it, control characters written out; markup as it is."""
    return content if isinstance(content, Html) else Html(escape(one_line(content)))


def element(tag: str, *content: str, **attributes: str) -> Html:
    """A tag around contents; `class_` is the attribute class, a `_` within a name a hyphen."""
    said = "".join(f' {name.rstrip("_").replace("_", "-")}="{shown(value)}"' for name, value in attributes.items())
    return Html(f"<{tag}{said}>{''.join(map(shown, content))}</{tag}>")


def joined(parts: Iterable[str]) -> Html:
    return Html("\n".join(map(shown, parts)))


class Number(str):
    """A figure, which stands to the right."""

    __slots__ = ()


Cell = str | Number


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], total: Sequence[Cell] = ()) -> Html:
    """A table whose headers say what they head: each column, and by the first cell each row; `total` closes it."""
    body = [list(row) for row in rows]
    numbers = [bool(body) and all(isinstance(row[i], Number) for row in body) for i in range(len(columns))]
    head = element("tr", *(
        element("th", name, scope="col", **({"class_": "number"} if right else {}))
        for name, right in zip(columns, numbers, strict=True)
    ))  # fmt: skip
    lines = [_row(row) for row in body]
    foot = [element("tfoot", _row(total))] if total else []
    parts = [element("caption", caption), element("thead", head), element("tbody", *lines), *foot]
    return element("div", element("table", *parts), class_="wide")


def _row(cells: Sequence[Cell]) -> Html:
    first, *rest = cells
    return element("tr", element("th", first, scope="row"), *map(_cell, rest))


def _cell(content: Cell) -> Html:
    return element("td", content, class_="number") if isinstance(content, Number) else element("td", content)


def items(texts: Iterable[str]) -> Html:
    """A list of sentences."""
    return element("ul", *(element("li", text) for text in texts))
