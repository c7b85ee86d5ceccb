"""How far a command is, on standard error: a live line on a terminal, else a line every ten seconds of a search."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING

from cli.screen import raw, say
from cli.tables import percent

if TYPE_CHECKING:
    from rich.status import Status

    from optimizer.formulation.model import Model
    from optimizer.solving.solution import Progress

MILLION = 1e6
SECONDS_BETWEEN_LINES = 10.0
MANY_MONTHS, MANY_WHOLE, LOOSE_GAP = 24, 200, 0.01
"""From which size on it is told what a gap of 1 % saves.

Of nine monthly plans of bundled scenarios, over 24 to 48 months with 216 to 2,009 whole variables, the search of seven
took 4 to 100 s to a gap of 0.01 %, and an eighth of that or less (0.3 to 12 s) to 1 %; that of the others under 5 s.
"""


class Telling:
    """What is told while a plan is made; `status` is the live line, None where there is no terminal."""

    def __init__(self, status: Status | None = None) -> None:
        self._status, self._last = status, 0.0

    def stage(self, text: str) -> None:
        """What is done now."""
        if self._status is not None:
            self._status.update(text)

    def line(self, text: str) -> None:
        """A line that stays."""
        if self._status is not None:
            self._status.stop()
        say(text, err=True)
        if self._status is not None:
            self._status.start()

    def search(self, progress: Progress) -> None:
        """Where the search stands."""
        if self._status is not None:
            self._status.update(_words(progress))
        elif progress.seconds - self._last >= SECONDS_BETWEEN_LINES:
            self._last = progress.seconds
            say(_words(progress), err=True)


@contextmanager
def stage(text: str) -> Iterator[Telling]:
    """Tells what is done, where standard error is a terminal, until the end of the block."""
    if not sys.stderr.isatty():
        yield Telling()
        return
    from rich.console import Console

    with Console(file=raw(sys.stderr)).status(text) as status:
        yield Telling(status)


def telling_size(telling: Telling, gap: float) -> Callable[[Model], None]:
    """Tells how large a model is, and of a large monthly one what a looser gap than the one asked for saves."""

    from optimizer.formulation.model import WHOLE

    def tell(model: Model) -> None:
        variables = model.problem.variables()
        whole = sum(variable.cat == WHOLE for variable in variables)
        size = f"{len(variables):,} variables, {whole:,} of them whole"
        calendar = model.tables.calendar
        if calendar.months == 1 and calendar.count >= MANY_MONTHS and whole >= MANY_WHOLE and gap < LOOSE_GAP:
            telling.line(
                f"{calendar.count} months, {size}: --gap 0.01 usually ends the search much sooner; of nine such plans "
                "that were measured, seven took an eighth of the time or less"
            )
        telling.stage(f"solving: {size}…")

    return tell


def _words(progress: Progress) -> str:
    """Where a search stands: its best plan and its bound, as far as there is one."""
    cost, bound = progress.cost_usd / MILLION, progress.bound_usd / MILLION
    best = f"best {cost:,.3f} M USD" if isfinite(cost) else "no plan yet"
    least = f"bound {bound:,.3f} M USD" if isfinite(bound) else "no bound yet"
    both = isfinite(cost) and isfinite(bound) and cost
    gap = f", gap {percent(max(0.0, cost - bound) / abs(cost))}" if both else ""
    return f"solving: {progress.seconds:.0f} s, {best}, {least}{gap}"
