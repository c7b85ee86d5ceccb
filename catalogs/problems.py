"""What is wrong with an input, and where: the one form in which every reader reports it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

MOST_PROBLEMS = 200
"""So many mistakes are found at once; nobody mends more before asking again."""
LONGEST_MESSAGE = 3000
LONGEST_WORD = 200
MOST_NAMES = 2000
"""Among more names, or for a longer word, the nearest is not looked for."""


@dataclass(frozen=True, order=True, slots=True)
class Location:
    """A character in a file; line and column count from 1. Line 0: a place without one, such as a cell."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One mistake: where it stands, which field it is in, what was found and what would do."""

    at: Location
    message: str

    def __str__(self) -> str:
        message = self.message if len(self.message) <= LONGEST_MESSAGE else self.message[: LONGEST_MESSAGE - 1] + "…"
        return f"{self.at}: {message}"


def _place(problem: Problem) -> tuple[Location, str]:
    return problem.at, problem.message if problem.at.line else ""


class InputError(Exception):
    """Inputs that cannot be used. Holds every problem found, not only the first.

    They go by their places, those at one place by their words; those of a whole file stay as they were told.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=_place))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Problems(list[Problem]):
    """Mistakes as they are found. With the last of MOST_PROBLEMS it raises InputError: no more are looked for.

    So a file of a hundred thousand mistakes is refused as fast as one of a few.
    """

    def append(self, problem: Problem) -> None:
        super().append(problem)
        if len(self) >= MOST_PROBLEMS:
            super().append(Problem(problem.at, f"these are the first {MOST_PROBLEMS} problems; there may be more"))
            raise InputError(self)

    def extend(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.append(problem)


def suggestion(word: str, known: Iterable[str]) -> str:
    """A clause that names the nearest known word, or else the few there are.

    Empty where nothing is known, so that it can be appended to any message.
    """
    names = sorted(known)
    near = nearest(word, names)
    if near is not None:
        return f"; did you mean '{near}'?"
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"; known: {shown}"


def nearest(word: str, known: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The known word most like another, the first by name of equal ones; None if none is near."""
    names = sorted(known)
    few = len(word) <= LONGEST_WORD and len(names) <= MOST_NAMES
    near = difflib.get_close_matches(word, names, n=1, cutoff=cutoff) if few else []
    return near[0] if near else None
