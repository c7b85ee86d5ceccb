"""What was edited in a workbook, and what the plan made from it costs more or less, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cli.money import Money
from cli.screen import say
from cli.tables import heading, show_table

if TYPE_CHECKING:
    from optimizer.plan.bridge import Bridge
    from optimizer.workbook.back.compare import Edit
    from optimizer.workbook.back.request import Reopened
    from optimizer.workbook.notes import Note

LONGEST_NOTE = 60
"""Characters of a note that are shown; the workbook that it stands in has all of it."""


def show_edits(file: str, found: Reopened, release: bool) -> None:
    """Prints every edited cell: where, which key, what it was and is; and what earlier overrides still hold."""
    from optimizer.workbook.back.overrides import FACTOR, held_before

    edits, before = found.edits, held_before(found.plan.scenario.get("limits", ()))
    if before:
        words = "let go" if release else "still held; --release lets go"
        say(f"{file}: {before} override{'s' if before > 1 else ''} of earlier rounds {words}")
    if not edits:
        say(f"{file}: nothing was edited; the same request is planned again")
        return
    say(f"{file}: {len(edits)} cell{'s' if len(edits) > 1 else ''} edited")
    rows = [(edit.where, _key(edit), _shown(edit.old), _shown(edit.new)) for edit in edits]
    show_table(("cell", "key", "was", "is"), rows, numbers=(2, 3))
    if any(edit.of.keys[0].startswith(FACTOR) for edit in edits):
        click.echo("Factors on prices are not held: they follow from the systems ordered.")
    click.echo()


def tell_futures(file: str, found: Reopened) -> None:
    """Says on standard error that planning again leaves out what a workbook says of futures, and what finds it anew."""
    if found.found_by == "robust":
        say(f"{file}: its futures are not counted here, the scenario is planned as it stands; chipmix robust {file} "
            "decides for all of them again", err=True)  # fmt: skip
    if found.found_by == "stress":
        say(f"{file}: the futures that were drawn are not counted here; chipmix stress NEW.xlsx draws them for the "
            "new plan", err=True)  # fmt: skip


def show_notes(notes: Sequence[Note], left_out: Sequence[Note]) -> None:
    """Says on standard error how many notes the new workbook keeps, and each that it does not."""
    for note in left_out:
        text = "".join(letter if letter.isprintable() else " " for letter in note.text)
        shown = text if len(text) <= LONGEST_NOTE else f"{text[: LONGEST_NOTE - 1]}…"
        say(f"{note.where}: the note '{shown}' is not kept: its place is taken or read by a formula", err=True)
    kept = len(notes) - len(left_out)
    if kept:
        click.echo(f"kept {kept} note{'s' if kept > 1 else ''} that stood in empty cells", err=True)


def _key(edit: Edit) -> str:
    part = f" {edit.of.part}" if edit.of.part else ""
    return f"{', '.join(edit.of.keys)}{part}"


def _shown(value: float | None) -> str:
    return "blank" if value is None else f"{value:,.12g}"


def show_bridge(bridge: Bridge, money: Money, names: tuple[str, str]) -> None:
    """Prints the steps from a plan to another, each with its name."""
    old, new = names
    heading(f"Why the cost changes from {old} to {new}")
    rows = [
        (old, money.millions(bridge.old.objective_usd), ""),
        *((step.name, _signed(step.usd, money), step.meaning) for step in bridge.steps),
        (new, money.millions(bridge.new.objective_usd), ""),
    ]
    show_table((f"M {money.code}, present value", "", ""), rows, numbers=(1,))


def _signed(usd: float, money: Money) -> str:
    text = money.millions(usd)
    return text if text.startswith("-") else f"+{text}"
