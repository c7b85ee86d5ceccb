"""Terms of an order: minimum orders and price breaks, by the systems of one period, all places together."""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from catalogs.schema import PriceBreaks
from optimizer.formulation.model import Band, Model, Row, Terms
from optimizer.tables import Cohort, grouped

if TYPE_CHECKING:
    import pulp


class Paid(NamedTuple):
    """A price paid: USD for each unit of a variable, with the dates of the cohort it is paid for."""

    variable: pulp.LpVariable
    cohort: Cohort
    price_usd: float


def orders_of(model: Model) -> dict[tuple[str, int], list[Cohort]]:
    """The orders of an offer that enter service in a period, at all places."""
    return grouped((c for c in model.cohort if not c.committed), lambda c: (c.offer, c.t))


def orders_any(model: Model) -> None:
    """orders_any(o,t): 1 if any system of an offer with a minimum order enters service in t."""
    for offer, t in orders_of(model):
        if model.tables.offers[offer].minimum_order is not None:
            model.orders_any[offer, t] = model.add("orders_any", (offer, model.period(t)), 1, integer=True)


def order_at_least_minimum(model: Model) -> Iterator[Row]:
    """An offer is ordered not at all, or at least in its minimum.

    minimum_order_systems · orders_any(o,t) ≤ Σ_s order(o,s,t) ≤ most(o,t) · orders_any(o,t)
    """
    orders = orders_of(model)
    for (offer, t), chosen in model.orders_any.items():
        cohorts = orders[offer, t]
        minimum, most = model.tables.offers[offer].minimum_order, _most(model, offer, t, cohorts)
        assert minimum is not None
        terms: Terms = [(model.cohort[c], 1.0) for c in cohorts]
        keys = (offer, model.period(t))
        yield Row((*keys, "least"), [*terms, (chosen, -float(minimum))], ">=", 0.0, "systems")
        yield Row((*keys, "most"), [*terms, (chosen, -most)], "<=", 0.0, "systems")


def _most(model: Model, offer: str, t: int, cohorts: list[Cohort]) -> float:
    """Systems of an offer that its places and its supply leave at the most in a period; a loose model goes beyond."""
    limits = () if model.tables.loose else model.tables.offer_supply
    supply = [limit.most for limit in limits if limit.id == offer and limit.t == t]
    return min([fsum(c.systems for c in cohorts), *supply])


def bands(model: Model) -> Iterator[Band]:
    """The steps of every offer with price breaks, for every period, as far as they can be reached."""
    for (offer, t), cohorts in orders_of(model).items():
        breaks = model.tables.request.catalog.offers[offer].price_breaks
        if breaks is not None:
            yield from _bands(breaks, offer, t, _most(model, offer, t, cohorts))


def _bands(breaks: PriceBreaks, offer: str, t: int, most: float) -> Iterator[Band]:
    starts = [1, *(step.from_systems for step in breaks.steps)]
    factors = [1.0, *(float(step.factor) for step in breaks.steps)]
    ends = [*(start - 1 for start in starts[1:]), most]
    for step, (first, last, factor) in enumerate(zip(starts, ends, factors, strict=True)):
        if first <= most:
            yield Band(offer, t, step, float(first), float(min(last, most)), factor)


def band(model: Model) -> None:
    """band(o,t,step): systems paid at a step's factor; whole, since orders with price breaks are."""
    for key in bands(model):
        width = key.last if _all_units(model, key.offer) else key.last - key.first + 1
        keys = (key.offer, model.period(key.t), str(key.step))
        model.band[key] = model.add("band", keys, width, integer=True)


def band_used(model: Model) -> None:
    """band_used(o,t,step): 1 if a step of the price breaks is reached."""
    for key in bands(model):
        keys = (key.offer, model.period(key.t), str(key.step))
        model.band_used[key] = model.add("band_used", keys, 1, integer=True)


def _all_units(model: Model, offer: str) -> bool:
    breaks = model.tables.request.catalog.offers[offer].price_breaks
    return breaks is not None and breaks.kind == "all_units"


def buy_in_one_band(model: Model) -> Iterator[Row]:
    """Price breaks: one factor for every system of an order, or each step's own for the systems in it.

    Σ_step band(o,t,step) = Σ_s order(o,s,t), and
    all units: first · band_used ≤ band ≤ last · band_used, Σ_step band_used ≤ 1
    incremental: width · band_used(step + 1) ≤ band(step) ≤ width · band_used(step)

    Without the yes/no of the steps, the relaxation would take the cheapest step first.
    """
    orders = orders_of(model)
    for (offer, t), steps in grouped(model.band, lambda key: (key.offer, key.t)).items():
        cohorts = orders[offer, t]
        keys = (offer, model.period(t))
        total: Terms = [(model.band[key], 1.0) for key in steps]
        yield Row((*keys, "all"), [*total, *((model.cohort[c], -1.0) for c in cohorts)], "=", 0.0, "systems")
        if _all_units(model, offer):
            yield Row((*keys, "one"), [(model.band_used[key], 1.0) for key in steps], "<=", 1.0, "steps")
            yield from _whole_bands(model, steps, keys)
        else:
            yield from _filled_bands(model, steps, keys)


def _whole_bands(model: Model, steps: list[Band], keys: tuple[str, ...]) -> Iterator[Row]:
    for key in steps:
        amount, used, step = model.band[key], model.band_used[key], str(key.step)
        yield Row((*keys, step, "least"), [(amount, 1.0), (used, -key.first)], ">=", 0.0, "systems")
        yield Row((*keys, step, "most"), [(amount, 1.0), (used, -key.last)], "<=", 0.0, "systems")


def _filled_bands(model: Model, steps: list[Band], keys: tuple[str, ...]) -> Iterator[Row]:
    for i, key in enumerate(steps):
        amount, width, step = model.band[key], key.last - key.first + 1, str(key.step)
        if i + 1 < len(steps):
            after = model.band_used[steps[i + 1]]
            yield Row((*keys, step, "least"), [(amount, 1.0), (after, -width)], ">=", 0.0, "systems")
        yield Row((*keys, step, "most"), [(amount, 1.0), (model.band_used[key], -width)], "<=", 0.0, "systems")


def paid(model: Model) -> Iterator[Paid]:
    """Every price paid for a purchase: by order, or by step where there are price breaks.

    Residual value and maintenance follow it: with the list price, buying at a discount to sell back would
    pay for itself without end.
    """
    broken = {(key.offer, key.t) for key in model.band}
    for cohort, variable in model.cohort.items():
        if cohort.price_usd is not None and (cohort.committed or (cohort.offer, cohort.t) not in broken):
            yield Paid(variable, cohort, cohort.price_usd)
    orders = orders_of(model)
    for key, variable in model.band.items():
        cohort = orders[key.offer, key.t][0]
        assert cohort.price_usd is not None
        yield Paid(variable, cohort, cohort.price_usd * key.factor)
