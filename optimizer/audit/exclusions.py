"""Which offers cannot be ordered, once more: each is excluded for a reason that is true, or can be ordered.

A reason is read as the plan words it. Whether a limit may want systems that do no work is left open: such an offer may
be excluded or not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from fractions import Fraction

from optimizer.audit.checks import Allowed, Check
from optimizer.audit.decisions import ZERO, PlanRow, price_of
from optimizer.audit.expected import Accounts
from optimizer.audit.order_permissions import (
    dated_arrivals,
    is_accepted,
    is_allowed,
    is_open_to,
    may_be_ordered,
    priced_arrivals,
)
from optimizer.audit.periods import Schedule, budget_windows
from optimizer.audit.periods import span as months_of
from optimizer.audit.points import TOO_SMALL, done_by, least_taken, points_of, sifted
from optimizer.audit.records import Demand, Inputs, Offer
from optimizer.audit.resources import RESOURCES
from optimizer.audit.selections import places_of

Holes = Mapping[str, str]
"""What the holes of a reason are filled with."""
Truth = Callable[[Holes, Offer, Inputs], bool]
OPEN_END = "…"
MEMORY = r"its (?P<count>\d+) accelerators? holds? (?P<holds>[\d.]+) GB, \S+ takes (?P<takes>[\d.]+) GB in \S+"
SURELY = 1 + Fraction(1, 10**6)
"""One system, and what rounding may do to a limit that leaves just room for it."""


def excluded(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
    """Every offer is excluded once, for a reason that is true, or can be ordered."""
    inputs, seen = accounts.books.inputs, set[str]()
    for row in plan.get("excluded", ()):
        offer = inputs.offers.get(row["offer"])
        true = offer is not None and row["offer"] not in seen and is_true(row["reason"], offer, inputs)
        yield Allowed("excluded", (row["offer"],), true, f"this is not why it cannot be ordered: {row['reason']}")
        seen.add(row["offer"])
    for key, offer in inputs.offers.items() if "excluded" in plan else ():
        possible = key in seen or (may_be_ordered(offer, inputs) and bool(places_of(offer, inputs)))
        yield Allowed("excluded", (key,), possible, "it cannot be ordered and is not excluded")


def is_true(reason: str, offer: Offer, inputs: Inputs) -> bool:
    """Whether a reason is one that there is, and holds for an offer."""
    for pattern, truth in REASONS.items():
        if match := re.fullmatch(pattern, reason):
            return truth(match.groupdict(), offer, inputs)
    return False


def closed(said: Holes, offer: Offer, inputs: Inputs) -> bool:
    return said["buyers"].split(", ") == sorted(offer.buyers or ()) and not is_open_to(inputs.buyer, offer)


def denied(said: Holes, offer: Offer, inputs: Inputs) -> bool:
    names = (offer.id, offer.system.id, offer.system.accelerator)
    return said["pattern"] in inputs.deny and any(fnmatchcase(name, said["pattern"]) for name in names)


def not_listed(_: Holes, offer: Offer, inputs: Inputs) -> bool:
    return inputs.allow is not None and not is_allowed(offer, inputs)


def not_accepted(said: Holes, offer: Offer, inputs: Inputs) -> bool:
    field = "price_usd" if offer.purchased else "usd_per_accelerator_hour"
    cited = said["basis"] == offer.price_basis and said["field"] == field
    return cited and not is_accepted(offer.price_basis, inputs)


def homeless(_: Holes, offer: Offer, inputs: Inputs) -> bool:
    return not places_of(offer, inputs)


def too_late(said: Holes, offer: Offer, inputs: Inputs) -> bool:
    return int(said["months"]) == offer.lead_time_months and offer.lead >= inputs.horizon.periods


def undated(said: Holes, offer: Offer, inputs: Inputs) -> bool:
    begin = None if said["begin"] == OPEN_END else months_of(said["begin"])[0]
    end = None if said["end"] == OPEN_END else months_of(said["end"])[1]
    stated = (begin, end, int(said["months"])) == (offer.available_from, offer.available_until, offer.lead_time_months)
    return stated and not dated_arrivals(offer, inputs)


def unpriced(_: Holes, offer: Offer, inputs: Inputs) -> bool:
    return bool(dated_arrivals(offer, inputs)) and not priced_arrivals(offer, inputs)


def idle(said: Holes, offer: Offer, inputs: Inputs) -> bool:
    """It can do none of the work, for the reason given beside each demand."""
    misses = {name: near_miss(demand, offer, inputs) for name, demand in sorted(inputs.demand.items())}
    told = [text.partition(": ") for text in said["misses"].split("; ")]
    unable = None not in misses.values() and bool(places_of(offer, inputs)) and len(told) == len(misses)
    return unable and all(
        name == demand
        and (text == why or (why == TOO_SMALL and holds_less(text, inputs.demand[demand], offer, inputs)))
        for (name, _, text), (demand, why) in zip(told, misses.items(), strict=True)
    )


def holds_less(text: str, demand: Demand, offer: Offer, inputs: Inputs) -> bool:
    """Whether a text tells what a system's accelerators hold together, and what the workload takes."""
    match = re.fullmatch(MEMORY, text)
    expected = (offer.system.accelerators, offer.system.memory_gb, least_taken(demand, offer.system, inputs))
    return match is not None and tuple(map(Fraction, match.group("count", "holds", "takes"))) == expected


def near_miss(demand: Demand, offer: Offer, inputs: Inputs) -> str | None:
    """The first thing that keeps an offer's systems from a demand's work; None if nothing does."""
    if not points_of(demand, offer.system, inputs):
        return f"no throughput for {demand.workload}"
    if demand.stacks is not None and offer.system.stack not in demand.stacks:
        return f"stack {offer.system.stack} is not listed"
    _, why = sifted(demand, offer.system, inputs)
    if why is not None:
        return why
    spans = map(inputs.horizon.span, range(inputs.horizon.periods))
    if not any(done_by(demand, offer.system, months, inputs) for months in spans):
        return "its throughput begins after the horizon"
    if not offer.at_work(offer.service - 1):
        return "its systems are brought up for all of their term (bring_up_months)"
    if not any(stands(demand, place) for place in places_of(offer, inputs)):
        return "it may not run where the offer's systems stand"
    return None


def stands(demand: Demand, place: str) -> bool:
    """Whether a demand may run at a place."""
    return demand.sites is None or place in demand.sites


def no_room(_: Holes, offer: Offer, inputs: Inputs) -> bool:
    """It can be ordered and is of use, but nowhere and never is there room for one system that has work to do."""
    able = any(near_miss(demand, offer, inputs) is None for demand in inputs.demand.values())
    if not may_be_ordered(offer, inputs) or not (able or inputs.limits or inputs.frames):
        return False
    return not any(
        has_work(offer, place, t, inputs) and has_room(offer, place, t, inputs)
        for place in places_of(offer, inputs)
        for t in priced_arrivals(offer, inputs)
    )


def served(offer: Offer, t: int, inputs: Inputs) -> range:
    """The periods of service inside the horizon of an order that arrives in t."""
    return range(t, min(inputs.horizon.periods, t + offer.service))


def has_work(offer: Offer, place: str, t: int, inputs: Inputs) -> bool:
    """Whether some demand asks, while an order is in service, for work that its systems can do at a place."""
    return any(
        could_do(demand, offer, place, tau, inputs) and asks(demand, tau, inputs)
        for demand in inputs.demand.values()
        for tau in served(offer, t, inputs)
        if offer.at_work(tau - t)
    )


def asks(demand: Demand, t: int, inputs: Inputs) -> bool:
    """Whether work of a demand is asked for in a period, or may be done in it for a deadline."""
    if demand.open:
        return True
    if demand.per_second is not None:
        return bool(demand.asked(inputs.horizon.span(t)))
    return any(amount and t < periods for _, periods, amount in demand.deadlines)


def could_do(demand: Demand, offer: Offer, place: str, t: int, inputs: Inputs) -> bool:
    """Whether an offer's systems are able and allowed to do a demand's work at a place in a period."""
    on_stack = demand.stacks is None or offer.system.stack in demand.stacks
    allowed = on_stack and stands(demand, place)
    return allowed and done_by(demand, offer.system, inputs.horizon.span(t), inputs) is not None


def has_room(offer: Offer, place: str, t: int, inputs: Inputs) -> bool:
    """Whether supply, the site and the budgets surely leave room for one system, or for a part of a divisible one."""
    least = Fraction(1, 10**6) if offer.divisible else SURELY
    rooms = [*supplies(offer, t, inputs), *budgets(offer, t, inputs)]
    if not offer.hosted:
        for tau in served(offer, t, inputs):
            rooms += rooms_at(offer, place, tau, inputs)
    return all(room >= least for room in rooms)


def supplies(offer: Offer, t: int, inputs: Inputs) -> Iterator[Fraction]:
    """Systems that each limit of supply leaves."""
    system, span, months = offer.system, inputs.horizon.span(t), inputs.horizon.months

    def most(schedule: Schedule) -> Fraction:
        return months * schedule.supplied(span)

    if offer.supply_systems_per_month:
        yield most(offer.supply_systems_per_month)
    if not offer.hosted and system.accelerator in inputs.supply_per_month:
        yield most(inputs.supply_per_month[system.accelerator]) / system.accelerators
    for pool, draw in system.draws.items() if not offer.hosted else ():
        if pool in inputs.pools and draw:
            rule = inputs.pools[pool]
            yield rule.share * most(rule.per_month) / (draw * system.accelerators)


def rooms_at(offer: Offer, place: str, t: int, inputs: Inputs) -> Iterator[Fraction]:
    """Systems that each limit of a site leaves by itself."""
    site, system, span = inputs.sites[place], offer.system, inputs.horizon.span(t)
    grown = site.expansion is not None and t >= site.expansion.lead
    for resource in RESOURCES:
        each, stated = resource.take(system, site, span), site.stated.get(resource.field)
        if each and stated is not None:
            most = stated.supplied(span) * len(span) if resource.monthly else stated.standing(span)
            added = site.expansion.most_mw if resource.grows and grown and site.expansion else 0
            yield (most + added) / each


def budgets(offer: Offer, t: int, inputs: Inputs) -> Iterator[Fraction]:
    """Systems that each budget leaves, by their price on arrival and their rent."""
    horizon, starts = inputs.horizon, inputs.finance.fiscal_year_starts
    price = price_of(offer, t, inputs) or ZERO
    limits, due = inputs.capex_usd, {t: price * (1 - offer.deposit_share)}
    if not offer.purchased:
        rent = price * offer.system.accelerators * horizon.hours
        limits, due = inputs.opex_usd, dict.fromkeys(served(offer, t, inputs), rent)
    for window, most in limits.items():
        for _, inside in budget_windows(window, horizon, starts):
            usd = sum((due.get(tau, ZERO) for tau in inside), ZERO)
            if usd:
                yield most / usd


LEAD = r"lead time (?P<months>\d+) months"
REASONS: Mapping[str, Truth] = {
    r"open only to (?P<buyers>.+) \(buyers\)": closed,
    r"denied by '(?P<pattern>.+)' \(offers\.deny\)": denied,
    r"not on the list of allowed offers \(offers\.allow\)": not_listed,
    r"its (?P<field>\w+) is (?P<basis>\w+), which is not accepted \(offers\.basis\)": not_accepted,
    r"it needs a site of ours and the scenario has none \(sites\)": homeless,
    r"it can do none of the work \((?P<misses>.*)\)": idle,
    rf"nothing ordered in the horizon arrives in it: {LEAD} \(lead_time_months\)": too_late,
    rf"it cannot be ordered in time: orders open (?P<begin>\S+) to (?P<end>\S+), {LEAD} \(available\)": undated,
    r"it has no price when it can be ordered \(price schedule\)": unpriced,
    r"no site, supply or work leaves room for one system": no_room,
}
"""Every reason there is, as a plan words it, and whether it holds."""
