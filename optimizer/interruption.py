"""What ends work early, time that runs out and signals; these are held back where work can end with what it has.

While something holds them back the first signal is only noted, for whoever holds to look at between two steps; so no
result is lost half-way. The second one raises KeyboardInterrupt. Wrappers pass on a Ctrl-C that the terminal has sent
already: signals within a moment of each other are one.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Literal

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""Those that ask a program to end; SIGHUP is of POSIX, SIGBREAK of Windows."""
ONE_MOMENT = 0.3
INTERRUPTED, TERMINATED = 130, 143
Stopped = Literal["interrupted", "out_of_time"]
"""Why something is not all that was asked for."""
_received: list[int] = []
_last = -ONE_MOMENT


class OutOfTime(Exception):
    """The time for a whole command has passed."""


STOPS = (OutOfTime, KeyboardInterrupt)
"""What ends a search that can show what it has found until then."""


def why(stop: BaseException) -> Stopped:
    """Why a search ended early, from one of `STOPS`."""
    return "out_of_time" if isinstance(stop, OutOfTime) else "interrupted"


class Hold:
    """A stretch of work that ends by itself when asked to."""

    def __init__(self) -> None:
        self.asked = False
        """Whether somebody asked to stop since the work began."""

    def check(self) -> None:
        """Raises KeyboardInterrupt if somebody asked to stop: between two steps, where nothing is lost by it."""
        if self.asked:
            raise KeyboardInterrupt


_hold: Hold | None = None
_in_thread = threading.local()


def install() -> None:
    """Signals that ask a program to end are taken as Ctrl-C is; one that is ignored, as under nohup, stays so."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _receive)


def ignore() -> None:
    """Signals no longer count: all is done, and the program about to end."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def was_asked() -> bool:
    """Whether a signal has asked the program to end."""
    return bool(_received)


def exit_code() -> int:
    """The exit code of a program that was asked to end: 130 by Ctrl-C, 143 in any other way."""
    return INTERRUPTED if set(_received) <= {signal.SIGINT} else TERMINATED


@contextmanager
def held() -> Iterator[Hold]:
    """Holds signals back while the block runs; a block inside another one shares its hold.

    In a thread there is nothing to hold: signals go to the main thread. But another hold may count in it (`heeding`).
    """
    global _hold
    if threading.current_thread() is not threading.main_thread():
        yield getattr(_in_thread, "hold", None) or Hold()
        return
    if _hold is not None:
        yield _hold
        return
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # nobody has called `install`, as in a program that imports this
        signal.signal(signal.SIGINT, _receive)
    _hold = Hold()
    try:
        yield _hold
    finally:
        _hold = None
        if before is signal.default_int_handler:
            signal.signal(signal.SIGINT, before)


@contextmanager
def heeding(hold: Hold) -> Iterator[None]:
    """In this thread, which hears no signals, the block ends when whoever has the hold asks it to."""
    _in_thread.hold = hold
    try:
        yield
    finally:
        del _in_thread.hold


def _receive(number: int, _frame: FrameType | None) -> None:
    global _last
    again, _last = time.monotonic() - _last < ONE_MOMENT, time.monotonic()
    _received.append(number)
    if again:
        return
    if _hold is None or _hold.asked:
        raise KeyboardInterrupt
    _hold.asked = True
