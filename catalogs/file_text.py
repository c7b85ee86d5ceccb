"""The text in an input file: a file proper, of a bounded size, in UTF-8."""

from __future__ import annotations

import stat
from pathlib import Path

from catalogs.problems import InputError, Location, Problem

LARGEST_FILE_BYTES = 10 * 1024 * 1024


def _bytes(path: Path, start: Location) -> bytes:
    """What a file holds. Only files proper are opened: a pipe or a device may never end."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            what = "a folder, not a file" if path.is_dir() else "not a file that can be read whole"
            raise InputError([Problem(start, f"is {what}")])
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise InputError([Problem(start, f"cannot be read: {error.strerror}")]) from error
    if len(content) > LARGEST_FILE_BYTES:
        raise InputError([Problem(start, f"larger than {LARGEST_FILE_BYTES // 2**20} MiB")])
    return content


def text_in(path: Path, file: str) -> str:
    """The text in a file; `file` is the name that messages give it. Raises InputError where it is none."""
    start = Location(file, 1, 1)
    try:
        return _bytes(path, start).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise InputError([Problem(start, message)]) from error
