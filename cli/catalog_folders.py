"""The catalogue that a command of `chipmix catalog` looks at: the bundled one and folders on top."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from catalogs.schema import Catalog

folder_option = click.option(
    "--catalog", "folders", multiple=True, type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder on top of the bundled catalogue; may be given several times.",
)  # fmt: skip


def all_folders(folders: tuple[Path, ...]) -> list[Path]:
    """The bundled folder, and those on top of it."""
    from catalogs.load import bundled_folder

    return [bundled_folder(), *folders]


def load(folders: tuple[Path, ...]) -> Catalog:
    from catalogs.load import catalog_of

    return catalog_of(all_folders(folders))
