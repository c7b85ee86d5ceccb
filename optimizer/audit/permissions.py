"""What a decision may be at all: each function yields its comparisons, each is a line in PERMISSIONS."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from optimizer.audit.checks import Allowed, Check, Keys, Limited
from optimizer.audit.decisions import ZERO, Work
from optimizer.audit.order_permissions import (
    order_at_place,
    order_basis_allowed,
    order_has_price,
    order_inside_horizon,
    order_is_whole,
    order_not_denied,
    order_not_negative,
    order_open_to_buyer,
    order_while_available,
)
from optimizer.audit.other_decisions import Retired
from optimizer.audit.points import in_one_system, in_precision, on_evidence
from optimizer.audit.roll_forward import Books


def work_keys(books: Books, work: Work) -> Keys:
    """The keys of work: demand, system, place and period."""
    return work.demand, work.system.id, work.place, books.inputs.horizon.key(work.t)


def _each_work(books: Books, name: str, allows: Callable[[Work], bool], reason: str) -> Iterator[Check]:
    for work in books.work:
        yield Allowed(name, work_keys(books, work), allows(work), reason)


def rows_are_known(books: Books) -> Iterator[Check]:
    """Decisions name offers, systems, demands and periods that exist."""
    for table, keys in books.unknown_rows:
        yield Allowed("rows_are_known", (table, *keys), False, "the row names something unknown")


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
        return work.point is None or on_evidence(work.point, books.inputs)

    return _each_work(books, "work_basis_allowed", allowed, "the scenario does not accept the basis of the throughput")


def work_in_precision(books: Books) -> Iterator[Check]:
    """The throughput is in a precision that the demand accepts, where it names any."""
    reason = "the demand does not accept the precision of the throughput"
    for work in books.work:
        demand = books.inputs.demand[work.demand]
        if demand.precisions is not None and work.point is not None:
            yield Allowed("work_in_precision", work_keys(books, work), in_precision(work.point, demand), reason)


def work_in_one_system(books: Books) -> Iterator[Check]:
    """A system holds as many accelerators as reached its throughput together, where it took more than one."""
    for work in books.work:
        if work.point is not None and work.point.accelerators > 1:
            reason = f"its throughput takes {work.point.accelerators} accelerators together"
            allowed = in_one_system(work.point, work.system)
            yield Allowed("work_in_one_system", work_keys(books, work), allowed, reason)


def work_fits_memory(books: Books) -> Iterator[Check]:
    """The system's accelerators together hold what the workload takes: its weights and a minimal cache."""

    def fits(work: Work) -> bool:
        return work.point is None or work.point.fits(work.system)

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
        for t, load in enumerate(books.site_use[key].kw_months):
            needed = (site.tariffs["electricity_usd_per_mwh"], site.pue)
            begun = [schedule.mean(horizon.span(t)) is not None for schedule in needed]
            reason = "electricity has no price, or the site no PUE yet"
            yield Allowed("site_has_electricity", (key, horizon.key(t)), not load or all(begun), reason)


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
    work_in_precision,
    work_in_one_system,
    work_fits_memory,
    unmet_not_negative,
    unmet_has_price,
    retire_not_negative,
    retire_is_whole,
    retire_while_in_service,
    expand_not_negative,
    site_has_electricity,
)
