"""Tables and words for people: rich on a terminal, aligned plain text elsewhere."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal

import click

from catalogs.printable import one_line
from cli.screen import raw, say

PLAIN_WIDTH = 1000
SMALL = 0.005
"""What two digits after the point would show as nothing."""


def is_terminal() -> bool:
    return sys.stdout.isatty()


def coloured() -> bool:
    return is_terminal() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def heading(text: str) -> None:
    say()
    click.secho(one_line(text), file=raw(sys.stdout), bold=True, color=coloured())


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> None:
    """Prints rows under their columns; `numbers` are the columns aligned to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    right = set(numbers)
    style = "bold" if coloured() else ""
    table = Table(box=box.SIMPLE_HEAD if is_terminal() else None, pad_edge=False, padding=(0, 1), header_style=style)
    for i, name in enumerate(columns):
        table.add_column(Text(one_line(name)), justify="right" if i in right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    if is_terminal():
        screen = Console(file=raw(sys.stdout), no_color=not coloured(), highlight=False)
        # A table wider than the screen keeps its words whole: the terminal wraps the line, not the cell.
        screen.width = max(
            screen.width, screen.measure(table, options=screen.options.update(width=PLAIN_WIDTH)).maximum
        )
        screen.print(table, crop=False)
        return
    text = io.StringIO()
    Console(file=text, width=PLAIN_WIDTH, no_color=True, highlight=False).print(table)
    for line in text.getvalue().rstrip("\n").split("\n"):
        say(line.rstrip())


def number(value: float, digits: int = 0) -> str:
    """A number with thousands separated; whole numbers stay whole."""
    return f"{value:,.{digits}f}"


def amount(value: float) -> str:
    """A count that may be a fraction: 12, 1,024, 0.25; what is little is never shown as nothing."""
    if value and abs(value) < SMALL:
        return f"{Decimal(f'{value:.3g}'):f}"
    return f"{round(value):,}" if abs(value - round(value)) < 1e-6 else f"{value:,.2f}"


def percent(share: float) -> str:
    """A share as a percentage; small ones keep two digits and none is rounded to zero."""
    if share == 0:
        return "0 %"
    return f"{100 * share:.1f} %" if share >= 0.001 else f"{100 * share:.2g} %"
