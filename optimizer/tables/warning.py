"""A warning about a request, and what it is about."""

from __future__ import annotations

from typing import NamedTuple

from catalogs.problems import Location


class Doubt(NamedTuple):
    """A warning; `about` is a path in the scenario, an offer of the catalogue by its id, or a place in its files."""

    about: tuple[str, ...] | str | Location
    text: str
