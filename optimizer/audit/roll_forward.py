"""What follows from the decisions of a plan: systems in service, use of sites, deliveries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from optimizer.audit.decisions import (
    ZERO,
    Cohort,
    PlanRow,
    Unknown,
    Unmet,
    Work,
    committed,
    read_honoured,
    read_orders,
    read_signed,
    read_stated_prices,
    read_unmet,
    read_work,
)
from optimizer.audit.inputs import read_inputs
from optimizer.audit.other_decisions import (
    Expanded,
    FleetKey,
    Retired,
    Started,
    fleet_key,
    read_engineering,
    read_expanded,
    read_porting,
    read_retired,
)
from optimizer.audit.periods import Series
from optimizer.audit.records import DELIVERED_ROUTES, Inputs, Site, System
from optimizer.audit.resources import KW_PER_MW, RESOURCES, Resource, SiteUse

FleetSeries = list[tuple[System, Series]]


@dataclass(frozen=True)
class Books:
    """Inputs, decisions and what follows from both.

    `on_site` and `hosted` are systems in service by (system, place), `by_offer` by (offer, place)
    without the fleet, `fleet` the part of `on_site` from before that is not retired. `delivered`, `drawn` and `entered`
    count orders but not commitments. `honoured` counts the systems of the plan's rows for commitments
    by (offer, place, period). `signed` are the frames that are signed. `stated_price` is the mean price that the
    rows of orders state, by (what is ordered, period), where an offer has price breaks, `stated_shortfall` what is
    missing of each frame by its row. `later` is, by k, one USD in each of the k periods after the horizon, discounted
    to the last one in it.
    """

    inputs: Inputs
    cohorts: tuple[Cohort, ...]
    work: tuple[Work, ...]
    unmet: tuple[Unmet, ...]
    retired: tuple[Retired, ...]
    expanded: tuple[Expanded, ...]
    engineering: tuple[Started, ...]
    porting: tuple[Started, ...]
    signed: frozenset[str]
    unknown_rows: tuple[tuple[str, tuple[str, ...]], ...]
    fleet: Mapping[tuple[str, str], Series]
    on_site: Mapping[tuple[str, str], Series]
    hosted: Mapping[tuple[str, str], Series]
    by_offer: Mapping[tuple[str, str], Series]
    site_use: Mapping[str, SiteUse]
    delivered: Mapping[str, Series]
    drawn: Mapping[str, Series]
    entered: Mapping[str, Series]
    honoured: Mapping[tuple[str, str, str], Fraction]
    stated_price: Mapping[tuple[str, int], Fraction]
    stated_shortfall: Mapping[str, Fraction]
    later: Series

    @property
    def divided(self) -> bool:
        """Whether systems are ordered of which parts may be, so that nothing is whole that counts systems."""
        return any(order.offer.divisible and order.systems for order in self.orders)

    @property
    def orders(self) -> Iterator[Cohort]:
        """The cohorts that the plan decided on."""
        return (cohort for cohort in self.cohorts if not cohort.committed)

    def in_service(self, system: str, place: str) -> Series:
        """Systems in service at a site or host."""
        key, none = (system, place), [ZERO] * self.inputs.horizon.periods
        return [a + b for a, b in zip(self.on_site.get(key, none), self.hosted.get(key, none), strict=True)]

    def at_work(self, system: str, place: str) -> Series:
        """Systems able to work at a site or host: al of the fleet, and of each cohort its offer's share at its age."""
        periods = self.inputs.horizon.periods
        able = [self.inputs.availability * there for there in self.fleet.get((system, place), [ZERO] * periods)]
        for cohort in self.cohorts:
            if (cohort.offer.system.id, cohort.place) == (system, place):
                for t in cohort.served(periods):
                    able[t] += cohort.offer.at_work(t - cohort.t) * cohort.systems
        return able


def keep_books(plan: PlanRow) -> Books:
    """The books of a plan."""
    inputs = read_inputs(plan["scenario"], plan["catalog"])
    unknown: Unknown = []
    orders = read_orders(plan["orders"], inputs, unknown)
    placed = [committed(entry, inputs) for entry in inputs.commitments]
    cohorts = (*orders, *(c for c in placed if c.served(inputs.horizon.periods)))  # one that has ended has no effect
    retired = read_retired(plan["retired"], inputs, unknown)
    fleet = fleet_in_service(inputs, retired)
    on_site = in_service((c for c in cohorts if not c.offer.hosted), inputs, fleet)
    delivered = [c for c in orders if c.offer.route in DELIVERED_ROUTES]
    return Books(
        inputs=inputs,
        cohorts=cohorts,
        work=read_work(plan["work"], inputs, unknown),
        unmet=read_unmet(plan["unmet"], inputs, unknown),
        retired=retired,
        expanded=read_expanded(plan["expanded"], inputs, unknown),
        engineering=read_engineering(plan["engineering"], inputs, unknown),
        porting=read_porting(plan["porting"], inputs, unknown),
        signed=read_signed(plan, inputs, unknown),
        unknown_rows=tuple(unknown),
        fleet=fleet,
        on_site=on_site,
        hosted=in_service((c for c in cohorts if c.offer.hosted), inputs, {}),
        by_offer=in_service_by_offer(cohorts, inputs),
        site_use=use_of_sites(inputs, on_site),
        delivered=totals(((c.offer.system.accelerator, c.t, c.accelerators) for c in delivered), inputs),
        drawn=totals(
            ((p, c.t, d * c.accelerators) for c in delivered for p, d in c.offer.system.draws.items()), inputs
        ),
        entered=totals(((c.offer.id, c.t, c.systems) for c in orders), inputs),
        honoured=read_honoured(plan["orders"]),
        stated_price=read_stated_prices(plan["orders"], inputs),
        stated_shortfall={row["frame"]: Fraction(row["shortfall_usd"]) for row in plan.get("frames") or ()},
        later=later_periods(inputs, Fraction(plan["periods"][0]["discount_end"])),
    )


def later_periods(inputs: Inputs, one_period: Fraction) -> Series:
    """Σ of (1 + r)^(-j / n) over j = 1 … k, by k up to the longest term.

    Whole years are powers of 1 / (1 + r), the rest of one period's factor, which is the plan's own and checked.
    """
    n, year = inputs.horizon.per_year, 1 / (1 + inputs.finance.discount_rate)
    longest = max((offer.service for offer in inputs.offers.values()), default=0)
    factors = [year ** (j // n) * one_period ** (j % n) for j in range(1, longest + 1)]
    return list(accumulate(factors, initial=ZERO))


def fleet_in_service(inputs: Inputs, retired: Iterable[Retired]) -> dict[tuple[str, str], Series]:
    """Fleet by (system, site): in each period whose first month is not after `until`, until retired."""
    horizon = inputs.horizon
    changes: defaultdict[FleetKey, Series] = defaultdict(lambda: [ZERO] * horizon.periods)
    for entry in inputs.fleet:
        changes[fleet_key(entry)][0] += entry.count
    for row in retired:
        changes[row.key][row.t] -= row.systems
    fleet: defaultdict[tuple[str, str], Series] = defaultdict(lambda: [ZERO] * horizon.periods)
    for (system, site, until, _), change in changes.items():
        series = fleet[system, site]
        for t, systems in enumerate(accumulate(change)):
            if until is None or horizon.start(t) <= until:
                series[t] += systems
    return dict(fleet)


def while_in_service(amounts: Iterable[tuple[Cohort, Fraction]], periods: int) -> Series:
    """Sums by period of amounts that last as long as their cohort is in service."""
    changes = [ZERO] * (periods + 1)
    for cohort, amount in amounts:
        if amount:
            changes[max(0, cohort.t)] += amount
            changes[cohort.end(periods)] -= amount
    return list(accumulate(changes[:periods]))


def in_service(
    cohorts: Iterable[Cohort], inputs: Inputs, fleet: Mapping[tuple[str, str], Series]
) -> dict[tuple[str, str], Series]:
    """Systems in service by (system, place): fleet, and cohorts with t - K_o < period ≤ t."""
    periods = inputs.horizon.periods
    members: defaultdict[tuple[str, str], list[tuple[Cohort, Fraction]]] = defaultdict(list)
    for cohort in cohorts:
        members[cohort.offer.system.id, cohort.place].append((cohort, cohort.systems))
    none = [ZERO] * periods
    return {
        key: [a + b for a, b in zip(fleet.get(key, none), while_in_service(members[key], periods), strict=True)]
        for key in sorted({*fleet, *members})
    }


def in_service_by_offer(cohorts: Iterable[Cohort], inputs: Inputs) -> dict[tuple[str, str], Series]:
    """Systems in service by (offer, place), without the fleet."""
    members: defaultdict[tuple[str, str], list[tuple[Cohort, Fraction]]] = defaultdict(list)
    for cohort in cohorts:
        members[cohort.offer.id, cohort.place].append((cohort, cohort.systems))
    return {key: while_in_service(amounts, inputs.horizon.periods) for key, amounts in members.items()}


def use_of_sites(inputs: Inputs, on_site: Mapping[tuple[str, str], Series]) -> dict[str, SiteUse]:
    """The use of each of our sites."""
    standing: dict[str, FleetSeries] = {site: [] for site in inputs.sites}
    for (system, place), series in on_site.items():
        if place in standing:
            standing[place].append((inputs.systems[system], series))
    return {site: use_of_site(inputs.sites[site], here, inputs) for site, here in standing.items()}


def use_of_site(site: Site, here: FleetSeries, inputs: Inputs) -> SiteUse:
    """What the systems in service at a site draw; energy is PUE times their average load."""
    horizon, periods = inputs.horizon, inputs.horizon.periods
    months, hours = horizon.months, horizon.hours / KW_PER_MW
    it_mwh = added([[system.average_kw * x * hours for x in series] for system, series in here], periods)
    return SiteUse(
        kw_months=added([[system.provisioned_kw * x * months for x in series] for system, series in here], periods),
        it_mwh=it_mwh,
        energy_mwh=[site.pue.charged(horizon.span(t)) * mwh for t, mwh in enumerate(it_mwh)],
        resources={resource.row: added(taken(resource, site, here, inputs), periods) for resource in RESOURCES},
    )


def taken(resource: Resource, site: Site, here: FleetSeries, inputs: Inputs) -> list[Series]:
    """What each system in service takes of a resource."""
    months = [inputs.horizon.span(t) for t in range(inputs.horizon.periods)]
    return [
        [resource.take(system, site, span) * x if x else ZERO for span, x in zip(months, series, strict=True)]
        for system, series in here
    ]


def added(parts: Sequence[Series], periods: int) -> Series:
    """The sum of series."""
    return [sum((part[t] for part in parts), ZERO) for t in range(periods)]


def totals(amounts: Iterable[tuple[str, int, Fraction]], inputs: Inputs) -> dict[str, Series]:
    """Amounts of a period summed by key."""
    total: defaultdict[str, Series] = defaultdict(lambda: [ZERO] * inputs.horizon.periods)
    for key, t, amount in amounts:
        total[key][t] += amount
    return dict(total)
