"""What `chipmix repair` answers, in the planner's words and as JSON. Money is in USD, present value."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contradiction(_Part):
    """Something that no plan can meet, found without a solver; `at` is file, line and column.

    `limits` are those that its proof rests on, by the names that repairs give them: unless one of them gives way there
    is no plan, whatever else does.
    """

    at: str
    about: str
    sentence: str
    limits: tuple[str, ...]


class Conflict(_Part):
    """Limits that cannot all hold, the one to look at first in front.

    `minimal`: without any one of them there is a plan, but for the other limits and the conflicts named before; not
    known if the time ran out.
    """

    limits: tuple[str, ...]
    minimal: bool

    def __str__(self) -> str:
        return ", ".join(self.limits)


class Change(_Part):
    """One thing changed: by how much, in which unit, in which periods (None: as long as it holds)."""

    kind: str
    about: str
    amount: float
    unit: str
    first: str | None
    last: str | None
    words: str


class Repair(_Part):
    """Changes that make a plan possible, checked by planning with them.

    `settings` are what `--set` of `chipmix plan` takes to apply them. `cost_usd` is what the plan found then costs
    and `bound_usd` what no plan can then cost less than; neither holds what the changes themselves cost.
    """

    kind: str
    words: str
    changes: tuple[Change, ...]
    settings: tuple[str, ...]
    cost_usd: float
    bound_usd: float
    extra_usd: float


class Hopeless(_Part):
    """A kind of change that cannot repair the request by itself, and why."""

    kind: str
    why: str


class Report(_Part):
    """Why a request has no plan and what would give it one, the repair with the cheapest plan first.

    `stopped`: the time ran out, or somebody interrupted, so there may be more repairs, or smaller ones.
    """

    scenario: str
    status: Literal["feasible", "infeasible", "unknown"]
    contradictions: tuple[Contradiction, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    repairs: tuple[Repair, ...] = ()
    not_alone: tuple[Hopeless, ...] = ()
    stopped: bool = False
    interrupted: bool = False
