"""Catalogue folders on top of the bundled one, as the commands of `chipmix catalog` take them."""

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


def catalog_with(folders: tuple[Path, ...]) -> Catalog:
    from catalogs.load import bundled_folder, catalog_of

    return catalog_of([bundled_folder(), *folders])
