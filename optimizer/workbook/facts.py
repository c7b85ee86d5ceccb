"""What the sheets need to know of a plan, in the order in which they show it. Knows nothing of Excel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from catalogs.periods import first_month, last_month, steps, written
from optimizer.plan.format import OrderRow, Plan
from optimizer.request.calendar import Calendar
from optimizer.request.schedules import READINGS, Reading, Schedule, spelled_out
from optimizer.tables import grouped
from optimizer.tables.frames import share_inside
from optimizer.workbook.fiscal import renamed, year_shift
from optimizer.workbook.groups import HOSTED, Group, OrderLine, Values, batches_of, price_of

TERMS = frozenset({"lease", "reservation"})
"""Routes whose rent is due for a term, which may outlast the horizon."""
MONTHS_PER_YEAR = 12
CENT, ROUNDING = 0.01, 1e-13
"""Sums of so many flows as a plan has are known to this part of all of them, and no better in a spreadsheet."""
DEFAULT_RESIDUAL = {"1": "0.62", "2": "0.42", "3": "0.30", "4": "0.18", "5": "0.12"}


def month_start(month: int) -> date:
    """The first day of a month counted as `12 * year + month - 1`."""
    return date(month // 12, month % 12 + 1, 1)


def month_end(month: int) -> date:
    """The last day of a month."""
    return date.fromordinal(month_start(month + 1).toordinal() - 1)


def number(text: Any) -> float:
    """A number of the scenario or the catalogue, which hold them as text."""
    return float(Decimal(str(text)))


def _schedule(raw: Any) -> Schedule | None:
    if isinstance(raw, dict):
        return {key: Decimal(str(value)) for key, value in raw.items()}
    return None if raw is None else Decimal(str(raw))


class Facts:
    """A plan, its horizon and its orders as groups and lines."""

    def __init__(self, plan: Plan, by_start: bool = False) -> None:
        """`by_start` names fiscal years by the year in which they start, where the scenario does not say by which."""
        self.year_shift = year_shift(plan, by_start)
        self.plan = renamed(plan, self.year_shift)
        self.scenario: dict[str, Any] = plan.scenario
        self.catalog: dict[str, Any] = plan.catalog
        self.keys = tuple(row.period for row in plan.periods)
        self.months = plan.periods[0].months
        self.index = {key: i for i, key in enumerate(self.keys)}

    @property
    def periods(self) -> int:
        return len(self.keys)

    @property
    def years(self) -> list[str]:
        """The fiscal years of the horizon, in order."""
        return list(dict.fromkeys(row.fiscal_year for row in self.plan.periods))

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar of the horizon."""
        return Calendar(self.first, self.months, self.periods, int(self.scenario["finance"]["fiscal_year_starts"]))

    @cached_property
    def flows_usd(self) -> float:
        """All flows of the plan added up, whatever their signs."""
        return math.fsum(abs(usd) for line in self.plan.costs.values() for usd in line.values())

    @property
    def money_tolerance(self) -> float:
        """A cent, or what rounding may do to a sum of all flows."""
        return max(CENT, ROUNDING * self.flows_usd)

    @property
    def first(self) -> int:
        """The first month of the horizon."""
        return first_month(self.keys[0])

    def span(self, key: str) -> range:
        """The months of a period, which may lie before the horizon."""
        return range(first_month(key), first_month(key) + self.months)

    def listed(self, reading: Reading, raw: Any) -> Any:
        """A schedule as its source text; one that grows as steps that do not."""
        schedule = _schedule(raw)
        if not isinstance(schedule, dict) or steps(schedule) == schedule:
            return raw
        return {key: f"{value:f}" for key, value in spelled_out(schedule, reading, self.calendar).items()}

    def over_periods(self, field: str, raw: Any, before: float | None = None) -> Values:
        """The schedule of a field in each period, as the field is read; `before` where it has not begun."""
        return self.read(READINGS[field], raw, before)

    def read(self, reading: Reading, raw: Any, before: float | None = None) -> Values:
        """A schedule in each period; `before` where it has not begun."""
        schedule = _schedule(raw)
        values = (reading(schedule, self.span(key)) for key in self.keys)
        return tuple(before if value is None else float(value) for value in values)

    def by_period(self, known: Mapping[str, float]) -> Values:
        """Figures by the key of their period; None where there is none."""
        return tuple(known.get(key) for key in self.keys)

    def added_up(self, amounts: Iterable[tuple[str, float]]) -> tuple[float, ...]:
        """The sum in each period of amounts with the key of theirs."""
        values = [0.0] * self.periods
        for key, amount in amounts:
            values[self.index[key]] += amount
        return tuple(values)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Groups by vendor, accelerator and offer, so that an accelerator's lines stand together."""
        rows = [row for row in self.plan.orders if not row.commitment]
        by_price = grouped(sorted(rows, key=lambda row: row.label), lambda row: row.label)
        groups = [self._group(rows, 0) for rows in by_price.values()]
        groups += [self._group(rows, batch) for batch, rows in batches_of(self.plan.orders, self.keys[0])]
        return tuple(
            sorted(groups, key=lambda g: (g.vendor, g.accelerator, not g.purchased, g.offer, g.batch, g.frame))
        )

    def _group(self, rows: list[OrderRow], batch: int) -> Group:
        one, lines = rows[0], []
        age = max(0, self.first - first_month(one.enters_service)) // self.months
        began = one.enters_service if age else ""
        for place in sorted({row.place for row in rows}):
            systems = self.added_up((self.enters(row), row.systems) for row in rows if row.place == place)
            lines.append(OrderLine(one.offer, batch, one.system, began, one.frame or "", place, systems))
        paid = {self.enters(row): price for row in rows if batch and (price := price_of(row)) is not None}
        prices = self.by_period(paid)
        made_of = (one.system, began, one.frame or "", one.accelerator, one.vendor, one.route)
        return Group(one.offer, batch, *made_of, tuple(lines), prices, age)

    def enters(self, row: OrderRow) -> str:
        """The period in which the sheets show an order to enter service: the first for what is running already."""
        return row.enters_service if row.enters_service in self.index else self.keys[0]

    @property
    def delivered(self) -> tuple[Group, ...]:
        """Orders that come to our sites: these draw on supply and pools; commitments were granted before."""
        return tuple(group for group in self.groups if not group.committed and group.route not in HOSTED)

    @cached_property
    def accelerators(self) -> tuple[tuple[str, str], ...]:
        """(vendor, accelerator) of what is ordered or committed, in the order of the groups."""
        return tuple(dict.fromkeys((group.vendor, group.accelerator) for group in self.groups))

    @cached_property
    def sites(self) -> tuple[str, ...]:
        return tuple(sorted(self.scenario.get("sites", {})))

    @cached_property
    def places(self) -> tuple[str, ...]:
        """Our sites, then the hosts where something is ordered."""
        used = {line.place for group in self.groups for line in group.lines}
        return self.sites + tuple(sorted(used - set(self.sites)))

    @cached_property
    def fleet(self) -> dict[tuple[str, str], tuple[float, ...]]:
        """Systems in service before the plan by (system, site), by period."""
        entries: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for entry in self.scenario.get("fleet", ()):
            entries.setdefault((entry["system"], entry["site"]), []).append(entry)
        return {key: self.fleet_of(entries[key]) for key in sorted(entries)}

    def fleet_of(self, entries: Iterable[dict[str, Any]]) -> tuple[float, ...]:
        """Systems of fleet entries by period, as long as they are there."""
        return self.added_up(
            (key, number(entry["count"]))
            for entry in entries
            for key in self.keys
            if not entry.get("until") or first_month(key) <= last_month(entry["until"])
        )

    @cached_property
    def systems(self) -> tuple[str, ...]:
        """Systems that are ordered, committed or in the fleet."""
        return tuple(sorted({group.system for group in self.groups} | {system for system, _ in self.fleet}))

    @cached_property
    def offers(self) -> tuple[str, ...]:
        """Offers that are ordered or committed, in the order of the groups."""
        return tuple(dict.fromkeys(group.offer for group in self.groups))

    @cached_property
    def terms(self) -> dict[Group, int]:
        """Periods of the term of each group that has one."""
        found: dict[Group, int] = {}
        for group in self.groups:
            if group.route in TERMS:
                row = next(row for row in self.plan.orders if row.offer == group.offer)
                months = first_month(row.term_until) - first_month(row.enters_service)
                found[group] = months // self.months + 1 - group.age
        return found

    @cached_property
    def after_horizon(self) -> tuple[str, ...]:
        """Fiscal years in which rent could fall due after the horizon, whatever period an override orders in."""
        longest = max(self.terms.values(), default=1) - 1
        starts = int(self.scenario["finance"]["fiscal_year_starts"])
        first = self.first + self.periods * self.months + (1 - starts) % MONTHS_PER_YEAR
        years = (first + k * self.months for k in range(longest))
        return tuple(dict.fromkeys(f"fy{month // MONTHS_PER_YEAR - self.year_shift}" for month in years))

    def price_at(self, raw: Any, key: str) -> float:
        """A price in the period of a key, which may lie before the horizon; zero before the first of a schedule."""
        value = READINGS["price_usd"](_schedule(raw), self.span(key))
        return 0.0 if value is None else float(value)

    @property
    def maximizes_value(self) -> bool:
        return bool(self.scenario.get("objective") == "maximize_value")

    @property
    def taxed(self) -> bool:
        """Whether the plan is after tax."""
        return "tax" in self.scenario["finance"]

    def demands_with(self, field: str) -> tuple[str, ...]:
        """Demands that give a field."""
        return tuple(sorted(name for name, demand in self.scenario.get("demand", {}).items() if field in demand))

    @cached_property
    def valued(self) -> tuple[str, ...]:
        """Demands whose work has a value, where value is maximised."""
        return self.demands_with("value_usd_per_unit_hour") if self.maximizes_value else ()

    @property
    def asked_for(self) -> tuple[str, ...]:
        """Demands asked for per second; the others have deadlines."""
        return self.demands_with("per_second")

    @property
    def with_deadlines(self) -> tuple[str, ...]:
        """Demands of work to be done by the end of periods."""
        return self.demands_with("by_deadline_unit_hours")

    @property
    def as_much_as_fits(self) -> tuple[str, ...]:
        """Open demands: valued work of which no amount is asked for."""
        return tuple(name for name in self.valued if name not in (*self.asked_for, *self.with_deadlines))

    def asked(self, demand: str) -> Values:
        """Work per second that a demand asks for, by period."""
        return self.over_periods("per_second", self.scenario["demand"][demand]["per_second"], 0.0)

    @cached_property
    def unmet(self) -> dict[str, tuple[float, ...]]:
        """Work per second not served, by demand that has a price for it or, where value is maximised, a value."""
        rows = self.plan.unmet
        named = {*self.demands_with("unmet_usd_per_unit_hour"), *self.valued, *(row.demand for row in rows)}
        named -= set(self.as_much_as_fits)
        return {
            name: self.added_up((row.period, row.per_second) for row in rows if row.demand == name)
            for name in sorted(named)
        }

    def window(self, window: str) -> tuple[date, date]:
        """The first and last day of a budget's window."""
        if window == "total":
            return month_start(self.first), month_end(last_month(self.keys[-1]))
        if window.startswith("fy"):
            start = self.fiscal_start(int(window[2:]))
            return month_start(start), month_end(start + MONTHS_PER_YEAR - 1)
        start_key, _, end_key = window.partition("..")
        return month_start(first_month(start_key)), month_end(last_month(end_key or start_key))

    def share_inside(self, frame: str) -> float:
        """The part of the months of a frame's window that lies inside the horizon."""
        return float(share_inside(self.calendar, self.scenario["frames"][frame]["within"]))

    def months_of(self, year: str) -> str:
        """The months of a fiscal year as the sheets name it, such as 2025-04..2026-03; '' of a calendar year."""
        if int(self.scenario["finance"]["fiscal_year_starts"]) == 1:
            return ""
        start = self.fiscal_start(int(year.removeprefix("fy")) + self.year_shift)
        return f"{written(start, 1)}..{written(start + MONTHS_PER_YEAR - 1, 1)}"

    def fiscal_start(self, year: int) -> int:
        """The first month of a fiscal year; it ends in the calendar year it is named after."""
        starts = int(self.scenario["finance"]["fiscal_year_starts"])
        return MONTHS_PER_YEAR * (year if starts == 1 else year - 1) + starts - 1
