"""The inputs of a plan as exact records: numbers are Fractions, terms and lead times count periods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from optimizer.audit.frame_inputs import Frame
from optimizer.audit.periods import Horizon, Schedule

HOSTED_ROUTES = ("reservation", "on_demand")
DELIVERED_ROUTES = ("purchase", "lease")


@dataclass(frozen=True)
class System:
    """What is ordered and powered as one; `draws` is from pools, per accelerator.

    `memory_gb` is that of all its accelerators together, None where nobody states it.
    """

    id: str
    accelerator: str
    vendor: str
    kind: str
    stack: str
    accelerators: Fraction
    provisioned_kw: Fraction
    average_kw: Fraction
    cooling: str
    racks: Fraction
    draws: Mapping[str, Fraction]
    memory_gb: Fraction | None


@dataclass(frozen=True)
class PriceBreaks:
    """Factors on the price by systems of one order period, from the first of each step, in their order."""

    kind: str
    steps: tuple[tuple[Fraction, Fraction], ...]


@dataclass(frozen=True)
class Project:
    """Work paid for once when it starts: engineering of an accelerator, porting to a stack."""

    usd: Fraction
    periods: int


@dataclass(frozen=True)
class Offer:
    """A way to get systems. `lead` is l_o and `service` K_o, both in periods; dates are months.

    `lead_time_months` is the lead time as it is written. `availability` is al_o and `bring_up` the time to bring its
    systems up, in periods and parts of one; both the scenario's where the offer says nothing.
    """

    id: str
    system: System
    route: str
    host: str | None
    price_usd: Schedule | None
    usd_per_accelerator_hour: Schedule | None
    lead: int
    lead_time_months: int
    service: int
    available_from: int | None
    available_until: int | None
    buyers: tuple[str, ...] | None
    deposit_share: Fraction
    supply_systems_per_month: Schedule | None
    carbon_kg_per_accelerator_hour: Schedule | None
    network_usd: Fraction
    software_usd_per_year: Fraction
    divisible: bool
    minimum_order: Fraction | None
    price_breaks: PriceBreaks | None
    price_basis: str
    availability: Fraction
    bring_up: Fraction

    def at_work(self, age: int) -> Fraction:
        """al_o · up(o,k): the share of its systems that is able to work k periods after they entered service."""
        down = min(Fraction(1), max(Fraction(0), self.bring_up - age))
        return self.availability * (1 - down)

    @property
    def hosted(self) -> bool:
        return self.route in HOSTED_ROUTES

    @property
    def purchased(self) -> bool:
        return self.route == "purchase"

    @property
    def price_schedule(self) -> Schedule | None:
        """What is paid: USD per system for a purchase, USD per accelerator and hour for the others."""
        return self.price_usd if self.purchased else self.usd_per_accelerator_hour


@dataclass(frozen=True)
class Expansion:
    """Power that may be added to a site, in whole blocks where `block_mw` says so; `lead` counts periods."""

    usd_per_mw: Fraction
    lead: int
    max_mw: Fraction
    life_years: Fraction
    block_mw: Fraction | None

    @property
    def most_mw(self) -> Fraction:
        """The most that may be added: no more blocks than fit."""
        return self.max_mw if self.block_mw is None else self.max_mw // self.block_mw * self.block_mw


@dataclass(frozen=True)
class Site:
    """One of our sites, by field: `stated` are its limits, and figures they need, absent where there is no limit;
    `tariffs` are what it charges or gives off, 0 where nothing is said. `take_or_pay` is the share of the energy of
    all power that is paid for, used or not.
    """

    stated: Mapping[str, Schedule]
    pue: Schedule
    peak_pue: Schedule
    tariffs: Mapping[str, Schedule]
    take_or_pay: Fraction
    expansion: Expansion | None


@dataclass(frozen=True)
class Demand:
    """Work asked for; None for precisions, stacks or sites is no restriction.

    `per_second` is None for a run with deadlines, which are unit hours by the number of periods that end in time, and
    for an open demand, of which as much is done as pays. A stack without a project costs nothing. `cluster` counts
    accelerators.
    """

    workload: str
    unit: str
    per_second: Schedule | None
    deadlines: tuple[tuple[str, int, Fraction], ...]
    precisions: tuple[str, ...] | None
    stacks: Mapping[str, Project | None] | None
    sites: frozenset[str] | None
    unmet_usd_per_unit_hour: Schedule | None
    value_usd_per_unit_hour: Schedule | None
    cluster: Fraction | None

    @property
    def open(self) -> bool:
        """Whether it asks for no amount."""
        return self.per_second is None and not self.deadlines

    def asked(self, months: range) -> Fraction:
        """Work per second in a period; 0 before it begins, and of a run with deadlines."""
        found = self.per_second.asked(months) if self.per_second else None
        return Fraction(0) if found is None else found


@dataclass(frozen=True)
class Point:
    """Work per second of one accelerator, from the month `begins` on where there is one, as `accelerators` reached it
    together; `memory_gb` is what the workload takes in its precision.
    """

    rate: Schedule
    precision: str | None
    begins: int | None
    accelerators: Fraction
    basis: str
    memory_gb: Fraction

    def rate_in(self, months: range) -> Fraction | None:
        """The mean of a period's months; None where it does not hold in the first of them."""
        return None if self.begins is not None and self.begins > months[0] else self.rate.mean(months)

    def fits(self, system: System) -> bool:
        """Whether a system's accelerators together hold the workload; one of unknown memory may."""
        return system.memory_gb is None or system.memory_gb >= self.memory_gb


@dataclass(frozen=True)
class Pool:
    """This buyer's part of a shared supply, per month: a schedule times a share."""

    per_month: Schedule
    share: Fraction
    unit: str


@dataclass(frozen=True)
class Fleet:
    """Systems already in service; `until` is the last month of service, `resale_usd` for one system."""

    system: str
    site: str
    count: Fraction
    until: int | None
    may_retire: bool
    resale_usd: Fraction


@dataclass(frozen=True)
class Commitment:
    """An order already placed, entering service in period t, which is negative for one that is running already.

    `own_price` is what was agreed: USD per system for a purchase, USD per accelerator and hour otherwise.
    """

    offer: str
    place: str
    t: int
    systems: Fraction
    own_price: Fraction | None


@dataclass(frozen=True)
class UserLimit:
    """A rule of the user: at most or at least so much, or such a share, of what `of` selects."""

    name: str
    measure: str
    of: Mapping[str, tuple[str, ...]]
    at_least: bool
    share: bool
    bound: Fraction
    within: str


class Tax(NamedTuple):
    """Tax on profit; `depreciation` is straight_line, macrs_5 or bonus."""

    rate: Fraction
    depreciation: str


@dataclass(frozen=True)
class Finance:
    """Rates and lives in years; `residual` is `book`, `none` or points (age in years, share).

    `owed_after_horizon` is the rule for rent after the horizon: as_residual, in_full or ignored. `tax` is None before
    tax.
    """

    discount_rate: Fraction
    fiscal_year_starts: int
    service_life_years: Fraction
    book_life_years: Fraction
    residual: str | tuple[tuple[Fraction, Fraction], ...]
    maintenance_share: Fraction
    owed_after_horizon: str
    tax: Tax | None
    carbon_usd_per_t: Schedule


@dataclass(frozen=True)
class Inputs:
    """All that the rules and costs read, except the decisions. `values_work`: the objective is maximize_value.

    Without a `buyer` only what is open to anyone may be ordered.
    """

    horizon: Horizon
    buyer: str | None
    values_work: bool
    finance: Finance
    availability: Fraction
    one_offs: Mapping[str, Project]
    systems: Mapping[str, System]
    offers: Mapping[str, Offer]
    throughput: Mapping[tuple[str, str], tuple[Point, ...]]
    sites: Mapping[str, Site]
    demand: Mapping[str, Demand]
    fleet: tuple[Fleet, ...]
    commitments: tuple[Commitment, ...]
    capex_usd: Mapping[str, Fraction]
    opex_usd: Mapping[str, Fraction]
    supply_per_month: Mapping[str, Schedule]
    pools: Mapping[str, Pool]
    deny: tuple[str, ...]
    allow: tuple[str, ...] | None
    basis: tuple[str, ...] | None
    limits: tuple[UserLimit, ...]
    frames: Mapping[str, Frame]

    @cached_property
    def buyers(self) -> Mapping[str, tuple[str, ...]]:
        """The buyers of any offer of a system, by system."""
        buyers: dict[str, set[str]] = {}
        for offer in self.offers.values():
            buyers.setdefault(offer.system.id, set()).update(offer.buyers or ())
        return {system: tuple(sorted(names)) for system, names in buyers.items()}
