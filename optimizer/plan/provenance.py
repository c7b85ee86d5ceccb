"""What a plan says about itself: who wrote it, what proves it, what it rests on, how it was checked."""

from __future__ import annotations

from math import fsum
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

FORMAT: Literal[2] = 2


class Part(BaseModel):
    """Base of every part of a plan."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class SeldomSaid(Part):
    """A part with fields that are left out where they would say nothing, so that older files stay as they are."""

    SELDOM: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _without_absent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said: dict[str, Any] = handler(self)
        return {key: value for key, value in said.items() if value or key not in self.SELDOM}


class Format(Part):
    """Which program wrote the file and in which version of this format."""

    format: Literal[2]
    version: str


class Branch(SeldomSaid):
    """A part of all plans, in two: those in which the whole `columns` come to `least` or more, and all others.

    `rows` are the rows of the model, counted from 0 in its order, of which the `duals` beside them differ from those
    of the part that it is a part of; `sums` has one for each sum of columns that is limited here, from the whole down:
    to at least so many, or to less, but where `least` is 1, less means that each of the columns is 0. Without
    `children` it is not divided, and has neither `columns` nor `least`.
    """

    SELDOM = frozenset({"least"})

    rows: tuple[int, ...]
    duals: tuple[float, ...]
    sums: tuple[float, ...]
    columns: tuple[str, ...]
    least: int = 0
    children: tuple[Branch, ...]


class Certified(Part):
    """The lower bound proved in exact arithmetic without trusting a solver, and the gap it leaves.

    `duals` are the numbers that prove it, by row of the model: whoever states the model of the plan's inputs again
    can compute the bound from them. Where decisions were searched one by one, `branches` divides the plans by them, and
    the bound is the least that is proved in any part, or that of the whole if it is more. A plan that stays close to an
    approved one is proved in a model in which the orders `approved` stay possible, so many systems each, and the orders
    `placed` are fixed.
    """

    bound_usd: float
    gap: float
    duals: dict[str, float]
    branches: Branch | None = None
    approved: dict[str, float]
    placed: dict[str, float]


class BasisShares(Part):
    """Shares of a total that rest on each kind of evidence; they sum to 1 where there is any."""

    measured: float
    vendor: float
    quoted: float
    estimated: float
    unsourced: float

    @property
    def uncertain(self) -> float:
        """What rests on estimates, or on figures that nobody cites."""
        return fsum((self.estimated, self.unsourced))


class Basis(Part):
    """How much of the work done and of the money spent rests on each kind of evidence."""

    work: BasisShares
    spend: BasisShares


class Audit(Part):
    """The verdict of the audit: `largest_violation` is relative to the scale of its limit."""

    model_config = ConfigDict(allow_inf_nan=True)  # what is no number at all is infinitely wrong

    ok: bool
    checks: int
    largest_violation: float
    cost_difference_usd: float
    findings: tuple[str, ...]


class Run(Part):
    """What it takes to repeat the run. Timings are not part of a plan: the same input gives the same bytes.

    `plan_sha256` seals the plan: the SHA-256 of all else in it, as JSON with sorted keys. It says that a plan was
    changed, not who made it.
    """

    version: str
    scenario_sha256: str
    catalog_sha256: str
    plan_sha256: str
    solver: str
    options: dict[str, Any]
    variables: int
    integers: int
    rows: int
    nonzeros: int
