"""Files that another file names far from itself: what they say is told only where they are what they are taken for.

A scenario from somebody else may name any file of this machine under `extends` or `catalogs`. Messages about a file
that is no scenario or catalogue would show its lines, so such a file is refused without a word of what stands in it.
"""

from __future__ import annotations

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
    folders = {folder.resolve() for folder in (*named, *here)}
    return tuple(sorted(folder for folder in folders if folder.parent != folder))


def read_named(path: Path, shown: str, keys: Collection[str], what: str, around: Sequence[Path]) -> Map:
    """A file as `read` gives it; one far from what is `around` only if it has the `keys` of `what` it should be."""
    real = path.resolve()
    if any(real.is_relative_to(folder) for folder in around):
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
