"""Names that somebody asks about and nothing has."""

from __future__ import annotations


class UnknownName(Exception):
    """A name or pattern of a limit, an offer or an accelerator that nothing in a plan has, or that has no answer."""
