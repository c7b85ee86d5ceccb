"""Writes docs/scenarios.md: what each bundled scenario's company announced beside what chipmix plans.

    python docs/make_scenarios.py            plan every bundled scenario and write the page
    python docs/make_scenarios.py --check    exit 1 if the page says something else

The words and the announced figures stand in docs/announced/; every planned figure is read from the plan. Figures are
rounded, and `--check` allows 3 % on each, because plans within the gap are interchangeable.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from optimizer.plan.format import LimitRow, OrderRow, Plan
from optimizer.planning import make_plan
from optimizer.request.calendar import Calendar
from optimizer.request.load import Request, bundled_scenarios, load_request
from optimizer.solving.solution import Options
from optimizer.solving.solve import Solver

HERE = Path(__file__).parent
PAGE = HERE / "scenarios.md"
ANNOUNCED = HERE / "announced"
GAP = 1e-4
TOLERANCE = 0.03
POINTS = 1.0
"""Shares, in per cent, may differ by so many points."""
SCALES = {"": 1.0, "%": 0.01, "MW": 1.0, "bn USD": 1e9, "M USD": 1e6}
FULL = 0.005
"""A limit is full if no more than this part of it is left."""
WORTH = 0.1
"""A limit is among those worth most if its price times its amount is at least this part of the largest."""
FIRST_TO_LAST = ("quick_start", "meta_2024", "meta_2025", "microsoft_fy2025", "google_2025", "aws_2025", "oracle_2025")
VENDORS = {
    "nvidia": "NVIDIA", "amd": "AMD", "google": "TPU", "aws": "Trainium", "meta": "MTIA", "microsoft": "Maia",
    "openai": "Jalapeño", "intel": "Gaudi", "huawei": "Ascend",
}  # fmt: skip
ROUTES = {
    "purchase": "bought", "lease": "leased", "reservation": "rented by contract", "on_demand": "rented by the hour",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A bundled scenario with its plan and with what was announced."""

    name: str
    request: Request
    plan: Plan
    told: Mapping[str, Any]

    @property
    def calendar(self) -> Calendar:
        return self.request.scenario.calendar

    def window(self, text: str) -> frozenset[str]:
        return frozenset(self.calendar.key(t) for t in self.calendar.window(text))


def told_of(name: str) -> Mapping[str, Any]:
    told: Mapping[str, Any] = yaml.safe_load((ANNOUNCED / f"{name}.yaml").read_text(encoding="utf-8"))
    return told


def _cases_of(names: Iterator[str]) -> list[Case]:
    """Scenarios planned one after another by one solver, as long as others leave any."""
    with Solver() as solver:
        requests = ((name, load_request(bundled_scenarios()[name])) for name in names)
        plans = ((name, asked, make_plan(asked, Options(gap=GAP), solver=solver).plan) for name, asked in requests)
        return [Case(name, asked, plan, told_of(name)) for name, asked, plan in plans]


def cases(names: Iterable[str] | None = None) -> dict[str, Case]:
    """Every bundled scenario, planned; two at a time, because the solver runs in a process of its own."""
    chosen = list(bundled_scenarios() if names is None else names)
    waiting = iter(chosen)
    with ThreadPoolExecutor(max_workers=2) as pool:
        planned = {case.name: case for each in pool.map(_cases_of, [waiting] * 2) for case in each}
    return {name: planned[name] for name in chosen}


# ------------------------------------------------------------------------------------------------ what a plan says


def _picked(case: Case, row: Any, of: Mapping[str, Any]) -> bool:
    """Whether an order or a row of systems in service is of the kinds selected."""
    for key, wanted in of.items():
        value = case.request.catalog.accelerators[row.accelerator].kind if key == "kind" else getattr(row, key)
        if value not in (wanted if isinstance(wanted, list) else [wanted]):
            return False
    return True


def accelerators_in_service(case: Case, of: Mapping[str, Any], period: str) -> float:
    """At the end of the horizon if the period is `total`."""
    at = case.plan.periods[-1].period if period == "total" else period
    return sum(row.accelerators for row in case.plan.in_service if row.period == at and _picked(case, row, of))


def power_mw(case: Case, of: Mapping[str, Any], period: str) -> float:
    """At the meter of our sites, the highest of the window."""
    place = of.get("place")
    used = {
        key: sum(s.power_used_mw for s in case.plan.sites if s.period == key and place in (None, s.site))
        for key in case.window(period)
    }
    return max(used.values())


def _orders(case: Case, of: Mapping[str, Any], period: str, committed: bool) -> list[OrderRow]:
    inside = case.window(period)
    return [
        row
        for row in case.plan.orders
        if row.enters_service in inside and _picked(case, row, of) and (committed or not row.commitment)
    ]


def capex_usd(case: Case, of: Mapping[str, Any], period: str) -> float:
    """Cash of the window, halls and deposits included; of a selection, price and network of what enters service."""
    if of:
        return sum(row.capex_usd for row in _orders(case, of, period, committed=True))
    lines = (case.plan.costs.get(line, {}) for line in ("hardware_usd", "network_usd", "facility_usd"))
    return sum(line.get(key, 0.0) for line in lines for key in case.window(period))


def rent_usd(case: Case, of: Mapping[str, Any], period: str) -> float:
    """Cash of the window; of a selection, all rent inside the horizon of what enters service in it."""
    if of:
        return sum(row.rent_usd for row in _orders(case, of, period, committed=True))
    return sum(case.plan.costs.get("rent_usd", {}).get(key, 0.0) for key in case.window(period))


def _spend(orders: Iterable[OrderRow]) -> float:
    return sum(row.capex_usd + row.rent_usd for row in orders)


def share_of_spend(case: Case, of: Mapping[str, Any], period: str) -> float:
    whole = _spend(_orders(case, {}, period, committed=False))
    return _spend(_orders(case, of, period, committed=False)) / whole if whole else 0.0


def systems_ordered(case: Case, of: Mapping[str, Any], period: str) -> float:
    return sum(row.systems for row in _orders(case, of, period, committed=False))


def accelerators_ordered(case: Case, of: Mapping[str, Any], period: str) -> float:
    return sum(row.accelerators for row in _orders(case, of, period, committed=False))


def objective_usd(case: Case, of: Mapping[str, Any], period: str) -> float:
    assert not of
    assert period == "total"
    return case.plan.objective_usd


MEASURES: Mapping[str, Callable[[Case, Mapping[str, Any], str], float]] = {
    measure.__name__: measure
    for measure in (
        accelerators_in_service, power_mw, capex_usd, rent_usd, share_of_spend, systems_ordered, accelerators_ordered,
        objective_usd,
    )
}  # fmt: skip


def planned(case: Case, wanted: Mapping[str, Any]) -> float:
    """A figure in the unit asked for."""
    value = MEASURES[wanted["measure"]](case, wanted.get("of") or {}, str(wanted.get("period", "total")))
    return value / SCALES[wanted.get("unit") or ""]


def binds_first(plan: Plan) -> str | None:
    """The earliest full row among those that are worth most; without any price, the earliest full row.

    Whole racks seldom fill a limit to the last accelerator, so half a per cent counts as full.
    """

    def worth(row: LimitRow) -> float:
        return abs((row.price_usd or 0.0) * row.limit)

    def when(row: LimitRow) -> tuple[str, float, str]:
        return row.row.rpartition(",")[2].rstrip(")"), -worth(row), row.row

    full = [row for row in plan.limits if row.limit and row.used and row.slack <= FULL * abs(row.limit)]
    most = max(map(worth, full), default=0.0)
    return min((row for row in full if worth(row) >= WORTH * most), key=when).row if full else None


# ----------------------------------------------------------------------------------------------------- the page


def figure(value: float, unit: str = "") -> str:
    """Three significant digits; shares in whole per cent."""
    if unit == "%":
        return f"{value:,.0f} %"
    if abs(value) >= 1000:
        digits = len(f"{abs(value):.0f}") - 3
        text = f"{round(value, -digits):,.0f}"
    else:
        text = f"{value:.3g}"
    return f"{text} {unit}".strip()


def _mix(case: Case, key: str, names: Mapping[str, str]) -> str:
    shares = {name: 100 * share_of_spend(case, {key: value}, "total") for value, name in names.items()}
    shown = sorted(((share, name) for name, share in shares.items() if share >= 0.5), reverse=True)
    return ", ".join(f"{name} {share:.0f} %" for share, name in shown) or "nothing ordered"


def _planned_cell(case: Case, wanted: Mapping[str, Any]) -> str:
    return figure(planned(case, wanted), wanted.get("unit") or "")


def _table(case: Case) -> list[str]:
    rows = [
        (row["what"], str(row.get("announced", "–")), _planned_cell(case, row["planned"]))
        for row in case.told["compare"]
    ]
    first = binds_first(case.plan)
    rows += [
        ("spend by maker", "–", _mix(case, "vendor", VENDORS)),
        ("spend by route", "–", _mix(case, "route", ROUTES)),
        ("binds first", "–", f"`{first}`" if first else "nothing"),
        ("gap; certified", "–", f"{_gap(case.plan.gap)}; {_gap(case.plan.certified.gap)}"),
    ]
    return ["| | announced | planned |", "|---|---|---|", *(f"| {what} | {was} | {now} |" for what, was, now in rows)]


def _gap(gap: float) -> str:
    """Rounded up, so that it holds whatever the last digits are."""
    above = next((step for step in (1e-4, 2e-4, 1e-3, 1e-2, 0.03, 0.1) if gap <= step), None)
    return f"below {100 * above:g} %" if above else "above 10 %"


def _wrapped(text: str) -> str:
    words, lines = text.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) >= 118:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def section(case: Case) -> str:
    body = [f"## `{case.name}`", "", _wrapped(case.told["text"]), "", *_table(case), "", _wrapped(case.told["verdict"])]
    return "\n".join(body) + "\n"


def in_order(names: Iterable[str]) -> list[str]:
    """Best known first, then by name."""
    return sorted(names, key=lambda name: (FIRST_TO_LAST.index(name) if name in FIRST_TO_LAST else 99, name))


def page(planned_cases: Mapping[str, Case]) -> str:
    introduction = (ANNOUNCED / "introduction.md").read_text(encoding="utf-8")
    return "\n".join([introduction, *(section(planned_cases[name]) for name in in_order(planned_cases))])


# ------------------------------------------------------------------------------------------------------ comparing

NUMBER = re.compile(r"(?<![\w`.,(])\d[\d,]*(?:\.\d+)?(?: %)?(?![\w`])")


def _lines(text: str) -> list[tuple[str, list[str]]]:
    """Each line with its figures taken out, and the figures."""
    return [(NUMBER.sub("#", line), NUMBER.findall(line)) for line in text.splitlines()]


def _near(was: str, now: str) -> bool:
    then, today = (float(text.rstrip(" %").replace(",", "")) for text in (was, now))
    allowed = POINTS if was.endswith("%") else TOLERANCE * max(abs(then), abs(today))
    return abs(then - today) <= allowed


def differences(written: str, fresh: str) -> list[str]:
    """Lines of the page that say something else than the plans do."""
    was, now = _lines(written), _lines(fresh)
    shown = zip(written.splitlines(), fresh.splitlines(), was, now, strict=False)
    different = [
        f"{old}\n  now: {new}"
        for old, new, (words, figures), (new_words, new_figures) in shown
        if words != new_words or not all(map(_near, figures, new_figures))
    ]
    return different + (["the page has another number of lines"] if len(was) != len(now) else [])


def main(arguments: list[str]) -> int:
    fresh = page(cases())
    if "--check" not in arguments:
        PAGE.write_text(fresh, encoding="utf-8")
        return 0
    wrong = differences(PAGE.read_text(encoding="utf-8") if PAGE.exists() else "", fresh)
    print("\n".join(wrong) or f"{PAGE.name} is up to date", file=sys.stderr if wrong else sys.stdout)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
