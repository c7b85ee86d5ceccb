"""What must be the same wherever parts of one answer are found: else they would not be those of one program."""

from __future__ import annotations

import platform
from functools import cache
from importlib import metadata

PACKAGES = ("chipmix", "highspy", "distributed")
PYTHON = "Python"
Versions = tuple[tuple[str, str], ...]


@cache
def versions() -> Versions:
    """The versions of this process."""
    return ((PYTHON, release(platform.python_version())), *((name, metadata.version(name)) for name in PACKAGES))


def release(python: str) -> str:
    """The part of Python's version that results may depend on, such as 3.13."""
    return ".".join(python.split(".")[:2])
