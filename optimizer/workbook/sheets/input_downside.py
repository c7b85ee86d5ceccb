"""The part of Inputs behind Downside: by how much it changes each assumption. None changes what the plan costs."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.workbook.facts import Facts
from optimizer.workbook.groups import Group
from optimizer.workbook.writing.lines import VIEW, Line, Section

CHANGES = (-0.25, -0.10, 0.10, 0.25)
LEVELS = range(1, len(CHANGES) + 1)
TO_LOOK_AT = "chipmix: a change to look at"


def change(level: int) -> str:
    """The name of a change, as formulas refer to it."""
    return f"downside_change_{level}"


def unsigned(facts: Facts) -> list[Group]:
    """What is ordered at a price that may still change: a commitment keeps the price at which it was placed."""
    return [group for group in facts.groups if not group.committed]


def unsigned_purchases(facts: Facts) -> list[Group]:
    return [group for group in unsigned(facts) if group.purchased]


def downside_inputs() -> Iterator[Section]:
    """The changes of the table."""
    lines = [_view(f"Downside table, change {i}", CHANGES[i - 1], change(i)) for i in LEVELS]
    yield Section(
        "Downside", "Shares by which Downside changes an assumption. They change no cost of this plan.", lines
    )


def _view(label: str, share: float, name: str) -> Line:
    return Line(label, "share", constant=share, source=TO_LOOK_AT, rule="growth", name=name, keys=(f"{VIEW}{name}",))
