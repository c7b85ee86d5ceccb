"""What a future makes of a request, once more: every figure month by month, in fractions, from both texts.

Nothing is made again here that the model reads: the texts of the scenario and of the catalogue as a future has them
are held against the scenario as it stands and what the future is said to change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from fractions import Fraction
from math import ceil
from typing import Any

from optimizer.audit.checks import Allowed, Check
from optimizer.audit.inputs import read_horizon
from optimizer.audit.periods import Horizon, Schedule, schedule, span

Tree = Mapping[str, Any]
SAME = Fraction(1, 10**24)
"""Relative: a figure that has grown is written with thirty digits."""
DELIVERED = ("purchase", "lease")
SHARED = ("price_usd", "usd_per_accelerator_hour")
NOT_OF_A_FUTURE = ("futures", "uncertainty")


class Course:
    """A future with the request that it is of, and what it says of anything."""

    def __init__(self, scenario: Tree, catalog: Tree, future: Tree) -> None:
        self.scenario, self.catalog, self.future = scenario, catalog, future
        self.horizon: Horizon = read_horizon(scenario["horizon"])

    def changes(self, kind: str, about: Mapping[str, Sequence[str]]) -> list[Tree]:
        """The changes of a kind that select something: every key of a selection fits."""
        said = self.future.get(kind) or []
        each = [said] if isinstance(said, Mapping) else said
        return [change for change in each if all(_fits(about.get(k, ()), v) for k, v in change["of"].items())]

    def factor(self, kind: str, about: Mapping[str, Sequence[str]], month: int) -> Fraction:
        """The product of all factors of a kind in a month; each is 1 before its first period."""
        product = Fraction(1)
        for change in self.changes(kind, about):
            begins = change.get("from")
            given = (
                {begins: change["factor"]} if begins and not isinstance(change["factor"], dict) else change["factor"]
            )
            by = schedule(given).at(month)
            product *= 1 if by is None else by
        return product

    def months_late(self, kind: str, about: Mapping[str, Sequence[str]]) -> int:
        """Months by which something comes later, all delays together."""
        return int(sum((Fraction(change["months"]) for change in self.changes(kind, about)), Fraction(0)))

    def offer(self, key: str) -> dict[str, Sequence[str]]:
        """What a selection sees of an offer."""
        entry = self.catalog["offers"][key]
        system = self.catalog["systems"][entry["system"]]
        seen: dict[str, Sequence[str]] = {"offer": [key], "system": [entry["system"]], "route": [entry["route"]]}
        seen["host"] = [entry["host"]] if entry.get("host") else []
        seen["buyers"] = list(entry.get("buyers") or [])
        return {**self.accelerator(system["accelerator"]), **seen}

    def accelerator(self, key: str) -> dict[str, Sequence[str]]:
        """What a selection sees of an accelerator."""
        entry = self.catalog["accelerators"][key]
        return {"accelerator": [key], **{name: [entry[name]] for name in ("vendor", "kind", "stack")}}


def _fits(values: Sequence[str], wanted: Any) -> bool:
    patterns = [wanted] if isinstance(wanted, str) else wanted
    return any(fnmatchcase(value, pattern) for value in values for pattern in patterns)


def future_is_applied(
    scenario: Tree, catalog: Tree, future: Tree, unmet: Mapping[str, float], plan: Mapping[str, Tree]
) -> Iterator[Check]:
    """A plan's scenario and catalogue are those of the request with what the future changes, and nothing else."""
    course, given, known = Course(scenario, catalog, future), plan["scenario"], plan["catalog"]
    name = future["name"]
    for rule in (_demands, _offers, _supply, _sites, _residual, _commitments):
        for path, good in rule(course, given, known):
            yield Allowed("future_is_applied", (name, *path), good, "it is not what the future makes of it")
    rest = _rest(scenario, catalog, unmet), _rest(given, known, {})
    yield Allowed("future_is_applied", (name,), rest[0] == rest[1], "the future changes more than it says")


Found = Iterator[tuple[tuple[str, ...], bool]]


def _scaled(course: Course, kind: str, about: Mapping[str, Sequence[str]], base: Any, given: Any, late: int = 0,
            share: Fraction = Fraction(1)) -> bool:  # fmt: skip
    """Whether a schedule is, in every month of the horizon, what it was times its factors."""
    if base is None or given is None:
        return base is given
    before, after = schedule(base), schedule(given)
    for month in range(course.horizon.first, course.horizon.start(course.horizon.periods)):
        was, now = _at(before, month, late, course.horizon.first), after.at(month)
        if was is None or now is None:
            if (was or 0) != (now or 0):
                return False
            continue
        expected = was * share * course.factor(kind, about, month)
        if abs(now - expected) > SAME * abs(expected):
            return False
    return True


def _at(base: Schedule, month: int, late: int, first: int) -> Fraction | None:
    """The value in a month of a schedule whose steps after the first month come later."""
    if not late or base.months[-1] <= first:
        return base.at(month)
    return base.at(max(first, month - late))


def _demands(course: Course, given: Tree, _: Tree) -> Found:
    for key, entry in course.scenario["demand"].items():
        about, now = {"demand": [key]}, given["demand"][key]
        yield ("demand", key), _scaled(course, "demand", about, entry.get("per_second"), now.get("per_second"))
        for period, amount in (entry.get("by_deadline_unit_hours") or {}).items():
            expected = Fraction(amount) * course.factor("demand", about, span(period)[0])
            yield ("demand", key, period), Fraction(now["by_deadline_unit_hours"][period]) == expected


def _offers(course: Course, _: Tree, known: Tree) -> Found:
    for key, entry in course.catalog["offers"].items():
        about, now = course.offer(key), known["offers"][key]
        late = course.months_late("delivery_delay", about) if entry["route"] in DELIVERED else 0
        same = int(now["lead_time_months"]) == int(entry["lead_time_months"]) + late
        for kind, field in (("price", SHARED[0]), ("rent", SHARED[1]), ("supply", "supply_systems_per_month")):
            same = same and _scaled(course, kind, about, entry.get(field), now.get(field))
        yield ("offers", key), same


def _supply(course: Course, given: Tree, _: Tree) -> Found:
    for key, base in (course.scenario.get("supply_per_month") or {}).items():
        about = course.accelerator(key)
        yield ("supply_per_month", key), _scaled(course, "supply", about, base, given["supply_per_month"][key])
    for key, base in (course.scenario.get("pools_per_month") or {}).items():
        part, _share = _part(course, key, base)
        now, share = _part(course, key, given["pools_per_month"][key])
        same = _scaled(course, "pools", {"pool": [key]}, part, now, share=_share / share)
        yield ("pools_per_month", key), same


def _part(course: Course, key: str, source: Any) -> tuple[Any, Fraction]:
    """The schedule of a pool and our share of it."""
    if isinstance(source, Mapping) and "forecast" in source:
        return course.catalog["pools"][key]["forecasts"][source["forecast"]], Fraction(source["share"])
    return source, Fraction(1)


def _sites(course: Course, given: Tree, _: Tree) -> Found:
    for key, entry in (course.scenario.get("sites") or {}).items():
        about, now = {"site": [key]}, given["sites"][key]
        late = course.months_late("hall_delay", about)
        same = _scaled(course, "power", about, entry["power_mw"], now["power_mw"], late)
        for field in ("liquid_mw", "air_mw", "racks"):
            same = same and _scaled(course, "", {}, entry.get(field), now.get(field), late)
        tariff = "electricity_usd_per_mwh"
        same = same and _scaled(course, "electricity", about, entry[tariff], now[tariff])
        if entry.get("expansion"):
            later = int(entry["expansion"]["lead_time_months"]) + late
            same = same and int(now["expansion"]["lead_time_months"]) == later
        yield ("sites", key), same


def _residual(course: Course, given: Tree, _: Tree) -> Found:
    base, now = course.scenario["finance"]["residual"], given["finance"]["residual"]
    if isinstance(base, Mapping):
        by = course.factor("residual", {}, course.horizon.first)
        yield (
            ("finance", "residual"),
            {k: Fraction(v) * by for k, v in base.items()} == {k: Fraction(v) for k, v in now.items()},
        )
    else:
        yield ("finance", "residual"), base == now


def _commitments(course: Course, given: Tree, known: Tree) -> Found:
    """Orders that are placed already come as late as any of their offer, at what was agreed."""
    expected = sorted(map(str, (_later(course, entry) for entry in course.scenario.get("commitments") or ())))
    stated = sorted(map(str, (_order(course, known, entry, 0) for entry in given.get("commitments") or ())))
    yield ("commitments",), expected == stated


def _later(course: Course, entry: Tree) -> tuple[Any, ...]:
    offer, months = course.catalog["offers"][entry["offer"]], course.horizon.months
    lead = int(offer["lead_time_months"])
    late = course.months_late("delivery_delay", course.offer(entry["offer"])) if offer["route"] in DELIVERED else 0
    moved = ceil(Fraction(lead + late, months)) - ceil(Fraction(lead, months))
    running = course.horizon.position(entry["period"]) < 0
    return _order(course, course.catalog, entry, 0 if running else moved)


def _order(course: Course, catalog: Tree, entry: Tree, moved: int) -> tuple[Any, ...]:
    """A commitment by what it is, when it comes and what it costs: as agreed, or its offer's price at its order."""
    t = course.horizon.position(entry["period"])
    offer = catalog["offers"][entry["offer"]]
    field = SHARED[0] if offer["route"] == "purchase" else SHARED[1]
    agreed = entry.get(field)
    if agreed is None and offer.get(field) is not None:
        ordered = t - ceil(Fraction(int(offer["lead_time_months"]), course.horizon.months))
        agreed = schedule(offer[field]).mean(course.horizon.span(ordered))
    price = None if agreed is None else float(Fraction(agreed))
    return entry["offer"], entry["site"], t + moved, str(entry["systems"]), price


def _rest(scenario: Tree, catalog: Tree, unmet: Mapping[str, float]) -> Any:
    """All that no future changes: both texts without what it may, and with the prices of work not done."""
    asked = {key: value for key, value in scenario.items() if key not in NOT_OF_A_FUTURE}
    asked = {**asked, "supply_per_month": None, "pools_per_month": None, "commitments": None}
    asked["finance"] = {**asked["finance"], "residual": None}
    asked["demand"] = {key: _demand(key, entry, unmet) for key, entry in asked["demand"].items()}
    changed = ("power_mw", "liquid_mw", "air_mw", "racks", "electricity_usd_per_mwh")
    asked["sites"] = {key: _without(entry, changed, "expansion") for key, entry in (asked.get("sites") or {}).items()}
    fields = (*SHARED, "supply_systems_per_month", "lead_time_months")
    offers = {key: _without(entry, fields) for key, entry in catalog["offers"].items()}
    return asked, {**catalog, "offers": offers}


def _demand(key: str, entry: Tree, unmet: Mapping[str, float]) -> Tree:
    price = entry.get("unmet_usd_per_unit_hour")
    if key in unmet and entry.get("per_second") is not None:
        price = unmet[key]
    kept = {k: v for k, v in entry.items() if k not in ("per_second", "by_deadline_unit_hours")}
    plain = float(f"{float(price):.12g}") if isinstance(price, (float, str)) else price
    return {**kept, "unmet_usd_per_unit_hour": plain}


def _without(entry: Tree, fields: Sequence[str], grown: str = "") -> Tree:
    kept = {key: value for key, value in entry.items() if key not in fields}
    if grown and kept.get(grown):
        kept[grown] = {key: value for key, value in kept[grown].items() if key != "lead_time_months"}
    return kept
