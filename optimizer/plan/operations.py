"""Orders, what is in service and at work, and the use of our sites."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import fsum
from typing import Any

import optimizer.plan.format as fmt
from optimizer.formulation.obligations import discounted_after, owed_by_system, periods_after, rent_after_usd
from optimizer.plan.solved_model import SolvedModel, gone
from optimizer.request.resources import RESOURCES
from optimizer.tables import KW_PER_MW, Cohort, SitePeriod, Tables, Work, summed


def periods(tables: Tables) -> list[fmt.PeriodRow]:
    calendar = tables.calendar
    return [
        fmt.PeriodRow(
            period=calendar.key(t),
            start=f"{calendar.first_month(t) // 12}-{calendar.first_month(t) % 12 + 1:02d}-01",
            months=calendar.months,
            fiscal_year=calendar.fiscal_year(t),
            discount_mid=str(tables.mid[t]),
            discount_end=str(tables.end[t]),
        )
        for t in calendar.periods
    ]


def ordered(solved: SolvedModel) -> list[tuple[Cohort, fmt.OrderRow]]:
    """What is ordered or committed, with its row of the plan."""
    later = discounted_after(solved.tables)
    return [(cohort, _order(solved, cohort, n, later)) for cohort, n in solved.cohorts.items() if n > 0]


def orders(solved: SolvedModel) -> list[fmt.OrderRow]:
    rows = [row for _, row in ordered(solved)]
    return sorted(rows, key=lambda r: (r.enters_service, r.offer, r.place, r.commitment, r.price_usd or 0.0, r.label))


def _order(solved: SolvedModel, cohort: Cohort, systems: float, later: Sequence[Decimal]) -> fmt.OrderRow:
    offer = solved.tables.offers[cohort.offer]
    price = solved.paid_usd.get(cohort)
    hourly = None if cohort.rent_usd is None else cohort.rent_usd / offer.accelerators
    hours, due = solved.tables.calendar.hours * len(cohort.served), not cohort.running
    return fmt.OrderRow(
        offer=cohort.offer,
        system=offer.system,
        accelerator=offer.accelerator,
        vendor=offer.vendor,
        route=offer.route,  # type: ignore[arg-type]
        place=cohort.place,
        ordered=solved.period(cohort.ordered),
        enters_service=solved.period(cohort.t),
        in_service_until=solved.period(cohort.last),
        term_until=solved.period(cohort.ends),
        systems=systems,
        accelerators=systems * offer.accelerators,
        price_usd=price,
        usd_per_accelerator_hour=hourly,
        capex_usd=systems * ((price or 0.0) + offer.network_usd) * due,
        rent_usd=systems * (cohort.rent_usd or 0.0) * hours,
        rent_after_usd=systems * rent_after_usd(solved.tables, cohort),
        owed_usd=systems * owed_by_system(solved.tables, cohort, later),
        commitment=cohort.committed,
        frame=cohort.frame,
    )


def after_horizon(solved: SolvedModel) -> list[fmt.AfterHorizonRow]:
    """Rent due after the horizon by fiscal year; a period belongs to the year in which it starts."""
    calendar, due = solved.tables.calendar, defaultdict[str, float](float)
    for cohort, systems in solved.cohorts.items():
        for k in range(periods_after(solved.tables, cohort) if systems > 0 else 0):
            year = calendar.fiscal_year(calendar.count + 1 + k)
            due[year] += systems * (cohort.rent_usd or 0.0) * calendar.hours
    return [fmt.AfterHorizonRow(fiscal_year=year, rent_usd=usd) for year, usd in sorted(due.items())]


def in_service(solved: SolvedModel) -> list[fmt.InServiceRow]:
    rows = []
    fleet = {(row.system, row.place, row.t): row.fleet for row in solved.tables.stock}
    for key, systems in gone(solved):
        fleet[key] -= systems
    for stock in solved.tables.stock:
        systems = solved.in_service[stock.system, stock.place, stock.t]
        if systems > 0:
            facts = solved.tables.systems[stock.system]
            rows.append(fmt.InServiceRow(
                system=stock.system, accelerator=facts.accelerator, vendor=facts.vendor, place=stock.place,
                period=solved.period(stock.t), systems=systems,
                fleet=fleet[stock.system, stock.place, stock.t],
                accelerators=systems * facts.accelerators,
            ))  # fmt: skip
    return rows


def work(solved: SolvedModel) -> list[fmt.WorkRow]:
    """Work by place: what a group does is split in proportion to the systems that are free there.

    Work that is assigned to places one by one comes first and takes its part of them.
    """
    free = {key: solved.able(key[0], (key[1],), key[2]) for key in solved.in_service}
    rows = []
    for work, systems in sorted(solved.run.items(), key=lambda item: len(solved.tables.places_of(item[0].group))):
        present = {place: free.get((work.system, place, work.t), 0.0) for place in solved.tables.places_of(work.group)}
        total = fsum(present.values())
        for place, here in present.items():
            busy = systems if len(present) == 1 else systems * here / total if total else 0.0
            free[work.system, place, work.t] = max(0.0, here - busy)
            if busy > 0:
                rows.append(_work_row(solved, work, place, busy))
    return sorted(rows, key=lambda r: (r.demand, r.period, r.system, r.place))


def _work_row(solved: SolvedModel, work: Work, place: str, systems: float) -> fmt.WorkRow:
    return fmt.WorkRow(
        demand=work.demand,
        workload=solved.tables.scenario.demand[work.demand].workload,
        system=work.system,
        accelerator=solved.tables.systems[work.system].accelerator,
        place=place,
        period=solved.period(work.t),
        systems=systems,
        work_per_second=systems * work.per_system,
    )


def unmet(solved: SolvedModel) -> list[fmt.UnmetRow]:
    rows = []
    for need in solved.tables.needs:
        part = solved.undone(need)
        if part > 0:
            per_second = part * need.per_second
            usd = per_second * (need.unmet_usd or 0.0) * solved.tables.calendar.hours
            row = fmt.UnmetRow(demand=need.demand, period=solved.period(need.t), per_second=per_second, usd=usd)
            rows.append(row)
    return rows


def _used(solved: SolvedModel) -> Iterator[tuple[tuple[str, int, str], float]]:
    """What each system uses at its place in a period: of each resource without the site's figure, and average MW."""
    for (system, place, t), systems in solved.in_service.items():
        facts = solved.tables.systems[system]
        yield (place, t, "average_mw"), systems * facts.average_kw / KW_PER_MW
        for resource in RESOURCES:
            yield (place, t, resource.name), systems * resource.draw(facts) / resource.parts


def sites(solved: SolvedModel) -> list[fmt.SiteRow]:
    """Power, cooling, racks and energy of every site and period, counted from what is in service."""
    tables, used = solved.tables, defaultdict(float, summed(_used(solved)))
    online = {(site, start): solved.values[v.name] for (site, start), v in solved.model.expand.items()}
    added = defaultdict(float, summed(
        ((site, t), mw) for (site, start), mw in online.items() for t in range(start, tables.calendar.count + 1)
    ))  # fmt: skip
    return [
        fmt.SiteRow(
            site=row.site,
            period=solved.period(row.t),
            energy_mwh=used[row.site, row.t, "average_mw"] * row.pue * tables.calendar.hours,
            **_resources(row, used, added[row.site, row.t], tables.calendar.months),
        )
        for row in tables.site_periods
    ]


def _resources(row: SitePeriod, used: Mapping[Any, float], added_mw: float, months: int) -> dict[str, Any]:
    """Use and limit of each resource of a site in a period, by the names of the plan's fields."""
    found: dict[str, float | None] = {}
    for resource in RESOURCES:
        times, most = months if resource.per_month else 1, row.most(resource)
        found[resource.used] = used[row.site, row.t, resource.name] * resource.factor(row) * times
        found[resource.limit] = most + added_mw if resource.grows and most is not None else most
    return found
