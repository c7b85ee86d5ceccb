"""What the index sets are made of: one kind of row each, with its units."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple, TypeVar

from optimizer.request.resources import Resource

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)

MILLION = 1e6
"""USD in a million of them, as large amounts are told."""
LOOSE = 1.0
"""Systems by which a variable's bound exceeds the most that can be worth having."""


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Items by key, keys in the order of their first item."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def summed(amounts: Iterable[tuple[Key, float]]) -> dict[Key, float]:
    """Amounts added up by key, keys in the order of their first; each sum is rounded once."""
    return {key: math.fsum(amount for _, amount in of) for key, of in grouped(amounts, lambda item: item[0]).items()}


OrderLine = tuple[str, str, str]
"""What an order is of: what it is ordered as, place and the period in which it enters service."""


def ordered_as(offer: str, frame: str | None) -> str:
    """An offer by its id; at the price of a frame it is a further offer `o.f`."""
    return offer if frame is None else f"{offer}.{frame}"


class Cohort(NamedTuple):
    """Systems of one offer that enter service at a place in period t and stay until `last`.

    `ordered` is the period of order, t − l_o; at most 0 for a commitment placed before the horizon. So is t for one
    that is running already.
    `last` is the last period of service inside the horizon, `ends` the last of its term, which may lie after it.
    Prices are those of the period of order: `price_usd` per system (None if rented), `rent_usd` per system and
    hour (None if bought). `systems` is the number of a commitment, or the most that an order can be worth having.
    An order at the price of a `frame` has that price; `own_price` is one that a commitment states itself.
    """

    offer: str
    place: str
    t: int
    ordered: int
    last: int
    ends: int
    committed: bool
    price_usd: float | None
    rent_usd: float | None
    systems: float
    frame: str | None = None
    own_price: bool = False

    @property
    def label(self) -> str:
        """What it is ordered as: the offer, or the further offer that a frame makes of it."""
        return ordered_as(self.offer, self.frame)

    @property
    def served(self) -> range:
        """The periods of the horizon in which it is in service."""
        return range(max(1, self.t), self.last + 1)

    @property
    def running(self) -> bool:
        """Whether it entered service before the horizon: what it cost to begin with is sunk."""
        return self.t < 1


class Standing(NamedTuple):
    """Systems that could be ordered, are committed or stand there already, at a place; the fleet has no offer."""

    offer: str | None
    system: str
    place: str


class Stock(NamedTuple):
    """A system that may be in service at a place in period t.

    `fleet` counts those already there, `anyway` these and what is committed, `most` all that can be worth having.
    `works` says whether any does work: none does while all are being brought up.
    """

    system: str
    place: str
    t: int
    fleet: float
    anyway: float
    most: float
    works: bool


class Work(NamedTuple):
    """Work per second that one system, anywhere in a group of places, does of a demand in period t.

    `most` is the most systems that the demand can use, or a limit on work wants.
    """

    system: str
    group: str
    demand: str
    t: int
    per_system: float
    most: float


class Need(NamedTuple):
    """Work per second asked for in period t; of an open demand the most that can ever be done.

    `unmet_usd` per unit and hour is None if it must be done in full; `value_usd` is what a unit done for
    an hour is worth, 0 before it has begun and None without one: work that has a value need not be done.
    """

    demand: str
    t: int
    per_second: float
    unmet_usd: float | None
    value_usd: float | None
    is_open: bool = False

    @property
    def may_be_unmet(self) -> bool:
        return self.unmet_usd is not None or self.value_usd is not None


class Deadline(NamedTuple):
    """Work, in unit × hours, to be done by the end of period t; `total` is the demand's last amount."""

    demand: str
    t: int
    unit_hours: float
    total: float


class Ask(NamedTuple):
    """The most work per second that a demand can use in a period, and the accelerators of its cluster."""

    demand: str
    per_second: float
    accelerators: int


class FleetEntry(NamedTuple):
    """Systems in service before the horizon, up to period `last`; `key` tells entries alike apart.

    `until` is the last period as the scenario writes it.
    """

    key: tuple[str, ...]
    system: str
    site: str
    systems: float
    last: int
    until: str | None
    may_retire: bool
    resale_usd: float


class SitePeriod(NamedTuple):
    """Limits and tariffs of one of our sites in period t; None is no limit. Power is at the meter.

    `limits` and `tariffs` are by their field in the scenario; of what is limited by the month, all of the period. `pue`
    is the mean of the period, for energy, and `peak_pue` for the power limit.
    """

    site: str
    t: int
    limits: Mapping[str, float | None]
    pue: float
    peak_pue: float
    tariffs: Mapping[str, float]

    def most(self, resource: Resource) -> float | None:
        """What there is of a resource in the period, before any expansion; None is no limit."""
        return self.limits[resource.field]

    def figure(self, field: str) -> float:
        """A PUE or a tariff by its name."""
        return self.tariffs[field] if field in self.tariffs else {"pue": self.pue, "peak_pue": self.peak_pue}[field]


class SupplyLimit(NamedTuple):
    """Most that may be used of an accelerator, an offer or a pool in period t (a window for a budget)."""

    id: str
    t: int
    most: float


class FrameTerms(NamedTuple):
    """A frame agreement: orders placed in the periods `orders` may have its price, `factor` times the offer's.

    They spend `promised_usd` in the periods `within`, all of the horizon: so much of what is promised as the months of
    its window inside the horizon are of all of them.
    """

    frame: str
    orders: frozenset[int]
    within: tuple[int, ...]
    promised_usd: float
    factor: Decimal
    signed: bool


class SystemFacts(NamedTuple):
    """One system as a number of accelerators, with power in kW of IT load."""

    system: str
    accelerator: str
    vendor: str
    stack: str
    accelerators: int
    provisioned_kw: float
    average_kw: float
    cooling: str
    racks: float


class OfferFacts(NamedTuple):
    """One offer with what it offers. `periods` is the number of periods in service (K_o).

    `availability` is al_o. `ramp` is up(o,k), the share of a period's work that systems do k periods after entering
    service, for as long as that is not all of it.
    """

    offer: str
    system: str
    accelerator: str
    vendor: str
    accelerators: int
    route: str
    hosted: bool
    host: str | None
    lead_periods: int
    periods: int
    divisible: bool
    deposit_share: float
    network_usd: float
    software_usd_per_year: float
    carbon_kg_per_hour: float
    minimum_order: int | None
    availability: float
    ramp: tuple[float, ...]

    def able(self, age: int) -> float:
        """al_o · up(o,k): the share of its systems that does work k periods after they entered service."""
        return self.availability * self.ramp[age] if age < len(self.ramp) else self.availability

    @property
    def works(self) -> bool:
        """Whether its systems do any work within their term."""
        return self.able(self.periods - 1) > 0
