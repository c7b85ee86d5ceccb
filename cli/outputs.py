"""Where commands put what they make: workbooks, and folders of plans."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from optimizer.bridge import Bridge
    from optimizer.plan_format import Plan
    from optimizer.runs import Runs
    from optimizer.workbook.wording import Language

WORKBOOK = ".xlsx"

language_option = click.option(
    "--language", type=click.Choice(("en", "ja")), default="en", show_default=True, help="Language of the workbook."
)


@dataclass(frozen=True)
class Outputs:
    """The folder for plans and the file for a workbook, where they were asked for."""

    folder: Path | None = None
    workbook: Path | None = None


def outputs_option(folder_help: str, workbook_help: str) -> Callable[[Any], Any]:
    """`-o FOLDER`, `-o FILE.xlsx`, or both."""
    return click.option(
        "-o", "--output", "outputs", multiple=True, metavar="FOLDER|FILE.xlsx",
        type=click.Path(path_type=Path), callback=_sorted_out,
        help=f"A new FOLDER: {folder_help} A FILE.xlsx: {workbook_help} May be given once for each.",
    )  # fmt: skip


def workbook_file(_context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """A workbook in a folder that there is."""
    if path is not None and path.suffix != WORKBOOK:
        raise click.BadParameter(f"must end in {WORKBOOK}", param=parameter)
    if path is not None and not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}", param=parameter)
    return path


def _sorted_out(context: click.Context, parameter: click.Parameter, paths: tuple[Path, ...]) -> Outputs:
    books = [path for path in paths if path.suffix == WORKBOOK]
    folders = [path for path in paths if path.suffix != WORKBOOK]
    if len(books) > 1 or len(folders) > 1:
        raise click.BadParameter("give one folder and one workbook at most", param=parameter)
    folder, book = (found[0] if found else None for found in (folders, books))
    return Outputs(_new_folder(parameter, folder), workbook_file(context, parameter, book))


def _new_folder(parameter: click.Parameter, folder: Path | None) -> Path | None:
    """A folder that nothing stands in yet."""
    if folder is not None and folder.is_file():
        raise click.BadParameter(f"{folder} is a file, and a workbook ends in {WORKBOOK}", param=parameter)
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise click.BadParameter(f"{folder} is not empty", param=parameter)
    return folder


def write_runs(plan: Plan, path: Path, runs: Runs, language: Language, bridge: Bridge | None = None) -> None:
    """Writes the workbook of a plan with the other plans that it was made with beside it."""
    from optimizer.workbook import write_workbook

    write_workbook(plan, path, command=command_typed(), bridge=bridge, language=language, runs=runs)
    click.echo(f"wrote {path}", err=True)


def command_typed() -> str:
    """The command as typed, without the folders of this machine."""
    return " ".join(["chipmix", *(Path(word).name if "/" in word else word for word in sys.argv[1:])])
