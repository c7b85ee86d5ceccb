"""The model as an LP or MPS file, for other programs to read."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pulp

from optimizer.files import Unwritable, write_text
from optimizer.formulation.model import Model

LONGEST_NAME = 255
"""The longest name that the LP format allows; ids of 80 characters make longer ones together."""
COMMENT = {".lp": "\\ ", ".mps": "* "}


def write_model(model: Model, target: Path) -> None:
    """Writes a model in the format that the target's ending names. Raises Unwritable.

    Names that are too long for the format are replaced by short ones, with a line for each at the top that says
    which is which.
    """
    try:
        text = _text(model.problem, target.suffix)
    except (OSError, pulp.PulpError) as error:
        raise Unwritable(target, error if isinstance(error, OSError) else str(error)) from error
    write_text(target, with_short_names(text, _names(model.problem), target.suffix))


def _text(problem: pulp.LpProblem, ending: str) -> str:
    """What PuLP writes to a file of its own."""
    with tempfile.TemporaryDirectory(prefix="chipmix-") as folder:
        part = Path(folder) / f"model{ending}"
        if ending == ".lp":
            problem.writeLP(str(part), max_length=max(map(len, _names(problem))))
        else:
            problem.writeMPS(str(part))
        return part.read_text(encoding="utf-8")


def _names(problem: pulp.LpProblem) -> list[str]:
    return [part.name for part in (*problem.variables(), *problem.constraints())]


def with_short_names(text: str, names: list[str], ending: str) -> str:
    """The text of a model without names that its format has no room for."""
    short = {name: f"long_{number}" for number, name in enumerate(names) if len(name) > LONGEST_NAME}
    if not short:
        return text
    known = "".join(f"{COMMENT[ending]}{brief} is {name}\n" for name, brief in short.items())
    return known + re.sub(r"[^\s:]+", lambda word: short.get(word[0], word[0]), text)
