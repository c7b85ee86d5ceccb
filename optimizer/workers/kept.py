"""Answers kept in a folder, so that work that was interrupted goes on: each in a file of its own, whole or not at all.

A folder is of one run: `run.json` says what was asked, and every file begins with its hash. What an answer does not
depend on is not part of that, such as how many workers there were and what time was given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from optimizer.files import make_folder, write_text
from optimizer.reading import from_outside, read_json, refused

Answer = TypeVar("Answer")
RUN = "run.json"


def hash_of(content: object) -> str:
    """The SHA-256 of what JSON can say."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class Kept:
    """The folder of a run: `asked` is all that its answers depend on."""

    def __init__(self, folder: Path, asked: Mapping[str, Any]) -> None:
        """Raises InputError for a folder of another run, or one that holds something else; Unwritable."""
        self.folder = folder
        self._run = hash_of(asked)
        if (folder / RUN).exists():
            self._refuse_other(asked)
        elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise refused(folder, f"holds something else, no {RUN}; --resume takes a new folder or one that it made")
        else:
            make_folder(folder)
            write_text(folder / RUN, json.dumps(dict(asked), indent=1) + "\n")

    def names(self, kind: str) -> Iterator[str]:
        """The names of all answers of a kind, such as `samples` of `samples_1_8`."""
        return (path.stem for path in sorted(self.folder.glob(f"{kind}_*.json")))

    def known(self, name: str, read: Callable[[Any], Answer]) -> Answer | None:
        """An answer, read from what JSON says; None where there is none yet.

        Raises InputError for a file that was changed, or is of another run.
        """
        path = self._file(name)
        if not path.exists():
            return None
        _, content = read_json(path, "an answer of this run")
        if not isinstance(content, dict) or content.get("run") != self._run or content.get("name") != name:
            raise refused(path, "belongs to another run; give a new folder, or take it away and it is solved again")
        if content.get("sha256") != hash_of(content.get("answer")):
            raise refused(path, "was changed after chipmix wrote it; take it away and it is solved again")
        with from_outside(path, "an answer of this run"):
            return read(content["answer"])

    def keep(self, name: str, answer: Any) -> None:
        """Writes an answer. Raises Unwritable."""
        content = {"run": self._run, "name": name, "sha256": hash_of(answer), "answer": answer}
        write_text(self._file(name), json.dumps(content) + "\n")

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _refuse_other(self, asked: Mapping[str, Any]) -> None:
        """Raises InputError with what differs from what was asked then."""
        _, then = read_json(self.folder / RUN, "what was asked of a run")
        if not isinstance(then, dict):
            raise refused(self.folder / RUN, "is not what was asked of a run")
        differs = [key for key in sorted({*then, *asked}) if then.get(key) != asked.get(key)]
        if differs:
            message = f"is of a run with another {', another '.join(differs)}; give --resume a new folder"
            raise refused(self.folder / RUN, message)
