"""`chipmix workload`: a workload of one's own, with estimated rates on every accelerator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from cli.catalog_folders import folder_option
from cli.demand import Id
from cli.options import Number
from cli.screen import say

if TYPE_CHECKING:
    from catalogs.own_work.estimate import Estimate
    from catalogs.own_work.models import Model

SUFFIXES = {"k": 1e3, "m": 1e6}
BILLION = 1e9


class Tokens(click.ParamType):  # type: ignore[type-arg]
    """A number of tokens such as 8k."""

    name = "tokens"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).strip().lower()
        factor = SUFFIXES.get(text[-1:], 1.0)
        digits = text[:-1] if factor > 1 else text
        return float(Number(min=1).convert(digits, param, ctx)) * factor


class Latency(click.ParamType):  # type: ignore[type-arg]
    """`server`, `interactive`, or tokens per second of one user."""

    name = "latency"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from catalogs.own_work.estimate import SPEEDS
        from catalogs.problems import suggestion

        if value in SPEEDS:
            return SPEEDS[value]
        try:
            float(value)
        except ValueError:
            self.fail(f"'{value}' is neither tokens/s of a user nor a latency{suggestion(value, SPEEDS)}", param, ctx)
        return float(Number(min=0, min_open=True).convert(value, param, ctx))


class Given(TypedDict):
    """What was typed."""

    name: str
    params: float
    active: float | None
    context: float
    answer: float | None
    precisions: tuple[str, ...]
    latency: float
    cached_values: float | None
    output: Path | None
    folders: tuple[Path, ...]


@click.group(short_help="Add a workload of one's own, with estimated rates.")
def workload() -> None:
    """Add a workload of one's own, with estimated rates.

    \b
    Example:
      chipmix workload add our_model --params 235e9 --active 22e9 --context 8k
    """


@workload.command()
@click.argument("name", type=Id())
@click.option("--params", type=Number(min=1e6), required=True, metavar="N", help="Parameters, such as 235e9.")
@click.option("--active", type=Number(min=1e6), metavar="N", help="Those active for a token; default: all.")
@click.option("--context", type=Tokens(), default="2k", show_default=True, metavar="TOKENS",
              help="Mean tokens of a request, in and out.")  # fmt: skip
@click.option("--answer", type=Tokens(), metavar="TOKENS", help="Of these out; default: an eighth.")
@click.option("--precision", "precisions", type=click.Choice(("bf16", "fp8", "int8", "fp4")), multiple=True,
              default=("fp8",), show_default=True,
              help="Of the weights; may be repeated. An accelerator without it takes the next wider.")  # fmt: skip
@click.option("--latency", type=Latency(), default="server", show_default=True, metavar="LATENCY",
              help="server (12.5 tokens/s per user), interactive (40), or tokens/s per user.")  # fmt: skip
@click.option("--cached-values", type=Number(min=1), metavar="N",
              help="Values cached a token, layers x heads x size x 2; default: as models of that size.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Folder to write; default: NAME.")  # fmt: skip
@folder_option
def add(**given: Unpack[Given]) -> int:
    """Estimate what every accelerator does on a model, and write it as a catalogue folder.

    The estimate is a roofline fitted to measured rates of other models; docs/estimates.md, rule 9, says how far off it
    was on models and accelerators that it had not seen. Every rate is `estimated`; what cannot be known is said.

    \b
    Examples:
      chipmix workload add our_model --params 235e9 --active 22e9 --context 8k --precision fp8 --latency interactive
      chipmix workload add our_chat --params 32e9 --context 4k --answer 500 --latency 25
    """
    from catalogs.load import bundled_folder, catalog_of
    from catalogs.own_work.estimate import Asked, estimate
    from catalogs.own_work.overlay import overlay_files
    from catalogs.problems import InputError, Location, Problem
    from optimizer.files import make_folder, write_text

    known = catalog_of([bundled_folder(), *given["folders"]])
    name, folder = given["name"], given["output"] or Path(given["name"])
    place = Location(str(folder), 1, 1)
    if name in known.workloads:
        raise InputError([Problem(place, f"workload '{name}' exists already; take another name")])
    if folder.exists():
        raise InputError([Problem(place, "exists already and is left as it is; name another folder with -o")])
    found = estimate(known, Asked(name, _model(given), given["latency"], given["precisions"]))
    if not found.rates:
        raise InputError([Problem(place, f"{chip}: {why}") for chip, why in found.without.items()])
    make_folder(folder)
    for file, text in overlay_files(found).items():
        write_text(folder / file, text)
    _show(found, folder)
    return 0


def _model(given: Given) -> Model:
    from catalogs.own_work.models import Model, cached_values_like

    params = given["params"] / BILLION
    active = params if given["active"] is None else given["active"] / BILLION
    answer = given["context"] / 8 if given["answer"] is None else given["answer"]
    if active > params:
        raise click.BadParameter(f"must not exceed --params ({active:g} > {params:g} billion)", param_hint="'--active'")
    if answer > given["context"]:
        raise click.BadParameter("must not exceed --context", param_hint="'--answer'")
    cached = given["cached_values"] or cached_values_like(active)
    return Model(params, active, cached, given["context"] - answer, answer)


def _show(found: Estimate, folder: Path) -> None:
    from catalogs.own_work.overlay import RESTS_ON
    from cli.tables import heading, number, show_table

    heading(f"{found.asked.name}: tokens/s of one accelerator, {found.asked.user:g} tokens/s per user (estimated)")
    rows = [
        [accelerator, number(rate.group.rate), rate.precision, str(rate.group.accelerators), rate.factor.rests_on]
        for accelerator, rates in found.rates.items()
        for rate in sorted(rates, key=lambda rate: -rate.group.rate)
    ]
    rows.sort(key=lambda row: -float(row[1].replace(",", "")))
    show_table(["accelerator", "tokens/s", "precision", "together", "rests on"], rows, [1, 3])
    for basis in sorted({row[4] for row in rows} - {"accelerator"}):
        say(f"{basis}: {RESTS_ON[basis]}")
    if found.without:
        heading("Without a rate")
        for accelerator, why in found.without.items():
            say(f"{accelerator}: {why}")
    for doubt in found.doubts:
        say(f"note: {doubt}")
    say(f"wrote {folder}, {len(found.rates) + 1} files")
    say(f"next: chipmix check {folder}; then in a scenario: catalogs: [bundled, ./{folder}]")
