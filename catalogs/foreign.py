"""Files that another file names far from itself: what they say is told only where they are what they are taken for.

A scenario from somebody else may name any file of this machine under `extends` or `catalogs`. Messages about a file
that is no scenario or catalogue would show its lines, so such a file is refused without a word of what stands in it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from catalogs.problems import InputError, Location, Problem
from catalogs.yaml_text import Map, read

ENDINGS = (".yaml", ".yml")


def near(*named: Path) -> tuple[Path, ...]:
    """The folders within which files speak freely: those given, and the working directory; never the root of all."""
    try:
        here = [Path.cwd()]
    except OSError:  # it was deleted
        here = []
    folders = {real_path(folder) for folder in (*named, *here)}
    return tuple(sorted(folder for folder in folders if folder.parent != folder))


def real_path(path: Path) -> Path:
    """Where a path leads through links; a circle of links leads nowhere, and stays as it is."""
    return Path(os.path.realpath(path))  # Path.resolve raises RuntimeError for a circle before Python 3.13


def read_named(path: Path, shown: str, keys: Collection[str], what: str, around: Sequence[Path]) -> Map:
    """A file as `read` gives it; one far from what is `around` only if it has the `keys` of `what` it should be.

    What is no plain file, such as a device, is refused by `read` before anything is read of it.
    """
    real = real_path(path)
    if not real.is_file() or any(real.is_relative_to(folder) for folder in around):
        return read(path, shown)
    refusal = InputError([Problem(Location(shown, 1, 1), f"is no {what}; chipmix check {shown} says more")])
    if real.suffix not in ENDINGS:
        raise refusal
    try:
        tree = read(path, shown)
    except InputError:
        raise refusal from None
    if not tree or not set(tree) <= set(keys):
        raise refusal
    return tree
