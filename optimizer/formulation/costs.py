"""What a plan costs, period by period, in undiscounted USD: one function a line of the plan.

Each line is read three times: by the objective, by the plan and by the workbook. Costs are positive,
receipts negative. A cohort's costs hang on its order, a site's on what is in service there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from optimizer.formulation.model import DEMAND_PARTS, CostTerm, Model
from optimizer.formulation.order_terms import Paid, paid
from optimizer.request.charges import CARBON, Charge, energy_mwh
from optimizer.request.scenario import Finance, Porting
from optimizer.request.schedules import mean
from optimizer.tables import Cohort

if TYPE_CHECKING:
    import pulp

Cost = Callable[[Model], Iterator[CostTerm]]

KG_PER_T = 1000


def hardware_usd(model: Model) -> Iterator[CostTerm]:
    """The price of purchases: the deposit in the period of order, the rest on entering service.

    price paid(t − l_o) · (deposit_share in t − l_o, 1 − deposit_share in t) · order(o,s,t)

    A deposit due before the horizon is sunk, and all of the price of a commitment that is running: they are no cost of
    this plan. Price breaks change the price.
    """
    for each in paid(model):
        yield from installments(model, each)


def installments(model: Model, of: Paid) -> Iterator[CostTerm]:
    """What of a price paid is due in which period of the horizon."""
    variable, cohort, price_usd = of
    deposit = price_usd * model.tables.offers[cohort.offer].deposit_share
    if deposit and cohort.ordered >= 1:
        yield CostTerm(variable, cohort.ordered, deposit)
    if not cohort.running:
        yield CostTerm(variable, cohort.t, price_usd - deposit)


def network_usd(model: Model) -> Iterator[CostTerm]:
    """The network of each system, on entering service; sunk where a commitment is running.

    network_usd_o · order(o,s,t)
    """
    for cohort, variable in model.cohort.items():
        network = model.tables.offers[cohort.offer].network_usd
        if network and not cohort.running:
            yield CostTerm(variable, cohort.t, network)


def charged(charge: Charge) -> Cost:
    """The cost of what is used at our sites, at their tariffs."""

    def cost(model: Model) -> Iterator[CostTerm]:
        for variable, t, usd in _at_our_sites(model, charge, dict.fromkeys(model.tables.calendar.periods, 1.0)):
            yield CostTerm(variable, t, usd)

    cost.__name__ = cost.__qualname__ = charge.name
    cost.__doc__ = f"{charge.note}\n\n{charge.equation}"
    return cost


def _at_our_sites(model: Model, charge: Charge, prices: Mapping[int, float]) -> Iterator[tuple[object, int, float]]:
    """(variable, t, amount per system) of what is in service on our sites, where it is not 0; prices by period."""
    tables = model.tables
    for row in tables.stock:
        site = tables.site_at.get((row.place, row.t))
        amount = charge.of_system(site, tables.systems[row.system], tables.calendar, prices[row.t]) if site else 0.0
        if amount:
            yield model.at(row), row.t, amount


def site_energy(model: Model) -> Iterator[tuple[pulp.LpVariable, str, int, float]]:
    """(variable, site, t, MWh at the meter per system) of what is in service on our sites."""
    tables = model.tables
    for row in tables.stock:
        site = tables.site_at.get((row.place, row.t))
        if site is not None:
            mwh = energy_mwh(tables.systems[row.system], tables.calendar, site.pue)
            yield model.at(row), row.place, row.t, mwh


def idle_power_usd(model: Model) -> Iterator[CostTerm]:
    """Electricity that is paid for and not used, where a site takes or pays.

    electricity · idle_mwh(s,t)
    """
    for (site, t), variable in model.idle_mwh.items():
        yield CostTerm(variable, t, model.tables.site_at[site, t].tariffs["electricity_usd_per_mwh"])


def maintenance_usd(model: Model) -> Iterator[CostTerm]:
    """Maintenance of purchases in service, by the price paid.

    maintenance_share / n · price paid · purchased systems in service
    """
    share = float(model.tables.scenario.finance.maintenance_share) / model.tables.calendar.periods_per_year
    for variable, cohort, price_usd in paid(model) if share else ():
        if price_usd:
            yield from _while_in_service(cohort, variable, share * price_usd)


def software_usd(model: Model) -> Iterator[CostTerm]:
    """Software of every system in service that came with an offer.

    software_usd_per_year / n · systems in service
    """
    for cohort, variable in model.cohort.items():
        usd = model.tables.offers[cohort.offer].software_usd_per_year / model.tables.calendar.periods_per_year
        if usd:
            yield from _while_in_service(cohort, variable, usd)


def rent_usd(model: Model) -> Iterator[CostTerm]:
    """Rent by the hour, at the price of the period of order, as long as the cohort is in service.

    usd_per_accelerator_hour(t − l_o) · a_o · H · cohorts in service
    """
    for cohort in model.cohort:
        yield from rents(model, cohort)


def rents(model: Model, cohort: Cohort) -> Iterator[CostTerm]:
    """The rent of a cohort in each period of the horizon."""
    if cohort.rent_usd:
        yield from _while_in_service(cohort, model.cohort[cohort], cohort.rent_usd * model.tables.calendar.hours)


def _while_in_service(cohort: Cohort, variable: object, usd: float) -> Iterator[CostTerm]:
    for t in cohort.served:
        yield CostTerm(variable, t, usd)


def unmet_usd(model: Model) -> Iterator[CostTerm]:
    """The price of work left undone.

    unmet_usd_per_unit_hour · H · unmet(w,t)
    """
    for need in model.tables.needs:
        if need.unmet_usd:
            per_part = need.unmet_usd * model.tables.calendar.hours * need.per_second / DEMAND_PARTS
            yield CostTerm(model.unmet[need.demand, need.t], need.t, per_part)


def carbon_usd(model: Model) -> Iterator[CostTerm]:
    """The price of the carbon of energy on our sites and of hosted hours.

    carbon_usd_per_t · (carbon_kg_per_mwh · MWh + carbon_kg_per_accelerator_hour · a_o · H · hosted) / 1000
    """
    tables = model.tables
    usd_per_t = {
        t: float(mean(tables.scenario.finance.carbon_usd_per_t, tables.calendar.span(t)) or 0)
        for t in tables.calendar.periods
    }
    for variable, t, usd in _at_our_sites(model, CARBON, usd_per_t):
        yield CostTerm(variable, t, usd / KG_PER_T)
    for cohort, variable in model.cohort.items():
        tonnes = tables.offers[cohort.offer].carbon_kg_per_hour * tables.calendar.hours / KG_PER_T
        for t in cohort.served:
            if tonnes * usd_per_t[t]:
                yield CostTerm(variable, t, tonnes * usd_per_t[t])


def facility_usd(model: Model) -> Iterator[CostTerm]:
    """Power added to our sites, when it comes on line.

    usd_per_mw · expand(s,t)
    """
    for (site, t), variable in model.expand.items():
        expansion = model.tables.scenario.sites[site].expansion
        assert expansion is not None
        yield CostTerm(variable, t, float(expansion.usd_per_mw))


def engineering_usd(model: Model) -> Iterator[CostTerm]:
    """One-off engineering of accelerators, when it starts.

    usd_a · engineer(a,t)
    """
    for (accelerator, t), variable in model.engineer.items():
        one_off = model.tables.request.catalog.accelerators[accelerator].one_off
        assert one_off is not None
        yield CostTerm(variable, t, float(one_off.usd))


def porting_usd(model: Model) -> Iterator[CostTerm]:
    """Bringing software to a stack, when it starts.

    usd · port(w,stack,t)
    """
    for (demand, stack, t), variable in model.port.items():
        cost = (model.tables.scenario.demand[demand].stacks or {})[stack]
        if isinstance(cost, Porting) and cost.usd:
            yield CostTerm(variable, t, float(cost.usd))


def resale_usd(model: Model) -> Iterator[CostTerm]:
    """What retired systems are sold for, as a receipt.

    − resale_usd_f · retire(f,t)
    """
    for (entry, t), variable in model.retire.items():
        if entry.resale_usd:
            yield CostTerm(variable, t, -entry.resale_usd)


def value_usd(model: Model) -> Iterator[CostTerm]:
    """What the work done is worth, as a receipt; only where value is maximised.

    − value_usd_per_unit_hour · H · served(w,t)
    """
    for need in model.tables.needs:
        if need.value_usd:
            per_part = need.value_usd * model.tables.calendar.hours * need.per_second / DEMAND_PARTS
            yield CostTerm(model.served[need.demand, need.t], need.t, -per_part)


def residual_usd(model: Model) -> Iterator[CostTerm]:
    """What purchases and expansion are still worth at the end, as a receipt; discounted with f_t, not d_t.

    − (price paid + network) · residual share at age (z − t + 1)/n, in period z = min(T, last period of service),
    − usd_per_mw · expand(s,t) · max(0, 1 − age / life_years), in T
    """
    tables = model.tables
    for variable, cohort, price_usd in paid(model):
        share = _share_left(model, cohort)
        if share and price_usd:
            yield CostTerm(variable, cohort.last, -price_usd * share)
    for cohort, variable in model.cohort.items():
        network = tables.offers[cohort.offer].network_usd
        if cohort.price_usd is not None and network and _share_left(model, cohort):
            yield CostTerm(variable, cohort.last, -network * _share_left(model, cohort))
    for (site, t), variable in model.expand.items():
        expansion = tables.scenario.sites[site].expansion
        assert expansion is not None
        age = Decimal(tables.calendar.count - t + 1) / tables.calendar.periods_per_year
        left = float(max(Decimal(0), 1 - age / expansion.life_years))
        if left:
            yield CostTerm(variable, tables.calendar.count, -float(expansion.usd_per_mw) * left)


def _share_left(model: Model, cohort: Cohort) -> float:
    age = Decimal(cohort.last - cohort.t + 1) / model.tables.calendar.periods_per_year
    return float(residual_share(model.tables.scenario.finance, age))


def residual_share(finance: Finance, age_years: Decimal) -> Decimal:
    """The share of its price that hardware of some age is worth.

    `book` is max(0, 1 − age / book life); a table is linear between its years, starts at 1 at age 0 and
    stays at its last value.
    """
    if finance.residual == "none":
        return Decimal(0)
    if finance.residual == "book":
        return max(Decimal(0), 1 - age_years / finance.book_life_years)
    assert isinstance(finance.residual, dict)
    points = [(0, Decimal(1)), *sorted(finance.residual.items())]
    for (younger, high), (older, low) in pairwise(points):
        if age_years <= older:
            return high + (low - high) * (age_years - younger) / (older - younger)
    return points[-1][1]
