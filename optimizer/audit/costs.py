"""The costs once more: each cost line by period, undiscounted, in USD."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate

from optimizer.audit.decisions import ZERO, Cohort
from optimizer.audit.frames import frame_usd
from optimizer.audit.obligations import owed_usd, residual_share
from optimizer.audit.other_decisions import Started
from optimizer.audit.periods import Schedule, Series
from optimizer.audit.resources import CARBON, CHARGES, Charge
from optimizer.audit.roll_forward import Books, while_in_service
from optimizer.audit.tax import depreciation

Cost = Callable[[Books], Series]


def _by_period(books: Books) -> Series:
    return [ZERO] * books.inputs.horizon.periods


def _lasting(books: Books, amounts: Iterable[tuple[Cohort, Fraction]]) -> Series:
    return while_in_service(amounts, books.inputs.horizon.periods)


def _read(schedule: Schedule, books: Books) -> Series:
    """A charge by period of running; what has not begun is not charged."""
    horizon = books.inputs.horizon
    return [schedule.charged(horizon.span(t)) for t in range(horizon.periods)]


def hardware_usd(books: Books) -> Series:
    """Purchases: the deposit's share of the price when ordered, the rest on entering service.

    price · deposit_share in t - l_o and price · (1 - deposit_share) in t. A deposit due before the
    horizon is sunk, and so is the price of what entered before it.
    """
    cash = _by_period(books)
    for cohort in books.cohorts:
        for t, usd in cohort.installments:
            cash[t] += usd
    return cash


def network_usd(books: Books) -> Series:
    """Network of every system that enters service, whatever its route."""
    cash = _by_period(books)
    for cohort in books.cohorts:
        if cohort.offer.network_usd and not cohort.running:
            cash[cohort.t] += cohort.network_usd
    return cash


def facility_usd(books: Books) -> Series:
    """usd_per_mw · expand, on line."""
    cash = _by_period(books)
    for row in books.expanded:
        cash[row.t] += row.usd
    return cash


def charged(charge: Charge) -> Cost:
    """What is used of our sites times their tariffs, such as MWh at the meter times the price of electricity."""

    def cost(books: Books) -> Series:
        total = _by_period(books)
        for key, site in books.inputs.sites.items():
            for t, amount in enumerate(charge.of(books.site_use[key], site, books.inputs.horizon)):
                total[t] += amount
        return total

    cost.__name__ = cost.__qualname__ = charge.line
    return cost


def idle_power_usd(books: Books) -> Series:
    """Energy paid for and not used: max(0, share · H · (power_mw + Σ expand) - energy) · electricity."""
    total, horizon = _by_period(books), books.inputs.horizon
    for key, site in books.inputs.sites.items():
        if site.take_or_pay:
            added = list(accumulate(_added(books, key)))
            power = [site.stated["power_mw"].standing(horizon.span(t)) + added[t] for t in range(horizon.periods)]
            due = [site.take_or_pay * horizon.hours * mw for mw in power]
            tariff = _read(site.tariffs["electricity_usd_per_mwh"], books)
            for t, used_mwh in enumerate(books.site_use[key].energy_mwh):
                total[t] += max(ZERO, due[t] - used_mwh) * tariff[t]
    return total


def _added(books: Books, site: str) -> Series:
    """MW added to a site by period."""
    mw = _by_period(books)
    for row in books.expanded:
        if row.site == site:
            mw[row.t] += row.mw
    return mw


def maintenance_usd(books: Books) -> Series:
    """maintenance_share / n · price paid · purchased systems in service, the fleet excluded."""
    share = books.inputs.finance.maintenance_share / books.inputs.horizon.per_year
    return _lasting(books, ((c, share * c.hardware_usd) for c in books.cohorts))


def software_usd(books: Books) -> Series:
    """software_usd_per_year / n · systems in service, the fleet excluded."""
    n = books.inputs.horizon.per_year
    return _lasting(
        books,
        ((c, c.offer.software_usd_per_year / n * c.systems) for c in books.cohorts if c.offer.software_usd_per_year),
    )


def rent_usd(books: Books) -> Series:
    """Rent at the price of the period of order: usd_per_accelerator_hour · a · H · in service."""
    hours = books.inputs.horizon.hours
    return _lasting(books, ((c, hours * c.rent_usd_per_hour) for c in books.cohorts if not c.offer.purchased))


def _when_started(books: Books, projects: Iterable[Started]) -> Series:
    cash = _by_period(books)
    for project in projects:
        cash[project.t] += project.usd
    return cash


def engineering_usd(books: Books) -> Series:
    """The one-off of an accelerator, when it starts."""
    return _when_started(books, books.engineering)


def porting_usd(books: Books) -> Series:
    """Bringing a demand to a stack, when it starts."""
    return _when_started(books, books.porting)


def unmet_usd(books: Books) -> Series:
    """price · unmet · H."""
    total, hours = _by_period(books), books.inputs.horizon.hours
    for row in books.unmet:
        total[row.t] += (row.price or ZERO) * row.per_second * hours
    return total


def carbon_usd(books: Books) -> Series:
    """carbon price · (MWh · kg per MWh of our sites + accelerator hours · kg of hosted offers) / 1000."""
    kilograms, hours = charged(CARBON)(books), books.inputs.horizon.hours
    for (key, _), series in books.by_offer.items():
        offer = books.inputs.offers[key]
        if offer.hosted and offer.carbon_kg_per_accelerator_hour:
            for t, kg in enumerate(_read(offer.carbon_kg_per_accelerator_hour, books)):
                kilograms[t] += kg * offer.system.accelerators * hours * series[t]
    price = _read(books.inputs.finance.carbon_usd_per_t, books)
    return [kg / 1000 * usd for kg, usd in zip(kilograms, price, strict=True)]


def value_usd(books: Books) -> Series:
    """Under maximize_value, minus value · H · served, where served = per_second - unmet, or all work of an open one."""
    total, inputs = _by_period(books), books.inputs
    left, done = unmet_by_demand(books), work_by_demand(books)
    for key, demand in inputs.demand.items() if inputs.values_work else ():
        if demand.value_usd_per_unit_hour:
            value = _read(demand.value_usd_per_unit_hour, books)
            for t in range(inputs.horizon.periods):
                served = demand.asked(inputs.horizon.span(t)) - left.get((key, t), ZERO)
                served = done.get((key, t), ZERO) if demand.open else served
                total[t] -= value[t] * inputs.horizon.hours * served
    return total


def work_by_demand(books: Books) -> dict[tuple[str, int], Fraction]:
    """Work done per second by demand and period."""
    done: defaultdict[tuple[str, int], Fraction] = defaultdict(Fraction)
    for row in books.work:
        done[row.demand, row.t] += row.per_second
    return dict(done)


def unmet_by_demand(books: Books) -> dict[tuple[str, int], Fraction]:
    """Demand left by demand and period."""
    left: defaultdict[tuple[str, int], Fraction] = defaultdict(Fraction)
    for row in books.unmet:
        left[row.demand, row.t] += row.per_second
    return dict(left)


def resale_usd(books: Books) -> Series:
    """Minus resale_usd · systems retired, in the period from which they are off."""
    total = _by_period(books)
    for row in books.retired:
        total[row.t] -= row.resale_usd
    return total


def residual_usd(books: Books) -> Series:
    """What purchases and expansions are still worth, negative.

    Purchases in the last period z of their service: -(price + network) · share at age (z - t + 1) / n,
    z = min(T, last period of service). Expansions in T: -price · max(0, 1 - age / life_years).
    """
    total, horizon = _by_period(books), books.inputs.horizon
    shares: dict[int, Fraction] = {}
    for cohort in books.cohorts:
        if not cohort.offer.purchased:
            continue
        end = cohort.end(horizon.periods)
        age = end - cohort.t
        if age not in shares:
            shares[age] = residual_share(books.inputs.finance, Fraction(age, horizon.per_year))
        total[end - 1] -= (cohort.hardware_usd + cohort.network_usd) * shares[age]
    for row in books.expanded:
        if row.terms:
            years = Fraction(horizon.periods - row.t, horizon.per_year)
            total[-1] -= row.usd * max(ZERO, 1 - years / row.terms.life_years)
    return total


CAPEX: tuple[Cost, ...] = (hardware_usd, network_usd, facility_usd)
OPEX: tuple[Cost, ...] = (
    *map(charged, CHARGES),
    idle_power_usd,
    maintenance_usd,
    software_usd,
    rent_usd,
    engineering_usd,
    porting_usd,
    carbon_usd,
    frame_usd,
)
COSTS: tuple[Cost, ...] = (*CAPEX, *OPEX, owed_usd, unmet_usd, value_usd, resale_usd, residual_usd)
"""All but tax, which follows from them."""
TAXES = {
    "tax_usd": (*OPEX, owed_usd, value_usd, resale_usd),
    "tax_on_residual_usd": (residual_usd,),
}
"""Each tax with what it is on: costs that are deducted and receipts that are taxed."""
AT_PERIOD_END = ("residual_usd", "tax_on_residual_usd")
"""Costs discounted with f_t; all others with d_t."""


def all_costs(books: Books) -> dict[str, Series]:
    """Every cost line by period; idle power, frames and tax only where a site, an agreement or a rate asks for them."""
    inputs = books.inputs
    takes = any(site.take_or_pay for site in inputs.sites.values())
    promised = any(frame.promised_usd for frame in inputs.frames.values())
    absent: dict[Cost, bool] = {idle_power_usd: not takes, frame_usd: not promised}
    costs = {cost.__name__: cost(books) for cost in COSTS if not absent.get(cost)}
    return {**costs, **taxes(books, costs)}


def taxes(books: Books, costs: Mapping[str, Series]) -> dict[str, Series]:
    """rate · (receipts - costs - depreciation), a loss is used as it arises; at the end less what is left of it."""
    tax, found = books.inputs.finance.tax, {}
    if tax is not None:
        for (name, lines), deducted in zip(TAXES.items(), depreciation(books), strict=True):
            parts = [*(costs[line.__name__] for line in lines if line.__name__ in costs), deducted]
            found[name] = [-tax.rate * sum(of_period, ZERO) for of_period in zip(*parts, strict=True)]
    return found


def objective_usd(costs: Mapping[str, Series], mid: Sequence[Fraction], end: Sequence[Fraction]) -> Fraction:
    """Σ d_t · costs, with f_t for what is left at the end of a period."""
    total = ZERO
    for name, series in costs.items():
        factors = end if name in AT_PERIOD_END else mid
        total += sum((d * usd for d, usd in zip(factors, series, strict=True)), ZERO)
    return total


def scale_usd(costs: Mapping[str, Series]) -> Fraction:
    """The sum of all absolute cost lines, the scale of a tolerance in money."""
    return sum((abs(usd) for series in costs.values() for usd in series), ZERO)
