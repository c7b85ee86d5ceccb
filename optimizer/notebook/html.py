"""Small pieces of HTML for notebooks; whatever a scenario writes is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from catalogs.printable import one_line

MOST_ROWS = 20


def text(words: str) -> str:
    """Text as HTML shows it."""
    return escape(one_line(words))


def paragraph(words: str) -> str:
    return f"<p>{text(words)}</p>"


def items(words: Iterable[str]) -> str:
    """A list of sentences; nothing where there are none."""
    lines = "".join(f"<li>{text(line)}</li>" for line in words)
    return f"<ul>{lines}</ul>" if lines else ""


def table(columns: Sequence[str], rows: Sequence[Sequence[str | float]]) -> str:
    """A table of the first rows, and how many more there are; numbers with their thousands separated."""
    head = "".join(f"<th>{text(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows[:MOST_ROWS])
    more = paragraph(f"and {len(rows) - MOST_ROWS:,} more") if len(rows) > MOST_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(value: str | float) -> str:
    return f"<td>{text(value)}</td>" if isinstance(value, str) else f'<td style="text-align:right">{value:,.12g}</td>'
