"""What `robust` says: what to sign now, what may change, what uncertainty costs, and every plan in every future."""

from __future__ import annotations

from typing import Any, Literal

from optimizer.plan.provenance import Part

FORMAT: Literal[1] = 1
PlanName = str
"""The name of a future, or MEAN or ROBUST in capitals: whose best decision it is."""


class ResultFormat(Part):
    """Which program wrote a result, and in which version of its format; one that cannot be read as before has another.

    `robust` and `stress` have it in common.
    """

    format: Literal[1]
    version: str


class Between(Part):
    """Two figures in USD between which one is proved to lie."""

    least_usd: float
    most_usd: float


class Measured(Part):
    """What a decision is best by: `expected` cost, `cvar` (`weight` of it, of the worst 1 − level), or `regret`."""

    by: Literal["expected", "cvar", "regret"]
    level: float
    weight: float


class SignNow(Part):
    """A decision that is the same in every future; `amount` counts systems, MW, or 1 for what is done or not."""

    kind: str
    what: tuple[str, ...]
    period: str | None
    amount: float
    unit: str


class MayChange(Part):
    """An order that is placed later, by what becomes of it: its least, its most and its expected systems."""

    offer: str
    place: str
    ordered: str
    least: float
    most: float
    expected: float


class OverRow(Part):
    """A limit that is passed in a future, in its row's unit, and what that costs as present value."""

    row: str
    unit: str
    amount: float
    usd: float


class UnpoweredRow(Part):
    """Systems that stand unpowered at a site in a period, of those of which the share `able` does work."""

    system: str
    site: str
    period: str
    able: float
    systems: float


class FutureRow(Part):
    """The decision in one future: `alike` are the futures that are this one, `plan` the tables of its plan."""

    name: str
    probability: float
    alike: tuple[str, ...]
    cost_usd: float
    known_usd: Between
    regret_usd: float
    unmet_usd: float
    over: tuple[OverRow, ...]
    unpowered: tuple[UnpoweredRow, ...]
    plan: dict[str, Any]


class PlanRow(Part):
    """One decision in every future: a line of the regret table, with its expectation, its worst and its regret."""

    plan: PlanName
    costs_usd: dict[str, float]
    expected_usd: float
    worst_usd: float
    cvar_usd: float
    largest_regret_usd: float


class Difference(Part):
    """What one decision has and another has not: by how much more, negative where it has less."""

    kind: str
    what: tuple[str, ...]
    period: str | None
    more: float


class Insurance(Part):
    """What the decision does otherwise than that of the likeliest future, what that costs there and saves elsewhere."""

    against: str
    premium_usd: float
    saves_at_worst_usd: float
    worst: str
    differences: tuple[Difference, ...]


class RobustResult(Part):
    """A decision under uncertainty.

    `value_of_stochastic_solution` is what the decision of the mean costs more, `value_of_perfect_information` what it
    would save to know which future comes, both expected and between bounds. `unmet_usd_per_unit_hour` is what counts
    for work that has no price of its own.
    """

    chipmix: ResultFormat
    scenario: str
    scenario_sha256: str
    catalog_sha256: str
    status: Literal["optimal", "feasible"]
    measured: Measured
    decide_by: str
    objective_usd: float
    bound_usd: float
    certified_bound_usd: float
    gap: float
    expected_usd: Between
    value_of_stochastic_solution: Between
    value_of_perfect_information: Between
    sign_now: tuple[SignNow, ...]
    may_change: tuple[MayChange, ...]
    kept_open: tuple[str, ...]
    futures: tuple[FutureRow, ...]
    regret: tuple[PlanRow, ...]
    insurance: Insurance | None
    unmet_usd_per_unit_hour: dict[str, float]
    notes: tuple[str, ...]

    @property
    def without_plans(self) -> RobustResult:
        """The same without the tables of each future's plan, which are most of it."""
        return self.model_copy(update={"futures": tuple(row.model_copy(update={"plan": {}}) for row in self.futures)})
