"""What the user asks: frozen models of a scenario, a unit in every field name."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Field, Tag

from catalogs.load import BUNDLED
from catalogs.periods import (
    TAGS,
    Amount,
    Period,
    Schedule,
    Steps,
)
from catalogs.schema import Basis, Frozen, Precision, Route
from catalogs.values import Availability, Count, Id, Months, Name, Positive, Share, Truth, Whole
from optimizer.request.account import Account
from optimizer.request.calendar import Calendar, calendar_of
from optimizer.request.currency import Currency
from optimizer.request.frame import Frame
from optimizer.request.futures import Futures
from optimizer.request.selection import InOrder, Pattern, Selection, Window
from optimizer.request.site import Site
from optimizer.request.uncertainty import Uncertainty

ANY_BUYER = "any"
EACH = "each"
"""In a limit's selection: one limit for every value there is."""


class Horizon(Frozen):
    """The periods planned; the form of `start` sets their length."""

    start: Period
    periods: Annotated[Whole, Field(ge=1, le=600)]


def _residual_form(value: Any) -> str:
    return f"{TAGS}table" if isinstance(value, dict) else f"{TAGS}rule"


_DEFAULT_RESIDUAL = {1: "0.62", 2: "0.42", 3: "0.30", 4: "0.18", 5: "0.12"}
_Age = Annotated[Whole, Field(ge=1, le=50)]
_AGES: Any = {"propertyNames": {"pattern": "^([1-9]|[1-4][0-9]|50)$"}}
_Residual = Annotated[
    Annotated[Literal["book", "none"], Tag(f"{TAGS}rule")]
    | Annotated[dict[_Age, Share], Field(min_length=1, json_schema_extra=_AGES), Tag(f"{TAGS}table")],
    Discriminator(_residual_form),
]


class Tax(Frozen):
    """Tax on profit: its rate, and how the price of systems and their network is depreciated for it."""

    rate: Share
    depreciation: Literal["straight_line", "macrs_5", "bonus"]


class Finance(Frozen):
    """Rates a year, lives in years; `residual` gives the share of the price left by age in years.

    `owed_after_horizon` says how rent that falls due after the horizon counts: less what the rest of a term would
    fetch by the same shares, in full, or not at all. Without `tax` a plan is before tax. `fiscal_year_named_by` is how
    a workbook names fiscal years, by the year in which they end or start; keys of files always name that of the end.
    """

    discount_rate: Share = Decimal("0.09")
    fiscal_year_starts: Annotated[Whole, Field(ge=1, le=12)] = 1
    fiscal_year_named_by: Literal["end", "start"] | None = None
    service_life_years: Positive = Decimal(5)
    book_life_years: Positive = Decimal(5)
    residual: _Residual = {age: Decimal(share) for age, share in _DEFAULT_RESIDUAL.items()}
    maintenance_share: Share = Decimal(0)
    owed_after_horizon: Literal["as_residual", "in_full", "ignored"] = "as_residual"
    tax: Tax | None = None
    carbon_usd_per_t: Schedule = Decimal(0)


class Assumptions(Frozen):
    """What holds for systems in service, unless their offer says otherwise.

    `availability` is the share of them that does work; for `bring_up_months` from entering service on none does.
    """

    availability: Availability = Decimal("0.95")
    bring_up_months: dict[Route, Months] | None = None


class Porting(Frozen):
    """What it costs and how long it takes to bring a demand's software to a stack."""

    usd: Amount
    months: Months = 0


def _porting_form(value: Any) -> str:
    return f"{TAGS}porting" if isinstance(value, (dict, Porting)) else f"{TAGS}none"


PortingCost = Annotated[
    Annotated[Annotated[Decimal, Field(ge=0, le=0)], Tag(f"{TAGS}none")] | Annotated[Porting, Tag(f"{TAGS}porting")],
    Discriminator(_porting_form),
]
"""0 where the software runs already, else usd and months."""


class Cluster(Frozen):
    """At least so many accelerators of one kind at one place; 0 means only that the work is not split."""

    accelerators: Annotated[Whole, Field(ge=0, le=10**9)]


class Demand(Frozen):
    """Work to be done, per second in the workload's unit; without a price for unmet work, in full.

    Or a run to be finished, whenever it runs, by the end of periods; or neither, with a value: as much as fits.
    `precisions` are those good enough for it.
    """

    workload: Id
    per_second: Schedule | None = None
    by_deadline_unit_hours: Steps | None = None
    precisions: Annotated[tuple[Precision, ...], Field(min_length=1), InOrder] | None = None
    stacks: Annotated[dict[Id, PortingCost], Field(min_length=1)] | None = None
    cluster: Cluster | None = None
    sites: Annotated[tuple[Id, ...], Field(min_length=1), InOrder] | None = None
    unmet_usd_per_unit_hour: Schedule | None = None
    value_usd_per_unit_hour: Schedule | None = None

    @property
    def is_open(self) -> bool:
        """Whether it asks for no amount: as much is done as pays."""
        return self.per_second is None and self.by_deadline_unit_hours is None


class Fleet(Frozen):
    """Systems already in service, up to and including the period `until`; some may be sold before."""

    system: Id
    site: Id
    count: Count
    until: Period | None = None
    may_retire: Truth = "false"
    resale_usd: Amount = Decimal(0)


class Commitment(Frozen):
    """An order already placed, entering service in `period`; `site` is a site or the offer's host.

    One that entered before the horizon is running: what it cost to begin with is sunk. Its own price or rent comes
    before the offer's.
    """

    offer: Id
    site: Id
    period: Period
    systems: Count
    price_usd: Amount | None = None
    usd_per_accelerator_hour: Amount | None = None


class Budget(Frozen):
    """Most money spent in each window."""

    capex_usd: dict[Window, Amount] = {}
    opex_usd: dict[Window, Amount] = {}


class Forecast(Frozen):
    """A share of a published forecast of a pool."""

    forecast: Id
    share: Share


def _pool_form(value: Any) -> str:
    named = isinstance(value, dict) and ("forecast" in value or "share" in value)
    return f"{TAGS}forecast" if named or isinstance(value, Forecast) else f"{TAGS}schedule"


PoolLimit = Annotated[
    Annotated[Forecast, Tag(f"{TAGS}forecast")] | Annotated[Schedule, Tag(f"{TAGS}schedule")],
    Discriminator(_pool_form),
]


class OfferRules(Frozen):
    """Which accelerators, systems and offers may be used, by id or pattern; `deny` wins."""

    deny: Annotated[tuple[Pattern, ...], InOrder] = ()
    allow: Annotated[tuple[Pattern, ...], InOrder] | None = None
    basis: Annotated[tuple[Basis, ...], Field(min_length=1), InOrder] = tuple(sorted(get_args(Basis)))


class Limit(Frozen):
    """A linear rule of the user's over systems, power, money, work or carbon; exactly one bound."""

    name: Id
    measure: Literal["systems", "accelerators", "it_kw", "spend_usd", "capex_usd", "work", "carbon_t"]
    of: Selection = Selection.model_construct()
    at_most: Amount | None = None
    at_least: Amount | None = None
    at_most_share: Share | None = None
    at_least_share: Share | None = None
    within: Window = "total"


class Scenario(Frozen):
    """A whole request. Amounts are in USD."""

    name: Name
    buyer: Id | None = None
    catalogs: Annotated[tuple[str, ...], Field(min_length=1)] = (BUNDLED,)
    currency: Currency = Currency.model_construct()
    horizon: Horizon
    objective: Literal["minimize_cost", "maximize_value"] = "minimize_cost"
    finance: Finance = Finance.model_construct()
    assumptions: Assumptions = Assumptions.model_construct()
    sites: dict[Id, Site] = {}
    demand: Annotated[dict[Id, Demand], Field(min_length=1)]
    fleet: Annotated[tuple[Fleet, ...], InOrder] = ()
    commitments: Annotated[tuple[Commitment, ...], InOrder] = ()
    frames: dict[Id, Frame] | None = None
    budget: Budget = Budget.model_construct()
    supply_per_month: dict[Id, Schedule] = {}
    pools_per_month: dict[Id, PoolLimit] = {}
    offers: OfferRules = OfferRules.model_construct()
    limits: Annotated[tuple[Limit, ...], InOrder] = ()
    accounts: tuple[Account, ...] | None = None
    futures: Futures | None = None
    uncertainty: Uncertainty | None = None

    @property
    def calendar(self) -> Calendar:
        return calendar_of(self.horizon.start, self.horizon.periods, self.finance.fiscal_year_starts)


def matches(pattern: str, ids: Iterable[str]) -> bool:
    """Whether a pattern such as `h20` or `*.on_demand` names one of some ids."""
    return any(fnmatch.fnmatchcase(name, pattern) for name in ids)
