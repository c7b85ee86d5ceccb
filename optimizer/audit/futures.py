"""A decision under uncertainty checked in a future: its plan, with what the future breaks as it is stated.

Of what is ordered after the decision is taken there may be fractions of systems. Everything else holds as in any plan,
less what is stated to stand unpowered and plus what is stated to be beyond a limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from optimizer.audit import UNREADABLE, judged
from optimizer.audit.checks import Allowed, Check, Limited, row
from optimizer.audit.courses import future_is_applied
from optimizer.audit.decisions import ZERO, PlanRow
from optimizer.audit.expected import keep_accounts
from optimizer.audit.order_permissions import order_keys
from optimizer.audit.periods import span
from optimizer.audit.permissions import PERMISSIONS
from optimizer.audit.reported import STATEMENTS
from optimizer.audit.resources import RESOURCES
from optimizer.audit.roll_forward import Books
from optimizer.audit.scope import inputs_are_understood
from optimizer.audit.verdict import Verdict

SAME_SHARE = Fraction(1, 10**9)
"""Two shares of systems that work are one if they differ by less: one is a float."""


@dataclass(frozen=True)
class Stands:
    """Systems that a plan states to stand unpowered, of those of which the share `able` does work."""

    system: str
    site: str
    period: str
    able: float
    systems: float


@dataclass(frozen=True)
class Told:
    """What is told of a plan of one future.

    `over` is by how much each row is passed, in the row's own unit, `unmet` the price of work that the scenario gives
    none, `scenario`, `catalog` and `future` are the texts that the plan's own follow from.
    """

    decide_by: str
    unpowered: Sequence[Stands]
    over: Mapping[str, float]
    scenario: PlanRow
    catalog: PlanRow
    future: PlanRow
    unmet: Mapping[str, float]


def audit_future(plan: PlanRow, told: Told) -> Verdict:
    """Check a plan of one future, and that it is a plan of that future."""
    try:
        applied = future_is_applied(told.scenario, told.catalog, told.future, told.unmet, plan)
        return judged(chain(applied, _checks(plan, told.decide_by, told.unpowered, told.over)))
    except UNREADABLE as error:
        finding = f"plan: cannot be read: {type(error).__name__}: {error}"
        return Verdict(ok=False, checks=0, largest_violation=0.0, cost_difference_usd=0.0, findings=(finding,))


def _checks(plan: PlanRow, decide_by: str, unpowered: Sequence[Stands], over: Mapping[str, float]) -> Iterator[Check]:
    yield from inputs_are_understood(plan)
    accounts = keep_accounts(plan)
    books = accounts.books
    yield from _stands_there(books, unpowered)
    released = _released(books, unpowered)
    for check in accounts.constraints:
        yield _allowing(check, released, over) if isinstance(check, Limited) else check
    later = _later(books, decide_by)
    for rule in PERMISSIONS:
        yield from (check for check in rule(books) if check.name != "order_is_whole" or check.keys not in later)
    for statement in STATEMENTS:
        yield from statement(plan, accounts)


def _later(books: Books, decide_by: str) -> set[tuple[str, ...]]:
    """The orders that are placed after the decision is taken."""
    horizon, last = books.inputs.horizon, span(decide_by)[0]
    return {order_keys(books, order) for order in books.orders if horizon.start(order.ordered) > last}


def _stands_there(books: Books, unpowered: Iterable[Stands]) -> Iterator[Check]:
    """No more stands unpowered than there is of its kind, and none is less than nothing."""
    for stands in unpowered:
        t = books.inputs.horizon.positions()[stands.period]
        there = sum((n for share, n in _kinds(books, stands.system, stands.site, t) if _is(share, stands)), ZERO)
        keys = stands.system, stands.site, stands.period
        yield Limited("unpowered_within_site", keys, Fraction(stands.systems), there, "systems")
        yield Limited("unpowered_not_negative", keys, Fraction(stands.systems), ZERO, "systems", -1)


def _kinds(books: Books, system: str, site: str, t: int) -> Iterator[tuple[Fraction, Fraction]]:
    """(share that works, systems) of all that is in service."""
    fleet = books.fleet.get((system, site))
    if fleet:
        yield books.inputs.availability, fleet[t]
    for cohort in books.cohorts:
        here = (cohort.offer.system.id, cohort.place) == (system, site)
        if here and t in cohort.served(books.inputs.horizon.periods):
            yield cohort.offer.at_work(t - cohort.t), cohort.systems


def _is(share: Fraction, stands: Stands) -> bool:
    return abs(share - Fraction(stands.able)) <= SAME_SHARE


def _released(books: Books, unpowered: Iterable[Stands]) -> Mapping[str, Fraction]:
    """What stands unpowered leaves of each row: of a resource of its site, and of what is able to work there."""
    found: defaultdict[str, Fraction] = defaultdict(Fraction)
    inputs = books.inputs
    for stands in unpowered:
        system, systems = inputs.systems[stands.system], Fraction(stands.systems)
        months = inputs.horizon.span(inputs.horizon.positions()[stands.period])
        for resource in RESOURCES:
            taken = resource.take(system, inputs.sites[stands.site], months)
            found[row(resource.row, (stands.site, stands.period))] += systems * taken
        able = row("run_within_fleet", (stands.system, stands.site, stands.period))
        found[able] -= systems * Fraction(stands.able)
    return found


def _allowing(check: Limited, released: Mapping[str, Fraction], over: Mapping[str, float]) -> Check:
    """A comparison with more or less of its limit; where fractions may be ordered, nothing has to be whole."""
    name = row(check.name, check.keys)
    given = released.get(name, ZERO) + (check.sense or 1) * Fraction(over.get(name, 0.0))
    return check._replace(limit=check.limit + given, whole=False)


def one_decision(plans: Mapping[str, PlanRow], decide_by: str) -> Iterator[Check]:
    """What is placed, started, retired or signed up to a period is the same in the plan of every future."""
    last = span(decide_by)[0]
    decided = {name: _decided(plan, last) for name, plan in plans.items()}
    first = next(iter(decided))
    for name, taken in decided.items():
        for key in sorted({*taken, *decided[first]}):
            same = taken.get(key, 0.0) == decided[first].get(key, 0.0)
            yield Allowed("one_decision", (name, *key), same, f"it is not what is decided in {first}")


def _decided(plan: PlanRow, last: int) -> dict[tuple[str, ...], float]:
    """The decisions of a plan by what they are about and when they are taken, up to a month."""
    found: defaultdict[tuple[str, ...], float] = defaultdict(float)
    for order in plan["orders"]:
        if not order["commitment"] and span(order["ordered"])[0] <= last:
            found["order", order["offer"], order.get("frame") or "", order["place"], order["ordered"]] += order[
                "systems"
            ]
    for table, about in (("engineering", ("accelerator",)), ("porting", ("demand", "stack"))):
        for started in plan[table]:
            if span(started["starts"])[0] <= last:
                found[table, *(started[key] for key in about), started["starts"]] += 1
    for retired in plan["retired"]:
        if span(retired["period"])[0] <= last:
            found["retired", retired["system"], retired["site"], retired["period"]] += retired["systems"]
    return found
