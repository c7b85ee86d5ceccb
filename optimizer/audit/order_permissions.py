"""What an order may be at all: each function that yields comparisons is a line in PERMISSIONS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from optimizer.audit.checks import Allowed, Check, Keys, Limited
from optimizer.audit.decisions import ZERO, Cohort, price_of
from optimizer.audit.records import Inputs, Offer
from optimizer.audit.roll_forward import Books

ANY_BUYER = "any"


def order_keys(books: Books, cohort: Cohort) -> Keys:
    """The keys of an order: what it is ordered as, place and period of entering service."""
    return cohort.label, cohort.place, books.inputs.horizon.key(cohort.t)


def _each_order(
    books: Books, name: str, allows: Callable[[Cohort], bool], reason: Callable[[Cohort], str]
) -> Iterator[Check]:
    for order in books.orders:
        good = allows(order)
        yield Allowed(name, order_keys(books, order), good, "" if good else reason(order))


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
    """The evidence behind the price is of an accepted basis."""
    return _each_order(
        books,
        "order_basis_allowed",
        lambda order: is_accepted(order.offer.price_basis, books.inputs),
        lambda order: f"the price is {order.offer.price_basis}, which the scenario does not accept",
    )


def is_accepted(basis: str, inputs: Inputs) -> bool:
    """Whether the scenario accepts evidence of a basis."""
    return inputs.basis is None or basis in inputs.basis


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
