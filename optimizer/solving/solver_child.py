"""The solver's process as its parent sees it: how it is started, what it is told, what it says.

It is started apart from us. Nothing but the installation is on its path (`-I`), whatever lies in the folder where
chipmix was called; it speaks UTF-8 whatever the locale (`-X utf8`); a Ctrl-C in the terminal does not reach it. All
goes through pipes: no file is left behind, and it ends when its standard input does, so also when we are killed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

from optimizer.solving.child_messages import DONE, STOP, packed, unpacked

HERE = Path(__file__).parent
OURS = str(HERE.parent.parent)
NEEDED = ("highspy", "numpy")
START = "import runpy, sys; sys.path += sys.argv[2:]; runpy.run_path(sys.argv[1], run_name='__main__')"
"""Runs the file that is named first; the folders after it come last on the path, so that they shadow nothing."""
LAST_WORDS = 20
"""So many lines of what a process says on standard error are kept."""


@dataclass(frozen=True)
class SolvedArrays:
    """The arrays of a solved model."""

    arrays: Mapping[str, Any]


@dataclass(frozen=True)
class SolveStanding:
    """Where a running solve stands."""

    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Ended:
    """The process has ended."""


Message = SolvedArrays | SolveStanding | Ended


class Child:
    """A running solver. Threads of their own read what it says, so that no wait for it lasts longer than asked."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=HERE, **_apart()
        )
        self._said: SimpleQueue[Message] = SimpleQueue()
        self._words: deque[bytes] = deque(maxlen=LAST_WORDS)
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._hear, self._keep_words)]
        for thread in self._threads:
            thread.start()

    def give(self, problem: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """Hands over a model; a process that has ended already says so when it is listened to."""
        arrays = packed(problem)
        head = json.dumps({"bytes": len(arrays), "settings": settings})
        self._tell(head.encode() + b"\n" + arrays)

    def stop(self) -> None:
        """Asks it to end a solve with the best plan so far; one that has just ended by itself does not mind."""
        self._tell(STOP)

    def heard(self, seconds: float) -> Message | None:
        """What it says next; None if it says nothing for so long."""
        try:
            return self._said.get(timeout=seconds)
        except Empty:
            return None

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()

    def close(self) -> str:
        """Closes its input, which ends it, and gives its last words."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        return b"".join(self._words).decode("utf-8", "replace").strip()

    def _tell(self, message: bytes) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(message)
            self._process.stdin.flush()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        try:
            with self._process.stdout as out:
                for line in out:
                    self._said.put(_result(out, line) if line.startswith(DONE) else SolveStanding(json.loads(line)))
        finally:
            self._said.put(Ended())

    def _keep_words(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as errors:
            self._words.extend(errors)


def command() -> list[str]:
    """The command that starts a solver, by its file and with the folders of the libraries that it uses, and of ours."""
    found = (find_spec(name) for name in NEEDED)
    folders = {str(Path(spec.origin).parent.parent) for spec in found if spec is not None and spec.origin is not None}
    return [
        sys.executable, "-I", "-X", "utf8", "-c", START, str(HERE / "solver_process.py"), *sorted({*folders, OURS}),
    ]  # fmt: skip


def _apart() -> dict[str, Any]:
    """What keeps the signals of our terminal from a child: a session of its own, on Windows a group of its own."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _result(out: IO[bytes], line: bytes) -> Message:
    return SolvedArrays(unpacked(out.read(int(line.removeprefix(DONE)))))
