"""A request read period by period: what is asked, what each accelerator does, what is limited."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property

from catalogs.reach import reached
from catalogs.schema import Throughput
from optimizer.request.charges import TARIFFS
from optimizer.request.load import Request
from optimizer.request.resources import RESOURCES, Resource
from optimizer.request.scenario import EACH, Demand, Forecast, matches
from optimizer.request.schedules import READINGS, Schedule, highest, mean, supplied
from optimizer.request.site import Site
from optimizer.request.throughputs import Best, best
from optimizer.tables.beyond_demand import floors_by_offer, shared_work, work_floors
from optimizer.tables.joins import Joined
from optimizer.tables.rows import (
    Ask,
    Deadline,
    FleetEntry,
    Need,
    OrderLine,
    SitePeriod,
    SupplyLimit,
    grouped,
)


def limit_in(resource: Resource, schedule: Schedule | None, months: range) -> float | None:
    """A site's limit in a period, of what is limited by the month all of it; None where there is none."""
    value = READINGS[resource.field](schedule, months)
    return None if value is None else float(value * len(months) if resource.per_month else value)


def tariff_in(schedule: Schedule | None, months: range) -> float:
    """A tariff in a period; 0 where it has not begun in its first month, and nothing is charged yet."""
    return float(mean(schedule, months) or 0)


def price_in(schedule: Schedule | None, months: range) -> float | None:
    """A price in a period; None where there is none yet."""
    value = mean(schedule, months)
    return None if value is None else float(value)


def pue_in(site: Site, months: range) -> float:
    """The mean of a site's PUE in a period, which energy is paid on.

    Where it has not begun nothing can stand there, for want of power, and its first number stands in.
    """
    return float(mean(site.pue, months) or _first(site.pue))


def peak_pue_in(site: Site, months: range) -> float:
    """The PUE that a site's power limit is meant with: the highest of the months unless the site states another."""
    return float(site.peak_pue or highest(site.pue, months) or _first(site.pue))


def _first(schedule: Schedule) -> Decimal:
    """The number with which a schedule begins."""
    return next(iter(schedule.values())) if isinstance(schedule, dict) else schedule


def matches_one(name: str, patterns: Iterable[str]) -> bool:
    return any(matches(pattern, [name]) for pattern in patterns)


class Circumstances(Joined):
    """What holds in each period of a request. What it is made with is as in `build_tables`."""

    def __init__(
        self,
        request: Request,
        loose: bool = False,
        sooner: int = 0,
        approved: Mapping[OrderLine, float] | None = None,
        tight: bool = True,
        parts: bool = False,
        like: Circumstances | None = None,
    ) -> None:
        super().__init__(request, sooner)
        self.like = like
        self.loose, self.tight, self.approved, self.parts = loose, tight, approved or {}, parts
        self.availability = float(request.scenario.assumptions.availability)
        # What `bounds` has found so far, by system, place and period: many orders share it.
        self.running_there: dict[tuple[str, str, int], float] = {}
        self.room_there: dict[tuple[str, str, int], float] = {}
        self.running: dict[tuple[str, str, int], float] = {}
        self.prices_at: dict[tuple[str, int, Decimal], tuple[float | None, float | None]] = {}

    @cached_property
    def most_available(self) -> dict[str, float]:
        """The largest share that does work of any systems of each accelerator, by accelerator."""
        alike = grouped(self.offers.values(), lambda offer: offer.accelerator)
        best = {name: max(offer.availability for offer in of_it) for name, of_it in alike.items()}
        return {name: max(self.availability, best.get(name, 0.0)) for name in self.catalog.accelerators}

    @cached_property
    def asked_for(self) -> list[Need]:
        """What is asked, where it is more than nothing; open demands ask for no amount."""
        found = []
        for name, demand in self.demands:
            for t, months in self.months.items():
                amount = highest(demand.per_second, months)
                if amount:
                    unmet = price_in(demand.unmet_usd_per_unit_hour, months)
                    found.append(Need(name, t, float(amount), unmet, self.value_in(demand, months)))
        return found

    def value_in(self, demand: Demand, months: range) -> float | None:
        """What a unit of work done for an hour is worth in a period, where value is maximised; None without a value."""
        worth = demand.value_usd_per_unit_hour if self.maximizing else None
        return None if worth is None else tariff_in(worth, months)

    @property
    def maximizing(self) -> bool:
        return self.scenario.objective == "maximize_value"

    @cached_property
    def deadlines(self) -> list[Deadline]:
        """Runs to be finished, each deadline at the end of its period."""
        found = []
        for name, demand in self.demands:
            amounts = {
                self.calendar.index(key): float(hours) for key, hours in (demand.by_deadline_unit_hours or {}).items()
            }
            total = max(amounts.values(), default=0.0)
            found += [Deadline(name, t, hours, total) for t, hours in amounts.items() if t is not None and hours]
        return found

    @cached_property
    def asks_at(self) -> dict[int, list[Ask]]:
        """What each demand can use at the most in each period; a run to be finished may be done at once.

        More than is asked is of use where a limit wants it, and of an open demand there is no most.
        """
        rate: dict[tuple[str, int], float] = {(need.demand, need.t): need.per_second for need in self.asked_for}
        rate |= {(name, t): math.inf for name, d in self.demands if d.is_open for t in self.calendar.periods}
        for deadline in self.deadlines:
            for t in range(1, deadline.t + 1):
                rate[deadline.demand, t] = deadline.total / self.calendar.hours
        found: dict[int, list[Ask]] = {t: [] for t in self.calendar.periods}
        for (name, t), asked in sorted(rate.items()):
            per_second = max(asked, self.work_floors.get((name, t), 0.0))
            cluster = self.scenario.demand[name].cluster
            found[t].append(Ask(name, per_second, cluster.accelerators if cluster else 0))
        return found

    @cached_property
    def ask_of(self) -> dict[tuple[str, int], Ask]:
        return {(ask.demand, t): ask for t, asks in self.asks_at.items() for ask in asks}

    @cached_property
    def demands_at(self) -> dict[str, list[str]]:
        """The demands that may run at each place."""
        places = {place for offer in self.offers.values() for place in self.places(offer)} | set(self.scenario.sites)
        return {place: [name for name, _ in self.demands if self.may_stand(name, place)] for place in sorted(places)}

    def wait(self, months: int) -> int:
        """Periods that engineering, porting or building of some months takes, rounded up."""
        return max(0, self.calendar.whole_periods(months) - self.sooner)

    @cached_property
    def fleet(self) -> list[FleetEntry]:
        """Systems in service before the horizon, entries alike told apart by a number."""
        found = []
        alike = grouped(self.scenario.fleet, lambda item: (item.system, item.site))
        for (system, site), items in sorted(alike.items()):
            for number, item in enumerate(items, start=1):
                key = (system, site) if number == 1 else (system, site, str(number))
                last = max((t for t in self.calendar.periods if self.calendar.within(t, None, item.until)), default=0)
                retire = item.may_retire == "true"
                resale = float(item.resale_usd)
                found.append(FleetEntry(key, system, site, float(item.count), last, item.until, retire, resale))
        return found

    @cached_property
    def placed(self) -> frozenset[str]:
        """Demands whose work is assigned to places one by one: clusters, and work limited by place."""
        clusters = {name for name, demand in self.demands if demand.cluster is not None}
        for limit in self.scenario.limits:
            by_place = limit.of.site is not None or limit.of.host is not None
            if limit.measure == "work" and by_place and limit.of.demand is not None:
                every = limit.of.demand == (EACH,)
                clusters |= {name for name, _ in self.demands if every or matches_one(name, limit.of.demand)}
        return frozenset(clusters)

    @cached_property
    def site_periods(self) -> list[SitePeriod]:
        """Limits and tariffs of our sites."""
        return [
            SitePeriod(
                site=site,
                t=t,
                limits={each.field: limit_in(each, getattr(facts, each.field), months) for each in RESOURCES},
                pue=pue_in(facts, months),
                peak_pue=peak_pue_in(facts, months),
                tariffs={each.field: tariff_in(getattr(facts, each.field), months) for each in TARIFFS},
            )
            for site, facts in sorted(self.scenario.sites.items())
            for t, months in self.months.items()
        ]

    @cached_property
    def site_at(self) -> dict[tuple[str, int], SitePeriod]:
        return {(row.site, row.t): row for row in self.site_periods}

    @cached_property
    def best(self) -> dict[tuple[str, str, int], Best]:
        """The point of its throughput by which a system does a demand's work in the period of running, where it can."""
        if self.like is not None:
            return self.like.best
        found: dict[tuple[str, str, int], Best] = {}
        for name, demand in self.demands:
            for system, facts in self.systems.items():
                if demand.stacks is None or facts.stack in demand.stacks:
                    points, _ = self.reached(system, demand)
                    by_period = {(system, name, t): best(points, months) for t, months in self.months.items()}
                    found |= {key: one for key, one in by_period.items() if one is not None}
        return found

    @cached_property
    def rate(self) -> dict[tuple[str, str, int], float]:
        """r(y,w): work per second of an accelerator of a system on a demand in the period of running, where it can."""
        return {key: float(one.rate) for key, one in self.best.items()} if self.like is None else self.like.rate

    @cached_property
    def able_to_do(self) -> frozenset[tuple[str, str]]:
        """Systems with the demands whose work they can do in some period."""
        return frozenset((system, demand) for system, demand, _ in self.rate)

    def reached(self, system: str, demand: Demand) -> tuple[tuple[Throughput, ...], str]:
        """The points that count on a system for a demand, or none and why."""
        bases = self.scenario.offers.basis
        return reached(self.catalog, system, demand.workload, demand.precisions, bases)

    def may_stand(self, demand: str, place: str) -> bool:
        """Whether a demand may run at a place."""
        sites = self.scenario.demand[demand].sites
        return sites is None or place in sites

    @cached_property
    def accelerator_supply(self) -> list[SupplyLimit]:
        return self._limits(sorted(self.scenario.supply_per_month.items()))

    @cached_property
    def offer_supply(self) -> list[SupplyLimit]:
        schedules = ((key, self.catalog.offers[key].supply_systems_per_month) for key in self.offers)
        return self._limits((key, schedule) for key, schedule in schedules if schedule is not None)

    @cached_property
    def pool_supply(self) -> list[SupplyLimit]:
        found = []
        for pool, rule in sorted(self.scenario.pools_per_month.items()):
            if isinstance(rule, Forecast):
                forecast = self.catalog.pools[pool].forecasts[rule.forecast]
                found += self._limits([(pool, forecast)], rule.share)
            else:
                found += self._limits([(pool, rule)])
        return found

    @cached_property
    def floors(self) -> dict[str, float]:
        """Systems that limits may want at the least of an offer, by offer."""
        return floors_by_offer(self)

    @cached_property
    def work_floors(self) -> dict[tuple[str, int], float]:
        """Work per second that a limit may want at the least of a demand in a period, by demand and period."""
        return work_floors(self)

    @cached_property
    def shared_work(self) -> frozenset[str]:
        """Demands of whose work a limit may want more than is asked for."""
        return shared_work(self)

    def _limits(self, schedules: Iterable[tuple[str, Schedule]], share: Decimal = Decimal(1)) -> list[SupplyLimit]:
        """Most in each period, from amounts per month."""
        return [
            SupplyLimit(key, t, float((supplied(schedule, months) or 0) * len(months) * share))
            for key, schedule in schedules
            for t, months in self.months.items()
        ]

    @cached_property
    def supply_at(self) -> dict[tuple[str, str, int], float]:
        """Most in a period by kind (accelerator, offer, pool) and id."""
        kinds = (("accelerator", self.accelerator_supply), ("offer", self.offer_supply), ("pool", self.pool_supply))
        return {(kind, limit.id, limit.t): limit.most for kind, limits in kinds for limit in limits}

    @cached_property
    def budgets(self) -> dict[str, dict[str, float]]:
        """Most USD by budget and window."""
        kinds = (("capex_usd", self.scenario.budget.capex_usd), ("opex_usd", self.scenario.budget.opex_usd))
        return {kind: {window: float(most) for window, most in sorted(windows.items())} for kind, windows in kinds}
