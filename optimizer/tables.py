"""Scenario and catalogue joined into index sets and parameters: the only joins and unit changes.

Variables will exist only for what is listed here, so whatever is not eligible is left out here and
nowhere else, with the reason kept.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from decimal import Decimal
from typing import NamedTuple, TypeVar

import pandas as pd

from catalogs.periods import value_at
from catalogs.problems import InputError
from catalogs.schema import Catalog, Offer, System, Throughput
from optimizer.calendar import MONTHS_PER_YEAR, Calendar, discount_end, discount_mid
from optimizer.scenario import ANY_BUYER, Demand, Forecast, Request, Scenario, matches

KW_PER_MW = 1000
ANYWHERE = "anywhere"
UNBOUNDED_SYSTEMS = 10**7

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Items by key, keys in the order of their first item."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


class Cohort(NamedTuple):
    """Systems of one offer that enter service at a place in period t and stay until `last`.

    `ordered` is the period of order, t − l_o; at most 0 for a commitment placed before the horizon.
    `last` is the last period of service inside the horizon. Prices are those of the period of order:
    `price_usd` per system (None if rented), `rent_usd` per system and hour (None if bought).
    `systems` is the number of a commitment, or the most that an order can be worth having.
    """

    offer: str
    place: str
    t: int
    ordered: int
    last: int
    committed: bool
    price_usd: float | None
    rent_usd: float | None
    systems: float


class Stock(NamedTuple):
    """A system that may be in service at a place in period t; `fleet` counts those already there."""

    system: str
    place: str
    t: int
    fleet: float
    most: float


class Work(NamedTuple):
    """Work per second that one system, anywhere in a group of places, does of a demand in period t."""

    system: str
    group: str
    demand: str
    t: int
    per_system: float


class Need(NamedTuple):
    """Work per second asked for in period t; `unmet_usd` per unit and hour, None if it must be done."""

    demand: str
    t: int
    per_second: float
    unmet_usd: float | None


class SitePeriod(NamedTuple):
    """Limits and tariffs of one of our sites in period t; None is no limit. Power is at the meter."""

    site: str
    t: int
    power_mw: float
    liquid_mw: float | None
    air_mw: float | None
    racks: float | None
    electricity_usd_per_mwh: float
    hosting_usd_per_kw_month: float
    carbon_kg_per_mwh: float


class Limit(NamedTuple):
    """Most that may be used of an accelerator, an offer or a pool in period t (a window for a budget)."""

    id: str
    t: int
    most: float


@dataclass(frozen=True)
class Tables:
    """All index sets and parameters of a model. Every list is in a fixed order.

    `places_of` gives the places of each group. `offers` has one row per offer, joined with its system
    and accelerator. `excluded` gives the reason for each offer that cannot be ordered.
    """

    request: Request
    calendar: Calendar
    offers: Mapping[str, OfferFacts]
    systems: Mapping[str, SystemFacts]
    cohorts: Sequence[Cohort]
    stock: Sequence[Stock]
    work: Sequence[Work]
    needs: Sequence[Need]
    site_periods: Sequence[SitePeriod]
    accelerator_supply: Sequence[Limit]
    offer_supply: Sequence[Limit]
    pool_supply: Sequence[Limit]
    budgets: Mapping[str, Mapping[str, float]]
    places_of: Mapping[str, tuple[str, ...]]
    excluded: Mapping[str, str]
    mid: Mapping[int, Decimal]
    end: Mapping[int, Decimal]

    @property
    def scenario(self) -> Scenario:
        return self.request.scenario

    @property
    def availability(self) -> float:
        return float(self.scenario.assumptions.availability)

    def unit_of(self, demand: str) -> str:
        """The unit of a demand's work per second."""
        return self.request.catalog.workloads[self.scenario.demand[demand].workload].unit


class SystemFacts(NamedTuple):
    """One system as a number of accelerators, with power in kW of IT load."""

    system: str
    accelerator: str
    vendor: str
    stack: str
    accelerators: int
    provisioned_kw: float
    average_kw: float
    cooling: str
    racks: float


class OfferFacts(NamedTuple):
    """One offer with what it offers. `periods` is the number of periods in service (K_o)."""

    offer: str
    system: str
    accelerator: str
    vendor: str
    accelerators: int
    route: str
    hosted: bool
    host: str | None
    lead_periods: int
    periods: int
    divisible: bool
    deposit_share: float
    network_usd: float
    software_usd_per_year: float
    carbon_kg_per_hour: float


def _system_facts(catalog: Catalog) -> pd.DataFrame:
    """Every system, joined with its accelerator: one row a system, none lost, none doubled."""
    systems = pd.DataFrame(
        [
            (key, s.accelerator, s.accelerators, float(s.provisioned_kw), float(s.average_kw), s.cooling, float(s.racks))
            for key, s in sorted(catalog.systems.items())
        ],
        columns=["system", "accelerator", "accelerators", "provisioned_kw", "average_kw", "cooling", "racks"],
    )
    accelerators = pd.DataFrame(
        [(key, a.vendor, a.stack) for key, a in sorted(catalog.accelerators.items())],
        columns=["accelerator", "vendor", "stack"],
    )
    return systems.merge(accelerators, on="accelerator", how="left", validate="m:1")


def _offer_facts(catalog: Catalog, scenario: Scenario, systems: pd.DataFrame) -> pd.DataFrame:
    """Every offer, joined with its system: one row an offer, none lost, none doubled."""
    calendar = scenario.calendar
    offers = pd.DataFrame(
        [
            (
                key, o.system, o.route, o.hosted, o.host,
                calendar.whole_periods(o.lead_time_months), _periods_in_service(o, scenario),
                o.divisible == "true", float(o.deposit_share), float(o.network_usd),
                float(o.software_usd_per_year), float(_carbon_kg(o, catalog.systems[o.system])),
            )
            for key, o in sorted(catalog.offers.items())
        ],
        columns=[
            "offer", "system", "route", "hosted", "host", "lead_periods", "periods", "divisible",
            "deposit_share", "network_usd", "software_usd_per_year", "carbon_kg_per_hour",
        ],
    )  # fmt: skip
    joined = offers.merge(systems, on="system", how="left", validate="m:1")
    if len(joined) != len(offers) or joined["accelerators"].isna().any():
        raise AssertionError("an offer lost its system in the join")
    return joined


def _carbon_kg(offer: Offer, system: System) -> Decimal:
    schedule = offer.carbon_kg_per_accelerator_hour
    return (schedule if schedule is not None else Decimal(0)) * system.accelerators


def _periods_in_service(offer: Offer, scenario: Scenario) -> int:
    """K_o: one period on demand, else the term, which for a purchase is the service life."""
    if offer.route == "on_demand":
        return 1
    life = scenario.finance.service_life_years * MONTHS_PER_YEAR
    return scenario.calendar.periods_in_term(offer.term_months if offer.term_months is not None else life)


def _facts(frame: pd.DataFrame, kind: type[Item]) -> dict[str, Item]:
    columns = list(kind._fields)  # type: ignore[attr-defined]
    rows = frame[columns].astype(object).where(frame[columns].notna(), None)
    return {row[0]: kind(*row) for row in rows.itertuples(index=False, name=None)}


@dataclass
class _Builder:
    """Collects the index sets in the order in which they depend on each other."""

    request: Request
    calendar: Calendar
    systems: dict[str, SystemFacts]
    offers: dict[str, OfferFacts]
    loose: bool = False
    excluded: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scenario = self.request.scenario
        self.scenario, self.catalog = scenario, self.request.catalog
        self.availability = float(scenario.assumptions.availability)
        self.demands = sorted(scenario.demand.items())
        self.months = {t: self.calendar.first_month(t) for t in self.calendar.periods}
        self.needs = self._needs()
        self.site_periods = self._site_periods()
        self.site_at = {(row.site, row.t): row for row in self.site_periods}
        self.rate: dict[tuple[str, str, int], float] = self._rates()
        self.supply_at: dict[tuple[str, str, int], float] = {}

    # what is asked

    def _needs(self) -> list[Need]:
        needs = []
        for name, demand in self.demands:
            for t in self.calendar.periods:
                amount = value_at(demand.per_second, self.months[t])
                if amount:
                    price = value_at(demand.unmet_usd_per_unit_hour, self.months[t])
                    needs.append(Need(name, t, float(amount), None if price is None else float(price)))
        return needs

    def _site_periods(self) -> list[SitePeriod]:
        rows = []
        for site, facts in sorted(self.scenario.sites.items()):
            for t, month in self.months.items():
                limits = [_limit(getattr(facts, name), month) for name in ("power_mw", "liquid_mw", "air_mw", "racks")]
                tariffs = [
                    float(value_at(getattr(facts, name), month) or 0)
                    for name in ("electricity_usd_per_mwh", "hosting_usd_per_kw_month", "carbon_kg_per_mwh")
                ]
                rows.append(SitePeriod(site, t, *limits, *tariffs))  # type: ignore[arg-type]
        return rows

    # what can do it

    def _rates(self) -> dict[tuple[str, str, int], float]:
        """r(a,w): work per second of an accelerator on a demand in a period, where it can do it."""
        rates = {}
        stacks = {a: facts.stack for a, facts in self.catalog.accelerators.items()}
        for name, demand in self.demands:
            for accelerator, by_workload in sorted(self.catalog.throughput.items()):
                entry = by_workload.get(demand.workload)
                if entry is None or not self._may_run(demand, stacks[accelerator], entry):
                    continue
                for t, month in self.months.items():
                    rate = value_at(entry.rate, month)
                    if rate:
                        rates[accelerator, name, t] = float(rate)
        return rates

    def _may_run(self, demand: Demand, stack: str, entry: Throughput) -> bool:
        return (demand.stacks is None or stack in demand.stacks) and entry.basis in self.scenario.offers.basis

    def _may_stand(self, demand: str, place: str) -> bool:
        sites = self.scenario.demand[demand].sites
        return sites is None or place in sites

    def places(self, offer: OfferFacts) -> list[str]:
        """Where an offer's systems may stand: at its host, or at any of our sites."""
        return [str(offer.host)] if offer.hosted else sorted(self.scenario.sites)

    # which offers

    def exclude(self, offer: OfferFacts) -> str | None:
        """Why an offer cannot be ordered; None if it can. The first reason found is kept."""
        entry = self.catalog.offers[offer.offer]
        for reason in (
            self._closed(offer, entry),
            self._ruled_out(offer, entry),
            self._homeless(offer),
            self._idle(offer),
            self._undated(offer, entry),
        ):
            if reason is not None:
                return reason
        return None

    def _closed(self, offer: OfferFacts, entry: Offer) -> str | None:
        buyer = self.scenario.buyer
        if entry.buyers is None or buyer == ANY_BUYER or buyer in entry.buyers:
            return None
        return f"open only to {', '.join(sorted(entry.buyers))} (buyers)"

    def _ruled_out(self, offer: OfferFacts, entry: Offer) -> str | None:
        rules, ids = self.scenario.offers, (offer.accelerator, offer.system, offer.offer)
        denied = [pattern for pattern in rules.deny if matches(pattern, ids)]
        if denied:
            return f"denied by '{denied[0]}' (offers.deny)"
        if rules.allow is not None and not any(matches(pattern, ids) for pattern in rules.allow):
            return "not on the list of allowed offers (offers.allow)"
        priced = "price_usd" if entry.route == "purchase" else "usd_per_accelerator_hour"
        cite = self.catalog.cite(offer.offer, priced)
        if cite is not None and cite.basis not in rules.basis:
            return f"its {priced} is {cite.basis}, which is not accepted (offers.basis)"
        return None

    def _homeless(self, offer: OfferFacts) -> str | None:
        return None if self.places(offer) else "it needs a site of ours and the scenario has none (sites)"

    def _idle(self, offer: OfferFacts) -> str | None:
        for name, demand in self.demands:
            if any((offer.accelerator, name, t) in self.rate for t in self.calendar.periods):
                if any(self._may_stand(name, place) for place in self.places(offer)):
                    return None
        misses = "; ".join(f"{name}: {self.near_miss(offer, name)}" for name, _ in self.demands)
        return f"it can do none of the work ({misses})"

    def near_miss(self, offer: OfferFacts, name: str) -> str:
        """Why an offer's accelerator cannot do a demand's work."""
        demand = self.scenario.demand[name]
        entry = self.catalog.throughput.get(offer.accelerator, {}).get(demand.workload)
        stack = self.systems[offer.system].stack
        if entry is None:
            return f"no throughput for {demand.workload}"
        if demand.stacks is not None and stack not in demand.stacks:
            return f"stack {stack} is not listed"
        if entry.basis not in self.scenario.offers.basis:
            return f"its throughput is {entry.basis}, which is not accepted"
        if not any((offer.accelerator, name, t) in self.rate for t in self.calendar.periods):
            return "its throughput begins after the horizon"
        return "it may not run where the offer's systems stand"

    def _undated(self, offer: OfferFacts, entry: Offer) -> str | None:
        periods = [t for t in self.calendar.periods if t > offer.lead_periods]
        if not periods:
            return f"nothing ordered in the horizon arrives in it: lead time {entry.lead_time_months} months (lead_time_months)"
        dated = [t for t in periods if self._open(offer, entry, t)]
        if not dated:
            window = f"{entry.available.from_ or '…'} to {entry.available.until or '…'}"
            return f"it cannot be ordered in time: orders open {window}, lead time {entry.lead_time_months} months (available)"
        if not any(self._priced(offer, entry, t) for t in dated):
            return "it has no price when it can be ordered (price schedule)"
        return None

    def _open(self, offer: OfferFacts, entry: Offer, t: int) -> bool:
        return self.calendar.within(t - offer.lead_periods, entry.available.from_, entry.available.until)

    def _priced(self, offer: OfferFacts, entry: Offer, t: int) -> bool:
        schedule = entry.price_usd if entry.route == "purchase" else entry.usd_per_accelerator_hour
        return value_at(schedule, self.calendar.first_month(t - offer.lead_periods)) is not None

    # what may be ordered, and how much of it

    def cohorts(self) -> list[Cohort]:
        """Every order that may be placed, then every commitment."""
        found = []
        for name, offer in self.offers.items():
            reason = self.exclude(offer)
            if reason is not None:
                self.excluded[name] = reason
                continue
            orders = [cohort for cohort in self._orders(offer) if cohort.systems > 0]
            if not orders:
                self.excluded[name] = "no site, supply or work leaves room for one system"
            found += orders
        return found + self._commitments()

    def _orders(self, offer: OfferFacts) -> list[Cohort]:
        entry = self.catalog.offers[offer.offer]
        slots = [t for t in self.calendar.periods if t > offer.lead_periods]
        slots = [t for t in slots if self._open(offer, entry, t) and self._priced(offer, entry, t)]
        return [self._order(offer, place, t) for place in self.places(offer) for t in slots]

    def _order(self, offer: OfferFacts, place: str, t: int) -> Cohort:
        price, rent = self._prices(offer, t - offer.lead_periods)
        last = min(self.calendar.count, t + offer.periods - 1)
        most = self._most(offer, place, t, last)
        return Cohort(offer.offer, place, t, t - offer.lead_periods, last, False, price, rent, most)

    def _prices(self, offer: OfferFacts, ordered: int) -> tuple[float | None, float | None]:
        """Price and hourly rent of one system at the period of order."""
        entry, month = self.catalog.offers[offer.offer], self.calendar.first_month(ordered)
        price = value_at(entry.price_usd, month) if entry.route == "purchase" else None
        hourly = value_at(entry.usd_per_accelerator_hour, month)
        rent = None if hourly is None else float(hourly * offer.accelerators)
        return (None if price is None else float(price)), rent

    def _most(self, offer: OfferFacts, place: str, t: int, last: int) -> float:
        """The most systems of an order that can be worth having: the tightest of work, supply and site.

        More than all the work that they may do at any time in service is never worth its cost, since
        no cost is negative and what is left of a price is never more than the price.
        """
        useful = max((self._useful(offer, place, tau) for tau in range(t, last + 1)), default=0.0)
        bounds = [useful, UNBOUNDED_SYSTEMS]
        if not self.loose:
            bounds += self._supply_bounds(offer, t)
        if not self.loose and not offer.hosted:
            bounds += [self._room(offer, self.site_at[place, tau]) for tau in range(t, last + 1)]
        most = min(bounds)
        if offer.divisible:
            return most
        return float(math.ceil(useful - 1e-9)) if most == useful else float(math.floor(most + 1e-9))

    def _useful(self, offer: OfferFacts, place: str, t: int) -> float:
        """Systems that would do all the work they may do at a place in period t."""
        total = 0.0
        for need in self.needs_at[t]:
            rate = self.rate.get((offer.accelerator, need.demand, t))
            if rate is not None and self._may_stand(need.demand, place):
                total += need.per_second / (rate * offer.accelerators * self.availability)
        return total

    def _supply_bounds(self, offer: OfferFacts, t: int) -> list[float]:
        bounds = [self.supply_at.get(("offer", offer.offer, t))]
        if not offer.hosted:
            per_system = self.supply_at.get(("accelerator", offer.accelerator, t))
            bounds.append(None if per_system is None else per_system / offer.accelerators)
            for pool, draw in self.catalog.accelerators[offer.accelerator].draws.items():
                most = self.supply_at.get(("pool", pool, t))
                bounds.append(None if most is None else most / (float(draw) * offer.accelerators))
        return [bound for bound in bounds if bound is not None]

    def _room(self, offer: OfferFacts, site: SitePeriod) -> float:
        """Systems that fit a site on its own limits alone."""
        system, pue = self.systems[offer.system], peak_pue(self.scenario, site.site)
        rooms = [KW_PER_MW * site.power_mw / (pue * system.provisioned_kw)]
        cooled = site.liquid_mw if system.cooling == "liquid" else site.air_mw
        if cooled is not None:
            rooms.append(KW_PER_MW * cooled / system.provisioned_kw)
        if site.racks is not None and system.racks:
            rooms.append(site.racks / system.racks)
        return min(rooms)

    def _commitments(self) -> list[Cohort]:
        problems, found = [], []
        for i, item in enumerate(self.scenario.commitments):
            offer, t = self.offers[item.offer], self.calendar.index(item.period)
            assert t is not None
            ordered, last = t - offer.lead_periods, min(self.calendar.count, t + offer.periods - 1)
            price, rent = self._prices(offer, ordered)
            if item.price_usd is not None:
                price = float(item.price_usd)
            if price is None and rent is None:
                message = f"the offer has no price at its order in {self.calendar.key(ordered)}; give price_usd"
                problems.append(self.request.problem(("commitments", str(i)), message))
            found.append(Cohort(item.offer, item.site, t, ordered, last, True, price, rent, float(item.systems)))
        if problems:
            raise InputError(problems)
        return sorted(found)

    # what may be in service and at work

    def stock(self, cohorts: Sequence[Cohort]) -> list[Stock]:
        """Every system at every place and period where some may be in service, with the most there."""
        fleet: defaultdict[tuple[str, str, int], float] = defaultdict(float)
        for item in self.scenario.fleet:
            for t in self.calendar.periods:
                if self.calendar.within(t, None, item.until):
                    fleet[item.system, item.site, t] += item.count
        most = defaultdict(float, fleet)
        for c in cohorts:
            for t in range(c.t, c.last + 1):
                most[self.offers[c.offer].system, c.place, t] += c.systems
        return [Stock(*key, fleet.get(key, 0.0), most[key]) for key in sorted(most)]

    def groups(self, stock: Sequence[Stock]) -> dict[str, tuple[str, ...]]:
        """Places where the same demands may run, by group: work is assigned to groups, not to places.

        Proof that no plan is lost: inside a group any system may do any of the same work, so what the
        group does can be split over its places in proportion to the systems in service there.
        """
        places = sorted({row.place for row in stock})
        alike = grouped(places, lambda place: tuple(name for name, _ in self.demands if self._may_stand(name, place)))
        if len(alike) == 1 and len(places) > 1:
            return {ANYWHERE: tuple(places)}
        shared = iter(range(1, len(places) + 1))
        return {
            members[0] if len(members) == 1 else f"places_{next(shared)}": tuple(members) for members in alike.values()
        }

    def work(self, stock: Sequence[Stock], groups: Mapping[str, tuple[str, ...]]) -> list[Work]:
        group_of = {place: group for group, members in groups.items() for place in members}
        found = []
        for system, group, t in sorted({(row.system, group_of[row.place], row.t) for row in stock}):
            facts = self.systems[system]
            for need in self.needs_at[t]:
                rate = self.rate.get((facts.accelerator, need.demand, t))
                if rate is not None and self._may_stand(need.demand, groups[group][0]):
                    found.append(Work(system, group, need.demand, t, rate * facts.accelerators))
        return found

    # limits of supply

    def supply(self) -> tuple[list[Limit], list[Limit], list[Limit]]:
        """Most delivered in each period: accelerators, systems of an offer, units of a pool."""
        scenario, offers = self.scenario, self.catalog.offers
        months = self.calendar.months
        accelerators = self._limits("accelerator", sorted(scenario.supply_per_month.items()), months)
        by_offer = {key: offers[key].supply_systems_per_month for key in self.offers}
        limited = [(key, schedule) for key, schedule in by_offer.items() if schedule is not None]
        pools = []
        for pool, rule in sorted(scenario.pools_per_month.items()):
            if isinstance(rule, Forecast):
                forecast = self.catalog.pools[pool].forecasts[rule.forecast]
                pools += self._limits("pool", [(pool, forecast)], months * float(rule.share))
            else:
                pools += self._limits("pool", [(pool, rule)], months)
        return accelerators, self._limits("offer", limited, months), pools

    def _limits(
        self, kind: str, schedules: Iterable[tuple[str, Decimal | dict[str, Decimal]]], factor: float
    ) -> list[Limit]:
        found = []
        for key, schedule in schedules:
            for t, month in self.months.items():
                most = float(value_at(schedule, month) or 0) * factor
                self.supply_at[kind, key, t] = most
                found.append(Limit(key, t, most))
        return found

    def budgets(self) -> dict[str, dict[str, float]]:
        budget = self.scenario.budget
        return {
            name: {window: float(most) for window, most in sorted(windows.items())}
            for name, windows in (("capex_usd", budget.capex_usd), ("opex_usd", budget.opex_usd))
        }

    @cached_property
    def needs_at(self) -> dict[int, list[Need]]:
        found: dict[int, list[Need]] = {t: [] for t in self.calendar.periods}
        for need in self.needs:
            found[need.t].append(need)
        return found


def _limit(schedule: Decimal | dict[str, Decimal] | None, month: int) -> float | None:
    """A limit in a month: None where there is none, 0 before a schedule's first key."""
    return None if schedule is None else float(value_at(schedule, month) or 0)


def peak_pue(scenario: Scenario, site: str) -> float:
    facts = scenario.sites[site]
    return float(facts.peak_pue if facts.peak_pue is not None else facts.pue)


def _refuse_unserved(builder: _Builder, work: Sequence[Work]) -> None:
    """A demand that must be met and that nothing can ever serve is a mistake in the input."""
    served = {row.demand for row in work}
    problems = []
    for name in sorted({need.demand for need in builder.needs if need.unmet_usd is None} - served):
        misses = [
            f"{offer.offer}: {builder.excluded.get(offer.offer) or builder.near_miss(offer, name)}"
            for offer in builder.offers.values()
            if builder.scenario.demand[name].workload in builder.catalog.throughput.get(offer.accelerator, {})
        ]
        why = "; ".join(misses[:8]) or f"no accelerator has a throughput for {builder.scenario.demand[name].workload}"
        problems.append(builder.request.problem(("demand", name), f"no offer, fleet or commitment can serve it: {why}"))
    if problems:
        raise InputError(problems)


def build_tables(request: Request, loose: bool = False, sooner: int = 0) -> Tables:
    """All index sets and parameters of a request.

    `loose` bounds orders by the work alone, so that a model may go beyond a site's or a supply's limit;
    `sooner` shortens every lead time by so many periods. Both are for asking what a request lacks.
    Raises InputError for a commitment without a price and a demand that nothing can serve.
    """
    scenario, calendar = request.scenario, request.scenario.calendar
    systems = _system_facts(request.catalog)
    offers = _offer_facts(request.catalog, scenario, systems)
    offers["lead_periods"] = (offers["lead_periods"] - sooner).clip(lower=0)
    builder = _Builder(request, calendar, _facts(systems, SystemFacts), _facts(offers, OfferFacts), loose)
    accelerator_supply, offer_supply, pool_supply = builder.supply()
    cohorts = builder.cohorts()
    stock = builder.stock(cohorts)
    groups = builder.groups(stock)
    work = builder.work(stock, groups)
    _refuse_unserved(builder, work)
    rate = scenario.finance.discount_rate
    return Tables(
        request=request,
        calendar=calendar,
        offers=builder.offers,
        systems=builder.systems,
        cohorts=cohorts,
        stock=stock,
        work=work,
        needs=builder.needs,
        site_periods=builder.site_periods,
        accelerator_supply=accelerator_supply,
        offer_supply=offer_supply,
        pool_supply=pool_supply,
        budgets=builder.budgets(),
        places_of=groups,
        excluded=builder.excluded,
        mid={t: discount_mid(rate, calendar, t) for t in calendar.periods},
        end={t: discount_end(rate, calendar, t) for t in calendar.periods},
    )
