"""What the end of a search means for the exit code, and how it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.screen import say
from optimizer import interruption

if TYPE_CHECKING:
    from optimizer.interruption import Stopped

NO_PLAN = 4
LOOSE_GAP = 1e-3
"""A plan that was allowed to be further from the best is not called optimal."""
WORDS = {"interrupted": "interrupted", "out_of_time": "the time ran out"}


def earned(stopped: Stopped | None, found: bool) -> int:
    """The exit code of a search: something found is success, whatever there was no time for, but an interruption."""
    if stopped == "interrupted" or interruption.was_asked():
        return interruption.exit_code()
    return 0 if found or stopped is None else NO_PLAN


def tell_stop(stopped: Stopped | None, rest: str) -> None:
    """Says why a search ended early, if it did, and what that leaves out."""
    if stopped is not None:
        say(f"{WORDS[stopped]}: {rest}", err=True)


def is_optimal(status: str, asked: float) -> bool:
    """Whether a plan may be called optimal: it is within the gap asked for, and that is a small one."""
    return status == "optimal" and asked <= LOOSE_GAP
