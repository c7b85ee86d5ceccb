"""`chipmix plan`: solve a scenario, print the plan, write its files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from cli.options import SCENARIO, SHARE, ends_after, gap_option, time_limit_option
from cli.outputs import Delivery, check_targets, command_typed, delivering, ending, is_printed, json_option, write_json
from cli.progress import stage, telling_size
from cli.screen import say
from optimizer import interruption

if TYPE_CHECKING:
    from optimizer.formulation.model import Model
    from optimizer.plan.format import Plan
    from optimizer.planning import Planned
    from optimizer.replan.approved import Approved
    from optimizer.request.load import Request
    from optimizer.solving.solution import Options
    from optimizer.workbook.back import Reopened
    from optimizer.workbook.language.wording import Language

WORKBOOK = ".xlsx"


class Given(TypedDict):
    """What was typed."""

    scenario: str
    output: Path | None
    language: Language | None
    json_file: Path | None
    settings: tuple[str, ...]
    gap: float
    time_limit: float | None
    solver: str | None
    release: bool
    write_model: Path | None
    stay_close: Path | None
    saving: float | None
    placed_until: str | None
    prior: Path | None


@click.command(short_help="Find the cheapest plan for a scenario or an edited workbook.")
@click.argument("scenario", type=SCENARIO)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), callback=ending(".xlsx"),
              help="Write the plan as an Excel workbook.")  # fmt: skip
@click.option("--language", type=click.Choice(("en", "ja")),
              help="Language of the workbook, English by default; a workbook planned again keeps its own.")  # fmt: skip
@json_option("Write plan.json; '-' prints it, and nothing else, to standard output.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
              help="Change a key of the scenario or catalogue, such as finance/discount_rate=0.1 or "
                   "catalog/offers/dgx_h100.purchase/price_usd=275e3; may be given several times.")  # fmt: skip
@gap_option(help_text="Stop when no plan can be cheaper by more than this part of the cost.")
@time_limit_option("Stop after so long, in all, with the best plan so far.")
@click.option("--solver", metavar="NAME", help="Compare with another solver that PuLP knows, such as SCIP_PY.")
@click.option("--release", is_flag=True,
              help="Let go of systems held by overrides of earlier rounds of a workbook.")  # fmt: skip
@click.option("--write-model", type=click.Path(path_type=Path, dir_okay=False), callback=ending(".lp", ".mps"),
              help="Write the model as an LP or MPS file.")  # fmt: skip
@click.option("--stay-close", "stay_close", metavar="PLAN",
              type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="Change as few orders of an approved plan as the saving asked for allows.")  # fmt: skip
@click.option("--saving", type=SHARE, metavar="SHARE",
              help="With --stay-close: the part of the possible saving to buy, 0% to 100% (default 100%).")  # fmt: skip
@click.option("--placed-until", metavar="PERIOD",
              help="With --stay-close: orders that PLAN places up to this period stay as they are.")  # fmt: skip
@click.option("--prior", metavar="PLAN", type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="Hold the plan against an earlier one, on the sheets Actuals and Bridge.")  # fmt: skip
def plan(**given: Unpack[Given]) -> int:
    """Find the cheapest plan for SCENARIO, a YAML file, the name of a bundled one, or a workbook.

    A workbook that chipmix wrote is planned again as it was edited: inputs with their new values, systems
    that were overridden held at what was typed. The search begins from its orders: the new plan costs no more than
    these, and keeps them where nothing is gained. The new workbook has a Bridge from the old plan to the new.

    Prints what to order when, what it costs, what limits it and how far to trust it. Ctrl-C stops
    the search and keeps the best plan so far; so does SIGTERM.

    \b
    Examples:
      chipmix plan quick_start -o plan.xlsx
      chipmix plan meta_2025 --time-limit 60 --json -
      chipmix plan quick_start --set finance/discount_rate=0.12
      chipmix plan quick_start --stay-close plan.json --saving 80%
      chipmix plan quick_start --stay-close plan.json --placed-until 2026q1
      chipmix plan quick_start --prior plan.json -o new.xlsx
      chipmix plan plan.xlsx -o new.xlsx
    """
    from optimizer.solving.solution import Options

    began, time_limit, printed = time.monotonic(), given["time_limit"], is_printed(given["json_file"])
    options = Options(gap=given["gap"], time_limit=time_limit, ends=ends_after(time_limit), solver=given["solver"])
    request, before = _asked(given["scenario"], given["settings"], given["release"], printed)
    approved = _approved(given["stay_close"], given["saving"], given["placed_until"])
    prior = _prior(given["prior"])
    _check_targets(given)
    with interruption.held() as hold, delivering() as delivery:
        planned = _planned(request, options, approved, before, lambda model: _write_model(delivery, model, given))
        made = Made(planned.plan, before, given["language"], prior, approved)
        try:
            made.write(delivery, given["output"], given["json_file"])
        finally:  # a plan is shown whatever became of its files
            if not printed:
                made.show()
    say(f"{time.monotonic() - began:.1f} s, of which the solver {planned.solver_seconds:.1f} s", err=True)
    return interruption.exit_code() if planned.interrupted or hold.asked else 0


def _check_targets(given: Given) -> None:
    targets = {"-o": given["output"], "--json": given["json_file"], "--write-model": given["write_model"]}
    plans = (given["stay_close"], given["prior"])
    check_targets(_inputs(given["scenario"], given["settings"], plans), targets)


def _planned(
    request: Request,
    options: Options,
    approved: Approved | None,
    before: Reopened | None,
    see_model: Callable[[Model], None],
) -> Planned:
    from optimizer.planning import make_plan
    from optimizer.solving.other_solver import UnknownSolver

    def see(model: Model) -> None:
        see_model(model)
        tell_size(model)

    earlier = None if before is None else before.plan
    try:
        with stage("building tables and model…") as telling:
            tell_size = telling_size(telling, options.gap)
            return make_plan(request, options, telling.search, see, approved, earlier)
    except UnknownSolver as error:
        raise click.BadParameter(str(error), param_hint="--solver") from error


def _write_model(delivery: Delivery, model: Model, given: Given) -> None:
    from optimizer.solving.model_file import write_model

    delivery.write(given["write_model"], lambda path: write_model(model, path))


def _asked(scenario: str, settings: tuple[str, ...], release: bool, quiet: bool) -> tuple[Request, Reopened | None]:
    """The request of a scenario, or of a workbook with what it was made from."""
    from optimizer.request.load import find_scenario, load_request

    if scenario.endswith(WORKBOOK):
        before = _reopened(scenario, settings, release, quiet)
        return before.request, before
    if release:
        raise click.BadParameter("goes with a workbook that is planned again", param_hint="--release")
    with stage("reading the scenario…"):
        return load_request(find_scenario(scenario), settings), None


def _inputs(scenario: str, settings: tuple[str, ...], plans: tuple[Path | None, ...]) -> Iterator[Path]:
    """Every file that the command reads."""
    from optimizer.request.load import find_scenario, input_files

    if scenario.endswith(WORKBOOK):
        yield Path(scenario)
    else:
        yield from input_files(find_scenario(scenario), settings)
    yield from (path for path in plans if path is not None)


def _approved(path: Path | None, saving: float | None, placed_until: str | None) -> Approved | None:
    from catalogs.periods import NotAPeriod, first_month
    from optimizer.plan_files import read_plan
    from optimizer.replan.approved import Approved

    if path is None:
        if saving is not None or placed_until is not None:
            raise click.UsageError("--saving and --placed-until need --stay-close PLAN")
        return None
    if placed_until is not None:
        try:
            first_month(placed_until)
        except NotAPeriod as error:
            raise click.BadParameter(str(error), param_hint="--placed-until") from error
    with stage("reading the approved plan…"):
        plan = read_plan(path)
    return Approved(plan, 1.0 if saving is None else saving, placed_until)


def _prior(path: Path | None) -> Plan | None:
    from optimizer.plan_files import read_plan

    if path is None:
        return None
    with stage("reading the prior plan…"):
        return read_plan(path)


def _reopened(scenario: str, settings: tuple[str, ...], release: bool, quiet: bool) -> Reopened:
    """The request of an edited workbook; prints its edits."""
    from cli.show_edits import show_edits, tell_futures
    from optimizer.workbook.back import reopened

    with stage("reading the workbook…"):
        found = reopened(Path(scenario), settings, release)
    if not quiet:
        show_edits(scenario, found, release)
    tell_futures(scenario, found)
    return found


class Made:
    """A plan with the bridge from the one before it: a prior one that was named, or that of the workbook it came from.

    The one before it, or else the approved one that it stays close to, is what it is held against.
    """

    def __init__(
        self, plan: Plan, before: Reopened | None, language: Language | None, prior: Plan | None,
        approved: Approved | None,
    ) -> None:  # fmt: skip
        from optimizer.plan.bridge import bridged
        from optimizer.plan.prior import prior_of

        self.plan = plan
        self.named = "the prior plan" if prior else "the plan in the workbook"
        earlier = prior or (before.plan if before else None)
        self.steps = None if earlier is None else bridged(earlier, plan)
        held_against = earlier or (approved.plan if approved else None)
        self.prior = None if held_against is None else prior_of(held_against)
        self.views, self.notes = ({}, ()) if before is None else (before.views, before.notes)
        self.typed = {} if before is None else before.typed
        self.language = language or ("en" if before is None else before.language)

    def write(self, delivery: Delivery, output: Path | None, json_file: Path | None) -> None:
        """Writes the plan's files, and prints its JSON where that is asked for."""
        from optimizer.plan.text import plan_text

        write_json(delivery, plan_text(self.plan), json_file)
        delivery.write(output, self._write_workbook)

    def _write_workbook(self, path: Path) -> None:
        from cli.show_edits import show_notes
        from optimizer.workbook import write_workbook

        command = command_typed()
        left_out = write_workbook(
            self.plan, path, command, self.steps, self.views, self.language, notes=self.notes, prior=self.prior,
            typed=self.typed,
        )  # fmt: skip
        show_notes(self.notes, left_out)

    def show(self) -> None:
        """Prints the plan."""
        from cli.money import Money
        from cli.show_edits import show_bridge
        from cli.show_plan import show_plan

        show_plan(self.plan)
        if self.steps is not None:
            show_bridge(self.steps, Money(self.plan), (self.named, "this plan"))
