"""What the commands that make many plans share: their progress bar, their options, the cells of their tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.tables import amount, number, percent

if TYPE_CHECKING:
    from pydantic import BaseModel

    from optimizer.explore.results import Headline
    from optimizer.plan_format import Plan

MILLION = 1e6
ROUNDING = 1e-9

setting_option = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE",
    help="Change a key of the scenario or catalogue first, as for plan.",
)  # fmt: skip
json_option = click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, allow_dash=True),
    help="Write the result as JSON; '-' prints it, and nothing else, to standard output.",
)  # fmt: skip
workers_option = click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Solve so many at once; default: one to a core."
)


def gap_option(default: float | None = 1e-4) -> Callable[[Any], Any]:
    return click.option(
        "--gap", type=click.FloatRange(0, 1), default=default, show_default=default is not None,
        help="Stop each solve when no plan can be cheaper by more than this part of the cost.",
    )  # fmt: skip


def time_limit_option() -> Callable[[Any], Any]:
    return click.option(
        "--time-limit", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
        help="Stop each solve after so long with the best plan so far.",
    )  # fmt: skip


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error that is told how many are done and of how many; none when not a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def write_json(text: str, json_file: str | None) -> None:
    """Prints a result or writes it to a file, whole or not at all."""
    from optimizer.files import write_text

    if json_file == "-":
        click.echo(text, nl=False)
    elif json_file is not None:
        write_text(Path(json_file), text)
        click.echo(f"wrote {json_file}", err=True)


def model_json(result: BaseModel) -> str:
    """The JSON text of a result."""
    return json.dumps(result.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def write_plans(plans: Mapping[str, Plan], folder: Path | None) -> None:
    """Writes plans to a folder by their file names."""
    from optimizer.files import write_text
    from optimizer.plan import plan_text

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, plan in plans.items():
            write_text(folder / name, plan_text(plan))
        click.echo(f"wrote {len(plans)} plans to {folder}", err=True)


def millions(usd: float) -> str:
    """Millions, with at least five digits."""
    value = usd / MILLION
    return number(value, 1 if abs(value) >= 1000 else 3)


def headline_cells(headline: Headline, vendors: list[str], per_usd: float) -> tuple[str, ...]:
    """Cost, bound, gap, capex, peak MW and accelerators of each vendor."""
    return (
        millions(headline.cost_usd * per_usd),
        millions(headline.bound_usd * per_usd),
        percent(headline.gap if headline.gap > ROUNDING else 0.0),
        millions(headline.capex_usd * per_usd),
        number(headline.peak_mw, 1 if headline.peak_mw >= 100 else 3),
        *(amount(headline.accelerators.get(vendor, 0.0)) for vendor in vendors),
    )


def vendors_of(headlines: list[Headline]) -> list[str]:
    """Every vendor that one of some plans buys from."""
    return sorted({vendor for one in headlines for vendor in one.accelerators})
