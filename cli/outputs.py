"""Where commands put what they make: files, and folders of plans. All is checked before anything is solved."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalogs.printable import one_line
from cli.screen import say, say_json
from optimizer import files

if TYPE_CHECKING:
    from optimizer.explore.side_by_side import Runs
    from optimizer.plan.bridge import Bridge
    from optimizer.plan.format import Plan
    from optimizer.request.load import Request
    from optimizer.workbook.language.wording import Language

WORKBOOK = ".xlsx"
STREAMS = ("/dev/", "/proc/")
"""How names begin that mean a stream on purpose, such as /dev/stdout."""

language_option = click.option(
    "--language", type=click.Choice(("en", "ja")), default="en", show_default=True, help="Language of the workbook."
)


@dataclass(frozen=True)
class Outputs:
    """The folder for plans and the file for a workbook, where they were asked for."""

    folder: Path | None = None
    workbook: Path | None = None


class Undelivered(Exception):
    """Outputs could not be written, and that was said; all that could be written was."""


class Delivery:
    """Writes the outputs of a command: one that cannot be written costs none of the others."""

    def __init__(self) -> None:
        self._failures: list[files.Unwritable] = []

    def write(self, path: Path | None, write: Callable[[Path], None], what: str = "") -> None:
        """Writes to a path, where there is one, and says that, and `what`, was written there."""
        if path is None:
            return
        try:
            write(path)
        except files.Unwritable as failure:
            self._failures.append(failure)
        else:
            say(f"wrote {what}{path}", err=True)

    def tell(self) -> None:
        """Prints what could not be written."""
        for failure in self._failures:
            say(str(failure), err=True)

    def settle(self) -> None:
        """Prints what could not be written and raises Undelivered, if there is any."""
        self.tell()
        if self._failures:
            raise Undelivered


@contextmanager
def delivering() -> Iterator[Delivery]:
    """A delivery that is settled at the end of the block; its failures are told even where something worse ends it."""
    delivery = Delivery()
    try:
        yield delivery
    except BaseException:
        delivery.tell()
        raise
    delivery.settle()


RESULT_AS_JSON = "Write the result as JSON; '-' prints it, and nothing else, to standard output."


def json_option(help_text: str = RESULT_AS_JSON) -> Callable[[Any], Any]:
    """`--json FILE`; the name `-` is standard output."""
    return click.option("--json", "json_file", metavar="FILE", help=help_text,
                        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))  # fmt: skip


def is_printed(json_file: Path | None) -> bool:
    """Whether JSON goes to standard output, where nothing else may then go."""
    return json_file is not None and str(json_file) == "-"


def write_json(delivery: Delivery, text: str, json_file: Path | None) -> None:
    """Prints a result as JSON, or writes it to a file."""
    if is_printed(json_file):
        say_json(text)
    else:
        delivery.write(json_file, lambda path: files.write_text(path, text))


def outputs_option(folder_help: str, workbook_help: str) -> Callable[[Any], Any]:
    """`-o FOLDER`, `-o FILE.xlsx`, or both."""
    return click.option(
        "-o", "--output", "outputs", multiple=True, metavar="FOLDER|FILE.xlsx",
        type=click.Path(path_type=Path), callback=_sorted_out,
        help=f"A new FOLDER: {folder_help} A FILE.xlsx: {workbook_help} May be given once for each.",
    )  # fmt: skip


def ending(*endings: str) -> Callable[[click.Context, click.Parameter, Path | None], Path | None]:
    """A file with one of some endings, in a folder that there is."""

    def check(_context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
        if path is not None and path.suffix not in endings:
            raise click.BadParameter(f"must end in {' or '.join(endings)}", param=parameter)
        if path is not None and not path.parent.is_dir():
            raise click.BadParameter(f"there is no folder {path.parent}", param=parameter)
        return path

    return check


workbook_file = ending(WORKBOOK)


def check_targets(inputs: Iterable[Path], targets: Mapping[str, Path | None], folder: Path | None = None) -> None:
    """Refuses outputs that are an input or another output, and those that cannot be written, by the option of each.

    `folder` is where the command puts files of its own naming.
    """
    named = {option: path for option, path in targets.items() if path is not None and not is_printed(path)}
    read = [path for path in inputs if files.is_plain(path)]
    for option, path in named.items():
        _refuse_clash(option, path, read, [other for name, other in named.items() if name != option], folder)
    for path in named.values():
        files.probe(path)
    if folder is not None:
        files.probe_folder(folder)


def request_for(
    scenario: str, settings: tuple[str, ...], targets: Mapping[str, Path | None], folder: Path | None = None
) -> Request:
    """The request of a scenario with settings, once `check_targets` has nothing against where its results go."""
    from optimizer.request.load import find_scenario, input_files, load_request

    path = find_scenario(scenario)
    request = load_request(path, settings)
    check_targets(input_files(path, settings), targets, folder)
    return request


def _refuse_clash(option: str, path: Path, read: list[Path], others: list[Path], folder: Path | None) -> None:
    if not files.is_plain(path):
        return  # a device or a pipe takes whatever comes
    if any(files.is_same(path, one) for one in read):
        raise click.BadParameter(f"{path} is read by this command; name another file", param_hint=option)
    if any(files.is_same(path, other) for other in others):
        raise click.BadParameter(f"{path} is another output of this command too", param_hint=option)
    if folder is not None and files.is_same(path.parent, folder):
        raise click.BadParameter(f"{path} is in the folder that plans are written to", param_hint=option)
    if files.leads_to_a_stream(path) and not str(path).startswith(STREAMS):
        raise click.BadParameter(f"{path} is where what is printed goes", param_hint=option)


def _sorted_out(context: click.Context, parameter: click.Parameter, paths: tuple[Path, ...]) -> Outputs:
    books = [path for path in paths if path.suffix == WORKBOOK]
    folders = [path for path in paths if path.suffix != WORKBOOK]
    if len(books) > 1 or len(folders) > 1:
        raise click.BadParameter("give one folder and one workbook at most", param=parameter)
    folder, book = (found[0] if found else None for found in (folders, books))
    return Outputs(_new_folder(parameter, folder), workbook_file(context, parameter, book))


def _new_folder(parameter: click.Parameter, folder: Path | None) -> Path | None:
    """A folder that nothing stands in yet."""
    if folder is not None and folder.exists() and not folder.is_dir():
        raise click.BadParameter(f"{folder} is a file, and a workbook ends in {WORKBOOK}", param=parameter)
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise click.BadParameter(f"{folder} is not empty", param=parameter)
    return folder


def write_runs(plan: Plan, path: Path, runs: Runs, language: Language, bridge: Bridge | None = None) -> None:
    """Writes the workbook of a plan with the other plans that it was made with beside it."""
    from optimizer.workbook import write_workbook

    write_workbook(plan, path, command=command_typed(), bridge=bridge, language=language, runs=runs)


def command_typed() -> str:
    """The command as typed, without the folders of this machine."""
    return one_line(" ".join(["chipmix", *(Path(word).name if "/" in word else word for word in sys.argv[1:])]))
