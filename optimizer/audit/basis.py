"""How much of a plan rests on which evidence: `basis`, once more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction

from optimizer.audit.catalog_inputs import UNCITED
from optimizer.audit.checks import FRACTIONS, Check, Reported
from optimizer.audit.costs import work_by_demand
from optimizer.audit.decisions import ZERO, PlanRow
from optimizer.audit.expected import Accounts
from optimizer.audit.records import Demand
from optimizer.audit.roll_forward import Books

Shares = Mapping[str, Fraction]


def basis(plan: PlanRow, accounts: Accounts) -> Iterator[Check]:
    """The shares of work and of spend by kind of evidence; a kind that the plan does not name has none."""
    for total, found in (("work", work_by_basis(accounts.books)), ("spend", spend_by_basis(accounts.books))):
        stated = plan["basis"][total] if "basis" in plan else {}
        whole = sum(found.values(), ZERO)
        for kind in sorted({*stated, *found}) if stated else ():
            share = float(found.get(kind, ZERO) / whole) if whole else 0.0
            yield Reported("basis", (total, kind), stated.get(kind), share, float(FRACTIONS))


def work_by_basis(books: Books) -> Shares:
    """Work done by the basis of the throughput, as parts of what its demand asks for.

    Σ work / per_second(t), for a run with deadlines Σ work / its last amount, for an open demand Σ work / all of it
    in the period.
    """
    shares: defaultdict[str, Fraction] = defaultdict(Fraction)
    done = work_by_demand(books)
    for work in books.work:
        demand = books.inputs.demand[work.demand]
        whole = done[work.demand, work.t] if demand.open else asked(demand, books.inputs.horizon.span(work.t))
        if work.point and whole:
            shares[work.point.basis] += work.per_second / whole
    return shares


def asked(demand: Demand, months: range) -> Fraction:
    """Work per second in a period, or the unit hours of a run when its last deadline has passed."""
    if demand.per_second is None:
        return max((amount for _, _, amount in demand.deadlines), default=ZERO)
    return demand.asked(months)


def spend_by_basis(books: Books) -> Shares:
    """Price, network and rent inside the horizon of all orders and commitments by the basis of their price.

    A price that a commitment states itself has no cite.
    """
    horizon, shares = books.inputs.horizon, defaultdict[str, Fraction](Fraction)
    for cohort in books.cohorts:
        hours = horizon.hours * len(cohort.served(horizon.periods))
        bought = 0 if cohort.running else cohort.hardware_usd + cohort.network_usd
        spent = bought + cohort.rent_usd_per_hour * hours
        shares[UNCITED if cohort.own_price else cohort.offer.price_basis] += spent
    return shares
