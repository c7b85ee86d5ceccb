"""An explanation as it is written: what binds and what it is worth, why this offer and not that one.

Money is present value in USD, as in a plan's objective. A `Between` holds the two figures between which a
difference of two costs is proved to lie, each from both solves' bounds. Changes are of the plan's cost: what
is below zero saves; where value is maximised it is value gained. `explanation.schema.json` is the published
JSON Schema, made from these models.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from optimizer.interruption import Stopped
from optimizer.plan.provenance import Part, SeldomSaid

FORMAT: Literal[2] = 2
DUST_USD = 0.005
"""Less than half a cent is no effect."""


class Between(Part):
    """The two figures between which a figure is proved to lie; None is no bound on that side."""

    least: float | None
    most: float | None

    @property
    def middle(self) -> float | None:
        """The figure in the middle, where both sides are known."""
        return None if self.least is None or self.most is None else (self.least + self.most) / 2

    @property
    def width(self) -> float:
        return float("inf") if self.least is None or self.most is None else self.most - self.least

    @property
    def is_nothing(self) -> bool:
        """Whether both figures are zero to the cent."""
        return self.middle is not None and max(abs(self.least or 0.0), abs(self.most or 0.0)) <= DUST_USD

    @property
    def is_resolved(self) -> bool:
        """Whether the figure is known better than to its own size."""
        return self.middle is not None and (self.is_nothing or self.width <= abs(self.middle))


class Move(Part):
    """What it changes in cost to move a limit by some percent (a share: by points), all else as it is.

    `amount` is how much that is in `LimitWorth.unit`, on average over the horizon, below zero for less of it. No
    figure is for another amount: with whole systems, what a unit does is not a part of what ten do. `by_unit` says
    that one whole unit more was asked for, of what is counted in units (systems, accelerators, racks).
    `answer` is `solved`, `fits` (the plan at hand still fits: nothing changes), `bounded` (the relaxation proves
    that less than the gap can be gained), `infeasible` (proved: no plan) or `stopped` (no answer in the time given).
    """

    percent: float
    amount: float
    by_unit: bool
    answer: Literal["solved", "fits", "bounded", "infeasible", "stopped"]
    change_usd: Between | None

    @property
    def is_answer(self) -> bool:
        """Whether a second solve tells the change better than to its own size."""
        return self.answer == "solved" and self.change_usd is not None and self.change_usd.is_resolved

    @property
    def is_nothing(self) -> bool:
        """Whether it changes nothing, to the cent."""
        return self.change_usd is not None and self.change_usd.is_nothing


class LimitWorth(Part):
    """A limit that a buyer could move: use and limit in its tightest row, and what moving it changes.

    `unit` is that of what the scenario states, `row_unit` that of the row. `amount` is what the scenario
    states, on average over the horizon. `price_usd` is the relaxation's price times the limit: it only chose which
    limits were looked at. No `moves` where they were not.
    """

    limit: str
    constraint: str
    name: str
    row: str
    at_least: bool
    used: float
    most: float
    slack: float
    row_unit: str
    unit: str
    amount: float
    price_usd: float
    moves: tuple[Move, ...]

    @property
    def one_more(self) -> Move | None:
        """One whole unit more, where that was asked and is told."""
        return next((move for move in self.moves if move.by_unit and move.is_answer), None)

    @property
    def telling(self) -> Move | None:
        """The smallest move by some percent that changes more than nothing, and is told: upwards if there is one."""
        by_percent = {move.percent: move for move in self.moves if not move.by_unit}
        found = (by_percent[percent] for percent in (1.0, 5.0, -1.0, -5.0) if percent in by_percent)
        return next((move for move in found if move.is_answer and not move.is_nothing), None)


class Placed(Part):
    """Systems of an offer that enter service at a place in a period."""

    place: str
    enters_service: str
    systems: float


class Changed(Part):
    """Systems of an offer over the horizon, in the plan at hand and in another."""

    offer: str
    before: float
    after: float


class Price(Part):
    """A price of an offer when it can first be ordered: in USD per system, or per accelerator and hour."""

    period: str
    usd: float
    unit: Literal["USD per system", "USD per accelerator and hour"]


class Entry(Part):
    """The price at which an offer enters the plan (or, if it is in the plan, leaves it).

    `factor` times its prices is the break-even; below `factor_least` the offer is in every best plan, above
    `factor_most` it saves no more than `saves_above_usd`. `orders` and `changes` are those of the plan just
    below, which saves `saves_below_usd`. `counts_in` are budgets, limits and frames that the price counts in too.
    """

    factor: float
    factor_least: float
    factor_most: float
    price_now: Price
    price: Price
    saves_below_usd: Between
    saves_above_usd: float
    orders: tuple[Placed, ...]
    changes: tuple[Changed, ...]
    counts_in: tuple[str, ...]
    solves: int


class Without(Part):
    """The plan without an offer that it orders: what it costs more, and what is ordered instead."""

    answer: Literal["solved", "infeasible", "stopped"]
    change_usd: Between | None
    changes: tuple[Changed, ...]


class OfferReason(Part):
    """Why an offer is in the plan or not.

    `verdict` is `ordered`, `committed` (in the plan by commitments alone), `ineligible`, `dominated`,
    `priced_out` (with `entry`), `no_price` (not even at a hundredth of its price) or `not_ordered` (nothing cheaper
    to say; `hint_factor`, a guess from the relaxation, is what its price would have to fall to).
    """

    offer: str
    accelerator: str
    verdict: Literal["ordered", "committed", "ineligible", "dominated", "priced_out", "no_price", "not_ordered"]
    systems: float
    reason: str
    dominated_by: str | None = None
    hint_factor: float | None = None
    entry: Entry | None = None
    without: Without | None = None


class FrameWorth(Part):
    """A frame agreement: what it saves to have it signed, and up to which promise it pays.

    `signed` is what the plan decides, `already` that it could not. `spend_usd` and `pays_up_to_usd` are of the whole
    window, as the scenario states it. `saves_usd` is the cost without the frame less that with it signed, all else as
    it is. It is proved to pay at the least of `pays_up_to_usd` and to pay no more, by what the gap leaves open, at the
    most; None where it does not pay even if nothing is promised. `answer` is `infeasible` where there is a plan only
    with it, or none with it, `stopped` where time ran out. `changes` are those from the plan at hand to the other one.
    """

    frame: str
    signed: bool
    already: bool
    spend_usd: float
    factor: float
    answer: Literal["solved", "infeasible", "stopped"]
    saves_usd: Between | None = None
    pays_up_to_usd: Between | None = None
    changes: tuple[Changed, ...] = ()
    solves: int = 0


class VolumePoint(Part):
    """The cost with and without an own chip where the demands that it can serve are `factor` times as large.

    `None` where there is no plan.
    """

    factor: float
    with_usd: Between | None
    without_usd: Between | None
    systems: float
    instead: tuple[str, ...]

    @property
    def pays(self) -> bool:
        """Whether the plan with it is proved cheaper."""
        if self.with_usd is None or self.with_usd.most is None:
            return False
        return self.without_usd is None or (self.without_usd.least or 0.0) > self.with_usd.most


class Volume(Part):
    """From which volume an own chip pays: the curve, and the two volumes between which it begins to.

    `from_factor` is the largest volume found at which the plan without it is proved cheaper, `to_factor` the
    smallest at which the plan with it is; None where there is no such volume on the curve.
    """

    accelerator: str
    demands: tuple[str, ...]
    one_off_usd: float
    porting_usd: float
    points: tuple[VolumePoint, ...]
    from_factor: float | None
    to_factor: float | None

    @property
    def pays_everywhere(self) -> bool:
        """Whether the plan with it is proved cheaper at every volume on the curve."""
        return all(point.pays for point in self.points)


class Program(Part):
    """Which program wrote the file and in which version of this format."""

    explanation: Literal[2]
    version: str


class Explanation(SeldomSaid):
    """Why a plan is as it is. `gap_usd` is what the plan's gap leaves open; `plan_sha256` names the plan.

    `stopped` says why not all that was asked is answered; None if it is. There are `frames` where the scenario has any.
    """

    SELDOM = frozenset({"frames"})

    chipmix: Program
    scenario: str
    plan_sha256: str
    objective: Literal["minimize_cost", "maximize_value"]
    objective_usd: float
    gap_usd: float
    limits: tuple[LimitWorth, ...]
    offers: tuple[OfferReason, ...]
    frames: tuple[FrameWorth, ...] = ()
    volume: Volume | None
    solves: int
    answered_by_bounds: int
    stopped: Stopped | None = None


def explanation_text(explanation: Explanation) -> str:
    """The bytes of an explanation: sorted keys, one form for one explanation."""
    return json.dumps(explanation.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def explanation_schema() -> dict[str, Any]:
    """The published JSON Schema of an explanation."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Explanation.model_json_schema()}
