"""Tables and words for people, as wide as the screen: with rules and bold headings on a terminal, plain elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal

import click

from catalogs.printable import one_line
from cli.fitting import GAP, Grid, fitted, in_parts, paragraph, screen_width
from cli.screen import raw, say

SMALL = 0.005
"""What two digits after the point would show as nothing."""


def is_terminal() -> bool:
    return sys.stdout.isatty()


def coloured() -> bool:
    return is_terminal() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def heading(text: str) -> None:
    say()
    for line in paragraph(one_line(text), screen_width()):
        click.secho(line, file=raw(sys.stdout), bold=True, color=coloured())


def subheading(text: str) -> None:
    say()
    tell(text)


def tell(text: str) -> None:
    """Prints a line of prose, folded by words to the width of the screen."""
    for line in paragraph(one_line(text), screen_width()):
        say(line)


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = (), spare: Sequence[int] = ()
) -> None:
    """Prints rows under their columns, folded where the screen is narrower.

    `numbers` are the columns aligned to the right. Where folding is not enough, columns of `spare` are left out, the
    first one first, which is said.
    """
    safe = Grid([one_line(name) for name in columns], [[*map(one_line, row)] for row in rows], frozenset(numbers))
    shown, left_out = fitted(safe, spare, screen_width())
    _draw(shown)
    if left_out:
        names = ", ".join(name.partition(",")[0] for name in left_out)
        tell(f"left out to fit {screen_width()} columns: {names}; a wider terminal shows them")


def show_wide_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints rows of a name and many figures: where the screen is narrower, in parts that each begin with the name."""
    safe = [[*map(one_line, row)] for row in rows]
    whole = Grid([*map(one_line, columns)], safe, frozenset(range(1, len(columns))))
    for n, part in enumerate(in_parts(whole, screen_width())):
        if n:
            say()
        show_table(part.columns, part.rows, part.numbers)


def _draw(grid: Grid) -> None:
    for line in grid.drawn(grid.columns):
        click.secho(line, file=raw(sys.stdout), bold=True, color=coloured())
    if is_terminal():
        say((" " * GAP).join("─" * width for width in grid.widths))
    for row in grid.rows:
        for line in grid.drawn(row):
            say(line)


def number(value: float, digits: int = 0) -> str:
    """A number with thousands separated; whole numbers stay whole."""
    return f"{value:,.{digits}f}"


def amount(value: float) -> str:
    """A count that may be a fraction: 12, 1,024, 0.25; what is little is never shown as nothing."""
    if value and abs(value) < SMALL:
        return f"{Decimal(f'{value:.3g}'):f}"
    return f"{round(value):,}" if abs(value - round(value)) < 1e-6 else f"{value:,.2f}"


def figure(value: float, digits: int) -> str:
    """A number with so many digits after the point, and more where these would show it as nothing."""
    if not value:
        return number(0.0, digits)
    small = abs(value) < 0.5 * 10**-digits
    return f"{Decimal(f'{value:.1g}'):f}" if small else number(value, digits)


def percent(share: float) -> str:
    """A share as a percentage; small ones keep two digits and none is rounded to zero."""
    if share == 0:
        return "0 %"
    return f"{100 * share:.1f} %" if share >= 0.001 else f"{100 * share:.2g} %"
