"""Where each assumption of Inputs stands."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.workbook.facts import Group
from optimizer.workbook.sheets.book_inputs import BookInputs
from optimizer.workbook.sheets.decision_inputs import DecisionInputs, FleetInputs, ValueInputs
from optimizer.workbook.sheets.work_inputs import WorkInputs
from optimizer.workbook.writing.references import Row


@dataclass(frozen=True)
class SystemRows:
    """Per system: accelerators, provisioned and average IT kW, racks; each in the constant column."""

    accelerators: Row
    provisioned: Row
    average: Row
    racks: Row


@dataclass(frozen=True)
class OfferRows:
    """Per offer: lead and term in months, shares and prices; None where the route has no such thing."""

    lead: Row
    term: Row | None
    deposit: Row | None
    network: Row
    software: Row
    price: Row
    carbon: Row | None


@dataclass(frozen=True)
class CommittedRows:
    """Per group of commitments: price by period of entry, systems by place."""

    price: Row
    systems: dict[str, Row]


@dataclass(frozen=True)
class SiteRows:
    """Per site: limits by period (None: no limit), PUE for energy and at peak, tariffs by period.

    `by_period` says that PUE is given by period, `own_peak` that the peak is a number of its own all the same.
    """

    limits: dict[str, Row]
    energy_pue: Row
    power_pue: Row
    by_period: bool
    own_peak: bool
    electricity: Row
    hosting: Row
    carbon: Row

    @property
    def pue(self) -> str:
        """PUE for energy, as formulas refer to it."""
        return self.energy_pue.now if self.by_period else self.energy_pue.constant

    @property
    def peak_constant(self) -> Row | None:
        """The line of the PUE at peak where it is one number."""
        return self.power_pue if self.own_peak or not self.by_period else None

    @property
    def peak_pue(self) -> str:
        """PUE at peak, as formulas refer to it."""
        return self.power_pue.now if self.peak_constant is None else self.power_pue.constant


@dataclass(frozen=True)
class BudgetRows:
    """One budget: first and last day of its window and its limit, in the constant column."""

    budget: str
    window: str
    start: Row
    end: Row
    limit: Row


@dataclass(frozen=True)
class InputRows:
    """Where each assumption stands."""

    systems: dict[str, SystemRows]
    offers: dict[str, OfferRows]
    committed: dict[Group, CommittedRows]
    sites: dict[str, SiteRows]
    fleet: FleetInputs
    decisions: DecisionInputs
    values: dict[str, ValueInputs]
    unmet_price: dict[str, Row]
    work: WorkInputs
    budgets: list[BudgetRows]
    ages: list[Row]
    shares: list[Row]
    carbon_price: Row
    book: BookInputs
    last: int
