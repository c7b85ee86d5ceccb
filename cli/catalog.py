"""`chipmix catalog`: look at, start and check catalogue entries."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cli.catalog_diff import diff
from cli.catalog_folders import load
from cli.catalog_list import list_
from cli.catalog_show import show
from cli.catalog_stale import stale
from cli.screen import say, say_json


@click.group()
def catalog() -> None:
    """Look at, start and check catalogue entries.

    \b
    Example:
      chipmix catalog list --vendor amd
    """


for command in (list_, show, stale, diff):
    catalog.add_command(command)


@catalog.command(short_help="Start the file of a new accelerator.")
@click.argument("entry", metavar="ID")
@click.option("--vendor", required=True, help="Who makes it.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("our_catalog"),
              show_default=True, help="The catalogue folder to write into.")  # fmt: skip
def add(entry: str, vendor: str, folder: Path) -> int:
    """Start the file of a new accelerator, with every field that it needs.

    \b
    Example:
      chipmix catalog add nova1 --vendor acme --folder our_catalog
    """
    import re
    from datetime import date

    from catalogs.load import bundled_folder, catalog_of
    from catalogs.problems import InputError, Location, Problem
    from cli.templates import ACCELERATOR
    from optimizer.files import make_folder, write_text

    for word in (entry, vendor):
        if not re.fullmatch(r"[a-z][a-z0-9_.]*", word):
            raise click.BadParameter(f"'{word}' must be small letters, digits, _ and . and begin with a letter")
    if entry in catalog_of([bundled_folder()]).accelerators:
        raise click.BadParameter(f"'{entry}' is in the bundled catalogue; overlay its fields, or choose another id")
    path = folder / f"{entry}.yaml"
    if path.exists():
        raise InputError([Problem(Location(str(path), 1, 1), "exists already and is left as it is")])
    make_folder(path.parent)
    name = entry.replace("_", " ").title()
    write_text(path, ACCELERATOR.format(id=entry, name=name, vendor=vendor, year=date.today().year))
    say(f"wrote {path}")
    say(f"next: name {folder} under catalogs: in a scenario, and chipmix catalog check {folder}")
    return 0


@catalog.command(short_help="Print the JSON Schema of a kind of file.")
@click.option("--of", "what", type=click.Choice(["catalog", "scenario", "plan"]), default="catalog", show_default=True,
              help="Of which kind of file.")  # fmt: skip
def schema(what: str) -> int:
    """Print the JSON Schema of a catalogue file, a scenario or a plan, for editors and programs.

    \b
    Example:
      chipmix catalog schema --of scenario > scenario.schema.json
    """
    if what == "plan":
        from optimizer.plan.text import plan_schema

        say_json(json.dumps(plan_schema(), indent=1, sort_keys=True) + "\n")
        return 0
    from catalogs.schema import CatalogFile
    from optimizer.request.scenario import Scenario

    model = CatalogFile if what == "catalog" else Scenario
    say_json(json.dumps(model.model_json_schema(), indent=1, sort_keys=True) + "\n")
    return 0


@catalog.command("check", short_help="Check the bundled catalogue, or folders on top of it.")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[FOLDER]...")
def check_(folders: tuple[Path, ...]) -> int:
    """Check the bundled catalogue, or folders on top of it; every problem at once.

    \b
    Example:
      chipmix catalog check
    """
    from catalogs.load import bundled_folder, doubtful

    known = load(folders)
    rates = sum(map(len, known.throughput.values()))
    click.echo(
        f"in order: {len(known.accelerators)} accelerators, {len(known.systems)} systems, {len(known.offers)} offers, "
        f"{rates} throughputs, {len(known.sources)} sources"
    )
    for doubt in doubtful([bundled_folder(), *folders]):
        say(f"{doubt.at}: warning: {doubt.message}", err=True)
    return 0
