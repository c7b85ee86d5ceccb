"""The one way in which anything is written: whole or not at all, through links, with errors that name the target."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path

STREAMS = (1, 2)
"""The numbers of standard output and standard error."""
_written: list[str] = []


class Unwritable(Exception):
    """A target that cannot be written, and why."""

    def __init__(self, target: Path, error: OSError | str) -> None:
        self.target = target
        reason = error if isinstance(error, str) else reason_of(error)
        super().__init__(f"{target}: cannot be written: {reason}")


def reason_of(error: OSError) -> str:
    """What the operating system says of an error, without the file that it names."""
    return error.strerror or str(error)


def written() -> tuple[str, ...]:
    """The files that this process has written so far, as they were named."""
    return tuple(_written)


def write_text(target: Path, text: str) -> None:
    """Writes text as UTF-8, as `write_bytes` does."""
    write_bytes(target, text.encode("utf-8"))


def write_bytes(target: Path, content: bytes) -> None:
    """Writes a file whole or not at all. Raises Unwritable.

    What a link leads to is written and the link kept; a file that was there keeps its mode and owner; a device, a
    pipe or one of our own streams is written to, not replaced.
    """
    try:
        there = _known(target)
        stream = _stream(there)
        if stream is not None:
            sys.stdout.flush()
            _pour(os.dup(stream), content)
        elif there is not None and not stat.S_ISREG(there.st_mode):
            _pour(os.open(target, os.O_WRONLY), content)
        else:
            _replace(Path(os.path.realpath(target)), there, content)
    except OSError as error:
        raise Unwritable(target, error) from error
    _written.append(str(target))


def probe(target: Path) -> None:
    """Raises Unwritable where `write_bytes` could not write, as far as that shows beforehand."""
    try:
        there = _known(target)
        if there is not None and stat.S_ISDIR(there.st_mode):
            raise IsADirectoryError(0, "is a folder")
        if there is None or (stat.S_ISREG(there.st_mode) and _stream(there) is None):
            place = Path(os.path.realpath(target))
            _refuse_protected(place, there)
            _try_folder(place.parent)
    except OSError as error:
        raise Unwritable(target, error) from error


def probe_folder(folder: Path) -> None:
    """Raises Unwritable where a folder, or one that does not exist yet, could not be written into."""
    try:
        _try_folder(next(path for path in (folder, *folder.absolute().parents) if path.exists()))
    except OSError as error:
        raise Unwritable(folder, error) from error


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it where they are missing. Raises Unwritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(folder, error) from error


def is_same(one: Path, other: Path) -> bool:
    """Whether two names lead to one file, there already or yet to be."""
    first, second = (_known_or_none(path) for path in (one, other))
    if first is not None and second is not None:
        return os.path.samestat(first, second)
    return os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other))


def is_plain(path: Path) -> bool:
    """Whether a name leads to an ordinary file, or to none yet: not to a device, a pipe or a folder."""
    there = _known_or_none(path)
    return there is None or stat.S_ISREG(there.st_mode)


def leads_to_a_stream(path: Path) -> bool:
    """Whether a name leads to where standard output or standard error goes."""
    return _stream(_known_or_none(path)) is not None


def _known(path: Path) -> os.stat_result | None:
    """What a name leads to; None for a file that is not there yet."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _known_or_none(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _stream(there: os.stat_result | None) -> int | None:
    """Which of our own streams a file is, such as /dev/stdout; None if it is none of them."""
    for number in STREAMS if there is not None else ():
        with suppress(OSError):  # such as a stream that is closed
            if there is not None and os.path.samestat(there, os.fstat(number)):
                return number
    return None


def _pour(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _replace(place: Path, there: os.stat_result | None, content: bytes) -> None:
    """A temporary file of our own beside the place, whose name is short, takes the place's name at the end."""
    _refuse_protected(place, there)
    part = place.with_name(_part_name())
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if there is not None:
            _liken(part, there)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def _part_name() -> str:
    return f".chipmix-{secrets.token_hex(8)}.part"


def _refuse_protected(place: Path, there: os.stat_result | None) -> None:
    """A file that may not be written is not replaced either, though its folder would allow it."""
    if there is not None and not os.access(place, os.W_OK):
        raise PermissionError(0, "it is protected from writing")


def _liken(part: Path, there: os.stat_result) -> None:
    """Gives a file the owner, where we may, and the mode of another."""
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(part, there.st_uid, there.st_gid)
    part.chmod(stat.S_IMODE(there.st_mode))


def _try_folder(folder: Path) -> None:
    """Raises OSError where a folder takes no file: what permissions, disks and lost folders do only a try tells."""
    part = folder / _part_name()
    try:
        part.open("xb").close()
    finally:
        part.unlink(missing_ok=True)
