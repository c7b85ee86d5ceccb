"""Balances: opening, what comes in, what goes out, closing."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.workbook.writing.lines import SUM, Line
from optimizer.workbook.writing.references import HERE, at, before, down, key_of
from optimizer.workbook.writing.styles import Role


def corkscrew(name: str, ins: Mapping[str, str], outs: Mapping[str, str], opening: str = "=0") -> list[Line]:
    """A balance in USD that starts at `opening`, in the opening column; all amounts are positive, outs are deducted.

    The keys of its lines are its name and `opening`, what comes in or goes out, or `closing`.
    """
    came, went = ([at(name, label) for label in flows] for flows in (ins, outs))
    since = f"={HERE.opening}+SUM({before(came)})-SUM({before(went)})"
    left = f"={at(name, 'opening')}+SUM({down(came)})-SUM({down(went)})"
    return [
        Line(f"{name}, opening", "USD", opening=opening, periods=since, key=key_of(name, "opening")),
        *(
            Line(f"{name}: {'less ' * (label in outs)}{label}", "USD", total=SUM, periods=formula,
                 key=key_of(name, label))
            for label, formula in {**ins, **outs}.items()
        ),
        Line(f"{name}, closing", "USD", periods=left, role=Role.TOTAL, key=key_of(name, "closing")),
    ]  # fmt: skip


def at_end(*key: object) -> str:
    """A line's value in the last period."""
    return f"INDEX({at(*key).across},periods_in_horizon)"
