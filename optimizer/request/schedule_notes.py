"""What was read of the periods that a scenario writes, where that is not what they say by themselves.

A key may lie inside a period of the horizon, before it or after it, a window may begin or end inside one, and a fleet
may leave in the middle: all of it is read as the format says, and said here in words, so that nothing is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from catalogs.periods import first_month, last_month, steps
from catalogs.validate import dotted
from optimizer.request.calendar import EACH_PERIOD, EACH_WINDOW, EACH_YEAR, Calendar
from optimizer.request.scenario import Forecast, Scenario
from optimizer.request.schedules import READINGS, Reading, Schedule, highest, lowest, mean, reading_of, supplied

KeyPath = tuple[str, ...]
NoteOn = Callable[[Scenario], Iterator["Read"]]
SHOWN = 6
"""Periods of one schedule that are named with what was read in them."""
_OF_ITS_MONTHS: Mapping[Reading, str] = {
    highest: "the highest of its months",
    lowest: "the lowest of its months",
    mean: "the mean of its months",
    supplied: "the mean of its months",
}


@dataclass(frozen=True)
class Read:
    """Where something by period stands in a scenario, and what was read of it."""

    path: KeyPath
    words: str

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.words}"


def readings(scenario: Scenario) -> list[Read]:
    """All that was read otherwise than by its own period, in a fixed order."""
    return [found for rule in RULES for found in rule(scenario)]


def _schedules(scenario: Scenario) -> Iterator[tuple[KeyPath, dict[str, Decimal]]]:
    """Every schedule of several steps that a scenario holds."""
    entries: list[tuple[KeyPath, Schedule | None]] = [
        (("finance", "carbon_usd_per_t"), scenario.finance.carbon_usd_per_t),
        (("currency", "per_usd"), scenario.currency.per_usd),
        *((("supply_per_month", key), value) for key, value in sorted(scenario.supply_per_month.items())),
    ]
    for section in ("sites", "demand"):
        for name, entry in sorted(getattr(scenario, section).items()):
            fields = [field for field in type(entry).model_fields if field in READINGS]
            entries += [((section, name, field), getattr(entry, field)) for field in fields]
    pools = sorted(scenario.pools_per_month.items())
    entries += [(("pools_per_month", key), value) for key, value in pools if not isinstance(value, Forecast)]
    return ((path, value) for path, value in entries if isinstance(value, dict))


def inside_periods(scenario: Scenario) -> Iterator[Read]:
    """Schedules whose months differ inside a period: what each such period was read as."""
    for path, schedule in _schedules(scenario):
        said = [words for t in scenario.calendar.periods if (words := _read_in(scenario.calendar, t, path, schedule))]
        more = f"; and {len(said) - SHOWN} more periods alike" if len(said) > SHOWN else ""
        if said:
            yield Read(path, "; ".join(said[:SHOWN]) + more)


def _read_in(calendar: Calendar, t: int, path: KeyPath, schedule: dict[str, Decimal]) -> str | None:
    """What a schedule was read as in a period, if a key inside it changes something."""
    months, key, read = calendar.span(t), calendar.key(t), reading_of(path)
    inner = [step for step in steps(schedule) if first_month(step) in months[1:]]
    each = {read(schedule, range(month, month + 1)) for month in months}
    if not inner or len(each) == 1:
        return None
    value, where = read(schedule, months), f"{_listed(inner)} inside {key}"
    if value is None:
        return f"{where}, in whose first month it has not begun: there is none in {key}"
    return f"{where}, read as {_OF_ITS_MONTHS[read]}, {_shown(value)}"


def _shown(value: Decimal) -> str:
    """A number as messages show it: ten digits tell what was read."""
    return f"{float(value):,.10g}"


def _listed(keys: Sequence[str]) -> str:
    verb = "lies" if len(keys) == 1 else "lie"
    return f"{keys[0] if len(keys) == 1 else ', '.join(keys[:-1]) + ' and ' + keys[-1]} {verb}"


def outside_horizon(scenario: Scenario) -> Iterator[Read]:
    """Keys of schedules that hold in no month of the horizon."""
    calendar = scenario.calendar
    first, last, end = calendar.start, calendar.span(calendar.count)[-1], calendar.key(calendar.count)
    for path, schedule in _schedules(scenario):
        before = [key for key in steps(schedule) if first_month(key) <= first][:-1]
        after = [key for key in steps(schedule) if first_month(key) > last]
        if before:
            yield Read(path, f"{_listed(before)} before the horizon and a later key holds when it begins: not read")
        if after:
            yield Read(path, f"{_listed(after)} after the horizon, which ends with {end}: not read")


def windows(scenario: Scenario) -> Iterator[Read]:
    """Windows of budgets, limits and frames that are not whole periods of the horizon: which periods they hold."""
    budget = scenario.budget
    for kind, amounts in (("capex_usd", budget.capex_usd), ("opex_usd", budget.opex_usd)):
        for window in sorted(amounts):
            if window == EACH_YEAR:
                yield from _partial_years(scenario.calendar, ("budget", kind, window))
            elif window != EACH_PERIOD:
                yield from _window(scenario.calendar, ("budget", kind, window), window, "it")
    for limit in scenario.limits:
        if limit.within not in EACH_WINDOW:
            yield from _window(scenario.calendar, ("limits",), limit.within, f"{limit.name} within {limit.within}")
    for name, frame in sorted((scenario.frames or {}).items()):
        yield from _window(scenario.calendar, ("frames", name, "orders"), frame.orders, "it")
        for read in _window(scenario.calendar, ("frames", name, "within"), frame.within, "it"):
            inside, months = scenario.calendar.months_inside(frame.within)
            counted = f"{read.words}, and {inside} of its {months} months count of spend_usd"
            yield Read(read.path, counted)


def _partial_years(calendar: Calendar, path: KeyPath) -> Iterator[Read]:
    """Fiscal years of a budget of each that lie partly outside the horizon."""
    for year in calendar.fiscal_years:
        yield from _window(calendar, path, year, f"the amount counts in full for {year}, which")


def _window(calendar: Calendar, path: KeyPath, window: str, what: str) -> Iterator[Read]:
    inside = calendar.window(window)
    months = range(calendar.first_month(inside[0]), calendar.first_month(inside[-1] + 1))
    if calendar.months_of_window(window) != months:
        held = calendar.key(inside[0]) + (f" to {calendar.key(inside[-1])}" if len(inside) > 1 else "")
        yield Read(path, f"{what} holds {held}: the periods of the horizon that start in it")


def fleet(scenario: Scenario) -> Iterator[Read]:
    """Systems in service until a month inside a period, or gone before the horizon."""
    calendar = scenario.calendar
    for entry in scenario.fleet:
        what = f"{entry.system} at {entry.site} until {entry.until}"
        month = calendar.start if entry.until is None else last_month(entry.until)
        if entry.until is not None and month < calendar.start:
            yield Read(("fleet",), f"{what} is gone before the horizon: not counted")
        for t in calendar.periods if entry.until is not None else ():
            if month in calendar.span(t)[:-1]:
                yield Read(("fleet",), f"{what} is in service to the end of {calendar.key(t)}")


RULES: tuple[NoteOn, ...] = (inside_periods, outside_horizon, windows, fleet)
