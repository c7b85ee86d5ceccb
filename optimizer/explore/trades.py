"""What cost can be traded against: carbon, power, work left undone, a vendor's share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from math import fsum
from typing import Any

from catalogs.problems import InputError, suggestion
from optimizer.explore.extremes import SAME, End, Extremes, highest
from optimizer.explore.figures import Gauge, Linear
from optimizer.formulation.model import DEMAND_PARTS
from optimizer.request.edits import changed, text_at
from optimizer.request.load import Request
from optimizer.solving.matrix import Floats
from optimizer.tables.rows import MILLION

KEYS = ("carbon_t", "it_kw", "unmet", "unmet/DEMAND", "vendor/NAME")
ROUNDED_UP = Decimal("1.000000001")
"""A limit is stated a little above the amount that a plan has, so that the plan keeps it after rounding."""
MOST_STEPS = 10
"""The least share is found by steps that each about double its digits."""


@dataclass(frozen=True)
class Trade:
    """One thing that cost is traded against: the highest of some parts, or their share of a whole.

    `limit` is the user's limit that states it in a scenario, all but its bound; None where there is none.
    """

    key: str
    label: str
    unit: str
    parts: tuple[Linear, ...]
    whole: Linear | None = None
    limit: Mapping[str, Any] | None = None

    def amount(self, values: Floats) -> float:
        """How much of it a solution has."""
        if self.whole is None:
            return highest(self.parts, values)
        whole = self.whole.at(values)
        return self.parts[0].at(values) / whole if whole else 0.0

    def above(self, level: float) -> tuple[Linear, ...]:
        """Parts of which none is above 0 exactly where the amount is at most `level`."""
        if self.whole is not None:
            return (self.parts[0].less(self.whole, level),)
        return tuple(part.less(Linear({}, 1.0), level) for part in self.parts)

    def limited(self, request: Request, level: float) -> Request:
        """The request with the amount limited, where a scenario can say so; else the same."""
        if self.limit is None:
            return request
        bound = "at_most" if self.whole is None else "at_most_share"
        most = Decimal(repr(level)) * ROUNDED_UP
        stated = f"{most if self.whole is None else min(most, Decimal(1)):f}"
        rules = text_at(request, ("limits",)) or []
        taken = {rule["name"] for rule in rules}
        name = next(name for name in map("frontier_{}".format, count(1)) if name not in taken)
        return changed(request, {("limits",): [*rules, {**self.limit, "name": name, bound: stated}]})

    def least(self, extremes: Extremes) -> End:
        """The least amount that a plan can have, with a bound.

        Of a share: the least of part − share · whole, with the share of the last solution, until the share falls
        by less than the gap (Dinkelbach, 1967). No share is below the last one plus that least over the least whole.
        """
        if self.whole is None:
            return extremes.lower(self.parts)
        values, proved = extremes.here, 0.0
        total = extremes.bound(self.whole)
        for _ in range(MOST_STEPS):
            share = self.amount(values)
            end = extremes.lower(self.above(share), End(0.0, 0.0, values), extremes.gap * self.whole.at(values))
            proved = max(proved, share + end.bound / total if total > SAME else 0.0)
            if self.amount(end.values) > share - extremes.gap:
                break
            values = end.values
        best = min(values, end.values, key=self.amount)
        return End(self.amount(best), min(proved, self.amount(best)), best)


def trade_of(key: str, gauge: Gauge) -> Trade:
    """The trade that a key names. Raises InputError for a key that names none, or nothing that can be traded."""
    kind, _, name = key.partition("/")
    if key == "carbon_t":
        return _carbon(key, gauge)
    if key == "it_kw":
        return _power(key, gauge)
    if kind == "unmet":
        return _unmet_of(key, name, gauge) if name else _unmet(key, gauge)
    if kind == "vendor":
        return _vendor(key, name, gauge)
    raise _refused(gauge, f"nothing is called '{key}'{suggestion(key, KEYS)}")


def _refused(gauge: Gauge, message: str) -> InputError:
    return InputError([gauge.model.tables.request.problem((), f"--trade: {message}")])


def _carbon(key: str, gauge: Gauge) -> Trade:
    carbon = gauge.total("carbon_t")
    if not carbon.terms and not carbon.constant:
        raise _refused(gauge, "nothing emits carbon: set carbon_kg_per_mwh of the sites")
    return Trade(key, "carbon over the horizon", "t", (carbon,), limit={"measure": "carbon_t"})


def _power(key: str, gauge: Gauge) -> Trade:
    """IT load at our own sites: what is hosted draws none of our power."""
    parts = gauge.it_kw({(row.site, row.t): 1.0 for row in gauge.model.tables.site_periods})
    if not parts:
        raise _refused(gauge, "nothing can stand at our own sites")
    return Trade(key, "highest IT load at our sites", "kW", parts, limit={"measure": "it_kw", "of": {"site": "*"}})


def _unmet(key: str, gauge: Gauge) -> Trade:
    """All work left undone, added at its price: work of different units has no other sum."""
    terms = {gauge.number[term.variable.name]: 0.0 for term in gauge.model.costs["unmet_usd"]}
    for term in gauge.model.costs["unmet_usd"]:
        terms[gauge.number[term.variable.name]] += term.usd / MILLION
    if not terms:
        raise _refused(gauge, "no work may be left undone: no demand has an unmet_usd_per_unit_hour")
    return Trade(key, "work left undone, at its price", "M USD", (Linear(terms),))


def _unmet_of(key: str, name: str, gauge: Gauge) -> Trade:
    model = gauge.model
    needs = [need for need in model.tables.asked_for if need.demand == name]
    if not needs:
        known = {need.demand for need in model.tables.asked_for}
        raise _refused(gauge, f"there is no demand '{name}' with work per second{suggestion(name, known)}")
    asked = fsum(need.per_second for need in needs)
    left = {(n.demand, n.t): n.per_second / asked / DEMAND_PARTS for n in needs if (n.demand, n.t) in model.unmet}
    if not left:
        raise _refused(gauge, f"{name} must be served in full: it has no unmet_usd_per_unit_hour")
    terms = {gauge.number[model.unmet[at].name]: 100 * part for at, part in left.items()}
    return Trade(key, f"work of {name} left undone", "%", (Linear(terms),))


def _vendor(key: str, name: str, gauge: Gauge) -> Trade:
    vendors = gauge.values_of("vendor")
    if name not in vendors:
        raise _refused(gauge, f"nothing of the vendor '{name}' can be ordered{suggestion(name, vendors)}")
    limit = {"measure": "spend_usd", "of": {"vendor": name}}
    return Trade(key, f"share of {name} in all spending", "", (gauge.spend(vendor=name),), gauge.spend(), limit)
