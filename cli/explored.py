"""What the commands that make many plans share: their progress bar, their files, the cells of their tables."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.outputs import Delivery
from cli.progress import SECONDS_BETWEEN_LINES
from cli.screen import raw, say
from cli.tables import amount, figure, percent
from optimizer import files

if TYPE_CHECKING:
    from pydantic import BaseModel

    from optimizer.explore.results import Headline
    from optimizer.plan.format import Plan

MILLION = 1e6
ROUNDING = 1e-9


class Pace:
    """How long what is left takes, if it goes on as since it was told the first time: what was known took no time."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def left(self, done: int, total: int) -> str:
        """In words; nothing before there is anything to tell from."""
        now = time.monotonic()
        began, known = self._first = self._first or (now, done)
        if not known < done < total:
            return ""
        return f"about {duration((now - began) / (done - known) * (total - done))} left"


def duration(seconds: float) -> str:
    """A time to wait, as short as it is worth saying."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(1, round(seconds))} s"


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Tells on standard error how many are done, of how many, and the time left, as it is told.

    A bar on a terminal, else a line now and then.
    """
    pace = Pace()
    if not sys.stderr.isatty():
        yield _lines(what, pace)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    left = TextColumn("{task.fields[left]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), left)
    with Progress(*columns, console=Console(file=raw(sys.stderr)), transient=True) as bar:
        task = bar.add_task(what, total=None, left="")
        yield lambda done, total: bar.update(task, completed=done, total=total, left=pace.left(done, total))


def _lines(what: str, pace: Pace) -> Callable[[int, int], None]:
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        left = pace.left(done, total)
        if left and time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            say(f"{what}: {done:,} of {total:,}, {left}", err=True)

    return tell


def model_json(result: BaseModel) -> str:
    """The JSON text of a result."""
    return json.dumps(result.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def write_plans(delivery: Delivery, plans: Mapping[str, Plan], folder: Path | None) -> None:
    """Writes plans to a folder by their file names."""
    from optimizer.plan.text import plan_text

    def write(folder: Path) -> None:
        files.make_folder(folder)
        for name, plan in plans.items():
            files.write_text(folder / name, plan_text(plan))

    delivery.write(folder, write, f"{len(plans)} plans to ")


def millions(usd: float) -> str:
    """Millions, with at least five digits."""
    value = usd / MILLION
    return figure(value, 1 if abs(value) >= 1000 else 3)


def headline_cells(headline: Headline, vendors: list[str], per_usd: float) -> tuple[str, ...]:
    """Cost, bound, gap, capex, peak MW and accelerators of each vendor."""
    return (
        millions(headline.cost_usd * per_usd),
        millions(headline.bound_usd * per_usd),
        percent(headline.gap if headline.gap > ROUNDING else 0.0),
        millions(headline.capex_usd * per_usd),
        figure(headline.peak_mw, 1 if headline.peak_mw >= 100 else 3),
        *(amount(headline.accelerators.get(vendor, 0.0)) for vendor in vendors),
    )


HEADLINE = ("cost", "bound", "gap", "capex", "peak MW")
"""What `headline_cells` tell before the accelerators of each vendor."""


def spare_columns(first: int, vendors: list[str]) -> tuple[int, ...]:
    """Which of the columns of headlines, that begin at some place, a narrow screen can do without, first ones first."""
    bound, peak, capex = (first + HEADLINE.index(name) for name in ("bound", "peak MW", "capex"))
    behind = first + len(HEADLINE)
    return bound, *range(behind + len(vendors) - 1, behind - 1, -1), peak, capex


def vendors_of(headlines: list[Headline]) -> list[str]:
    """Every vendor that one of some plans buys from."""
    return sorted({vendor for one in headlines for vendor in one.accelerators})
