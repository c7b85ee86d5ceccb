"""What the sheets need to know of a plan, in the order in which they show it. Knows nothing of Excel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from catalogs.periods import first_month, last_month
from optimizer.plan.format import OrderRow, Plan
from optimizer.request.schedules import READINGS, Reading, Schedule

TERMS = frozenset({"lease", "reservation"})
"""Routes whose rent is due for a term, which may outlast the horizon."""
RENTED = frozenset({"lease", "reservation", "on_demand"})
HOSTED = frozenset({"reservation", "on_demand"})
MONTHS_PER_YEAR = 12
CENT, ROUNDING = 0.01, 1e-13
"""Sums of so many flows as a plan has are known to this part of all of them, and no better in a spreadsheet."""
DEFAULT_RESIDUAL = {"1": "0.62", "2": "0.42", "3": "0.30", "4": "0.18", "5": "0.12"}

Values = tuple[float | None, ...]


@dataclass(frozen=True)
class OrderLine:
    """Systems of a group entering service at a place, by period."""

    place: str
    systems: tuple[float, ...]

    @property
    def whole(self) -> bool:
        """Whether all are whole systems."""
        return all(systems.is_integer() for systems in self.systems)


@dataclass(frozen=True)
class Group:
    """Orders of one offer, or commitments of one offer at one price per period, at all places.

    `batch` is 0 for orders and counts from 1 for commitments. `entry_prices` holds USD per system or per
    accelerator-hour by period of entry; only commitments have it, because an order's follows from the offer.
    """

    offer: str
    batch: int
    system: str
    accelerator: str
    vendor: str
    route: str
    lines: tuple[OrderLine, ...]
    entry_prices: Values

    @property
    def id(self) -> str:
        """Its name in the keys of lines."""
        return f"{self.offer}#{self.batch}"

    @property
    def committed(self) -> bool:
        return self.batch > 0

    @property
    def purchased(self) -> bool:
        return self.route not in RENTED

    @property
    def suffix(self) -> str:
        """What tells a line of this group from the same line of the offer's orders."""
        return "" if not self.batch else ", committed" + (f" ({self.batch})" if self.batch > 1 else "")


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
        keys = sorted(raw, key=first_month)
        return {key: Decimal(str(raw[key])) for key in keys}
    return None if raw is None else Decimal(str(raw))


class Facts:
    """A plan, its horizon and its orders as groups and lines."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.scenario: dict[str, Any] = plan.scenario
        self.catalog: dict[str, Any] = plan.catalog
        self.keys = tuple(row.period for row in plan.periods)
        self.months = plan.periods[0].months
        self.index = {key: i for i, key in enumerate(self.keys)}

    @property
    def periods(self) -> int:
        return len(self.keys)

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

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Groups by vendor, accelerator and offer, so that an accelerator's lines stand together."""
        rows = [row for row in self.plan.orders if not row.commitment]
        by_offer = {offer: [row for row in rows if row.offer == offer] for offer in sorted({row.offer for row in rows})}
        groups = [self._group(rows, 0) for rows in by_offer.values()]
        groups += [self._group(rows, batch) for batch, rows in _batches(self.plan.orders)]
        return tuple(sorted(groups, key=lambda g: (g.vendor, g.accelerator, not g.purchased, g.offer, g.batch)))

    def _group(self, rows: list[OrderRow], batch: int) -> Group:
        places = sorted({row.place for row in rows})
        lines = tuple(OrderLine(place, self._systems(rows, place)) for place in places)
        prices: list[float | None] = [None] * self.periods
        for row in rows if batch else ():
            prices[self.index[row.enters_service]] = _price(row)
        one = rows[0]
        return Group(one.offer, batch, one.system, one.accelerator, one.vendor, one.route, lines, tuple(prices))

    def _systems(self, rows: list[OrderRow], place: str) -> tuple[float, ...]:
        systems = [0.0] * self.periods
        for row in rows:
            if row.place == place:
                systems[self.index[row.enters_service]] += row.systems
        return tuple(systems)

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
        fleet: dict[tuple[str, str], list[float]] = {}
        for entry in self.scenario.get("fleet", ()):
            counts = fleet.setdefault((entry["system"], entry["site"]), [0.0] * self.periods)
            for i, count in enumerate(self.fleet_counts(entry)):
                counts[i] += count
        return {key: tuple(fleet[key]) for key in sorted(fleet)}

    def fleet_counts(self, entry: dict[str, Any]) -> list[float]:
        """Systems of a fleet entry by period, as long as it is there."""
        until, count = entry.get("until"), number(entry["count"])
        last = last_month(until) if until else None
        return [count if last is None or first_month(key) <= last else 0.0 for key in self.keys]

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
                found[group] = months // self.months + 1
        return found

    @cached_property
    def after_horizon(self) -> tuple[str, ...]:
        """Fiscal years in which rent could fall due after the horizon, whatever period an override orders in."""
        longest = max(self.terms.values(), default=1) - 1
        starts = int(self.scenario["finance"]["fiscal_year_starts"])
        first = self.first + self.periods * self.months + (1 - starts) % MONTHS_PER_YEAR
        years = (first + k * self.months for k in range(longest))
        return tuple(dict.fromkeys(f"fy{month // MONTHS_PER_YEAR}" for month in years))

    def price_at(self, raw: Any, key: str) -> float:
        """A price in the period of a key, which may lie before the horizon; zero before the first of a schedule."""
        value = READINGS["price_usd"](_schedule(raw), self.span(key))
        return 0.0 if value is None else float(value)

    @property
    def maximizes_value(self) -> bool:
        return bool(self.scenario.get("objective") == "maximize_value")

    @cached_property
    def valued(self) -> tuple[str, ...]:
        """Demands whose work has a value, where value is maximised."""
        demands = self.scenario.get("demand", {}) if self.maximizes_value else {}
        return tuple(sorted(name for name, demand in demands.items() if "value_usd_per_unit_hour" in demand))

    @property
    def asked_for(self) -> tuple[str, ...]:
        """Demands asked for per second; the others have deadlines."""
        return tuple(sorted(name for name, demand in self.scenario["demand"].items() if "per_second" in demand))

    @property
    def with_deadlines(self) -> tuple[str, ...]:
        """Demands of work to be done by the end of periods."""
        demands = self.scenario["demand"].items()
        return tuple(sorted(name for name, demand in demands if "by_deadline_unit_hours" in demand))

    def asked(self, demand: str) -> Values:
        """Work per second that a demand asks for, by period."""
        return self.over_periods("per_second", self.scenario["demand"][demand]["per_second"], 0.0)

    @cached_property
    def unmet(self) -> dict[str, tuple[float, ...]]:
        """Work per second not served, by demand that has a price for it or, where value is maximised, a value."""
        demands = {
            name for name, demand in self.scenario.get("demand", {}).items() if "unmet_usd_per_unit_hour" in demand
        }
        demands.update(self.valued)
        unmet = {name: [0.0] * self.periods for name in sorted(demands | {row.demand for row in self.plan.unmet})}
        for row in self.plan.unmet:
            unmet[row.demand][self.index[row.period]] += row.per_second
        return {name: tuple(values) for name, values in unmet.items()}

    def window(self, window: str) -> tuple[date, date]:
        """The first and last day of a budget's window."""
        if window == "total":
            return month_start(self.first), month_end(last_month(self.keys[-1]))
        if window.startswith("fy"):
            start = self.fiscal_start(int(window[2:]))
            return month_start(start), month_end(start + MONTHS_PER_YEAR - 1)
        start_key, _, end_key = window.partition("..")
        return month_start(first_month(start_key)), month_end(last_month(end_key or start_key))

    def fiscal_start(self, year: int) -> int:
        """The first month of a fiscal year; it ends in the calendar year it is named after."""
        starts = int(self.scenario["finance"]["fiscal_year_starts"])
        return MONTHS_PER_YEAR * (year if starts == 1 else year - 1) + starts - 1


def _price(row: OrderRow) -> float | None:
    return row.price_usd if row.route not in RENTED else row.usd_per_accelerator_hour


def _batches(orders: Iterable[OrderRow]) -> list[tuple[int, list[OrderRow]]]:
    """Commitments in as few batches per offer as give each batch one price a period."""
    batches: dict[tuple[str, int], list[OrderRow]] = {}
    for row in (row for row in orders if row.commitment):
        batch = 1
        while any(
            other.enters_service == row.enters_service and _price(other) != _price(row)
            for other in batches.get((row.offer, batch), ())
        ):
            batch += 1
        batches.setdefault((row.offer, batch), []).append(row)
    return [(batch, rows) for (_, batch), rows in sorted(batches.items(), key=lambda pair: pair[0])]
