"""One record for each limit and one for each cost line: all that is said of it, and where it stands in the scenario.

Everything that speaks of limits or costs reads these, so a new one is its function, its line on the model's page and a
record here; a resource of a site and what is paid for its use are records in `optimizer.request`. Only the audit has
lists of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from optimizer.formulation import costs, demand, frames, supply, tax
from optimizer.formulation.budget import capex_within_budget, opex_within_budget
from optimizer.formulation.cost_record import Budget, CostRecord
from optimizer.formulation.cost_record import InMonths as InMonths
from optimizer.formulation.limits import limit
from optimizer.formulation.model import Model, Row
from optimizer.formulation.obligations import owed_usd
from optimizer.formulation.site_resources import WITHIN_SITE, expansion_within_site, takes_or_pays
from optimizer.request.charges import CARBON, CHARGES
from optimizer.request.resources import Resource

Kind = Literal["power", "budget", "frames", "supply", "limits", "demand"]
KINDS: tuple[Kind, ...] = ("power", "budget", "frames", "supply", "limits", "demand")
"""The kinds of thing that may be short, in the order in which they are told."""
NAME = "{}"
"""In a key: the site, accelerator, offer, pool, window or demand whose limit it is."""


@dataclass(frozen=True)
class LimitRecord:
    """One limit that a buyer can do something about.

    `rows` is its constraint and `of` what has it, the first key of a row; a row is `over` a period, a window or the
    horizon, in `unit` ("" where each has its own). `key` leads to its figure in the scenario ("" for the user's own
    limits, which have several). The figure stands for each period, or is an amount `per_month` or `by_period_end`.

    Texts: `label` is its name, `short` what is missing, `repair` what would do, with {amount}, {more} (with its unit)
    and {name}; `on_sheet` its name on the Limits sheet.

    A repair adds an amount, takes one off what is promised (kind frames), and of what is asked for (kind demand) it
    leaves a part undone: in `whole` units, and for good
    where what is built is `lasting`. `repaired_as` is the kind of that change, `sort` its place among what can be
    talked about. `weight` is what a unit counts against others of the kind, as a MW or a thousand accelerators; None:
    by its share of today's figure. `weight_of` is that of one named thing.
    """

    rows: Callable[[Model], Iterable[Row]]
    kind: Kind
    of: Literal["site", "accelerator", "offer", "pool", "window", "frame", "rule", "demand"]
    unit: str
    key: tuple[str, ...]
    label: str
    short: str
    repair: str
    on_sheet: str
    over: Literal["period", "window", "horizon"] = "period"
    per_month: bool = False
    by_period_end: bool = False
    whole: bool = False
    lasting: bool = False
    weight: float | None = 1.0
    weight_of: Callable[[Model, str], float | None] | None = None
    repaired_as: str = ""
    sort: str = ""
    resource: Resource | None = None

    @property
    def name(self) -> str:
        """The name of the constraint, with which its rows begin."""
        return self.rows.__name__


def _of_site(resource: Resource, rows: Callable[[Model], Iterable[Row]]) -> LimitRecord:
    """The record of a resource of our sites; what is counted in itself, as racks are, is not named twice."""
    of_it = "" if resource.called == resource.unit else f" of {resource.called}"
    more = "" if resource.called == resource.unit else f" {resource.called}"
    when = " in each period" if resource.per_month else ""
    return LimitRecord(
        rows,
        kind="power",
        of="site",
        unit=resource.unit,
        key=("sites", NAME, resource.field),
        label=f"{resource.called} at {{}}",
        short=f"{{amount}} more{more} at {{name}}{when}",
        repair=f"+{{more}}{of_it} at {{name}}",
        on_sheet=resource.on_sheet,
        per_month=resource.per_month,
        whole=resource.whole,
        lasting=True,
        weight=resource.weight,
        sort=resource.sort,
        resource=resource,
    )


def _of_money(what: str, rows: Callable[[Model], Iterable[Row]]) -> LimitRecord:
    """The record of a kind of budget."""
    return LimitRecord(
        rows,
        kind="budget",
        of="window",
        unit="USD",
        key=("budget", f"{what}_usd", NAME),
        label=f"{what} budget {{}}",
        short=f"{{amount}} more {what} in {{name}}",
        repair=f"+{{more}} of {what} budget {{name}}",
        on_sheet=f"{what.capitalize()} budget",
        over="window",
    )


_supply = partial(LimitRecord, kind="supply", per_month=True)
_demand = partial(LimitRecord, kind="demand", of="demand", unit="")

LIMITS: tuple[LimitRecord, ...] = (
    *(_of_site(resource, rows) for resource, rows in WITHIN_SITE.items()),
    LimitRecord(
        expansion_within_site,
        kind="power",
        of="site",
        unit="MW",
        key=("sites", NAME, "expansion", "max_mw"),
        label="room to grow at {}",
        short="{amount} more room to grow at {name}",
        repair="+{more} of room to grow at {name}",
        on_sheet="Power that may be added",
        over="horizon",
        repaired_as="growth",
    ),
    _supply(
        supply.deliveries_within_supply,
        of="accelerator",
        unit="accelerators",
        key=("supply_per_month", NAME),
        label="allocation of {}",
        short="{amount} of {name} more in each period",
        repair="+{amount} {name} a month",
        on_sheet="Supply of an accelerator",
        whole=True,
        weight=1e-3,
    ),
    _supply(
        supply.orders_within_offer,
        of="offer",
        unit="systems",
        key=("catalog", "offers", NAME, "supply_systems_per_month"),
        label="supply of {}",
        short="{amount} of {name} more in each period",
        repair="+{more} of {name}",
        on_sheet="Supply of an offer",
        whole=True,
        weight=1e-2,
        weight_of=supply.as_accelerators,
    ),
    _supply(
        supply.draws_within_pool,
        of="pool",
        unit="units of the pool",
        key=("pools_per_month", NAME),
        label="pool {}",
        short="{amount} of {name} more in each period",
        repair="+{more} of pool {name}",
        on_sheet="Part of a pool",
        weight=1e-3,
        weight_of=supply.as_drawn,
    ),
    _of_money("capex", capex_within_budget),
    _of_money("opex", opex_within_budget),
    LimitRecord(
        frames.spend_of_frame,
        kind="frames",
        of="frame",
        unit="USD",
        key=("frames", NAME, "spend_usd"),
        label="spend of frame {}",
        short="{amount} less to spend under the frame {name} inside the horizon",
        repair="frame {name} with {more} less to spend",
        on_sheet="Spend of a frame, at least",
        over="horizon",
    ),
    LimitRecord(
        limit,
        kind="limits",
        of="rule",
        unit="",
        key=(),
        label="limit {}",
        short="{amount} of give in the limit {name}",
        repair="limit {name} at {after} instead of {before}",
        on_sheet="Limit of the scenario",
        over="window",
        weight=None,
    ),
    _demand(
        demand.serve_demand,
        key=("demand", NAME, "per_second"),
        label="demand {}",
        short="{amount} of {name} left undone in each period",
        repair="{amount} % of {name} left undone",
        on_sheet="Demand, at least",
    ),
    _demand(
        demand.finish_by_deadline,
        key=("demand", NAME, "by_deadline_unit_hours"),
        label="deadline of {}",
        short="{amount} of {name} left unfinished at its deadlines",
        repair="{amount} % of {name} left unfinished",
        on_sheet="Deadline, at least",
        by_period_end=True,
    ),
)
"""In the order of the sheet Limits; the order of the model's rows is that of the model's page."""
LIMIT = {record.name: record for record in LIMITS}


def limits_of(kind: Kind) -> tuple[LimitRecord, ...]:
    """The limits of one kind of thing."""
    return tuple(record for record in LIMITS if record.kind == kind)


_capex = partial(CostRecord, budget="capex_usd", in_months="first")
_opex = partial(CostRecord, budget="opex_usd", in_profit=True, in_months="evenly")
_neither = partial(CostRecord, budget=None)
_receipt = partial(_neither, receipt=True, in_profit=True)
_tax = partial(_neither, receipt=None, only_where=tax.is_taxed, falls_on="profit", unborne="of profit")

COST_LINES: tuple[CostRecord, ...] = (
    _capex(costs.hardware_usd, label="Hardware"),
    _capex(costs.network_usd, label="Network"),
    _capex(costs.facility_usd, label="Facility", falls_on="site", unborne="of a site", apart="added power"),
    *(_opex(costs.charged(charge), label=charge.label) for charge in CHARGES),
    _opex(costs.idle_power_usd, label="Idle power", only_where=takes_or_pays, falls_on="site", unborne="of a site"),
    _opex(costs.maintenance_usd, label="Maintenance"),
    _opex(costs.software_usd, label="Software"),
    _opex(costs.rent_usd, label="Rent"),
    _opex(costs.engineering_usd, label="Engineering", in_months="first"),
    _opex(
        costs.porting_usd,
        label="Porting",
        in_months="first",
        falls_on="software",
        unborne="of software, not of an accelerator",
    ),
    _opex(costs.carbon_usd, label=CARBON.label),
    _opex(
        frames.frame_usd,
        label="Frame shortfall",
        only_where=frames.promises,
        in_months="last",
        falls_on="frame",
        unborne="spent on no accelerator",
    ),
    _neither(owed_usd, label="Owed after the horizon", in_profit=True, note="as of the last period; in no budget"),
    _neither(costs.unmet_usd, label="Unmet work", falls_on="work", unborne="no accelerator does it"),
    _receipt(costs.value_usd, label="Value of work", falls_on="work", unborne="a receipt"),
    _receipt(costs.resale_usd, label="Resale", in_months="first"),
    _receipt(costs.residual_usd, label="Residual value", at_period_end=True),
    _tax(tax.tax_usd, label="Tax", in_months="evenly", note="negative: a loss, used as it arises"),
    _tax(tax.tax_on_residual_usd, label="Tax on residual value", at_period_end=True, note="less its value for tax"),
)
"""In the order of the model, of a plan and of the sheet Cash; tax comes after all that is taxed."""
COST_LINE = {record.name: record for record in COST_LINES}
AT_PERIOD_END = frozenset(record.name for record in COST_LINES if record.at_period_end)
"""Costs that are discounted to the end of their period; all others to its middle."""


def lines_of(budget: Budget) -> tuple[str, ...]:
    """The cost lines that are cash of a budget, by name."""
    return tuple(record.name for record in COST_LINES if record.budget == budget)
