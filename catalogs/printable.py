"""Text of files and file names made fit for a terminal: nothing in it moves a cursor or turns round what is read."""

from __future__ import annotations

import re

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: ESC, BEL, CR, LF, CSI
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing
    "\u2028\u2029\ud800-\udfff]"  # other ends of lines; bytes of a file name that are no text
)
_CONTROL_BUT_LINES = re.compile(_CONTROL.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))


def one_line(text: str) -> str:
    r"""Text in which every control character is written out, such as \x1b, and which is a single line."""
    return _CONTROL.sub(_written_out, text)


def lines_kept(text: str) -> str:
    """The same for text of ours that may have several lines."""
    return _CONTROL_BUT_LINES.sub(_written_out, text)


def json_escaped(text: str) -> str:
    r"""JSON text in which what JSON leaves as it is, such as \u009b, is escaped: its strings alone can hold it."""
    return _CONTROL_BUT_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    known = {9: "\\t", 10: "\\n", 13: "\\r"}
    return known.get(code) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
