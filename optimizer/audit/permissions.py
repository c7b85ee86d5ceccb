"""What a decision may be at all: each function yields its comparisons, each is a line in PERMISSIONS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from optimizer.audit.checks import Allowed, Check, Keys, Limited
from optimizer.audit.decisions import ZERO, Cohort, Work, price_of
from optimizer.audit.other_decisions import Retired
from optimizer.audit.records import Inputs, Offer
from optimizer.audit.roll_forward import Books

ANY_BUYER = "any"


def order_keys(books: Books, cohort: Cohort) -> Keys:
    """The keys of an order: offer, place and period of entering service."""
    return cohort.offer.id, cohort.place, books.inputs.horizon.key(cohort.t)


def work_keys(books: Books, work: Work) -> Keys:
    """The keys of work: demand, system, place and period."""
    return work.demand, work.system.id, work.place, books.inputs.horizon.key(work.t)


def _each_order(
    books: Books, name: str, allows: Callable[[Cohort], bool], reason: Callable[[Cohort], str]
) -> Iterator[Check]:
    for order in books.orders:
        good = allows(order)
        yield Allowed(name, order_keys(books, order), good, "" if good else reason(order))


def _each_work(books: Books, name: str, allows: Callable[[Work], bool], reason: str) -> Iterator[Check]:
    for work in books.work:
        yield Allowed(name, work_keys(books, work), allows(work), reason)


def rows_are_known(books: Books) -> Iterator[Check]:
    """Decisions name offers, systems, demands and periods that exist."""
    for table, keys in books.unknown_rows:
        yield Allowed("rows_are_known", (table, *keys), False, "the row names something unknown")


def order_not_negative(books: Books) -> Iterator[Check]:
    """Orders are not negative."""
    for order in books.orders:
        yield Limited("order_not_negative", order_keys(books, order), order.systems, ZERO, "systems", -1)


def order_is_whole(books: Books) -> Iterator[Check]:
    """Orders are whole systems unless the offer is divisible."""
    return _each_order(
        books,
        "order_is_whole",
        lambda order: order.offer.divisible or order.systems.denominator == 1,
        lambda order: f"{float(order.systems)!r} systems are not a whole number",
    )


def order_inside_horizon(books: Books) -> Iterator[Check]:
    """Orders are placed from the first period on: t - l_o ≥ 1."""
    return _each_order(
        books,
        "order_inside_horizon",
        lambda order: order.ordered >= 0,
        lambda order: f"a lead time of {order.offer.lead} periods puts the order before the horizon",
    )


def order_while_available(books: Books) -> Iterator[Check]:
    """The first month of the period of order lies inside `available`."""
    return _each_order(
        books,
        "order_while_available",
        lambda order: is_available(order.offer, books.inputs.horizon.start(order.ordered)),
        lambda order: f"the offer cannot be ordered in {books.inputs.horizon.key(order.ordered)}",
    )


def is_available(offer: Offer, month: int) -> bool:
    """Whether a month lies between the first month of `from` and the last of `until`."""
    begun = offer.available_from is None or offer.available_from <= month
    return begun and (offer.available_until is None or month <= offer.available_until)


def order_has_price(books: Books) -> Iterator[Check]:
    """The offer has a price in the period of order."""
    return _each_order(
        books,
        "order_has_price",
        lambda order: order.price is not None,
        lambda order: f"the offer has no price in {books.inputs.horizon.key(order.ordered)}",
    )


def order_open_to_buyer(books: Books) -> Iterator[Check]:
    """The offer is open to this buyer; `buyer: any` opens every offer."""
    buyer = books.inputs.buyer
    return _each_order(
        books,
        "order_open_to_buyer",
        lambda order: is_open_to(buyer, order.offer),
        lambda _: f"the offer is not open to {buyer or 'a scenario without a buyer'}",
    )


def is_open_to(buyer: str | None, offer: Offer) -> bool:
    """Whether a buyer may order."""
    return offer.buyers is None or buyer == ANY_BUYER or buyer in offer.buyers


def order_not_denied(books: Books) -> Iterator[Check]:
    """The offer, its system or its accelerator is allowed, where a list says so, and none of them denied."""
    verdicts: dict[str, bool] = {offer.id: is_allowed(offer, books.inputs) for offer in books.inputs.offers.values()}
    return _each_order(
        books, "order_not_denied", lambda order: verdicts[order.offer.id], lambda _: "the scenario does not allow it"
    )


def is_allowed(offer: Offer, inputs: Inputs) -> bool:
    """Whether the lists of the scenario allow an offer; deny wins."""
    names = (offer.id, offer.system.id, offer.system.accelerator)
    denied = any(fnmatchcase(name, pattern) for pattern in inputs.deny for name in names)
    listed = inputs.allow is None or any(fnmatchcase(name, pattern) for pattern in inputs.allow for name in names)
    return listed and not denied


def order_basis_allowed(books: Books) -> Iterator[Check]:
    """The evidence behind the price is of an accepted basis; a price that nobody cites has none."""
    return _each_order(
        books,
        "order_basis_allowed",
        lambda order: is_accepted(order.offer.price_basis, books.inputs),
        lambda order: f"the price is {order.offer.price_basis}, which the scenario does not accept",
    )


def is_accepted(basis: str | None, inputs: Inputs) -> bool:
    """Whether the scenario accepts evidence of a basis; None where nobody cites any."""
    return inputs.basis is None or basis is None or basis in inputs.basis


def dated_arrivals(offer: Offer, inputs: Inputs) -> list[int]:
    """The periods in which what is ordered in the horizon, while the offer is available, enters service."""
    horizon = inputs.horizon
    return [t for t in range(offer.lead, horizon.periods) if is_available(offer, horizon.start(t - offer.lead))]


def priced_arrivals(offer: Offer, inputs: Inputs) -> list[int]:
    """Those of them for which the offer has a price when they are ordered."""
    return [t for t in dated_arrivals(offer, inputs) if price_of(offer, t, inputs) is not None]


def may_be_ordered(offer: Offer, inputs: Inputs) -> bool:
    """Whether a scenario lets an offer be ordered in some period."""
    return (
        bool(priced_arrivals(offer, inputs))
        and is_allowed(offer, inputs)
        and is_open_to(inputs.buyer, offer)
        and is_accepted(offer.price_basis, inputs)
    )


def order_at_place(books: Books) -> Iterator[Check]:
    """Hosted systems stand at the offer's host, all others at a site of the scenario."""
    return _each_order(
        books,
        "order_at_place",
        lambda order: order.place == order.offer.host if order.offer.hosted else order.place in books.inputs.sites,
        lambda order: f"{order.place} is not the host of the offer" if order.offer.hosted else "there is no such site",
    )


def standing_at_site(books: Books) -> Iterator[Check]:
    """The fleet and committed systems that are ours stand at a site of the scenario, not at a host."""
    committed = ((c.offer.system.id, c.place) for c in books.cohorts if c.committed and not c.offer.hosted)
    for system, place in sorted({*books.fleet, *committed}):
        yield Allowed("standing_at_site", (system, place), place in books.inputs.sites, "there is no such site")


def work_not_negative(books: Books) -> Iterator[Check]:
    """Work is not negative."""
    for work in books.work:
        yield Limited("work_not_negative", work_keys(books, work), work.systems, ZERO, "systems", -1)


def work_has_throughput(books: Books) -> Iterator[Check]:
    """The accelerator has a throughput on the workload in the period of running."""
    return _each_work(
        books, "work_has_throughput", lambda work: work.rate is not None, "the accelerator cannot do it in this period"
    )


def work_on_allowed_stack(books: Books) -> Iterator[Check]:
    """The demand lists the accelerator's stack, or none."""

    def allowed(work: Work) -> bool:
        stacks = books.inputs.demand[work.demand].stacks
        return stacks is None or work.system.stack in stacks

    return _each_work(books, "work_on_allowed_stack", allowed, "the demand does not run on this stack")


def work_at_allowed_place(books: Books) -> Iterator[Check]:
    """The demand lists the site or host, or none."""

    def allowed(work: Work) -> bool:
        sites = books.inputs.demand[work.demand].sites
        return sites is None or work.place in sites

    return _each_work(books, "work_at_allowed_place", allowed, "the demand does not run at this place")


def work_basis_allowed(books: Books) -> Iterator[Check]:
    """The evidence behind the throughput is of an accepted basis."""

    def allowed(work: Work) -> bool:
        throughput = books.inputs.throughput.get((work.system.accelerator, books.inputs.demand[work.demand].workload))
        return throughput is None or is_accepted(throughput.basis, books.inputs)

    return _each_work(books, "work_basis_allowed", allowed, "the scenario does not accept the basis of the throughput")


def work_fits_memory(books: Books) -> Iterator[Check]:
    """The system's accelerators together hold what the workload takes: its weights and a minimal cache."""

    def fits(work: Work) -> bool:
        throughput = books.inputs.throughput.get((work.system.accelerator, books.inputs.demand[work.demand].workload))
        return throughput is None or throughput.fits(work.system)

    return _each_work(books, "work_fits_memory", fits, "the system's memory does not hold the workload")


def unmet_not_negative(books: Books) -> Iterator[Check]:
    """Unmet demand is not negative."""
    for row in books.unmet:
        keys, unit = (row.demand, books.inputs.horizon.key(row.t)), books.inputs.demand[row.demand].unit
        yield Limited("unmet_not_negative", keys, row.per_second, ZERO, unit, -1)


def unmet_has_price(books: Books) -> Iterator[Check]:
    """Only a demand per second with a price for it may be left, in a period in which the price has begun.

    Under maximize_value a demand that has a value, now or later, may always be left.
    """
    for row in books.unmet:
        keys, demand = (row.demand, books.inputs.horizon.key(row.t)), books.inputs.demand[row.demand]
        valued = books.inputs.values_work and demand.value_usd_per_unit_hour is not None
        priced = row.price is not None or valued
        may_be_left = priced and demand.per_second is not None
        yield Allowed("unmet_has_price", keys, may_be_left, "the demand has to be served in full")


def retire_not_negative(books: Books) -> Iterator[Check]:
    """Systems retired are not negative."""
    for row in books.retired:
        yield Limited("retire_not_negative", retired_keys(books, row), row.systems, ZERO, "systems", -1)


def retire_is_whole(books: Books) -> Iterator[Check]:
    """Whole systems are retired."""
    for row in books.retired:
        reason = f"{float(row.systems)!r} systems are not a whole number"
        yield Allowed("retire_is_whole", retired_keys(books, row), row.systems.denominator == 1, reason)


def retire_while_in_service(books: Books) -> Iterator[Check]:
    """Systems are retired in a period of their service, not after `until`."""
    horizon = books.inputs.horizon
    for row in books.retired:
        until = row.key[2]
        serves = until is None or horizon.start(row.t) <= until
        yield Allowed("retire_while_in_service", retired_keys(books, row), serves, "the systems no longer serve")


def retired_keys(books: Books, row: Retired) -> Keys:
    """The keys of a retirement: system, site and period."""
    return (*row.key[:2], books.inputs.horizon.key(row.t))


def expand_not_negative(books: Books) -> Iterator[Check]:
    """Power added is not negative."""
    for row in books.expanded:
        keys = row.site, books.inputs.horizon.key(row.t)
        yield Limited("expand_not_negative", keys, row.mw, ZERO, "MW", -1)


def site_has_electricity(books: Books) -> Iterator[Check]:
    """Systems stand on our sites only in periods with a price of electricity and a PUE."""
    horizon = books.inputs.horizon
    for key, site in books.inputs.sites.items():
        for t, kw in enumerate(books.site_use[key].provisioned_kw):
            needed = (site.electricity_usd_per_mwh, site.pue)
            begun = [schedule.mean(horizon.span(t)) is not None for schedule in needed]
            reason = "electricity has no price, or the site no PUE yet"
            yield Allowed("site_has_electricity", (key, horizon.key(t)), not kw or all(begun), reason)


PERMISSIONS: tuple[Callable[[Books], Iterator[Check]], ...] = (
    rows_are_known,
    order_not_negative,
    order_is_whole,
    order_inside_horizon,
    order_while_available,
    order_has_price,
    order_open_to_buyer,
    order_not_denied,
    order_basis_allowed,
    order_at_place,
    standing_at_site,
    work_not_negative,
    work_has_throughput,
    work_on_allowed_stack,
    work_at_allowed_place,
    work_basis_allowed,
    work_fits_memory,
    unmet_not_negative,
    unmet_has_price,
    retire_not_negative,
    retire_is_whole,
    retire_while_in_service,
    expand_not_negative,
    site_has_electricity,
)
