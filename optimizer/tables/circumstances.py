"""A request read period by period: what is asked, what each accelerator does, what is limited."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property

from catalogs.periods import value_at
from catalogs.schema import Throughput
from optimizer.request import Request
from optimizer.scenario import Demand, Forecast
from optimizer.tables.joins import joined
from optimizer.tables.rows import Limit, Need, OfferFacts, SitePeriod, grouped

Schedule = Decimal | dict[str, Decimal]


def limit_in(schedule: Schedule | None, month: int) -> float | None:
    """A limit in a month: None where there is none, 0 before a schedule's first key."""
    return None if schedule is None else float(value_at(schedule, month) or 0)


def tariff_in(schedule: Schedule, month: int) -> float:
    """A tariff in a month; 0 before a schedule's first key, where nothing is charged yet."""
    return float(value_at(schedule, month) or 0)


class Circumstances:
    """What holds in each period of a request. `loose` and `sooner` as in `build_tables`."""

    def __init__(self, request: Request, loose: bool, sooner: int) -> None:
        self.request, self.loose = request, loose
        self.scenario, self.catalog = request.scenario, request.catalog
        self.calendar = request.scenario.calendar
        self.availability = float(request.scenario.assumptions.availability)
        self.demands = sorted(request.scenario.demand.items())
        self.months = {t: self.calendar.first_month(t) for t in self.calendar.periods}
        self.systems, self.offers = joined(self.catalog, self.scenario, sooner)

    @cached_property
    def needs(self) -> list[Need]:
        """What is asked, where it is more than nothing."""
        found = []
        for name, demand in self.demands:
            for t, month in self.months.items():
                amount, price = value_at(demand.per_second, month), value_at(demand.unmet_usd_per_unit_hour, month)
                if amount:
                    found.append(Need(name, t, float(amount), None if price is None else float(price)))
        return found

    @cached_property
    def needs_at(self) -> dict[int, list[Need]]:
        found = grouped(self.needs, lambda need: need.t)
        return {t: found.get(t, []) for t in self.calendar.periods}

    @cached_property
    def site_periods(self) -> list[SitePeriod]:
        """Limits and tariffs of our sites."""
        return [
            SitePeriod(
                site=site,
                t=t,
                power_mw=limit_in(facts.power_mw, month) or 0.0,
                liquid_mw=limit_in(facts.liquid_mw, month),
                air_mw=limit_in(facts.air_mw, month),
                racks=limit_in(facts.racks, month),
                electricity_usd_per_mwh=tariff_in(facts.electricity_usd_per_mwh, month),
                hosting_usd_per_kw_month=tariff_in(facts.hosting_usd_per_kw_month, month),
                carbon_kg_per_mwh=tariff_in(facts.carbon_kg_per_mwh, month),
            )
            for site, facts in sorted(self.scenario.sites.items())
            for t, month in self.months.items()
        ]

    @cached_property
    def site_at(self) -> dict[tuple[str, int], SitePeriod]:
        return {(row.site, row.t): row for row in self.site_periods}

    @cached_property
    def rate(self) -> dict[tuple[str, str, int], float]:
        """r(a,w): work per second of an accelerator on a demand in the period of running, where it can."""
        found = {}
        for name, demand in self.demands:
            for accelerator, by_workload in sorted(self.catalog.throughput.items()):
                entry = by_workload.get(demand.workload)
                if entry is not None and self.may_run(demand, accelerator, entry):
                    for t, month in self.months.items():
                        rate = value_at(entry.rate, month)
                        if rate:
                            found[accelerator, name, t] = float(rate)
        return found

    def may_run(self, demand: Demand, accelerator: str, entry: Throughput) -> bool:
        """Whether a demand's stacks and the accepted evidence let it run on an accelerator."""
        stack = self.catalog.accelerators[accelerator].stack
        return (demand.stacks is None or stack in demand.stacks) and entry.basis in self.scenario.offers.basis

    def may_stand(self, demand: str, place: str) -> bool:
        """Whether a demand may run at a place."""
        sites = self.scenario.demand[demand].sites
        return sites is None or place in sites

    def places(self, offer: OfferFacts) -> list[str]:
        """Where an offer's systems may stand: at its host, or at any of our sites."""
        return [str(offer.host)] if offer.hosted else sorted(self.scenario.sites)

    @cached_property
    def accelerator_supply(self) -> list[Limit]:
        return self._limits(sorted(self.scenario.supply_per_month.items()))

    @cached_property
    def offer_supply(self) -> list[Limit]:
        schedules = ((key, self.catalog.offers[key].supply_systems_per_month) for key in self.offers)
        return self._limits((key, schedule) for key, schedule in schedules if schedule is not None)

    @cached_property
    def pool_supply(self) -> list[Limit]:
        found = []
        for pool, rule in sorted(self.scenario.pools_per_month.items()):
            if isinstance(rule, Forecast):
                forecast = self.catalog.pools[pool].forecasts[rule.forecast]
                found += self._limits([(pool, forecast)], float(rule.share))
            else:
                found += self._limits([(pool, rule)])
        return found

    def _limits(self, schedules: Iterable[tuple[str, Schedule]], share: float = 1.0) -> list[Limit]:
        """Most in each period, from amounts per month."""
        factor = self.calendar.months * share
        return [
            Limit(key, t, (limit_in(schedule, month) or 0.0) * factor)
            for key, schedule in schedules
            for t, month in self.months.items()
        ]

    @cached_property
    def supply_at(self) -> dict[tuple[str, str, int], float]:
        """Most in a period by kind (accelerator, offer, pool) and id."""
        kinds = (("accelerator", self.accelerator_supply), ("offer", self.offer_supply), ("pool", self.pool_supply))
        return {(kind, limit.id, limit.t): limit.most for kind, limits in kinds for limit in limits}

    @property
    def budgets(self) -> dict[str, dict[str, float]]:
        """Most USD by budget and window."""
        kinds = (("capex_usd", self.scenario.budget.capex_usd), ("opex_usd", self.scenario.budget.opex_usd))
        return {kind: {window: float(most) for window, most in sorted(windows.items())} for kind, windows in kinds}
