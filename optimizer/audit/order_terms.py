"""The constraints that come with how accelerators are sold and used: terms, engineering, porting, clusters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from optimizer.audit.checks import Allowed, Check, Limited
from optimizer.audit.decisions import ZERO, Cohort, systems_together
from optimizer.audit.order_permissions import order_keys
from optimizer.audit.other_decisions import Started, porting_of
from optimizer.audit.permissions import work_keys
from optimizer.audit.roll_forward import Books

Running = Mapping[tuple[str, str], Fraction]
"""Accelerators that do the work of a demand in a period, by (accelerator, place)."""


def order_at_least_minimum(books: Books) -> Iterator[Check]:
    """Σ_s order is 0 or ≥ minimum_order_systems, commitments apart."""
    for (offer, t), systems in systems_together(books.orders).items():
        minimum = books.inputs.offers[offer].minimum_order
        if minimum is not None and systems:
            keys = offer, books.inputs.horizon.key(t)
            yield Limited("order_at_least_minimum", keys, systems, minimum, "systems", -1, whole=True)


def buy_in_one_band(books: Books) -> Iterator[Check]:
    """The price paid is that of the band of all systems of the offer and period, commitments apart."""
    paid = {(order.label, order.t): order.price for order in books.orders if order.offer.price_breaks}
    for (label, t), price in paid.items():
        stated = books.stated_price.get((label, t))
        if price is not None and stated is not None:
            keys = label, books.inputs.horizon.key(t)
            yield Limited("buy_in_one_band", keys, stated, price, "USD per system", 0)


def first_ready(projects: Iterable[Started]) -> dict[tuple[str, ...], int]:
    """The first period in which each of what was started is ready."""
    ready: dict[tuple[str, ...], int] = {}
    for project in projects:
        ready[project.keys] = min(project.ready, ready.get(project.keys, project.ready))
    return ready


def engineer_before_order(books: Books) -> Iterator[Check]:
    """A purchase is placed (period t - l_o) when the one-off of its accelerator is ready, never without it.

    Leases, hosted offers and commitments need none.
    """
    ready = first_ready(books.engineering)
    for order in books.orders:
        if needs_engineering(order, books):
            begun = ready.get((order.offer.system.accelerator,))
            yield _when_ready(books, "engineer_before_order", order_keys(books, order), begun, order.ordered)


def needs_engineering(order: Cohort, books: Books) -> bool:
    """Whether an order has to wait for a one-off."""
    return order.offer.purchased and order.systems > 0 and order.offer.system.accelerator in books.inputs.one_offs


def port_before_run(books: Books) -> Iterator[Check]:
    """Work runs on a stack that is not free when its porting is ready, never without it."""
    ready = first_ready(books.porting)
    for work in books.work:
        if work.systems > 0 and porting_of(work.demand, work.system.stack, books.inputs):
            begun = ready.get((work.demand, work.system.stack))
            yield _when_ready(books, "port_before_run", work_keys(books, work), begun, work.t)


def _when_ready(books: Books, name: str, keys: tuple[str, ...], ready: int | None, t: int) -> Check:
    """Something that needs a project in period t, ready in a period, if ever."""
    reason = "it has not been started" if ready is None else f"it is ready in {books.inputs.horizon.key(ready)}"
    return Allowed(name, keys, ready is not None and ready <= t, reason)


def clusters(books: Books) -> dict[tuple[str, int], Running]:
    """Accelerators at work by demand and period, for the demands that ask for a cluster."""
    running: defaultdict[tuple[str, int], defaultdict[tuple[str, str], Fraction]]
    running = defaultdict(lambda: defaultdict(Fraction))
    for work in books.work:
        if books.inputs.demand[work.demand].cluster is not None:
            here = running[work.demand, work.t]
            here[work.system.accelerator, work.place] += work.system.accelerators * work.systems
    return {key: dict(here) for key, here in running.items()}


def most(running: Running) -> tuple[tuple[str, str], Fraction]:
    """The accelerator and place with most of the work."""
    return max(sorted(running.items()), key=lambda item: item[1])


def cluster_on_one_site(books: Books) -> Iterator[Check]:
    """In each period one (accelerator, place) does all work, on at least so many accelerators, if any is done."""
    for (demand, t), running in clusters(books).items():
        keys = demand, books.inputs.horizon.key(t)
        _, largest = most(running)
        elsewhere = sum(running.values(), ZERO) - largest
        yield Limited("cluster_on_one_site", (*keys, "elsewhere"), elsewhere, ZERO, "accelerators")
        if largest > 0:
            asked = books.inputs.demand[demand].cluster or ZERO
            yield Limited("cluster_on_one_site", keys, largest, asked, "accelerators", -1)
