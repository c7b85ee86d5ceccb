"""Files from outside, read without trust: how large they may be, and the one boundary for what their readers raise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from catalogs.problems import InputError, Location, Problem

LARGEST_FILE_BYTES = 50 * 2**20
"""A hundred times the plan or the workbook of a bundled scenario."""


def refused(path: Path, message: str, line: int = 0, column: int = 1) -> InputError:
    """The error that names a file, and where in it the fault stands; line 0 where it has no lines."""
    return InputError([Problem(Location(str(path), line, column), message)])


@contextmanager
def from_outside(path: Path, kind: str, line: int = 0) -> Iterator[None]:
    """What is read here may be anything: whatever its reader raises is a fault of the file, never one of ours.

    Readers of archives, XML, numbers and workbooks raise what they please on a damaged file, so every exception counts.
    Nothing but reading may stand in this block. Raises InputError.
    """
    try:
        yield
    except InputError:
        raise
    except OSError as error:
        raise refused(path, f"cannot be read: {error.strerror or error}", line) from error
    except Exception as error:
        raise refused(path, f"is damaged, or not {kind} ({type(error).__name__})", line) from error


def check_size(path: Path, kind: str, largest: int = LARGEST_FILE_BYTES, line: int = 0) -> None:
    """Raises InputError for what is no plain file, or a larger one than any that was written here."""
    with from_outside(path, kind, line):
        size = path.stat().st_size
        if not path.is_file():
            raise refused(path, "is a folder, a pipe or a device; give a file", line)
    if size > largest:
        raise refused(path, f"is larger than {largest // 2**20} MiB", line)


LONGEST_KEY_SHOWN = 60


class NotJson(ValueError):
    """What is no JSON, among it what readers of JSON let pass though JSON has no such thing."""


def read_json(path: Path, kind: str) -> tuple[str, Any]:
    """The text of a JSON file and its content: UTF-8, no key twice, no NaN or Infinity. Raises InputError."""
    check_size(path, kind, line=1)
    with from_outside(path, kind, line=1):
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
            return text, parsed(text)
        except UnicodeDecodeError as error:
            raise refused(path, f"is not {kind}: byte {error.start} is not UTF-8 text", 1) from error
        except json.JSONDecodeError as error:
            raise refused(path, f"is not {kind}: not JSON, {error.msg}", error.lineno, error.colno) from error
        except NotJson as error:
            raise refused(path, f"is not {kind}: not JSON, {error}", 1) from error


def parsed(text: str) -> Any:
    """The content of JSON in which no key stands twice and every number is one. Raises ValueError, RecursionError."""
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise NotJson(f"the key {key[:LONGEST_KEY_SHOWN]!r} stands twice")
        content[key] = value
    return content


def _no_constant(name: str) -> float:
    raise NotJson(f"{name} is no number of JSON")
