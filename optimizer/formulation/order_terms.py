"""Terms of an order: minimum orders and price breaks, by the systems of one period, all places together.

Orders at the price of a frame are orders of the offer like all others: they count together.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
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
        minimum, most = model.tables.offers[offer].minimum_order, most_ordered(model, cohorts)
        assert minimum is not None
        terms: Terms = [(model.cohort[c], 1.0) for c in cohorts]
        keys = (offer, model.period(t))
        yield Row((*keys, "least"), [*terms, (chosen, -float(minimum))], ">=", 0.0, "systems")
        yield Row((*keys, "most"), [*terms, (chosen, -most)], "<=", 0.0, "systems")


def most_ordered(model: Model, cohorts: list[Cohort]) -> float:
    """The most that some orders of an offer in a period can be together; a loose model goes beyond its supply.

    So do orders that stay possible, whatever the supply is by now.
    """
    limits, of = () if model.tables.loose else model.tables.offer_supply, cohorts[0]
    kept = fsum(model.tables.approved.get((c.label, c.place, model.period(c.t)), 0.0) for c in cohorts)
    supply = [max(limit.most, kept) for limit in limits if limit.id == of.offer and limit.t == of.t]
    return min([fsum(c.systems for c in cohorts), *supply])


def payers(model: Model, cohorts: list[Cohort]) -> dict[str | None, list[Cohort]]:
    """Orders of an offer in a period by the frame at whose price they are, as they fill the steps of price breaks.

    The lowest factor comes first, what has no frame last: so the dearest systems are in the cheapest steps.
    """

    def turn(frame: str | None) -> tuple[Decimal, bool, str]:
        return (Decimal(1), True, "") if frame is None else (model.tables.frames[frame].factor, False, frame)

    groups = grouped(cohorts, lambda cohort: cohort.frame)
    return {frame: groups[frame] for frame in sorted(groups, key=turn)}


def bands(model: Model) -> Iterator[tuple[list[Band], list[str | None]]]:
    """The steps of each offer with price breaks in each period, as far as they can be reached, and who fills them."""
    for (offer, t), cohorts in orders_of(model).items():
        breaks = model.tables.request.catalog.offers[offer].price_breaks
        steps = [] if breaks is None else list(_bands(breaks, offer, t, most_ordered(model, cohorts)))
        if steps:  # none is reached by less than a system, where there may be parts of one
            yield steps, list(payers(model, cohorts))


def _bands(breaks: PriceBreaks, offer: str, t: int, most: float) -> Iterator[Band]:
    starts = [1, *(step.from_systems for step in breaks.steps)]
    factors = [1.0, *(float(step.factor) for step in breaks.steps)]
    ends = [*(start - 1 for start in starts[1:]), most]
    for step, (first, last, factor) in enumerate(zip(starts, ends, factors, strict=True)):
        if first <= most:
            yield Band(offer, t, step, float(first), float(min(last, most)), factor)


def band(model: Model) -> None:
    """band(o,t,step): systems paid at a step's factor; whole, since orders with price breaks are.

    Those at the price of a frame are band(o.f,t,step).
    """
    for steps, frames in bands(model):
        for frame, key in product(frames, steps):
            width = key.last if _all_units(model, key.offer) else key.last - key.first + 1
            model.band[key._replace(frame=frame)] = _of_step(model, "band", key._replace(frame=frame), width)


def band_used(model: Model) -> None:
    """band_used(o,t,step): 1 if a step of the price breaks is reached.

    band_used(o.f,t,step) says so of those that fill the steps up to the orders at the price of f.
    """
    for steps, frames in bands(model):
        before = [] if _all_units(model, steps[0].offer) else frames[:-1]
        for frame, key in product((*before, None), steps):
            model.band_used[key._replace(frame=frame)] = _of_step(model, "band_used", key._replace(frame=frame), 1)


def _of_step(model: Model, name: str, key: Band, most: float) -> pulp.LpVariable:
    return model.add(name, (key.label, model.period(key.t), str(key.step)), most, integer=True)


def _all_units(model: Model, offer: str) -> bool:
    breaks = model.tables.request.catalog.offers[offer].price_breaks
    return breaks is not None and breaks.kind == "all_units"


def buy_in_one_band(model: Model) -> Iterator[Row]:
    """Price breaks: one factor for every system of an order, or each step's own for the systems in it.

    Σ_step band(o,t,step) = Σ_s order(o,s,t), and
    all units: first · band_used ≤ Σ band ≤ last · band_used, Σ_step band_used ≤ 1
    incremental: width · band_used(step + 1) ≤ Σ band(step) ≤ width · band_used(step)

    Without the yes/no of the steps, the relaxation would take the cheapest step first. Σ band is over o and its o.f,
    which share the steps. Which of them is in which step of its own has to be told (`payers`): so the last line holds
    for the first of them, for the first two, and so on, each with a yes/no of its own.
    """
    orders = orders_of(model)
    for steps, frames in bands(model):
        first, period = steps[0], model.period(steps[0].t)
        groups = payers(model, orders[first.offer, first.t])
        for frame, cohorts in groups.items():
            paid_at: Terms = [(model.band[key._replace(frame=frame)], 1.0) for key in steps]
            keys = (cohorts[0].label, period, "all")
            yield Row(keys, [*paid_at, *((model.cohort[c], -1.0) for c in cohorts)], "=", 0.0, "systems")
        if _all_units(model, first.offer):
            keys = (first.offer, period, "one")
            yield Row(keys, [(model.band_used[key], 1.0) for key in steps], "<=", 1.0, "steps")
            yield from _whole_bands(model, steps, frames)
        else:
            for count, frame in enumerate((*frames[:-1], None), start=1):
                yield from _filled_bands(model, steps, frames[:count], frame)


def _whole_bands(model: Model, steps: list[Band], frames: list[str | None]) -> Iterator[Row]:
    for key in steps:
        amount, used = _paid_at(model, key, frames), model.band_used[key]
        keys = (key.offer, model.period(key.t), str(key.step))
        yield Row((*keys, "least"), [*amount, (used, -key.first)], ">=", 0.0, "systems")
        yield Row((*keys, "most"), [*amount, (used, -key.last)], "<=", 0.0, "systems")


def _filled_bands(model: Model, steps: list[Band], frames: list[str | None], last: str | None) -> Iterator[Row]:
    """The steps as the orders at the prices of some frames fill them; `last` names their yes/no."""
    used = [model.band_used[key._replace(frame=last)] for key in steps]
    for i, key in enumerate(steps):
        amount, width = _paid_at(model, key, frames), key.last - key.first + 1
        keys = (key._replace(frame=last).label, model.period(key.t), str(key.step))
        if i + 1 < len(steps):
            yield Row((*keys, "least"), [*amount, (used[i + 1], -width)], ">=", 0.0, "systems")
        yield Row((*keys, "most"), [*amount, (used[i], -width)], "<=", 0.0, "systems")


def _paid_at(model: Model, key: Band, frames: list[str | None]) -> Terms:
    """The systems that are paid at a step, of the orders at the prices of some frames."""
    return [(model.band[key._replace(frame=frame)], 1.0) for frame in frames]


def paid(model: Model) -> Iterator[Paid]:
    """Every price paid for a purchase: by order, or by step where there are price breaks.

    Residual value and maintenance follow it: with the list price, buying at a discount to sell back would
    pay for itself without end.
    """
    broken = {(key.offer, key.t) for key in model.band}
    for cohort, variable in model.cohort.items():
        if cohort.price_usd is not None and (cohort.committed or (cohort.offer, cohort.t) not in broken):
            yield Paid(variable, cohort, cohort.price_usd)
    orders = grouped((c for c in model.cohort if not c.committed), lambda c: (c.offer, c.frame, c.t))
    for key, variable in model.band.items():
        cohort = orders[key.offer, key.frame, key.t][0]
        assert cohort.price_usd is not None
        yield Paid(variable, cohort, cohort.price_usd * key.factor)
