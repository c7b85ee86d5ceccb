"""What must be the same wherever parts of one answer are found: else they would not be those of one program."""

from __future__ import annotations

import platform
from functools import cache
from importlib import metadata

PROGRAM = ("chipmix", "highspy")
PACKAGES = (*PROGRAM, "distributed")
PYTHON = "Python"
Versions = tuple[tuple[str, str], ...]


@cache
def versions() -> Versions:
    """The versions of a worker of a cluster, in this process."""
    return ((PYTHON, release(platform.python_version())), *((name, metadata.version(name)) for name in PACKAGES))


def program_versions() -> Versions:
    """The versions that an answer may depend on."""
    return tuple((name, metadata.version(name)) for name in PROGRAM)


def release(python: str) -> str:
    """The part of Python's version that results may depend on, such as 3.13."""
    return ".".join(python.split(".")[:2])
