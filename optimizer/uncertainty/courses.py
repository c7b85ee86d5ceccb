"""A request as a future has it: the same texts with other figures, so that all that reads a request can read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from catalogs.problems import InputError
from optimizer.request.edits import as_text, request_of
from optimizer.request.futures import Changed, Changes, Delay, Factor, Future
from optimizer.request.load import Request
from optimizer.request.resources import RESOURCES
from optimizer.request.schedules import mean
from optimizer.tables.joins import Joined
from optimizer.tables.rows import OfferFacts
from optimizer.tables.selection import EntryFacts, facts_of_offer, selected
from optimizer.uncertainty.factors import at_each, later, times
from optimizer.uncertainty.recourse import leave_at_a_price

Tree = dict[str, Any]
NOTHING: Mapping[str, float] = {}


class Course:
    """The texts of a request while a future changes them; `here` is the request as it stands."""

    def __init__(self, request: Request) -> None:
        self.request, self.here = request, Joined(request)
        self.calendar = request.scenario.calendar
        self.scenario, self.catalog = as_text(request.scenario), as_text(request.catalog)
        for key in ("futures", "uncertainty"):
            self.scenario.pop(key, None)

    def scaled(self, tree: Tree, key: str, change: Factor) -> bool:
        """Multiplies the schedule at a key; False where there is none."""
        if tree.get(key) is None:
            return False
        tree[key] = times(tree[key], change.schedule, self.calendar)
        return True

    def scaled_each(self, trees: Iterable[Tree], key: str, change: Factor) -> bool:
        """Multiplies the schedule at a key of each; False where none has one."""
        return any([self.scaled(tree, key, change) for tree in trees])  # noqa: C419  (each of them, not the first)

    def offers(self, of: Changed) -> Iterator[tuple[OfferFacts, Tree]]:
        """The offers that a change selects, with their texts."""
        patterns = _patterns(of)
        for offer, facts in self._facts:
            if selected(patterns, facts):
                yield offer, self.catalog["offers"][offer.offer]

    @cached_property
    def _facts(self) -> list[tuple[OfferFacts, EntryFacts]]:
        """What a change selects offers by."""
        found = list[tuple[OfferFacts, EntryFacts]]()
        for offer in self.here.offers.values():
            facts = {**facts_of_offer(self.here.catalog, offer, self.here.systems[offer.system])}
            if offer.host is not None:
                facts["host"] = (offer.host,)
            found.append((offer, facts))
        return found

    def named(self, section: str, of: Changed, key: str) -> Iterator[Tree]:
        """The entries of a section of the scenario whose id a change selects by a key."""
        for name, entry in (self.scenario.get(section) or {}).items():
            if selected(_patterns(of), {key: (name,)}):
                yield entry


def _patterns(of: Changed) -> dict[str, tuple[str, ...]]:
    return {key: value for key, value in of.model_dump().items() if value is not None}


def _demand(course: Course, change: Factor) -> bool:
    touched = False
    for entry in course.named("demand", change.of, "demand"):
        touched |= course.scaled(entry, "per_second", change)
        if entry.get("by_deadline_unit_hours") is not None:
            entry["by_deadline_unit_hours"] = at_each(entry["by_deadline_unit_hours"], change.schedule)
            touched = True
    return touched


def _price(course: Course, change: Factor) -> bool:
    return _paid(course, change, "price_usd")


def _rent(course: Course, change: Factor) -> bool:
    return _paid(course, change, "usd_per_accelerator_hour")


def _paid(course: Course, change: Factor, field: str) -> bool:
    """Prices of what is ordered from now on; what is agreed for commitments stays."""
    return course.scaled_each((entry for _, entry in course.offers(change.of)), field, change)


def _agree(course: Course, offer: OfferFacts, field: str) -> None:
    """States the price of commitments that have none of their own: that of the offer at the time of their order."""
    schedule = getattr(course.here.catalog.offers[offer.offer], field)
    for entry in course.scenario.get("commitments") or ():
        if entry["offer"] == offer.offer and entry.get(field) is None:
            ordered = (course.calendar.number(entry["period"]) or 0) - offer.lead_periods
            agreed = mean(schedule, course.calendar.span(ordered))
            if agreed is not None:
                entry[field] = f"{agreed:f}"


def _supply(course: Course, change: Factor) -> bool:
    touched = False
    for name in course.scenario.get("supply_per_month") or {}:
        if selected(_patterns(change.of), _of_accelerator(course, name)):
            touched |= course.scaled(course.scenario["supply_per_month"], name, change)
    for _, entry in course.offers(change.of):
        touched |= course.scaled(entry, "supply_systems_per_month", change)
    return touched


def _of_accelerator(course: Course, name: str) -> EntryFacts:
    entry = course.here.catalog.accelerators[name]
    return {"vendor": (entry.vendor,), "kind": (entry.kind,), "accelerator": (name,), "stack": (entry.stack,)}


def _pools(course: Course, change: Factor) -> bool:
    touched = False
    pools = course.scenario.get("pools_per_month") or {}
    for name in pools:
        if selected(_patterns(change.of), {"pool": (name,)}):
            if isinstance(pools[name], dict) and "forecast" in pools[name]:
                forecast = course.catalog["pools"][name]["forecasts"][pools[name]["forecast"]]
                pools[name] = times(forecast, Decimal(pools[name]["share"]), course.calendar)
            touched |= course.scaled(pools, name, change)
    return touched


def _power(course: Course, change: Factor) -> bool:
    return course.scaled_each(course.named("sites", change.of, "site"), "power_mw", change)


def _electricity(course: Course, change: Factor) -> bool:
    field = "electricity_usd_per_mwh"
    return course.scaled_each(course.named("sites", change.of, "site"), field, change)


def _residual(course: Course, change: Factor) -> bool:
    table = course.scenario["finance"]["residual"]
    if not isinstance(table, dict):
        return False
    course.scenario["finance"]["residual"] = times(table, change.schedule, course.calendar)
    return True


def _delivery_delay(course: Course, change: Delay) -> bool:
    """What is delivered to us, bought or leased, comes later, orders that are placed already too."""
    touched = False
    for offer, entry in course.offers(change.of):
        if not offer.hosted:
            before = course.calendar.whole_periods(entry["lead_time_months"])
            entry["lead_time_months"] += change.months
            _move_commitments(course, offer, course.calendar.whole_periods(entry["lead_time_months"]) - before)
            touched = True
    return touched


def _move_commitments(course: Course, offer: OfferFacts, periods: int) -> None:
    """What is not in service yet enters later, by as many periods as an order of the offer."""
    for entry in course.scenario.get("commitments") or ():
        t = course.calendar.number(entry["period"])
        if entry["offer"] == offer.offer and t is not None and t >= 1:
            entry["period"] = course.calendar.key(t + periods)


def _hall_delay(course: Course, change: Delay) -> bool:
    """What a hall has more of after the horizon has begun, and what may be added to it, comes later."""
    touched = False
    for entry in course.named("sites", change.of, "site"):
        for field in (resource.field for resource in RESOURCES if entry.get(resource.field) is not None):
            moved = later(entry[field], change.months, course.calendar)
            touched, entry[field] = touched or moved != entry[field], moved
        if entry.get("expansion"):
            entry["expansion"]["lead_time_months"] += change.months
            touched = True
    return touched


APPLIED: dict[str, Callable[[Course, Any], bool]] = {
    "hall_delay": _hall_delay,  # before factors, which go by the calendar
    "delivery_delay": _delivery_delay,
    "demand": _demand,
    "price": _price,
    "rent": _rent,
    "supply": _supply,
    "pools": _pools,
    "power": _power,
    "electricity": _electricity,
    "residual": _residual,
}
"""What applies each kind of change, in the order in which they are; each says whether it changed anything."""


def course_of(request: Request, future: Future, unmet: Mapping[str, float] = NOTHING) -> Request:
    """A request as a future has it; work with a price in `unmet` may be left at that.

    Raises InputError for a change of nothing, and for what would then be no request: an order placed already that
    would come after the horizon, a share of the price left above 1.
    """
    scenario, catalog = texts_of(request, future)
    leave_at_a_price(scenario, unmet)
    try:
        return request_of(scenario, catalog)
    except InputError as error:
        why = "; ".join(str(problem).split(": ", 1)[-1] for problem in error.problems)
        raise InputError([_problem(request, future, None, f"what it makes of the request is none: {why}")]) from error


def lenient_course_of(request: Request, future: Future, unmet: Mapping[str, float] = NOTHING) -> Request:
    """As `course_of`, for a future that was drawn: orders placed already that would come after the horizon are gone."""
    course = _applied(request, future, [])
    placed = course.scenario.get("commitments") or []
    course.scenario["commitments"] = [e for e in placed if course.calendar.number(e["period"]) is not None]
    leave_at_a_price(course.scenario, unmet)
    return request_of(course.scenario, course.catalog)


def texts_of(request: Request, future: Future) -> tuple[Tree, Tree]:
    """The texts of scenario and catalogue as a future has them. Raises InputError as `course_of` does."""
    idle: list[str] = []
    course = _applied(request, future, idle)
    _refuse(request, future, idle, "changes nothing: the scenario has no such figure")
    late = [e["offer"] for e in course.scenario.get("commitments") or () if course.calendar.number(e["period"]) is None]
    beyond = f"moves {', '.join(late)}, ordered already, beyond the horizon; give the horizon more periods"
    _refuse(request, future, ["delivery_delay"] * bool(late), beyond)
    return course.scenario, course.catalog


def _applied(request: Request, future: Future, idle: list[str]) -> Course:
    """The texts as a future has them; kinds of changes that change nothing are added to `idle`."""
    course = Course(request)
    _agree_all(course, future)
    for kind, apply in APPLIED.items():
        for change in getattr(future, kind) or ():
            if not apply(course, change):
                idle.append(kind)
    return course


AGREED = {
    "price": ("price_usd",),
    "rent": ("usd_per_accelerator_hour",),
    "delivery_delay": ("price_usd", "usd_per_accelerator_hour"),
}


def _agree_all(course: Course, future: Changes) -> None:
    """States what was agreed for commitments, before a future changes the prices or the lead times it is read by."""
    for kind, fields in AGREED.items():
        for change in getattr(future, kind) or ():
            for offer, _entry in course.offers(change.of):
                for field in fields:
                    _agree(course, offer, field)


def _refuse(request: Request, future: Future, kinds: Iterable[str], why: str) -> None:
    problems = [_problem(request, future, kind, why) for kind in kinds]
    if problems:
        raise InputError(problems)


def _problem(request: Request, future: Future, kind: str | None, why: str) -> Any:
    futures = list(request.scenario.futures or ())
    at = ("futures", str(futures.index(future))) if future in futures else ()
    return request.problem((*at, kind) if at and kind else at, why)
