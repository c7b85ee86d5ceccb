"""Options that several commands have, and numbers that are refused where they are none."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from optimizer.workers import Workers

Working = AbstractContextManager["Workers"]
"""Who solves while a block runs."""
LONGEST_SECONDS = 366 * 24 * 3600
"""Nobody waits longer, and clocks take no longer times."""


class Number(click.FloatRange):
    """A number in a range; what is not finite is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"'{value}' is not a number to reckon with", param, ctx)
        return number


class Share(click.ParamType):  # type: ignore[type-arg]
    """A share such as 80% or 0.8."""

    name = "share"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).strip()
        share = _number(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if not 0 <= share <= 1:
            self.fail(f"'{value}' is not a share between 0% and 100%", param, ctx)
        return share


def _number(text: str) -> float:
    """The number that a text writes; not-a-number for every other text."""
    try:
        return float(text)
    except ValueError:
        return math.nan


class Day(click.ParamType):  # type: ignore[type-arg]
    """A date as sources have it: a year, a month or a day that the calendar has."""

    name = "date"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not any(_is_day(value + rest) for rest in ("-01-01", "-01", "")):
            self.fail(f"'{value}' is no date; write 2026, 2026-01 or 2026-01-31", param, ctx)
        return value


def _is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, in the only way in which sources write one."""
    with suppress(ValueError):
        return date.fromisoformat(text).isoformat() == text
    return False


DAY = Day()


class Bundled(click.ParamType):  # type: ignore[type-arg]
    """The name of a bundled scenario, which shells complete."""

    name = "scenario"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from catalogs.problems import suggestion
        from optimizer.request.load import bundled_scenarios

        known = bundled_scenarios()
        if value not in known:
            self.fail(f"there is no bundled scenario '{value}'{suggestion(value, known)}", param, ctx)
        return value

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from optimizer.request.load import bundled_scenarios

        return [CompletionItem(name) for name in bundled_scenarios() if name.startswith(incomplete)]


class Scenario(Bundled):
    """A scenario: a file, or the name of a bundled one, which shells complete both."""

    def convert(self, value: str, _param: click.Parameter | None, _ctx: click.Context | None) -> str:
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return super().shell_complete(ctx, param, incomplete) or [CompletionItem(incomplete, type="file")]


GAP = Number(0, 1)
ADDRESS = re.compile(r"(tcp|tls|ws|wss)://([\w.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}")
SECONDS = Number(min=0, min_open=True, max=LONGEST_SECONDS)
SHARE = Share()
BUNDLED, SCENARIO = Bundled(), Scenario()


def _address(_context: click.Context, parameter: click.Parameter, address: str | None) -> str | None:
    """The address of a scheduler."""
    if address is not None and not ADDRESS.fullmatch(address):
        raise click.BadParameter(f"'{address}' is no address such as tcp://10.0.0.5:8786", param=parameter)
    return address


setting_option = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE",
    help="Change a key of the scenario or catalogue first, as for plan.",
)  # fmt: skip


def workers_option(command: Callable[..., int]) -> Callable[..., int]:
    """`--workers N` and `--cluster tcp://HOST:PORT`: who solves, as one argument of the command, `workers`."""

    @click.option("--workers", type=click.IntRange(min=1), metavar="N",
                  help="Solve so many at once; default: one to a core.")  # fmt: skip
    @click.option("--cluster", metavar="tcp://HOST:PORT", callback=_address,
                  help="Solve on the workers of a Dask cluster that runs there; see docs/scale.md.")  # fmt: skip
    @wraps(command)
    def with_workers(workers: int | None, cluster: str | None, **given: Any) -> int:
        if workers is not None and cluster is not None:
            raise click.UsageError("--workers are processes of this machine; leave it out with --cluster")
        return command(workers=_working(workers, cluster), **given)

    return with_workers


@contextmanager
def _working(workers: int | None, cluster: str | None) -> Iterator[Workers]:
    """Who solves while the block runs."""
    if cluster is None:
        yield workers
        return
    from optimizer.workers.cluster import Cluster

    with Cluster(cluster) as found:
        yield found


resume_option = click.option(
    "--resume", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="Keep what is solved in this folder, a new one or that of the same run before, and solve the rest.",
)  # fmt: skip


def gap_option(
    default: float | None = 1e-4,
    help_text: str = "Stop each solve when no plan can be cheaper by more than this part of the cost.",
) -> Callable[[Any], Any]:
    return click.option("--gap", type=GAP, default=default, show_default=default is not None, help=help_text)


def time_limit_option(help_text: str = "Stop after so long, in all, with what was found.") -> Callable[[Any], Any]:
    return click.option("--time-limit", type=SECONDS, metavar="SECONDS", help=help_text)


def ends_after(time_limit: float | None) -> float | None:
    """When a command that begins now must be done, on the clock of `time.monotonic`."""
    return None if time_limit is None else time.monotonic() + time_limit
