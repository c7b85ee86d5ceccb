"""A warning about a request, and what it is about."""

from __future__ import annotations

from typing import NamedTuple


class Doubt(NamedTuple):
    """A warning; `about` is a path in the scenario, or an offer of the catalogue by its id."""

    about: tuple[str, ...] | str
    text: str
