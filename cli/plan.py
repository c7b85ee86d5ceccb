"""`chipmix plan`: solve a scenario, print the plan, write its files."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.outputs import command_typed

if TYPE_CHECKING:
    from optimizer.bridge import Bridge
    from optimizer.plan_format import Plan
    from optimizer.replan import Approved
    from optimizer.solve import Progress
    from optimizer.workbook.wording import Language
    from optimizer.workbook_back import Reopened

SECONDS_BETWEEN_LINES = 10.0
INTERRUPTED = 130


def _ending(*endings: str) -> Callable[[click.Context, click.Parameter, Path | None], Path | None]:
    def check(_context: click.Context, _parameter: click.Parameter, path: Path | None) -> Path | None:
        if path is not None and path.suffix not in endings:
            raise click.BadParameter(f"must end in {' or '.join(endings)}")
        if path is not None and not path.parent.is_dir():
            raise click.BadParameter(f"there is no folder {path.parent}")
        return path

    return check


class _Share(click.ParamType):  # type: ignore[type-arg]
    """A share such as 80% or 0.8."""

    name = "share"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(f"'{value}' is not a share between 0% and 100%", param, ctx)
        return share


SHARE = _Share()


@click.command()
@click.argument("scenario")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), callback=_ending(".xlsx"),
              help="Write the plan as an Excel workbook.")  # fmt: skip
@click.option("--language", type=click.Choice(("en", "ja")),
              help="Language of the workbook, English by default; a workbook planned again keeps its own.")  # fmt: skip
@click.option("--json", "json_file", type=click.Path(dir_okay=False, allow_dash=True),
              help="Write plan.json; '-' prints it, and nothing else, to standard output.")  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
              help="Change a key of the scenario or catalogue, such as finance/discount_rate=0.1 or "
                   "catalog/offers/dgx_h100.purchase/price_usd=275e3; may be given several times.")  # fmt: skip
@click.option("--gap", type=click.FloatRange(0, 1), default=1e-4, show_default=True,
              help="Stop when no plan can be cheaper by more than this part of the cost.")  # fmt: skip
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
              help="Stop after so long with the best plan so far.")  # fmt: skip
@click.option("--solver", metavar="NAME", help="Compare with another solver that PuLP knows, such as SCIP_PY.")
@click.option("--release", is_flag=True,
              help="Let go of systems held by overrides of earlier rounds of a workbook.")  # fmt: skip
@click.option("--write-model", type=click.Path(path_type=Path, dir_okay=False), callback=_ending(".lp", ".mps"),
              help="Write the model as an LP or MPS file.")  # fmt: skip
@click.option("--stay-close", "stay_close", metavar="PLAN",
              type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="Change as few orders of an approved plan as the saving asked for allows.")  # fmt: skip
@click.option("--saving", type=SHARE, metavar="SHARE",
              help="With --stay-close: the part of the possible saving to buy, 0% to 100% (default 100%).")  # fmt: skip
@click.option("--placed-until", metavar="PERIOD",
              help="With --stay-close: orders that PLAN places up to this period stay as they are.")  # fmt: skip
def plan(
    scenario: str,
    output: Path | None,
    language: Language | None,
    json_file: str | None,
    settings: tuple[str, ...],
    gap: float,
    time_limit: float | None,
    solver: str | None,
    release: bool,
    write_model: Path | None,
    stay_close: Path | None,
    saving: float | None,
    placed_until: str | None,
) -> int:
    """Find the cheapest plan for SCENARIO, a YAML file, the name of a bundled one, or a workbook.

    A workbook that chipmix wrote is planned again as it was edited: inputs with their new values, systems
    that were overridden held at what was typed. The new workbook has a Bridge from the old plan to the new.

    Prints what to order when, what it costs, what limits it and how far to trust it. Ctrl-C stops
    the search and keeps the best plan so far.

    \b
    Examples:
      chipmix plan quick_start -o plan.xlsx
      chipmix plan meta_2025 --time-limit 60 --json -
      chipmix plan quick_start --set finance/discount_rate=0.12
      chipmix plan quick_start --stay-close plan.json --saving 80% --placed-until 2026q1
      chipmix plan plan.xlsx -o new.xlsx
    """
    from optimizer.planning import make_plan
    from optimizer.request import find_scenario, load_request
    from optimizer.solve import Options

    began = time.monotonic()
    before = None
    if scenario.endswith(".xlsx"):
        before = _reopened(scenario, settings, release, quiet=json_file == "-")
        request = before.request
    elif release:
        raise click.BadParameter("goes with a workbook that is planned again", param_hint="--release")
    else:
        request = load_request(find_scenario(scenario), settings)
    options = Options(gap=gap, time_limit=time_limit, solver=solver)
    approved = _approved(stay_close, saving, placed_until)
    try:
        with _progress() as watch:
            planned = make_plan(request, options, watch, write_model, approved)
    except LookupError as error:
        raise click.BadParameter(str(error), param_hint="--solver") from error
    result = planned.plan
    steps = None if before is None else _bridge(before, result)
    language = language or ("en" if before is None else before.language)
    _write(result, output, json_file, steps, {} if before is None else before.views, language)
    if json_file != "-":
        from cli.show_plan import show_plan

        show_plan(result)
        if steps is not None:
            from cli.show_edits import show_bridge
            from cli.show_plan import Money

            show_bridge(steps, Money(result), ("the plan in the workbook", "this plan"))
        for path in filter(None, (output, json_file, write_model)):
            click.echo(f"wrote {path}", err=True)
    click.echo(f"{time.monotonic() - began:.1f} s, of which the solver {planned.solver_seconds:.1f} s", err=True)
    return INTERRUPTED if planned.interrupted else 0


def _approved(path: Path | None, saving: float | None, placed_until: str | None) -> Approved | None:
    from catalogs.periods import first_month
    from optimizer.plan import read_plan
    from optimizer.replan import Approved

    if path is None:
        if saving is not None or placed_until is not None:
            raise click.UsageError("--saving and --placed-until need --stay-close PLAN")
        return None
    if placed_until is not None:
        try:
            first_month(placed_until)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--placed-until") from error
    return Approved(read_plan(path), 1.0 if saving is None else saving, placed_until)


def _reopened(scenario: str, settings: tuple[str, ...], release: bool, quiet: bool) -> Reopened:
    """The request of an edited workbook; prints its edits."""
    from cli.show_edits import show_edits
    from optimizer.workbook_back import reopened

    found = reopened(Path(scenario), settings, release)
    if not quiet:
        show_edits(scenario, found, release)
    return found


def _bridge(before: Reopened, result: Plan) -> Bridge:
    from optimizer.bridge import bridged

    return bridged(before.plan, result)


def _write(
    result: Plan,
    output: Path | None,
    json_file: str | None,
    steps: Bridge | None,
    views: Mapping[str, float],
    language: Language,
) -> None:
    from optimizer.files import write_text
    from optimizer.plan import plan_text

    if output is not None:
        from optimizer.workbook import write_workbook

        write_workbook(result, output, command=command_typed(), bridge=steps, views=views, language=language)
    if json_file == "-":
        click.echo(plan_text(result), nl=False)
    elif json_file is not None:
        write_text(Path(json_file), plan_text(result))


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """Shows how a solve goes: a live line on a terminal, else a line every ten seconds, on stderr."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console

    with Console(stderr=True).status("solving…") as status:
        yield lambda progress: status.update(_words(progress))


def _lines() -> Callable[[Progress], None]:
    last = [0.0]

    def show(progress: Progress) -> None:
        if progress.seconds - last[0] >= SECONDS_BETWEEN_LINES:
            last[0] = progress.seconds
            click.echo(_words(progress), err=True)

    return show


def _words(progress: Progress) -> str:
    if abs(progress.cost) == float("inf"):
        return f"solving: {progress.seconds:.0f} s, no plan yet, bound {progress.bound:,.3f} M USD"
    gap = (progress.cost - progress.bound) / max(abs(progress.cost), 1e-9)
    return (
        f"solving: {progress.seconds:.0f} s, best {progress.cost:,.3f} M USD, "
        f"bound {progress.bound:,.3f} M USD, gap {100 * gap:.3g} %"
    )
