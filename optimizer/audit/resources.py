"""What systems in service take of our sites, and what is paid for it: the audit's own lists.

One entry for each row that limits it, and for each cost that is a use of the site times its tariffs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Literal, NamedTuple

from optimizer.audit.periods import Horizon, Series
from optimizer.audit.records import Site, System

KW_PER_MW = 1000


class Resource(NamedTuple):
    """The row's name and unit, the site's field that limits it, the plan's fields, and what a system takes.

    That is `draw`, times `factor` of the site in the months of a period. `monthly` is a limit per month, `grows` says
    that power on line is added; `reads` are other fields of a site.
    """

    row: str
    unit: str
    field: str
    used: str
    limit: str
    draw: Callable[[System], Fraction]
    factor: Callable[[Site, range], Fraction] | None = None
    monthly: bool = False
    grows: bool = False
    reads: tuple[str, ...] = ()

    def take(self, system: System, site: Site, months: range) -> Fraction:
        """What a system in service at a site takes in a period."""
        return self.draw(system) * (self.factor(site, months) if self.factor else 1)


def it_mw(*cooling: str) -> Callable[[System], Fraction]:
    """P_y in MW, of systems with some kind of cooling."""
    return lambda system: system.provisioned_kw / KW_PER_MW if system.cooling in cooling else Fraction(0)


def highest_pue(site: Site, months: range) -> Fraction:
    """PUE at peak, the highest of the months."""
    return site.peak_pue.asked(months) or Fraction(1)


RESOURCES: tuple[Resource, ...] = (
    Resource(
        "power_within_site", "MW", "power_mw", "power_used_mw", "power_limit_mw",
        it_mw("liquid", "air"), highest_pue, grows=True,
    ),
    Resource("liquid_within_site", "MW", "liquid_mw", "liquid_used_mw", "liquid_limit_mw", it_mw("liquid")),
    Resource("air_within_site", "MW", "air_mw", "air_used_mw", "air_limit_mw", it_mw("air")),
    Resource("racks_within_site", "racks", "racks", "racks_used", "racks_limit", lambda system: system.racks),
)  # fmt: skip
FIELDS = tuple(field for resource in RESOURCES for field in (resource.field, *resource.reads))
"""The fields of a site that these are read from."""


class SiteUse(NamedTuple):
    """Use of one of our sites by period: IT load in kW-months, energy of IT and at the meter, each resource by row."""

    kw_months: Series
    it_mwh: Series
    energy_mwh: Series
    resources: Mapping[str, Series]


class Charge(NamedTuple):
    """A cost line: what is `used` of a site, as its use calls it, times tariffs, by their field."""

    line: str
    used: Literal["kw_months", "it_mwh", "energy_mwh"]
    tariffs: tuple[str, ...]

    def of(self, use: SiteUse, site: Site, horizon: Horizon) -> Series:
        """What it comes to in each period; a tariff that has not begun is 0."""
        amounts: Series = getattr(use, self.used)
        for field in self.tariffs:
            rates = (site.tariffs[field].charged(horizon.span(t)) for t in range(horizon.periods))
            amounts = [amount * rate for amount, rate in zip(amounts, rates, strict=True)]
        return amounts


CHARGES = (
    Charge("energy_usd", "energy_mwh", ("electricity_usd_per_mwh",)),
    Charge("hosting_usd", "kw_months", ("hosting_usd_per_kw_month",)),
)
CARBON = Charge("carbon_usd", "energy_mwh", ("carbon_kg_per_mwh",))
"""In kg, of our sites alone; the cost adds those of hosted hours and takes their price."""
TARIFFS = tuple(dict.fromkeys(field for charge in (*CHARGES, CARBON) for field in charge.tariffs))
"""What a site charges for use, or gives off by it: the fields of a site that these are read from."""
