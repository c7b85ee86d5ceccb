"""Standard output and standard error as they are: of any encoding, closed, full or left by their reader.

What is printed never ends a command. Characters that an encoding lacks are written in another way, control characters
of files are written out, a reader that has seen enough (`| head`) is left in peace; what cannot be printed for another
reason is told once, by the exit code too.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from typing import IO, Any, TextIO

import click

from catalogs.printable import json_escaped, lines_kept, one_line

OUTPUT, ERRORS = 1, 2
SIMPLER = {
    "…": "...", "·": "-", "→": "->", "−": "-", "–": "-", "—": "-", "±": "+/-", "×": "x",
    "≥": ">=", "≤": "<=", "█": "#", "░": ".", "’": "'", "“": '"', "”": '"',
}  # fmt: skip


class Screen(io.TextIOBase):
    """A standard stream in front of the real one. It has no `buffer`, so that nothing is printed past it."""

    def __init__(self, stream: TextIO, number: int, closed: bool) -> None:
        self._stream, self._number = stream, number
        self.failure = "it is closed" if closed else None
        """Why what was printed did not arrive; None if it did, or if its reader had seen enough."""
        self.was_closed = closed
        self.raw = Raw(self)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    @property
    def errors(self) -> str:  # type: ignore[override]
        return "strict"

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        """Prints text; control characters in it but ends of lines are written out."""
        self.put(lines_kept(text))
        return len(text)

    def put(self, text: str) -> None:
        """Prints text as it is."""
        try:
            self._stream.write(text)
        except OSError as error:
            self._lose(error)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        """From now on, and with what is left in the buffer, what is printed goes nowhere."""
        if not _reader_left(error):
            self.failure = error.strerror or str(error)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._number)
        os.close(nowhere)


class Raw(io.TextIOBase):
    """A stream for text of our own alone, with the control characters that colour it."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._screen.encoding

    def isatty(self) -> bool:
        return self._screen.isatty()

    def fileno(self) -> int:
        return self._screen.fileno()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._screen.put(text)
        return len(text)

    def flush(self) -> None:
        self._screen.flush()


def install() -> None:
    """Puts the screens in front of the standard streams; one that is closed leads nowhere."""
    codecs.register_error("chipmix", _simpler)
    closed = _opened()
    for name, number in (("stdout", OUTPUT), ("stderr", ERRORS)):
        stream = getattr(sys, name) or io.TextIOWrapper(io.FileIO(number, "w", closefd=False), "utf-8")
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="chipmix")
            setattr(sys, name, Screen(stream, number, number in closed))


def _opened() -> set[int]:
    """The standard streams that were closed and lead nowhere now: a file opened later must not take their number."""
    closed = set()
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            closed.add(number)
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    return closed


def settled(code: int) -> int:
    """The exit code when all is done: what could not be printed counts as an output that could not be written."""
    sys.stdout.flush()
    out = sys.stdout
    if isinstance(out, Screen) and out.failure is not None and not out.was_closed:
        say(f"standard output: cannot be written: {out.failure}", err=True)
        code = code or 2
    sys.stderr.flush()
    return code


def say(text: str = "", err: bool = False) -> None:
    """Prints one line, whatever stands in the text."""
    click.echo(one_line(text), err=err)


def say_json(text: str) -> None:
    """Prints JSON and nothing else; what a terminal or the encoding cannot take is escaped, as JSON can."""
    safe, out = json_escaped(text), sys.stdout
    try:
        safe.encode(out.encoding or "utf-8")
    except UnicodeEncodeError:
        safe = "".join(sign if sign < "\x80" else _escaped(sign) for sign in safe)
    if isinstance(out, Screen):
        out.was_closed = False  # who asks for JSON there wants it there
    click.echo(safe, nl=False)


def say_csv(text: str) -> None:
    """Prints lines of our own that end in CR LF, and nothing else; there are no other control characters in them."""
    if isinstance(sys.stdout, Screen):
        sys.stdout.was_closed = False  # who asks for them there wants them there
    raw(sys.stdout).write(text.replace("\r\n", "\n") if os.linesep == "\r\n" else text)


def raw(stream: IO[str]) -> Any:
    """What text of ours alone, coloured, may be printed to."""
    return stream.raw if isinstance(stream, Screen) else stream


def _escaped(sign: str) -> str:
    pairs = sign.encode("utf-16-be")
    return "".join(f"\\u{pairs[i]:02x}{pairs[i + 1]:02x}" for i in range(0, len(pairs), 2))


def _simpler(error: UnicodeError) -> tuple[str, int]:
    """Signs that an encoding lacks, in signs that every one has."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    plain = (SIMPLER.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in lacking)
    return "".join(plain), error.end


def _reader_left(error: OSError) -> bool:
    """Whether the reader of a pipe is gone; Windows calls that an invalid argument."""
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)
