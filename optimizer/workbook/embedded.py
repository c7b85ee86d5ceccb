"""The machine-readable copy of a plan inside its workbook: what the sheets are made from, packed into cells.

The copy is text in plain sight at the bottom of Log. It lets the workbook be re-optimised, explained and
compared without the files that it came from.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from optimizer.explain.explanation import Explanation
from optimizer.explore.side_by_side import Runs
from optimizer.plan.bridge import Bridge
from optimizer.plan.format import Plan
from optimizer.plan.prior import Prior
from optimizer.plan.provenance import FORMAT
from optimizer.reading import parsed
from optimizer.uncertainty.distribution import StressResult
from optimizer.uncertainty.results import RobustResult
from optimizer.workbook.language.wording import ENGLISH, LANGUAGES, Language

Model = TypeVar("Model", bound=BaseModel)
AS_WRITTEN = "use the workbook as it was written"
MARK = "chipmix copy, format 1"
"""What the cell beside the title of the block holds, in every language."""
PART_CHARACTERS = 32_000
LARGEST_COPY_BYTES = 100 * 2**20
SYSTEM_AT, UNKNOWN_SYSTEM = 9, b"\xff"


class DamagedCopy(Exception):
    """The copy cannot be unpacked, or is not what was written."""


@dataclass(frozen=True)
class Made:
    """All that a workbook is made from; the same gives the same sheets.

    `views` are edited assumptions that belong to the workbook alone, such as a lease's discount rate, by key.
    `language` is that of labels, notes and number formats. `runs` are other plans to set beside this one.
    `explanation` is why the plan is as it is, as far as it was asked. `prior` is an earlier plan that it is held
    against, `typed` what the reader typed into cells of their own, by key. `decision` is the one for all futures that
    the plan is of, `stressed` what happens to it in futures that were drawn, each without what is not shown.
    `decided_by` is the command that the decision is of, where it is another than that of the workbook; so is
    `stressed_by`.
    """

    plan: Plan
    command: str = ""
    bridge: Bridge | None = None
    views: Mapping[str, float] = field(default_factory=dict)
    language: Language = ENGLISH
    runs: Runs | None = None
    explanation: Explanation | None = None
    decision: RobustResult | None = None
    stressed: StressResult | None = None
    decided_by: str = ""
    stressed_by: str = ""
    prior: Prior | None = None
    typed: Mapping[str, float | str] = field(default_factory=dict)

    def again(self, command: str, **changes: Any) -> Made:
        """The same plan made into a workbook by another command; what earlier ones found stays theirs."""
        return replace(
            self, command=command, decided_by=(self.decided_by or self.command) if self.decision else "",
            **{"stressed_by": (self.stressed_by or self.command) if self.stressed else "", **changes},
        )  # fmt: skip


PARTS: dict[str, type[BaseModel]] = {
    "bridge": Bridge, "runs": Runs, "explanation": Explanation, "decision": RobustResult, "stressed": StressResult,
    "prior": Prior,
}  # fmt: skip
"""What a copy may hold besides the plan, by name."""
COMMANDS = ("decided_by", "stressed_by")
"""Commands of earlier workbooks that it may hold."""


def _text(made: Made) -> str:
    content: dict[str, Any] = {"command": made.command, "plan": made.plan.model_dump(mode="json")}
    if made.views:
        content["views"] = dict(made.views)
    if made.typed:
        content["typed"] = dict(made.typed)
    content |= {name: by for name in COMMANDS if (by := getattr(made, name))}
    if made.language != ENGLISH:
        content["language"] = made.language
    parts = {name: getattr(made, name) for name in PARTS}
    content |= {name: part.model_dump(mode="json") for name, part in parts.items() if part is not None}
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def packed(made: Made) -> tuple[str, tuple[str, ...]]:
    """The SHA-256 of the copy, and the copy in parts that fit a cell."""
    plain = _text(made).encode()
    text = base64.b64encode(_deflated(plain)).decode()
    parts = tuple(text[i : i + PART_CHARACTERS] for i in range(0, len(text), PART_CHARACTERS))
    return hashlib.sha256(plain).hexdigest(), parts


def unpacked(sha256: str, parts: Sequence[str]) -> Made:
    """What `packed` was given. Raises DamagedCopy."""
    try:
        plain = _inflated(base64.b64decode("".join(parts), validate=True))
    except (ValueError, zlib.error) as error:
        raise DamagedCopy(f"cannot be unpacked; {AS_WRITTEN}") from error
    if hashlib.sha256(plain).hexdigest() != sha256:
        raise DamagedCopy(f"does not have the SHA-256 that stands above it; {AS_WRITTEN}")
    try:
        return _made(parsed(plain.decode()))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise DamagedCopy(f"was not written by this version of chipmix; {AS_WRITTEN}") from error


def _made(content: dict[str, Any]) -> Made:
    """What the text of a copy says; what it raises if it says something else is the reader's."""
    written = content["plan"]["chipmix"]["format"]
    if written != FORMAT:
        raise DamagedCopy(f"is in format {written} of plans, and this version reads {FORMAT}; plan its scenario again")
    parts: dict[str, Any] = {name: _part(model, content[name]) for name, model in PARTS.items() if name in content}
    parts |= {name: str(content.get(name, "")) for name in COMMANDS}
    return Made(
        _part(Plan, content["plan"]),
        str(content["command"]),
        views={str(key): float(value) for key, value in content.get("views", {}).items()},
        typed={str(key): _typed(value) for key, value in content.get("typed", {}).items()},
        language=LANGUAGES[LANGUAGES.index(content.get("language", ENGLISH))],
        **parts,
    )


def _typed(value: Any) -> float | str:
    return value if isinstance(value, str) else float(value)


def _part(model: type[Model], content: Any) -> Model:
    """A part of a copy with every value of its type: no text for a number, no number for a choice."""
    return model.model_validate_json(json.dumps(content), strict=True)


def _deflated(plain: bytes) -> bytes:
    """A gzip file without a date, and without the system it is made on, of which Python 3.11 and 3.13 say different."""
    data = gzip.compress(plain, mtime=0)
    return data[:SYSTEM_AT] + UNKNOWN_SYSTEM + data[SYSTEM_AT + 1 :]


def _inflated(data: bytes) -> bytes:
    """The content of a gzip file, never more than LARGEST_COPY_BYTES."""
    inflater = zlib.decompressobj(wbits=31)
    plain = inflater.decompress(data, LARGEST_COPY_BYTES)
    if not inflater.eof:
        raise ValueError("too large or cut off")
    return plain
