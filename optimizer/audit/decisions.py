"""The decisions of a plan: orders and commitments as cohorts, work, and unmet demand.

A cohort is the systems of one order or commitment. Only `systems` of orders and of work and
`per_second` of unmet rows are taken from the plan. Periods count from 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from optimizer.audit.frame_inputs import Frame
from optimizer.audit.points import stated_for
from optimizer.audit.records import Commitment, Inputs, Offer, Point, PriceBreaks, System

ZERO = Fraction(0)
PlanRow = Mapping[str, Any]
Unknown = list[tuple[str, tuple[str, ...]]]
"""Rows that name something that does not exist: their table and keys."""


@dataclass(frozen=True)
class Cohort:
    """Systems of one offer that enter service at a place in period t at one price, that of a `frame` if any.

    `price` is what is paid, as of the period of order: USD per system for a purchase, price breaks
    included and averaged, USD per accelerator and hour otherwise; None where the offer has none then. `own_price` is
    one that a commitment states itself.
    """

    offer: Offer
    place: str
    t: int
    systems: Fraction
    price: Fraction | None
    committed: bool
    frame: Frame | None = None
    own_price: bool = False

    @property
    def label(self) -> str:
        """What it is ordered as: the offer, or that of a frame."""
        return f"{self.offer.id}.{self.frame.id}" if self.frame else self.offer.id

    @property
    def ordered(self) -> int:
        """The period of order, t - l_o; negative before the horizon."""
        return self.t - self.offer.lead

    @cached_property
    def hardware_usd(self) -> Fraction:
        """Price of the whole cohort, deposit included; 0 for what is not purchased."""
        return self.price * self.systems if self.price and self.offer.purchased else ZERO

    @property
    def installments(self) -> Iterator[tuple[int, Fraction]]:
        """When its price is due: the deposit when ordered, the rest on entering service; what was before is sunk."""
        deposit = self.hardware_usd * self.offer.deposit_share
        if deposit and self.ordered >= 0:
            yield self.ordered, deposit
        if self.hardware_usd and not self.running:
            yield self.t, self.hardware_usd - deposit

    @cached_property
    def accelerators(self) -> Fraction:
        return self.offer.system.accelerators * self.systems

    @property
    def network_usd(self) -> Fraction:
        return self.offer.network_usd * self.systems

    @property
    def rent_usd_per_hour(self) -> Fraction:
        """Rent of the whole cohort; 0 for a purchase."""
        return ZERO if self.offer.purchased else (self.price or ZERO) * self.accelerators

    @property
    def running(self) -> bool:
        """Whether it entered service before the horizon, so that its price and network are sunk."""
        return self.t < 0

    def served(self, periods: int) -> range:
        """The periods of the horizon in which it is in service."""
        return range(max(0, self.t), self.end(periods))

    def end(self, periods: int) -> int:
        """The period after the last one of service inside the horizon."""
        return min(periods, self.t + self.offer.service)


class Work(NamedTuple):
    """Systems at a place that do the work of a demand in a period, by a point of their throughput if they can."""

    demand: str
    system: System
    place: str
    t: int
    systems: Fraction
    rate: Fraction | None
    point: Point | None

    @property
    def per_second(self) -> Fraction:
        return self.systems * self.system.accelerators * self.rate if self.rate else ZERO


class Unmet(NamedTuple):
    """Demand left in a period; `price` None means that it has to be served."""

    demand: str
    t: int
    per_second: Fraction
    price: Fraction | None


def read_orders(rows: Iterable[PlanRow], inputs: Inputs, unknown: Unknown) -> tuple[Cohort, ...]:
    """The orders that are no commitments; rows that name unknown things are set aside."""
    index, orders = inputs.horizon.positions(), []
    for row in rows:
        if row["commitment"]:
            continue
        if not is_known(row, inputs):
            unknown.append(("orders", (row["offer"], row["place"], row["enters_service"])))
            continue
        offer, t, frame = (
            inputs.offers[row["offer"]],
            index[row["enters_service"]],
            inputs.frames.get(str(row.get("frame"))),
        )
        listed = price_of(offer, t, inputs)
        price = listed * frame.factor if frame and listed is not None else listed
        orders.append(Cohort(offer, row["place"], t, Fraction(row["systems"]), price, False, frame))
    return at_prices_paid(orders)


def is_known(row: PlanRow, inputs: Inputs) -> bool:
    """Whether a row of orders names an offer, a period and, if any, a frame that exist."""
    dated = row["offer"] in inputs.offers and row["enters_service"] in inputs.horizon.positions()
    return dated and (row.get("frame") is None or row["frame"] in inputs.frames)


def read_signed(plan: PlanRow, inputs: Inputs, unknown: Unknown) -> frozenset[str]:
    """The frames that the plan signs, and those that are signed already."""
    signed = {row["frame"] for row in plan.get("frames") or () if row["signed"]}
    unknown += [("frames", (name,)) for name in sorted(signed - inputs.frames.keys())]
    return frozenset(signed & inputs.frames.keys()) | {key for key, frame in inputs.frames.items() if frame.already}


def systems_together(orders: Iterable[Cohort]) -> dict[tuple[str, int], Fraction]:
    """Systems by offer and period, all places together: what price breaks and minimum orders count."""
    together: defaultdict[tuple[str, int], Fraction] = defaultdict(Fraction)
    for order in orders:
        together[order.offer.id, order.t] += order.systems
    return dict(together)


def at_prices_paid(orders: Iterable[Cohort]) -> tuple[Cohort, ...]:
    """The orders with price breaks taken off their price."""
    orders = tuple(orders)
    factors = factors_paid([order for order in orders if order.offer.price_breaks])

    def paid(order: Cohort) -> Cohort:
        if order.offer.price_breaks is None or order.price is None:
            return order
        return replace(order, price=order.price * factors[order.label, order.t])

    return tuple(map(paid, orders))


def factors_paid(orders: Sequence[Cohort]) -> dict[tuple[str, int], Fraction]:
    """The mean factor on the price by what is ordered and period, at all places together.

    Orders at the prices of frames fill the steps first, the lowest factor before others; then all without a frame.
    """
    own, offers = defaultdict[tuple[str, int], Fraction](Fraction), dict[tuple[str, int], Offer]()
    for order in sorted(orders, key=lambda order: (order.frame is None, order.frame.turn if order.frame else ())):
        own[order.label, order.t] += order.systems
        offers[order.label, order.t] = order.offer
    together, filled, found = systems_together(orders), defaultdict[tuple[str, int], Fraction](Fraction), {}
    for (label, t), systems in own.items():
        offer = offers[label, t]
        before = filled[offer.id, t]
        filled[offer.id, t] += systems
        found[label, t] = mean_factor(offer, before, systems, together[offer.id, t])
    return found


def mean_factor(offer: Offer, before: Fraction, systems: Fraction, together: Fraction) -> Fraction:
    """The mean factor on the price of some systems, after others and of so many together."""
    breaks = offer.price_breaks
    assert breaks is not None
    if breaks.kind == "all_units" or not systems:
        return factor_paid(breaks, together)
    reached = before + systems
    return (factor_paid(breaks, reached) * reached - factor_paid(breaks, before) * before) / systems


def factor_paid(breaks: PriceBreaks, systems: Fraction) -> Fraction:
    """The mean factor on the price of so many systems.

    `all_units`: that of the highest step reached, on every system. `incremental`: each system at the
    factor of its own step, where a step from n on holds for the n-th system and those after it.
    """
    if breaks.kind == "all_units" or systems <= 0:
        return [factor for begin, factor in breaks.steps if begin <= max(systems, Fraction(1))][-1]
    ends = [begin - 1 for begin, _ in breaks.steps[1:]]
    paid, counted = ZERO, ZERO
    for (_, factor), end in zip(breaks.steps, [*ends, systems], strict=True):
        reached = max(counted, min(end, systems))
        paid, counted = paid + factor * (reached - counted), reached
    return paid / systems


def read_honoured(rows: Iterable[PlanRow]) -> dict[tuple[str, str, str], Fraction]:
    """Systems of the rows that stand for commitments."""
    honoured: defaultdict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for row in rows:
        if row["commitment"]:
            honoured[row["offer"], row["place"], row["enters_service"]] += Fraction(row["systems"])
    return dict(honoured)


def read_stated_prices(rows: Iterable[PlanRow], inputs: Inputs) -> dict[tuple[str, int], Fraction]:
    """The mean price that orders state for a system, by what is ordered and period, where it has price breaks."""
    index, sums = inputs.horizon.positions(), defaultdict[tuple[str, int], list[Fraction]](lambda: [ZERO, ZERO])
    for row in rows:
        if not row["commitment"] and is_known(row, inputs) and inputs.offers[row["offer"]].price_breaks:
            key = f"{row['offer']}.{row['frame']}" if row.get("frame") else row["offer"], index[row["enters_service"]]
            sums[key][0] += Fraction(row["systems"])
            sums[key][1] += Fraction(row["systems"]) * Fraction(row["price_usd"] or 0)
    return {key: usd / systems for key, (systems, usd) in sums.items() if systems}


def price_of(offer: Offer, t: int, inputs: Inputs) -> Fraction | None:
    """The price of what enters service in t, that of its period of order."""
    schedule = offer.price_schedule
    return schedule.mean(inputs.horizon.span(t - offer.lead)) if schedule else None


def committed(entry: Commitment, inputs: Inputs) -> Cohort:
    """A commitment as a cohort; its own price replaces the offer's."""
    offer = inputs.offers[entry.offer]
    price = price_of(offer, entry.t, inputs) if entry.own_price is None else entry.own_price
    own = entry.own_price is not None
    return Cohort(offer, entry.place, entry.t, entry.systems, price, True, own_price=own)


def read_work(rows: Iterable[PlanRow], inputs: Inputs, unknown: Unknown) -> tuple[Work, ...]:
    """The work rows, with the rate of an accelerator in the period of running."""
    index, work = inputs.horizon.positions(), []
    for row in rows:
        demand, system = inputs.demand.get(row["demand"]), inputs.systems.get(row["system"])
        t = index.get(row["period"])
        if demand is None or system is None or t is None:
            unknown.append(("work", (row["demand"], row["system"], row["place"], row["period"])))
            continue
        used = stated_for(demand, system, inputs.horizon.span(t), inputs)
        rate, point = used or (None, None)
        work.append(Work(row["demand"], system, row["place"], t, Fraction(row["systems"]), rate, point))
    return tuple(work)


def read_unmet(rows: Iterable[PlanRow], inputs: Inputs, unknown: Unknown) -> tuple[Unmet, ...]:
    """The unmet rows, with their price in the period."""
    index, unmet = inputs.horizon.positions(), []
    for row in rows:
        demand, t = inputs.demand.get(row["demand"]), index.get(row["period"])
        if demand is None or t is None:
            unknown.append(("unmet", (row["demand"], row["period"])))
            continue
        schedule = demand.unmet_usd_per_unit_hour
        price = schedule.mean(inputs.horizon.span(t)) if schedule else None
        unmet.append(Unmet(row["demand"], t, Fraction(row["per_second"]), price))
    return tuple(unmet)
