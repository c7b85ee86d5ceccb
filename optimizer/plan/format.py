"""The plan as it is written and read: `plan.json`, version 2.

Money is in USD, undiscounted unless a field says otherwise; costs are positive, receipts negative.
`scenario` and `catalog` hold the inputs with every number as its source text, so that a plan can be
audited, explained and re-opened without the files it came from. `plan.schema.json` is the published JSON
Schema, made from these models.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from optimizer.plan.provenance import Audit, Basis, Certified, Format, Part, Run, SeldomSaid
from optimizer.tables.rows import ordered_as


class PeriodRow(Part):
    """A period of the horizon. `start` is its first day; discount factors have 30 digits.

    `discount_mid` (d_t) applies to every flow of the period, `discount_end` (f_t) to what is left at
    its end, which is `residual_usd` and `tax_on_residual_usd` alone.
    """

    period: str
    start: str
    months: int
    fiscal_year: str
    discount_mid: str
    discount_end: str


class OrderRow(SeldomSaid):
    """Systems of one offer that enter service at one place in one period.

    `ordered` may lie before the horizon for a commitment. `price_usd` is the price paid for one system of
    a purchase, price breaks included and averaged over the order of a period; None for a rented one.
    `usd_per_accelerator_hour` is the rent, None for a purchase. `capex_usd` is price and network of all
    systems; `rent_usd` all rent inside the horizon. `in_service_until` is the last period of service
    inside the horizon, `term_until` the last of its term, which may lie after it. `rent_after_usd` is all rent due
    after the horizon, undiscounted; `owed_usd` is what of it is a cost of the horizon's last period. An order at the
    price of a frame agreement names the `frame`, which nothing else does.
    """

    SELDOM = frozenset({"frame"})

    offer: str
    system: str
    accelerator: str
    vendor: str
    route: Literal["purchase", "lease", "reservation", "on_demand"]
    place: str
    ordered: str
    enters_service: str
    in_service_until: str
    term_until: str
    systems: float
    accelerators: float
    price_usd: float | None
    usd_per_accelerator_hour: float | None
    capex_usd: float
    rent_usd: float
    rent_after_usd: float
    owed_usd: float
    commitment: bool
    frame: str | None = None

    @property
    def label(self) -> str:
        """What it is ordered as: the offer, or the further offer that a frame makes of it."""
        return ordered_as(self.offer, self.frame)


class FrameRow(Part):
    """A frame agreement: whether it is signed, what it promises inside the horizon, and what is spent of it.

    `spent_usd` is price and rent of the orders at its price in its window, by cash date and without network;
    `shortfall_usd` is what is missing if it is signed, paid in the period `due`.
    """

    frame: str
    signed: bool
    promised_usd: float
    spent_usd: float
    shortfall_usd: float
    due: str


class AfterHorizonRow(Part):
    """Rent of all orders that falls due after the horizon in a fiscal year, undiscounted."""

    fiscal_year: str
    rent_usd: float


class InServiceRow(Part):
    """Systems at a place in a period: fleet, commitments and orders together; `fleet` is the part before."""

    system: str
    accelerator: str
    vendor: str
    place: str
    period: str
    systems: float
    fleet: float
    accelerators: float


class WorkRow(Part):
    """Systems at a place doing the work of a demand in a period, and the work they do per second."""

    demand: str
    workload: str
    system: str
    accelerator: str
    place: str
    period: str
    systems: float
    work_per_second: float


class UnmetRow(Part):
    """Demand that is not served in a period, at its price."""

    demand: str
    period: str
    per_second: float
    usd: float


class RetiredRow(Part):
    """Systems of the fleet switched off for good from a period on, and what they are sold for."""

    system: str
    site: str
    period: str
    until: str | None
    systems: float
    resale_usd: float


class ExpansionRow(Part):
    """Power that comes on line at a site in a period, and its price."""

    site: str
    period: str
    mw: float
    usd: float


class EngineeringRow(Part):
    """The one-off engineering of an accelerator: when it starts, from when orders may be placed, its cost."""

    accelerator: str
    starts: str
    ready: str
    usd: float


class PortingRow(Part):
    """Bringing a demand's software to a stack: when it starts, from when work may run, its cost."""

    demand: str
    stack: str
    starts: str
    ready: str
    usd: float


class ClusterRow(Part):
    """Where the cluster of a demand runs in a period, and on how many accelerators."""

    demand: str
    period: str
    accelerator: str
    place: str
    accelerators: float


class SiteRow(Part):
    """Use and limit at one of our sites in a period; a limit of None is no limit.

    Power is at the meter; liquid and air are IT load that is provisioned with that cooling.
    """

    site: str
    period: str
    power_used_mw: float
    power_limit_mw: float
    liquid_used_mw: float
    liquid_limit_mw: float | None
    air_used_mw: float
    air_limit_mw: float | None
    racks_used: float
    racks_limit: float | None
    energy_mwh: float


class BudgetRow(Part):
    """Cash spent in a budget's window and its limit; of one of many, `each_period 2026q1` or `each_year fy2026`."""

    budget: Literal["capex_usd", "opex_usd"]
    window: str
    used_usd: float
    limit_usd: float


class SupplyRow(Part):
    """Deliveries drawn in a period on what limits them: an accelerator, an offer or a pool."""

    kind: Literal["accelerator", "offer", "pool"]
    id: str
    period: str
    used: float
    limit: float
    unit: str


class LimitRow(Part):
    """A row that limits the plan, in the row's own unit; a limit on a share in the unit of its measure.

    `at_least` says that the limit is a floor: `slack` is then what is used above it.
    `price_usd` is the dual price in the relaxation: it screens which limits are worth a closer look
    and is not what one unit more is worth, which takes a second solve. `None` where it is zero.
    """

    row: str
    unit: str
    used: float
    limit: float
    at_least: bool
    slack: float
    price_usd: float | None


class Excluded(Part):
    """An offer that the model could not choose, and why."""

    offer: str
    reason: str


class Plan(SeldomSaid):
    """A plan: what to order, when and where, what it costs and how it is known to be good.

    `warnings` change what the decision means, those that say most first; `notes` are only worth knowing. There are
    `frames` where the scenario has any.
    """

    SELDOM = frozenset({"frames"})

    chipmix: Format
    status: Literal["optimal", "feasible"]
    objective_usd: float
    bound_usd: float
    gap: float
    certified: Certified
    periods: tuple[PeriodRow, ...]
    costs: dict[str, dict[str, float]]
    orders: tuple[OrderRow, ...]
    frames: tuple[FrameRow, ...] = ()
    after_horizon: tuple[AfterHorizonRow, ...]
    in_service: tuple[InServiceRow, ...]
    work: tuple[WorkRow, ...]
    unmet: tuple[UnmetRow, ...]
    retired: tuple[RetiredRow, ...]
    expanded: tuple[ExpansionRow, ...]
    engineering: tuple[EngineeringRow, ...]
    porting: tuple[PortingRow, ...]
    clusters: tuple[ClusterRow, ...]
    sites: tuple[SiteRow, ...]
    budget: tuple[BudgetRow, ...]
    supply: tuple[SupplyRow, ...]
    limits: tuple[LimitRow, ...]
    basis: Basis
    excluded: tuple[Excluded, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    audit: Audit
    run: Run
    scenario: dict[str, Any]
    catalog: dict[str, Any]

    @property
    def rent_after_usd(self) -> float:
        """All rent that falls due after the horizon, undiscounted."""
        return math.fsum(row.rent_usd for row in self.after_horizon)
