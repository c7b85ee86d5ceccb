"""What the measures of the user's limits count: amounts of each period, by what a limit may select."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from optimizer.audit.decisions import ZERO, Cohort
from optimizer.audit.periods import Schedule, Series
from optimizer.audit.records import Inputs
from optimizer.audit.roll_forward import Books

NOTHING = ""


class Counted(NamedTuple):
    """Orders of an offer at a place, an offer or the fleet in service there, or work of a demand there.

    The fleet and work have no offer, only work has a demand.
    """

    offer: str
    system: str
    place: str
    demand: str


Amounts = Mapping[Counted, Series]


def _summed(parts: Iterable[tuple[Counted, int, Fraction]], books: Books) -> Amounts:
    """Amounts of a period summed by subject."""
    total: defaultdict[Counted, Series] = defaultdict(lambda: [ZERO] * books.inputs.horizon.periods)
    for subject, t, amount in parts:
        total[subject][t] += amount
    return total


def _entering(books: Books, amount: Callable[[Cohort], Fraction]) -> Amounts:
    """Orders and commitments by the period in which they enter service; what is running has done so before any."""
    entering = [cohort for cohort in books.cohorts if not cohort.running]
    return _summed(
        ((Counted(c.offer.id, c.offer.system.id, c.place, NOTHING), c.t, amount(c)) for c in entering), books
    )


def systems(books: Books) -> Amounts:
    """Systems that enter service."""
    return _entering(books, lambda cohort: cohort.systems)


def accelerators(books: Books) -> Amounts:
    """Accelerators that enter service."""
    return _entering(books, lambda cohort: cohort.accelerators)


def purchase_usd(cohort: Cohort) -> Fraction:
    """Price paid and network of a purchase, in full; 0 for what is rented."""
    return cohort.hardware_usd + cohort.network_usd if cohort.offer.purchased else ZERO


def capex_usd(books: Books) -> Amounts:
    """Price and network of purchases, also of a deposit paid before."""
    return _entering(books, purchase_usd)


def spend_usd(books: Books) -> Amounts:
    """Price and network of purchases, and all rent that the order pays inside the horizon."""
    horizon = books.inputs.horizon

    def spent(cohort: Cohort) -> Fraction:
        periods = len(cohort.served(horizon.periods))
        return purchase_usd(cohort) + cohort.rent_usd_per_hour * horizon.hours * periods

    return _entering(books, spent)


def _in_service(books: Books) -> Amounts:
    """Systems in service: orders and commitments by their offer, and what is left of the fleet."""
    ordered = {Counted(o, books.inputs.offers[o].system.id, s, NOTHING): x for (o, s), x in books.by_offer.items()}
    return ordered | {Counted(NOTHING, y, s, NOTHING): series for (y, s), series in books.fleet.items()}


def it_kw(books: Books) -> Amounts:
    """Provisioned IT load of all that is in service, at our sites and at hosts."""
    kilowatts = {key: system.provisioned_kw for key, system in books.inputs.systems.items()}
    return {subject: [kilowatts[subject.system] * x for x in series] for subject, series in _in_service(books).items()}


def carbon_t(books: Books) -> Amounts:
    """Carbon of the energy at our sites and of hosted hours, in tonnes."""
    return {
        subject: [rate * x / 1000 for rate, x in zip(kilograms_per_system(subject, books.inputs), series, strict=True)]
        for subject, series in _in_service(books).items()
    }


def kilograms_per_system(subject: Counted, inputs: Inputs) -> Series:
    """Carbon of one system in service in each period."""
    system, hours, site = inputs.systems[subject.system], inputs.horizon.hours, inputs.sites.get(subject.place)
    offer = inputs.offers.get(subject.offer)
    if offer and offer.hosted:
        return [system.accelerators * hours * kg for kg in _read(offer.carbon_kg_per_accelerator_hour, inputs)]
    pue = _read(site.pue if site else None, inputs)
    carbon = _read(site.tariffs["carbon_kg_per_mwh"] if site else None, inputs)
    return [factor * system.average_kw * hours / 1000 * kg for factor, kg in zip(pue, carbon, strict=True)]


def _read(schedule: Schedule | None, inputs: Inputs) -> Series:
    """A schedule by period; what is absent or has not begun is nothing."""
    horizon = inputs.horizon
    return [schedule.charged(horizon.span(t)) if schedule else ZERO for t in range(horizon.periods)]


def work(books: Books) -> Amounts:
    """Work done, per second."""
    return _summed(((Counted(NOTHING, w.system.id, w.place, w.demand), w.t, w.per_second) for w in books.work), books)


class Measure(NamedTuple):
    """What is counted, in which unit, and whether it is of orders, of systems in service or of work."""

    amounts: Callable[[Books], Amounts]
    unit: str
    of: str


MEASURES: dict[str, Measure] = {
    "systems": Measure(systems, "systems", "orders"),
    "accelerators": Measure(accelerators, "accelerators", "orders"),
    "capex_usd": Measure(capex_usd, "USD", "orders"),
    "spend_usd": Measure(spend_usd, "USD", "orders"),
    "it_kw": Measure(it_kw, "kW", "service"),
    "carbon_t": Measure(carbon_t, "t", "service"),
    "work": Measure(work, "per second", "work"),
}
HIGHEST = ("it_kw",)
"""Measures of which a window counts the highest period; the others are summed."""
