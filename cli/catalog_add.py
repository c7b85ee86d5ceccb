"""`chipmix catalog add`: the file of a new accelerator, from a template or filled as another one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from cli.catalog_folders import catalog_with, folder_option
from cli.demand import Id
from cli.options import Number
from cli.screen import say

if TYPE_CHECKING:
    from catalogs.schema import Catalog

PRECISIONS = ("bf16", "fp8", "fp4", "int8")
LONGEST_ID, LONGEST_URL = 40, 2000


class Peak(click.ParamType):  # type: ignore[type-arg]
    """A peak in one precision, such as fp8=4500."""

    name = "peak"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        if isinstance(value, tuple):
            return value
        precision, given, figure = str(value).partition("=")
        if precision not in PRECISIONS or not given:
            self.fail(f"'{value}' is no peak; write bf16=2250, with one of {', '.join(PRECISIONS)}", param, ctx)
        return precision, float(Number(min=0, min_open=True).convert(figure, param, ctx))


class Given(TypedDict):
    """What was typed."""

    entry: str
    vendor: str
    like: str | None
    memory_gb: float | None
    bandwidth: float | None
    peaks: tuple[tuple[str, float], ...]
    tdp: float | None
    url: str | None
    price: float | None
    accepts_price: bool
    folder: Path
    folders: tuple[Path, ...]


FIGURE = Number(min=0, min_open=True)


@click.command(short_help="Start the file of a new accelerator.")
@click.argument("entry", metavar="ID", type=Id())
@click.option("--vendor", required=True, type=Id(), metavar="ID", help="Who makes it.")
@click.option("--like", metavar="ID", help="An accelerator or system that it is like: what is not given is estimated.")
@click.option("--memory-gb", type=FIGURE, metavar="GB", help="Memory of one accelerator.")
@click.option("--bandwidth", type=FIGURE, metavar="TB/S", help="Memory bandwidth.")
@click.option("--peak", "peaks", type=Peak(), multiple=True, metavar="PRECISION=TFLOPS",
              help="Dense peak, such as fp8=4500; may be repeated.")  # fmt: skip
@click.option("--tdp", type=FIGURE, metavar="W", help="Thermal design power of one accelerator.")
@click.option("--url", metavar="URL", help="Where its data sheet stands.")
@click.option("--price", type=FIGURE, metavar="USD", help="A quote for a system; without one no plan buys it.")
@click.option("--accept-price", "accepts_price", is_flag=True, help="Let plans buy at the estimated price.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("our_catalog"),
              show_default=True, help="The catalogue folder to write into.")  # fmt: skip
@folder_option
def add(**given: Unpack[Given]) -> int:
    """Start the file of a new accelerator, with every field that it needs.

    With --like and what its data sheet says, the rules of docs/estimates.md fill the rest, each figure marked as an
    estimate. Nothing is bought at a price that is made up: the offer stands there switched off until --price gives a
    quote, or --accept-price or taking the # away accepts the estimate.

    \b
    Examples:
      chipmix catalog add nova1 --vendor acme --folder our_catalog
      chipmix catalog add nova2 --vendor acme --like b200 --memory-gb 288 --bandwidth 8 --peak fp8=5000 --tdp 1200
    """
    from catalogs.problems import InputError, Location, Problem
    from cli.schemas import line_of, write_schemas
    from optimizer.files import make_folder, write_text

    entry, folder = given["entry"], given["folder"]
    known = catalog_with(given["folders"])
    _refuse(given, known)
    path = folder / f"{entry}.yaml"
    if path.exists():
        raise InputError([Problem(Location(str(path), 1, 1), "exists already and is left as it is")])
    text = _blank(given) if given["like"] is None else _filled(given, known, given["like"])
    make_folder(path.parent)
    write_text(path, line_of("catalog") + text)
    say(f"wrote {path}")
    for schema in write_schemas(folder, "catalog"):
        say(f"wrote {schema}, for editors")
    if given["like"] is not None and given["price"] is None and not given["accepts_price"]:
        say(f"its offer is switched off: until you take the # away or write a quote, no plan buys {entry}_server")
    say(f"next: name {folder} under catalogs: in a scenario, and chipmix catalog check {folder}")
    return 0


def _refuse(given: Given, known: Catalog) -> None:
    """What cannot be meant, before anything is written."""
    entry = given["entry"]
    for word in (entry, given["vendor"]):
        if len(word) > LONGEST_ID:
            raise click.BadParameter(f"'{word}' is longer than {LONGEST_ID} characters")
    if entry in known.accelerators or f"{entry}_server" in known.systems:
        raise click.BadParameter(f"'{entry}' is in the catalogue; overlay its fields, or choose another id")
    if given["url"] is not None and len(given["url"]) > LONGEST_URL:
        raise click.BadParameter(f"is longer than {LONGEST_URL} characters", param_hint="'--url'")
    sheet = {"--memory-gb": given["memory_gb"], "--bandwidth": given["bandwidth"], "--peak": given["peaks"],
             "--tdp": given["tdp"], "--url": given["url"], "--price": given["price"],
             "--accept-price": given["accepts_price"]}  # fmt: skip
    stated = [option for option, value in sheet.items() if value]
    if given["price"] is not None and given["accepts_price"]:
        raise click.UsageError("--price is a quote, --accept-price takes the estimate: give one of them")
    if given["like"] is None and stated:
        raise click.UsageError(f"{', '.join(stated)} go with --like; without it, write the figures into the file")


def _name(entry: str) -> str:
    return entry.replace("_", " ").title()


def _blank(given: Given) -> str:
    from datetime import date

    from cli.templates import ACCELERATOR

    entry = given["entry"]
    return ACCELERATOR.format(id=entry, name=_name(entry), vendor=given["vendor"], year=date.today().year)


def _filled(given: Given, known: Catalog, like: str) -> str:
    from datetime import date

    from catalogs.estimates.entry import entry_file
    from catalogs.estimates.like import Sheet, estimated, neighbour_system
    from catalogs.estimates.rounding import NoEstimate
    from catalogs.problems import suggestion

    system = neighbour_system(known, like)
    if system is None:
        systems = {*known.systems, *(entry.accelerator for entry in known.systems.values())}
        raise click.BadParameter(
            f"there is no system of '{like}' in the catalogue{suggestion(like, systems)}", param_hint="'--like'"
        )
    sheet = Sheet(
        given["entry"], _name(given["entry"]), given["vendor"], given["memory_gb"], given["bandwidth"],
        dict(given["peaks"]), given["tdp"], given["url"], given["price"], given["accepts_price"],
    )  # fmt: skip
    try:
        found = estimated(known, sheet, system)
    except NoEstimate as error:
        raise click.BadParameter(f"{error}; name another --like, or give --peak", param_hint="'--like'") from error
    if given["accepts_price"] and found.price_usd is None:
        raise click.BadParameter(f"no rule gives one: {system} is not sold; say --price", param_hint="'--accept-price'")
    return entry_file(found, sheet, system, known.systems[system].accelerator, date.today().year)
